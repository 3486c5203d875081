"""Speed of k-means: nad beside scikit-learn's lloyd and elkan, one start each, seeding included, one thread.

100,000 rows of KDD Cup 99 (10 %), words as a column each, in standard deviations. A ratio is against the faster of
scikit-learn's two; the inertia says whether the clusters are as good.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from contextlib import ExitStack

import numpy as np
import numpy.typing as npt

from benchmarks.python import kdd99
from benchmarks.python.forests import MissingError
from benchmarks.python.isolation_forest_speed import Effort
from benchmarks.python.worker import Worker, WorkerError
from nad._bench.measure import Sample, Timing, take_turns, time_call
from nad._bench.report import Figure, Goal, Section, say, seed_figures, time_figures

ROWS = 100_000
CLUSTERS = (8, 32, 128)
GOAL = 3.0
NAD = "nad"

Rows = npt.NDArray[np.float32]


def table(rows: int) -> Rows:
    """Rows from all over the file: its beginning is normal traffic alone."""
    values = kdd99.one_hot(kdd99.load())
    values = values[np.linspace(0, len(values) - 1, rows).astype(np.intp)]
    spread = values.std(axis=0)
    spread[spread == 0] = 1.0
    return np.ascontiguousarray((values - values.mean(axis=0)) / spread, dtype=np.float32)


class Contestant(ABC):
    """One library in its own process; each round starts from centres of its own."""

    def __init__(self, rows: int) -> None:
        self.x = table(rows)
        self.seed = 0
        self.inertias: list[float] = []

    def time_fit(self, clusters: int) -> Sample:
        self.seed += 1
        return time_call(lambda: self.inertias.append(self.fit(clusters)), 0.0)

    def drawn_inertias(self) -> list[float]:
        """Those since the last call."""
        found = self.inertias
        self.inertias = []
        return found

    @abstractmethod
    def fit(self, clusters: int) -> float: ...


class Nad(Contestant):
    def fit(self, clusters: int) -> float:
        nad = importlib.import_module("nad")
        return float(nad.KMeans(n_clusters=clusters, random_state=self.seed).fit(self.x).inertia_)


class Lloyd(Contestant):
    algorithm = "lloyd"

    def __init__(self, rows: int) -> None:
        super().__init__(rows)
        try:
            self.kmeans = importlib.import_module("sklearn.cluster").KMeans
        except ImportError as error:
            raise MissingError(str(error)) from None

    def fit(self, clusters: int) -> float:
        model = self.kmeans(n_clusters=clusters, n_init=1, algorithm=self.algorithm, random_state=self.seed)
        return float(model.fit(self.x).inertia_)


class Elkan(Lloyd):
    algorithm = "elkan"


CONTESTANTS: dict[str, type[Contestant]] = {NAD: Nad, "scikit-learn, lloyd": Lloyd, "scikit-learn, elkan": Elkan}


def run(effort: Effort) -> list[Section]:
    rows = min(effort.rows or ROWS, ROWS)
    missing = []
    times: dict[int, dict[str, Timing]] = {}
    inertias: dict[int, dict[str, float]] = {}
    figures: list[Figure] = []
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}
        for name, contestant in CONTESTANTS.items():
            try:
                workers[name] = stack.enter_context(Worker(contestant, rows))
            except (MissingError, WorkerError) as error:
                missing.append(f"{name}: {error}")
        for clusters in CLUSTERS:
            say(f"k-means: {clusters} clusters")
            subjects = {name: (lambda w=worker, k=clusters: w.call("time_fit", k)) for name, worker in workers.items()}
            times[clusters] = take_turns(subjects, effort.rounds)
            drawn = {name: worker.call("drawn_inertias") for name, worker in workers.items()}
            inertias[clusters] = {name: float(np.median(found)) for name, found in drawn.items()}
            figures += time_figures(f"{clusters} clusters", times[clusters])
            figures += seed_figures(f"{clusters} clusters, inertia", drawn, "loss")
    return _sections(rows, times, inertias, missing, figures)


def _sections(
    rows: int,
    times: dict[int, dict[str, Timing]],
    inertias: dict[int, dict[str, float]],
    missing: list[str],
    figures: list[Figure],
) -> list[Section]:
    header = ["CPU seconds (inertia)", *(f"{clusters} clusters" for clusters in times)]
    names = list(inertias[CLUSTERS[0]])
    table = [[name, *(f"{times[k][name].cpu:.3f} ({inertias[k][name]:.4g})" for k in times)] for name in names]
    data = {
        f"{clusters} clusters": {name: [sample.cpu for sample in timing.samples] for name, timing in found.items()}
        for clusters, found in times.items()
    }
    sections = [Section(f"k-means, {rows:,} rows, one start, one thread", header, table, missing, data, figures)]
    others = [name for name in names if name != NAD]
    if others:
        goals = []
        for clusters, found in times.items():
            ratio = min(found[name].cpu for name in others) / found[NAD].cpu
            goals.append(Goal(f"{clusters} clusters, times the best other", ratio, at_least=GOAL))
            share = inertias[clusters][NAD] / min(inertias[clusters][name] for name in others)
            goals.append(Goal(f"{clusters} clusters, share of the best other's inertia", share))
        sections.append(Section("k-means: goals", *Goal.table(goals)))
    return sections
