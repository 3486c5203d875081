"""Drawing with plotly: for web pages and notebooks, with the values under the pointer."""

from __future__ import annotations

import html
from typing import Any

import numpy as np

from nad.plots._chart import Axis, Boxes, Cells, Chart, Floats, Line, Points, Rule, plain, plotting_library
from nad.plots._extent import extent
from nad.plots._palette import blend, cell_share, palette
from nad.plots._ticks import log_ticks, name_ticks

_SYMBOLS = {"circle": "circle", "cross": "x", "diamond": "diamond", "square": "square", "triangle": "triangle-up"}
_PIXELS = 105
_MANY = 15_000
_LEVEL = 4  # names that lie beside each other below a picture; more are slanted


def render(chart: Chart, style: str | None) -> Any:
    """A figure of plotly."""
    objects = plotting_library("plotly.graph_objects")
    colours = palette(style or "light")
    figure = objects.Figure()
    for mark in chart.marks:
        _add(figure, objects, mark, chart, colours)
    note = f"<br><sup>{_safe(chart.note)}</sup>" if chart.note else ""
    figure.update_layout(
        title={"text": _safe(chart.title) + note, "x": 0.02, "font": {"size": 16}},
        width=round(chart.size[0] * _PIXELS),
        height=round(chart.size[1] * _PIXELS),
        paper_bgcolor=colours["ground"],
        plot_bgcolor=colours["ground"],
        font={"color": colours["ink"], "size": 12},
        legend={"orientation": "h", "x": 0, "y": -_room_below(chart), "yanchor": "top"},
        margin={"l": 60, "r": 30, "t": 62 if chart.note else 50, "b": 50},
        xaxis=_axis(chart.x, colours, chart, "x"),
        yaxis=_axis(chart.y, colours, chart, "y"),
        barmode="overlay",
        hovermode="closest",
    )
    if chart.right is not None:
        beside: dict[str, Any] = {"overlaying": "y", "side": "right", "showgrid": False, "tickmode": "auto"}
        figure.update_layout(yaxis2={**_axis(chart.right, colours, chart, "right"), **beside})
    if chart.square:
        # a wide picture has room at its sides: without this, plotly would fill it with shares below 0 and above 1
        figure.update_xaxes(constrain="domain")
        figure.update_yaxes(scaleanchor="x", scaleratio=1, constrain="domain")
    return figure


def _room_below(chart: Chart) -> float:
    """How far below the picture the legend begins, in heights of the picture: below the labels."""
    pixels = 72 if len(chart.x.names) <= _LEVEL else 85 + 4.5 * max(map(len, chart.x.names))
    return pixels / max(chart.size[1] * _PIXELS - 130, 60)


def _safe(text: str) -> str:
    """What plotly would read as HTML, which texts from traffic never are, as plain text."""
    return html.escape(plain(text), quote=False).replace("\n", "<br>")


def _add(figure: Any, objects: Any, mark: Any, chart: Chart, colours: dict[str, str]) -> None:
    if isinstance(mark, Points):
        many = sum(len(one.x) for one in chart.marks if isinstance(one, Points)) > _MANY
        kind = objects.Scattergl if many else objects.Scatter  # browsers draw few pictures of the first kind at once
        figure.add_trace(
            kind(
                x=_times(mark.x, chart.x), y=_times(mark.y, chart.y), mode="markers", name=_safe(mark.name),
                showlegend=bool(mark.name), text=[_safe(text) for text in mark.hover],
                hovertemplate="%{text}<br>%{x}, %{y}<extra></extra>" if mark.hover else None,
                marker={
                    "color": colours[mark.colour], "size": mark.size * 1.6, "opacity": mark.opacity,
                    "symbol": _SYMBOLS[mark.symbol],
                    "line": {"width": 1 if mark.colour == "ink" else 0, "color": colours["ground"]},
                },
            )
        )  # fmt: skip
    elif isinstance(mark, Line):
        figure.add_trace(
            objects.Scatter(
                x=_times(mark.x, chart.x), y=mark.y, mode="lines+markers" if mark.markers else "lines",
                name=_safe(mark.name), showlegend=bool(mark.name), yaxis="y2" if mark.right else "y",
                line={
                    "color": colours[mark.colour], "width": mark.width, "dash": "dash" if mark.dashed else "solid",
                    "shape": "hv" if mark.steps else "linear",
                },
            )
        )  # fmt: skip
    elif isinstance(mark, Rule):
        _rule(figure, objects, mark, chart, colours)
    elif isinstance(mark, Boxes):
        _boxes(figure, objects, mark, chart, colours)
    else:
        _cells(figure, objects, mark, colours)
        _texts_of_cells(figure, objects, mark, colours)


def _rule(figure: Any, objects: Any, mark: Rule, chart: Chart, colours: dict[str, str]) -> None:
    line = {"color": colours[mark.colour], "width": 1.5, "dash": "dash" if mark.dashed else "solid"}
    at = _times(np.array([mark.at]), chart.x if mark.vertical else chart.y)[0]
    ends = {"x0": at, "x1": at, "yref": "y domain", "y0": 0, "y1": 1}
    if not mark.vertical:
        ends = {"y0": at, "y1": at, "xref": "x domain", "x0": 0, "x1": 1}
    figure.add_shape(type="line", line=line, **ends)
    if mark.name:  # shapes have no place in the legend
        figure.add_trace(objects.Scatter(x=[None], y=[None], mode="lines", name=_safe(mark.name), line=line))


