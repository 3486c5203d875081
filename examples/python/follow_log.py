"""Follow a log that Zeek (or Suricata, or another program) writes, also when it is rotated, and print its alerts.

python follow_log.py office.nad /var/log/zeek/conn.log [STATE]       # Ctrl-C ends it

With a file for its state it goes on where it was when it starts again: no alert is lost or repeated. `nad watch` does
all this and more.
"""

from __future__ import annotations

import signal
import sys

import nad


def follow_log(model_path: str, log: str, state: str | None) -> None:
    """Until it is stopped."""
    monitor = nad.Monitor(
        nad.Model.load(model_path),
        checkpoint=state,
        on_alert=lambda alert: print(nad.to_text(alert), flush=True),
        on_note=lambda note: print(note, file=sys.stderr),
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: monitor.stop())
    monitor.watch(log)  # captures, folders and interfaces, too
    print(f"{monitor.stats.records} records, {monitor.stats.alerts} alerts, {monitor.stats.written} lines")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: follow_log.py MODEL.nad LOG [STATE]")
    follow_log(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) == 4 else None)
