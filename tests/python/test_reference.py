"""What `help` and pydoc say: each public name and method has a first sentence, and pages are fit to read."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pydoc
import re

import pytest

import nad

MODULES = ("nad", "nad.datasets", "nad.features", "nad.flow", "nad.metrics", "nad.plots", "nad.simd", "nad.splits")
MOST_USED = (
    "read", "Table", "Model", "Findings", "FeaturePipeline", "IsolationForest", "Autoencoder", "KMeans", "Ensemble",
    "Clustering", "evaluate", "Monitor", "AlertSink", "simulate", "report", "plots.scatter",
)  # fmt: skip


def public_names() -> dict[str, object]:
    found = {}
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        found |= {f"{module_name}.{name}": getattr(module, name) for name in module.__all__ if name != "__version__"}
    return found


def is_attribute(owner: type, name: str, value: object) -> bool:
    """What a class holds rather than does: fields, and what compiled classes are made of."""
    compiled = owner.__module__ == "nad._core" and isinstance(value, property)
    fields = dataclasses.fields(owner) if dataclasses.is_dataclass(owner) else ()
    of_tuple = name in getattr(owner, "_fields", ())
    return compiled or of_tuple or name in {field.name for field in fields}


def members_of(owner: type) -> dict[str, object]:
    return {
        name: value
        for name, value in inspect.getmembers(owner)
        if not name.startswith("_") and (callable(value) or isinstance(value, property))
    }


def first_sentence(text: str | None) -> str:
    """The first paragraph, without the signature that compiled functions begin with."""
    lines = (text or "").strip().split("\n\n")
    if lines and re.match(r"\w+\(.*\) -> ", lines[0]):
        lines = lines[1:]
    return " ".join(lines[0].split()) if lines else ""


@pytest.mark.parametrize("name", sorted(public_names()))
def test_a_public_name_is_explained(name):
    one = public_names()[name]
    said = {name: first_sentence(inspect.getdoc(one))}
    if inspect.isclass(one) and not issubclass(one, BaseException):
        for member, value in members_of(one).items():
            if not is_attribute(one, member, value):
                said[f"{name}.{member}"] = first_sentence(inspect.getdoc(value))
    for where, sentence in said.items():
        assert len(sentence) > 8, f"{where} has no docstring"
        assert sentence[-1] in ".:;!?)", f"{where} does not end its sentence: {sentence!r}"


@pytest.mark.parametrize("name", MOST_USED)
def test_help_of_what_is_used_most_reads_well(name):
    one = nad
    for part in name.split("."):
        one = getattr(one, part)
    text = inspect.getdoc(one) or ""
    page = pydoc.plain(pydoc.render_doc(one))
    assert first_sentence(text).split()[0].strip("`,:") in page
    assert max(map(len, text.splitlines())) <= 120
    assert "nad._core" not in text
    called = one.__init__ if inspect.isclass(one) else one
    if "Parameters\n----------" in text:
        taken = [
            n for n, p in inspect.signature(called).parameters.items() if p.kind is not p.VAR_KEYWORD and n != "self"
        ]
        drawn = {"title", "ax", "backend", "style"} if name.startswith("plots.") else set()  # the module explains these
        unsaid = [one for one in taken if one not in drawn and not re.search(rf"\b{one}\b", text)]
        assert not unsaid, f"help(nad.{name}) says nothing of {unsaid}"


def test_pydoc_of_the_package_lists_what_there_is():
    page = pydoc.plain(pydoc.render_doc(nad))
    assert page.startswith("Python Library Documentation: package nad")
    assert "few, calibrated, explained alerts" in page
    for name in ("class Model", "class IsolationForest", "evaluate(", "simulate("):
        assert name in page


def test_examples_in_docstrings_are_python():
    for name, one in public_names().items():
        text = inspect.getdoc(one) or ""
        for block in re.findall(r"(?:^\s*>>> .*\n?(?:^\s*(?:>>>|\.\.\.) .*\n?)*)+", text, re.MULTILINE):
            code = "\n".join(line.strip()[4:] for line in block.splitlines() if line.strip())
            compile(code, name, "exec")
