"""What `help` and `python -m pydoc` show: every public name, and every member of it, says what it is."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from types import MemberDescriptorType, ModuleType

import pytest

import nad
from nad.estimators.autoencoder import TrainingHistory
from nad.estimators.kmeans import ClusterProfile

MODULES = [
    nad,
    *(
        importlib.import_module(f"nad.{name}")
        for name in (
            "alert_maker", "alerts", "clustering", "column", "datasets", "errors", "estimators", "evaluation", "export",
            "features", "flow", "groups", "incidents", "metrics", "model", "monitor", "persist", "plots", "reading",
            "record_scorer", "report", "simd", "simulation", "splits", "table", "thresholds",
        )
    ),
]  # fmt: skip
CONSTANTS = {"code", "errno", "kind"}  # of exceptions and steps: their class says it


def public_objects():
    """Classes and functions, each once."""
    found = {}
    for module in MODULES:
        for name in getattr(module, "__all__", None) or dir(module):
            one = getattr(module, name)
            is_own = str(getattr(one, "__module__", "")).startswith("nad") and not isinstance(one, ModuleType)
            if not name.startswith("_") and callable(one) and is_own:
                found[f"{one.__module__}.{getattr(one, '__qualname__', name)}"] = one
    return found


OBJECTS = public_objects()


OBJECTS |= {
    f"{one.__module__}.{one.__name__}": one for one in (ClusterProfile, TrainingHistory)
}  # what properties give


def fields_of(kind):
    """What is no more than a value that the constructor takes: help shows its name and type there, the class says more."""
    if dataclasses.is_dataclass(kind):
        return {one.name for one in dataclasses.fields(kind)}
    return set(getattr(kind, "_fields", ()))


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_everything_says_what_it_is(name):
    one = OBJECTS[name]
    text = (inspect.getdoc(one) or "").strip()
    assert text, f"{name} has no docstring"
    assert not text.startswith(f"{one.__name__}("), f"{name}: Python made this docstring"
    if not isinstance(one, type):
        return
    fields = fields_of(one)
    for field in fields:
        if not field.startswith("_"):
            assert re.search(rf"^ *(\w+, )*{field}(, \w+)* : ", text, re.MULTILINE), (
                f"the docstring of {name} has no line for {field}"
            )
    for member in dir(one):
        owner = next((base for base in one.__mro__ if member in vars(base)), one)
        if member.startswith("_") or member in fields or member in CONSTANTS or not owner.__module__.startswith("nad"):
            continue
        held = inspect.getattr_static(one, member)
        if not callable(held) and not hasattr(held, "__get__"):
            continue  # a constant
        if isinstance(held, MemberDescriptorType):  # of __slots__: the text of the class has to name it
            assert re.search(rf"\b{member}\b", text), f"the docstring of {name} says nothing of {member}"
            continue
        told = inspect.getdoc(held.__func__ if isinstance(held, (classmethod, staticmethod)) else getattr(one, member))
        assert (told or "").strip(), f"{name}.{member} has no docstring"
