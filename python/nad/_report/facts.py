"""What the sections of a report have in common: the records, their times and hosts, and what of them is reported."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from nad._truth import read_truth
from nad._who_and_when import DESTINATIONS, SOURCES, first_column
from nad.errors import Error
from nad.evaluation import Evaluation, evaluate
from nad.plots._data import moments
from nad.table import Table

if TYPE_CHECKING:
    import numpy.typing as npt

    from nad.column import Column
    from nad.model import Findings, Model
    from nad.reading import ReadReport

DAY = 86_400.0
_BOOTSTRAPPED = 100_000  # rows; of more, intervals would take longer than all the rest


@dataclass
class Facts:
    """A model, the table that it was asked about, and what it found."""

    model: Model
    table: Table
    findings: Findings
    read_report: ReadReport | None
    evaluation: Evaluation | None
    no_evaluation: str  # why there is none, where there are labels

    @cached_property
    def seconds(self) -> npt.NDArray[np.float64] | None:
        """When each record happened, NaN where that is unknown; None without times."""
        seconds, axis = moments(self.table)
        return seconds if axis.scale == "time" and np.isfinite(seconds).any() else None

    @cached_property
    def span(self) -> tuple[float, float] | None:
        """The first and the last moment."""
        if self.seconds is None:
            return None
        return float(np.nanmin(self.seconds)), float(np.nanmax(self.seconds))

    @property
    def days(self) -> float:
        """How long the records last; NaN where that is unknown."""
        if self.span is None or self.span[1] <= self.span[0]:
            return float("nan")
        return (self.span[1] - self.span[0]) / DAY

    @property
    def promised_share(self) -> float:
        """Of normal records above the model's threshold; NaN where nothing is promised."""
        return float(self.findings.drift.promised_share)

    @property
    def by_model_threshold(self) -> bool:
        """Whether the model's own threshold decided, and not a rate of false discoveries."""
        return self.findings.limit.score == self.model.threshold.score

    @cached_property
    def source(self) -> Column | None:
        """Who began each record."""
        return first_column(self.table, SOURCES)

    @cached_property
    def destination(self) -> Column | None:
        """Whom it went to."""
        return first_column(self.table, DESTINATIONS)

    @property
    def reported_by_run(self) -> int:
        """Records that are reported although their own score is not above the limit."""
        return len(self.findings) - int((self.findings.scores[self.findings.rows] > self.findings.limit.score).sum())

    @cached_property
    def reported_of_families(self) -> dict[str, int]:
        """Of each value of the column of labels how many records are reported; {} where nobody knows which it is."""
        options = self.model._model.options
        labels = [name for name, role in self.table.roles.items() if role == "label"]
        name = options["label"] if options["label"] in self.table else labels[0] if len(labels) == 1 else None
        if name is None:
            return {}
        counts = dict.fromkeys(map(str, self.table.value_counts(name)), 0)
        for value in self.table[name][self.findings.rows].to_list():
            counts[str(value)] += 1
        return counts

    @cached_property
    def attacks_reported(self) -> int | None:
        """How many attacks are among what is reported; None where nobody knows which of it are."""
        truth = _truth_of(self.model, self.table)
        if self.evaluation is None or truth is None:
            return None
        try:
            is_attack = read_truth(truth, self.model._model.options["normal"] or None).is_attack
        except Error:
            return None
        if len(is_attack) != self.evaluation.rows or is_attack.sum() != self.evaluation.attacks:
            return None  # the evaluation that was given is of other labels
        return int(is_attack[self.findings.rows].sum())

    def text(self, name: str, row: int) -> str:
        """A value as it is shown; "" where there is none."""
        if name not in self.table:
            return ""
        return self.table._table.column(name).format(row)


def gathered_evaluation(
    model: Model, table: Table, findings: Findings, given: Evaluation | bool | None
) -> tuple[Evaluation | None, str]:
    """What labels say of the scores, or why they say nothing."""
    if isinstance(given, Evaluation):
        return given, ""
    truth = _truth_of(model, table)
    if given is False or truth is None:
        return None, ""
    try:
        return evaluate(
            findings.scores,
            truth,
            threshold=findings.limit.score,
            normal=model._model.options["normal"] or None,
            time=None if isinstance(truth, Table) else _times(table),
            n_bootstrap=200 if len(table) <= _BOOTSTRAPPED else 0,
        ), ""
    except Error as error:
        if given is True:
            raise
        return None, str(error)


def _truth_of(model: Model, table: Table) -> Table | Column | None:
    """Where labels stand: in the column that the model was told of, or wherever the table has some."""
    label = model._model.options["label"]
    if label in table:
        found: Column = table[label]
        return found
    return table if "label" in table.roles.values() else None


def _times(table: Table) -> npt.NDArray[np.float64] | None:
    seconds, axis = moments(table)
    return seconds - seconds.min() if axis.scale == "time" and np.isfinite(seconds).all() else None
