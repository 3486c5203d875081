"""Records that come one after the other, each judged at once.

>>> scorer = nad.RecordScorer(nad.load("office.nad"))
>>> for record in messages:  # dicts
...     finding = scorer.detect(record)
...     if finding is not None:
...         print(finding)
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from nad import _core
from nad._columns import to_column
from nad._core import RecordScore
from nad.errors import InvalidArgumentError
from nad.model import Findings, Model
from nad.table import core_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nad._core import Finding
    from nad._progress import ProgressCallback

__all__ = ["RecordScore", "RecordScorer"]

_NUMBERS = ("number", "integer", "boolean")


class RecordScorer:
    """Gives one record at a time what `Model.detect` gives a table of them, bit for bit.

    Parameters
    ----------
    model : Model
        A fitted one. Later changes of it do not reach the scorer.

    A scorer remembers what steps that look back need. It belongs to one thread; many may be made of one model. Copies
    and pickles go on with the numbers of records; where steps look back, they can be made before the first record only.
    """

    def __init__(self, model: Model) -> None:
        if not isinstance(model, Model):
            raise InvalidArgumentError(f"model is {model!r}; give a fitted nad.Model")
        self._core = _core.RecordScorer(model._model, _column_of, 0)

    def score(self, record: Mapping[str, Any]) -> RecordScore:
        """Judge a record: a value for each of `inputs`, None where it is not known. Other keys are ignored."""
        return self._core.score(_as_dict(record))

    def detect(self, record: Mapping[str, Any], *, most_reasons: int = 5) -> Finding | None:
        """Judge a record; a finding with its reasons where it is reported, else None."""
        return self._core.detect(_as_dict(record), most_reasons)

    def detect_table(
        self,
        table: Any,
        *,
        most_reasons: int = 5,
        most_explained: int = 10_000,
        n_jobs: int = 1,
        progress: ProgressCallback | None = None,
    ) -> Findings:
        """Judge many records as if they had come one by one: steps that look back go on from the records before."""
        return Findings(self._core.detect_table(core_table(table), most_reasons, most_explained, n_jobs, progress))

    def explain(self, *, most_reasons: int = 5) -> Finding:
        """The finding of the record that was judged last, reported or not."""
        return self._core.explain(most_reasons)

    @property
    def records(self) -> int:
        """How many were judged. A finding's row is the number of its record, counted from 0."""
        return self._core.records

    @property
    def inputs(self) -> dict[str, str]:
        """The columns that a record has to have, and their types."""
        return dict(self._core.inputs)

    def __copy__(self) -> RecordScorer:
        return copy.deepcopy(self)

    def __repr__(self) -> str:
        return f"<RecordScorer of {len(self.inputs)} columns, {self.records:,} records>"


def _as_dict(record: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(record, dict):
        return record
    if not hasattr(record, "keys"):
        raise InvalidArgumentError(f"a record is a dict with a value for each column, not {type(record).__name__}")
    return {name: record[name] for name in record.keys()}  # noqa: SIM118 - a pandas series iterates over its values


def _column_of(value: Any, kind: str, name: str) -> _core.Column:
    """What a table would make of a value, in the type that the model learnt from."""
    column = to_column([value], name)
    if column.type == kind or (column.type in _NUMBERS and kind in _NUMBERS) or column.missing_count == 1:
        return column
    if column.type not in ("text", "category"):
        raise InvalidArgumentError(f"column {name!r} is of type {kind} and was given {value!r}")
    return column.convert(kind, name)
