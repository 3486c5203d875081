"""How soon attacks are noticed, and how many alerts a day that costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nad import _core
from nad._truth import read_numbers, read_seconds, read_truth
from nad.errors import InvalidArgumentError, InvalidDataError


@dataclass(frozen=True)
class Episode:
    """One attack from its first record to its last, and when it was noticed.

    Attributes
    ----------
    id : int
        The number of the attack.
    first_row : int
        Where it begins.
    rows, alerts : int
        How many records it has, and how many of them are alerts.
    first_alert_row : int or None
        The first record that is an alert; None where it was not noticed.
    delay_rows : int or None
        How many of its records passed before; None where it was not noticed.
    delay_seconds : float
        The same in time; NaN where it was not noticed, or there are no times.
    """

    id: Any
    first_row: int
    rows: int
    alerts: int
    first_alert_row: int | None
    delay_rows: int | None
    delay_seconds: float


def detection_delays(
    alerts: Any,
    episodes: Any = None,
    *,
    y: Any = None,
    time: Any = None,
    families: Any = None,
    normal: Any = None,
    max_gap_seconds: float = 300.0,
    max_gap_rows: int = 0,
) -> list[Episode]:
    """How soon each attack was noticed.

    Parameters
    ----------
    alerts : array-like of bool
        Whether each row is an alert: ``scores > threshold``.
    episodes : array-like of int, optional
        The number of the attack that a row belongs to, below 0 none.
    y, families : array-like, optional
        Where nobody numbered the attacks: rows of one family that follow each other are one, whatever else happens
        meanwhile.
    time : array-like, optional
        When each record happened: times, or seconds. Without it rows follow each other as they stand.
    max_gap_seconds, max_gap_rows : float, int
        Records of a family farther apart are two attacks: with times by seconds, without by rows in between.
    """
    flags = np.asarray(alerts)
    if flags.dtype.kind != "b":
        raise InvalidDataError(f"alerts is of dtype {flags.dtype}; give truth values: scores > threshold")
    seconds = read_seconds(time, y)
    if episodes is None:
        if y is None:
            raise InvalidArgumentError("give the number of each row's episode, or y, from which they are found")
        truth = read_truth(y, normal, families)
        codes = np.zeros(len(flags), dtype=np.uint32) if truth.families is None else truth.families
        numbers = _core.attack_episodes(codes, truth.is_attack, seconds, max_gap_seconds, max_gap_rows)
    else:
        numbers = read_numbers(episodes, "episodes").astype(np.int64)
    return [Episode(**one) for one in _core.detection_delays(flags.view(np.uint8), numbers, seconds)]


def alerts_per_day(alerts: Any, time: Any) -> float:
    """How many alerts there are in a day of the time that the records span.

    ``alerts`` is a truth value a row, or how many there are.
    """
    seconds = read_seconds(time)
    count = float(np.count_nonzero(alerts)) if np.ndim(alerts) else float(alerts)
    return _core.alerts_per_day(count, np.zeros(0) if seconds is None else seconds)
