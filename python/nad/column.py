"""One column of a table."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nad import _core
from nad._columns import to_column

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 4096


class Column:
    """Values of one type, some of them perhaps missing; a column never changes.

    >>> port = table["dst_port"]
    >>> port[0], port[-1]  # Python values, None where missing
    (443, None)
    >>> port[10:20].to_list()
    >>> port.to_numpy()  # without a copy where the layout allows

    Values are float, int, str (of category and text), ``numpy.datetime64`` in nanoseconds (of time, UTC),
    ``ipaddress.IPv4Address`` or ``IPv6Address``, and bool.
    """

    __slots__ = ("_column", "_name")

    def __init__(self, values: Any, *, name: str = "", type: str | None = None) -> None:  # noqa: A002
        if isinstance(values, Column):
            name = name or values.name
            column = values._column
        else:
            column = to_column(values, name)
        self._name = name
        self._column: _core.Column = column if type is None else column.convert(type, name)

    @classmethod
    def _of(cls, column: _core.Column, name: str) -> Column:
        made = cls.__new__(cls)
        made._column, made._name = column, name
        return made

    @property
    def name(self) -> str:
        """What its table calls it."""
        return self._name

    @property
    def type(self) -> str:
        """``"number"``, ``"integer"``, ``"category"``, ``"text"``, ``"time"``, ``"address"`` or ``"boolean"``."""
        return self._column.type

    @property
    def missing_count(self) -> int:
        """How many values are missing."""
        return self._column.missing_count

    @property
    def categories(self) -> list[str]:
        """The texts that `codes` number; of a category column."""
        return self._column.categories()

    def codes(self) -> npt.NDArray[np.int32]:
        """The number of each value's category, -1 where it is missing; of a category column."""
        return self._column.codes()

    def is_missing(self) -> npt.NDArray[np.bool_]:
        """Whether each value is missing."""
        return self._column.is_missing()

    def to_list(self) -> list[Any]:
        """All values as Python objects, None where one is missing."""
        return self._column.to_list()

    def to_numpy(self) -> npt.NDArray[Any]:
        """The values as an array; of numbers, integers, times and truth values without gaps a read-only view.

        A missing number is NaN, a missing time NaT. Integers with gaps become float64, truth values with gaps objects.
        Categories, texts and addresses are objects.
        """
        return self._column.to_numpy()

    def convert(self, type: str) -> Column:  # noqa: A002
        """The values in another type, without loss; an error names the row and value that has no place there.

        >>> table["src_ip"].convert("address")
        """
        return Column._of(self._column.convert(type, self._name), self._name)

    def value_counts(self) -> dict[str, int]:
        """How often each value occurs, written as text, the most frequent first; missing ones are left out."""
        return dict(self._column.value_counts())

    def equals(self, other: object) -> bool:
        """Whether the other holds the same values in the same type; missing ones are equal."""
        return isinstance(other, Column) and self._column.equals(other._column)

    def __len__(self) -> int:
        return len(self._column)

    def __iter__(self) -> Iterator[Any]:
        for first in range(0, len(self), _BLOCK):
            yield from self._column.slice(first, min(_BLOCK, len(self) - first)).to_list()

    def __getitem__(self, key: Any) -> Any:
        """A value for a row number; a column for a slice, a mask or an array of row numbers."""
        if isinstance(key, slice) or hasattr(key, "__len__"):
            return Column._of(choose_rows(self._column, key), self._name)
        try:
            place = operator.index(key)
        except TypeError:
            raise TypeError(f"{key!r} is no row number, slice, mask or array of row numbers") from None
        if not -len(self) <= place < len(self):
            raise IndexError(f"row {place} of a column of {len(self)}")
        return self._column.value(place % len(self))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        array = self.to_numpy()
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError(f"column {self._name!r} is of dtype {array.dtype}; as {dtype} it must be copied")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]:
        """The column for other libraries; it has one form, whatever is requested."""
        del requested_schema
        return self._column.export_array(self._name)

    def __eq__(self, other: object) -> Any:
        return self is other or NotImplemented

    __hash__ = object.__hash__

    def __reduce__(self) -> tuple[Any, ...]:
        return Column._of, (self._column, self._name)

    def __repr__(self) -> str:
        shown = 10
        values = [self._column.format(row) or "-" for row in range(min(len(self), shown))]
        more = ", ..." if len(self) > shown else ""
        return f"Column({self._name!r}, {self.type}, {len(self)} rows: {', '.join(values)}{more})"


def choose_rows(rows: Any, key: Any) -> Any:
    """The rows of a compiled column or table that a slice, a mask or an array of row numbers names."""
    if isinstance(key, slice):
        first, end, step = key.indices(len(rows))
        if step == 1:
            return rows.slice(first, max(end - first, 0))
        return rows.take(np.arange(first, end, step, dtype=np.int64))
    places = as_mask(key) if isinstance(key, Column) else np.asarray(key)
    if places.dtype == np.bool_:
        return rows.filter(places)
    if places.size == 0 and places.ndim == 1:
        places = places.astype(np.int64)
    if places.dtype.kind not in "iu":
        raise TypeError(f"rows are chosen by a slice, truth values or row numbers, not by {places.dtype}")
    return rows.take(places.astype(np.int64))


def as_mask(mask: Any) -> npt.NDArray[Any]:
    """A truth value a row; what is missing in a column is not chosen."""
    if not isinstance(mask, Column):
        return np.asarray(mask)
    if mask.type != "boolean":
        return mask.to_numpy()
    values = mask.to_numpy()
    return values if values.dtype == np.bool_ else np.array([value is True for value in values], dtype=np.bool_)
