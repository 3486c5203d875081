"""Runs the C++ benchmarks and takes over what they measured: Isolation Forest on the same rows, and every kernel.

Configure with -DNAD_BUILD_BENCHMARKS=ON to have them built.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.python import kdd99
from nad._bench.report import Figure, Section, say

FOREST = "nad_benchmark_isolation_forest"
KERNELS = "nad_benchmark_kernels"


def run(program: Path | None, rounds: int, *, quick: bool) -> list[Section]:
    """Of one program, or of both that are built."""
    if program is not None:
        return [_measured(program, rounds, quick=quick)]
    sections = []
    for name in (FOREST, KERNELS):
        found = newest_build(name)
        if found is None:
            reason = f"no {name} in build*/benchmarks/cpp: cmake -DNAD_BUILD_BENCHMARKS=ON, build, or --cpp PROGRAM"
            sections.append(Section(f"C++, {name}: not measured", ["reason"], [[reason]]))
        else:
            sections.append(_measured(found, rounds, quick=quick))
    return sections


def _measured(program: Path, rounds: int, *, quick: bool) -> Section:
    is_forest = not program.name.startswith(KERNELS)
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [str(program), "--json", str(result), "--rounds", str(rounds), *(["--quick"] if quick else [])]
        if is_forest:
            command += _rows()
        say(f"C++: {program}")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return Section("C++: failed", ["exit code", "message"], [[str(done.returncode), done.stderr.strip()]])
        found = json.loads(result.read_text())
    return _forest(found) if is_forest else _kernels(found)


def _rows() -> Sequence[str]:
    try:
        return ["--rows", str(kdd99.raw_rows()), "--columns", str(kdd99.COLUMNS)]
    except kdd99.DataNotFoundError as error:
        say(f"C++: synthetic rows; {error}")
        return []


def _forest(result: dict[str, Any]) -> Section:
    rows = []
    for figure in result["figures"]:
        rows.append(
            [figure["what"], _number(figure), figure["unit"], _spread(figure), figure["goal"], figure["verdict"]]
        )
    title = f"C++, {result['rows']:,} x {result['columns']} float32 ({result['data']}), {result['build']}"
    return Section(title, ["", "median", "unit", "spread", "goal", ""], rows, data=result, figures=_figures(result))


def _kernels(result: dict[str, Any]) -> Section:
    """A line for each kernel: what it reaches, what the machine reaches, and the share of the lower roof."""
    rows: list[list[str]] = []
    places = {"bytes": 3, "of as much memory can": 4, "operations": 5, "of multiply-adds can": 6}
    for figure in result["figures"]:
        what = figure["what"].strip()
        if not figure["what"].startswith(" "):
            rows.append([what, _number(figure), _spread(figure), "", "", "", "", "", ""])
        elif what in places:
            rows[-1][places[what]] = _number(figure)
        else:
            rows[-1][7:] = [f"{figure['value']:.0f} %", what.rpartition(" ")[2]]
    header = ["", "us", "spread", "GB/s", "of", "Gop/s", "of", "share", "the roof is"]
    roofs = (
        "of: what a loop over as much memory reads, or the triad reads and writes, and what multiply-adds in registers "
        "reach, on the same instruction set"
    )
    bytes_counted = (
        "bytes: each array once; what is changed in place counts twice, and can beat the triad, which changes nothing "
        "in place"
    )
    operations = "operations: as the text of the kernel has them, a multiply-add as two, all else as one"
    notes = [roofs, bytes_counted, operations]
    title = f"C++, every kernel and its roof, {result['build']}"
    return Section(title, header, rows, notes, result, _figures(result))


def _number(figure: dict[str, Any]) -> str:
    return f"{figure['value']:,.4g}"


def _spread(figure: dict[str, Any]) -> str:
    return f"{figure['spread']:.0%}" if "spread" in figure else ""


def _figures(result: dict[str, Any]) -> list[Figure]:
    """Times with a sample for each round; indented names belong to the line above them."""
    return [
        Figure("nad", figure["what"], figure["samples"], "time", figure["unit"])
        for figure in result["figures"]
        if len(figure["samples"]) > 1 and figure["unit"].partition(" ")[0] in ("s", "ms", "us")
    ]


def newest_build(program: str) -> Path | None:
    checkout = Path(__file__).resolve().parents[2]
    found = [path for path in checkout.glob(f"build*/**/benchmarks/cpp/{program}") if path.is_file()]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)
