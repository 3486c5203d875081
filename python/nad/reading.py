"""Files of connections become tables.

>>> flows = nad.read("conn.log.gz")  # the format is found in the content
>>> flows, report = nad.read("flows.csv", on_error="skip", return_report=True)
>>> report.skipped
{'3 fields where 14 belong': 2}
>>> flows = nad.read("day.pcap")  # packets become flows
>>> for batch in nad.Reader("huge.csv", batch_rows=50_000):
...     score(batch)
"""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, overload

from nad import _core
from nad._parquet import ParquetReader, looks_like_parquet
from nad._progress import ProgressBar
from nad.errors import BadFileError, DataWarning, MissingFileError, missing_file_noticed
from nad.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

__all__ = ["ReadReport", "Reader", "formats", "read"]


@dataclass(frozen=True)
class ReadReport:
    """What reading a file found, and what it had to leave out.

    Attributes
    ----------
    format : str
        What the file was taken for.
    rows : int
        Records that were read.
    skipped : dict of str to int
        Reason -> how many records were left out for it.
    notes : list of str
        What a person should know about the file.
    """

    format: str
    rows: int
    skipped: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        found = [f"{self.rows} rows of {self.format}"]
        if self.skipped:
            reasons = ", ".join(f"{reason} ({count})" for reason, count in self.skipped.items())
            found.append(f"{sum(self.skipped.values())} records were left out: {reasons}")
        return "; ".join(found + self.notes)


@overload
def read(
    source: str | os.PathLike[str] | BinaryIO,
    *,
    format: str = ...,
    on_error: Literal["raise", "skip"] = ...,
    columns: Iterable[str] | None = ...,
    progress: bool = ...,
    return_report: Literal[False] = ...,
    **options: Any,
) -> Table: ...
@overload
def read(
    source: str | os.PathLike[str] | BinaryIO,
    *,
    format: str = ...,
    on_error: Literal["raise", "skip"] = ...,
    columns: Iterable[str] | None = ...,
    progress: bool = ...,
    return_report: Literal[True],
    **options: Any,
) -> tuple[Table, ReadReport]: ...
def read(
    source: str | os.PathLike[str] | BinaryIO,
    *,
    format: str = "auto",  # noqa: A002
    on_error: Literal["raise", "skip"] = "raise",
    columns: Iterable[str] | None = None,
    progress: bool = False,
    return_report: bool = False,
    **options: Any,
) -> Table | tuple[Table, ReadReport]:
    """Read a whole file, or a file object opened in binary mode. Gzip is read transparently.

    Where a person should know something about the file (notes, rows that were left out), a `DataWarning` says it,
    unless the report is asked for.

    Parameters
    ----------
    source : path or binary file object
        What it holds is recognised by its content; ``nad.formats()`` lists what there is.
    format : str
        One of ``nad.formats()``, where the content alone does not say it.
    on_error : "raise" or "skip"
        A malformed row is an error that names file, line and column, or is counted in the report and left out.
    columns : iterable of str, optional
        The columns to keep, in this order. Of Parquet only these are decoded.
    progress : bool
        Draw a progress bar on the standard error stream.
    return_report : bool
        Also return a `ReadReport`, and warn of nothing.
    **options
        ``encoding`` of text: "utf-8", "latin-1" or "windows-1252". For text tables that no other format knows (format
        "csv"): ``separator``, ``quote`` and ``comment`` ("" for none), ``header``, ``names``, ``types`` (column ->
        type), ``missing`` (the texts that mean "no value"). What is not given is found out. ``day_first`` of dates like
        7/4/2017, also in tables of other formats, where the dates do not show it. Of these Parquet has ``types`` alone;
        with ``on_error="skip"`` rows with a value that has no place in them are left out. Captures of packets have the
        options of `FlowMeter`, such as ``schema="kdd28"``; what is malformed in them is always left out and counted.
    """
    table, report = read_with_report(
        source, format=format, on_error=on_error, columns=columns, progress=progress, options=options
    )
    if return_report:
        return table, report
    warn_of(report, source, stacklevel=3)
    return table


