"""Methods that are there only with some parameters, as ``hasattr`` and scikit-learn's checks see them."""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

Method = TypeVar("Method", bound="Callable[..., Any]")


class _Available:
    def __init__(self, method: Callable[..., Any], condition: Callable[[Any], bool], otherwise: str) -> None:
        self._method = method
        self._condition = condition
        self._otherwise = otherwise
        self.__doc__ = method.__doc__

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self._method
        if not self._condition(instance):
            raise AttributeError(self._otherwise)
        return MethodType(self._method, instance)


def available_if(condition: Callable[[Any], bool], otherwise: str) -> Callable[[Method], Method]:
    """Hide a method from instances that do not meet the condition; `otherwise` says why."""

    def hidden(method: Method) -> Method:
        return cast("Method", _Available(method, condition, otherwise))

    return hidden
