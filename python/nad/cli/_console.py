"""Where a command writes to: results on the standard output, all else on the standard error stream."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from nad._words import json_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nad._core import Progress
    from nad._progress import ProgressCallback
    from nad.reading import ReadReport

__all__ = ["Console", "json_text"]

_STYLES = {"bold": "1", "faint": "2", "red": "31", "green": "32", "yellow": "33"}
_UNLIMITED = 10_000
_BAR = 32
_KEPT = "\u00a0"  # a space at which no line is broken


class Console:
    """The two streams of a command, and what the terminal can show.

    Colours only where a person looks: on a terminal that is not "dumb", and never where ``NO_COLOR`` is set.
    """

    def __init__(self, *, quiet: bool = False, wording: Callable[[str], str] = str) -> None:
        self.quiet = quiet
        self.wording = wording
        """Says what the library says in the words of the command."""
        self.is_terminal = _is_terminal(sys.stdout)
        is_dumb = os.environ.get("TERM") == "dumb"
        self.has_status = _is_terminal(sys.stderr) and not quiet and not is_dumb
        usable = not os.environ.get("NO_COLOR") and not is_dumb
        self._colours = {stream: usable and _is_terminal(getattr(sys, stream)) for stream in ("stdout", "stderr")}
        self._status = ""

    @property
    def width(self) -> int:
        """Columns of the terminal; without one there is no need to break lines."""
        return max(40, shutil.get_terminal_size().columns) if self.is_terminal else _UNLIMITED

    @property
    def bars(self) -> bool:
        """Whether progress bars are of use."""
        return self.has_status

    def line(self, text: str = "") -> None:
        """Write a line of the result."""
        self.clear_status()
        sys.stdout.write(text + "\n")

    def lines(self, text: Iterable[str]) -> None:
        """Write several."""
        for one in text:
            self.line(one)

    def json(self, document: Any) -> None:
        """Write the one document that ``--json`` gives."""
        self.line(json_text(document, indent=2))

    def wrapped(self, text: str, indent: str = "", further: str | None = None) -> None:
        """Write a sentence, broken where the terminal ends."""
        more = indent if further is None else further
        text = text.replace(" %", _KEPT + "%")
        broken = textwrap.wrap(
            text, self.width - 1, initial_indent=indent, subsequent_indent=more, break_on_hyphens=False
        )
        self.lines(line.replace(_KEPT, " ") for line in broken or [""])

    def rows(self, rows: Iterable[Sequence[str]], *, indent: str = "", right: Sequence[int] = ()) -> None:
        """Write a table: columns as wide as they need to be, those of `right` to the right, the last one wrapped."""
        listed = [list(row) for row in rows]
        if not listed:
            return
        widths = [max(map(len, column)) for column in zip(*listed)]
        start = len(indent) + sum(widths[:-1]) + 2 * (len(widths) - 1)
        for row in listed:
            cells = [
                text.rjust(width) if place in right else text.ljust(width)
                for place, (text, width) in enumerate(zip(row, widths))
            ]
            head = indent + "  ".join([*cells[:-1], ""])
            room = self.width - 1 - start
            broken = textwrap.wrap(row[-1], room, break_on_hyphens=False) if room >= 20 else [row[-1]]
            last = cells[-1] if len(row) - 1 in right else row[-1]
            broken = [last] if len(broken) <= 1 else broken
            self.line((head + broken[0]).rstrip())
            self.lines(" " * start + more for more in broken[1:])

    def note(self, text: str, *, always: bool = False) -> None:
        """Tell what a person should know, beside the result."""
        if always or not self.quiet:
            self.clear_status()
            sys.stderr.write(f"nad: {self.wording(text)}\n")
            sys.stderr.flush()

    def report(self, name: str, report: ReadReport) -> None:
        """Tell what reading a file left out."""
        if report.skipped or report.notes:
            self.note(f"{name}: {report}")

    def error(self, text: str, *, own: bool = False) -> None:
        """Say in a line what went wrong, ``own``: in words of the command already."""
        self.clear_status()
        said = text if own else self.wording(text)
        sys.stderr.write(f"nad: {self.style('error:', 'bold', 'red', stream='stderr')} {said}\n")
        sys.stderr.flush()

    def status(self, text: str) -> None:
        """Draw over the last line of the terminal, where there is one."""
        if self.has_status:
            room = max(40, shutil.get_terminal_size().columns) - 1
            self._status = text[:room]
            sys.stderr.write(f"\r\x1b[K{self._status}")
            sys.stderr.flush()

    @property
    def progress(self) -> ProgressCallback | None:
        """Draws how far a long work is, where a terminal shows it; the next line takes its place."""
        return self._draw if self.has_status else None

    def _draw(self, progress: Progress) -> None:
        full = _BAR * progress.done // max(progress.total, 1)
        bar = "#" * full + "." * (_BAR - full)
        self.status(f"{progress.stage} [{bar}] {progress.done:,}/{progress.total:,}")

    def clear_status(self) -> None:
        """Make room for a line."""
        if self._status:
            self._status = ""
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def style(self, text: str, *styles: str, stream: str = "stdout") -> str:
        """In colours, where they are of use."""
        if not self._colours[stream] or not text:
            return text
        return f"\x1b[{';'.join(_STYLES[style] for style in styles)}m{text}\x1b[0m"

    def bold(self, text: str) -> str:
        """A heading."""
        return self.style(text, "bold")


def json_text(document: Any, *, indent: int | None = None) -> str:
    """JSON that every program can read: no NaN, times in ISO 8601 and UTC, addresses as text."""
    return json.dumps(json_ready(document), indent=indent, ensure_ascii=False, allow_nan=False)


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # there is none, or it is closed
        return False


def printable_lines(text: str) -> Iterator[str]:
    """The lines of a text of the library, without a trailing empty one."""
    yield from text.rstrip("\n").splitlines()
