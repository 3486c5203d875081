"""Models and detectors applied to DataFrames: scores and findings as columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nad import _frames
from nad.errors import InvalidArgumentError, InvalidDataError
from nad.estimators._detector import DetectorEstimator
from nad.features import FeaturePipeline
from nad.model import Model
from nad.spark._discoveries import with_limit_of
from nad.spark._findings import FindingNames, finding_fields, with_findings
from nad.spark._frames import (
    chosen,
    column,
    context_of,
    empty_table,
    follows_sources,
    in_pieces,
    looks_back,
    mapped,
    shipped,
    table_of,
    whole_number,
)
from nad.spark._streams import groups_of, put_together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import numpy.typing as npt
    import pyarrow as pa
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

    from nad.table import Table

_RUN_COLUMNS = ("src_ip", "dst_ip", "dst_port", "duration")
_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "boolean")


def anomaly_score(
    learnt: Model | DetectorEstimator[Any],
    frame: DataFrame,
    *,
    keep: Sequence[str] | str | None = None,
    columns: Sequence[str] | str | None = None,
    pipeline: FeaturePipeline | None = None,
    name: str = "score",
    types: Mapping[str, str] | None = None,
    together: Sequence[str] | str | None = None,
    order_by: Sequence[str] | str | None = None,
) -> DataFrame:
    """The columns of `keep`, and one score a record: higher is more anomalous; that of the model itself, to the bit.

    Parameters
    ----------
    learnt : Model or a detector
        Fitted.
    frame : DataFrame
        What a pipeline or detector needs travels to Python, and what is kept; leave out of `keep` what is not needed.
    keep : names, optional
        Columns of the result; all of them if nothing is said.
    columns : names, optional
        What a detector is to look at: if nothing is said the columns that it learnt from, by name, or where it knows no
        names all that hold numbers, in their order.
    pipeline : FeaturePipeline, optional
        Fitted; makes a detector's features. It must look at each row alone.
    name : str
        Of the column with the scores.
    types, together, order_by :
        As in `detect`.
    """
    from pyspark.sql.types import FloatType, StructField, StructType  # noqa: PLC0415

    context = context_of(frame)
    kept = chosen(frame, keep, "keep")
    if name in kept:
        raise InvalidArgumentError(f"there is a column {name!r} already; give another name, or leave it out of keep")
    given, stream = dict(types or {}), Stream()
    if isinstance(learnt, Model):
        if columns is not None or pipeline is not None:
            raise InvalidArgumentError(
                "a model knows its columns and features; columns= and pipeline= are for detectors"
            )
        wanted = model_columns(learnt, frame, runs=False)
        given = types_of(frame, types, wanted)
        stream = _stream_of(learnt, frame, together, order_by, runs=False)
        learnt.anomaly_score(empty_table(frame, wanted, given))
    else:
        if together is not None or order_by is not None:
            raise InvalidArgumentError("a detector looks at each row alone; together and order_by are for models")
        wanted = _looked_at(learnt, frame, columns, pipeline)
        given = types_of(frame, types, wanted)
    broadcast = shipped(context, learnt)

    def scored(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa  # noqa: PLC0415

        for rows in stream.pieces(batches):
            scores = _scores(broadcast.value, pipeline, table_of(rows, wanted, given))
            yield from rows.select(kept).append_column(name, pa.array(scores)).to_batches()

    said = StructType([StructField(name, FloatType())])
    return _applied(frame, kept, wanted, stream, function=scored, said=said)


def detect(
    model: Model,
    frame: DataFrame,
    *,
    keep: Sequence[str] | str | None = None,
    only_reported: bool = False,
    most_reasons: int = 5,
    false_discovery_rate: float | None = None,
    runs: bool = True,
    types: Mapping[str, str] | None = None,
    together: Sequence[str] | str | None = None,
    order_by: Sequence[str] | str | None = None,
) -> DataFrame:
    """The columns of `keep`, and what the model says of each record: what `Model.detect` says, to the bit.

    (Detectors whose scores differ a little between instruction sets, see `nad.simd`, do so between unlike executors.)

    The columns behind them are score, p_value, extrapolated, reported, for models that know families of attacks family,
    for those that know what runs of a source are usual run, and reasons: of reported records an array of structs with
    column, value, expected, direction and contribution, the largest first. Where the frame has a column of such a name
    it is nad_score, and so on.

    Parameters
    ----------
    model : Model
        Fitted.
    frame : DataFrame
    keep : names, optional
        Columns of the result; all of them if nothing is said.
    only_reported : bool
        Leave out all other records.
    most_reasons : int
        Of a reported record.
    false_discovery_rate : float, optional
        As in `Model.detect`, for all records of the frame together; they are scored once more, at once.
    runs : bool
        Report long runs of unusual records of one source and new steady beats, too, where the model has a
        `Model.run_limit` or `Model.beat_limit`. For that a shuffle brings the records of each source together, in the
        order of `order_by`.
    types : mapping, optional
        As in `Table`: ``{"dst_ip": "address"}``. Where runs are told, src_ip and dst_ip are addresses.
    together : names, optional
        Each group of records that are equal in these columns is a stream of its own, in the order of `order_by`: the
        findings are those of `Model.detect` of its records. Needed where the model's features look at the records
        before (host_windows, rolling_windows, time_parts with gaps), and a group has to fit into memory then.
    order_by : names, optional
        last_seen or timestamp, whichever is there, if nothing is said. The other columns settle what it leaves open.
    """
    if not isinstance(model, Model):
        raise InvalidArgumentError(f"model is {model!r}; give a fitted nad.Model, or a detector to anomaly_score")
    whole_number(most_reasons, "most_reasons", 0)
    context = context_of(frame)
    kept = chosen(frame, keep, "keep")
    follows_runs = runs and false_discovery_rate is None and follows_sources(model) and "src_ip" in frame.columns
    stream = _stream_of(model, frame, together, order_by, runs=follows_runs)
    wanted = model_columns(model, frame, runs=follows_runs)
    given = types_of(frame, types, wanted, runs=follows_runs)
    model.anomaly_score(empty_table(frame, wanted, given))
    if false_discovery_rate is not None:
        scores = anomaly_score(model, frame, keep=[], name="score", types=types, together=together, order_by=order_by)
        model = with_limit_of(model, scores, false_discovery_rate)
    names = FindingNames.beside(kept, families=bool(model.families), runs=follows_runs)
    broadcast = shipped(context, model)

    def detected(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        learnt = broadcast.value
        calibration = learnt.calibration
        for rows in stream.pieces(batches):
            table = table_of(rows, wanted, given)
            found = learnt.detect(table, most_reasons=most_reasons, most_explained=len(table), runs=follows_runs)
            said = with_findings(rows.select(kept), found, calibration, names, only_reported=only_reported)
            yield from said.to_batches()

    return _applied(frame, kept, wanted, stream, function=detected, said=finding_fields(names))


@dataclass(frozen=True)
class Stream:
    """Which records belong together, and in which order."""

    keys: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    each: bool = False  #: a table a group

    def pieces(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
        """Tables that may be looked at one by one."""
        return groups_of(batches, self.keys, each=self.each) if self.keys else in_pieces(batches)


def model_columns(model: Model, frame: DataFrame, *, runs: bool) -> list[str]:
    """What travels to Python for a model."""
    inputs = list(model.pipeline.inputs)
    there = [name for name in inputs if name in frame.columns]
    if runs:
        times = [name for name, kind in frame.dtypes if kind.startswith("timestamp")]
        there += [name for name in (*_RUN_COLUMNS, *times) if name in frame.columns]
    return list(dict.fromkeys(there))


def types_of(
    frame: DataFrame, types: Mapping[str, str] | None, wanted: Sequence[str], *, runs: bool = False
) -> dict[str, str]:
    """Those of the columns that are looked at; frames have texts where logs give addresses."""
    named = chosen(frame, list(types or {}), "types")
    given = {name: (types or {})[name] for name in named if name in wanted}
    kinds = dict(frame.dtypes)
    for name in ("src_ip", "dst_ip") if runs else ():
        if kinds.get(name) == "string":
            given.setdefault(name, "address")
    return given


def number_columns(frame: DataFrame) -> list[str]:
    """What holds numbers, in the order of the frame."""
    return [name for name, kind in frame.dtypes if kind in _NUMBERS or kind.startswith("decimal")]


def check_looks_at_rows_alone(pipeline: FeaturePipeline) -> None:
    """An error where it has not learnt, or its features depend on other rows."""
    if not getattr(pipeline, "__sklearn_is_fitted__", bool)():
        raise InvalidArgumentError(f"pipeline is {pipeline!r}; give a fitted nad.FeaturePipeline")
    if step := looks_back(pipeline.steps):
        raise InvalidArgumentError(
            f"the step {step} looks at the records before each record, and partitions have no such order; leave it out"
        )


def _stream_of(
    model: Model,
    frame: DataFrame,
    together: Sequence[str] | str | None,
    order_by: Sequence[str] | str | None,
    *,
    runs: bool,
) -> Stream:
    step = looks_back(model.pipeline.steps)
    if step and together is None:
        raise InvalidArgumentError(
            f"the step {step} of this model looks at the records before each record, and partitions have no such "
            "order. Say with together= which records are a stream of their own, such as those of a sensor "
            "(together='sensor'), and fit the model on such a stream; or fit one by nad.spark.row_pipeline"
        )
    if together is None and not runs:
        if order_by is not None:
            raise InvalidArgumentError("order_by is for records that belong together; say by which columns: together=")
        return Stream()
    keys = ["src_ip"] if together is None else chosen(frame, together, "together")
    if not keys:
        raise InvalidArgumentError("together names no columns; give some, such as ['sensor'], or leave it out")
    if order_by is None:
        order = [name for name in ("last_seen", "timestamp") if name in frame.columns][:1]
        if not order:
            raise InvalidArgumentError(
                "the order of records that belong together is not known; name the columns that tell it: order_by="
                + ("" if together is not None else ", or leave runs out: runs=False")
            )
    else:
        order = chosen(frame, order_by, "order_by")
    if frame.isStreaming:
        raise InvalidArgumentError(
            "the records of a stream that belong together come in different batches, which are not followed here"
            + ("; leave runs out: runs=False" if together is None else "; watch by a nad.Monitor")
        )
    # runs are told by source: sources of different groups must not meet in one table
    return Stream(tuple(keys), tuple(order), each=bool(step) or (runs and keys != ["src_ip"]))


def _applied(
    frame: DataFrame,
    kept: Sequence[str],
    wanted: Sequence[str],
    stream: Stream,
    *,
    function: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]],
    said: StructType,
) -> DataFrame:
    """Nothing travels to Python but what is kept, looked at, or puts records together."""
    from pyspark.sql.types import StructType  # noqa: PLC0415

    travelling = dict.fromkeys([*kept, *wanted, *stream.keys])
    rows = frame.select(*map(column, dict.fromkeys([*travelling, *stream.order])))
    if stream.keys:
        rows = put_together(rows, stream.keys, stream.order)
    result = [*rows.select(*map(column, kept)).schema.fields, *said.fields]
    return mapped(rows, list(travelling), function, StructType(result))


def _looked_at(
    learnt: Any, frame: DataFrame, columns: Sequence[str] | str | None, pipeline: FeaturePipeline | None
) -> list[str]:
    if not isinstance(learnt, DetectorEstimator):
        raise InvalidArgumentError(f"{learnt!r} is no model; give a fitted nad.Model, or a detector of nad")
    detector = learnt._fitted("anomaly_score")
    if pipeline is not None:
        check_looks_at_rows_alone(pipeline)
        if columns is not None:
            raise InvalidArgumentError("a pipeline knows its columns; give columns= or pipeline=")
        return chosen(frame, pipeline.inputs, "pipeline")
    names = columns
    if names is None:
        names = number_columns(frame) if learnt._names is None else learnt._names
    wanted = chosen(frame, names, "columns")
    if len(wanted) != detector.n_features:
        raise InvalidDataError(
            f"the detector learnt from {detector.n_features} columns, and these are {len(wanted)}: {', '.join(wanted)}"
            "; say with columns= which are meant"
        )
    return wanted


def _scores(
    learnt: Model | DetectorEstimator[Any], pipeline: FeaturePipeline | None, table: Table
) -> npt.NDArray[np.float32]:
    if isinstance(learnt, Model):
        return learnt.anomaly_score(table)
    x = _matrix(table) if pipeline is None else pipeline.transform(table)
    return np.asarray(learnt._fitted("anomaly_score").anomaly_score(x), dtype=np.float32)


def _matrix(table: Table) -> npt.NDArray[Any]:
    """All columns, whatever they are for: they were chosen by name."""
    return _frames.to_array(table.with_role(table.columns, "feature"))[0]
