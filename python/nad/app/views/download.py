"""Take the findings, the report and the model away."""

from __future__ import annotations

import streamlit as st

from nad.app import downloads
from nad.app.judging import MOST_LISTED
from nad.app.ui import plain, session, told
from nad.app.views.findings import judged_or_why_not

__all__ = ["show"]


def show() -> None:
    """The page."""
    st.title("Download")
    now = session()
    if now.opened is not None:
        st.subheader("The model", divider="gray")
        st.markdown("One file for `nad.load`, `nad detect`, `nad watch`, and `nad::Model::load` in C++.")
        with told():
            st.download_button(
                "Model (.nad)",
                downloads.model_bytes(now.opened.model, note="nad app"),
                downloads.file_name(now.opened.name, ".nad"),
                "application/octet-stream",
                key="download-model",
                on_click="ignore",
            )
        if now.opened.clusters is not None:
            st.subheader("The kinds of records", divider="gray")
            st.markdown(
                f"{len(now.opened.clusters.profiles)} clusters of the records in {plain(now.opened.clusters_of, 100)}, "
                "for `nad.load`, or for the page Model of another day: which of them a connection is."
            )
            with told():
                st.download_button(
                    "Clusters (.nad)",
                    downloads.clusters_bytes(now.opened.clusters, note="nad app"),
                    downloads.file_name(now.opened.name, "-clusters.nad"),
                    "application/octet-stream",
                    key="download-clusters",
                    on_click="ignore",
                )
    judged = judged_or_why_not()
    if judged is None or now.records is None or now.opened is None:
        return
    st.subheader("The findings", divider="gray")
    st.markdown(
        f"{len(judged.findings):,} findings in {plain(now.records.name, 100)}, with the threshold of the page Findings"
        + (f"; the {MOST_LISTED:,} most anomalous of them are written." if judged.unlisted else ".")
    )
    with told(), st.container(horizontal=True):
        name = now.records.name
        st.download_button(
            "Findings (CSV)", downloads.findings_csv(judged), downloads.file_name(name, "-findings.csv"), "text/csv",
            key="download-csv", on_click="ignore", help="Their records, with score and reasons: for spreadsheets.",
        )  # fmt: skip
        st.download_button(
            "Findings (JSON)",
            downloads.findings_json(judged, name, now.opened.name),
            downloads.file_name(name, "-findings.json"),
            "application/json",
            key="download-json",
            on_click="ignore",
            help="The threshold, the findings and what belongs together: for programs.",
        )
    st.subheader("The report", divider="gray")
    st.markdown(
        "One page for any browser that loads nothing and runs no script: what was found, why, and how sure that is."
    )
    with told():
        kept, text = st.session_state.get("report", (None, b""))
        if kept is not judged and st.button("Write the report", key="report-write"):
            with st.spinner("Writing"):
                kept, text = judged, downloads.report_html(judged, now.records)
            st.session_state["report"] = (kept, text)
            st.rerun()
        if kept is judged:
            st.download_button(
                "Report (HTML)", text, downloads.file_name(now.records.name, "-report.html"), "text/html",
                key="download-report", on_click="ignore",
            )  # fmt: skip
