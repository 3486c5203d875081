"""Rows of a DataFrame by their numbers, without bringing the others to the driver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nad.errors import InvalidDataError
from nad.spark._frames import AT_ONCE, chosen, column, context_of, in_pieces, mapped
from nad.spark._streams import in_total_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    import numpy.typing as npt
    import pyarrow as pa
    from pyspark.sql import DataFrame

_CHUNK = 32 << 20  # bytes of rows that travel to the driver in one piece


class NumberedRows:
    """Columns of a frame whose rows have numbers from 0 on: in the order of `order_by`, else that of ``collect()``.

    With `order_by` the numbers do not depend on the partitioning: rows that it leaves in no order are put in that of
    their other columns, and are the same where these agree, too. The sorted rows are kept until the end of ``with``.
    """

    def __init__(self, frame: DataFrame, names: Sequence[str], order_by: Sequence[str] | str | None) -> None:
        self.names = list(names)
        self._context = context_of(frame)
        self._is_sorted = order_by is not None
        if order_by is None:
            self._rows = frame.select(*map(column, names))
        else:
            order = chosen(frame, order_by, "order_by")
            travelling = frame.select(*map(column, dict.fromkeys([*order, *names])))
            ordered = travelling.orderBy(*map(column, in_total_order(travelling, order)))
            self._rows = ordered.select(*map(column, names)).persist()
        self._counts = self._counted()
        self._first = np.concatenate([[0], np.cumsum(self._counts)])

    def __len__(self) -> int:
        return int(self._first[-1])

    def __enter__(self) -> NumberedRows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_sorted:
            self._rows.unpersist()

    def take(self, numbers: npt.NDArray[np.uint64]) -> pa.Table:
        """The rows with these numbers, which rise, as one Arrow table on the driver."""
        import pyarrow as pa  # noqa: PLC0415

        wanted = self._context.broadcast((np.asarray(numbers, dtype=np.int64), self._first))
        try:
            parts = mapped(self._rows, self.names, lambda batches: _taken(batches, wanted), _PARTS).collect()
        finally:
            wanted.unpersist()
        counts = np.zeros(len(self._counts), dtype=np.int64)
        for part in parts:
            if part.rows is not None and part.part < len(counts):
                counts[part.part] = part.rows
        if not np.array_equal(counts, self._counts):
            raise InvalidDataError(
                "the rows of the DataFrame came in another order when they were computed again; call its cache(), or "
                "say by which columns rows are in order: order_by="
            )
        tables = [pa.ipc.open_stream(part.rows_taken).read_all() for part in parts if part.rows_taken is not None]
        if not tables:
            return _empty(self._rows)
        return pa.concat_tables(tables).combine_chunks()

    def _counted(self) -> npt.NDArray[np.int64]:
        parts = mapped(self._rows, self.names, _counted, "part int, rows long").collect()
        counts = {part.part: part.rows for part in parts}
        return np.array([counts.get(part, 0) for part in range(max(counts, default=-1) + 1)], dtype=np.int64)


_PARTS = "part int, rows long, rows_taken binary"


def _empty(rows: DataFrame) -> pa.Table:
    from pyspark.sql.pandas.types import to_arrow_schema  # noqa: PLC0415

    return to_arrow_schema(rows.schema).empty_table()


def _partition() -> int:
    from pyspark import TaskContext  # noqa: PLC0415

    context = TaskContext.get()
    assert context is not None  # this runs in a task
    return int(context.partitionId())


def _counted(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa  # noqa: PLC0415

    rows = sum(batch.num_rows for batch in batches)
    yield pa.RecordBatch.from_arrays(
        [pa.array([_partition()], pa.int32()), pa.array([rows], pa.int64())], names=["part", "rows"]
    )


def _taken(batches: Iterator[pa.RecordBatch], wanted: Any) -> Iterator[pa.RecordBatch]:
    """Of a partition the rows that are wanted, as streams of Arrow, and at the end how many rows it has."""
    import pyarrow as pa  # noqa: PLC0415

    numbers, first_of = wanted.value
    part = _partition()
    here = int(first_of[part]) if part < len(first_of) else 0
    begin = here
    waiting: list[pa.Table] = []
    for piece in in_pieces(batches, AT_ONCE):
        low, high = np.searchsorted(numbers, [here, here + piece.num_rows])
        if low < high:
            waiting.append(piece.take(pa.array(numbers[low:high] - here)))
        here += piece.num_rows
        if sum(table.nbytes for table in waiting) >= _CHUNK:
            yield _part(part, None, waiting)
            waiting = []
    yield _part(part, here - begin, waiting)


def _part(part: int, rows: int | None, tables: list[pa.Table]) -> pa.RecordBatch:
    import pyarrow as pa  # noqa: PLC0415

    written = None
    if tables:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, tables[0].schema) as writer:
            for table in tables:
                writer.write_table(table)
        written = sink.getvalue().to_pybytes()
    return pa.RecordBatch.from_arrays(
        [pa.array([part], pa.int32()), pa.array([rows], pa.int64()), pa.array([written], pa.binary())],
        names=["part", "rows", "rows_taken"],
    )
