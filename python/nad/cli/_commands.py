"""All commands, in the order of ``nad --help``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nad.cli import app, bench, completion, demo, detect, evaluate, inspect, read, simulate, train, watch

if TYPE_CHECKING:
    from nad.cli._command import Command

__all__ = ["COMMANDS"]

COMMANDS: tuple[Command, ...] = (
    demo.COMMAND,
    read.COMMAND,
    train.COMMAND,
    detect.COMMAND,
    watch.COMMAND,
    evaluate.COMMAND,
    simulate.COMMAND,
    inspect.COMMAND,
    bench.COMMAND,
    app.COMMAND,
    completion.COMMAND,
)
