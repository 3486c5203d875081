"""Tables: typed, named columns, with missing values, in nad's own storage.

>>> table = nad.Table(frame, types={"src_ip": "address"}, roles={"label": "label"})  # pandas, polars, pyarrow, ...
>>> table[["src_ip", "dst_port"]][:10]
>>> table.filter((table["duration"] > 60) & (table["protocol"] == "udp")).to_pandas()
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nad import _core
from nad._columns import through_arrow, to_column
from nad._random import seed_from
from nad.column import Column, as_mask, choose_rows
from nad.errors import InvalidArgumentError, InvalidDataError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Table", "concatenate"]


class Table:
    """Named columns of equal length.

    Parameters
    ----------
    data : table, frame or mapping
        Anything with ``__arrow_c_stream__`` or ``__arrow_c_array__`` (pandas 2.2, polars, pyarrow, a DuckDB result):
        taken without a copy where the types allow. Or a mapping from names to columns: lists, NumPy arrays (copied),
        series, objects that speak Arrow. The index of a pandas frame is left out; ``reset_index()`` makes it a column.
    types : mapping, optional
        The types that columns shall have: ``number``, ``integer``, ``category``, ``text``, ``time``, ``address`` or
        ``boolean``. A value that has no place in the type is an error that names it and its row.
    roles : mapping, optional
        What columns are for: ``feature``, ``label``, ``identifier`` or ``moment``. Where nothing is said, the name and
        the type decide: "is_anomaly" is a label, "flow_id" and addresses are identifiers, times are moments.
    source : str, optional
        The format that the records came from.

    A table never changes: every verb gives another one, and they share what they have in common.
    """

    __slots__ = ("_table",)

    def __init__(
        self,
        data: Any = None,
        *,
        types: Mapping[str, str] | None = None,
        roles: Mapping[str, str] | None = None,
        source: str | None = None,
    ) -> None:
        table = _changed(_to_core(data), types or {}, roles or {})
        self._table: _core.Table = table if source is None else table.with_source(source)

    @classmethod
    def _of(cls, table: _core.Table) -> Table:
        made = cls.__new__(cls)
        made._table = table
        return made

    # -- what it is

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return [name for name, _, _ in self._table.fields]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self._table), len(self._table.fields)

    @property
    def types(self) -> dict[str, str]:
        """The type of each column."""
        return {name: column.type for name, column in zip(self.columns, self._table.columns)}

    @property
    def roles(self) -> dict[str, str]:
        """What each column is for."""
        return {name: role for name, role, _ in self._table.fields}

    @property
    def origins(self) -> dict[str, str]:
        """What the source calls each column; "" where it is the same name."""
        return {name: origin for name, _, origin in self._table.fields}

    @property
    def source(self) -> str:
        """The format that the records came from, or ""."""
        return self._table.source

    def __len__(self) -> int:
        return len(self._table)

    def __bool__(self) -> bool:
        raise TypeError("a table is neither true nor false; ask len(table), or table.equals(other)")

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __iter__(self) -> Any:
        raise TypeError("iterate over table.columns (the names) or table[name] (the values of one column)")

    def __getitem__(self, key: Any) -> Any:
        """A column for a name; a table for a list of names, a slice, a mask or an array of row numbers."""
        if isinstance(key, str):
            return Column._of(self._table.column(key), key)
        if isinstance(key, list) and key and all(isinstance(name, str) for name in key):
            return self.select(key)
        if not isinstance(key, slice) and not hasattr(key, "__len__"):
            raise TypeError(
                f"table[{key!r}]: give a name, a list of names, a slice, a mask or an array of row numbers; "
                "table.row(number) is one record"
            )
        return Table._of(choose_rows(self._table, key))

    def row(self, number: int) -> dict[str, Any]:
        """One record: Python values by column name, None where one is missing."""
        return {name: self[name][number] for name in self.columns}

    # -- columns

    def select(self, names: str | Iterable[str]) -> Table:
        """These columns, in this order."""
        return Table._of(self._table.select(_names(names)))

    def drop(self, names: str | Iterable[str]) -> Table:
        """All columns but these."""
        return Table._of(self._table.drop(_names(names)))

    def rename(self, names: Mapping[str, str]) -> Table:
        """Other names, as ``{"old": "new"}``; all at once, so that two columns can change places."""
        unknown = [name for name in names if name not in self.columns]
        for name in unknown:
            self._table.column(name)  # says which name is near
        fields = [(names.get(name, name), role, origin) for name, role, origin in self._table.fields]
        return Table._of(_core.Table(fields, [self._table.column(name) for name in self.columns], self.source))

    def with_column(self, name: str, values: Any, *, type: str | None = None, role: str | None = None) -> Table:  # noqa: A002
        """With a column more, or in the place of the one of that name, whose role it keeps unless one is given."""
        column = Column(values, name=name, type=type)._column
        before = {field: (role, origin) for field, role, origin in self._table.fields}
        old_role, origin = before.get(name, ("feature", ""))
        return Table._of(self._table.with_column(name, column, role or old_role, origin))

    def with_role(self, names: str | Iterable[str], role: str) -> Table:
        """These columns for another purpose: ``feature``, ``label``, ``identifier`` or ``moment``."""
        return Table._of(_changed(self._table, {}, dict.fromkeys(_names(names), role)))

    def with_type(self, names: str | Iterable[str], type: str) -> Table:  # noqa: A002
        """These columns converted to another type, see `Column.convert`."""
        return Table._of(_changed(self._table, dict.fromkeys(_names(names), type), {}))

    # -- rows

    def head(self, rows: int = 5) -> Table:
        """The first rows."""
        return Table._of(self._table.slice(0, min(max(rows, 0), len(self))))

    def tail(self, rows: int = 5) -> Table:
        """The last rows."""
        count = min(max(rows, 0), len(self))
        return Table._of(self._table.slice(len(self) - count, count))

    def filter(self, mask: Any) -> Table:
        """The rows where `mask` is true.

        It is an array, a boolean column (what is missing is not chosen), or a function of the table that gives one.
        """
        chosen = as_mask(mask(self) if callable(mask) else mask)
        if chosen.dtype != np.bool_ and chosen.size:
            raise TypeError(f"filter() needs truth values, one a row, not {chosen.dtype}")
        return Table._of(self._table.filter(chosen.astype(np.bool_)))

    def sort(self, by: str | Iterable[str], *, descending: bool = False) -> Table:
        """Ordered by the first column named, where that is equal by the second, and so on; missing values come last."""
        return Table._of(self._table.sort(_names(by), descending))

    def sample(
        self,
        rows: int | None = None,
        *,
        fraction: float | None = None,
        replace: bool = False,
        keep_order: bool = False,
        random_state: Any = None,
    ) -> Table:
        """Rows drawn at random, so many or this fraction of them."""
        return Table._of(self._table.sample(rows, fraction, replace, keep_order, seed_from(random_state)))

    def drop_duplicates(self, by: str | Iterable[str] = ()) -> Table:
        """The first row of each kind; rows are of one kind when they are equal in these columns, or in all."""
        return Table._of(self._table.drop_duplicates(_names(by)))

    def drop_missing(self, by: str | Iterable[str] = ()) -> Table:
        """The rows that have a value in each of these columns, or in all."""
        return Table._of(self._table.drop_missing(_names(by)))

    def train_test_split(
        self,
        *,
        test_size: float = 0.25,
        stratify: str | None = None,
        by_time: str | None = None,
        random_state: Any = None,
    ) -> tuple[Table, Table]:
        """Rows to train on and rows to test on.

        Parameters
        ----------
        test_size : float
            Below 1 the fraction of rows to test on, from 1 on their number.
        stratify : str, optional
            A column each of whose values keeps its share in both parts.
        by_time : str, optional
            A column of times or numbers: the latest rows are the test part.
        random_state : int, optional
            The seed; the same one gives the same rows on every machine.
        """
        train, test = self._table.train_test_split(test_size, stratify or "", by_time or "", seed_from(random_state))
        return Table._of(train), Table._of(test)

    # -- looking at it

    def describe(self) -> Table:
        """One row a column: its type, role, gaps, and what its values are like."""
        return Table._of(self._table.describe())

    def value_counts(self, name: str) -> dict[str, int]:
        """How often each value of a column occurs, the most frequent first."""
        counts: dict[str, int] = self[name].value_counts()
        return counts

    def equals(self, other: object, *, check_roles: bool = True) -> bool:
        """Whether the other has the same columns with the same values, and the same roles, origins and source."""
        return isinstance(other, Table) and self._table.equals(other._table, check_roles)

    def to_text(self, *, rows: int = 10, width: int = 120) -> str:
        """As ``repr`` shows it, with more rows or wider."""
        return self._table.to_text(rows, width)

    def __repr__(self) -> str:
        return self._table.to_text(10, 120)

    def _repr_html_(self) -> str:
        return self._table.to_html(10)

    # -- to other libraries

    def to_numpy(self, columns: Iterable[str] | None = None) -> npt.NDArray[np.float64]:
        """One row a record, float64, NaN where a value is missing; truth values are 0 and 1, times seconds since 1970.

        The columns are those named, else all; one that has no numbers is an error.
        """
        table = self._table if columns is None else self._table.select(_names(columns))
        chosen = [name for name, _, _ in table.fields]
        text = [name for name in chosen if table.column(name).type in ("category", "text", "address")]
        if text:
            kinds = ", ".join(f"{name!r} ({table.column(name).type})" for name in text)
            raise InvalidDataError(
                f"these columns hold no numbers: {kinds}; encode them, leave them out with table.drop(...), or name "
                "those that shall be used"
            )
        return table.to_matrix()

    def to_csv(self, target: Any, *, separator: str = ",", header: bool = True) -> None:
        """Write all rows to a file by its path, or to a binary file object.

        What is missing is empty, times are ISO 8601 in UTC, numbers have the digits that they need. `nad.read` gives
        the same names and values back, and for tables that came from a log the same types and roles. A text cannot
        carry all: texts like "", "-", "NA" or "null" come back as missing, types of other tables are found out anew
        (numbers that are all whole become integers), and the source and the original names are lost.
        """
        if hasattr(target, "write"):
            target.write(_core.to_csv(self._table, separator, header))
        else:
            _core.write_csv(self._table, target, separator, header)

    def to_pandas(self, *, copy: bool = True) -> Any:
        """A ``pandas.DataFrame``.

        Integers and truth values with gaps become pandas' nullable types, times are in UTC, addresses are text.

        The frame has memory of its own and can be written to. ``copy=False`` lets it look at the table's memory where
        the types allow (numbers, integers, times and truth values without gaps): no copy, for frames that are only
        read. Values of such a column cannot be set (``frame.loc[0, "port"] = 1`` is an error of NumPy), a whole column
        can be replaced.
        """
        pandas = _other_library("pandas", "to_pandas")
        series = {name: _to_series(pandas, column, copy) for name, column in zip(self.columns, self._table.columns)}
        return pandas.DataFrame(series, copy=False)

    def to_polars(self) -> Any:
        """A ``polars.DataFrame``, without a copy where the types allow; addresses are text."""
        return _other_library("polars", "to_polars").DataFrame(self)

    def to_arrow(self) -> Any:
        """A ``pyarrow.Table``, without a copy where the types allow.

        Addresses are text, which `nad.Table` knows again by the metadata.
        """
        return _other_library("pyarrow", "to_arrow").table(self)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The table for other libraries. It has one form; a request for other columns is an error."""
        return self._table.export_stream(requested_schema)

    def __arrow_c_schema__(self) -> Any:
        return self._table.export_schema()

    def __reduce__(self) -> tuple[Any, ...]:
        return Table._of, (self._table,)


