"""Live detection: records as they come, and the few alerts that they raise.

>>> monitor = nad.Monitor(nad.load("office.nad"), sinks=[nad.AlertSink.to_file("alerts.json")])
>>> monitor.watch("/var/log/zeek/conn.log")  # until Ctrl-C; everything is flushed then
>>> for alert in nad.Monitor(model).alerts("day.pcap"):
...     print(nad.to_report(alert))
>>> monitor.run(batches)  # tables or data frames of the program itself
>>> monitor.stats.alerts
"""

from __future__ import annotations

import atexit
import os
import queue
import threading
import time
import weakref
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from nad import _core
from nad._arguments import mapping_from
from nad._checks import check_source, check_writable
from nad._core import MonitorStats
from nad.alerts import AlertSink, AllowList, Deduplicator
from nad.errors import InvalidArgumentError
from nad.model import Findings, Model
from nad.table import Table, core_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from nad._core import Alert

__all__ = ["Monitor", "MonitorStats", "RetrainOptions"]

StrPath = str | os.PathLike[str]

_END_SECONDS = 5.0
_running: weakref.WeakSet[Monitor] = weakref.WeakSet()


@atexit.register
def _stop_all() -> None:
    """Before the interpreter goes, and before the sinks are closed: what runs on other threads ends in good order."""
    for monitor in list(_running):
        monitor._end()
    deadline = time.monotonic() + _END_SECONDS
    while len(_running) and time.monotonic() < deadline:
        time.sleep(0.002)


@dataclass(frozen=True)
class RetrainOptions:
    """Whether a `Monitor` learns from what it sees: only from records that it did not report, or that are allowed.

    Parameters
    ----------
    every_records : int
        How many records lie between two trainings; 0: it never learns.
    reservoir_rows : int
        Records to learn from, a random sample of all that came, in blocks of neighbours.
    block_rows : int
        Records that follow one another and stay together.
    least_rows : int
        Fewer are not learnt from.
    save_to : path
        Where each new model is saved; "": nowhere.
    n_jobs : int
        Threads of a training.
    """

    every_records: int = 0
    reservoir_rows: int = 100_000
    block_rows: int = 2000
    least_rows: int = 10_000
    save_to: StrPath = ""
    n_jobs: int = 1


