"""An executor that dies in the middle of a job changes nothing of what comes out."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import nad

pytest.importorskip("pyspark", reason="needs pyspark: pip install 'nad[spark]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # Spark's own

import nad.spark

ROWS = 60_000


def executors_of(java: int) -> list[int]:
    """The executors that this driver started, by the processes below it."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "stat").read_text()
            parents[int(entry.name)] = int(text.rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue  # gone meanwhile
    below = []
    for process in parents:
        above = process
        while above in parents and above != java:
            above = parents[above]
        if above == java and process != java:
            below.append(process)
    return [process for process in below if b"CoarseGrainedExecutorBackend" in command_of(process)]


def command_of(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes by /proc")
def test_an_executor_killed_in_the_middle(spark, tmp_path):
    x = np.random.default_rng(1).normal(size=(ROWS, 4)).astype(np.float32)
    x[::1000] += 9.0
    names = ["a", "b", "c", "d"]
    table = nad.Table(dict(zip(names, x.T)))
    pipeline = nad.FeaturePipeline([nad.features.Standardise()])
    model = nad.Model(pipeline=pipeline, detector=nad.IsolationForest(random_state=2), random_state=0).fit(table)
    folder = tmp_path / "started"
    folder.mkdir()

    def slowly(batches):
        from pyspark import TaskContext

        context = TaskContext.get()
        (folder / f"{context.partitionId()}-{context.taskAttemptId()}").touch()
        for batch in batches:
            time.sleep(0.08)
            yield batch

    expected = sorted(zip(range(ROWS), model.anomaly_score(table).tolist()))
    frame = spark.range(ROWS, numPartitions=8).mapInArrow(with_values(x), "id long, a float, b float, c float, d float")
    java = spark.sparkContext._gateway.proc.pid
    before = executors_of(java)
    assert len(before) == 2

    def kill() -> None:
        while len(list(folder.iterdir())) < 3:
            time.sleep(0.02)
        os.kill(before[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    rows = nad.spark.detect(model, frame.mapInArrow(slowly, frame.schema), keep="id").collect()
    killer.join()
    assert before[0] not in executors_of(java)
    assert len(list(folder.iterdir())) > 8  # some partitions were begun again
    assert sorted((row.id, row.score) for row in rows) == expected
    found = set(model.detect(table, runs=False).rows.tolist())
    assert {row.id for row in rows if row.reported} == found


def with_values(x):
    def valued(batches):
        import pyarrow as pa

        for batch in batches:
            places = batch.column(0).to_numpy()
            yield pa.RecordBatch.from_arrays(
                [batch.column(0), *(pa.array(column) for column in x[places].T)], names=["id", "a", "b", "c", "d"]
            )

    return valued
