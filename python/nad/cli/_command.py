"""What a command consists of, and what its exit code says."""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NoReturn

from nad.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nad.cli._console import Console

__all__ = ["Command", "Exit", "Parser", "UsageError", "number", "whole"]


class Exit(IntEnum):
    """What the command tells the program that started it."""

    OK = 0
    REPORTED = 1
    BAD_INPUT = 2
    FAILED = 3
    INTERRUPTED = 130
    BROKEN_PIPE = 141


EXIT_CODES = """\
exit codes:
  0    it worked (without --exit-code also where something was reported)
  1    with --exit-code: something was reported
  2    the command line, a file, a model or the records make no sense
  3    the system refused (a disk is full, a port is closed), or nad has a bug
  130  interrupted by Ctrl-C
  141  whoever read the output has closed it
"""


class UsageError(InvalidArgumentError):
    """The command line makes no sense."""


def whole(least: int, most: int = 2**63 - 1) -> Callable[[str], int]:
    """For options that take a whole number; argparse tells which one it was."""

    def parsed(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None
        if not least <= number <= most:
            bound = f"at least {least:,}" if number < least else f"at most {most:,}"
            raise argparse.ArgumentTypeError(f"{text} is not {bound}")
        return number

    return parsed


def number(least: float = -math.inf, most: float = math.inf) -> Callable[[str], float]:
    """For options that take a number, which is neither NaN nor infinite."""

    def parsed(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise argparse.ArgumentTypeError(f"{text!r} is no number")
        if not least <= value <= most:
            bound = f"at least {least:g}" if value < least else f"at most {most:g}"
            raise argparse.ArgumentTypeError(f"{text} is not {bound}")
        return value

    return parsed


@dataclass(frozen=True)
class Command:
    """One word after ``nad``."""

    name: str
    summary: str
    """A line in ``nad --help``."""
    description: str
    examples: Sequence[str]
    """Lines that a person can type; behind ``  #`` what they do."""
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Console], int]
    keys: str = ""
    """The keys of the document that ``--json`` gives."""

    further: str = ""
    """What else ``--help`` explains."""

    def epilog(self) -> str:
        """What stands behind the options in ``--help``."""
        parts = ["examples:\n" + "".join(f"  {line}\n" for line in self.examples)]
        parts += [f"keys of --json:\n{indented(self.keys)}\n"] if self.keys else []
        parts += [self.further] if self.further else []
        return "\n".join([*parts, EXIT_CODES])


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are exceptions: one line for people, like all others."""

    def __init__(self, **options: object) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        if sys.version_info >= (3, 14):
            options.setdefault("color", False)
        super().__init__(allow_abbrev=False, **options)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where help is."""
        raise UsageError(f"{message}; see {self.prog} --help")


def indented(text: str) -> str:
    """Each line two places to the right."""
    return "\n".join(f"  {line}" for line in text.strip().splitlines())
