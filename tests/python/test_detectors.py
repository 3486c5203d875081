"""What every detector promises in Python: one line in DETECTORS a detector."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import nad

pytest.importorskip("sklearn", minversion="1.6")

from sklearn.base import clone, is_outlier_detector
from sklearn.utils.estimator_checks import parametrize_with_checks

DETECTORS = [
    nad.ECOD(),
    nad.ECOD(tail="whole_row", max_quantiles=32),
    nad.Ensemble([("forest", nad.IsolationForest(n_estimators=20, random_state=1)), nad.Mahalanobis()], random_state=1),
    nad.Ensemble(
        [nad.Mahalanobis(), nad.Ensemble([nad.PcaResidual(), nad.ECOD()], combination="maximum", random_state=1)],
        combination="median",
        weights=[1.0, 0.5],
        calibration=0.0,
        random_state=1,
    ),
    nad.Ensemble([nad.Mahalanobis(), nad.ECOD()], combination="any", random_state=1),
    nad.Ensemble("mixed", random_state=1),
    nad.HalfSpaceTrees(random_state=1),
    nad.HalfSpaceTrees(n_estimators=10, height=8, window_size=100, size_limit=0.1, density="linear", random_state=1),
    nad.Histogram(),
    nad.Histogram(n_bins=20, bins="equal_depth"),
    nad.LODA(n_projections=50, random_state=1),
    nad.LODA(n_projections=20, n_bins="auto", unique_rows=True, random_state=1),
    nad.Autoencoder(hidden=(5,), epochs=10, random_state=1),
    nad.Autoencoder(hidden=(6, 3), symmetric=True, activation="tanh", residual="variance_weighted", random_state=1),
    nad.IsolationForest(n_estimators=20, random_state=1),
    nad.KMeans(n_clusters=8, random_state=1),
    nad.KMeans(n_clusters="auto", init="random", unique_rows=True, random_state=1),
    nad.LocalGaussian(n_clusters=4, random_state=1),
    nad.Mahalanobis(),
    nad.NearestNeighbours(random_state=1),
    nad.NearestNeighbours(n_neighbors=3, method="largest", max_samples=0.5, unique_rows=False, random_state=1),
    nad.OneClassSVM(nu=0.1, random_state=1),
    nad.OneClassSVM(nu=0.2, gamma=0.1, contamination=0.05, shrinking=False, random_state=1),
    nad.OneClassSVM(nu=0.1, approximation="nystroem", n_components=50, random_state=1),
    nad.OneClassSVM(nu=0.1, approximation="fourier", gamma=0.01, n_components=80, random_state=1),
    nad.PcaResidual(),
]


def votes(detector):
    return isinstance(detector, nad.Ensemble) and detector.combination == "any"


def by_design(detector):
    """Checks of scikit-learn that a detector fails on purpose, and why."""
    failed = {}
    weights = "check_sample_weight_equivalence_on_dense_data"
    if getattr(detector, "n_clusters", 0) == "auto":
        failed[weights] = "the first centres are drawn among the rows that are given"
    if isinstance(detector, nad.LocalGaussian):
        failed[weights] = "the first centres are drawn among the rows that are given"
    if isinstance(detector, nad.NearestNeighbours) and not detector.unique_rows:
        failed[weights] = "a row may be its own neighbour, a copy of it another one"
    if isinstance(detector, nad.LODA) and detector.unique_rows:
        failed[weights] = "a distinct row counts once, with the mean weight of its copies"
    if isinstance(detector, nad.OneClassSVM) and detector.approximation is not None:
        failed[weights] = "rows are drawn in random order, and features among the rows that are given"
    if isinstance(detector, nad.Ensemble) and detector.estimators == "mixed":
        failed[weights] = "a distinct row counts once, with the mean weight of its copies"
    if votes(detector):
        for check in ("check_outliers_fit_predict", "check_outliers_train"):
            failed[check] = "members vote by their own contamination"
    if isinstance(detector, nad.Autoencoder):
        failed[weights] = "the order of rows decides which of them share a batch"
    return failed


each = pytest.mark.parametrize("detector", DETECTORS, ids=repr)


@parametrize_with_checks(DETECTORS, expected_failed_checks=by_design)
def test_check_estimator(estimator, check):
    check(estimator)


@pytest.fixture
def fitted(detector, traffic):
    return clone(detector).fit(traffic)


@each
def test_strange_rows_score_higher(fitted, traffic):
    strange = np.full((1, traffic.shape[1]), 1e3, dtype=np.float32)
    assert fitted.anomaly_score(strange)[0] > np.median(fitted.anomaly_score(traffic))


@each
def test_rows_far_out_have_finite_scores_and_reasons_that_add_up(fitted, traffic):
    sizes = np.array([1e16, 1e20, 3e38, -3e38], dtype=np.float32)
    far = np.zeros((8, traffic.shape[1]), dtype=np.float32)
    far[:4, 1] = sizes
    far[4:] = sizes[:, np.newaxis]
    for row, score in zip(far, fitted.anomaly_score(far)):
        assert np.isfinite(score)
        assert fitted.anomaly_score(row) == score
    reasons, raw = fitted.explain(far).astype(float), fitted.raw_score(far)
    assert np.isfinite(reasons).all()
    off = np.abs(reasons.sum(axis=1) + fitted.baseline_ - raw)
    assert (off <= 2e-3 * (np.abs(reasons).sum(axis=1) + abs(fitted.baseline_) + 0.02)).all()


@each
def test_one_row_is_the_batch_bit_for_bit(fitted, traffic):
    scores = fitted.anomaly_score(traffic)
    assert scores.dtype == np.float32
    for row in range(0, len(traffic), 37):
        assert fitted.anomaly_score(traffic[row]) == scores[row]


@each
def test_threads_change_nothing(detector, fitted, traffic):
    many = clone(detector).set_params(n_jobs=3).fit(traffic)
    assert np.array_equal(many.anomaly_score(traffic), fitted.anomaly_score(traffic))


@each
def test_contributions_and_baseline_are_the_raw_score(fitted, traffic):
    reasons = fitted.explain(traffic)
    assert reasons.shape == traffic.shape
    size = np.abs(reasons).sum(axis=1) + abs(fitted.baseline_) + 1e-3
    off = np.abs(reasons.sum(axis=1, dtype=np.float64) + fitted.baseline_ - fitted.raw_score(traffic))
    assert (off <= 5e-5 * size).all()


@each
def test_it_comes_back_from_file_pickle_and_copy(fitted, traffic, tmp_path):
    scores = fitted.anomaly_score(traffic)
    fitted.save(tmp_path / "model.nad")
    for twin in (nad.load(tmp_path / "model.nad"), pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        assert type(twin) is type(fitted)
        assert np.array_equal(twin.anomaly_score(traffic), scores)
        assert twin.threshold_ == fitted.threshold_


@each
def test_parameters_come_back_from_a_file(fitted, tmp_path):
    fitted.save(tmp_path / "model.nad")
    before, after = (model.get_params(deep=False) for model in (fitted, nad.load(tmp_path / "model.nad")))
    # of an ensemble come the members that 'clean' and 'auto' stand for
    words = (
        {"estimators", "combination", "weights", "calibration", "refit", "unique_rows", "crowds"}
        if isinstance(fitted, nad.Ensemble)
        else set()
    )
    for name in set(before) - {"n_jobs", "verbose"} - words:
        assert after[name] == before[name], name


@each
def test_contamination_sets_the_threshold(detector, traffic):
    if votes(detector):
        pytest.skip("members vote by their own contamination")
    found = clone(detector).set_params(contamination=0.1).fit(traffic)
    share = (found.predict(traffic) == -1).mean()
    assert 0.0 < share <= 0.1


@each
def test_scikit_learn_sees_an_outlier_detector(detector):
    assert is_outlier_detector(detector)


@each
def test_names_of_columns_are_kept(detector, traffic):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(traffic, columns=[f"c{i}" for i in range(traffic.shape[1])])
    fitted = clone(detector).fit(frame)
    assert list(fitted.feature_names_in_) == list(frame.columns)
    with pytest.raises(nad.InvalidDataError, match="c1"):
        fitted.anomaly_score(frame.rename(columns={"c1": "other"}))
