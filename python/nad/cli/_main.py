"""From the words of a command line to an exit code."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import re
import sys
import textwrap
import traceback
import warnings
from typing import TYPE_CHECKING, Any

from nad import __version__, _interrupts
from nad.cli._command import EXIT_CODES, Command, Exit, Parser, UsageError
from nad.cli._commands import COMMANDS
from nad.cli._console import Console
from nad.cli._wording import Wording
from nad.errors import ConvergenceWarning, DataWarning, Error, IoError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["main", "make_parser"]

_DESCRIPTION = "Few, calibrated, explained alerts from network traffic."
_EPILOG = f"""\
`nad COMMAND --help` explains a command, with examples. The usual way:
  nad demo                                    see it at work on simulated traffic
  nad train last_week.log -o office.nad       learn what is normal
  nad detect today.log -m office.nad          what is not, and why
  nad watch /var/log/zeek/conn.log -m office.nad

{EXIT_CODES}
Colours are shown on a terminal alone, and never where NO_COLOR is set.
"""


def make_parser(commands: Sequence[Command] = COMMANDS) -> Parser:
    """The parser of all commands."""
    parser = Parser(prog="nad", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"nad {__version__}")
    choices = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)
    for command in commands:
        one = choices.add_parser(
            command.name,
            help=command.summary,
            description=textwrap.fill(command.description, 79),
            epilog=command.epilog(),
        )
        command.add_options(one)
        if command.keys:
            one.add_argument("--json", action="store_true", help="give the result as one JSON document")
        one.add_argument("-q", "--quiet", action="store_true", help="neither progress nor notes, only the result")
        one.add_argument("--debug", action="store_true", help="show where in the program an error came up")
        one.set_defaults(run=command.run, json=False)
    return parser


def parsed(given: Sequence[str]) -> argparse.Namespace:
    """What the words mean; an error names the command that they were said to."""
    parser = make_parser()
    options, unknown = parser.parse_known_args(given)
    if unknown:
        own = subparsers_of(parser)[options.command]
        near = difflib.get_close_matches(unknown[0].partition("=")[0], own._option_string_actions, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"nad {options.command} does not know {unknown[0]!r}{hint} (see nad {options.command} --help)")
    return options


def wording_of(command: str) -> Wording:
    """How messages of the library are said by a command."""
    return Wording(subparsers_of(make_parser())[command]._option_string_actions)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (that of the process, if none is given) and return the exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    _open_closed_streams()
    console = Console()
    try:
        _interrupts.end()
        options = parsed(given)
        console = Console(quiet=options.quiet, wording=wording_of(options.command))
        with _warnings_as_notes(console):
            code = int(options.run(options, console))
        console.clear_status()
        sys.stdout.flush()
        return code
    except SystemExit as end:  # --help and --version
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()
        return end.code if isinstance(end.code, int) else int(Exit.OK)
    except KeyboardInterrupt:
        console.clear_status()
        if "--debug" in given:
            traceback.print_exc()
        console.note("interrupted", always=True)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return Exit.BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - people get a line, whatever it is
        if "--debug" in given:
            console.clear_status()
            traceback.print_exc()
        text, code = explained(error)
        console.error(text, own=isinstance(error, UsageError))
        _try_output_once_more()
        return code


def explained(error: Exception) -> tuple[str, int]:  # noqa: PLR0911 - one for each kind
    """What a person reads about an error, and the exit code."""
    text = shortened(" ".join(str(error).split())) or type(error).__name__
    if isinstance(error, MissingFileError):
        return text, Exit.BAD_INPUT
    if isinstance(error, IoError):
        wrong = text.endswith("give a file") or "no such file" in text.lower()
        return text, Exit.BAD_INPUT if wrong else Exit.FAILED
    if isinstance(error, Error):
        return text, Exit.BAD_INPUT
    if isinstance(error, OSError):
        code = Exit.BAD_INPUT if isinstance(error, (FileNotFoundError, IsADirectoryError)) else Exit.FAILED
        return (f"{error.filename}: {error.strerror}" if error.filename else text), code
    if isinstance(error, ImportError):
        return text, Exit.FAILED
    if isinstance(error, MemoryError):
        return f"there is not enough memory ({text})", Exit.FAILED
    return f"{type(error).__name__}: {text} (a bug of nad; --debug shows where)", Exit.FAILED


def shortened(text: str, most: int = 6) -> str:
    """Long lists of names, as in `it lacks 54 of them, 'src_ip', ...`, end after some."""

    def few(found: re.Match[str]) -> str:
        names = re.findall(r"'[^']*'", found[0])
        return ", ".join(names[:most]) + f" and {len(names) - most} more" if len(names) > most + 1 else found[0]

    return re.sub(r"'[^']*'(?:, '[^']*')+", few, text)


@contextlib.contextmanager
def _warnings_as_notes(console: Console) -> Iterator[None]:
    """What the library warns of is a line like all others, not one of Python's."""

    def show(message: Warning | str, category: type[Warning], *place: Any) -> None:
        if issubclass(category, (DataWarning, ConvergenceWarning)):
            console.note(str(message))
        else:
            usual(message, category, *place)

    with warnings.catch_warnings():
        usual = warnings.showwarning
        warnings.simplefilter("always", DataWarning)
        warnings.simplefilter("always", ConvergenceWarning)
        warnings.showwarning = show  # type: ignore[assignment]  # the same, in fewer words
        yield


def _open_closed_streams() -> None:
    """Who starts a command with closed streams (``>&-``, some daemons) wants to hear nothing."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - until the end


def _try_output_once_more() -> None:
    """What cannot be written now would fail again as Python ends, and change the exit code."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        _forget_output()


def _forget_output() -> None:
    """Nobody reads any more: without this, Python complains once more when it ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def subparsers_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parser of each command."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}
