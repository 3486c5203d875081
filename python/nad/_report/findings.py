"""The findings of a report: those of one source for one reason are one entry, the strongest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nad._report.page import escaped
from nad.plots._ticks import moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from nad._report.facts import Facts
    from nad.model import Finding

_BUDGET = 560_000  # letters; the rest of a page takes some 150,000
_WHOLE_RECORDS = 60  # entries that show all columns of their strongest record
_OPEN = 20  # entries that are seen at once
_LIKE = 8  # records listed below the strongest one
_PORTS = ("dst_port", "service", "protocol", "protocol_type")


Entry = list["Finding"]  # those that belong together, the strongest first


def grouped(facts: Facts) -> list[Entry]:
    """Findings in entries, in the order of the strongest of each.

    With hosts they are those of one source with the same strongest reason; sources with one such finding each are
    together where they turn to one destination.
    """
    if facts.source is None:
        return _by_key([[one] for one in facts.findings], _kind)
    source = facts.source.name
    entries = _by_key([[one] for one in facts.findings], lambda one: (facts.text(source, one.row), _first(one)))
    if facts.destination is None:
        return entries
    target = facts.destination.name

    def by_target(finding: Finding) -> tuple[str, ...]:
        return facts.text(target, finding.row), facts.text("dst_port", finding.row), _first(finding)

    single = [entry for entry in entries if len(entry) == 1]
    several = [entry for entry in entries if len(entry) > 1]
    return sorted(several + _by_key(single, by_target), key=lambda entry: -entry[0].score)


def _by_key(findings: list[Entry], key: Callable[[Finding], Any]) -> list[Entry]:
    entries: dict[Any, Entry] = {}
    for some in findings:
        entries.setdefault(key(some[0]), []).extend(some)
    return list(entries.values())


def _first(finding: Finding) -> str:
    return finding.reasons[0].column if finding.reasons else ""


def _kind(finding: Finding) -> str:
    """Without hosts, records are alike when their two strongest reasons are."""
    return "; ".join(f"{reason.column} {reason.direction}" for reason in finding.reasons[:2])


def listing(facts: Facts, most: int) -> str:
    """The entries, as many as fit."""
    if not len(facts.findings):
        return "<p>Nothing is above the threshold.</p>"
    entries = grouped(facts)
    parts: list[str] = []
    size = 0
    for place, entry in enumerate(entries[:most]):
        text = _entry(facts, place, entry)
        size += len(text)
        if size > _BUDGET:
            break
        parts.append(text)
    count = sum(len(entry) for entry in entries[: len(parts)])
    alike = "the same strongest reasons" if facts.source is None else "one source, or destination, and strongest reason"
    head = f"<p>{len(facts.findings):,} reported records in {len(entries):,} entries: those with {alike} are together. "
    if len(parts) < len(entries):
        head += (
            f"The first {len(parts):,} entries follow, with {count:,} of the records; "
            "<code>findings.to_table()</code> has all. "
        )
    rest = "".join(parts[_OPEN:])
    if rest:
        rest = f'<details class="more"><summary>{len(parts) - _OPEN:,} entries more</summary>{rest}</details>'
    return head + "Open an entry for its reasons and its record.</p>" + "".join(parts[:_OPEN]) + rest


def _entry(facts: Facts, place: int, entry: Entry) -> str:
    first = entry[0]
    more = f" <b>and {len(entry) - 1:,} more</b>" if len(entry) > 1 else ""
    why = escaped(first.reasons[0], 160) if first.reasons else "not among those that were explained"
    family = f'<br><span class="strong">{escaped(first.family, 40)}</span>' if first.family else ""
    head = (
        f'<summary class="entry"><span>{place + 1}</span><span>{_when(facts, first.row)}{more}</span>'
        f"<span>{_parties(facts, first.row)}{family}</span><span>{_without_number(why)}</span>"
        f'<span class="number">score {first.score:.4g}<br><span class="remark">{_p_value(first)}</span></span>'
        "</summary>"
    )
    body = _reasons(first)
    if place < _WHOLE_RECORDS:
        body += _record(facts, first.row)
    if len(entry) > 1:
        body += _others(facts, entry[1:])
    return f"<details>{head}{body}</details>"


def _without_number(sentence: str) -> str:
    """The sentence of a reason without its contribution, which the bars show."""
    head, colon, tail = sentence.rpartition(": ")
    return head if colon and tail.lstrip("-").replace(".", "", 1).isdigit() else sentence


def _p_value(finding: Finding) -> str:
    return f"p = {finding.p_value:.2g}{'<br>(extrapolated)' if finding.extrapolated else ''}"


def _when(facts: Facts, row: int) -> str:
    if facts.seconds is None or not np.isfinite(facts.seconds[row]):
        return f"row {row:,}"
    return moment(float(facts.seconds[row]))


def _parties(facts: Facts, row: int) -> str:
    """Who talked to whom, and about what."""
    hosts = [facts.text(one.name, row) for one in (facts.source, facts.destination) if one is not None]
    about = [facts.text(name, row) for name in _PORTS if name in facts.table]
    joined = " → ".join(escaped(host or "?", 60) for host in hosts)
    return f'<span class="host">{joined}</span> ' + escaped(", ".join(part for part in about if part), 60)


def _reasons(finding: Finding) -> str:
    if not finding.reasons:
        return '<p class="remark">model.explain(table, [row]) gives the reasons.</p>'
    largest = max(abs(reason.contribution) for reason in finding.reasons) or 1.0
    lines = []
    for reason in finding.reasons:
        kind = "" if reason.contribution >= 0 else ' class="less"'
        wide = 100 * abs(reason.contribution) / largest
        lines.append(
            f'<div class="reason"><div class="bar"><i{kind} style="width:{wide:.0f}%"></i></div>'
            f'<span class="number">{reason.contribution:+.2f}</span>'
            f"<span>{_without_number(escaped(reason, 300))}</span></div>"
        )
    rest = finding.surprise - sum(reason.contribution for reason in finding.reasons)
    summing = f"all other columns {rest:+.2f}; together {finding.surprise:.2f}, -log10 of the p-value"
    return f'<div class="reasons">{"".join(lines)}<p class="remark">{summing}</p></div>'


def _record(facts: Facts, row: int) -> str:
    values = ((name, column.format(row)) for name, column in zip(facts.table.columns, facts.table._table.columns))
    items = "".join(
        f"<div><dt>{escaped(name, 40)}</dt><dd>{escaped(value, 80) or '-'}</dd></div>" for name, value in values
    )
    return f'<p class="remark">row {row:,}</p><dl>{items}</dl>'


def _others(facts: Facts, others: list[Finding]) -> str:
    lines = "".join(
        f"<li>{_when(facts, one.row)}: {_parties(facts, one.row)}, score {one.score:.4g}</li>" for one in others[:_LIKE]
    )
    more = f"<li>and {len(others) - _LIKE:,} more</li>" if len(others) > _LIKE else ""
    return (
        '<div class="others"><p class="remark">also reported, for the same strongest reason:</p>'
        f'<ul class="remark">{lines}{more}</ul></div>'
    )
