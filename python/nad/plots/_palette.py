"""Colours that colour-blind people tell apart (Okabe and Ito), on light and on dark ground."""

from __future__ import annotations

GROUPS = 6  # colours for groups, "c0" to "c5"; the shapes of points differ as well
SYMBOLS = ("circle", "square", "triangle", "diamond", "cross", "circle")

LIGHT = {
    "ground": "#ffffff",
    "ink": "#1f2328",
    "faint": "#59636e",
    "grid": "#e3e6ea",
    "normal": "#7ba7c7",
    "anomaly": "#d55e00",
    "rest": "#a0a7b0",
    "fill": "#0072b2",
    "c0": "#0072b2",
    "c1": "#e69f00",
    "c2": "#009e73",
    "c3": "#cc79a7",
    "c4": "#56b4e9",
    "c5": "#8a6d00",
}
DARK = {
    "ground": "#14181d",
    "ink": "#e6e9ed",
    "faint": "#a4adb8",
    "grid": "#2d343c",
    "normal": "#5b86a6",
    "anomaly": "#ff8c42",
    "rest": "#737c87",
    "fill": "#56b4e9",
    "c0": "#56b4e9",
    "c1": "#e69f00",
    "c2": "#2fc296",
    "c3": "#e08fbd",
    "c4": "#3d8fd1",
    "c5": "#f0e442",
}


def palette(style: str) -> dict[str, str]:
    """The colour of each role."""
    return DARK if style == "dark" else LIGHT


def blend(below: str, above: str, share: float) -> str:
    """What `above` looks like on `below` when it covers it by this share."""
    parts = [(int(below[i : i + 2], 16), int(above[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)


def cell_share(level: float) -> float:
    """How far a cell of this level covers the ground; what is not zero shows."""
    return 0.0 if level <= 0 else 0.12 + 0.88 * min(level, 1.0)
