"""An exact quantile of the scores of all rows: counted by the halves of their bits, never sorted or collected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from pyspark.sql import DataFrame

_HALF = 16  # bits


def threshold_of(scores: DataFrame, contamination: float) -> float:
    """What a detector's own ``fit`` sets as threshold where these are the scores of its training rows."""
    from pyspark.sql import functions as f  # noqa: PLC0415

    ordered = scores.mapInArrow(_in_order, "place int").persist()  # the scores are needed twice
    try:
        upper = f.shiftright("place", _HALF)
        counts = dict(ordered.groupBy(upper.alias("upper")).count().collect())
        rows = sum(counts.values())
        position = (1.0 - contamination) * (rows - 1)
        low = int(position)
        halves = {rank: _half_of(counts, rank) for rank in (low, min(low + 1, rows - 1))}
        inside = ordered.where(upper.isin([half for half, _ in halves.values()]))
        exact = dict(inside.groupBy("place").count().collect())
    finally:
        ordered.unpersist()
    values = [_score_at(exact, half, rank - before) for rank, (half, before) in halves.items()]
    first, second = values[0], values[-1]
    between = first + (second - first) * (position - low)
    rounded = np.float32(between)
    return float(rounded if float(rounded) <= between else np.nextafter(rounded, np.float32(-np.inf)))


def _half_of(counts: dict[int, int], rank: int) -> tuple[int, int]:
    """The upper half of the value of this rank, and how many values have a lower one."""
    before = 0
    for half in sorted(counts):
        if before + counts[half] > rank:
            return half, before
        before += counts[half]
    raise AssertionError("a rank lies below the number of rows")


def _score_at(exact: dict[int, int], half: int, rank: int) -> float:
    before = 0
    for place in sorted(place for place in exact if place >> _HALF == half):
        before += exact[place]
        if before > rank:
            return _float_of(place)
    raise AssertionError("the rows were counted before")


def _in_order(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Whole numbers in the order of the floats."""
    import pyarrow as pa  # noqa: PLC0415

    for batch in batches:
        bits = (batch.column(0).to_numpy(zero_copy_only=False) + np.float32(0.0)).view(np.int32)  # -0 becomes 0
        places: Any = np.where(bits < 0, bits ^ np.int32(0x7FFFFFFF), bits)
        yield pa.RecordBatch.from_arrays([pa.array(places, pa.int32())], names=["place"])


def _float_of(place: int) -> float:
    bits = np.int32(place)
    return float((bits ^ np.int32(0x7FFFFFFF) if bits < 0 else bits).view(np.float32))
