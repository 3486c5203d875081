"""``nad read`` says what is in files, and converts them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nad._words import plural
from nad.cli._command import Command, Exit, UsageError, whole
from nad.cli._inputs import add_input_options, read_records
from nad.cli._outputs import keep_apart
from nad.reading import formats

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from nad.cli._console import Console
    from nad.reading import ReadReport
    from nad.table import Table

__all__ = ["COMMAND"]


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_input_options(parser, malformed="skip", required=False)
    parser.add_argument("--head", type=whole(0), metavar="N", help="show the first records instead of the columns")
    parser.add_argument("--columns", metavar="A,B,...", help="these columns alone, in this order")
    parser.add_argument("--to", metavar="OUT", help="write the records: OUT.csv, OUT.tsv or, with pyarrow, OUT.parquet")
    parser.add_argument("--formats", action="store_true", help="list the formats and end")


def _run(options: argparse.Namespace, console: Console) -> int:
    if options.formats:
        return _show_formats(options, console)
    if not options.files:
        raise UsageError("the following arguments are required: FILE; see nad read --help")
    keep_apart({"--to": options.to}, options.files)
    write = _writer_of(options.to) if options.to else None
    table, reports = read_records(options, console)
    if options.columns:
        table = table.select([name.strip() for name in options.columns.split(",")])
    if write is not None:
        write(table, options.to)
    if options.json:
        console.json(_document(table, reports, options, console.wording))
    else:
        _show(table, reports, options, console)
    return Exit.OK


def _show_formats(options: argparse.Namespace, console: Console) -> int:
    if options.json:
        console.json({"formats": [{"name": name, "description": text} for name, text in formats().items()]})
    else:
        console.rows(formats().items())
    return Exit.OK


def _show(table: Table, reports: list[tuple[str, ReadReport]], options: argparse.Namespace, console: Console) -> None:
    for name, report in reports:
        console.line(f"{console.bold(name)}: {report.format}, {plural(report.rows, 'record')}")
        if report.skipped:
            console.line(f"  left out: {plural(sum(report.skipped.values()), 'malformed record')}")
            console.rows(((f"{count:,}", reason) for reason, count in report.skipped.items()), indent="  ", right=(0,))
    begin, end = span(table)
    if begin is not None:
        console.line(f"  from {readable(begin)} to {readable(end)} UTC")
    console.line()
    if options.head is not None:
        console.line(table.head(options.head).to_text(rows=max(options.head, 1), width=min(console.width, 160)))
    else:
        summary = table.describe()
        console.rows(
            [
                ("column", "type", "role", "missing", "values"),
                *map(_column_line, map(summary.row, range(len(summary)))),
            ],
            right=(3,),
        )
    if options.to:
        console.line()
        console.line(f"wrote {plural(len(table), 'record')} to {options.to}")


def _column_line(column: dict[str, Any]) -> tuple[str, str, str, str, str]:
    missing = f"{column['missing']:,}" if column["missing"] else ""
    return column["column"], column["type"], column["role"], missing, _values(column)


def _values(column: dict[str, Any]) -> str:
    distinct = plural(column["distinct"] or 0, "distinct", "distinct")
    if column["first"] is not None:
        return f"{readable(column['first'])} to {readable(column['last'])}"
    if column["minimum"] is not None:
        return f"{column['minimum']:.6g} to {column['maximum']:.6g}, median {column['median']:.6g}"
    if column["most_frequent"] is not None:
        return f"{distinct}, mostly {column['most_frequent']} ({column['most_frequent_count']:,})"
    return distinct if column["distinct"] else "none"


def _document(
    table: Table,
    reports: list[tuple[str, ReadReport]],
    options: argparse.Namespace,
    words: Callable[[str], str],
) -> dict[str, Any]:
    begin, end = span(table)
    summary = table.describe()
    columns = [summary.row(number) for number in range(len(summary))]
    document: dict[str, Any] = {
        "files": [
            {
                "file": name,
                "format": one.format,
                "records": one.rows,
                "left_out": one.skipped,
                "notes": [words(note) for note in one.notes],
            }
            for name, one in reports
        ],
        "records": len(table),
        "begin": begin,
        "end": end,
        "columns": [{"name": column.pop("column"), **column} for column in columns],
    }
    if options.head is not None:
        document["head"] = [table.row(number) for number in range(min(max(options.head, 0), len(table)))]
    if options.to:
        document["written_to"] = options.to
    return document


def span(table: Table) -> tuple[Any, Any]:
    """The first and the last moment of the first column of times that has any."""
    for name, role in table.roles.items():
        if role == "moment" and table.types[name] == "time":
            values = table[name].to_numpy()
            known = values[values == values]  # NaT is unequal to itself  # noqa: PLR0124
            if len(known):
                return known.min(), known.max()
    return None, None


def readable(moment: Any) -> str:
    """``2026-01-05 09:00:02``; fractions of a second are no help when looking at days."""
    return str(moment).replace("T", " ").partition(".")[0]


def _writer_of(path: str) -> Any:
    endings = {".csv": _write_csv, ".tsv": _write_tsv, ".parquet": _write_parquet, ".pq": _write_parquet}
    ending = Path(path).suffix.lower()
    if ending not in endings:
        raise UsageError(f"--to {path}: the name has to end in {', '.join(endings)}")
    return endings[ending]


def _write_csv(table: Table, path: str) -> None:
    table.to_csv(path)


def _write_tsv(table: Table, path: str) -> None:
    table.to_csv(path, separator="\t")


def _write_parquet(table: Table, path: str) -> None:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ImportError("writing Parquet needs the package pyarrow; install it with `pip install pyarrow`") from error
    parquet.write_table(table.to_arrow(), path)


COMMAND = Command(
    name="read",
    summary="what is in files: format, columns, times, malformed records; or convert them",
    description="Read captures, logs and tables, and say what is in them. The format is recognised by the content.",
    examples=(
        "nad read conn.log.gz",
        "nad read day.pcap --head 5",
        "nad read day.pcap --to flows.parquet             # packets become flows",
        "zcat eve.json.gz | nad read - --json | jq .columns[].name",
    ),
    add_options=_add_options,
    run=_run,
    keys="""
files     of each: file, format, records, left_out (reason: count), notes
records   how many in all
begin, end  the first and the last moment, or null
columns   of each: name, type, role, missing, distinct, minimum, median, ...
head      with --head: the first records
written_to  with --to
formats   with --formats, alone: of each name and description
""",
)
