"""nad.IsolationForest where a scikit-learn estimator is expected."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys

import numpy as np
import pytest

import nad

pytest.importorskip("sklearn", minversion="1.6")

import sklearn
import sklearn.ensemble
from sklearn.base import clone, is_outlier_detector
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr
from sklearn.utils.estimator_checks import parametrize_with_checks


def not_for_draws(estimator):
    """Copies of a row are no other rows, or which one is drawn depends on their order."""
    if estimator.bootstrap:
        return {"check_sample_weight_equivalence_on_dense_data": "copies of a row, or their order, matter by design"}
    return {}


ESTIMATORS = [
    nad.IsolationForest(),
    nad.IsolationForest(ndim=2, missing="impute"),
    nad.IsolationForest(split="best", contamination=0.1, unique_rows=True, n_jobs=2),
    nad.IsolationForest(missing="route", max_features=0.5, bootstrap=True, warm_start=True),
]


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=not_for_draws)
def test_check_estimator(estimator, check):
    check(estimator)


def test_the_usual_snippet_flags_the_share_that_scikit_learn_flags():
    X = np.random.default_rng(0).normal(size=(1000, 4))
    ours = nad.IsolationForest(contamination=0.01, random_state=42).fit(X).predict(X)
    theirs = sklearn.ensemble.IsolationForest(contamination=0.01, random_state=42).fit(X).predict(X)
    assert (ours == -1).sum() == (theirs == -1).sum() == 10
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    assert set(np.unique(ours)) == {-1, 1}


def test_parameters_shared_with_scikit_learn_have_its_names_and_defaults():
    ours = inspect.signature(nad.IsolationForest).parameters
    theirs = inspect.signature(sklearn.ensemble.IsolationForest).parameters
    assert list(ours)[: len(theirs)] == list(theirs)
    for name, parameter in theirs.items():
        assert ours[name].default == parameter.default, name
        assert ours[name].kind == parameter.kind, name


def test_scikit_learn_sees_an_outlier_detector():
    assert is_outlier_detector(nad.IsolationForest())


def test_clone_copies_parameters_and_forgets_what_was_learnt(forest):
    twin = clone(forest)
    assert twin.get_params() == forest.get_params()
    with pytest.raises(nad.NotFittedError):
        twin.predict([[1.0] * 5])


def test_set_params_names_what_it_does_not_know():
    with pytest.raises(ValueError, match=r"Invalid parameter 'trees' for estimator IsolationForest\(\)"):
        nad.IsolationForest().set_params(trees=3)


def test_repr_shows_what_was_changed():
    assert repr(nad.IsolationForest()) == "IsolationForest()"
    assert repr(nad.IsolationForest(max_samples=0.5, ndim=2)) == "IsolationForest(max_samples=0.5, ndim=2)"
    assert eval(repr(nad.IsolationForest(split="best")), vars(nad)).split == "best"


def test_a_subclass_keeps_its_own_parameters():
    class SeededForest(nad.IsolationForest):
        def __init__(self, *, random_state=3):
            super().__init__(random_state=random_state)

    assert SeededForest().get_params() == {"random_state": 3}
    assert clone(SeededForest(random_state=4)).random_state == 4


def test_pipeline_and_its_picture(traffic):
    pipeline = make_pipeline(StandardScaler(), nad.IsolationForest(contamination=0.01, random_state=1)).fit(traffic)
    scaled = StandardScaler().fit_transform(traffic)
    alone = nad.IsolationForest(contamination=0.01, random_state=1).fit(scaled)
    np.testing.assert_array_equal(pipeline.score_samples(traffic), alone.score_samples(scaled))
    np.testing.assert_array_equal(pipeline.predict(traffic), alone.predict(scaled))
    assert "IsolationForest(contamination=0.01, random_state=1)" in repr(pipeline)
    assert "IsolationForest" in estimator_html_repr(pipeline)


def test_grid_search_picks_the_better_forest(traffic):
    truth = np.ones(len(traffic), dtype=int)
    truth[-10:] = -1
    order = np.random.default_rng(0).permutation(len(traffic))
    search = GridSearchCV(
        nad.IsolationForest(random_state=0), {"n_estimators": [1, 50], "max_samples": [4, 256]}, scoring="roc_auc", cv=3
    ).fit(traffic[order], truth[order])
    assert search.best_params_ != {"n_estimators": 1, "max_samples": 4}
    assert roc_auc_score(truth, search.best_estimator_.decision_function(traffic)) > 0.99
    assert search.predict(traffic).shape == truth.shape


def test_sample_weight_travels_by_metadata_routing(traffic):
    weight = np.zeros(len(traffic))
    weight[:500] = 1.0
    with sklearn.config_context(enable_metadata_routing=True):
        step = nad.IsolationForest(random_state=0).set_fit_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, clone(step)).fit(traffic, sample_weight=weight)
    scaled = StandardScaler().fit_transform(traffic)
    alone = nad.IsolationForest(random_state=0).fit(scaled, sample_weight=weight)
    unweighted = nad.IsolationForest(random_state=0).fit(scaled)
    np.testing.assert_array_equal(pipeline.score_samples(traffic), alone.score_samples(scaled))
    assert not np.array_equal(alone.score_samples(scaled), unweighted.score_samples(scaled))


@pytest.mark.parametrize("copy_of", [lambda f: pickle.loads(pickle.dumps(f)), copy.deepcopy, copy.copy])
def test_copies_score_alike(forest, traffic, copy_of):
    twin = copy_of(forest)
    np.testing.assert_array_equal(twin.anomaly_score(traffic), forest.anomaly_score(traffic))
    assert twin.threshold_ == forest.threshold_
    assert twin.get_params() == forest.get_params()


def test_a_copy_that_learns_leaves_the_original_alone(traffic):
    forest = nad.IsolationForest(n_estimators=10, random_state=0, warm_start=True).fit(traffic)
    before = forest.anomaly_score(traffic)
    twin = copy.copy(forest)
    twin.set_params(n_estimators=20).fit(traffic)
    twin.threshold_ = 0.25
    np.testing.assert_array_equal(forest.anomaly_score(traffic), before)
    assert (forest.n_trees_, twin.n_trees_) == (10, 20)
    assert forest.threshold_ == 0.5


def test_pickle_is_read_by_another_process(forest, traffic, tmp_path):
    (tmp_path / "forest.pkl").write_bytes(pickle.dumps(forest))
    np.save(tmp_path / "traffic.npy", traffic)
    program = (
        "import pickle, sys, numpy as np\n"
        "forest = pickle.load(open('forest.pkl', 'rb'))\n"
        "np.save('scores.npy', forest.anomaly_score(np.load('traffic.npy')))\n"
        "assert 'sklearn' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, timeout=60)
    np.testing.assert_array_equal(np.load(tmp_path / "scores.npy"), forest.anomaly_score(traffic))


def test_scikit_learns_handlers_catch_not_fitted():
    with pytest.raises(NotFittedError) as caught:
        nad.IsolationForest().predict([[1.0]])
    assert isinstance(caught.value, nad.NotFittedError)
    twin = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(twin, NotFittedError)
    assert str(twin) == str(caught.value)


def test_random_state_as_scikit_learn_takes_it(traffic):
    def scores(random_state):
        return nad.IsolationForest(n_estimators=5, random_state=random_state).fit(traffic).anomaly_score(traffic)

    np.testing.assert_array_equal(scores(3), scores(np.int64(3)))
    np.testing.assert_array_equal(scores(np.random.RandomState(3)), scores(np.random.RandomState(3)))
    np.testing.assert_array_equal(scores(np.random.default_rng(3)), scores(np.random.default_rng(3)))
    assert not np.array_equal(scores(3), scores(4))
    assert not np.array_equal(scores(None), scores(None))
    state = np.random.get_state()
    try:
        np.random.seed(11)
        first = scores(None)
        np.random.seed(11)
        np.testing.assert_array_equal(scores(None), first)
    finally:
        np.random.set_state(state)


def test_a_forest_of_the_rows_it_draws_is_that_of_the_table(traffic):
    options = {"n_estimators": 20, "max_samples": 64, "random_state": 3}
    whole = nad.IsolationForest(**options).fit(traffic)
    forest = nad.IsolationForest(**options)
    numbers = forest.drawn_rows(len(traffic))
    assert np.all(np.diff(numbers.astype(np.int64)) > 0)
    forest.fit_drawn(traffic[numbers.astype(np.int64)], numbers, len(traffic))
    assert pickle.dumps(forest._detector) == pickle.dumps(whole._detector)
    assert len(forest.drawn_rows(10**12)) == 20 * 64
    with pytest.raises(nad.InvalidArgumentError, match="contamination"):
        nad.IsolationForest(contamination=0.1, random_state=1).drawn_rows(100)
    with pytest.raises(nad.InvalidArgumentError, match="must draw the same rows"):
        nad.IsolationForest().drawn_rows(100)
    with pytest.raises(nad.InvalidArgumentError, match="not here"):
        forest.fit_drawn(traffic[:50], np.arange(50), len(traffic))
    with pytest.raises(nad.InvalidArgumentError, match="no row numbers"):
        forest.fit_drawn(traffic[:50], np.arange(50) - 1, len(traffic))
    with pytest.raises(nad.InvalidArgumentError, match="table_rows"):
        forest.fit_drawn(traffic[numbers.astype(np.int64)], numbers, -1)
