"""Labels of flows from a table that knows them: the simulator's, or another log's."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, Any

import numpy as np

from nad.errors import InvalidDataError
from nad.reading import read_with_report
from nad.table import Table

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["label_flows", "labels_of", "with_truth"]

_ENDS = ("src_ip", "src_port", "dst_ip", "dst_port", "protocol")


def with_truth(flows: Table, path: str) -> Table:
    """The flows with the labels that a file knows in the place of those that they had."""
    truth, _ = read_with_report(path)  # what it has beside ends and labels does not matter
    return _labelled(flows, truth, "label", path)


def label_flows(flows: Any, truth: Any, column: str = "label") -> Table:
    """Flows that were metered, with the labels of a table that knows them, such as `simulate` gives.

    A flow is found by its ends and, among those with the same ends, by when it began. One that the truth does not know
    is an error: then the table is about other traffic.

    >>> truth = nad.simulate("day.pcap", attacks=["syn_flood"])
    >>> flows = nad.label_flows(nad.read("day.pcap"), truth)
    >>> print(nad.evaluate(model.anomaly_score(flows), flows))

    Parameters
    ----------
    flows : Table or frame
        With ``timestamp``, ``src_ip``, ``src_port``, ``dst_ip``, ``dst_port`` and ``protocol``, as logs and captures
        have them.
    truth : Table or frame
        With the same columns, and one of labels.
    column : str
        The column of the truth that becomes ``label``; other labels of the flows are left out.
    """
    flows = flows if isinstance(flows, Table) else Table(flows)
    return _labelled(flows, truth if isinstance(truth, Table) else Table(truth), column, "the truth")


def _labelled(flows: Table, truth: Table, column: str, name: str) -> Table:
    labels = labels_of(flows, truth, column)
    unknown = labels.count(None)
    if unknown == len(flows) > 0:
        raise InvalidDataError(f"{name} knows none of the flows; is it about this capture?")
    if unknown:
        raise InvalidDataError(
            f"{name} knows nothing of {unknown:,} of {len(flows):,} flows, such as "
            f"{_described(flows, labels.index(None))}"
        )
    others = [one for one, role in flows.roles.items() if role == "label"]
    return flows.drop(others).with_column("label", labels, type="category", role="label")


def labels_of(flows: Table, truth: Table, column: str) -> list[Any]:
    """What `column` of the truth says of each flow: of those with the same ends the one that began nearest to it.

    None where it knows no flow with these ends.
    """
    for table, what in ((flows, "the records"), (truth, "the truth")):
        lacking = [name for name in (*_ENDS, "timestamp") if name not in table]
        if lacking:
            raise InvalidDataError(f"{what} cannot be compared flow by flow: no column {', '.join(lacking)}")
    since = np.min(truth["timestamp"].to_numpy())
    known: dict[tuple[Any, ...], list[tuple[float, Any]]] = {}
    for ends, begin, label in zip(_ends(truth), _seconds(truth, since), truth[column].to_list()):
        known.setdefault(ends, []).append((float(begin), label))
    for flows_of_ends in known.values():
        flows_of_ends.sort(key=_begin)
    labels = []
    for ends, begin in zip(_ends(flows), _seconds(flows, since)):
        there = known.get(ends) or known.get((ends[2], ends[3], ends[0], ends[1], ends[4]))
        labels.append(_nearest(there, float(begin)) if there else None)
    return labels


def _begin(one: tuple[float, Any]) -> float:
    return one[0]


def _nearest(there: list[tuple[float, Any]], at: float) -> Any:
    """The label of the flow that began nearest; they are in the order of time."""
    place = bisect.bisect_left(there, at, key=_begin)
    return min(there[max(place - 1, 0) : place + 1], key=lambda one: abs(one[0] - at))[1]


def _ends(table: Table) -> list[tuple[Any, ...]]:
    texts = [name for name in ("src_ip", "dst_ip") if table.types[name] in ("text", "category")]  # out of a frame
    table = table.with_type(texts, "text").with_type(texts, "address")
    return list(zip(*(table[name].to_list() for name in _ENDS)))


def _seconds(table: Table, since: Any) -> npt.NDArray[np.float64]:
    return np.asarray((table["timestamp"].to_numpy() - since) / np.timedelta64(1, "s"), dtype=np.float64)


def _described(flows: Table, row: int) -> str:
    src, src_port, dst, dst_port, protocol = (flows[name][row] for name in _ENDS)
    return f"{src}:{src_port} -> {dst}:{dst_port} {protocol}"
