"""A monitor that runs beside a page, which looks at what it tells now and then.

>>> live = Live(model, "/var/log/zeek/conn.log")
>>> live.start()
>>> live.alerts, live.stats, live.notes  # from any thread; the latest ones alone are kept
>>> live.stop()
"""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import TYPE_CHECKING

from nad.alerts import Deduplicator, to_text
from nad.errors import Error
from nad.monitor import Monitor

if TYPE_CHECKING:
    from pathlib import Path

    from nad._core import Alert, MonitorStats
    from nad.model import Model

__all__ = ["KEPT", "Live"]

KEPT = 500  # alerts; all of them are counted
_NOTES = 50


class Live:
    """A run of a monitor in a thread of its own, in bounded memory."""

    def __init__(
        self,
        model: Model,
        source: str | Path,
        *,
        name: str = "",
        model_name: str = "nad",
        follow: bool = True,
        from_beginning: bool = True,
        records_per_minute: float = 60.0,
        packet_filter: str = "",
    ) -> None:
        self.name = name or os.fspath(source)
        self.error = ""
        self._source = source
        self._options = {"follow": follow, "from_beginning": from_beginning, "filter": packet_filter}
        self._alerts: deque[Alert] = deque(maxlen=KEPT)
        self._notes: deque[str] = deque(maxlen=_NOTES)
        self._lock = threading.Lock()
        self._told = 0
        self._monitor = Monitor(
            model,
            deduplicator=Deduplicator(records_per_minute=records_per_minute),
            model_name=model_name,
            stats_seconds=0.0,
            on_alert=self._keep,
            on_note=self._note,
        )
        self._thread = threading.Thread(target=self._work, name="nad app: monitor", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self, seconds: float = 10.0) -> None:
        """Make it end, and wait for that so long at most."""
        if self._thread.ident is None:
            return
        self._monitor.stop()
        if self._thread is not threading.current_thread():
            self._thread.join(seconds)

    @property
    def runs(self) -> bool:
        """Whether it still watches."""
        return self._thread.is_alive()

    @property
    def stats(self) -> MonitorStats:
        """What it has done so far."""
        return self._monitor.stats

    @property
    def told(self) -> int:
        """Alerts so far, also those that are no longer kept."""
        return self._told

    @property
    def alerts(self) -> list[Alert]:
        """The latest alerts, the newest first."""
        with self._lock:
            return list(reversed(self._alerts))

    @property
    def notes(self) -> list[str]:
        """What a person should know: drift, a log that was truncated, ..."""
        with self._lock:
            return list(self._notes)

    def lines(self, most: int = 100) -> list[str]:
        """The latest alerts as lines of text, the newest first."""
        return [to_text(alert) for alert in self.alerts[:most]]

    def _keep(self, alert: Alert) -> None:
        with self._lock:
            self._alerts.append(alert)
            self._told += 1

    def _note(self, text: str) -> None:
        with self._lock:
            self._notes.append(self._named(text))

    def _named(self, text: str) -> str:
        """Without the path of a file that was uploaded, which says nothing to anybody."""
        return text.replace(os.fspath(self._source), self.name)

    def _work(self) -> None:
        try:
            self._monitor.watch(self._source, **self._options)  # type: ignore[arg-type]
        except Error as error:
            self.error = self._named(str(error))
        except Exception as error:  # noqa: BLE001 - a person shall know that it ended
            self.error = self._named(f"{type(error).__name__}: {error}")
