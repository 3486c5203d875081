"""How many attacks each detector finds, beside its counterpart at the same settings, and the time that both took."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from benchmarks.python import kdd99
from benchmarks.python.collections_of_traffic import FAMILIES, NAMES, Collection, collections
from benchmarks.python.detectors import PAIRS, Judge
from benchmarks.python.forests import MissingError
from benchmarks.python.metrics import evaluate, recall_at
from nad._bench.report import Section, say, seed_figures

QUICK_NAMES = ("smtp",)
FIGURES = ("ROC-AUC", "PR-AUC", "TPR at 1 % FPR", "TPR at 0.1 % FPR")
TIMES = ("fit, s", "score, rows/ms")

Measured = dict[str, list[float]]  # figure to one value a seed


def run(seeds: Sequence[int], *, quick: bool) -> list[Section]:
    try:
        kdd99.find_file()
    except kdd99.DataNotFoundError as error:
        return [Section("Detectors: not measured", ["reason"], [[str(error)]])]
    names = QUICK_NAMES if quick else NAMES
    cells: dict[str, dict[str, Measured]] = {}
    sizes: dict[str, str] = {}
    missing: dict[str, None] = {}
    for seed in seeds:
        for collection in collections(seed, names):
            sizes[collection.name] = (
                f"{len(collection.train):,} rows of {collection.train.shape[1]} columns to learn from, "
                f"{len(collection.test):,} to judge, {collection.is_attack.mean():.1%} of them attacks"
            )
            for who, judge in _judges(collection, seed, missing):
                say(f"{collection.name}, seed {seed}: {who}")
                figures = cells.setdefault(collection.name, {}).setdefault(who, {})
                for name, value in _measure(judge, collection).items():
                    figures.setdefault(name, []).append(value)
    return [_section(name, found, [sizes[name], *missing], len(seeds)) for name, found in cells.items()]


def _judges(collection: Collection, seed: int, missing: dict[str, None]) -> list[tuple[str, Judge]]:
    found: list[tuple[str, Judge]] = []
    for title, pair in PAIRS.items():
        if pair.clean_only and not collection.is_clean:
            continue
        found.append((f"nad, {title}", pair.ours(seed)))
        if pair.peer is not None:
            try:
                found.append((f"{pair.peer_name}, {title}", pair.peer(seed)))
            except MissingError as error:
                missing[str(error)] = None
    return found


def _measure(judge: Judge, collection: Collection) -> dict[str, float]:
    start = time.process_time()
    judge.fit(collection.train)
    fitted = time.process_time()
    scores = np.asarray(judge.score(collection.test), dtype=np.float64)
    done = time.process_time()
    figures = evaluate(scores, collection.is_attack)
    figures["TPR at 0.1 % FPR"] = recall_at(scores, collection.is_attack, 0.001)
    if collection.family is not None:
        for family in FAMILIES:
            chosen = ~collection.is_attack | (collection.family == family)
            if (collection.family == family).any():
                figures[family] = recall_at(scores[chosen], collection.is_attack[chosen], 0.01)
    figures["fit, s"] = fitted - start
    figures["score, rows/ms"] = len(scores) / max(done - fitted, 1e-9) / 1000
    return figures


def _section(name: str, found: dict[str, Measured], notes: list[str], seeds: int) -> Section:
    families = [family for family in FAMILIES if any(family in measured for measured in found.values())]
    columns = [*FIGURES, *families, *TIMES]
    rows = []
    for who, measured in found.items():
        cells = [who]
        for column in columns:
            values = measured[column]
            if column in TIMES:
                cells.append(f"{np.median(values):.2f}")
            else:
                cells.append(f"{np.mean(values):.4f} ± {np.std(values, ddof=1) if len(values) > 1 else 0.0:.4f}")
        rows.append(cells)
    if families:
        notes = [*notes, "of each family: the share found at 1 % false positives"]
    figures = [
        one
        for figure in (*FIGURES, *families)
        for one in seed_figures(figure, {who: measured[figure] for who, measured in found.items()})
    ]
    figures += seed_figures("fit", {who: measured[TIMES[0]] for who, measured in found.items()}, "time", "s")
    per_row = {who: [1e-3 / rate for rate in measured[TIMES[1]]] for who, measured in found.items()}
    figures += seed_figures("score a row", per_row, "time", "s")
    shown = f"{name}: mean ± sd over {seeds} seeds"
    return Section(shown, ["", *columns], rows, notes, dict(found), figures, name)
