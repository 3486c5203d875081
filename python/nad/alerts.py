"""What nad tells people and other programs: alerts, fewer of them, and their ways out.

>>> sink = nad.AlertSink.to_tcp("siem.example.org", options=nad.SinkOptions(format="syslog", spool="spool/siem"))
>>> deduplicator = nad.Deduplicator(dst_prefix_v4=24)
>>> allowed = nad.AllowList.read("allow.txt")
>>> for alert in alerts:
...     if allowed.match(alert) is None:
...         for record in deduplicator.add(alert):
...             sink.write(record)
>>> sink.close()  # and sink.stats says what arrived, what waits in the spool and what was lost
"""

from __future__ import annotations

import atexit
import os
import weakref
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nad import _core
from nad._alert_options import SinkOptions, StrPath, SyslogOptions
from nad._core import (
    Alert,
    AlertFlow,
    AlertModel,
    AlertReason,
    AllowRule,
    DeduplicatorStats,
    FilterReport,
    SinkStats,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "Alert",
    "AlertFlow",
    "AlertModel",
    "AlertReason",
    "AlertSink",
    "AllowList",
    "AllowRule",
    "Deduplicator",
    "DeduplicatorStats",
    "FilterReport",
    "SinkOptions",
    "SinkStats",
    "SyslogOptions",
    "alert_from_eve",
    "alert_key",
    "severity_of",
    "to_cef",
    "to_ecs",
    "to_eve",
    "to_report",
    "to_syslog",
    "to_text",
]


# ---- formats


def to_eve(alert: Alert) -> str:
    """One line of JSON, an ``alert`` as Suricata writes it; score and reasons stand in ``alert.context.anomaly``."""
    return _core.to_eve(alert)


def to_ecs(alert: Alert) -> str:
    """One line of JSON in the Elastic Common Schema."""
    return _core.to_ecs(alert)


def to_cef(alert: Alert) -> str:
    """One line in ArcSight's Common Event Format."""
    return _core.to_cef(alert)


def to_syslog(alert: Alert, options: SyslogOptions | None = None) -> str:
    """An RFC 5424 message with structured data."""
    return _core.to_syslog(alert, asdict(options or SyslogOptions()))


def to_text(alert: Alert) -> str:
    """One line for people."""
    return _core.to_text(alert)


def to_report(alert: Alert) -> str:
    """Several lines for people, one for each reason."""
    return _core.to_report(alert)


def alert_from_eve(line: str) -> Alert:
    """Back from what `to_eve` wrote; of other programs' EVE alerts what nad knows."""
    return _core.alert_from_eve(line)


def severity_of(p_value: float, *, high: float = 1e-5, medium: float = 1e-3) -> int:
    """1 (high) below the p-value `high`, 2 below `medium`, else 3."""
    return _core.severity_of(p_value, high, medium)


# ---- fewer of them


def alert_key(
    alert: Alert,
    *,
    by_class: bool = True,
    src_prefix_v4: int = 32,
    src_prefix_v6: int = 128,
    dst_prefix_v4: int = 32,
    dst_prefix_v6: int = 128,
    by_dst_port: bool = True,
    by_protocol: bool = False,
    by_interface: bool = False,
) -> str:
    """What a `Deduplicator` with these options knows the alert by.

    A prefix of 32 (128 for IPv6) takes the address, 24 its network, 0 leaves it out.
    """
    return _core.alert_key(
        alert,
        _core.AlertKeyOptions(
            by_class, src_prefix_v4, src_prefix_v6, dst_prefix_v4, dst_prefix_v6, by_dst_port, by_protocol, by_interface
        ),
    )


