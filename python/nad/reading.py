"""Files of connections become tables.

>>> flows = nad.read("conn.log.gz")  # the format is found in the content
>>> flows, report = nad.read("flows.csv", on_error="skip", return_report=True)
>>> report.skipped
{'3 fields where 14 belong': 2}
>>> for batch in nad.Reader("huge.csv", batch_rows=50_000):
...     score(batch)
"""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, overload

from nad import _core
from nad._progress import ProgressBar
from nad.errors import missing_file_noticed
from nad.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

__all__ = ["ReadReport", "Reader", "formats", "read"]

_PARQUET = b"PAR1"


@dataclass(frozen=True)
class ReadReport:
    """What reading a file found, and what it had to leave out."""

    format: str
    rows: int
    skipped: dict[str, int] = field(default_factory=dict)
    """Reason -> how many records were left out for it."""
    notes: list[str] = field(default_factory=list)
    """What a person should know about the file."""


@overload
def read(
    source: str | os.PathLike[str] | BinaryIO,
    *,
    format: str = ...,
    on_error: Literal["raise", "skip"] = ...,
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
    progress: bool = ...,
    return_report: Literal[True],
    **options: Any,
) -> tuple[Table, ReadReport]: ...
def read(
    source: str | os.PathLike[str] | BinaryIO,
    *,
    format: str = "auto",  # noqa: A002
    on_error: Literal["raise", "skip"] = "raise",
    progress: bool = False,
    return_report: bool = False,
    **options: Any,
) -> Table | tuple[Table, ReadReport]:
    """Read a whole file, or a file object opened in binary mode. Gzip is read transparently.

    Parameters
    ----------
    source : path or binary file object
        What it holds is recognised by its content; ``nad.formats()`` lists what there is.
    format : str
        One of ``nad.formats()``, where the content alone does not say it.
    on_error : "raise" or "skip"
        A malformed row is an error that names file, line and column, or is counted in the report and left out.
    progress : bool
        Draw a progress bar on the standard error stream.
    return_report : bool
        Also return a `ReadReport`.
    **options
        ``encoding`` of text: "utf-8", "latin-1" or "windows-1252". For text tables that no other format knows (format
        "csv"): ``separator``, ``quote`` and ``comment`` ("" for none), ``header``, ``names``, ``types`` (column ->
        type), ``missing`` (the texts that mean "no value"). What is not given is found out. ``day_first`` of dates like
        7/4/2017, also in tables of other formats, where the dates do not show it.
    """
    if _is_parquet(source):
        table = _read_parquet(source)
        return (table, ReadReport("parquet", len(table))) if return_report else table
    bar = ProgressBar() if progress else None
    with missing_file_noticed(source if isinstance(source, str | os.PathLike) else ""):
        core, words = _core.read(source, format, on_error, options, bar)
    if bar is not None:
        bar.close()
    table = Table._of(core)
    return (table, ReadReport(**words)) if return_report else table


class Reader:
    """Reads a file in batches of bounded memory: an iterator of tables.

    The parameters are those of `read`, and ``batch_rows``, the most rows that a batch has.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | BinaryIO,
        *,
        format: str = "auto",  # noqa: A002
        on_error: Literal["raise", "skip"] = "raise",
        batch_rows: int = 65536,
        **options: Any,
    ) -> None:
        with missing_file_noticed(source if isinstance(source, str | os.PathLike) else ""):
            self._reader = _core.Reader(source, format, on_error, {**options, "batch_rows": batch_rows})

    def __iter__(self) -> Iterator[Table]:
        while (batch := self._reader.next()) is not None:
            yield Table._of(batch)

    @property
    def report(self) -> ReadReport:
        """What was found so far."""
        return ReadReport(**self._reader.report)


def formats() -> dict[str, str]:
    """The formats that `read` knows, each with a line of description."""
    return {**dict(_core.formats()), "parquet": "Apache Parquet, where pyarrow is installed"}


def _is_parquet(source: Any) -> bool:
    if not isinstance(source, str | os.PathLike):
        return False
    try:
        with open(source, "rb") as file:  # noqa: PTH123 (of a str, too)
            return file.read(len(_PARQUET)) == _PARQUET
    except OSError:
        return False  # the reader says it better


def _read_parquet(source: Any) -> Table:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ImportError(f"{os.fspath(source)} is a Parquet file; install pyarrow to read it") from error
    return Table(parquet.read_table(source), source="parquet")
