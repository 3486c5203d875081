"""From whatever holds a table to a NumPy array and, where it has them, the names of its columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nad.errors import InvalidDataError

Array = npt.NDArray[Any]


def to_array(X: Any) -> tuple[Array, list[str] | None]:
    """The values of ``X`` and its column names.

    pandas, polars and pyarrow are recognised by what their tables can do and never imported. A masked or missing value
    becomes NaN. What dtype the values have is left to the compiled part, which converts once.
    """
    if type(X) is np.ndarray:
        return X, None
    if hasattr(X, "tocsr"):
        raise TypeError(
            "Sparse data was passed, but a detector needs dense rows: use X.toarray(), or choose fewer columns first"
        )
    if isinstance(X, np.ma.MaskedArray):
        return np.ma.filled(X.astype(np.float64), np.nan), None
    names = column_names(X)
    if names is None and not hasattr(X, "dtypes"):
        return np.asarray(X), None
    values = np.asarray(X)
    if values.dtype == object:
        values = _numbers_from_objects(X, values)
    return values, names


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


def _numbers_from_objects(X: Any, values: Array) -> Array:
    """Columns of several types, or with a missing-value object, come as an array of objects."""
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
