"""K-Means: rows that lie far from every cluster that counts are anomalous."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nad import _core, _frames
from nad.errors import InvalidArgumentError
from nad.estimators._detector import Floats
from nad.estimators._partial_fit import StreamEstimator

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class ClusterCurve:
    """How well different numbers of clusters fit some rows."""

    n_clusters: list[int]
    inertia: list[float]  # the sum of squared distances from the centres
    silhouette: list[float]  # mean of a bounded sample, -1 to 1: high where clusters are tight and apart
    elbow: int  # the number of clusters behind which more of them help little


@dataclass(frozen=True)
class ClusterProfile:
    """One cluster in the terms of the columns that it was learnt from."""

    cluster: int
    weight: float  # of its training rows: how many they were
    share: float  # of all training rows
    large: bool  # whether scores are measured from it
    centre: dict[str, float]
    deviations: dict[str, float]  # how many standard deviations the centre lies off the mean, largest first
    labels: dict[Any, float]  # the share of each label among the rows that were given with labels


@dataclass(frozen=True)
class ClusterView:
    """Rows and centres in the plane in which the rows vary most."""

    rows: Floats  # two coordinates a row
    centres: Floats  # two coordinates a cluster
    axes: Floats  # two directions, one value a column
    explained: tuple[float, float]  # share of the variance of the rows along each


class KMeans(StreamEstimator[_core.KMeans]):
    """K-Means with greedy k-means++ and exact Lloyd iterations that skip distances, or mini-batches.

    Parameters
    ----------
    n_clusters : int or "auto", default=8
        At most as many as there are rows that differ. "auto" takes the elbow of the inertia, see ``curve_``.
    init : "k-means++", "random" or array of shape (n_clusters, n_columns), default="k-means++"
        How the first centres are chosen; an array is where the iteration starts.
    n_init : int, default=1
        The best of so many starts.
    max_iter : int, default=300
        Turns over all rows.
    tol : float, default=1e-4
        Centres that move less, in mean variances of the columns, end the fit.
    batch_size : int, default=None
        Learn from so many rows at a time; None learns from all of them.
    large_clusters_only : bool, default=True
        Scores are distances from large clusters: a row in a small one is measured from the nearest large one, because
        an attack in the training data otherwise has a centre of its own. Where the training data is clean, many
        clusters (128) that all count are sharper.
    alpha : float, default=0.9
        Large clusters hold this share of the training rows...
    beta : float, default=5.0
        ... up to the first gap behind that share where the next cluster is so many times smaller.
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
    >>> kmeans = nad.KMeans(n_clusters=128, large_clusters_only=False, random_state=7).fit(normal_traffic)
    >>> kmeans.anomaly_score(new_traffic)  # the distance from the nearest centre that counts
    >>> kmeans.predict_cluster(new_traffic)
    >>> kmeans.profile()[0].deviations  # what sets the first cluster apart
    """

    _compiled = _core.KMeans
    _automatic = ("n_clusters",)

    def __init__(
        self,
        *,
        n_clusters: int | str = 8,
        init: str | npt.ArrayLike = "k-means++",
        n_init: int = 1,
        max_iter: int = 300,
        tol: float = 1e-4,
        batch_size: int | None = None,
        large_clusters_only: bool = True,
        alpha: float = 0.9,
        beta: float = 5.0,
        unique_rows: bool | str = False,
        contamination: float = 0.01,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.batch_size = batch_size
        self.large_clusters_only = large_clusters_only
        self.alpha = alpha
        self.beta = beta
        self.unique_rows = unique_rows
        self.contamination = contamination
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def predict_cluster(self, X: Any) -> Any:
        """The number of the nearest cluster, large or small; an integer for a single record."""
        return self._table_verb("predict_cluster", X)

    @classmethod
    def elbow(cls, X: Any, n_clusters: Sequence[int], **parameters: Any) -> ClusterCurve:
        """The inertia and silhouette for several numbers of clusters, and which of them the elbow is.

        ``parameters`` are those of the class.
        """
        values, _ = _frames.to_array(X)
        estimator = cls(**parameters)
        options = estimator._options()
        return ClusterCurve(**_core.KMeans.elbow(values, list(n_clusters), options, n_jobs=estimator._threads()))

    def profile(self, X: Any = None, labels: Any = None) -> list[ClusterProfile]:
        """Each cluster: its size, its centre, what sets it apart, and with rows and labels the share of each label."""
        detector = self._fitted("profile")
        names = self._names or [f"column {i}" for i in range(detector.n_features)]
        shares: list[dict[Any, float]] = [{} for _ in range(detector.n_clusters)]
        if (X is None) != (labels is None):
            raise InvalidArgumentError("profile takes rows and their labels, or neither")
        if labels is not None:
            clusters = np.asarray(self.predict_cluster(X))
            given = np.asarray(labels)
            if given.shape != clusters.shape:
                raise InvalidArgumentError(f"labels has shape {given.shape} for {len(clusters)} rows; give one a row")
            for cluster, share in enumerate(shares):
                found, counts = np.unique(given[clusters == cluster], return_counts=True)
                order = np.argsort(-counts, kind="stable")
                share.update({found[i].item(): float(counts[i] / counts.sum()) for i in order})
        profiles = []
        for cluster, one in enumerate(detector.profile()):
            by_size = sorted(zip(names, one["deviations"]), key=lambda item: -abs(item[1]))
            profiles.append(
                ClusterProfile(
                    cluster=cluster,
                    weight=one["weight"],
                    share=one["share"],
                    large=one["large"],
                    centre=dict(zip(names, one["centre"])),
                    deviations=dict(by_size),
                    labels=shares[cluster],
                )
            )
        return profiles

    def feature_importance(self) -> dict[str, float]:
        """For each column the share of its variance that lies between clusters, 0 to 1, largest first."""
        detector = self._fitted("feature_importance")
        names = self._names or [f"column {i}" for i in range(detector.n_features)]
        importance = zip(names, detector.feature_importance())
        return dict(sorted(importance, key=lambda item: -item[1]))

    def project(self, X: Any) -> ClusterView:
        """The plane in which these rows vary most, with the rows and the centres in it."""
        rows, centres, axes, explained = self._table_verb("project", X)
        return ClusterView(rows, centres, axes, (explained[0], explained[1]))

    @property
    def cluster_centers_(self) -> Floats:
        """The centres, one a row."""
        return self._fitted("cluster_centers_").centres

    @property
    def cluster_weights_(self) -> npt.NDArray[np.float64]:
        """The weight of the training rows of each cluster."""
        return self._fitted("cluster_weights_").weights

    @property
    def inertia_(self) -> float:
        """The sum of squared distances of the training rows from their centres, times their weights."""
        return self._fitted("inertia_").inertia

    @property
    def n_iter_(self) -> int:
        """Turns that the fit took."""
        return self._fitted("n_iter_").iterations

    @property
    def curve_(self) -> ClusterCurve:
        """What was tried for ``n_clusters="auto"``, else empty."""
        return ClusterCurve(**self._fitted("curve_").curve)

    def _options(self) -> dict[str, Any]:
        options = super()._options()
        if not isinstance(self.init, str):
            options["init"] = "k-means++"
        return options

    def _new_detector(self) -> _core.KMeans:
        detector = super()._new_detector()
        if not isinstance(self.init, str):
            detector.start_from(np.asarray(self.init, dtype=np.float32))
        return detector
