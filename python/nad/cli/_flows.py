"""What the records that are reported have of the columns that all flow logs share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nad.model import Finding
    from nad.table import Table

__all__ = ["FoundFlow", "found_flows"]

_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class FoundFlow:
    """A finding and who it is about."""

    finding: Finding
    values: dict[str, Any]
    """All that the record holds; None where a value is missing."""
    begin: int | None
    """Nanoseconds since 1970."""
    end: int | None

    @property
    def src(self) -> str | None:
        """The address that began."""
        return self._text("src_ip")

    @property
    def dst(self) -> str | None:
        """The address that was asked."""
        return self._text("dst_ip")

    @property
    def anomaly_class(self) -> str:
        """The family, or the strongest reason in two words: "high bytes_sent"."""
        if self.finding.family:
            return self.finding.family
        reasons = self.finding.reasons
        if not reasons or not reasons[0].contribution > 0.0:
            return "anomaly"
        return f"{_WORDS.get(reasons[0].direction, 'unusual')} {reasons[0].column}"

    def port(self, name: str) -> int | None:
        """A number that can be a port, or None."""
        value = self.values.get(name)
        return value if isinstance(value, int) and 0 <= value <= 65535 else None

    def count(self, name: str) -> int:
        """0 where there is none, or a negative one."""
        value = self.values.get(name)
        return max(value, 0) if isinstance(value, int) else 0

    def text(self, name: str) -> str:
        """Text as the record has it, or nothing."""
        return self._text(name) or ""

    def _text(self, name: str) -> str | None:
        value = self.values.get(name)
        return None if value is None else str(value)


_WORDS = {"higher": "high", "lower": "low", "rare": "rare", "never_seen": "new", "missing": "missing"}


_WHO = ("src_ip", "src_port", "dst_ip", "dst_port", "protocol", "service", "duration", "last_seen")


def found_flows(table: Table, findings: Sequence[Finding], *, whole: bool = True) -> list[FoundFlow]:
    """The records of these findings, in their order; of many, `whole` records need much memory."""
    if not findings:
        return []
    rows = table[np.array([finding.row for finding in findings], dtype=np.int64)]
    if not whole:
        rows = rows.select([name for name, role in rows.roles.items() if name in _WHO or role == "moment"])
    columns = {name: rows[name].to_list() for name in rows.columns}
    moments = [name for name, role in rows.roles.items() if role == "moment" and rows.types[name] == "time"]
    moments = ["timestamp"] * ("timestamp" in moments) + [name for name in moments if name != "timestamp"]
    flows = []
    for place, finding in enumerate(findings):
        values = {name: column[place] for name, column in columns.items()}
        begin = next((at for name in moments if (at := _nanoseconds(values[name])) is not None), None)
        end = _nanoseconds(values.get("last_seen"))
        duration = values.get("duration")
        if end is None and begin is not None and isinstance(duration, (int, float)) and 0 <= duration < 1e9:
            end = begin + round(duration * _NANOSECONDS)
        flows.append(FoundFlow(finding, values, begin, begin if end is None else end))
    return flows


def _nanoseconds(value: Any) -> int | None:
    if not isinstance(value, np.datetime64) or np.isnat(value):
        return None
    return int(value.astype("datetime64[ns]").astype(np.int64))
