"""Few things to look at: findings that have a host in common, and come soon after each other, are one incident.

A scan is one source with many targets, a flood one target with many sources: the host that most findings share becomes
the first incident, then the host that most of the others share, and so on.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nad.cli._console import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nad.cli._flows import FoundFlow
    from nad.model import Model, Reason
    from nad.table import Table

__all__ = ["Incident", "explain_silent", "incidents_of"]

_APART = 30 * 60 * 1_000_000_000  # nanoseconds: a longer pause begins another incident
_MOST_REASONS = 3
_SOURCE_COUNTS = 1.25  # a record of a source, beside one of a target


@dataclass
class Incident:
    """Findings that a person looks at as one; the most anomalous first."""

    flows: list[FoundFlow]
    sources: Counter[str] = field(init=False)
    targets: Counter[str] = field(init=False)
    ports: Counter[int] = field(init=False)
    protocols: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        self.flows.sort(key=lambda flow: -flow.finding.surprise)
        self.sources = Counter(flow.src for flow in self.flows if flow.src is not None)
        self.targets = Counter(flow.dst for flow in self.flows if flow.dst is not None)
        self.ports = Counter(port for flow in self.flows if (port := flow.port("dst_port")) is not None)
        self.protocols = Counter(text for flow in self.flows if (text := flow.text("protocol")))

    @property
    def strongest(self) -> FoundFlow:
        """The most anomalous record."""
        return self.flows[0]

    @property
    def weight(self) -> float:
        """What incidents are ranked by: ten records count as one that is twice as surprising."""
        return self.strongest.finding.surprise * (1.0 + math.log10(len(self.flows)))

    @property
    def begin(self) -> int | None:
        """When the first record began, in nanoseconds since 1970."""
        return min((flow.begin for flow in self.flows if flow.begin is not None), default=None)

    @property
    def end(self) -> int | None:
        """When the last record ended."""
        return max((flow.end for flow in self.flows if flow.end is not None), default=None)

    @property
    def families(self) -> list[str]:
        """What a model that learnt from labels calls it, the most frequent first."""
        return [name for name, _ in Counter(flow.finding.family for flow in self.flows).most_common() if name]

    @property
    def who(self) -> str:
        """``10.1.0.7 -> 3 hosts, 1,000 ports``."""
        if not self.sources and not self.targets:
            return self.strongest.anomaly_class
        ports = self._ports()
        ends = f"{_ends(self.sources, 'source')} -> {_ends(self.targets, 'target')}"
        return f"{ends}, {ports}" if ports else ends

    def reasons(self, most: int = _MOST_REASONS) -> list[Reason]:
        """The columns that speak most for it over all records, each in the words of its strongest record."""
        total: defaultdict[str, float] = defaultdict(float)
        best: dict[str, Reason] = {}
        for flow in self.flows:
            for reason in flow.finding.reasons:
                if reason.contribution > 0.0:
                    total[reason.column] += reason.contribution
                    if reason.column not in best or reason.contribution > best[reason.column].contribution:
                        best[reason.column] = reason
        strongest = sorted(total, key=lambda column: -total[column])
        return [best[column] for column in strongest[:most]]

    def to_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        strongest = self.strongest.finding
        return {
            "who": self.who,
            "records": len(self.flows),
            "begin": moment(self.begin),
            "end": moment(self.end),
            "sources": _listed(self.sources),
            "targets": _listed(self.targets),
            "ports": _listed(self.ports),
            "protocols": _listed(self.protocols),
            "families": self.families,
            "score": strongest.score,
            "p_value": strongest.p_value,
            "surprise": strongest.surprise,
            "extrapolated": strongest.extrapolated,
            "reasons": [reason_dict(reason) for reason in self.reasons()],
            "rows": sorted(flow.finding.row for flow in self.flows),
        }

    def _ports(self) -> str:
        protocol = next(iter(self.protocols)) if len(self.protocols) == 1 else ""
        if protocol.startswith("icmp") or not self.ports:
            return protocol
        ports = f"port {next(iter(self.ports))}" if len(self.ports) == 1 else plural(len(self.ports), "port")
        return f"{protocol} {ports}".strip()


def incidents_of(flows: Sequence[FoundFlow]) -> list[Incident]:
    """All findings as incidents, those that deserve a look most first."""
    return sorted(map(Incident, _grouped(flows)), key=lambda one: (-one.weight, -len(one.flows)))


def explain_silent(incidents: Sequence[Incident], model: Model, table: Table, most: int = 3) -> None:
    """Look for reasons where findings have none: beyond the first 10,000 nobody has asked yet."""
    silent = [one for one in incidents if not any(flow.finding.reasons for flow in one.flows)]
    rows = [flow.finding.row for one in silent for flow in one.flows[:most]]
    if rows:
        explained = {finding.row: finding for finding in model.explain(table, rows)}
        for one in silent:
            one.flows[:most] = [replace(flow, finding=explained[flow.finding.row]) for flow in one.flows[:most]]


@dataclass
class _Session:
    """What a host did, or what was done to it, without a long pause."""

    is_source: bool
    places: list[int] = field(default_factory=list)
    left: int = 0
    """How many of them belong to no incident yet."""

    @property
    def claim(self) -> float:
        """Who did it says more than whom it was done to, unless many did it."""
        return self.left * (_SOURCE_COUNTS if self.is_source else 1.0)


def _grouped(flows: Sequence[FoundFlow]) -> list[list[FoundFlow]]:
    """Each record belongs to the session, of its source or of its target, that has most records to itself."""
    sessions, of_flow = _sessions(flows)
    queue = [(-one.claim, number) for number, one in enumerate(sessions)]
    heapq.heapify(queue)
    taken = [False] * len(flows)
    groups = []
    while queue:
        claim, number = heapq.heappop(queue)
        session = sessions[number]
        if session.left == 0:
            continue
        if -claim != session.claim:  # others took some meanwhile
            heapq.heappush(queue, (-session.claim, number))
            continue
        group = [place for place in session.places if not taken[place]]
        if not session.is_source:
            group = _without_others(group, number, sessions, of_flow)
        for place in group:
            taken[place] = True
            for other in of_flow[place]:
                sessions[other].left -= 1
        groups.append([flows[place] for place in group])
        if session.left > 0:
            heapq.heappush(queue, (-session.claim, number))
    return groups


def _without_others(
    group: list[int], number: int, sessions: Sequence[_Session], of_flow: Sequence[Sequence[int]]
) -> list[int]:
    """But for records of sources that do most elsewhere: who scans a host under a flood is no part of that."""
    source_of = {place: next((one for one in of_flow[place] if one != number), number) for place in group}
    here = Counter(source_of.values())
    own = [place for place in group if sessions[source_of[place]].left <= 2 * here[source_of[place]]]
    return own or group


def _sessions(flows: Sequence[FoundFlow]) -> tuple[list[_Session], list[list[int]]]:
    """The sessions of all hosts, and for each record the numbers of those that it is part of."""
    sessions: list[_Session] = []
    of_flow: list[list[int]] = [[] for _ in flows]
    current: dict[tuple[str, str], tuple[int, int]] = {}  # by end: the number of its session, and when that ended
    for place in sorted(range(len(flows)), key=lambda place: flows[place].begin or 0):
        flow = flows[place]
        ends = [(role, host) for role, host in (("from", flow.src), ("to", flow.dst)) if host is not None]
        for end in ends or [("as", flow.anomaly_class)]:
            number, latest = current.get(end, (-1, 0))
            if number < 0 or (flow.begin or 0) - latest > _APART:
                number, latest = len(sessions), flow.end or 0
                sessions.append(_Session(end[0] == "from"))
            current[end] = number, max(latest, flow.end or 0)
            sessions[number].places.append(place)
            sessions[number].left += 1
            of_flow[place].append(number)
    return sessions, of_flow


def reason_dict(reason: Reason) -> dict[str, Any]:
    """For ``--json``."""
    return {
        "column": reason.column,
        "value": reason.value,
        "expected": reason.expected,
        "direction": reason.direction,
        "contribution": reason.contribution,
        "text": reason_text(reason),
    }


def reason_text(reason: Reason) -> str:
    """Without the number behind it."""
    return str(reason).rpartition(": ")[0]


def moment(nanoseconds: int | None) -> np.datetime64 | None:
    """A time, or None."""
    return None if nanoseconds is None else np.datetime64(nanoseconds, "ns")


def _ends(hosts: Counter[str], what: str) -> str:
    if not hosts:
        return "?"
    return next(iter(hosts)) if len(hosts) == 1 else plural(len(hosts), what)


def _listed(counts: Counter[Any], most: int = 20) -> dict[str, int]:
    """The most frequent, for a document of bounded size."""
    return {str(value): count for value, count in counts.most_common(most)}
