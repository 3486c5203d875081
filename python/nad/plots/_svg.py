"""Drawing without any library: small SVG pictures that live inside a page and follow its light and dark."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nad.plots._chart import IN_PAGE, Axis, Boxes, Cells, Chart, Line, Mark, Points, Rule, plain
from nad.plots._extent import extent
from nad.plots._palette import DARK, LIGHT, cell_share, palette
from nad.plots._ticks import short, ticks, touch

if TYPE_CHECKING:
    from collections.abc import Callable

_PIXELS = 100
_LEAST = 0.6  # of its width: texts of a picture that is shown smaller cannot be read
_IN_PAGE = 6.0  # pages are read on narrow screens, too, where wide pictures shrink with their texts
_LETTER = 6.3  # the mean width of a letter of 12 pixels


def render(chart: Chart, style: str | None) -> str:
    """The text of an ``<svg>`` element, with rules for its colours unless its page holds them."""
    in_page = style == IN_PAGE
    return _Drawing(chart, in_page).text("" if in_page else style_sheet(style))


def style_sheet(style: str | None = None) -> str:
    """Rules for the colours of pictures; without a style they follow the page's ``prefers-color-scheme``."""
    if style is not None:
        return _variables(palette(style)) + _RULES
    return _variables(LIGHT) + "@media screen and (prefers-color-scheme:dark){" + _variables(DARK) + "}" + _RULES


def _variables(colours: dict[str, str]) -> str:
    return ".nad-chart{" + ";".join(f"--nad-{name}:{colour}" for name, colour in colours.items()) + "}"


_RULES = (
    ".nad-chart{font:12px system-ui,sans-serif;max-width:100%;height:auto}"
    ".nad-chart text{fill:var(--nad-ink);stroke:none}.nad-chart .title{font-size:14px;font-weight:600}"
    ".nad-chart .note,.nad-chart .tick{fill:var(--nad-faint);font-size:11px}"
    ".nad-chart .cell{font-size:11px}"
    ".nad-chart .back{fill:var(--nad-ground)}.nad-chart .grid{stroke:var(--nad-grid);fill:none}"
    ".nad-chart .inverse{fill:var(--nad-ground)}"
    + "".join(
        f".nad-chart .f-{name}{{fill:var(--nad-{name})}}.nad-chart .s-{name}{{stroke:var(--nad-{name});fill:none}}"
        for name in LIGHT
    )
)


