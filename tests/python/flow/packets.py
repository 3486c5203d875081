"""An independent reading of captures: struct and the formats' descriptions, nothing of nad."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Ends = tuple[str, int, str, int, int]
"""Source, its port, destination, its port, protocol."""


@dataclass
class Traffic:
    """What was sent from one end to another."""

    packets: Counter[Ends] = field(default_factory=Counter)
    payload: Counter[Ends] = field(default_factory=Counter)
    ip_bytes: Counter[Ends] = field(default_factory=Counter)


def frames(path: Path) -> Iterator[tuple[int, bytes]]:
    """Link type and bytes of each packet of a capture that is not damaged."""
    data = path.read_bytes()
    if data[:4] == b"\n\r\r\n":
        yield from _pcapng_frames(data)
        return
    order = "<" if data[0] in (0xD4, 0x4D) else ">"
    (link,) = struct.unpack_from(order + "I", data, 20)
    at = 24
    while at + 16 <= len(data):
        (captured,) = struct.unpack_from(order + "I", data, at + 8)
        if at + 16 + captured > len(data):
            return
        yield link, data[at + 16 : at + 16 + captured]
        at += 16 + captured


def _pcapng_frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    at, order, links = 0, "<", []
    while at + 12 <= len(data):
        if data[at : at + 4] == b"\n\r\r\n":
            order, links = ("<" if data[at + 8] == 0x4D else ">"), []
        kind, length = struct.unpack_from(order + "II", data, at)
        if kind == 1:
            links.append(struct.unpack_from(order + "H", data, at + 8)[0])
        elif kind == 6:
            interface, _, _, captured = struct.unpack_from(order + "IIII", data, at + 8)
            yield links[interface], data[at + 28 : at + 28 + captured]
        at += length


def traffic_of(path: Path) -> Traffic:
    """Packets, payload and IP bytes by direction, of what is no fragment and sound."""
    traffic = Traffic()
    for link, frame in frames(path):
        at, kind = {1: (14, 12), 113: (16, 14), 276: (20, 0), 101: (0, None)}[link]
        ether = struct.unpack_from(">H", frame, kind)[0] if kind is not None else 0x0800
        while ether in (0x8100, 0x88A8):
            ether, at = struct.unpack_from(">H", frame, at + 2)[0], at + 4
        if ether == 0x0800:
            _count_ipv4(frame[at:], traffic)
        elif ether == 0x86DD:
            _count_ipv6(frame[at:], traffic)
    return traffic


def _count_ipv4(packet: bytes, traffic: Traffic) -> None:
    header, total = (packet[0] & 15) * 4, struct.unpack_from(">H", packet, 2)[0]
    fragment = struct.unpack_from(">H", packet, 6)[0] & 0x3FFF
    if total <= len(packet) and fragment == 0:
        ends = (str(ip_address(packet[12:16])), str(ip_address(packet[16:20])))
        _count(ends, packet[9], packet[header:total], total, traffic)


def _count_ipv6(packet: bytes, traffic: Traffic) -> None:
    total = 40 + struct.unpack_from(">H", packet, 4)[0]
    protocol, at = packet[6], 40
    while protocol in (0, 43, 60):
        protocol, at = packet[at], at + 8 * (packet[at + 1] + 1)
    if total <= len(packet) and protocol != 44:
        ends = (str(ip_address(packet[8:24])), str(ip_address(packet[24:40])))
        _count(ends, protocol, packet[at:total], total, traffic)


def _count(ends: tuple[str, str], protocol: int, segment: bytes, total: int, traffic: Traffic) -> None:
    if protocol not in (6, 17):
        return
    source, destination = struct.unpack_from(">HH", segment)
    header = (segment[12] >> 4) * 4 if protocol == 6 else 8
    key = (ends[0], source, ends[1], destination, protocol)
    traffic.packets[key] += 1
    traffic.payload[key] += len(segment) - header
    traffic.ip_bytes[key] += total


def pcap(packets: list[tuple[float, bytes]], link: int = 1) -> bytes:
    """A capture of these packets."""
    parts = [struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)]
    for time, frame in packets:
        parts.append(struct.pack("<IIII", int(time), round(time % 1 * 1e6), len(frame), len(frame)) + frame)
    return b"".join(parts)


def syn(port: int, source: str = "192.0.2.1", destination: str = "198.51.100.2") -> bytes:
    """An Ethernet frame with the beginning of a connection to port 80."""
    tcp = struct.pack(">HHIIBBHHH", port, 80, 1, 0, 0x50, 2, 8192, 0, 0)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0)
    return bytes(12) + b"\x08\x00" + ip + ip_address(source).packed + ip_address(destination).packed + tcp
