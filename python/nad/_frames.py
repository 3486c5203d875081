"""From whatever holds a table to a NumPy array and, where it has them, the names of its columns."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nad.errors import InvalidDataError
from nad.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = npt.NDArray[Any]

_LARGEST = float(np.finfo(np.float32).max)
_TIMES = (dt.date, dt.time, dt.timedelta, np.datetime64, np.timedelta64)


def to_array(X: Any) -> tuple[Array, list[str] | None]:
    """The values of ``X`` and its column names.

    pandas, polars and pyarrow are recognised by what their tables can do and never imported. Of a `nad.Table` its
    features are taken, the columns with another role are not. A masked or missing value becomes NaN. What dtype the
    values have is left to the compiled part, which converts once.
    """
    if type(X) is np.ndarray:
        return X, None
    if X is None:
        raise TypeError("X is None; give a table of numbers, one row a record")
    if hasattr(X, "tocsr"):
        raise TypeError(
            "Sparse data was passed, but a detector needs dense rows: use X.toarray(), or choose fewer columns first"
        )
    if isinstance(X, np.ma.MaskedArray):
        return np.ma.filled(X.astype(np.float64), np.nan), None
    if isinstance(X, Table):
        return _features(X)
    if hasattr(X, "__arrow_c_stream__") and not hasattr(X, "__array__"):  # results of DuckDB, readers of pyarrow
        return _features(Table(X))
    names = column_names(X)
    if names is None and not hasattr(X, "dtypes"):
        return np.asarray(X), None
    values = np.asarray(X)
    if values.dtype == object:
        values = _numbers_from_objects(X, values)
    return values, names


def to_weights(sample_weight: Any) -> Array:
    """One number a row, as float64; the errors name `sample_weight`."""
    wish = "; give one number a row, or None"
    weights = np.asarray(sample_weight)
    if weights.dtype.kind not in "biufO" or weights.ndim == 0:
        raise InvalidDataError(f"sample_weight is {_short(sample_weight)}{wish}")
    if weights.ndim != 1:
        raise InvalidDataError(f"sample_weight must be a 1D array, but its shape is {weights.shape}{wish}")
    try:
        weights = weights.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidDataError(f"sample_weight holds what is no number ({error}){wish}") from None
    too_large = np.flatnonzero(np.isfinite(weights) & (np.abs(weights) > _LARGEST))
    if too_large.size:
        row = too_large[0]
        raise InvalidDataError(
            f"sample_weight of row {row} is {weights[row]:g}, which is too large for float32 (at most {_LARGEST:g}); "
            "divide all weights by the same number"
        )
    return weights


def with_column_name(message: str, names: Sequence[str] | None) -> str:
    """``row 3, column 1`` of a message becomes ``row 3, column 1 ('sent')``."""
    place = re.search(r"row \d+, column (\d+)", message)
    if place is None or names is None or int(place[1]) >= len(names):
        return message
    return f"{message[: place.end()]} ({names[int(place[1])]!r}){message[place.end() :]}"


def column_names(X: Any) -> list[str] | None:
    """The names of a table's columns, or of a single record's values, where all of them are strings."""
    if hasattr(X, "dtypes"):  # pandas, polars
        is_table = len(X.shape) == 2
        names = list(X.columns) if is_table else list(getattr(X, "index", ()))
    elif hasattr(X, "column_names"):  # pyarrow
        is_table, names = True, list(X.column_names)
    else:
        return None
    strings = sum(isinstance(name, str) for name in names)
    if strings == len(names):
        return [str(name) for name in names] or None
    if strings == 0 or not is_table:
        return None
    kinds = sorted({type(name).__qualname__ for name in names})
    raise TypeError(
        "Feature names are only supported if all input features have string names, but your input has "
        f"{kinds} as column name types; make all of them strings, for instance with X.columns = X.columns.astype(str)"
    )


def check_names(given: list[str], fitted: list[str]) -> None:
    """Raise when the columns are not those that were learnt from, in the same order."""
    if given == fitted:
        return
    message = "The feature names should match those that were passed during fit.\n"
    unseen = sorted(set(given) - set(fitted))
    absent = sorted(set(fitted) - set(given))
    if unseen:
        message += "Feature names unseen at fit time:\n" + _listing(unseen)
    if absent:
        message += "Feature names seen at fit time, yet now missing:\n" + _listing(absent)
    if not unseen and not absent:
        message += "Feature names must be in the same order as they were in fit.\n"
    raise InvalidDataError(message)


def _listing(names: list[str], most: int = 5) -> str:
    lines = [f"- {name}\n" for name in names[:most]]
    return "".join(lines) + ("- ...\n" if len(names) > most else "")


def _features(table: Table) -> tuple[Array, list[str]]:
    names = [name for name, role in table.roles.items() if role == "feature"]
    if not names:
        raise InvalidDataError(
            "the table has no columns with the role of feature; give some with table.with_role(names, 'feature')"
        )
    kinds = table.types
    others = [f"{name!r} ({kinds[name]})" for name in names if kinds[name] not in ("number", "integer", "boolean")]
    if others:
        raise InvalidDataError(
            f"these features are no numbers: {', '.join(others)}; encode them, give them another role with "
            "table.with_role(names, 'identifier'), or leave them out with table.drop(names)"
        )
    return table.to_numpy(names), names


def _numbers_from_objects(X: Any, values: Array) -> Array:
    """Columns of several types, or with a missing-value object, come as an array of objects."""
    times = _time_columns(X, values)
    if times:
        raise TypeError(
            f"these columns hold dates or durations: {', '.join(times)}; convert them to numbers first, for instance "
            "to seconds"
        )
    try:
        if hasattr(X, "to_numpy"):
            return np.asarray(X.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
    except (TypeError, ValueError):
        pass  # not pandas, or text in it: said below
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{error}{_which_columns(X, values)}") from error


def _which_columns(X: Any, values: Array) -> str:
    names = column_names(X)
    if names is None or values.ndim != 2:
        return ""
    text = [name for name, column in zip(names, values.T) if any(isinstance(value, str) for value in column)]
    return f"; these columns hold text, encode or drop them: {', '.join(text)}" if text else ""


def _time_columns(X: Any, values: Array) -> list[str]:
    """The columns, by name or else by number, whose values are points or spans of time."""
    columns = np.atleast_2d(values).T
    dtypes = getattr(X, "dtypes", None)
    kinds = [getattr(dtype, "kind", "O") for dtype in dtypes] if values.ndim == 2 and dtypes is not None else []
    if len(kinds) != len(columns):
        kinds = ["O"] * len(columns)
    names = column_names(X) or [str(number) for number in range(len(columns))]
    return [
        name
        for name, kind, column in zip(names, kinds, columns)
        if kind in "mM" or (kind == "O" and any(isinstance(value, _TIMES) for value in column))
    ]


def _short(value: Any, most: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}..."
