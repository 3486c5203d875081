"""Ways out for alerts as a command line says them: ``file:alerts.json,rotate_bytes=10000000``."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nad.alerts import AlertSink, SinkOptions, to_cef, to_ecs, to_eve, to_report, to_syslog, to_text
from nad.cli._command import UsageError
from nad.cli._values import amount, count, flag, one_of, text, typed
from nad.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from nad.alerts import Alert
    from nad.cli._values import Convert

__all__ = ["SINKS_HELP", "SINK_WORDS", "Line", "sink_from"]

SINKS_HELP = """\
where alerts go (--sink, as often as there are ways):
  stdout[,format=F]               lines on the standard output; the usual one
  file:PATH                       rotate_bytes, rotate_seconds, keep, sync
  syslog[:HOST[:PORT]]            RFC 5424, to /dev/log or by UDP; tcp=true
  udp:HOST[:PORT]                 a datagram each
  tcp:HOST[:PORT]                 framing=octet_counted or newline, timeout_seconds
  unix:PATH                       stream=true, framing
  http://HOST/PATH                POST; header=NAME:VALUE, batch, content_type
  mail:HOST[:PORT],from=A,to=B    subject, digest
  command:PROGRAM ARGUMENTS       started for each, the alert on its standard input
behind each but command, with commas: format (eve, ecs, cef, syslog, text or
report), spool (a folder where alerts wait while they cannot be delivered),
spool_bytes, queue, when_full=lose or block, retry_seconds, attempts, ...
"""

_FORMATS: dict[str, Callable[[Alert], str]] = {
    "text": to_text,
    "report": to_report,
    "eve": to_eve,
    "ecs": to_ecs,
    "cef": to_cef,
    "syslog": to_syslog,
}
_COMMON: dict[str, Convert] = {
    "format": one_of(*_FORMATS),
    "queue": count,
    "when_full": one_of("lose", "block"),
    "spool": text,
    "spool_bytes": count,
    "durable_spool": flag,
    "retry_seconds": amount,
    "most_retry_seconds": amount,
    "attempts": count,
    "collect_seconds": amount,
}
_STREAM: dict[str, Convert] = {"framing": one_of("octet_counted", "newline"), "timeout_seconds": amount}
_OWN: dict[str, dict[str, Convert]] = {
    "stdout": {},
    "file": {"rotate_bytes": count, "rotate_seconds": amount, "keep": count, "sync": flag},
    "syslog": {"tcp": flag, **_STREAM},
    "udp": {},
    "tcp": _STREAM,
    "unix": {"stream": flag, **_STREAM},
    "http": {"header": text, "batch": count, "content_type": text, "timeout_seconds": amount},
    "mail": {
        "from": text,
        "to": text,
        "subject": text,
        "own_name": text,
        "digest": count,
        "timeout_seconds": amount,
    },
}
#: What a shell completes.
SINK_WORDS = (
    *("stdout", "stdout,format=", "file:", "syslog", "syslog:", "udp:", "tcp:", "unix:", "http://", "mail:"),
    "command:",
)


@dataclass(frozen=True)
class Line:
    """Not a sink of the library: lines that the command itself writes, so that a closed pipe ends it."""

    format_alert: Callable[[Alert], str]


def sink_from(said: str) -> AlertSink | Line:
    """One way out."""
    kind, _, rest = said.partition(":")
    if kind == "command":
        return _command(rest, said)
    if kind.startswith("stdout"):
        kind, rest = "stdout", said.removeprefix("stdout")
    elif kind.startswith("syslog"):
        kind, rest = "syslog", said.removeprefix("syslog").removeprefix(":")
    elif kind == "webhook":
        kind = "http"
    elif kind == "http":
        rest = said
    if kind not in _OWN:
        ways = ", ".join([*_OWN, "command"])
        raise UsageError(f"--sink {said}: there is no way {kind!r}. There are: {ways}")
    known = {**_OWN[kind], **({"format": _COMMON["format"]} if kind == "stdout" else _COMMON)}
    place, given = _split(rest, known, said)
    values = {key: [typed(key, one, known, f"--sink {said}:") for one in several] for key, several in given.items()}
    try:
        return _made(kind, place, values, said)
    except UsageError:
        raise
    except (TypeError, InvalidArgumentError) as error:
        raise UsageError(f"--sink {said}: {str(error).splitlines()[0]}") from None


def _made(  # noqa: PLR0911 - one for each way
    kind: str, place: str, given: dict[str, list[Any]], said: str
) -> AlertSink | Line:
    if kind == "stdout":
        name = str(given.get("format", ["text"])[-1])
        if place or name not in _FORMATS:
            raise UsageError(f"--sink {said}: write stdout,format=F; there are {', '.join(_FORMATS)}")
        return Line(_FORMATS[name])
    several = {name: given.pop(name, []) for name in ("header", "to")}
    options = {name: values[-1] for name, values in given.items()}
    common = {name: options.pop(name) for name in list(options) if name in _COMMON}
    if kind == "syslog":
        return _syslog(place, options, SinkOptions(**{"format": "syslog", **common}))
    sink = SinkOptions(**common)
    if not place:
        raise UsageError(f"--sink {said}: it does not say where to")
    if kind == "file":
        return AlertSink.to_file(place, **options, options=sink)
    if kind == "unix":
        return AlertSink.to_unix(place, **options, options=sink)
    if kind == "http":
        headers = dict(_header(one, said) for one in several["header"])
        return AlertSink.to_webhook(place, headers=headers, **options, options=sink)
    host, port = _host_and_port(place, said)
    further: dict[str, Any] = options if port is None else {**options, "port": port}
    if kind == "udp":
        return AlertSink.to_udp(host, **further, options=sink)
    if kind == "tcp":
        return AlertSink.to_tcp(host, **further, options=sink)
    sender = further.pop("from", None)
    if sender is None or not several["to"]:
        raise UsageError(f"--sink {said}: mail needs from=... and to=...")
    return AlertSink.to_mail(host, sender=str(sender), to=list(map(str, several["to"])), **further, options=sink)


def _header(given: str, said: str) -> tuple[str, str]:
    name, colon, value = given.partition(":")
    if not colon or not name.strip():
        raise UsageError(f"--sink {said}: header={given} is no header; give NAME:VALUE")
    return name.strip(), value.strip()


def _syslog(place: str, options: dict[str, Any], sink: SinkOptions) -> AlertSink:
    is_tcp = bool(options.pop("tcp", False))
    if not place or place.startswith("/"):
        return AlertSink.to_unix(place or "/dev/log", **options, options=sink)
    host, port = _host_and_port(place, place)
    if is_tcp:
        return AlertSink.to_tcp(host, 601 if port is None else port, **options, options=sink)
    return AlertSink.to_udp(host, 514 if port is None else port, options=sink)


def _command(rest: str, said: str) -> AlertSink:
    try:
        arguments = shlex.split(rest)
    except ValueError as error:
        raise UsageError(f"--sink {said}: {error}") from None
    if not arguments:
        raise UsageError(f"--sink {said}: it does not say which program")
    return AlertSink.to_command(arguments)


def _split(rest: str, known: Collection[str], said: str) -> tuple[str, dict[str, list[str]]]:
    """The place, and the options behind it; a comma that no option follows is part of what stands before it."""
    first, *parts = rest.split(",")
    found: dict[str, list[str]] = {}
    place, latest = first, ""
    for part in parts:
        key, equals, value = part.partition("=")
        if equals and key in known:
            found.setdefault(key, []).append(value)
            latest = key
        elif equals and key.isidentifier():
            raise UsageError(f"--sink {said}: there is no option {key!r}. There are: {', '.join(sorted(known))}")
        elif latest:
            found[latest][-1] = f"{found[latest][-1]},{part}"
        else:
            place += f",{part}"
    return place, found


def _host_and_port(place: str, said: str) -> tuple[str, int | None]:
    host, colon, port = place.rpartition(":")
    if not colon or place.endswith("]") or ("]" not in place and ":" in host):  # an address of IPv6 alone
        return place.strip("[]"), None
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"--sink {said}: {port!r} is no port")
    return host.strip("[]"), int(port)
