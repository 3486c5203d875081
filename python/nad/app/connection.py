"""One connection that a person types in: what is asked for, and what the model says of it.

>>> fields = fields_of(model)
>>> said = judge_one(model, {field.name: field.usual for field in fields}, clusters)
>>> said.is_alert, said.finding.p_value, said.cluster
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nad.app.clusters import match_of
from nad.errors import InvalidDataError
from nad.export import to_json
from nad.record_scorer import RecordScorer

if TYPE_CHECKING:
    from nad.clustering import Clustering, ClusterMatch
    from nad.model import Finding, Model

__all__ = ["Field", "Verdict", "fields_of", "judge_one", "read_value"]

_FIRST = ("src_ip", "src_port", "dst_ip", "dst_port", "protocol", "protocol_type", "service", "timestamp")
_MANY = 40


@dataclass(frozen=True)
class Field:
    """A column that the model asks for, and what it usually holds."""

    name: str
    type: str
    usual: Any
    """None where training says nothing of it."""
    choices: list[str]
    hint: str
    weight: float
    """How much scores depend on it."""


@dataclass(frozen=True)
class Verdict:
    """What a model says of one record."""

    finding: Finding
    is_alert: bool
    threshold: float
    cluster: ClusterMatch | None
    clusters: int
    """How many there are."""


def fields_of(model: Model) -> list[Field]:
    """The columns that a record has to have, those that tell who and those that count most first."""
    learnt = json.loads(to_json(model))["learnt"]["usual_values"]
    usual = {one["name"]: one for one in learnt}
    weights: dict[str, float] = {}
    for name, weight in model.importance().items():
        origin = name.split("=")[0]
        weights[origin] = weights.get(origin, 0.0) + weight
    fields = [_field(name, kind, usual.get(name), weights) for name, kind in RecordScorer(model).inputs.items()]
    return sorted(fields, key=lambda one: (_FIRST.index(one.name) if one.name in _FIRST else len(_FIRST), -one.weight))


def _field(name: str, kind: str, known: dict[str, Any] | None, weights: dict[str, float]) -> Field:
    weight = weights.get(name, 0.0)
    if known is None:
        return Field(name, kind, None, [], {"time": "such as 2026-01-05 09:00"}.get(kind, ""), weight)
    if known["categories"]:
        choices = [str(one["value"]) for one in known["categories"]]
        return Field(name, kind, choices[0], choices, f"usually {choices[0]}", weight)
    if kind == "boolean":
        return Field(name, kind, known["median"] >= 0.5, [], "", weight)
    if kind in ("number", "integer"):
        median = round(known["median"]) if kind == "integer" else known["median"]
        return Field(name, kind, median, [], f"usually {known['low']:,.4g} to {known['high']:,.4g}", weight)
    return Field(name, kind, None, [], "", weight)


def read_value(field: Field, text: str) -> Any:
    """What a person typed, in the type of the column; nothing is a missing value."""
    text = text.strip()
    if not text:
        return None
    if field.type not in ("number", "integer"):
        return text
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        value = np.nan
    if not np.isfinite(value) or (field.type == "integer" and not value.is_integer()):
        kind = "a whole number" if field.type == "integer" else "a number"
        raise InvalidDataError(f"{field.name} takes {kind}, not {text[:_MANY]!r}")
    return int(value) if field.type == "integer" else value


def judge_one(model: Model, record: dict[str, Any], clusters: Clustering | None = None) -> Verdict:
    """Score, p-value, verdict and reasons, and which of the clusters it is most like."""
    scorer = RecordScorer(model)
    score = scorer.score(record)
    finding = scorer.explain(most_reasons=8)
    match = None if clusters is None else match_of(clusters, record)
    of = 0 if clusters is None else len(clusters.profiles)
    return Verdict(finding, score.is_alert, model.threshold.score, match, of)
