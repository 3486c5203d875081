"""Speed of the way from a capture to a table of flows with statistics, beside NFStream, on one core.

The capture is a mix of the public ones, again and again with other addresses. Each library has a process of its own,
pinned to the same core with all processes that it starts; what counts is the CPU time of all of them. Both count
packets, sizes, gaps and flags of both directions; neither looks into payload.
"""

from __future__ import annotations

import os
import resource
import struct
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.python import kdd99
from benchmarks.python.forests import MissingError
from benchmarks.python.isolation_forest_speed import Effort
from benchmarks.python.records_speed import imported
from benchmarks.python.worker import Worker, WorkerError
from nad._bench.measure import Sample, Timing, take_turns
from nad._bench.report import Goal, Section, say, time_figures

NAD = "nad"
PEER = "NFStream"
CAPTURES = (
    "bruteforce_ftp.pcap", "exfil_dns.pcap", "normal_http_bro_org.pcap", "normal_http_espn.pcapng",
    "normal_mixed_tcpreplay_test.pcap", "normal_ping.pcap", "scan_icmp_sweep.pcap", "scan_tcp_syn_nmap.pcapng",
)  # fmt: skip
APART = 2 * 10**6
"""Microseconds from the beginning of one copy to the next."""


class Meter(ABC):
    """One library in its own process."""

    def __init__(self, path: str) -> None:
        self.path = path
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        self.packets()  # what is missing shows now

    @abstractmethod
    def packets(self) -> tuple[int, int]:
        """Meter the capture; how many flows there are, and packets in them."""

    def time_packets(self) -> Sample:
        wall, cpu = time.perf_counter(), _cpu()
        self.packets()
        return Sample(_cpu() - cpu, time.perf_counter() - wall, 1)


class Nad(Meter):
    def packets(self) -> tuple[int, int]:
        flows, _ = imported("nad").read(self.path, return_report=True)
        both = (flows[name].to_numpy().sum() for name in ("packets_sent", "packets_received"))
        return len(flows), int(sum(both))


class NFStream(Meter):
    def packets(self) -> tuple[int, int]:
        streamer = imported("nfstream").NFStreamer(
            source=self.path, statistical_analysis=True, n_dissections=0, n_meters=1, idle_timeout=60
        )
        flows = packets = 0
        for flow in streamer:
            flows += 1
            packets += flow.bidirectional_packets
        return flows, packets


METERS: dict[str, type[Meter]] = {NAD: Nad, PEER: NFStream}


def _cpu() -> float:
    """Seconds of this process and of its children that have ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def run(effort: Effort, *, quick: bool) -> list[Section]:
    count = 20_000 if quick else 1_000_000
    try:
        path = _mix(count)
    except kdd99.DataNotFoundError as error:
        return [Section("Flows: not measured", ["reason"], [[str(error)]])]
    notes = []
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}
        for name, meter in METERS.items():
            try:
                workers[name] = Worker(meter, str(path))
                stack.callback(workers[name].close)
            except (MissingError, WorkerError) as error:
                notes.append(f"{name} is missing: {error}")
        say("flows")
        timings = take_turns({name: _bound(worker) for name, worker in workers.items()}, effort.rounds)
        counts = {name: worker.call("packets") for name, worker in workers.items()}
    notes += [f"{name}: {flows:,} flows of {packets:,} packets" for name, (flows, packets) in counts.items()]
    rows = [
        [name, f"{count / timing.cpu / 1e6:.3f}", f"{timing.spread:.0%}", f"{count / timing.wall / 1e6:.3f}"]
        for name, timing in timings.items()
    ]
    samples = {name: [sample.cpu for sample in timing.samples] for name, timing in timings.items()}
    title = (
        f"A mix of {count:,} packets, {path.stat().st_size / 1e6:.0f} MB, to flows: one core, median of {effort.rounds}"
    )
    header = ["", "million packets/s (CPU)", "spread", "million packets/s (wall)"]
    return [
        Section(title, header, rows, notes, samples, time_figures("packets to flows", timings), f"{count:,} packets"),
        Section("Goals", *Goal.table(_goals(timings, count))),
    ]


def _goals(timings: dict[str, Timing], count: int) -> list[Goal]:
    goals = []
    if NAD in timings:
        goals.append(Goal("million packets/s", count / timings[NAD].cpu / 1e6, 2.0))
    if NAD in timings and PEER in timings:
        goals.append(Goal(f"times {PEER}", timings[PEER].cpu / timings[NAD].cpu, 10.0))
    return goals


def _bound(worker: Worker) -> Callable[[], Sample]:
    return lambda: worker.call("time_packets")


def _mix(count: int) -> Path:
    """The mixed capture in the cache folder."""
    path = kdd99.cache_folder() / f"mixed-{count}.pcap"
    if path.is_file():
        return path
    folder = kdd99.find_file().parents[1] / "pcap"  # NAD_DATA/pcap
    packets: list[tuple[int, int, bytes]] = []
    for name in CAPTURES:
        if not (folder / name).is_file():
            raise kdd99.DataNotFoundError(f"no capture {name} in {folder}")
        begin = None
        for when, length, frame in _frames((folder / name).read_bytes()):
            begin = when if begin is None else begin
            packets.append((max(0, when - begin), length, frame))
    turns = [
        (APART * (i // len(packets)) + packets[i % len(packets)][0], i // len(packets), i % len(packets))
        for i in range(count)
    ]
    part = path.with_suffix(".part")
    with part.open("wb") as out:
        out.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for when, copy, place in sorted(turns):
            _, length, frame = packets[place]
            seconds, fraction = divmod(when, 10**6)
            head = struct.pack("<IIII", 1_600_000_000 + seconds, fraction, len(frame), length)
            out.write(head + _moved(frame, copy))
    part.replace(path)
    return path


def _moved(frame: bytes, copy: int) -> bytes:
    """With other IPv4 addresses for each copy: the same host of two copies is two hosts."""
    if len(frame) < 34 or frame[12:14] != b"\x08\x00":
        return frame
    changed = bytearray(frame)
    for at in (27, 31):
        changed[at] ^= copy & 255
        changed[at + 1] ^= copy >> 8 & 255
    return bytes(changed)


def _frames(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Microseconds, length and bytes of each packet, of pcap and of pcapng with microseconds, little endian."""
    if data[:4] != b"\n\r\r\n":
        at = 24
        while at + 16 <= len(data):
            seconds, fraction, captured, length = struct.unpack_from("<IIII", data, at)
            yield seconds * 10**6 + fraction, length, data[at + 16 : at + 16 + captured]
            at += 16 + captured
        return
    at = 0
    while at + 12 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 6:
            _, high, low, captured, length = struct.unpack_from("<IIIII", data, at + 8)
            yield high << 32 | low, length, data[at + 28 : at + 28 + captured]
        at += size
