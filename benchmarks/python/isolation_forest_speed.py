"""Speed and size of Isolation Forest: fitting, scoring with each kernel, two threads, one row, memory, saved model.

Each competitor, and nad with each of its kernels, lives in a process of its own; they take turns (see `measure`).
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.python import forests, kdd99
from benchmarks.python.forests import MissingError, Settings
from benchmarks.python.memory import MEGABYTE, forget_peak, memory, return_free_memory
from benchmarks.python.worker import Worker, WorkerError
from nad._bench.measure import Sample, Timing, latencies, take_turns, time_call
from nad._bench.report import Figure, Goal, Section, say, seed_figures, time_figures

SMALL, LARGE = Settings(samples=256), Settings(samples=4096)
SETTINGS = {"100 x 256": SMALL, "100 x 4096": LARGE}
KERNELS = ("avx512", "avx2", "neon", "baseline")
NAD = "nad"
PEERS = tuple(name for name in forests.FORESTS if name != NAD)
LATENCY_PARTS = 5  # one after the other: their medians are compared with another run's
SCORE_GOALS = {("100 x 256", "file order", "avx512"): 10.0, ("100 x 256", "file order", "avx2"): 5.0}
SYNTHETIC_ROWS = 494_021


@dataclass(frozen=True)
class Effort:
    """How much is measured."""

    rounds: int = 7
    rows: int | None = None  # None: all
    seconds_per_fit: float = 0.1
    latency_calls: int = 5000


QUICK = Effort(rounds=3, rows=60_000, seconds_per_fit=0.02, latency_calls=500)


class Subject:
    """One competitor with the rows, inside its own process."""

    def __init__(self, name: str, rows: str, limit: int | None, seed: int) -> None:
        self.name = name
        self.seed = seed
        # before the rows: the library is imported even where loading fails
        forests.make(name, SMALL, seed)
        self.rows = np.load(rows)[:limit].copy()
        self.shuffled_rows = np.random.default_rng(seed).permutation(self.rows)
        self.forest: forests.Forest
        self.x: Any
        self.shuffled: Any

    def kernels(self) -> dict[str, Any]:
        simd = self.forest.module.simd
        return {"supported": list(simd.supported()), "active": simd.active()}

    def prepare(self, settings: Settings) -> None:
        self.forest = forests.make(self.name, settings, self.seed)
        self.x = self.forest.layout(self.rows)
        self.shuffled = self.forest.layout(self.shuffled_rows)
        self.forest.fit(self.x)

    def time_fit(self, at_least: float) -> Sample:
        return time_call(lambda: self.forest.fit(self.x), at_least)

    def time_score(self) -> Sample:
        return time_call(lambda: self.forest.score(self.x), 0.0)

    def time_score_shuffled(self) -> Sample:
        return time_call(lambda: self.forest.score(self.shuffled), 0.0)

    def saved_bytes(self) -> int:
        return self.forest.saved_bytes()

    def latency(self, at_least: int) -> list[tuple[float, float]]:
        """Median and 99th percentile of so many calls, in parts: each of some of 200 rows."""
        picks = np.random.default_rng(self.seed).choice(len(self.x), 200, replace=False)
        calls = [self.forest.score_row_call(self.x, int(pick)) for pick in picks]
        return [latencies(calls[part::LATENCY_PARTS], at_least // LATENCY_PARTS) for part in range(LATENCY_PARTS)]


class MemorySubject:
    """What scoring costs in memory: everything above an interpreter that has imported and once used the library."""

    def __init__(self, name: str, rows: str, limit: int | None, seed: int) -> None:
        forest = forests.make(name, SMALL, seed)
        warm = forest.layout(np.random.default_rng(seed).random((300, 4), dtype=np.float32))
        forest.fit(warm)
        forest.score(warm)
        self.forest = forest
        self.rows, self.limit = rows, limit

    def peak(self) -> dict[str, float]:
        return_free_memory()
        before = memory("VmRSS")
        rows = np.load(self.rows)  # not memory-mapped: the rows shall count as input, once
        if self.limit is not None:
            rows = rows[: self.limit].copy()
        x = self.forest.layout(rows)
        del rows
        forget_peak()
        self.forest.fit(x[:20_000])
        scores = self.forest.score(x)
        extra = memory("VmHWM") - before - x.nbytes - scores.nbytes
        return {"input": x.nbytes, "output": scores.nbytes, "extra": extra}


class SpeedBenchmark:
    def __init__(self, effort: Effort, seed: int) -> None:
        self.effort = effort
        self.seed = seed
        self.notes: list[str] = []
        self.goals: list[Goal] = []
        self.rows_path, self.data = self._rows()
        self.n_rows = min(np.load(self.rows_path, mmap_mode="r").shape[0], effort.rows or sys.maxsize)

    def run(self) -> list[Section]:
        with ExitStack() as stack:
            workers = self._start(stack)
            sections = [
                self._fit_and_score(workers),
                self._two_threads(stack),
                self._one_row(workers),
                self._saved(workers),
            ]
        sections.append(self._memory())
        title = f"Goals, {self.n_rows:,} x {kdd99.COLUMNS} float32 ({self.data})"
        return [*sections, Section(title, *Goal.table(self.goals), notes=self.notes)]

    def _rows(self) -> tuple[Path, str]:
        try:
            return kdd99.speed_rows(), "KDD Cup 99, 10 %, words as numbers"
        except kdd99.DataNotFoundError as error:
            self.notes.append(f"Synthetic rows instead of KDD Cup 99: {error}")
            return kdd99.synthetic_rows(SYNTHETIC_ROWS, seed=1), "synthetic"

    def _worker(self, stack: ExitStack, name: str, kernel: str | None = None) -> Worker | None:
        """The competitor in its process, or a note that says why it is missing."""
        env = {"NAD_SIMD": kernel} if kernel else {}
        try:
            worker = Worker(Subject, name, str(self.rows_path), self.effort.rows, self.seed, env=env)
            stack.callback(worker.close)
            worker.call("prepare", SMALL)
            if name == NAD and (active := worker.call("kernels")["active"]) != (kernel or active):
                raise WorkerError(f"NAD_SIMD={kernel} was asked for but {active} runs")
        except (MissingError, WorkerError) as error:
            self._note(f"{name}{f', {kernel}' if kernel else ''} is missing: {error}")
            return None
        return worker

    def _start(self, stack: ExitStack) -> dict[str, Worker]:
        workers: dict[str, Worker] = {}
        probe = self._worker(stack, NAD)
        if probe is not None:
            kernels = probe.call("kernels")
            self._note(f"nad picks {kernels['active']}; this processor can run {', '.join(kernels['supported'])}")
            for kernel in KERNELS:
                if kernel not in kernels["supported"]:
                    self._note(f"nad, {kernel}: not in this build or not on this processor")
                elif worker := self._worker(stack, NAD, kernel):
                    workers[f"{NAD}, {kernel}"] = worker
            probe.close()
        for name in PEERS:
            if worker := self._worker(stack, name):
                workers[name] = worker
        return workers

    def _fit_and_score(self, workers: Mapping[str, Worker]) -> Section:
        header = ["", "fit ms", "spread", "score s", "spread", "rows/s", "ns a row and tree"]
        header += ["shuffled s", "spread", "rows/s"]
        rows = []
        samples: dict[str, Any] = {}
        figures: list[Figure] = []
        for title, settings in SETTINGS.items():
            for worker in workers.values():
                worker.call("prepare", settings)
            say(f"fitting {title}")
            fits = take_turns(_each(workers, "time_fit", self.effort.seconds_per_fit), self.effort.rounds)
            say(f"scoring {title}")
            scores = take_turns(_each(workers, "time_score"), self.effort.rounds)
            say(f"scoring {title}, shuffled rows")
            shuffled = take_turns(_each(workers, "time_score_shuffled"), self.effort.rounds)
            for name in workers:
                fit, score, other = fits[name], scores[name], shuffled[name]
                per_tree = score.cpu / self.n_rows / settings.trees * 1e9
                measured = [f"{fit.cpu * 1e3:.2f}", f"{fit.spread:.0%}", f"{score.cpu:.4f}", f"{score.spread:.0%}"]
                measured += [f"{self.n_rows / score.cpu:,.0f}", f"{per_tree:.2f}"]
                measured += [f"{other.cpu:.4f}", f"{other.spread:.0%}", f"{self.n_rows / other.cpu:,.0f}"]
                rows.append([f"{name}, {title}", *measured])
                timings = {"fit": fit, "score": score, "score_shuffled": other}
                samples[f"{name}, {title}"] = {what: _seconds(timing) for what, timing in timings.items()}
            for what, timings in (("fit", fits), ("score", scores), ("score, shuffled", shuffled)):
                figures += time_figures(f"{what}, {title}", timings)
            self._judge_fit(title, fits)
            self._judge_score(title, "file order", scores)
            self._judge_score(title, "shuffled", shuffled)
        title = f"Fit and score on one thread, CPU time, median of {self.effort.rounds}"
        name = f"fit and score {self.n_rows:,} rows, {self.data}"
        return Section(title, header, rows, data=samples, figures=figures, name=name)

    def _judge_fit(self, title: str, fits: Mapping[str, Timing]) -> None:
        ours, peers = _split(fits)
        isotrees = [name for name in peers if name.startswith("isotree")]
        if ours and isotrees:
            best = min(isotrees, key=lambda name: fits[name].cpu)
            wanted = 3.0 if title == "100 x 256" else None
            ratio = fits[best].cpu / fits[ours[0]].cpu
            self.goals.append(Goal(f"fit {title}, times {best}", ratio, at_least=wanted))

    def _judge_score(self, title: str, order: str, scores: Mapping[str, Timing]) -> None:
        ours, peers = _split(scores)
        if not ours or not peers:
            return
        best = min(peers, key=lambda name: scores[name].cpu)
        for name in ours:
            kernel = name.removeprefix(f"{NAD}, ")
            wanted = SCORE_GOALS.get((title, order, kernel))
            ratio = scores[best].cpu / scores[name].cpu
            self.goals.append(Goal(f"score {title}, {order}, {kernel}, times {best}", ratio, at_least=wanted))
        isotrees = [name for name in peers if name.startswith("isotree")]
        if title == "100 x 4096" and isotrees:
            best = min(isotrees, key=lambda name: scores[name].cpu)
            ratio = scores[best].cpu / scores[ours[0]].cpu
            wanted = 6.0 if order == "file order" else None
            self.goals.append(Goal(f"score {title}, {order}, best kernel, times {best}", ratio, at_least=wanted))

    def _two_threads(self, stack: ExitStack) -> Section:
        header = ["100 x 256, wall s", "one thread", "two threads", "times", "CPU of two / one"]
        rows = []
        figures: list[Figure] = []
        for name in (NAD, "scikit-learn", "isotree"):
            worker = self._worker(stack, name)
            if worker is None:
                continue
            say(f"two threads, {name}")

            def timed(threads: int, worker: Worker = worker) -> Sample:
                worker.call("prepare", Settings(threads=threads))
                sample: Sample = worker.call("time_score")
                return sample

            timings = take_turns({"1": lambda: timed(1), "2": lambda: timed(2)}, self.effort.rounds)
            one, two = timings["1"], timings["2"]
            times = one.best_wall / two.best_wall
            rows.append(
                [name, f"{one.best_wall:.4f}", f"{two.best_wall:.4f}", f"{times:.2f}", f"{two.cpu / one.cpu:.2f}"]
            )
            figures += time_figures(
                "score, wall", {f"{name}, {threads} threads": timings[threads] for threads in "12"}, wall=True
            )
            if name == NAD:
                self.goals.append(Goal("two threads, times one thread", times, at_least=1.8))
            worker.close()
        title = f"Two threads, wall time, best of {self.effort.rounds}"
        return Section(title, header, rows, figures=figures, name=f"two threads, {self.n_rows:,} rows, {self.data}")

    def _one_row(self, workers: Mapping[str, Worker]) -> Section:
        rows = []
        medians: dict[str, list[float]] = {}
        for name, worker in workers.items():
            say(f"one row, {name}")
            worker.call("prepare", SMALL)
            calls = self.effort.latency_calls
            found = worker.call("latency", calls if name != "scikit-learn" else max(200, calls // 10))
            medians[name] = [median * 1e-6 for median, _ in found]
            median, late = (statistics.median(part) for part in zip(*found, strict=True))
            rows.append([name, f"{median:.2f}", f"{late:.2f}"])
            if name.startswith(NAD) and not any(goal.what.startswith("one row") for goal in self.goals):
                self.goals.append(Goal(f"one row from Python, {name}, microseconds", median, at_most=10.0))
        figures = seed_figures("one row, wall", medians, "time", "s")
        return Section("One row from Python, 100 x 256, microseconds", ["", "median", "99 %"], rows, figures=figures)

    def _saved(self, workers: Mapping[str, Worker]) -> Section:
        rows: list[list[str]] = []
        figures: list[Figure] = []
        for name, worker in workers.items():
            if name == "isotree, column-major" or (name.startswith(NAD) and any(row[0] == NAD for row in rows)):
                continue
            shown = NAD if name.startswith(NAD) else name
            sizes = []
            try:
                for settings in SETTINGS.values():
                    worker.call("prepare", settings)
                    sizes.append(worker.call("saved_bytes") / MEGABYTE)
            except WorkerError as error:
                self._note(f"saved model of {shown} is missing: {error}")
                continue
            rows.append([shown, *(f"{size:.3f}" for size in sizes)])
            figures += [Figure(shown, title, [size], "size", "MB") for title, size in zip(SETTINGS, sizes, strict=True)]
            if shown == NAD:
                self.goals.append(Goal("saved model 100 x 256, MB", sizes[0], at_most=1.0))
        name = f"saved model, {self.data}"
        return Section("Saved model, MB (scikit-learn: pickle)", ["", *SETTINGS], rows, figures=figures, name=name)

    def _memory(self) -> Section:
        rows = []
        figures: list[Figure] = []
        for name in forests.FORESTS:
            say(f"memory, {name}")
            try:
                with Worker(MemorySubject, name, str(self.rows_path), self.effort.rows, self.seed) as worker:
                    peak = worker.call("peak")
            except (MissingError, WorkerError) as error:
                self._note(f"{name} is missing: {error}")
                continue
            rows.append([name, *(f"{peak[part] / MEGABYTE:.1f}" for part in ("input", "output", "extra"))])
            # below a megabyte it is the pages of the allocator
            figures.append(Figure(name, "peak while scoring", [max(peak["extra"] / MEGABYTE, 1.0)], "memory", "MB"))
            if name == NAD:
                self.goals.append(
                    Goal("peak while scoring beyond input and output, MB", peak["extra"] / MEGABYTE, at_most=16.0)
                )
        header = ["", "input", "output", "peak beyond both"]
        title = "Peak memory while scoring, 100 x 256, MB (the model counts as beyond)"
        return Section(title, header, rows, figures=figures, name=f"peak memory, {self.n_rows:,} rows, {self.data}")

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)
            say(text)


def _split(timings: Mapping[str, Timing]) -> tuple[list[str], list[str]]:
    """Ours, the best kernel first, and the peers."""
    ours = [name for name in timings if name.startswith(NAD)]
    return ours, [name for name in timings if name not in ours]


def _each(workers: Mapping[str, Worker], method: str, *args: object) -> dict[str, Callable[[], Sample]]:
    def bound(worker: Worker) -> Callable[[], Sample]:
        return lambda: worker.call(method, *args)

    return {name: bound(worker) for name, worker in workers.items()}


def _seconds(timing: Timing) -> dict[str, Any]:
    return {
        "cpu_median": timing.cpu,
        "cpu_best": timing.best_cpu,
        "wall_median": timing.wall,
        "cpu": [sample.cpu for sample in timing.samples],
        "wall": [sample.wall for sample in timing.samples],
        "calls": [sample.calls for sample in timing.samples],
    }


def run(effort: Effort, seed: int) -> list[Section]:
    return SpeedBenchmark(effort, seed).run()
