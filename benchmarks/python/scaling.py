"""How time grows: with rows, columns, trees and threads, nad beside its peers, and the exponents fitted to it.

The rows are drawn with repetition from KDD Cup 99 (10 %), words as numbers; columns beyond its own are its columns
again, each with its rows in an order of its own, so that no two are alike. An exponent of 1 means that twice as much
takes twice as long. It is fitted by least squares to the logarithms of the medians; its standard error is that of
the line.
"""

from __future__ import annotations

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.python import forests, kdd99
from benchmarks.python.forests import MissingError, Settings
from benchmarks.python.worker import Worker, WorkerError
from nad._bench.measure import Sample, Timing, take_turns, time_call
from nad._bench.report import Figure, Section, say, time_figures

ROWS = (10_000, 100_000, 1_000_000, 10_000_000)
COLUMNS = (10, 41, 118, 400)
TREES = (10, 30, 100, 300, 1000)
USUAL_ROWS = 100_000
QUICK_ROWS = (1_000, 4_000, 16_000)
QUICK_COLUMNS = (10, 41, 100)
QUICK_TREES = (10, 40, 160)
QUICK_USUAL_ROWS = 4_000
CLUSTERS = 8
COPIES = 5
"""A library may need so many copies of the rows, in its own types and layouts."""
PATIENCE = 60.0
"""Seconds; whoever took longer than this is not asked about what is ten times as much."""
NAD = "nad"


@dataclass(frozen=True)
class Point:
    """One size: all that can vary."""

    rows: int
    columns: int = kdd99.COLUMNS
    trees: int = 100
    threads: int = 1


class Contestant(ABC):
    """One library and algorithm in its own process."""

    def __init__(self, path: str, seed: int) -> None:
        self.source, self.seed = path, seed
        self.x: Any = None
        self.model: Any = None
        self.point = Point(0)
        self.start()

    def prepare(self, point: Point) -> None:
        if (point.rows, point.columns) != (self.point.rows, self.point.columns):
            self.x = None  # before the next ones are made
            self.x = self.layout(resampled(np.load(self.source, mmap_mode="r"), point, self.seed))
        self.point = point
        self.model = None

    def time_fit(self, at_least: float) -> Sample:
        return time_call(self.fit, at_least)

    def time_score(self, at_least: float) -> Sample:
        if self.model is None:
            self.fit()
        return time_call(self.score, at_least)

    def layout(self, rows: kdd99.Rows) -> Any:
        return rows

    @abstractmethod
    def start(self) -> None:
        """Imports the library, or tells that it is missing."""

    @abstractmethod
    def fit(self) -> None: ...
    @abstractmethod
    def score(self) -> Any: ...


class Forest(Contestant):
    """One of benchmarks.python.forests, 256 rows a tree."""

    name = NAD

    def start(self) -> None:
        forests.make(self.name, Settings(), self.seed)

    def fit(self) -> None:
        self.model = forests.make(self.name, Settings(trees=self.point.trees, threads=self.point.threads), self.seed)
        self.model.fit(self.x)

    def score(self) -> Any:
        return self.model.score(self.x)


class ScikitLearnForest(Forest):
    name = "scikit-learn"


class IsotreeForest(Forest):
    name = "isotree"


class KMeans(Contestant):
    def start(self) -> None:
        self.module = import_module("nad")

    def fit(self) -> None:
        self.model = self.module.KMeans(n_clusters=CLUSTERS, random_state=self.seed, n_jobs=self.point.threads).fit(
            self.x
        )

    def score(self) -> Any:
        return self.model.anomaly_score(self.x)


class ScikitLearnKMeans(Contestant):
    def start(self) -> None:
        try:
            self.module = import_module("sklearn.cluster")
            self.limits = import_module("threadpoolctl").threadpool_limits
        except ImportError as error:
            raise MissingError(f"scikit-learn is not installed here ({error})") from error

    def fit(self) -> None:
        with self.limits(self.point.threads):
            self.model = self.module.KMeans(n_clusters=CLUSTERS, n_init=1, random_state=self.seed % 2**31).fit(self.x)

    def score(self) -> Any:
        """The distance from the nearest centre, as the detector has it."""
        with self.limits(self.point.threads):
            parts = (self.x[first : first + 20_000] for first in range(0, len(self.x), 20_000))
            return np.concatenate([self.model.transform(part).min(axis=1) for part in parts])


