"""``nad train``: learn what is normal, and save it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nad._configuration import detector_kinds
from nad._words import plural
from nad.cli._command import Command, Exit, UsageError, number, whole
from nad.cli._console import printable_lines
from nad.cli._inputs import (
    add_input_options,
    add_jobs_option,
    add_threshold_options,
    chosen_rule,
    options_checked,
    read_records,
)
from nad.cli._outputs import keep_apart
from nad.cli._values import completes, value_of
from nad.errors import Error
from nad.model import Model
from nad.persist import read_header

if TYPE_CHECKING:
    import argparse

    from nad.cli._console import Console

__all__ = ["COMMAND"]


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_input_options(parser)
    parser.add_argument(
        "-o", "--output", required=True, metavar="MODEL", help="where the model goes, such as office.nad"
    )
    group = parser.add_argument_group("learning")
    group.add_argument(
        "--config", metavar="FILE",
        help="a JSON file with what follows and more, such as the members of an ensemble and the steps of a pipeline, "
        "as nad.Model.from_config takes it; what is said here counts more",
    )  # fmt: skip
    group.add_argument(
        "--training", choices=("clean", "mixed", "labelled"),
        help="what the records are: believed to be normal, whatever the network carried, or labelled (clean)",
    )  # fmt: skip
    group.add_argument("--label", metavar="COLUMN", help="the column with the labels; found if not given")
    group.add_argument("--normal", metavar="WORD", help="what normal records are called there; found if not given")
    group.add_argument("--drop", metavar="A,B,...", help="columns that are not learnt from")
    detector = group.add_argument(
        "--detector", metavar="KIND[:option=..,...]",
        help="in the place of the one that is chosen, such as isolation_forest:n_estimators=200; one of "
        + ", ".join(sorted(_detectors())),
    )  # fmt: skip
    completes(
        detector, lambda: {kind: [f"{name}=" for name in made().get_params()] for kind, made in _detectors().items()}
    )
    group.add_argument(
        "--calibration",
        type=number(),
        metavar="SHARE",
        help="of the records, held out to set the threshold by (0.2)",
    )
    group.add_argument(
        "--seed",
        type=whole(0),
        metavar="N",
        help="the same one gives the same model, byte for byte (0)",
    )
    group.add_argument("--note", default="", metavar="TEXT", help="stays in the file")
    add_jobs_option(group)
    add_threshold_options(parser, "what is reported (at most 1 % of normal records if nothing is said)", labelled=True)


def _detectors() -> dict[str, Any]:
    """Estimators by the kinds that model files call them by, but for ensembles, which have members."""
    found = detector_kinds()
    del found["ensemble"]
    return found


def _detector(text: str, seed: int) -> Any:
    kind, _, rest = text.partition(":")
    classes = _detectors()
    if kind == "ensemble":
        raise UsageError("an ensemble has members with options of their own; give it by --config")
    if kind not in classes:
        raise UsageError(f"there is no detector {kind!r}. There are: {', '.join(sorted(classes))}")
    chosen = _detector_options(rest)
    names = classes[kind]().get_params()
    for name in chosen:
        if name not in names:
            raise UsageError(f"{kind} has no option {name!r}. It has: {', '.join(sorted(names))}")
    if "random_state" in names:
        chosen.setdefault("random_state", seed)
    return classes[kind](**chosen)


def _detector_options(said: str) -> dict[str, Any]:
    """``n_estimators=200,max_samples=auto``: numbers, true, false and none are such, all else is a text."""
    found = {}
    for part in filter(None, said.split(",")):
        name, equals, value = part.partition("=")
        if not equals or not name:
            raise UsageError(f"--detector {part}: give KEY=VALUE")
        found[name.strip().replace("-", "_")] = value_of(value)
    return found


def _configuration(path: str | None) -> dict[str, Any]:
    """What a file says of a model."""
    if path is None:
        return {}
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise UsageError(f"--config {path} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise UsageError(f'--config {path} holds no object; give one such as {{"detector": {{"kind": "kmeans"}}}}')
    return found


def _model(options: argparse.Namespace) -> Model:
    """As the options have it, and what they do not say as the file has it."""
    config = _configuration(options.config)
    said = {
        "training": options.training,
        "threshold": chosen_rule(options),
        "calibration": options.calibration,
        "records_per_day": options.records_per_day,
        "label": options.label,
        "normal": options.normal,
        "random_state": options.seed,
        "n_jobs": options.jobs,
    }
    config |= {name: value for name, value in said.items() if value is not None}
    if options.detector is not None:
        config["detector"] = _detector(options.detector, config.get("random_state", 0))
    if options.config is None:
        return Model(**config)
    try:
        with options_checked(f"--config {options.config}"):
            return Model.from_config(config)
    except Error as error:
        raise type(error)(f"--config {options.config}: {error}") from error


def _run(options: argparse.Namespace, console: Console) -> int:
    keep_apart({"-o": options.output}, [*options.files, options.config])
    model = _model(options)
    table, reports = read_records(options, console)
    if options.drop:
        table = table.drop([name.strip() for name in options.drop.split(",")])
    began = time.monotonic()
    with options_checked("--detector" if options.detector else "--config"):
        model.fit(table, progress=console.progress)
    seconds = time.monotonic() - began
    model.save(options.output, note=options.note)
    size = os.path.getsize(options.output)  # noqa: PTH202
    if options.json:
        header = read_header(options.output)
        console.json(
            {
                "model": options.output,
                "bytes": size,
                "seconds": round(seconds, 3),
                "files": [name for name, _ in reports],
                "records": len(table),
                "threshold": {**vars(model.threshold), "rule": str(model.threshold_rule)},
                "records_per_day": model.records_per_day,
                "importance": model.importance(),
                "description": model.describe(),
                "training": header["training"],
                "detector": header["detector"]["kind"],
            }
        )
        return Exit.OK
    for line in printable_lines(model.describe()):
        console.wrapped(line, further="  ")
    console.line()
    console.line(
        f"learnt from {plural(len(table), 'record')} in {seconds:.1f} s; wrote {options.output} ({size / 1e6:.1f} MB)"
    )
    console.line(f"next: nad detect FILE -m {options.output}")
    return Exit.OK


COMMAND = Command(
    name="train",
    summary="learn what is normal from records, and save the model",
    description="Learn from records what normal traffic is like, choose features, detectors and a threshold, and save "
    "all of it as one file.",
    examples=(
        "nad train last_week.log.gz -o office.nad --alerts-per-day 20",
        "nad train monday.pcap tuesday.pcap -o office.nad",
        "nad train all_traffic.csv --training mixed --contamination 0.01 -o office.nad",
        "nad train KDDTrain+.txt --training labelled --f-beta 1 -o kdd.nad",
        "nad train flows.csv --detector isolation_forest:n_estimators=200 -o forest.nad",
        "nad train flows.csv --config ensemble.json -o ensemble.nad",
    ),
    add_options=_add_options,
    run=_run,
    keys="""
model, bytes, seconds, files, records
threshold        score, extrapolated, rule
records_per_day  or null
importance       column: share of what scores are made of
description      what was chosen, and why, as text
training, detector  what the file says of them
""",
)
