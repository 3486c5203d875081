"""What the records that are reported have of the columns that all flow logs share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nad._who_and_when import times_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nad.model import Finding
    from nad.table import Table

__all__ = ["FoundFlow", "found_flows"]


@dataclass(frozen=True)
class FoundFlow:
    """A finding and who it is about."""

    finding: Finding
    values: dict[str, Any]
    """All that the record holds; None where a value is missing."""
    begin: np.datetime64 | None
    end: np.datetime64 | None

    @property
    def src(self) -> str | None:
        """The address that began."""
        return self._text("src_ip")

    @property
    def dst(self) -> str | None:
        """The address that was asked."""
        return self._text("dst_ip")

    def port(self, name: str) -> int | None:
        """A number that can be a port, or None."""
        value = self.values.get(name)
        return value if isinstance(value, int) and 0 <= value <= 65535 else None

    def text(self, name: str) -> str:
        """Text as the record has it, or nothing."""
        return self._text(name) or ""

    def _text(self, name: str) -> str | None:
        value = self.values.get(name)
        return None if value is None else str(value)


def found_flows(table: Table, findings: Sequence[Finding]) -> list[FoundFlow]:
    """The records of these findings, in their order; each as Python values, so of many they need much memory."""
    if not findings:
        return []
    rows = np.array([finding.row for finding in findings], dtype=np.int64)
    found = table[rows]
    columns = {name: found[name].to_list() for name in found.columns}
    times = times_in(table, rows)
    begins, ends = (moments.astype("datetime64[ns]") for moments in (times.begin, times.end))
    return [
        FoundFlow(
            finding,
            {name: column[place] for name, column in columns.items()},
            *((begins[place], ends[place]) if times.known[place] else (None, None)),
        )
        for place, finding in enumerate(findings)
    ]
