"""Model files: one ``.nad`` file, written in Python or C++, read in both.

>>> forest.save("forest.nad")
>>> nad.read_header("forest.nad")["kind"]
'isolation_forest'
>>> model = nad.load("forest.nad")  # the estimator of the kind that the file holds
"""

from __future__ import annotations

import json
import os
from typing import Any, cast

from nad import _core
from nad.clustering import Clustering
from nad.errors import BadFileError, IoError, missing_file_noticed
from nad.estimators._detector import DetectorEstimator
from nad.features import FeaturePipeline
from nad.model import Model

__all__ = ["load", "read_header"]

_ATTEMPTS = 10
_WHOLE: dict[str, Any] = {
    "clustering": Clustering,
    "feature_pipeline": FeaturePipeline,
    "model": Model,
}  # all but detectors


def load(path: str | os.PathLike[str]) -> Any:
    """Read a model file: the `Model`, the estimator, the `FeaturePipeline` or the `Clustering` that it holds.

    Loading runs no code: a damaged or hostile file is a clear error.
    """
    with missing_file_noticed(path):
        kind = json.loads(_core.read_header(os.fspath(path)))["kind"]
        if kind in _WHOLE:
            return _WHOLE[kind].load(path)
        detector, header = _one_model(os.fspath(path))
    estimator = DetectorEstimator._estimator_of(detector, header.get("feature_names") or None)
    if estimator is None:
        raise BadFileError(f"{os.fspath(path)} holds a {detector.kind}, which this version of nad has no class for")
    return estimator


def read_header(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a model file says about itself, without reading the model: kind, feature names, library version, ..."""
    with missing_file_noticed(path):
        return cast("dict[str, Any]", json.loads(_core.read_header(os.fspath(path))))


def _one_model(path: str) -> tuple[_core.Detector, dict[str, Any]]:
    """The detector and its header; where the file is replaced meanwhile, both are of the same model."""
    for _ in range(_ATTEMPTS):
        header = _core.read_header(path)
        detector = _core.load_detector(path)
        if _core.read_header(path) == header:
            return detector, json.loads(header)
    raise IoError(f"cannot read {path!r}: other models replace it faster than it is read")
