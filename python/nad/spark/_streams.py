"""Records that belong together: each group of equal keys is a stream of its own, in order, on any partition."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from nad.errors import InvalidArgumentError
from nad.spark._frames import AT_ONCE, column, in_pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt
    import pyarrow as pa
    from pyspark.sql import DataFrame

_KEYS = ("string", "tinyint", "smallint", "int", "bigint", "boolean", "date", "timestamp", "timestamp_ntz")
_NOT_ORDERED = ("array", "struct", "map", "variant", "interval", "binary", "void")


def put_together(frame: DataFrame, keys: Sequence[str], order: Sequence[str]) -> DataFrame:
    """Rows of equal keys in one partition, one after the other, in order; what `order` leaves open is settled, too."""
    kinds = dict(frame.dtypes)
    for key in keys:
        if kinds[key] not in _KEYS:
            raise InvalidArgumentError(
                f"together: column {key!r} is of type {kinds[key]}; give columns of text, whole numbers or times"
            )
    return frame.repartition(*map(column, keys)).sortWithinPartitions(
        *map(column, dict.fromkeys([*keys, *in_total_order(frame, order)]))
    )


def in_total_order(frame: DataFrame, order: Sequence[str]) -> list[str]:
    """With the other columns behind: rows that are left in no order then are the same to a model."""
    others = [name for name, kind in frame.dtypes if not kind.startswith(_NOT_ORDERED)]
    return list(dict.fromkeys([*order, *others]))


def groups_of(
    batches: Iterable[pa.RecordBatch], keys: Sequence[str], *, each: bool, at_once: int = AT_ONCE
) -> Iterator[pa.Table]:
    """Whole groups of a partition that `put_together` made: each by itself, or many at a time."""
    import pyarrow as pa  # noqa: PLC0415

    open_group: list[pa.Table] = []  # that may go on
    for piece in in_pieces(batches, at_once):
        begins = _begins(piece, keys).tolist()
        if open_group and not _differ(open_group[-1], piece, keys):
            del begins[0]  # its first rows are of the group before
        if not begins:
            open_group.append(piece)
            continue
        ends = begins if each else begins[-1:]
        first = pa.concat_tables([*open_group, piece.slice(0, ends[0])]).combine_chunks()
        if first.num_rows:
            yield first
        for begin, end in pairwise(ends):
            yield piece.slice(begin, end - begin)
        open_group = [piece.slice(ends[-1])]
    if open_group:
        yield pa.concat_tables(open_group).combine_chunks()


def _differ(before: pa.Table, after: pa.Table, keys: Sequence[str]) -> bool:
    """Whether the first row of `after` is of another group than the last one of `before`."""
    import pyarrow as pa  # noqa: PLC0415

    two = pa.concat_tables([before.slice(before.num_rows - 1), after.slice(0, 1)]).combine_chunks()
    return len(_begins(two, keys)) == 2


def _begins(rows: pa.Table, keys: Sequence[str]) -> npt.NDArray[np.int64]:
    """Where groups begin."""
    new = np.zeros(rows.num_rows, dtype=bool)
    new[0] = True
    for key in keys:
        new[1:] |= _differs(rows.column(key))
    return np.flatnonzero(new)


def _differs(values: Any) -> npt.NDArray[np.bool_]:
    """Whether each value is another than the one before; missing ones are alike."""
    import pyarrow.compute as pc  # noqa: PLC0415

    before, after = values.slice(0, len(values) - 1), values.slice(1)
    other = pc.fill_null(pc.not_equal(before, after), False)
    one_missing = pc.xor(pc.is_null(before), pc.is_null(after))
    return np.asarray(pc.or_(other, one_missing).to_numpy(zero_copy_only=False), dtype=bool)
