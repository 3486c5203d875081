"""``nad detect`` says what in records is unlike normal traffic, and why."""

from __future__ import annotations

import io
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nad._finding_columns import reported_records
from nad._words import attention, plural
from nad.alert_maker import AlertMaker
from nad.alerts import AllowList, to_cef, to_ecs, to_eve
from nad.cli._command import Command, Exit, whole
from nad.cli._console import json_text
from nad.cli._findings import drift_dict, finding_dict, show_each, show_incidents
from nad.cli._flows import found_flows
from nad.cli._inputs import (
    add_input_options,
    add_jobs_option,
    add_model_option,
    add_threshold_options,
    load_model,
    model_name,
    read_records,
)
from nad.cli._outputs import keep_apart
from nad.errors import Error, IoError
from nad.incidents import Incidents, incidents
from nad.report import report

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from nad.cli._console import Console
    from nad.model import Finding, Findings, Model
    from nad.table import Table

__all__ = ["COMMAND"]

_LINES = {"eve": to_eve, "ecs": to_ecs, "cef": to_cef}
_USUAL_TOP = 20
_MOST_EXPLAINED = 1000  # incidents; beyond the first 10,000 findings reasons are looked for one by one


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_input_options(parser)
    add_model_option(parser)
    group = parser.add_argument_group("what is told")
    group.add_argument("--top", type=whole(0), metavar="N", help=f"so many at most ({_USUAL_TOP} as text, else all)")
    group.add_argument("--each", action="store_true", help="as text: every record by itself, not in incidents")
    group.add_argument("--reasons", type=whole(0), default=5, metavar="N", help="of each record, at most (%(default)s)")
    group.add_argument("--allow", metavar="FILE", help="an allow-list: what is known, and shall not be reported")
    group.add_argument(
        "--format",
        dest="shape",
        choices=("text", "json", "csv", *_LINES),
        default="text",
        help="json: one document; csv: records with score and reasons; eve, ecs, cef: a line a record (%(default)s)",
    )
    group.add_argument("-o", "--output", metavar="FILE", help="in the place of the standard output")
    group.add_argument("--report", metavar="FILE", help="write a page for a browser: incidents, hosts, plots")
    group.add_argument("--exit-code", action="store_true", help="exit with 1 where something is reported")
    add_jobs_option(group)
    add_threshold_options(parser, "another threshold than that of the model", discoveries=True)


def _run(options: argparse.Namespace, console: Console) -> int:
    keep_apart({"-o": options.output, "--report": options.report}, [*options.files, options.model, options.allow])
    shape = "json" if options.json else options.shape
    allowed = AllowList.read(options.allow) if options.allow else None
    found = _detected(options, console)
    if allowed is not None:
        alerts = _maker(found, options).alerts(found.table, found.reported)
        kept = [finding for finding, alert in zip(found.reported, alerts) if allowed.match(alert) is None]
        console.note(f"{plural(len(found.reported) - len(kept), 'record')} allowed by {options.allow}")
        found.reported = kept
    with _output(options.output) as out:
        if shape == "text":
            _show(found, options, console)
        elif shape == "json":
            out.write(json_text(_document(found, options), indent=2) + "\n")
        elif shape == "csv":
            out.write(_csv(found.table, found.reported[: options.top]))
        else:
            for alert in _maker(found, options).alerts(found.table, found.reported[: options.top]):
                out.write(_LINES[shape](alert) + "\n")
    if options.report:
        found.findings.reported = found.reported  # those that an allow-list knows are not on the page
        report(options.report, found.model, found.table, found.findings)
    if options.output:
        console.note(f"{plural(len(found.reported), 'record')} of {len(found.table):,} reported in {options.output}")
    return Exit.REPORTED if options.exit_code and found.reported else Exit.OK


@dataclass
class _Detected:
    model: Model
    table: Table
    files: list[str]
    findings: Findings
    reported: list[Finding]
    """Those that no allow-list knows."""


def _detected(options: argparse.Namespace, console: Console) -> _Detected:
    model = load_model(options)
    table, reports = read_records(options, console)
    findings = model.detect(
        table,
        false_discovery_rate=options.false_discovery_rate,
        most_reasons=options.reasons,
        progress=console.progress,
    )
    return _Detected(model, table, [name for name, _ in reports], findings, findings.reported)


def _maker(found: _Detected, options: argparse.Namespace) -> AlertMaker:
    return AlertMaker(found.model, model_name=model_name(options.model))


def _show(found: _Detected, options: argparse.Namespace, console: Console) -> None:
    top = _USUAL_TOP if options.top is None else options.top
    console.line(
        console.bold(f"{len(found.reported):,} of {plural(len(found.table), 'record')} anomalous")
        + f" (score above {found.findings.limit.score:.4g})"
    )
    if found.findings.drift.needs_attention:
        console.wrapped(f"as a whole: {' '.join(attention(found.findings.drift))}", further="  ")
    if options.each:
        show_each(found_flows(found.table, found.reported[:top]), console, len(found.reported))
    else:
        show_incidents(_incidents(found, top), console, top)


def _incidents(found: _Detected, top: int | None) -> Incidents:
    together = incidents(found.table, found.reported)
    together.explain(found.model, first=_MOST_EXPLAINED if top is None else min(top, _MOST_EXPLAINED))
    return together


def _document(found: _Detected, options: argparse.Namespace) -> dict[str, Any]:
    return {
        "files": found.files,
        "model": options.model,
        "records": len(found.table),
        "reported": len(found.reported),
        "threshold": {**vars(found.findings.limit), "rule": str(found.model.threshold_rule)},
        "drift": drift_dict(found.findings.drift),
        "findings": [finding_dict(flow) for flow in found_flows(found.table, found.reported[: options.top])],
        "incidents": [one.to_dict() for one in _incidents(found, options.top)[: options.top]],
    }


def _csv(table: Table, found: Sequence[Finding]) -> str:
    target = io.BytesIO()
    reported_records(table, found).to_csv(target)
    return target.getvalue().decode()


@contextmanager
def _output(path: str | None) -> Iterator[Any]:
    """The standard output, or a file that takes its place while the block runs."""
    if path is None:
        yield sys.stdout
        return
    usual = sys.stdout
    try:
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            sys.stdout = file
            try:
                yield file
            finally:
                sys.stdout = usual
    except OSError as error:
        if isinstance(error, Error) or error.filename:
            raise
        raise IoError(f"{path} cannot be written: {error.strerror}") from error  # a full disk names no file


COMMAND = Command(
    name="detect",
    summary="what in records is unlike normal traffic, and why",
    description="Report the records that a model finds anomalous, the most anomalous first, with the reasons. As text, "
    "what one host did, or what was done to one, without a long pause is one incident.",
    examples=(
        "nad detect today.log.gz -m office.nad",
        "nad detect today.pcap -m office.nad --each --top 50",
        "nad detect today.pcap -m office.nad --alerts-per-day 5 --exit-code && echo quiet",
        "nad detect today.pcap -m office.nad --format eve -o eve.json",
        "nad detect today.pcap -m office.nad --report today.html",
        "zcat today.gz | nad detect - -m office.nad --json | jq .incidents[].who",
    ),
    add_options=_add_options,
    run=_run,
    keys="""
files, model, records, reported
threshold   score, extrapolated, rule
drift       whether the records look like those that the model was calibrated on
findings    of each record: row, time, src_ip, ..., score, p_value, run, reasons, record
incidents   findings that belong together: who, kind, records, begin, end, severity, reasons, rows, ...
""",
)
