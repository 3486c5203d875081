"""What a model that learnt normal traffic alone reports of simulated attacks, at one false alert an hour.

A network works for two days; the model learns the first, the second, quiet as well, shows how much it reports wrongly,
and then one attack after the other is carried out. All of it is one capture, read as any other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

import nad
from nad._bench.report import Figure, Goal, Section, say
from nad._flow_labels import labels_of

ALERTS_PER_DAY = 24.0
TRAINING_HOURS = 24.0
QUIET_HOURS = 24.0
APART = 150.0
"""Seconds from the beginning of one attack to that of the next; each takes 60."""
SLOW = ("beaconing",)
"""What shows in hours only: it goes on beside all others."""
LOUD = ("flood", "scan", "sweep", "amplification", "smurf")
"""Parts of the names of floods and scans, which must be noticed at once."""
FLOODS = ("syn_flood", "dns_amplification", "ntp_amplification", "udp_amplification", "smurf")
FLOOD_INTENSITY = 0.2
"""400 packets a second instead of 2000: what is noticed at that is noticed at more."""
TCP_ATTEMPT, TCP_CLOSE, TCP_IDLE, OTHER_IDLE = 5.0, 5.0, 300.0, 60.0
"""Seconds of silence after which flows end, by the usual options of a meter."""
DELAY = (
    "delay: from the first packet of an attack until the meter gives the first flow of it that is reported: it has "
    "ended, and was silent for as long as its kind may be (TCP that is half open or closed 5 s, UDP and ICMP 60 s)"
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """Of one capture: false alerts an hour, and of each attack the records, how many were reported, after how long."""

    quiet: float
    between: float
    attacks: dict[str, tuple[int, int, float]]


def run(seeds: Sequence[int], *, quick: bool) -> list[Section]:
    kinds = list(nad.attack_kinds())
    part = 0.1 if quick else 1.0
    found = []
    for seed in seeds:
        say(f"simulated attacks, seed {seed}")
        found.append(_judge(kinds[:3] if quick else kinds, seed, part))
    rows = [_row(kind, [outcome.attacks[kind] for outcome in found]) for kind in found[0].attacks]
    delays = [outcome.attacks[kind][2] for outcome in found for kind in outcome.attacks if _is_loud(kind)]
    missed = sum(outcome.attacks[kind][1] == 0 for outcome in found for kind in outcome.attacks)
    goals = [
        Goal("attacks that were not reported, of all seeds", float(missed), at_most=0),
        Goal("false alerts an hour, quiet day", float(np.mean([one.quiet for one in found])), at_most=1.0),
        Goal("false alerts an hour, between attacks", float(np.mean([one.between for one in found]))),
        Goal("median delay of floods and scans, s", float(np.median(delays)), at_most=10.0),
    ]
    figures = [
        Figure("nad", "false alerts an hour, quiet day", [one.quiet for one in found], "loss", ""),
        Figure("nad", "false alerts an hour, between attacks", [one.between for one in found], "loss", ""),
        Figure(
            "nad",
            "share of the attacks that are reported",
            [float(np.mean([reported > 0 for _, reported, _ in one.attacks.values()])) for one in found],
            "quality",
            "",
        ),
    ]
    return [
        Section(
            f"Simulated attacks, one after the other, {len(seeds)} seeds",
            ["", "records", "reported", "delay, s", "worst, s", "missed"],
            rows,
            [
                f"learnt from {TRAINING_HOURS * part:g} hours of normal traffic of the same network, without labels",
                DELAY,
            ],
            figures=figures,
            name=f"simulated attacks, {TRAINING_HOURS * part:g} hours",
        ),
        Section("Simulated attacks: what was asked", *Goal.table(goals)),
    ]


def _is_loud(kind: str) -> bool:
    return any(part in kind for part in LOUD)


def _row(kind: str, found: Sequence[tuple[int, int, float]]) -> list[str]:
    records = sum(one[0] for one in found)
    reported = sum(one[1] for one in found)
    delays = [one[2] for one in found if one[1] > 0]
    return [
        kind,
        str(records),
        f"{100 * reported / max(records, 1):.1f} %",
        f"{np.median(delays):.1f}" if delays else "",
        f"{max(delays):.1f}" if delays else "",
        str(sum(one[1] == 0 for one in found)),
    ]


def _judge(kinds: Sequence[str], seed: int, part: float) -> Outcome:
    training, quiet = TRAINING_HOURS * part, QUIET_HOURS * part
    start = (training + quiet) * 3600
    one_by_one = [kind for kind in kinds if kind not in SLOW]
    end = start + APART * max(len(one_by_one), 1)
    attacks = [
        nad.Attack(kind, start=start + APART * place, intensity=FLOOD_INTENSITY if kind in FLOODS else 1.0)
        for place, kind in enumerate(one_by_one)
    ]
    attacks += [nad.Attack(kind, start=start, duration=end - start) for kind in kinds if kind in SLOW]
    with tempfile.TemporaryDirectory() as folder:
        capture = Path(folder) / "capture.pcap"
        truth = nad.simulate(capture, hours=(end + 60) / 3600, random_state=seed, attacks=attacks)
        flows = nad.read(capture)
    labels = np.array(labels_of(flows, truth, "label"), dtype=np.str_)
    seconds = _seconds(flows)
    learnt = seconds < training * 3600
    model = nad.Model(threshold=nad.ThresholdRule.alerts_per_day(ALERTS_PER_DAY), random_state=seed)
    model.fit(flows[np.flatnonzero(learnt)])
    rows = np.flatnonzero(~learnt)
    findings = model.detect(flows[rows], most_explained=0)
    reported = np.zeros(len(flows), dtype=bool)
    reported[rows[findings.rows]] = True
    normal = labels == "normal"
    is_quiet = ~learnt & (seconds < start)
    known = _known(flows, seconds)
    outcome = {}
    for kind in kinds:
        own = labels == kind
        hits = own & reported
        delay = float(known[hits].min() - seconds[own].min()) if hits.any() else float("nan")
        outcome[kind] = (int(own.sum()), int(hits.sum()), delay)
    return Outcome(
        quiet=float((reported & normal & is_quiet).sum() / quiet),
        between=float((reported & normal & ~learnt & ~is_quiet).sum() / ((seconds.max() - start) / 3600)),
        attacks=outcome,
    )


def _known(flows: nad.Table, begin: Floats) -> Floats:
    """When a meter that reads the packets as they come gives each flow: some time after its last packet."""
    ended, protocol = (np.array(flows[name].to_list(), dtype=np.str_) for name in ("ended", "protocol"))
    packets, syns = (
        sum(np.asarray(flows[f"{name}_{side}"].to_numpy()) for side in ("sent", "received"))
        for name in ("packets", "syn")
    )
    silence = np.where(protocol == "tcp", np.where(packets == syns, TCP_ATTEMPT, TCP_IDLE), OTHER_IDLE)
    wait = np.select([ended == "idle", ended == "closed"], [silence, TCP_CLOSE], 0.0)
    return begin + np.nan_to_num(np.asarray(flows["duration"].to_numpy(), dtype=np.float64)) + wait


def _seconds(table: nad.Table) -> Floats:
    when = np.asarray(table["timestamp"].to_numpy())
    return np.asarray((when - when.min()) / np.timedelta64(1, "s"), dtype=np.float64)
