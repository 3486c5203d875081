"""The kinds of records that a model learnt from, kept beside it.

>>> kinds = learn_clusters(model, records.table)
>>> kinds.match({"service": "http", "src_bytes": 300})
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nad.clustering import Clustering
from nad.estimators import KMeans

if TYPE_CHECKING:
    from nad._progress import ProgressCallback
    from nad.clustering import ClusterMatch
    from nad.model import Model
    from nad.table import Table

__all__ = ["MOST_ROWS", "learn_clusters", "match_of"]

MOST_ROWS = 20_000  # of more records so many are drawn: clusters hardly change, and nobody waits


def learn_clusters(model: Model, table: Table, progress: ProgressCallback | None = None) -> Clustering:
    """The clusters of these records; of a K-Means model its own, so that there is one numbering."""
    some = table if len(table) <= MOST_ROWS else table.sample(MOST_ROWS, keep_order=True, random_state=0)
    if isinstance(model.detector, KMeans):
        return Clustering.of_model(model, some)
    return Clustering(random_state=0, n_jobs=-1).fit(some, progress=progress)


def match_of(clusters: Clustering, record: dict[str, Any]) -> ClusterMatch:
    """The cluster that a record is most like; columns that the clusters do not know do not count."""
    known = clusters.pipeline.inputs
    return clusters.match({name: value for name, value in record.items() if name in known})
