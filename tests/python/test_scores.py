"""What scores promise: the formula, one row as in a batch, threads, contributions, growth, merging, missing values."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import nad

KINDS = [
    {},
    {"ndim": 3},
    {"split": "best", "ntry": 5},
    {"ndim": 2, "split": "best"},
    {"max_depth": 3, "max_features": 2},
    {"bootstrap": True, "max_samples": 0.25},
    {"unique_rows": "log_count", "max_samples": 1000},
    {"missing": "route"},
    {"missing": "impute", "ndim": 2},
]


def average_path_length(n: float) -> float:
    """c(n) of the paper, with the harmonic number summed up instead of approximated."""
    return 2.0 * np.sum(1.0 / np.arange(1, n)) - 2.0 * (n - 1.0) / n


@pytest.fixture(params=KINDS, ids=str)
def any_forest(request, traffic):
    return nad.IsolationForest(n_estimators=30, random_state=3, **request.param).fit(traffic)


def test_score_is_the_published_formula(any_forest, traffic):
    path = any_forest.path_length(traffic).astype(np.float64)
    expected = 2.0 ** (-path / average_path_length(any_forest.max_samples_))
    np.testing.assert_allclose(any_forest.anomaly_score(traffic), expected, rtol=2e-3)
    np.testing.assert_allclose(
        any_forest.anomaly_score(traffic), 2.0 ** any_forest.raw_score(traffic).astype(np.float64), rtol=1e-6
    )
    assert path.min() >= 1.0


def test_strange_rows_score_higher(any_forest, traffic):
    scores = any_forest.anomaly_score(traffic)
    assert scores.dtype == np.float32
    assert scores.std() > 0.01
    assert np.median(scores[-10:]) > np.quantile(scores[:-10], 0.99)


def test_one_row_is_the_batch_bit_for_bit(any_forest, traffic):
    batch = any_forest.anomaly_score(traffic)
    for i in range(0, len(traffic), 7):
        alone = any_forest.anomaly_score(traffic[i])
        assert type(alone) is float
        assert alone == batch[i]
        assert any_forest.anomaly_score(traffic[i : i + 1])[0] == batch[i]
    np.testing.assert_array_equal(any_forest.anomaly_score(traffic[100:163]), batch[100:163])
    assert any_forest.raw_score(traffic[3]) == any_forest.raw_score(traffic)[3]
    assert any_forest.path_length(traffic[3]) == any_forest.path_length(traffic)[3]
    np.testing.assert_array_equal(any_forest.explain(traffic[3]), any_forest.explain(traffic)[3])


@pytest.mark.parametrize("n_jobs", [2, 5, -1])
def test_threads_change_nothing(any_forest, traffic, n_jobs):
    many = np.tile(traffic, (5, 1))
    threaded = nad.IsolationForest(**{**any_forest.get_params(), "n_jobs": n_jobs}).fit(traffic)
    np.testing.assert_array_equal(threaded.anomaly_score(many), any_forest.anomaly_score(many))
    np.testing.assert_array_equal(threaded.explain(many), any_forest.explain(many))
    assert threaded.threshold_ == any_forest.threshold_


def test_contributions_and_baseline_are_the_raw_score(any_forest, traffic):
    contributions = any_forest.explain(traffic)
    assert contributions.shape == traffic.shape
    total = contributions.astype(np.float64).sum(axis=1) + any_forest.baseline_
    np.testing.assert_allclose(total, any_forest.raw_score(traffic), atol=2e-5)
    assert contributions[-10:].sum() > contributions[:10].sum()


def test_the_column_that_is_strange_gets_the_blame(traffic):
    forest = nad.IsolationForest(random_state=0).fit(traffic[:-10])
    for column in range(5):
        row = np.median(traffic, axis=0)
        row[column] = 1000.0
        assert forest.explain(row).argmax() == column


def test_a_column_without_a_say_contributes_nothing(traffic):
    with_constant = np.hstack([traffic, np.full((len(traffic), 1), 3.0, dtype=np.float32)])
    forest = nad.IsolationForest(random_state=0).fit(with_constant)
    assert not forest.explain(with_constant)[:, -1].any()


def test_growing_in_steps_is_growing_at_once(traffic):
    at_once = nad.IsolationForest(n_estimators=40, random_state=9).fit(traffic)
    in_steps = nad.IsolationForest(n_estimators=15, random_state=9, warm_start=True).fit(traffic)
    assert in_steps.n_trees_ == 15
    in_steps.set_params(n_estimators=40).fit(traffic)
    assert in_steps.n_trees_ == 40
    np.testing.assert_array_equal(in_steps.anomaly_score(traffic), at_once.anomaly_score(traffic))


def test_warm_start_without_a_seed_goes_on_with_the_first_one(traffic):
    forest = nad.IsolationForest(n_estimators=10, warm_start=True).fit(traffic)
    first = forest.raw_score(traffic).astype(np.float64)
    forest.set_params(n_estimators=11).fit(traffic)
    last_tree = 11 * forest.raw_score(traffic) - 10 * first
    assert forest.n_trees_ == 11
    assert last_tree.std() > 0.0


def test_a_fit_without_warm_start_forgets(traffic):
    forest = nad.IsolationForest(n_estimators=5, random_state=1).fit(traffic)
    first = forest.anomaly_score(traffic)
    forest.fit(traffic + 100.0)
    assert forest.n_trees_ == 5
    assert forest.anomaly_score(traffic).mean() > first.mean()


def test_merged_forests_score_by_all_their_trees(traffic):
    one = nad.IsolationForest(n_estimators=10, random_state=1).fit(traffic)
    other = nad.IsolationForest(n_estimators=30, random_state=2).fit(traffic)
    expected = (10 * one.path_length(traffic) + 30 * other.path_length(traffic)) / 40
    untouched = other.anomaly_score(traffic)
    assert one.merge(other) is one
    assert (one.n_trees_, other.n_trees_) == (40, 30)
    np.testing.assert_allclose(one.path_length(traffic), expected, rtol=1e-5)
    np.testing.assert_array_equal(other.anomaly_score(traffic), untouched)


def test_merging_leaves_copies_alone(traffic):
    one = nad.IsolationForest(n_estimators=10, random_state=1).fit(traffic)
    twin = copy.copy(one)  # shares what was learnt
    before = one.anomaly_score(traffic)
    one.merge(nad.IsolationForest(n_estimators=30, random_state=2).fit(traffic))
    assert (twin.n_trees_, twin.get_params()["n_estimators"]) == (10, 10)
    np.testing.assert_array_equal(twin.anomaly_score(traffic), before)
    assert not np.array_equal(one.anomaly_score(traffic), before)


def test_a_merged_forest_says_how_many_trees_it_has(traffic, tmp_path):
    forest = nad.IsolationForest(n_estimators=10, random_state=1).fit(traffic)
    forest.merge(nad.IsolationForest(n_estimators=30, random_state=2).fit(traffic))
    assert forest.get_params()["n_estimators"] == forest.n_trees_ == 40
    forest.save(tmp_path / "forest.nad")
    assert nad.load(tmp_path / "forest.nad").get_params() == forest.get_params()


@pytest.mark.parametrize("missing", ["route", "impute"])
def test_missing_values_are_scored_where_that_was_asked_for(traffic, missing):
    rng = np.random.default_rng(1)
    gappy = np.where(rng.random(traffic.shape) < 0.05, np.nan, traffic)
    forest = nad.IsolationForest(random_state=2, missing=missing).fit(gappy)
    scores = forest.anomaly_score(gappy)
    assert np.isfinite(scores).all()
    assert np.median(scores[-10:]) > np.quantile(scores[:-10], 0.99)
    total = forest.explain(gappy).astype(np.float64).sum(axis=1) + forest.baseline_
    np.testing.assert_allclose(total, forest.raw_score(gappy), atol=2e-5)
    if missing == "impute":
        filled = np.where(np.isnan(gappy), np.nanmedian(gappy, axis=0), gappy)
        close = np.abs(forest.anomaly_score(filled) - scores)
        assert np.mean(close < 1e-6) > 0.95  # a median of an even count may lie on the other side of a split


def test_weights_of_zero_are_rows_that_are_not_there(traffic):
    weight = np.ones(len(traffic))
    weight[-10:] = 0.0
    weighted = nad.IsolationForest(random_state=4).fit(traffic, sample_weight=weight)
    without = nad.IsolationForest(random_state=4).fit(traffic[:-10])
    np.testing.assert_array_equal(weighted.anomaly_score(traffic), without.anomaly_score(traffic))


def test_unique_rows_stop_a_flood_from_becoming_normal(traffic):
    flood = np.full((20_000, 5), 40.0, dtype=np.float32)
    flooded = np.vstack([traffic[:-10], flood])
    as_it_is = nad.IsolationForest(random_state=0).fit(flooded)
    distinct = nad.IsolationForest(random_state=0, unique_rows=True).fit(flooded)
    assert as_it_is.anomaly_score(flood[0]) < 0.5
    assert distinct.anomaly_score(flood[0]) > 0.6


@pytest.mark.parametrize("kernel", nad.simd.supported())
def test_every_kernel_gives_the_same_scores(forest, traffic, kernel):
    expected = forest.anomaly_score(traffic)
    nad.simd.force(kernel)
    try:
        assert nad.simd.active() == kernel
        np.testing.assert_array_equal(forest.anomaly_score(traffic), expected)
    finally:
        nad.simd.force("auto")
