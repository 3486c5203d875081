"""The pictures that suit the records and the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from nad import plots
from nad.app.grouping import SOURCES
from nad.app.ui import chart, figure, metrics, plain, session, told, working
from nad.app.views.findings import judged_or_why_not
from nad.clustering import Clustering
from nad.estimators import Autoencoder, KMeans

if TYPE_CHECKING:
    from collections.abc import Callable

    from nad.app.judging import Judged

__all__ = ["show"]

_MOST_IN_PLANE = 100_000
_FIRST = (("bytes_sent", "bytes_received"), ("src_bytes", "dst_bytes"), ("timestamp", "dst_port"))


def show() -> None:
    """The page."""
    st.title("Pictures")
    judged = judged_or_why_not()
    if judged is None:
        return
    pictures = _pictures(judged)
    name = st.pills("Picture", list(pictures), default="Timeline", key="picture", label_visibility="collapsed")
    pictures.get(name or "Timeline", _timeline)(judged)


def _pictures(judged: Judged) -> dict[str, Callable[[Judged], None]]:
    found: dict[str, Callable[[Judged], None]] = {
        "Timeline": _timeline, "Scores": _scores, "Two columns": _scatter, "Plane of most variance": _plane
    }  # fmt: skip
    if any(name in judged.table for name in SOURCES):
        found["Hosts"] = _hosts
    found["Importance"] = _importance
    if any(role == "label" for role in judged.table.roles.values()):
        found["Beside the labels"] = _labels
    detector = judged.model.detector
    if isinstance(detector, KMeans) or _kept_clusters() is not None:
        found["Clusters"] = _clusters
    if isinstance(detector, Autoencoder):
        found["Training"] = _training
    return found


def _timeline(judged: Judged) -> None:
    chart(plots.timeline, judged.table, judged.findings, key="timeline")
    promised = float(judged.findings.drift.promised_share)
    chart(
        plots.timeline, judged.table, judged.findings, kind="counts", key="timeline-counts",
        promised=promised if promised == promised else None,  # noqa: PLR0124 - NaN where nothing is promised
    )  # fmt: skip


def _scores(judged: Judged) -> None:
    st.caption(
        "The line is how scores of normal calibration records are spread. Where the bars rise far above it, there are "
        "more such records than normal traffic has."
    )
    chart(plots.score_distribution, judged.findings, calibration=judged.model, key="scores")


def _scatter(judged: Judged) -> None:
    names = judged.table.columns
    x, y = next((pair for pair in _FIRST if all(name in names for name in pair)), (names[0], names[-1]))
    left, right = st.columns(2)
    x = left.selectbox("Across", names, index=names.index(x), key="scatter-x")
    y = right.selectbox("Up", names, index=names.index(y), key="scatter-y")
    chart(plots.scatter, judged.table, x, y, by=judged.findings, key="scatter")


def _plane(judged: Judged) -> None:
    if len(judged.table) > _MOST_IN_PLANE:
        st.info(f"This picture is made for up to {_MOST_IN_PLANE:,} records; there are {len(judged.table):,}.")
        return
    with st.spinner("Working it out"):
        labels = [name for name, role in judged.table.roles.items() if role == "label"]
        chart(plots.pca, judged.table.drop(labels), by=judged.findings, pipeline=judged.model, key="plane")


def _hosts(judged: Judged) -> None:
    only = st.toggle("Only what is reported", value=True, key="hosts-reported")
    if only and not len(judged.findings):
        st.info("Nothing is reported.")
        return
    chart(plots.hosts, judged.table, judged.findings if only else None, key="hosts")


def _importance(judged: Judged) -> None:
    chart(plots.importance, judged.model, key="importance")


def _labels(judged: Judged) -> None:
    with working("Comparing with the labels"):
        found, why_not = judged.evaluated
    if found is None:
        st.info(f"The labels say nothing of the scores: {plain(why_not)}")
        return
    metrics(
        {
            "ROC-AUC": figure(found.roc_auc, 4),
            "PR-AUC": figure(found.average_precision, 4),
            "Precision": figure(found.precision),
            "Recall": figure(found.recall),
            "F1": figure(found.f1),
        }
    )
    if found.precision != found.precision:
        st.caption("No score is above the threshold, so nobody can say how many alerts are attacks.")
    left, right = st.columns(2)
    with left:
        chart(plots.roc, found, key="roc")
        chart(plots.confusion, found, key="confusion")
    with right:
        chart(plots.precision_recall, found, key="precision-recall")
        with told():
            _families(found)


def _families(found: Any) -> None:
    if not found.families:
        return
    st.markdown("**Each kind of attack by itself**")
    rows = sorted(found.families.values(), key=lambda one: -one.attacks)
    st.dataframe(
        {
            "family": [one.name for one in rows],
            "attacks": [int(one.attacks) for one in rows],
            "found": [int(one.found) for one in rows],
            "recall": [figure(one.recall) for one in rows],
            "ROC-AUC": [figure(one.roc_auc, 4) for one in rows],
        },
        hide_index=True,
        key="families",
    )


def _kept_clusters() -> Clustering | None:
    """Those beside the model."""
    opened = session().opened
    return None if opened is None else opened.clusters


def _clusters(judged: Judged) -> None:
    some = judged.table if len(judged.table) <= _MOST_IN_PLANE else judged.table.sample(_MOST_IN_PLANE, random_state=0)
    with told():
        kinds = _kept_clusters() or Clustering.of_model(judged.model, some)
        chart(plots.clusters, kinds, some, key="clusters")
        if kinds.curve.n_clusters:
            chart(plots.elbow, kinds, key="elbow")
        chart(plots.importance, kinds, key="cluster-importance", title="in which columns the clusters differ")
        for one in kinds.profiles:
            st.code(str(one), language=None, wrap_lines=True)


def _training(judged: Judged) -> None:
    chart(plots.training, judged.model.detector, key="training-history")
