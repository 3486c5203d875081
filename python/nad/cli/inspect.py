"""``nad inspect`` says what a model file holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nad._words import plural
from nad.cli._command import Command, Exit, whole
from nad.cli._console import printable_lines
from nad.model import Model
from nad.persist import load, read_header

if TYPE_CHECKING:
    import argparse

    from nad.cli._console import Console

__all__ = ["COMMAND"]


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a file of `nad train`, or any other .nad file")
    parser.add_argument("--header", action="store_true", help="what the file says of itself, without loading the rest")
    parser.add_argument(
        "--top", type=whole(0), default=10, metavar="N", help="so many of the most important columns (%(default)s)"
    )


def _run(options: argparse.Namespace, console: Console) -> int:
    header = read_header(options.model)
    held = None if options.header else load(options.model)
    if options.json:
        console.json({"file": options.model, "header": header, **_described(held)})
        return Exit.OK
    console.rows(_header_rows(options.model, header))
    if isinstance(held, Model):
        console.line()
        for line in printable_lines(held.describe()):
            console.wrapped(line, further="  ")
        importance = held.importance()
        console.line()
        console.line(console.bold("what scores are made of"))
        console.rows(
            ((f"{100 * share:.1f} %", name) for name, share in list(importance.items())[: options.top]),
            indent="  ",
            right=(0,),
        )
        if len(importance) > options.top:
            console.line(f"  and {plural(len(importance) - options.top, 'column')} more")
    elif held is not None:
        console.line()
        console.lines(printable_lines(str(held)))
    return Exit.OK


def _described(held: Any) -> dict[str, Any]:
    if held is None:
        return {}
    if not isinstance(held, Model):
        return {"description": str(held)}
    return {
        "description": held.describe(),
        "importance": held.importance(),
        "threshold": {**vars(held.threshold), "rule": str(held.threshold_rule)},
        "records_per_day": held.records_per_day,
        "families": held.families,
    }


def _header_rows(path: str, header: dict[str, Any]) -> list[tuple[str, str]]:
    training = header.get("training", {})
    rows = [
        ("file", path),
        ("kind", str(header["kind"])),
        ("format", f"version {header['format_version']}, written by nad {header['nad_version']}"),
        ("features", f"{header.get('n_features', 0):,}"),
    ]
    if header.get("source"):
        rows.append(("learnt from", f"{header['source']}, {plural(training.get('records', 0), 'record')}"))
    if header.get("inputs"):
        rows.append(("columns", ", ".join(one["name"] for one in header["inputs"])))
    if header.get("detector"):
        rows.append(("detector", str(header["detector"]["kind"])))
    if header.get("threshold_rule"):
        rows.append(("threshold", f"{header['threshold']:.6g}: {header['threshold_rule']}"))
    if header.get("note"):
        rows.append(("note", str(header["note"])))
    return rows


COMMAND = Command(
    name="inspect",
    summary="what a model file holds: choices, threshold, importance",
    description="Say what a model file holds. Reading one runs no code.",
    examples=("nad inspect office.nad", "nad inspect office.nad --header --json | jq .header.inputs[].name"),
    add_options=_add_options,
    run=_run,
    keys="""
file
header        what the file says of itself
description   what was chosen and learnt, as text
importance, threshold, records_per_day, families   of whole models
""",
)
