"""Comparisons of columns: whole arrays over the shared memory, texts and categories in the core."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nad import _core
from nad._columns import kind_of, to_column
from nad.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

Mask = npt.NDArray[np.bool_]

_VERBS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
# what the values of a column compare with; text is read as a time or an address where the column holds those
_COMPARABLE = {
    "number": ("number", "integer"),
    "integer": ("integer", "number"),
    "category": ("text", "category"),
    "text": ("text", "category"),
    "time": ("time", "text", "category"),
    "address": ("address", "text", "category"),
    "boolean": ("boolean",),
}
_TEXTS = ("category", "text")


def compare(column: _core.Column, verb: str, other: Any, name: str) -> Mask:
    """Whether ``column <verb> other`` holds, row by row; where a value is missing, it does not."""
    if isinstance(other, _core.Column):
        return _compare_columns(column, verb, other, name)
    if column.type == "integer" and kind_of(type(other)) == "integer":
        return _compare_with_whole(column, verb, int(other))
    value = _as_type_of(column, _one(other, name), name)
    if column.type in _TEXTS:
        return column.compare_text(verb, value.value(0))
    if column.type == "integer" and value.type == "number":
        return _compare_with_fraction(column, verb, value.value(0))
    if value.missing_count:  # NaN
        return np.zeros(len(column), dtype=np.bool_)
    return _present(column, _VERBS[verb](column.stored(), value.stored()[0]))


def is_in(column: _core.Column, values: _core.Column, name: str) -> Mask:
    """Whether each value is one of these; a missing one never is."""
    if len(values) == 0:
        return np.zeros(len(column), dtype=np.bool_)
    values = _as_type_of(column, values, name)
    if column.type in _TEXTS:
        return column.is_one_of([text for text in values.to_list() if text is not None])
    wanted = values.stored()[~values.is_missing()]
    if column.type == "integer" and values.type == "number":
        wanted = wanted[(wanted == np.floor(wanted)) & (np.abs(wanted) < 2.0**63)].astype(np.int64)
    return _present(column, np.isin(column.stored(), wanted))


def both(a: _core.Column, b: _core.Column) -> _core.Column:
    """Unknown where neither is false and one is missing."""
    value_a, value_b, gap_a, gap_b = *_truths(a, b), a.is_missing(), b.is_missing()
    return _with_gaps(value_a & value_b, (gap_a & gap_b) | (gap_a & value_b) | (gap_b & value_a))


def either(a: _core.Column, b: _core.Column) -> _core.Column:
    """Unknown where neither is true and one is missing."""
    value_a, value_b = _truths(a, b)
    return _with_gaps(value_a | value_b, (a.is_missing() | b.is_missing()) & ~(value_a | value_b))


def differing(a: _core.Column, b: _core.Column) -> _core.Column:
    """Unknown where one is missing."""
    value_a, value_b = _truths(a, b)
    return _with_gaps(value_a ^ value_b, a.is_missing() | b.is_missing())


def opposite(column: _core.Column) -> _core.Column:
    """Unknown where it is missing."""
    return _with_gaps(~column.stored(), column.is_missing())


def truths(column: _core.Column) -> Mask:
    """The truth values of a boolean column, false where one is missing."""
    return _present(column, column.stored())


def _truths(a: _core.Column, b: _core.Column) -> tuple[Mask, Mask]:
    _same_length(a, b)
    return truths(a), truths(b)


def _with_gaps(values: Mask, missing: Mask) -> _core.Column:
    return _core.Column.from_array(np.ascontiguousarray(values & ~missing), "").with_missing(missing)


def _present(column: _core.Column, verdict: Mask) -> Mask:
    return verdict & ~column.is_missing() if column.missing_count else verdict


def _same_length(a: _core.Column, b: _core.Column) -> None:
    if len(a) != len(b):
        raise InvalidArgumentError(f"columns of {len(a)} and of {len(b)} rows; both need a value for each row")


def _one(value: Any, name: str) -> _core.Column:
    if value is None:
        raise TypeError(f"column {name!r} is compared with None; column.is_missing() says where values are missing")
    if kind_of(type(value)) == "integer" and not -(2**63) <= value < 2**63:
        try:
            value = float(value)
        except OverflowError:
            value = np.inf if value > 0 else -np.inf
    return to_column([value], name)


def _as_type_of(column: _core.Column, values: _core.Column, name: str) -> _core.Column:
    """The values in the type of the column, numbers as they are; a `TypeError` where the two have nothing in common."""
    if values.type not in _COMPARABLE[column.type]:
        wish = {"category": "text", "time": "times, or text such as '2026-01-05T08:00'", "address": "addresses"}
        raise TypeError(
            f"column {name!r} is of type {column.type} and cannot be compared with {values.type}; compare it with "
            f"{wish.get(column.type, column.type)}, or convert it"
        )
    if column.type in ("time", "address"):
        return values.convert(column.type, name)
    return values.convert("number", name) if (column.type, values.type) == ("number", "integer") else values


def _compare_columns(column: _core.Column, verb: str, other: _core.Column, name: str) -> Mask:
    _same_length(column, other)
    if len(other) == 0:
        return np.zeros(0, dtype=np.bool_)
    if other.type not in _COMPARABLE[column.type] and column.type in _COMPARABLE[other.type]:
        column = _as_type_of(other, column, name)
    else:
        other = _as_type_of(column, other, name)
    if column.type in _TEXTS:
        return column.compare_texts(verb, other)
    return _present(column, _present(other, _VERBS[verb](column.stored(), other.stored())))


def _compare_with_fraction(column: _core.Column, verb: str, value: float | None) -> Mask:
    """Integers beside a number that need not be whole, without making them double, which holds fewer digits."""
    if value is None:  # NaN
        return np.zeros(len(column), dtype=np.bool_)
    if np.isinf(value):
        return _compare_with_whole(column, verb, 2**70 if value > 0 else -(2**70))
    floor = int(np.floor(value))
    if floor != value:
        if verb in ("eq", "ne"):
            return _present(column, np.full(len(column), verb == "ne"))
        verb = "le" if verb in ("lt", "le") else "gt"
    return _compare_with_whole(column, verb, floor)


def _compare_with_whole(column: _core.Column, verb: str, value: int) -> Mask:
    """Integers beside one that perhaps no integer column holds."""
    if -(2**63) <= value < 2**63:
        return _present(column, _VERBS[verb](column.stored(), np.int64(value)))
    return _present(column, np.full(len(column), _VERBS[verb](0, value)))