class Deduplicator:
    """Few records for many alerts that are alike, and a limit for all of them together.

    The first alert of a key is a record at once; its like are counted, and written when there are 2, 10, 100, ... of
    them, when `update_seconds` have passed since the last record, and when the key has been quiet for
    `quiet_seconds`. No more than `records_per_minute` leave (0: no limit); what that holds back comes every
    `report_seconds` in a record of the kind ``suppressed``. The counts of all records add up to those of the alerts.

    Parameters
    ----------
    by_class, src_prefix_v4, ..., by_interface :
        Which alerts are alike, as in `alert_key`.
    updates_at : sequence of int
        Rising numbers of alerts of a key, from 2.
    growth : int
        Then at so many times the last, and so on; 0: no more.
    update_seconds, quiet_seconds : float
        When a record is due without such a number, and when a key is closed.
    records_per_minute, burst : float
        The limit for all keys together, and how many records may leave at once after a pause.
    report_seconds : float
        How often what the limit held back is reported.
    most_keys : int
        Then the key that has been quiet longest is closed.
    most_listed : int
        Keys that a report of the limit lists.
    """

    def __init__(
        self,
        *,
        by_class: bool = True,
        src_prefix_v4: int = 32,
        src_prefix_v6: int = 128,
        dst_prefix_v4: int = 32,
        dst_prefix_v6: int = 128,
        by_dst_port: bool = True,
        by_protocol: bool = False,
        by_interface: bool = False,
        updates_at: Sequence[int] = (2, 10),
        growth: int = 10,
        update_seconds: float = 600.0,
        quiet_seconds: float = 600.0,
        records_per_minute: float = 60.0,
        burst: float = 60.0,
        report_seconds: float = 60.0,
        most_keys: int = 10_000,
        most_listed: int = 20,
    ) -> None:
        key = _core.AlertKeyOptions(
            by_class, src_prefix_v4, src_prefix_v6, dst_prefix_v4, dst_prefix_v6, by_dst_port, by_protocol, by_interface
        )
        self._core = _core.Deduplicator(
            key,
            list(updates_at),
            growth,
            update_seconds,
            quiet_seconds,
            records_per_minute,
            burst,
            report_seconds,
            most_keys,
            most_listed,
        )

    def add(self, alert: Alert, now: int | None = None) -> list[Alert]:
        """The records that are due now; `now` is in nanoseconds, by default the time of the alert."""
        return self._core.add(alert, now)

    def advance(self, now: int) -> list[Alert]:
        """What is due by then without another alert."""
        return self._core.advance(now)

    def flush(self) -> list[Alert]:
        """The end: closes every key, and reports what was held back."""
        return self._core.flush()

    def save_state(self) -> str:
        """All that it knows, as JSON, for a program that stops and starts again."""
        return self._core.save_state()

    def restore_state(self, text: str) -> None:
        """Goes on where `save_state` was called; on an error nothing changes."""
        self._core.restore_state(text)

    @property
    def stats(self) -> DeduplicatorStats:
        """What became of the alerts: given, written, pending, ..."""
        return self._core.stats

    def __repr__(self) -> str:
        return f"<Deduplicator: {self.stats.keys:,} keys>"


class AllowList:
    """What is known and shall raise no alerts: networks, ports and names, each rule with who, why and until when.

    >>> allowed = nad.AllowList('src=10.0.3.17 dst_port=873 who="anna" why="nightly backup" until=2027-01-01')
    >>> allowed.match(alert)  # the rule, or None
    >>> allowed.filter("eve.json", "eve-filtered.json")  # alerts that were stored before
    """

    def __init__(self, text: str = "", *, file: str = "") -> None:
        self._core = _core.AllowList(text, file)

    @classmethod
    def read(cls, path: StrPath) -> AllowList:
        """Lines or JSON; an error names the line."""
        allowed = cls.__new__(cls)
        allowed._core = _core.AllowList.read(path)
        return allowed

    @property
    def rules(self) -> list[AllowRule]:
        """In their order."""
        return self._core.rules

    def match(self, alert: Alert) -> AllowRule | None:
        """The first rule that allows it."""
        return self._core.match(alert)

    def filter(self, source: StrPath, target: StrPath) -> FilterReport:
        """Copies the lines of a file of EVE alerts that no rule allows, and all that are no alerts."""
        return self._core.filter(source, target)

    def __len__(self) -> int:
        return len(self._core)

    def __str__(self) -> str:
        return str(self._core)

    def __repr__(self) -> str:
        return f"<AllowList: {len(self)} rules>"


# ---- their ways out


_open_sinks: weakref.WeakSet[AlertSink] = weakref.WeakSet()


@atexit.register
def _close_sinks() -> None:
    """Before the interpreter goes: a callback could not run any more."""
    for sink in list(_open_sinks):
        sink._close_if_own()


