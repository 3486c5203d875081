"""``nad watch``: alerts from records as they come."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nad._words import plural
from nad.alerts import AlertSink, AllowList, Deduplicator, to_eve, to_text
from nad.cli._command import Command, Exit, number, whole
from nad.cli._inputs import (
    add_format_option,
    add_jobs_option,
    add_model_option,
    add_threshold_options,
    is_in_another_encoding,
    load_model,
    model_name,
)
from nad.cli._rights import acting_as
from nad.cli._sinks import SINK_WORDS, SINKS_HELP, Line, sink_from
from nad.cli._values import ALERT_COLUMNS, CAPTURE, FLOWS, completes, keyed
from nad.errors import Error, InvalidDataError
from nad.flow import live_interfaces

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from nad.alerts import Alert
    from nad.cli._console import Console
    from nad.monitor import Monitor, MonitorStats

__all__ = ["COMMAND"]


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a log that grows, a capture, a folder in which files arrive, a network interface such as eth0, or "
        "- for the standard input",
    )
    add_model_option(parser)
    group = parser.add_argument_group("alerts")
    ways = group.add_argument(
        "-s", "--sink", action="append", default=[], metavar="WAY", help="where alerts go, see below (stdout)"
    )
    completes(ways, lambda: SINK_WORDS)
    group.add_argument(
        "--allow", metavar="FILE", help="an allow-list: what is known, and shall raise no alerts; SIGHUP reads it again"
    )
    group.add_argument(
        "--records-per-minute",
        type=number(),
        default=60.0,
        metavar="N",
        help="so many alerts leave, at most; 0: no limit (%(default)s)",
    )
    group.add_argument(
        "--quiet-seconds",
        type=number(),
        default=600.0,
        metavar="S",
        help="after such a pause, alerts that are alike are new ones (%(default)s)",
    )
    group.add_argument(
        "--fold-at",
        type=whole(0),
        default=10,
        metavar="N",
        help="alerts of so many kinds from or to one host are one; 0: never (%(default)s)",
    )
    columns = group.add_argument(
        "--alert-column",
        action="append",
        default=[],
        metavar="KEY=NAME",
        help="what the records call src_ip, dst_ip, src_port, dst_port, ..., where their names do not say it",
    )
    completes(columns, lambda: [f"{key}=" for key in ALERT_COLUMNS])
    group.add_argument("--reasons", type=whole(0), default=3, metavar="N", help="of each alert, at most (%(default)s)")
    group.add_argument("--exit-code", action="store_true", help="exit with 1 where there were alerts")
    group = parser.add_argument_group("the source")
    group.add_argument("--no-follow", action="store_true", help="end where the log or the folder ends now")
    group.add_argument("--from-end", action="store_true", help="pass over what a log holds at first")
    add_format_option(group)
    group.add_argument(
        "--malformed",
        choices=("error", "skip"),
        default="skip",
        help="whether a record that cannot be read ends the command or is counted (%(default)s)",
    )
    group.add_argument(
        "--filter", default="", metavar="TEXT", help="which packets of an interface count, in the language of tcpdump"
    )
    group.add_argument(
        "--user",
        metavar="NAME",
        help="as whom to go on once an interface is open, where root started it (who called sudo)",
    )
    capture = group.add_argument(
        "--capture-option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="how an interface is captured on: buffer_bytes=268435456 where the kernel drops packets, snap_length, "
        "promiscuous, immediate",
    )
    completes(capture, lambda: [f"{key}=" for key in CAPTURE])
    flows = group.add_argument(
        "--flow-option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="how packets become flows: tcp_idle=120, max_flows=100000, ...; active=60 tells of long flows while they "
        "go on, for a model that was trained with --read-option active=60",
    )
    completes(flows, lambda: [f"{key}=" for key in FLOWS])
    group.add_argument(
        "--shards", type=whole(1), default=1, metavar="N", help="threads that make flows of packets (%(default)s)"
    )
    group.add_argument(
        "--batch-rows",
        type=whole(1),
        default=4096,
        metavar="N",
        help="records that are judged at once, at most (%(default)s)",
    )
    group.add_argument(
        "--most-wait",
        type=number(0),
        default=1.0,
        metavar="S",
        help="that a flow of an interface waits for others (%(default)s)",
    )
    group = parser.add_argument_group("running for long")
    group.add_argument("--checkpoint", metavar="FILE", help="where it is, so that another start goes on there")
    group.add_argument(
        "--checkpoint-seconds", type=number(), default=10.0, metavar="S", help="how often that is written (%(default)s)"
    )
    group.add_argument(
        "--retrain-every",
        type=whole(0),
        default=0,
        metavar="N",
        help="learn anew after so many records, from those not reported; 0: never",
    )
    group.add_argument("--save-retrained", default="", metavar="MODEL", help="where each new model is saved")
    group.add_argument(
        "--drift-window",
        type=whole(1),
        default=2000,
        metavar="N",
        help="records that are compared with those of training at a time (%(default)s)",
    )
    group.add_argument(
        "--stats-seconds",
        type=number(),
        default=60.0,
        metavar="S",
        help="how often --stats-to-sinks tells them (%(default)s)",
    )
    group.add_argument("--stats-to-sinks", action="store_true", help="statistics go where alerts go")
    group.add_argument("--model-name", metavar="NAME", help="what alerts call the model (its file)")
    group.add_argument("--model-version", type=whole(0), default=1, metavar="N", help="and its version (%(default)s)")
    add_jobs_option(group)
    add_threshold_options(parser, "another threshold than that of the model")


def _run(options: argparse.Namespace, console: Console) -> int:
    from nad.monitor import Monitor, RetrainOptions  # noqa: PLC0415 - other commands do not need it

    flow = keyed(options.flow_option, "--flow-option", FLOWS)
    capture = keyed(options.capture_option, "--capture-option", CAPTURE)
    columns = keyed(options.alert_column, "--alert-column", ALERT_COLUMNS)
    user = _user(options, console)
    writer = user if _is_interface(options.source) else ""
    with acting_as(writer):
        ways = [sink_from(text) for text in options.sink]
    if not ways:
        ways = [Line(to_eve if options.json else to_text)]
    sinks = [way for way in ways if isinstance(way, AlertSink)]
    printed = [way for way in ways if isinstance(way, Line)]
    allowed = AllowList.read(options.allow) if options.allow else None
    model = load_model(options)

    told = 0  # in this run: statistics go on where a checkpoint left them

    def tell(alert: Alert) -> None:
        nonlocal told
        told += 1
        for line in printed:
            console.line(line.format_alert(alert))
        sys.stdout.flush()

    tells_often = console.has_status and not options.stats_to_sinks
    with acting_as(writer):
        monitor = Monitor(
            model,
            sinks=sinks,
            allow=allowed,
            deduplicator=Deduplicator(
                records_per_minute=options.records_per_minute, quiet_seconds=options.quiet_seconds
            ),
            fold_at=options.fold_at,
            model_name=options.model_name or model_name(options.model),
            model_version=options.model_version,
            alert_columns=columns,
            most_reasons=options.reasons,
            checkpoint=options.checkpoint,
            checkpoint_seconds=options.checkpoint_seconds,
            stats_seconds=1.0 if tells_often else options.stats_seconds if options.stats_to_sinks else 0.0,
            stats_to_sinks=options.stats_to_sinks,
            retrain=RetrainOptions(
                every_records=options.retrain_every, save_to=options.save_retrained, n_jobs=options.jobs
            ),
            drift_window=options.drift_window,
            n_jobs=options.jobs,
            on_alert=tell,
            on_stats=(lambda stats: console.status(status_line(stats))) if tells_often else None,
            on_note=console.note,
        )
    interrupted = False
    try:
        with _signals(monitor, options.allow, console):
            monitor.watch(
                options.source,
                follow=not options.no_follow,
                from_beginning=not options.from_end,
                format=options.input_format,
                on_error="skip" if options.malformed == "skip" else "raise",
                shards=options.shards,
                batch_rows=options.batch_rows,
                most_wait=options.most_wait,
                filter=options.filter,
                user=user,
                capture=capture,
                **flow,
            )
    except KeyboardInterrupt:  # the usual end of watching: all alerts are out, what is left is to count them
        interrupted = True
    finally:
        for sink in sinks:
            sink.close()
    lost = _tell_the_end(monitor.stats, options, console)
    skipped = monitor.stats.input["skipped"]
    if skipped and not monitor.stats.records and not interrupted:
        hint = "; it is no UTF-8: convert it, as with iconv" if is_in_another_encoding(skipped) else ""
        reasons = ", ".join(f"{reason} ({count:,})" for reason, count in list(skipped.items())[:3])
        raise InvalidDataError(f"{options.source}: no record could be read: {reasons}{hint}")
    if interrupted:
        return Exit.INTERRUPTED
    if lost:
        return Exit.FAILED
    return Exit.REPORTED if options.exit_code and told else Exit.OK


@contextmanager
def _signals(monitor: Monitor, allow: str | None, console: Console) -> Iterator[None]:
    """SIGTERM ends it in good order; SIGHUP reads the allow-list again."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def read_again(*_: object) -> None:
        if allow is None:
            return
        try:
            monitor.allow(AllowList.read(allow))
        except Error as error:  # what was allowed before stays so
            console.note(f"{error}; the allow-list stays as it was", always=True)

    handlers: dict[str, Any] = {"SIGTERM": lambda *_: monitor.stop(), "SIGHUP": read_again}
    before = {
        number: signal.signal(number, handler)
        for name, handler in handlers.items()
        if (number := getattr(signal, name, None)) is not None
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _user(options: argparse.Namespace, console: Console) -> str:
    """Who goes on when an interface is open: packets need rights that nothing else does."""
    if options.user is not None:
        return str(options.user)
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not _is_interface(options.source):
        return ""
    caller = os.environ.get("SUDO_USER", "")
    if caller in ("", "root"):
        console.note("this goes on as root when the interface is open; --user NAME goes on as somebody else")
        return ""
    return caller


def _is_interface(source: str) -> bool:
    return source.startswith("interface:") or (not Path(source).exists() and source in live_interfaces())


def status_line(stats: MonitorStats) -> str:
    """What a person sees while it runs."""
    parts = [
        plural(stats.records, "record"),
        f"{stats.records_per_second:,.0f} a second",
        plural(stats.alerts, "alert"),
    ]
    if stats.written != stats.alerts:
        parts.append(f"written as {stats.written:,}")
    if stats.allowed:
        parts.append(f"{stats.allowed:,} allowed")
    if stats.drift:
        parts.append("unlike what was learnt")
    failing = [name for name, sink in stats.sinks if sink.is_failing]
    if failing:
        parts.append(f"cannot reach {', '.join(failing)}")
    return ", ".join(parts)


def _tell_the_end(stats: MonitorStats, options: argparse.Namespace, console: Console) -> int:
    """The statistics; how many alerts were lost."""
    if options.json:
        console.line(stats.to_json())
    else:
        console.note(
            f"{plural(stats.records, 'record')} in {stats.seconds:.1f} s, {plural(stats.reported, 'record')} reported, "
            f"{plural(stats.written, 'alert record')} written"
        )
    lost = 0
    for name, sink in stats.sinks:
        if sink.lost or sink.spooled:
            lost += sink.lost
            reason = f" ({sink.last_error})" if sink.last_error else ""
            console.note(f"{name}: {sink.lost:,} lost, {sink.spooled:,} wait in the spool{reason}", always=True)
    return lost


COMMAND = Command(
    name="watch",
    summary="alerts as records come: logs that grow, interfaces, folders",
    description="Watch a source until it ends, or until Ctrl-C or SIGTERM, and tell of the few records that normal "
    "traffic hardly has. Alerts that are alike are counted, not repeated. A status line tells how it goes.",
    examples=(
        "nad watch /var/log/zeek/conn.log -m office.nad",
        "nad watch eth0 -m office.nad --filter 'not port 22' --sink file:alerts.json",
        "nad watch day.pcap -m office.nad --no-follow",
        "nad watch eve.json -m office.nad --from-end --checkpoint watch.state --sink syslog:siem:514",
        "tail -F conn.log | nad watch - -m office.nad --json | jq .alert.signature",
    ),
    add_options=_add_options,
    run=_run,
    keys="""
not one document, but lines: alerts as EVE, at the end the statistics
""",
    further=SINKS_HELP,
)
