"""How alerts are written as syslog, and how a sink goes about its work; `nad.alerts` has both."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from typing import Any

StrPath = str | os.PathLike[str]


@dataclass(frozen=True)
class SyslogOptions:
    """How a syslog message is written: its header, what its body is (text, eve, cee or cef), and how long it may be.

    Parameters
    ----------
    facility : int
        0 to 23; 16 is local0.
    host, application, process_id : str
        Who says so; a text that is empty stands as "-".
    enterprise : str
        Behind the @ of the structured data: a private enterprise number, if nothing is said the one for examples.
    body : {"text", "eve", "cee", "cef"}
        What stands behind the header.
    most_bytes : int
        Longer messages are cut, but for JSON and CEF: in their place the text stands. Each receiver has to take 2,048.
    """

    facility: int = 16
    host: str = ""
    application: str = "nad"
    process_id: str = ""
    enterprise: str = "32473"
    body: str = "text"
    most_bytes: int = 8192


@dataclass(frozen=True)
class SinkOptions:
    """How an `AlertSink` goes about its work.

    Parameters
    ----------
    format : {"eve", "ecs", "cef", "syslog", "text", "report"}, optional
        What is written; EVE if nothing is said, and reports by mail.
    syslog : SyslogOptions
        Where the format is syslog.
    queue : int
        Messages that wait at most.
    when_full : {"lose", "block"}
        What `AlertSink.write` does then: lose the alert and count it, or wait.
    spool : path
        A folder for this sink alone, where messages wait while they cannot be delivered, also over a restart.
    spool_bytes : int
        Its size at most; then the queue fills.
    durable_spool : bool
        Wait for the disk with each message.
    retry_seconds, most_retry_seconds : float
        The pause after the first failure, and the longest one: each is twice the one before.
    attempts : int, optional
        How often one message is tried before it is lost; 0: for ever, which is usual but for commands and callbacks.
    collect_seconds : float, optional
        How long messages wait for others to go with them: a minute by mail, else not at all.
    """

    format: str | None = None
    syslog: SyslogOptions = field(default_factory=SyslogOptions)
    queue: int = 10_000
    when_full: str = "lose"
    spool: StrPath = ""
    spool_bytes: int = 64 << 20
    durable_spool: bool = False
    retry_seconds: float = 1.0
    most_retry_seconds: float = 60.0
    attempts: int | None = None
    collect_seconds: float | None = None

    def _as_dict(self) -> dict[str, Any]:
        return asdict(self)
