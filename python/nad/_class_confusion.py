"""Who was taken for whom, of several classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nad import _core
from nad._truth import read_codes, read_weights
from nad.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Floats = npt.NDArray[np.float64]


class ClassFigures(NamedTuple):
    """Precision, recall, F1, and the rows of the class.

    Attributes
    ----------
    precision : float
        The share of what was taken for the class that is of it.
    recall : float
        The share of the class that was taken for it.
    f1 : float
        The harmonic mean of both.
    support : float
        The rows of the class, or their weights.
    """

    precision: float
    recall: float
    f1: float
    support: float


class ClassConfusion:
    """Who was taken for whom; ``print(table)`` is fit to read.

    >>> told = nad.metrics.class_confusion(predicted, truth)
    >>> told["r2l"].recall, told.macro.f1, told.accuracy
    """

    def __init__(self, classes: Sequence[str], table: _core.ClassConfusion) -> None:
        self.classes = list(classes)
        self._table = table

    @property
    def counts(self) -> Floats:
        """Rows, or their weights: row by row the true class, in a row what it was taken for."""
        return self._table.counts

    def __getitem__(self, name: str) -> ClassFigures:
        if name not in self.classes:
            raise KeyError(f"there is no class {name!r}; there are {self.classes}")
        return ClassFigures(*self._table.of(self.classes.index(name)))

    @property
    def macro(self) -> ClassFigures:
        """The mean over the classes."""
        return ClassFigures(*self._table.macro())

    @property
    def weighted(self) -> ClassFigures:
        """The mean over the rows, each with the figures of its class."""
        return ClassFigures(*self._table.weighted())

    @property
    def micro(self) -> ClassFigures:
        """All classes counted together."""
        return ClassFigures(*self._table.micro())

    @property
    def accuracy(self) -> float:
        """The share of rows that were taken for what they are."""
        return self._table.accuracy

    @property
    def balanced_accuracy(self) -> float:
        """The mean recall of the classes."""
        return self._table.balanced_accuracy

    @property
    def matthews(self) -> float:
        """The correlation of truth and prediction."""
        return self._table.matthews

    def mean_cost(self, costs: Any) -> float:
        """What a row costs on average: ``costs[i][j]`` for taking class i for class j, in the order of ``classes``."""
        return self._table.mean_cost(np.ascontiguousarray(costs, dtype=np.float64).reshape(-1))

    def __str__(self) -> str:
        width = max(12, *(len(name) for name in self.classes))
        lines = [f"{'':{width}}  precision    recall  f1-score     support"]
        named = [*((name, self[name]) for name in self.classes), ("macro", self.macro), ("weighted", self.weighted)]
        for name, figures in named:
            numbers = "".join("         -" if np.isnan(value) else f"{value:10.4f}" for value in figures[:3])
            lines.append(f"{name:>{width}} {numbers}  {figures.support:10,.{0 if figures.support % 1 == 0 else 2}f}")
            if name == self.classes[-1]:
                lines.append("")
        return "\n".join([*lines, f"{'accuracy':>{width}} {self.accuracy:30.4f}"])

    def __repr__(self) -> str:
        return f"ClassConfusion({len(self.classes)} classes, accuracy={self.accuracy:.4f})"


def class_confusion(
    predicted: Any, truth: Any, *, classes: Iterable[str] | None = None, sample_weight: Any = None
) -> ClassConfusion:
    """Count who was taken for whom.

    Parameters
    ----------
    predicted, truth : array-like
        The class of each row: names, numbers, or columns of them.
    classes : iterable of str, optional
        All classes, in the order of the table; those that occur, sorted, where none are named.
    """
    predicted_codes, predicted_names = read_codes(predicted, "predicted")
    true_codes, true_names = read_codes(truth, "truth")
    occurring = list(dict.fromkeys([*true_names, *predicted_names]))
    names = _in_order(occurring) if classes is None else [str(name) for name in classes]
    unknown = [name for name in occurring if name not in names]
    if unknown:
        raise InvalidArgumentError(f"rows are of the classes {unknown}, which are not among {names}")
    places = {name: place for place, name in enumerate(names)}

    def numbers(codes: npt.NDArray[np.uint32], own: tuple[str, ...]) -> npt.NDArray[np.uint32]:
        return np.array([places[name] for name in own], dtype=np.uint32)[codes]

    table = _core.ClassConfusion(
        numbers(true_codes, true_names), numbers(predicted_codes, predicted_names), len(names),
        read_weights(sample_weight),
    )  # fmt: skip
    return ClassConfusion(names, table)


def kdd99_cost(predicted: Any, truth: Any) -> float:
    """The cost of an example in the KDD Cup 1999 contest, of families: normal, probe, dos, u2r, r2l."""
    names, costs = _core.kdd99_costs()
    return class_confusion(predicted, truth, classes=names).mean_cost(costs)


def _in_order(names: list[str]) -> list[str]:
    """Numbers by their size, other names by the alphabet."""
    try:
        return sorted(names, key=float)
    except ValueError:
        return sorted(names)
