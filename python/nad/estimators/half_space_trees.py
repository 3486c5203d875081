"""Half-space trees: rows that fall where few of the latest rows fell are anomalous. Learns from a stream."""

from __future__ import annotations

import numpy as np

from nad import _core
from nad.estimators._partial_fit import StreamEstimator


class HalfSpaceTrees(StreamEstimator[_core.HalfSpaceTrees]):
    """Trees of random cuts that count the rows of a window (Tan, Ting and Liu 2011).

    Rows are scored by the last window that is full, while the next one fills. The result does not depend on how the
    rows are cut into batches for ``partial_fit``. Columns need no scaling: how far they range is learnt from the first
    window.

    ``fit`` forgets all and learns from its rows in their order; it sets the threshold by the scores that all of them
    have in the end, and ``partial_fit`` by those that the rows of each window had when they came.

    Parameters
    ----------
    n_estimators : int, default=25
        Trees.
    height : int, default=12
        Cuts from the root of a tree to a leaf.
    window_size : int, default=5000
        Rows of a window.
    size_limit : float, default=0.0
        A part with no more than this share of the window is not cut further, nor is one with a single row.
    density : "logarithm" or "linear", default="logarithm"
        The score is the mean over the trees of minus the logarithm of a row's density, where how rare it is decides; or
        of minus the density, as in the paper, where how common it is decides.
    contamination : float, default=0.01
        The share of training rows, or in ``partial_fit`` of each window, that shall lie above the threshold, up to 0.5.
    n_jobs : int, default=None
        Threads that score; None is one, -1 one per core. Results never depend on it.
    random_state : int, RandomState, Generator or None, default=None
        The same integer gives the same trees, on every machine.
    verbose : int, default=0
        1 shows a progress bar on the standard error stream while fitting, 2 also while scoring.

    Examples
    --------
    >>> trees = nad.HalfSpaceTrees(random_state=7).partial_fit(first_rows)
    >>> for rows in stream:
    ...     scores = trees.anomaly_score(rows)
    ...     trees.partial_fit(rows)
    """

    _compiled = _core.HalfSpaceTrees

    def __init__(
        self,
        *,
        n_estimators: int = 25,
        height: int = 12,
        window_size: int = 5000,
        size_limit: float = 0.0,
        density: str = "logarithm",
        contamination: float = 0.01,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_estimators = n_estimators
        self.height = height
        self.window_size = window_size
        self.size_limit = size_limit
        self.density = density
        self.contamination = contamination
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @property
    def rows_seen_(self) -> float:
        """The weight of all rows that were learnt from."""
        return self._fitted("rows_seen_").rows_seen
