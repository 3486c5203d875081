"""EVE alerts against a closed schema: what is written has every required member, and none that the schema does not know.

The validator knows the words that the schema uses and refuses any other, so that no rule goes unchecked.
"""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nad

DATA = Path(__file__).resolve().parents[2] / "data"
SCHEMA = json.loads((DATA / "eve_alert.schema.json").read_text(encoding="utf-8"))
TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value),
}


def same(value: Any, other: Any) -> bool:
    return type(value) is type(other) and value == other


RULES: dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda value, rule: TYPES[rule](value),
    "enum": lambda value, rule: any(same(value, word) for word in rule),
    "minimum": lambda value, rule: value >= rule,
    "maximum": lambda value, rule: value <= rule,
    "minLength": lambda value, rule: len(value) >= rule,
    "minItems": lambda value, rule: len(value) >= rule,
    "pattern": lambda value, rule: re.search(rule, value) is not None,
    "required": lambda value, rule: set(rule) <= set(value),
}


def complaints(value: Any, schema: dict[str, Any] = SCHEMA, place: str = "") -> list[str]:
    """What of `value` does not follow `schema`, by place."""
    if "$ref" in schema:
        return complaints(value, SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]], place)
    if "type" in schema and not TYPES[schema["type"]](value):
        return [f"{place}: {value!r} is no {schema['type']}"]
    found = []
    for word, rule in schema.items():
        if word == "items":
            found += [line for i, item in enumerate(value) for line in complaints(item, rule, f"{place}[{i}]")]
        elif word == "properties":
            for name, member in value.items():
                if name in rule:
                    found += complaints(member, rule[name], f"{place}.{name}")
        elif word == "additionalProperties":
            for name in set(value) - set(schema.get("properties", {})):
                found += [f"{place}.{name} is unknown"] if rule is False else complaints(value[name], rule, place)
        elif word in RULES:
            found += [] if RULES[word](value, rule) else [f"{place}: {value!r} breaks {word} {rule!r}"]
        elif word not in {"title", "definitions"}:
            raise AssertionError(f"the schema says {word}, which nobody checks")
    return found


