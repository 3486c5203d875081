"""What is learnt on Spark: a forest is that of one machine, to the bit; what needs all rows learns a seeded sample."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import nad

pytest.importorskip("pyspark", reason="needs pyspark: pip install 'nad[spark]'")
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
pytestmark = pytest.mark.filterwarnings("ignore")  # Spark's own

import nad.spark

NAMES = ["a", "b", "c.d"]


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(9000, 3)).astype(np.float32)
    x[:, 1] = np.round(x[:, 1])
    x[-500:] = x[:500]  # some rows twice
    x[7] = 40.0
    return x


@pytest.fixture(scope="module")
def frame(spark, x, tmp_path_factory):
    """Four files, one of them empty."""
    folder = tmp_path_factory.mktemp("rows")
    table = pa.table({**dict(zip(NAMES, x.T)), "number": np.arange(len(x))})
    for part, (begin, end) in enumerate([(0, 2500), (2500, 2500), (2500, 8000), (8000, 9000)]):
        pq.write_table(table.slice(begin, end - begin), folder / f"{part}.parquet")
    return spark.read.parquet(str(folder)).orderBy("number").cache()


def state(forest: nad.IsolationForest) -> bytes:
    return pickle.dumps(forest._detector)


@pytest.mark.parametrize(
    ("how", "contamination", "order_by"),
    [("as it is", "auto", None), ("one partition", 0.03, None), ("shuffled", 0.03, "number")],
)
def test_a_forest_is_that_of_one_machine_whatever_the_partitions(frame, x, how, contamination, order_by):
    options = {"n_estimators": 30, "max_samples": 128, "contamination": contamination, "random_state": 6}
    local = nad.IsolationForest(**options).fit(x)
    spread = {"as it is": frame, "one partition": frame.coalesce(1), "shuffled": frame.repartition(5, "a")}
    forest = nad.IsolationForest(**options)
    fit = nad.spark.fit(forest, spread[how], columns=NAMES, order_by=order_by)
    assert state(forest) == state(local)
    assert forest.threshold_ == local.threshold_
    assert (fit.model, fit.rows, fit.exact) == (forest, 9000, True)
    assert fit.fetched < 30 * 128
    assert "of all 9,000 rows" in str(fit)
    assert forest.feature_names_in_.tolist() == NAMES


def test_rows_that_no_column_orders_make_the_same_forest_in_any_order(frame, x):
    forests = []
    for rows in (frame, frame.repartition(4, "b")):
        forest = nad.IsolationForest(n_estimators=10, random_state=1)
        nad.spark.fit(forest, rows, columns=NAMES, order_by="b")
        forests.append(state(forest))
    assert forests[0] == forests[1]
    in_order = x[np.lexsort((x[:, 2], x[:, 0], x[:, 1]))]
    names = nad.Table(dict(zip(NAMES, in_order.T)))
    assert forests[0] == state(nad.IsolationForest(n_estimators=10, random_state=1).fit(names))


def test_a_pipeline_makes_the_features_of_the_rows_that_are_drawn(spark, tmp_path):
    flows = nad.datasets.synthetic_flows(3000, random_state=5)
    pipeline = nad.FeaturePipeline([nad.features.OneHot(), nad.features.Log1p(), nad.features.Standardise()]).fit(flows)
    pq.write_table(flows.to_arrow(), tmp_path / "flows.parquet", coerce_timestamps="us")
    frame = spark.read.parquet(str(tmp_path / "flows.parquet"))
    local = nad.IsolationForest(n_estimators=20, contamination=0.02, random_state=1).fit(pipeline.transform(flows))
    forest = nad.IsolationForest(n_estimators=20, contamination=0.02, random_state=1)
    nad.spark.fit(forest, frame, pipeline=pipeline)
    assert state(forest) == state(local)
    scored = nad.spark.anomaly_score(forest, frame, keep=[], pipeline=pipeline).collect()
    assert sorted(row.score for row in scored) == sorted(local.anomaly_score(pipeline.transform(flows)).tolist())


def test_what_needs_all_rows_learns_a_sample_and_says_so(frame, x):
    svm = nad.OneClassSVM(nu=0.05, random_state=1)
    fit = nad.spark.fit(svm, frame, columns=NAMES, most_rows=700, random_state=2)
    assert (fit.fetched, fit.rows, fit.exact) == (700, 9000, False)
    assert "a sample of 700 of 9,000 rows" in str(fit)
    again = nad.OneClassSVM(nu=0.05, random_state=1)
    nad.spark.fit(again, frame.repartition(3, "a"), columns=NAMES, most_rows=700, random_state=2, order_by="number")
    assert pickle.dumps(again._detector) == pickle.dumps(svm._detector)
    other = nad.OneClassSVM(nu=0.05, random_state=1)
    nad.spark.fit(other, frame, columns=NAMES, most_rows=700, random_state=3)
    assert pickle.dumps(other._detector) != pickle.dumps(svm._detector)

    whole = nad.KMeans(n_clusters=4, random_state=1)
    assert nad.spark.fit(whole, frame, columns=NAMES).exact
    local = nad.KMeans(n_clusters=4, random_state=1).fit(nad.Table(dict(zip(NAMES, x.T))))
    assert pickle.dumps(whole._detector) == pickle.dumps(local._detector)


def test_a_model_learns_all_rows_or_a_sample(spark, tmp_path):
    flows = nad.datasets.synthetic_flows(3000, random_state=5).drop(["is_anomaly", "label"])
    pq.write_table(flows.to_arrow(), tmp_path / "flows.parquet", coerce_timestamps="us")
    frame = spark.read.parquet(str(tmp_path / "flows.parquet"))
    texts = nad.Table(pa.table(flows.to_arrow()).cast(arrow_of_spark(frame)))
    options = {"detector": nad.IsolationForest(random_state=1), "threshold": nad.ThresholdRule.alerts_per_day(30)}
    model = nad.Model(**options)
    assert nad.spark.fit(model, frame).exact
    assert pickle.dumps(model) == pickle.dumps(nad.Model(**options).fit(texts))

    with pytest.raises(nad.InvalidArgumentError, match="host_windows looks at the records before"):
        nad.spark.fit(nad.Model(**options), frame, most_rows=1000)
    options["pipeline"] = nad.spark.row_pipeline(frame)
    assert {step["kind"] for step in options["pipeline"].steps} >= {"address_features", "one_hot", "standardise"}
    with pytest.raises(nad.InvalidArgumentError, match="runs of a source"):
        nad.spark.fit(nad.Model(**options), frame, most_rows=1000, types={"src_ip": "address"})
    sampled = nad.Model(**options)
    fit = nad.spark.fit(sampled, frame, most_rows=1000)
    assert "sample of 1,000 of 3,000 rows" in str(fit)
    assert sampled.records_per_day == pytest.approx(model.records_per_day, rel=0.05)
    assert nad.spark.detect(sampled, frame).count() == 3000


def arrow_of_spark(frame) -> pa.Schema:
    from pyspark.sql.pandas.types import to_arrow_schema

    return to_arrow_schema(frame.schema)


def test_frames_that_change_between_two_looks_are_an_error(frame):
    def fewer(batches):
        for batch in batches:
            yield batch.slice(0, max(0, batch.num_rows - int(np.random.default_rng().integers(1, 99))))

    broken = frame.select("a", "b").mapInArrow(fewer, "a float, b float")
    with pytest.raises(nad.InvalidDataError, match=r"another order .* cache"):
        nad.spark.fit(nad.IsolationForest(n_estimators=5, random_state=1), broken)


def test_what_makes_no_sense_is_refused(frame):
    forest = nad.IsolationForest(n_estimators=5, random_state=1)
    with pytest.raises(nad.InvalidDataError, match="columns: there is no column 'z'"):
        nad.spark.fit(forest, frame, columns=["z"])
    with pytest.raises(nad.InvalidDataError, match="1 rows|0 rows"):
        nad.spark.fit(forest, frame.limit(1), columns=NAMES)
    with pytest.raises(nad.InvalidArgumentError, match="warm_start"):
        nad.spark.fit(nad.IsolationForest(warm_start=True), frame, columns=NAMES)
    with pytest.raises(nad.InvalidArgumentError, match="learns from labels"):
        nad.spark.fit(nad.BoostedTrees(), frame, columns=NAMES)
    with pytest.raises(nad.InvalidArgumentError, match="most_rows is 1"):
        nad.spark.fit(forest, frame, columns=NAMES, most_rows=1)
    with pytest.raises(nad.InvalidArgumentError, match="cannot learn"):
        nad.spark.fit("forest", frame)
