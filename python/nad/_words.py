"""How counts, times and reasons are written, for people and for programs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from nad._core import DriftReport
    from nad.model import Finding, Reason, SourceRun


UNKNOWN = "\N{EN DASH}"  # in the place of a number that nobody can say


def plural(count: int, one: str, many: str = "") -> str:
    """``1 record``, ``2,000 records``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def in_seconds(seconds: float) -> str:
    """``29.8 s``, ``7,200 s``."""
    return f"{seconds:.3g} s" if seconds < 999.5 else f"{seconds:,.0f} s"


def reason_text(reason: Reason) -> str:
    """Its sentence, without the number behind it."""
    return str(reason).rpartition(": ")[0]


def reason_dict(reason: Reason) -> dict[str, Any]:
    """For JSON."""
    return {
        "column": reason.column,
        "value": reason.value,
        "expected": reason.expected,
        "direction": reason.direction,
        "contribution": reason.contribution,
        "text": reason_text(reason),
    }


def run_text(run: SourceRun) -> str:
    """``34 unusual records of 10.0.0.5 in 95 s: seldom so many``, or what is said of a steady beat."""
    if run.is_beat:
        return f"{run.records} connections of {run.source} to {run.destination}, one each {in_seconds(run.period)}"
    return f"{plural(run.records, 'unusual record')} of {run.source} in {in_seconds(run.seconds)}: seldom so many"


def surest(finding: Finding, run: SourceRun | None) -> Finding | SourceRun:
    """Whichever has the smaller p-value."""
    return finding if run is None or finding.p_value <= run.p_value else run


def run_dict(run: SourceRun | None) -> dict[str, Any] | None:
    """For JSON."""
    if run is None:
        return None
    names = ("source", "records", "seconds", "evidence", "p_value", "extrapolated", "destination", "period")
    return {**{name: getattr(run, name) for name in names}, "text": run_text(run)}


def period_text(begin: np.datetime64 | None, end: np.datetime64 | None) -> str:
    """``2026-01-06 09:00:00 to 09:00:05``; "" where nothing is known."""
    first, last = _to_seconds(begin), _to_seconds(end)
    if not first or not last or first == last:
        return first or last
    return f"{first} to {last[11:] if first[:10] == last[:10] else last}"


def _to_seconds(time: np.datetime64 | None) -> str:
    return "" if time is None or np.isnat(time) else str(time).replace("T", " ").partition(".")[0]


def json_ready(value: Any) -> Any:  # noqa: PLR0911 - one for each type
    """What JSON can hold: what is NaN or infinite is null, times are in ISO 8601 and UTC, addresses are text."""
    if isinstance(value, dict):
        return {str(name): json_ready(one) for name, one in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [json_ready(one) for one in value]
    if isinstance(value, np.datetime64):
        text = str(value)
        return None if text == "NaT" else text.rstrip("0").rstrip(".") + "Z" if "." in text else text + "Z"
    if isinstance(value, np.generic):
        return json_ready(value.item())
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)


def attention(drift: DriftReport) -> list[str]:
    """Whether a person should look at the records as a whole, in sentences."""
    said = []
    if drift.beyond_promise:
        said.append(
            f"{_share(drift.reported_share)} of the {drift.records:,} records score above the threshold; of normal "
            f"traffic it would be {_share(drift.promised_share)}. There are attacks among them, or normal traffic is "
            "no longer what it was."
        )
    if drift.mostly_beyond:
        said.append(
            f"{_share(drift.beyond_share)} of all records score as only the highest 5 % of the calibration records "
            "did: a flood of attacks, or traffic that the model does not know. Look at the whole, not at single alerts."
        )
    is_known = drift.bulk_limit < 1
    distance = f"their distance is {drift.bulk_distance:.2g}, and up to {drift.bulk_limit:.2g} is chance"
    if drift.bulk_moved:
        said.append(
            f"The scores of the ordinary records are spread otherwise than in training ({distance}): normal traffic "
            "has changed. Learn or calibrate on recent traffic."
        )
    elif said and is_known:
        said.append("The scores of the ordinary records are spread as in training, which speaks for attacks.")
    if not said:
        said.append(f"No drift is seen: scores are spread as in training{f' ({distance})' if is_known else ''}.")
    return said


def _share(part: float) -> str:
    return f"{100 * part:.2g} %" if part < 0.1 else f"{100 * part:.0f} %"
