"""Pictures of a run: speed bars, quality against speed, and how time grows.

    paths = draw(document, Path("pictures"))

Colours are those that colour-blind people tell apart; libraries differ in hatching or in marks as well.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.python import summary
from nad._bench.document import sections_of
from nad._bench.report import OURS, Figure, Section
from nad.errors import InvalidArgumentError
from nad.plots._palette import LIGHT

COLOURS = ("c0", "c1", "c2", "c3", "c4", "c5", "rest")
HATCHES = ("", "//", "..", "xx", "\\\\", "++", "oo")
MARKS = ("o", "s", "^", "D", "v", "P", "X")
AREAS = (0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0001)
"""What may be missing to an area of 1 where a line is drawn."""
MOST_BARS = 14
"""Groups of bars in one picture; more go to the next one."""


def draw(document: Mapping[str, Any], folder: Path) -> list[Path]:
    """All pictures that the run gives; where they are."""
    pyplot = _pyplot()
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for task, sections in sections_of(document).items():
        figures = [*_bars(pyplot, task, sections)]
        for section in sections:
            figures += _quality(pyplot, section)
            figures += _lines(pyplot, section)
        names: dict[str, int] = {}
        for name, figure in figures:
            stem = re.sub(r"[^a-z0-9]+", "_", f"{task} {name}".lower()).strip("_")
            names[stem] = names.get(stem, 0) + 1
            path = folder / (f"{stem}.png" if names[stem] == 1 else f"{stem}_{names[stem]}.png")
            figure.savefig(path, dpi=110, facecolor=LIGHT["ground"])
            pyplot.close(figure)
            made.append(path)
    return made


def _pyplot() -> Any:
    try:
        import matplotlib as mpl  # noqa: PLC0415 - only who wants pictures needs it

        mpl.use("Agg")
        from matplotlib import pyplot  # noqa: ICN001, PLC0415
    except ImportError:
        raise InvalidArgumentError("pictures need matplotlib: pip install matplotlib") from None
    pyplot.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    return pyplot


def _style(libraries: Sequence[str]) -> dict[str, int]:
    """A place in the lists of colours, hatches and marks for each library, nad's first."""
    others = sorted(set(libraries) - {OURS})
    return {name: place % len(COLOURS) for place, name in enumerate([OURS, *others])}


# ---- speed


def _bars(pyplot: Any, task: str, sections: Sequence[Section]) -> list[tuple[str, Any]]:
    """How many times as long as nad each takes, a group for each thing that was timed."""
    found = [
        (section.name or section.title, what, ours, peers)
        for section in sections
        if "lines" not in section.data
        for what, ours, peers in summary.groups(section)
        if ours[0].kind == "time"
    ]
    often = Counter(what for _, what, _, _ in found)
    groups = [
        (_shortened(f"{what}: {table}" if often[what] > 1 else what), ours, peers) for table, what, ours, peers in found
    ]
    style = _style([figure.by for _, _, peers in groups for figure in peers])
    parts = [groups[first : first + MOST_BARS] for first in range(0, len(groups), MOST_BARS)]
    return [("speed", _bar_picture(pyplot, task, part, style)) for part in parts]


def _bar_picture(
    pyplot: Any, task: str, groups: Sequence[tuple[str, list[Figure], list[Figure]]], style: Mapping[str, int]
) -> Any:
    bars: list[tuple[float, str, float, str]] = []  # where, by whom, ratio, text
    ticks, at = [], 0.0
    for what, ours, peers in groups:
        base = min(map(summary.value, ours))
        begin = at
        shown = [min(ours, key=summary.value)]
        for library in dict.fromkeys(figure.by for figure in peers):
            shown.append(min((one for one in peers if one.by == library), key=summary.value))
        for figure in shown:
            seconds = summary.value(figure)
            text = summary.number(figure) if figure.by == OURS else _times(seconds / base)
            bars.append((at, figure.by, seconds / base, text))
            at += 1.0
        ticks.append(((begin + at - 1) / 2, what))
        at += 0.8
    figure, axes = pyplot.subplots(figsize=(8.0, 1.1 + 0.24 * at), layout="constrained")
    least = min(0.5, *(ratio * 0.8 for _, _, ratio, _ in bars))
    most = max(ratio for _, _, ratio, _ in bars)
    for library in dict.fromkeys(by for _, by, _, _ in bars):
        mine = [(place, ratio, text) for place, by, ratio, text in bars if by == library]
        axes.barh(
            [place for place, _, _ in mine], [ratio - least for _, ratio, _ in mine], left=least, height=0.92,
            color=LIGHT[COLOURS[style[library]]], hatch=HATCHES[style[library]], edgecolor="white", linewidth=0.4,
            label=library,
        )  # fmt: skip
        for place, ratio, text in mine:
            axes.annotate(text, (ratio, place), (3, 0), textcoords="offset points", va="center", fontsize=7.5,
                          color=LIGHT["ink"])  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlim(least, most**1.18 * 1.6)
    axes.axvline(1.0, color=LIGHT["faint"], linewidth=0.8)
    axes.set_yticks([place for place, _ in ticks], [what for _, what in ticks])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(at - 1.0, -0.8)
    axes.set_xlabel("time, nad = 1 (nad's own time beside its bar); shorter is better")
    axes.set_title(f"{task}: nad beside others", loc="left")
    figure.legend(loc="outside upper right", ncols=4, frameon=False)
    return figure


def _times(ratio: float) -> str:
    return f"{ratio:,.0f} x" if ratio >= 100 else f"{ratio:.3g} x"