class Monitor:
    """Watches records as they come, and tells of the few that normal traffic hardly has.

    Parameters
    ----------
    model : Model
        A fitted one. Later changes of it do not reach the monitor.
    sinks : sequence of AlertSink
        Where alerts go. They stay open; what was written is flushed when a run ends.
    allow : AllowList, optional
        What is known, and shall raise no alerts.
    deduplicator : Deduplicator, optional
        Its options are taken: which alerts are alike, and how many records may leave.
    fold_at : int
        So many keys of one source, or of one destination, at once are one key: scans and floods are few records. 0:
        never.
    model_name, model_version, trained_until :
        What alerts call the model, and until when (nanoseconds since 1970) it has learnt.
    alert_columns : mapping of str to str, optional
        What the records call src_ip, dst_ip, src_port, ..., where their names do not say it: see `AlertMaker`.
    most_reasons : int
        Reasons of each alert.
    explain_first : int
        Reasons are looked for where a record shows them. Where the class of an alert, which is its strongest reason, is
        part of its key, so many alerts of a source, a destination and a port are explained; when all of them had the
        same class, the next ones are counted as of it, but for those that are more anomalous than any before. 0: each
        alert is explained, and `on_records` gets the reasons of all.
    checkpoint : path, optional
        A file that holds where the monitor is: one that starts again goes on there, and neither loses nor repeats
        alerts. After a crash those since the last checkpoint come again, with the same id.
    checkpoint_seconds : float
        How often it is written.
    replay_seconds, replay_records :
        How far before the checkpoint reading begins again, without alerts, to fill windows that look back.
    stop_seconds : float
        How long a stop may take to judge the flows that an interface still holds.
    stats_seconds : float
        How often statistics are told to `on_stats` and, with `stats_to_sinks`, to the sinks; 0: never.
    retrain : RetrainOptions, optional
        Whether it learns from what comes; it does not if nothing is said.
    drift_window : int
        Records that are compared with those of calibration at a time.
    n_jobs : int
        Threads that judge a batch.
    on_alert, on_stats, on_note, on_records : callable, optional
        Called with each alert record, with `MonitorStats`, with what a person should know (drift, a truncated log, a
        new model, a sink that fails, losses), and with each batch and its `Findings`. What they raise ends the run.
    """

    def __init__(
        self,
        model: Model,
        *,
        sinks: Sequence[AlertSink] = (),
        allow: AllowList | None = None,
        deduplicator: Deduplicator | None = None,
        fold_at: int = 10,
        model_name: str = "nad",
        model_version: int = 1,
        trained_until: int | None = None,
        alert_columns: Mapping[str, str] | None = None,
        most_reasons: int = 5,
        explain_first: int = 10,
        checkpoint: StrPath | None = None,
        checkpoint_seconds: float = 10.0,
        replay_seconds: float = 600.0,
        replay_records: int = 50_000,
        stop_seconds: float = 5.0,
        stats_seconds: float = 60.0,
        stats_to_sinks: bool = False,
        retrain: RetrainOptions | None = None,
        drift_window: int = 2000,
        n_jobs: int = 1,
        on_alert: Callable[[Alert], object] | None = None,
        on_stats: Callable[[MonitorStats], object] | None = None,
        on_note: Callable[[str], object] | None = None,
        on_records: Callable[[Table, Findings], object] | None = None,
    ) -> None:
        if not isinstance(model, Model):
            raise InvalidArgumentError(f"model is {model!r}; give a fitted nad.Model")
        options = {
            "fold_at": fold_at,
            "model_name": model_name,
            "model_version": model_version,
            "trained_until": trained_until,
            "alert_columns": mapping_from(alert_columns, "alert_columns"),
            "most_reasons": most_reasons,
            "explain_first": explain_first,
            "checkpoint": "" if checkpoint is None else checkpoint,
            "checkpoint_seconds": checkpoint_seconds,
            "replay_seconds": replay_seconds,
            "replay_records": replay_records,
            "stop_seconds": stop_seconds,
            "stats_seconds": stats_seconds,
            "retrain": asdict(retrain or RetrainOptions()),
            "drift_window": drift_window,
            "n_jobs": n_jobs,
        }
        check_writable(checkpoint, "the checkpoint")
        check_writable(retrain.save_to if retrain is not None else None, "the new model")
        self._core = _core.Monitor(model._model, options, None if deduplicator is None else deduplicator._core)
        self._sinks = list(sinks)
        for sink in self._sinks:
            self._core.add_sink(sink._core, stats_to_sinks)
        if allow is not None:
            self.allow(allow)
        self._nobody_takes_alerts = threading.Event()
        self._on_alert = on_alert
        self._core.on_alert(on_alert)
        self._core.on_stats(on_stats)
        self._core.on_note(on_note)
        if on_records is not None:
            self._core.on_records(lambda table, findings: on_records(Table._of(table), Findings(findings)))

    def allow(self, allowed: AllowList) -> None:
        """From now on, in the place of the list before; also while the monitor runs."""
        self._core.allow(allowed._core)

    def watch(
        self,
        source: StrPath,
        *,
        follow: bool = True,
        from_beginning: bool = True,
        format: str = "auto",  # noqa: A002
        on_error: str = "skip",
        shards: int = 1,
        batch_rows: int = 4096,
        most_wait: float = 1.0,
        filter: str = "",  # noqa: A002
        user: str = "",
        capture: Mapping[str, Any] | None = None,
        **flow: Any,
    ) -> None:
        """Runs until the source ends, `stop` is called, or Ctrl-C is pressed; everything is flushed then.

        Parameters
        ----------
        source : path
            A log that grows (it need not be there yet, and may be rotated and truncated), a capture, a folder in which
            files arrive, "-" for the standard input, or a network interface such as "eth0" (also "interface:eth0").
            Captures of a folder are parts of one: flows go on from one to the next, but for a capture that begins
            more than a minute before the last one ended.
        follow : bool
            Whether to wait for more at the end of a log, or of the files of a folder.
        from_beginning : bool
            False: what a log holds at first is passed over.
        format : str
            One of `nad.formats`, where the content does not say it.
        on_error : {"skip", "raise"}
            What becomes of malformed records: they are counted, or end the run.
        shards : int
            Threads that make flows of packets.
        batch_rows : int
            Records that are judged at once, at most.
        most_wait : float
            Seconds that a flow of an interface waits for others.
        filter : str
            Which packets of an interface count, in the language of tcpdump.
        user : str
            As whom the whole process goes on once the interface is open, where it was started by root. Its files, such
            as the checkpoint, need to belong to that user.
        capture : mapping, optional
            How an interface is captured on: snap_length, buffer_bytes, promiscuous and immediate, as in `LiveCapture`.
        **flow :
            How packets become flows, as in `FlowMeter`. ``active=60`` tells of long flows while they go on; let the
            model learn with the same, ``nad.read("normal.pcap", active=60)``, or it finds such records odd.
        """
        check_source(os.fspath(source))
        with self._at_work():
            self._core.watch(
                os.fspath(source),
                format,
                on_error,
                follow,
                from_beginning,
                shards,
                batch_rows,
                most_wait,
                filter,
                user,
                dict(capture or {}),
                flow,
            )

    def run(self, batches: Iterable[Any]) -> None:
        """Judges tables or data frames, one after the other, until there are no more or `stop` is called."""
        tables = iter(batches)

        def give() -> _core.Table | None:
            for batch in tables:
                return core_table(batch)
            return None

        with self._at_work():
            self._core.run(give)

    def alerts(self, source: Any, **options: Any) -> Iterator[Alert]:
        """Alerts as they come, of what `watch` watches or `run` runs; the work is done by a thread of its own.

        Whoever stops iterating stops the monitor.
        """
        waiting: queue.Queue[Alert | BaseException | None] = queue.Queue(maxsize=1000)
        stopped = self._nobody_takes_alerts = threading.Event()

        def hand_over(found: Alert | BaseException | None) -> None:
            while not stopped.is_set():
                try:
                    waiting.put(found, timeout=0.1)
                except queue.Full:
                    continue
                return

        def tell(alert: Alert) -> None:
            if self._on_alert is not None:
                self._on_alert(alert)
            hand_over(alert)

        def work() -> None:
            end: BaseException | None = None
            try:
                if isinstance(source, str | os.PathLike):
                    self.watch(source, **options)
                else:
                    self.run(source, **options)
            except BaseException as error:  # noqa: BLE001 - it is raised where the alerts are taken
                end = error
            hand_over(end)

        self._core.on_alert(tell)
        thread = threading.Thread(target=work, name="nad monitor", daemon=True)
        thread.start()
        goes_on = True
        try:
            while True:
                try:
                    found = waiting.get(timeout=0.1)
                except queue.Empty:
                    continue
                if found is None or isinstance(found, BaseException):
                    goes_on = False
                if isinstance(found, BaseException):
                    raise found
                if found is None:
                    return
                yield found
        finally:
            stopped.set()
            if goes_on:
                self.stop()
            thread.join()
            self._core.on_alert(self._on_alert)

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Known to the end of the interpreter."""
        is_first = self not in _running
        _running.add(self)
        try:
            yield
        finally:
            if is_first:
                _running.discard(self)

    def _end(self) -> None:
        self._nobody_takes_alerts.set()
        self.stop()

    def stop(self) -> None:
        """Makes the run end soon: the one that goes on, or else the next. From any thread or a signal handler."""
        self._core.stop()

    @property
    def stats(self) -> MonitorStats:
        """What it has done so far; from any thread."""
        return self._core.stats

    @property
    def model(self) -> Model:
        """The model that judges now: `retrain` may have changed it."""
        return Model._of(self._core.model)

    def __repr__(self) -> str:
        stats = self.stats
        return f"<Monitor: {stats.records:,} records, {stats.alerts:,} alerts in {stats.written:,} records>"
