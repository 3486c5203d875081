"""Boosted trees of the same rounds, leaves, bins and learning rate: nad, LightGBM and scikit-learn, one thread each.

Speed is measured on KDD Cup 99 (10 %), with its words as categories, and on 100,000 of its rows with a column a
word. Quality is the log-loss and ROC-AUC of rows that were held back, of normal against attack and of the families of
attacks; the seed draws which rows those are.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from contextlib import ExitStack
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.python import kdd99
from benchmarks.python.forests import MissingError
from benchmarks.python.isolation_forest_speed import Effort
from benchmarks.python.measure import Sample, Timing, take_turns, time_call
from benchmarks.python.report import Goal, Section, say
from benchmarks.python.worker import Worker, WorkerError

ROUNDS = 100
LEAVES = 31
HOT_ROWS = 100_000
TABLES = ("categories", "one column a word")
QUESTIONS = ("attack or not", "families")
FAMILIES = {
    b"normal": "normal",
    **dict.fromkeys((b"back", b"land", b"neptune", b"pod", b"smurf", b"teardrop"), "dos"),
    **dict.fromkeys((b"ipsweep", b"nmap", b"portsweep", b"satan"), "probe"),
    **dict.fromkeys((b"buffer_overflow", b"loadmodule", b"perl", b"rootkit"), "u2r"),
}  # what is left is "r2l"
TRAINING_GOAL = 1.0
SCORING_GOAL = 3.0
NAD = "nad"

Rows = npt.NDArray[np.float32]
Labels = npt.NDArray[np.str_]
Qualities = dict[str, dict[str, list[tuple[float, float]]]]  # of each library and question, one a seed


def table(name: str, rows: int | None) -> tuple[Rows, list[int]]:
    """The rows, and which of their columns are categories."""
    values = kdd99.load().features[_picked(name, rows)].astype(np.float32)
    if name == TABLES[0]:
        return values, list(kdd99.WORDS)
    parts = [
        (values[:, [c]] == np.unique(values[:, c])).astype(np.float32) if c in kdd99.WORDS else values[:, [c]]
        for c in range(kdd99.COLUMNS)
    ]
    return np.ascontiguousarray(np.concatenate(parts, axis=1)), []


def labels(question: str, name: str, rows: int | None) -> Labels:
    """Of the same rows."""
    names = [bytes(label).rstrip(b".") for label in kdd99.load().labels[_picked(name, rows)]]
    if question == QUESTIONS[0]:
        return np.array(["normal" if name == b"normal" else "attack" for name in names])
    return np.array([FAMILIES.get(name, "r2l") for name in names])


def _picked(name: str, rows: int | None) -> npt.NDArray[np.intp]:
    """Rows from all over the file: its beginning is normal traffic alone."""
    count = len(kdd99.load().labels)
    wanted = min(rows or count, count if name == TABLES[0] else HOT_ROWS)
    return np.linspace(0, count - 1, wanted).astype(np.intp)


class Contestant(ABC):
    """One library in its own process."""

    def __init__(self, rows: int | None, seed: int) -> None:
        self.limit = rows
        self.seed = seed
        self.prepare()

    @abstractmethod
    def prepare(self) -> None:
        """Imports what it needs."""

    @abstractmethod
    def train(self, x: Rows, y: Labels, categories: list[int]) -> Any: ...

    def time_train(self, name: str) -> Sample:
        self.x, categories = table(name, self.limit)
        y = labels(QUESTIONS[0], name, self.limit)

        def train() -> None:
            self.model = self.train(self.x, y, categories)

        return time_call(train, 0.0)

    def time_score(self, name: str) -> Sample:
        del name  # the one that was trained on last
        return time_call(lambda: self.model.predict_proba(self.x), 0.2)

    def quality(self, question: str) -> tuple[float, float]:
        """Log-loss and ROC-AUC of a third of the rows."""
        x, categories = table(TABLES[0], self.limit)
        y = labels(question, TABLES[0], self.limit)
        held = np.random.default_rng(self.seed).random(len(x)) < 1 / 3
        model = self.train(x[~held], y[~held], categories)
        found = np.asarray(model.predict_proba(x[held]), dtype=np.float64)
        classes = model.classes_.tolist()
        right = found[np.arange(len(found)), [classes.index(label) for label in y[held]]]
        normal = found[:, classes.index("normal")]
        return float(-np.log(np.maximum(right, 1e-15)).mean()), _area(y[held] != "normal", -normal)


def _area(is_attack: npt.NDArray[np.bool_], score: npt.NDArray[np.float64]) -> float:
    """The area under the ROC curve; ties count a half."""
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[place.reshape(-1)]
    attacks = int(is_attack.sum())
    return float((rank[is_attack].sum() - attacks * (attacks + 1) / 2) / (attacks * (len(score) - attacks)))


class Nad(Contestant):
    def prepare(self) -> None:
        self.library = importlib.import_module("nad")

    def train(self, x: Rows, y: Labels, categories: list[int]) -> Any:
        return self.library.BoostedTrees(max_iter=ROUNDS, max_leaf_nodes=LEAVES, categorical_features=categories).fit(
            x, y
        )


class LightGbm(Contestant):
    def prepare(self) -> None:
        try:
            self.library = importlib.import_module("lightgbm")
        except ImportError as error:
            raise MissingError(str(error)) from None

    def train(self, x: Rows, y: Labels, categories: list[int]) -> Any:
        model = self.library.LGBMClassifier(
            n_estimators=ROUNDS, num_leaves=LEAVES, num_threads=1, max_bin=255, min_child_samples=20, verbose=-1
        )
        return model.fit(x, y, categorical_feature=categories)


class ScikitLearn(Contestant):
    def prepare(self) -> None:
        try:
            self.library = importlib.import_module("sklearn.ensemble")
        except ImportError as error:
            raise MissingError(str(error)) from None

    def train(self, x: Rows, y: Labels, categories: list[int]) -> Any:
        model = self.library.HistGradientBoostingClassifier(
            max_iter=ROUNDS, max_leaf_nodes=LEAVES, categorical_features=categories or None, early_stopping=False
        )
        return model.fit(x, y)


CONTESTANTS: dict[str, type[Contestant]] = {NAD: Nad, "LightGBM": LightGbm, "scikit-learn": ScikitLearn}


def run(effort: Effort, seeds: tuple[int, ...]) -> list[Section]:
    missing = []
    with ExitStack() as stack:
        processes: dict[str, Worker] = {}
        for name, contestant in CONTESTANTS.items():
            try:
                processes[name] = stack.enter_context(Worker(contestant, effort.rows, seeds[0]))
            except (MissingError, WorkerError) as error:
                missing.append(f"{name}: {error}")
        times = {}
        for name in TABLES:
            for verb in ("time_train", "time_score"):
                say(f"boosted trees: {verb}, {name}")
                times[name, verb] = take_turns(
                    {who: (lambda p=process, v=verb, n=name: p.call(v, n)) for who, process in processes.items()},
                    effort.rounds,
                )
    qualities: Qualities = {who: {question: [] for question in QUESTIONS} for who in processes}
    for seed in seeds[:3]:
        for who, contestant in CONTESTANTS.items():
            if who in processes:
                with Worker(contestant, effort.rows, seed) as process:
                    for question in QUESTIONS:
                        say(f"boosted trees: {who}, {question}, seed {seed}")
                        qualities[who][question].append(process.call("quality", question))
    return [_speed(times, missing), _quality(qualities), *_goals(times, qualities)]


def _speed(times: dict[tuple[str, str], dict[str, Timing]], missing: list[str]) -> Section:
    header = ["CPU seconds", *(f"{verb.removeprefix('time_')}, {name}" for name, verb in times)]
    found = [[who, *(f"{timing[who].cpu:.3f}" for timing in times.values())] for who in next(iter(times.values()))]
    data = {
        f"{verb} {name}": {who: [sample.cpu for sample in timing.samples] for who, timing in of.items()}
        for (name, verb), of in times.items()
    }
    return Section(f"Boosted trees: {ROUNDS} rounds, {LEAVES} leaves, one thread", header, found, missing, data)


def _quality(qualities: Qualities) -> Section:
    header = ["rows held back", *(f"{what}, {question}" for question in QUESTIONS for what in ("log-loss", "ROC-AUC"))]
    found = []
    for who, of in qualities.items():
        row = [who]
        for question in QUESTIONS:
            for i, digits in ((0, 5), (1, 6)):
                values = [one[i] for one in of[question]]
                row.append(f"{np.mean(values):.{digits}f} ± {np.std(values):.{digits}f}")
        found.append(row)
    return Section("Boosted trees: quality", header, found, [], {"quality": qualities})


def _goals(times: dict[tuple[str, str], dict[str, Timing]], qualities: Qualities) -> list[Section]:
    goals = []
    for (name, verb), timing in times.items():
        others = [who for who in timing if who != NAD]
        if verb == "time_train" and "LightGBM" in timing:
            ratio = timing["LightGBM"].cpu / timing[NAD].cpu
            goals.append(Goal(f"training, {name}, times LightGBM", ratio, at_least=TRAINING_GOAL))
        if verb == "time_score" and others:
            ratio = min(timing[who].cpu for who in others) / timing[NAD].cpu
            goals.append(Goal(f"scoring, {name}, times the best other", ratio, at_least=SCORING_GOAL))
    others = [who for who in qualities if who != NAD]
    for question in QUESTIONS if others else ():
        loss = {who: float(np.mean([one[0] for one in of[question]])) for who, of in qualities.items()}
        best = min(loss[who] for who in others)
        goals.append(Goal(f"log-loss, {question}, share of the best other's", loss[NAD] / best))
    if not goals:
        return []
    header, rows = Goal.table(goals)
    return [Section("Boosted trees: goals", header, rows)]
