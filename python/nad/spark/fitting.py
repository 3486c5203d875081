"""Models, detectors and pipelines that learn from DataFrames.

An isolation forest sees few rows of however many: the numbers of those that its trees draw follow from the seed and the
number of rows, and only these travel to the driver. What needs all rows at once learns from a sample of bounded size,
which follows from the seed and the number of rows in the same way, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nad import _core, _frames
from nad._random import seed_from
from nad.errors import InvalidArgumentError, InvalidDataError
from nad.estimators import IsolationForest
from nad.estimators._detector import DetectorEstimator
from nad.features import FeaturePipeline
from nad.model import Model
from nad.spark._frames import chosen, context_of, looks_back, table_of, whole_number
from nad.spark._quantile import threshold_of
from nad.spark._rows import NumberedRows
from nad.spark.scoring import anomaly_score, check_looks_at_rows_alone, number_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt
    from pyspark.sql import DataFrame

    from nad.table import Table


@dataclass(frozen=True)
class Fit:
    """What was learnt, and from what; ``str`` of it is a sentence for people.

    Attributes
    ----------
    model : Model, estimator or FeaturePipeline
        What was given, which has learnt.
    rows, fetched : int
        Of the frame, and how many of them the driver has seen.
    exact : bool
        Whether it is what one machine learns from all rows.
    text : str
        The sentence.
    """

    model: Any  #: what was given, which has learnt
    rows: int  #: of the frame
    fetched: int  #: of these the driver has seen
    exact: bool  #: what one machine learns from all rows
    text: str

    def __str__(self) -> str:
        return self.text


def fit(
    learner: Model | DetectorEstimator[Any] | FeaturePipeline,
    frame: DataFrame,
    *,
    columns: Sequence[str] | str | None = None,
    pipeline: FeaturePipeline | None = None,
    types: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    order_by: Sequence[str] | str | None = None,
    most_rows: int = 200_000,
    random_state: Any = 0,
) -> Fit:
    """Learn from a DataFrame, in place, as ``learner.fit`` does; what it was learnt from is in what comes back.

    - An `IsolationForest` is the one that ``fit`` grows from all rows on one machine, whatever the partitions: trees,
      threshold and scores, to the bit. Rows that no tree draws are not searched for NaN unless contamination is set.
    - A `Model`, a `FeaturePipeline` and all other detectors (k-means, autoencoder, One-Class SVM, ensembles, ...), and
      a forest with ``unique_rows`` or ``missing="impute"``, learn from a sample of `most_rows` rows, drawn without
      replacement, in the order of the rows. Of frames that are not larger they learn all, as on one machine.

    Parameters
    ----------
    learner : Model, a detector or FeaturePipeline
    frame : DataFrame
        It is computed twice, and must come in the same order: ``cache()`` it where it is the result of a shuffle, or
        give `order_by`.
    columns : names, optional
        What to learn from. If nothing is said, a detector without a `pipeline` learns from the columns that hold
        numbers, anything else from all.
    pipeline : FeaturePipeline, optional
        Fitted; makes a detector's features of the rows that it learns from. It must look at each row alone.
    types, roles : mapping, optional
        As in `Table`.
    order_by : names, optional
        The rows are numbered in this order, which costs a sort; rows that it leaves in no order by their other columns.
        Else in the order in which ``collect()`` gives them.
    most_rows : int
        Of a sample.
    random_state : int, RandomState, Generator or None
        Which rows are in a sample.
    """
    context_of(frame)
    whole_number(most_rows, "most_rows", 2)
    if not isinstance(learner, (Model, DetectorEstimator, FeaturePipeline)):
        raise InvalidArgumentError(f"{learner!r} cannot learn; give a nad.Model, a detector or a FeaturePipeline")
    if pipeline is not None and not isinstance(learner, DetectorEstimator):
        raise InvalidArgumentError("pipeline= is for detectors; a model takes one when it is made")
    if isinstance(learner, DetectorEstimator) and learner._wants_labels():
        raise InvalidArgumentError(
            "this detector learns from labels, which a model finds: nad.Model(training='labelled', detector=...)"
        )
    if pipeline is not None:
        check_looks_at_rows_alone(pipeline)
    names = chosen(frame, _default_columns(learner, frame, pipeline) if columns is None else columns, "columns")
    given, meant = _of_these(types, names, "types"), _of_these(roles, names, "roles")

    with NumberedRows(frame, names, order_by) as rows:
        if len(rows) < 2:
            raise InvalidDataError(f"nothing can be learnt from {len(rows)} rows; give at least 2")

        def take(numbers: npt.NDArray[np.uint64]) -> Table:
            return _with_roles(table_of(rows.take(numbers), names, given), meant)

        if isinstance(learner, IsolationForest) and sees_few_rows(learner):
            return _fit_forest(learner, frame, len(rows), take, pipeline=pipeline, types=given)
        numbers = _sample(len(rows), most_rows, seed_from(random_state))
        table = take(numbers)
        if isinstance(learner, Model):
            _fit_model(learner, table, len(rows))
        elif isinstance(learner, FeaturePipeline):
            if len(table) < len(rows):
                _refuse_windows(learner.steps)
            learner.fit(table)
        else:
            learner.fit(table if pipeline is None else pipeline.transform(table))
        return _told(learner, len(rows), len(table))


def row_pipeline(
    frame: DataFrame,
    *,
    two_views: bool = False,
    types: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    order_by: Sequence[str] | str | None = None,
    most_rows: int = 20_000,
    random_state: Any = 0,
) -> FeaturePipeline:
    """`FeaturePipeline.automatic` without the steps that look at the records before: each row alone, on any partition.

    Not fitted yet; chosen by a sample of `most_rows` rows. Other parameters are those of `fit`.

    >>> model = nad.Model(pipeline=nad.spark.row_pipeline(flows), detector=nad.IsolationForest())
    """
    with NumberedRows(frame, frame.columns, order_by) as rows:
        numbers = _sample(len(rows), most_rows, seed_from(random_state))
        table = _with_roles(table_of(rows.take(numbers), frame.columns, types or {}), roles or {})
    steps = FeaturePipeline.automatic(table, two_views=two_views).steps
    return FeaturePipeline([step for step in steps if not looks_back([step])])


def _with_roles(table: Table, roles: Mapping[str, str]) -> Table:
    for role in set(roles.values()):
        table = table.with_role([name for name in roles if roles[name] == role], role)
    return table


def sees_few_rows(forest: IsolationForest) -> bool:
    """Whether its trees need nothing but the rows that they draw."""
    return forest.unique_rows is False and forest.missing != "impute"


def _fit_forest(
    forest: IsolationForest,
    frame: DataFrame,
    rows: int,
    take: Callable[[npt.NDArray[np.uint64]], Table],
    *,
    pipeline: FeaturePipeline | None,
    types: Mapping[str, str],
) -> Fit:
    if forest.warm_start:
        raise InvalidArgumentError("nad.spark.fit grows a forest anew; set warm_start=False")
    detector = forest._new_detector()
    contamination = detector.options["contamination"]
    detector.set_contamination(None)
    numbers = detector.drawn_rows(rows)
    table = take(numbers)
    features, names = _frames.to_array(table) if pipeline is None else (pipeline.transform(table), None)
    detector.fit_drawn(features, numbers, rows, n_jobs=forest._threads())
    text = (
        f"isolation_forest: {detector.n_trees:,} trees that see {detector.samples_per_tree:,} rows each of all "
        f"{rows:,} rows; {len(numbers):,} were drawn, and the forest is that of one machine"
    )
    if contamination is not None:
        fitted = IsolationForest._from_detector(detector, names)
        of_these = {name: kind for name, kind in types.items() if names is None or name in names}
        scores = anomaly_score(fitted, frame, keep=[], columns=names, pipeline=pipeline, types=of_these)
        detector.threshold = threshold_of(scores, contamination)
        detector.set_contamination(contamination)
        text += f"; a share of {contamination:.3g} of the scores of all rows lies above its threshold"
    forest._detector, forest._names = detector, names
    return Fit(forest, rows, len(numbers), exact=True, text=text)


def _fit_model(model: Model, table: Table, rows: int) -> None:
    options = model._model.options
    if len(table) < rows:
        given = model._model.pipeline
        steps = FeaturePipeline._from_core(given).steps or FeaturePipeline.automatic(table).steps
        _refuse_windows(steps)
        if options["runs"] and options["training"] == "clean" and table.types.get("src_ip") == "address":
            raise InvalidArgumentError(
                f"runs of a source cannot be learnt from a sample of {len(table):,} of {rows:,} rows; make the model "
                "with runs=False, or raise most_rows"
            )
    model.fit(table)
    if len(table) < rows and options["records_per_day"] is None and model.records_per_day is not None:
        model.records_per_day = model.records_per_day * rows / len(table)  # the sample's days brought so many fewer


def _refuse_windows(steps: Sequence[Mapping[str, Any]]) -> None:
    if step := looks_back(steps):
        raise InvalidArgumentError(
            f"the step {step} looks at the records before each record, and a sample lacks most of them; leave it out, "
            "as nad.spark.row_pipeline does, or raise most_rows beyond the rows of the frame"
        )


def _of_these(given: Mapping[str, str] | None, names: Sequence[str], option: str) -> dict[str, str]:
    if unknown := [name for name in given or {} if name not in names]:
        raise InvalidDataError(f"{option}: {unknown[0]!r} is none of the columns to learn from: {', '.join(names)}")
    return dict(given or {})


def _default_columns(learner: Any, frame: DataFrame, pipeline: FeaturePipeline | None) -> list[str]:
    if pipeline is not None:
        return chosen(frame, pipeline.inputs, "pipeline")
    if isinstance(learner, DetectorEstimator):
        return number_columns(frame)
    return list(frame.columns)


def _sample(rows: int, most: int, seed: int) -> npt.NDArray[np.uint64]:
    """Row numbers that rise: all, or so many of them, each set of them as likely as any other."""
    if rows <= most:
        return np.arange(rows, dtype=np.uint64)
    one_tree = _core.IsolationForest(n_estimators=1, max_samples=most, random_state=seed)  # draws without replacement
    return one_tree.drawn_rows(rows)


def _told(learner: Any, rows: int, learnt: int) -> Fit:
    if isinstance(learner, Model):
        what = f"model of {learner._model.detector.kind}"
    else:
        what = "feature pipeline" if isinstance(learner, FeaturePipeline) else str(learner._fitted("fit").kind)
    if learnt == rows:
        return Fit(learner, rows, learnt, exact=True, text=f"{what}: learnt from all {rows:,} rows, on the driver")
    text = (
        f"{what}: learnt from a sample of {learnt:,} of {rows:,} rows, on the driver; it needs its rows at once, and "
        "most_rows says how many may travel there"
    )
    return Fit(learner, rows, learnt, exact=False, text=text)
