"""Labels of any kind as the whole numbers that the core learns from, and back."""

from __future__ import annotations

import math
import sys
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nad.errors import InvalidArgumentError, InvalidDataError

_INT32 = np.iinfo(np.int32)


@dataclass(frozen=True)
class Labels:
    """The classes of some rows.

    Whole numbers stand for themselves. Others are numbered in their order, and their texts are the names of the
    numbers.
    """

    classes: npt.NDArray[Any]  # those that there are, ascending
    numbers: npt.NDArray[np.int32]  # one a class
    names: list[str]  # of the numbers 0, 1, ...; empty for whole numbers
    codes: npt.NDArray[np.int32]  # the number of each row's class

    def number_of(self, label: Any) -> int:
        """The number of a class."""
        place = np.flatnonzero(self.classes == label)
        if len(place) != 1:
            raise InvalidArgumentError(f"there is no class {label!r} in y; there are {self.classes.tolist()}")
        return int(self.numbers[place[0]])


def read_labels(y: Any, who: str = "BoostedTrees") -> Labels:
    """What the ``fit`` of `who` was given as ``y``."""
    if y is None:
        raise InvalidArgumentError(f"{who} requires y to be passed, but the target y is None: give one label a row")
    values = _one_column(np.asarray(y))
    if values.dtype.kind == "O":
        _refuse_missing(values)
        kinds = {type(value) for value in values.tolist()}
        if kinds <= {int, bool, np.bool_} or kinds <= {int, float} or kinds <= {float}:
            values = np.array(values.tolist())
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            kind = "NaN" if np.isnan(values).any() else "infinity or a value too large for dtype('float32')"
            raise InvalidDataError(f"Input y contains {kind}.")
        if (values != np.round(values)).any():
            raise InvalidDataError("Unknown label type: continuous. y holds measurements; give classes")
    if values.dtype.kind == "c":
        raise InvalidDataError("Complex data not supported: y holds complex numbers; give texts or whole numbers")
    if values.dtype.kind not in "biufUSO":
        raise InvalidDataError(f"Unknown label type: y has dtype {values.dtype}; give texts or whole numbers")
    try:
        classes, places = np.unique(values, return_inverse=True)
    except TypeError:
        raise InvalidDataError("Unknown label type: y holds values of several kinds; give texts or numbers") from None
    places = places.reshape(-1)
    is_whole = classes.dtype.kind in "iuf" and len(classes) > 0
    if is_whole and classes[0] >= _INT32.min and classes[-1] <= _INT32.max:
        numbers, names = classes.astype(np.int32), []
    else:
        numbers = np.arange(len(classes), dtype=np.int32)
        names = [label.decode() if isinstance(label, bytes) else str(label) for label in classes.tolist()]
    return Labels(classes, numbers, names, numbers[places])


def classes_from(numbers: list[int], names: list[str]) -> npt.NDArray[Any]:
    """The classes of a model that came from a file."""
    if not names:
        return np.array(numbers, dtype=np.int64)
    if names == ["False", "True"]:
        return np.array([names[number] == "True" for number in numbers])
    return np.array([names[number] for number in numbers])


def _one_column(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if values.ndim == 2 and values.shape[1] == 1:
        exceptions = sys.modules.get("sklearn.exceptions")
        kind = UserWarning if exceptions is None else exceptions.DataConversionWarning
        wish = "Please change the shape of y to (n_samples,), for example using ravel()."
        warnings.warn(f"A column-vector y was passed when a 1d array was expected. {wish}", kind, stacklevel=5)
        return values.reshape(-1)
    if values.ndim != 1:
        raise InvalidDataError(f"y should be a 1d array, got an array of shape {values.shape} instead")
    return values


def _refuse_missing(values: npt.NDArray[Any]) -> None:
    for row, value in enumerate(values.tolist()):
        if value is None or (isinstance(value, float) and math.isnan(value)):
            raise InvalidDataError(f"Input y contains NaN: the label of row {row} is missing")
