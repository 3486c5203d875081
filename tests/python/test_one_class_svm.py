"""The One-Class SVM beside scikit-learn's, as one of its users would look at it."""

from __future__ import annotations

import sys
import warnings

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


def two_kinds(rows, seed):
    """Columns of very different widths around zero, and rows around a place far from it."""
    random = np.random.default_rng(seed)
    wide = random.standard_normal((rows * 7 // 13, 5)) * [1, 5, 0.1, 10, 2]
    return np.vstack([wide, random.standard_normal((rows - len(wide), 5)) + 6]).astype(np.float32)


ROWS = {
    "unscaled": two_kinds(301, 1),
    "scaled": (two_kinds(301, 1) - two_kinds(301, 1).mean(axis=0)) / two_kinds(301, 1).std(axis=0),
    "shifted": two_kinds(301, 2) + np.float32(30.0),
    "correlated": (
        np.random.default_rng(3).standard_normal((301, 2)) @ np.random.default_rng(4).standard_normal((2, 6))
        + 0.05 * np.random.default_rng(5).standard_normal((301, 6))
        + np.arange(6)
    ).astype(np.float32),
    "duplicated": np.round(np.abs(np.random.default_rng(6).standard_normal((301, 3)) * 2)).astype(np.float32),
    "heavy tails": np.exp(np.random.default_rng(7).standard_normal((301, 4))).astype(np.float32),
}


def optimality_gap(fitted, rows):
    """How far the conditions of the optimum are missed, in double precision."""
    distinct, copies = np.unique(rows, axis=0, return_counts=True)
    alphas = np.zeros(len(distinct))
    for vector, alpha in zip(fitted.support_vectors_, fitted.dual_coef_[0], strict=True):
        alphas[np.flatnonzero((distinct == vector).all(axis=1))] = alpha
    vectors = fitted.support_vectors_.astype(np.float64)
    products = distinct.astype(np.float64) @ vectors.T
    apart = ((distinct[:, None, :].astype(np.float64) - vectors[None, :, :]) ** 2).sum(axis=2)
    gamma = float(np.float32(1.0 / (rows.shape[1] * rows.astype(np.float64).var())))
    kernels = {
        "rbf": lambda: np.exp(-gamma * apart),
        "linear": lambda: products,
        "poly": lambda: (gamma * products) ** 3,
        "sigmoid": lambda: np.tanh(gamma * products),
    }
    sums = kernels[fitted.kernel]() @ fitted.dual_coef_[0]
    return sums[alphas > 0].max() - sums[alphas < copies].min()


@pytest.mark.parametrize("nu", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("kernel", ["rbf", "linear", "poly", "sigmoid"])
@pytest.mark.parametrize("rows", ROWS)
def test_rows_of_all_kinds_have_the_optimum_and_scikit_learns_decisions(rows, kernel, nu):
    x = ROWS[rows]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nad.ConvergenceWarning)
        ours = nad.OneClassSVM(kernel=kernel, nu=nu, tol=1e-6, max_iter=200_000).fit(x)
    if ours.n_iter_ < 200_000:
        assert optimality_gap(ours, x) <= (4e-6 if kernel == "rbf" else 1.1e-6)  # rbf sums may be of floats
    else:
        assert kernel == "poly"
        assert rows in {"unscaled", "scaled"}
    if ours.fit_status_ != 0:
        assert kernel in {"linear", "poly"}  # the origin may lie among the rows
    elif kernel != "sigmoid" or rows != "duplicated":  # sigmoid has several ends, and equal rows are one here
        theirs = svm.OneClassSVM(kernel=kernel, nu=nu, tol=1e-6).fit(x.astype(np.float64))
        expected = theirs.decision_function(x.astype(np.float64))
        off = np.abs(ours.decision_function(x) - expected).max()
        assert off <= (5e-3 if kernel == "poly" else 1e-3) * np.abs(expected).max()  # as much as tol leaves to poly


def test_the_linear_kernel_takes_few_steps_whatever_the_columns():
    x = two_kinds(5200, 0)
    with pytest.warns(nad.ConvergenceWarning, match="around the origin"):
        around = nad.OneClassSVM(kernel="linear", nu=0.5).fit(x)
    assert around.n_iter_ < 20_000
    assert around.fit_status_ == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        apart = nad.OneClassSVM(kernel="linear", nu=0.5001).fit(x + np.float32(40.0))
    assert apart.n_iter_ < 1000
    theirs = svm.OneClassSVM(kernel="linear", nu=0.5001).fit(x.astype(np.float64) + 40.0)
    expected = theirs.decision_function(x.astype(np.float64) + 40.0)
    assert apart.decision_function(x + np.float32(40.0)) == pytest.approx(expected, abs=1e-3 * np.abs(expected).max())


def test_tiny_kernel_values_leave_no_more_than_nu_outside():
    x = np.exp(2.0 * np.random.default_rng(0).standard_normal((1000, 4)))
    fitted = nad.OneClassSVM(kernel="poly", nu=0.1).fit(x)
    assert (fitted.predict(x) == -1).mean() == pytest.approx(0.1, abs=0.02)


def test_gamma_does_not_see_rows_of_weight_zero():
    x = np.vstack([connections(200, 1), np.full((20, 6), 1000.0, dtype=np.float32)])
    weights = np.r_[np.ones(200), np.zeros(20)]
    fitted = nad.OneClassSVM(nu=0.2, tol=1e-6).fit(x, sample_weight=weights)
    gamma = 1.0 / (6 * x[:200].astype(np.float64).var())
    theirs = svm.OneClassSVM(nu=0.2, gamma=gamma, tol=1e-6).fit(x[:200].astype(np.float64))
    expected = theirs.decision_function(x.astype(np.float64))
    assert fitted.decision_function(x) == pytest.approx(expected, abs=1e-3 * np.abs(expected).max())


def test_steps_can_run_out():
    with pytest.warns(nad.ConvergenceWarning, match="5 steps .* raise max_iter") as caught:
        hasty = nad.OneClassSVM(nu=0.3, gamma=2.0, tol=1e-8, max_iter=5).fit(connections(400, 1))
    assert caught[0].filename == __file__
    assert issubclass(caught[0].category, pytest.importorskip("sklearn.exceptions").ConvergenceWarning)
    assert (hasty.n_iter_, hasty.fit_status_) == (5, 1)


def test_a_fit_warns_without_scikit_learn_too(monkeypatch):
    monkeypatch.delitem(sys.modules, "sklearn.exceptions")
    with pytest.warns(nad.ConvergenceWarning) as caught:
        nad.OneClassSVM(nu=0.3, gamma=2.0, tol=1e-8, max_iter=5).fit(connections(400, 1))
    assert caught[0].category is nad.ConvergenceWarning


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
