"""Pictures of records: two columns, the plane in which they vary most, their time, who talks to whom."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from nad._who_and_when import DESTINATIONS, SOURCES
from nad.column import Column
from nad.errors import InvalidArgumentError, InvalidDataError
from nad.features import FeaturePipeline
from nad.model import Findings, Model
from nad.plots._chart import Axis, Boxes, Cells, Chart, Floats, Line, Mark, Rule, draw, size_of_cells
from nad.plots._data import (
    as_table,
    codes_of,
    column_values,
    commonest,
    group_points,
    groups_of,
    moments,
    reported_mask,
    verdict_groups,
)
from nad.plots._ticks import moment, number, short, time_step
from nad.table import Table

_UNIT_NAMES = ((86_400.0, "day"), (3600.0, "hour"), (60.0, "minute"), (1.0, "second"))


def scatter(
    data: Any,
    x: Any,
    y: Any,
    *,
    by: Any = None,
    log: bool | None = None,
    max_points: int = 4000,
    title: str | None = None,
    ax: Any = None,
    backend: str = "matplotlib",
    style: str | None = None,
) -> Any:
    """Two columns of the records against each other.

    Parameters
    ----------
    data : Table, frame, matrix or None
        None where `x` and `y` are the values themselves.
    x, y : str, int or array-like
        Names of columns, their numbers in a matrix, or values. Times, categories and addresses have axes of their own;
        of the latter the commonest.
    by : optional
        What tells the records apart: `Findings`, the name of a column, truth values (true: anomalous), what a
        detector predicts (-1: anomalous), or any value a row, such as labels or clusters.
    log : bool, optional
        Logarithmic axes; where sizes span three decades if nothing is said. Zeros have a place of their own.
    max_points : int
        Of each group: of more records only those are drawn that do not lie on others.
    """
    across, x_axis = column_values(data, x, log if _may_be_log(data, x) else None)
    up, y_axis = column_values(data, y, log if _may_be_log(data, y) else None)
    if y_axis.scale == "names":
        y_axis = replace(y_axis, downwards=True)  # the commonest on top
    if len(across) != len(up):
        raise InvalidArgumentError(f"x has {len(across):,} values, but y has {len(up):,}")
    points, note = group_points(groups_of(by, data, len(across)), across, up, (x_axis, y_axis), max_points)
    words = title or " and ".join(axis.label.removesuffix(" (UTC)") for axis in (x_axis, y_axis) if axis.label)
    return draw(Chart(words or "records", x_axis, y_axis, list(points), note=note), ax, backend, style)


def _may_be_log(data: Any, chosen: Any) -> bool:
    """A picture with one axis of names or times can still have a logarithmic one beside it."""
    if isinstance(chosen, str) and data is not None:
        return as_table(data).types.get(chosen) in (None, "number", "integer")
    return not isinstance(chosen, Column) or chosen.type in ("number", "integer")


def pca(
    data: Any,
    *,
    by: Any = None,
    pipeline: Model | FeaturePipeline | None = None,
    max_points: int = 4000,
    title: str | None = None,
    ax: Any = None,
    backend: str = "matplotlib",
    style: str | None = None,
) -> Any:
    """The records in the plane in which they vary most.

    Parameters
    ----------
    data : matrix or Table
        Features, one row a record. A table is made a matrix by `pipeline`, a fitted one or that of a model, or by the
        automatic one.
    by, max_points
        As of `scatter`.
    """
    matrix = _features(data, pipeline)
    places, shares = _principal_plane(matrix)
    labels = [f"component {i + 1} ({100 * share:.0f} % of the variance)" for i, share in enumerate(shares)]
    axes = Axis(labels[0]), Axis(labels[1])
    points, note = group_points(groups_of(by, data, len(matrix)), places[:, 0], places[:, 1], axes, max_points)
    found = dict(zip(("first", "second"), shares))
    chart = Chart(title or "records in the plane of most variance", *axes, list(points), note=note, figures=found)
    return draw(chart, ax, backend, style)


def _features(data: Any, pipeline: Model | FeaturePipeline | None) -> Floats:
    if isinstance(pipeline, Model):
        pipeline = pipeline.pipeline
    if isinstance(data, Table) or (hasattr(data, "columns") and not hasattr(data, "__array__")) or pipeline is not None:
        table = as_table(data)
        if pipeline is None:
            pipeline = FeaturePipeline.automatic(table).fit(table)
        data = pipeline.transform(table)
    matrix = np.asarray(data, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] < 2:
        raise InvalidDataError(f"a plane needs two columns or more; the features have the shape {matrix.shape}")
    return matrix


def _principal_plane(matrix: Floats) -> tuple[Floats, list[float]]:
    """Two coordinates a row, and the share of the variance along each; gaps count as the mean of their column."""
    if not len(matrix):
        return np.zeros((0, 2)), [0.0, 0.0]
    known = np.isfinite(matrix)
    counts = np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, matrix - np.where(known, matrix, 0.0).sum(axis=0) / counts, 0.0)
    variances, directions = np.linalg.eigh(centred.T @ centred)
    first = directions[:, ::-1][:, :2]
    first = first * np.where(
        first[np.abs(first).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0
    )  # the same sign on all machines
    total = float(variances.sum())
    shares = [float(max(one, 0.0)) / total if total > 0 else 0.0 for one in variances[::-1][:2]]
    return centred @ first, shares


def timeline(
    data: Any,
    scores: Any,
    *,
    by: Any = None,
    threshold: float | None = None,
    kind: str = "scores",
    promised: float | None = None,
    max_points: int = 4000,
    title: str | None = None,
    ax: Any = None,
    backend: str = "matplotlib",
    style: str | None = None,
) -> Any:
    """When the anomalous records happened.

    Parameters
    ----------
    data : Table, or array-like of times or seconds
        Of a table the first column of times counts; without one, the order of the records.
    scores : Findings or array-like
        Of all records; findings bring their threshold, and what is reported.
    by : optional
        As of `scatter`; what is reported if nothing is said.
    threshold : float, optional
        A score.
    kind : {"scores", "counts"}
        The score of each record, or how many are reported in each stretch of time.
    promised : float, optional
        With ``"counts"``: the share of the records that was expected to be reported, as a line.
    max_points : int
        As of `scatter`.
    """
    if kind not in ("scores", "counts"):
        raise InvalidArgumentError(f"kind is {kind!r}; there are 'scores' and 'counts'")
    when, axis = moments(data)
    values = np.asarray(scores.scores if isinstance(scores, Findings) else scores, dtype=np.float64)
    if values.shape != when.shape:
        raise InvalidArgumentError(f"there are {len(when):,} times, but scores of shape {values.shape}; give one a row")
    if isinstance(scores, Findings):
        threshold = scores.limit.score if threshold is None else threshold
        reported = reported_mask(scores, len(values))
    else:
        reported = values > threshold if threshold is not None else np.zeros(len(values), dtype=np.bool_)
    if kind == "counts":
        if threshold is None:
            raise InvalidArgumentError("which records are counted? Give findings, or a threshold")
        return draw(_counts(when, axis, reported, promised, title), ax, backend, style)
    groups = verdict_groups(reported) if by is None else groups_of(by, data, len(values))
    marks: list[Mark] = []
    up = Axis("anomaly score")
    points, note = group_points(groups, when, values, (axis, up), max_points)
    marks += points
    if threshold is not None:
        marks.append(Rule(threshold, f"threshold {threshold:.4g}", vertical=False))
    chart = Chart(title or _over_time("scores", axis), axis, up, marks, note=note, size=(8.5, 4.0))
    return draw(chart, ax, backend, style)


def _counts(when: Floats, axis: Axis, reported: Any, promised: float | None, title: str | None) -> Chart:
    """How many of each stretch of time are reported, and how many were expected."""
    known = np.isfinite(when)
    low, high = (float(when[known].min()), float(when[known].max())) if known.any() else (0.0, 1.0)
    step = time_step(max(high - low, 1e-3), 60) if axis.scale == "time" else max((high - low) / 60, 1e-9)
    if not axis.label.startswith("time"):
        step = max(1.0, float(np.ceil(step)))
    first = np.floor(low / step) * step
    edges = first + step * np.arange(int((high - first) / step) + 2)
    found = np.histogram(when[known & reported], edges)[0].astype(np.float64)
    stretch = _stretch(step) if axis.label.startswith("time") else f"{step:,.0f} records"
    hover = tuple(
        f"{moment(edge) if axis.scale == 'time' else number(edge)}: {count:,.0f} reported"
        for edge, count in zip(edges, found)
    )
    marks: list[Mark] = [
        Boxes(
            edges[:-1],
            edges[1:],
            np.zeros(len(found)),
            found,
            f"reported ({int(found.sum()):,})",
            "anomaly",
            hover=hover,
        )
    ]
    if promised is not None:
        expected = np.histogram(when[known], edges)[0] * promised
        marks.append(
            Line(
                edges,
                np.append(expected, expected[-1:]),
                "expected of normal records",
                "ink",
                1.4,
                dashed=True,
                steps=True,
            )
        )
    note = f"{int((~known).sum()):,} records without a time" if not known.all() else ""
    tallest = max([1.0, *found.tolist(), *(float(mark.y.max()) for mark in marks if isinstance(mark, Line))])
    up = Axis(f"reported in {stretch}", limits=(0.0, 1.06 * tallest))  # no count is negative
    return Chart(
        title or _over_time("reported", axis), axis, up, marks, note=note, size=(8.5, 3.4), legend="upper left"
    )


def _over_time(what: str, axis: Axis) -> str:
    return f"{what} over time" if axis.label.startswith("time") else f"{what}, record by record"


def _stretch(seconds: float) -> str:
    """A span of time in its largest whole unit."""
    for size, name in _UNIT_NAMES:
        if seconds >= size and seconds % size == 0:
            count = int(seconds // size)
            return f"{'an' if name == 'hour' else 'a'} {name}" if count == 1 else f"{count} {name}s"
    return f"{seconds:g} seconds"


def hosts(
    data: Any,
    findings: Findings | None = None,
    *,
    source: Any = None,
    destination: Any = None,
    most: int = 15,
    title: str | None = None,
    ax: Any = None,
    backend: str = "matplotlib",
    style: str | None = None,
) -> Any:
    """Who talks to whom: how many records, or how many that are reported, from each host to each host.

    Parameters
    ----------
    data : Table, frame or None
    findings : Findings, optional
        Count only what is reported.
    source, destination : str or array-like, optional
        Columns with the hosts, or one value a record; ``src_ip`` and ``dst_ip`` if nothing is said.
    most : int
        Hosts on each side; all others are together in the last row and column.
    """
    table = None if data is None else as_table(data)
    sources = _hosts_of(table, source, "source", SOURCES)
    destinations = _hosts_of(table, destination, "destination", DESTINATIONS)
    if len(sources) != len(destinations):
        raise InvalidArgumentError(f"there are {len(sources):,} sources, but {len(destinations):,} destinations")
    if findings is not None:
        mask = reported_mask(findings, len(sources))
        sources, destinations = sources[mask], destinations[mask]
    from_codes, from_names = commonest(*codes_of(sources), most)
    to_codes, to_names = commonest(*codes_of(destinations), most)
    known = (from_codes >= 0) & (to_codes >= 0)
    counts = np.zeros((max(len(from_names), 1), max(len(to_names), 1)))
    np.add.at(counts, (from_codes[known], to_codes[known]), 1)
    what = "records" if findings is None else "reported records"
    levels = np.log1p(counts) / np.log1p(max(counts.max(), 1.0))
    cells = Cells(
        levels,
        tuple(tuple(_few(one) if one else "" for one in row) for row in counts.tolist()),
        tuple(
            tuple(f"{a} to {b}: {counts[i, j]:,.0f} {what}" for j, b in enumerate(to_names or ["nobody"]))
            for i, a in enumerate(from_names or ["nobody"])
        ),
    )
    note = f"{int((~known).sum()):,} without an address" if not known.all() else ""
    rows = tuple(short(name, 30) for name in from_names or ["nobody"])
    columns = tuple(short(name, 30) for name in to_names or ["nobody"])
    chart = Chart(
        title or f"{what} from host to host",
        Axis("to", "names", names=columns),
        Axis("from", "names", names=rows, downwards=True),
        [cells], note=note, size=size_of_cells(rows, columns, (0.5, 0.3)), figures={"total": float(counts.sum())},
    )  # fmt: skip
    return draw(chart, ax, backend, style)


def _hosts_of(table: Table | None, chosen: Any, name: str, usual: tuple[str, ...]) -> Column:
    if chosen is not None and not isinstance(chosen, str):
        return chosen if isinstance(chosen, Column) else Column(chosen, name=name)
    if table is None:
        raise InvalidArgumentError(f"give a table, or the {name} of each record")
    chosen = chosen or next((one for one in usual if one in table), None)
    if chosen is None:
        raise InvalidArgumentError(f"the table has none of the columns {', '.join(usual)}; name one by {name}=")
    found: Column = table[chosen]
    return found


def _few(count: float) -> str:
    """A count in at most five letters."""
    if count < 10_000:
        return f"{count:,.0f}"
    return f"{count / 1000:.0f}k" if count < 1e6 else f"{count / 1e6:.0f}M"


__all__ = ["hosts", "pca", "scatter", "timeline"]
