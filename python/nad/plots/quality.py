"""Pictures of how good scores are: curves, who was taken for whom, how scores are spread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nad import metrics
from nad._class_confusion import ClassConfusion
from nad._truth import read_truth
from nad.errors import InvalidArgumentError, InvalidDataError
from nad.evaluation import Evaluation
from nad.model import Findings, Model
from nad.plots._chart import Axis, Boxes, Cells, Chart, Line, Mark, Points, Rule, draw, size_of_cells
from nad.plots._data import printable, reported_mask, verdict_groups
from nad.plots._palette import GROUPS
from nad.plots._ticks import short
from nad.thresholds import Calibration

_POINTS = 500
_SHARE = (-0.02, 1.02)


def roc(
    scores: Any,
    y: Any = None,
    *,
    title: str | None = None,
    ax: Any = None,
    backend: str = "matplotlib",
    style: str | None = None,
) -> Any:
    """Recall against false positive rate.

    Parameters
    ----------
    scores : Evaluation, array-like, or mapping of these by name
        Several are drawn into one picture. An `Evaluation` also shows where its threshold lies.
    y : optional
        The truth for scores, as `nad.evaluate` takes it.
    """
    marks: list[Mark] = [Line(np.array([0.0, 1.0]), np.array([0.0, 1.0]), "chance", "faint", 1.2, dashed=True)]
    figures = {}
    for place, (name, one) in enumerate(_several(scores)):
        colour = f"c{place % GROUPS}"
        if isinstance(one, Evaluation):
            curve, area = one.roc_curve, one.roc_auc
        else:
            curve = metrics.roc_curve(one, _truth(y), max_points=_POINTS)
            area = metrics.Estimate(metrics.roc_auc(one, _truth(y)))
        marks.append(
            Line(
                curve.false_positive_rate, curve.recall, f"{name}AUC {_estimate(area)}", colour, dashed=place >= GROUPS
            )
        )
        figures[name.removesuffix(": ") or "roc_auc"] = float(area)
        if isinstance(one, Evaluation):
            rate = np.array([float(one.false_positive_rate)])
            marks.append(
                Points(rate, np.array([float(one.recall)]), "", colour, "circle", 7, hover=("at the threshold",))
            )
    across, up = Axis("false positive rate", limits=_SHARE), Axis("recall: share of attacks found", limits=_SHARE)
    chart = Chart(
        title or "ROC curve", across, up, marks, size=(5.4, 5.2), square=True, legend="lower right", figures=figures
    )
    return draw(chart, ax, backend, style)


def precision_recall(
    scores: Any,
    y: Any = None,
    *,
    title: str | None = None,
    ax: Any = None,
    backend: str = "matplotlib",
    style: str | None = None,
) -> Any:
    """Precision against recall; the parameters are those of `roc`."""
    marks: list[Mark] = []
    figures = {}
    for place, (name, one) in enumerate(_several(scores)):
        colour = f"c{place % GROUPS}"
        if isinstance(one, Evaluation):
            curve, area = one.precision_recall_curve, one.average_precision
            share = one.attacks / (one.attacks + one.normals)
        else:
            truth = _truth(y)
            curve = metrics.precision_recall_curve(one, truth, max_points=_POINTS)
            area = metrics.Estimate(metrics.average_precision(one, truth))
            share = float(read_truth(truth).is_attack.mean())
        if place == 0:
            marks.append(Rule(share, f"chance {share:.3g}", "faint", vertical=False))
        name_and_area = f"{name}average precision {_estimate(area)}"
        marks.append(Line(curve.recall, curve.precision, name_and_area, colour, dashed=place >= GROUPS))
        figures[name.removesuffix(": ") or "average_precision"] = float(area)
        if isinstance(one, Evaluation) and np.isfinite(one.precision):
            at = np.array([float(one.recall)]), np.array([float(one.precision)])
            marks.append(Points(*at, "", colour, "circle", 7, hover=("at the threshold",)))
    across = Axis("recall: share of attacks found", limits=_SHARE)
    up = Axis("precision: share of alerts that are attacks", limits=_SHARE)
    chart = Chart(title or "precision and recall", across, up, marks, size=(5.4, 5.2), square=True, figures=figures)
    return draw(chart, ax, backend, style)


def _several(scores: Any) -> list[tuple[str, Any]]:
    if isinstance(scores, Mapping):
        if not scores:
            raise InvalidArgumentError("there is nothing to draw: the mapping is empty")
        return [(f"{printable(name)}: ", one) for name, one in scores.items()]
    return [("", scores)]


def _truth(y: Any) -> Any:
    if y is None:
        raise InvalidArgumentError("scores alone are no curve; give y, which says which rows are attacks")
    return y


def _estimate(value: metrics.Estimate) -> str:
    return f"{value:.4f}" + ("" if np.isnan(value.low) else f" ({value.low:.3f} to {value.high:.3f})")


def confusion(
    predicted: Any,
    truth: Any = None,
    *,
    title: str | None = None,
    ax: Any = None,
    backend: str = "matplotlib",
    style: str | None = None,
) -> Any:
    """Who was taken for whom: counts, and colours by the share of each true class.

    Parameters
    ----------
    predicted : Evaluation, ClassConfusion, square matrix of counts, or array-like
        With `truth` the class that each row was taken for.
    truth : array-like, optional
        The true class of each row; for a matrix the names of the classes.
    """
    if isinstance(predicted, Evaluation):
        counts = np.array(
            [
                [predicted.true_negatives, predicted.false_positives],
                [predicted.false_negatives, predicted.true_positives],
            ],
            dtype=np.float64,
        )
        names, across = ["normal", "attack"], ["no alert", "alert"]
    else:
        if isinstance(predicted, ClassConfusion):
            told: Any = predicted
        elif np.ndim(predicted) == 2:
            told = None
        elif truth is None:
            raise InvalidArgumentError("give the true classes, too, or an Evaluation, a ClassConfusion or a matrix")
        else:
            told = metrics.class_confusion(predicted, truth)
        counts = np.asarray(predicted if told is None else told.counts, dtype=np.float64)
        if counts.shape[0] != counts.shape[1]:
            raise InvalidDataError(f"a confusion matrix is square; this one has the shape {counts.shape}")
        named = [str(i) for i in range(len(counts))] if truth is None else list(truth)
        names = [printable(name) for name in (named if told is None else told.classes)]
        across = names
    rows = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, rows, out=np.zeros_like(counts), where=rows > 0)
    texts = tuple(
        tuple(_cell(counts[i, j], shares[i, j], len(names)) for j in range(len(across))) for i in range(len(names))
    )
    hover = tuple(
        tuple(f"{a}, taken for {b}: {counts[i, j]:,.6g} ({100 * shares[i, j]:.1f} %)" for j, b in enumerate(across))
        for i, a in enumerate(names)
    )
    rows, columns = tuple(short(name, 30) for name in names), tuple(short(name, 30) for name in across)
    cell = (1.5, 1.1) if len(names) <= 3 else (0.6, 0.42)
    chart = Chart(
        title or "who was taken for whom",
        Axis("taken for", "names", names=columns),
        Axis("truth", "names", names=rows, downwards=True),
        [Cells(shares, texts, hover)], size=size_of_cells(rows, columns, cell),
    )  # fmt: skip
    return draw(chart, ax, backend, style)


def _cell(count: float, share: float, classes: int) -> str:
    if not count:
        return "0" if classes <= 6 else ""
    return f"{count:,.6g} ({100 * share:.1f} %)" if classes <= 3 else f"{count:,.6g}"


def score_distribution(
    scores: Any,
    y: Any = None,
    *,
    threshold: float | None = None,
    calibration: Model | Calibration | None = None,
    bins: int = 60,
    title: str | None = None,
    ax: Any = None,
    backend: str = "matplotlib",
    style: str | None = None,
) -> Any:
    """How many records have which score, on a logarithmic scale, and where the threshold lies.

    Parameters
    ----------
    scores : Findings or array-like
        Findings bring their threshold, and what is reported.
    y : optional
        Which rows are attacks, as `nad.evaluate` takes it: both are drawn apart.
    threshold : float, optional
    calibration : Model or Calibration, optional
        What scores normal records get: a line, scaled to as many records.
    bins : int
    """
    values = np.asarray(scores.scores if isinstance(scores, Findings) else scores, dtype=np.float64)
    if values.ndim != 1:
        raise InvalidDataError(f"scores have the shape {values.shape}; give one number a row")
    if isinstance(scores, Findings) and threshold is None:
        threshold = scores.limit.score
    if y is not None:
        attacks = read_truth(y).is_attack.astype(np.bool_)
        if len(attacks) != len(values):
            raise InvalidArgumentError(f"there are {len(values):,} scores, but {len(attacks):,} labels; give one a row")
        groups = verdict_groups(attacks, "normal", "attacks")
    elif isinstance(scores, Findings):
        groups = verdict_groups(reported_mask(scores, len(values)))
    else:
        above = values > threshold if threshold is not None else np.zeros(len(values), dtype=np.bool_)
        groups = verdict_groups(above, "records" if threshold is None else "not above", "above")
    expected = calibration.calibration if isinstance(calibration, Model) else calibration
    marks: list[Mark] = []
    edges = _edges(values if expected is None else np.append(values, expected.scores), bins)
    floor = 0.5
    for group in groups:
        counts = np.histogram(values[group.rows], edges)[0].astype(np.float64)
        hover = tuple(
            f"{a:.4g} to {b:.4g}: {n:,.0f} {group.name}" for a, b, n in zip(edges, edges[1:], counts.tolist())
        )
        marks.append(
            Boxes(
                edges[:-1], edges[1:], np.full(len(counts), floor), np.maximum(counts, floor),
                f"{group.name} ({len(group.rows):,})", group.colour, 0.75, hover=hover,
            )
        )  # fmt: skip
    if expected is not None and len(expected):
        counts = np.histogram(expected.scores, edges)[0] * (len(values) / len(expected))
        line = np.maximum(np.append(counts, counts[-1:]), floor)
        marks.append(Line(edges, line, "expected by the calibration", "ink", 1.3, steps=True))
    if threshold is not None:
        marks.append(Rule(threshold, f"threshold {threshold:.4g}"))
    most = max((float(mark.y1.max()) for mark in marks if isinstance(mark, Boxes)), default=1.0)
    unknown = int((~np.isfinite(values)).sum())
    note = f"{unknown:,} without a finite score" if unknown else ""
    up = Axis("records", "log", limits=(floor, max(most, 5) * 2.5))
    chart = Chart(title or "how scores are spread", Axis("anomaly score"), up, marks, note=note)
    return draw(chart, ax, backend, style)


def _edges(values: Any, bins: int) -> Any:
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if not high - low > 1e-9 * max(abs(low), abs(high)):
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1)


__all__ = ["confusion", "precision_recall", "roc", "score_distribution"]
