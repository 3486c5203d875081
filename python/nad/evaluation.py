"""How good are these scores? One call, one report.

>>> kdd = nad.datasets.load_nsl_kdd("test+")
>>> print(nad.evaluate(forest.anomaly_score(pipeline.transform(kdd)), kdd, threshold=forest.threshold_))
>>> found = nad.evaluate(scores, y, families=labels, time=when)
>>> found.roc_auc, found.roc_auc.low, found.roc_auc.high
>>> found.families["dos"].recall
>>> found.to_json()
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nad import _core
from nad._progress import ProgressBar
from nad._random import seed_from
from nad._truth import read_codes, read_numbers, read_scores, read_seconds, read_truth, read_weights
from nad.column import Column
from nad.errors import InvalidArgumentError
from nad.metrics import Estimate, PrecisionRecallCurve, RocCurve
from nad.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["DelaySummary", "Evaluation", "FamilyEvaluation", "RateEvaluation", "compare", "evaluate"]

FIGURES = (
    "accuracy", "balanced_accuracy", "precision", "recall", "false_positive_rate", "f1", "roc_auc", "average_precision",
)  # fmt: skip


@dataclass(frozen=True)
class RateEvaluation:
    """What can be had at a false positive rate that one is ready to pay.

    Attributes
    ----------
    false_positive_rate : float
        The share of normal records that one is ready to report.
    threshold : float
        The score that keeps to it.
    recall : Estimate
        The share of attacks above that score.
    """

    false_positive_rate: float
    threshold: float
    recall: Estimate


@dataclass(frozen=True)
class FamilyEvaluation:
    """One family of attacks, beside all normal rows.

    Attributes
    ----------
    name : str
        What its records are called.
    attacks, found : float
        Its records, and those of them above the threshold.
    recall : Estimate
        The share of them that is found.
    roc_auc, average_precision : Estimate
        Areas under the curves, of this family and all normal rows.
    recall_at_rate : dict of float to Estimate
        The recall at each false positive rate.
    episodes, episodes_detected : int or None
        How many attacks its records are, and how many of them were noticed; None where there are no times.
    median_delay_seconds : float
        How soon, of those that were noticed; NaN where none was.
    """

    name: str
    attacks: float
    found: float
    recall: Estimate
    roc_auc: Estimate
    average_precision: Estimate
    recall_at_rate: dict[float, Estimate]
    episodes: int | None = None
    episodes_detected: int | None = None
    median_delay_seconds: float = math.nan


@dataclass(frozen=True)
class DelaySummary:
    """How soon attacks were noticed; NaN where none was, or there are no times.

    Attributes
    ----------
    episodes, detected : int
        How many attacks there were, and how many were noticed.
    median_seconds, longest_seconds : float
        From the first record of an attack to its first alert.
    median_rows : float
        How many records of an attack passed before its first alert.
    """

    episodes: int
    detected: int
    median_seconds: float
    longest_seconds: float
    median_rows: float


@dataclass(frozen=True, repr=False)
class Evaluation:
    """What `evaluate` found; ``print(evaluation)`` is fit to read.

    Estimates are numbers that have ``low`` and ``high``, too.

    Attributes
    ----------
    rows, attacks, normals : float
        How many records, and of which kind; sums of weights where there are weights.
    threshold : float
        Scores above it count as alerts.
    is_threshold_chosen : bool
        On these very rows, for the largest F1, since none was given.
    confidence, replicates : float, int
        Of the intervals: how sure, and from how many bootstrap samples.
    groups : int
        What the intervals draw in the place of rows; 0: rows.
    true_negatives, false_positives, false_negatives, true_positives : float
        Records, or their weights, by truth and verdict.
    accuracy, precision, recall, false_positive_rate, f1, balanced_accuracy, matthews : Estimate
        At the threshold.
    roc_auc, average_precision : Estimate
        Areas under the curves, whatever the threshold.
    partial_auc : Estimate
        The ROC-AUC up to a false positive rate of ``max_fpr``: 0.5 is chance, 1 perfect.
    max_fpr : float
        How far that goes.
    rates : list of RateEvaluation
        The recall at each of the false positive rates that were asked for.
    families : dict of str to FamilyEvaluation
        Each kind of attack by itself; empty where nobody said which attacks are of which.
    days : float
        That the records span; NaN where there are no times.
    alerts_per_day, false_alerts_per_day : float
        At the threshold; NaN where there are no times.
    delays : DelaySummary or None
        How soon attacks are noticed; None where there are neither times nor numbers of attacks.
    roc_curve : RocCurve
        Of at most 500 points; `nad.metrics.roc_curve` gives all.
    precision_recall_curve : PrecisionRecallCurve
        Likewise.
    """

    rows: int
    attacks: float
    normals: float
    threshold: float
    is_threshold_chosen: bool
    confidence: float
    replicates: int
    groups: int

    true_negatives: float
    false_positives: float
    false_negatives: float
    true_positives: float
    accuracy: Estimate
    precision: Estimate
    recall: Estimate
    false_positive_rate: Estimate
    f1: Estimate
    balanced_accuracy: Estimate
    matthews: Estimate

    roc_auc: Estimate
    average_precision: Estimate
    partial_auc: Estimate
    max_fpr: float
    rates: list[RateEvaluation]
    families: dict[str, FamilyEvaluation]
    days: float
    alerts_per_day: float
    false_alerts_per_day: float
    delays: DelaySummary | None

    roc_curve: RocCurve
    precision_recall_curve: PrecisionRecallCurve
    _text: str
    _json: str
    _json_with_curves: str

    def tpr_at_fpr(self, fpr: float) -> Estimate:
        """The share of attacks found at one of the false positive rates that were asked for."""
        for rate in self.rates:
            if math.isclose(rate.false_positive_rate, fpr):
                return rate.recall
        raise KeyError(f"{fpr} is none of the rates {[rate.false_positive_rate for rate in self.rates]}")

    def to_json(self, *, curves: bool = False) -> str:
        """All figures as one JSON object; what is NaN or infinite is null."""
        return self._json_with_curves if curves else self._json

    def to_dict(self, *, curves: bool = False) -> dict[str, Any]:
        """The same as Python objects."""
        found: dict[str, Any] = json.loads(self.to_json(curves=curves))
        return found

    def __str__(self) -> str:
        return self._text.rstrip("\n")

    def __repr__(self) -> str:
        return f"Evaluation({self.rows} rows, roc_auc={self.roc_auc!r}, f1={self.f1!r}, threshold={self.threshold:g})"


def evaluate(
    scores: Any,
    y: Any,
    *,
    threshold: float | None = None,
    families: Any = None,
    time: Any = None,
    episodes: Any = None,
    normal: Any = None,
    sample_weight: Any = None,
    groups: Any = None,
    false_positive_rates: Sequence[float] = (0.001, 0.01, 0.05),
    max_fpr: float = 0.1,
    max_gap_seconds: float = 300.0,
    n_bootstrap: int | None = None,
    confidence: float = 0.95,
    method: str = "bca",
    random_state: Any = 0,
    n_jobs: int = 1,
    progress: bool = False,
) -> Evaluation:
    """Judge scores of records whose truth is known.

    Parameters
    ----------
    scores : array-like
        One a row; higher = more anomalous.
    y : array-like or Table
        Which rows are attacks: truth values, 0 and 1, or names of attacks, which are families then. A table gives its
        columns with the role of label, and its times.
    threshold : float, optional
        A row is an alert above it. None: that of the largest F1 on these rows, which is too good for others; the report
        says so.
    families : array-like or str, optional
        The family of each attack, or the name of a column of the table.
    time : array-like or str, optional
        When each record happened: times, seconds, or the name of a column of the table. Gives alerts a day and how
        soon attacks are noticed.
    episodes : array-like of int, optional
        Which attack a row belongs to, below 0: none. None: attacks of one family that are at most ``max_gap_seconds``
        apart are one.
    normal : optional
        Which label normal rows have, where it is not "normal" or "benign".
    sample_weight : array-like, optional
        What each row counts.
    groups : array-like, optional
        Rows that hang together, for intervals as wide as they should be: whole groups are drawn then.
        ``groups=nad.splits.identical_rows(X)`` where records are copies of each other.
    false_positive_rates : sequence of float
        The rates that are worth a line.
    max_fpr : float
        Where the partial ROC-AUC ends.
    n_bootstrap : int, optional
        Replicates of the bootstrap; 0: no intervals. None: 1,000, fewer of more than 500,000 rows.
    confidence : float
        Of the intervals.
    method : str
        ``"bca"`` or ``"percentile"``, see `nad.metrics.bootstrap`.
    random_state : int, Generator, RandomState or None
        The same seed gives the same intervals, with any number of threads.
    n_jobs : int
        Threads; -1 is one per core.
    progress : bool
        Whether to draw a bar.

    Returns
    -------
    Evaluation
    """
    truth = read_truth(y, normal, families)
    seconds = read_seconds(time, y)
    bar = ProgressBar() if progress else None
    options = {
        "threshold": threshold,
        "weights": read_weights(sample_weight),
        "families": truth.families,
        "family_names": list(truth.names) if truth.families is not None else [],
        "seconds": seconds,
        "episodes": None if episodes is None else read_numbers(episodes, "episodes").astype(np.int64),
        "max_gap_seconds": max_gap_seconds,
        "groups": None if groups is None else read_codes(groups, "groups")[0],
        "false_positive_rates": [float(rate) for rate in false_positive_rates],
        "max_fpr": max_fpr,
        "replicates": n_bootstrap,
        "confidence": confidence,
        "method": method,
        "random_state": seed_from(random_state),
    }
    try:
        text, without_curves, with_curves = _core.evaluate(read_scores(scores), truth.is_attack, options, n_jobs, bar)
    finally:
        if bar is not None:
            bar.close()
    return _from_json(text, without_curves, with_curves)


def compare(evaluations: Mapping[str, Evaluation], figures: Sequence[str] = FIGURES, *, digits: int = 4) -> Table:
    """Evaluations of several detectors beside each other: a table with a row for each.

    >>> nad.compare({"forest": nad.evaluate(scores, y), "k-means": nad.evaluate(other_scores, y)})

    Parameters
    ----------
    evaluations : mapping
        By the name of what was judged; of the same records, or the rows mean little beside each other.
    figures : sequence of str
        Attributes of `Evaluation` that are one number.
    digits : int
        After the point.
    """
    for name, one in evaluations.items():
        if not isinstance(one, Evaluation):
            raise InvalidArgumentError(f"{name!r} is {type(one).__qualname__}; give what nad.evaluate gave")
    columns: dict[str, Any] = {"name": Column([str(name) for name in evaluations], type="text")}
    for figure in figures:
        found: list[Any] = [getattr(one, figure, None) for one in evaluations.values()]
        if not all(isinstance(value, (int, float)) for value in found):
            raise InvalidArgumentError(f"an evaluation has no figure {figure!r}; there are {', '.join(FIGURES)}, ...")
        columns[figure] = Column([round(float(value), digits) for value in found], type="number")
    return Table(columns)


def _from_json(text: str, without_curves: str, with_curves: str) -> Evaluation:
    found: dict[str, Any] = json.loads(with_curves)
    roc, precision_recall = found.pop("roc_curve"), found.pop("precision_recall_curve")
    delays = found.pop("delays")
    rates = [
        RateEvaluation(rate["false_positive_rate"], _number(rate["threshold"]), _estimate(rate["recall"]))
        for rate in found.pop("rates")
    ]
    families = {one["name"]: _family(one) for one in found.pop("families")}
    figures: dict[str, Any] = {
        name: _estimate(value) if isinstance(value, dict) else _number(value)
        for name, value in {**found.pop("confusion"), **found}.items()
    }
    return Evaluation(
        **figures,
        rates=rates,
        families=families,
        delays=None if delays is None else DelaySummary(**{name: _number(value) for name, value in delays.items()}),
        roc_curve=RocCurve(*(_array(roc[name]) for name in RocCurve._fields)),
        precision_recall_curve=PrecisionRecallCurve(
            *(_array(precision_recall[name]) for name in PrecisionRecallCurve._fields)
        ),
        _text=text,
        _json=without_curves,
        _json_with_curves=with_curves,
    )


def _family(one: dict[str, Any]) -> FamilyEvaluation:
    return FamilyEvaluation(
        name=one["name"],
        attacks=one["attacks"],
        found=one["found"],
        recall=_estimate(one["recall"]),
        roc_auc=_estimate(one["roc_auc"]),
        average_precision=_estimate(one["average_precision"]),
        recall_at_rate={rate["false_positive_rate"]: _estimate(rate["recall"]) for rate in one["rates"]},
        episodes=one.get("episodes"),
        episodes_detected=one.get("episodes_detected"),
        median_delay_seconds=_number(one.get("median_delay_seconds")),
    )


def _number(value: Any) -> Any:
    return math.nan if value is None else value


def _estimate(interval: dict[str, Any]) -> Estimate:
    return Estimate(_number(interval["value"]), _number(interval["low"]), _number(interval["high"]))


def _array(values: list[Any]) -> Any:
    """The only infinite number of a curve is its end's threshold."""
    return np.array([math.inf if value is None else value for value in values], dtype=np.float64)
