"""What was learnt, in other formats: ONNX for runtimes that know nothing of nad, JSON for people.

>>> nad.save_onnx(model, "office.onnx")
>>> session = onnxruntime.InferenceSession("office.onnx")
>>> session.run(["anomaly_score"], {"duration": seconds, "service": services})  # a [rows, 1] array for each column
>>> json.loads(nad.to_json(forest))["learnt"]["nodes"]["value"][:3]
[3.5, 1.25, 8.0]

There is no way back from either; `save` and `nad.load` keep models.
"""

from __future__ import annotations

import os
from typing import Any

from nad import _core
from nad.errors import InvalidArgumentError, not_fitted
from nad.estimators._detector import DetectorEstimator
from nad.features import FeaturePipeline
from nad.model import Model

__all__ = ["save_json", "save_onnx", "to_json", "to_onnx"]


def to_onnx(learnt: Any, *, derived_as_inputs: bool = False) -> bytes:
    """Give the bytes of an ONNX model (opset 13, ai.onnx.ml 2) of a detector, a `FeaturePipeline` or a `Model`.

    A detector takes ``features``, float32 [rows, columns], and gives ``anomaly_score``, float32 [rows, 1]. A pipeline
    takes a tensor [rows, 1] for each column that it learnt from, under the column's name: float32 for numbers, NaN
    where one is missing, double seconds since 1970 for times, and strings for categories, "" where one is missing; it
    gives ``features``. A model takes what its pipeline takes and gives ``anomaly_score``.

    Scores are those of ``anomaly_score`` but for rounding. What ONNX cannot express is an error that names it. With
    ``derived_as_inputs`` columns that steps derive (windows, parts of addresses) are inputs, too, and have to be
    computed with `FeaturePipeline.columns` or elsewhere.
    """
    if isinstance(learnt, DetectorEstimator):
        return _core.to_onnx(_detector_of(learnt))
    return _core.to_onnx(_whole(learnt), derived_as_inputs)


def save_onnx(learnt: Any, path: str | os.PathLike[str], *, derived_as_inputs: bool = False) -> None:
    """Write what `to_onnx` gives into a file; on an error, what was there before is still there."""
    if isinstance(learnt, DetectorEstimator):
        _core.save_onnx(_detector_of(learnt), os.fspath(path))
    else:
        _core.save_onnx(_whole(learnt), os.fspath(path), derived_as_inputs)


def to_json(learnt: Any) -> str:
    """Give everything that a detector, a `FeaturePipeline` or a `Model` learnt as JSON to be read.

    It is the header of the model file, and under ``learnt`` every number by its name. Infinite numbers are the words
    "inf" and "-inf", what is no number is null.
    """
    if isinstance(learnt, DetectorEstimator):
        return _core.to_json(_detector_of(learnt), learnt._names or [])
    return _core.to_json(_whole(learnt))


def save_json(learnt: Any, path: str | os.PathLike[str]) -> None:
    """Write what `to_json` gives into a file; on an error, what was there before is still there."""
    if isinstance(learnt, DetectorEstimator):
        _core.save_json(_detector_of(learnt), os.fspath(path), learnt._names or [])
    else:
        _core.save_json(_whole(learnt), os.fspath(path))


def _detector_of(estimator: DetectorEstimator[Any]) -> _core.Detector:
    detector: _core.Detector | None = estimator._detector
    if detector is None:
        raise not_fitted(f"This {type(estimator).__name__} has not learnt anything yet; call fit() before exporting it")
    return detector


def _whole(learnt: Any) -> Any:
    if isinstance(learnt, FeaturePipeline):
        return learnt._core
    if isinstance(learnt, Model):
        return learnt._model
    raise InvalidArgumentError(
        f"{type(learnt).__name__} cannot be exported; give a detector of nad, a FeaturePipeline or a Model"
    )
