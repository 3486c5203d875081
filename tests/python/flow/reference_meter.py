"""A slow flow meter of its own: it reads pcap and pcapng with `struct` alone and follows Zeek's rules.

Nothing of nad is used, so that nad's captures, truths and meters can be compared with it.
"""

from __future__ import annotations

import gzip
import ipaddress
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECOND = 1_000_000_000
FIN, SYN, RST, ACK = 1, 2, 4, 16
PAIRED_ICMP = {1: {8: 0, 0: 8, 13: 14, 14: 13}, 58: {128: 129, 129: 128}}


@dataclass
class Packet:
    """What a packet says; lengths are those of the headers, not those of what was captured."""

    time: int
    source: str
    destination: str
    protocol: int
    source_port: int = 0
    destination_port: int = 0
    flags: int = 0
    sequence: int = 0
    payload: int = 0
    ip_bytes: int = 0
    content: bytes = b""
    vlans: tuple[int, ...] = ()
    fragment: tuple[int, int, bool] | None = None
    one_way: bool = False
    wire_bytes: int = 0


def frames(path: Path) -> Iterator[tuple[int, int, int, bytes]]:
    """Time in nanoseconds, link type, length on the wire and bytes of each packet of a pcap or pcapng file."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if data[:4] == b"\x0a\x0d\x0d\x0a":
        yield from _pcapng_frames(data)
        return
    order, unit = {
        b"\xd4\xc3\xb2\xa1": ("<", 1000),
        b"\x4d\x3c\xb2\xa1": ("<", 1),
        b"\xa1\xb2\xc3\xd4": (">", 1000),
        b"\xa1\xb2\x3c\x4d": (">", 1),
    }[data[:4]]
    link = struct.unpack_from(order + "I", data, 20)[0]
    at = 24
    while at < len(data):
        seconds, rest, kept, wire = struct.unpack_from(order + "4I", data, at)
        yield seconds * SECOND + rest * unit, link, wire, data[at + 16 : at + 16 + kept]
        at += 16 + kept
    assert at == len(data)


def _pcapng_frames(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    order = "<" if data[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
    link, unit, at = 0, 1000, 0
    while at < len(data):
        kind, size = struct.unpack_from(order + "2I", data, at)
        assert struct.unpack_from(order + "I", data, at + size - 4)[0] == size
        if kind == 1:
            link = struct.unpack_from(order + "H", data, at + 8)[0]
            option, length = struct.unpack_from(order + "2H", data, at + 16)
            assert (option, length) == (9, 1)
            unit = 10 ** (9 - data[at + 20])
        elif kind == 6:
            _, high, low, kept, wire = struct.unpack_from(order + "5I", data, at + 8)
            yield (high << 32 | low) * unit, link, wire, data[at + 28 : at + 28 + kept]
        at += size


def internet_sum(data: bytes) -> int:
    """RFC 1071: 0xffff where the checksum in `data` is right."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def _behind_link(link: int, frame: bytes) -> tuple[bytes, tuple[int, ...]]:
    vlans: tuple[int, ...] = ()
    if link == 1:
        at = 12
        while struct.unpack_from(">H", frame, at)[0] in (0x8100, 0x88A8):
            vlans += (struct.unpack_from(">H", frame, at + 2)[0] & 0xFFF,)
            at += 4
        kind, at = struct.unpack_from(">H", frame, at)[0], at + 2
    elif link == 113:
        kind, at = struct.unpack_from(">H", frame, 14)[0], 16
    elif link == 276:
        kind, at = struct.unpack_from(">H", frame, 0)[0], 20
    else:
        assert link == 101
        kind, at = (0x800 if frame[0] >> 4 == 4 else 0x86DD), 0
    assert kind == (0x800 if frame[at] >> 4 == 4 else 0x86DD)
    return frame[at:], vlans


