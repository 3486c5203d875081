"""What repeated rows do to quality: each detector with and without them, in training and in judging.

Three quarters of KDD Cup 99 (10 %) repeat an earlier row, and a flood is one row a hundred thousand times: figures over
all rows say how that one row is judged. Here each detector learns from all rows of a collection and from the different
ones, and is judged on all and on the different ones (a row that is both normal and an attack stays as two).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.python import kdd99
from benchmarks.python.collections_of_traffic import Collection, collections
from benchmarks.python.detectors import PAIRS, Judge, Scores
from benchmarks.python.forests import MissingError
from benchmarks.python.metrics import evaluate
from nad._bench.report import Figure, Section, say

NAMES = ("KDD Cup 99, clean", "http", "SA", "SF")
QUICK_NAMES = ("http",)
DETECTORS = (
    "isolation forest, 100 x 256",
    "k-means, 8 clusters, large ones count (CBLOF)",
    "Mahalanobis",
    "histogram",
    "half-space trees",
    "ensemble 'mixed'",
)
QUICK_DETECTORS = DETECTORS[:1]
LEARNT = ("all rows", "different rows")
FIGURES = ("ROC-AUC", "TPR at 1 % FPR")


@dataclass(frozen=True)
class Part:
    """Which rows of a collection are the first of their kind."""

    train: kdd99.Rows
    test: npt.NDArray[np.intp]


def run(seeds: Sequence[int], *, quick: bool) -> list[Section]:
    try:
        kdd99.find_file()
    except kdd99.DataNotFoundError as error:
        return [Section("Duplicates: not measured", ["reason"], [[str(error)]])]
    found: dict[str, dict[tuple[str, str], list[dict[str, float]]]] = {}
    notes: dict[str, list[str]] = {}
    for seed in seeds:
        for collection in collections(seed, QUICK_NAMES if quick else NAMES):
            part = different(collection)
            notes[collection.name] = [_described(collection, part)]
            for title in QUICK_DETECTORS if quick else DETECTORS:
                for who, judge_of in (("nad", PAIRS[title].ours), (PAIRS[title].peer_name, PAIRS[title].peer)):
                    for learnt, rows in zip(LEARNT, (collection.train, part.train), strict=True):
                        if judge_of is None:
                            continue
                        say(f"duplicates: {collection.name}, seed {seed}: {who}, {title}, {learnt}")
                        try:
                            figures = _judged(judge_of(seed), rows, collection, part)
                        except MissingError as error:
                            if str(error) not in notes[collection.name]:
                                notes[collection.name].append(str(error))
                            continue
                        of_collection = found.setdefault(collection.name, {})
                        of_collection.setdefault((f"{who}, {title}", learnt), []).append(figures)
    return [_section(name, of, notes[name], len(seeds)) for name, of in found.items()]


def different(collection: Collection) -> Part:
    train = np.unique(collection.train, axis=0)
    marked = np.column_stack([collection.test, collection.is_attack.astype(np.float32)])
    first = np.unique(marked, axis=0, return_index=True)[1]
    return Part(train, np.sort(first))


def _judged(judge: Judge, rows: kdd99.Rows, collection: Collection, part: Part) -> dict[str, float]:
    judge.fit(rows)
    scores: Scores = np.asarray(judge.score(collection.test), dtype=np.float64)
    everywhere = evaluate(scores, collection.is_attack)
    once = evaluate(scores[part.test], collection.is_attack[part.test])
    return {
        **{f"{what}, all": everywhere[what] for what in FIGURES},
        **{f"{what}, different": once[what] for what in FIGURES},
    }


def _described(collection: Collection, part: Part) -> str:
    attacks = int(collection.is_attack[part.test].sum())
    return (
        f"{len(part.train):,} of {len(collection.train):,} rows to learn from differ, {len(part.test):,} of "
        f"{len(collection.test):,} to judge, of which {attacks:,} of {int(collection.is_attack.sum()):,} attacks"
    )


def _section(name: str, found: dict[tuple[str, str], list[dict[str, float]]], notes: list[str], seeds: int) -> Section:
    columns = [f"{what}, {which}" for which in ("all", "different") for what in FIGURES]
    rows, figures = [], []
    for (who, learnt), values in found.items():
        by_column = {column: [one[column] for one in values] for column in columns}
        rows.append([f"{who}, learnt from {learnt}", *(_shown(by_column[column]) for column in columns)])
        figures += [Figure(f"{who}, {learnt}", column, samples, "quality", "") for column, samples in by_column.items()]
    title = f"Duplicates, {name}: mean ± sd over {seeds} seeds"
    return Section(title, ["judged on", *columns], rows, notes, figures=figures, name=name)


def _shown(values: list[float]) -> str:
    return f"{np.mean(values):.4f} ± {np.std(values, ddof=1) if len(values) > 1 else 0.0:.4f}"
