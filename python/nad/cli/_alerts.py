"""Findings as alerts, for the formats that other programs read."""

from __future__ import annotations

import hashlib
import ipaddress
from typing import TYPE_CHECKING, Any

import numpy as np

from nad.alerts import Alert, AlertFlow, AlertModel, AlertReason, severity_of
from nad.flow import community_id

if TYPE_CHECKING:
    from nad.cli._flows import FoundFlow
    from nad.model import Model
    from nad.table import Table

__all__ = ["AlertMaker"]

_PORTS = {"tcp": 6, "udp": 17, "sctp": 132}
_COUNTERS = ("packets_sent", "packets_received", "bytes_sent", "bytes_received")
_OWN = {
    "protocol",
    "service",
    "community_id",
    "interface",
    "flow_id",
    "state",
    "ended",
    "src_ip",
    "dst_ip",
    "history",
    "flags",
}
_MOST_NAMES = 16
_LONGEST_NAME = 256


class AlertMaker:
    """What a model says of records, with all that the records themselves tell."""

    def __init__(self, model: Model, name: str, table: Table, schema: str = "") -> None:
        roles = table.roles
        inputs = [column for column, _ in model._model.pipeline.inputs]
        self._features = [column for column in inputs if roles.get(column, "feature") == "feature"]
        self._threshold = model.threshold.score
        self._calibration = len(model.calibration)
        self._detector = model._model.detector.kind
        self._model = AlertModel(
            name, version=1, sha256=hashlib.sha256(model._model.save_bytes()).hexdigest(), schema=schema
        )
        self._per_day: float | None = None
        if model.records_per_day is not None:
            above = np.nextafter(
                np.float32(self._threshold), np.float32(np.inf)
            )  # what lies above, not what reaches it
            self._per_day = model.records_per_day * float(model.calibration.p_value([above])[0])

    def make(self, flow: FoundFlow) -> Alert:
        """One alert."""
        finding = flow.finding
        begin = flow.begin or 0
        fields: dict[str, Any] = {
            "first_seen": begin,
            "last_seen": max(flow.end or 0, begin),
            "src": _address(flow.src),
            "dst": _address(flow.dst),
            "src_port": flow.port("src_port"),
            "dst_port": flow.port("dst_port"),
            "protocol": flow.text("protocol"),
            "service": flow.text("service"),
            "community_id": flow.text("community_id") or _community_id(flow),
            "interface": flow.text("interface"),
            "flow_id": int(flow.text("flow_id")) if flow.text("flow_id").isdecimal() else 0,
            "vlan": [tag for tag in (flow.port("vlan"), flow.port("inner_vlan")) if tag is not None],
            "interim": flow.values.get("interim") is True,
            "names": _names(flow),
            "anomaly_class": flow.anomaly_class,
            "score": finding.score,
            "threshold": self._threshold,
            "p_value": finding.p_value,
            "extrapolated": finding.extrapolated,
            "severity": severity_of(finding.p_value),
            "n_calibration": self._calibration,
            "expected_alerts_per_day": self._per_day,
            "detector": self._detector,
            "members": finding.members,
            "model": self._model,
            "reasons": [
                AlertReason(one.column, one.value, one.expected, contribution=one.contribution, direction=one.direction)
                for one in finding.reasons
            ],
            "features_missing": [name for name in self._features if flow.values.get(name) is None],
        }
        if any(name in flow.values for name in _COUNTERS):
            counters = {name: flow.count(name) for name in _COUNTERS}
            fields["flow"] = AlertFlow(
                **counters, start=begin, end=fields["last_seen"], state=flow.text("state"), reason=flow.text("ended")
            )
        return Alert(**{name: value for name, value in fields.items() if value is not None})


def _names(flow: FoundFlow) -> dict[str, str]:
    """Texts that have no field of their own."""
    texts = {
        name: value[:_LONGEST_NAME]
        for name, value in flow.values.items()
        if isinstance(value, str) and value and name not in _OWN
    }
    return dict(list(texts.items())[:_MOST_NAMES])


def _address(text: str | None) -> str | None:
    try:
        return None if text is None else str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _community_id(flow: FoundFlow) -> str:
    """Logs give the ports of ICMP as they like, so it has an id only where they say it."""
    number = _PORTS.get(flow.text("protocol"))
    src, dst = _address(flow.src), _address(flow.dst)
    src_port, dst_port = flow.port("src_port"), flow.port("dst_port")
    if number is None or src is None or dst is None or src_port is None or dst_port is None:
        return ""
    return community_id(src, dst, src_port, dst_port, number)
