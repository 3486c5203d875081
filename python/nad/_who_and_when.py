"""Who is in the records of a table, whom they turned to, and when that was, for the rows that are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from nad.column import Column
    from nad.table import Table

__all__ = ["DESTINATIONS", "SOURCES", "Codes", "Times", "codes_in", "first_column", "ports_in", "times_in"]

Ints = npt.NDArray[np.int64]

#: What columns with hosts are called; the first one that a table has counts.
SOURCES = ("src_ip", "src_host", "source", "src")
DESTINATIONS = ("dst_ip", "dst_host", "destination", "dst")

_MOST_SECONDS = 1e9  # longer durations are none
_PORTS = 65_536


def first_column(table: Table, names: tuple[str, ...]) -> Column | None:
    """The first of these columns that the table has."""
    found: Column | None = next((table[name] for name in names if name in table), None)
    return found


class Codes:
    """A number for each value, -1 where it is missing, and the texts that the numbers mean."""

    def __init__(self, codes: Ints, texts: list[str]) -> None:
        self.codes = codes
        self.texts = texts

    def __len__(self) -> int:
        return len(self.texts)


def codes_in(column: Column | None, rows: Ints) -> Codes:
    """The values of these rows; without a column all are missing."""
    if column is None:
        return Codes(np.full(len(rows), -1, dtype=np.int64), [])
    core = column[rows]._column
    for step in ("text", "category"):
        core = core if core.type == "category" else core.convert(step, column.name)
    return Codes(core.codes().astype(np.int64), core.categories())


def ports_in(table: Table, name: str, rows: Ints) -> Ints:
    """Numbers that can be ports, -1 for all else."""
    if name not in table or table[name].type != "integer":
        return np.full(len(rows), -1, dtype=np.int64)
    values = np.asarray(table[name][rows].to_numpy(), dtype=np.float64)  # NaN where missing
    known = np.isfinite(values) & (values >= 0) & (values < _PORTS)
    return np.where(known, values, -1).astype(np.int64)


class Times:
    """When records began and ended, in nanoseconds since 1970; both mean nothing where `known` is false."""

    def __init__(self, begin: Ints, end: Ints, known: npt.NDArray[np.bool_]) -> None:
        self.begin = begin
        self.end = end
        self.known = known


def times_in(table: Table, rows: Ints) -> Times:
    """The column timestamp, else the first moment that a row has; last_seen, else the begin and the duration."""
    moments = [name for name, role in table.roles.items() if role == "moment" and table.types[name] == "time"]
    begin = np.full(len(rows), np.datetime64("NaT", "ns"), dtype="datetime64[ns]")
    for name in sorted(moments, key=lambda name: name != "timestamp"):
        begin = np.where(np.isnat(begin), table[name][rows].to_numpy(), begin)
    end = np.full(len(rows), np.datetime64("NaT", "ns"), dtype="datetime64[ns]")
    if "last_seen" in table and table.types["last_seen"] == "time":
        end = table["last_seen"][rows].to_numpy()
    if "duration" in table and table.types["duration"] in ("number", "integer"):
        seconds = np.asarray(table["duration"][rows].to_numpy(), dtype=np.float64)
        lasted = np.where((seconds >= 0) & (seconds < _MOST_SECONDS), seconds, 0.0)
        passed = np.round(lasted * 1e9).astype(np.int64).astype("timedelta64[ns]")
        end = np.where(np.isnat(end), begin + passed, end)
    known = ~np.isnat(begin)
    end = np.where(np.isnat(end), begin, np.maximum(begin, end))
    return Times(begin.astype(np.int64), end.astype(np.int64), known)
