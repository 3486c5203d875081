"""What a benchmark says: sections of rows for people, the same and every sample for programs."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nad._bench.measure import Timing

OURS = "nad"


def say(text: str) -> None:
    """Progress, beside the result."""
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()


@dataclass(frozen=True)
class Goal:
    """A figure, and what it is meant to reach; without a bound it is only reported."""

    what: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def met(self) -> bool | None:
        if self.at_least is not None:
            return self.value >= self.at_least
        return self.value <= self.at_most if self.at_most is not None else None

    @staticmethod
    def table(goals: Sequence[Goal]) -> tuple[list[str], list[list[str]]]:
        verdicts = {True: "met", False: "NOT MET", None: ""}
        rows = []
        for goal in goals:
            bound = f">= {goal.at_least:g}" if goal.at_least is not None else ""
            bound = f"<= {goal.at_most:g}" if goal.at_most is not None else bound
            rows.append([goal.what, f"{goal.value:.2f}", bound, verdicts[goal.met]])
        return ["", "value", "goal", ""], rows


@dataclass(frozen=True)
class Figure:
    """What two runs are compared by: all samples of one number, a round or a seed each, and what they are."""

    row: str
    """Who: "nad, avx2", "scikit-learn"; what stands before the first comma made it."""
    what: str
    samples: Sequence[float]
    kind: str = "time"
    """A key of `nad._bench.compare.KINDS`."""
    unit: str = "s"

    @property
    def by(self) -> str:
        """The library whose figure it is."""
        return self.row.partition(",")[0]


def time_figures(what: str, timings: Mapping[str, Timing], *, per: float = 1.0, wall: bool = False) -> list[Figure]:
    """The CPU seconds of each subject, every round; a `per`-th of them, where that is given."""
    return [
        Figure(name, what, [(sample.wall if wall else sample.cpu) / per for sample in timing.samples])
        for name, timing in timings.items()
    ]


def seed_figures(
    what: str, found: Mapping[str, Iterable[float]], kind: str = "quality", unit: str = ""
) -> list[Figure]:
    """A number for each seed of each subject."""
    return [Figure(name, what, [float(one) for one in samples], kind, unit) for name, samples in found.items()]


@dataclass(frozen=True)
class Section:
    """A table. Its `name`, else its title, is what it is found by in another run."""

    title: str
    header: list[str]
    rows: list[list[str]]
    notes: Sequence[str] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    figures: Sequence[Figure] = ()
    name: str = ""

    def text(self) -> str:
        """A Markdown table whose columns also line up."""
        lines = [self.header, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.header))]

        def line(cells: list[str]) -> str:
            first, *others = zip(cells, widths, strict=True)
            return f"| {' | '.join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])} |"

        rule = "|-" + "-|-".join("-" * width for width in widths) + "-|"
        parts = [f"### {self.title}", "", line(self.header), rule, *map(line, self.rows)]
        if self.notes:
            parts += ["", *(f"- {note}" for note in self.notes)]
        return "\n".join(parts)

    def json(self) -> dict[str, Any]:
        table = [self.header, *self.rows]  # not one object a row: columns may share a name
        return {
            "name": self.name or self.title,
            "title": self.title,
            "table": table,
            "notes": list(self.notes),
            "figures": [{**asdict(figure), "samples": list(figure.samples)} for figure in self.figures],
            "data": dict(self.data),
        }

    @staticmethod
    def from_json(document: Mapping[str, Any]) -> Section:
        """What `json` wrote."""
        header, *rows = document["table"]
        figures = [Figure(**figure) for figure in document["figures"]]
        return Section(document["title"], header, rows, document["notes"], document["data"], figures, document["name"])