class _Drawing:
    """Where things lie on the paper, and the paper."""

    def __init__(self, chart: Chart, in_page: bool) -> None:
        self.chart = chart
        self.has_cells = any(isinstance(mark, Cells) for mark in chart.marks)
        wide, high = chart.size
        if in_page and not self.has_cells:
            wide = min(wide, _IN_PAGE)
        self.width, self.height = round(wide * _PIXELS), round(high * _PIXELS)
        named = [(mark, mark.name) for mark in chart.marks if not isinstance(mark, Cells) and mark.name]
        self.rows_of_legend = _wrapped(named, self.width - 24)
        self.top = 30 + (16 if chart.note else 0) + 18 * len(self.rows_of_legend)
        self.place_y, y_ticks = self._place(chart.y, "y", 6)
        self.left = 36 + min(max((_width(text) for _, text in y_ticks), default=20), 340)
        names = [_width(short(name)) for name in chart.x.names]
        self.slanted = chart.x.scale == "names" and touch(names, self.width - self.left - 22)
        below = 0.0
        if self.slanted:
            below = 0.72 * max(_width(short(name)) for name in chart.x.names)
        self.bottom = self.height - 48 - below
        self.right = self.width - (70 if chart.right is not None else self._room_for_texts())
        self.place_x, x_ticks = self._place(chart.x, "x", max(3, round((self.right - self.left) / 75)))
        self.x_ticks, self.y_ticks = x_ticks, y_ticks
        self.parts: list[str] = []

    def _room_for_texts(self) -> float:
        texts = [text for mark in self.chart.marks if isinstance(mark, Boxes) for text in mark.texts]
        return 22 + max((_width(text) for text in texts), default=0)

    def _place(self, axis: Axis, which: str, wanted: int) -> tuple[Callable[[Any], Any], list[tuple[float, str]]]:
        """A function from values to paper, 0 to 1 along the axis, and the labels."""
        low, high = extent(self.chart, which)
        if self.has_cells:
            low, high = -0.5, len(axis.names) - 0.5
        is_log = axis.scale == "log"
        if is_log and axis.zero is not None:
            low = min(low, axis.zero)
        first, last = (math.log10(low), math.log10(high)) if is_log else (low, high)
        margin = 0.0 if axis.limits is not None or self.has_cells else 0.03 * (last - first)
        if not is_log and low == 0:
            last += margin
        else:
            first, last = first - margin, last + margin
        found = [
            (place, text)
            for place, text in ticks(axis, 10.0**first if is_log else first, 10.0**last if is_log else last, wanted)
            if first - 1e-9 <= (math.log10(place) if is_log else place) <= last + 1e-9
        ]

        def place(values: Any) -> Any:
            drawn = np.log10(np.maximum(values, 1e-300)) if is_log else np.asarray(values, dtype=np.float64)
            share = (drawn - first) / ((last - first) or 1.0)
            return np.clip(1 - share if axis.downwards else share, -0.02, 1.02)

        return place, found

    def at_x(self, values: Any) -> Any:
        return self.left + (self.right - self.left) * self.place_x(values)

    def at_y(self, values: Any) -> Any:
        return self.bottom - (self.bottom - self.top) * self.place_y(values)

    def text(self, rules: str) -> str:
        chart = self.chart
        title = _safe(chart.title)
        self.parts = [
            f'<svg class="nad-chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}"',
            f' width="{self.width}" height="{self.height}" style="--nad-least:{_LEAST * self.width:.0f}px" role="img"',
            f' aria-label="{title}">',
            f"<style>{rules}</style>" if rules else "",
            f'<rect class="back" width="{self.width}" height="{self.height}"/>',
            f'<text class="title" x="12" y="20">{title}</text>',
        ]
        if chart.note:
            self._text(12, 36, chart.note, "note")
        self._axes()
        for mark in chart.marks:
            self._mark(mark)
        self._legend()
        self.parts.append("</svg>")
        return "".join(self.parts)

    def _text(  # noqa: PLR0917
        self, x: float, y: float, text: str, kind: str = "", anchor: str = "start", turned: float = 0
    ) -> None:
        turn = f' transform="rotate({turned:g} {x:.1f} {y:.1f})"' if turned else ""
        self.parts.append(
            f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{turn}>{_safe(text)}</text>'
        )

    def _axes(self) -> None:
        chart, lines = self.chart, []
        for place, text in self.y_ticks:
            y = float(self.at_y(place))
            if chart.y.scale != "names":
                lines.append(f"M{self.left:.1f} {y:.1f}H{self.right:.1f}")
            self._text(self.left - 6, y + 4, text, "tick", "end")
        for place, text in self.x_ticks:
            x = float(self.at_x(place))
            if chart.x.scale != "names":
                lines.append(f"M{x:.1f} {self.top:.1f}V{self.bottom:.1f}")
            if self.slanted:
                self._text(x + 4, self.bottom + 14, text, "tick", "end", -40)
                continue
            for number, line in enumerate(text.split("\n")):
                self._text(x, self.bottom + 15 + 13 * number, line, "tick", "middle")
        if chart.right is not None:
            self._axis_on_the_right(chart.right)
        if not self.has_cells:
            self.parts.append(f'<path class="grid" d="{"".join(lines)}"/>')
        middle = (self.left + self.right) / 2
        self._text(middle, self.height - 5, chart.x.label, "", "middle")
        height = (self.top + self.bottom) / 2
        self._text(14, height, chart.y.label, "", "middle", -90)

    def _axis_on_the_right(self, axis: Axis) -> None:
        self.place_right, found = self._place(axis, "right", 5)
        for place, text in found:
            y = self.bottom - (self.bottom - self.top) * float(self.place_right(place))
            self._text(self.right + 6, y + 4, text, "tick")
        x, y = self.width - 8, (self.top + self.bottom) / 2
        self._text(x, y, axis.label, "", "middle", -90)

    def _mark(self, mark: Mark) -> None:
        if isinstance(mark, Points):
            self._points(mark)
        elif isinstance(mark, Line):
            self._line(mark)
        elif isinstance(mark, Rule):
            self.parts.append(f'<path class="s-{mark.colour}" stroke-width="1.5"{_dash(mark.dashed)} d="')
            if mark.vertical:
                self.parts.append(f'M{float(self.at_x(mark.at)):.1f} {self.top:.1f}V{self.bottom:.1f}"/>')
            else:
                self.parts.append(f'M{self.left:.1f} {float(self.at_y(mark.at)):.1f}H{self.right:.1f}"/>')
        elif isinstance(mark, Boxes):
            self._boxes(mark)
        else:
            self._cells(mark)

    def _points(self, mark: Points) -> None:
        """One path for all: a line without length is a dot."""
        where = zip(self.at_x(mark.x), self.at_y(mark.y))
        if mark.symbol == "cross" and mark.colour == "ink":
            arm = mark.size / 2
            crosses = f"l{2 * arm:g} {2 * arm:g}m{-2 * arm:g} 0l{2 * arm:g} {-2 * arm:g}"
            path = "".join(f"M{x - arm:.1f} {y - arm:.1f}{crosses}" for x, y in where)
            self.parts.append(f'<path class="s-ground" stroke-width="6" d="{path}"/>')
            self.parts.append(f'<path class="s-{mark.colour}" stroke-width="3" d="{path}"/>')
            return
        spots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in where)
        cap = "square" if mark.symbol in ("square", "diamond", "cross") else "round"
        self.parts.append(
            f'<path class="s-{mark.colour}" stroke-width="{mark.size:.1f}" stroke-linecap="{cap}" '
            f'opacity="{mark.opacity}" d="{spots}"/>'
        )

    def _line(self, mark: Line) -> None:
        known = np.isfinite(mark.x) & np.isfinite(mark.y)
        x, y = self.at_x(mark.x[known]), mark.y[known]
        y = self.bottom - (self.bottom - self.top) * self.place_right(y) if mark.right else self.at_y(y)
        corners = [f"{a:.1f} {b:.1f}" for a, b in zip(x, y)]
        if not corners:
            return
        if mark.steps:
            path = "M" + corners[0] + "".join(f"H{a:.1f}V{b:.1f}" for a, b in zip(x[1:], y[1:]))
        else:
            path = "M" + "L".join(corners)
        self.parts.append(
            f'<path class="s-{mark.colour}" stroke-width="{mark.width}" stroke-linejoin="round"{_dash(mark.dashed)} '
            f'd="{path}"/>'
        )
        if mark.markers:
            spots = "".join(f"M{corner}h0" for corner in corners)
            self.parts.append(f'<path class="s-{mark.colour}" stroke-width="7" stroke-linecap="round" d="{spots}"/>')

    def _boxes(self, mark: Boxes) -> None:
        x0, x1, y0, y1 = self.at_x(mark.x0), self.at_x(mark.x1), self.at_y(mark.y0), self.at_y(mark.y1)
        for i in range(len(mark.x0)):
            colour = mark.colour if isinstance(mark.colour, str) else mark.colour[i]
            left, top = min(x0[i], x1[i]), min(y0[i], y1[i])
            hover = f"<title>{_safe(mark.hover[i])}</title>" if mark.hover else ""
            wide, high = abs(x1[i] - x0[i]), abs(y1[i] - y0[i])
            if wide > 0.01 and high > 0.01:
                self.parts.append(
                    f'<rect class="f-{colour}" x="{left:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{high:.1f}" '
                    f'opacity="{mark.opacity}">{hover}</rect>'
                )
            if mark.texts:
                self._text(max(x0[i], x1[i]) + 5, (y0[i] + y1[i]) / 2 + 4, mark.texts[i])

    def _cells(self, mark: Cells) -> None:
        rows, columns = mark.levels.shape
        wide, high = (self.right - self.left) / columns, (self.bottom - self.top) / rows
        for row in range(rows):
            for column in range(columns):
                level = float(mark.levels[row, column])
                if level <= 0 and not mark.texts[row][column]:
                    continue
                x, y = self.left + column * wide, self.top + row * high
                self.parts.append(
                    f'<rect class="f-fill" x="{x + 0.5:.1f}" y="{y + 0.5:.1f}" width="{wide - 1:.1f}" '
                    f'height="{high - 1:.1f}" opacity="{cell_share(level):.2f}">'
                    f"<title>{_safe(mark.hover[row][column])}</title></rect>"
                )
                if _width(mark.texts[row][column]) <= wide + 6:
                    kind = "cell inverse" if level > 0.5 else "cell"
                    self._text(x + wide / 2, y + high / 2 + 4, mark.texts[row][column], kind, "middle")

    def _legend(self) -> None:
        y = 42 + (16 if self.chart.note else 0)
        for row in self.rows_of_legend:
            x = 12.0
            for mark, name in row:
                colour = mark.colour if isinstance(mark.colour, str) else mark.colour[0]
                if isinstance(mark, (Line, Rule)):
                    key = f'<path class="s-{colour}" stroke-width="2"{_dash(mark.dashed)} d="M{x:.0f} {y - 4}h18"/>'
                else:
                    key = f'<rect class="f-{colour}" x="{x + 3:.0f}" y="{y - 9}" width="10" height="10"/>'
                self.parts.append(key)
                self._text(x + 22, y, name)
                x += 22 + _width(name) + 18
            y += 18


def _wrapped(named: list[tuple[Any, str]], room: float) -> list[list[tuple[Any, str]]]:
    """The entries of a legend in rows."""
    rows: list[list[tuple[Any, str]]] = []
    left = 0.0
    for mark, name in named:
        wide = 40 + _width(name)
        if not rows or wide > left:
            rows.append([])
            left = room
        rows[-1].append((mark, name))
        left -= wide
    return rows


def _safe(text: str) -> str:
    return html.escape(plain(text).replace("\n", " "))


def _width(text: str) -> float:
    return _LETTER * max((len(line) for line in text.split("\n")), default=0)


def _dash(dashed: bool) -> str:
    return ' stroke-dasharray="6 4"' if dashed else ""
