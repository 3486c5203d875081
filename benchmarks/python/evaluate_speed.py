"""Speed of judging scores: nad beside scikit-learn on 5 million rows, one thread.

The scores are of two normal distributions, 1.5 apart, a tenth of the rows attacks: as float32 (detectors give that), as
float64, and rounded to 200 values, as forests of few trees give them. A bootstrap replicate of scikit-learn is what its
users write: draw rows of each class, compute the metric again.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from contextlib import ExitStack

import numpy as np
import numpy.typing as npt

from benchmarks.python.forests import MissingError
from benchmarks.python.isolation_forest_speed import Effort
from benchmarks.python.worker import Worker, WorkerError
from nad._bench.measure import Sample, Timing, take_turns, time_call
from nad._bench.report import Goal, Section, say, time_figures

ROWS = 5_000_000
REPLICATES = 20  # of nad, for one figure
TASKS = ("ROC-AUC", "average precision", "ROC curve", "bootstrap replicate of ROC-AUC")
KINDS = ("float32", "float64", "200 values")
NAD = "nad"


def judged(rows: int, kind: str) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.bool_]]:
    rng = np.random.default_rng(1)
    y = rng.random(rows) < 0.1
    scores = rng.normal(size=rows) + 1.5 * y
    if kind == "200 values":
        scores = np.round(scores * 20) / 20
    return (scores if kind == "float64" else scores.astype(np.float32)), y


class Contestant(ABC):
    """One library in its own process."""

    def __init__(self, rows: int, kind: str) -> None:
        self.scores, self.y = judged(rows, kind)
        self.found: dict[str, float] = {}

    def time(self, task: str) -> Sample:
        ways = dict(zip(TASKS, (self.roc_auc, self.average_precision, self.roc_curve, self.replicate), strict=True))
        sample = time_call(lambda: self.found.__setitem__(task, ways[task]()), 0.0)
        share = REPLICATES if task == TASKS[3] and isinstance(self, Nad) else 1
        return Sample(sample.cpu / share, sample.wall / share, sample.calls)

    def figure(self, task: str) -> float:
        return self.found[task]

    @abstractmethod
    def roc_auc(self) -> float: ...
    @abstractmethod
    def average_precision(self) -> float: ...
    @abstractmethod
    def roc_curve(self) -> float: ...
    @abstractmethod
    def replicate(self) -> float: ...


class Nad(Contestant):
    def __init__(self, rows: int, kind: str) -> None:
        super().__init__(rows, kind)
        self.metrics = importlib.import_module("nad").metrics

    def roc_auc(self) -> float:
        return float(self.metrics.roc_auc(self.scores, self.y))

    def average_precision(self) -> float:
        return float(self.metrics.average_precision(self.scores, self.y))

    def roc_curve(self) -> float:
        return float(len(self.metrics.roc_curve(self.scores, self.y).thresholds))

    def replicate(self) -> float:
        """All of them, sorting included."""
        return float(self.metrics.bootstrap(self.scores, self.y, n_bootstrap=REPLICATES, method="percentile"))


class Sklearn(Contestant):
    def __init__(self, rows: int, kind: str) -> None:
        super().__init__(rows, kind)
        try:
            self.metrics = importlib.import_module("sklearn.metrics")
        except ImportError as error:
            raise MissingError(str(error)) from None
        self.of_class = [np.flatnonzero(self.y == label) for label in (False, True)]
        self.rng = np.random.default_rng(0)

    def roc_auc(self) -> float:
        return float(self.metrics.roc_auc_score(self.y, self.scores))

    def average_precision(self) -> float:
        return float(self.metrics.average_precision_score(self.y, self.scores))

    def roc_curve(self) -> float:
        return float(len(self.metrics.roc_curve(self.y, self.scores)[0]))

    def replicate(self) -> float:
        rows = np.concatenate([rows[self.rng.integers(0, len(rows), len(rows))] for rows in self.of_class])
        return float(self.metrics.roc_auc_score(self.y[rows], self.scores[rows]))


CONTESTANTS: dict[str, type[Contestant]] = {NAD: Nad, "scikit-learn": Sklearn}


def run(effort: Effort) -> list[Section]:
    rows = min(effort.rows or ROWS, ROWS)
    missing: list[str] = []
    sections = []
    goals = []
    for kind in KINDS:
        times: dict[str, dict[str, Timing]] = {}
        figures: dict[str, dict[str, float]] = {}
        with ExitStack() as stack:
            workers: dict[str, Worker] = {}
            for name, contestant in CONTESTANTS.items():
                try:
                    workers[name] = stack.enter_context(Worker(contestant, rows, kind))
                except (MissingError, WorkerError) as error:
                    missing.append(f"{name}: {error}")
            for task in TASKS:
                say(f"judging {rows:,} scores, {kind}: {task}")
                subjects = {name: (lambda w=worker, t=task: w.call("time", t)) for name, worker in workers.items()}
                times[task] = take_turns(subjects, effort.rounds)
                figures[task] = {name: worker.call("figure", task) for name, worker in workers.items()}
        names = list(figures[TASKS[0]])
        header = ["CPU seconds (figure)", *TASKS]
        table = [[name, *(f"{times[t][name].cpu:.3f} ({figures[t][name]:.9g})" for t in TASKS)] for name in names]
        data = {t: {name: [sample.cpu for sample in times[t][name].samples] for name in names} for t in TASKS}
        timed = [one for t in TASKS for one in time_figures(t, times[t])]
        title = f"judging {rows:,} scores, {kind}, one thread"
        sections.append(Section(title, header, table, missing, data, timed, f"{kind}, {rows:,} scores"))
        others = [name for name in names if name != NAD]
        for task in TASKS if others else ():
            ratio = min(times[task][name].cpu for name in others) / times[task][NAD].cpu
            goals.append(Goal(f"{task}, {kind}: times scikit-learn", ratio, at_least=1.0))
    if goals:
        sections.append(Section("judging scores: goals", *Goal.table(goals)))
    return sections
