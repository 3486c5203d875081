"""Ensembles: what their members say, combined with NumPy; parameters of members; the usual ensembles."""

from __future__ import annotations

import numpy as np
import pytest

import nad

pytest.importorskip("sklearn", minversion="1.6")

from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV


def pair(**options):
    members = [("forest", nad.IsolationForest(n_estimators=20, random_state=1)), ("shape", nad.Mahalanobis())]
    return nad.Ensemble(members, **options)


@pytest.fixture
def fitted(traffic):
    return pair(weights=[2.0, 1.0], random_state=3).fit(traffic)


def test_members_have_learnt_and_the_given_ones_have_not(fitted, traffic):
    assert [name for name, _ in fitted.estimators_] == ["forest", "shape"]
    assert [type(detector) for _, detector in fitted.estimators_] == [nad.IsolationForest, nad.Mahalanobis]
    assert fitted.weights_ == [2.0, 1.0]
    assert fitted.estimators_[0][1].n_trees_ == 20
    assert len(fitted.estimators_[1][1].anomaly_score(traffic)) == len(traffic)
    with pytest.raises(nad.NotFittedError):
        fitted.estimators[0][1].anomaly_score(traffic)


def test_the_score_is_the_weighted_mean_of_what_members_say(fitted, traffic):
    said = fitted.member_scores(traffic)
    assert said.shape == (len(traffic), 2)
    assert np.allclose(fitted.anomaly_score(traffic), (2 * said[:, 0] + said[:, 1]) / 3, rtol=1e-5)


def test_what_members_say_is_surprise(traffic):
    """-log of the share of calibration rows beyond, here the rows themselves."""
    ensemble = pair(calibration=0.0).fit(traffic)
    said = ensemble.member_scores(traffic)
    for i, (_, detector) in enumerate(ensemble.estimators_):
        raw = detector.raw_score(traffic)
        beyond = (raw[None, :] > raw[:, None]).sum(axis=1) + 0.5 * (raw[None, :] == raw[:, None]).sum(axis=1) + 0.5
        share = beyond / (len(raw) + 1)
        bulk = share > 0.06
        assert np.abs(said[bulk, i] + np.log(share[bulk])).max() < 0.02  # of 2,010 scores, some hundred are kept


def test_votes_are_those_of_the_members(traffic):
    members = [nad.Mahalanobis(contamination=0.1), nad.Histogram(contamination=0.2), nad.ECOD(contamination=0.3)]
    rules = {"any": 1, "majority": 2, "all": 3}
    for rule, least in rules.items():
        ensemble = nad.Ensemble(members, combination=rule, calibration=0.0).fit(traffic)
        votes = sum((detector.predict(traffic) == -1).astype(int) for _, detector in ensemble.estimators_)
        assert ((ensemble.predict(traffic) == -1) == (votes >= least)).all()
        assert 0 < (ensemble.predict(traffic) == -1).sum() < len(traffic)


def test_threads_change_nothing(traffic):
    scores = [pair(n_jobs=jobs, random_state=1).fit(traffic).anomaly_score(traffic) for jobs in (1, 3)]
    assert (scores[0] == scores[1]).all()


def test_parameters_of_members(traffic):
    ensemble = pair()
    params = ensemble.get_params()
    assert params["forest__n_estimators"] == 20
    assert params["shape"] is ensemble.estimators[1][1]
    assert "forest__n_estimators" not in ensemble.get_params(deep=False)
    ensemble.set_params(forest__n_estimators=7, combination="rank", shape=nad.Histogram())
    assert ensemble.fit(traffic).estimators_[0][1].n_trees_ == 7
    assert isinstance(ensemble.estimators_[1][1], nad.Histogram)
    for unknown in ("tree", "tree__n_estimators", "forest__n_trees"):
        with pytest.raises(ValueError, match="Invalid parameter"):
            ensemble.set_params(**{unknown: 3})
    copy = clone(ensemble)
    assert copy.estimators[0][1] is not ensemble.estimators[0][1]
    assert copy.get_params()["forest__n_estimators"] == 7


