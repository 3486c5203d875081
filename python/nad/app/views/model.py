"""Open a model file, or learn one from the records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, BinaryIO

import streamlit as st

from nad import plots
from nad._words import plural
from nad.app.downloads import file_name
from nad.app.learning import DETECTORS, RULES, Learning, Wish
from nad.app.ui import chart, explained, plain, session

if TYPE_CHECKING:
    from collections.abc import Callable

    from nad.app.records import Records
    from nad.app.session import OpenModel

__all__ = ["opened_from", "show"]

_TRAINING = {
    "clean": "They are believed to be normal",
    "mixed": "They are whatever the network carried",
    "labelled": "Each has a label",
}
_LEARNT = {
    "clean": "All that they hold will count as normal, so let no attack be among them; then open others to look at.",
    "mixed": "What is rare among them will be reported; an attack that is a large part of them will not.",
    "labelled": "It learns which labels mean an attack. How good it is, only other records tell.",
}
_BEST = "best F score of the labels"
_DAILY = "alerts a day"
_RULE_RANGES = {
    "alerts a day": (0.1, 1e6, 20.0, 1.0, "%.6g"),
    "share of normal records": (1e-6, 0.5, 0.001, 0.001, "%.6f"),
    "contamination": (1e-6, 0.5, 0.01, 0.01, "%.6f"),
    _BEST: (0.1, 10.0, 1.0, 0.5, "%.2f"),
}


def show() -> None:
    """The page."""
    st.title("Model")
    now = session()
    if now.opened is None:
        st.markdown("A model knows what is normal. Learn one from records, or open one that was saved.")
    learn, open_one = st.tabs(["Learn from the records", "Open a file"])
    with learn:
        _learn()
    with open_one:
        if opened_from("model-file", "A model, or clusters that belong to the open one (.nad)", now.use_file):
            st.session_state.pop("connection-said", None)
            st.rerun()
    if now.opened is not None:
        _described(now.opened)


def opened_from(key: str, label: str, read: Callable[[str, BinaryIO], Any]) -> Any:
    """What `read` makes of a file that was just uploaded; an error stays as long as the file does."""
    upload: Any = st.file_uploader(label, key=key)
    number = None if upload is None else upload.file_id
    if number == st.session_state.get(f"{key}-read"):
        if upload is not None and (error := st.session_state.get(f"{key}-error")):
            st.error(error)
        return None
    st.session_state[f"{key}-read"], st.session_state[f"{key}-error"] = number, ""
    if upload is None:
        return None
    try:
        return read(upload.name, upload)
    except Exception as error:  # noqa: BLE001 - it is shown, now and as long as the file is there
        st.session_state[f"{key}-error"] = plain(explained(error))
        st.error(st.session_state[f"{key}-error"])
        return None


def _learn() -> None:
    now = session()
    runs = now.is_learning
    if now.records is not None:
        _form(now.records, runs)
    elif now.learning is None:
        st.info("There are no records yet: give some on the page Records.")
    if now.learning is not None:
        _progress(now.learning)


def _form(records: Records, runs: bool) -> None:
    """It stays where it is while one is being learnt, so that what was chosen is still seen."""
    st.markdown(f"From {len(records.table):,} records of {plain(records.name, 100)}.")
    kinds = list(_TRAINING) if records.labels else ["clean", "mixed"]
    training = st.radio(
        "What are they?", kinds, format_func=_TRAINING.__getitem__, key="training", horizontal=True, disabled=runs
    )
    left, middle, right = st.columns(3)
    rules = [name for name in RULES if training == "labelled" or name != _BEST]
    if "time" not in records.table.types.values():
        rules.remove(_DAILY)  # nobody knows how many a day brings
    rule = left.selectbox("What is reported is set by", rules, key="rule", disabled=runs)
    low, high, usual, step, shape = _RULE_RANGES[rule]
    value = middle.number_input(
        rule[0].upper() + rule[1:], low, high, usual, step, shape, key=f"rule-value-{rule}", help=_help_of(rule),
        disabled=runs,
    )  # fmt: skip
    detectors = ["chosen by nad"] if training == "labelled" else list(DETECTORS)
    detector = right.selectbox("Detector", detectors, key="detector", disabled=runs)
    label = None
    if training == "labelled" and len(records.labels) > 1:
        label = st.selectbox("Column with the labels", records.labels, key="label", disabled=runs)
    st.caption(_LEARNT[training])
    if st.button("Learn", type="primary", key="learn", disabled=runs):
        try:
            wish = Wish(training=training, rule=rule, value=float(value), detector=detector, label=label)
            kind = "" if detector == "chosen by nad" else "-" + detector.partition(" (")[0].lower().replace(" ", "-")
            name = file_name(re.sub(r"^simulated ", "", records.name), f"{kind}.nad")
            learning = Learning(wish.model(), records.table, name=name, records_name=records.name)
        except Exception as error:  # noqa: BLE001
            st.error(plain(explained(error)))
            return
        session().learning = learning
        learning.start()
        st.rerun()


def _help_of(rule: str) -> str:
    return {
        "alerts a day": "At most so many normal records of a day are reported. How many a day brings must be known.",
        "share of normal records": "At most this share of normal records is reported.",
        "contamination": "So large a share of the calibration records lies above the threshold.",
        _BEST: "The threshold with the best F score; 2 weighs attacks that are found higher.",
    }[rule]


def _progress(learning: Learning) -> None:
    if not learning.is_over:
        st.fragment(_bar, run_every=0.5)()
    elif learning.state == "cancelled":
        st.info("Cancelled: nothing has been learnt.")
    elif learning.error:
        st.error(plain(learning.error))


def _bar() -> None:
    learning = session().learning
    if learning is None or learning.is_over:
        st.rerun()
        return
    stage, done, total = learning.progress
    share = min(done / total, 1.0) if total else 0.0
    words = f"{plain(stage) or 'preparing'}: {done:,} of {total:,}" if total else "preparing"
    st.progress(share, f"{words}, {learning.seconds:.0f} s")
    if st.button("Cancel", key="learning-cancel"):
        learning.cancel()


def _described(opened: OpenModel) -> None:
    st.subheader(plain(opened.name, 120), divider="gray")
    model = opened.model
    head, *lines = model.describe().strip().splitlines()
    warnings = model._model.warnings
    for warning in warnings:
        st.warning(plain(warning))
    left, right = st.columns([2, 3])
    with left:
        st.markdown(plain(head))
        said = [line.strip().removeprefix("- ") for line in lines if line.strip()]
        st.markdown("\n".join(f"- {plain(line)}" for line in said if line not in warnings))
        if opened.learnt_from:
            st.caption(f"Learnt here, from {plain(opened.learnt_from, 100)}.")
        if opened.clusters is not None:
            st.caption(
                f"{plural(len(opened.clusters.profiles), 'kind')} of records in {plain(opened.clusters_of, 100)}: the "
                "page One connection tells which of them a connection is."
            )
    with right:
        chart(plots.importance, model, most=12, key="model-importance")
