"""Detectors that go on learning from rows that come later."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from nad import _frames
from nad.errors import InvalidDataError
from nad.estimators._detector import Core, DetectorEstimator

Self = TypeVar("Self", bound="StreamEstimator[Any]")


class StreamEstimator(DetectorEstimator[Core]):
    """A detector with ``partial_fit``. It learns in a copy, so other threads may go on scoring meanwhile."""

    def partial_fit(self: Self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:  # noqa: ARG002
        """Go on learning from rows that come later; the first call begins.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
        y : ignored
        sample_weight : array-like of shape (n_rows,), optional
            Whole numbers count copies of rows, 0 leaves a row out.
        """
        values, names = _frames.to_array(X)
        if sample_weight is not None:
            sample_weight = _frames.to_weights(sample_weight)
        if names is not None and self._names is not None:
            _frames.check_names(names, self._names)
        detector: Any = self._new_detector() if self._detector is None else self._continued(self._detector)
        try:
            detector.partial_fit(values, sample_weight, n_jobs=self._threads())
        except InvalidDataError as error:
            raise self._explained(error, names) from None
        self._detector, self._names = detector, self._names or names
        return self

    def _continued(self, detector: Core) -> Core:
        """A copy of `detector` that ``partial_fit`` shall go on with."""
        return copy.copy(detector)
