"""Findings as columns of Arrow, one row a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from pyspark.sql.types import StructType

    from nad.model import Finding, Findings
    from nad.thresholds import Calibration


@dataclass(frozen=True)
class FindingNames:
    """What the columns are called; "" for those that this model has nothing to say in."""

    score: str
    p_value: str
    extrapolated: str
    reported: str
    family: str
    run: str
    reasons: str

    @classmethod
    def beside(cls, kept: Sequence[str], *, families: bool, runs: bool) -> FindingNames:
        """Names that the frame does not have."""

        def free(name: str) -> str:
            while name in kept:
                name = f"nad_{name}"
            return name

        return cls(
            free("score"),
            free("p_value"),
            free("extrapolated"),
            free("reported"),
            free("family") if families else "",
            free("run") if runs else "",
            free("reasons"),
        )


def finding_fields(names: FindingNames) -> StructType:
    """Names and types."""
    from pyspark.sql.types import (  # noqa: PLC0415
        ArrayType,
        BooleanType,
        DoubleType,
        FloatType,
        StringType,
        StructField,
        StructType,
    )

    texts = [StructField(name, StringType()) for name in ("column", "value", "expected", "direction")]
    kinds = {
        names.score: FloatType(),
        names.p_value: DoubleType(),
        names.extrapolated: BooleanType(),
        names.reported: BooleanType(),
        names.family: StringType(),
        names.run: StringType(),
        names.reasons: ArrayType(StructType([*texts, StructField("contribution", DoubleType())])),
    }
    return StructType([StructField(name, kind) for name, kind in kinds.items() if name])


def with_findings(
    rows: pa.Table, found: Findings, calibration: Calibration, names: FindingNames, *, only_reported: bool
) -> pa.Table:
    """The rows, and behind them what was found."""
    import pyarrow as pa  # noqa: PLC0415

    in_order = sorted(found.reported, key=lambda one: one.row)
    places = np.array([one.row for one in in_order], dtype=np.int64)
    scores = found.scores
    if only_reported:
        rows, scores = rows.take(pa.array(places)) if rows.num_columns else rows, scores[places]
        places = np.arange(len(in_order))
    p_values, extrapolated = calibration._calibration.p_values(scores)
    reported = np.zeros(len(scores), dtype=bool)
    reported[places] = True
    columns = {
        names.score: pa.array(scores, pa.float32()),
        names.p_value: pa.array(p_values, pa.float64()),
        names.extrapolated: pa.array(np.asarray(extrapolated, dtype=bool)),
        names.reported: pa.array(reported),
        names.family: _texts([one.family or None for one in in_order], places, len(scores)),
        names.run: _texts([None if one.run is None else str(one.run) for one in in_order], places, len(scores)),
        names.reasons: _reasons(in_order, reported),
    }
    said = {name: values for name, values in columns.items() if name}
    return pa.Table.from_arrays([*rows.columns, *said.values()], names=[*rows.column_names, *said])


def _texts(values: Sequence[str | None], places: Any, rows: int) -> pa.Array:
    import pyarrow as pa  # noqa: PLC0415

    spread = np.full(rows, None, dtype=object)
    spread[places] = values
    return pa.array(spread, pa.string())


def _reasons(in_order: Sequence[Finding], reported: Any) -> pa.Array:
    """A list of structs a row, missing for what is not reported."""
    import pyarrow as pa  # noqa: PLC0415

    flat = [reason for one in in_order for reason in one.reasons]
    structs = pa.StructArray.from_arrays(
        [
            pa.array([reason.column for reason in flat], pa.string()),
            pa.array([reason.value for reason in flat], pa.string()),
            pa.array([reason.expected for reason in flat], pa.string()),
            pa.array([reason.direction for reason in flat], pa.string()),
            pa.array([reason.contribution for reason in flat], pa.float64()),
        ],
        names=["column", "value", "expected", "direction", "contribution"],
    )
    sizes = np.zeros(len(reported), dtype=np.int32)
    sizes[reported] = [len(one.reasons) for one in in_order]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), structs, mask=pa.array(~reported))
