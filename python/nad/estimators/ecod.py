"""ECOD: rows with values far out in the tails of the columns are anomalous."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nad import _core
from nad.estimators._detector import DetectorEstimator


class ECOD(DetectorEstimator[_core.ECOD]):
    """Empirical tails of each column, as if columns knew nothing of each other (Li et al. 2022).

    A value adds ``-log((rows in its tail + 1) / (all rows + 1))`` to the score. The tails are those of the training
    rows alone: the score of a row does not depend on the rows around it.

    Parameters
    ----------
    tail : "each_column" or "whole_row", default="each_column"
        The rarer tail of each column; or, as in the paper, the largest of three sums: over left tails, over right
        tails, and over that tail of each column to which it is skewed.
    max_quantiles : int, default=4096
        Distinct values of a column that are kept; of more of them, those that keep the shares of tails within a few per
        cent, far out within nothing.
    unique_rows : False, True or "log_count", default=False
        Whether rows that occur many times count once, or 1 + log(count) times.
    contamination : float, default=0.01
        The share of training rows that shall lie above the threshold, up to 0.5.
    n_jobs : int, default=None
        Threads; None is one, -1 one per core. Results never depend on it.
    verbose : int, default=0
        1 shows a progress bar on the standard error stream while fitting, 2 also while scoring.

    Examples
    --------
    >>> ecod = nad.ECOD().fit(normal_traffic)
    >>> ecod.anomaly_score(new_traffic)  # at least 0
    >>> ecod.explain(new_traffic)  # what each column adds
    """

    _compiled = _core.ECOD

    def __init__(
        self,
        *,
        tail: str = "each_column",
        max_quantiles: int = 4096,
        unique_rows: bool | str = False,
        contamination: float = 0.01,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.tail = tail
        self.max_quantiles = max_quantiles
        self.unique_rows = unique_rows
        self.contamination = contamination
        self.n_jobs = n_jobs
        self.verbose = verbose

    @property
    def skewness_(self) -> npt.NDArray[np.float64]:
        """Of each column: negative where its left tail is the longer one."""
        return self._fitted("skewness_").skewness
