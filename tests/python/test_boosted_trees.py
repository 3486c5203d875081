"""nad.BoostedTrees: a classifier of scikit-learn's kind that keeps what every detector promises."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import nad

pytest.importorskip("sklearn", minversion="1.6")

from sklearn.base import clone, is_classifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

SMALL = nad.BoostedTrees(max_iter=20, min_samples_leaf=5)


@parametrize_with_checks(
    [SMALL, nad.BoostedTrees(max_iter=10, growth="depth_wise", max_depth=4, class_weight="balanced", random_state=1)]
)
def test_check_estimator(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def labelled():
    """Rows of three families and their names, with missing values and a column of categories."""
    rng = np.random.default_rng(3)
    X = rng.lognormal(size=(1500, 5)).astype(np.float32)
    X[:, 3] = rng.integers(0, 12, size=len(X))
    wish = X[:, 0] + np.isin(X[:, 3], [2, 5, 7]) + 0.3 * rng.normal(size=len(X))
    y = np.where(wish < 1.2, "normal", np.where(wish < 2.5, "scan", "dos"))
    X[rng.random(len(X)) < 0.1, 1] = np.nan
    return X, y


@pytest.fixture
def fitted(labelled):
    return nad.BoostedTrees(max_iter=20, categorical_features=[3], contamination=0.2, random_state=0).fit(*labelled)


def test_it_is_a_classifier_with_texts_for_classes(fitted, labelled):
    X, y = labelled
    assert is_classifier(fitted)
    assert fitted.classes_.tolist() == ["dos", "normal", "scan"]
    assert fitted.normal_class_ == "normal"
    probability = fitted.predict_proba(X)
    assert (fitted.predict(X) == fitted.classes_[probability.argmax(axis=1)]).all()
    assert fitted.score(X, y) == (fitted.predict(X) == y).mean() > 0.85
    np.testing.assert_allclose(fitted.anomaly_score(X), 1.0 - probability[:, 1], atol=1e-6)
    assert roc_auc_score(y != "normal", fitted.anomaly_score(X)) > 0.9
    assert fitted.feature_importances_.sum() == pytest.approx(1.0)
    assert set(np.argsort(fitted.feature_importances_)[-2:]) == {0, 3}
    share = (fitted.anomaly_score(X) > fitted.threshold_).mean()
    assert 0.15 < share <= 0.2


def test_one_row_is_the_batch_bit_for_bit_on_any_number_of_threads(fitted, labelled):
    X, y = labelled
    scores = fitted.anomaly_score(X)
    for row in range(0, len(X), 37):
        assert fitted.anomaly_score(X[row]) == scores[row]
    many = clone(fitted).set_params(n_jobs=3).fit(X, y)
    assert np.array_equal(many.anomaly_score(X), scores)


def test_contributions_and_baseline_are_the_raw_score(fitted, labelled):
    X, _ = labelled
    off = fitted.explain(X).sum(axis=1, dtype=np.float64) + fitted.baseline_ - fitted.raw_score(X)
    assert np.abs(off).max() < 1e-4


def test_it_comes_back_from_file_pickle_and_copy(fitted, labelled, tmp_path):
    X, _ = labelled
    fitted.save(tmp_path / "model.nad")
    assert nad.read_header(tmp_path / "model.nad")["training"]["options"]["class_names"] == ["dos", "normal", "scan"]
    for twin in (nad.load(tmp_path / "model.nad"), pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        assert np.array_equal(twin.anomaly_score(X), fitted.anomaly_score(X))
        assert np.array_equal(twin.predict(X), fitted.predict(X))
        assert twin.classes_.tolist() == fitted.classes_.tolist()
        assert twin.threshold_ == fitted.threshold_
        assert {**twin.get_params(), "n_jobs": None} == fitted.get_params()


@pytest.mark.parametrize("labels", [[0, 1], [-1, 1], [False, True], ["a", "b"], [10**12, 10**13], [1.0, 2.0]])
def test_labels_of_any_kind(labels, labelled, tmp_path):
    X, y = labelled
    given = np.array(labels)[(y != "normal").astype(int)]
    trees = clone(SMALL).fit(X, given)
    assert trees.classes_.tolist() == labels
    assert trees.classes_.dtype == given.dtype
    assert (trees.predict(X) == given).mean() > 0.85
    positive = trees.decision_function(X) > 0
    assert (trees.predict(X) == trees.classes_[positive.astype(int)]).all()
    other = clone(SMALL).set_params(normal_class=labels[1]).fit(X, given)
    np.testing.assert_allclose(other.anomaly_score(X), 1.0 - trees.anomaly_score(X), atol=1e-5)
    assert np.array_equal(other.predict(X), trees.predict(X))
    other.save(tmp_path / "model.nad")
    again = nad.load(tmp_path / "model.nad")
    assert [str(label) for label in again.classes_] == [str(np.array(labels)[i]).removesuffix(".0") for i in (0, 1)]


def test_weights_of_classes(labelled):
    X, y = labelled
    rare = np.where(y == "dos", "dos", "normal")
    plain = clone(SMALL).fit(X, rare)
    balanced = clone(SMALL).set_params(class_weight="balanced").fit(X, rare)
    given = clone(SMALL).set_params(class_weight={"dos": 5.0}).fit(X, rare)
    assert balanced.anomaly_score(X).mean() > plain.anomaly_score(X).mean()
    assert given.anomaly_score(X).mean() > plain.anomaly_score(X).mean()
    coarse = np.round(X)  # so few values that each has its own bin, whatever the weights are
    given = nad.BoostedTrees(min_samples_leaf=1, class_weight={"dos": 5.0}).fit(coarse, rare)
    weighted = nad.BoostedTrees(min_samples_leaf=1).fit(coarse, rare, np.where(rare == "dos", 5.0, 1.0))
    np.testing.assert_allclose(given.anomaly_score(coarse), weighted.anomaly_score(coarse), atol=1e-4)


def test_weights_of_classes_that_are_not_there_are_refused(labelled):
    X, y = labelled
    with pytest.raises(nad.InvalidArgumentError, match=r"names 'typo', which is no class of y; there are \['dos', 'no"):
        clone(SMALL).set_params(class_weight={"dos": 2.0, "typo": 5.0}).fit(X, y)
    with pytest.raises(nad.InvalidArgumentError, match="names 7"):
        clone(SMALL).set_params(class_weight={7: 5.0}).fit(X, (y == "dos").astype(int))


@pytest.fixture(scope="module")
def records(labelled):
    """The same as a table whose categories are words."""
    X, y = labelled
    words = np.array(["ssh", "dns", "http", "smtp", "ntp", "ftp", "irc", "imap", "sip", "ldap", "smb", "rdp"])
    return nad.Table(
        {
            **{name: X[:, place].astype(float) for place, name in enumerate(["duration", "rate", "bytes"])},
            "service": words[X[:, 3].astype(int)].tolist(),
            "label": y.tolist(),
        }
    )


def test_a_model_learns_with_trees_that_are_given_as_with_those_that_it_chooses(records):
    chosen = nad.Model(training="labelled").fit(records)
    given = nad.Model(training="labelled", detector=nad.BoostedTrees(random_state=0)).fit(records)
    assert np.array_equal(given.anomaly_score(records), chosen.anomaly_score(records))
    assert given.detector.categorical_features == chosen.detector.categorical_features == [3]
    for same in (["service"], [3]):
        model = nad.Model(training="labelled", detector=nad.BoostedTrees(categorical_features=same, random_state=0))
        assert np.array_equal(model.fit(records).anomaly_score(records), chosen.anomaly_score(records))
    none = nad.Model(training="labelled", detector=nad.BoostedTrees(categorical_features=[])).fit(records)
    assert none.detector.categorical_features is None
    # another table, whose categories stand elsewhere
    fewer = records.drop("rate")
    again = given.fit(fewer)
    assert again.detector.categorical_features == [2]
    expected = nad.Model(training="labelled").fit(fewer).anomaly_score(fewer)
    assert np.array_equal(again.anomaly_score(fewer), expected)


def test_a_model_gives_classes_the_weights_of_their_labels(records):
    def scores(weights):
        return nad.Model(training="labelled", detector=nad.BoostedTrees(class_weight=weights)).fit(records)

    plain, heavy, balanced = scores(None), scores({"dos": 20.0}), scores("balanced")
    families = plain.families
    assert heavy.detector.class_weight == {families.index(name): 20.0 if name == "dos" else 1.0 for name in families}
    dos = np.array(records["label"].to_list()) == "dos"
    for other in (heavy, balanced):
        assert (other.predict(records) == "dos").sum() >= (plain.predict(records) == "dos").sum()
        assert not np.array_equal(other.anomaly_score(records), plain.anomaly_score(records))
    assert dos.any()
    for parameters, message in [
        ({"class_weight": {"typo": 5.0}}, "'typo', which is no label; there are 'normal', "),
        ({"class_weight": {"dos": -1.0}}, "'dos' the weight -1"),
        ({"class_weight": 3}, "class_weight is 3"),
        ({"categorical_features": ["typo"]}, "'typo', which is no feature; there are 'duration', "),
        ({"categorical_features": [True, False]}, "mask"),
        ({"categorical_features": [0.5]}, "no list of columns"),
        ({"normal_class": "scan"}, "normal_class is 'scan', but the model calls 'normal' normal"),
    ]:
        with pytest.raises(nad.InvalidArgumentError, match=message):
            nad.Model(training="labelled", detector=nad.BoostedTrees(**parameters)).fit(records)
    nad.Model(training="labelled", detector=nad.BoostedTrees(normal_class="normal", max_iter=2)).fit(records)


def test_an_ensemble_with_trees_learns_in_a_model(records):
    trees = nad.BoostedTrees(max_iter=20, class_weight={"dos": 3.0})
    model = nad.Model(training="labelled", detector=nad.Ensemble([nad.IsolationForest(random_state=1), trees]))
    model.fit(records)
    attack = np.array(records["label"].to_list()) != "normal"
    assert roc_auc_score(attack, model.anomaly_score(records)) > 0.8
    with pytest.raises(nad.InvalidArgumentError, match="'typo', which is no label"):
        nad.Model(training="labelled", detector=nad.Ensemble([nad.BoostedTrees(class_weight={"typo": 5.0})])).fit(
            records
        )


def test_members_name_the_columns_that_they_see(labelled):
    pd = pytest.importorskip("pandas")
    X, y = labelled
    frame = pd.DataFrame(np.nan_to_num(X), columns=list("abcde"))
    trees = nad.BoostedTrees(max_iter=5, categorical_features=["d"])
    ensemble = nad.Ensemble([nad.KMeans(n_clusters=3), trees], columns=[None, range(2, 5)]).fit(frame, y)
    assert ensemble.estimators_[1][1].categorical_features == [1]


def test_names_of_columns(labelled):
    pd = pytest.importorskip("pandas")
    X, y = labelled
    frame = pd.DataFrame(X, columns=list("abcde"))
    by_name = nad.BoostedTrees(max_iter=5, categorical_features=["d"]).fit(frame, pd.Series(y))
    by_place = nad.BoostedTrees(max_iter=5, categorical_features=[3]).fit(X, y)
    by_mask = nad.BoostedTrees(max_iter=5, categorical_features=[False, False, False, True, False]).fit(X, y)
    for other in (by_place, by_mask):
        assert np.array_equal(other.predict_proba(X), by_name.predict_proba(frame))
    assert list(by_name.feature_names_in_) == list("abcde")
    with pytest.raises(nad.InvalidDataError, match="'d'"):
        nad.BoostedTrees(categorical_features=["d"]).fit(frame.assign(d=0.5), y)


def test_losses_as_scikit_learn(labelled):
    X, y = labelled
    categorical = [3]
    for labels in (y, np.where(y == "normal", "normal", "attack")):
        rate = 0.1 if len(np.unique(labels)) == 2 else 0.15  # its steps of three classes are 3 / 2 times as long
        ours = nad.BoostedTrees(max_iter=20, learning_rate=rate, categorical_features=categorical)
        ours.fit(X[:1000], labels[:1000])
        theirs = HistGradientBoostingClassifier(max_iter=20, categorical_features=categorical, early_stopping=False)
        theirs.fit(X[:1000], labels[:1000])
        losses = [log_loss(labels[1000:], model.predict_proba(X[1000:])) for model in (ours, theirs)]
        assert losses[0] < 1.05 * losses[1]


def categories_sample(kind):
    """Five columns of numbers, of which three count, and one of categories."""
    rng = np.random.RandomState(7)
    rows = 8000
    X = rng.normal(size=(rows, 5))
    levels = 200 if kind == "rare" else 40
    share = 1 / np.arange(1, levels + 1) if kind == "rare" else np.ones(levels)
    level = rng.choice(levels, rows, p=share / share.sum())
    classes = 3 if kind == "three" else 2
    worth = np.zeros((levels, classes)) if kind == "noise" else rng.normal(size=(levels, classes)) * 1.2
    wish = worth[level] + rng.gumbel(size=(rows, classes))
    wish[:, 0] += X[:, 0] + X[:, 1] * X[:, 2]
    return np.column_stack([X, level]).astype(np.float32), wish.argmax(axis=1)


# LGBMClassifier(num_threads=1).fit(X[:4000], y[:4000], categorical_feature=[5]) of LightGBM 4.7.0, the log-loss of
# its predict_proba(X[4000:])
@pytest.mark.parametrize(
    ("kind", "of_lightgbm"), [("informative", 0.5149), ("noise", 0.6199), ("rare", 0.5157), ("three", 0.8314)]
)
def test_many_categories_are_learnt_from_as_well_as_by_lightgbm(kind, of_lightgbm):
    X, y = categories_sample(kind)
    trees = nad.BoostedTrees(categorical_features=[5]).fit(X[:4000], y[:4000])
    assert log_loss(y[4000:], trees.predict_proba(X[4000:])) < 1.02 * of_lightgbm


def test_categories_that_mean_nothing_gain_little():
    X, y = categories_sample("noise")
    gains = {
        penalty: nad.BoostedTrees(categorical_features=[5], categorical_penalty=penalty)
        .fit(X[:4000], y[:4000])
        .feature_importances_[5]
        for penalty in (0.0, 1.0)
    }
    assert gains[0.0] > 0.2
    assert gains[1.0] < 0.02
    X, y = categories_sample("informative")
    assert nad.BoostedTrees(categorical_features=[5]).fit(X, y).feature_importances_[5] > 0.3


def test_what_cannot_be_a_category_is_refused_when_scoring_too(fitted, labelled):
    X, _ = labelled
    new = X[:3].copy()
    new[:, 3] = [np.nan, 4000.0, 3.0]  # missing, never seen, known
    assert np.isfinite(fitted.anomaly_score(new)).all()
    for value in (10.5, -1.0):
        new[1, 3] = value
        for verb in (fitted.predict, fitted.predict_proba, fitted.anomaly_score, fitted.explain):
            with pytest.raises(nad.InvalidDataError, match=f"row 1, column 3 holds {value}.*give a whole number"):
                verb(new)
        with pytest.raises(nad.InvalidDataError, match="column 3 holds"):
            fitted.anomaly_score(new[1])


def test_steps_are_bounded(labelled):
    X, y = labelled
    y = np.where(y == "dos", "dos", "normal")
    ranges = {}
    for most in (0.5, None):
        trees = nad.BoostedTrees(max_iter=1, learning_rate=1.0, max_delta_step=most).fit(X, y)
        ranges[most] = np.ptp(trees.raw_score(X))
    assert ranges[0.5] == pytest.approx(1.0, abs=1e-5)
    assert ranges[None] > 2.0


def test_early_stopping_and_searching_for_parameters(labelled):
    X, y = labelled
    trees = nad.BoostedTrees(max_iter=500, early_stopping=True, random_state=1).fit(X, y)
    assert 0 < trees.n_iter_ == np.argmin(trees.validation_loss_) < 200
    search = GridSearchCV(clone(SMALL), {"max_leaf_nodes": [2, 15]}, cv=3).fit(X, y)
    assert search.best_params_ == {"max_leaf_nodes": 15}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"max_bins": 1}, "max_bins"),
        ({"class_weight": "heavy"}, "give None, 'balanced'"),
        ({"class_weight": 3}, "class_weight"),
        ({"normal_class": "benign"}, "no class 'benign'"),
        ({"categorical_features": ["x"]}, "no column of X"),
        ({"categorical_features": [0.5]}, "no list of columns"),
        ({"categorical_features": [-1]}, "no list of columns"),
        ({"categorical_features": [9]}, "column 9"),
        ({"categorical_features": [True, False]}, "2 columns, but X has shape"),
        ({"growth": "sideways"}, "growth"),
        ({"contamination": 0.0}, "contamination"),
    ],
)
def test_what_makes_no_sense_is_refused(parameters, message, labelled):
    with pytest.raises(nad.InvalidArgumentError, match=message):
        nad.BoostedTrees(**parameters).fit(*labelled)


def test_labels_that_make_no_sense_are_refused(labelled):
    X, y = labelled
    for labels, message in [
        (None, "requires y"),
        (y[:10], "10 labels were given for 1500 rows"),
        (np.full(len(X), "normal"), "of one class"),
        (X[:, 0], "continuous"),
        (np.stack([y, y], axis=1), "1d array"),
        (np.where(y == "dos", None, y), "missing"),
    ]:
        with pytest.raises(nad.Error, match=message):
            clone(SMALL).fit(X, labels)
