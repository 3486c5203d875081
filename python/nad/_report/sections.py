"""The sections of a report, each a function of the facts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nad import plots
from nad._report.page import escaped, table, tiles
from nad._words import UNKNOWN, attention, plural
from nad.plots._chart import IN_PAGE
from nad.plots._ticks import moment

if TYPE_CHECKING:
    from nad._report.facts import Facts
    from nad.evaluation import Evaluation

_SHORT = 1 / 24  # days; rates a day of less are a guess
_MOST_COLUMNS = 40


def summary(facts: Facts) -> str:
    """What, when, how much, and whether that is what was promised."""
    findings, rows = facts.findings, len(facts.table)
    share = f"{100 * len(findings) / rows:.3g} % of all" if rows else ""
    span = "the records have no times"
    if facts.span is not None:
        span = f"{moment(facts.span[0])} to {moment(facts.span[1])} UTC"
    figures = [
        ("records", f"{rows:,}", escaped(facts.table.source or "a table")),
        ("time", _duration(facts.days), span),
        ("reported", f"{len(findings):,}", share),
        ("reported a day", *_realised(facts)),
        ("promised a day", *_promised(facts)),
        ("threshold", f"score {findings.limit.score:.4g}", _rule(facts)),
    ]
    verdict = '<span class="strong">Needs attention.</span> ' if findings.drift.needs_attention else ""
    first, *others = attention(findings.drift)
    more = "".join(f"<p>{escaped(one, 400)}</p>" for one in others)
    return f"{tiles(figures)}<p>{verdict}{escaped(first, 400)}</p>{more}"


def _duration(days: float) -> str:
    if math.isnan(days):
        return "unknown"
    for size, unit in ((1.0, "days"), (1 / 24, "hours"), (1 / 1440, "minutes")):
        if days >= size:
            return f"{days / size:.3g} {unit}"
    return f"{days * 86_400:.3g} seconds"


def _realised(facts: Facts) -> tuple[str, str]:
    if math.isnan(facts.days):
        return "unknown", "the records span no time"
    rate = len(facts.findings) / facts.days
    return f"{rate:,.3g}" if rate < 1000 else f"{rate:,.0f}", (
        "of less than an hour: a guess" if facts.days < _SHORT else "of these records, attacks included"
    )


def _promised(facts: Facts) -> tuple[str, str]:
    """False alerts that normal traffic was expected to bring."""
    share = facts.promised_share
    if not facts.by_model_threshold:
        return "-", "what is reported follows from a rate of false discoveries"
    if math.isnan(share):
        return "-", "the threshold promises nothing"
    percent = f"{100 * share:.2g} % of normal records"
    if not math.isnan(facts.days):
        return f"{share * len(facts.table) / facts.days:,.3g}", f"{percent}, at the pace of these records"
    if facts.model.records_per_day is not None:
        return f"{share * facts.model.records_per_day:,.3g}", f"{percent}, at the pace of the training records"
    return "unknown", f"{percent}; how many a day brings is unknown"


def _rule(facts: Facts) -> str:
    if not facts.by_model_threshold:
        return f"in the place of the model's: {escaped(facts.model.threshold_rule)}"
    words = escaped(facts.model.threshold_rule)
    return words + (" (extrapolated: few calibration records)" if facts.findings.limit.extrapolated else "")


def timelines(facts: Facts) -> str:
    """How many are reported when, and the scores."""
    promised = None if math.isnan(facts.promised_share) else facts.promised_share
    counts = plots.timeline(facts.table, facts.findings, kind="counts", promised=promised, backend="svg", style=IN_PAGE)
    scores = plots.timeline(facts.table, facts.findings, max_points=1500, backend="svg", style=IN_PAGE)
    return _pictures([counts, scores])


def scores(facts: Facts) -> str:
    """How scores are spread, and what they depend on."""
    spread = plots.score_distribution(facts.findings, calibration=facts.model, backend="svg", style=IN_PAGE)
    weights = plots.importance(facts.model, most=12, backend="svg", style=IN_PAGE)
    meaning = (
        "The line is how scores of normal calibration records are spread. Where the bars rise far above it, there are "
        "more such records than normal traffic has."
    )
    return f"<p>{meaning}</p>{_pictures([spread, weights])}"


def _pictures(pictures: list[str]) -> str:
    """Beside each other where there is room."""
    return '<div class="charts">' + "".join(f"<div>{one}</div>" for one in pictures) + "</div>"


def learnt(facts: Facts) -> str:
    """The model in its own words."""
    head, *lines = facts.model.describe().strip().splitlines()
    items = "".join(f"<li>{escaped(line.lstrip('- '), 600)}</li>" for line in lines if line.strip())
    return f"<p>{escaped(head, 600)}</p><ul>{items}</ul>"


def evaluation(facts: Facts) -> str:
    """How good the scores are where the truth is known."""
    found = facts.evaluation
    if found is None:
        return f"<p>The labels say nothing of the scores: {escaped(facts.no_evaluation, 400)}</p>"
    pictures = [
        plots.roc(found, backend="svg", style=IN_PAGE),
        plots.precision_recall(found, backend="svg", style=IN_PAGE),
        plots.confusion(found, backend="svg", style=IN_PAGE),
    ]
    truth = ""
    if found.rows == len(facts.table):
        truth = f"<p>{found.attacks:,.0f} of the {found.rows:,} records are attacks.</p>"
    figures = [
        *_verdicts(facts, found),
        ("ROC-AUC", _figure(found.roc_auc), _interval(found.roc_auc)),
        ("PR-AUC", _figure(found.average_precision), _interval(found.average_precision)),
        ("F1", _figure(found.f1), _interval(found.f1)),
    ]
    by_run = facts.reported_by_run
    if by_run:
        first = "The first three figures and t" if facts.attacks_reported is not None else "T"
        count = "count" if facts.attacks_reported is not None else "counts"
        truth += (
            f"<p>{plural(by_run, 'record')} of those that are reported {'is' if by_run == 1 else 'are'} so because of "
            f"what one source did with them together. {first}he column <b>reported</b> {count} them; all else here is "
            "of the score of each record by itself.</p>"
        )
    return truth + tiles(figures) + _families(facts, found) + _pictures(pictures)


def _verdicts(facts: Facts, found: Evaluation) -> list[tuple[str, str, str]]:
    """Right and wrong alerts: of what is reported, where it is known which of that are attacks, else by the scores."""
    right, wrong = float(found.true_positives), float(found.false_positives)
    if facts.attacks_reported is not None:
        right, wrong = facts.attacks_reported, len(facts.findings) - facts.attacks_reported
    alerts = right + wrong
    attacks, normals = float(found.attacks), float(found.normals)
    return [
        ("attacks found", _percent(right / attacks if attacks else math.nan), f"{right:,.0f} of {attacks:,.0f}"),
        (
            "alerts that are attacks",
            _percent(right / alerts if alerts else math.nan),
            plural(int(wrong), "false alert") if alerts else "no score is above the threshold",
        ),
        ("normal records reported", _percent(wrong / normals if normals else math.nan), f"of {normals:,.0f}"),
    ]


def _percent(share: float) -> str:
    if math.isnan(share):
        return UNKNOWN
    text = f"{100 * share:.3g}"
    return f"{text} %" if text != "100" or share >= 1 else f"{min(100 * share, 99.99):.4g} %"


def _figure(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:.4f}"


def _interval(estimate: object) -> str:
    low, high = getattr(estimate, "low", math.nan), getattr(estimate, "high", math.nan)
    return "" if math.isnan(low) else f"{low:.3f} to {high:.3f}"


def _families(facts: Facts, found: Evaluation) -> str:
    if not found.families:
        return ""
    reported = facts.reported_of_families
    rows = [
        [
            escaped(one.name, 60),
            f"{one.attacks:,.0f}",
            f"{reported[one.name]:,}" if one.name in reported else UNKNOWN,
            f"{one.found:,.0f}",
            _percent(one.recall),
            _figure(one.roc_auc),
            "" if one.episodes is None else f"{one.episodes_detected:,} of {one.episodes:,}",
        ]
        for one in sorted(found.families.values(), key=lambda one: -one.attacks)[:_MOST_COLUMNS]
    ]
    noticed = "episodes noticed by score" if facts.reported_by_run else "episodes noticed"
    headings = ["family", "attacks", "reported", "above the threshold", "recall", "ROC-AUC", noticed]
    if not reported:
        headings.pop(2)
        rows = [[*row[:2], *row[3:]] for row in rows]
    return table(headings, rows, set(range(1, len(headings))))


def quality(facts: Facts) -> str:
    """What was wrong with the records, and what of them was not used."""
    parts = []
    if facts.read_report is not None:
        skipped = facts.read_report.skipped
        lost = sum(skipped.values())
        parts.append(
            f"<p>{facts.read_report.rows:,} rows of {escaped(facts.read_report.format)} were read, "
            f"{lost:,} malformed ones were left out.</p>"
        )
        if skipped:
            rows = [[escaped(reason, 160), f"{count:,}"] for reason, count in skipped.items()]
            parts.append(table(["malformed", "rows"], rows[:_MOST_COLUMNS], {1}))
        parts += [f"<p>{escaped(note, 400)}</p>" for note in facts.read_report.notes]
    parts += [f'<p class="strong">{escaped(one, 400)}</p>' for one in facts.model._model.warnings]
    missing = {name: facts.table[name].missing_count for name in facts.table.columns}
    gaps = sorted(((name, count) for name, count in missing.items() if count), key=lambda item: -item[1])
    if gaps:
        rows = [[escaped(name, 60), f"{count:,}", _percent(count / len(facts.table))] for name, count in gaps]
        parts.append("<h3>Missing values</h3>" + table(["column", "missing", "share"], rows[:_MOST_COLUMNS], {1, 2}))
    else:
        parts.append("<p>No value is missing.</p>")
    left_out = facts.model.pipeline.left_out
    if left_out:
        rows = [[escaped(name, 60), escaped(why, 200)] for name, why in left_out.items()]
        parts.append("<h3>Not learnt from</h3>" + table(["column", "because"], rows[:_MOST_COLUMNS]))
        if len(left_out) > _MOST_COLUMNS:
            parts.append(f'<p class="remark">and {len(left_out) - _MOST_COLUMNS:,} more</p>')
    return "".join(parts)
