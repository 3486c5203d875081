"""Detectors that judge each row before they learn from it: nad's half-space trees beside River's at the same settings.

The rows are http and smtp of KDD Cup 99 (10 %), shuffled: their order in the file is not time, so this says how fast
a stream is judged and how well rare rows are told in one pass, and nothing of traffic that changes. River takes a dict
at a time and needs columns between 0 and 1, which its own scaler learns on the way. nad takes what has come since, a
window at a time, or one row at a time.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from benchmarks.python import kdd99
from benchmarks.python.forests import MissingError
from benchmarks.python.metrics import evaluate
from benchmarks.python.worker import Worker, WorkerError
from nad._bench.report import Section, say, seed_figures

SUBSETS = ("http", "smtp")
QUICK_SUBSETS = ("smtp",)
QUICK_ROWS = 6000
TREES, HEIGHT, WINDOW = 25, 8, 250
UNJUDGED = 5000
"""Rows at the beginning that are learnt from alone: a window of nad's default."""
FIGURES = ("ROC-AUC", "PR-AUC")

Floats = npt.NDArray[np.float64]


class Stream(ABC):
    """One library in its own process."""

    def __init__(self, rows: kdd99.Rows, seed: int) -> None:
        self.rows, self.seed = rows, seed
        self.start()

    def judge(self) -> tuple[float, Floats]:
        """CPU seconds for all rows, and the score that each had when it came."""
        begin = time.process_time()
        scores = self.scores()
        return time.process_time() - begin, scores

    @abstractmethod
    def start(self) -> None:
        """Imports the library, or tells that it is missing."""

    @abstractmethod
    def scores(self) -> Floats: ...


class NadDefault(Stream):
    """A window at a time, as it comes."""

    options: ClassVar[dict[str, Any]] = {}
    batch = 5000

    def start(self) -> None:
        self.module = import_module("nad")

    def scores(self) -> Floats:
        trees = self.module.HalfSpaceTrees(random_state=self.seed, **self.options)
        found = np.zeros(len(self.rows))
        for first in range(0, len(self.rows), self.batch):
            part = self.rows[first : first + self.batch]
            if first >= self.options.get("window_size", 5000):
                found[first : first + len(part)] = trees.anomaly_score(part)
            trees.partial_fit(part)
        return found


class NadWindows(NadDefault):
    """River's settings, a window at a time."""

    options: ClassVar[dict[str, Any]] = {"n_estimators": TREES, "height": HEIGHT, "window_size": WINDOW}
    batch = WINDOW


class NadLinear(NadWindows):
    """The score of the paper, which is River's."""

    options: ClassVar[dict[str, Any]] = {**NadWindows.options, "density": "linear"}


class NadRows(NadWindows):
    """One row at a time."""

    batch = 1


class River(Stream):
    def start(self) -> None:
        try:
            self.anomaly = import_module("river.anomaly")
            self.compose = import_module("river.compose")
            self.preprocessing = import_module("river.preprocessing")
        except ImportError as error:
            raise MissingError(f"River is not installed here (pip install river): {error}") from error

    def scores(self) -> Floats:
        model = self.compose.Pipeline(
            self.preprocessing.MinMaxScaler(),
            self.anomaly.HalfSpaceTrees(n_trees=TREES, height=HEIGHT, window_size=WINDOW, seed=self.seed % 2**31),
        )
        found = np.zeros(len(self.rows))
        for place, row in enumerate(self.rows.tolist()):
            record = dict(enumerate(row))
            found[place] = model.score_one(record)
            model.learn_one(record)
        return found


STREAMS: dict[str, type[Stream]] = {
    "nad, as it comes": NadDefault,
    "nad, 25 trees of height 8, window 250": NadWindows,
    "nad, the same, linear": NadLinear,
    "nad, the same, row by row": NadRows,
    "River, 25 trees of height 8, window 250": River,
}


def run(seeds: Sequence[int], *, quick: bool, rows: int | None = None) -> list[Section]:
    try:
        kdd = kdd99.load()
    except kdd99.DataNotFoundError as error:
        return [Section("Streaming: not measured", ["reason"], [[str(error)]])]
    limit = max(rows or QUICK_ROWS, UNJUDGED + 500) if quick else None
    return [_measured(name, kdd99.subset(kdd, name), seeds, limit) for name in (QUICK_SUBSETS if quick else SUBSETS)]


def _measured(name: str, subset: kdd99.Subset, seeds: Sequence[int], limit: int | None) -> Section:
    figures: dict[str, dict[str, list[float]]] = {}
    notes: dict[str, None] = {}
    judged = attacks = 0
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(len(subset.rows))
        if limit is not None:  # all attacks, where they are few
            hits = order[subset.is_attack[order]][: limit // 20]
            others = order[~subset.is_attack[order]][: limit - len(hits)]
            order = np.random.default_rng(seed).permutation(np.concatenate([others, hits]))
        rows, is_attack = subset.rows[order], subset.is_attack[order]
        judged, attacks = len(rows) - UNJUDGED, int(is_attack[UNJUDGED:].sum())
        for who, stream in STREAMS.items():
            say(f"streaming, {name}, seed {seed}: {who}")
            try:
                with Worker(stream, rows, seed) as worker:
                    seconds, scores = worker.call("judge")
            except (MissingError, WorkerError) as error:
                notes[f"{who} is missing: {error}"] = None
                continue
            found = figures.setdefault(who, {})
            found.setdefault("a row", []).append(seconds / len(rows))
            if 0 < attacks < judged:
                for what, value in evaluate(scores[UNJUDGED:], is_attack[UNJUDGED:]).items():
                    found.setdefault(what, []).append(value)
    table = [
        [who, f"{np.median(of['a row']) * 1e6:.2f}", *(_shown(of.get(what, [])) for what in FIGURES)]
        for who, of in figures.items()
    ]
    timed = seed_figures("judge and learn a row", {who: of["a row"] for who, of in figures.items()}, "time", "s")
    told = [
        one
        for what in FIGURES
        for one in seed_figures(what, {who: of[what] for who, of in figures.items() if what in of})
    ]
    text = f"{judged:,} rows judged, {attacks} of them attacks (last seed), after {UNJUDGED:,} only learnt from"
    return Section(
        f"Streaming, {name}, shuffled: mean ± sd over {len(seeds)} seeds",
        ["", "CPU µs a row, judged and learnt", *FIGURES],
        table,
        [text, "shuffled: the order of the file is not time, and nothing here tells of traffic that changes", *notes],
        figures=[*timed, *told],
        name=f"{name}, {judged:,} rows",
    )


def _shown(values: list[float]) -> str:
    if not values:
        return ""
    return f"{np.mean(values):.4f} ± {np.std(values, ddof=1) if len(values) > 1 else 0.0:.4f}"
