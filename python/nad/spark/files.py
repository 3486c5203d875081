"""Files of records on Spark: captures, logs and Parquet files that every executor can read, one file a task.

Whatever `nad.read` knows goes from the file to nad's table on the executor; no record passes through Java but those
that are reported. A file is a stream of its own: windows, runs and beats are those of one machine that reads it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from nad.errors import InvalidArgumentError
from nad.model import Model
from nad.reading import read
from nad.spark._findings import FindingNames, finding_fields, with_findings
from nad.spark._frames import follows_sources, mapped, shipped, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession


def detect_files(
    model: Model,
    spark: SparkSession,
    paths: Iterable[str | os.PathLike[str]],
    *,
    only_reported: bool = True,
    most_reasons: int = 5,
    runs: bool = True,
    options: Mapping[str, Any] | None = None,
) -> DataFrame:
    """What ``model.detect(nad.read(path))`` says of each file: path, row, and the columns of `detect`.

    Parameters
    ----------
    model : Model
        Fitted.
    spark : SparkSession
        Of the classic kind.
    paths : iterable of paths
        That mean the same file on every executor: of a shared file system, or of local[*]. Each is read by one task,
        as a whole: cut captures and logs by the minute or hour.
    only_reported : bool
        Leave out all other records.
    most_reasons, runs :
        As in `detect`.
    options : mapping, optional
        Of `nad.read`: ``{"format": "zeek"}``.
    """
    if not isinstance(model, Model):
        raise InvalidArgumentError(f"model is {model!r}; give a fitted nad.Model")
    whole_number(most_reasons, "most_reasons", 0)
    _ = model.threshold  # an error before fit
    files = [(os.path.abspath(path),) for path in paths]  # noqa: PTH100 (it stays as it is but for the folder)
    if not files:
        raise InvalidArgumentError("there are no paths; give one at least")
    follows_runs = runs and follows_sources(model)
    names = FindingNames.beside(["path", "row"], families=bool(model.families), runs=follows_runs)
    context = spark.sparkContext
    broadcast = shipped(context, model)
    given = dict(options or {})

    def found(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa  # noqa: PLC0415

        learnt = broadcast.value
        calibration = learnt.calibration
        for batch in batches:
            for path in batch.column(0).to_pylist():
                table = read(path, **given)
                findings = learnt.detect(table, most_reasons=most_reasons, most_explained=len(table), runs=follows_runs)
                rows = pa.table({"path": pa.DictionaryArray.from_arrays(np.zeros(len(table), np.int32), [path])})
                rows = rows.append_column("row", pa.array(np.arange(len(table))))
                said = with_findings(rows, findings, calibration, names, only_reported=only_reported)
                said = said.set_column(0, "path", said.column(0).cast(pa.string()))
                yield from said.to_batches(max_chunksize=65_536)

    from pyspark.sql.types import LongType, StringType, StructField, StructType  # noqa: PLC0415

    frame = spark.createDataFrame(context.parallelize(files, len(files)), "path string")
    fields = [StructField("path", StringType()), StructField("row", LongType()), *finding_fields(names).fields]
    return mapped(frame, ["path"], found, StructType(fields))
