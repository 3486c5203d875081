"""``nad evaluate`` says how good a model is on records whose truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nad._flow_labels import with_truth
from nad.cli._command import Command, Exit, whole
from nad.cli._console import printable_lines
from nad.cli._inputs import (
    add_input_options,
    add_jobs_option,
    add_model_option,
    add_threshold_options,
    load_model,
    read_records,
)
from nad.evaluation import evaluate

if TYPE_CHECKING:
    import argparse

    from nad.cli._console import Console

__all__ = ["COMMAND"]


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_input_options(parser)
    add_model_option(parser)
    group = parser.add_argument_group("truth")
    group.add_argument(
        "--truth",
        metavar="CSV",
        help="labels of flows, such as `nad simulate --truth` writes; found by addresses, ports and times",
    )
    group.add_argument("--label", metavar="COLUMN", help="the column with the labels; found if not given")
    group.add_argument("--normal", metavar="WORD", help="what normal records are called there; found if not given")
    group = parser.add_argument_group("report")
    group.add_argument(
        "--bootstrap",
        type=whole(0),
        metavar="N",
        help="replicates of the intervals; 0: none (1,000, fewer of many records)",
    )
    group.add_argument("--seed", type=whole(0), default=0, metavar="N", help="of the intervals (%(default)s)")
    group.add_argument("--curves", action="store_true", help="with --json: the ROC and precision-recall curves, too")
    add_jobs_option(group)
    add_threshold_options(parser, "another threshold than that of the model")


def _run(options: argparse.Namespace, console: Console) -> int:
    model = load_model(options)
    table, _ = read_records(options, console)
    if options.truth:
        table = with_truth(table, options.truth)
    if options.label:
        table = table.with_role([name for name, role in table.roles.items() if role == "label"], "identifier")
        table = table.with_role(options.label, "label")
    found = evaluate(
        model.anomaly_score(table, progress=console.progress),
        table,
        threshold=model.threshold.score,
        normal=options.normal,
        n_bootstrap=options.bootstrap,
        random_state=options.seed,
        n_jobs=options.jobs,
        progress=console.bars,
    )
    if options.json:
        console.json(found.to_dict(curves=options.curves))
    else:
        console.lines(printable_lines(str(found)))
    return Exit.OK


COMMAND = Command(
    name="evaluate",
    summary="how good a model is, where the truth is known",
    description="Judge a model on records with labels: areas under the curves, recall at low false positive rates, "
    "alerts a day, each family of attacks, all with intervals.",
    examples=(
        "nad evaluate KDDTest+.txt -m kdd.nad",
        "nad evaluate today.pcap --truth today.csv -m office.nad",
        "nad evaluate flows.csv -m office.nad --label verdict --normal ok --json | jq .roc_auc",
    ),
    add_options=_add_options,
    run=_run,
    keys="""
rows, attacks, normals, threshold, confidence
confusion   true_negatives, false_positives, false_negatives, true_positives
accuracy, precision, recall, f1, roc_auc, ...   each: value, low, high
rates       recall at false positive rates
families    the same for each kind of attack
days, alerts_per_day, false_alerts_per_day, delays
roc_curve, precision_recall_curve   with --curves
""",
)
