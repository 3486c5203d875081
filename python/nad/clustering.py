"""The kinds of connections that a table holds, and which of them another connection is.

>>> kinds = nad.Clustering(random_state=7).fit(flows)
>>> print(kinds)  # each cluster: its size, its labels, what sets it apart
>>> print(kinds.match({"service": "http", "src_bytes": 300}))  # what is not given does not count
>>> kinds.save("kinds.nad")  # nad.load reads it
>>> nad.plots.elbow(kinds)
>>> nad.plots.importance(kinds)
>>> nad.plots.clusters(kinds, flows)
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nad import _clustering_file, _core
from nad._random import seed_from
from nad.column import Column
from nad.errors import BadFileError, InvalidArgumentError, InvalidDataError, missing_file_noticed, not_fitted
from nad.estimators import KMeans
from nad.features import FeaturePipeline
from nad.groups import _printable, label_line, percent, trait_lines
from nad.table import Table

if TYPE_CHECKING:
    from nad._progress import ProgressCallback
    from nad.estimators.kmeans import ClusterCurve, ClusterProfile
    from nad.groups import GroupTrait
    from nad.model import Model

__all__ = ["ClusterMatch", "Clustering"]

_MEMBERS = 5000  # rows of all clusters that are kept, to say how far members usually lie
_OTHERS = 8  # records, beside one of each cluster, whose values stand in for what is not given
_FAR = 4.0  # standard deviations of the cluster


@dataclass(frozen=True)
class ClusterMatch:
    """The cluster that a record matches; ``print(match)`` is fit to read.

    Attributes
    ----------
    cluster : int
        Its number, from 0.
    profile : ClusterProfile
        What its records are like.
    behaviour : object
        The commonest label of the cluster; None where there were no labels.
    distance : float
        From the centre, over the features that follow from what was given.
    as_far : float
        The share of the cluster's own records that lie at least as far; small: the record is no usual member.
    features : int
        How many features were compared.
    next_cluster : int or None
        The nearest of the others.
    next_distance : float
        The distance from its centre.
    unusual : list of str
        Columns in which the record is unlike the cluster, in sentences.
    """

    cluster: int
    profile: ClusterProfile
    behaviour: Any
    distance: float
    as_far: float
    features: int
    next_cluster: int | None
    next_distance: float
    unusual: list[str]

    def summary(self, *, traits: int = 4) -> str:
        """Which cluster, what its records are, and what is unusual about this one."""
        profile = self.profile
        lines = [f"cluster {self.cluster}, to which {percent(profile.share)} of the training records belong"]
        if profile.labels:
            lines.append(label_line("labels", profile.labels))
        lines += trait_lines(profile.traits, traits, 0.1)
        if self.as_far:
            lines.append(f"{percent(self.as_far)} of its records lie as far from its centre as this one, or farther")
        else:
            lines.append("none of its records lies as far from its centre as this one")
        if self.next_cluster is not None:
            times = self.next_distance / self.distance if self.distance > 0 else np.inf
            lines.append(f"the next is cluster {self.next_cluster}, {times:.2f} times as far")
        return "\n  ".join(lines + self.unusual)

    def __str__(self) -> str:
        return self.summary()


class Clustering:
    """K-Means on a table and in its words: a feature pipeline, clusters, and what is typical of each.

    Parameters
    ----------
    n_clusters : int or "auto"
        As of `KMeans`, by the elbow if nothing is said.
    kmeans : KMeans, optional
        With other options, not fitted; it has its own number of clusters and seed.
    pipeline : FeaturePipeline, optional
        Its steps are used; chosen by the table if nothing is said.
    label : str, optional
        The column that says what records are. It is never learnt from. The first with the role of label if nothing is
        said.
    random_state : int, RandomState, Generator or None
    n_jobs : int
        Threads; -1 is one per core. The result never depends on it.
    """

    def __init__(
        self,
        n_clusters: int | str = "auto",
        *,
        kmeans: KMeans | None = None,
        pipeline: FeaturePipeline | None = None,
        label: str | None = None,
        random_state: Any = 0,
        n_jobs: int = 1,
    ) -> None:
        if kmeans is not None and not isinstance(kmeans, KMeans):
            raise InvalidArgumentError(f"kmeans is {kmeans!r}; give a nad.KMeans")
        seed = seed_from(random_state)
        self._given = kmeans or KMeans(n_clusters=n_clusters, random_state=seed, n_jobs=n_jobs)
        self._given_pipeline = pipeline
        self._label = label
        self._seed = seed
        self._n_jobs = n_jobs
        self._kmeans: KMeans | None = None

    def fit(self, table: Any, *, progress: ProgressCallback | None = None) -> Clustering:
        """Learn the clusters of a table, or of anything that `Table` takes; ``progress`` is as of `KMeans.fit`."""
        records = table if isinstance(table, Table) else Table(table)
        if self._label is not None:
            records = records.with_role(self._label, "label")
        if self._given_pipeline is None:
            pipeline = FeaturePipeline.automatic(records, n_jobs=self._n_jobs)
        else:
            pipeline = FeaturePipeline(self._given_pipeline.to_json(), n_jobs=self._n_jobs)
        features = pipeline.fit_transform(records)
        self._describe(records, pipeline, features, KMeans(**self._given.get_params()).fit(features, progress=progress))
        return self

    @classmethod
    def of_model(cls, model: Model, table: Any) -> Clustering:
        """The clusters by which a model with K-Means judges, in the words of a table that fits it.

        Their numbers are those of the model's detector; nothing is learnt anew but what is typical of each.
        """
        detector = model.detector
        if not isinstance(detector, KMeans):
            raise InvalidArgumentError(
                f"the detector of the model is {type(detector).__name__}, not KMeans; use Clustering().fit(table)"
            )
        records = table if isinstance(table, Table) else Table(table)
        found = cls(kmeans=KMeans(**detector.get_params()), pipeline=model.pipeline)
        found._describe(records, model.pipeline, model.pipeline.transform(records), detector)
        return found

    def _describe(
        self, records: Table, pipeline: FeaturePipeline, features: npt.NDArray[np.float32], kmeans: KMeans
    ) -> None:
        """Keep what is typical of the clusters, and some of their records."""
        clusters = np.atleast_1d(kmeans.predict_cluster(features))
        self._importance = pipeline.importance(records, clusters)
        self._profiles = kmeans.profile(features, records=records, labels=self._label)
        places = np.sort(np.random.default_rng(self._seed).permutation(len(records))[:_MEMBERS])
        self._members = features[places]
        self._cluster_of = clusters[places]
        firsts = np.unique(self._cluster_of, return_index=True)[1]
        chosen_rows = places[np.unique(np.append(firsts, np.linspace(0, len(places) - 1, _OTHERS).astype(np.int64)))]
        self._others = records.select(list(pipeline.inputs))[chosen_rows]
        self._pipeline, self._kmeans = pipeline, kmeans

    @property
    def kmeans(self) -> KMeans:
        """The fitted estimator."""
        if self._kmeans is None:
            raise not_fitted("This Clustering has not learnt anything yet; call fit() first")
        return self._kmeans

    @property
    def pipeline(self) -> FeaturePipeline:
        """The fitted feature pipeline."""
        _ = self.kmeans
        return self._pipeline

    @property
    def profiles(self) -> list[ClusterProfile]:
        """What is typical of each cluster."""
        _ = self.kmeans
        return self._profiles

    @property
    def curve(self) -> ClusterCurve:
        """What was tried to find the number of clusters; empty where it was given."""
        return self.kmeans.curve_

    def features(self, table: Any) -> npt.NDArray[np.float32]:
        """The matrix that the clusters were found in."""
        return self.pipeline.transform(table)

    def predict_cluster(self, table: Any) -> npt.NDArray[np.int32]:
        """The number of the cluster that each record of a table belongs to."""
        return np.atleast_1d(self.kmeans.predict_cluster(self.features(table)))

    def importance(self) -> dict[str, float]:
        """How much each column of the training records sets the clusters apart, see `FeaturePipeline.importance`."""
        _ = self.kmeans
        return dict(self._importance)

    def match(self, record: Mapping[str, Any]) -> ClusterMatch:
        """The cluster whose records are most like this one.

        Only features that follow from the values given count, so that a few columns are enough. Counts over windows of
        time are those of a record that comes alone; give the count itself where the table has such a column.

        Parameters
        ----------
        record : mapping
            Values by column, such as ``table.row(7)`` gives. None is as if it was not given; a name that the table did
            not have is an error.
        """
        given = self._checked(record)
        rows = np.vstack([self._pipeline.transform(self._with(given, number)) for number in range(len(self._others))])
        known = np.isfinite(rows).all(axis=0) & (rows == rows[0]).all(axis=0)
        x = rows[0]
        centres = self.kmeans.cluster_centers_
        distances = np.sqrt((((centres - x) ** 2)[:, known]).sum(axis=1, dtype=np.float64))
        order = np.argsort(distances, kind="stable")
        best = int(order[0])
        members = self._members[self._cluster_of == best]
        far = np.sqrt((((members - centres[best]) ** 2)[:, known]).sum(axis=1, dtype=np.float64))
        profile = self._profiles[best]
        return ClusterMatch(
            cluster=best,
            profile=profile,
            behaviour=next(iter(profile.labels), None),
            distance=float(distances[best]),
            as_far=float((far >= distances[best] * (1 - 1e-6)).mean()) if len(far) else 0.0,
            features=int(known.sum()),
            next_cluster=int(order[1]) if len(order) > 1 else None,
            next_distance=float(distances[order[1]]) if len(order) > 1 else float("inf"),
            unusual=self._unusual(x, members, known, given, profile),
        )

    def save(self, path: str | os.PathLike[str], *, note: str = "") -> None:
        """Write what was learnt to one file, which `nad.load` reads.

        A few records of the training table are part of it, and 5,000 rows of features at most; ``note`` is free text
        for people.
        """
        kmeans, pipeline = self.kmeans, self._pipeline
        plain = {
            "importance": list(self._importance.items()),
            "label": self._label,
            "random_state": self._seed,
            "pipeline_is_given": self._given_pipeline is not None,
        }
        learnt = _clustering_file.Learnt(
            kmeans, pipeline, self._members, self._cluster_of, self._others, self._profiles, plain
        )
        training = {
            "clusters": len(self._profiles),
            "weights": [one.weight for one in self._profiles],
            "label": self._label,
        }
        parts, about = _clustering_file.parts_of(learnt), json.dumps(training)
        _core.save_parts(os.fspath(path), _clustering_file.KIND, pipeline._core, parts, about, note)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Clustering:
        """Read a file of `save`. Loading runs no code: a damaged or hostile file is a clear error."""
        with missing_file_noticed(path):
            parts = _core.load_parts(os.fspath(path), _clustering_file.KIND)
        try:
            learnt = _clustering_file.read_parts(parts)
            plain = learnt.plain
            label = None if plain["label"] is None else str(plain["label"])
            given = FeaturePipeline(learnt.pipeline.to_json()) if plain["pipeline_is_given"] is True else None
            kmeans = KMeans(**learnt.kmeans.get_params())
            loaded = cls(kmeans=kmeans, pipeline=given, label=label, random_state=plain["random_state"])
            loaded._importance = {str(name): float(share) for name, share in plain["importance"]}
        except (LookupError, TypeError, ValueError) as error:
            raise BadFileError(f"{os.fspath(path)}: {error}") from error
        loaded._kmeans, loaded._pipeline = learnt.kmeans, learnt.pipeline
        loaded._members, loaded._cluster_of = learnt.members, learnt.cluster_of
        loaded._others, loaded._profiles = learnt.others, learnt.profiles
        return loaded

    def _checked(self, record: Any) -> dict[str, Any]:
        """What was given of the columns that were learnt from."""
        if not isinstance(record, Mapping):
            raise InvalidArgumentError(
                f"the record is {type(record).__name__}; give values by column, such as table.row(7), and whole tables "
                "to predict_cluster"
            )
        inputs = self.pipeline.inputs
        others = {*self._pipeline.left_out, *([self._label] if self._label else [])}
        for name in record:
            if name not in inputs and name not in others:
                near = get_close_matches(str(name), inputs, 1)
                hint = f"do you mean {near[0]!r}?" if near else f"there are: {', '.join(inputs)}"
                raise InvalidArgumentError(f"no column {name!r} was learnt from; {hint}")
        given = {name: value for name, value in record.items() if name in inputs and value is not None}
        if not given:
            raise InvalidDataError(f"the record has no value to compare; give some of: {', '.join(inputs)}")
        return given

    def _with(self, given: dict[str, Any], other: int) -> Table:
        """The record, with the values of another one where nothing was given."""
        row = self._others[[other]]
        columns = {}
        for name, kind in self._pipeline.inputs.items():
            if name not in given:
                columns[name] = row[name]
                continue
            value = str(given[name]) if kind in ("address", "category", "text") else given[name]
            columns[name] = Column([value], name=name, type=kind)
        roles = {name: role for name, role in self._others.roles.items() if name in columns}
        return Table(columns, roles=roles)

    def _unusual(self, x: Any, members: Any, known: Any, given: dict[str, Any], profile: ClusterProfile) -> list[str]:
        """The columns whose values the cluster hardly has, the strangest first."""
        if len(members) < 2:
            return []
        off = np.abs(x - members.mean(axis=0)) / np.sqrt(members.var(axis=0) + 1e-2)
        traits = {trait.column: trait for trait in profile.traits}
        found: dict[str, float] = {}
        for place in np.flatnonzero(known & (off > _FAR)):
            for name in self._pipeline.sources[place]:
                if name in given and name in traits:
                    found[name] = max(found.get(name, 0.0), float(off[place]))
        ranked = sorted(found, key=lambda name: -found[name])[:3]
        return [f"unusual there: {_printable(name)} {_printable(given[name])}{_usual(traits[name])}" for name in ranked]

    def __str__(self) -> str:
        return "\n".join(str(profile) for profile in self.profiles)

    def __repr__(self) -> str:
        return "<Clustering, not fitted>" if self._kmeans is None else f"<Clustering: {len(self._profiles)} clusters>"


def _usual(trait: GroupTrait) -> str:
    """What the cluster's records have."""
    if trait.quartiles is not None and trait.type != "time":
        low, _, high = trait.quartiles
        return f" (mostly {low:,.6g} to {high:,.6g})" if low < high else f" (mostly {low:,.6g})"
    shares = [f"{_printable(one.value)} {percent(one.share)}" for one in trait.values[:3]]
    return f" (mostly {', '.join(shares)})" if shares else ""
