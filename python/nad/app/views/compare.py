"""Two models on the same records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from nad import plots
from nad.app.comparing import compared
from nad.app.ui import chart, explained, metrics, plain, session, working
from nad.app.views.findings import judged_or_why_not, listed
from nad.app.views.model import opened_from
from nad.errors import Error

if TYPE_CHECKING:
    from nad.app.comparing import Compared
    from nad.app.judging import Judged

__all__ = ["show"]


def show() -> None:
    """The page."""
    st.title("Compare")
    now = session()
    if now.opened is None:
        st.info("This needs a model: see the page Model.")
        return
    st.markdown(
        f"What {plain(now.opened.name, 80)} says, beside another model. Keep this one as the other, and learn or open "
        "the next; or open the other here."
    )
    if st.button("Keep the present model as the other one", key="compare-keep"):
        now.compare_with(now.opened)
        st.rerun()
    found = opened_from("compare-file", "Another model file (.nad)", now.open_model)
    if found is not None:
        now.compare_with(found)
        st.rerun()
    if now.other is None:
        return
    st.markdown(f"The other model: **{plain(now.other.name, 80)}**")
    if now.other is now.opened:
        st.info("Both are the same model now: learn or open another one on the page Model.")
        return
    one = judged_or_why_not()
    if one is None:
        return
    try:
        with working("Asking the other model") as progress:
            other = now.judged_by_other(progress)
    except Error as error:
        st.error(plain(f"{now.other.name}: {explained(error)}"))
        return
    _shown(one, other, compared(one, other))


def _shown(one: Judged, other: Judged, both: Compared) -> None:
    now = session()
    assert now.opened is not None
    assert now.other is not None
    names = _names(now.opened.name, now.other.name)
    metrics(
        {
            "Judged alike": f"{100 * both.agreement:.4g} %",
            "Of what is reported, by both": f"{100 * both.overlap:.3g} %",
            "Reported by both": f"{both.both:,}",
            "By this one only": f"{both.only_one:,}",
            "By the other only": f"{both.only_other:,}",
        }
    )
    _curves(one, other, names)
    first, second = st.tabs([f"Only {plain(names[0], 40)}", f"Only {plain(names[1], 40)}"])
    for tab, flows, key in ((first, both.listed_one, "only-one"), (second, both.listed_other, "only-other")):
        with tab:
            if flows:
                listed(flows, key)
            else:
                st.info("Nothing.")


def _names(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one != other else (f"{one} (this)", f"{other} (the other)")


def _curves(one: Judged, other: Judged, names: tuple[str, str]) -> None:
    with working("Comparing with the labels"):
        found = [judged.evaluated[0] for judged in (one, other)]
    if any(evaluation is None for evaluation in found):
        return
    both = dict(zip(names, found))
    left, right = st.columns(2)
    with left:
        chart(plots.roc, both, key="compare-roc")
    with right:
        chart(plots.precision_recall, both, key="compare-pr")
