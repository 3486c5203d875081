"""What a person takes away: findings, the report, the model."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from nad._finding_columns import reported_records
from nad.app.grouping import finding_dict
from nad.cli._console import json_text
from nad.report import report

if TYPE_CHECKING:
    from nad.app.judging import Judged
    from nad.app.records import Records
    from nad.clustering import Clustering
    from nad.model import Model

__all__ = ["clusters_bytes", "file_name", "findings_csv", "findings_json", "model_bytes", "report_html"]

_FORMULA = re.compile(r"^[=+@\t\r]|^-(?!\d+(\.\d+)?$)")


def findings_csv(judged: Judged) -> bytes:
    """The records that are reported as they are, with what is said of them behind."""
    rows = reported_records(judged.table, [flow.finding for flow in judged.flows])
    for name in rows.columns:
        if rows.types[name] in ("text", "category"):
            rows = rows.with_column(name, [_no_formula(value) for value in rows[name].to_list()], type="text")
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
    return _saved(model, note)


def clusters_bytes(clusters: Clustering, note: str = "") -> bytes:
    """The file of ``Clustering.save``."""
    return _saved(clusters, note)


def _saved(what: Model | Clustering, note: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="nad-app-model-") as folder:
        path = Path(folder) / "model.nad"
        what.save(path, note=note)
        return path.read_bytes()


def file_name(name: str, ending: str) -> str:
    """A name for a download, made of that of the records or the model."""
    stem = re.sub(r"(\.(gz|pcap|pcapng|csv|log|json|nad|txt|parquet|binetflow))+$", "", name, flags=re.IGNORECASE)
    return (re.sub(r"[^A-Za-z0-9._-]+", "_", stem).strip("._") or "nad") + ending