def test_a_search_over_parameters_of_members(traffic):
    strange = traffic + np.float32(3.0)
    rows = np.vstack([traffic, strange])
    answers = np.repeat([1, -1], len(traffic))
    shuffled = np.random.default_rng(1).permutation(len(rows))
    rows, answers = rows[shuffled], answers[shuffled]
    search = GridSearchCV(pair(calibration=0.0), {"forest__n_estimators": [5, 10]}, scoring="roc_auc", cv=2)
    search.fit(rows, answers)
    assert search.best_params_["forest__n_estimators"] in (5, 10)


def test_the_usual_ones(traffic):
    strange = traffic + np.float32(4.0)
    mixed = nad.Ensemble("mixed", random_state=1).fit(traffic)
    assert mixed.weights_[0] == 2.0
    assert mixed.estimators_[0][1].max_samples == 4096
    clean = nad.Ensemble(random_state=1).fit(traffic)
    kinds = [type(detector).__name__ for _, detector in clean.estimators_]
    assert kinds == ["IsolationForest", "KMeans", "LocalGaussian", "LocalGaussian"]
    answers = np.repeat([0, 1], len(traffic))
    for ensemble in (mixed, clean):
        scores = ensemble.anomaly_score(np.vstack([traffic, strange]))
        assert roc_auc_score(answers, scores) > 0.95
    assert nad.Ensemble("clean", weights=[1, 0, 0, 0]).fit(traffic).weights_ == [1, 0, 0, 0]
    width = traffic.shape[1]
    views = [range(width), range(width, 2 * width)]
    both = nad.Ensemble("clean", columns=views, random_state=1).fit(np.hstack([traffic, np.arctan(traffic)]))
    assert both.columns_ == [views[1], views[0], views[1], views[1], views[1]]


def test_members_may_see_a_range_of_columns(traffic, tmp_path):
    left, right = nad.Mahalanobis(), nad.Histogram()
    both = nad.Ensemble([("left", left), ("right", right)], columns=[range(3), range(2, traffic.shape[1])])
    both.set_params(calibration=0.0).fit(traffic)
    alone = [clone(left).fit(traffic[:, :3]), clone(right).fit(traffic[:, 2:])]
    for (_, member), same, part in zip(both.estimators_, alone, (traffic[:, :3], traffic[:, 2:]), strict=True):
        assert (member.raw_score(part) == same.raw_score(part)).all()
    only = nad.Ensemble([left], columns=[range(3)]).fit(traffic)
    assert (only.explain(traffic)[:, 3:] == 0).all()
    both.save(tmp_path / "both.nad")
    loaded = nad.load(tmp_path / "both.nad")
    assert loaded.columns == both.columns
    assert (loaded.anomaly_score(traffic) == both.anomaly_score(traffic)).all()
    assert loaded.n_features_in_ == traffic.shape[1]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([range(3)], "columns has 1 ranges for 2 members"),
        ([range(0, 6, 2), None], "columns holds range\\(0, 6, 2\\); give None for all, or a range"),
        ([slice(3), None], "columns holds slice"),
        ([range(3, 3), None], "columns holds range\\(3, 3\\)"),
        ([range(2, 100), None], "to see 98 columns from 2 on, but there are"),
    ],
)
def test_ranges_of_columns_that_make_no_sense_are_refused(traffic, columns, message):
    with pytest.raises(nad.InvalidArgumentError, match=message):
        pair(columns=columns).fit(traffic)


