"""Two models on the same records.

>>> both = compared(one, other)
>>> both.agreement, both.only_one
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nad.errors import InvalidDataError

if TYPE_CHECKING:
    from nad.app.grouping import FoundFlow
    from nad.app.judging import Judged

__all__ = ["Compared", "compared"]


@dataclass(frozen=True)
class Compared:
    """How the verdicts of two models on the same records differ."""

    records: int
    both: int
    only_one: int
    only_other: int
    listed_one: list[FoundFlow]
    """What only the first reports, the most anomalous first."""
    listed_other: list[FoundFlow]

    @property
    def neither(self) -> int:
        """Records that none of them reports."""
        return self.records - self.both - self.only_one - self.only_other

    @property
    def agreement(self) -> float:
        """The share of the records that they judge alike."""
        return (self.both + self.neither) / self.records if self.records else 1.0

    @property
    def overlap(self) -> float:
        """Of what any of them reports, the share that both report."""
        reported = self.both + self.only_one + self.only_other
        return self.both / reported if reported else 1.0


def compared(one: Judged, other: Judged) -> Compared:
    """Compare what was found in the same table."""
    if one.table is not other.table:
        raise InvalidDataError("the two models were asked about different records")
    first, second = one.findings.rows, other.findings.rows
    both = int(np.isin(first, second, assume_unique=True).sum())
    return Compared(
        records=len(one.table),
        both=both,
        only_one=len(first) - both,
        only_other=len(second) - both,
        listed_one=_not_in(one, set(second.tolist())),
        listed_other=_not_in(other, set(first.tolist())),
    )


def _not_in(judged: Judged, rows: set[int]) -> list[FoundFlow]:
    return [flow for flow in judged.flows if flow.finding.row not in rows]
