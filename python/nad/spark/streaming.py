"""Alerts of a stream: each batch of Structured Streaming in one file of alerts, written exactly once.

>>> query = nad.spark.watch("office.nad", flows, "alerts/", checkpoint="checkpoint/")  # flows = spark.readStream...
>>> query.awaitTermination()
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nad.alert_maker import AlertMaker
from nad.alerts import to_eve
from nad.errors import Error, InvalidArgumentError, IoError
from nad.model import Model
from nad.spark._frames import (
    chosen,
    context_of,
    empty_table,
    follows_sources,
    in_pieces,
    looks_back,
    mapped,
    shipped,
    table_of,
)
from nad.spark.scoring import types_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming import StreamingQuery

_SIMPLE = ("string", "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "date", "timestamp")
_log = logging.getLogger("nad.spark")


def watch(
    model: str | os.PathLike[str],
    stream: DataFrame,
    alerts: str | os.PathLike[str],
    *,
    checkpoint: str | os.PathLike[str],
    trigger: Mapping[str, Any] | None = None,
    most_reasons: int = 5,
    model_name: str = "nad",
    columns: Sequence[str] | str | None = None,
    types: Mapping[str, str] | None = None,
    runs: bool = True,
) -> StreamingQuery:
    """Start a query that writes an alert of each record of a stream that the model reports, as lines of JSON.

    The lines are those of `to_eve`, with an alert_id that follows from the record alone: a record that the source
    delivers twice has the same. Each batch that has alerts becomes a file of its own, named by the query and the number
    of the batch, which is there as a whole or not at all. Spark gives a batch that it did not finish the same number
    and the same records again, and a batch whose file is there is not written again: whoever kills the driver at any
    moment and starts it with the same checkpoint loses no alert and gets none twice.

    Parameters
    ----------
    model : path
        A file of `Model.save`. Where it changes (``save`` replaces it as a whole), the next batch uses the new one; a
        file that cannot be read is logged, and the model before goes on. Its features must look at each row alone.
    stream : DataFrame
        ``spark.readStream...``, of files or, where the connector is there, of Kafka with the records as columns.
    alerts : path
        A folder that the driver can write to.
    checkpoint : path
        Where Spark keeps how far the query is; one for each query, and of a new one all begins anew.
    trigger : mapping, optional
        As in ``DataStreamWriter.trigger``: ``{"processingTime": "10 seconds"}``, ``{"availableNow": True}``.
    most_reasons : int
        Of an alert.
    model_name : str
        What alerts call the model.
    columns, types : optional
        What of the records goes into alerts, all columns of simple types if nothing is said, and as in `Table`.
    runs : bool
        Runs of unusual records and steady beats go on from batch to batch, which Spark's executors do not follow: for
        a model with a `Model.run_limit` or `Model.beat_limit` say ``runs=False``, or watch by a `Monitor`.
    """
    writer = AlertWriter(
        model, alerts, most_reasons=most_reasons, model_name=model_name, columns=columns, types=types, runs=runs
    )
    writer.check(stream)
    started = stream.writeStream.foreachBatch(writer).option("checkpointLocation", os.fspath(checkpoint))
    return started.trigger(**trigger).start() if trigger else started.start()


class AlertWriter:
    """What `watch` does with each batch, for a ``foreachBatch`` of one's own; its parameters are those of `watch`."""

    def __init__(
        self,
        model: str | os.PathLike[str],
        alerts: str | os.PathLike[str],
        *,
        most_reasons: int = 5,
        model_name: str = "nad",
        columns: Sequence[str] | str | None = None,
        types: Mapping[str, str] | None = None,
        runs: bool = True,
    ) -> None:
        self._path = Path(model)
        self._folder = Path(alerts)
        self._most_reasons = most_reasons
        self._model_name = model_name
        self._columns = columns
        self._types = dict(types or {})
        self._runs = runs
        self._seen: tuple[int, int, int] | None = None
        self._broadcast: Any = None
        self._version = 0
        self._model = self._checked(Model.load(self._path))
        self._seen = _signature(self._path)
        self._folder.mkdir(parents=True, exist_ok=True)

    @property
    def model(self) -> Model:
        """That the last batch was looked at with."""
        return self._model

    def check(self, frame: DataFrame) -> None:
        """An error where batches like this frame do not fit the model."""
        context_of(frame)
        names = self._names(frame)
        self._model.anomaly_score(empty_table(frame, names, types_of(frame, self._types, names)))

    def __call__(self, frame: DataFrame, batch: int) -> None:
        """Write the alerts of a batch, unless they are there."""
        query = frame.sparkSession.sparkContext.getLocalProperty("sql.streaming.queryId") or "batch"
        target = self._folder / f"alerts-{query}-{batch:012d}.jsonl"
        if target.exists():
            return
        self._follow_file()
        lines = self._lines(frame)
        try:
            lines.count()  # all partitions at once; the next line asks for one after the other
            _write_whole(target, lines.toLocalIterator())
        finally:
            lines.unpersist()

    def _lines(self, frame: DataFrame) -> DataFrame:
        names = self._names(frame)
        types = types_of(frame, self._types, names)
        if self._broadcast is None:
            self._broadcast = shipped(context_of(frame), self._model)
        broadcast, most_reasons = self._broadcast, self._most_reasons
        model_name, model_version = self._model_name, self._version + 1

        def told(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            import pyarrow as pa  # noqa: PLC0415

            learnt = broadcast.value
            maker = AlertMaker(learnt, model_name=model_name, model_version=model_version)
            for rows in in_pieces(batches):
                table = table_of(rows, names, types)
                found = learnt.detect(table, most_reasons=most_reasons, most_explained=len(table), runs=False)
                records = rows.take(pa.array(found.rows)).to_pylist()
                ids = [alert_id(record) for record in records]
                alerts = [_with_id(to_eve(alert), own) for alert, own in zip(maker.alerts(table, found), ids)]
                yield pa.RecordBatch.from_arrays(
                    [pa.array(ids, pa.string()), pa.array(alerts, pa.string())], names=["alert_id", "line"]
                )

        return mapped(frame, names, told, "alert_id string, line string").persist()

    def _names(self, frame: DataFrame) -> list[str]:
        simple = [name for name, kind in frame.dtypes if kind in _SIMPLE or kind.startswith("decimal")]
        wanted = simple if self._columns is None else chosen(frame, self._columns, "columns")
        inputs = [name for name in self._model.pipeline.inputs if name in frame.columns]
        return list(dict.fromkeys([*wanted, *inputs]))

    def _follow_file(self) -> None:
        """The model of the file, where that changed."""
        try:
            now = _signature(self._path)
            if now == self._seen:
                return
            self._model, self._seen = self._checked(Model.load(self._path)), now
        except (Error, OSError) as error:
            _log.warning("%s: the model before goes on (%s)", self._path, error)
            return
        self._version += 1
        if self._broadcast is not None:
            self._broadcast.unpersist()
            self._broadcast = None
        _log.info("%s: a new model", self._path)

    def _checked(self, model: Model) -> Model:
        if step := looks_back(model.pipeline.steps):
            raise InvalidArgumentError(
                f"the step {step} of {self._path} looks at the records before each record, also of earlier batches; "
                "fit a model by nad.spark.row_pipeline, or watch by a nad.Monitor"
            )
        if self._runs and follows_sources(model):
            raise InvalidArgumentError(
                f"{self._path} reports runs and beats of the records of a source, which go on from batch to batch "
                "and are not followed here; say runs=False to do without, or watch by a nad.Monitor"
            )
        return model


def alert_id(record: Mapping[str, Any]) -> str:
    """Of a record, by its values alone."""
    text = json.dumps(record, sort_keys=True, default=_plain, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _plain(value: Any) -> str:
    """Times in UTC, whatever the time zone of the session."""
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        value = value.astimezone(dt.timezone.utc)
    return str(value)


def _with_id(line: str, own: str) -> str:
    """The line with the id as its first field."""
    return f'{{"alert_id":"{own}",{line.lstrip()[1:]}'


def _signature(path: Path) -> tuple[int, int, int]:
    """What changes when another file takes the place of this one."""
    known = path.stat()
    return known.st_mtime_ns, known.st_size, known.st_ino


def _write_whole(target: Path, rows: Iterator[Any]) -> None:
    """Each id once; the file is there with all of it or not at all, also after a power cut. No file without alerts."""
    written: set[str] = set()
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            for row in rows:
                if row.alert_id not in written:
                    written.add(row.alert_id)
                    file.write(f"{row.line}\n")
            file.flush()
            os.fsync(file.fileno())
        if not written:
            unfinished.unlink()
            return
        unfinished.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise IoError(
            f"the alerts of a batch cannot be written to {target} ({error}); nothing is lost: start the query again, "
            "with the same checkpoint, when they can"
        ) from error
