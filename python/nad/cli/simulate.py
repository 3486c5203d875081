"""``nad simulate``: a capture of a small network and of attacks on it."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING

from nad._words import plural
from nad.cli._attacks import attack_from, attack_lines
from nad.cli._command import Command, Exit, UsageError, number, whole
from nad.cli._outputs import keep_apart
from nad.cli._values import completes
from nad.simulation import attack_kinds, simulate

if TYPE_CHECKING:
    import argparse

    from nad.cli._console import Console

__all__ = ["COMMAND"]


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "output",
        metavar="OUT",
        nargs="?",
        help="the capture, such as day.pcap, or day.pcap.gz; it appears when it is whole",
    )
    parser.add_argument("--truth", metavar="CSV", help="where the truth about every flow goes")
    parser.add_argument("--hours", type=number(), default=1.0, metavar="H", help="how long (%(default)s)")
    attack = parser.add_argument(
        "-a", "--attack", action="append", default=[], metavar="KIND[:start=..,...]",
        help="as often as there are attacks; times in seconds, or 90s, 10m, 2h",
    )  # fmt: skip
    completes(attack, _attack_words)
    parser.add_argument(
        "--list-attacks", action="store_true", help="list the kinds of attacks with their options, and end"
    )
    parser.add_argument(
        "--seed",
        type=whole(0),
        default=0,
        metavar="N",
        help="the same one gives the same bytes on every machine (%(default)s)",
    )
    group = parser.add_argument_group("the network")
    group.add_argument("--begin", metavar="TIME", help="2026-01-05 09:00, a Monday, if not given; in UTC")
    group.add_argument(
        "--hosts", type=whole(0), default=50, metavar="N", help="people inside; servers come on top (%(default)s)"
    )
    group.add_argument(
        "--rate",
        type=number(),
        default=2.0,
        metavar="R",
        help="ordinary flows a second in the busiest hour; 0: attacks alone (%(default)s)",
    )
    group.add_argument("--no-rhythm", action="store_true", help="nights and weekends are as busy as days")
    group.add_argument(
        "--failures", type=number(), default=0.08, metavar="P", help="share of connections that fail (%(default)s)"
    )
    group.add_argument(
        "--loss", type=number(), default=0.004, metavar="P", help="share of data packets that are lost (%(default)s)"
    )
    group.add_argument("--ipv6", type=number(), default=0.2, metavar="P", help="share of hosts with IPv6 (%(default)s)")
    group = parser.add_argument_group("the file")
    group.add_argument("--format", choices=("pcap", "pcapng"), help="by the name of the file if not given")
    group.add_argument(
        "--encapsulation", default="ethernet",
        choices=("ethernet", "vlan", "qinq", "linux_cooked", "linux_cooked_v2", "raw_ip"), help="%(default)s",
    )  # fmt: skip
    group.add_argument(
        "--snap-length",
        type=whole(0),
        default=262_144,
        metavar="N",
        help="bytes kept of a packet (%(default)s); 128 make small files",
    )


def _attack_words() -> dict[str, list[str]]:
    return {
        kind: [f"{name}=" for name in ("start", "duration", "intensity", *one.options, "name")]
        for kind, one in attack_kinds().items()
    }


def _list_attacks(options: argparse.Namespace, console: Console) -> int:
    kinds = attack_kinds()
    if options.json:
        console.json(
            {"attacks": [asdict(kind) | {"options": [*map(asdict, kind.options.values())]} for kind in kinds.values()]}
        )
        return Exit.OK
    console.rows(attack_lines(kinds))
    console.line()
    console.wrapped(
        "All have start=0 and duration=60 (seconds, or 90s, 10m, 2h), intensity=1 (2: twice as many a second) and "
        "name, which the truth calls scenario."
    )
    return Exit.OK


def _run(options: argparse.Namespace, console: Console) -> int:
    if options.list_attacks:
        return _list_attacks(options, console)
    if options.output is None:
        raise UsageError("the following arguments are required: OUT; see nad simulate --help")
    keep_apart({"--truth": options.truth}, [options.output])
    attacks = [attack_from(text) for text in options.attack]
    late = [attack.kind for attack in attacks if attack.start >= options.hours * 3600]
    if late:
        raise UsageError(f"{late[0]} would begin after the end of the capture ({options.hours:g} hours)")
    kind = options.format or ("pcapng" if ".pcapng" in options.output.lower() else "pcap")
    truth = simulate(
        options.output,
        truth=options.truth,
        random_state=options.seed,
        begin=options.begin,
        hours=options.hours,
        hosts=options.hosts,
        rate=options.rate,
        rhythm=not options.no_rhythm,
        failures=options.failures,
        loss=options.loss,
        ipv6=options.ipv6,
        attacks=attacks,
        encapsulation=options.encapsulation,
        format=kind,
        snap_length=options.snap_length,
        progress=console.bars,
    )
    labels = truth.value_counts("label") if len(truth) else {}
    size = os.path.getsize(options.output)  # noqa: PTH202
    if options.json:
        console.json(
            {
                "capture": options.output,
                "bytes": size,
                "truth": options.truth,
                "flows": len(truth),
                "labels": labels,
                "scenarios": truth.value_counts("scenario") if len(truth) else {},
            }
        )
        return Exit.OK
    console.line(f"wrote {options.output}: {plural(len(truth), 'flow')}, {size / 1e6:.1f} MB")
    console.rows(((f"{count:,}", label) for label, count in labels.items()), indent="  ", right=(0,))
    if options.truth:
        console.line(f"the truth about every flow is in {options.truth}")
    return Exit.OK


COMMAND = Command(
    name="simulate",
    summary="write a capture of a small network and of attacks on it",
    description="Write a capture of a small network at work, and of attacks on it, with the truth about every flow.",
    examples=(
        "nad simulate normal.pcap --hours 8 --seed 1",
        "nad simulate today.pcap --truth today.csv -a port_scan:start=10m -a beaconing:period=30,duration=1h",
        "nad simulate --list-attacks",
    ),
    add_options=_add_options,
    run=_run,
    keys="""
capture, bytes, truth
flows       how many in all
labels      normal, or the kind of attack: flows
scenarios   what flows are part of: flows
attacks     with --list-attacks, alone: of each name, description, options
""",
)