def concatenate(tables: Iterable[Table]) -> Table:
    """The rows of all tables, in their order.

    Every table has the columns of the first, in any order; integers beside numbers become numbers, categories are
    merged. Roles and source are those of the first.
    """
    given = list(tables)
    for number, table in enumerate(given):
        if not isinstance(table, Table):
            raise TypeError(f"concatenate() needs tables, but number {number + 1} is {type(table).__qualname__}")
    return Table._of(_core.Table.concatenate([table._table for table in given]))


def _to_core(data: Any) -> _core.Table:
    if data is None:
        return _core.Table([], [], "")
    if isinstance(data, Table):
        return data._table
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        imported = through_arrow(data)
        if imported is not None and hasattr(data, "iloc") and hasattr(data, "columns"):
            # pyarrow puts the index of pandas behind the columns
            return imported.select([str(name) for name in data.columns])
        if imported is not None:
            return imported
    if isinstance(data, Mapping):
        return _from_columns(data.items())
    if hasattr(data, "iloc") and hasattr(data, "columns"):  # pandas before 2.2, or without pyarrow
        return _from_columns((str(name), series) for name, series in data.items())
    raise TypeError(
        f"a table cannot be made of {type(data).__qualname__}; give a data frame, or a mapping from names to columns, "
        "for instance dict(zip(names, X.T)) for an array X"
    )