def test_a_saved_ensemble_comes_back_with_its_members(fitted, traffic, tmp_path):
    fitted.save(tmp_path / "both.nad", note="two of them")
    header = nad.read_header(tmp_path / "both.nad")
    assert header["training"]["members"] == ["forest (isolation_forest)", "shape (mahalanobis)"]
    loaded = nad.load(tmp_path / "both.nad")
    assert (loaded.anomaly_score(traffic) == fitted.anomaly_score(traffic)).all()
    assert loaded.weights == [2.0, 1.0]
    assert loaded.get_params()["forest__n_estimators"] == 20
    again = clone(loaded).fit(traffic)  # what was loaded knows how to learn again
    assert (again.anomaly_score(traffic) == fitted.anomaly_score(traffic)).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimators": "all"}, "estimators is 'all'; give 'clean', 'mixed', or a list"),
        ({"estimators": 3}, "estimators is 3"),
        ({"estimators": [object()]}, "estimators holds <object"),
        ({"estimators": []}, "has no members"),
        ({"estimators": [("a", nad.ECOD()), ("a", nad.ECOD())]}, "a member 'a' already"),
        ({"estimators": [nad.ECOD()], "weights": [1, 2]}, "weights has 2 numbers for 1 members"),
        ({"estimators": [nad.ECOD(), nad.ECOD()], "weights": 3}, "weights has 1 numbers for 2 members"),
        ({"estimators": [("weights", nad.ECOD())]}, "a member is named 'weights'; set_params could not reach it"),
        ({"estimators": [("a__b", nad.ECOD())]}, "a member is named 'a__b'"),
        ({"estimators": [nad.BoostedTrees()]}, "requires y to be passed, but the target y is None"),
        ({"estimators": [nad.Ensemble([nad.ECOD(), nad.BoostedTrees()])]}, "members that learn from labels requires y"),
        ({"estimators": [nad.ECOD()], "combination": "sum"}, "give one of 'mean_surprise'"),
        ({"estimators": "mixed", "columns": [range(2)]}, "members of 'mixed' see all columns"),
        ({"estimators": "clean", "columns": [range(2)]}, "there are 1 views for the ensemble; give two"),
        ({"estimators": [nad.ECOD()], "calibration": 1.5}, "calibration is 1.5"),
        ({"estimators": [nad.ECOD()], "min_votes": 1}, "min_votes means nothing"),
        ({"estimators": [nad.ECOD()], "contamination": 0.1, "combination": "any"}, "give it to the members"),
    ],
)
def test_what_makes_no_sense_is_refused(traffic, options, message):
    with pytest.raises(ValueError, match=message):
        nad.Ensemble(**options).fit(traffic)


def test_an_ensemble_cannot_hold_itself(traffic):
    ensemble = nad.Ensemble([nad.ECOD()])
    ensemble.estimators.append(ensemble)
    with pytest.raises(nad.InvalidArgumentError, match="holds the ensemble itself"):
        ensemble.fit(traffic)


