"""What every verb on Spark needs: columns by name, batches as tables, and the model on each executor once."""

from __future__ import annotations

import copy
import importlib.util
from typing import TYPE_CHECKING, Any

from nad.errors import InvalidArgumentError, InvalidDataError
from nad.estimators._detector import DetectorEstimator
from nad.features import FeaturePipeline
from nad.model import Model
from nad.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa
    from pyspark import SparkContext
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import StructType

AT_ONCE = 65_536  # rows that are scored together; Spark hands over 10,000


def require_packages() -> None:
    """An error that names the extra where Spark is not there."""
    for package in ("pyspark", "pyarrow"):
        if importlib.util.find_spec(package) is None:
            raise ImportError(
                f"nad.spark needs the package {package}; install it with `pip install 'nad[spark]'`, and a Java runtime"
            )


def context_of(frame: DataFrame) -> SparkContext:
    """Broadcasts belong to it."""
    if not hasattr(frame, "mapInArrow"):
        raise TypeError(
            f"a DataFrame of Spark is wanted, not {type(frame).__qualname__}; spark.createDataFrame makes one"
        )
    try:
        return frame.sparkSession.sparkContext
    except (AttributeError, NotImplementedError) as error:
        raise InvalidArgumentError(
            "this DataFrame is of Spark Connect, which cannot hand a model to each executor once; use a classic session"
        ) from error


def column(name: str) -> Column:
    """Also one with a dot in its name."""
    from pyspark.sql import functions  # noqa: PLC0415

    return functions.col("`" + name.replace("`", "``") + "`")


def follows_sources(model: Model) -> bool:
    """Whether it reports what records of a source come to together."""
    return model.run_limit is not None or model.beat_limit is not None


def whole_number(value: Any, option: str, least: int) -> None:
    """An error that names the option where it is none, or too small."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidArgumentError(f"{option} is {value!r}; give a whole number of at least {least}")


def chosen(frame: DataFrame, names: Iterable[str] | str | None, option: str) -> list[str]:
    """These columns, all of them for None; an error where one is not there."""
    if names is None:
        return list(frame.columns)
    wanted = [names] if isinstance(names, str) else list(names)
    for name in wanted:
        if name not in frame.columns:
            raise InvalidDataError(f"{option}: there is no column {name!r}; there are: {', '.join(frame.columns)}")
    return wanted


def empty_table(frame: DataFrame, names: Sequence[str], types: Mapping[str, str]) -> Table:
    """A table without rows, of these columns: what is wrong with them shows before a job runs."""
    from pyspark.sql.pandas.types import to_arrow_schema  # noqa: PLC0415

    schema = frame.select(*(column(name) for name in names)).schema
    return table_of(to_arrow_schema(schema).empty_table(), names, types)


def table_of(rows: pa.Table, names: Sequence[str], types: Mapping[str, str]) -> Table:
    """These columns as nad's table; texts become what `types` says."""
    return Table(rows.select(list(names)), types=types)


def in_pieces(batches: Iterable[pa.RecordBatch], at_once: int = AT_ONCE) -> Iterator[pa.Table]:
    """The rows of a partition, some of Spark's batches at a time."""
    import pyarrow as pa  # noqa: PLC0415

    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        if batch.num_rows == 0:
            continue
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= at_once:
            yield pa.Table.from_batches(waiting).combine_chunks()
            waiting, rows = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting).combine_chunks()


def shipped(context: SparkContext, learnt: Model | DetectorEstimator[Any]) -> Any:
    """A broadcast: each executor's Python fetches and loads it once, whatever the number of tasks."""
    travelling = copy.copy(learnt)
    travelling.n_jobs = 1  # the tasks of an executor share its cores already
    travelling.verbose = False
    return context.broadcast(travelling)


def mapped(
    frame: DataFrame,
    names: Sequence[str],
    function: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]],
    result: StructType | str,
) -> DataFrame:
    """``mapInArrow`` of these columns, which may have dots in their names: Zeek's have."""
    import pyarrow as pa  # noqa: PLC0415

    numbered = frame.select(*(column(name).alias(f"c{place}") for place, name in enumerate(names)))

    def named(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return function(pa.RecordBatch.from_arrays(batch.columns, names=list(names)) for batch in batches)

    return numbered.mapInArrow(named, result)


def looks_back(steps: Iterable[Mapping[str, Any]]) -> str:
    """The first step whose features depend on the records before; "" where there is none."""
    for step in steps:
        if step["kind"] == "time_parts" and not step.get("gap", True):
            continue  # it keeps the time before for the gap alone
        if FeaturePipeline([step]).looks_back:
            return str(step["kind"])
    return ""
