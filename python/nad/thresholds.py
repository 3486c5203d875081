"""Which scores are worth an alert: p-values, thresholds in people's terms, false discoveries, drift.

>>> calibration = nad.Calibration(detector.anomaly_score(held_out))  # rows that the detector did not learn from
>>> p = calibration.p_value(detector.anomaly_score(new))  # of a normal record: below 0.01 in 1 % of all cases
>>> sure = calibration.p_value(detector.anomaly_score(new), extrapolate=False)
>>> nad.benjamini_hochberg(sure, 0.1)  # report these: at most a tenth of them are normal, on average
>>> nad.ThresholdRule.alerts_per_day(20)  # what a `nad.Model` shall do
>>> print(nad.drift(calibration, scores_of_today))  # does today still look like the calibration rows?
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nad import _core
from nad._arguments import text_from
from nad._core import DriftReport
from nad.errors import InvalidArgumentError

__all__ = [
    "Calibration",
    "DriftMonitor",
    "DriftReport",
    "OnlineDiscovery",
    "ScoreLimit",
    "ThresholdRule",
    "benjamini_hochberg",
    "drift",
    "q_values",
]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ScoreLimit:
    """Where a threshold lies.

    Attributes
    ----------
    score : float
        Scores above it count.
    extrapolated : bool
        Whether the calibration records are too few for it.
    """

    score: float
    extrapolated: bool


@dataclass(frozen=True)
class ThresholdRule:
    """How a person says which scores are worth an alert; make one with its class methods.

    Attributes
    ----------
    kind : str
        The name of the class method that makes it.
    value : float
        What that was given.
    """

    kind: str
    value: float

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str):
            raise InvalidArgumentError(f"there is no threshold by {self.kind!r}; the kind is a text")
        _core.rule_to_text(self.kind, self.value)  # an error where it makes no sense

    @classmethod
    def score(cls, score: float) -> ThresholdRule:
        """Scores above this one."""
        return cls("score", score)

    @classmethod
    def contamination(cls, share: float) -> ThresholdRule:
        """So large a share of the calibration records lies above."""
        return cls("contamination", share)

    @classmethod
    def quantile(cls, q: float) -> ThresholdRule:
        """Scores above this quantile of the calibration records."""
        return cls("quantile", q)

    @classmethod
    def false_positive_rate(cls, rate: float) -> ThresholdRule:
        """Normal records lie above with at most this probability."""
        return cls("false_positive_rate", rate)

    @classmethod
    def alerts_per_day(cls, alerts: float) -> ThresholdRule:
        """At most so many of the normal records of a day lie above."""
        return cls("alerts_per_day", alerts)

    @classmethod
    def f_beta(cls, beta: float = 1.0) -> ThresholdRule:
        """The highest F-beta score of labelled records; a beta of 2 weighs recall higher than precision."""
        return cls("f_beta", beta)

    def __str__(self) -> str:
        return _core.rule_to_text(self.kind, self.value)


class Calibration:
    """What scores normal records get: p-values for new ones, and the score that stands for a p-value.

    Split conformal prediction: ``(1 + calibration scores at least as high) / (calibration scores + 1)``. Where new
    normal records are like the calibration records, their p-value is below any p with a probability of at most p.
    Beyond all calibration scores p-values go on with a fitted tail, for which there is no such promise.

    Parameters
    ----------
    scores : array-like
        Of normal records that the detector did not learn from.
    score_range : {"unbounded", "zero_to_one", "tempered"}
        Where scores can lie. With ``"zero_to_one"``, for probabilities and isolation forests, the tail is that of
        their log-odds, and no limit lies above all that can be reported. With ``"tempered"``, for ensembles that
        temper surprise, it is that of the surprise before: beyond 5 their scores hardly rise.
    """

    def __init__(self, scores: npt.ArrayLike, *, score_range: str = "unbounded") -> None:
        self._calibration = _core.Calibration(_one_dimension(scores), text_from(score_range, "score_range"))

    @classmethod
    def _of(cls, core: _core.Calibration) -> Calibration:
        calibration = cls.__new__(cls)
        calibration._calibration = core
        return calibration

    def __len__(self) -> int:
        return len(self._calibration)

    def merge(self, other: Calibration) -> Calibration:
        """Take over the scores of a calibration made elsewhere: the same as one made of all of them at once."""
        if not isinstance(other, Calibration):
            raise TypeError(f"merge takes a Calibration, not {type(other).__name__}")
        if self.score_range != other.score_range:
            raise InvalidArgumentError(
                f"these calibrations cannot be merged: scores of one are {self.score_range}, of the other "
                f"{other.score_range}"
            )
        self._calibration = _core.Calibration(np.concatenate([self.scores, other.scores]), self.score_range)
        return self

    @property
    def scores(self) -> npt.NDArray[np.float32]:
        """The calibration scores, rising."""
        return self._calibration.scores

    @property
    def score_range(self) -> str:
        """Where scores can lie."""
        return self._calibration.score_range

    def p_value(self, scores: npt.ArrayLike, *, extrapolate: bool = True) -> Floats:
        """One p-value a score; without `extrapolate` never below ``1 / (len(self) + 1)``, which false discoveries need.

        Never below 3.3e-308 either, where `surprise` goes on.
        """
        given = _one_dimension(scores)
        return self._calibration.p_values(given)[0] if extrapolate else self._calibration.conformal_p_values(given)

    def is_extrapolated(self, scores: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether the p-value of a score comes from the fitted tail."""
        return self._calibration.p_values(_one_dimension(scores))[1]

    def surprise(self, scores: npt.ArrayLike) -> Floats:
        """``-log`` of the p-values (the natural logarithm) without their steps: interpolated between scores."""
        return self._calibration.surprise(_one_dimension(scores))

    def score_at(self, p: float) -> ScoreLimit:
        """The least limit such that each score above it has a p-value of at most `p`.

        Where scores end before there is one, the highest score there can be is still reported.
        """
        return ScoreLimit(*self._calibration.score_at(p))

    def quantile(self, q: float) -> float:
        """The q-quantile of the calibration scores."""
        return self._calibration.quantile(q)

    def __repr__(self) -> str:
        return f"<Calibration by {len(self):,} scores>"


