"""Does a forest find the attacks: nad beside scikit-learn and isotree at the same settings, over several seeds.

Data: http, smtp, SA and SF of KDD Cup 99 (10 %) as scikit-learn defines them, fitted and scored on all rows without
labels. SA and SF also with a column for each word, as in scikit-learn's own benchmark.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.python import forests, kdd99
from benchmarks.python.forests import MissingError, Settings
from benchmarks.python.metrics import METRICS, evaluate
from nad._bench.report import Section, say, seed_figures

SETTINGS = {
    "100 x 256": Settings(),
    "100 x 4096": Settings(samples=4096),
    "100 x 256, ndim 2": Settings(ndim=2),
    "100 x 256, ndim 3": Settings(ndim=3),
    "100 x 256, best of 10": Settings(best_of=10),
    "100 x 256, ndim 2, best of 10": Settings(ndim=2, best_of=10),
    "100 x 256, distinct rows": Settings(distinct=True),
    "100 x 4096, distinct rows": Settings(samples=4096, distinct=True),
    "100 x 4096, distinct rows by log count": Settings(samples=4096, distinct="log_count"),
}
QUICK_SETTINGS = {title: SETTINGS[title] for title in ("100 x 256", "100 x 4096, distinct rows")}
COMPETITORS = ("nad", "scikit-learn", "isotree")
VARIANTS = (("http", False), ("smtp", False), ("SA", False), ("SA", True), ("SF", False), ("SF", True))
QUICK_VARIANTS = VARIANTS[:2]

Results = dict[str, list[float]]  # metric to one value a seed


class RowMismatchError(Exception):
    """Scores that are compared do not belong to the same rows."""


@dataclass(frozen=True)
class Cell:
    """One competitor with one setting on one subset."""

    competitor: str
    setting: str
    values: Results

    def shown(self, metric: str) -> str:
        numbers = self.values[metric]
        return f"{np.mean(numbers):.4f} ± {np.std(numbers, ddof=1) if len(numbers) > 1 else 0.0:.4f}"


class RowCheck:
    """Shows that every score of every competitor belongs to the row that its label belongs to.

    The bytes of the rows must be those of the first competitor, before and after; and some rows, scored again alone and
    in another order, must get the scores that stand at their positions in the whole batch.
    """

    def __init__(self, rows: npt.NDArray[np.float32]) -> None:
        self.rows = rows
        self.digest = _digest(rows)
        self.picks = np.random.default_rng(0).choice(len(rows), 200, replace=False)
        self.checked = 0

    def check(self, forest: forests.Forest, x: npt.NDArray[np.float32], scores: forests.Scores) -> None:
        who = f"{forest.name}, seed {forest.seed}"
        if _digest(x) != self.digest or _digest(self.rows) != self.digest:
            raise RowMismatchError(f"{who}: the rows that were scored are not those that the others scored")
        if scores.shape != (len(x),) or not np.isfinite(scores).all():
            raise RowMismatchError(f"{who}: {len(x)} rows gave scores of shape {scores.shape}, or some are not finite")
        alone = forest.score(forest.layout(self.rows[self.picks]))
        if not np.allclose(alone, scores[self.picks], rtol=1e-4, atol=1e-6):
            worst = int(np.argmax(np.abs(alone - scores[self.picks])))
            raise RowMismatchError(f"{who}: row {self.picks[worst]} scored again gets another score than in the batch")
        # rows that differ must not all agree by being constant
        if np.ptp(alone) == 0:
            raise RowMismatchError(f"{who}: all scores are equal")
        self.checked += 1


def _digest(rows: npt.NDArray[np.float32]) -> str:
    return hashlib.blake2b(np.ascontiguousarray(rows).tobytes(), digest_size=8).hexdigest()


def run(seeds: Sequence[int], *, quick: bool) -> list[Section]:
    try:
        kdd = kdd99.load()
    except kdd99.DataNotFoundError as error:
        return [Section("Quality: not measured", ["reason"], [[str(error)]])]
    settings = QUICK_SETTINGS if quick else SETTINGS
    sections, cells = [], {}
    for name, one_hot in QUICK_VARIANTS if quick else VARIANTS:
        subset = kdd99.subset(kdd, name, one_hot=one_hot)
        title = f"{name}, a column for each word" if one_hot else name
        cells[title], section = _measure(title, subset, settings, seeds)
        sections.append(section)
    return [*sections, _against_peers(cells)]


def _measure(
    title: str, subset: kdd99.Subset, settings: dict[str, Settings], seeds: Sequence[int]
) -> tuple[list[Cell], Section]:
    check = RowCheck(subset.rows)
    cells, notes = [], []
    for setting, chosen in settings.items():
        for competitor in COMPETITORS:
            if not forests.FORESTS[competitor].can(chosen):
                continue
            say(f"{title}: {competitor}, {setting}")
            try:
                cells.append(Cell(competitor, setting, _over_seeds(competitor, chosen, subset, seeds, check)))
            except MissingError as error:
                if str(error) not in notes:
                    notes.append(str(error))
    rows, columns = subset.rows.shape
    attacks = int(subset.is_attack.sum())
    notes.append(
        f"{rows:,} rows, {columns} columns, {attacks:,} attacks ({attacks / rows:.2%}); "
        f"row check passed for all {check.checked} forests, digest of the rows {check.digest}"
    )
    table = [[f"{cell.competitor}, {cell.setting}", *(cell.shown(metric) for metric in METRICS)] for cell in cells]
    data: dict[str, Any] = {f"{cell.competitor}, {cell.setting}": cell.values for cell in cells}
    figures = [one for metric in METRICS for one in seed_figures(metric, {who: of[metric] for who, of in data.items()})]
    shown = f"{title}: mean ± sd over {len(seeds)} seeds"
    return cells, Section(shown, ["", *METRICS], table, notes, data, figures, title)


def _over_seeds(
    competitor: str, settings: Settings, subset: kdd99.Subset, seeds: Sequence[int], check: RowCheck
) -> Results:
    values: Results = {metric: [] for metric in METRICS}
    for seed in seeds:
        forest = forests.make(competitor, settings, seed)
        x = forest.layout(subset.rows)
        forest.fit(x)
        scores = forest.score(x)
        check.check(forest, x, scores)
        measured = evaluate(scores, subset.is_attack)
        if seed == seeds[0]:
            _compare_with_scikit_learn(measured, scores, subset.is_attack)
        for metric in METRICS:
            values[metric].append(measured[metric])
    return values


def _compare_with_scikit_learn(
    measured: dict[str, float], scores: forests.Scores, is_attack: npt.NDArray[np.bool_]
) -> None:
    """The metrics are our own, so that nothing but NumPy is needed; where scikit-learn is there, it must agree."""
    try:
        theirs: Any = import_module("sklearn.metrics")
    except ImportError:
        return
    false_rate, recall, _ = theirs.roc_curve(is_attack, scores, drop_intermediate=False)
    expected = {
        "ROC-AUC": theirs.roc_auc_score(is_attack, scores),
        "PR-AUC": theirs.average_precision_score(is_attack, scores),
        "TPR at 1 % FPR": recall[false_rate <= 0.01].max(),
    }
    for metric, value in expected.items():
        if not math.isclose(measured[metric], value, rel_tol=0.0, abs_tol=1e-9):
            raise RuntimeError(f"{metric} is {measured[metric]} by us and {value} by scikit-learn")


def _against_peers(cells: dict[str, list[Cell]]) -> Section:
    """nad minus each peer at the same settings; a difference counts when it exceeds two standard errors."""
    rows: list[list[str]] = []
    verdicts: list[int] = []
    for title, measured in cells.items():
        found = {(cell.competitor, cell.setting): cell for cell in measured}
        for (competitor, setting), peer in found.items():
            ours = found.get(("nad", setting))
            if competitor == "nad" or ours is None:
                continue
            row = [f"{title}, {setting}, nad - {competitor}"]
            for metric in METRICS:
                text, verdict = _difference(ours.values[metric], peer.values[metric])
                row.append(text)
                verdicts.append(verdict)
            rows.append(row)
    notes = [
        "(+) or (-): a difference of more than two standard errors over the seeds; without a mark it is within chance",
        f"nad is better in {verdicts.count(1)} and worse in {verdicts.count(-1)} of {len(verdicts)} comparisons",
        "of two equally good forests each would be better in some 4 of a hundred, with five seeds",
    ]
    return Section("nad minus its peers at the same settings", ["", *METRICS], rows, notes)


def _difference(ours: list[float], theirs: list[float]) -> tuple[str, int]:
    difference = float(np.mean(ours) - np.mean(theirs))
    if min(len(ours), len(theirs)) < 2:
        return f"{difference:+.4f}    ", 0
    error = math.sqrt(np.var(ours, ddof=1) / len(ours) + np.var(theirs, ddof=1) / len(theirs))
    verdict = 0 if abs(difference) <= 2 * error else int(np.sign(difference))
    return f"{difference:+.4f} {['   ', '(+)', '(-)'][verdict]}", verdict
