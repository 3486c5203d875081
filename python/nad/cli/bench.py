"""``nad bench``: how fast nad is here, and whether it became slower."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from nad import __version__, simd
from nad._bench import document as documents
from nad._bench.compare import compare
from nad._bench.parts import PARTS, Bench, Settings
from nad.cli._command import Command, Exit, UsageError, number, whole

if TYPE_CHECKING:
    import argparse

    from nad._bench.report import Section
    from nad.cli._console import Console

__all__ = ["COMMAND"]

_USUAL = Settings()
_QUICK = Settings(rows=2000, hours=0.1, rounds=2, seconds=0.005, latency_calls=200)
_BAR = 24


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", nargs="?", metavar="FILE", help="a capture, log or table to measure on, instead of traffic made here"
    )
    parser.add_argument(
        "--part", action="append", choices=PARTS, metavar="PART",
        help=f"this part alone, as often as there are: {', '.join(PARTS)}",
    )  # fmt: skip
    parser.add_argument("--rows", type=int, metavar="N", help=f"synthetic flows ({_USUAL.rows:,})")
    parser.add_argument("--hours", type=number(), metavar="H", help=f"of the simulated capture ({_USUAL.hours:g})")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"each work is timed so often ({_USUAL.rounds})")
    parser.add_argument("--seed", type=whole(0), default=_USUAL.seed, metavar="N", help="other traffic (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="shows in seconds that it works, not how fast it is")
    parser.add_argument(
        "--compare", metavar="OLD.json", help="tell what became better or worse since this earlier --json"
    )
    parser.add_argument("--exit-code", action="store_true", help="1 where --compare finds something worse")


def _run(options: argparse.Namespace, console: Console) -> int:
    if options.exit_code and not options.compare:
        raise UsageError("--exit-code says what --compare found; give an earlier run to compare with")
    # before anything is measured: a file that cannot be compared with is told now
    earlier = documents.read_document(options.compare) if options.compare else None
    settings = _settings(options)
    versions = {"nad": __version__, "numpy": np.__version__}
    document = documents.start(command=sys.argv[1:], seeds=[settings.seed], quick=options.quick, versions=versions)
    document["kernel"] = simd.active()
    show = not options.json
    if show:
        for line in documents.heading(document):
            console.wrapped(line)
        console.wrapped(f"kernel {simd.active()}; one thread, CPU time, median of {settings.rounds} rounds")
    console.status("making traffic" if settings.file is None else f"reading {settings.file}")
    with Bench(settings) as bench:
        sections = bench.run(lambda part, number, name: _draw(console, settings, part, number, name))
    document["results"]["bench"] = [section.json() for section in sections]
    document["load_at_end"] = documents.machine()["load"]
    comparison = compare(earlier, document) if earlier is not None else None
    if show:
        for section in sections:
            _show(section, console)
    if comparison is not None:
        if show:
            _show(comparison.section(f"Compared with {options.compare}"), console)
        else:
            document["comparison"] = comparison.json()
    if options.json:
        console.json(document)
    return Exit.REPORTED if options.exit_code and comparison is not None and comparison.worse else Exit.OK


def _settings(options: argparse.Namespace) -> Settings:
    base = _QUICK if options.quick else _USUAL
    if options.file is not None and (options.rows is not None or options.hours is not None):
        raise UsageError("--rows and --hours are about traffic that is made here, and a file was given")
    for name, least in (("rows", 200), ("hours", 0.01), ("rounds", 1)):
        value = getattr(options, name)
        if value is not None and value < least:
            raise UsageError(f"--{name} {value:g}: at least {least:g}")
    return Settings(
        file=options.file,
        rows=options.rows or base.rows,
        hours=options.hours or base.hours,
        rounds=options.rounds or base.rounds,
        seed=options.seed,
        seconds=base.seconds,
        parts=tuple(part for part in PARTS if part in (options.part or PARTS)),
        latency_calls=base.latency_calls,
    )


def _draw(console: Console, settings: Settings, part: str, number: int, name: str) -> None:
    full = _BAR * number // (settings.rounds + 1)
    counted = f"round {number} of {settings.rounds}" if number else "warming up"
    console.status(f"{part} [{'#' * full}{'.' * (_BAR - full)}] {counted}: {name}")


def _show(section: Section, console: Console) -> None:
    console.line()
    console.line(console.bold(section.title))
    if section.rows:
        console.rows([section.header, *section.rows], indent="  ", right=range(1, len(section.header)))
    for note in section.notes:
        console.wrapped(note, indent="  ")


COMMAND = Command(
    name="bench",
    summary="how fast nad is on this machine, and whether it became slower",
    description="Measure reading, features, fitting, scoring, single records, model files and packets on this machine, "
    "on seeded traffic that is made for it or on a file. What was measured once can be compared with later: noise is "
    "told from regressions by all rounds of both.",
    examples=(
        "nad bench",
        "nad bench --json > before.json",
        "nad bench --compare before.json --exit-code   # 1 where something became slower",
        "nad bench conn.log.gz --part reading --part features",
        "nad bench --quick",
    ),
    add_options=_add_options,
    run=_run,
    keys="""
format, version, started, command, machine, versions, seeds, quick, kernel, load_at_end
results.bench   tables: name, title, table, notes, figures (row, what, samples, kind, unit)
comparison      with --compare: notes, changes (task, table, row, what, verdict, change, p)
""",
)