def closed(schema: Any) -> bool:
    """Every object says what it may hold."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "additionalProperties" not in schema:
            return False
        return all(map(closed, schema.values()))
    return True


GOLDEN = [json.loads(line) for line in (DATA / "alerts_eve.txt").read_text(encoding="utf-8").splitlines()]


def test_the_golden_alerts_follow_the_schema():
    assert closed(SCHEMA)
    assert len(GOLDEN) == 4
    for alert in GOLDEN:
        assert complaints(alert) == []


def anomaly(alert: dict[str, Any]) -> dict[str, Any]:
    return alert["alert"]["context"]["anomaly"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda alert: alert.update(anomaly={"score": 1}),
        lambda alert: alert.pop("timestamp"),
        lambda alert: alert.update(timestamp="2026-11-20 17:42:03"),
        lambda alert: alert.update(timestamp="2026-11-20T17:42:03.118274+00:00"),
        lambda alert: alert.update(event_type="anomaly"),
        lambda alert: alert.update(src_port=65536),
        lambda alert: alert.update(dest_port="443"),
        lambda alert: alert.update(ip_v=5),
        lambda alert: alert.update(ip_v=True),
        lambda alert: alert.update(app_proto=""),
        lambda alert: alert["alert"].update(severity=0),
        lambda alert: alert["alert"].update(score=0.9),
        lambda alert: alert["alert"].pop("signature_id"),
        lambda alert: alert["alert"]["metadata"].update(signature_severity="Major"),
        lambda alert: alert["alert"]["context"].update(more=1),
        lambda alert: anomaly(alert).pop("alert_id"),
        lambda alert: anomaly(alert).update(alert_id="x"),
        lambda alert: anomaly(alert).update(p_value=None),
        lambda alert: anomaly(alert).update(p_value=1.5),
        lambda alert: anomaly(alert).update(count=0),
        lambda alert: anomaly(alert).update(kind="new"),
        lambda alert: anomaly(alert).update(extra=1),
        lambda alert: anomaly(alert).update(first_seen=1763660523),
        lambda alert: anomaly(alert)["top_features"][0].update(value=5),
        lambda alert: anomaly(alert)["top_features"][0].pop("name"),
        lambda alert: anomaly(alert)["members"].update(kmeans="high"),
        lambda alert: anomaly(alert)["model"].update(size=1),
        lambda alert: anomaly(alert)["names"][0].update(colour="red"),
        lambda alert: alert["flow"].update(age=-1),
        lambda alert: alert["flow"].pop("alerted"),
    ],
)
def test_the_schema_finds_what_is_wrong(spoil):
    alert = copy.deepcopy(GOLDEN[0])
    spoil(alert)
    assert complaints(alert) != []


def random_alert(rng: np.random.Generator) -> nad.Alert:
    def text(most: int) -> str:
        return "".join(rng.choice(list('aZ7 "\\]=|\n\t<äß€🐟\x7f\x00'), rng.integers(0, most + 1)))

    fields: dict[str, Any] = {
        "kind": rng.choice(["first", "update", "closing", "suppressed"]),
        "src": rng.choice(["10.0.0.1", "2001:db8::7"]),
        "dst": "203.0.113.9",
        "src_port": int(rng.integers(0, 65536)),
        "dst_port": int(rng.integers(0, 65536)),
        "protocol": rng.choice(["tcp", "udp", "icmp", "icmp6", ""]),
        "service": text(4),
        "community_id": text(9),
        "interface": text(3),
        "flow_id": int(rng.integers(0, 3)),
        "vlan": [int(tag) for tag in rng.integers(0, 4096, rng.integers(0, 3))],
        "names": {text(5): text(9) for _ in range(rng.integers(0, 3))},
        "anomaly_class": text(6),
        "signature": text(30),
        "severity": int(rng.integers(1, 4)),
        "techniques": ["T1"] * int(rng.integers(0, 3)),
        "score": rng.choice([0.0, 1.5, math.inf, -math.inf, math.nan]),
        "threshold": rng.normal(),
        "p_value": rng.choice([0.0, 1.0, math.nan, rng.uniform()]),
        "extrapolated": bool(rng.integers(0, 2)),
        "reasons": [
            nad.AlertReason(text(4), text(4), text(4), unit=text(1), contribution=rng.choice([0.5, math.nan]))
            for _ in range(rng.integers(0, 4))
        ],
        "detector": text(4),
        "members": {"kmeans": rng.normal(), text(3): math.nan},
        "model": nad.AlertModel(text(3), version=int(rng.integers(0, 9)), trained_until=rng.choice([None, 5])),
        "features_missing": [text(3)] * int(rng.integers(0, 2)),
        "first_seen": int(rng.integers(0, 2**62)),
        "last_seen": int(rng.integers(-(2**62), 2**62)),
        "total": 7,
        "interim": bool(rng.integers(0, 2)),
        "key": text(4),
        "suppressed": {text(5): 3},
    }
    if rng.integers(0, 2):
        fields["flow"] = nad.AlertFlow(packets_sent=3, start=int(rng.integers(0, 2**62)), end=7, state=text(2))
    for name in rng.choice(sorted(set(fields)), rng.integers(0, len(fields)), replace=False):
        del fields[name]
    return nad.Alert(**fields)


def test_whatever_an_alert_holds_it_follows_the_schema():
    rng = np.random.default_rng(4)
    for _ in range(500):
        text = nad.to_eve(random_alert(rng))
        assert "\n" not in text
        assert complaints(json.loads(text)) == [], text


def test_the_other_json_is_json_of_one_shape():
    rng = np.random.default_rng(5)
    for _ in range(200):
        record = json.loads(nad.to_ecs(random_alert(rng)))
        assert record["event"]["kind"] == "alert"
        assert record["event"]["category"] == ["network", "intrusion_detection"]
        assert record["ecs"]["version"] == "8.11.0"
        assert 0 <= record["event"].get("risk_score", 0) <= 100
        assert re.fullmatch(r"-?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", record["@timestamp"])
