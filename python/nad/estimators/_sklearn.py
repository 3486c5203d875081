"""The side of an outlier detector that only scikit-learn looks at; it is imported when it asks, not before."""

from __future__ import annotations

import copy
import sys
from typing import Any, TypeVar

Self = TypeVar("Self", bound="OutlierEstimator")


class OutlierEstimator:
    """Tags and metadata routing of an outlier detector, for every scikit-learn from 1.2 on."""

    _estimator_type = "outlier_detector"  # read by scikit-learn before 1.6

    def _accepts_nan(self) -> bool:
        return False

    @staticmethod
    def _assume_finite() -> bool:
        """Whether scikit-learn, where it is in use, was told that no value is NaN or infinite."""
        sklearn = sys.modules.get("sklearn")
        return sklearn is not None and bool(sklearn.get_config()["assume_finite"])

    def __sklearn_is_fitted__(self) -> bool:
        raise NotImplementedError

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags  # noqa: PLC0415 (see above)

        return Tags(
            estimator_type=self._estimator_type,
            target_tags=TargetTags(required=False),
            input_tags=InputTags(allow_nan=self._accepts_nan()),
        )

    def _more_tags(self) -> dict[str, Any]:  # read by scikit-learn before 1.6
        return {"allow_nan": self._accepts_nan()}

    def set_fit_request(self: Self, *, sample_weight: bool | str | None = None) -> Self:
        """Say whether meta-estimators pass ``sample_weight`` to ``fit``, see scikit-learn's metadata routing."""
        request = self.get_metadata_routing()
        request.fit.add_request(param="sample_weight", alias=sample_weight)
        self._metadata_request = request
        return self

    def get_metadata_routing(self) -> Any:
        """What this estimator wants from scikit-learn's metadata routing."""
        from sklearn.utils.metadata_routing import MetadataRequest  # noqa: PLC0415 (see above)

        if hasattr(self, "_metadata_request"):
            return copy.deepcopy(self._metadata_request)
        request = MetadataRequest(owner=type(self).__name__)
        request.fit.add_request(param="sample_weight", alias=None)
        return request
