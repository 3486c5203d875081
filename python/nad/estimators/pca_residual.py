"""PCA residual: what the directions in which ordinary rows vary cannot explain of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nad import _core
from nad.estimators._detector import DetectorEstimator, Floats

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class PcaResidual(DetectorEstimator[_core.PcaResidual]):
    """The distance of a row from the plane in which ordinary rows vary.

    Parameters
    ----------
    n_components : int or "auto", default="auto"
        Directions kept, fewer than there are columns; "auto" keeps as many as hold ``variance``.
    variance : float, default=0.95
        The share of the variance that the directions hold.
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
    >>> pca = nad.PcaResidual(variance=0.95).fit(normal_traffic)
    >>> pca.anomaly_score(new_traffic)  # the distance from the plane of ordinary rows
    """

    _core = _core.PcaResidual
    _automatic = ("n_components",)

    def __init__(
        self,
        *,
        n_components: int | str = "auto",
        variance: float = 0.95,
        unique_rows: bool | str = False,
        contamination: float = 0.01,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.variance = variance
        self.unique_rows = unique_rows
        self.contamination = contamination
        self.n_jobs = n_jobs
        self.verbose = verbose

    @property
    def components_(self) -> Floats:
        """The directions kept, one a row."""
        return self._fitted("components_").components

    @property
    def explained_variance_ratio_(self) -> npt.NDArray[np.float64]:
        """The share of the variance of the training rows that each direction holds."""
        return self._fitted("explained_variance_ratio_").explained
