"""Drawing with matplotlib: for paper, and for notebooks."""

from __future__ import annotations

from typing import Any

import numpy as np

from nad.plots._chart import Axis, Boxes, Cells, Chart, Floats, Line, Points, Rule, plain, plotting_library
from nad.plots._palette import blend, cell_share, palette
from nad.plots._ticks import log_ticks, name_ticks, number, touch

_SYMBOLS = {"circle": "o", "cross": "X", "diamond": "D", "square": "s", "triangle": "^"}
_NANO = 1e9
_LETTER = 0.08  # inches


def render(chart: Chart, ax: Any, style: str | None) -> Any:
    """Draw into `ax`, or into a new figure."""
    if ax is None:
        pyplot = plotting_library("matplotlib.pyplot")
        figure, ax = pyplot.subplots(figsize=chart.size, layout="constrained")
        if style is not None:
            figure.set_facecolor(palette(style)["ground"])
    colours = palette(style or _style_of(ax))
    beside = ax.twinx() if chart.right is not None else None
    for mark in chart.marks:
        _draw(beside if beside is not None and isinstance(mark, Line) and mark.right else ax, mark, chart, colours)
    ax.set_title(_plain(chart.title), fontsize=12, loc="left", pad=20 if chart.note else 8)
    if chart.note:
        ax.annotate(
            _plain(chart.note), (0, 1), (0, 5), xycoords="axes fraction", textcoords="offset points", fontsize=8,
            color=colours["faint"], va="bottom", annotation_clip=False,
        )  # fmt: skip
    _scale(ax, "x", chart.x)
    _scale(ax, "y", chart.y)
    _slant(ax, chart)
    if any(isinstance(mark, Cells) for mark in chart.marks):
        _frame_of_cells(ax)
    else:
        ax.grid(visible=True, axis=_grid_axis(chart), color=colours["grid"], linewidth=0.7)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    if chart.square:
        ax.set_aspect("equal", adjustable="box")
    for one in (ax, beside):
        if one is not None and style is not None:
            _paint(one, colours)
    if beside is not None and chart.right is not None:
        _scale(beside, "y", chart.right)
        beside.spines["top"].set_visible(False)
        for one in (ax, beside):  # room for the legend above two curves
            low, high = one.get_ylim()
            one.set_ylim(low, high + 0.32 * (high - low))
    _legend(ax, beside, chart, colours, style)
    return ax


def _style_of(ax: Any) -> str:
    """Whether a picture that somebody else prepared is dark."""
    red, green, blue = plotting_library("matplotlib.colors").to_rgb(ax.get_facecolor())
    return "dark" if 0.3 * red + 0.59 * green + 0.11 * blue < 0.45 else "light"


def _paint(ax: Any, colours: dict[str, str]) -> None:
    ax.set_facecolor(colours["ground"])
    ax.title.set_color(colours["ink"])
    ax._left_title.set_color(colours["ink"])
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set_color(colours["ink"])
        axis.get_offset_text().set_color(colours["ink"])
    ax.tick_params(colors=colours["ink"], which="both")
    for spine in ax.spines.values():
        spine.set_color(colours["faint"])


def _draw(ax: Any, mark: Any, chart: Chart, colours: dict[str, str]) -> None:
    if isinstance(mark, Points):
        ax.scatter(
            _times(mark.x, chart.x), _times(mark.y, chart.y), s=mark.size**2, c=colours[mark.colour],
            marker=_SYMBOLS[mark.symbol], alpha=mark.opacity, label=_named(mark.name), rasterized=True,
            zorder=2 if mark.colour in ("normal", "rest") else 3,
            edgecolors=colours["ground"], linewidths=1 if mark.colour == "ink" else 0,
        )  # fmt: skip
    elif isinstance(mark, Line):
        ax.plot(
            _times(mark.x, chart.x), mark.y, color=colours[mark.colour], linewidth=mark.width,
            linestyle="--" if mark.dashed else "-", marker="o" if mark.markers else None, markersize=5,
            drawstyle="steps-post" if mark.steps else "default", label=_named(mark.name), zorder=2.5,
        )  # fmt: skip
    elif isinstance(mark, Rule):
        across = ax.axvline if mark.vertical else ax.axhline
        at = _times(np.array([mark.at]), chart.x if mark.vertical else chart.y)[0]
        across(
            at, color=colours[mark.colour], linewidth=1.4, linestyle="--" if mark.dashed else "-", zorder=3.5,
            label=_named(mark.name),
        )  # fmt: skip
    elif isinstance(mark, Boxes):
        _boxes(ax, mark, chart, colours)
    else:
        _cells(ax, mark, colours)


def _plain(text: str) -> str:
    """What matplotlib would read as mathematics is none."""
    return plain(text).replace("$", r"\$")


def _named(name: str) -> str | None:
    """A name for the legend, which leaves out what begins with an underscore."""
    return _plain(f" {name}" if name.startswith("_") else name) or None


