"""The page as a whole: who asks, what is open, and which part is shown."""

from __future__ import annotations

import os
import warnings

import streamlit as st
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from nad import __version__
from nad.app import settings
from nad.app.records import Limits
from nad.app.session import OpenModel, Session, close_when_gone
from nad.app.ui import plain, session, told
from nad.app.views import compare, connection, download, findings, live, model, pictures, records
from nad.errors import DataWarning
from nad.model import Model

__all__ = ["show"]

_PAGES = (
    ("Records", "records", records.show),
    ("Model", "model", model.show),
    ("Findings", "findings", findings.show),
    ("Pictures", "pictures", pictures.show),
    ("One connection", "connection", connection.show),
    ("Live", "live", live.show),
    ("Compare", "compare", compare.show),
    ("Download", "download", download.show),
)
# Streamlit leaves so much room above and beside that tables and pictures are narrow
_LESS_AIR = "<style>.stMainBlockContainer {padding: 2.5rem 2rem 3rem} h1 {padding-top: 0}</style>"


def show() -> None:
    """Run once for each thing that a person does."""
    warnings.filterwarnings("ignore", category=DataWarning)  # pages show what reports and models say
    about = f"nad {__version__}: few, calibrated, explained alerts from network traffic."
    st.set_page_config(
        page_title="nad", layout="wide", menu_items={"Get help": None, "Report a bug": None, "About": about}
    )
    st.html(_LESS_AIR)
    _begin()
    pages = [
        st.Page(part, title=title, url_path=path, default=place == 0)
        for place, (title, path, part) in enumerate(_PAGES)
    ]
    chosen = st.navigation(pages)
    if session().adopt():
        st.toast("The model has been learnt.")
    with st.sidebar:
        _what_is_open()
    chosen.run()


def _begin() -> None:
    """A session for a browser tab that has none, or whose has ended while it was away."""
    found = st.session_state.get("nad")
    if isinstance(found, Session) and not found.closed:
        return
    chosen = settings.current()
    begun = Session(Limits(upload_mb=chosen.max_upload_mb))
    st.session_state["nad"] = begun
    context = get_script_run_ctx()
    if context is not None:
        number, runtime = context.session_id, get_instance()
        close_when_gone(begun, lambda: bool(runtime.is_active_session(number)))
    if chosen.model:
        with told():
            begun.use_model(OpenModel(Model.load(chosen.model), os.path.basename(chosen.model)))  # noqa: PTH119
    if isinstance(found, Session):
        st.info("You were away for a while: what was open here has been closed, and its files have been removed.")


def _learning() -> None:
    """Also on pages that show nothing of it: the model appears there as soon as it is ready."""
    learning = session().learning
    if learning is None or learning.is_over:
        st.rerun()
        return
    st.caption(f"one is being learnt, {learning.seconds:.0f} s")


def _what_is_open() -> None:
    now = session()
    lines = ["**Records**", "none yet"] if now.records is None else [
        "**Records**", plain(now.records.name, 60), f"{len(now.records.table):,} records"
    ]  # fmt: skip
    st.markdown("  \n".join(lines))
    st.markdown("  \n".join(["**Model**", "none yet" if now.opened is None else plain(now.opened.name, 60)]))
    if now.is_learning:
        st.fragment(_learning, run_every=1.0)()
    if now.live is not None and now.live.runs:
        st.markdown(f"**Live**  \n{plain(now.live.name, 60)}")
