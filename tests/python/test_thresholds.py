"""Calibration, false discoveries and drift in Python; test_threshold.cpp proves the mathematics."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import nad


@pytest.fixture(scope="module")
def scores() -> np.ndarray:
    return np.random.default_rng(1).standard_normal(2000).astype(np.float32)


def test_p_values_are_those_of_the_definition(scores: np.ndarray) -> None:
    calibration = nad.Calibration(scores)
    new = np.random.default_rng(2).standard_normal(300).astype(np.float32) * 1.5
    expected = (1 + (scores[None, :] >= new[:, None]).sum(axis=1)) / (len(scores) + 1)
    np.testing.assert_allclose(calibration.p_value(new, extrapolate=False), expected, rtol=1e-12)
    beyond = new > scores.max()
    p = calibration.p_value(new)
    np.testing.assert_allclose(p[~beyond], expected[~beyond], rtol=1e-12)
    assert (p[beyond] <= expected[beyond]).all()
    np.testing.assert_array_equal(calibration.is_extrapolated(new), p < 1 / (len(scores) + 1))
    assert len(calibration) == 2000
    np.testing.assert_array_equal(calibration.scores, np.sort(scores))
    assert calibration.quantile(0.3) == pytest.approx(np.quantile(scores, 0.3), rel=1e-6)


def test_the_tail_is_near_the_truth() -> None:
    errors = []
    for seed in range(20):
        calibration = nad.Calibration(np.random.default_rng(seed).standard_normal(5000).astype(np.float32))
        errors.append(calibration.surprise(np.array([4.5]))[0] / -np.log(stats.norm.sf(4.5)) - 1)
    assert abs(np.mean(errors)) < 0.15


def test_false_discoveries_are_those_of_scipy() -> None:
    p = np.random.default_rng(3).random(500) ** 2
    adjusted = stats.false_discovery_control(p)
    np.testing.assert_allclose(nad.q_values(p), adjusted, rtol=1e-12)
    for rate in (0.05, 0.2, 0.6):
        np.testing.assert_array_equal(nad.benjamini_hochberg(p, rate), adjusted <= rate)


def test_a_stream_is_decided_one_by_one_or_in_batches() -> None:
    p = np.random.default_rng(4).random(400) * np.where(np.arange(400) % 9 == 0, 1e-3, 1)
    one, many = nad.OnlineDiscovery(rate=0.2, horizon=1000), nad.OnlineDiscovery(rate=0.2, horizon=1000)
    decided = [one.decide(value) for value in p]
    np.testing.assert_array_equal(many.decide(p), decided)
    assert sum(decided) == many.discoveries > 0
    assert one.records == 400
    assert one.next_level == many.next_level


def test_drift_is_told(scores: np.ndarray) -> None:
    calibration = nad.Calibration(scores)
    random = np.random.default_rng(5)
    assert not nad.drift(calibration, random.standard_normal(3000)).drifted
    report = nad.drift(calibration, random.standard_normal(3000) + 0.6)
    assert report.bulk_moved
    assert report.bulk_distance == pytest.approx(0.2, abs=0.06)
    assert "normal traffic has changed" in str(report)
    monitor = nad.DriftMonitor(calibration, window=500)
    assert monitor.add(random.standard_normal(1200)) == []
    assert monitor.current().records == 200
    drifted = monitor.add(random.standard_normal(1300) + 1.5)
    assert len(drifted) == 3
    assert monitor.last.drifted


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nad.Calibration([[1.0]]), "2 dimensions"),
        (lambda: nad.Calibration(["a"]), "of type"),
        (lambda: nad.Calibration([1.0, np.nan]), "row 1"),
        (lambda: nad.q_values([0.5, -0.1]), "row 1"),
        (lambda: nad.OnlineDiscovery(rate=1.5), "between 0 and 1"),
        (lambda: nad.ThresholdRule("magic", 1.0), "no threshold by 'magic'"),
        (lambda: nad.ThresholdRule.alerts_per_day(-3), "above 0"),
        (lambda: nad.DriftMonitor(nad.Calibration([1.0, 2.0]), window=3), "at least 50"),
    ],
)
def test_bad_input_is_named(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]
