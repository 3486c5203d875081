"""Drop captures, logs or tables, and see what was found in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from nad.app import examples
from nad.app.ui import explained, frame, metrics, plain, session, time_columns, told
from nad.reading import formats
from nad.table import Table

if TYPE_CHECKING:
    import numpy as np

    from nad.app.records import Records

__all__ = ["show"]

_PREVIEW = 200


def show() -> None:
    """The page."""
    now = session()
    st.title("Records")
    st.markdown("Captures, logs or tables of connections. What they are is recognised by what they hold.")
    uploads = st.file_uploader(
        "Files",
        accept_multiple_files=True,
        key="records-files",
        help="Several files of one kind are read together. Known are " + ", ".join(map(plain, formats())) + ".",
    )
    _read_new(uploads or [])
    _simulated()
    if now.records is not None:
        _found(now.records)


def _read_new(uploads: list[Any]) -> None:
    """What was dropped since the last time; a file that cannot be read is tried once."""
    numbers = [one.file_id for one in uploads]
    if numbers == st.session_state.get("records-read", []):
        if numbers and (error := st.session_state.get("records-error")):
            st.error(error)
        return
    st.session_state["records-read"] = numbers
    st.session_state["records-error"] = ""
    if not uploads:
        return
    with st.status("Reading", expanded=False) as status:
        try:
            session().read([(one.name, one) for one in uploads], lambda text: status.update(label=plain(text)))
        except Exception as error:  # noqa: BLE001 - it is shown, now and as long as the file is there
            st.session_state["records-error"] = plain(explained(error))
            status.update(label="This could not be read", state="error")
        else:
            status.update(label="Read", state="complete")
            st.rerun()
    st.error(st.session_state["records-error"])


def _simulated() -> None:
    with st.expander("No traffic at hand? Simulate some", expanded=session().records is None):
        st.markdown(
            "A small office, packet by packet. Learn a model from the ordinary hours, then look at the next day, on "
            "which four attacks are hidden."
        )
        with st.container(horizontal=True):
            ordinary = st.button("Two ordinary hours", key="simulate-ordinary")
            attacked = st.button("Twenty minutes with attacks", key="simulate-attacks")
        if ordinary or attacked:
            with told(), st.spinner("Simulating"):
                make = examples.ordinary_traffic if ordinary else examples.traffic_with_attacks
                session().use(make(session().folder))
                st.rerun()


def _found(records: Records) -> None:
    st.subheader(plain(records.name, 120), divider="gray")
    lost = sum(records.skipped.values())
    metrics(
        {
            "Format": plain(records.format),
            "Records": f"{len(records.table):,}",
            "Columns": f"{len(records.table.columns):,}",
            "Malformed, left out": f"{lost:,}",
        }
    )
    if records.span is not None:
        first, last = records.span
        st.markdown(f"From {_moment(first)} to {_moment(last)} (UTC)")
    for text in records.notes:
        st.info(plain(text))
    if records.skipped:
        st.warning(f"{lost:,} malformed records were left out.")
        st.dataframe(
            {"why": list(records.skipped), "records": list(records.skipped.values())}, hide_index=True, width="content"
        )
    if records.labels:
        st.markdown(f"Labels: {', '.join(map(plain, records.labels))}. They are used to say how good a model is.")
    first_rows, columns_tab = st.tabs([f"The first {min(_PREVIEW, len(records.table))} records", "Columns"])
    with first_rows:
        shown = records.table.head(_PREVIEW)
        st.dataframe(frame(shown), hide_index=True, height=420, column_config=time_columns(shown))
    with columns_tab:
        st.dataframe(_columns(records), hide_index=True, height=420)
    if st.button("Forget these records", key="forget"):
        session().use(None)
        st.rerun()


def _moment(when: np.datetime64) -> str:
    return plain(str(when.astype("datetime64[s]")).replace("T", " "))


def _columns(records: Records) -> Any:
    table = records.table
    return frame(
        Table(
            {
                "column": table.columns,
                "type": list(table.types.values()),
                "role": list(table.roles.values()),
                "missing": [table[name].missing_count for name in table.columns],
                "called in the file": [table.origins[name] or name for name in table.columns],
            }
        )
    )
