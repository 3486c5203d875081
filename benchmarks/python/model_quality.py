"""What `nad.Model` reaches as it comes, without a word about the data: one default for each kind of training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

import nad
from benchmarks.python import kdd99
from benchmarks.python.collections_of_traffic import CLEAN_ROWS, FAMILIES, has_nsl, kdd_table, nsl_tables
from nad._bench.report import Figure, Section, say

PROMISE = 0.01  # the share of normal records that shall be reported
Truth = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Task:
    """Records to learn from and to judge; their answers, "normal" or the family of the attack."""

    train: nad.Table
    test: nad.Table
    families: Truth


def run(seeds: Sequence[int], *, quick: bool) -> list[Section]:
    try:
        kdd99.find_file()
    except kdd99.DataNotFoundError as error:
        return [Section("Model: not measured", ["reason"], [[str(error)]])]
    sections = [_clean(seeds, quick=quick), _mixed(seeds, quick=quick)]
    if not quick and corrected() is not None:
        sections.append(_labelled(seeds))
    return sections


def families_of(table: nad.Table) -> Truth:
    return np.array(table["attack_family"].to_list(), dtype=np.str_)


def corrected() -> nad.Table | None:
    """The contest's labelled test set, where it lies beside the training file."""
    path = kdd99.find_file().parent / "corrected.gz"
    return nad.read(path) if path.is_file() else None


# ---- clean


def _kdd_train(seed: int) -> npt.NDArray[np.int64]:
    normal = np.flatnonzero(families_of(kdd_table()) == "normal")
    return np.sort(np.random.default_rng(seed).choice(normal, CLEAN_ROWS, replace=False))


def _kdd(seed: int) -> Task:
    chosen = _kdd_train(seed)
    rest = np.setdiff1d(np.arange(len(kdd_table())), chosen)
    test = kdd_table()[rest]
    return Task(kdd_table()[chosen], test, families_of(test))


def _corrected(seed: int) -> Task:
    test = corrected()
    assert test is not None
    return Task(kdd_table()[_kdd_train(seed)], test, families_of(test))


def _nsl(seed: int) -> Task:
    del seed
    train, test = nsl_tables()
    return Task(train[families_of(train) == "normal"], test, families_of(test))


def _clean(seeds: Sequence[int], *, quick: bool) -> Section:
    tasks: dict[str, Callable[[int], Task]] = {"KDD Cup 99": _kdd}
    if has_nsl():
        tasks = {"NSL-KDD": _nsl} if quick else {**tasks, "NSL-KDD": _nsl}
    if not quick and corrected() is not None:
        tasks["KDD Cup 99, corrected"] = _corrected
    header = ["", "ROC-AUC", "TPR at 1 % FPR", *FAMILIES, "TPR at 0.1 %", "promised 1 %, realised", "attention asked"]
    rows = []
    figures: list[Figure] = []
    for name, task in tasks.items():
        found = [_judge_clean(task(seed), seed, f"clean, {name}, seed {seed}") for seed in seeds]
        rows.append([name, *_summaries([numbers for numbers, _ in found])])
        figures += _figures(name, header[1:8], [numbers for numbers, _ in found])
        rows.append(["95 % interval, one seed", *found[0][1]])
    return Section(
        f"Model, clean: normal records to learn from, means of {len(seeds)} seeds",
        header,
        rows,
        ["intervals: 300 stratified bootstrap replicates of the test records of the first seed"],
        figures=figures,
        name="clean",
    )


def _judge_clean(task: Task, seed: int, title: str) -> tuple[list[float], list[str]]:
    say(title)
    model = nad.Model(training="clean", threshold=nad.ThresholdRule.false_positive_rate(PROMISE), random_state=seed)
    model.fit(task.train)
    findings = model.detect(task.test, most_explained=0)
    normal = task.families == "normal"
    report = nad.evaluate(
        findings.scores,
        task.families,
        n_bootstrap=300,
        false_positive_rates=(0.001, 0.01),
        threshold=findings.limit.score,
    )
    one, tenth = report.tpr_at_fpr(0.01), report.tpr_at_fpr(0.001)
    shown = [report.roc_auc, one, *(_family(report, family) for family in FAMILIES), tenth]
    realised = float((findings.scores[normal] > findings.limit.score).mean())
    numbers = [*map(float, shown), 100 * realised, float(findings.drift.needs_attention)]
    return numbers, [*(f"{value.low:.4f} to {value.high:.4f}" for value in shown), "", ""]