def _shortened(text: str, most: int = 46) -> str:
    """In two lines where it is long."""
    if len(text) <= most // 2:
        return text
    words, lines = text.split(" "), [""]
    for word in words:
        if len(lines[-1]) + len(word) > most // 2 + 6 and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines[:3])


# ---- quality against speed


def _quality(pyplot: Any, section: Section) -> list[tuple[str, Any]]:
    """A point for each detector: how many rows a second it judges, and how well."""
    timed = [one for one in section.figures if one.kind == "time" and one.what.endswith("a row")]
    rate = {one.row: 1 / summary.value(one) for one in timed}
    area = {one.row: summary.value(one) for one in section.figures if one.what == "ROC-AUC"}
    names = [name for name in area if name in rate]
    if len(names) < 3:
        return []
    settings = list(dict.fromkeys(name.partition(", ")[2] for name in names))
    number = {name: place + 1 for place, name in enumerate(settings)}
    style = _style([name.partition(",")[0] for name in names])
    height = max(4.6, 1.2 + 0.2 * (len(settings) + len(style)))
    figure, (axes, key) = pyplot.subplots(1, 2, figsize=(9.5, height), width_ratios=(3, 2), layout="constrained")
    below = {name: max(1e-5, 1 - area[name]) for name in names}  # near 1 they would lie on each other
    for one in settings:
        mine = [name for name in names if name.partition(", ")[2] == one]
        axes.plot([rate[n] for n in mine], [below[n] for n in mine], color=LIGHT["grid"], linewidth=1.2, zorder=1)
    for library, place in style.items():
        mine = [name for name in names if name.partition(",")[0] == library]
        axes.scatter(
            [rate[n] for n in mine], [below[n] for n in mine], s=95 if library == OURS else 170,
            marker=MARKS[place], zorder=2, label=library,
            facecolor=LIGHT[COLOURS[place]] if library == OURS else LIGHT["ground"],
            edgecolor=LIGHT[COLOURS[place]], linewidth=1.4,
        )  # fmt: skip
        for name in mine:
            axes.annotate(
                str(number[name.partition(", ")[2]]), (rate[name], below[name]), ha="center", va="center",
                fontsize=6.5, color=LIGHT["ground"] if library == OURS else LIGHT["ink"], zorder=3,
            )  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="rows judged a CPU second", ylabel="ROC-AUC")
    axes.invert_yaxis()
    ticks = [tick for tick in AREAS if _inside(tick, below)]
    axes.set_yticks(ticks, [f"{1 - tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.grid(color=LIGHT["grid"], linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_title(f"{section.name or section.title}: right and up is better", loc="left")
    key.axis("off")
    key.text(0, 1, "\n".join(f"{place:2d}  {one}" for one, place in number.items()), va="top", fontsize=8,
             transform=key.transAxes)  # fmt: skip
    key.legend(*axes.get_legend_handles_labels(), loc="lower left", frameon=False, labelspacing=1.0)
    return [(f"quality {section.name or section.title}", figure)]


def _inside(tick: float, values: Mapping[str, float]) -> bool:
    return min(values.values()) * 0.7 <= tick <= max(values.values()) * 1.4


# ---- how time grows


def _lines(pyplot: Any, section: Section) -> list[tuple[str, Any]]:
    lines = section.data.get("lines")
    if not lines:
        return []
    style = _style([name.partition(",")[0] for name in lines])
    verbs = list(dict.fromkeys(name.rpartition(", ")[2] for name in lines))
    figure, panels = pyplot.subplots(
        1, len(verbs), figsize=(4.6 * len(verbs), 4.0), layout="constrained", squeeze=False
    )
    for axes, verb in zip(panels[0], verbs, strict=True):
        for name, line in lines.items():
            library, _, own = name.rpartition(", ")
            if own != verb or not line["sizes"]:
                continue
            place = style[library]
            text = library
            if line["exponent"] is not None:
                error = "" if line["standard_error"] is None else f" ± {line['standard_error']:.2f}"
                text = f"{library}: {line['exponent']:.2f}{error}"
                axes.plot(line["sizes"], _fitted(line), color=LIGHT[COLOURS[place]], linewidth=0.9, linestyle=":")
            axes.plot(line["sizes"], line["seconds"], color=LIGHT[COLOURS[place]], marker=MARKS[place],
                      linewidth=1.6, label=text)  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel=section.name.partition(",")[0], title=verb)
        axes.set_ylabel(section.header[0])
        sizes = sorted({size for line in lines.values() for size in line["sizes"]})
        axes.set_xticks(sizes, [_short(size) for size in sizes])
        axes.minorticks_off()
        axes.grid(color=LIGHT["grid"], linewidth=0.6)
        low, high = axes.get_ylim()
        axes.set_ylim(low, high * 6)  # room for the legend
        axes.legend(title="exponent", frameon=False, loc="upper left", fontsize=8)
    figure.suptitle(section.title.removeprefix("Scaling, "), x=0.01, ha="left")
    return [(section.name, figure)]


def _short(size: int) -> str:
    for unit, word in ((1_000_000, "M"), (1_000, "k")):
        if size >= unit and size % unit == 0:
            return f"{size // unit}{word}"
    return str(size)


def _fitted(line: Mapping[str, Any]) -> list[float]:
    """The straight line, through the middle of the points."""
    x = [math.log(size) for size in line["sizes"]]
    y = [math.log(seconds) for seconds in line["seconds"]]
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    return [math.exp(middle_y + line["exponent"] * (one - middle_x)) for one in x]
