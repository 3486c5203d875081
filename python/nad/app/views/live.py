"""A monitor at work: alerts as they come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from nad.alerts import to_report
from nad.app import settings
from nad.app.live import KEPT, Live
from nad.app.ui import explained, frame, metrics, plain, session, time_columns
from nad.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nad._core import Alert
    from nad.app.session import OpenModel

__all__ = ["show"]

_LISTED = 100
_SEVERITY = {1: "high", 2: "medium", 3: "low"}


def show() -> None:
    """The page."""
    st.title("Live")
    now = session()
    if now.live is None:
        if now.opened is None:
            st.info("This needs a model: see the page Model.")
        else:
            _begin(now.opened)
        return
    st.markdown(f"Watching **{plain(now.live.name, 200)}**")
    if now.live.runs:
        if st.button("Stop", type="primary", key="live-stop"):
            with st.spinner("Stopping"):
                now.live.stop()
            st.rerun()
        st.fragment(_alerts, run_every=1.0)()
    else:
        if now.live.error:
            st.error(plain(now.live.error))
        else:
            st.success("It has ended.")
        if st.button("Watch something else", key="live-again"):
            now.live = None
            # fields that come back would show what is usual, and hold what was typed before
            st.session_state["live-form"] = st.session_state.get("live-form", 0) + 1
            st.rerun()
        _alerts()


def _begin(opened: OpenModel) -> None:
    now, chosen = session(), settings.current()
    st.markdown("Alerts appear here as records come. Alerts that are alike are counted, not repeated.")
    kinds = []
    if now.records is not None and len(now.records.files) == 1:
        kinds.append("the file of the page Records, played again")
    kinds += [f"watch {one}" for one in chosen.sources]
    if chosen.is_private:
        kinds.append("a path or interface of this machine")
    if not kinds:
        st.info("There is nothing to watch: whoever starts this page names sources by --source.")
        return
    form = st.session_state.get("live-form", 0)
    kind = st.radio("What is watched", kinds, key=f"live-kind-{form}", format_func=plain)
    source, name, follow, packets = "", "", True, ""
    if kind.startswith("the file"):
        assert now.records is not None
        source, name, follow = str(now.records.files[0].path), now.records.name, False
    elif kind.startswith("watch "):
        source = name = kind.removeprefix("watch ")
    else:
        source = name = st.text_input(
            "Path or interface", key=f"live-path-{form}", placeholder="/var/log/zeek/conn.log",
            help="A log that grows, a folder in which files arrive, a capture, or an interface such as eth0 or lo.",
        ).strip()  # fmt: skip
        packets = st.text_input(
            "Which packets of an interface",
            key=f"live-filter-{form}",
            help="In the language of tcpdump, such as: not port 22",
        )
    from_beginning = st.toggle(
        "From the beginning", value=True, key=f"live-from-{form}", help="Off: what a log holds at first is passed over."
    )
    if st.button("Start", type="primary", key="live-start"):
        if not source:
            st.error("What shall be watched? Give a path or an interface.")
            return
        if "/" in source and not Path(source).exists() and not Path(source).parent.is_dir():
            st.error(plain(f"{source}: there is no such folder"))
            return
        try:
            live = Live(
                opened.model,
                source,
                name=name,
                model_name=opened.name.removesuffix(".nad"),
                follow=follow,
                from_beginning=from_beginning,
                packet_filter=packets,
            )
        except Exception as error:  # noqa: BLE001
            st.error(plain(explained(error)))
            return
        now.live = live
        live.start()
        st.rerun()


def _alerts() -> None:
    live = session().live
    if live is None:
        return
    if not live.runs and st.session_state.get("live-seen-end") != id(live):
        st.session_state["live-seen-end"] = id(live)
        st.rerun()
    stats = live.stats
    metrics(
        {
            "Records": f"{stats.records:,}",
            "Records a second": f"{stats.records_per_second:,.0f}",
            "Reported": f"{stats.reported:,}",
            "Alerts": f"{live.told:,}",
        }
    )
    for text in live.notes[-3:]:
        st.warning(plain(text))
    alerts = live.alerts
    if not alerts:
        st.caption("No alert so far.")
        return
    table = _listed(alerts[:_LISTED])
    st.dataframe(frame(table), hide_index=True, height=330, column_config=time_columns(table))
    if live.told > _LISTED:
        st.caption(f"The latest {min(live.told, _LISTED)} of {live.told:,}; {KEPT} are kept.")
    st.markdown("**The latest one**")
    st.code(to_report(alerts[0]), language=None, wrap_lines=True)


def _listed(alerts: Sequence[Alert]) -> Table:
    return Table(
        {
            "severity": [_SEVERITY.get(one.severity, str(one.severity)) for one in alerts],
            "last seen": [np.datetime64(one.last_seen, "ns") for one in alerts],
            "from": [one.src for one in alerts],
            "to": [one.dst for one in alerts],
            "port": [None if one.dst_port is None else str(one.dst_port) for one in alerts],
            "what": [one.signature or one.anomaly_class for one in alerts],
            "records": [one.count for one in alerts],
            "p-value": [f"{one.p_value:.2g}" for one in alerts],
        }
    )
