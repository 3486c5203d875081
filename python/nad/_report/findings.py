"""The findings of a report: incidents, those that deserve a look most first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nad._report.page import escaped
from nad._words import plural, reason_text
from nad.incidents import incidents
from nad.plots._ticks import moment

if TYPE_CHECKING:
    from nad._report.facts import Facts
    from nad.incidents import Incident
    from nad.model import Finding

_BUDGET = 560_000  # letters; the rest of a page takes some 150,000
_WHOLE_RECORDS = 60  # incidents that show all columns of their strongest record
_OPEN = 20  # incidents that are seen at once
_REASONS = 10  # of the strongest record
_LIKE = 8  # records listed below the strongest one
_ABOUT = ("dst_port", "service", "protocol", "protocol_type")


def listing(facts: Facts, most: int) -> str:
    """The incidents, as many as fit."""
    if not len(facts.findings):
        return "<p>Nothing is above the threshold.</p>"
    together = incidents(facts.table, facts.findings)
    together.explain(facts.model, first=most)
    parts: list[str] = []
    size = 0
    for one in together[:most]:
        text = _entry(facts, one)
        size += len(text)
        if size > _BUDGET:
            break
        parts.append(text)
    count = int(together.counts[: len(parts)].sum())
    alike = "What one host did, or what was done to one, without a long pause is one"
    if facts.source is None and facts.destination is None:
        alike = "Records with the same two strongest reasons are one"
    head = f"<p>{plural(len(facts.findings), 'reported record')} in {plural(len(together), 'incident')}. {alike}. "
    if len(parts) < len(together):
        head += (
            f"The first {len(parts):,} follow, with {count:,} of the records; "
            "<code>nad.incidents(table, findings)</code> has all. "
        )
    rest = "".join(parts[_OPEN:])
    if rest:
        rest = f'<details class="more"><summary>{len(parts) - _OPEN:,} incidents more</summary>{rest}</details>'
    return head + "Open one for its reasons and its strongest record.</p>" + "".join(parts[:_OPEN]) + rest


def _entry(facts: Facts, incident: Incident) -> str:
    first = incident.strongest
    reasons = [escaped(sentence, 160) for sentence in incident.why(2)]
    why = "<br>".join(reasons) or "no column stands out" if first.reasons else "not among those that were explained"
    families = ", ".join(escaped(name, 40) for name in list(incident.families)[:3])
    family = f'<br><span class="strong">{families}</span>' if families else ""
    many = f" <b>{incident.records:,} records</b>" if incident.records > 1 else ""
    head = (
        f'<summary class="entry"><span>{incident.number + 1}</span>'
        f"<span>{escaped(incident.when, 60) or f'row {first.row:,}'}{many}</span>"
        f"<span>{_who(facts, incident)}{family}</span><span>{why}</span>"
        f'<span class="number">score {first.score:.4g}<br><span class="remark">{_p_value(incident)}</span></span>'
        "</summary>"
    )
    body = '<p class="remark">its strongest record:</p>' if incident.records > 1 else ""
    body += _reasons(first)
    if incident.number < _WHOLE_RECORDS:
        body += _record(facts, first.row)
    if incident.records > 1:
        body += _others(facts, incident)
    return f"<details>{head}{body}</details>"


def _p_value(found: Incident) -> str:
    return f"p = {found.p_value:.2g}{'<br>(extrapolated)' if found.extrapolated else ''}"


def _who(facts: Facts, incident: Incident) -> str:
    """Who talked to whom, and about what; without hosts what the records have in common."""
    if incident.ends:
        service = facts.text("service", incident.strongest.row) if incident.records == 1 else ""
        return _hosts(incident.ends) + escaped(", ".join(filter(None, [incident.through, service])), 60)
    about = _parties(facts, incident.strongest.row) if incident.records == 1 else ""
    return escaped(incident.who, 120) + (f" ({about})" if about else "")


def _parties(facts: Facts, row: int) -> str:
    """The same of one record."""
    hosts = [facts.text(one.name, row) or "?" for one in (facts.source, facts.destination) if one is not None]
    about = [facts.text(name, row) for name in _ABOUT if name in facts.table]
    return (_hosts(" -> ".join(hosts)) if hosts else "") + escaped(", ".join(part for part in about if part), 60)


def _hosts(ends: str) -> str:
    return f'<span class="host">{escaped(ends, 130).replace("-&gt;", "→")}</span> '


def _reasons(finding: Finding) -> str:
    if not finding.reasons:
        return '<p class="remark">model.explain(table, [row]) gives the reasons.</p>'
    shown = finding.reasons[:_REASONS]
    largest = max(abs(reason.contribution) for reason in shown) or 1.0
    lines = []
    for reason in shown:
        kind = "" if reason.contribution >= 0 else ' class="less"'
        wide = 100 * abs(reason.contribution) / largest
        lines.append(
            f'<div class="reason"><div class="bar"><i{kind} style="width:{wide:.0f}%"></i></div>'
            f'<span class="number">{reason.contribution:+.2f}</span>'
            f"<span>{escaped(reason_text(reason), 300)}</span></div>"
        )
    rest = finding.surprise - sum(reason.contribution for reason in shown)
    summing = f"all other columns {rest:+.2f}; together {finding.surprise:.2f}, -log10 of the p-value"
    return f'<div class="reasons">{"".join(lines)}<p class="remark">{summing}</p></div>'


def _record(facts: Facts, row: int) -> str:
    values = ((name, column.format(row)) for name, column in zip(facts.table.columns, facts.table._table.columns))
    items = "".join(
        f"<div><dt>{escaped(name, 40)}</dt><dd>{escaped(value, 80) or '-'}</dd></div>" for name, value in values
    )
    return f'<p class="remark">row {row:,}</p><dl>{items}</dl>'


def _others(facts: Facts, incident: Incident) -> str:
    """What else belongs to an incident, beside its strongest record."""
    lines = "".join(
        f"<li>{_when(facts, row)}: {_parties(facts, row)}, score {facts.findings.scores[row]:.4g}</li>"
        for row in incident.rows[1 : _LIKE + 1].tolist()
    )
    rest = incident.records - 1 - _LIKE
    more = f"<li>and {rest:,} more</li>" if rest > 0 else ""
    return (
        '<div class="others"><p class="remark">its other records, the most anomalous first:</p>'
        f'<ul class="remark">{lines}{more}</ul></div>'
    )


def _when(facts: Facts, row: int) -> str:
    if facts.seconds is None or not np.isfinite(facts.seconds[row]):
        return f"row {row:,}"
    return moment(float(facts.seconds[row]))
