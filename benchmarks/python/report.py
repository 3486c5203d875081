"""What a benchmark says: sections of rows for people, the same and every sample for programs."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def say(text: str) -> None:
    """Progress, beside the result."""
    print(f"  {text}", file=sys.stderr, flush=True)


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
class Section:
    title: str
    header: list[str]
    rows: list[list[str]]
    notes: Sequence[str] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

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
        return {"title": self.title, "table": table, "notes": list(self.notes), "data": dict(self.data)}


def machine() -> dict[str, Any]:
    info = Path("/proc/cpuinfo")
    names, flags = [], set()
    if info.is_file():
        for line in info.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                names.append(value.strip())
            elif key.strip() == "flags":
                flags.update(value.split())
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "instructions": sorted(flags & {"sse4_2", "avx2", "fma", "avx512f", "avx512bw", "avx512vl", "asimd"}),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": [round(load, 2) for load in os.getloadavg()],
    }
