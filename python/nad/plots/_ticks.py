"""Where an axis is labelled, and with which words."""

from __future__ import annotations

import datetime as dt
import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nad.plots._chart import Axis

_DAY = 86_400.0
_TIME_STEPS = (
    1e-3, 0.01, 0.1, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200,
    _DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY, 90 * _DAY, 180 * _DAY, 365 * _DAY, 730 * _DAY, 1825 * _DAY,
)  # fmt: skip
_MOST_NAME = 60
_EPOCH = dt.datetime(1970, 1, 1)


def short(text: str, most: int = _MOST_NAME) -> str:
    """A name that fits beside an axis."""
    return text if len(text) <= most else text[: most - 1] + "…"


def touch(widths: Sequence[float], room: float) -> bool:
    """Whether names of these widths, one in the middle of each equal part of `room`, come too close to each other."""
    return any(1.1 * (a + b) / 2 > room / len(widths) for a, b in pairwise(widths))


def number(value: float) -> str:
    """Few digits, thousands apart, powers of ten where there are many."""
    if not math.isfinite(value):
        return "∞" if value > 0 else "-∞" if value < 0 else "-"
    if value != 0 and (abs(value) >= 1e6 or abs(value) < 1e-3):
        digits, power = f"{value:.3g}".partition("e")[::2] if "e" in f"{value:.3g}" else f"{value:.2e}".split("e")
        digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
        raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"10{raised}" if digits == "1" else f"{digits}·10{raised}"
    return f"{value:,.10g}" if float(value).is_integer() else f"{value:,.4g}"


def moment(seconds: float) -> str:
    """A time in UTC, to the second."""
    try:
        return f"{_EPOCH + dt.timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S}"
    except OverflowError:
        return number(seconds)


def time_step(span: float, wanted: int) -> float:
    """The span of a usual unit that divides `span` in about so many parts."""
    return next((step for step in _TIME_STEPS if span / step <= wanted), _TIME_STEPS[-1])


def ticks(axis: Axis, low: float, high: float, wanted: int = 6) -> list[tuple[float, str]]:
    """Places and words between two values, for axes that are drawn by hand."""
    if axis.scale == "names":
        return name_ticks(axis)
    if axis.scale == "log":
        return log_ticks(axis, low, high, wanted)
    if axis.scale == "time":
        return _time_ticks(low, high, wanted)
    return [(place, number(place)) for place in _round_places(low, high, wanted)]


def name_ticks(axis: Axis) -> list[tuple[float, str]]:
    """Each name at its place."""
    return [(float(place), short(name)) for place, name in enumerate(axis.names)]


def log_ticks(axis: Axis, low: float, high: float, wanted: int = 6) -> list[tuple[float, str]]:
    """Powers of ten, and zero at its place where there are zeros."""
    above = low if axis.zero is None else max(low, axis.zero * 3)
    first, last = math.ceil(math.log10(above) - 1e-9), math.floor(math.log10(high) + 1e-9)
    stride = max(1, math.ceil((last - first + 1) / wanted))
    places = [10.0**power for power in range(first, last + 1, stride)]
    if len(places) < 3:
        powers = range(first - 1, last + 1)
        places = [m * 10.0**power for power in powers for m in (1, 2, 5) if above <= m * 10.0**power <= high]
    found = [(place, number(place)) for place in places]
    return found if axis.zero is None else [(axis.zero, "0"), *found]


def _round_places(low: float, high: float, wanted: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten."""
    span = high - low
    if not (span > 0 and math.isfinite(span)):
        return [low]
    power = 10.0 ** math.floor(math.log10(span / wanted))
    step = next(m * power for m in (1, 2, 5, 10, 20) if span / (m * power) <= wanted)
    first = math.ceil(low / step - 1e-9)
    return [round((first + i) * step, 12) for i in range(int((high - first * step) / step + 1e-9) + 1)]


def _time_ticks(low: float, high: float, wanted: int) -> list[tuple[float, str]]:
    step = time_step(high - low, wanted)
    places = np.arange(math.ceil(low / step - 1e-9) * step, high + step * 1e-9, step)
    found, day = [], ""
    for place in places.tolist():
        when = _EPOCH + dt.timedelta(seconds=place)
        today = f"{when:%Y-%m-%d}" if step >= 30 * _DAY else f"{when:%b} {when.day}"
        if step >= _DAY:
            found.append((place, today))
            continue
        clock = f"{when:%H:%M}" if step >= 60 else f"{when:%H:%M:%S}" if step >= 1 else f"{when:%S.%f}"[:-3]
        found.append((place, clock if today == day else f"{clock}\n{today}"))
        day = today
    return found
