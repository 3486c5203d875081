"""False discoveries over a whole frame: one count of p-values decides as `nad.benjamini_hochberg` does of all of them.

p-values that are not extrapolated take few values, (1 + k) / (n + 1) for n calibration scores. How many records have
each is all that the decision needs, whatever the number of records.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from nad.errors import InvalidArgumentError
from nad.thresholds import ThresholdRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from pyspark.sql import DataFrame

    from nad.model import Model


def with_limit_of(model: Model, scores: DataFrame, rate: float) -> Model:
    """A copy of the model that reports what the rate allows of these scores."""
    if not 0.0 < rate < 1.0:
        raise InvalidArgumentError(f"false_discovery_rate is {rate!r}; give a share above 0 and below 1")
    normal = np.asarray(model.calibration.scores)  # rising
    counts = _counts_of_ranks(scores, normal)
    below = np.cumsum(counts)  # records whose p-value is at most that of the rank
    p_values = (np.arange(len(counts)) + 1.0) * (1.0 / (len(normal) + 1.0))
    allowed = np.flatnonzero((below > 0) & (p_values * below[-1] / np.maximum(below, 1) <= rate))
    copied = copy.copy(model)
    most = float(np.finfo(np.float32).max)
    # of rank k are scores that k calibration scores reach: those above the one before, from the top
    limit = float(normal[len(normal) - 1 - allowed[-1]]) if allowed.size and allowed[-1] < len(normal) else -most
    copied.set_threshold(ThresholdRule.score(limit if allowed.size else most))
    return copied


def _counts_of_ranks(scores: DataFrame, normal: Any) -> Any:
    """How many records have 0, 1, ... calibration scores that are at least as high as theirs."""
    broadcast = scores.sparkSession.sparkContext.broadcast(normal)

    def counted(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa  # noqa: PLC0415

        rising = broadcast.value
        counts = np.zeros(len(rising) + 1, dtype=np.int64)
        for batch in batches:
            values = batch.column(0).to_numpy(zero_copy_only=False)
            counts += np.bincount(len(rising) - np.searchsorted(rising, values, side="left"), minlength=len(counts))
        there = np.flatnonzero(counts)
        yield pa.RecordBatch.from_arrays([pa.array(there), pa.array(counts[there])], names=["rank", "records"])

    totals = scores.mapInArrow(counted, "rank long, records long").groupBy("rank").sum("records").collect()
    counts = np.zeros(len(normal) + 1, dtype=np.int64)
    for rank, records in totals:
        counts[rank] = records
    return counts
