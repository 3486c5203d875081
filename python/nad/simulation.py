"""Captures of a small network at work and of attacks on it, with the truth about every flow.

>>> truth = nad.simulate("day.pcap", truth="day.csv", hours=1, attacks=["syn_flood", "dns_tunnel"], random_state=7)
>>> truth.value_counts("label")
>>> beacon = nad.Attack("beaconing", start=0, duration=3600, period=30, jitter=0.3)
>>> nad.simulate("beacon.pcapng", format="pcapng", attacks=[beacon])
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nad import _core
from nad._progress import bar_if
from nad._random import seed_from
from nad.table import Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

__all__ = ["Attack", "AttackKind", "AttackOption", "attack_kinds", "simulate"]


@dataclass(frozen=True)
class AttackOption:
    """What can be said of a kind of attack beside its time and intensity.

    Attributes
    ----------
    name : str
        As `Attack` takes it.
    usual, least, most : float
        The value if nothing is said, and those between which it must lie.
    description : str
        What it means, and in which unit.
    """

    name: str
    usual: float
    least: float
    most: float
    description: str


@dataclass(frozen=True)
class AttackKind:
    """A kind of attack that `simulate` knows.

    Attributes
    ----------
    name, description : str
        What it is called, and what it does.
    options : dict of str to AttackOption
        What can be said of it beside its time and intensity.
    """

    name: str
    description: str
    options: dict[str, AttackOption]


class Attack:
    """An attack of a kind, at a time.

    Parameters
    ----------
    kind : str
        One of ``nad.attack_kinds()``.
    start : float
        Seconds after the beginning of the capture.
    duration : float
        Seconds in which it begins new packets or connections.
    intensity : float
        2: twice as many a second.
    name : str
        The ``scenario`` of its flows; if empty, the kind, and a number from the second of a kind on.
    **options
        Those of the kind, as ``nad.attack_kinds()[kind].options`` lists them.
    """

    def __init__(
        self,
        kind: str,
        *,
        start: float = 0.0,
        duration: float = 60.0,
        intensity: float = 1.0,
        name: str = "",
        **options: float,
    ) -> None:
        self.kind = kind
        self.start = start
        self.duration = duration
        self.intensity = intensity
        self.name = name
        self.options = options

    def __repr__(self) -> str:
        words = [repr(self.kind), f"start={self.start}", f"duration={self.duration}", f"intensity={self.intensity}"]
        words += [f"name={self.name!r}"] if self.name else []
        words += [f"{option}={value}" for option, value in self.options.items()]
        return f"Attack({', '.join(words)})"


def attack_kinds() -> dict[str, AttackKind]:
    """The kinds of attacks, each with a description and its options."""
    return {
        name: AttackKind(name, description, {option[0]: AttackOption(*option) for option in options})
        for name, description, options in _core.attack_kinds()
    }


def simulate(
    path: str | os.PathLike[str] | None = None,
    *,
    truth: str | os.PathLike[str] | None = None,
    random_state: Any = 0,
    begin: str | dt.datetime | None = None,
    hours: float = 1.0,
    hosts: int = 50,
    rate: float = 2.0,
    rhythm: bool = True,
    failures: float = 0.08,
    loss: float = 0.004,
    ipv6: float = 0.2,
    attacks: Iterable[Attack | str] = (),
    encapsulation: str = "ethernet",
    vlan: int = 100,
    outer_vlan: int = 200,
    format: str = "pcap",  # noqa: A002
    byte_order: str = "little",
    nanoseconds: bool = True,
    snap_length: int = 262_144,
    progress: bool = False,
) -> Table:
    """Write a capture of a small network and of attacks on it; the truth about every flow comes back.

    People browse, look up names, mail, work over SSH, set clocks and watch videos; strangers visit; some connections
    fail and some packets are lost. Addresses are those set aside for documentation, tests and private networks. The
    columns are those of flow logs, ``state`` and ``history`` as Zeek's; ``label`` is "normal" or the kind of attack,
    ``scenario`` what it is part of, ``retransmitted_*`` how many of the payload bytes were repeated, ``end`` the time
    of the last packet. The state is what the generator knows, and no meter was asked.

    Parameters
    ----------
    path : path, optional
        The capture; packed with gzip if it ends in ".gz". It appears when it is whole. Without it, nothing is written.
    truth : path, optional
        Where the table goes as CSV, too.
    random_state : int, Generator, RandomState or None
        The same number gives the same bytes on every machine.
    begin : str or datetime, optional
        2026-01-05 09:00, a Monday, if not given. A time without a zone is in UTC.
    hours : float
        No packet is later.
    hosts : int
        Of the people inside; servers come on top.
    rate : float
        Ordinary flows that begin in a second of the busiest hour; 0: attacks alone.
    rhythm : bool
        Whether nights and weekends are quieter.
    failures : float
        Share of ordinary connections that are refused, not answered, reset or left open.
    loss : float
        Share of data packets that are lost and sent again, on average.
    ipv6 : float
        Share of the hosts that use IPv6.
    attacks : iterable of Attack or str
        A kind alone stands for ``Attack(kind)``.
    encapsulation : str
        "ethernet", "vlan", "qinq", "linux_cooked", "linux_cooked_v2" or "raw_ip".
    vlan, outer_vlan : int
        Numbers of the VLANs, where packets have them.
    format : str
        "pcap" or "pcapng".
    byte_order : str
        "little" or "big".
    nanoseconds : bool
        False: the capture holds whole microseconds, and packets are sent at such.
    snap_length : int
        So many bytes of each packet are kept.
    progress : bool
        Draw a progress bar on the standard error stream.
    """
    moment = begin if begin is None or isinstance(begin, str) else begin.isoformat()
    options = {
        "random_state": seed_from(random_state),
        "begin": moment,
        "hours": hours,
        "hosts": hosts,
        "rate": rate,
        "rhythm": rhythm,
        "failures": failures,
        "loss": loss,
        "ipv6": ipv6,
        "encapsulation": encapsulation,
        "vlan": vlan,
        "outer_vlan": outer_vlan,
    }
    capture = {"format": format, "byte_order": byte_order, "nanoseconds": nanoseconds, "snap_length": snap_length}
    chosen = [Attack(attack) if isinstance(attack, str) else attack for attack in attacks]
    given = [(one.kind, one.start, one.duration, one.intensity, one.options, one.name) for one in chosen]
    with bar_if(progress) as bar:
        return Table._of(_core.simulate(path, truth, options, given, capture, bar))
