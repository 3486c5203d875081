"""Nearest neighbours: rows that are far from all that was seen are anomalous."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nad import _core
from nad.estimators._detector import DetectorEstimator, Floats

if TYPE_CHECKING:
    import numpy as np


class NearestNeighbours(DetectorEstimator[_core.NearestNeighbours]):
    """The distance from the nearest rows of a bounded sample; a row that is in the sample is its own neighbour.

    Parameters
    ----------
    n_neighbors : int, default=5
        At most as many as there are rows kept, and 1,024.
    method : "mean" or "largest", default="mean"
        Whether the score is the mean distance from the neighbours, or that from the last one.
    max_samples : int or float, default=5000
        Training rows that are kept: a number, or a share.
    unique_rows : False, True or "log_count", default=True
        Whether rows that occur many times count once, or 1 + log(count) times, when rows are drawn.
    contamination : float, default=0.01
        The share of training rows that shall lie above the threshold, up to 0.5.
    n_jobs : int, default=None
        Threads; None is one, -1 one per core. Results never depend on it.
    random_state : int, RandomState, Generator or None, default=None
        The same integer keeps the same rows, on every machine.
    verbose : int, default=0
        1 shows a progress bar on the standard error stream while fitting, 2 also while scoring.

    Examples
    --------
    >>> neighbours = nad.NearestNeighbours(random_state=7).fit(normal_traffic)
    >>> neighbours.anomaly_score(new_traffic)
    """

    _core = _core.NearestNeighbours

    def __init__(
        self,
        *,
        n_neighbors: int = 5,
        method: str = "mean",
        max_samples: float = 5000,
        unique_rows: bool | str = True,
        contamination: float = 0.01,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.method = method
        self.max_samples = max_samples
        self.unique_rows = unique_rows
        self.contamination = contamination
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @property
    def samples_(self) -> Floats:
        """The rows that are kept."""
        return self._fitted("samples_").samples
