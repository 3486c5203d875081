"""Model files: one ``.nad`` file, written in Python or C++, read in both.

>>> forest.save("forest.nad")
>>> nad.read_header("forest.nad")["kind"]
'isolation_forest'
>>> model = nad.load("forest.nad")  # the estimator of the kind that the file holds
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from nad import _core
from nad.errors import BadFileError, Error
from nad.estimators import IsolationForest

if TYPE_CHECKING:
    from nad.estimators._detector import DetectorEstimator

__all__ = ["load", "read_header"]

_ESTIMATORS: dict[str, type[DetectorEstimator[Any]]] = {"isolation_forest": IsolationForest}


def load(path: str | os.PathLike[str]) -> DetectorEstimator[Any]:
    """Read a model file. Loading runs no code: a damaged or hostile file is a clear error."""
    data = Path(path).read_bytes()  # once: a file that is replaced meanwhile cannot mix two models
    try:
        detector = _core.load_detector_bytes(data)
        header = json.loads(_core.read_header_bytes(data))
    except Error as error:
        raise type(error)(f"{os.fspath(path)}: {error}") from None
    if detector.kind not in _ESTIMATORS:
        raise BadFileError(f"{os.fspath(path)} holds a {detector.kind}, which this version of nad has no class for")
    return _ESTIMATORS[detector.kind]._from_detector(detector, header.get("feature_names") or None)


def read_header(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a model file says about itself, without reading the model: kind, feature names, library version, ..."""
    return cast("dict[str, Any]", json.loads(_core.read_header(os.fspath(path))))
