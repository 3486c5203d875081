"""Alerts of a stream: each exactly once, whenever the driver dies, and by the newest model."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import nad

pytest.importorskip("pyspark", reason="needs pyspark: pip install 'nad[spark]'")
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
pytestmark = pytest.mark.filterwarnings("ignore")  # Spark's own

import nad.spark

FILES = 6
WINDOWS = ("host_windows", "rolling_windows")


@pytest.fixture(scope="module")
def flows() -> nad.Table:
    return nad.datasets.synthetic_flows(500 * FILES, random_state=8).drop(["is_anomaly", "label"])


@pytest.fixture(scope="module")
def model(flows) -> nad.Model:
    steps = [step for step in nad.FeaturePipeline.automatic(flows).steps if step["kind"] not in WINDOWS]
    detector = nad.IsolationForest(random_state=1)
    rule = nad.ThresholdRule.contamination(0.02)
    return nad.Model(pipeline=nad.FeaturePipeline(steps), detector=detector, threshold=rule).fit(flows)


@pytest.fixture
def records(flows, tmp_path) -> Path:
    """A folder of files, each of which has alerts."""
    folder = tmp_path / "records"
    folder.mkdir()
    for number in range(FILES):
        rows = flows[number * 500 : (number + 1) * 500]
        pq.write_table(rows.to_arrow(), folder / f"{number:02}.parquet", coerce_timestamps="us")
    return folder


def ids_of(table: nad.Table, rows) -> list[str]:
    """What alerts of these rows are known by."""
    arrow = table.to_arrow()
    times = pa.timestamp("us", arrow.schema.field("timestamp").type.tz)
    arrow = arrow.set_column(0, "timestamp", arrow.column(0).cast(times, safe=False))
    return [nad.spark.alert_id(record) for record in arrow.take(pa.array(rows)).to_pylist()]


def told(folder: Path) -> list[str]:
    return [json.loads(line)["alert_id"] for path in sorted(folder.glob("*.jsonl")) for line in path.open()]


def watched(spark, model_file, records, alerts, checkpoint) -> None:
    schema = spark.read.parquet(str(records)).schema
    stream = spark.readStream.schema(schema).option("maxFilesPerTrigger", 3).parquet(str(records))
    query = nad.spark.watch(
        model_file, stream, alerts, checkpoint=checkpoint, trigger={"availableNow": True}, runs=False
    )
    assert query.awaitTermination(120)
    assert query.exception() is None


def settings_of(spark) -> str:
    """For a driver of its own."""
    own = ("spark.ui.", "spark.driver.", "spark.sql.")
    return json.dumps({name: value for name, value in spark.sparkContext.getConf().getAll() if name.startswith(own)})


def test_a_driver_that_is_killed_loses_nothing_and_repeats_nothing(spark, model, flows, records):
    folder = records.parent
    model_file, alerts, checkpoint = folder / "m.nad", folder / "alerts", folder / "checkpoint"
    model.save(model_file)
    command = [sys.executable, Path(__file__).with_name("watcher.py"), model_file, records, alerts, checkpoint]
    with (folder / "driver.log").open("w") as log:
        driver = subprocess.Popen(
            [*map(str, command), settings_of(spark)], start_new_session=True, stdout=log, stderr=log
        )
        deadline = time.monotonic() + 120
        while len(list(alerts.glob("*.jsonl"))) < 2 and driver.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(driver.pid, signal.SIGKILL)  # its Java, too: a machine that is gone
        driver.wait()
    before = told(alerts)
    expected = ids_of(flows, model.detect(flows, runs=False).rows)
    assert 0 < len(before) < len(expected), (folder / "driver.log").read_text()[-3000:]
    (alerts / ".alerts-x-000000000099.jsonl.unfinished").write_text("{half a li")  # as a kill leaves it
    watched(spark, model_file, records, alerts, checkpoint)
    after = told(alerts)
    assert after[: len(before)] == before or set(before) <= set(after)
    assert sorted(after) == sorted(expected)
    watched(spark, model_file, records, alerts, checkpoint)  # nothing new
    assert told(alerts) == after


def test_a_batch_is_written_once_and_by_the_newest_model(spark, model, flows, records, caplog):
    frame = spark.read.parquet(str(records))
    path, alerts = records.parent / "m.nad", records.parent / "alerts"
    model.save(path)
    writer = nad.spark.AlertWriter(path, alerts, runs=False, model_name="office")
    strict = model.detect(flows, runs=False).rows
    doubled = frame.union(frame.where("dst_port = 443"))  # as a source that delivers twice
    writer(doubled, 4)
    (file,) = alerts.iterdir()
    assert file.name.endswith("-000000000004.jsonl")
    assert sorted(told(alerts)) == sorted(ids_of(flows, strict))
    line = json.loads(file.read_text().splitlines()[0])
    assert line["event_type"] == "alert"
    assert nad.alert_from_eve(json.dumps(line)).model.id == "office"
    stamp = file.stat().st_mtime_ns
    writer(frame, 4)  # as after a kill between the file and Spark's own note
    assert file.stat().st_mtime_ns == stamp

    other = nad.Model.load(path).set_threshold(nad.ThresholdRule.contamination(0.001))
    other.save(path)
    writer(frame, 5)
    few = ids_of(flows, other.detect(flows, runs=False).rows)
    assert 0 < len(few) < len(strict)
    assert sorted(told(alerts)) == sorted([*ids_of(flows, strict), *few])
    path.write_bytes(b"not a model")
    with caplog.at_level(logging.WARNING, logger="nad.spark"):
        writer(frame.where("dst_port = -1"), 6)  # no records: no file
    assert "the model before goes on" in caplog.text
    assert len(list(alerts.iterdir())) == 2


def test_what_cannot_be_followed_from_batch_to_batch_is_refused(spark, flows, records, tmp_path):
    path = tmp_path / "m.nad"
    options = {"detector": nad.IsolationForest(random_state=1), "threshold": nad.ThresholdRule.alerts_per_day(20)}
    nad.Model(**options).fit(flows).save(path)
    with pytest.raises(nad.InvalidArgumentError, match=r"host_windows of .*nad\.Monitor"):
        nad.spark.AlertWriter(path, tmp_path / "alerts")
    steps = [step for step in nad.FeaturePipeline.automatic(flows).steps if step["kind"] not in WINDOWS]
    nad.Model(pipeline=nad.FeaturePipeline(steps), **options).fit(flows).save(path)
    with pytest.raises(nad.InvalidArgumentError, match="runs=False"):
        nad.spark.AlertWriter(path, tmp_path / "alerts")
    writer = nad.spark.AlertWriter(path, tmp_path / "alerts", runs=False)
    with pytest.raises(nad.InvalidDataError, match="lacks 1 of them, 'duration'"):
        writer.check(spark.read.parquet(str(records)).drop("duration"))
    with pytest.raises(nad.MissingFileError):
        nad.spark.AlertWriter(tmp_path / "none.nad", tmp_path / "alerts")
