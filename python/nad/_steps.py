"""The steps of feature pipelines, as values, and how they become a configuration; `nad.features` has them all."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nad.errors import InvalidArgumentError

if TYPE_CHECKING:
    Columns = Sequence[str] | Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of a pipeline: its options.

    Many have ``columns``: names, ``{"except": names}`` for all others, or nothing for all columns that fit the step.
    """

    kind: ClassVar[str] = ""

    def to_dict(self) -> dict[str, Any]:
        """As in a configuration."""
        return {"kind": self.kind, **{field.name: _plain(getattr(self, field.name)) for field in fields(self)}}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: list(names) for key, names in value.items()}
    return list(value) if isinstance(value, tuple | list) else value


def listed(steps: Any) -> list[Any]:
    if isinstance(steps, (Step, Mapping)) or not hasattr(steps, "__iter__"):
        raise TypeError(f"the steps are {steps!r}; give a list of steps, also of one")
    return list(steps)


def to_json(steps: Sequence[Any]) -> str:
    dicts = []
    for number, step in enumerate(steps):
        if not isinstance(step, (Step, Mapping)):
            raise TypeError(
                f"step {number} is {step!r}; give a step such as nad.features.OneHot(), or a dict such as "
                '{"kind": "one_hot"}'
            )
        options = step.to_dict() if isinstance(step, Step) else dict(step)
        dicts.append({name: _for_json(value, f"{options.get('kind')}: {name}") for name, value in options.items()})
    return json.dumps(dicts)


def _for_json(value: Any, option: str) -> Any:
    """The value of an option without what JSON has no form for; numbers of NumPy become Python's."""
    if isinstance(value, Mapping):
        return {str(key): _for_json(item, option) for key, item in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_for_json(item, option) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidArgumentError(f"{option} is {value}; give a finite number, or leave the option out")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{option} is {value!r}; give a number, a text, a truth value or a list of such")
