"""Runs the benchmarks and prints their tables.

    python -m benchmarks                       # everything, some hours
    python -m benchmarks speed --quick         # one task, less of it
    python -m benchmarks --json figures.json   # every sample, the machine, the versions and the seeds too

What is measured and how to read it: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmarks.python import (
    autoencoder_speed,
    boosted_trees,
    compiled,
    detectors_quality,
    evaluate_speed,
    flow_speed,
    isolation_forest_quality,
    isolation_forest_speed,
    kdd99_check,
    kmeans_speed,
    live_speed,
    model_quality,
    one_class_svm_speed,
    records_speed,
    simulated_attacks,
    spark_speed,
)
from benchmarks.python.forests import SEEDS, versions
from benchmarks.python.report import Section, machine

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
    "live",
    "soak",
)
CHECKS = ("data",)  # only when asked for: are the subsets those of scikit-learn?


def main() -> int:
    options = _options()
    seeds = SEEDS[: options.seeds or (2 if options.quick else 5)]
    start: dict[str, Any] = {
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": sys.argv[1:],
        "machine": machine(),
        "versions": versions(),
        "seeds": list(seeds),
        "quick": options.quick,
    }
    print(_heading(start), flush=True)
    results: dict[str, Any] = {}
    for task in options.tasks:
        sections = _run(task, options, seeds)
        results[task] = [section.json() for section in sections]
        print("\n".join(f"\n{section.text()}" for section in sections), flush=True)
    start["load_at_end"] = machine()["load"]
    if options.json:
        options.json.write_text(json.dumps({**start, "results": results}, indent=1) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    known = f"{', '.join(TASKS)}: all of them when none is named; data: compares our subsets with scikit-learn's"
    parser.add_argument("tasks", nargs="*", default=TASKS, choices=TASKS + CHECKS, metavar="task", help=known)
    parser.add_argument(
        "--quick", action="store_true", help="fewer rows, rounds, settings and seeds: to see that it works"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    parser.add_argument("--seeds", type=int, metavar="N", help="models for each setting of quality and detectors (5)")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of the speed task (7)")
    parser.add_argument("--rows", type=int, metavar="N", help="the first N rows only in the speed task (all)")
    parser.add_argument(
        "--cpp", type=Path, metavar="PROGRAM", help="the built C++ benchmark, where it is not in build*/"
    )
    return parser.parse_args()


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
        "live": lambda: live_speed.run_live(quick=options.quick),
        "soak": lambda: live_speed.run_soak(quick=options.quick),
        "data": kdd99_check.run,
    }
    return ways[task]()


def _heading(start: dict[str, Any]) -> str:
    computer = start["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in start["versions"].items())
    instructions = " ".join(computer["instructions"])
    lines = [
        f"{computer['processor']}, {computer['cores']} cores, {instructions}; load {computer['load']}",
        f"{computer['system']}, Python {computer['python']}; {packages}",
        *(["QUICK RUN: shows that it works, not how fast it is"] if start["quick"] else []),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
