"""From the files that a person gives to one table, within bounds.

>>> records = read_files([given(folder, "day.pcap", stream)], Limits())
>>> records.name, len(records.table), records.skipped
"""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from nad import _core
from nad.errors import Error, InvalidDataError
from nad.flow import Capture, FlowMeter
from nad.reading import Reader, ReadReport, read_with_report
from nad.table import Table, concatenate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["GivenFile", "Limits", "Records", "given", "new_folder", "read_files"]

_BATCH = 65_536
_NAME = 80  # letters of a file name that are kept on disk
_MEGABYTE = 1 << 20  # as Streamlit counts


@dataclass(frozen=True)
class Limits:
    """How much one person may ask for."""

    upload_mb: int = 200
    """Of the files of one upload, as they are sent."""
    rows: int = 1_000_000
    """Of all files together, unpacked."""
    files: int = 100
    """At a time."""


@dataclass(frozen=True)
class GivenFile:
    """A file of the session's folder, and what the person calls it."""

    path: Path
    name: str

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size

    def remove(self) -> None:
        """With the folder that it has to itself."""
        shutil.rmtree(self.path.parent, ignore_errors=True)


@dataclass(frozen=True)
class Records:
    """What was read."""

    name: str
    table: Table
    reports: list[tuple[str, ReadReport]]
    files: list[GivenFile] = field(default_factory=list)

    @property
    def format(self) -> str:
        """The format of the files."""
        return ", ".join(dict.fromkeys(report.format for _, report in self.reports))

    @property
    def skipped(self) -> dict[str, int]:
        """Reason -> how many records were left out for it."""
        total: dict[str, int] = {}
        for _, report in self.reports:
            for reason, count in report.skipped.items():
                total[reason] = total.get(reason, 0) + count
        return total

    @property
    def notes(self) -> list[str]:
        """What a person should know about the files."""
        several = len(self.reports) > 1
        return [f"{name}: {note}" if several else note for name, report in self.reports for note in report.notes]

    @cached_property
    def span(self) -> tuple[np.datetime64, np.datetime64] | None:
        """When the first and the last record happened."""
        for name, role in self.table.roles.items():
            if role == "moment" and self.table.types[name] == "time":
                times = self.table[name].to_numpy()
                known = times[~np.isnat(times)]
                if len(known):
                    return known.min(), known.max()
        return None

    @property
    def labels(self) -> list[str]:
        """The columns that say what is an attack."""
        return [name for name, role in self.table.roles.items() if role == "label"]


def new_folder(folder: Path) -> Path:
    """One for a file: `GivenFile.remove` removes both."""
    return Path(tempfile.mkdtemp(prefix="file-", dir=folder))


def given(folder: Path, name: str, content: BinaryIO) -> GivenFile:
    """Keep an upload in a folder of its own; of its name only what every file system takes."""
    short = re.sub(r"[^A-Za-z0-9._-]+", "_", Path(name.replace("\\", "/")).name).lstrip(".")[-_NAME:] or "file"
    path = new_folder(folder) / short
    with path.open("wb") as target:
        content.seek(0)
        shutil.copyfileobj(content, target)
    return GivenFile(path, _core.printable(name, _NAME) or short)


def read_files(files: Sequence[GivenFile], limits: Limits, tell: Callable[[str], object] = lambda _: None) -> Records:
    """All files as one table; malformed records are counted and left out.

    Raises an `Error` that names the file as the person does, where one cannot be read, where they do not fit together,
    or where they are more than `limits` allows.
    """
    if not files:
        raise InvalidDataError("no file was given")
    total = sum(file.size for file in files)
    if total > limits.upload_mb * _MEGABYTE:
        raise InvalidDataError(
            f"the files are {total / _MEGABYTE:,.0f} MB together, more than the {limits.upload_mb:,} MB that this page "
            "takes; give fewer, or use `nad detect` on the command line"
        )
    formats, rows = [], 0
    for file in files:
        tell(f"looking at {file.name}")
        with _named(file):
            kind, count = _counted(file, limits.rows - rows)
        formats.append(kind)
        rows += count
        if rows > limits.rows:
            raise InvalidDataError(
                f"{file.name}: there are more than {limits.rows:,} records, which is what this page takes; give a "
                "part of them, or use `nad detect` on the command line"
            )
    name = files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more"
    if len(files) > 1 and set(formats) == {"pcap"}:
        tell("merging packets by time")
        table, report = _merged(files)
        return _checked(Records(name, table, [(name, report)], list(files)))
    tables, reports = [], []
    for file in files:
        tell(f"reading {file.name}")
        with _named(file):
            table, report = read_with_report(file.path, on_error="skip")
        tables.append(table)
        reports.append((file.name, report))
    try:
        whole = tables[0] if len(tables) == 1 else concatenate(tables)
    except Error as error:
        raise InvalidDataError(f"the files do not belong together: {error}") from error
    return _checked(Records(name, whole, reports, list(files)))


def _counted(file: GivenFile, most: int) -> tuple[str, int]:
    """The format and the number of records, counted in bounded memory and not beyond `most`."""
    reader = Reader(file.path, on_error="skip", batch_rows=_BATCH)
    batches = Capture(file.path, batch_rows=_BATCH) if reader.report.format == "pcap" else reader
    rows = 0
    for batch in batches:
        rows += len(batch)
        if rows > most:
            break
    return reader.report.format, rows


def _merged(files: Sequence[GivenFile]) -> tuple[Table, ReadReport]:
    meter = FlowMeter()
    report = meter.add_captures([file.path for file in files])
    table = meter.flush()
    return table, ReadReport(report.format, len(table), report.skipped, report.notes)


def _checked(records: Records) -> Records:
    if len(records.table) == 0:
        lost = sum(records.skipped.values())
        why = f"all {lost:,} were malformed: {next(iter(records.skipped))}" if lost else "it may be the header alone"
        if any("not UTF-8" in reason for reason in records.skipped):
            why += "; save it as UTF-8, as with `iconv -f LATIN1 -t UTF-8`"
        raise InvalidDataError(f"{records.name}: there is no record in it; {why}")
    return records


class _named:  # noqa: N801 - read as a verb
    """Errors name the file as the person does, not where it lies."""

    def __init__(self, file: GivenFile) -> None:
        self._file = file

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Error):
            text = str(error).replace(str(self._file.path), self._file.name)
            if self._file.name not in text:
                text = f"{self._file.name}: {text}"
            raise type(error)(text) from error
