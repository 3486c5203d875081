"""One column of a table."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nad import _core
from nad._columns import to_column
from nad._comparing import both, compare, differing, either, is_in, opposite, truths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BLOCK = 4096


class Column:
    """Values of one type, some of them perhaps missing; a column never changes.

    >>> port = table["dst_port"]
    >>> port[0], port[-1]  # Python values, None where missing
    (443, None)
    >>> port[10:20].to_list()
    >>> port.to_numpy()  # without a copy where the layout allows
    >>> table[(port == 443) & ~table["src_ip"].isin(["10.0.0.1", "10.0.0.2"])]

    Values are float, int, str (of category and text), ``numpy.datetime64`` in nanoseconds (of time, UTC),
    ``ipaddress.IPv4Address`` or ``IPv6Address``, and bool.

    ``==``, ``!=``, ``<``, ``<=``, ``>`` and ``>=`` compare with one value, or row by row with a column or array, and
    give a boolean column; times and addresses compare with text, too. **Where a value is missing, no comparison is
    true**, not even ``!=``. ``&``, ``|``, ``^`` and ``~`` combine boolean columns; what stays unknown is missing.
    """

    __slots__ = ("_column", "_name")
    __array_priority__ = 1000  # so that an array beside a column leaves the operators to the column

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

    def isin(self, values: Any) -> Column:
        """Whether each value is one of these, as a boolean column; a missing one never is."""
        if isinstance(values, (str, bytes)):
            raise TypeError(f"isin() needs several values, as a list; {values!r} is one")
        wanted = values._column if isinstance(values, Column) else to_column(values, self._name)
        return self._truths(is_in(self._column, wanted, self._name))

    # the operators of columns give columns, not the bool that object promises
    def __eq__(self, other: object) -> Column:  # type: ignore[override]
        return self._compared("eq", other)

    def __ne__(self, other: object) -> Column:  # type: ignore[override]
        return self._compared("ne", other)

    def __lt__(self, other: object) -> Column:
        return self._compared("lt", other)

    def __le__(self, other: object) -> Column:
        return self._compared("le", other)

    def __gt__(self, other: object) -> Column:
        return self._compared("gt", other)

    def __ge__(self, other: object) -> Column:
        return self._compared("ge", other)

    __hash__ = None  # type: ignore[assignment]

    def __and__(self, other: object) -> Column:
        return self._combined(both, other)

    def __or__(self, other: object) -> Column:
        return self._combined(either, other)

    def __xor__(self, other: object) -> Column:
        return self._combined(differing, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> Column:
        return Column._of(opposite(self._boolean()), self._name)

    def __bool__(self) -> bool:
        raise TypeError("a column is neither true nor false; ask len(column), or combine columns by & | ~ in brackets")

    def _compared(self, verb: str, other: Any) -> Column:
        return self._truths(compare(self._column, verb, self._operand(other), self._name))

    def _combined(self, verb: Callable[[_core.Column, _core.Column], _core.Column], other: Any) -> Column:
        given = self._operand(other)
        if not isinstance(given, _core.Column) or given.type != "boolean":
            kind = given.type if isinstance(given, _core.Column) else type(given).__qualname__
            raise TypeError(f"& | ^ join boolean columns, not {kind}; put comparisons in brackets: (a > 1) & (b < 2)")
        return Column._of(verb(self._boolean(), given), self._name)

    def _operand(self, other: Any) -> Any:
        """A compiled column of what has a value a row; one value as it is."""
        if isinstance(other, Column):
            return other._column
        if hasattr(other, "__len__") and not isinstance(other, (str, bytes)):
            return to_column(other, self._name)
        return other

    def _boolean(self) -> _core.Column:
        if self.type != "boolean":
            raise TypeError(f"& | ^ ~ need boolean columns; column {self._name!r} is of type {self.type}")
        return self._column

    def _truths(self, values: npt.NDArray[np.bool_]) -> Column:
        return Column._of(_core.Column.from_array(np.ascontiguousarray(values), self._name), self._name)

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
    return truths(mask._column)
