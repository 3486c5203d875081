"""Calibration, false discoveries and drift in Python; test_threshold.cpp proves the mathematics."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

import nad

if TYPE_CHECKING:
    from collections.abc import Callable


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


def test_calibrations_of_parts_are_that_of_all(scores: np.ndarray) -> None:
    whole = nad.Calibration(scores, score_range="unbounded")
    parts = nad.Calibration(scores[:300]).merge(nad.Calibration(scores[300:]))
    assert len(parts) == len(whole)
    new = np.linspace(scores.min() - 1, scores.max() + 5, 200)
    assert np.array_equal(parts.p_value(new), whole.p_value(new))
    with pytest.raises(nad.InvalidArgumentError, match="zero_to_one"):
        parts.merge(nad.Calibration([0.5, 0.6], score_range="zero_to_one"))
    with pytest.raises(TypeError, match="merge takes a Calibration"):
        parts.merge(scores)  # type: ignore[arg-type]


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


def test_scores_of_a_range_have_limits_inside_it() -> None:
    probabilities = 1 / (1 + np.exp(8 - 3 * np.random.default_rng(6).standard_normal(60)))
    assert nad.Calibration(probabilities).score_at(1e-7).score > 1
    calibration = nad.Calibration(probabilities, score_range="zero_to_one")
    assert calibration.score_range == "zero_to_one"
    assert calibration.score_at(1e-7).score < 1
    assert calibration.score_at(1e-300).extrapolated
    with pytest.raises(nad.InvalidDataError, match="row 1 is 2"):
        nad.Calibration([0.5, 2.0], score_range="zero_to_one")


def test_more_above_the_limit_than_promised_is_told(scores: np.ndarray) -> None:
    calibration = nad.Calibration(scores)
    limit = calibration.score_at(0.01).score
    live = np.random.default_rng(7).standard_normal(4000)
    assert not nad.drift(calibration, live, limit=limit).needs_attention
    live[:800] = 9
    report = nad.drift(calibration, live, limit=limit)
    assert report.beyond_promise
    assert not report.drifted
    assert report.reported_share == pytest.approx(0.2, abs=0.02)
    assert report.promised_share == pytest.approx(0.01, rel=0.01)
    assert "attacks or drift" in str(report)
    assert not nad.drift(calibration, live).needs_attention
    monitor = nad.DriftMonitor(calibration, window=1000, limit=limit)
    assert [window.beyond_promise for window in monitor.add(live)] == [True]


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_go_on_by_themselves(again: Callable[[Any], Any], scores: np.ndarray) -> None:
    calibration = nad.Calibration(1 / (1 + np.exp(-scores)), score_range="zero_to_one")
    same = again(calibration)
    np.testing.assert_array_equal(same.scores, calibration.scores)
    assert same.score_at(1e-6) == calibration.score_at(1e-6)
    assert same.score_range == "zero_to_one"

    stream = nad.OnlineDiscovery(rate=0.2, horizon=500)
    stream.decide(np.array([1e-5, 0.4, 1e-6]))
    other = again(stream)
    assert other.next_level == stream.next_level
    assert (other.records, other.discoveries) == (3, 2)
    other.decide(0.9)
    assert (other.records, stream.records) == (4, 3)

    monitor = nad.DriftMonitor(nad.Calibration(scores), window=100, limit=2.0)
    monitor.add(np.full(150, 9.0))
    twin = again(monitor)
    assert twin.last == monitor.last
    assert twin.last.mostly_beyond
    assert twin.current().records == 50
    assert len(twin.add(np.full(50, 9.0))) == 1
    assert monitor.current().records == 50
    assert again(monitor.last) == monitor.last


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nad.ThresholdRule.alerts_per_day("a"), "^alerts_per_day is 'a'; give a number$"),
        (lambda: nad.ThresholdRule(3, 1.0), "no threshold by 3"),
        (lambda: nad.OnlineDiscovery(0.1, -5), "^horizon is -5; give a whole number of at least 1"),
        (lambda: nad.OnlineDiscovery("a"), "^rate is 'a'; give a number$"),
        (lambda: nad.benjamini_hochberg([0.5], "a"), "^rate is 'a'; give a number$"),
        (lambda: nad.Calibration([1.0]).score_at("a"), "^p is 'a'; give a number$"),
        (lambda: nad.Calibration([1.0]).quantile(None), "^q is None; give a number$"),
        (lambda: nad.Calibration([1.0], score_range="wide"), "'unbounded', 'zero_to_one'"),
        (lambda: nad.Calibration([1.0], score_range=1), "score_range is 1; give a text"),
        (lambda: nad.DriftMonitor(nad.Calibration([1.0, 2.0]), window=-3), "^window is -3; give a whole number"),
        (lambda: nad.DriftMonitor(nad.Calibration([1.0, 2.0]), limit="a"), "^limit is 'a'; give a number$"),
        (lambda: nad.drift([1.0, 2.0], [1.0]), "give a nad.Calibration"),
        (lambda: nad.drift(nad.Calibration([1.0, 2.0]), [1.0], least_excess=0), "at least 1"),
    ],
)
def test_options_of_other_types_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()