def _from_columns(items: Iterable[tuple[Any, Any]]) -> _core.Table:
    fields, columns = [], []
    for name, values in items:
        if not isinstance(name, str):
            raise TypeError(f"the column name {name!r} is no string")
        column = values._column if isinstance(values, Column) else to_column(values, name)
        fields.append((name, _core.guess_role(name, column.type), ""))
        columns.append(column)
    return _core.Table(fields, columns, "")


def _changed(table: _core.Table, types: Mapping[str, str], roles: Mapping[str, str]) -> _core.Table:
    """With other types and roles, all at once: each new schema takes time for all columns, and there may be many."""
    if not types and not roles:
        return table
    fields, columns = table.fields, table.columns
    places = {name: place for place, (name, _, _) in enumerate(fields)}
    for name in (*types, *roles):
        if name not in places:
            table.column(name)  # says which name is near
    for name, kind in types.items():
        place = places[name]
        guessed = _core.guess_role(name, columns[place].type)
        columns[place] = columns[place].convert(kind, name)
        if fields[place][1] == guessed:  # a text that becomes an address is an identifier
            fields[place] = (name, _core.guess_role(name, kind), fields[place][2])
    for name, role in roles.items():
        fields[places[name]] = (name, role, fields[places[name]][2])
    return _core.Table(fields, columns, table.source)


