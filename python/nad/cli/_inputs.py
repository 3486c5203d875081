"""Options that several commands share: files of records, models, thresholds."""

from __future__ import annotations

import ast
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from nad.cli._command import UsageError
from nad.flow import FlowMeter
from nad.model import Model
from nad.reading import Reader, ReadReport, read_with_report
from nad.table import Table, concatenate
from nad.thresholds import ThresholdRule

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from nad.cli._console import Console

__all__ = [
    "add_input_options",
    "add_jobs_option",
    "add_model_option",
    "add_threshold_options",
    "chosen_rule",
    "load_model",
    "read_records",
    "value_of",
]

OnError = Literal["raise", "skip"]


def add_input_options(parser: argparse.ArgumentParser, *, malformed: str = "error") -> None:
    """FILES and how to read them."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE",
        help="captures, logs or tables, also packed with gzip; several of one kind are read together, captures by time;"
        " - is the standard input",
    )  # fmt: skip
    group = parser.add_argument_group("reading")
    group.add_argument(
        "--input-format",
        metavar="NAME",
        default="auto",
        help="where the content does not say it; `nad read --formats` lists them",
    )
    group.add_argument(
        "--malformed", choices=("error", "skip"), default=malformed,
        help="whether a record that cannot be read ends the command or is counted and left out (%(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--read-option", metavar="KEY=VALUE", action="append", default=[],
        help="further options of nad.read: separator=';', encoding=latin-1, day_first=true, schema=kdd28, ...",
    )  # fmt: skip


def read_records(options: argparse.Namespace, console: Console) -> tuple[Table, list[tuple[str, ReadReport]]]:
    """All files as one table, and what was found in each."""
    files: list[str] = options.files
    on_error: OnError = "skip" if options.malformed == "skip" else "raise"
    further = settings(options.read_option, "--read-option")
    if files.count("-") > 1:
        raise UsageError("the standard input can be read once; give - once")
    if len(files) > 1 and "-" not in files and all(_is_capture(file, options.input_format) for file in files):
        with options_checked("--read-option"):
            return _merged_captures(files, further, console)
    tables, reports = [], []
    for file in files:
        source: Any = file if file != "-" else _standard_input()
        with options_checked("--read-option"):
            table, report = read_with_report(
                source, format=options.input_format, on_error=on_error, progress=console.bars, options=further
            )
        tables.append(table)
        reports.append((file if file != "-" else "the standard input", report))
    for name, report in reports:
        console.report(name, report)
    return (tables[0] if len(tables) == 1 else concatenate(tables)), reports


def _is_capture(file: str, format: str) -> bool:  # noqa: A002
    return Reader(file, format=format).report.format == "pcap"


def _merged_captures(
    files: Sequence[str], options: dict[str, Any], console: Console
) -> tuple[Table, list[tuple[str, ReadReport]]]:
    meter = FlowMeter(**options)
    report = meter.add_captures(files, progress=console.bars)
    table = meter.flush()
    report = ReadReport(report.format, len(table), report.skipped, report.notes)
    name = f"{len(files)} captures, merged by time"
    console.report(name, report)
    return table, [(name, report)]


def _standard_input() -> Any:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("- reads the standard input, and that is a terminal; give a file or a pipe")
    return sys.stdin.buffer


def add_model_option(parser: argparse.ArgumentParser) -> None:
    """``-m``."""
    parser.add_argument("-m", "--model", required=True, metavar="MODEL", help="a file of `nad train`")


def load_model(options: argparse.Namespace) -> Model:
    """The model, with the threads and the threshold that the command line asks for."""
    model = Model.load(options.model)
    model.n_jobs = options.jobs
    if getattr(options, "records_per_day", None) is not None:
        model.records_per_day = options.records_per_day
    rule = chosen_rule(options)
    if rule is not None:
        model.set_threshold(rule)
    return model


def add_jobs_option(parser: argparse._ActionsContainer) -> None:
    """``--jobs``."""
    parser.add_argument(
        "-j", "--jobs", type=int, default=-1, metavar="N",
        help="threads; -1: one per core. The result never depends on it (%(default)s)",
    )  # fmt: skip


_RULES = {
    "alerts_per_day": ("N", "at most so many normal records of a day"),
    "fpr": ("P", "at most this share of normal records, such as 0.001"),
    "contamination": ("P", "so large a share of the calibration records"),
    "quantile": ("Q", "what lies above this quantile of the calibration records"),
    "score": ("S", "what lies above this score"),
}


def add_threshold_options(
    parser: argparse.ArgumentParser, title: str, *, labelled: bool = False, discoveries: bool = False
) -> None:
    """One of the rules by which scores are reported."""
    group = parser.add_argument_group(title)
    one = group.add_mutually_exclusive_group()
    for name, (word, text) in _RULES.items():
        one.add_argument(f"--{name.replace('_', '-')}", type=float, metavar=word, help=text)
    if labelled:
        one.add_argument("--f-beta", type=float, metavar="B", help="the highest F-beta score of labelled records")
    if discoveries:
        one.add_argument(
            "--false-discovery-rate", type=float, metavar="P", help="so many that no larger share of them is false"
        )
    group.add_argument(
        "--records-per-day", type=float, metavar="N", help="where the times of the records do not say it"
    )


def chosen_rule(options: argparse.Namespace) -> ThresholdRule | None:
    """The rule that was given, or None."""
    for name in (*_RULES, "f_beta"):
        value = getattr(options, name, None)
        if value is not None:
            return ThresholdRule("false_positive_rate" if name == "fpr" else name, value)
    return None


def value_of(text: str) -> Any:
    """Numbers, true, false and none are such; quotes and all else make a text."""
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):  # the last two for thousands of brackets
        return text


def settings(given: Sequence[str], option: str) -> dict[str, Any]:
    """``KEY=VALUE`` as a mapping."""
    found = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UsageError(f"{option} {text}: give KEY=VALUE")
        found[key.strip().replace("-", "_")] = value_of(value)
    return found


@contextmanager
def options_checked(option: str) -> Iterator[None]:
    """Settings reach the library as they are; where it cannot take one, the command line is wrong."""
    try:
        yield
    except TypeError as error:
        raise UsageError(f"{option}: {error}") from None
    except RuntimeError as error:
        if not str(error).startswith("Unable to cast"):
            raise
        raise UsageError(f"{option}: one of the values is of another type than the option") from None


def model_name(path: str) -> str:
    """What alerts call a model: its file without folder and ending."""
    name = os.path.basename(path)  # noqa: PTH119
    return os.path.splitext(name)[0] or name  # noqa: PTH122
