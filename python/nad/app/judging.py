"""What a model finds in records, in the shape in which a page shows it.

>>> judged = judge(model, table, nad.ThresholdRule.alerts_per_day(20))
>>> judged.incidents[0].who, judged.listed(Filter(host="10.1.0.7"))
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nad._report.facts import gathered_evaluation
from nad._words import surest
from nad.alerts import severity_of
from nad.app.grouping import FoundFlow, Incident, Incidents, found_flows, incidents, reason_text
from nad.record_scorer import RecordScorer
from nad.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nad._progress import ProgressCallback
    from nad.evaluation import Evaluation
    from nad.model import Finding, Findings, Model
    from nad.thresholds import ThresholdRule

__all__ = [
    "MOST_LISTED",
    "Filter",
    "Judged",
    "Misfit",
    "incidents_table",
    "judge",
    "listing",
    "misfit",
    "severity_word",
]

MOST_LISTED = 5_000  # findings that are listed and grouped; all of them count, and all are in the pictures
_EXPLAINED_INCIDENTS = 50
_MOST_INCIDENTS = 1_000
_WHO = ("timestamp", "src_ip", "dst_ip", "dst_port", "protocol", "protocol_type", "service")
_SERVICE = ("protocol", "protocol_type", "service", "dst_port")
_SEVERITY = {1: "high", 2: "medium", 3: "low"}


@dataclass(frozen=True)
class Filter:
    """Which findings are wanted; what is empty asks for nothing."""

    host: str = ""
    """Part of the address of either end."""
    service: str = ""
    """Part of the protocol, service or port."""
    text: str = ""
    """Part of any value, of the family or of a reason."""
    most_p: float = 1.0
    least_score: float = -np.inf

    def takes(self, flow: FoundFlow) -> bool:
        """Whether a finding is one of them."""
        finding = flow.finding
        if surest(finding, finding.run).p_value > self.most_p or finding.score < self.least_score:
            return False
        if self.host and not any(self.host.strip() in (end or "") for end in (flow.src, flow.dst)):
            return False
        if self.service and not _is_in(self.service, map(flow.text, _SERVICE)):
            return False
        if self.text:
            said = (*map(str, flow.values.values()), finding.family, *map(str, finding.reasons))
            return _is_in(self.text, said)
        return True


def _is_in(wanted: str, texts: Any) -> bool:
    wanted = wanted.strip().casefold()
    return any(wanted in text.casefold() for text in texts)


@dataclass(frozen=True)
class Judged:
    """A model's verdict on a table."""

    model: Model
    """With the threshold that was asked for."""
    table: Table
    rule: ThresholdRule | None
    findings: Findings

    @cached_property
    def flows(self) -> list[FoundFlow]:
        """The most anomalous records, with all that they hold."""
        return found_flows(self.table, self.findings.reported[:MOST_LISTED])

    @cached_property
    def incidents(self) -> Incidents:
        """Those that belong together as one thing to look at."""
        found = incidents(self.table, self.findings)
        found.explain(self.model, first=_EXPLAINED_INCIDENTS)
        return found

    @cached_property
    def incidents_listed(self) -> Table:
        """A row for each of them, the first 1,000."""
        return incidents_table(self.incidents[:_MOST_INCIDENTS])

    def flows_of(self, incident: Incident) -> list[FoundFlow]:
        """The records of an incident, the most anomalous first."""
        return found_flows(self.table, incident.findings[:MOST_LISTED])

    def places_of(self, wanted: Filter) -> list[int]:
        """The incidents with a finding that a filter takes, by their places in the ranking."""
        first = self.incidents[:_MOST_INCIDENTS]
        if wanted == Filter():
            return list(range(len(first)))
        rows = {flow.finding.row for flow in self.listed(wanted)}
        return [place for place, one in enumerate(first) if any(finding.row in rows for finding in one.findings)]

    @property
    def unlisted(self) -> int:
        """How many are reported but not listed."""
        return len(self.findings) - len(self.flows)

    @cached_property
    def evaluated(self) -> tuple[Evaluation | None, str]:
        """How good the scores are where there are labels, or why that cannot be said."""
        return gathered_evaluation(self.model, self.table, self.findings, None)

    def listed(self, wanted: Filter) -> list[FoundFlow]:
        """The findings that a filter takes, the most anomalous first."""
        return [flow for flow in self.flows if wanted.takes(flow)]

    def explained(self, finding: Finding) -> Finding:
        """The finding with its reasons: of very many, not all have been asked for."""
        return finding if finding.reasons else self.model.explain(self.table, [finding.row])[0]


