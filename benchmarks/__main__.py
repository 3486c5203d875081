"""Runs the benchmarks and prints their tables.

    python -m benchmarks                       # everything, some hours
    python -m benchmarks speed --quick         # one task, less of it
    python -m benchmarks --json figures.json   # every sample, the machine, the versions and the seeds too
    python -m benchmarks speed --compare figures.json          # and what became better or worse since
    python -m benchmarks --from new.json --compare old.json    # measures nothing

Exit codes: 0, 1 where --compare finds something worse, 2 where a file or the command line makes no sense,
3 where a task failed.
What is measured and how to read it: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.python import (
    autoencoder_speed,
    boosted_trees,
    compiled,
    detectors_quality,
    download,
    duplicates,
    evaluate_speed,
    flow_speed,
    instructions,
    isolation_forest_quality,
    isolation_forest_speed,
    kdd99_check,
    kmeans_speed,
    live_speed,
    memory,
    model_quality,
    one_class_svm_speed,
    pictures,
    records_speed,
    scaling,
    simulated_attacks,
    spark_speed,
    streaming,
    summary,
)
from benchmarks.python.forests import SEEDS, versions
from nad._bench import document as documents
from nad._bench.compare import compare
from nad._bench.report import Section
from nad.errors import Error

TASKS = (
    "speed",
    "cpp",
    "records",
    "flow",
    "clusters",
    "autoencoder",
    "boosted",
    "svm",
    "evaluate",
    "quality",
    "detectors",
    "model",
    "attacks",
    "spark",
    "duplicates",
    "streaming",
    "memory",
    "scaling",
    "live",
    "soak",
)
FAILED = "FAILED"
CHECKS = ("data", "profile")  # only when asked for


def main() -> int:
    options = _options()
    try:
        # before hours of measuring: a file that cannot be compared with is told now
        earlier = documents.read_document(options.compare) if options.compare else None
        if options.download:
            os.environ["NAD_DATA"] = str(download.fetch(options.download))
        document = documents.read_document(options.figures) if options.figures else _measured(options)
        if options.figures:
            _show(document)
        beside = summary.section(document)
        if beside is not None:
            print(f"\n{beside.text()}", flush=True)
        if options.json:
            options.json.write_text(json.dumps(document, indent=1) + "\n")
        if options.markdown:
            options.markdown.write_text(summary.markdown(document, _reproduced(document)), encoding="utf-8")
        if options.plots:
            for path in pictures.draw(document, options.plots):
                print(f"drew {path}", file=sys.stderr)
        failed = [task for task, found in documents.sections_of(document).items() if found and found[0].title == FAILED]
        worse = False
        if earlier is not None:
            comparison = compare(earlier, document)
            print(f"\n{comparison.section(f'Compared with {options.compare}').text()}")
            worse = bool(comparison.worse)
        if failed:
            print(f"python -m benchmarks: failed: {', '.join(failed)}", file=sys.stderr)
        return 3 if failed else int(worse)
    except (Error, OSError) as error:
        print(f"python -m benchmarks: {error}", file=sys.stderr)
        return 2


def _measured(options: argparse.Namespace) -> dict[str, Any]:
    seeds = SEEDS[: options.seeds or (2 if options.quick else 5)]
    document = documents.start(command=sys.argv[1:], seeds=seeds, quick=options.quick, versions=versions())
    print("\n".join(documents.heading(document)), flush=True)
    for number, task in enumerate(options.tasks, 1):
        print(f"{task}, {number} of {len(options.tasks)}", file=sys.stderr, flush=True)
        try:
            sections = _run(task, options, seeds)
        except Exception as error:  # noqa: BLE001 - the other tasks' hours shall not be lost
            traceback.print_exc()
            sections = [Section(FAILED, ["error"], [[f"{type(error).__name__}: {error}"]])]
        document["results"][task] = [section.json() for section in sections]
        print("\n".join(f"\n{section.text()}" for section in sections), flush=True)
    document["load_at_end"] = documents.machine()["load"]
    return document


def _reproduced(document: dict[str, Any]) -> str:
    """The command line, without the files that only this run wrote."""
    words = [word for word in document["command"] if not word.endswith((".json", ".md"))]
    kept = [word for word in words if word not in ("--json", "--markdown", "--compare")]
    return " ".join(["python -m benchmarks", *kept])


def _show(document: dict[str, Any]) -> None:
    print("\n".join([f"Measured {document['started']}", *documents.heading(document)]))
    for sections in documents.sections_of(document).values():
        print("\n".join(f"\n{section.text()}" for section in sections))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    known = f"{', '.join(TASKS)}: all of them when none is named; "
    known += "data: compares our subsets with scikit-learn's; profile: counts the instructions of each stage"
    parser.add_argument("tasks", nargs="*", choices=[[], *TASKS, *CHECKS], metavar="task", help=known)
    parser.add_argument(
        "--quick", action="store_true", help="fewer rows, rounds, settings and seeds: to see that it works"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    parser.add_argument(
        "--compare", type=Path, metavar="FILE", help="tell what became better or worse since that run; see README"
    )
    parser.add_argument(
        "--from", dest="figures", type=Path, metavar="FILE", help="take what was measured earlier, and measure nothing"
    )
    parser.add_argument(
        "--download",
        type=Path,
        metavar="FOLDER",
        help="fetch KDD Cup 99 (10 % and corrected) from its publisher into this folder, where it is not there yet, "
        "check it, and measure on it".replace("%", "%%"),
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write all tables as a page")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="draw speed, quality and growth; needs matplotlib")
    parser.add_argument("--seeds", type=int, metavar="N", help="models for each setting of quality and detectors (5)")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of the speed task (7)")
    parser.add_argument("--rows", type=int, metavar="N", help="the first N rows only in the tasks about speed (all)")
    parser.add_argument(
        "--cpp", type=Path, metavar="PROGRAM", help="the built C++ benchmark, where it is not in build*/"
    )
    options = parser.parse_args()
    options.tasks = options.tasks or list(TASKS)
    return options


def _run(task: str, options: argparse.Namespace, seeds: tuple[int, ...]) -> list[Section]:
    effort = isolation_forest_speed.QUICK if options.quick else isolation_forest_speed.Effort()
    effort = replace(effort, rounds=options.rounds or effort.rounds, rows=options.rows or effort.rows)
    ways: dict[str, Callable[[], list[Section]]] = {
        "speed": lambda: isolation_forest_speed.run(effort, seeds[0]),
        "cpp": lambda: compiled.run(options.cpp, effort.rounds, quick=options.quick),
        "records": lambda: records_speed.run(effort),
        "flow": lambda: flow_speed.run(effort, quick=options.quick),
        "clusters": lambda: kmeans_speed.run(effort),
        "autoencoder": lambda: autoencoder_speed.run(effort, seeds[0]),
        "boosted": lambda: boosted_trees.run(effort, seeds),
        "svm": lambda: one_class_svm_speed.run(effort, SEEDS[: one_class_svm_speed.SEEDS]),
        "evaluate": lambda: evaluate_speed.run(effort),
        "quality": lambda: isolation_forest_quality.run(seeds, quick=options.quick),
        "detectors": lambda: detectors_quality.run(seeds, quick=options.quick),
        "model": lambda: model_quality.run(seeds, quick=options.quick),
        "attacks": lambda: simulated_attacks.run(seeds, quick=options.quick),
        "spark": lambda: spark_speed.run(effort),
        "duplicates": lambda: duplicates.run(seeds, quick=options.quick),
        "streaming": lambda: streaming.run(seeds, quick=options.quick, rows=options.rows),
        "memory": lambda: memory.run(options.rows, seeds[0], quick=options.quick),
        "scaling": lambda: scaling.run(min(effort.rounds, 5), seeds[0], quick=options.quick, most_rows=options.rows),
        "live": lambda: live_speed.run_live(quick=options.quick),
        "soak": lambda: live_speed.run_soak(quick=options.quick),
        "data": kdd99_check.run,
        "profile": lambda: instructions.run(options.cpp, quick=options.quick),
    }
    return ways[task]()


if __name__ == "__main__":
    sys.exit(main())
