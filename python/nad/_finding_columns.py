"""Findings as columns: alone, or behind the records that they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nad._core import Finding
    from nad.table import Table

__all__ = ["finding_columns", "reported_records"]

_TYPES = {"row": "integer", "score": "number", "p_value": "number", "extrapolated": "boolean"}


def finding_columns(found: Sequence[Finding]) -> dict[str, list[Any]]:
    """What is said of each, by name; families and runs where there are any."""
    columns: dict[str, list[Any]] = {
        "row": [one.row for one in found],
        "score": [one.score for one in found],
        "p_value": [one.p_value for one in found],
        "extrapolated": [one.extrapolated for one in found],
    }
    if any(one.family for one in found):
        columns["family"] = [one.family for one in found]
    if any(one.run is not None for one in found):
        columns["run"] = [None if one.run is None else str(one.run) for one in found]
    columns["reasons"] = ["; ".join(map(str, one.reasons)) for one in found]
    return columns


def reported_records(table: Table, found: Sequence[Finding]) -> Table:
    """The records as they are, with what is said of them behind; ``nad_score`` where they have a score of their own."""
    rows: Table = table[np.array([one.row for one in found], dtype=np.int64)]
    taken = set(rows.columns)
    for name, values in finding_columns(found).items():
        rows = rows.with_column(f"nad_{name}" if name in taken else name, values, type=_TYPES.get(name, "text"))
    return rows
