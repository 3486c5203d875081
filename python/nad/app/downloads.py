"""What a person takes away: findings, the report, the model."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nad.app.grouping import finding_dict
from nad.cli._console import json_text
from nad.report import report

if TYPE_CHECKING:
    from nad.app.judging import Judged
    from nad.app.records import Records
    from nad.model import Model

__all__ = ["file_name", "findings_csv", "findings_json", "model_bytes", "report_html"]

_TYPES = {"row": "integer", "score": "number", "p_value": "number", "extrapolated": "boolean"}
_FORMULA = re.compile(r"^[=+@\t\r]|^-(?!\d+(\.\d+)?$)")


def findings_csv(judged: Judged) -> bytes:
    """The records that are reported as they are, with what is said of them behind."""
    found = [flow.finding for flow in judged.flows]
    rows = judged.table[np.array([one.row for one in found], dtype=np.int64)]
    for name in rows.columns:
        if rows.types[name] in ("text", "category"):
            rows = rows.with_column(name, [_no_formula(value) for value in rows[name].to_list()], type="text")
    taken = set(rows.columns)
    more: dict[str, list[Any]] = {
        "row": [one.row for one in found],
        "score": [one.score for one in found],
        "p_value": [one.p_value for one in found],
        "extrapolated": [one.extrapolated for one in found],
        "family": [one.family for one in found],
        "reasons": [_no_formula("; ".join(map(str, one.reasons))) for one in found],
    }
    if not any(more["family"]):
        del more["family"]
    for name, values in more.items():
        rows = rows.with_column(f"nad_{name}" if name in taken else name, values, type=_TYPES.get(name, "text"))
    target = io.BytesIO()
    rows.to_csv(target)
    return target.getvalue()


def _no_formula(text: str | None) -> str | None:
    """Spreadsheets run what begins like a formula, and traffic can hold such texts."""
    return f"'{text}" if text and _FORMULA.match(text) else text


def findings_json(judged: Judged, records_name: str, model_name: str) -> bytes:
    """One document: the threshold, each finding, and what belongs together."""
    document = {
        "records_of": records_name,
        "model": model_name,
        "records": len(judged.table),
        "reported": len(judged.findings),
        "threshold": {**vars(judged.findings.limit), "rule": str(judged.model.threshold_rule)},
        "findings": [finding_dict(flow) for flow in judged.flows],
        "incidents": [one.to_dict() for one in judged.incidents],
    }
    return (json_text(document, indent=2) + "\n").encode()


def report_html(judged: Judged, records: Records) -> bytes:
    """The page of `nad.report`."""
    read_report = records.reports[0][1] if len(records.reports) == 1 else None
    text = report(
        None, judged.model, judged.table, judged.findings, note=f"records: {records.name}", read_report=read_report
    )
    return text.encode()


def model_bytes(model: Model, note: str = "") -> bytes:
    """The file of ``Model.save``."""
    with tempfile.TemporaryDirectory(prefix="nad-app-model-") as folder:
        path = Path(folder) / "model.nad"
        model.save(path, note=note)
        return path.read_bytes()


def file_name(name: str, ending: str) -> str:
    """A name for a download, made of that of the records or the model."""
    stem = re.sub(r"(\.(gz|pcap|pcapng|csv|log|json|nad|txt|parquet|binetflow))+$", "", name, flags=re.IGNORECASE)
    return (re.sub(r"[^A-Za-z0-9._-]+", "_", stem).strip("._") or "nad") + ending
