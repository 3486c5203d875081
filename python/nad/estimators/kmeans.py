"""K-Means: rows that lie far from every cluster that counts are anomalous."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nad import _core, _frames
from nad.errors import InvalidArgumentError
from nad.estimators._available import available_if
from nad.estimators._detector import Floats
from nad.estimators._partial_fit import StreamEstimator
from nad.groups import GroupProfile, GroupTrait, label_line, number_values, percent, profile_numbered, trait_lines
from nad.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class ClusterCurve:
    """How well different numbers of clusters fit some rows."""

    n_clusters: list[int]
    inertia: list[float]  # the sum of squared distances from the centres
    silhouette: list[float]  # mean of a bounded sample, -1 to 1: high where clusters are tight and apart
    elbow: int  # the number of clusters behind which more of them help little
    best: int  # of the numbers near the elbow the one with the highest silhouette: what "auto" takes


@dataclass(frozen=True)
class ClusterProfile:
    """One cluster in the terms of the columns that it was learnt from, and of the records behind them.

    ``print(profile)`` is fit to read.

    Attributes
    ----------
    cluster : int
        Its number, from 0.
    weight, share : float
        How many of the training rows are of it, and of all of them.
    large : bool
        Whether scores are measured from it.
    centre : dict of str to float
        By the names of the features.
    deviations : dict of str to float
        How many standard deviations the centre lies off the mean, the largest first.
    labels : dict
        The share of each label among the rows that were given, the largest first.
    traits : list of GroupTrait
        What sets the cluster apart from the other records, strongest first; empty without records or rows in it.
    """

    cluster: int
    weight: float
    share: float
    large: bool
    centre: dict[str, float]
    deviations: dict[str, float]
    labels: dict[Any, float]

    traits: list[GroupTrait] = field(default_factory=list)

    def summary(self, *, traits: int = 8, apart: float = 0.1) -> str:
        """Its size, its labels and its strongest traits, but for those that set it apart less than ``apart``.

        Without records the columns of the matrix stand for the traits.
        """
        size = "large" if self.large else "small"
        lines = [f"cluster {self.cluster} ({size}): {self.weight:,.6g} of the training rows ({percent(self.share)})"]
        if self.labels:
            lines.append(label_line("labels", self.labels))
        if self.traits:
            lines += trait_lines(self.traits, traits, apart)
        else:
            off = list(self.deviations.items())[:traits]
            lines += [f"{name} is {self.centre[name]:.4g}, {by:+.1f} standard deviations" for name, by in off]
        return "\n  ".join(lines)

    def __str__(self) -> str:
        return self.summary()


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
        At most as many as there are rows that differ. "auto" takes the elbow of the inertia and,
        of the numbers near it, the one with the highest silhouette: ``curve_.best``.
    init : "k-means++", "random" or array of shape (n_clusters, n_columns), default="k-means++"
        How the first centres are chosen; an array is where the iteration starts.
    n_init : int, default=1
        The best of so many starts; with an array there is one.
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
    >>> print(kmeans.profile(X, records=flows)[0])  # the same in the words of the table that X was made of
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

    partial_fit = available_if(
        lambda self: not isinstance(self.n_clusters, str),
        "n_clusters='auto' needs all rows at once: partial_fit is there with a number of clusters",
    )(StreamEstimator.partial_fit)

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

    def profile(self, X: Any = None, labels: Any = None, records: Any = None) -> list[ClusterProfile]:
        """Each cluster: its size, its centre, what sets it apart, and the share of each label.

        Parameters
        ----------
        X : array-like, optional
            Rows as in ``fit``; they tell which cluster each label and record belongs to.
        labels : array-like or str, optional
            One label a row of ``X``, or the name of a column of ``records``.
        records : Table or frame, optional
            The table that ``X`` was made of, with one record a row. Clusters are then described by its columns
            (``traits``), in their own terms, with the columns of the role of label left out; without ``labels``, the
            first of these is the label.

        Examples
        --------
        >>> X = pipeline.fit_transform(flows)
        >>> for cluster in nad.KMeans(random_state=7).fit(X).profile(X, records=flows):
        ...     print(cluster)
        """
        detector = self._fitted("profile")
        if (X is None) != (labels is None and records is None):
            raise InvalidArgumentError("profile takes rows and with them their labels, records or both, or nothing")
        if isinstance(labels, str) and records is None:
            raise InvalidArgumentError(f"labels={labels!r} names a column of records; give records, too")
        shares: list[dict[Any, float]] = [{} for _ in range(detector.n_clusters)]
        groups: list[GroupProfile] = []
        if X is not None:
            clusters = np.atleast_1d(self.predict_cluster(X))
            table = None if records is None else records if isinstance(records, Table) else Table(records)
            if table is not None:
                if isinstance(labels, str):
                    labels, table = table[labels].to_list(), table.with_role(labels, "label")
                if len(table) != len(clusters):
                    raise InvalidArgumentError(
                        f"records has {len(table)} rows for {len(clusters)} rows of X; give one for each row"
                    )
                groups = profile_numbered(table, clusters, detector.n_clusters)
                shares = [next(iter(group.labels.values()), {}) for group in groups]
            if labels is not None:
                shares = _label_shares(labels, clusters, detector.n_clusters)
        names = self._names or [f"column {i}" for i in range(detector.n_features)]
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
                    traits=groups[cluster].traits if groups else [],
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
            detector.start_from(self._first_centres())
        return detector

    def _first_centres(self) -> Floats:
        """The array that was given, checked as far as it can be without rows."""
        if isinstance(self.n_clusters, str):
            raise InvalidArgumentError(f"n_clusters={self.n_clusters!r} chooses the centres itself; init is an array")
        centres = np.asarray(self.init, dtype=np.float32)
        if centres.ndim != 2 or len(centres) != self.n_clusters:
            raise InvalidArgumentError(
                f"init is an array of shape {centres.shape} for {self.n_clusters} clusters; give one row for each"
            )
        if not np.isfinite(centres).all():
            row, column = np.argwhere(~np.isfinite(centres))[0]
            raise InvalidArgumentError(f"init holds {centres[row, column]} in row {row}, column {column}")
        return centres


def _label_shares(labels: Any, clusters: Any, n_clusters: int) -> list[dict[Any, float]]:
    """The share of each label in each cluster, the largest first."""
    found, numbers = number_values(labels, "labels")
    if len(numbers) != len(clusters):
        raise InvalidArgumentError(f"there are {len(numbers)} labels for {len(clusters)} rows; give one a row")
    shares = []
    for cluster in range(n_clusters):
        places, counts = np.unique(numbers[clusters == cluster], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        shares.append({found[places[i]]: float(counts[i] / counts.sum()) for i in order})
    return shares