def parse(time: int, link: int, wire: int, frame: bytes, check_sums: bool = True) -> Packet:
    """Reads the headers; an assertion fails where a length or a checksum is wrong."""
    ip, vlans = _behind_link(link, frame)
    fragment = None
    if ip[0] >> 4 == 4:
        total, identification, pieces = struct.unpack_from(">HHH", ip, 2)
        protocol, header = ip[9], 20
        source, destination = ip[12:16], ip[16:20]
        assert ip[0] == 0x45
        assert internet_sum(ip[:20]) == 0xFFFF
        if pieces & 0x3FFF:
            fragment = (identification, (pieces & 0x1FFF) * 8, bool(pieces & 0x2000))
    else:
        total, protocol, header = 40 + struct.unpack_from(">H", ip, 4)[0], ip[6], 40
        source, destination = ip[8:24], ip[24:40]
    assert len(ip) >= total
    assert not any(ip[total:]), "padding is not zero"
    body = ip[header:total]
    packet = Packet(time, str(ipaddress.ip_address(source)), str(ipaddress.ip_address(destination)), protocol)
    packet.ip_bytes, packet.vlans, packet.fragment, packet.wire_bytes = total, vlans, fragment, wire
    if fragment is None and check_sums:
        pseudo = source + destination + struct.pack(">II", len(body), protocol)
        assert internet_sum((b"" if protocol == 1 else pseudo) + body) == 0xFFFF
    if fragment is not None and fragment[1] > 0:
        packet.payload = len(body)
        return packet
    if protocol == 6:
        packet.source_port, packet.destination_port, packet.sequence = struct.unpack_from(">HHI", body)
        packet.flags = body[13]
        size = body[12] >> 4 << 2
    elif protocol == 17:
        packet.source_port, packet.destination_port, length = struct.unpack_from(">HHH", body)
        size = 8
        assert fragment is not None or length == len(body)
    else:
        size, pairs = 8, PAIRED_ICMP[protocol]
        packet.source_port, packet.one_way = body[0], body[0] not in pairs
        packet.destination_port = pairs.get(body[0], body[1])
    packet.content = body[size:]
    packet.payload = len(packet.content)
    return packet


