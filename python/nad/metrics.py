"""How good scores are, figure by figure; `nad.evaluate` gives them all at once.

>>> nad.metrics.roc_auc(scores, y)  # scores first: higher = more anomalous
>>> nad.metrics.tpr_at_fpr(scores, y, 0.01)
>>> nad.metrics.confusion(scores, y, forest.threshold_).precision
>>> nad.metrics.bootstrap(scores, y, "average_precision")  # a number with .low and .high
>>> nad.metrics.roc_curve(scores, y, max_points=500)

``y`` says which rows are attacks: truth values, 0 and 1, or names, of which ``normal=`` is the one of normal rows
(found by itself where one of them is "normal" or "benign"); a `nad.Table` gives its column of labels. NumPy arrays,
lists, and columns of pandas, polars, Arrow and nad will do.

Values are those of scikit-learn where it has them. Where there is nothing to divide by (precision without alerts) a
figure is NaN, as with ``zero_division=nan``; a ROC curve of one class is an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nad import _core
from nad._class_confusion import ClassConfusion, ClassFigures, class_confusion, kdd99_cost
from nad._core import Confusion
from nad._episodes import Episode, alerts_per_day, detection_delays
from nad._progress import ProgressBar
from nad._random import seed_from
from nad._truth import read_codes, read_scores, read_truth, read_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CalibrationCurve",
    "ClassConfusion",
    "ClassFigures",
    "Confusion",
    "Episode",
    "Estimate",
    "PrecisionRecallCurve",
    "RocCurve",
    "ScoreHistogram",
    "alerts_per_day",
    "average_precision",
    "best_threshold",
    "bootstrap",
    "brier_score",
    "calibration_curve",
    "class_confusion",
    "confusion",
    "detection_delays",
    "kdd99_cost",
    "log_loss",
    "partial_auc",
    "precision_recall_curve",
    "proportion_interval",
    "roc_auc",
    "roc_curve",
    "score_histogram",
    "tpr_at_fpr",
]

Floats = npt.NDArray[np.float64]
_ALL_FAMILIES = 2**32 - 1


class Estimate(float):
    """A number, and the interval in which it could lie: ``low`` and ``high``, NaN where no interval was asked for."""

    __slots__ = ("high", "low")
    low: float
    high: float

    def __new__(cls, value: float, low: float = float("nan"), high: float = float("nan")) -> Estimate:
        """Make one."""
        made = super().__new__(cls, value)
        made.low, made.high = float(low), float(high)
        return made

    def __repr__(self) -> str:
        interval = "" if np.isnan(self.low) else f" ({self.low:.4f} to {self.high:.4f})"
        return f"{float(self):.4f}{interval}"

    def __reduce__(self) -> tuple[Any, ...]:
        return Estimate, (float(self), self.low, self.high)


class RocCurve(NamedTuple):
    """From no alert (threshold infinity) to all; rows with at least the threshold as score are alerts.

    Attributes
    ----------
    false_positive_rate, recall : array
        Of each threshold the share of normal rows and of attacks with at least that score.
    thresholds : array
        From infinity downwards.
    """

    false_positive_rate: Floats
    recall: Floats
    thresholds: Floats


class PrecisionRecallCurve(NamedTuple):
    """From all rows as alerts to none, which is threshold infinity, precision 1 and recall 0.

    Attributes
    ----------
    precision, recall : array
        Of each threshold the share of alerts that are attacks, and of attacks that are alerts.
    thresholds : array
        From the lowest score upwards.
    """

    precision: Floats
    recall: Floats
    thresholds: Floats


class CalibrationCurve(NamedTuple):
    """Of bins that have rows, what was promised and what came.

    Attributes
    ----------
    predicted : array
        The mean probability of an attack.
    observed : array
        The share of attacks.
    weight : array
        Rows, or their weights.
    expected_error : float
        The mean distance of the two over the rows.
    largest_error : float
        The largest distance of a bin.
    """

    predicted: Floats
    observed: Floats
    weight: Floats
    expected_error: float
    largest_error: float


class ScoreHistogram(NamedTuple):
    """Both classes in the same bins, from ``edges[i]`` up to ``edges[i + 1]``.

    Attributes
    ----------
    edges : array
        One more than there are bins.
    normals, attacks : array
        Rows in each bin, or their weights.
    """

    edges: Floats
    normals: Floats
    attacks: Floats


def roc_auc(scores: Any, y: Any, *, normal: Any = None, sample_weight: Any = None) -> float:
    """The chance that an attack scores above a normal row; equal scores count half."""
    return ranking(scores, y, normal, sample_weight).roc_auc()


def average_precision(scores: Any, y: Any, *, normal: Any = None, sample_weight: Any = None) -> float:
    """PR-AUC: the mean precision over the attacks, each at its own score."""
    return ranking(scores, y, normal, sample_weight).average_precision()


def partial_auc(scores: Any, y: Any, max_fpr: float = 0.1, *, normal: Any = None, sample_weight: Any = None) -> float:
    """ROC-AUC up to a false positive rate, scaled so that 0.5 is chance and 1 perfect (McClish)."""
    return ranking(scores, y, normal, sample_weight).partial_auc(max_fpr)


def tpr_at_fpr(
    scores: Any, y: Any, fpr: float | Sequence[float] = 0.01, *, normal: Any = None, sample_weight: Any = None
) -> float | Floats:
    """The largest share of attacks above a threshold that at most the share ``fpr`` of the normal rows lies above.

    Rows with equal scores stand or fall together, and nothing is interpolated between two thresholds: on these rows the
    promise is kept. For several rates an array.
    """
    ranked = ranking(scores, y, normal, sample_weight)
    if np.ndim(fpr) == 0:
        return ranked.tpr_at_fpr(float(fpr))  # type: ignore[arg-type]  # of one dimension less
    return np.array([ranked.tpr_at_fpr(float(rate)) for rate in fpr])  # type: ignore[union-attr]


class BestThreshold(NamedTuple):
    """A row is an alert when its score is above it."""

    threshold: float
    f_beta: float


def best_threshold(
    scores: Any, y: Any, *, beta: float = 1.0, normal: Any = None, sample_weight: Any = None
) -> BestThreshold:
    """The threshold of the largest F-beta, half-way between two scores; the highest of equally good ones."""
    return BestThreshold(*ranking(scores, y, normal, sample_weight).best_f_beta(beta))


def confusion(scores: Any, y: Any, threshold: float, *, normal: Any = None, sample_weight: Any = None) -> Confusion:
    """How many rows of each class lie above the threshold.

    It has ``true_positives``, ``precision``, ``recall``, ``f1``, ``f_beta(beta)``, ``accuracy``, ``matthews``, ...
    """
    truth = read_truth(y, normal)
    return _core.confusion_at(read_scores(scores), truth.is_attack, threshold, read_weights(sample_weight))


def roc_curve(
    scores: Any,
    y: Any,
    *,
    drop_intermediate: bool = True,
    max_points: int = 0,
    normal: Any = None,
    sample_weight: Any = None,
) -> RocCurve:
    """The ROC curve as data.

    Parameters
    ----------
    drop_intermediate : bool
        Leave out points on the line between their neighbours.
    max_points : int
        Keep at most so many, those from which the curve deviates most first; 0: all.
    """
    thresholds, rates, recall = ranking(scores, y, normal, sample_weight).roc_curve(drop_intermediate, max_points)
    return RocCurve(rates, recall, thresholds)


def precision_recall_curve(
    scores: Any,
    y: Any,
    *,
    drop_intermediate: bool = True,
    max_points: int = 0,
    normal: Any = None,
    sample_weight: Any = None,
) -> PrecisionRecallCurve:
    """The precision-recall curve as data; the parameters are those of `roc_curve`."""
    ranked = ranking(scores, y, normal, sample_weight)
    thresholds, precision, recall = ranked.precision_recall_curve(drop_intermediate, max_points)
    return PrecisionRecallCurve(precision, recall, thresholds)


def calibration_curve(
    probabilities: Any,
    y: Any,
    *,
    bins: int = 10,
    spacing: str = "uniform",
    normal: Any = None,
    sample_weight: Any = None,
) -> CalibrationCurve:
    """Whether rows to which an attack is promised with probability p turn out to be attacks in the share p.

    ``spacing="quantile"`` makes bins of about as many rows each.
    """
    truth = read_truth(y, normal)
    found = _core.calibration_curve(
        read_scores(probabilities), truth.is_attack, bins, spacing, read_weights(sample_weight)
    )
    return CalibrationCurve(*found)


def log_loss(probabilities: Any, y: Any, *, normal: Any = None, sample_weight: Any = None) -> float:
    """The mean of -log(probability of what was true); 0 and 1 count as the nearest numbers of their type."""
    truth = read_truth(y, normal)
    return _core.log_loss(read_scores(probabilities), truth.is_attack, read_weights(sample_weight))


def brier_score(probabilities: Any, y: Any, *, normal: Any = None, sample_weight: Any = None) -> float:
    """The mean squared distance of probability and truth."""
    truth = read_truth(y, normal)
    return _core.brier_score(read_scores(probabilities), truth.is_attack, read_weights(sample_weight))


def score_histogram(
    scores: Any, y: Any, *, bins: int = 50, spacing: str = "uniform", normal: Any = None, sample_weight: Any = None
) -> ScoreHistogram:
    """How the scores of both classes are spread; ``spacing="quantile"`` makes bins narrow where scores are many."""
    truth = read_truth(y, normal)
    found = _core.score_histogram(read_scores(scores), truth.is_attack, bins, spacing, read_weights(sample_weight))
    return ScoreHistogram(*found)


def bootstrap(
    scores: Any,
    y: Any,
    metric: str | tuple[str, float] | Sequence[str | tuple[str, float]] = "roc_auc",
    *,
    threshold: float | None = None,
    groups: Any = None,
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    method: str = "bca",
    normal: Any = None,
    sample_weight: Any = None,
    random_state: Any = 0,
    n_jobs: int = 1,
    progress: bool = False,
) -> Estimate | list[Estimate]:
    """A metric, or several, with stratified bootstrap intervals.

    Parameters
    ----------
    metric : str, (str, float), or list of these
        ``"roc_auc"``, ``"average_precision"``, ``("partial_auc", 0.1)``, ``("tpr_at_fpr", 0.01)``,
        ``("best_f_beta", 1.0)``; at ``threshold``: ``"accuracy"``, ``"precision"``, ``"recall"``,
        ``"false_positive_rate"``, ``"specificity"``, ``("f_beta", 1.0)``, ``"balanced_accuracy"``, ``"matthews"``; of
        probabilities: ``"log_loss"``, ``"brier_score"``. All of a list come from the same replicates.
    groups : array-like, optional
        Rows that hang together, by a value a row; whole groups are drawn then. Copies of a record are no news:
        ``groups=nad.splits.identical_rows(X)``.
    method : str
        ``"bca"`` corrects the percentiles for bias and skewness, ``"percentile"`` takes them as they are.

    Where no resample changes a figure (a perfect ROC-AUC) the interval is a point, which says nothing of other rows. Of
    some 30 attacks or fewer, intervals of figures near 1 are too narrow still: those of 95 % held the truth in 90 % of
    the samples that were tried, those of percentiles in 86 %.
    """
    one = isinstance(metric, (str, tuple))
    wanted = [metric] if one else list(metric)
    words = []
    for item in wanted:
        name, parameter = item if isinstance(item, tuple) else (item, float("nan"))
        limit = float("nan") if threshold is None else float(threshold)
        words.append((str(name), float(parameter), limit, _ALL_FAMILIES))
    truth = read_truth(y, normal)
    bar = ProgressBar() if progress else None
    try:
        found = _core.bootstrap(
            read_scores(scores),
            truth.is_attack,
            words,
            n_bootstrap,
            confidence,
            method,
            seed_from(random_state),
            None if groups is None else read_codes(groups, "groups")[0],
            None,
            read_weights(sample_weight),
            n_jobs,
            bar,
        )
    finally:
        if bar is not None:
            bar.close()
    estimates = [Estimate(*interval) for interval in found]
    return estimates[0] if one else estimates


def proportion_interval(successes: float, trials: float, confidence: float = 0.95) -> Estimate:
    """A share with Wilson's score interval, which does not vanish where all or none were successes."""
    return Estimate(*_core.proportion_interval(successes, trials, confidence))


def ranking(scores: Any, y: Any, normal: Any = None, sample_weight: Any = None) -> _core.Ranking:
    """Scores of both classes, sorted once."""
    truth = read_truth(y, normal)
    return _core.Ranking(read_scores(scores), truth.is_attack, read_weights(sample_weight))
