"""What was found: few things to look at, each with its reasons; the threshold moves without learning again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from nad import plots
from nad._words import attention
from nad.app.grouping import reason_text
from nad.app.judging import MOST_LISTED, Filter, Judged, listing, misfit
from nad.app.ui import SECONDS, chart, explained, frame, metrics, plain, session, time_columns, working
from nad.errors import Error
from nad.table import Table
from nad.thresholds import ThresholdRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nad.app.grouping import FoundFlow
    from nad.model import Reason

__all__ = ["judged_or_why_not", "listed", "show"]

_A_DAY = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
_SHARES = (1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
_PAGE = 200
_LEARNT_FROM = {
    "clean": "to it they are normal, attacks among them too. Learn from ordinary traffic, then open what you want to "
    "know about on the page Records.",
    "mixed": "it reports what is rare among them, and an attack that is a large part of them is normal to it. It sees "
    "more after learning from ordinary traffic.",
    "labelled": "it was told what they are. How good it is, only other records tell.",
}
_COLOUR = "background-color: rgba(213, 94, 0, 0.28)"


def show() -> None:
    """The page."""
    st.title("Findings")
    judged = judged_or_why_not()
    if judged is None:
        return
    _summary(judged)
    wanted = _filter()
    parts = {
        "What to look at": lambda: _incidents(judged, wanted),
        "Every finding": lambda: _each(judged, wanted),
        "Among all records": lambda: _rows(judged),
    }
    first = next(iter(parts))
    parts[
        st.segmented_control("Part", list(parts), default=first, key="findings-part", label_visibility="collapsed")
        or first
    ]()


def judged_or_why_not() -> Judged | None:
    """What was found with the threshold of the slider; otherwise the page says what is not there or does not fit."""
    now = session()
    if now.records is None or now.opened is None:
        lacking = [what for what, there in (("records", now.records), ("a model", now.opened)) if there is None]
        if now.records is not None and now.is_learning:
            st.info("A model is being learnt. What it finds appears here when it is ready.")
        else:
            st.info(f"This needs {' and '.join(lacking)}: see the pages Records and Model.")
        return None
    try:
        with working("Judging the records") as progress:
            return now.judged(progress)
    except Error as error:
        st.error(plain(explained(error)))
        _misfit()
        return None


def _misfit() -> None:
    now = session()
    assert now.records is not None
    assert now.opened is not None
    try:
        rows = misfit(now.opened.model, now.records.table).rows()
    except Error:
        return
    if rows:
        columns, learnt, here = zip(*rows)
        st.markdown("How the records differ from those that the model learnt from:")
        st.dataframe({"column": columns, "the model": learnt, "these records": here}, hide_index=True, width="content")


def _summary(judged: Judged) -> None:
    now = session()
    assert now.opened is not None
    a_day = judged.model.records_per_day is not None
    own = now.opened.model.threshold_rule
    kind = "alerts_per_day" if a_day else "false_positive_rate"
    if own.kind == kind:  # it has a place among the others
        options: list[float | None] = [*sorted({own.value, *(_A_DAY if a_day else _SHARES)})]
        usual: float | None = own.value
    else:
        options, usual = [None, *(_A_DAY if a_day else _SHARES)], None
    current = usual if now.rule is None else now.rule.value
    chosen = st.select_slider(
        "Alerts a day that normal traffic may bring" if a_day else "Share of normal records that may be reported",
        options,
        value=current if current in options else usual,
        format_func=lambda one: "as the model has it" if one is None else f"{one:,.5g}",
        key=f"threshold-{id(now.opened)}",  # another model begins with its own
        help=f"Nothing is learnt again. The model has: {plain(own)}.",
    )
    rule = None if chosen is None or chosen == usual else ThresholdRule(kind, chosen)
    if rule != now.rule:
        now.rule = rule
        st.rerun()
    metrics(
        {
            "Reported": f"{len(judged.findings):,}",
            "Of records": f"{len(judged.table):,}",
            "Things to look at": f"{len(judged.incidents):,}",
            "Score above": f"{judged.findings.limit.score:.4g}",
        }
    )
    st.caption(
        f"Threshold: {plain(judged.model.threshold_rule)}"
        + (" (extrapolated: the calibration records are few)." if judged.findings.limit.extrapolated else ".")
    )
    if now.records is not None and now.opened.has_learnt(now.records):
        st.warning("The model learnt from these very records: " + _LEARNT_FROM[now.opened.model.training])
    elif judged.findings.drift.needs_attention:
        st.warning(plain(" ".join(attention(judged.findings.drift))))
    if judged.unlisted:
        st.info(
            f"Listed one by one are the {MOST_LISTED:,} most anomalous; {judged.unlisted:,} more are reported, "
            "and are in the pictures and the report."
        )


def _filter() -> Filter:
    with st.expander("Filter"):
        columns = st.columns(5)
        score = columns[4].number_input("Score at least", value=None, format="%.4f", key="filter-score")
        return Filter(
            host=columns[0].text_input("Address", key="filter-host", placeholder="10.1.0."),
            service=columns[1].text_input("Protocol, service, port", key="filter-service", placeholder="dns"),
            text=columns[2].text_input("Any text", key="filter-text", help="In values, the family and the reasons."),
            most_p=columns[3].number_input("p-value at most", 0.0, 1.0, 1.0, format="%.6f", key="filter-p"),
            least_score=-np.inf if score is None else score,
        )


def _incidents(judged: Judged, wanted: Filter) -> None:
    places = judged.places_of(wanted)
    if not places:
        st.info("No finding is as the filter asks for." if len(judged.incidents) else "Nothing is reported.")
        return
    st.caption("Records of one host that come soon after each other are one thing to look at. Choose a row.")
    chosen = places[_chosen(judged.incidents_listed[np.array(places)], "incidents-table")]
    one = judged.incidents[chosen]
    st.subheader(plain(f"{chosen + 1}. {one.who}"), divider="gray")
    st.markdown(_sentences(one.reasons(5)))
    flows = judged.flows_of(one)
    _why(judged, flows[0], "incident", "The most anomalous of its records")
    if len(flows) > 1:
        st.markdown(f"**{'All' if len(flows) == one.records else f'{len(flows):,} of'} {one.records:,} records of it**")
        listed(flows, "incident-records")


def _each(judged: Judged, wanted: Filter) -> None:
    flows = judged.listed(wanted)
    if not flows:
        st.info("Nothing is reported." if not judged.flows else "No finding is as the filter asks for.")
        return
    st.caption(f"{len(flows):,} findings, the most anomalous first. Choose a row.")
    chosen = _chosen(listing(flows), "findings-table")
    _why(judged, flows[chosen], "finding", f"Finding {chosen + 1}")


def _chosen(table: Table, key: str) -> int:
    """The row that a person chose, or the first."""
    event = st.dataframe(
        frame(table),
        hide_index=True,
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        column_config=_columns(),
        height=min(38 + 35 * len(table), 320),
    )
    rows = event.selection.rows
    return int(rows[0]) if rows and rows[0] < len(table) else 0


def listed(flows: Sequence[FoundFlow], key: str) -> None:
    """Findings as a table."""
    table = listing(flows)
    st.dataframe(
        frame(table), hide_index=True, key=key, column_config=_columns(), height=min(38 + 35 * len(table), 320)
    )


def _columns() -> dict[str, Any]:
    config = st.column_config
    times = {name: config.DatetimeColumn(format=SECONDS) for name in ("timestamp", "begin", "end")}
    return {
        **times,
        "p_value": config.NumberColumn("p-value", format="%.1e", help="Of a normal record to get such a score."),
        "score": config.NumberColumn(format="%.4g"),
        "why": config.TextColumn(width=430),
        "who": config.TextColumn(width=290),
        "src_port": config.TextColumn(width="small"),
        "dst_port": config.TextColumn(width="small"),
        "severity": config.TextColumn(width="small"),
        "protocol": config.TextColumn(width="small"),
        "records": config.NumberColumn(format="localized", width="small"),
        "row": config.NumberColumn(format="%d", width="small"),
    }


def _sentences(reasons: Sequence[Reason]) -> str:
    return "\n".join(f"- {plain(reason_text(reason))}" for reason in reasons) or "No reasons are known."


def _why(judged: Judged, flow: FoundFlow, key: str, title: str) -> None:
    try:
        finding = judged.explained(flow.finding)
    except Error as error:
        st.error(plain(explained(error)))
        return
    st.markdown(f"**{title}: row {finding.row:,}**")
    if flow.finding.run is not None:
        st.info(plain(f"Part of a run, many unusual records of one source: {flow.finding.run}"))
    if key == "finding":
        st.markdown(_sentences(finding.reasons))
    left, right = st.columns([3, 2])
    with left:
        chart(plots.reasons, finding, key=f"{key}-why")
    with right:
        names = list(flow.values)
        shown = ["" if (value := flow.values[name]) is None else str(value) for name in names]
        st.dataframe({"column": names, "value": shown}, hide_index=True, key=f"{key}-record", height=330)
    if finding.members:
        members = ", ".join(f"{plain(name)} {value:.3g}" for name, value in finding.members.items())
        st.caption(f"What the detectors of the ensemble say: {members}.")


def _rows(judged: Judged) -> None:
    table = judged.table
    most = judged.findings[0].row if len(judged.findings) else 0
    label = f"Records from row; {_PAGE} of {len(table):,} are shown"
    begin = int(st.number_input(label, 0, len(table) - 1, max(0, most - 3), _PAGE, key="rows-begin", width=330))
    part = table[begin : begin + _PAGE]
    scores = np.asarray(judged.findings.scores[begin : begin + _PAGE], dtype=np.float64)
    here = np.arange(begin, begin + len(part))
    reported = np.isin(here, judged.findings.rows)
    st.caption(f"Anomalous records have a colour; they are {int(reported.sum()):,} of those that are shown.")
    shown = frame(Table({"row": here, "anomaly score": scores, **{name: part[name] for name in part.columns}}))
    marked = shown.style.apply(lambda row: [_COLOUR if reported[row.name] else ""] * len(row), axis=1)
    st.dataframe(marked, hide_index=True, height=460, key="rows-table", column_config=time_columns(part))
