"""nad beside the best of the others, figure by figure, out of the tables of a run.

    for pair in pairs(document):
        pair.what, pair.ours.row, pair.peer.row, pair.ratio, pair.low, pair.high

Rows that say the same behind their first comma belong together ("nad, exact", "scikit-learn, exact"). Where none do,
the table has one setting, and the best of nad stands beside the best of the others.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nad._bench.compare import KINDS
from nad._bench.document import heading, sections_of
from nad._bench.report import OURS, Figure, Section
from nad._bench.student import quantile

WITHIN = 0.95


@dataclass(frozen=True)
class Pair:
    """One figure of nad and the best one of the others."""

    task: str
    table: str
    what: str
    ours: Figure
    peer: Figure
    ratio: float
    """How many times as good nad is: the other's value by nad's, where lower is better. Of quality, the difference."""
    low: float | None
    high: float | None
    """The interval that holds it in 95 of a hundred runs, as far as rounds or seeds show it."""

    def shown(self) -> str:
        is_difference = not KINDS[self.ours.kind].is_share
        if is_difference:
            between = "" if self.low is None else f" ({self.low:+.4f} to {self.high:+.4f})"
            return f"{self.ratio:+.4f}{between}"
        between = "" if self.low is None else f" ({self.low:.3g} to {self.high:.3g})"
        return f"{self.ratio:.3g} x{between}"


def setting(figure: Figure) -> str:
    return figure.row.partition(", ")[2]


def value(figure: Figure) -> float:
    """What stands for all samples."""
    if figure.kind in ("quality", "loss"):
        return statistics.fmean(figure.samples)
    return statistics.median(figure.samples)


def groups(section: Section) -> Iterator[tuple[str, list[Figure], list[Figure]]]:
    """A name, figures of nad and figures of others that may be compared."""
    for what in dict.fromkeys(figure.what for figure in section.figures):
        same = [figure for figure in section.figures if figure.what == what]
        ours = [figure for figure in same if figure.by == OURS]
        peers = [figure for figure in same if figure.by != OURS]
        shared = [name for name in dict.fromkeys(map(setting, ours)) if name in set(map(setting, peers))]
        if not shared or shared == [""]:
            if ours and peers:
                yield what, ours, peers
            continue
        for name in shared:
            title = f"{what}, {name}" if name else what
            yield title, _of(ours, name), _of(peers, name)


def _of(figures: Iterable[Figure], name: str) -> list[Figure]:
    return [figure for figure in figures if setting(figure) == name]


def pairs(document: Mapping[str, Any]) -> list[Pair]:
    found = []
    for task, sections in sections_of(document).items():
        for section in sections:
            for what, ours, peers in groups(section):
                kind = KINDS[ours[0].kind]
                best = min if kind.is_lower_better else max
                one, other = best(ours, key=value), best(peers, key=value)
                found.append(Pair(task, section.name or section.title, what, one, other, *_ratio(one, other)))
    return found


def _ratio(ours: Figure, peer: Figure) -> tuple[float, float | None, float | None]:
    kind = KINDS[ours.kind]
    if not kind.is_share:
        middle = value(ours) - value(peer)
        return middle, *_around(middle, ours.samples, peer.samples)
    if min(*ours.samples, *peer.samples) <= 0:
        return (value(peer) / value(ours) if value(ours) > 0 else math.nan), None, None
    logs = [[math.log(sample) for sample in figure.samples] for figure in (ours, peer)]
    middle = math.log(value(peer) / value(ours))
    low, high = _around(middle, *logs)
    return math.exp(middle), None if low is None else math.exp(low), None if high is None else math.exp(high)


def _around(middle: float, a: Sequence[float], b: Sequence[float]) -> tuple[float | None, float | None]:
    if min(len(a), len(b)) < 2:
        return None, None
    parts = [statistics.variance(samples) / len(samples) for samples in (a, b)]
    if sum(parts) == 0.0:
        return middle, middle
    freedom = sum(parts) ** 2 / sum(part**2 / (len(samples) - 1) for part, samples in zip(parts, (a, b), strict=True))
    reach = quantile((1 - WITHIN) / 2, freedom) * math.sqrt(sum(parts))
    return middle - reach, middle + reach


def section(document: Mapping[str, Any]) -> Section | None:
    """The table that comes last: every pair."""
    found = pairs(document)
    if not found:
        return None
    often = Counter((pair.task, pair.what) for pair in found)
    rows = []
    for pair in found:
        where = f"{pair.task}, {pair.table}" if often[pair.task, pair.what] > 1 else pair.task
        # what both are called alike stands in the first column
        same = setting(pair.ours) == setting(pair.peer)
        names = [figure.by if same else figure.row for figure in (pair.ours, pair.peer)]
        cells = [f"{where}: {pair.what}", names[0], number(pair.ours), names[1], number(pair.peer), pair.shown()]
        rows.append(cells)
    notes = [
        "times, sizes, losses: so many times as good (x) as the best other; quality: nad minus the best other",
        "in brackets: the interval that rounds or seeds give, 95 of a hundred",
    ]
    return Section("nad beside the best of the others", ["", "nad", "", "beside it", "", "nad is"], rows, notes)


def number(figure: Figure) -> str:
    """Its value, in a unit that suits it."""
    if figure.kind == "time" and figure.unit == "s":
        for scale, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs"), (1e9, "ns")):
            if value(figure) * scale >= 1 or unit == "ns":
                return f"{value(figure) * scale:.3g} {unit}"
    return f"{value(figure):.4g} {figure.unit}".strip()


def markdown(document: Mapping[str, Any], command: str) -> str:
    """All tables as a page."""
    parts = [
        "# What was measured",
        "",
        f"Made by `{command}` on {document['started'].partition('T')[0]}.",
        "",
        *(f"- {line}" for line in heading(document)),
        f"- seeds {', '.join(map(str, document['seeds']))}",
    ]
    beside = section(document)
    if beside is not None:
        parts += ["", f"#{beside.text().removeprefix('##')}"]
    for task, found in sections_of(document).items():
        parts += ["", f"## {task}"]
        for one in found:
            parts += ["", one.text()]
    return "\n".join(parts) + "\n"
