"""Packets become flows: from captures, from a network interface, or given one by one.

>>> flows = nad.read("day.pcap")  # the short way, for one file
>>> for flows in nad.Capture(["in.pcap", "out.pcap.gz"]):  # several, merged by time, in bounded memory
...     score(flows)
>>> meter = nad.FlowMeter(active=60)  # interim records of flows that go on for a minute
>>> with nad.LiveCapture("eth0", filter="not port 22") as capture:
...     while True:
...         capture.read(meter, seconds=1.0)
...         score(meter.take())
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nad import _core
from nad._progress import ProgressBar
from nad.errors import missing_file_noticed
from nad.reading import ReadReport
from nad.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

__all__ = ["Capture", "FlowMeter", "FlowStats", "LiveCapture", "community_id", "live_interfaces"]


@dataclass(frozen=True)
class FlowStats:
    """What a meter has counted.

    Attributes
    ----------
    frames : int
        What was captured, of any kind.
    packets : int
        Packets of IP, that became part of a flow.
    not_ip : int
        Frames of other protocols.
    malformed : dict of str to int
        Kind -> packets that could not be decoded.
    lone_fragments : int
        Fragments whose first one was not seen.
    late : int
        Packets with a time before that of the packet before.
    flows : int
        Flows that began.
    interim : int
        Records of flows that went on.
    evicted : int
        Flows that ended early because there were too many.
    evicted_half_open : int
        Of these, connections whose handshake was not finished.
    open : int
        Flows that go on now.
    bytes : int
        Memory of flows.
    """

    frames: int
    packets: int
    not_ip: int
    malformed: dict[str, int] = field(default_factory=dict)
    lone_fragments: int = 0
    late: int = 0
    flows: int = 0
    interim: int = 0
    evicted: int = 0
    evicted_half_open: int = 0
    open: int = 0
    bytes: int = 0


class FlowMeter:
    """Turns packets into flows: one row for each connection, in both directions.

    Columns are those that all flow logs share, with Zeek's states and letters of history, and counters, sizes and gaps
    of each direction. With ``schema="kdd28"`` they are the 28 columns of KDD Cup 99 that headers tell, and who it was.

    Parameters
    ----------
    schema : "flow" or "kdd28"
    tcp_idle, udp_idle, icmp_idle, other_idle : float
        Seconds without a packet after which a flow ends: 300, 60, 60 and 60. Time is that of the packets.
    tcp_attempt, tcp_close : float
        The same where the handshake was not finished, and where the connection is over: 5 and 5.
    active : float
        A flow that goes on gives an interim record every so many seconds; 0: none.
    max_flows : int
        At a time; of more, those that were never answered end first. A flow takes some 470 bytes.
    turn_answers : bool
        Whether who sends the first packet is the destination where that packet looks like an answer.
    tunnels : bool
        Look into GRE, VXLAN and IP in IP.
    community_seed : int
        The seed of community ids; tools agree where they have the same.
    """

    def __init__(self, **options: Any) -> None:
        self._meter = _core.FlowMeter(options)

    def add(self, frame: Any, time: int, *, link_type: int = 1, length: int = 0) -> None:
        """Count a frame: its bytes, and when it came in nanoseconds since 1970.

        ``link_type`` says what it begins with, by the numbers of capture files (1 is Ethernet, 101 raw IP); ``length``
        is how long it was on the wire, where that is more than the bytes.
        """
        self._meter.add(frame, time, link_type, length)

    def read(self, paths: Paths, *, progress: bool = False) -> Table:
        """Give all flows of captures, merged by time. What goes on at their end ends there."""
        self.add_captures(paths, progress=progress)
        return self.flush()

    def add_captures(self, paths: Paths, *, progress: bool = False) -> ReadReport:
        """Count the packets of captures, merged by time; flows may go on afterwards."""
        bar = ProgressBar() if progress else None
        files = _list(paths)
        try:
            with missing_file_noticed(files[0] if files else ""):
                words = self._meter.read(files, bar)
        finally:
            if bar is not None:
                bar.close()
        return _report(words, self._meter.stats, self._meter.ended)

    def take(self, most: int | None = None) -> Table:
        """Give the flows that ended so far, or the first of them, in the order in which they ended.

        Their column ``ended`` says why: "closed", "idle", "evicted" to make room, "open" of an interim record, and
        "flushed" of those that went on, or might have, when the input ended.
        """
        return Table._of(self._meter.take(most))

    def flush(self) -> Table:
        """End all flows, and give those that were not taken."""
        return Table._of(self._meter.flush())

    @property
    def ended(self) -> int:
        """How many rows `take` would give."""
        return self._meter.ended

    @property
    def stats(self) -> FlowStats:
        """What was counted so far."""
        return FlowStats(**self._meter.stats)


class Capture:
    """Flows of one or many captures, merged by time: an iterator of tables in bounded memory.

    Parameters
    ----------
    paths : path or iterable of paths
        pcap or pcapng, also packed with gzip; "-" is the standard input.
    batch_rows : int
        The most rows that a table has.
    **options
        Those of `FlowMeter`.
    """

    def __init__(self, paths: Paths, *, batch_rows: int = 65536, **options: Any) -> None:
        files = _list(paths)
        self._rows = batch_rows
        self._given = 0
        with missing_file_noticed(files[0] if files else ""):
            self._capture = _core.Capture(files, options)

    def __iter__(self) -> Iterator[Table]:
        while (batch := self._capture.next(self._rows)) is not None:
            table = Table._of(batch)
            self._given += len(table)
            yield table

    @property
    def report(self) -> ReadReport:
        """What was found so far."""
        return _report(self._capture.report, self._capture.stats, self._given)

    @property
    def stats(self) -> FlowStats:
        """What was counted so far."""
        return FlowStats(**self._capture.stats)


class LiveCapture:
    """Packets of a network interface, through libpcap.

    Needs the right to capture: root, or on Linux the capability CAP_NET_RAW.

    Parameters
    ----------
    interface : str
        One of `live_interfaces`, such as "eth0"; on Linux also "any".
    snap_length : int
        Bytes kept of a packet; headers need no more than 256.
    buffer_bytes : int
        Of the kernel, 32 MiB.
    filter : str
        In the language of tcpdump: "tcp and not port 22".
    promiscuous : bool
        Also packets for others.
    immediate : bool
        Each packet at once; else some tenth of a second together.
    user : str
        As whom the whole process goes on once the interface is open, where root started it; there is no way back.
    """

    def __init__(self, interface: str, **options: Any) -> None:
        self._capture = _core.LiveCapture(interface, options)

    def read(self, meter: FlowMeter, *, seconds: float) -> int:
        """Let packets go to a meter for so long; how many there were."""
        return self._capture.read(meter._meter, seconds)

    def stop(self) -> None:
        """Make `read` return, from any thread."""
        self._capture.stop()

    @property
    def stats(self) -> dict[str, int]:
        """Packets given, received by the kernel, dropped because its buffer was full, and by the interface."""
        return self._capture.stats

    def __enter__(self) -> LiveCapture:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


def live_interfaces() -> list[str]:
    """Give the names of interfaces that can be captured on; none where that is not allowed."""
    return _core.live_interfaces()


def community_id(
    source: str, destination: str, source_port: int, destination_port: int, protocol: int, *, seed: int = 0
) -> str:
    """Give the community id (version 1) of a flow: the same text in every tool that knows them.

    ``protocol`` is a number, 6 for TCP. Ports of ICMP are the type and, of a question or an answer, the type of its
    counterpart, else the code.

    >>> nad.flow.community_id("128.232.110.120", "66.35.250.204", 34855, 80, 6)
    '1:LQU9qZlK+B5F3KDmev6m5PMibrg='
    """
    return _core.community_id(source, destination, source_port, destination_port, protocol, seed)


def _list(paths: Paths) -> list[str | os.PathLike[str]]:
    return [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)


def _report(words: dict[str, Any], stats: dict[str, Any], rows: int) -> ReadReport:
    skipped = {f"{kind} packets": count for kind, count in stats["malformed"].items()}
    skipped |= {f"packets of {link}": count for link, count in words["left_out"].items()}
    notes = list(words["notes"])
    if words["dropped"]:
        notes.append(f"the program that captured lost {words['dropped']} packets")
    if stats["evicted"]:
        notes.append(f"{stats['evicted']} flows ended early because there were too many; raise max_flows")
    return ReadReport("pcap", rows, skipped, notes)