def read_with_report(
    source: str | os.PathLike[str] | BinaryIO,
    *,
    format: str = "auto",  # noqa: A002
    on_error: str = "raise",
    columns: Iterable[str] | None = None,
    progress: bool = False,
    options: dict[str, Any] | None = None,
) -> tuple[Table, ReadReport]:
    """Read and leave it to the caller to warn."""
    chosen = _checked_columns(columns)
    is_parquet, source = _recognised(source, format)
    bar = ProgressBar() if progress else None
    try:
        if is_parquet:
            reader = ParquetReader(source, format, on_error, options or {}, chosen)
            return Table._of(reader.read_all(bar)), ReadReport(**reader.report)
        with missing_file_noticed(source if isinstance(source, (str, os.PathLike)) else ""):
            core, words = _core.read(source, format, on_error, options or {}, bar)
    finally:
        if bar is not None:
            bar.close()
    table = Table._of(core)
    return table if chosen is None else table.select(chosen), ReadReport(**words)


def warn_of(report: ReadReport, source: Any, stacklevel: int) -> None:
    """One warning of all that the report has to say, or none."""
    if report.notes or report.skipped:
        name = os.fspath(source) if isinstance(source, (str, os.PathLike)) else "the stream"
        text = f"{name}: {report} (return_report=True gives this as a value)"
        warnings.warn(text, DataWarning, stacklevel=stacklevel)


class Reader:
    """Reads a file in batches of bounded memory: an iterator of tables.

    The parameters are those of `read`, and ``batch_rows``, the most rows that a batch has. What there is to know of the
    file is in ``report``; nothing is warned of.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | BinaryIO,
        *,
        format: str = "auto",  # noqa: A002
        on_error: Literal["raise", "skip"] = "raise",
        columns: Iterable[str] | None = None,
        batch_rows: int = 65536,
        **options: Any,
    ) -> None:
        self._columns = _checked_columns(columns)
        self._reader: _core.Reader | ParquetReader
        is_parquet, source = _recognised(source, format)
        options = {**options, "batch_rows": batch_rows}
        if is_parquet:
            self._reader = ParquetReader(source, format, on_error, options, self._columns)
        else:
            with missing_file_noticed(source if isinstance(source, (str, os.PathLike)) else ""):
                self._reader = _core.Reader(source, format, on_error, options)

    def __iter__(self) -> Iterator[Table]:
        while (batch := self._reader.next()) is not None:
            yield Table._of(batch if self._columns is None else batch.select(self._columns))

    @property
    def report(self) -> ReadReport:
        """What was found so far."""
        return ReadReport(**self._reader.report)


def formats() -> dict[str, str]:
    """The formats that `read` knows, each with a line of description."""
    return {**dict(_core.formats()), "parquet": "Apache Parquet, where pyarrow is installed"}


def _checked_columns(columns: Iterable[str] | None) -> list[str] | None:
    return None if columns is None else [columns] if isinstance(columns, str) else list(columns)


def _recognised(source: Any, format: str) -> tuple[bool, Any]:  # noqa: A002
    """Whether it is Parquet, and what is to be read."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        raise TypeError(f"the source is {type(source).__qualname__}; to read what it holds, give io.BytesIO(source)")
    if not isinstance(source, (str, os.PathLike)) and not hasattr(source, "read"):
        raise TypeError(
            f"the source is {source if source is None else type(source).__qualname__}; give the path of a file, or a "
            "file object opened in binary mode"
        )
    is_parquet, source = looks_like_parquet(source)
    if format == "parquet" and not is_parquet:
        is_path = isinstance(source, (str, os.PathLike))
        name = os.fspath(source) if is_path else "the stream"
        if is_path and not os.path.exists(source):  # noqa: PTH110 (of a str, too)
            raise MissingFileError(f"{name} is not there")
        raise BadFileError(f"{name} does not begin as Parquet does; leave format out, and its content is asked")
    return is_parquet, source
