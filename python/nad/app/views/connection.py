"""Type in one connection, and learn what the model thinks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from nad import plots
from nad.app.connection import Field, Verdict, fields_of, judge_one, read_value
from nad.app.judging import misfit
from nad.app.ui import chart, metrics, plain, session, told, working
from nad.errors import Error

if TYPE_CHECKING:
    from nad.app.session import OpenModel
    from nad.table import Table

__all__ = ["show"]

_SHOWN = 12
_ACROSS = 4
_NOTHING = 0.005  # a contribution that is written as 0.00
_MISSING = "(missing)"
_ORDINARY, _CHOSEN, _USUAL = "the most ordinary record", "another record", "what is usual in each column"


def show() -> None:
    """The page."""
    st.title("One connection")
    now = session()
    if now.opened is None:
        st.info("This needs a model: see the page Model.")
        return
    with told():
        _find_clusters(now.opened)
        fields = _fields(now.opened)
        record = _form(now.opened, fields, _fitting_records())
        if record is not None:
            said = judge_one(now.opened.model, record, now.opened.clusters)
            st.session_state["connection-said"] = (now.opened, said)
    opened, said = st.session_state.get("connection-said", (None, None))
    if opened is now.opened and said is not None:
        _said(said, now.opened)


def _find_clusters(opened: OpenModel) -> None:
    """A model of a file comes without its records: those that are open can tell which kinds there are."""
    records = session().records
    fitting = _fitting_records()
    if opened.clusters is not None:
        return
    if opened.no_clusters:
        st.info(f"No clusters could be found in the training records: {plain(opened.no_clusters)}")
    elif records is None or fitting is None:
        st.caption("With records open that suit the model, this page also tells which kind of them a connection is.")
    elif st.button(
        "Find the kinds of records", key="connection-clusters",
        help=f"Groups the records of {plain(records.name, 60)}, to tell which of them a connection is like.",
    ):  # fmt: skip
        with working("Finding the kinds of records") as tell:
            opened.find_clusters(records, tell)
        st.session_state.pop("connection-said", None)
        st.rerun()


def _fields(opened: OpenModel) -> list[Field]:
    """They are worked out once for a model."""
    kept, fields = st.session_state.get("connection-fields", (None, []))
    if kept is not opened:
        fields = fields_of(opened.model)
        st.session_state["connection-fields"] = (opened, fields)
        st.session_state.pop("connection-said", None)
    return list(fields)


def _fitting_records() -> Table | None:
    """The records, where they are such as the model knows."""
    now = session()
    if now.records is None or now.opened is None:
        return None
    try:
        lacking = misfit(now.opened.model, now.records.table)
    except Error:
        return None
    return None if lacking.lacking or lacking.other_types else now.records.table


def _form(opened: OpenModel, fields: list[Field], records: Table | None) -> dict[str, Any] | None:
    st.markdown("Change what you want to know about. An empty field is a value that is not known.")
    if opened.model.pipeline.looks_back:
        st.caption(
            "The connection is judged by itself, as the first that was ever seen: what counts the records of the last "
            "seconds, or of a host, counts this one alone. Among others a record can score higher or lower."
        )
    start: dict[str, Any] = {}
    origin = "usual"
    if records is not None:
        left, right = st.columns([1, 1])
        begin = left.radio("Begin with", [_ORDINARY, _CHOSEN, _USUAL], key="connection-begin")
        if begin == _ORDINARY:
            row = int(np.argmin(session().judged().findings.scores))
            start, origin = records.row(row), f"row {row}"
        elif begin == _CHOSEN:
            row = int(right.number_input("Row", 0, len(records) - 1, 0, key="connection-row"))
            start, origin = records.row(row), f"row {row}"
    with st.form("connection", border=True):
        given = _inputs(fields[:_SHOWN], start, origin, opened)
        with st.expander(f"{len(fields) - _SHOWN} more columns") if len(fields) > _SHOWN else st.container():
            given |= _inputs(fields[_SHOWN:], start, origin, opened)
        asked = st.form_submit_button("What is it?", type="primary", key="connection-judge")
    if asked:
        st.session_state.pop("connection-said", None)
    return {field.name: read_value(field, given[field.name]) for field in fields} if asked else None


def _inputs(fields: list[Field], start: dict[str, Any], origin: str, opened: OpenModel) -> dict[str, str]:
    given = {}
    for begin in range(0, len(fields), _ACROSS):
        for column, field in zip(st.columns(_ACROSS), fields[begin : begin + _ACROSS]):
            value = start.get(field.name) if start else field.usual
            key = f"field-{id(opened)}-{origin}-{field.name}"
            with column:
                given[field.name] = _input(field, "" if value is None else _written(value), key)
    return given


def _input(field: Field, value: str, key: str) -> str:
    label = plain(field.name, 60)
    if field.type == "boolean":
        options = ["", "true", "false"]
        return str(
            st.selectbox(label, options, options.index(value.lower()), key=key, format_func=lambda one: one or _MISSING)
        )
    if field.choices:
        options = list(dict.fromkeys(["", *field.choices, value]))
        found = st.selectbox(
            label, options, options.index(value), key=key, accept_new_options=True, help=plain(field.hint, 80),
            format_func=lambda one: one or _MISSING,
        )  # fmt: skip
        return str(found or "")
    return str(st.text_input(label, value, key=key, help=plain(field.hint, 80) or None))


def _written(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)


def _said(said: Verdict, opened: OpenModel) -> None:
    finding = said.finding
    figures = {
        "Verdict": "anomalous" if said.is_alert else "ordinary",
        "Score": f"{finding.score:.4g}",
        "p-value": f"{finding.p_value:.2g}",
    }
    if finding.family and said.is_alert:
        figures["Looks like"] = plain(finding.family)
    if said.cluster is not None:
        figures["Cluster"] = f"{said.cluster.cluster} of {said.clusters}"
        if said.cluster.behaviour is not None:
            figures["Behaviour"] = plain(said.cluster.behaviour, 40)
    metrics(
        figures,
        {
            "Score": f"Reported is what lies above {said.threshold:.4g}.",
            "p-value": "How likely a normal record gets such a score, or a higher one.",
            "Cluster": f"Which of the kinds of records in {plain(opened.clusters_of, 60)}; they count from 0.",
            "Behaviour": "What most records of the cluster are called.",
        },
    )
    if all(reason.contribution < _NOTHING for reason in finding.reasons):
        st.markdown("Nothing speaks for an anomaly.")
    else:
        left, right = st.columns([3, 2])
        with left:
            title = f"p = {finding.p_value:.2g}, score {finding.score:.4g}"
            chart(plots.reasons, finding, key="connection-why", title=title)
        with right:
            st.markdown("**In words**")
            st.markdown("\n".join(f"- {plain(reason)}" for reason in finding.reasons))
    if said.cluster is not None:
        st.markdown("**What the records of this cluster are like**")
        st.code(said.cluster.summary(traits=6), language=None, wrap_lines=True)
