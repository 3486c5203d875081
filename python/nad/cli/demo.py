"""``nad demo``: from nothing to explained alerts, in less than a minute."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nad import __version__, simd
from nad._flow_labels import label_flows, labels_of
from nad._words import plural
from nad.cli._attacks import attack_from
from nad.cli._command import Command, Exit, number, whole
from nad.cli._findings import finding_dict, show_incidents
from nad.cli._flows import found_flows
from nad.cli._inputs import add_jobs_option
from nad.cli._outputs import keep_apart
from nad.incidents import Incidents, incidents
from nad.model import Findings, Model
from nad.reading import read_with_report
from nad.report import report
from nad.simulation import simulate
from nad.thresholds import ThresholdRule

if TYPE_CHECKING:
    import argparse

    from nad.cli._console import Console
    from nad.table import Table

__all__ = ["COMMAND"]

#: What happens on the second day, in the notation of `nad simulate --attack`.
ATTACKS = (
    "port_scan:start=9h",
    "ssh_brute_force:start=10.5h,duration=10m",
    "syn_flood:start=12h,intensity=0.05",
    "dns_tunnel:start=13.5h,duration=5m",
    "exfiltration:start=15h,duration=10m,megabytes=200",
    "horizontal_scan:start=16.5h,duration=10",
    "slow_http:start=18h",
    "lateral_movement:start=19.5h,duration=5m",
    "beaconing:start=20.5h,duration=3h,period=30",
)
_ALERTS_PER_DAY = 5
_PAGE = "nad-demo.html"
_NOTE = "Simulated by nad demo: a model that learnt the day before looks at a day with attacks in it."
_HEADERS = 128  # bytes kept of each packet: all that flows are made of


@dataclass
class _Outcome:
    """All that the demonstration found, for whoever writes about it."""

    model: Model
    today: Table
    labelled: Table
    """Today, with what each flow was."""
    findings: Findings
    incidents: Incidents
    attacks: list[dict[str, Any]]
    """Of each attack: kind, records, reported, rank (of the first incident with it, from 1), delay_seconds."""
    false_incidents: int
    seconds: float


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", help="keep captures, truth and model there; else only the page stays"
    )
    parser.add_argument(
        "--report", metavar="FILE", help=f"where the page for a browser goes (report.html in the folder, else {_PAGE})"
    )
    parser.add_argument(
        "--seed", type=whole(0), default=7, metavar="N", help="another network and other days (%(default)s)"
    )
    parser.add_argument(
        "--rate",
        type=number(),
        default=1.0,
        metavar="R",
        help="ordinary flows a second at the busiest hour (%(default)s)",
    )
    parser.add_argument(
        "--top", type=whole(0), default=12, metavar="N", help="so many findings are shown (%(default)s)"
    )
    add_jobs_option(parser)


def _run(options: argparse.Namespace, console: Console) -> int:
    keep_apart({"--report": options.report}, [])
    with ExitStack() as stack:
        if options.output:
            folder = Path(options.output)
            folder.mkdir(parents=True, exist_ok=True)
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nad-demo-")))
        outcome = _demonstrated(folder, options, console)
        page = Path(options.report or (folder / "report.html" if options.output else _PAGE))
        report(page, outcome.model, outcome.labelled, outcome.findings, title="A day of a small office", note=_NOTE)
        if options.json:
            console.json(_document(outcome, options, page))
        else:
            _show(outcome, folder, page, options, console)
    return Exit.OK


def _demonstrated(folder: Path, options: argparse.Namespace, console: Console) -> _Outcome:
    began = time.monotonic()
    say = (lambda _: None) if options.json else console.wrapped
    network = {"hours": 24, "rate": options.rate, "snap_length": _HEADERS, "progress": console.bars}
    say(
        f"nad {__version__}, kernel {simd.active()}. Two days of a small office are simulated, packet by packet; on "
        f"the second one {len(ATTACKS)} attacks are hidden."
    )
    simulate(folder / "yesterday.pcap", begin="2026-01-05 00:00", random_state=options.seed, **network)
    attacks = [attack_from(text) for text in ATTACKS]
    truth = simulate(
        folder / "today.pcap", truth=folder / "today.csv", begin="2026-01-06 00:00", random_state=options.seed + 1,
        attacks=attacks, **network,
    )  # fmt: skip
    yesterday, _ = read_with_report(folder / "yesterday.pcap", progress=console.bars)
    today, _ = read_with_report(folder / "today.pcap", progress=console.bars)
    say(f"Packets became flows: {len(yesterday):,} of yesterday, {len(today):,} of today.")
    model = Model(
        threshold=ThresholdRule.alerts_per_day(_ALERTS_PER_DAY),
        random_state=0,
        n_jobs=options.jobs,
    )
    model.fit(yesterday, progress=console.progress)
    model.save(folder / "office.nad", note="nad demo")
    say(f"Learnt what yesterday was like; {_ALERTS_PER_DAY} normal flows a day may be reported.")
    findings = model.detect(today, most_explained=len(today), progress=console.progress)
    together = incidents(today, findings)
    scenarios = labels_of(today, truth, "scenario")
    kinds = dict(zip(truth["scenario"].to_list(), truth["label"].to_list()))
    return _Outcome(
        model=model,
        today=today,
        labelled=label_flows(today, truth),
        findings=findings,
        incidents=together,
        attacks=[_judged(one.name or one.kind, today, findings, together, scenarios) for one in attacks],
        false_incidents=sum(
            all(kinds.get(scenarios[row]) == "normal" for row in one.rows.tolist()) for one in together
        ),
        seconds=time.monotonic() - began,
    )


def _judged(kind: str, today: Table, findings: Findings, together: Incidents, scenarios: list[Any]) -> dict[str, Any]:
    own = {row for row, scenario in enumerate(scenarios) if scenario == kind}
    hits = [row for row in findings.rows.tolist() if row in own]
    rank = next((one.number + 1 for one in together if not own.isdisjoint(one.rows.tolist())), None)
    begin, end = today["timestamp"].to_numpy(), today["last_seen"].to_numpy()
    delay = (min(end[row] for row in hits) - min(begin[row] for row in own)) / np.timedelta64(1, "s") if hits else None
    return {
        "kind": kind,
        "records": len(own),
        "reported": len(hits),
        "rank": rank,
        "delay_seconds": None if delay is None else float(delay),
    }


def _show(outcome: _Outcome, folder: Path, page: Path, options: argparse.Namespace, console: Console) -> None:
    many = len(outcome.incidents)
    console.wrapped(
        f"Today {plural(len(outcome.findings), 'flow')} of {len(outcome.today):,} are reported. What one host did, or "
        f"what was done to one, without a long pause is one incident: there {'is' if many == 1 else 'are'} {many:,}."
    )
    show_incidents(outcome.incidents, console, options.top)
    console.line()
    console.line(console.bold("What was hidden, and what became of it"))
    rows = [("attack", "flows", "reported", "incident", "after")]
    rows += [
        (
            one["kind"],
            f"{one['records']:,}",
            f"{one['reported']:,}",
            str(one["rank"] or "-"),
            "missed" if one["delay_seconds"] is None else _duration(one["delay_seconds"]),
        )
        for one in outcome.attacks
    ]
    console.rows(rows, right=(1, 2, 3, 4))
    found = sum(one["reported"] > 0 for one in outcome.attacks)
    console.line()
    console.wrapped(
        f"{found} of {plural(len(outcome.attacks), 'attack')} found; "
        f"{plural(outcome.false_incidents, 'incident was', 'incidents were')} ordinary traffic. "
        f"All of it took {outcome.seconds:.0f} s."
    )
    console.line(f"For a browser: {page.resolve().as_uri()}")
    console.line()
    if options.output:
        console.line(f"Next, with the files in {folder}:")
        console.line(f"  nad inspect {folder / 'office.nad'}")
        console.line(f"  nad detect {folder / 'today.pcap'} -m {folder / 'office.nad'} --each")
        console.line(
            f"  nad evaluate {folder / 'today.pcap'} --truth {folder / 'today.csv'} -m {folder / 'office.nad'}"
        )
    else:
        console.line("Next: nad demo -o FOLDER keeps the files; nad train FILE -o MODEL learns from yours.")


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s" if seconds < 180 else f"{seconds / 60:.0f} min"


def _document(outcome: _Outcome, options: argparse.Namespace, page: Path) -> dict[str, Any]:
    strongest = [one.strongest for one in outcome.incidents]
    return {
        "records": len(outcome.today),
        "reported": len(outcome.findings),
        "threshold": {**vars(outcome.findings.limit), "rule": str(outcome.model.threshold_rule)},
        "incidents": [one.to_dict() for one in outcome.incidents],
        "findings": [finding_dict(flow) for flow in found_flows(outcome.today, strongest)],
        "attacks": outcome.attacks,
        "false_incidents": outcome.false_incidents,
        "seconds": round(outcome.seconds, 2),
        "folder": options.output,
        "report": str(page),
    }


COMMAND = Command(
    name="demo",
    summary="from nothing to explained alerts: simulate, learn, detect",
    description="Simulate two days of a small office, the second one with attacks; learn from the first, report what "
    "is unusual on the second and why, compare with the truth, and write a page. Needs no data and no network.",
    examples=(
        "nad demo",
        "nad demo -o demo/          # keep captures, truth and model, too",
        "nad demo --json | jq .attacks",
    ),
    add_options=_add_options,
    run=_run,
    keys="""
records, reported, threshold
incidents         as in `nad detect --json`
findings          the most anomalous record of each
attacks           of each: kind, records, reported, rank, delay_seconds
false_incidents   that hold ordinary traffic alone
seconds, folder, report
""",
)
