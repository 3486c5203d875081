"""LODA: rows that fall where histograms of random projections are low are anomalous."""

from __future__ import annotations

import numpy as np

from nad import _core
from nad.estimators._partial_fit import StreamEstimator


class LODA(StreamEstimator[_core.LODA]):
    """Histograms of random projections of a few columns each (Pevny 2016).

    The score is the mean over the projections of ``log((1 + alpha) / (h + alpha))``, where h is the height of the bin
    that a row falls into, as a share of the highest. ``explain`` shares each projection's term among its columns by how
    much each of them moves the row, along that projection, away from the mean of the training rows.

    ``partial_fit`` goes on counting in the bins of the first rows.

    Parameters
    ----------
    n_projections : int, default=300
        Fewer of them make scores that differ much from seed to seed.
    n_bins : int or "auto", default=40
        Bins of each projection; "auto" takes as many as ``bin_rule`` says.
    bin_rule : "birge_rozenholc" or "freedman_diaconis", default="birge_rozenholc"
        How many bins "auto" is: by penalised likelihood, or by the interquartile range.
    max_bins : int, default=100
        The most that the rule may choose.
    alpha : float, default=1e-6
        Added to each height, in heights of the projection's highest bin: how little an empty bin holds.
    standardize : bool, default=True
        Divide each column by its standard deviation first.
    unique_rows : False, True or "log_count", default=False
        Whether rows that occur many times count once, or 1 + log(count) times.
    contamination : float, default=0.01
        The share of training rows that shall lie above the threshold, up to 0.5.
    n_jobs : int, default=None
        Threads; None is one, -1 one per core. Results never depend on it.
    random_state : int, RandomState, Generator or None, default=None
        The same integer gives the same projections, on every machine.
    verbose : int, default=0
        1 shows a progress bar on the standard error stream while fitting, 2 also while scoring.

    Examples
    --------
    >>> loda = nad.LODA(random_state=7).fit(normal_traffic)
    >>> loda.anomaly_score(new_traffic)  # at least 0
    >>> loda.partial_fit(later_traffic)
    """

    _compiled = _core.LODA
    _automatic = ("n_bins",)

    def __init__(
        self,
        *,
        n_projections: int = 300,
        n_bins: int | str = 40,
        bin_rule: str = "birge_rozenholc",
        max_bins: int = 100,
        alpha: float = 1e-6,
        standardize: bool = True,
        unique_rows: bool | str = False,
        contamination: float = 0.01,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_projections = n_projections
        self.n_bins = n_bins
        self.bin_rule = bin_rule
        self.max_bins = max_bins
        self.alpha = alpha
        self.standardize = standardize
        self.unique_rows = unique_rows
        self.contamination = contamination
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