@dataclass
class Flow:
    """A flow as Zeek's conn.log has it. Of two places in a list the first is the source's."""

    key: tuple[str, int, str, int, int]
    first: int
    last: int = 0
    history: str = ""
    packets: list[int] = field(default_factory=lambda: [0, 0])
    payload: list[int] = field(default_factory=lambda: [0, 0])
    ip_bytes: list[int] = field(default_factory=lambda: [0, 0])
    repeated: list[int] = field(default_factory=lambda: [0, 0])
    states: list[str] = field(default_factory=lambda: ["inactive", "inactive"])
    ends: list[int | None] = field(default_factory=lambda: [None, None])
    marks: set[tuple[int, str]] = field(default_factory=set)
    repeats: list[int] = field(default_factory=lambda: [0, 0])
    last_marked: dict[tuple[int, str], int] = field(default_factory=dict)

    def add(self, packet: Packet, side: int) -> None:
        self.last = packet.time
        self.packets[side] += 1
        self.payload[side] += packet.payload
        self.ip_bytes[side] += packet.ip_bytes
        if packet.protocol == 6:
            self._history(packet, side)
            self._advance(packet, side)
        elif packet.protocol == 17:
            self.states[side] = "active"
            self._mark(side, "D")

    def _mark(self, side: int, letter: str, place: int | None = None) -> None:
        seen = (side, letter) in self.marks
        if not seen or (place is not None and place != self.last_marked[side, letter]):
            self.history += letter if side == 0 else letter.lower()
        self.marks.add((side, letter))
        if place is not None:
            self.last_marked[side, letter] = place

    def _history(self, packet: Packet, side: int) -> None:
        flags = packet.flags & (SYN | FIN | RST)
        if flags & FIN and flags & RST:
            self._mark(side, "I")
        elif flags & SYN and flags != SYN:
            self._mark(side, "Q")
        elif flags == SYN:
            self._mark(side, "H" if packet.flags & ACK else "S", packet.sequence)
        elif flags == FIN:
            self._mark(side, "F", packet.sequence + packet.payload)
        elif flags == RST:
            self._mark(side, "R", packet.sequence)
        elif packet.payload:
            self._mark(side, "D")
        elif packet.flags & ACK:
            self._mark(side, "A")
        end = (packet.sequence + packet.payload + bool(flags & SYN) + bool(flags & FIN)) & 0xFFFFFFFF
        before = self.ends[side]
        if before is None or 0 < (end - before) & 0xFFFFFFFF < 0x80000000:
            self.ends[side] = end
        elif packet.payload and not flags & RST:
            self.repeated[side] += packet.payload
            self.repeats[side] += 1
            if str(self.repeats[side]).rstrip("0") == "1":  # the first, the tenth, the hundredth
                self.history += "T" if side == 0 else "t"

    def _advance(self, packet: Packet, side: int) -> None:
        mine, theirs, flags = self.states[side], self.states[1 - side], packet.flags
        if mine == "inactive":
            if flags & SYN:
                if side == 0:
                    mine = "syn"
                else:
                    mine = "established"
                    theirs = "established" if theirs == "syn" else theirs
            if flags & FIN:
                mine = "closed"
            if flags & RST:
                mine = "reset"
            if mine == "inactive" and not (side == 1 and not packet.payload and theirs == "syn"):
                mine = "established" if flags & ACK and theirs == "established" else "partial"
        elif mine in ("syn", "established", "partial"):
            mine = "reset" if flags & RST else "closed" if flags & FIN else mine
        elif mine == "closed" and flags & RST and theirs != "closed":
            mine = "reset"
        self.states[side], self.states[1 - side] = mine, theirs

    def state(self) -> str:
        source, target = self.states
        silent = ("inactive", "partial")
        udp, other = self.key[4] == 17, self.key[4] not in (6, 17)
        cases = [
            (other, "OTH"),
            (udp, "SHR" if source != "active" else "SF" if target == "active" else "S0"),
            (target == "reset" and source == "syn", "REJ"),
            (target == "reset", "RSTRH" if source in silent else "RSTR"),
            (source == "reset" and target not in silent, "RSTO"),
            (source == "reset", "RSTOS0" if self.history.startswith("SR") else "OTH"),
            (source == target == "closed", "SF"),
            (source == "closed", "SH" if target in silent else "S2"),
            (target == "closed", "SHR" if source in silent else "S3"),
            ((source, target) == ("syn", "inactive"), "S0"),
            (source == target == "established", "S1"),
            (True, "OTH"),
        ]
        return next(state for fits, state in cases if fits)

    def timeout(self) -> int:
        if self.key[4] != 6:
            return 60 * SECOND
        closing = any(state in ("closed", "reset") for state in self.states)
        waiting = self.states[1] == "inactive"
        return 5 * SECOND if closing or waiting else 300 * SECOND


def meter(packets: Iterator[Packet]) -> list[Flow]:
    """All flows, in the order in which they begin."""
    flows: list[Flow] = []
    open_flows: dict[tuple[object, ...], Flow] = {}
    pieces: dict[tuple[str, str, int, int], tuple[int, int]] = {}
    for packet in packets:
        if packet.fragment is not None:
            datagram = (packet.source, packet.destination, packet.protocol, packet.fragment[0])
            if packet.fragment[1] == 0:
                pieces[datagram] = (packet.source_port, packet.destination_port)
            else:
                packet.source_port, packet.destination_port = pieces[datagram]
        ends = (packet.source, packet.source_port), (packet.destination, packet.destination_port)
        key = (packet.protocol, *sorted(ends)) if not packet.one_way else (packet.protocol, *ends, "one way")
        flow = open_flows.get(key)
        # an attempt is given up five seconds after its first packet, all else after a time without packets
        if flow is not None:
            attempt = packet.protocol == 6 and flow.states == ["syn", "inactive"]
            if packet.time - (flow.first if attempt else flow.last) > flow.timeout():
                flow = None
        if flow is None:
            turned = packet.protocol == 17 and 0 < packet.source_port < 1024 <= packet.destination_port  # an answer
            flow = Flow((*ends[turned], *ends[not turned], packet.protocol), packet.time)
            flow.history = "^" * turned
            open_flows[key] = flow
            flows.append(flow)
        flow.add(packet, 0 if ends[0] == flow.key[:2] else 1)
    return flows
