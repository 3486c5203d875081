"""Findings as people and programs read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nad._words import period_text, plural, reason_dict, run_dict, surest
from nad.alerts import severity_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nad.cli._console import Console
    from nad.cli._flows import FoundFlow
    from nad.incidents import Incident, Incidents
    from nad.model import Finding, SourceRun
    from nad.thresholds import DriftReport

__all__ = ["drift_dict", "finding_dict", "show_each", "show_incidents"]

_SEVERITY = {1: ("high", "red"), 2: ("medium", "yellow"), 3: ("low", "faint")}
_INDENT = "     "


def show_incidents(incidents: Incidents, console: Console, top: int) -> None:
    """A ranked list."""
    for one in incidents[:top]:
        _head(one.number, one.who, plural(one.records, "record"), console)
        _when_and_how_sure(one.when, one, list(one.families), console)
        for sentence in one.why():
            console.wrapped(sentence, _INDENT, _INDENT + "  ")
    _rest(len(incidents) - top, int(incidents.counts[top:].sum()), console)


def show_each(flows: Sequence[FoundFlow], console: Console, all_flows: int) -> None:
    """Every record by itself, the first of so many."""
    for place, flow in enumerate(flows):
        _head(place, _who(flow), f"row {flow.finding.row}", console)
        families = [flow.finding.family] if flow.finding.family else []
        _when_and_how_sure(period_text(flow.begin, flow.end), surest(flow.finding, flow.finding.run), families, console)
        if flow.finding.run:
            console.wrapped(str(flow.finding.run), _INDENT, _INDENT + "  ")
        for reason in flow.finding.reasons:
            console.wrapped(str(reason), _INDENT, _INDENT + "  ")
    _rest(all_flows - len(flows), all_flows - len(flows), console)


def _head(place: int, who: str, many: str, console: Console) -> None:
    console.line()
    room = min(console.width, 80) - 1 - len(_INDENT) - len(many)
    console.line(f"{place + 1:3}. {console.bold(who)}{' ' * max(2, room - len(who))}{many}")


def _who(flow: FoundFlow) -> str:
    if flow.src is None and flow.dst is None:
        return flow.finding.anomaly_class
    ends = [_end(flow.src, flow.port("src_port")), _end(flow.dst, flow.port("dst_port"))]
    if flow.text("protocol").startswith("icmp"):
        ends = [flow.src or "?", flow.dst or "?"]
    return " ".join(filter(None, [" -> ".join(ends), flow.text("protocol"), flow.text("service")]))


def _end(host: str | None, port: int | None) -> str:
    if host is None or port is None:
        return host or "?"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _when_and_how_sure(
    when: str, found: Finding | SourceRun | Incident, families: Sequence[str], console: Console
) -> None:
    word, colour = _SEVERITY[severity_of(found.p_value)]
    sure = f"p = {found.p_value:.2g}{' (extrapolated)' if found.extrapolated else ''}"
    console.line(_INDENT + ", ".join(filter(None, [console.style(word, colour), when, sure, *families[:3]])))


def _rest(entries: int, records: int, console: Console) -> None:
    if entries > 0:
        console.line()
        both = f"{entries:,} more" if entries == records else f"{entries:,} more, of {plural(records, 'record')}"
        console.line(f"... and {both} (--top shows more)")


def finding_dict(flow: FoundFlow) -> dict[str, Any]:
    """For ``--json``: who and when first, then what is said of it, then the record as it is."""
    finding = flow.finding
    who = {name: flow.values.get(name) for name in ("src_ip", "src_port", "dst_ip", "dst_port", "protocol")}
    return {
        "row": finding.row,
        "time": flow.begin,
        **who,
        "score": finding.score,
        "p_value": finding.p_value,
        "extrapolated": finding.extrapolated,
        "surprise": finding.surprise,
        "severity": severity_of(surest(finding, finding.run).p_value),
        "class": finding.anomaly_class,
        "family": finding.family or None,
        "run": run_dict(finding.run),
        "reasons": [reason_dict(reason) for reason in finding.reasons],
        "members": finding.members,
        "record": flow.values,
    }


def drift_dict(report: DriftReport) -> dict[str, Any]:
    """For ``--json``."""
    names = (
        "records", "bulk_distance", "bulk_limit", "beyond_share", "reported_share", "promised_share",
        "bulk_moved", "mostly_beyond", "beyond_promise", "drifted", "needs_attention",
    )  # fmt: skip
    return {**{name: getattr(report, name) for name in names}, "text": str(report)}
