"""The three slowest places of each stage, by instructions that valgrind counts: they repeat exactly, however busy.

    python -m benchmarks profile --cpp build/benchmarks/cpp/nad_benchmark_stages

The program does one stage on 5,000 synthetic flows, or on a simulated capture; what it needs before is not counted.
valgrind knows no AVX-512: the AVX2 kernels run.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nad
from benchmarks.python.compiled import newest_build
from nad._bench.report import Figure, Section, say

PROGRAM = "nad_benchmark_stages"
COUNTED = "counted_stage*"
FLOWS = 5000
QUICK_FLOWS = 500
PLACES = 3
LINE = re.compile(r"^\s*([\d,]+) \(\s*[\d.]+%\)\s+(?:.*?):(?!/)(\S.*?)(?: \[([^\]]*)\])?$")


@dataclass(frozen=True)
class Place:
    """Instructions of a function itself, without those that it calls."""

    name: str
    instructions: int


def run(program: Path | None, *, quick: bool, only: tuple[str, ...] = ()) -> list[Section]:
    program = program or newest_build(PROGRAM)
    missing = [tool for tool in ("valgrind", "callgrind_annotate") if shutil.which(tool) is None]
    if program is None or missing:
        wish = f"install {' and '.join(missing)}" if missing else f"build {PROGRAM} (-DNAD_BUILD_BENCHMARKS=ON)"
        return [Section("Profile: not made", ["reason"], [[f"{wish}, or name it with --cpp"]])]
    flows = QUICK_FLOWS if quick else FLOWS
    rows, figures = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_data(folder, flows)
        listed = subprocess.run([str(program), "--list"], capture_output=True, text=True, check=True)
        for stage in only or tuple(listed.stdout.splitlines()):
            say(f"profile: {stage}")
            places = profiled(program, stage, folder)
            total = sum(place.instructions for place in places)
            first = [f"{place.name} {place.instructions / total:.0%}" for place in places[:PLACES]]
            rows.append([stage, f"{total / 1e6:,.1f}", *first, *[""] * (PLACES - len(first))])
            figures.append(Figure("nad", f"{stage}, instructions", [float(total)], "size", ""))
    header = ["", "million instructions", "first", "second", "third"]
    notes = [
        f"{flows:,} synthetic flows; models learn from 1,000; packets: a simulated capture; evaluate: 20 scores a flow",
        "of a place: its own instructions, without those of functions that it calls; what is inlined counts there",
    ]
    title = f"The slowest places of each stage, {flows:,} flows"
    return [Section(title, header, rows, notes, figures=figures)]


def make_data(folder: Path, flows: int) -> None:
    table = nad.datasets.synthetic_flows(flows, anomaly_ratio=0.02, random_state=7)
    table.drop(["label", "is_anomaly"]).to_csv(folder / "flows.csv")
    hours = 0.2 * flows / FLOWS
    nad.simulate(folder / "traffic.pcap", hours=hours, random_state=7, attacks=["port_scan"], snap_length=128)


def profiled(program: Path, stage: str, folder: Path) -> list[Place]:
    """All functions that the stage spent instructions in, the most first."""
    out = folder / "callgrind.out"
    command = ["valgrind", "--tool=callgrind", f"--toggle-collect={COUNTED}", "--collect-atstart=no"]
    command += [f"--callgrind-out-file={out}", str(program), stage, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{stage}: {done.stderr[-500:]}")
    command = ["callgrind_annotate", "--threshold=100", "--auto=no", str(out)]
    return parsed(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def parsed(text: str) -> list[Place]:
    """What callgrind_annotate wrote, instances of a template and copies that are inlined elsewhere added up."""
    found: dict[str, int] = {}
    _, _, listed = text.partition("file:function\n")
    for line in listed.splitlines():
        match = LINE.match(line)
        if match and match[2] != "PROGRAM TOTALS":
            name = shortened(match[2])
            found[name] = found.get(name, 0) + int(match[1].replace(",", ""))
    places = [Place(name, count) for name, count in found.items()]
    return sorted(places, key=lambda place: -place.instructions)


def shortened(name: str) -> str:
    """Without template arguments, parameters and the namespace that all have."""
    name = name.replace("(anonymous namespace)::", "").replace("'2", "")
    plain, depth = "", 0
    for place, letter in enumerate(name):
        if letter == "<" and not name[:place].endswith("operator"):
            depth += 1
        elif letter == ">" and depth > 0:
            depth -= 1
        elif depth == 0:
            plain += letter
    plain = plain.partition("(")[0] if not plain.startswith("operator") else plain
    plain = plain.split(" ")[-1] if "operator" not in plain else plain
    return plain.replace("nad::detail::", "").replace("nad::", "") or name
