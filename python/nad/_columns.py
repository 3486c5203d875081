"""From the values that Python has to a compiled column."""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import ipaddress
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nad import _core
from nad.errors import InvalidDataError

if TYPE_CHECKING:
    from collections.abc import Callable

Array = npt.NDArray[Any]

_NANOSECONDS = {
    "W": 7 * 86_400 * 10**9,
    "D": 86_400 * 10**9,
    "h": 3_600 * 10**9,
    "m": 60 * 10**9,
    "s": 10**9,
    "ms": 10**6,
    "us": 10**3,
    "ns": 1,
}
_EPOCH = dt.datetime(1970, 1, 1)
# in this order: a bool is an int, a numpy.timedelta64 is a numpy.signedinteger
_KINDS: list[tuple[tuple[type, ...], str]] = [
    ((bool, np.bool_), "boolean"),
    ((dt.timedelta, np.timedelta64), "duration"),
    ((int, np.integer), "integer"),
    ((float, np.floating, decimal.Decimal, fractions.Fraction), "number"),
    ((str,), "text"),
    ((bytes,), "bytes"),
    ((dt.date, np.datetime64), "time"),
    ((ipaddress.IPv4Address, ipaddress.IPv6Address), "address"),
]


def to_column(values: Any, name: str) -> _core.Column:
    """A column of what `values` holds: Arrow data, an array, a pandas series or anything that can be iterated."""
    if hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__"):
        imported = through_arrow(values)
        if imported is not None:
            return _only_column(imported, name)
    if isinstance(values, np.ndarray):
        return _from_array(values, name)
    if hasattr(values, "iloc") and hasattr(values, "to_numpy"):
        return _from_series(values, name)
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise TypeError(f"column {name!r} is {_short(values)}; give a list or an array with one value a row")
    if hasattr(values, "keys"):
        raise TypeError(f"column {name!r} is a mapping; give a list or an array with one value a row")
    return _from_objects(list(values), name)


def through_arrow(data: Any) -> _core.Table | None:
    """What other libraries hand over by the Arrow PyCapsule interface.

    None where pandas has no pyarrow to do it, or pyarrow does not know the objects of a column.
    """
    try:
        if hasattr(data, "__arrow_c_stream__"):
            stream, array = data.__arrow_c_stream__(), None
        else:
            stream, array = None, data.__arrow_c_array__()
    except (ImportError, ValueError, TypeError, NotImplementedError):
        if hasattr(data, "iloc"):
            return None
        raise
    if array is not None:
        return _core.Table.import_array(array[0], array[1])
    return _core.Table.import_stream(stream)


def _only_column(table: _core.Table, name: str) -> _core.Column:
    if len(table.fields) != 1:
        raise TypeError(f"column {name!r} is a table of {len(table.fields)} columns; give one of them")
    return table.column(table.fields[0][0])


# ---- arrays


