"""Few things to look at: findings that belong together are one incident.

>>> found = nad.incidents(flows, model.detect(flows))
>>> print(found)  # the first ten: who, when, how sure that is, and why
>>> found[0].who, found[0].records, found[0].begin, found[0].end
('10.1.0.7 -> 3 targets, tcp 1,000 ports', 1000, ...)
>>> found[0].strongest  # the most anomalous of its findings; found[0].findings are all of them
>>> found.to_table().to_csv("incidents.csv")
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from nad._incident import Incident, kind_of
from nad._incident_rule import numbered, sessions_of
from nad._who_and_when import DESTINATIONS, SOURCES, Codes, codes_in, first_column, ports_in, times_in
from nad._words import plural
from nad.errors import InvalidArgumentError
from nad.model import Finding, Findings
from nad.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nad.model import Model

__all__ = ["Incident", "Incidents", "incidents"]

Ints = npt.NDArray[np.int64]

_SHOWN = 10
_LEAST = 1e-300


def incidents(table: Any, findings: Findings | Sequence[Finding], *, pause_seconds: float = 1800.0) -> Incidents:
    """Put findings together that a person looks at as one thing, those that deserve a look most first.

    What a host did without a long pause is a session, and so is what was done to it. Each finding goes with the session
    of its source or that of its target, whichever has more findings to itself: a scan is one incident of its source,
    and a flood from many sources is one of its target. Two rules decide what is close:

    - A finding of a source counts a quarter more: who did it says more than whom it was done to.
    - A target has no claim to what comes from a source that mostly turns to others, or that turned to it more than ten
      times as often as its other sources do on average: who scans or tries passwords during a flood is an incident of
      its own.

    Where a finding goes with the larger session, the smaller one has less to itself; so the largest are settled first.
    Findings without source and target are together when they are of one kind: of one family, or with the same two
    strongest reasons in the same order and direction. Those whose reasons nobody looked for are of one kind, too.

    Every finding is in exactly one incident, and their order does not matter. An incident ranks by the surprise of its
    strongest finding, or of the run that its findings are part of (see `SourceRun`), times 1 + log10 of the number of
    its findings: ten count as one that is twice as surprising.

    Parameters
    ----------
    table : Table, or anything that it takes
        The records that the model was asked about. Sources are in the first of the columns src_ip, src_host, source and
        src, targets in dst_ip and so on. Without times there are no pauses.
    findings : Findings, or a sequence of Finding
        What the model found in them, or some of it.
    pause_seconds : float
        A longer pause, between the end of all records of a host so far and the begin of the next, begins another
        incident.
    """
    if isinstance(table, Findings) or isinstance(findings, Table) or not isinstance(findings, Findings | Sequence):
        raise InvalidArgumentError(
            f"findings are {type(findings).__qualname__}; give what model.detect(table) gave, behind the table"
        )
    records = table if isinstance(table, Table) else Table(table)
    if isinstance(findings, Findings) and len(findings.scores) != len(records):
        raise InvalidArgumentError(
            f"the findings are of {len(findings.scores):,} records, but the table has {len(records):,}; give the table "
            "that the model was asked about"
        )
    if not pause_seconds >= 0:
        raise InvalidArgumentError(f"pause_seconds is {pause_seconds}; give 0 or more")
    return Incidents(records, findings, pause_seconds)


class Incidents:
    """All of them, those that deserve a look most first; made by `incidents`."""

    def __init__(self, table: Table, findings: Findings | Sequence[Finding], pause_seconds: float) -> None:
        self._findings = findings.reported if isinstance(findings, Findings) else findings
        self._explained: dict[int, Finding] = {}
        self._rows = self._gathered("row", np.int64)
        if len(self._rows) and not 0 <= self._rows.min() <= self._rows.max() < len(table):
            raise InvalidArgumentError(
                f"a finding is about row {self._rows.max():,}, and the table has {len(table):,}; give the table that "
                "the model was asked about"
            )
        self._table = table
        self._times = times_in(table, self._rows)
        self._sources = codes_in(first_column(table, SOURCES), self._rows)
        self._targets = codes_in(first_column(table, DESTINATIONS), self._rows)
        self._ports = ports_in(table, "dst_port", self._rows)
        self._rank(self._numbers(pause_seconds * 1e9))

    def _gathered(self, name: str, dtype: Any) -> npt.NDArray[Any]:
        return np.fromiter(map(operator.attrgetter(name), self._findings), dtype, len(self._findings))

    def _numbers(self, pause: float) -> Ints:
        source = sessions_of(self._sources.codes, self._times, pause)
        target = sessions_of(self._targets.codes, self._times, pause)
        found = numbered(source, target)
        alone = np.flatnonzero(found < 0)
        if len(alone):
            kinds = np.full(len(found), -1, dtype=np.int64)
            known: dict[str, int] = {}
            kinds[alone] = [known.setdefault(kind_of(self._findings[place]), len(known)) for place in alone.tolist()]
            found[alone] = sessions_of(kinds, self._times, pause)[alone] + found.max(initial=-1) + 1
        return found

    def _rank(self, numbers: Ints) -> None:
        """Incidents by their weight, and in each the findings by their surprise."""
        alone = self._gathered("surprise", np.float64)
        order = np.lexsort((self._rows, -alone, numbers))
        starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
        self._starts, self._counts = starts, np.diff(starts, append=len(order))
        self._learn_of_runs()
        surprises = np.maximum(alone, self._run_surprises)[order]
        surprises = np.maximum.reduceat(surprises, starts) if len(starts) else surprises
        weights = surprises * (1.0 + np.log10(np.maximum(self._counts, 1)))
        ranking = np.lexsort((self._rows[order[starts]], -self._counts, -weights))
        self._order, self._ranking = order, ranking
        self.weights: npt.NDArray[np.float64] = weights[ranking]  #: what they are ranked by
        self.surprises: npt.NDArray[np.float64] = surprises[ranking]  #: see `Incident.surprise`
        self.counts: Ints = self._counts[ranking]  #: how many records each of them has

    def _learn_of_runs(self) -> None:
        """Of the run that a finding is part of: -log10 of the p-value and its records; -1 and 0 without one."""
        self._run_surprises = np.full(len(self._rows), -1.0)
        self._run_records = np.zeros(len(self._rows), dtype=np.int64)
        for place, run in enumerate(map(operator.attrgetter("run"), self._findings)):
            if run is not None:
                self._run_surprises[place] = -math.log10(max(run.p_value, _LEAST))
                self._run_records[place] = run.records

    def __len__(self) -> int:
        return len(self._ranking)

    @overload
    def __getitem__(self, place: int) -> Incident: ...
    @overload
    def __getitem__(self, place: slice) -> list[Incident]: ...
    def __getitem__(self, place: int | slice) -> Incident | list[Incident]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        number = operator.index(place)
        if not -len(self) <= number < len(self):
            raise IndexError(f"incident {number} of {len(self)}")
        number %= len(self)
        which = self._ranking[number]
        start = self._starts[which]
        return Incident(self, number, self._order[start : start + self._counts[which]])

    def __iter__(self) -> Iterator[Incident]:
        return (self[number] for number in range(len(self)))

    @cached_property
    def of_finding(self) -> Ints:
        """For each finding the number of its incident."""
        found = np.empty(len(self._rows), dtype=np.int64)
        ranks = np.empty(len(self), dtype=np.int64)
        ranks[self._ranking] = np.arange(len(self))
        found[self._order] = np.repeat(ranks, self._counts)
        return found

    def explain(self, model: Model, *, first: int = 20, each: int = 3) -> None:
        """Look for reasons where none of an incident's findings has any: `Model.detect` explains the first 10,000.

        Of the `first` incidents the strongest findings are asked for, so many of `each`.
        """
        silent = [one for one in self[:first] if not any(finding.reasons for finding in one.findings)]
        places = [int(place) for one in silent for place in one._places[:each]]
        if places:
            explained = model.explain(self._table, self._rows[places].tolist())
            self._explained.update(zip(places, explained))

    def to_table(self) -> Table:
        """One row an incident: who, records, begin, end, score, p_value, surprise, extrapolated, and the reasons."""
        listed = list(self)
        return Table(
            {
                "who": [one.who for one in listed],
                "records": self.counts,
                "begin": np.array([one.begin for one in listed], dtype="datetime64[ns]"),
                "end": np.array([one.end for one in listed], dtype="datetime64[ns]"),
                "score": [one.strongest.score for one in listed],
                "p_value": [one.p_value for one in listed],
                "surprise": self.surprises,
                "extrapolated": [one.extrapolated for one in listed],
                "reasons": ["; ".join(one.why()) for one in listed],
            },
            types={"who": "text", "reasons": "text"},
        )

    @cached_property
    def _protocols(self) -> Codes:
        return codes_in(first_column(self._table, ("protocol", "protocol_type")), self._rows)

    def _finding(self, place: int) -> Finding:
        return self._explained.get(place) or self._findings[place]

    def __str__(self) -> str:
        lines = [f"{plural(len(self._rows), 'finding')} in {plural(len(self), 'incident')}"]
        lines += [f"{one.number + 1}. {one}" for one in self[:_SHOWN]]
        if len(self) > _SHOWN:
            rest = int(self.counts[_SHOWN:].sum())
            lines.append(f"... and {len(self) - _SHOWN:,} more, of {plural(rest, 'record')}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Incidents: {len(self):,} of {plural(len(self._rows), 'finding')}>"
