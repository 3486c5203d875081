"""Grow the isolation forest of a Dask DataFrame of any size: only the rows that its trees draw are fetched.

python dask_forest.py             # on this machine; with dask.distributed the same on a cluster

Whatever counts rows and gives some of them by number can do likewise: Ray, Flink, a database.
"""

from __future__ import annotations

from typing import Any

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd

import nad

PARTITIONS = 8
ROWS = 20_000  # of a partition
NAMES = ["duration", "bytes_sent", "bytes_received"]


def connections(part: int) -> pd.DataFrame:
    """What one sensor saw; the last one saw somebody who copies data."""
    random = np.random.default_rng(part)
    rows = random.lognormal([-1.0, 6.0, 9.0], [0.5, 0.4, 1.0], size=(ROWS, 3)).astype(np.float32)
    if part == PARTITIONS - 1:
        rows[123] = [900.0, 8.0e7, 9.0e8]
    return pd.DataFrame(rows, columns=NAMES)


def take(frame: Any, numbers: Any) -> pd.DataFrame:
    """The rows with these numbers, which rise, of all partitions."""
    counts = frame.map_partitions(len).compute().to_numpy()
    first = np.concatenate([[0], np.cumsum(counts)])
    parts = [
        part.iloc[numbers[(numbers >= begin) & (numbers < end)] - begin]
        for part, begin, end in zip(frame.to_delayed(), first[:-1], first[1:])
    ]
    return pd.concat(dask.compute(*parts))


def main() -> None:
    """Grow the forest, compare it with that of one machine, and find the strangest connection."""
    frame = dd.from_map(connections, range(PARTITIONS))
    forest = nad.IsolationForest(n_estimators=100, max_samples=256, random_state=42)
    numbers = forest.drawn_rows(len(frame)).astype(np.int64)
    forest.fit_drawn(take(frame, numbers), numbers, len(frame))
    print(f"{forest.n_trees_} trees from {len(numbers):,} of {len(frame):,} rows")

    scores = frame.map_partitions(forest.anomaly_score, meta=np.array([], dtype=np.float32)).compute()
    here = nad.IsolationForest(n_estimators=100, max_samples=256, random_state=42).fit(frame.compute())
    print(f"scores of the forest of one machine: {(scores == here.anomaly_score(frame.compute())).all()}")
    print(f"strangest: row {scores.argmax():,}, score {scores.max():.3f}")


if __name__ == "__main__":
    main()
