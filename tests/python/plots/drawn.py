"""What a picture shows, read back from it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np

SVG = "{http://www.w3.org/2000/svg}"


def points(ax) -> list[np.ndarray]:
    """The places of each group of points, of matplotlib."""
    return [np.asarray(one.get_offsets()) for one in ax.collections if len(one.get_offsets())]


def bars(ax) -> np.ndarray:
    """Left, bottom, width and height of each bar, of matplotlib."""
    return np.array([[p.get_x(), p.get_y(), p.get_width(), p.get_height()] for box in ax.containers for p in box])


def legend(ax) -> list[str]:
    found = ax.get_legend()
    return [] if found is None else [text.get_text() for text in found.get_texts()]


def tree(svg: str) -> ET.Element:
    """An error where it is not well formed."""
    return ET.fromstring(svg)


def svg_texts(svg: str) -> list[str]:
    return ["".join(one.itertext()) for one in tree(svg).iter(f"{SVG}text")]


def svg_points(svg: str, kind: str) -> np.ndarray:
    """The places on the paper of the dots of a colour."""
    for one in tree(svg).iter(f"{SVG}path"):
        if one.get("class") == f"s-{kind}" and "h0" in one.get("d"):
            return np.array([[float(x), float(y)] for x, y in re.findall(r"M([\d.-]+) ([\d.-]+)h0", one.get("d"))])
    return np.zeros((0, 2))


def svg_scale(svg: str, across: bool):
    """From paper to values, by the labels of a linear axis."""
    anchor = "middle" if across else "end"
    found = [
        (
            float(one.get("x" if across else "y")) + (0 if across else -4),
            float("".join(one.itertext()).replace(",", "")),
        )
        for one in tree(svg).iter(f"{SVG}text")
        if one.get("class") == "tick" and one.get("text-anchor") == anchor
    ]
    paper, values = np.array(found).T
    slope, start = np.polyfit(paper, values, 1)
    return lambda place: slope * place + start
