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

__all__ = ["labels_of", "with_truth"]

_ENDS = ("src_ip", "src_port", "dst_ip", "dst_port", "protocol")


def with_truth(flows: Table, path: str) -> Table:
    """The flows with a column of labels in the place of those that they had."""
    truth, _ = read_with_report(path)  # what it has beside ends and labels does not matter
    labels = labels_of(flows, truth, "label")
    unknown = labels.count(None)
    if unknown == len(flows):
        raise InvalidDataError(f"{path} knows none of the flows; is it about this capture?")
    if unknown:
        raise InvalidDataError(
            f"{path} knows nothing of {unknown:,} of {len(flows):,} flows, such as "
            f"{_described(flows, labels.index(None))}"
        )
    others = [name for name, role in flows.roles.items() if role == "label"]
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
    return list(zip(*(table[name].to_list() for name in _ENDS)))


def _seconds(table: Table, since: Any) -> npt.NDArray[np.float64]:
    return np.asarray((table["timestamp"].to_numpy() - since) / np.timedelta64(1, "s"), dtype=np.float64)


def _described(flows: Table, row: int) -> str:
    src, src_port, dst, dst_port, protocol = (flows[name][row] for name in _ENDS)
    return f"{src}:{src_port} -> {dst}:{dst_port} {protocol}"
