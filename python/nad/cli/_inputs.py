"""Options that several commands share: files of records, models, thresholds."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from nad.cli._command import UsageError, number, whole
from nad.cli._values import FLOWS, READING, completes, format_names, keyed
from nad.errors import InvalidDataError
from nad.flow import FlowMeter
from nad.model import Model
from nad.reading import Reader, ReadReport, read_with_report
from nad.table import Table, concatenate
from nad.thresholds import ThresholdRule

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from nad.cli._console import Console

__all__ = [
    "add_format_option",
    "add_input_options",
    "add_jobs_option",
    "add_model_option",
    "add_threshold_options",
    "chosen_rule",
    "is_in_another_encoding",
    "load_model",
    "read_records",
]

OnError = Literal["raise", "skip"]
OTHER_ENCODINGS = 'files in another encoding are read with encoding="latin-1" or "windows-1252"'


def add_input_options(parser: argparse.ArgumentParser, *, malformed: str = "error", required: bool = True) -> None:
    """FILES and how to read them."""
    parser.add_argument(
        "files", nargs="+" if required else "*", metavar="FILE",
        help="captures, logs or tables, also packed with gzip; several of one kind are read together, captures by time;"
        " - is the standard input",
    )  # fmt: skip
    group = parser.add_argument_group("reading")
    add_format_option(group)
    group.add_argument(
        "--malformed", choices=("error", "skip"), default=malformed,
        help="whether a record that cannot be read ends the command or is counted and left out (%(default)s)",
    )  # fmt: skip
    further = group.add_argument(
        "--read-option", metavar="KEY=VALUE", action="append", default=[],
        help="further options of reading: separator=';', encoding=latin-1, day_first=true, types=id:text, "
        "schema=kdd28, ...",
    )  # fmt: skip
    completes(further, lambda: [f"{key}=" for key in (*READING, *FLOWS)])


def add_format_option(group: argparse._ActionsContainer) -> None:
    """``--input-format``."""
    chosen = group.add_argument(
        "--input-format",
        metavar="NAME",
        default="auto",
        help="where the content does not say it; `nad read --formats` lists them",
    )
    completes(chosen, format_names)


def read_records(options: argparse.Namespace, console: Console) -> tuple[Table, list[tuple[str, ReadReport]]]:
    """All files as one table, and what was found in each."""
    files: list[str] = options.files
    on_error: OnError = "skip" if options.malformed == "skip" else "raise"
    further = keyed(options.read_option, "--read-option", {**READING, **FLOWS})
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
        if not report.rows and report.skipped:
            raise InvalidDataError(_nothing_in(name, report))
        console.report(name, report)
        if is_in_another_encoding(report.skipped):
            console.note(f"{name}: {OTHER_ENCODINGS}")
    return (tables[0] if len(tables) == 1 else concatenate(tables)), reports


def _nothing_in(name: str, report: ReadReport) -> str:
    """Why a file gives no records, and what may help."""
    lost = sum(report.skipped.values())
    reasons = ", ".join(f"{reason} ({count:,})" for reason, count in list(report.skipped.items())[:3])
    hint = f"; {OTHER_ENCODINGS}" if is_in_another_encoding(report.skipped) else ""
    return f"{name}: {'the one' if lost == 1 else f'none of its {lost:,}'} records could be read: {reasons}{hint}"


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
    if not report.rows and report.skipped:
        raise InvalidDataError(_nothing_in(name, report))
    console.report(name, report)
    return table, [(name, report)]


def _standard_input() -> Any:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("- reads the standard input, and that is a terminal; give a file or a pipe")
    return sys.stdin.buffer


def add_model_option(parser: argparse.ArgumentParser) -> None:
    """``-m``."""
    parser.add_argument("-m", "--model", required=True, metavar="MODEL", help="a file of `nad train`")


def is_in_another_encoding(skipped: Mapping[str, int]) -> bool:
    """Whether records were left out because they are no UTF-8."""
    return any("not UTF-8" in reason for reason in skipped)


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
        "-j", "--jobs", type=whole(-1), default=-1, metavar="N",
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
        one.add_argument(f"--{name.replace('_', '-')}", type=number(), metavar=word, help=text)
    if labelled:
        one.add_argument("--f-beta", type=number(), metavar="B", help="the highest F-beta score of labelled records")
    if discoveries:
        one.add_argument(
            "--false-discovery-rate", type=number(), metavar="P", help="so many that no larger share of them is false"
        )
    group.add_argument(
        "--records-per-day", type=number(), metavar="N", help="where the times of the records do not say it"
    )


def chosen_rule(options: argparse.Namespace) -> ThresholdRule | None:
    """The rule that was given, or None."""
    for name in (*_RULES, "f_beta"):
        value = getattr(options, name, None)
        if value is not None:
            return ThresholdRule("false_positive_rate" if name == "fpr" else name, value)
    return None


@contextmanager
def options_checked(option: str) -> Iterator[None]:
    """Settings reach the library as they are; where it cannot take one, the command line is wrong."""
    try:
        yield
    except TypeError as error:
        raise UsageError(f"{option}: {error}") from None


def model_name(path: str) -> str:
    """What alerts call a model: its file without folder and ending."""
    name = os.path.basename(path)  # noqa: PTH119
    return os.path.splitext(name)[0] or name  # noqa: PTH122