def _from_array(array: Array, name: str) -> _core.Column:
    if array.ndim != 1:
        raise InvalidDataError(f"column {name!r} has the shape {array.shape}; give an array of one dimension")
    if isinstance(array, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(array)
        if array.dtype.kind in "OUST":
            return _from_objects(array.tolist(), name)
        return _from_array(np.asarray(array.filled()), name).with_missing(mask)
    kind = array.dtype.kind
    if kind in "OUST":
        return _from_objects(array.tolist(), name)
    if kind == "M":
        return _from_times(array, name)
    if kind == "m":
        return _core.Column.from_array(np.ascontiguousarray(array / np.timedelta64(1, "s")), name)
    wanted = {"b": np.bool_, "i": np.int64, "u": np.uint64, "f": np.float64}.get(kind)
    if wanted is None:
        raise TypeError(f"column {name!r} has the dtype {array.dtype}; give numbers, times, truth values or text")
    return _core.Column.from_array(np.ascontiguousarray(array, dtype=wanted), name)


def _from_times(array: Array, name: str) -> _core.Column:
    unit, count = np.datetime_data(array.dtype)
    if unit in ("Y", "M", "W"):
        array, unit, count = array.astype("datetime64[D]"), "D", 1
    if unit == "generic":  # only NaT has no unit
        array, unit = array.astype("datetime64[ns]"), "ns"
    if unit not in _NANOSECONDS:
        array, unit, count = array.astype("datetime64[ns]"), "ns", 1  # finer units: what is below a nanosecond is cut
    units = np.ascontiguousarray(array, dtype=f"datetime64[{count}{unit}]").view(np.int64)
    return _core.Column.from_times(units, count * _NANOSECONDS[unit], name)


def _from_series(series: Any, name: str) -> _core.Column:
    """A series of pandas that does not go through Arrow."""
    if series.dtype.name == "category":
        categories = to_column(list(series.cat.categories), name).convert("text", name)
        return _core.Column.from_codes(series.cat.codes.to_numpy().astype(np.int64), categories.to_list(), name)
    if getattr(series.dtype, "tz", None) is not None:
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    if not isinstance(series.dtype, np.dtype):
        return _from_objects(series.to_numpy(dtype=object, na_value=None).tolist(), name)
    return _from_array(series.to_numpy(), name)


# ---- objects


def _from_objects(values: list[Any], name: str) -> _core.Column:
    values, kinds = _with_gaps(values, name)
    if kinds == {"integer", "number"}:
        kinds = {"number"}
    if len(kinds) > 1:
        raise InvalidDataError(_mixture(values, name))
    kind = kinds.pop() if kinds else "number"
    changes: dict[str, Callable[[Any], Any]] = {"time": _nanoseconds, "duration": _seconds, "bytes": bytes.decode}
    if kind in changes:
        values = _changed(values, changes[kind], kind, name)
    kind = {"duration": "number", "bytes": "text"}.get(kind, kind)
    return _core.Column.from_list(kind, values, name)


def _with_gaps(values: list[Any], name: str) -> tuple[list[Any], set[str]]:
    """The values with None for all that stands for a missing one, and what kinds the others are of."""
    types = set(map(type, values))
    gaps = {kind for kind in types if kind is type(None) or kind.__name__ in ("NAType", "NaTType", "MaskedConstant")}
    if gaps - {type(None)}:
        values = [None if type(value) in gaps else value for value in values]
    kinds = {kind: kind_of(kind) for kind in types - gaps}
    for kind, word in kinds.items():
        if word == "":
            row = next(row for row, value in enumerate(values) if type(value) is kind)
            raise InvalidDataError(
                f"column {name!r}, row {row}: {_short(values[row])} is of type {kind.__qualname__}, of which nad has "
                "no columns; give numbers, text, times, addresses or truth values"
            )
    if len(set(kinds.values()) - {"integer", "number"}) > 0 and "number" in kinds.values():
        # pandas marks missing text by NaN
        values = [None if isinstance(value, (float, np.floating)) and np.isnan(value) else value for value in values]
        kinds = {kind: kind_of(kind) for kind in set(map(type, values)) - {type(None)}}
    return values, set(kinds.values())


def kind_of(kind: type) -> str:
    """What column values of this Python type belong into, "" for none."""
    return next((word for kinds, word in _KINDS if issubclass(kind, kinds)), "")


def _changed(values: list[Any], change: Callable[[Any], Any], kind: str, name: str) -> list[Any]:
    changed = []
    for row, value in enumerate(values):
        try:
            is_gap = value is None or (isinstance(value, (np.datetime64, np.timedelta64)) and np.isnat(value))
            changed.append(None if is_gap else change(value))
        except (ValueError, OverflowError) as error:
            raise InvalidDataError(
                f"column {name!r}, row {row}: {_short(value)} cannot be used as {kind} ({error})"
            ) from None
    return changed


def _nanoseconds(value: Any) -> int:
    if hasattr(value, "asm8"):  # of pandas
        value = value.asm8
    if isinstance(value, np.datetime64):
        unit, count = np.datetime_data(value.dtype)
        if unit in ("Y", "M"):
            value, unit, count = value.astype("datetime64[D]"), "D", 1
        if unit not in _NANOSECONDS:
            value, unit, count = value.astype("datetime64[ns]"), "ns", 1
        nanoseconds = int(value.astype(np.int64)) * int(count) * _NANOSECONDS[unit]
    else:
        if not isinstance(value, dt.datetime):
            value = dt.datetime(value.year, value.month, value.day)
        since = value - (_EPOCH if value.tzinfo is None else _EPOCH.replace(tzinfo=dt.timezone.utc))
        nanoseconds = ((since.days * 86_400 + since.seconds) * 10**6 + since.microseconds) * 1_000
    if not -(2**63) < nanoseconds < 2**63:
        raise OverflowError("nanoseconds hold the years 1678 to 2261")
    return nanoseconds


def _seconds(value: Any) -> float:
    return float(value / np.timedelta64(1, "s") if isinstance(value, np.timedelta64) else value.total_seconds())


def _mixture(values: list[Any], name: str) -> str:
    first: dict[str, str] = {}
    for row, value in enumerate(values):
        if value is not None:
            first.setdefault(kind_of(type(value)), f"row {row}: {_short(value)}")
    kinds = ", ".join(f"{kind} ({where})" for kind, where in first.items())
    return f"column {name!r} holds values of several kinds: {kinds}; make them one kind, for instance all of them str"


def _short(value: Any, most: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}..."
