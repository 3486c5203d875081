"""What ``clone``, ``GridSearchCV`` and ``Pipeline`` ask of an estimator, without a need for scikit-learn."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeVar

from nad.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

Self = TypeVar("Self", bound="Parameters")


class Parameters:
    """Parameters are the keyword arguments of ``__init__``, which stores each unchanged under its own name."""

    @classmethod
    def _parameter_defaults(cls) -> Mapping[str, Any]:
        signature = inspect.signature(cls.__init__)
        return {name: parameter.default for name, parameter in signature.parameters.items() if name != "self"}

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002 (no parameter is an estimator)
        """All parameters by name."""
        return {name: getattr(self, name) for name in sorted(self._parameter_defaults())}

    def set_params(self: Self, **params: Any) -> Self:
        """Change parameters by name; the next ``fit`` obeys them."""
        known = self._parameter_defaults()
        for name in params:
            if name not in known:
                raise InvalidArgumentError(
                    f"Invalid parameter {name!r} for estimator {self}. Valid parameters are: {sorted(known)}."
                )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        changed = []
        for name, default in self._parameter_defaults().items():
            value = getattr(self, name)
            if type(value) is not type(default) or repr(value) != repr(default):
                changed.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(changed)})"
