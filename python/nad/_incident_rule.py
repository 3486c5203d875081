"""Which findings are one incident: each belongs to what its source did, or to what was done to its target.

What a host did without a long pause is a session, and so is what was done to it. A scan is a session of its source, a
flood one of its target. Each record is in one of both kinds and goes with the one that has more records to itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from nad._who_and_when import Times

__all__ = ["numbered", "sessions_of"]

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_SOURCE_COUNTS = 1.25  # a record of a source, beside one of a target: who did it says more than whom it was done to
_FAR_MORE = 10.0  # times as many records as the others: then a source is no part of what is done to the target


def sessions_of(hosts: Ints, times: Times, pause: float) -> Ints:
    """A number for each host and stretch of time without a pause of so many nanoseconds; -1 where `hosts` is.

    A record counts from its begin to its end. Those without a time are one session of their host.
    """
    if not len(hosts):
        return hosts.copy()
    order = np.lexsort((times.begin, times.known, hosts))
    host, known = hosts[order], times.known[order]
    begin = times.begin[order].astype(np.float64)
    changes = np.ones(len(order), dtype=np.bool_)
    changes[1:] = (host[1:] != host[:-1]) | (known[1:] != known[:-1])
    # The latest end so far: running over the ranks of the ends, each host on a step of its own.
    ends, ranks = np.unique(times.end[order], return_inverse=True)
    steps = np.cumsum(changes) * len(ends)
    latest = ends[np.maximum.accumulate(steps + ranks.reshape(-1)) - steps].astype(np.float64)
    changes[1:] |= known[1:] & (begin[1:] - latest[:-1] > pause)
    found = np.empty(len(order), dtype=np.int64)
    found[order] = np.cumsum(changes) - 1
    found[hosts < 0] = -1
    return found


def numbered(source: Ints, target: Ints) -> Ints:
    """The incident of each record, by the sessions of its source and target (-1: none); -1 where it has neither.

    The number is that of a session: of its source, or behind all of those of its target.

    A session claims its records: so many for a target, a quarter more for a source. It takes them when no other session
    claims one of them more; what is left is claimed again. A target does not claim records of a source that does most
    elsewhere, or far more than its other sources: who attacks a host during a flood is no part of that.
    """
    incident = np.full(len(source), -1, dtype=np.int64)
    behind = int(source.max(initial=-1)) + 1
    left = np.flatnonzero((source >= 0) | (target >= 0))
    s = t = pair = left
    size = 2 * len(left)
    while len(left):
        if 2 * len(left) <= size:  # the work of a round follows what is left
            size = len(left)
            s, t = _renumbered(source[left]), _renumbered(target[left])
            pair = _renumbered((s + 1) * (int(t.max()) + 2) + t)
        by_source, by_target = _taken(s, t, pair)
        incident[left[by_source]] = source[left[by_source]]
        incident[left[by_target]] = behind + target[left[by_target]]
        stay = ~(by_source | by_target)
        left, s, t, pair = left[stay], s[stay], t[stay], pair[stay]
    return incident


def _taken(s: Ints, t: Ints, pair: Ints) -> tuple[Mask, Mask]:
    """The records that go with their source now, and those that go with their target.

    There are always some: the session that claims most gets what it claims.
    """
    of_source, of_both = _counted(s), _counted(pair)
    own = (t >= 0) & ((s < 0) | (of_source <= 2 * of_both))
    sources = np.rint(_summed(t, own / of_both))
    own &= (s < 0) | (of_both * (sources - 1) <= _FAR_MORE * (_counted(t, own) - of_both))
    loses = _counted(t, own) * own > _SOURCE_COUNTS * of_source
    by_source = (s >= 0) & (_counted(s, loses) == 0)
    by_target = own & (_counted(t, own & ~loses) == 0)
    return by_source, by_target


def _summed(codes: Ints, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """For each row, the sum over all rows with its code."""
    return np.asarray(np.bincount(codes + 1, weights=values)[codes + 1], dtype=np.float64)


def _counted(codes: Ints, chosen: Mask | None = None) -> Ints:
    """For each row, how many of the chosen rows have its code; 0 where it has none."""
    places = codes + 1
    counts = np.bincount(places if chosen is None else places[chosen], minlength=int(places.max(initial=0)) + 1)
    counts[0] = 0
    return np.asarray(counts[places], dtype=np.int64)


def _renumbered(codes: Ints) -> Ints:
    """Numbers without gaps, in the same order; -1 stays."""
    found = np.unique(codes, return_inverse=True)[1].reshape(-1)
    return np.asarray(found - (codes.min(initial=0) < 0), dtype=np.int64)
