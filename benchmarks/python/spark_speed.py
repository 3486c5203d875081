"""Scoring on Apache Spark: nad.spark beside a scikit-learn forest in a pandas UDF, the same rows on the same Spark.

Both forests have 100 trees of as many rows and learnt from the same; each scores every row of a cached DataFrame of
numbers, and Spark adds the scores up. Python alone gives one of the columns back: what Spark needs to hand rows to
Python and to take a number a row, whatever the model. CPU time is that of the driver and its executors: Java, Python
and this process.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.python.isolation_forest_speed import QUICK, Effort
from nad._bench.measure import Sample, Timing, take_turns
from nad._bench.report import Goal, Section, say

ROWS = 1_000_000
COLUMNS = 20
ROUNDS = 3
PYTHON, NAD, SKLEARN = "Python alone", "nad.spark", "scikit-learn in a pandas UDF"
FILES, FRAME = "nad.spark.detect_files", "nad.spark.detect"
SAMPLES = (256, 4096)
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "4g",
    "spark.sql.shuffle.partitions": "4",
    "spark.python.worker.reuse": "true",
}


def rows_of(count: int) -> Any:
    """Ordinary rows, a thousandth of them far out."""
    rng = np.random.default_rng(1)
    x = rng.lognormal(0.0, 0.6, size=(count, COLUMNS)).astype(np.float32)
    x[::1000] *= 20.0
    return x


@contextmanager
def session(cores: int) -> Iterator[Any]:
    """Spark on so many cores of this machine."""
    builder = import_module("pyspark.sql").SparkSession.builder.master(f"local[{cores}]").appName("nad benchmarks")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    try:
        yield spark
    finally:
        spark.stop()


class Scoring:
    """The ways to score one DataFrame."""

    def __init__(self, spark: Any, x: Any, partitions: int, samples: int) -> None:
        nad, spark_of_nad = import_module("nad"), import_module("nad.spark")
        functions = import_module("pyspark.sql.functions")
        self._java = spark.sparkContext._gateway.proc.pid
        names = [f"x{number}" for number in range(x.shape[1])]
        self._frame = frame_of(spark, x, names, partitions)
        self._sum = functions.sum
        forest = nad.IsolationForest(n_estimators=100, max_samples=samples, random_state=1).fit(x)
        self._ways: dict[str, Callable[[], Any]] = {
            PYTHON: lambda: self._frame.mapInArrow(first_column, "score float"),
            NAD: lambda: spark_of_nad.anomaly_score(forest, self._frame, keep=[], columns=names),
        }
        sklearn = import_module("sklearn.ensemble").IsolationForest(
            n_estimators=100, max_samples=samples, random_state=1
        )
        shipped = spark.sparkContext.broadcast(sklearn.fit(x))

        def score(batches: Iterator[Any]) -> Iterator[Any]:
            import pandas as pd  # noqa: PLC0415 - in a worker

            for batch in batches:
                yield pd.Series(-shipped.value.score_samples(batch.to_numpy())).astype("float32")

        def first_column(batches: Iterator[Any]) -> Iterator[Any]:
            import pyarrow as pa  # noqa: PLC0415 - in a worker

            for batch in batches:
                yield pa.RecordBatch.from_arrays([batch.column(0)], names=["score"])

        pd = import_module("pandas")
        score.__annotations__ = {"batches": Iterator[pd.DataFrame], "return": Iterator[pd.Series]}
        udf = functions.pandas_udf(score, "float")
        self._ways[SKLEARN] = lambda: self._frame.select(udf(functions.struct(*names)).alias("score"))

    def time(self, way: str) -> Sample:
        before, wall = cpu_below(self._java), time.perf_counter()
        total = self._ways[way]().agg(self._sum("score")).first()[0]
        passed, spent = time.perf_counter() - wall, cpu_below(self._java) - before
        assert total is not None
        return Sample(spent, passed, 1)


class Searching:
    """The ways to find the thousandth of the rows that is strangest in a folder of Parquet files."""

    def __init__(self, spark: Any, x: Any, files: int) -> None:
        nad, spark_of_nad = import_module("nad"), import_module("nad.spark")
        functions, parquet, pd = map(import_module, ("pyspark.sql.functions", "pyarrow.parquet", "pandas"))
        self._java = spark.sparkContext._gateway.proc.pid
        names = [f"x{number}" for number in range(x.shape[1])]
        folder = Path(spark.sparkContext._temp_dir) / "files"
        folder.mkdir()
        for part, rows in enumerate(np.array_split(x, files)):
            parquet.write_table(nad.Table(dict(zip(names, rows.T, strict=True))).to_arrow(), folder / f"{part}.parquet")
        paths = sorted(folder.iterdir())
        forest = nad.IsolationForest(n_estimators=100, max_samples=256, random_state=1)
        model = nad.Model(
            detector=forest, pipeline=nad.FeaturePipeline(), threshold=nad.ThresholdRule.contamination(0.001)
        ).fit(dict(zip(names, x[:100_000].T, strict=True)))
        frame = spark.read.parquet(str(folder))
        sklearn = import_module("sklearn.ensemble").IsolationForest(n_estimators=100, max_samples=256, random_state=1)
        shipped = spark.sparkContext.broadcast(sklearn.fit(x[:100_000]))
        limit = float(np.quantile(-sklearn.score_samples(x[:20_000]), 0.999))

        def score(batches: Iterator[Any]) -> Iterator[Any]:
            import pandas as pd  # noqa: PLC0415 - in a worker

            for batch in batches:
                yield pd.Series(-shipped.value.score_samples(batch.to_numpy())).astype("float32")

        score.__annotations__ = {"batches": Iterator[pd.DataFrame], "return": Iterator[pd.Series]}
        udf = functions.pandas_udf(score, "float")
        self._ways: dict[str, Callable[[], Any]] = {
            FILES: lambda: spark_of_nad.detect_files(model, spark, paths, most_reasons=0),
            FRAME: lambda: spark_of_nad.detect(model, frame, keep=[], only_reported=True, most_reasons=0),
            SKLEARN: lambda: frame.select(udf(functions.struct(*names)).alias("score")).where(f"score > {limit}"),
        }

    def time(self, way: str) -> Sample:
        before, wall = cpu_below(self._java), time.perf_counter()
        assert self._ways[way]().count() > 0
        return Sample(cpu_below(self._java) - before, time.perf_counter() - wall, 1)


def frame_of(spark: Any, x: Any, names: list[str], partitions: int) -> Any:
    """In memory, so that no file is read while the clock runs; made by the workers from a file of NumPy."""
    folder = Path(spark.sparkContext._temp_dir)
    path = str(folder / "rows.npy")
    np.save(path, x)

    def rows(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa  # noqa: PLC0415 - in a worker

        values = np.load(path, mmap_mode="r")
        for batch in batches:
            taken = values[batch.column(0).to_numpy()]
            yield pa.RecordBatch.from_arrays([pa.array(column) for column in taken.T.copy()], names=names)

    numbers = spark.range(len(x), numPartitions=partitions)
    frame = numbers.mapInArrow(rows, ", ".join(f"{name} float" for name in names)).cache()
    assert frame.count() == len(x)
    return frame


def cpu_below(java: int) -> float:
    """Seconds of this process, of Spark's Java and of all below it, also of those that have ended."""
    own = os.times()
    parents: dict[int, tuple[int, float]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # ended meanwhile
        parents[int(entry.name)] = int(fields[1]), sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    total = own.user + own.system
    for process in parents:
        above = process
        while above in parents and above != java:
            above = parents[above][0]
        total += parents[process][1] if above == java else 0.0
    return total


def run(effort: Effort) -> list[Section]:
    quick = effort.rounds <= QUICK.rounds
    rows = min(effort.rows or ROWS, ROWS)
    for package in ("pyspark", "pyarrow", "pandas", "sklearn"):
        try:
            import_module(package)
        except ImportError as error:
            note = f"not measured: {error} (pip install 'nad[spark]' scikit-learn, and a Java runtime)"
            return [Section("scoring on Spark", ["", "rows a second"], [], [note])]
    rounds = min(effort.rounds, ROUNDS)
    return [*beside_sklearn(rows, rounds), *of_files(rows, rounds), growth(rows, quick=quick)]


def beside_sklearn(rows: int, rounds: int) -> list[Section]:
    sections, goals = [], []
    for samples in SAMPLES:
        times = one_size(rows, rounds, samples)
        table = [
            [way, f"{rows / timing.wall:,.0f}", f"{1e6 * timing.cpu / rows:.2f}", f"{timing.spread:.0%}"]
            for way, timing in times.items()
        ]
        header = ["", "rows a second", "CPU seconds a million rows", "spread"]
        data = {way: [(sample.cpu, sample.wall) for sample in timing.samples] for way, timing in times.items()}
        title = f"scoring {rows:,} rows of {COLUMNS} numbers on Spark, 100 trees of {samples:,} rows"
        sections.append(Section(title, header, table, data=data))
        least = 20.0 if samples == SAMPLES[0] else None
        trees = f"times scikit-learn, {samples:,} rows a tree"
        goals += [
            Goal(f"rows a second: {trees}", times[SKLEARN].wall / times[NAD].wall, least),
            Goal(f"CPU time: {trees}", times[SKLEARN].cpu / times[NAD].cpu),
            Goal(f"CPU time beyond Python alone: {trees}", beyond(times, SKLEARN, NAD)),
        ]
    return [*sections, Section("scoring on Spark: goals", *Goal.table(goals))]


def one_size(rows: int, rounds: int, samples: int) -> dict[str, Timing]:
    cores = os.cpu_count() or 1
    say(f"scoring {rows:,} rows on Spark, {cores} cores, 100 trees of {samples:,} rows")
    with session(cores) as spark:
        scoring = Scoring(spark, rows_of(rows), 4 * cores, samples)
        return take_turns({way: (lambda w=way: scoring.time(w)) for way in (PYTHON, NAD, SKLEARN)}, rounds)


def of_files(rows: int, rounds: int) -> list[Section]:
    cores = os.cpu_count() or 1
    say(f"searching {rows:,} rows of Parquet files on Spark, {cores} cores")
    with session(cores) as spark:
        searching = Searching(spark, rows_of(rows), 4 * cores)
        times = take_turns({way: (lambda w=way: searching.time(w)) for way in (FILES, FRAME, SKLEARN)}, rounds)
    table = [
        [way, f"{rows / timing.wall:,.0f}", f"{1e6 * timing.cpu / rows:.2f}", f"{timing.spread:.0%}"]
        for way, timing in times.items()
    ]
    header = ["", "rows a second", "CPU seconds a million rows", "spread"]
    data = {way: [(sample.cpu, sample.wall) for sample in timing.samples] for way, timing in times.items()}
    title = f"finding the strangest of {rows:,} rows of {COLUMNS} numbers in Parquet files, 100 trees of 256 rows"
    goals = [
        Goal("rows a second of files: times scikit-learn", times[SKLEARN].wall / times[FILES].wall, 20.0),
        Goal("CPU time of files: times scikit-learn", times[SKLEARN].cpu / times[FILES].cpu),
    ]
    return [Section(title, header, table, data=data), Section("files on Spark: goals", *Goal.table(goals))]


def beyond(times: dict[str, Timing], slow: str, fast: str) -> float:
    """What the models themselves cost, without what handing rows to Python does."""
    floor = times[PYTHON].cpu
    return (times[slow].cpu - floor) / max(times[fast].cpu - floor, 1e-9)


def growth(rows: int, *, quick: bool) -> Section:
    """What a million rows cost as rows and cores grow."""
    most = os.cpu_count() or 1
    table, data = [], {}
    for cores in sorted({1, most}):
        for count in (rows // 4, rows) if quick else (rows // 4, rows, 4 * rows):
            say(f"scoring {count:,} rows on Spark, {cores} cores")
            with session(cores) as spark:
                scoring = Scoring(spark, rows_of(count), 4 * cores, SAMPLES[0])
                timing: Timing = take_turns({NAD: lambda s=scoring: s.time(NAD)}, 1 if quick else ROUNDS)[NAD]
            table.append(
                [f"{cores}", f"{count:,}", f"{1e6 * timing.wall / count:.2f}", f"{1e6 * timing.cpu / count:.2f}"]
            )
            data[f"{cores} cores, {count} rows"] = [(sample.cpu, sample.wall) for sample in timing.samples]
    header = ["cores", "rows", "seconds a million rows", "CPU seconds a million rows"]
    return Section("nad.spark: the cost of a million rows as rows and cores grow", header, table, data=data)
