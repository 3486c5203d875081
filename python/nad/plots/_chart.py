"""What a picture shows, before anything is drawn: axes and marks. Each way to draw takes the same description."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from nad import _core
from nad.errors import InvalidArgumentError

Floats = npt.NDArray[np.float64]

_LONGEST = 300  # letters of a text
IN_PAGE = "page"  # for SVG inside a page that holds the rules of `style_sheet`
_BACKENDS = {"matplotlib": "_matplotlib", "plotly": "_plotly", "svg": "_svg"}


@dataclass(frozen=True)
class Axis:
    """What lies along one side."""

    label: str = ""
    scale: str = "linear"  # or "log", "time" (seconds since 1970, UTC), "names" (places 0, 1, 2, ...)
    names: tuple[str, ...] = ()
    zero: float | None = None  # on a logarithmic axis the place where zeros are drawn
    limits: tuple[float, float] | None = None
    downwards: bool = False  # the lowest value on top


@dataclass(frozen=True)
class Points:
    """One mark a record."""

    x: Floats
    y: Floats
    name: str = ""
    colour: str = "normal"
    symbol: str = "circle"  # or "cross", "diamond", "square", "triangle"
    size: float = 4.0
    opacity: float = 1.0
    hover: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """Points that are joined, by steps if wanted."""

    x: Floats
    y: Floats
    name: str = ""
    colour: str = "c0"
    width: float = 1.8
    dashed: bool = False
    markers: bool = False
    steps: bool = False  # the value holds from its x to the next
    right: bool = False  # measured on the axis on the right


@dataclass(frozen=True)
class Boxes:
    """Bars: rectangles from (x0, y0) to (x1, y1)."""

    x0: Floats
    x1: Floats
    y0: Floats
    y1: Floats
    name: str = ""
    colour: str | tuple[str, ...] = "normal"  # one for all, or one a box
    opacity: float = 1.0
    texts: tuple[str, ...] = ()  # right of each box
    hover: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A line across the whole picture."""

    at: float
    name: str = ""
    colour: str = "ink"
    vertical: bool = True
    dashed: bool = True


@dataclass(frozen=True)
class Cells:
    """A matrix whose cells are the fuller the higher their level; row and column places are 0, 1, 2, ..."""

    levels: Floats  # 0 to 1
    texts: tuple[tuple[str, ...], ...]
    hover: tuple[tuple[str, ...], ...]


Mark = Points | Line | Boxes | Rule | Cells


@dataclass(frozen=True)
class Chart:
    """A whole picture."""

    title: str
    x: Axis
    y: Axis
    marks: list[Mark]
    right: Axis | None = None
    note: str = ""  # what was left out, under the title
    size: tuple[float, float] = (7.0, 4.3)  # inches
    square: bool = False  # one unit is as long on both axes
    legend: str = "best"  # where there is no room beside
    figures: dict[str, float] = field(default_factory=dict)  # numbers that belong to the picture

    @property
    def named(self) -> list[Mark]:
        """The marks that a legend lists."""
        return [mark for mark in self.marks if getattr(mark, "name", "")]


def size_of_cells(rows: tuple[str, ...], columns: tuple[str, ...], cell: tuple[float, float]) -> tuple[float, float]:
    """Inches for a matrix and the names beside and below it."""
    beside, below = max(map(len, rows), default=0) * 0.08, max(map(len, columns), default=0) * 0.055
    return 1.2 + beside + max(cell[0] * len(columns), 2.4), 1.3 + below + max(cell[1] * len(rows), 1.4)


def plain(text: str) -> str:
    """A text without control characters, which could come from traffic; a person's line breaks stay."""
    return "\n".join(_core.printable(line, _LONGEST) for line in text.split("\n"))


def draw(chart: Chart, ax: Any, backend: str, style: str | None) -> Any:
    """Draw it in the way that was asked for."""
    if backend not in _BACKENDS:
        raise InvalidArgumentError(f"backend is {backend!r}; there are {', '.join(map(repr, _BACKENDS))}")
    if style not in (None, "light", "dark") and (backend, style) != ("svg", IN_PAGE):
        raise InvalidArgumentError(f"style is {style!r}; there are 'light', 'dark' and None")
    if ax is not None and backend != "matplotlib":
        raise InvalidArgumentError(f"ax belongs to matplotlib; backend={backend!r} makes a picture of its own")
    drawing = importlib.import_module(f"nad.plots.{_BACKENDS[backend]}")
    if backend == "matplotlib":
        return drawing.render(chart, ax, style)
    return drawing.render(chart, style)


def plotting_library(name: str) -> Any:
    """A library that only plots need."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ImportError(
            f"this plot needs the package {package}; install it with `pip install nad[plot]`, "
            "or draw with backend='svg', which needs nothing"
        ) from error
