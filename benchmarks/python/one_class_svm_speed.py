"""Speed and quality of One-Class SVMs: nad beside scikit-learn, exact and approximated, one thread each.

The rows are normal connections of KDD Cup 99, one-hot and in standard deviations; attacks of every kind are in the rows
that are only scored. Rows are float64 for scikit-learn's exact fit and float32 for its approximations: what each is
fastest with.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.python import kdd99
from benchmarks.python.forests import MissingError
from benchmarks.python.isolation_forest_speed import Effort
from benchmarks.python.metrics import evaluate
from benchmarks.python.worker import Worker, WorkerError
from nad._bench.measure import Sample, Timing, take_turns, time_call
from nad._bench.report import Goal, Section, say, seed_figures, time_figures

ROWS = 20_000
SCORED = 20_000  # normal connections that were not learnt from, and as many attacks
EXACTLY_SCORED = 4_000  # of them, for the time: scikit-learn takes its time
NU = 0.1
COMPONENTS = 300
SEEDS = 3
EXACT = ("nad, exact", "scikit-learn, exact")
NYSTROEM = ("nad, nystroem", "scikit-learn, nystroem")
FIT_GOALS = {EXACT: 10.0, NYSTROEM: 5.0}
SCORE_GOALS = {EXACT: 30.0, NYSTROEM: 5.0}

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Data:
    train: Rows
    test: Rows
    is_attack: npt.NDArray[np.bool_]


def draw(rows: int, seed: int) -> Data:
    try:
        kdd = kdd99.load()
        values, attack = kdd99.one_hot(kdd), kdd.labels != b"normal."
    except kdd99.DataNotFoundError:
        values = np.load(kdd99.synthetic_rows(3 * (ROWS + SCORED), 1)).astype(np.float64)
        attack = np.arange(len(values)) % 2 == 1
        values[attack] *= 2.0
    random = np.random.default_rng(seed)
    normal, attacks = random.permutation(np.flatnonzero(~attack)), random.permutation(np.flatnonzero(attack))
    train, ordinary = values[normal[:rows]], values[normal[rows : rows + SCORED]]
    test = np.concatenate([ordinary, values[attacks[: len(ordinary)]]])
    deviation = train.std(axis=0)
    deviation[deviation == 0.0] = 1.0

    def scaled(part: npt.NDArray[np.float64]) -> Rows:
        narrow: Rows = np.clip((part - train.mean(axis=0)) / deviation, -10.0, 10.0).astype(np.float32)
        return narrow

    return Data(scaled(train), scaled(test), np.arange(len(test)) >= len(ordinary))


class Contestant(ABC):
    """One way to draw the boundary, in its own process."""

    def __init__(self, rows: int, seed: int) -> None:
        self.rows = rows
        self.seed = seed
        self.data = draw(rows, seed)
        self.scored = self.layout(self.data.test[:: max(1, len(self.data.test) // EXACTLY_SCORED)])

    def layout(self, rows: Rows) -> npt.NDArray[Any]:
        return rows

    @abstractmethod
    def fit(self, x: npt.NDArray[Any], seed: int) -> Any: ...

    @abstractmethod
    def score(self, model: Any, x: npt.NDArray[Any]) -> npt.NDArray[np.floating]:
        """Higher = more anomalous."""

    def time_fit(self) -> Sample:
        x = self.layout(self.data.train)
        return time_call(lambda: self.fit(x, self.seed), 0.1)

    def time_score(self) -> Sample:
        """Seconds a row."""
        if not hasattr(self, "model"):
            self.model = self.fit(self.layout(self.data.train), self.seed)
        sample = time_call(lambda: self.score(self.model, self.scored), 0.1)
        return Sample(sample.cpu / len(self.scored), sample.wall / len(self.scored), sample.calls)

    def quality(self, seed: int) -> float:
        data = draw(self.rows, seed)
        model = self.fit(self.layout(data.train), seed)
        return evaluate(self.score(model, self.layout(data.test)), data.is_attack)["ROC-AUC"]


class Nad(Contestant):
    approximation: str | None = None

    def fit(self, x: npt.NDArray[Any], seed: int) -> Any:
        nad = importlib.import_module("nad")
        model = nad.OneClassSVM(
            nu=NU, approximation=self.approximation, n_components=COMPONENTS, random_state=seed % 2**32
        )
        return model.fit(x)

    def score(self, model: Any, x: npt.NDArray[Any]) -> npt.NDArray[np.floating]:
        scores: npt.NDArray[np.float32] = model.anomaly_score(x)
        return scores


class NadNystroem(Nad):
    approximation = "nystroem"


class NadFourier(Nad):
    approximation = "fourier"


class ScikitLearn(Contestant):
    def __init__(self, rows: int, seed: int) -> None:
        try:
            self.svm = importlib.import_module("sklearn.svm")
            self.linear = importlib.import_module("sklearn.linear_model")
            self.features = importlib.import_module("sklearn.kernel_approximation")
            self.pipeline = importlib.import_module("sklearn.pipeline")
        except ImportError as error:
            raise MissingError(str(error)) from None
        super().__init__(rows, seed)

    def layout(self, rows: Rows) -> npt.NDArray[Any]:
        return rows.astype(np.float64)

    def fit(self, x: npt.NDArray[Any], seed: int) -> Any:
        del seed
        return self.svm.OneClassSVM(nu=NU).fit(x)

    def score(self, model: Any, x: npt.NDArray[Any]) -> npt.NDArray[np.floating]:
        scores: npt.NDArray[np.float64] = -model.decision_function(x)
        return scores


class ScikitLearnNystroem(ScikitLearn):
    sampler = "Nystroem"

    def layout(self, rows: Rows) -> npt.NDArray[Any]:
        return rows

    def fit(self, x: npt.NDArray[Any], seed: int) -> Any:
        gamma = 1.0 / (x.shape[1] * x.var())
        sampler = getattr(self.features, self.sampler)(gamma=gamma, n_components=COMPONENTS, random_state=seed % 2**32)
        return self.pipeline.make_pipeline(sampler, self.linear.SGDOneClassSVM(nu=NU, random_state=seed % 2**32)).fit(x)


class ScikitLearnFourier(ScikitLearnNystroem):
    sampler = "RBFSampler"


CONTESTANTS: dict[str, type[Contestant]] = {
    EXACT[0]: Nad,
    EXACT[1]: ScikitLearn,
    NYSTROEM[0]: NadNystroem,
    NYSTROEM[1]: ScikitLearnNystroem,
    "nad, fourier": NadFourier,
    "scikit-learn, fourier": ScikitLearnFourier,
}


def run(effort: Effort, seeds: tuple[int, ...]) -> list[Section]:
    rows = min(effort.rows or ROWS, ROWS)
    missing = []
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}
        for name, contestant in CONTESTANTS.items():
            try:
                workers[name] = stack.enter_context(Worker(contestant, rows, seeds[0]))
            except (MissingError, WorkerError) as error:
                missing.append(f"{name}: {error}")
        fits = _times(workers, "time_fit", effort.rounds)
        scores = _times(workers, "time_score", effort.rounds)
        say("one-class svm: quality")
        quality = {
            name: [float(worker.call("quality", seed)) for seed in seeds[:SEEDS]] for name, worker in workers.items()
        }
    return _sections(rows, fits, scores, quality, missing)


def _times(workers: dict[str, Worker], verb: str, rounds: int) -> dict[str, Timing]:
    say(f"one-class svm: {verb}")
    return take_turns({name: (lambda w=worker: w.call(verb)) for name, worker in workers.items()}, rounds)


def _sections(
    rows: int,
    fits: dict[str, Timing],
    scores: dict[str, Timing],
    quality: dict[str, list[float]],
    missing: list[str],
) -> list[Section]:
    table = [
        [
            name,
            f"{fits[name].cpu:.3f}",
            f"{fits[name].spread:.0%}",
            f"{scores[name].cpu * 1e6:.2f}",
            f"{scores[name].spread:.0%}",
            " ".join(f"{area:.4f}" for area in quality[name]),
        ]
        for name in fits
    ]
    header = ["", "fit, CPU s", "spread", "score, us a row", "spread", "ROC-AUC by seed"]
    data = {
        "quality": quality,
        "fit": {name: [sample.cpu for sample in timing.samples] for name, timing in fits.items()},
        "score": {name: [sample.cpu for sample in timing.samples] for name, timing in scores.items()},
    }
    title = f"One-Class SVM, nu {NU}, {rows:,} normal connections, {COMPONENTS} components, one thread"
    figures = [*time_figures("fit", fits), *time_figures("score a row", scores), *seed_figures("ROC-AUC", quality)]
    sections = [Section(title, header, table, missing, data, figures)]
    goals = []
    for pair in (EXACT, NYSTROEM):
        if all(name in fits for name in pair):
            ours, theirs = pair
            how = ours.partition(", ")[2]
            goals += [
                Goal(f"{how} fit, times scikit-learn", fits[theirs].cpu / fits[ours].cpu, FIT_GOALS[pair]),
                Goal(f"{how} scoring, times scikit-learn", scores[theirs].cpu / scores[ours].cpu, SCORE_GOALS[pair]),
                Goal(
                    f"{how}: ROC-AUC less scikit-learn's, mean of the seeds",
                    float(np.mean(quality[ours]) - np.mean(quality[theirs])),
                    at_least=-0.005,
                ),
            ]
    if goals:
        goal_header, goal_rows = Goal.table(goals)
        sections.append(Section("One-Class SVM: goals", goal_header, goal_rows))
    return sections
