"""The one place where this page asks how findings are grouped and written: the same way as on the command line."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from nad.cli import _incidents as rule
from nad.cli._findings import finding_dict
from nad.cli._flows import FoundFlow, found_flows
from nad.cli._incidents import reason_text
from nad.plots.records import SOURCES

if TYPE_CHECKING:
    import numpy as np

    from nad.model import Finding, Findings, Model, Reason
    from nad.table import Table

__all__ = ["SOURCES", "FoundFlow", "Incident", "Incidents", "finding_dict", "found_flows", "incidents", "reason_text"]

_MOST = 20_000


class Incident:
    """Findings that a person looks at as one; the most anomalous first."""

    def __init__(self, one: rule.Incident) -> None:
        self._one = one
        self.who = one.who

    @property
    def records(self) -> int:
        """How many records it is about."""
        return len(self._one.flows)

    @property
    def findings(self) -> list[Finding]:
        """All of them."""
        return [flow.finding for flow in self._one.flows]

    @property
    def strongest(self) -> Finding:
        """The most anomalous one."""
        return self._one.strongest.finding

    @property
    def begin(self) -> np.datetime64 | None:
        """When the first record began."""
        return rule.moment(self._one.begin)

    @property
    def end(self) -> np.datetime64 | None:
        """When the last record ended."""
        return rule.moment(self._one.end)

    @property
    def families(self) -> dict[str, int]:
        """What a model that learnt from labels calls it."""
        return dict(Counter(finding.family for finding in self.findings if finding.family).most_common())

    def reasons(self, most: int = 3) -> list[Reason]:
        """The columns that speak most for it."""
        return self._one.reasons(most)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return self._one.to_dict()


class Incidents(list[Incident]):
    """Those that deserve a look most first."""

    def __init__(self, table: Table, found: list[rule.Incident]) -> None:
        super().__init__(map(Incident, found))
        self._table = table

    def explain(self, model: Model, *, first: int = 20) -> None:
        """Look for reasons where findings have none."""
        rule.explain_silent([one._one for one in self[:first]], model, self._table)


def incidents(table: Table, findings: Findings) -> Incidents:
    """Findings that belong together as one; of very many the most anomalous."""
    return Incidents(table, rule.incidents_of(found_flows(table, findings.reported[:_MOST], whole=False)))
