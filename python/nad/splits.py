"""Rows to learn from and rows to be judged on, with no record on both sides, not as a copy either.

>>> train, validation, test = nad.splits.train_validation_test(X, y, random_state=7)  # row numbers
>>> folds = nad.splits.KFold(5, random_state=7)  # copies stay together, classes keep their share
>>> cross_val_score(model, X, y, cv=folds)  # of scikit-learn
>>> nad.splits.TimeSplit(4, time=flows["timestamp"])  # learn from the past, judge on what came next
>>> nad.splits.identical_rows(X)  # a number a row, the same for copies
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nad import _core
from nad._random import seed_from
from nad._truth import read_codes, read_seconds
from nad.errors import InvalidArgumentError, InvalidDataError
from nad.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["KFold", "TimeSplit", "identical_rows", "split_by_time", "train_validation_test"]

Rows = npt.NDArray[np.intp]


def identical_rows(X: Any, columns: Iterable[str] = ()) -> npt.NDArray[np.int64]:
    """A number for each row, from 0 on, the same for rows that are equal.

    Of a matrix all values count, as float32. Of a table the columns named; where none is, those with the role of
    feature: labels and times do not make a copy another record.
    """
    if isinstance(X, Table):
        names = [columns] if isinstance(columns, str) else list(columns)
        return _core.identical_table_rows(X._table, names).astype(np.int64)
    if hasattr(X, "dtypes") or hasattr(X, "__arrow_c_stream__"):  # a frame, whose columns may hold text
        return identical_rows(Table(X), columns)
    return _core.identical_rows(_matrix(X)).astype(np.int64)


class KFold:
    """Folds for cross-validation, as scikit-learn takes them.

    Parameters
    ----------
    n_splits : int
        Each fold is the test part once.
    stratify : bool
        Each class of ``y`` has the same share in every fold, as nearly as groups allow; a ``y`` of more than 100
        different numbers that are not whole has no classes.
    copies : str
        ``"together"``: rows that are equal are in one fold, so that no model is judged on what it has learnt by heart.
        ``"anywhere"``: rows are dealt out one by one. Where ``groups`` are given to ``split``, these stay together
        instead.
    random_state : int, Generator, RandomState or None
        The same seed gives the same folds on every machine.
    """

    def __init__(
        self, n_splits: int = 5, *, stratify: bool = True, copies: str = "together", random_state: Any = 0
    ) -> None:
        self.n_splits = n_splits
        self.stratify = stratify
        self.copies = copies
        self.random_state = random_state

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """How many pairs `split` gives."""
        del X, y, groups
        return self.n_splits

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[Rows, Rows]]:
        """Yield the numbers of the rows to train on, and of those to test on."""
        _whole("n_splits", self.n_splits)
        fold = _parts(
            X,
            y if self.stratify else None,
            groups,
            shares=[1.0] * self.n_splits,
            copies=self.copies,
            random_state=self.random_state,
        )
        for number in range(self.n_splits):
            yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)

    def __repr__(self) -> str:
        return (
            f"KFold(n_splits={self.n_splits}, stratify={self.stratify}, copies={self.copies!r}, "
            f"random_state={self.random_state!r})"
        )


class TimeSplit:
    """Train on the past, test on what came next, as scikit-learn takes it.

    The rows are cut into ``n_splits + 1`` stretches of time with about as many rows each. Split k trains on the first k
    of them and tests on the one that follows. Rows of one moment stay together.

    Parameters
    ----------
    n_splits : int
        How many pairs there are.
    time : array-like, optional
        When each row happened: times, or seconds. Without it rows are in the order of time, or a table with one column
        of times is split.
    """

    def __init__(self, n_splits: int = 5, *, time: Any = None) -> None:
        self.n_splits = n_splits
        self.time = time

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """How many pairs `split` gives."""
        del X, y, groups
        return self.n_splits

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[Rows, Rows]]:
        """Yield the numbers of the rows to train on, and of those to test on."""
        del y, groups
        _whole("n_splits", self.n_splits, least=1)
        rows = _rows(X)
        seconds = read_seconds(self.time, X)
        seconds = np.arange(rows, dtype=np.float64) if seconds is None else seconds
        if len(seconds) != rows:
            raise InvalidDataError(f"there are {rows} rows, but {len(seconds)} times; give one for each row")
        stretch = _core.split_by_time(seconds, [1.0] * (self.n_splits + 1))
        for number in range(self.n_splits):
            yield np.flatnonzero(stretch <= number), np.flatnonzero(stretch == number + 1)


def train_validation_test(
    X: Any,
    y: Any = None,
    *,
    sizes: Sequence[float] = (0.6, 0.2, 0.2),
    groups: Any = None,
    copies: str = "together",
    random_state: Any = 0,
) -> tuple[Rows, ...]:
    """The row numbers of each part, in ascending order; with two sizes of train and test.

    Parameters
    ----------
    X : array-like or Table
        One row a record.
    y : array-like, optional
        Each class keeps its share in every part, as nearly as groups allow.
    sizes : sequence of float
        The shares of the parts.
    groups : array-like, optional
        Rows of one value stay together.
    copies : str
        ``"together"``: so do rows that are equal, where no groups are given. ``"anywhere"``: they may part.
    random_state : int, Generator, RandomState or None
        The same seed gives the same parts on every machine.
    """
    shares = [float(size) for size in sizes]
    part = _parts(X, y, groups, shares=shares, copies=copies, random_state=random_state)
    return tuple(np.flatnonzero(part == number) for number in range(len(sizes)))


def split_by_time(time: Any, sizes: Sequence[float] = (0.6, 0.2, 0.2)) -> tuple[Rows, ...]:
    """The row numbers of each part; the earliest rows are the first part, and rows of one moment stay together."""
    part = _core.split_by_time(read_seconds(time), [float(size) for size in sizes])
    return tuple(np.flatnonzero(part == number) for number in range(len(sizes)))


def _parts(
    X: Any, y: Any, groups: Any, *, shares: list[float], copies: str, random_state: Any
) -> npt.NDArray[np.uint32]:
    if copies not in ("together", "anywhere"):
        raise InvalidArgumentError(f"copies is {copies!r}; give 'together' or 'anywhere'")
    numbers: npt.NDArray[np.uint32] | None = None
    if groups is not None:
        numbers = read_codes(groups, "groups")[0]
    elif copies == "together":
        numbers = identical_rows(X).astype(np.uint32)
    return _core.split_rows(_rows(X), shares, _classes(y), numbers, seed_from(random_state))


def _rows(X: Any) -> int:
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def _classes(y: Any) -> npt.NDArray[np.uint32] | None:
    if y is None:
        return None
    codes, names = read_codes(y, "y")
    values = np.asarray(y)
    is_measured = values.dtype.kind == "f" and len(names) > 100 and bool((values != np.round(values)).any())
    return None if is_measured else codes


def _matrix(X: Any) -> Any:
    """One row a record, also where a record is one number."""
    array = np.asarray(X)
    return array.reshape(-1, 1) if array.ndim == 1 else array


def _whole(name: str, value: Any, least: int = 2) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InvalidArgumentError(f"{name} is {value!r}; give a whole number of at least {least}")