def judge(
    model: Model, table: Table, rule: ThresholdRule | None = None, progress: ProgressCallback | None = None
) -> Judged:
    """Ask the model, by another threshold if one is given; what it learnt stays as it is."""
    if rule is not None:
        model = copy.copy(model).set_threshold(rule)
    model.n_jobs = -1
    return Judged(model, table, rule, model.detect(table, most_explained=MOST_LISTED, progress=progress))


@dataclass(frozen=True)
class Misfit:
    """How a table differs from what a model learnt from."""

    lacking: list[str]
    unknown: list[str]
    other_types: list[tuple[str, str, str]]
    """Column, its type in the model, its type here."""
    needed: dict[str, str]
    """The types of those that are lacking."""

    def rows(self) -> list[tuple[str, str, str]]:
        """Column, what the model knows, what the records have."""
        return [
            *((name, self.needed[name], "not there") for name in self.lacking),
            *self.other_types,
            *((name, "does not know it", "there") for name in self.unknown),
        ]


def misfit(model: Model, table: Table) -> Misfit:
    """The differences between the columns of a table and those that a model asks for."""
    inputs, types = RecordScorer(model).inputs, table.types
    others = [
        (name, kind, types[name])
        for name, kind in inputs.items()
        if name in types and types[name] != kind and not {kind, types[name]} <= {"number", "integer", "boolean"}
    ]
    left_out = set(model.pipeline.left_out)
    labels = {name for name, role in table.roles.items() if role == "label"}
    unknown = [name for name in table.columns if name not in inputs and name not in left_out | labels]
    lacking = [name for name in inputs if name not in types]
    return Misfit(lacking, unknown, others, {name: inputs[name] for name in lacking})


def severity_word(p_value: float) -> str:
    """In a word how unlikely it is."""
    return _SEVERITY[severity_of(p_value)]


def listing(flows: Sequence[FoundFlow]) -> Table:
    """One row a finding: how sure, who, why; the reasons are sentences."""
    if not flows:
        return Table({"row": []})
    found = [flow.finding for flow in flows]
    columns: dict[str, list[Any]] = {
        "severity": [severity_word(surest(one, one.run).p_value) for one in found],
        "p_value": [surest(one, one.run).p_value for one in found],
    }
    for name in _WHO:
        values = [flow.values.get(name) for flow in flows]
        if any(value is not None for value in values):
            is_time = name == "timestamp" and any(isinstance(value, np.datetime64) for value in values)
            columns[name] = values if is_time else [None if v is None else str(v) for v in values]
    if any(one.family for one in found):
        columns["family"] = [one.family for one in found]
    columns["why"] = ["; ".join(reason_text(reason) for reason in one.reasons[:3]) for one in found]
    if any(one.run is not None for one in found):
        columns["run"] = [None if one.run is None else str(one.run) for one in found]
    columns["score"] = [one.score for one in found]
    columns["row"] = [one.row for one in found]
    return Table(columns)


def incidents_table(found: Sequence[Incident]) -> Table:
    """One row an incident."""
    if not found:
        return Table({"records": []})
    columns: dict[str, list[Any]] = {
        "severity": [severity_word(one.p_value) for one in found],
        "who": [one.who for one in found],
        "records": [one.records for one in found],
    }
    if any(one.families for one in found):
        columns["family"] = [", ".join(list(one.families)[:3]) for one in found]
    columns["why"] = ["; ".join(map(reason_text, one.reasons())) for one in found]
    if any(one.begin is not None for one in found):
        columns["begin"] = [_moment(one.begin) for one in found]
        columns["end"] = [_moment(one.end) for one in found]
    columns["p_value"] = [one.p_value for one in found]
    return Table(columns)


def _moment(time: np.datetime64 | None) -> np.datetime64:
    return np.datetime64("NaT", "ns") if time is None else time
