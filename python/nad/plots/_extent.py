"""How far the marks of a picture reach."""

from __future__ import annotations

import numpy as np

from nad.plots._chart import Boxes, Chart, Floats, Line, Points, Rule


def extent(chart: Chart, which: str) -> tuple[float, float]:
    """The least and the largest value along an axis: "x", "y" or "right"."""
    axis = {"x": chart.x, "y": chart.y, "right": chart.right or chart.y}[which]
    if axis.limits is not None:
        return axis.limits
    found: list[Floats] = []
    for mark in chart.marks:
        if isinstance(mark, (Points, Line)):
            right = isinstance(mark, Line) and mark.right
            if which == "x" or right == (which == "right"):
                found.append(mark.x if which == "x" else mark.y)
        elif isinstance(mark, Boxes) and which != "right":
            found += [mark.x0, mark.x1] if which == "x" else [mark.y0, mark.y1]
        elif isinstance(mark, Rule) and which == ("x" if mark.vertical else "y"):
            found.append(np.array([mark.at]))
    values = np.concatenate(found) if found else np.zeros(0)
    values = values[np.isfinite(values) & ((values > 0) | (axis.scale != "log"))]
    if not len(values):
        return (1.0, 10.0) if axis.scale == "log" else (0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    if high > low:
        return low, high
    return (low / 2, high * 2) if axis.scale == "log" else (low - 0.5, high + 0.5)
