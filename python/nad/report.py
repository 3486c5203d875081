"""One page that says what was found, why, and how far to believe it.

>>> nad.report("monday.html", model, flows)  # one file, without scripts; opens in any browser, and prints
>>> flows, read = nad.read("conn.log.gz", on_error="skip", return_report=True)
>>> nad.report("monday.html", model, flows, model.detect(flows), read_report=read, title="Monday, branch office")
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nad import _core
from nad._report import sections
from nad._report.facts import Facts, gathered_evaluation
from nad._report.findings import listing
from nad._report.hosts import by_host
from nad._report.page import Section, escaped, page
from nad.errors import InvalidArgumentError, IoError
from nad.model import Findings, Model
from nad.table import Table

if TYPE_CHECKING:
    from nad.evaluation import Evaluation
    from nad.reading import ReadReport

__all__ = ["report"]


def report(
    path: str | os.PathLike[str] | None,
    model: Model,
    table: Any,
    findings: Findings | None = None,
    *,
    title: str = "What is unusual in this traffic",
    note: str = "",
    evaluation: Evaluation | bool | None = None,
    read_report: ReadReport | None = None,
    most_entries: int = 300,
) -> str:
    """Write a page about what a model finds in a table, and return its text.

    It holds a summary, the findings with their reasons, when they happened, the hosts with most of them, the scores,
    what was learnt, how good the scores are where there are labels, and what was wrong with the data. The page is one
    file of less than a megabyte that loads nothing and runs no script; it follows the light or dark of its reader.

    Parameters
    ----------
    path : path or None
        Where the page goes; it appears when it is whole. None: it is only returned.
    model : Model
    table : Table, or anything that it takes
        The records that the model is asked about.
    findings : Findings, optional
        What it found in them; it is asked if nothing is given.
    title, note : str
        What stands on top.
    evaluation : Evaluation or bool, optional
        Made of the labels of the table where there are any; False: none; True: an error where it cannot be made.
    read_report : ReadReport, optional
        What `nad.read` left out.
    most_entries : int
        So many incidents are listed, see `nad.incidents`; fewer where the page would grow too large.
    """
    if not isinstance(model, Model):
        raise InvalidArgumentError(f"model is {type(model).__qualname__}; give a nad.Model, or nad.load(path)")
    records = table if isinstance(table, Table) else Table(table)
    found = model.detect(records) if findings is None else findings
    if not isinstance(found, Findings):
        raise InvalidArgumentError(f"findings are {type(found).__qualname__}; give what model.detect(table) gave")
    if len(found.scores) != len(records):
        raise InvalidArgumentError(
            f"the findings are of {len(found.scores):,} records, but the table has {len(records):,}; give the table "
            "that the model was asked about"
        )
    judged, why_not = gathered_evaluation(model, records, found, evaluation)
    facts = Facts(model, records, found, read_report, judged, why_not)
    made = dt.datetime.now(dt.timezone.utc)
    subtitle = f"nad {escaped(_core.__version__)}, {made:%Y-%m-%d %H:%M} UTC"
    if note:
        subtitle += f"<br>{escaped(note, 1000)}"
    text = page(escaped(title), subtitle, _sections(facts, most_entries))
    if path is not None:
        _write(Path(path), text)
    return text


def _sections(facts: Facts, most_entries: int) -> list[Section]:
    found = [
        Section("summary", "Summary", sections.summary(facts)),
        Section("time", "When", sections.timelines(facts)),
        Section("findings", "Findings", listing(facts, most_entries)),
    ]
    if hosts := by_host(facts):
        found.append(Section("hosts", "Hosts", hosts))
    found.append(Section("scores", "Scores", sections.scores(facts)))
    if facts.evaluation is not None or facts.no_evaluation:
        found.append(Section("evaluation", "Beside the labels", sections.evaluation(facts)))
    found.append(Section("learnt", "What was learnt", sections.learnt(facts)))
    found.append(Section("quality", "Data quality", sections.quality(facts)))
    return found


def _write(path: Path, text: str) -> None:
    """To a temporary name first, so that nobody sees half a page; into a device or a pipe directly."""
    path = path.resolve() if path.is_symlink() and path.resolve().is_file() else path  # the link stays one
    if path.exists() and not path.is_file():
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise IoError(f"{path} cannot be written: {error.strerror or error}") from error
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise IoError(f"{path} cannot be written: {error.strerror or error}") from error
