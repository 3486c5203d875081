"""From tables, findings and arrays to numbers that can be drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nad import _core
from nad._truth import _NORMAL_WORDS
from nad.column import Column
from nad.errors import InvalidArgumentError, InvalidDataError
from nad.groups import number_values
from nad.model import Findings
from nad.plots._chart import Axis, Floats, Points
from nad.plots._palette import GROUPS, SYMBOLS
from nad.plots._ticks import short
from nad.table import Table

Mask = npt.NDArray[np.bool_]

_MOST_NAMES = 12
_MANY = 400  # points of a group from which on they are smaller
_LEAST = 1e-280  # what lies beyond is no size
_DECADES = 1000.0  # sizes that span so much are drawn on a logarithmic axis
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Group:
    """Rows that are drawn alike."""

    name: str
    rows: npt.NDArray[np.int64]
    colour: str
    symbol: str = "circle"


def as_table(data: Any) -> Table:
    """The table itself, or one of whatever a table can be made of."""
    return data if isinstance(data, Table) else Table(data)


def column_values(data: Any, chosen: Any, log: bool | None) -> tuple[Floats, Axis]:
    """Numbers for a column of a table or matrix, or for an array; and the axis that suits them."""
    if not isinstance(chosen, (str, int, np.integer)):
        return _numbers(Column(chosen), getattr(chosen, "name", None) or "", log)
    if data is None:
        raise InvalidArgumentError(f"{chosen!r} names a column; give the table, too, or an array in the place of it")
    if isinstance(chosen, str):
        return _numbers(as_table(data)[chosen], chosen, log)
    matrix = np.asarray(data)
    if matrix.ndim != 2 or not 0 <= chosen < matrix.shape[1]:
        raise InvalidArgumentError(f"there is no column {chosen} in an array of shape {matrix.shape}")
    values = np.asarray(matrix[:, chosen], dtype=np.float64)
    return on_axis(values, f"column {chosen}", log)


def on_axis(values: Floats, label: str, log: bool | None) -> tuple[Floats, Axis]:
    """The values as they are drawn: on a logarithmic axis zeros have a place of their own."""
    known = values[np.isfinite(values)]
    positive = known[known > 0]
    possible = len(positive) == 0 or _LEAST < float(positive.min()) <= float(positive.max()) < 1 / _LEAST
    possible = possible and (len(known) == 0 or float(known.min()) >= 0)
    if log and not possible:
        raise InvalidDataError(
            f"{label or 'the values'} cannot be drawn on a logarithmic axis: some are below 0, or too far from 1"
        )
    possible = possible and len(positive) > 0
    wide = possible and float(positive.max()) >= _DECADES * max(float(np.quantile(positive, 0.01)), 1e-300)
    if not possible or log is False or not (log or wide):
        return values, Axis(label)
    if len(positive) == len(known):
        return values, Axis(label, "log")
    zero = float(10.0 ** (np.floor(np.log10(positive.min())) - 0.7))
    return np.where(values == 0, zero, values), Axis(label, "log", zero=zero)


def _numbers(column: Column, label: str, log: bool | None) -> tuple[Floats, Axis]:
    if column.type == "time":
        nanoseconds = column.to_numpy().astype("datetime64[ns]")
        seconds = nanoseconds.astype(np.int64) / 1e9
        seconds[np.isnat(nanoseconds)] = np.nan
        return seconds, Axis(f"{label} (UTC)" if label else "time (UTC)", "time")
    if column.type in ("number", "integer"):
        return on_axis(np.asarray(column.to_numpy(), dtype=np.float64), label, log)
    if log:
        raise InvalidDataError(f"{label or 'the values'} of type {column.type} cannot be drawn on a logarithmic axis")
    codes, names = codes_of(column)
    return _scattered(*commonest(codes, names, _MOST_NAMES), label)


def codes_of(column: Column) -> tuple[npt.NDArray[np.int64], list[str]]:
    """A number for each value, -1 where it is missing, and what the numbers mean; words fit to print."""
    core = column._column
    if core.type in ("address", "boolean", "time", "number", "integer"):
        core = core.convert("text", column.name)
    if core.type != "category":
        core = core.convert("category", column.name)
    return core.codes().astype(np.int64), [printable(name) for name in core.categories()]


def printable(text: Any, most: int = 60) -> str:
    """What comes from traffic, on one line and without control characters."""
    return _core.printable(str(text), most)


def commonest(codes: npt.NDArray[np.int64], names: list[str], most: int) -> tuple[npt.NDArray[np.int64], list[str]]:
    """The commonest names by their number of rows, all others together behind them; missing stays -1."""
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    order = [int(code) for code in np.argsort(-counts, kind="stable") if counts[code]]
    kept = order if len(order) <= most else order[: most - 1]
    places = np.full(len(names) + 1, len(kept), dtype=np.int64)
    places[kept] = np.arange(len(kept))
    places[-1] = -1
    chosen = [names[code] for code in kept]
    return places[codes], chosen if len(order) == len(kept) else [*chosen, f"{len(order) - len(kept):,} others"]


def _scattered(codes: npt.NDArray[np.int64], names: list[str], label: str) -> tuple[Floats, Axis]:
    """Places of names, a little apart within each so that many records are seen as many."""
    apart = (np.arange(len(codes)) * _GOLDEN) % 1.0 - 0.5
    places = np.where(codes < 0, np.nan, codes + 0.6 * apart)
    return places, Axis(
        label, "names", names=tuple(short(name, 28) for name in names), limits=(-0.5, max(len(names), 1) - 0.5)
    )


def reported_mask(findings: Findings, rows: int) -> Mask:
    """Which of the rows are reported."""
    if len(findings.scores) != rows:
        raise InvalidArgumentError(
            f"the findings are of {len(findings.scores):,} records, but there are {rows:,} rows; give the table that "
            "was asked about"
        )
    mask = np.zeros(rows, dtype=np.bool_)
    mask[findings.rows] = True
    return mask


def verdict_groups(anomalous: Mask, ordinary: str = "not reported", other: str = "reported") -> list[Group]:
    """Two groups, the second of which is what matters."""
    parts = [
        Group(ordinary, np.flatnonzero(~anomalous), "normal"),
        Group(other, np.flatnonzero(anomalous), "anomaly", "diamond"),
    ]
    return [part for part in parts if len(part.rows)]


def groups_of(by: Any, data: Any, rows: int) -> list[Group]:
    """Rows in groups: by findings, by a column, by what a detector predicts, by any value a row."""
    if by is None:
        return [Group("", np.arange(rows), "normal")]
    if isinstance(by, Findings):
        return verdict_groups(reported_mask(by, rows))
    if isinstance(by, str):
        by = as_table(data)[by]
    values = None if isinstance(by, Column) else np.asarray(by)
    if len(by) != rows:
        raise InvalidArgumentError(f"by has {len(by):,} values for {rows:,} rows; give one a row")
    if values is not None and values.dtype.kind == "b":
        return verdict_groups(values.astype(np.bool_), "ordinary", "anomalous")
    if isinstance(by, Column) and by.type == "boolean" and not by.missing_count:
        return verdict_groups(np.asarray(by.to_numpy(), dtype=np.bool_), f"{by.name}: false", f"{by.name}: true")
    if values is not None and values.dtype.kind == "i" and rows and set(np.unique(values).tolist()) <= {-1, 1}:
        return verdict_groups(values < 0, "ordinary (+1)", "anomalous (-1)")
    if isinstance(by, Column):
        codes, names = codes_of(by)
    elif values is not None and values.dtype.kind in "iuf":
        distinct, inverse = np.unique(values, return_inverse=True)
        codes, names = inverse.reshape(-1).astype(np.int64), [f"{value:g}" for value in distinct.tolist()]
    else:
        found, codes = number_values(by, "by")
        names = ["missing" if value is None else printable(value) for value in found]
    return _coloured(codes, names)


def _coloured(codes: npt.NDArray[np.int64], names: list[str]) -> list[Group]:
    """The largest groups with a colour each; normal records are in the background."""
    if (codes < 0).any():
        codes, names = np.where(codes < 0, len(names), codes), [*names, "missing"]
    has_normal = any(map(_is_normal, names))
    codes, names = commonest(codes, names, GROUPS + 1 + has_normal)
    groups, free = [], 0
    for code, name in enumerate(names):
        rows = np.flatnonzero(codes == code)
        if _is_normal(name):
            groups.append(Group(name, rows, "normal"))
        elif free < GROUPS:
            groups.append(Group(name, rows, f"c{free}", SYMBOLS[free]))
            free += 1
        else:
            groups.append(Group(name, rows, "rest"))
    return groups


def _is_normal(name: str) -> bool:
    return name.strip().rstrip(".").lower() in _NORMAL_WORDS and name != "0"


def thinned(x: Floats, y: Floats, x_axis: Axis, y_axis: Axis, most: int) -> npt.NDArray[np.int64]:
    """Some `most` of the points, one of each occupied place of the picture: what stands alone is kept."""
    places = np.arange(len(x), dtype=np.int64)
    if len(x) <= most:
        return places
    places = np.random.default_rng(0).permutation(places)  # else the earliest of each place, which makes stripes
    across, up = _unit(x, x_axis)[places], _unit(y, y_axis)[places]
    for cells in (300, 200, 140, 100, 70, 50, 35, 25, 18, 12, 8):
        place = (across * cells).astype(np.int64) * (cells + 1) + (up * cells).astype(np.int64)
        first = np.full((cells + 1) ** 2, -1, dtype=np.int64)
        first[place] = places
        kept = np.sort(first[first >= 0])
        if len(kept) <= most:
            break
    return kept


def _unit(values: Floats, axis: Axis) -> Floats:
    drawn = np.log10(values) if axis.scale == "log" else values
    low, high = float(drawn.min()), float(drawn.max())
    return np.zeros(len(drawn)) if high <= low else (drawn - low) / (high - low)


def group_points(
    groups: list[Group], x: Floats, y: Floats, axes: tuple[Axis, Axis], most: int
) -> tuple[list[Points], str]:
    """The points of each group, the small groups on top, and a note of what is not drawn one by one."""
    known = np.isfinite(x) & np.isfinite(y)
    drawn, points = 0, []
    for group in sorted(groups, key=lambda one: (one.colour not in ("normal", "rest"), -len(one.rows))):
        rows = group.rows[known[group.rows]]
        rows = rows[thinned(x[rows], y[rows], *axes, most)]
        drawn += len(rows)
        if not len(rows):
            continue
        name = f"{group.name} ({len(group.rows):,})" if group.name else ""
        behind = group.colour in ("normal", "rest")
        size = 3.0 if behind or len(rows) > _MANY else 4.5
        points.append(
            Points(
                x[rows], y[rows], name, group.colour, group.symbol, size, 0.7 if behind else 0.95,
                tuple(f"row {row:,}" for row in rows.tolist()),
            )
        )  # fmt: skip
    notes = []
    if missing := int(len(known) - known.sum()):
        notes.append(f"{missing:,} without a value")
    if covered := int(known.sum()) - drawn:
        notes.append(f"{covered:,} on or close to others are not drawn")
    return points, "; ".join(notes)


def labelled(axis: Axis, label: str | None) -> Axis:
    """With other words beside it."""
    return axis if label is None else replace(axis, label=label)


def moments(data: Any) -> tuple[Floats, Axis]:
    """When each record happened: the time of a table, times or seconds of an array; else its number."""
    if isinstance(data, Table) or hasattr(data, "columns") or isinstance(data, dict):
        table = as_table(data)
        names = [name for name, role in table.roles.items() if role == "moment" and table.types[name] == "time"]
        if not names:
            return np.arange(len(table), dtype=np.float64), Axis("record, in the order of the table")
        seconds, axis = _numbers(table[names[0]], names[0], None)
        return seconds, labelled(axis, "time (UTC)")
    column = Column(data)
    if column.type == "time":
        return _numbers(column, "", None)
    if column.type not in ("number", "integer"):
        raise InvalidDataError(f"times of type {column.type} are none; give times, or seconds as numbers")
    return np.asarray(column.to_numpy(), dtype=np.float64), Axis("time (s)")
