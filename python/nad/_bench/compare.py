"""Two runs, figure by figure: what became better or worse, and what is noise.

>>> comparison = compare(read_document("old.json"), read_document("new.json"))
>>> print(comparison.section().text())
>>> comparison.worse  # regressions

How it is told:

- **Times** are compared as logarithms of all rounds. Rounds that lie far from the median are drawn in (three times the
  usual distance, with five rounds or more): something else was running. What other libraries of the same
  versions changed by, and work that nad has no part in, is how much the machine changed, and is taken off: the median
  over the same table where it has three such figures or more, else over all tables. Few rounds say little of their own
  variance: the median variance of all figures counts as four rounds more.
- A figure is better or worse where it is surely so **by more than a margin** (`KINDS`): Welch's test against the margin
  for times, the paired test for figures of the same seeds, Welch's for others.
- There are many figures, and of so many some are far off by chance. The tests are made stricter as Holm says: if
  nothing changed by more than its margin, at most one comparison of twenty tells of any change at all.
- **Sizes** have no noise; their margin decides.
- On another kind of machine seconds say nothing. There a time is compared as its ratio to the other libraries' times of
  the same table.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nad._bench.document import kind_of_machine, sections_of
from nad._bench.reference import NAME
from nad._bench.report import OURS, Figure, Section
from nad._bench.student import tail

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FALSE_ALARMS = 0.05
"""How often a comparison of two runs of the same program may tell of a change."""
BETWEEN_RUNS = 0.01
"""By so much, as a standard deviation, times of two runs differ though all rounds of each agree."""
USUAL_COUNTS = 4
"""The usual variance of all times counts as so many rounds of each."""
ENOUGH_PEERS = 3
"""So many figures of others say what the machine did."""


@dataclass(frozen=True)
class Kind:
    """What is good, and which difference is worth a word."""

    is_lower_better: bool
    margin: float
    is_share: bool = True
    """The margin is a share of the value, else it is a difference."""
    is_certain: bool = False
    """It repeats exactly, or nearly: one sample is enough."""
    is_time: bool = False


KINDS = {
    "time": Kind(is_lower_better=True, margin=0.05, is_time=True),
    "disk": Kind(is_lower_better=True, margin=0.5, is_time=True),  # no other work tells of disks
    "quality": Kind(is_lower_better=False, margin=0.005, is_share=False),
    "loss": Kind(is_lower_better=True, margin=0.02),
    "size": Kind(is_lower_better=True, margin=0.02, is_certain=True),
    "memory": Kind(is_lower_better=True, margin=0.10, is_certain=True),
}
VERDICTS = ("worse", "better", "no different", "too few samples", "not comparable", "gone", "new")

Key = tuple[str, str, str, str]  # task, table, row, what


@dataclass
class Change:
    """One figure in both runs."""

    key: Key
    before: Figure | None
    now: Figure | None
    verdict: str = "no different"
    change: float | None = None
    """Of the value, as a share; of quality, the difference."""
    p: float | None = None
    """How often chance alone does as much, the margin granted."""

    def row(self) -> list[str]:
        """For a table."""
        task, table, row, what = self.key
        figure = self.now or self.before
        assert figure is not None
        is_share = KINDS[figure.kind].is_share
        change = "" if self.change is None else f"{self.change:+.1%}" if is_share else f"{self.change:+.4f}"
        p = "" if self.p is None else f"{self.p:.1g}"
        values = [_shown(self.before), _shown(self.now), figure.unit]
        return [self.verdict, f"{task}: {table}", f"{row}: {what}", *values, change, p]


@dataclass
class Comparison:
    """All figures of two runs."""

    changes: list[Change]
    notes: list[str] = field(default_factory=list)

    @property
    def worse(self) -> list[Change]:
        """Regressions."""
        return self.of("worse")

    def of(self, verdict: str) -> list[Change]:
        """Those of one verdict."""
        return [change for change in self.changes if change.verdict == verdict]

    def section(self, title: str = "Compared with the earlier run") -> Section:
        """The table: what changed, and how much did not."""
        shown = [change for verdict in VERDICTS if verdict != "no different" for change in self.of(verdict)]
        counts = ", ".join(f"{len(self.of(verdict))} {verdict}" for verdict in VERDICTS if self.of(verdict))
        return Section(
            title,
            ["", "table", "figure", "before", "now", "unit", "change", "p"],
            [change.row() for change in shown],
            [*self.notes, counts or "there is nothing to compare"],
        )

    def json(self) -> dict[str, Any]:
        """For programs."""
        names = ("task", "table", "row", "what")
        return {
            "notes": self.notes,
            "changes": [
                {**dict(zip(names, one.key)), "verdict": one.verdict, "change": one.change, "p": one.p}
                for one in self.changes
            ],
        }


def compare(before: Mapping[str, Any], now: Mapping[str, Any]) -> Comparison:
    """What changed from one document to another."""
    old, new = _figures(before), _figures(now)
    tables = {(task, section.name) for task, sections in sections_of(now).items() for section in sections}
    both = [key for key in new if key in old]
    machine = _Machine(before, now, {key: (old[key], new[key]) for key in both})
    notes = machine.notes()
    if before["quick"] != now["quick"]:
        notes.append("one of the runs is a quick one: little of the other has a counterpart in it")
    is_paired = list(before["seeds"]) == list(now["seeds"])
    changes = [_judged(key, old[key], new[key], machine, is_paired) for key in both if new[key].by == OURS]
    _strict(changes)
    changes += [Change(key, None, new[key], "new") for key in new if key not in old and new[key].by == OURS]
    missing = [key for key in old if key not in new and old[key].by == OURS]
    changes += [Change(key, old[key], None, "gone") for key in missing if key[:2] in tables]
    # what was not asked for this time is not gone
    unasked = dict.fromkeys(f"{task}: {table}" for task, table, *_ in missing if (task, table) not in tables)
    if unasked:
        notes.append(f"not measured this time: {'; '.join(unasked)}")
    return Comparison(changes, notes)


def _figures(document: Mapping[str, Any]) -> dict[Key, Figure]:
    return {
        (task, section.name or section.title, figure.row, figure.what): figure
        for task, sections in sections_of(document).items()
        for section in sections
        for figure in section.figures
        if figure.kind in KINDS and len(figure.samples) > 0
    }


class _Machine:
    """How much faster or slower the machine was, told by work that did not change."""

    def __init__(
        self, before: Mapping[str, Any], now: Mapping[str, Any], pairs: Mapping[Key, tuple[Figure, Figure]]
    ) -> None:
        self.is_same = kind_of_machine(before) == kind_of_machine(now)
        changed = {
            name.lower() for name in {*before["versions"], *now["versions"]} - {OURS}
            if before["versions"].get(name) != now["versions"].get(name)
        }  # fmt: skip
        self.others: dict[Key, _Shift] = {}
        self.of_table: dict[tuple[str, str], _Shift] = {}
        spreads: list[float] = []
        for key, (old, new) in pairs.items():
            if not new.kind == old.kind == "time":
                continue
            spreads += [_variance(_drawn_in(_logs(one))) for one in (old, new) if len(one.samples) > 1]
            is_known = not any(name in _packages(new.by) for name in changed)
            if new.by != OURS and is_known and (self.is_same or new.by != NAME):
                self.others[key] = _Shift.between(old, new)
        self.usual_variance = statistics.median(spreads) if spreads else 0.0

    def shift(self, key: Key) -> _Shift | None:
        """The logarithm of how much slower it was; None where nobody knows."""
        if not self.is_same:
            near = [one for (*table, _, what), one in self.others.items() if (*table, what) == (*key[:2], key[3])]
            return _Shift.together(near) if near else None
        if key[:2] not in self.of_table:
            self.of_table[key[:2]] = self._near(key)
        return self.of_table[key[:2]]

    def _near(self, key: Key) -> _Shift:
        for depth in (2, 1, 0):  # the same table, the same task, all
            near = [one for other, one in self.others.items() if other[:depth] == key[:depth]]
            if len(near) >= ENOUGH_PEERS:
                return _Shift.together(near)
        return _Shift(0.0, 0.0)

    def notes(self) -> list[str]:
        """What a reader of the comparison should know."""
        if not self.is_same:
            text = (
                "MEASURED ON ANOTHER KIND OF MACHINE: seconds are not compared; times of nad are compared as ratios to "
                "those of the other libraries in the same table, memory and quality as they are"
            )
            return [text]
        if len(self.others) < ENOUGH_PEERS:
            return ["nothing but nad was measured in both runs: a machine that became slower looks like a regression"]
        shift = _Shift.together(list(self.others.values()))
        text = (
            f"work of others, which did not change, takes {math.exp(shift.log):.3f} times as long as before (median of "
            f"{len(self.others)} figures): that is the machine, and it is taken off, table by table"
        )
        return [text]


@dataclass(frozen=True)
class _Shift:
    """The logarithm of a ratio of times, and its standard error."""

    log: float
    error: float

    @staticmethod
    def between(old: Figure, new: Figure) -> _Shift:
        a, b = _drawn_in(_logs(old)), _drawn_in(_logs(new))
        parts = [_variance(samples) / len(samples) if len(samples) > 1 else 0.0 for samples in (a, b)]
        return _Shift(statistics.median(b) - statistics.median(a), math.sqrt(sum(parts) + 2 * BETWEEN_RUNS**2))

    @staticmethod
    def together(shifts: Sequence[_Shift]) -> _Shift:
        middle = statistics.median(one.log for one in shifts)
        # by how far they lie apart, or by what each says of itself: whichever is more
        apart = 1.4826 * statistics.median(abs(one.log - middle) for one in shifts)
        own = math.sqrt(_mean([one.error**2 for one in shifts]))
        return _Shift(middle, 1.2533 * max(apart, own) / math.sqrt(len(shifts)))


def _packages(name: str) -> str:
    """How the packages behind a name are called by those who install them."""
    return {"pytorch": "torch"}.get(name.lower(), name.lower())


def _judged(key: Key, old: Figure, new: Figure, machine: _Machine, is_paired: bool) -> Change:
    kind = KINDS[new.kind]
    change = Change(key, old, new)
    if new.kind != old.kind:
        change.verdict = "not comparable"
    elif kind.is_certain:
        a, b = statistics.median(old.samples), statistics.median(new.samples)
        change.change = _share(a, b)
        if abs(change.change) > kind.margin:
            change.verdict = _direction(change.change, kind)
    elif kind.is_time:
        shift = machine.shift(key)
        if shift is None or min(*old.samples, *new.samples) <= 0:
            change.verdict = "not comparable"
        else:
            _judge_time(change, shift, machine.usual_variance)
    else:
        _judge_seeds(change, old, new, is_paired, kind)
    return change


def _judge_time(change: Change, shift: _Shift, usual_variance: float) -> None:
    assert change.before is not None
    assert change.now is not None
    old, new, kind = change.before, change.now, KINDS[change.now.kind]
    a, b = _drawn_in(_logs(old)), _drawn_in(_logs(new))
    difference = statistics.median(b) - statistics.median(a) - shift.log
    change.change = math.expm1(difference)
    if min(len(a), len(b)) < 2:
        change.verdict = "too few samples"
        return
    further = shift.error**2 + 2 * BETWEEN_RUNS**2
    change.p = _welch(abs(difference) - math.log1p(kind.margin), a, b, further, usual_variance)
    change.verdict = _direction(difference, kind)


def _judge_seeds(change: Change, old: Figure, new: Figure, is_paired: bool, kind: Kind) -> None:
    a, b = list(old.samples), list(new.samples)
    difference = _mean(b) - _mean(a)
    margin = kind.margin * abs(_mean(a)) if kind.is_share else kind.margin
    change.change = _share(_mean(a), _mean(b)) if kind.is_share else difference
    if a == b:
        return
    if min(len(a), len(b)) < 2:
        change.verdict = "too few samples"
        return
    if is_paired and len(a) == len(b):
        error = math.sqrt(_variance([y - x for x, y in zip(a, b)])) / math.sqrt(len(a))
        change.p = tail(_ratio(abs(difference) - margin, error), len(a) - 1)
    else:
        change.p = _welch(abs(difference) - margin, a, b)
    change.verdict = _direction(difference, kind)


def _strict(changes: Sequence[Change]) -> None:
    """Holm: the smallest of m probabilities must lie below 1/m of the rate, the next below 1/(m - 1), ..."""
    asked = sorted((one for one in changes if one.p is not None), key=lambda one: one.p or 0.0)
    still = True
    for place, one in enumerate(asked):
        # both directions are asked about
        still = still and one.p is not None and 2 * one.p <= FALSE_ALARMS / (len(asked) - place)
        if not still:
            one.verdict = "no different"


def _welch(
    distance: float, a: Sequence[float], b: Sequence[float], further: float = 0.0, usual: float | None = None
) -> float:
    """How often chance brings two means so far apart; `further` is variance that the samples do not show.

    Few samples say little of their own variance: with `usual`, that of all figures counts as some more of them.
    """
    variances, freedoms = [], []
    for samples in (a, b):
        own = len(samples) - 1
        more = USUAL_COUNTS if usual is not None else 0
        variances.append((own * _variance(samples) + more * (usual or 0.0)) / (own + more) / len(samples))
        freedoms.append(own + more / 2)  # half: the same usual variance stands on both sides
    variance = sum(variances)
    if variance == 0.0:
        return tail(_ratio(distance, math.sqrt(further)), sum(freedoms))
    freedom = variance**2 / sum(part**2 / count for part, count in zip(variances, freedoms))
    return tail(_ratio(distance, math.sqrt(variance + further)), freedom)


def _ratio(distance: float, error: float) -> float:
    return distance / error if error > 0 else math.copysign(math.inf, distance)


def _drawn_in(values: Sequence[float]) -> list[float]:
    if len(values) < 5:
        return list(values)
    middle = statistics.median(values)
    reach = 3 * 1.4826 * statistics.median(abs(value - middle) for value in values)
    return [min(max(value, middle - reach), middle + reach) for value in values]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    # not statistics.variance, which computes with fractions: exact, and slow
    middle = _mean(values)
    return math.fsum((value - middle) ** 2 for value in values) / (len(values) - 1)


def _logs(figure: Figure) -> list[float]:
    return [math.log(max(sample, 1e-300)) for sample in figure.samples]


def _share(before: float, now: float) -> float:
    return now / before - 1 if before else (0.0 if now == before else math.inf)


def _direction(difference: float, kind: Kind) -> str:
    return "worse" if (difference > 0) == kind.is_lower_better else "better"


def _shown(figure: Figure | None) -> str:
    return "" if figure is None else f"{_middle(figure.samples, figure.kind):.4g}"


def _middle(samples: Iterable[float], kind: str) -> float:
    listed = list(samples)
    return _mean(listed) if kind in ("quality", "loss") else statistics.median(listed)