class AlertSink:
    """Takes alerts and sees to it that they arrive: make one with ``AlertSink.to_...``.

    A thread of its own delivers, tries again, and keeps in its spool what cannot be delivered. Delivery is at least
    once: after an interruption some messages may come again, with the same id. At the end of the program what waits is
    delivered within five seconds, kept in the spool, or lost and counted.

    >>> with nad.AlertSink.to_file("alerts.json") as sink:
    ...     sink.write(alert)
    """

    def __init__(self, core: _core.AlertSink) -> None:
        self._core = core
        self._process = os.getpid()
        _open_sinks.add(self)

    @classmethod
    def to_file(
        cls,
        path: StrPath,
        *,
        rotate_bytes: int = 0,
        rotate_seconds: float = 0.0,
        keep: int = 5,
        sync: bool = False,
        options: SinkOptions | None = None,
    ) -> AlertSink:
        """One line an alert; files rotate by size or time if asked to, and are not needed any more after `keep`."""
        return cls(_core.file_sink(path, rotate_bytes, rotate_seconds, keep, sync, _options(options)))

    @classmethod
    def to_standard_output(cls, *, options: SinkOptions | None = None) -> AlertSink:
        """One line an alert."""
        return cls(_core.standard_output_sink(_options(options)))

    @classmethod
    def to_udp(cls, host: str, port: int = 514, *, options: SinkOptions | None = None) -> AlertSink:
        """A datagram for each; nobody knows whether they arrive."""
        return cls(_core.udp_sink(host, port, _options(options)))

    @classmethod
    def to_tcp(
        cls,
        host: str,
        port: int = 601,
        *,
        framing: str = "octet_counted",
        timeout_seconds: float = 5.0,
        options: SinkOptions | None = None,
    ) -> AlertSink:
        """A stream of messages, kept apart by their length (RFC 6587) or by a ``newline``."""
        return cls(_core.tcp_sink(host, port, framing, timeout_seconds, _options(options)))

    @classmethod
    def to_unix(
        cls,
        path: StrPath,
        *,
        stream: bool = False,
        framing: str = "newline",
        timeout_seconds: float = 5.0,
        options: SinkOptions | None = None,
    ) -> AlertSink:
        """To a program of this machine, in datagrams or as a stream."""
        return cls(_core.unix_sink(path, stream, framing, timeout_seconds, _options(options)))

    @classmethod
    def to_webhook(
        cls,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        batch: int = 1,
        content_type: str = "",
        timeout_seconds: float = 10.0,
        options: SinkOptions | None = None,
    ) -> AlertSink:
        """An HTTP POST for each, or for so many of them; plain http only."""
        pairs = list((headers or {}).items())
        return cls(_core.webhook_sink(url, pairs, batch, content_type, timeout_seconds, _options(options)))

    @classmethod
    def to_mail(
        cls,
        host: str,
        *,
        sender: str,
        to: Sequence[str],
        port: int = 25,
        subject: str = "[nad]",
        own_name: str = "localhost",
        digest: int = 100,
        timeout_seconds: float = 30.0,
        options: SinkOptions | None = None,
    ) -> AlertSink:
        """Several in one mail, by a relay that takes mail from this machine without a password."""
        return cls(
            _core.mail_sink(host, port, sender, list(to), subject, own_name, digest, timeout_seconds, _options(options))
        )

    @classmethod
    def to_command(
        cls,
        arguments: Sequence[str],
        *,
        timeout_seconds: float = 30.0,
        at_once: int = 1,
        options: SinkOptions | None = None,
    ) -> AlertSink:
        """A program that is started for each, with the message on its standard input; no shell reads the arguments."""
        return cls(_core.command_sink(list(arguments), timeout_seconds, at_once, _options(options)))

    @classmethod
    def to_callback(cls, callback: Callable[[Alert], object], *, options: SinkOptions | None = None) -> AlertSink:
        """Calls a function with each alert, on the thread of the sink; again, when it raises."""
        return cls(_core.callback_sink(callback, _options(options)))

    def write(self, alert: Alert) -> bool:
        """Takes it in; False when it was lost because the queue is full."""
        return self._core.write(alert)

    def write_text(self, text: str) -> bool:
        """Takes in a message of the caller's own, in whatever format the receiver expects."""
        return self._core.write_text(text)

    def flush(self, seconds: float = 5.0) -> bool:
        """Delivers what waits at once; False when it takes longer or cannot be delivered now."""
        return self._core.flush(seconds)

    def close(self, seconds: float = 5.0) -> None:
        """As `flush`; what is left goes to the spool, or is lost and counted."""
        _open_sinks.discard(self)
        self._core.close(seconds)

    def reopen(self) -> None:
        """Another program has moved the file away: goes on with a new one."""
        self._core.reopen()

    @property
    def stats(self) -> SinkStats:
        """What became of the alerts: written, waiting, spooled, retried, lost and why."""
        return self._core.stats

    def _close_if_own(self) -> None:
        if os.getpid() == self._process:
            self.close()

    def __enter__(self) -> AlertSink:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<AlertSink: {self._core.describe()}>"


def _options(options: SinkOptions | None) -> dict[str, Any]:
    return (options or SinkOptions())._as_dict()
