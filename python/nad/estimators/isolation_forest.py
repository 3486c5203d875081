"""Isolation Forest: rows that random splits separate early are anomalous."""

from __future__ import annotations

import copy
import warnings
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from nad import _core, _frames
from nad.errors import InvalidArgumentError, InvalidDataError
from nad.estimators._detector import DetectorEstimator

Self = TypeVar("Self", bound="IsolationForest")

# what a warm start may change: the other options are part of the trees that there are
_FREE_IN_WARM_START = ("n_estimators", "contamination", "warm_start", "random_state")


class IsolationForest(DetectorEstimator[_core.IsolationForest]):
    """Isolation Forest of Liu, Ting and Zhou (2008), its extended (``ndim``) and its SCiForest form (``split="best"``).

    The first parameters are those of scikit-learn's class of the same name and mean the same.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees.
    max_samples : "auto", int or float, default="auto"
        Rows that each tree sees: a number, or a share of the training rows. "auto" is 256, or all rows where they are
        fewer. More (4,096) is better where the training data is clean.
    contamination : "auto" or float, default="auto"
        The share of training rows that shall lie above the threshold, up to 0.5; "auto" sets the threshold at 0.5.
    max_features : int or float, default=1.0
        Columns that each tree may split on: a number or a share.
    bootstrap : bool, default=False
        Draw a tree's rows with replacement.
    n_jobs : int, default=None
        Threads; None is one, -1 one per core. Results never depend on it.
    random_state : int, RandomState, Generator or None, default=None
        The same integer gives the same forest, on every machine.
    verbose : int, default=0
        1 shows a progress bar on the standard error stream while fitting, 2 also while scoring.
    warm_start : bool, default=False
        The next fit adds trees up to ``n_estimators`` and keeps those that there are.
    max_depth : int, default=None
        None is the depth of a balanced tree of ``max_samples`` rows.
    ndim : int, default=1
        1 splits along columns; more along hyperplanes over that many columns that vary in the node.
    split : "random" or "best", default="random"
        "best" takes the best of ``ntry`` random candidates by averaged gain.
    ntry : int, default=10
        Candidates of ``split="best"``.
    unique_rows : False, True or "log_count", default=False
        Whether rows that occur many times count once, or 1 + log(count) times: a flood in the training data otherwise
        counts as normal.
    missing : "reject", "route" or "impute", default="reject"
        NaN is an error, follows the branch that most training rows took, or counts as the column's median.

    Examples
    --------
    >>> forest = nad.IsolationForest(contamination=0.01, random_state=42).fit(X)
    >>> forest.predict(X)  # -1 for about one row in a hundred, else 1
    >>> forest.anomaly_score(X)  # higher = more anomalous
    >>> forest.explain(X)  # which column made it so
    """

    _compiled = _core.IsolationForest
    _automatic = ("max_samples", "contamination")
    _missing_hint = "missing='route' or missing='impute'"

    def __init__(
        self,
        *,
        n_estimators: int = 100,
        max_samples: str | float = "auto",
        contamination: str | float = "auto",
        max_features: float = 1.0,
        bootstrap: bool = False,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        verbose: int = 0,
        warm_start: bool = False,
        max_depth: int | None = None,
        ndim: int = 1,
        split: str = "random",
        ntry: int = 10,
        unique_rows: bool | str = False,
        missing: str = "reject",
    ) -> None:
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.contamination = contamination
        self.max_features = max_features
        self.bootstrap = bootstrap
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start
        self.max_depth = max_depth
        self.ndim = ndim
        self.split = split
        self.ntry = ntry
        self.unique_rows = unique_rows
        self.missing = missing

    def path_length(self, X: Any) -> Any:
        """The mean number of edges that a row passes in a tree, leaves adjusted for the rows they hold."""
        return self._table_verb("path_length", X)

    def merge(self: Self, other: IsolationForest) -> Self:
        """Take over the trees of a forest that learnt elsewhere, from the same columns with the same rows a tree."""
        if not isinstance(other, IsolationForest):
            raise TypeError(f"merge takes a fitted IsolationForest, not {type(other).__name__}")
        mine, theirs = self._fitted("merge"), other._fitted("merge")
        if self._names is not None and other._names is not None and self._names != other._names:
            raise InvalidArgumentError("these forests cannot be merged: their columns have different names")
        merged = copy.copy(mine)
        merged.merge(theirs)
        self._detector = merged
        self.n_estimators = merged.n_trees  # as a model file says, and what a warm start goes on from
        return self

    def drawn_rows(self, table_rows: int) -> npt.NDArray[np.uint64]:
        """Which rows the trees see of a table of so many, rising: all that `fit_drawn` needs of it.

        For tables that lie elsewhere, on many machines or in a file larger than memory: whatever holds them counts
        their rows and gives these. On Spark `nad.spark.fit` does.
        """
        return self._of_fixed_seed("drawn_rows").drawn_rows(table_rows)

    def fit_drawn(self: Self, X: Any, numbers: npt.ArrayLike, table_rows: int) -> Self:
        """Learn what ``fit`` learns from a table of `table_rows` rows, from the rows that its trees draw.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Row i is row ``numbers[i]`` of the table. Only these rows are searched for NaN.
        numbers : array-like of shape (n_rows,)
            They rise, and those of `drawn_rows` are among them.
        table_rows : int

        Options that need all rows are refused: ``contamination``, ``unique_rows``, ``missing="impute"`` and
        ``warm_start``. ``threshold_`` can be set by hand.
        """
        values, names = _frames.to_array(X)
        places = np.asarray(numbers)
        if places.dtype.kind not in "ui" or (places.dtype.kind == "i" and (places < 0).any()):
            raise InvalidArgumentError("numbers are no row numbers; give those of drawn_rows()")
        detector = self._of_fixed_seed("fit_drawn")
        try:
            detector.fit_drawn(values, places, table_rows, n_jobs=self._threads())
        except InvalidDataError as error:
            raise self._explained(error, names) from None
        self._detector, self._names = detector, names
        return self

    def _of_fixed_seed(self, verb: str) -> _core.IsolationForest:
        """A detector that has learnt nothing, and is the same each time."""
        if not isinstance(self.random_state, (int, np.integer)):
            raise InvalidArgumentError(
                f"random_state is {self.random_state!r}, and drawn_rows and fit_drawn must draw the same rows: give a "
                f"whole number before {verb}"
            )
        return self._new_detector()

    @property
    def n_trees_(self) -> int:
        """The trees that there are."""
        return self._fitted("n_trees_").n_trees

    @property
    def max_samples_(self) -> int:
        """Rows that each tree saw."""
        return self._fitted("max_samples_").samples_per_tree

    def _accepts_nan(self) -> bool:
        return self.missing != "reject"

    def _check_before_fit(self, values: npt.NDArray[Any]) -> None:
        rows = len(values) if values.ndim else 0
        columns = values.shape[1] if values.ndim == 2 else 0
        if isinstance(self.max_features, (int, np.integer)) and self.max_features > columns > 0:
            raise InvalidArgumentError(
                f"max_features is {self.max_features}, but there are {columns} columns; give at most as many, or 1.0 "
                "for all of them"
            )
        if isinstance(self.max_samples, (int, np.integer)) and self.max_samples > rows > 0:
            warnings.warn(
                f"max_samples ({self.max_samples}) is greater than the total number of rows ({rows}); each tree will "
                "see all rows",
                UserWarning,
                stacklevel=3,
            )

    def _options(self) -> dict[str, Any]:
        if self.max_features is None:
            raise InvalidArgumentError("max_features is None; give a number of columns, or 1.0 for all of them")
        return super()._options()

    def _grown_detector(self, detector: _core.IsolationForest) -> _core.IsolationForest:
        before = detector.options
        wanted = _core.IsolationForest(**{**self._options(), "random_state": before["random_state"]}).options
        changed = [name for name in before if before[name] != wanted[name] and name not in _FREE_IN_WARM_START]
        if isinstance(self.random_state, (int, np.integer)) and self.random_state != before["random_state"]:
            changed.append("random_state")
        if changed:
            raise InvalidArgumentError(
                f"warm_start keeps the trees that there are, but {', '.join(changed)} changed since they were grown; "
                "fit with warm_start=False"
            )
        grown = copy.copy(detector)
        grown.set_n_estimators(self.n_estimators)
        grown.set_contamination(wanted["contamination"])
        grown.set_warm_start(True)
        return grown

    @classmethod
    def _parameters_of(cls, detector: _core.IsolationForest) -> dict[str, Any]:
        options = super()._parameters_of(detector)
        if options["max_features"] is None:  # as C++ may have left it
            options["max_features"] = 1.0
        return options