@pytest.fixture(scope="module")
def attacks():
    """Rows of normal traffic and of two attacks, which are many; one of them looks as ordinary as can be."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(3000, 4)).astype(np.float32)
    y = np.repeat(["normal", "flood", "quiet"], [1500, 900, 600])
    X[1500:2400, 0] += 6
    X[2400:, 1:3] *= 0.05
    X[:, 3] = rng.integers(0, 9, size=len(X))
    order = rng.permutation(len(X))
    return X[order], y[order]


def taught(**options):
    trees = nad.BoostedTrees(max_iter=30, categorical_features=[3], class_weight="balanced")
    return nad.Ensemble([("trees", trees), nad.Mahalanobis()], random_state=2, **options)


def test_labels_reach_the_members_that_learn_from_them(attacks):
    X, y = attacks
    weight = np.where(np.arange(len(X)) % 7 == 0, 0.0, 2.0)
    ensemble = taught(calibration=0.0, combination="rank").fit(X, y, weight)
    (_, trees), (_, shape) = ensemble.estimators_
    kept = weight > 0
    alone = clone(ensemble.estimators[0][1]).fit(X[kept], y[kept], weight[kept])
    assert (trees.anomaly_score(X) == alone.anomaly_score(X)).all()
    assert trees.classes_.tolist() == ["flood", "normal", "quiet"]
    assert trees.normal_class_ == "normal"
    assert (shape.anomaly_score(X) == nad.Mahalanobis().fit(X[kept], None, weight[kept]).anomaly_score(X)).all()
    # ranks are those among normal rows
    normal = (y == "normal") & kept
    for i, (_, member) in enumerate(ensemble.estimators_):
        raw = member.raw_score(X)
        below = (raw[None, normal] < raw[normal, None]).sum(axis=1) + 0.5 * (
            raw[None, normal] == raw[normal, None]
        ).sum(axis=1)
        rank = (below + 0.5 / 2) / (normal.sum() + 0.5)  # a row more, which two copies of a row are four of
        assert np.abs(ensemble.member_scores(X)[normal, i] - rank).max() < 0.02  # of many scores some hundred are kept


def test_an_ensemble_with_labels_finds_what_its_members_do(attacks):
    X, y = attacks
    half = len(X) // 2
    ensemble = taught(contamination=0.05).fit(X[:half], y[:half])
    scores = ensemble.anomaly_score(X[half:])
    for attack in ("flood", "quiet"):
        asked = np.isin(y[half:], ["normal", attack])
        assert roc_auc_score(y[half:][asked] == attack, scores[asked]) > 0.9
    quiet = np.isin(y[half:], ["normal", "quiet"])
    assert roc_auc_score(y[half:][quiet] == "quiet", ensemble.member_scores(X[half:])[quiet, 1]) < 0.5  # unlabelled
    false_alarms = (ensemble.predict(X[half:])[y[half:] == "normal"] == -1).mean()
    assert 0.02 < false_alarms < 0.12
    # among ordinary rows every member is surprised by as much
    said = ensemble.member_scores(X[half:])[y[half:] == "normal"]
    assert np.abs(np.median(said, axis=0) - np.log(2)).max() < 0.3  # of some 150 rows
    off = ensemble.explain(X).sum(axis=1, dtype=np.float64) + ensemble.baseline_ - ensemble.raw_score(X)
    assert np.abs(off).max() < 1e-3
    votes = taught(combination="all", n_jobs=2).fit(X, y)
    both = [member.anomaly_score(X) > member.threshold_ for _, member in votes.estimators_]
    assert ((votes.predict(X) == -1) == (both[0] & both[1])).all()


def test_an_ensemble_with_labels_comes_back_and_can_be_nested(attacks, tmp_path):
    X, y = attacks
    nested = nad.Ensemble([taught(), nad.ECOD()]).fit(X, y)
    nested.save(tmp_path / "taught.nad")
    loaded = nad.load(tmp_path / "taught.nad")
    assert (loaded.anomaly_score(X) == nested.anomaly_score(X)).all()
    assert loaded.estimators_[0][1].estimators_[0][1].classes_.tolist() == ["flood", "normal", "quiet"]
    again = clone(loaded).fit(X, y)
    assert (again.anomaly_score(X) == nested.anomaly_score(X)).all()
    assert nested.__sklearn_tags__().target_tags.required
    assert not pair().__sklearn_tags__().target_tags.required
    with pytest.raises(nad.InvalidArgumentError, match="requires y"):
        clone(loaded).fit(X)


def test_members_learn_once_more_from_all_rows():
    x = np.random.default_rng(7).normal(size=(600, 3)).astype(np.float32)
    again = nad.Ensemble([nad.Mahalanobis()], refit=True, random_state=1).fit(x)
    once = nad.Ensemble([nad.Mahalanobis()], random_state=1).fit(x)
    alone = nad.Mahalanobis().fit(x).raw_score(x)
    assert (again.estimators_[0][1].raw_score(x) == alone).all()
    assert (once.estimators_[0][1].raw_score(x) != alone).any()
    assert nad.Ensemble("clean")._options()["refit"]
    assert not nad.Ensemble("mixed")._options()["refit"]


def test_what_comes_in_numbers_lies_further_out():
    """A flood of alike rows behind lone ones without crowds, before nearly all of them with crowds."""
    random = np.random.default_rng(4)
    x = random.normal(size=(6170, 3)).astype(np.float32)
    x[6000:6150] = np.array([4.2, 4.2, 0.0]) + 0.02 * random.normal(size=(150, 3))
    lone = np.arange(6150, 6170)
    x[lone, lone % 3] = 6.0 + random.uniform(size=20)
    members = [nad.IsolationForest(n_estimators=20, random_state=1), nad.Mahalanobis()]
    options = {"combination": "mean_surprise", "calibration": 0.0, "random_state": 1}
    above = {}
    for crowds in (0.0, 0.5):
        ensemble = nad.Ensemble(members, crowds=crowds, **options).fit(x)
        scores = ensemble.anomaly_score(x)
        above[crowds] = int(np.sum(scores[lone] > np.median(scores[6000:6150])))
        total = ensemble.explain(x[5990:]).sum(axis=1) + ensemble.baseline_
        np.testing.assert_allclose(total, ensemble.raw_score(x[5990:]), rtol=1e-4)
    assert above[0.0] >= 15
    assert above[0.5] <= 5
    assert nad.Ensemble("mixed")._options()["crowds"] == 0.5
    assert nad.Ensemble("mixed", combination="rank")._options()["crowds"] == 0.0
    assert nad.Ensemble("clean")._options()["crowds"] == 0.0
    with pytest.raises(ValueError, match="crowds means nothing to combination 'rank'"):
        nad.Ensemble(members, combination="rank", crowds=0.5).fit(x)
