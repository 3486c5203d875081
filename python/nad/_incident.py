"""Findings that belong together, as one thing to look at."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nad import _core
from nad._words import in_seconds, json_ready, period_text, plural, reason_dict, reason_text, run_dict, run_text, surest
from nad.alerts import severity_of

if TYPE_CHECKING:
    from nad._core import Reason, SourceRun
    from nad._who_and_when import Codes
    from nad.incidents import Incidents
    from nad.model import Finding

__all__ = ["Incident", "kind_of"]

Ints = npt.NDArray[np.int64]

_LISTED = 20
_SEVERITIES = {1: "high", 2: "medium", 3: "low"}


class Incident:
    """Findings that belong together, made by `incidents`; ``number`` is its place in the ranking, from 0."""

    __slots__ = ("_all", "_places", "number")

    def __init__(self, found: Incidents, number: int, places: Ints) -> None:
        self._all = found
        self._places = places
        self.number = number

    def __len__(self) -> int:
        return len(self._places)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Incident) and (other._all, other.number) == (self._all, self.number)

    def __hash__(self) -> int:
        return hash((id(self._all), self.number))

    @property
    def records(self) -> int:
        """How many records it is about."""
        return len(self._places)

    @property
    def findings(self) -> list[Finding]:
        """All of them, the most anomalous first."""
        return [self._all._finding(place) for place in self._places.tolist()]

    @property
    def rows(self) -> Ints:
        """The rows of its records, the most anomalous first."""
        return self._all._rows[self._places]

    @property
    def strongest(self) -> Finding:
        """The most anomalous finding."""
        return self._all._finding(int(self._places[0]))

    @property
    def begin(self) -> np.datetime64 | None:
        """When the first record began; None where that is unknown."""
        return self._moment(self._all._times.begin, "min")

    @property
    def end(self) -> np.datetime64 | None:
        """When the last record ended."""
        return self._moment(self._all._times.end, "max")

    @property
    def sources(self) -> dict[str, int]:
        """Who began, and how many of the records, the busiest first."""
        return self._counted(self._all._sources)

    @property
    def targets(self) -> dict[str, int]:
        """Whom they turned to."""
        return self._counted(self._all._targets)

    @property
    def ports(self) -> dict[int, int]:
        """The ports of the targets."""
        found, counts = self._unique(self._all._ports)
        return dict(zip(found.tolist(), counts.tolist()))

    @property
    def protocols(self) -> dict[str, int]:
        """By name, as the records have it."""
        return self._counted(self._all._protocols)

    @property
    def families(self) -> dict[str, int]:
        """What a model that learnt from labels calls it."""
        return dict(Counter(finding.family for finding in self.findings if finding.family).most_common())

    @property
    def kind(self) -> str:
        """What it is in few words, "high bytes_sent, rare state": the family or two reasons of the strongest."""
        kinds = (kind_of(self._all._finding(place)) for place in self._places.tolist())
        return next(filter(None, kinds), "anomaly")

    @property
    def run(self) -> SourceRun | None:
        """What a source had come to, where findings are part of that (see `SourceRun`); the furthest of them."""
        surprises, records = self._all._run_surprises[self._places], self._all._run_records[self._places]
        furthest = int(np.lexsort((records, surprises))[-1])
        return self._all._findings[int(self._places[furthest])].run if surprises[furthest] >= 0 else None

    @property
    def p_value(self) -> float:
        """That of the strongest finding, or of the run where that is smaller; not corrected for their number."""
        return self._surest.p_value

    @property
    def extrapolated(self) -> bool:
        """Whether that p-value lies beyond all calibration records."""
        return self._surest.extrapolated

    @property
    def surprise(self) -> float:
        """-log10 of it; of a finding without the steps, see `Finding`."""
        return float(self._all.surprises[self.number])

    @property
    def severity(self) -> int:
        """1 (high), 2 or 3, by the p-value; see `severity_of`."""
        return severity_of(self.p_value)

    @property
    def weight(self) -> float:
        """What incidents are ranked by."""
        return float(self._all.weights[self.number])

    @property
    def ends(self) -> str:
        """``10.1.0.7 -> 3 targets``; "" without hosts."""
        sources, targets = self.sources, self.targets
        return f"{_named(sources, 'source')} -> {_named(targets, 'target')}" if sources or targets else ""

    @property
    def through(self) -> str:
        """``tcp 1,000 ports``; "" where that is unknown."""
        protocols, ports = self.protocols, self.ports
        protocol = _core.printable(next(iter(protocols)), 20) if len(protocols) == 1 else ""
        if protocol.startswith("icmp") or not ports:
            return protocol
        return f"{protocol} {f'port {next(iter(ports))}' if len(ports) == 1 else plural(len(ports), 'port')}".strip()

    @property
    def who(self) -> str:
        """``10.1.0.7 -> 3 targets, tcp 1,000 ports``; without hosts what it is."""
        ends = self.ends
        return ", ".join(filter(None, [ends, self.through])) if ends else _core.printable(self.kind, 60)

    @property
    def when(self) -> str:
        """``2026-01-06 09:00:00 to 09:00:05``; "" where that is unknown."""
        return period_text(self.begin, self.end)

    def reasons(self, most: int = 3) -> list[Reason]:
        """The columns that speak most for it over all findings, each in the words of the one where it is strongest."""
        total: defaultdict[str, float] = defaultdict(float)
        best: dict[str, Reason] = {}
        for finding in self.findings:
            for reason in finding.reasons:
                if reason.contribution > 0.0:
                    total[reason.column] += reason.contribution
                    if reason.column not in best or reason.contribution > best[reason.column].contribution:
                        best[reason.column] = reason
        return [best[column] for column in sorted(total, key=lambda column: -total[column])[:most]]

    def why(self, most: int = 3) -> list[str]:
        """What speaks for it, a sentence each: the run that it is part of, and so many reasons."""
        run, texts = self.run, [reason_text(reason) for reason in self.reasons(most)]
        if run is None:
            return texts
        if len(self.sources) == 1:
            return [run_text(run), *texts]
        if run.is_beat:
            return [f"connections at a steady beat, such as {run_text(run)}", *texts]
        such = f"{run.records:,} of {run.source} in {in_seconds(run.seconds)}"
        return [f"runs of unusual records, such as {such}", *texts]

    def to_dict(self) -> dict[str, Any]:
        """What JSON can hold; of many hosts and ports the busiest, and the rows of all records."""
        found = {
            "who": self.who,
            "kind": self.kind,
            "records": self.records,
            "begin": self.begin,
            "end": self.end,
            "sources": _first(self.sources),
            "targets": _first(self.targets),
            "ports": _first(self.ports),
            "protocols": _first(self.protocols),
            "families": list(self.families),
            "score": self.strongest.score,
            "p_value": self.p_value,
            "surprise": self.surprise,
            "extrapolated": self.extrapolated,
            "severity": self.severity,
            "run": run_dict(self.run),
            "reasons": [reason_dict(reason) for reason in self.reasons()],
            "rows": np.sort(self.rows).tolist(),
        }
        ready: dict[str, Any] = json_ready(found)
        return ready

    @property
    def _surest(self) -> Finding | SourceRun:
        return surest(self.strongest, self.run)

    def _moment(self, times: Ints, which: str) -> np.datetime64 | None:
        known = times[self._places[self._all._times.known[self._places]]]
        return np.datetime64(int(getattr(known, which)()), "ns") if len(known) else None

    def _unique(self, codes: Ints) -> tuple[Ints, Ints]:
        """Different ones that are not missing, and how often, the most frequent first."""
        own = codes[self._places]
        own = own[own >= 0]
        if len(own) <= 1:
            return own, np.ones_like(own)
        found, counts = np.unique(own, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return found[order], counts[order]

    def _counted(self, values: Codes) -> dict[str, int]:
        found, counts = self._unique(values.codes)
        return {values.texts[code]: count for code, count in zip(found.tolist(), counts.tolist())}

    def __str__(self) -> str:
        sure = f"p = {self.p_value:.2g}{' (extrapolated)' if self.extrapolated else ''}"
        facts = [_SEVERITIES[self.severity], self.when, sure, *list(self.families)[:3]]
        lines = [f"{self.who}: {plural(self.records, 'record')}", ", ".join(filter(None, facts))]
        return "\n  ".join(lines + self.why())

    def __repr__(self) -> str:
        return f"<Incident {self.number}: {self.who}, {plural(self.records, 'record')}>"


def kind_of(finding: Finding) -> str:
    """Without hosts, records are alike when they are of one family, or their two strongest reasons are."""
    return finding.family or ", ".join(reason.anomaly_class for reason in finding.reasons[:2])


def _named(hosts: dict[str, int], what: str) -> str:
    if not hosts:
        return "?"
    return _core.printable(next(iter(hosts)), 60) if len(hosts) == 1 else plural(len(hosts), what)


def _first(counts: dict[Any, int]) -> dict[Any, int]:
    """The most frequent, for a document of bounded size."""
    return dict(list(counts.items())[:_LISTED])
