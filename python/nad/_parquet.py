"""Parquet, which pyarrow decodes: row group by row group for a table, in bounded batches for a `nad.Reader`."""

from __future__ import annotations

import contextlib
import importlib
import operator
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from nad import _core
from nad.errors import BadFileError, Error, InvalidArgumentError
from nad.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy.typing as npt

    from nad._progress import ProgressBar

_MAGIC = b"PAR1"
_OF_TEXT = ("encoding", "separator", "quote", "comment", "header", "names", "missing", "day_first")
_BUFFER = 1 << 16  # bytes a column; else, or with pre_buffer, pyarrow takes whole row groups into memory


class Peeked:
    """A file object that cannot go back, with its first bytes still to be read."""

    def __init__(self, first: bytes, file: Any) -> None:
        self._first, self._file = first, file

    def read(self, size: int = -1) -> Any:
        """The first bytes, then the others."""
        if not self._first:
            return self._file.read(size)
        first, self._first = self._first, b""
        return first


def looks_like_parquet(source: Any) -> tuple[bool, Any]:
    """Whether the file begins so, and what is to be read: a file object stands where it stood."""
    if isinstance(source, (str, os.PathLike)):
        try:
            with open(source, "rb") as file:  # noqa: PTH123 (of a str, too)
                return file.read(len(_MAGIC)) == _MAGIC, source
        except OSError:
            return False, source  # the reader says it better
    can_go_back = hasattr(source, "seekable") and source.seekable()
    place = source.tell() if can_go_back else 0
    first = b""
    while len(first) < len(_MAGIC):
        part = source.read(len(_MAGIC) - len(first))
        if not isinstance(part, bytes) or not part:
            break  # the end, or no binary file, which the reader says
        first += part
    if can_go_back:
        source.seek(place)
        return first == _MAGIC, source
    return first == _MAGIC, Peeked(first, source) if first else source


