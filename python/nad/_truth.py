"""What is known of records: which are attacks, of which family, and when they happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nad import _core
from nad._columns import to_column
from nad.column import Column
from nad.errors import InvalidArgumentError, InvalidDataError
from nad.table import Table

_NORMAL_WORDS = ("normal", "benign", "background", "legitimate", "0")
_SHOWN = 8


@dataclass(frozen=True)
class Truth:
    """One entry a row."""

    is_attack: npt.NDArray[np.uint8]
    families: npt.NDArray[np.uint32] | None = None  # numbers of `names`; of normal rows they mean nothing
    names: tuple[str, ...] = ()


def read_truth(y: Any, normal: Any = None, families: Any = None) -> Truth:
    """Read labels as ``nad.evaluate`` takes them: truth values, 0 and 1, names, or a table with a role of label."""
    if isinstance(y, Table):
        if isinstance(families, str):
            families = y[families]
        y, found_families = _labels_of(y)
        families = found_families if families is None else families
    if isinstance(y, np.ndarray) and y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    truth = _quick(y) if normal is None else None
    if truth is None:
        truth = _from_column(_column(y, "y"), normal)
    if families is None:
        return truth
    codes, names = read_codes(families, "families")
    if len(codes) != len(truth.is_attack):
        raise InvalidDataError(
            f"there are {len(truth.is_attack)} labels, but {len(codes)} families; give one for each row"
        )
    return Truth(truth.is_attack, codes, names)


def read_codes(values: Any, name: str) -> tuple[npt.NDArray[np.uint32], tuple[str, ...]]:
    """Numbers for values of any kind, and the text of each number."""
    column = _column(values, name)
    _refuse_gaps(column, name)
    if column.type == "address":
        column = column.convert("text", name)
    if column.type not in ("category", "text"):
        distinct, codes = np.unique(np.asarray(column.to_numpy()), return_inverse=True)
        return codes.reshape(-1).astype(np.uint32), tuple(str(value) for value in distinct.tolist())
    codes, names = _names_of(column, name)
    return codes.astype(np.uint32), tuple(names)


def read_seconds(time: Any, rows: Any = None) -> npt.NDArray[np.float64] | None:
    """When each record happened, in seconds; where nobody says, by the only column of times of a table."""
    if isinstance(rows, Table):
        if time is None:
            moments = [name for name, role in rows.roles.items() if role == "moment"]
            moments = [name for name in moments if rows.types[name] == "time" and rows[name].missing_count == 0]
            time = rows[moments[0]] if len(moments) == 1 else None
        elif isinstance(time, str):
            time = rows[time]
    if time is None:
        return None
    column = _column(time, "time")
    _refuse_gaps(column, "time")
    if column.type == "time":
        nanoseconds = np.asarray(column.to_numpy()).astype("datetime64[ns]").view(np.int64)
        return (nanoseconds - (nanoseconds.min() if len(nanoseconds) else 0)) / 1e9
    if column.type not in ("number", "integer"):
        raise InvalidArgumentError(f"time is of type {column.type}; give times, or seconds as numbers")
    return np.asarray(column.to_numpy(), dtype=np.float64)


def read_weights(sample_weight: Any) -> npt.NDArray[np.float64] | None:
    """One number a row, or none."""
    return None if sample_weight is None else read_numbers(sample_weight, "sample_weight").astype(np.float64)


def read_scores(scores: Any) -> npt.NDArray[Any]:
    """Floats as they are, other numbers as doubles."""
    return read_numbers(scores, "scores")


def read_numbers(values: Any, name: str) -> npt.NDArray[Any]:
    """One number a row."""
    array = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        hint = ""
        if name == "scores" and array.ndim == 2 and array.shape[1] == 2:
            hint = "; of predict_proba, the column of the attacks: scores[:, 1]"
        raise InvalidDataError(f"{name} has the shape {array.shape}; give one number a row{hint}")
    if array.dtype.kind not in "biuf":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise InvalidDataError(f"{name} is of dtype {array.dtype}; give numbers") from None
    return array if array.dtype == np.float32 else array.astype(np.float64)


def _labels_of(table: Table) -> tuple[Column, Column | None]:
    """The column that says what is an attack, and the one that says which."""
    labels = [name for name, role in table.roles.items() if role == "label"]
    flags = [name for name in labels if table.types[name] == "boolean"]
    words = [name for name in labels if table.types[name] in ("category", "text")]
    words.sort(key=lambda name: name != "attack_family")  # families first: they are fewer
    if flags:
        return table[flags[0]], table[words[0]] if words else None
    if words:
        return table[words[0]], None
    raise InvalidDataError(
        "the table has no column with the role of label that holds truth values or names; "
        "give one by table.with_role(name, 'label'), or the labels themselves"
    )


def _column(values: Any, name: str) -> _core.Column:
    if isinstance(values, Column):
        return values._column
    return to_column(values, name)


def _quick(y: Any) -> Truth | None:
    """Arrays of truth values, or of 0 and 1, without a detour."""
    if not isinstance(y, np.ndarray) or y.ndim != 1 or y.dtype.kind not in "bui":
        return None
    if y.dtype.kind == "b":
        return Truth(y.view(np.uint8))
    return Truth(y.astype(np.uint8)) if len(y) and int(y.min()) >= 0 and int(y.max()) <= 1 else None


def _from_column(column: _core.Column, normal: Any) -> Truth:
    _refuse_gaps(column, "y")
    if column.type in ("category", "text"):
        return _from_names(column, normal)
    values = np.asarray(column.to_numpy())
    if normal is not None:
        if not (values == normal).any():
            raise InvalidArgumentError(f"no label is {normal!r}; there are {_some(np.unique(values).tolist())}")
        return _with_families(values != normal, values)
    if column.type in ("boolean", "integer", "number"):
        if np.isin(values, (0, 1)).all():
            return Truth(values.astype(np.uint8))
        wrong = int(np.flatnonzero(~np.isin(values, (0, 1)))[0])
        raise InvalidDataError(
            f"the label of row {wrong} is {values[wrong]}; give truth values, 0 and 1, or names, or say by normal= "
            "which label normal rows have (scores come first, then labels)"
        )
    raise InvalidDataError(f"labels of type {column.type} are none; give truth values, 0 and 1, or names")


def _with_families(is_attack: npt.NDArray[np.bool_], values: npt.NDArray[Any]) -> Truth:
    distinct, codes = np.unique(values, return_inverse=True)
    names = tuple(str(value) for value in distinct.tolist())
    return Truth(is_attack.astype(np.uint8), codes.reshape(-1).astype(np.uint32) if len(names) > 2 else None, names)


def _from_names(column: _core.Column, normal: Any) -> Truth:
    codes, names = _names_of(column, "y")
    if normal is None:
        known = [name for name in names if name.strip().rstrip(".").lower() in _NORMAL_WORDS]
        if len(known) != 1:
            raise InvalidArgumentError(f"which label is normal? There are {_some(names)}; name it by normal=")
        normal = known[0]
    if normal not in names:
        raise InvalidArgumentError(f"no label is {normal!r}; there are {_some(names)}")
    is_attack = codes != names.index(normal)
    return Truth(is_attack.astype(np.uint8), codes.astype(np.uint32) if len(names) > 2 else None, tuple(names))


def _names_of(column: _core.Column, name: str) -> tuple[npt.NDArray[np.int64], list[str]]:
    """The names that occur, in alphabetical order, and each row's place among them."""
    column = column if column.type == "category" else column.convert("category", name)
    codes, names = column.codes().astype(np.int64), column.categories()
    occurring = np.flatnonzero(np.bincount(codes, minlength=len(names)))
    order = sorted(occurring.tolist(), key=lambda code: names[code])
    places = np.zeros(len(names), dtype=np.int64)
    places[order] = np.arange(len(order))
    return places[codes], [names[code] for code in order]


def _refuse_gaps(column: _core.Column, name: str) -> None:
    if column.missing_count:
        row = int(np.flatnonzero(column.is_missing())[0])
        raise InvalidDataError(
            f"{name} is missing in row {row}, and in {column.missing_count} rows in all; leave them out"
        )


def _some(names: list[Any]) -> str:
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