def _names(names: str | Iterable[str]) -> list[str]:
    given = [names] if isinstance(names, str) else list(names)
    for name in given:
        if not isinstance(name, str):
            raise InvalidArgumentError(f"{name!r} is no column name; give strings")
    return given


def _other_library(name: str, verb: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"Table.{verb}() needs the package {name}; install it with `pip install {name}`") from error


def _to_series(pandas: Any, column: _core.Column, copy: bool) -> Any:
    kind = column.type
    if kind == "category":
        return pandas.Series(pandas.Categorical.from_codes(column.codes(), column.categories()))
    if kind in ("integer", "boolean") and column.missing_count:
        return pandas.Series(column.to_list(), dtype="Int64" if kind == "integer" else "boolean")
    if kind == "address":
        column = column.convert("text", "")
    if kind in ("text", "address"):
        return pandas.Series(column.to_list(), dtype=None if column.missing_count < len(column) else object)
    values = column.to_numpy()
    series = pandas.Series(values.copy() if copy and not values.flags.writeable else values, copy=False)
    return series.dt.tz_localize("UTC") if kind == "time" else series


def core_table(table: Any) -> _core.Table:
    """The compiled table of a `Table`, or of anything that `Table` takes."""
    return (table if isinstance(table, Table) else Table(table))._table