class ParquetReader:
    """As the compiled reader of the other formats: batches until None, and a report."""

    def __init__(
        self,
        source: Any,
        format: str,  # noqa: A002
        on_error: str,
        options: Mapping[str, Any],
        columns: Iterable[str] | None = None,
    ) -> None:
        self._name = os.fspath(source) if isinstance(source, (str, os.PathLike)) else "stream"
        self._skips = on_error == "skip"
        self._types: dict[str, str] = {}
        self._batch_rows = 65536
        self._report: dict[str, Any] = {"format": "parquet", "rows": 0, "skipped": {}, "notes": []}
        self._check(format, on_error, options)
        if isinstance(source, Peeked):
            raise InvalidArgumentError(
                f"{self._name} is Parquet, whose end must be read first, but the file object cannot go to another "
                "place; read all of it into io.BytesIO"
            )
        try:
            parquet = importlib.import_module("pyarrow.parquet")
        except ImportError as error:
            raise ImportError(f"{self._name} is a Parquet file; install pyarrow to read it") from error
        with self._damage_noticed():
            self._file = parquet.ParquetFile(
                source, buffer_size=_BUFFER, pre_buffer=False, page_checksum_verification=True
            )
        self._columns = self._chosen(columns)
        self._batches: Iterator[Any] | None = None

    def next(self) -> _core.Table | None:
        """The next rows; None behind the last."""
        arrow = importlib.import_module("pyarrow")
        with self._damage_noticed():
            if self._batches is None:
                self._batches = self._file.iter_batches(batch_size=self._batch_rows, columns=self._columns)
            batch = next(self._batches, None)
            if batch is None:
                self._file.close()
                return None
        return self._finished(arrow.Table.from_batches([batch]))

    def read_all(self, bar: ProgressBar | None) -> _core.Table:
        """The whole file."""
        arrow = importlib.import_module("pyarrow")
        groups = []
        rows = 0
        with self._damage_noticed(), self._file as file:
            for number in range(file.num_row_groups):
                groups.append(file.read_row_group(number, columns=self._columns))
                rows += len(groups[-1])
                if bar is not None:
                    bar.draw("reading", rows, file.metadata.num_rows)
            table = arrow.concat_tables(groups) if groups else file.read(columns=self._columns)
        return self._finished(table)

    @property
    def report(self) -> dict[str, Any]:
        """What was found so far."""
        return {**self._report, "skipped": dict(self._report["skipped"])}

    def _check(self, format: str, on_error: str, options: Mapping[str, Any]) -> None:  # noqa: A002
        if format not in ("auto", "parquet"):
            raise InvalidArgumentError(f"{self._name} is a Parquet file, but format is {format!r}; leave it out")
        if on_error not in ("raise", "skip"):
            raise InvalidArgumentError(f"on_error is {on_error!r}; give 'raise' or 'skip'")
        for option, value in options.items():
            if option in _OF_TEXT:
                raise InvalidArgumentError(
                    f"{option} is an option of text files and means nothing for {self._name}, a Parquet file; "
                    "leave it out"
                )
            if option == "types":
                self._types = dict(value)
            elif option == "batch_rows":
                self._batch_rows = _whole_number(value)
            else:
                raise TypeError(f"read() has no option {option}")

    def _chosen(self, columns: Iterable[str] | None) -> list[str] | None:
        """The columns to decode; a name that the file lacks is an error that names the nearest."""
        names = self._file.schema_arrow.names
        if columns is None and not self._types:
            return None
        empty = Table._of(_core.Table([(name, "feature", "") for name in names], [_NOTHING] * len(names), ""))
        empty.select(self._types)
        return None if columns is None else empty.select(columns).columns

    def _finished(self, arrow: Any) -> _core.Table:
        table = Table(arrow)
        types = {name: kind for name, kind in self._types.items() if name in table.columns}
        if self._skips:
            table = self._without_misfits(table, types)
        table = Table(table, types=types, source=table.source or "parquet")
        if self._columns is not None:
            table = table.select(self._columns)
        self._report["rows"] += len(table)
        return table._table

    def _without_misfits(self, table: Table, types: Mapping[str, str]) -> Table:
        """Only the rows whose values have a place in the wanted types; the others are counted."""
        skipped = self._report["skipped"]
        for name, kind in types.items():
            fits = _fitting_rows(table._table.column(name), kind)
            if not fits.all():
                reason = f"{name}: not of type {kind}"
                skipped[reason] = skipped.get(reason, 0) + int((~fits).sum())
                table = table[fits]
        return table

    @contextlib.contextmanager
    def _damage_noticed(self) -> Iterator[None]:
        try:
            yield
        except Error:
            raise
        except (OSError, ValueError) as error:  # pyarrow says both of damaged files, without a number of the system
            if getattr(error, "errno", None) is not None or not _is_of_arrow(error):
                raise
            raise BadFileError(f"{self._name} is a damaged or incomplete Parquet file: {error}") from error


_NOTHING = _core.Column.from_list("text", [], "")


def _is_of_arrow(error: Exception) -> bool:
    return isinstance(error, importlib.import_module("pyarrow").ArrowException) or type(error) is OSError


def _fitting_rows(column: _core.Column, kind: str) -> npt.NDArray[np.bool_]:
    """Which rows can be converted, found by halves: what is sound is not looked at value by value."""
    fits = np.zeros(len(column), dtype=np.bool_)
    parts = [(0, len(column))]
    while parts:
        first, count = parts.pop()
        try:
            column.slice(first, count).convert(kind, "")
            fits[first : first + count] = True
        except Error as error:
            if error.code != "invalid_data":  # no such type, or no way to it
                raise
            if count > 1:
                parts += [(first, count // 2), (first + count // 2, count - count // 2)]
    return fits


def _whole_number(batch_rows: Any) -> int:
    wish = f"batch_rows is {batch_rows!r}; give a whole number of at least 1"
    try:
        number = operator.index(batch_rows)
    except TypeError:
        raise TypeError(wish) from None
    if number < 1 or isinstance(batch_rows, bool):
        raise InvalidArgumentError(wish)
    return number
