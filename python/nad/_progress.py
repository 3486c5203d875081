"""A small progress bar on the standard error stream."""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nad import _core

    ProgressCallback = Callable[[_core.Progress], "bool | None"]

_WIDTH = 32


class ProgressBar:
    """Draws ``growing trees [########........]  52/100  0.4 s``; a new stage gets a new line."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._stage = ""

    def __call__(self, progress: _core.Progress) -> None:
        """Draw what the core says."""
        self.draw(progress.stage, progress.done, progress.total)

    def draw(self, stage: str, done: int, total: int) -> None:
        """Draw over the last state of the bar."""
        lines = []
        if self._stage not in ("", stage):
            lines.append("\n")
            self._began = time.monotonic()
        self._stage = stage
        full = _WIDTH * done // max(total, 1)
        bar = f"{'#' * full}{'.' * (_WIDTH - full)}"
        text = f"{stage} [{bar}] {done:,}/{total:,}  {time.monotonic() - self._began:.1f} s"
        lines.append("\r" + text[: max(20, shutil.get_terminal_size().columns - 1)])  # else each state takes a line
        sys.stderr.write("".join(lines))
        sys.stderr.flush()

    def close(self) -> None:
        """End the last line."""
        if self._stage:
            sys.stderr.write("\n")
            sys.stderr.flush()


@contextmanager
def bar_if(wanted: bool) -> Iterator[ProgressBar | None]:
    """A bar while the block runs, or None."""
    bar = ProgressBar() if wanted else None
    try:
        yield bar
    finally:
        if bar is not None:
            bar.close()


@contextmanager
def shown(progress: ProgressCallback | None, verbose: bool) -> Iterator[ProgressCallback | None]:
    """The callback that was given, or else a bar where one is wanted."""
    if progress is not None:
        yield progress
    else:
        with bar_if(verbose) as bar:
            yield bar
