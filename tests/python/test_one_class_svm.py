"""The One-Class SVM beside scikit-learn's, as one of its users would look at it."""

from __future__ import annotations

import numpy as np
import pytest

import nad

svm = pytest.importorskip("sklearn.svm")


def connections(rows, seed):
    """Two kinds of traffic, a column of words as numbers, heavy tails."""
    random = np.random.default_rng(seed)
    kind = random.random((rows, 1)) < 0.3
    x = random.normal(size=(rows, 6)) + np.where(kind, 4.0, 0.0)
    x[:, 4] = random.integers(0, 3, rows)
    x[:, 5] = np.log1p(random.pareto(1.5, rows))
    return x.astype(np.float32)


SETTINGS = [
    {"nu": 0.05},
    {"nu": 0.3, "gamma": 1.5},
    {"nu": 0.1013, "kernel": "linear"},
    {"nu": 0.1013, "kernel": "poly", "degree": 2, "gamma": 0.1, "coef0": 1.0},
    {"nu": 0.2013, "kernel": "sigmoid", "gamma": 0.01},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("seed", [1, 2])
def test_decisions_are_scikit_learns(settings, seed):
    train, rows = connections(1200, seed), connections(200, seed + 10)
    ours = nad.OneClassSVM(tol=1e-6, **settings).fit(train)
    theirs = svm.OneClassSVM(tol=1e-6, **settings).fit(train.astype(np.float64))
    expected = theirs.decision_function(rows.astype(np.float64))
    assert np.abs(ours.decision_function(rows) - expected).max() <= 1e-3 * np.abs(expected).max()
    assert ours.offset_ == pytest.approx(theirs.offset_[0], rel=1e-3)
    assert ours.score_samples(rows) == pytest.approx(theirs.score_samples(rows.astype(np.float64)), rel=1e-3, abs=1e-3)
    assert (ours.predict(rows) == theirs.predict(rows.astype(np.float64))).mean() > 0.99
    assert ours.n_support_[0] == pytest.approx(theirs.n_support_[0], abs=3)
    assert ours.dual_coef_.sum() == pytest.approx(theirs.dual_coef_.sum())
    assert ours.intercept_ == pytest.approx(theirs.intercept_, rel=1e-3)


def test_weights_are_scikit_learns():
    train, weights = connections(600, 3), np.random.default_rng(3).random(600)
    ours = nad.OneClassSVM(nu=0.2, gamma=0.1, tol=1e-6).fit(train, sample_weight=weights)
    theirs = svm.OneClassSVM(nu=0.2, gamma=0.1, tol=1e-6).fit(train.astype(np.float64), sample_weight=weights)
    expected = theirs.decision_function(train.astype(np.float64))
    assert np.abs(ours.decision_function(train) - expected).max() <= 1e-3 * np.abs(expected).max()


def test_what_was_learnt_makes_the_score():
    train = connections(300, 4)
    fitted = nad.OneClassSVM(nu=0.2, gamma=0.05).fit(train)
    apart = ((train[:, None, :].astype(np.float64) - fitted.support_vectors_[None, :, :]) ** 2).sum(axis=2)
    by_hand = fitted.dual_coef_[0] @ np.exp(-0.05 * apart).T + fitted.intercept_
    assert fitted.decision_function(train) == pytest.approx(by_hand, abs=1e-4)
    linear = nad.OneClassSVM(nu=0.2, kernel="linear").fit(train)
    by_hand = train.astype(np.float64) @ linear.coef_[0] + linear.intercept_
    assert linear.decision_function(train) == pytest.approx(by_hand, rel=1e-4, abs=1e-3)
    with pytest.raises(AttributeError, match="linear"):
        _ = fitted.coef_


def test_offset_moves_the_threshold():
    fitted = nad.OneClassSVM(nu=0.2).fit(connections(300, 5))
    rows = connections(100, 6)
    fitted.offset_ = fitted.offset_ + 1.0
    assert fitted.threshold_ == pytest.approx(-1.0)
    assert fitted.decision_function(rows) == pytest.approx(fitted.score_samples(rows) - fitted.offset_, abs=1e-4)


def test_partial_fit_is_there_with_an_approximation():
    assert not hasattr(nad.OneClassSVM(), "partial_fit")
    with pytest.raises(AttributeError, match="nystroem"):
        nad.OneClassSVM().partial_fit(connections(10, 1))
    rows = connections(2000, 7)
    fitted = nad.OneClassSVM(nu=0.1, approximation="nystroem", n_components=100, random_state=1).fit(rows)
    before = fitted.decision_function(rows)
    fitted.partial_fit(connections(2000, 8))
    assert not np.array_equal(fitted.decision_function(rows), before)
    assert (fitted.predict(rows) == -1).mean() == pytest.approx(0.1, abs=0.04)


@pytest.mark.parametrize("approximation", ["nystroem", "fourier"])
def test_approximations_are_as_good_as_the_exact_one(approximation):
    metrics = pytest.importorskip("sklearn.metrics")
    rows = connections(3000, 9)
    strange = np.concatenate([connections(500, 10), connections(500, 11)[:, ::-1] + 1.5])
    is_strange = np.arange(1000) >= 500
    exact = nad.OneClassSVM(nu=0.1).fit(rows)
    other = nad.OneClassSVM(nu=0.1, approximation=approximation, n_components=400, random_state=2).fit(rows)
    wanted = metrics.roc_auc_score(is_strange, exact.anomaly_score(strange))
    assert metrics.roc_auc_score(is_strange, other.anomaly_score(strange)) > wanted - 0.02


def test_steps_can_run_out():
    with pytest.warns(RuntimeWarning, match="max_iter"):
        hasty = nad.OneClassSVM(nu=0.3, gamma=2.0, tol=1e-8, max_iter=5).fit(connections(400, 1))
    assert (hasty.n_iter_, hasty.fit_status_) == (5, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kernel": "cubic"},
        {"nu": 0.0},
        {"gamma": "large"},
        {"gamma": -1.0},
        {"approximation": "random"},
        {"approximation": "fourier", "kernel": "linear"},
        {"max_iter": 0},
    ],
    ids=str,
)
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(nad.InvalidArgumentError, match=next(iter(wrong))):
        nad.OneClassSVM(**wrong).fit(connections(20, 1))