def _family(report: nad.Evaluation, family: str) -> nad.Estimate:
    return report.families[family].recall_at_rate[0.01]


# ---- mixed


def _mixed(seeds: Sequence[int], *, quick: bool) -> Section:
    header = ["", "ROC-AUC", "PR-AUC", "TPR at 1 % FPR"]
    rows = []
    figures: list[Figure] = []
    for name in ("smtp",) if quick else ("SA", "SF", "http", "smtp"):
        found = []
        for seed in seeds:
            say(f"mixed, {name}, seed {seed}")
            table, is_attack = _subset(name, seed)
            model = nad.Model(training="mixed", random_state=seed).fit(table)
            report = nad.evaluate(model.anomaly_score(table), is_attack, n_bootstrap=0, false_positive_rates=(0.01,))
            found.append([float(report.roc_auc), float(report.average_precision), float(report.tpr_at_fpr(0.01))])
        rows.append([name, *_summaries(found)])
        figures += _figures(name, header[1:], found)
    return Section(
        f"Model, mixed: fitted on what is judged, without labels, means of {len(seeds)} seeds",
        header,
        rows,
        ["scikit-learn's subsets of the 10 % file, as tables: the model chooses its features itself"],
        figures=figures,
        name="mixed",
    )


def _subset(name: str, seed: int) -> tuple[nad.Table, npt.NDArray[np.bool_]]:
    """The records that scikit-learn's subset of this name has, with the columns that it has."""
    table = kdd_table()
    is_attack = families_of(table) != "normal"
    if name == "SA":
        attacks = np.flatnonzero(is_attack)
        drawn = attacks[np.random.RandomState(seed).randint(0, len(attacks), kdd99.SA_ATTACKS)]
        chosen = np.concatenate([np.flatnonzero(~is_attack), drawn])
        return table[chosen], is_attack[chosen]
    keep = np.asarray(table["logged_in"].to_numpy(), dtype=np.float64) == 1
    columns = ["duration", "src_bytes", "dst_bytes"]
    if name == "SF":
        columns.insert(1, "service")
    else:
        keep &= np.array(table["service"].to_list(), dtype=np.str_) == name
    return table[np.flatnonzero(keep)][columns], is_attack[keep]


# ---- labelled


def _labelled(seeds: Sequence[int]) -> Section:
    test = corrected()
    assert test is not None
    truth = families_of(test)
    found = []
    for seed in seeds:
        say(f"labelled, seed {seed}")
        model = nad.Model(training="labelled", random_state=seed).fit(kdd_table())
        predicted = model.predict(test)
        confusion = nad.metrics.class_confusion(predicted, truth)
        found.append(
            [
                nad.metrics.kdd99_cost(predicted, truth),
                confusion.macro.f1,
                *(confusion[family].recall for family in ("normal", *FAMILIES)),
            ]
        )
    header = ["", "cost of an example", "macro F1", "recall: normal", *FAMILIES]
    cost, *others = zip(*found, strict=True)
    figures = [Figure("nad", header[1], list(cost), "loss", "")]
    return Section(
        f"Model, labelled: the 10 % file to learn from, the contest's test set to judge, means of {len(seeds)} seeds",
        header,
        [["KDD Cup 99", *_summaries(found)]],
        ["the contest's winner had a cost of .2331"],
        figures=[*figures, *_figures("KDD Cup 99", header[2:], list(zip(*others, strict=True)))],
        name="labelled",
    )


def _figures(name: str, whats: Sequence[str], found: Sequence[Sequence[float]]) -> list[Figure]:
    """A figure for each column, a sample for each seed."""
    return [
        Figure("nad", f"{name}: {what}", list(values), "quality", "")
        for what, values in zip(whats, zip(*found, strict=True), strict=False)
    ]


def _summaries(found: Sequence[Sequence[float]]) -> list[str]:
    return [_summary(list(values)) for values in zip(*found, strict=True)]


def _summary(values: list[float]) -> str:
    return f"{np.mean(values):.4f} ± {np.std(values):.4f}"
