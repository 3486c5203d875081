"""What a model says on Spark is what it says here, to the bit, however the rows are spread."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import nad

pytest.importorskip("pyspark", reason="needs pyspark: pip install 'nad[spark]'")
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
pytestmark = pytest.mark.filterwarnings("ignore")  # Spark's own

import nad.spark
from nad.spark._streams import groups_of

WINDOWS = ("host_windows", "rolling_windows")


@pytest.fixture(scope="module")
def flows():
    """Rows with numbers, in an order of their own."""
    table = nad.datasets.synthetic_flows(4000, random_state=3)
    return nad.concatenate([table, table[:40]]).with_column("number", np.arange(4040))


@pytest.fixture(scope="module")
def frame(spark, flows, tmp_path_factory):
    """Texts in the place of addresses and categories, as frames have them; of several files."""
    folder = tmp_path_factory.mktemp("flows")
    for part in range(3):
        rows = flows[part * 1500 : (part + 1) * 1500].to_arrow()
        pq.write_table(rows, folder / f"{part}.parquet", coerce_timestamps="us", row_group_size=800)
    return spark.read.parquet(str(folder)).cache()


def without_windows(table) -> nad.FeaturePipeline:
    steps = nad.FeaturePipeline.automatic(table).steps
    return nad.FeaturePipeline([step for step in steps if step["kind"] not in WINDOWS])


@pytest.fixture(scope="module")
def model(flows) -> nad.Model:
    """Looks at each row alone, but for runs."""
    train = flows.drop(["number", "is_anomaly", "label"])
    return nad.Model(
        pipeline=without_windows(train),
        detector=nad.IsolationForest(random_state=1),
        threshold=nad.ThresholdRule.alerts_per_day(40),
        random_state=0,
    ).fit(train)


def rows_of(result) -> dict[int, dict]:
    collected = result.collect()
    rows = {row["number"]: row.asDict(recursive=True) for row in collected}
    assert len(rows) == len(collected)
    return rows


def check(rows, table, found, calibration) -> None:
    """Every row says what `found` says of the row of `table`."""
    numbers = table["number"].to_numpy()
    assert set(rows) == set(numbers.tolist())
    p_values = calibration.p_value(found.scores)
    reported = {int(numbers[one.row]): one for one in found}
    assert {number for number, row in rows.items() if row["reported"]} == set(reported)
    for number, score, p in zip(numbers.tolist(), found.scores.tolist(), p_values.tolist()):
        row = rows[number]
        assert (row["score"], row["p_value"]) == (score, p)
        if number not in reported:
            assert row["reasons"] is None
            continue
        one = reported[number]
        assert row["extrapolated"] == one.extrapolated
        assert row.get("run") == (None if one.run is None else str(one.run))
        assert [
            (r["column"], r["value"], r["expected"], r["direction"], r["contribution"]) for r in row["reasons"]
        ] == [(r.column, r.value, r.expected, r.direction, r.contribution) for r in one.reasons]


@pytest.mark.parametrize("spread", [lambda f: f, lambda f: f.coalesce(1), lambda f: f.repartition(7, "dst_port")])
def test_findings_are_those_of_one_machine_whatever_the_partitions(model, flows, frame, spread):
    found = model.detect(flows, runs=False, most_reasons=3)
    assert 5 < len(found) < 1000
    result = nad.spark.detect(model, spread(frame), runs=False, most_reasons=3)
    assert result.columns[: len(frame.columns)] == frame.columns
    check(rows_of(result), flows, found, model.calibration)


def test_only_what_is_reported_and_kept(model, flows, frame):
    found = model.detect(flows, runs=False)
    result = nad.spark.detect(model, frame, runs=False, keep=["number"], only_reported=True)
    assert result.columns == ["number", "score", "p_value", "extrapolated", "reported", "reasons"]
    rows = rows_of(result)
    assert set(rows) == set(flows["number"].to_numpy()[found.rows].tolist())
    assert all(row["reported"] for row in rows.values())
    alone = nad.spark.detect(model, frame, runs=False, keep=[], only_reported=True).collect()
    assert sorted(row.score for row in alone) == sorted(one.score for one in found)


def test_scores_of_models_and_detectors(model, flows, frame):
    rows = {row.number: row.risk for row in nad.spark.anomaly_score(model, frame, keep="number", name="risk").collect()}
    expected = model.anomaly_score(flows)
    assert [rows[number] for number in flows["number"].to_numpy().tolist()] == expected.tolist()
    names = ["bytes_sent", "duration", "dst_port"]
    x = flows.to_numpy(names).astype(np.float32)
    forest = nad.IsolationForest(random_state=2).fit(x)
    dotted = frame.withColumnRenamed("number", "id.number").withColumnRenamed("duration", "flow.duration")
    looked_at = ["bytes_sent", "flow.duration", "dst_port"]
    scored = nad.spark.anomaly_score(forest, dotted, keep="id.number", columns=looked_at).collect()
    assert {row["id.number"]: row.score for row in scored} == dict(
        zip(flows["number"].to_numpy().tolist(), forest.anomaly_score(x).tolist())
    )
    with pytest.raises(nad.InvalidDataError, match="learnt from 3 columns"):
        nad.spark.anomaly_score(forest, frame)


def test_runs_and_beats_bring_the_records_of_a_source_together(spark, model, flows, tmp_path):
    assert model.run_limit is not None
    assert model.beat_limit is not None
    minutes = flows["timestamp"].to_numpy().max() + np.arange(40) * np.timedelta64(60, "s")
    beacon = flows[np.full(40, 7)].with_column("timestamp", minutes, type="time")
    beacon = beacon.with_column("dst_ip", ["203.0.113.77"] * 40, type="address")
    records = nad.concatenate([flows, beacon.with_column("number", np.arange(5000, 5040))]).sort(["timestamp"])
    found = model.detect(records)
    assert {one.run.is_beat for one in found if one.run is not None} == {True, False}
    pq.write_table(records.to_arrow(), tmp_path / "records.parquet", coerce_timestamps="us")
    frame = spark.read.parquet(str(tmp_path / "records.parquet")).repartition(5)
    check(rows_of(nad.spark.detect(model, frame)), records, found, model.calibration)


def test_runs_do_not_mix_streams(model, flows, frame):
    ordered = flows.sort(["timestamp"])
    rows = rows_of(nad.spark.detect(model, frame, together="protocol"))
    for protocol in set(flows["protocol"].to_list()):
        one = ordered.filter(ordered["protocol"] == protocol)
        numbers = set(one["number"].to_numpy().tolist())
        check({n: row for n, row in rows.items() if n in numbers}, one, model.detect(one), model.calibration)


def test_groups_are_whole_however_they_are_cut():
    """Groups of every length in batches of every length, missing keys among them."""
    rng = np.random.default_rng(2)
    for at_once, each in ((1, True), (5, True), (1, False), (5, False), (1000, False), (1000, True)):
        sizes = rng.integers(1, 12, size=40)
        keys = [None if number % 7 == 3 else f"k{number}" for number in range(40)]
        rows = pa.table({"key": np.repeat(np.array(keys, dtype=object), sizes), "row": np.arange(sizes.sum())})
        cuts = [0, *np.unique(rng.integers(1, sizes.sum(), size=25)).tolist(), int(sizes.sum())]
        batches = [batch for begin, end in pairwise(cuts) for batch in rows.slice(begin, end - begin).to_batches()]
        pieces = [piece.to_pylist() for piece in groups_of(batches, ["key"], each=each, at_once=at_once)]
        assert [row for piece in pieces for row in piece] == rows.to_pylist()
        assert all(before[-1]["key"] != after[0]["key"] for before, after in pairwise(pieces))
        if each:
            assert [piece[0]["key"] for piece in pieces] == keys


def test_false_discoveries_are_decided_for_all_records_at_once(model, flows, frame):
    found = model.detect(flows, false_discovery_rate=0.4)
    assert 0 < len(found) != len(model.detect(flows, runs=False))
    result = nad.spark.detect(model, frame, false_discovery_rate=0.4)
    check(rows_of(result), flows, found, model.calibration)
    with pytest.raises(nad.InvalidArgumentError, match="between|above 0"):
        nad.spark.detect(model, frame, false_discovery_rate=1.5)


def test_windows_are_refused_without_streams_and_exact_with_them(flows, frame):
    train = flows.drop(["number", "is_anomaly", "label"])
    model = nad.Model(detector=nad.IsolationForest(random_state=1), random_state=0, runs=False).fit(train)
    assert any(step["kind"] in WINDOWS for step in model.pipeline.steps)
    with pytest.raises(nad.InvalidArgumentError, match=r"host_windows .* together"):
        nad.spark.detect(model, frame)
    result = nad.spark.detect(model, frame.repartition(6), together="protocol", order_by=["timestamp", "number"])
    rows = rows_of(result)
    ordered = flows.sort(["timestamp", "number"])
    for protocol in set(flows["protocol"].to_list()):
        one = ordered.filter(ordered["protocol"] == protocol)
        numbers = set(one["number"].to_numpy().tolist())
        check({n: row for n, row in rows.items() if n in numbers}, one, model.detect(one), model.calibration)


def test_what_is_wrong_is_said_before_a_job_runs(spark, model, frame, tmp_path):
    with pytest.raises(nad.InvalidDataError, match="lacks 1 of them, 'duration'"):
        nad.spark.detect(model, frame.drop("duration"))
    with pytest.raises(nad.InvalidDataError, match="keep: there is no column 'nothing'"):
        nad.spark.detect(model, frame, keep=["nothing"])
    with pytest.raises(TypeError, match="DataFrame of Spark"):
        nad.spark.detect(model, {"x": [1.0]})
    with pytest.raises(nad.NotFittedError):
        nad.spark.detect(nad.Model(), frame)
    with pytest.raises(nad.InvalidArgumentError, match="order_by is for"):
        nad.spark.detect(model, frame, runs=False, order_by="timestamp")
    stream = spark.readStream.schema(frame.schema).parquet(str(tmp_path))
    with pytest.raises(nad.InvalidArgumentError, match="runs=False"):
        nad.spark.detect(model, stream)
    assert nad.spark.detect(model, stream, runs=False).isStreaming
    taken = nad.spark.detect(model, frame.withColumnRenamed("number", "score"), runs=False)
    assert taken.columns[-5:] == ["nad_score", "p_value", "extrapolated", "reported", "reasons"]


def test_columns_of_any_type_are_carried_along_and_empty_frames_are_nothing(spark, model, frame):
    from pyspark.sql import functions as f

    odd = frame.limit(50).select(
        "*", f.array(f.lit(1), f.lit(2)).alias("a.b"), f.create_map(f.lit("k"), f.col("number")).alias("m"),
        f.col("duration").cast("decimal(20,4)").alias("d"), f.lit(None).cast("string").alias("nothing"),
    )  # fmt: skip
    rows = nad.spark.detect(model, odd).collect()
    assert len(rows) == 50
    assert all(row["a.b"] == [1, 2] and row["m"] == {"k": row["number"]} for row in rows)
    assert nad.spark.detect(model, frame.limit(0)).collect() == []
    back = {row.number: row.timestamp for row in rows}
    assert back == {row.number: row.timestamp for row in frame.collect() if row.number in back}


def test_files_are_streams_of_their_own(spark, flows, tmp_path):
    """Of any format, with windows and runs: no record passes through Java but what is reported."""
    train = flows.drop(["number", "is_anomaly", "label"])
    options = {"detector": nad.IsolationForest(random_state=1), "threshold": nad.ThresholdRule.alerts_per_day(40)}
    model = nad.Model(**options).fit(train)
    assert any(step["kind"] in WINDOWS for step in model.pipeline.steps)
    paths = [tmp_path / "a.csv", tmp_path / "b.parquet"]
    train[:2000].to_csv(paths[0])
    pq.write_table(train[2000:].to_arrow(), paths[1])
    rows = [row.asDict(recursive=True) for row in nad.spark.detect_files(model, spark, paths).collect()]
    for path in paths:
        found = model.detect(nad.read(path))
        assert len(found) > 5
        assert any(one.run is not None for one in found)
        of_file = {row["row"]: row for row in rows if row["path"] == str(path)}
        assert {one.row: (one.score, one.p_value) for one in found} == {
            number: (row["score"], row["p_value"]) for number, row in of_file.items()
        }
        assert all(of_file[one.row]["run"] == (None if one.run is None else str(one.run)) for one in found)
        assert all(of_file[one.row]["reasons"][0]["column"] == one.reasons[0].column for one in found)
    every = nad.spark.detect_files(model, spark, paths, only_reported=False, runs=False)
    assert every.count() == len(train)
    with pytest.raises(nad.InvalidArgumentError, match="no paths"):
        nad.spark.detect_files(model, spark, [])
    with pytest.raises(nad.NotFittedError):
        nad.spark.detect_files(nad.Model(), spark, paths)
