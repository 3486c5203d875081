"""How much memory a process takes, now and at the most; and the `memory` task: what each detector costs in memory.

Every detector and its counterpart has a process of its own, which learns from some rows of KDD Cup 99 (10 %) and judges
all of them. What counts is what the process grew by above an interpreter that had imported and once used the library,
less the rows and the scores.
"""

from __future__ import annotations

import ctypes
import gc
import pickle
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.python import detectors, kdd99
from benchmarks.python.forests import MissingError
from benchmarks.python.worker import Worker, WorkerError
from nad._bench.report import Figure, Section, say

MEGABYTE = 1e6
LEAST = 1.0
"""Megabytes below which a peak is the pages of the allocator."""
TRAINING_ROWS = 50_000
QUICK_ROWS = 20_000
NAD = "nad"


def memory(field: str) -> int:
    """Bytes resident now ("VmRSS") or at the most since `forget_peak` ("VmHWM")."""
    # not getrusage: what it calls the peak of a process can be its parent's
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise WorkerError(f"/proc/self/status has no {field}; peak memory is measured on Linux only")


def return_free_memory() -> None:
    """What the warm-up freed would otherwise be used again, and the growth look smaller than it is."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


class DetectorMemory:
    """One detector in a process of its own."""

    def __init__(self, title: str, ours: bool, seed: int) -> None:
        self.title, self.ours, self.seed = title, ours, seed
        warm = self.judge()
        rows = np.random.default_rng(seed).random((600, 20), dtype=np.float32)
        warm.fit(rows)
        warm.score(rows)

    def judge(self) -> detectors.Judge:
        pair = detectors.PAIRS[self.title]
        make = pair.ours if self.ours else pair.peer
        assert make is not None
        return make(self.seed)

    def measure(self, path: str, limit: int | None) -> dict[str, float]:
        """Megabytes: beyond the rows while learning, beyond rows and scores while judging, and saved."""
        judge = self.judge()
        return_free_memory()
        before = memory("VmRSS")
        rows = np.load(path)[:limit].copy()
        return_free_memory()
        learnt = rows[np.linspace(0, len(rows) - 1, min(TRAINING_ROWS, len(rows))).astype(np.intp)]
        forget_peak()
        judge.fit(learnt)
        fit = memory("VmHWM") - before - rows.nbytes - learnt.nbytes
        size = saved_bytes(judge)
        del learnt
        return_free_memory()
        forget_peak()
        scores = judge.score(rows)
        score = memory("VmHWM") - before - rows.nbytes - scores.nbytes
        return {"fit": fit / MEGABYTE, "score": score / MEGABYTE, "model": size / MEGABYTE}


def saved_bytes(judge: Any) -> int:
    """The size of the file for a detector of nad, of the pickle for others."""
    inner = judge.judge if isinstance(judge, detectors.Sampled) else judge
    if isinstance(inner, detectors.Nad):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "detector.nad"
            inner.detector.save(path)
            return path.stat().st_size
    # the wrapper holds what was learnt, and modules, which no pickle takes
    learnt = {name: value for name, value in vars(inner).items() if name not in ("torch", "random")}
    return len(pickle.dumps(learnt, protocol=5))


def scaled_rows() -> tuple[Path, str]:
    """KDD Cup 99 in standard deviations, words as numbers; synthetic rows where it is not there."""
    try:
        source, data = kdd99.speed_rows(), "KDD Cup 99, 10 %"
    except kdd99.DataNotFoundError:
        source, data = kdd99.synthetic_rows(494_021, seed=1), "synthetic"
    path = source.with_name(f"{source.stem}-scaled.npy")
    if not path.is_file():
        rows = np.load(source)
        spread = rows.std(axis=0, dtype=np.float64)
        spread[spread == 0] = 1.0
        scaled = np.clip((rows - rows.mean(axis=0, dtype=np.float64)) / spread, -10, 10).astype(np.float32)
        part = path.with_suffix(".part.npy")
        np.save(part, scaled)
        part.replace(path)
    return path, data


def run(rows: int | None, seed: int, *, quick: bool, titles: tuple[str, ...] = ()) -> list[Section]:
    path, data = scaled_rows()
    limit = rows or (QUICK_ROWS if quick else None)
    count = min(limit or len(np.load(path, mmap_mode="r")), len(np.load(path, mmap_mode="r")))
    found: dict[str, Mapping[str, float]] = {}
    notes: list[str] = []
    for title in titles or tuple(detectors.PAIRS):
        for who, is_ours in ((NAD, True), (detectors.PAIRS[title].peer_name, False)):
            if not is_ours and detectors.PAIRS[title].peer is None:
                continue
            say(f"memory: {who}, {title}")
            try:
                with Worker(DetectorMemory, title, is_ours, seed) as worker:
                    found[f"{who}, {title}"] = worker.call("measure", str(path), limit)
            except (MissingError, WorkerError) as error:
                notes.append(f"{who}, {title} is missing: {error}")
    header = ["MB", "peak while learning", "peak while judging", "saved model"]
    table = [[name, f"{one['fit']:.1f}", f"{one['score']:.1f}", f"{one['model']:.3f}"] for name, one in found.items()]
    notes += [
        f"learnt from {min(TRAINING_ROWS, count):,} rows, {count:,} judged, {kdd99.COLUMNS} columns of {data}",
        "beyond an interpreter that has used the library, the rows and the scores; the model counts as beyond",
        "saved: nad's own file; pickle for others",
    ]
    figures = [
        Figure(name, what, [max(one[key], LEAST)], "memory", "MB")
        for name, one in found.items()
        for what, key in (("peak while learning", "fit"), ("peak while judging", "score"))
    ]
    figures += [Figure(name, "saved model", [one["model"]], "size", "MB") for name, one in found.items()]
    title = "Memory of each detector, one process each"
    return [Section(title, header, table, notes, figures=figures, name=f"{count:,} rows, {data}")]