FORESTS: dict[str, type[Contestant]] = {
    NAD: Forest, "scikit-learn": ScikitLearnForest, "isotree": IsotreeForest
}  # fmt: skip
CLUSTERERS: dict[str, type[Contestant]] = {NAD: KMeans, "scikit-learn": ScikitLearnKMeans}


def resampled(source: Any, point: Point, seed: int) -> kdd99.Rows:
    """So many rows and columns, drawn from the source."""
    random = np.random.default_rng(seed)
    out = np.empty((point.rows, point.columns), dtype=np.float32)
    own = source.shape[1]
    for first in range(0, point.columns, own):
        width = min(own, point.columns - first)
        if first == 0:
            step = 1_000_000  # a piece at a time: the indices of ten million rows are as large as two columns
            for begin in range(0, point.rows, step):
                end = min(begin + step, point.rows)
                out[begin:end, :width] = source[random.integers(0, len(source), end - begin)][:, :width]
            continue
        for column in range(width):
            out[:, first + column] = source[random.integers(0, len(source), point.rows), column]
    return out


@dataclass(frozen=True)
class Line:
    """log(seconds) = a + exponent * log(size)."""

    exponent: float
    error: float | None

    @staticmethod
    def through(sizes: Sequence[float], seconds: Sequence[float]) -> Line:
        """Least squares; with two points there is no error to tell."""
        x, y = np.log(np.asarray(sizes, dtype=np.float64)), np.log(np.asarray(seconds, dtype=np.float64))
        centred = x - x.mean()
        squares = float(centred @ centred)
        exponent = float(centred @ y) / squares
        if len(x) < 3:
            return Line(exponent, None)
        left = y - y.mean() - exponent * centred
        return Line(exponent, math.sqrt(float(left @ left) / (len(x) - 2) / squares))

    def __str__(self) -> str:
        return f"{self.exponent:.2f}" + (f" ± {self.error:.2f}" if self.error is not None else "")


@dataclass(frozen=True)
class Axis:
    """What varies, and whether wall time counts, as it must where there are threads."""

    name: str
    title: str
    contestants: dict[str, type[Contestant]]
    points: Sequence[Point]
    size: Callable[[Point], int]
    wall: bool = False


def run(rounds: int, seed: int, *, quick: bool, most_rows: int | None = None) -> list[Section]:
    path, data = _source()
    usual = QUICK_USUAL_ROWS if quick else USUAL_ROWS
    rows = QUICK_ROWS if quick else ROWS
    notes = [f"rows drawn with repetition from {data}"]
    if quick:
        notes.append(f"quick: up to {rows[-1]:,} rows and {QUICK_COLUMNS[-1]} columns")
    kept = [count for count in rows if most_rows is None or count <= most_rows]
    columns = QUICK_COLUMNS if quick else COLUMNS
    trees = QUICK_TREES if quick else TREES
    cores = os.cpu_count() or 1
    threads = [count for count in (1, 2, 4, 8, 16, 32, 64) if count <= cores]
    axes = []
    for what, of in (("isolation forest", FORESTS), ("k-means, 8 clusters", CLUSTERERS)):
        few = [count for count in kept if _fits(count, kdd99.COLUMNS, len(of))]
        if few != list(rows):
            notes.append(f"{what}: rows up to {max(few, default=0):,} of {rows[-1]:,}, for memory or as asked")
        axes.append(Axis(f"rows, {what}", f"{what}: rows, {kdd99.COLUMNS} columns", of,
                         [Point(count) for count in few], lambda point: point.rows))  # fmt: skip
        axes.append(Axis(f"columns, {what}", f"{what}: columns, {usual:,} rows", of,
                         [Point(usual, count) for count in columns], lambda point: point.columns))  # fmt: skip
        if len(threads) > 1:
            axes.append(Axis(f"threads, {what}", f"{what}: threads, {usual:,} rows, wall time", of,
                             [Point(usual, threads=count) for count in threads],
                             lambda point: point.threads, wall=True))  # fmt: skip
    axes.insert(2, Axis("trees", f"isolation forest: trees, {usual:,} rows", FORESTS,
                        [Point(usual, trees=count) for count in trees], lambda point: point.trees))  # fmt: skip
    if len(threads) < 2:
        notes.append("one core: threads were not measured")
    effort = (rounds, 0.005 if quick else 0.05)
    return [_axis(axis, str(path), seed, effort, notes) for axis in axes if len(axis.points) > 1]