def _boxes(figure: Any, objects: Any, mark: Boxes, chart: Chart, colours: dict[str, str]) -> None:
    fill = colours[mark.colour] if isinstance(mark.colour, str) else [colours[one] for one in mark.colour]
    sideways = chart.y.scale == "names"
    shape: dict[str, Any]
    if sideways:
        shape = {
            "x": mark.x1 - mark.x0, "base": mark.x0, "y": (mark.y0 + mark.y1) / 2, "width": mark.y1 - mark.y0,
            "orientation": "h",
        }  # fmt: skip
    else:
        shape = {"y": mark.y1 - mark.y0, "base": mark.y0}
        if chart.x.scale == "time":
            shape |= {"x": _times((mark.x0 + mark.x1) / 2, chart.x), "width": (mark.x1 - mark.x0) * 1000}
        else:
            shape |= {"x": (mark.x0 + mark.x1) / 2, "width": mark.x1 - mark.x0}
    figure.add_trace(
        objects.Bar(
            **shape, name=_safe(mark.name), showlegend=bool(mark.name), opacity=mark.opacity,
            marker={"color": fill, "line": {"width": 0}}, hovertext=[_safe(text) for text in mark.hover] or None,
            hoverinfo="text" if mark.hover else None,
        )
    )  # fmt: skip
    for i, text in enumerate(mark.texts):
        figure.add_annotation(
            x=max(mark.x0[i], mark.x1[i]), y=(mark.y0[i] + mark.y1[i]) / 2, text=_safe(text), showarrow=False,
            xanchor="left", xshift=3, font={"size": 11, "color": colours["ink"]},
        )  # fmt: skip


def _cells(figure: Any, objects: Any, mark: Cells, colours: dict[str, str]) -> None:
    faint = blend(colours["ground"], colours["fill"], cell_share(1e-9))
    levels = [[level if level > 0 else None for level in row] for row in mark.levels.tolist()]
    figure.add_trace(
        objects.Heatmap(
            z=levels, zmin=0, zmax=1, colorscale=[[0, faint], [1, colours["fill"]]], showscale=False, xgap=1, ygap=1,
            hovertext=[[_safe(text) for text in row] for row in mark.hover], hoverinfo="text",
        )
    )  # fmt: skip


def _texts_of_cells(figure: Any, objects: Any, mark: Cells, colours: dict[str, str]) -> None:
    """As matplotlib has them: what plotly chooses by itself is hard to read on dark ground."""
    for is_full, ink in ((False, colours["ink"]), (True, colours["ground"])):
        places = [
            (column, row)
            for row, texts in enumerate(mark.texts)
            for column, text in enumerate(texts)
            if text and (mark.levels[row, column] > 0.5) == is_full
        ]
        if places:
            figure.add_trace(
                objects.Scatter(
                    x=[column for column, _ in places], y=[row for _, row in places], mode="text",
                    text=[_safe(mark.texts[row][column]) for column, row in places],
                    textfont={"color": ink, "size": 11}, hoverinfo="skip", showlegend=False,
                )
            )  # fmt: skip


def _axis(axis: Axis, colours: dict[str, str], chart: Chart, which: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "title": {"text": _safe(axis.label)},
        "gridcolor": colours["grid"],
        "linecolor": colours["faint"],
        "zeroline": False,
        "automargin": True,
        "showgrid": not any(isinstance(mark, Cells) for mark in chart.marks) and axis.scale != "names",
    }
    if axis.scale == "log":
        low, high = extent(chart, which)
        low = low if axis.zero is None else axis.zero
        places = log_ticks(axis, low, high)
        made |= {"type": "log", "tickvals": [place for place, _ in places], "ticktext": [text for _, text in places]}
        margin = 0.04 * (np.log10(high / low) or 1.0)
        made["range"] = [float(np.log10(low) - margin), float(np.log10(high) + margin)]
    elif axis.scale == "linear":
        made |= {"separatethousands": True, "exponentformat": "power"}
    elif axis.scale == "time":
        made["type"] = "date"
    elif axis.scale == "names":
        found = name_ticks(axis)
        made |= {"tickvals": [place for place, _ in found], "ticktext": [_safe(text) for _, text in found]}
        if which == "x" and len(found) > _LEVEL:
            made["tickangle"] = -45
    if any(isinstance(mark, Cells) for mark in chart.marks):
        ends = [-0.5, len(axis.names) - 0.5]
        made["range"] = ends[::-1] if axis.downwards else ends
    elif axis.limits is not None:
        ends = list(axis.limits)
        if axis.scale == "time":
            ends = list(_times(np.array(ends), axis))
        elif axis.scale == "log":
            ends = [float(np.log10(end)) for end in ends]
        made["range"] = ends[::-1] if axis.downwards else ends
    elif axis.downwards:
        made["autorange"] = "reversed"
    return made


def _times(values: Floats, axis: Axis) -> Any:
    """Seconds as times where the axis holds times."""
    if axis.scale != "time":
        return values
    return (np.asarray(values) * 1e6).astype("datetime64[us]")