def benjamini_hochberg(p_values: npt.ArrayLike, rate: float) -> npt.NDArray[np.bool_]:
    """Which records to report so that on average no larger share than `rate` of what is reported is false.

    The promise holds for p-values of a `Calibration` that are not extrapolated. They end at 1 / (n + 1) with n
    calibration scores, so of m records none is reported unless about m / (rate * (n + 1)) of them lie beyond all
    calibration scores. With extrapolated ones more is found, and quiet days have false reports more often than
    promised: with 2,000 calibration scores in 13 % of batches of 1,000 normal records at a rate of 0.05.
    """
    return _core.benjamini_hochberg(_one_dimension(p_values), rate)[0]


def q_values(p_values: npt.ArrayLike) -> Floats:
    """For each p-value, the least rate at which `benjamini_hochberg` would report it."""
    return _core.q_values(_one_dimension(p_values))


class OnlineDiscovery:
    """`benjamini_hochberg` for a stream (LORD++): each record is decided at once.

    p-values that are not extrapolated keep the promise, but end at 1 / (n + 1) with n calibration scores, which the
    level falls below after some hundreds of quiet records; then nothing is reported any more. Extrapolated ones find
    attacks, and keep the promise where some are there: at a rate of 0.05 a share of 0.03 was false with one attack in
    a hundred records. In streams of 5,000 records without any attack something was reported in 12 % (2,000 calibration
    scores) or 1.5 % (20,000): calibrate on as many records as a horizon has.

    Parameters
    ----------
    rate : float
        The share of what is reported that may be false.
    horizon : int
        Records after which the budget begins anew. The promise holds for each such stretch of the stream.
    """

    def __init__(self, rate: float = 0.1, horizon: int = 100_000) -> None:
        self._online = _core.OnlineDiscovery(rate, horizon)

    def decide(self, p_values: npt.ArrayLike) -> bool | npt.NDArray[np.bool_]:
        """Whether the next record, or each of the next ones, is reported."""
        if np.ndim(p_values) == 0:
            return self._online.decide(float(p_values))  # type: ignore[arg-type]
        return self._online.decide_all(_one_dimension(p_values))

    @property
    def next_level(self) -> float:
        """The largest p-value at which the next record would be reported."""
        return self._online.next_level

    @property
    def records(self) -> int:
        """Since the budget began."""
        return self._online.records

    @property
    def discoveries(self) -> int:
        """Since the budget began."""
        return self._online.discoveries

    def __copy__(self) -> OnlineDiscovery:
        return copy.deepcopy(self)


class DriftMonitor:
    """Whether live scores still look like those of the calibration records, window by window.

    Parameters
    ----------
    calibration : Calibration
    window : int
        Records.
    false_alarm_rate : float
        How likely a window of unchanged traffic, of records independent of each other, needs attention, at most.
    least_distance : float
        Between the distributions of the bulk of the scores; smaller changes are of no interest.
    limit : float, optional
        Scores above it are reported. With it a report says, too, when more records lie above than the calibration
        promises: attacks or drift (`DriftReport.beyond_promise`).
    least_excess : float
        From so many times as many records as promised on.
    """

    def __init__(
        self,
        calibration: Calibration,
        window: int = 2000,
        false_alarm_rate: float = 1e-4,
        least_distance: float = 0.1,
        *,
        limit: float | None = None,
        least_excess: float = 1.5,
    ) -> None:
        self._monitor = _core.DriftMonitor(
            _calibration(calibration), window, false_alarm_rate, least_distance, limit, least_excess
        )

    def add(self, scores: npt.ArrayLike) -> list[DriftReport]:
        """Reports of the windows that these scores completed and that need attention."""
        return self._monitor.add(_one_dimension(np.atleast_1d(np.asarray(scores))))

    @property
    def last(self) -> DriftReport:
        """Of the last full window."""
        return self._monitor.last

    def current(self) -> DriftReport:
        """Of the scores since then."""
        return self._monitor.current()

    def __copy__(self) -> DriftMonitor:
        return copy.deepcopy(self)


def drift(
    calibration: Calibration,
    scores: npt.ArrayLike,
    *,
    false_alarm_rate: float = 1e-4,
    least_distance: float = 0.1,
    limit: float | None = None,
    least_excess: float = 1.5,
) -> DriftReport:
    """Whether these scores, as one window, still look like those of the calibration records; see `DriftMonitor`."""
    return _core.drift(
        _calibration(calibration), _one_dimension(scores), false_alarm_rate, least_distance, limit, least_excess
    )


def _calibration(given: Calibration) -> _core.Calibration:
    if not isinstance(given, Calibration):
        raise InvalidArgumentError(f"calibration is {given!r}; give a nad.Calibration, such as model.calibration")
    return given._calibration


def _one_dimension(values: npt.ArrayLike) -> npt.NDArray[Any]:
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "fiub":
        raise InvalidArgumentError(
            f"one number a record was asked for; this is an array of {array.ndim} dimensions of type {array.dtype}"
        )
    return array