def _axis(axis: Axis, path: str, seed: int, effort: tuple[int, float], notes: Sequence[str]) -> Section:
    rounds, at_least = effort
    own_notes = list(notes)
    times: dict[tuple[str, str], dict[int, Timing]] = {}
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}
        for name, contestant in axis.contestants.items():
            try:
                # threads are set call by call: the environment must not forbid them
                env = {"OMP_NUM_THREADS": str(os.cpu_count() or 1)} if axis.wall else {}
                workers[name] = stack.enter_context(Worker(contestant, path, seed, env=env))
            except (MissingError, WorkerError) as error:
                own_notes.append(f"{name} is missing: {error}")
        for point in axis.points:
            size = axis.size(point)
            say(f"scaling: {axis.title}: {size:,}")
            able = {}
            for name, worker in list(workers.items()):
                try:
                    worker.call("prepare", point)
                    able[name] = worker
                except WorkerError as error:
                    own_notes.append(f"{name} ends before {size:,}: {error}")
                    del workers[name]
            for verb in ("fit", "score"):
                found = take_turns({name: _bound(one, verb, at_least) for name, one in able.items()}, rounds)
                for name, timing in found.items():
                    times.setdefault((name, verb), {})[size] = timing
            for name in able:
                spent = sum(times[name, verb][size].wall for verb in ("fit", "score"))
                if spent > PATIENCE:
                    own_notes.append(f"{name} took {spent:.0f} s for {size:,}: no more was asked of it")
                    del workers[name]
    return _section(axis, times, own_notes)


def _bound(worker: Worker, verb: str, at_least: float) -> Callable[[], Sample]:
    return lambda: worker.call(f"time_{verb}", at_least)


def _section(axis: Axis, times: dict[tuple[str, str], dict[int, Timing]], notes: list[str]) -> Section:
    sizes = [axis.size(point) for point in axis.points]
    header = ["wall seconds" if axis.wall else "CPU seconds", *(f"{size:,}" for size in sizes), "exponent"]
    rows, figures, lines = [], list[Figure](), {}
    for (name, verb), of in times.items():
        medians = {size: (timing.wall if axis.wall else timing.cpu) for size, timing in of.items()}
        line = Line.through(list(medians), list(medians.values())) if len(medians) > 1 else None
        cells = [f"{medians[size]:.3g}" if size in medians else "" for size in sizes]
        rows.append([f"{name}, {verb}", *cells, str(line) if line else ""])
        for size, timing in of.items():
            figures += time_figures(f"{verb}, {size:,}", {name: timing}, wall=axis.wall)
        lines[f"{name}, {verb}"] = {
            "sizes": list(medians),
            "seconds": list(medians.values()),
            "exponent": line.exponent if line else None,
            "standard_error": line.error if line else None,
        }
    return Section(f"Scaling, {axis.title}", header, rows, notes, {"lines": lines}, figures, axis.name)


def _fits(rows: int, columns: int, contestants: int) -> bool:
    """Whether so many processes can hold so many rows."""
    info = Path("/proc/meminfo")
    if not info.is_file():
        return rows <= ROWS[-2]
    free = next(int(line.split()[1]) * 1024 for line in info.read_text().splitlines() if line.startswith("MemAvail"))
    return rows * columns * 4 * COPIES * contestants < free


def _source() -> tuple[Path, str]:
    try:
        return kdd99.speed_rows(), "KDD Cup 99, 10 %"
    except kdd99.DataNotFoundError:
        return kdd99.synthetic_rows(494_021, seed=1), "synthetic rows"
