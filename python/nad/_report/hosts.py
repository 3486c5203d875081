"""The hosts of a report: who began what is reported, and whom it went to."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from nad import plots
from nad._report.page import escaped, table
from nad.plots._chart import IN_PAGE
from nad.plots._data import codes_of
from nad.plots._ticks import moment

if TYPE_CHECKING:
    from nad._report.facts import Facts
    from nad.column import Column

_MOST = 12


def by_host(facts: Facts) -> str:
    """Tables of sources and destinations, and the matrix of both; "" where there is nothing to show."""
    if not len(facts.findings) or (facts.source is None and facts.destination is None):
        return ""
    parts = []
    for column, heading in ((facts.source, "Sources"), (facts.destination, "Destinations")):
        if column is not None:
            parts.append(f"<h3>{heading} with most reported records</h3>{_table_of(facts, column)}")
    if facts.source is not None and facts.destination is not None:
        matrix = plots.hosts(facts.table, facts.findings, most=12, backend="svg", style=IN_PAGE)
        parts.append(f'<div class="one">{matrix}</div>')
    return "".join(parts)


def _table_of(facts: Facts, column: Column) -> str:
    codes, names = codes_of(column)
    rows = facts.findings.rows
    counts = np.bincount(codes[rows][codes[rows] >= 0], minlength=len(names))
    all_counts = np.bincount(codes[codes >= 0], minlength=len(names))
    chosen = [int(code) for code in np.argsort(-counts, kind="stable")[:_MOST] if counts[code]]
    reasons: dict[int, Counter[str]] = {code: Counter() for code in chosen}
    best: dict[int, float] = {}
    for finding, code in zip(facts.findings, codes[rows].tolist()):
        if code in reasons:
            best.setdefault(code, finding.score)
            if finding.reasons:
                reasons[code][finding.reasons[0].column] += 1
    lines = []
    for code in chosen:
        why = ", ".join(f"{escaped(name, 40)} ({count:,})" for name, count in reasons[code].most_common(2))
        share = f"{100 * counts[code] / all_counts[code]:.3g} %"
        lines.append(
            [
                f'<span class="host">{escaped(names[code], 60)}</span>',
                f"{counts[code]:,}",
                f"{all_counts[code]:,}",
                share,
                f"{best[code]:.4g}",
                _period(facts, rows[codes[rows] == code]),
                why,
            ]
        )
    heads = ["host", "reported", "records", "share", "highest score", "when", "strongest reasons"]
    others = int((counts > 0).sum()) - len(chosen)
    tail = f'<p class="remark">{others:,} other hosts have reported records.</p>' if others else ""
    return table(heads, lines, {1, 2, 3, 4}) + tail


def _period(facts: Facts, rows: object) -> str:
    if facts.seconds is None:
        return ""
    when = facts.seconds[rows]  # type: ignore[call-overload]  # an array of row numbers
    when = when[np.isfinite(when)]
    if not len(when):
        return ""
    first, last = moment(float(when.min()))[:16], moment(float(when.max()))[:16]
    return first if first == last else f"{first} to {last[11:] if first[:10] == last[:10] else last}"
