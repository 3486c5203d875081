"""Runs the C++ benchmark on the same rows and takes over what it measured.

Configure with -DNAD_BUILD_BENCHMARKS=ON to have it built.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.python import kdd99
from nad._bench.report import Figure, Section, say

PROGRAM = "nad_benchmark_isolation_forest"


def run(program: Path | None, rounds: int, *, quick: bool) -> list[Section]:
    program = program or _newest_build()
    if program is None:
        reason = f"no {PROGRAM} in build*/benchmarks/cpp: cmake -DNAD_BUILD_BENCHMARKS=ON, build, or --cpp PROGRAM"
        return [Section("C++: not measured", ["reason"], [[reason]])]
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [str(program), "--json", str(result), "--rounds", str(rounds), *(["--quick"] if quick else [])]
        try:
            command += ["--rows", str(kdd99.raw_rows()), "--columns", str(kdd99.COLUMNS)]
        except kdd99.DataNotFoundError as error:
            say(f"C++: synthetic rows; {error}")
        say(f"C++: {program}")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return [Section("C++: failed", ["exit code", "message"], [[str(done.returncode), done.stderr.strip()]])]
        return [_section(json.loads(result.read_text()))]


def _section(result: dict[str, Any]) -> Section:
    rows = []
    for figure in result["figures"]:
        spread = f"{figure['spread']:.0%}" if "spread" in figure else ""
        rows.append(
            [figure["what"], f"{figure['value']:,.4g}", figure["unit"], spread, figure["goal"], figure["verdict"]]
        )
    title = f"C++, {result['rows']:,} x {result['columns']} float32 ({result['data']}), {result['build']}"
    return Section(title, ["", "median", "unit", "spread", "goal", ""], rows, data=result, figures=_figures(result))


def _figures(result: dict[str, Any]) -> list[Figure]:
    """Times with a sample for each round; indented names belong to the line above them."""
    return [
        Figure("nad", figure["what"], figure["samples"], "time", figure["unit"])
        for figure in result["figures"]
        if len(figure["samples"]) > 1 and figure["unit"].partition(" ")[0] in ("s", "ms", "us")
    ]


def _newest_build() -> Path | None:
    checkout = Path(__file__).resolve().parents[2]
    found = [path for path in checkout.glob(f"build*/benchmarks/cpp/{PROGRAM}*") if path.is_file()]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)
