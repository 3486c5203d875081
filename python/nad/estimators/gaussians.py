"""Normal distributions: one for all rows, or one for each cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nad import _core
from nad.estimators._detector import DetectorEstimator, Floats

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Mahalanobis(DetectorEstimator[_core.Mahalanobis]):
    """The distance from all training rows, by a covariance that is shrunk until it can be trusted.

    Parameters
    ----------
    shrinkage : "auto" or float, default="auto"
        How far the covariance is drawn towards columns that are alike and do not depend on each other, 0 to 1; "auto"
        is the share of Ledoit and Wolf.
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
    >>> distance = nad.Mahalanobis().fit(normal_traffic)
    >>> distance.anomaly_score(new_traffic)  # deviations from the mean, all columns at once
    """

    _core = _core.Mahalanobis
    _automatic = ("shrinkage",)

    def __init__(
        self,
        *,
        shrinkage: str | float = "auto",
        unique_rows: bool | str = False,
        contamination: float = 0.01,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.shrinkage = shrinkage
        self.unique_rows = unique_rows
        self.contamination = contamination
        self.n_jobs = n_jobs
        self.verbose = verbose

    @property
    def location_(self) -> Floats:
        """The mean of each column."""
        return self._fitted("location_").location

    @property
    def shrinkage_(self) -> float:
        """How much the covariance was shrunk."""
        return self._fitted("shrinkage_").shrinkage


class LocalGaussian(DetectorEstimator[_core.LocalGaussian]):
    """Clusters, each with a shape of its own, that rows belong to or not.

    The score of a row is twice the negative log-density of the cluster that explains it best, but for a constant; it
    may be negative.

    Parameters
    ----------
    n_clusters : int, default=16
        At most as many as there are rows that differ.
    prior : "auto" or float, default="auto"
        The rows that the covariance which all clusters have in common counts as, beside those of a cluster; "auto" is
        as many as there are columns.
    ridge : float, default=0.1
        What is added to the variances of the common covariance, in their mean.
    unique_rows : False, True or "log_count", default=False
        Whether rows that occur many times count once, or 1 + log(count) times.
    contamination : float, default=0.01
        The share of training rows that shall lie above the threshold, up to 0.5.
    n_jobs : int, default=None
        Threads; None is one, -1 one per core. Results never depend on it.
    random_state : int, RandomState, Generator or None, default=None
        The same integer gives the same clusters, on every machine.
    verbose : int, default=0
        1 shows a progress bar on the standard error stream while fitting, 2 also while scoring.

    Examples
    --------
    >>> local = nad.LocalGaussian(random_state=7).fit(normal_traffic)
    >>> local.anomaly_score(new_traffic)
    """

    _core = _core.LocalGaussian
    _automatic = ("prior",)

    def __init__(
        self,
        *,
        n_clusters: int = 16,
        prior: str | float = "auto",
        ridge: float = 0.1,
        unique_rows: bool | str = False,
        contamination: float = 0.01,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.prior = prior
        self.ridge = ridge
        self.unique_rows = unique_rows
        self.contamination = contamination
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @property
    def cluster_shares_(self) -> npt.NDArray[np.float64]:
        """The share of the training rows in each cluster."""
        return self._fitted("cluster_shares_").shares
