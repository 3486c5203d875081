"""Steps that look at the columns of a table: those that derive others, and the one that leaves some out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from nad._steps import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nad._steps import Columns


@dataclass(frozen=True, kw_only=True)
class LeaveOut(Step):
    """Keeps columns from being learnt from, and says why.

    Parameters
    ----------
    columns : sequence of str or {"except": sequence of str}
        Columns of the table, or derived ones; those that are not there do not matter.
    reason : str
        What reports and `FeaturePipeline.left_out` say of them.
    """

    kind: ClassVar[str] = "leave_out"
    columns: Columns = ()
    reason: str = "it was left out by name"


@dataclass(frozen=True, kw_only=True)
class TimeParts(Step):
    """Hour, weekday, business hours and cyclic forms of a time, and the gap to the record before.

    Parameters
    ----------
    column : str
        A time, or seconds since 1970.
    utc_offset : float
        Hours that local time is ahead of UTC.
    business_begin, business_end : float
        Hours of the day, Monday to Friday; the end is not included, and before the beginning it is over midnight.
    gap : bool
        Also the seconds since the record before; without it every row stands alone.
    """

    kind: ClassVar[str] = "time_parts"
    column: str = "timestamp"
    utc_offset: float = 0.0
    business_begin: float = 8.0
    business_end: float = 18.0
    gap: bool = True


@dataclass(frozen=True, kw_only=True)
class AddressFeatures(Step):
    """Private, multicast, loopback, version, numeric form and the rarity of the network of addresses.

    Parameters
    ----------
    columns : sequence of str
        Columns of addresses.
    most_prefixes : int
        Networks remembered a column; of more, the rarest share one place, to which unseen ones then belong.
    """

    kind: ClassVar[str] = "address_features"
    columns: Sequence[str] = ("src_ip", "dst_ip")
    most_prefixes: int = 65536


@dataclass(frozen=True, kw_only=True)
class PortFeatures(Step):
    """Class and service of ports.

    Parameters
    ----------
    columns : sequence of str
        Columns of port numbers; what is none counts as missing.
    """

    kind: ClassVar[str] = "port_features"
    columns: Sequence[str] = ("src_port", "dst_port")


@dataclass(frozen=True, kw_only=True)
class TrafficFeatures(Step):
    """Rates, sizes, shares, TCP flags and connection states, of the flow columns that are there.

    Parameters
    ----------
    shortest_duration : float
        Seconds; what took less counts as so long, so that rates stay finite and of one scale.
    """

    kind: ClassVar[str] = "traffic_features"
    shortest_duration: float = 0.001


@dataclass(frozen=True, kw_only=True)
class HostWindows(Step):
    """The connection counts and rates of KDD Cup 99: of the last two seconds, and of the last records of a host.

    Parameters
    ----------
    seconds : float
        The window of time: records younger than this.
    most : int
        Records in it, at most.
    host_records : int
        Records remembered of a destination, at most 65535.
    most_hosts : int
        Destinations remembered; of more, the one not seen for the longest is forgotten.
    rounded : bool
        Rates of two decimals, as in the published files.
    time, dst, dst_port : str
        The columns with the time (or a number of seconds), the destination and its port.
    src_port, protocol, state : str
        Columns that may be missing: "" for none, and what needs them is left out (without a protocol all is TCP).
    """

    kind: ClassVar[str] = "host_windows"
    seconds: float = 2.0
    most: int = 511
    host_records: int = 255
    most_hosts: int = 16384
    rounded: bool = False
    time: str = "timestamp"
    dst: str = "dst_ip"
    dst_port: str = "dst_port"
    src_port: str = "src_port"
    protocol: str = "protocol"
    state: str = "state"


@dataclass(frozen=True, kw_only=True)
class RollingWindows(Step):
    """Rolling mean, deviation, extremes, sums, counts and distinct values, over time or rows, by key.

    Parameters
    ----------
    keys : sequence of str
        Rows with the same values in these columns share a window; none: all rows share one.
    columns : sequence of str
        Columns of numbers; the functions are of each.
    functions : sequence of str
        Of mean, deviation, minimum, maximum, sum, count and failures; the last two once, not for each column.
    distinct : sequence of str
        Columns of any type: how many different values.
    seconds : float
        Rows younger than this; 0: of any age.
    rows : int
        And so many at most, with the current one.
    most_rows : int
        Rows remembered in all windows together; of more, windows not added to for the longest are forgotten.
    time, state : str
        The columns with the time (or a number of seconds) and, for failures, the state.
    """

    kind: ClassVar[str] = "rolling_windows"
    keys: Sequence[str] = ("src_ip",)
    columns: Sequence[str] = ()
    functions: Sequence[str] = ("mean", "deviation")
    distinct: Sequence[str] = ()
    seconds: float = 60.0
    rows: int = 1024
    most_rows: int = 262144
    time: str = "timestamp"
    state: str = "state"