def _boxes(ax: Any, mark: Boxes, chart: Chart, colours: dict[str, str]) -> None:
    fill = colours[mark.colour] if isinstance(mark.colour, str) else [colours[one] for one in mark.colour]
    left, right = _times(mark.x0, chart.x), _times(mark.x1, chart.x)
    ax.bar(
        left, mark.y1 - mark.y0, width=right - left, bottom=mark.y0, align="edge", color=fill, alpha=mark.opacity,
        linewidth=0, label=_named(mark.name),
    )  # fmt: skip
    for i, text in enumerate(mark.texts):
        end = max(mark.x0[i], mark.x1[i]), (mark.y0[i] + mark.y1[i]) / 2
        ax.annotate(
            _plain(text), end, (4, 0), textcoords="offset points", va="center", fontsize=9, color=colours["ink"]
        )
    if mark.texts:
        low, high = (
            min(0.0, float(mark.x0.min()), float(mark.x1.min())),
            max(float(mark.x0.max()), float(mark.x1.max())),
        )
        ax.set_xlim(low - 0.14 * (high - low) * (low < 0), high + 0.14 * ((high - low) or 1.0))


def _cells(ax: Any, mark: Cells, colours: dict[str, str]) -> None:
    colour_map = plotting_library("matplotlib.colors").LinearSegmentedColormap.from_list(
        "nad", [(0, blend(colours["ground"], colours["fill"], cell_share(1e-9))), (1, colours["fill"])]
    )
    ax.imshow(np.ma.masked_less_equal(mark.levels, 0), cmap=colour_map, vmin=0, vmax=1, aspect="auto")
    small = max(5.0, min(9.0, 150 / max(mark.levels.shape)))
    for row, texts in enumerate(mark.texts):
        for column, text in enumerate(texts):
            if text:
                ink = colours["ground"] if mark.levels[row, column] > 0.5 else colours["ink"]
                ax.text(column, row, text, ha="center", va="center", fontsize=small, color=ink)


def _frame_of_cells(ax: Any) -> None:
    ax.grid(visible=False)
    ax.tick_params(length=0)


def _grid_axis(chart: Chart) -> str:
    if chart.y.scale == "names":
        return "x"
    return "y" if chart.x.scale == "names" else "both"


def _scale(ax: Any, which: str, axis: Axis) -> None:
    own = getattr(ax, f"{which}axis")
    getattr(ax, f"set_{which}label")(_plain(axis.label))
    if axis.scale == "log":
        getattr(ax, f"set_{which}scale")("log")
    if axis.scale == "time":
        dates = plotting_library("matplotlib.dates")
        locator = dates.AutoDateLocator(minticks=3, maxticks=7)
        own.set_major_locator(locator)
        own.set_major_formatter(dates.ConciseDateFormatter(locator))
    if axis.limits is not None:
        ends = _times(np.array(axis.limits), axis)
        getattr(ax, f"set_{which}lim")(ends[0], ends[1])
    elif axis.scale == "log" and axis.zero is not None:
        getattr(ax, f"set_{which}lim")(left=axis.zero / 2) if which == "x" else ax.set_ylim(bottom=axis.zero / 2)
    if axis.scale == "names":
        found = name_ticks(axis)
    elif axis.scale == "log":
        low, high = getattr(ax, f"get_{which}lim")()
        found = log_ticks(axis, low, high)
        own.set_minor_locator(plotting_library("matplotlib.ticker").NullLocator())
    else:
        found = []
        if axis.scale == "linear":
            own.set_major_formatter(plotting_library("matplotlib.ticker").FuncFormatter(lambda value, _: number(value)))
    if found:
        own.set_ticks([place for place, _ in found], [_plain(text) for _, text in found])
    if axis.downwards and not ax.images:  # a matrix has its first row on top already
        getattr(ax, f"invert_{which}axis")()


def _slant(ax: Any, chart: Chart) -> None:
    """Names below a picture that would touch each other."""
    if chart.x.scale != "names":
        return
    beside = max((len(text) for _, text in name_ticks(chart.y)), default=0) if chart.y.scale == "names" else 0
    room = ax.get_position().width * ax.figure.get_figwidth() - _LETTER * beside
    if touch([_LETTER * len(text) for _, text in name_ticks(chart.x)], room):
        ax.tick_params(axis="x", rotation=45)
        for label in ax.get_xticklabels():
            label.set(horizontalalignment="right", rotation_mode="anchor")


def _legend(ax: Any, beside: Any, chart: Chart, colours: dict[str, str], style: str | None) -> None:
    handles, names = ax.get_legend_handles_labels()
    if beside is not None:
        more, more_names = beside.get_legend_handles_labels()
        handles, names = handles + more, names + more_names
    if not names:
        return
    place, columns = ("upper center", 2) if beside is not None else (chart.legend, 1)
    look = {"ncols": columns, "fontsize": 9, "framealpha": 0.88, "markerscale": 1.6}
    legend = (beside or ax).legend(handles, names, loc=place, **look)
    if beside is None and legend.get_window_extent().width > ax.get_window_extent().width:  # beside it there is no room
        legend = ax.legend(handles, names, loc="upper left", bbox_to_anchor=(-0.12, -0.14), **look)
    if style is not None:
        legend.get_frame().set(facecolor=colours["ground"], edgecolor=colours["grid"])
        for text in legend.get_texts():
            text.set_color(colours["ink"])


def _times(values: Floats, axis: Axis) -> Any:
    """Seconds as matplotlib's dates where the axis holds times."""
    if axis.scale != "time":
        return values
    dates = plotting_library("matplotlib.dates")
    return np.asarray(dates.date2num((np.asarray(values) * _NANO).astype("datetime64[ns]")))
