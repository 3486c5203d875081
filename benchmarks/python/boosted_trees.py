"""Boosted trees of the same rounds, leaves, bins and learning rate: nad, LightGBM and scikit-learn, one thread each.

Speed is measured on KDD Cup 99 (10 %), with its words as categories, and on 100,000 of its rows with a column a
word. Quality is the log-loss and ROC-AUC, of normal against attack and of the families of attacks: of rows of KDD Cup
99 and of NSL-KDD that were held back (the seed draws them), of NSL-KDD's own test rows, whose attacks are others, and
of made-up rows with a column of many categories, where it shows who takes chance for a reason.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import nad
from benchmarks.python import kdd99
from benchmarks.python.collections_of_traffic import has_nsl, kdd_families, nsl_tables
from benchmarks.python.forests import MissingError
from benchmarks.python.isolation_forest_speed import Effort
from benchmarks.python.worker import Worker, WorkerError
from nad._bench.measure import Sample, Timing, take_turns, time_call
from nad._bench.report import Goal, Section, say, seed_figures, time_figures

ROUNDS = 100
LEAVES = 31
HOT_ROWS = 100_000
TABLES = ("categories", "one column a word")
QUESTIONS = ("attack or not", "families")
KDD, NSL, NSL_TEST = DATA = ("KDD Cup 99, held back", "NSL-KDD, held back", "NSL-KDD, KDDTest+")
MADE_UP = {  # how many categories, and how much they tell
    "made up, 40 categories": (40, 1.2),
    "made up, 250 categories": (250, 1.2),
    "made up, 250 categories that mean nothing": (250, 0.0),
}
TRAINING_GOAL = 1.0
SCORING_GOAL = 3.0
NAD = "nad"

Rows = npt.NDArray[np.float32]
Labels = npt.NDArray[np.str_]
Qualities = dict[tuple[str, str], dict[str, list[tuple[float, float]]]]  # of data and question, by library, one a seed


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
    families = kdd_families()[_picked(name, rows)]
    return families if question == QUESTIONS[1] else np.where(families == "normal", "normal", "attack")


@dataclass(frozen=True)
class Exam:
    """Rows to learn from and rows to be asked about, with the families that they belong to."""

    train: Rows
    train_family: Labels
    test: Rows
    test_family: Labels
    categories: list[int]


def made_up(categories: int, worth: float, seed: int) -> Exam:
    """4,000 rows to learn from, with five columns of numbers, of which three count, and one of categories."""
    rng = np.random.default_rng(seed)
    rows = 12_000
    x = rng.normal(size=(rows, 5))
    category = rng.integers(categories, size=rows)
    wish = worth * rng.normal(size=(categories, 3))[category] + rng.gumbel(size=(rows, 3))
    wish[:, 0] += x[:, 0] + x[:, 1] * x[:, 2]
    family = np.array(["normal", "dos", "probe"])[wish.argmax(axis=1)]
    values = np.column_stack([x, category]).astype(np.float32)
    return Exam(values[:4000], family[:4000], values[4000:], family[4000:], [5])


def exam(data: str, rows: int | None, seed: int) -> Exam:
    if data in MADE_UP:
        return made_up(*MADE_UP[data], seed)
    if data == KDD:
        x, categories = table(TABLES[0], rows)
        family = labels(QUESTIONS[1], TABLES[0], rows)
    else:
        train, test = (part[:rows] for part in nsl_tables())
        both = nad.concatenate([train, test])
        kept = [name for name in both.columns if both.roles[name] == "feature"]
        words = [i for i, name in enumerate(kept) if both.types[name] == "category"]
        columns = [
            np.unique(both[name].to_list(), return_inverse=True)[1] if i in words else both[name].to_numpy()
            for i, name in enumerate(kept)
        ]
        x, categories = np.column_stack(columns).astype(np.float32), words
        family = np.array(both["attack_family"].to_list(), dtype=np.str_)
        known = np.arange(len(x)) < len(train)
        if data == NSL_TEST:
            return Exam(x[known], family[known], x[~known], family[~known], categories)
        x, family = x[known], family[known]
    held = np.random.default_rng(seed).random(len(x)) < 1 / 3
    return Exam(x[~held], family[~held], x[held], family[held], categories)


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

    def quality(self, data: str, question: str) -> tuple[float, float]:
        """Log-loss and ROC-AUC."""
        asked = exam(data, self.limit, self.seed)
        train, test = asked.train_family, asked.test_family
        if question == QUESTIONS[0]:
            train, test = (np.where(family == "normal", "normal", "attack") for family in (train, test))
        model = self.train(asked.train, train, asked.categories)
        found = np.asarray(model.predict_proba(asked.test), dtype=np.float64)
        classes = model.classes_.tolist()
        right = np.zeros(len(found))  # a family that was not there to learn from has no chance
        for number, label in enumerate(classes):
            right[test == label] = found[test == label, number]
        normal = found[:, classes.index("normal")]
        return float(-np.log(np.maximum(right, 1e-15)).mean()), _area(test != "normal", -normal)


def _area(is_attack: npt.NDArray[np.bool_], score: npt.NDArray[np.float64]) -> float:
    """The area under the ROC curve; ties count a half."""
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[place.reshape(-1)]
    attacks = int(is_attack.sum())
    return float((rank[is_attack].sum() - attacks * (attacks + 1) / 2) / (attacks * (len(score) - attacks)))


class Nad(Contestant):
    def prepare(self) -> None:
        self.peer = importlib.import_module("nad")

    def train(self, x: Rows, y: Labels, categories: list[int]) -> Any:
        return self.peer.BoostedTrees(max_iter=ROUNDS, max_leaf_nodes=LEAVES, categorical_features=categories).fit(x, y)


class LightGbm(Contestant):
    def prepare(self) -> None:
        try:
            self.peer = importlib.import_module("lightgbm")
        except ImportError as error:
            raise MissingError(str(error)) from None

    def train(self, x: Rows, y: Labels, categories: list[int]) -> Any:
        model = self.peer.LGBMClassifier(
            n_estimators=ROUNDS, num_leaves=LEAVES, num_threads=1, max_bin=255, min_child_samples=20, verbose=-1
        )
        return model.fit(x, y, categorical_feature=categories)


class ScikitLearn(Contestant):
    def prepare(self) -> None:
        try:
            self.peer = importlib.import_module("sklearn.ensemble")
        except ImportError as error:
            raise MissingError(str(error)) from None

    def train(self, x: Rows, y: Labels, categories: list[int]) -> Any:
        model = self.peer.HistGradientBoostingClassifier(
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
    data = [KDD, *MADE_UP]
    if has_nsl():
        data += [NSL, NSL_TEST]
    else:
        missing.append("NSL-KDD is missing: NAD_DATA names no folder with nsl_kdd/KDDTrain+.txt.gz in it")
    qualities: Qualities = {(name, question): {who: [] for who in processes} for name in data for question in QUESTIONS}
    for seed in seeds[:3]:
        for who, contestant in CONTESTANTS.items():
            if who in processes:
                with Worker(contestant, effort.rows, seed) as process:
                    for (name, question), found in qualities.items():
                        say(f"boosted trees: {who}, {name}, {question}, seed {seed}")
                        found[who].append(process.call("quality", name, question))
    return [_speed(times, missing), _quality(qualities), *_goals(times, qualities)]


def _speed(times: dict[tuple[str, str], dict[str, Timing]], missing: list[str]) -> Section:
    header = ["CPU seconds", *(f"{verb.removeprefix('time_')}, {name}" for name, verb in times)]
    found = [[who, *(f"{timing[who].cpu:.3f}" for timing in times.values())] for who in next(iter(times.values()))]
    data = {
        f"{verb} {name}": {who: [sample.cpu for sample in timing.samples] for who, timing in of.items()}
        for (name, verb), of in times.items()
    }
    figures = [
        one for (name, verb), of in times.items() for one in time_figures(f"{verb.removeprefix('time_')}, {name}", of)
    ]
    return Section(
        f"Boosted trees: {ROUNDS} rounds, {LEAVES} leaves, one thread", header, found, missing, data, figures
    )


def _quality(qualities: Qualities) -> Section:
    header = ["", "", *(f"{who}, {what}" for who in next(iter(qualities.values())) for what in ("log-loss", "ROC-AUC"))]
    found = []
    for (name, question), of in qualities.items():
        row = [name, question]
        for pairs in of.values():
            for i, digits in ((0, 5), (1, 6)):
                values = [pair[i] for pair in pairs]
                row.append(f"{np.mean(values):.{digits}f} ± {np.std(values):.{digits}f}")
        found.append(row)
    data = {f"{name}, {question}": of for (name, question), of in qualities.items()}
    figures = [
        one
        for (name, question), of in qualities.items()
        for place, what, kind in ((0, "log-loss", "loss"), (1, "ROC-AUC", "quality"))
        for one in seed_figures(
            f"{name}, {question}: {what}", {who: [pair[place] for pair in pairs] for who, pairs in of.items()}, kind
        )
    ]
    return Section("Boosted trees: quality, mean ± sd over the seeds", header, found, [], data, figures)


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
    for (name, question), of in qualities.items():
        loss = {who: float(np.mean([pair[0] for pair in pairs])) for who, pairs in of.items()}
        best = min((loss[who] for who in loss if who != NAD), default=0.0)
        if best > 0.0:
            goals.append(Goal(f"log-loss, {name}, {question}, share of the best other's", loss[NAD] / best))
    if not goals:
        return []
    header, rows = Goal.table(goals)
    return [Section("Boosted trees: goals", header, rows)]
