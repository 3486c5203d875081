"""Pictures of what was learnt: which columns count, why a record is reported, clusters, the course of a training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from nad.clustering import Clustering
from nad.errors import InvalidArgumentError, InvalidDataError
from nad.estimators.autoencoder import Autoencoder, TrainingHistory
from nad.estimators.kmeans import ClusterCurve, ClusterView, KMeans
from nad.model import Finding, Model
from nad.plots._chart import Axis, Boxes, Chart, Floats, Line, Mark, Points, Rule, draw
from nad.plots._data import as_table, group_points, groups_of, printable
from nad.plots._ticks import short

_BAR = 0.36
_WORDS = 58


def importance(
    learnt: Any,
    *,
    most: int = 15,
    title: str | None = None,
    ax: Any = None,
    backend: str = "matplotlib",
    style: str | None = None,
) -> Any:
    """Which columns count, the largest first.

    Parameters
    ----------
    learnt : Model, KMeans, Clustering, or mapping of numbers by name
        Of a model what each column contributes to scores, as shares; of clusters the share of its variance that lies
        between them.
    most : int
        Columns; the sum of the others, or of clusters their mean, is a bar of its own.
    """
    if isinstance(learnt, Model):
        values, label = learnt.importance(), "share of the scores (%)"
    elif isinstance(learnt, Clustering):
        values, label = learnt.importance(), "share of the variance that lies between clusters (%)"
    elif isinstance(learnt, KMeans):
        values, label = learnt.feature_importance(), "share of the variance that lies between clusters (%)"
    elif isinstance(learnt, Mapping):
        values, label = {str(name): float(value) for name, value in learnt.items()}, "importance"
    else:
        raise InvalidArgumentError(
            f"{type(learnt).__qualname__} has no importance; give a Model, KMeans, Clustering or mapping"
        )
    ranked = sorted(values.items(), key=lambda item: -abs(item[1]))
    names = [printable(name) for name, _ in ranked[:most]]
    numbers = [value for _, value in ranked[:most]]
    colours = ["c0" if value >= 0 else "anomaly" for value in numbers]
    mean = isinstance(learnt, (KMeans, Clustering))
    if rest := [value for _, value in ranked[most:]]:
        names.append(f"{len(rest):,} others" + (", mean" if mean else ""))
        numbers.append(sum(rest) / (len(rest) if mean else 1))
        colours.append("rest")
    shares = not isinstance(learnt, Mapping)
    ends = np.array(numbers, dtype=np.float64) * (100.0 if shares else 1.0)
    texts = tuple(f"{end:.1f} %" if shares else f"{end:.3g}" for end in ends.tolist())
    bars = _bars(np.minimum(ends, 0), np.maximum(ends, 0), colours, texts)
    words = "what sets clusters apart" if mean else "what scores depend on"
    return draw(_chart_of_bars(title or words, label, names, bars), ax, backend, style)


def reasons(
    finding: Any,
    *,
    baseline: float = 0.0,
    most: int = 8,
    title: str | None = None,
    ax: Any = None,
    backend: str = "matplotlib",
    style: str | None = None,
) -> Any:
    """Why a record is anomalous: what each column adds, from top to bottom, to the whole.

    Parameters
    ----------
    finding : Finding, or mapping of contributions by name
        Those of a finding add up to ``finding.surprise``, -log10 of the p-value; columns that it does not name are one
        bar. Those of a detector's ``explain`` add up, with the `baseline`, to the score.
    baseline : float
        Where contributions of a mapping start.
    most : int
        Bars; the others are together.
    """
    if isinstance(finding, Finding):
        if not finding.reasons:
            raise InvalidDataError(
                f"the finding of row {finding.row} has no reasons; model.explain(table, [{finding.row}]) gives them"
            )
        parts = [(_words(reason), reason.contribution) for reason in finding.reasons]
        total = float(finding.surprise)
        label = "surprise: -log10 of the p-value"
        words = f"row {finding.row:,}: p = {finding.p_value:.2g}, score {finding.score:.4g}"
        unnamed = total - sum(value for _, value in parts)
    elif isinstance(finding, Mapping):
        parts = sorted(((printable(n, _WORDS), float(v)) for n, v in finding.items()), key=lambda item: -abs(item[1]))
        total, label, words = baseline + sum(value for _, value in parts), "score", "what each column adds"
        unnamed = 0.0
    else:
        raise InvalidArgumentError(f"{finding!r} is no finding; give findings[0], or contributions by name")
    others = len(parts) - most
    rest = unnamed + sum(value for _, value in parts[most:])
    parts = parts[:most]
    if others > 0 or abs(rest) > 1e-3 * max(abs(total), 1e-9):
        parts.append(("all other columns", rest))
    start = baseline if isinstance(finding, Mapping) else 0.0
    ends = start + np.cumsum([value for _, value in parts])
    starts = np.append(start, ends[:-1])
    colours = ["anomaly" if value >= 0 else "c0" for _, value in parts]
    colours = [
        *("rest" if name == "all other columns" else colour for (name, _), colour in zip(parts, colours)),
        "faint",
    ]
    names = [*(name for name, _ in parts), "together"]
    largest = max(abs(value) for value in (total, *(value for _, value in parts)))
    digits = 2 if not 0 < largest < 1 else min(2 - math.floor(math.log10(largest)), 12)  # errors of networks are small
    texts = (*(f"{value:+.{digits}f}" for _, value in parts), f"{total:.{digits}f}")
    whole = np.array([total])
    bars = _bars(np.append(starts, min(start, 0.0) if start <= 0 else 0.0), np.append(ends, whole), colours, texts)
    return draw(_chart_of_bars(title or words, label, names, bars), ax, backend, style)


def _words(reason: Any) -> str:
    """What was seen, and what is usual, on a line."""
    seen = printable(f"{reason.column} {reason.value}".strip(), 44)
    how = {"higher": " (high)", "lower": " (low)", "rare": " (rare)", "never_seen": " (new)"}
    return seen + how.get(reason.direction, "")


def _bars(left: Floats, right: Floats, colours: list[str], texts: tuple[str, ...]) -> Boxes:
    places = np.arange(len(left), dtype=np.float64)
    return Boxes(left, right, places - _BAR, places + _BAR, "", tuple(colours), texts=texts)


def _chart_of_bars(title: str, label: str, names: list[str], bars: Boxes) -> Chart:
    names = [short(name, _WORDS) for name in names]
    up = Axis("", "names", names=tuple(names), limits=(-0.6, max(len(names), 1) - 0.4), downwards=True)
    return Chart(title, Axis(label), up, [bars], size=(7.6, 1.3 + 0.32 * max(len(names), 2)))


def clusters(
    kmeans: Any,
    X: Any = None,
    *,
    labels: Any = None,
    max_points: int = 4000,
    title: str | None = None,
    ax: Any = None,
    backend: str = "matplotlib",
    style: str | None = None,
) -> Any:
    """Rows and centres in the plane in which the rows vary most.

    Parameters
    ----------
    kmeans : KMeans, Clustering or ClusterView
        What was fitted, or what ``KMeans.project`` gave.
    X : array-like, or table for a Clustering
        Rows as in ``fit``; not needed with a view.
    labels : array-like, optional
        What tells the rows apart; the clusters if nothing is said, but of a view.
    max_points : int
        As of `scatter`.
    """
    if isinstance(kmeans, Clustering) and X is not None:
        labels = as_table(X)[labels] if isinstance(labels, str) else labels
        kmeans, X = kmeans.kmeans, kmeans.features(X)
    if isinstance(kmeans, (KMeans, Clustering)) and X is None:
        raise InvalidArgumentError("which rows? Give X as in fit")
    if isinstance(kmeans, KMeans):
        view = kmeans.project(X)
        by = labels
        if by is None:
            by = [f"cluster {one}" for one in np.atleast_1d(kmeans.predict_cluster(X)).tolist()]
    elif isinstance(kmeans, ClusterView):
        view, by = kmeans, labels
    else:
        raise InvalidArgumentError(f"{type(kmeans).__qualname__} has no clusters; give KMeans, or what project() gave")
    rows, centres = np.asarray(view.rows, dtype=np.float64), np.asarray(view.centres, dtype=np.float64)
    axes = [Axis(f"component {i + 1} ({100 * share:.0f} % of the variance)") for i, share in enumerate(view.explained)]
    points, note = group_points(groups_of(by, None, len(rows)), rows[:, 0], rows[:, 1], (axes[0], axes[1]), max_points)
    hover = tuple(f"centre of cluster {i}" for i in range(len(centres)))
    marks: list[Mark] = [*points, Points(centres[:, 0], centres[:, 1], "centres", "ink", "cross", 8.0, hover=hover)]
    return draw(Chart(title or f"{len(centres)} clusters", axes[0], axes[1], marks, note=note), ax, backend, style)


def elbow(
    curve: Any,
    *,
    title: str | None = None,
    ax: Any = None,
    backend: str = "matplotlib",
    style: str | None = None,
) -> Any:
    """How well different numbers of clusters fit: the inertia with its elbow, and the silhouette.

    Parameters
    ----------
    curve : ClusterCurve, KMeans or Clustering
        What ``KMeans.elbow`` gave, or an estimator fitted with ``n_clusters="auto"``.
    """
    if isinstance(curve, Clustering):
        curve = curve.curve
    if isinstance(curve, KMeans):
        curve = curve.curve_
    if not isinstance(curve, ClusterCurve):
        raise InvalidArgumentError(f"{type(curve).__qualname__} is no curve; give what KMeans.elbow() gave")
    if not curve.n_clusters:
        raise InvalidDataError("no numbers of clusters were tried; KMeans.elbow(X, range(2, 20)) tries some")
    across = np.array(curve.n_clusters, dtype=np.float64)
    silhouette = np.array(curve.silhouette, dtype=np.float64)
    marks: list[Mark] = [
        Line(across, np.array(curve.inertia, dtype=np.float64), "inertia", "c0", markers=True),
        Line(across, silhouette, "silhouette (right)", "c1", markers=True, right=True),
        Rule(float(curve.elbow), f"elbow: {curve.elbow}", "ink"),
    ]
    if curve.best != curve.elbow:
        marks.append(Rule(float(curve.best), f"best silhouette nearby: {curve.best}", "c1"))
    chart = Chart(
        title or "how many clusters", Axis("clusters"), Axis("inertia: squared distances from the centres"), marks,
        right=Axis("mean silhouette"), figures={"elbow": curve.elbow, "best": curve.best},
    )  # fmt: skip
    return draw(chart, ax, backend, style)


def training(
    history: Any,
    *,
    title: str | None = None,
    ax: Any = None,
    backend: str = "matplotlib",
    style: str | None = None,
) -> Any:
    """The loss of each epoch, of the rows that were learnt from and of those that were not.

    Parameters
    ----------
    history : Autoencoder, TrainingHistory, or losses
        A fitted estimator also shows the epoch whose weights it has.
    """
    best = history.best_epoch_ if isinstance(history, Autoencoder) else None
    if isinstance(history, Autoencoder):
        history = history.history_
    if isinstance(history, TrainingHistory):
        losses, held_back = history.loss, history.validation_loss
    else:
        losses, held_back = list(np.asarray(history, dtype=np.float64)), []
    loss = np.array(losses, dtype=np.float64)
    other = np.array([np.nan if one is None else one for one in held_back], dtype=np.float64)
    epochs = np.arange(1, len(loss) + 1, dtype=np.float64)
    marks: list[Mark] = [Line(epochs, loss, "training rows", "c0", markers=len(loss) < 3)]
    if np.isfinite(other).any():
        marks.append(Line(epochs[: len(other)], other, "rows held back", "c1", markers=len(loss) < 3))
    if best:
        marks.append(Rule(float(best), f"weights of epoch {best}", "faint"))
    known = np.concatenate([loss, other])
    known = known[np.isfinite(known)]
    wide = len(known) > 0 and known.min() > 0 and known.max() > 30 * known.min()
    up = Axis("loss", "log" if wide else "linear")
    return draw(Chart(title or "training", Axis("epoch"), up, marks), ax, backend, style)


__all__ = ["clusters", "elbow", "importance", "reasons", "training"]
