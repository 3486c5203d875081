"""Histogram (HBOS): rows whose values fall where the histograms of the columns are low are anomalous."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nad import _core
from nad.errors import InvalidArgumentError
from nad.estimators._detector import DetectorEstimator, Floats


class Histogram(DetectorEstimator[_core.Histogram]):
    """One histogram a column, as if columns knew nothing of each other (HBOS, Goldstein and Dengel 2012).

    A value in a bin whose density is the share h of that of the column's highest bin adds
    ``log((1 + alpha) / (h + alpha))`` to the score; one outside of what the column ranged over in training adds as much
    as one in an empty bin.

    Parameters
    ----------
    n_bins : int or "auto", default=10
        Bins of each column; "auto" takes as many as ``bin_rule`` says.
    bin_rule : "birge_rozenholc" or "freedman_diaconis", default="birge_rozenholc"
        How many bins "auto" is: by penalised likelihood, or by the interquartile range.
    max_bins : int, default=100
        The most that the rule may choose.
    bins : "equal_width" or "equal_depth", default="equal_width"
        Bins of one width, or with about the same number of rows in each.
    alpha : float, default=1e-6
        Added to each height, in heights of the column's highest bin: how little an empty bin holds.
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
    >>> histogram = nad.Histogram(n_bins=20).fit(normal_traffic)
    >>> histogram.anomaly_score(new_traffic)  # at least 0
    >>> histogram.explain(new_traffic)  # what each column adds
    """

    _compiled = _core.Histogram
    _automatic = ("n_bins",)

    def __init__(
        self,
        *,
        n_bins: int | str = 10,
        bin_rule: str = "birge_rozenholc",
        max_bins: int = 100,
        bins: str = "equal_width",
        alpha: float = 1e-6,
        unique_rows: bool | str = False,
        contamination: float = 0.01,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_bins = n_bins
        self.bin_rule = bin_rule
        self.max_bins = max_bins
        self.bins = bins
        self.alpha = alpha
        self.unique_rows = unique_rows
        self.contamination = contamination
        self.n_jobs = n_jobs
        self.verbose = verbose

    def histogram(self, column: int | str) -> tuple[npt.NDArray[np.float64], Floats]:
        """The histogram of a column, by its number or name, as NumPy has it: weights of the bins, and their edges."""
        detector = self._fitted("histogram")
        if isinstance(column, str):
            if self._names is None or column not in self._names:
                raise InvalidArgumentError(f"there is no column {column!r} among those that were learnt from")
            column = self._names.index(column)
        if not 0 <= column < detector.n_features:
            raise InvalidArgumentError(f"there is no column {column}; there are {detector.n_features}")
        edges, weights = detector.histogram(column)
        return weights, edges
