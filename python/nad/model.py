"""From records to findings: a feature pipeline, a detector and a threshold as one value and one file.

>>> model = nad.Model(training="clean", threshold=nad.ThresholdRule.alerts_per_day(20))
>>> model.fit(nad.read("last_week.log"))  # believed to be normal
>>> print(model.describe())  # what was chosen, and why
>>> findings = model.detect(nad.read("today.log"))
>>> print(findings[0])  # the most anomalous record, with the reasons
>>> model.save("office.nad")  # nad.load, or nad::Model::load in C++: the same findings, bit for bit
"""

from __future__ import annotations

import inspect
import os
import warnings
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from nad import _core
from nad._arguments import text_from
from nad._configuration import model_options
from nad._core import DriftReport, Finding, Reason, SourceRun
from nad._finding_columns import finding_columns
from nad._progress import shown
from nad._random import seed_from
from nad.errors import DataWarning, InvalidArgumentError, missing_file_noticed
from nad.estimators._detector import DetectorEstimator
from nad.features import FeaturePipeline
from nad.table import Table, core_table
from nad.thresholds import Calibration, ScoreLimit, ThresholdRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy.typing as npt

    from nad._progress import ProgressCallback

__all__ = ["Finding", "Findings", "Model", "Reason", "SourceRun"]


class Findings:
    """What a model says of a table: a list of findings, the most anomalous first, and the scores of all records."""

    def __init__(self, core: _core.Findings) -> None:
        self._core = core
        self.scores: npt.NDArray[np.float32] = core.scores  #: of all records; higher is more anomalous
        self.reported: list[Finding] = core.reported
        self.limit = ScoreLimit(*core.limit)  #: scores above it are reported
        #: whether the records still look like those of the calibration, and whether more of them lie above the model's
        #: threshold than it promises
        self.drift: DriftReport = core.drift

    def __len__(self) -> int:
        return len(self.reported)

    @overload
    def __getitem__(self, place: int) -> Finding: ...
    @overload
    def __getitem__(self, place: slice) -> list[Finding]: ...
    def __getitem__(self, place: int | slice) -> Finding | list[Finding]:
        return self.reported[place]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.reported)

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """The rows that are reported, the most anomalous first."""
        return np.array([finding.row for finding in self.reported], dtype=np.int64)

    def to_table(self) -> Table:
        """One row a finding: row, score, p_value, extrapolated, family where there are labels, run, and the reasons.

        The column ``run`` is there where a finding is part of one: many unusual records of a source, see `SourceRun`.
        """
        return Table(finding_columns(self.reported))

    def __str__(self) -> str:
        shown = 10
        lines = [f"{len(self):,} of {len(self.scores):,} records are anomalous (score above {self.limit.score:.4g})"]
        if self.drift.needs_attention:
            lines.append(f"as a whole: {self.drift}")
        lines += [str(finding) for finding in self.reported[:shown]]
        if len(self) > shown:
            lines.append(f"... and {len(self) - shown:,} more")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        return Findings, (self._core,)

    def __repr__(self) -> str:
        return f"<Findings: {len(self):,} of {len(self.scores):,} records>"


class Model:
    """A feature pipeline, a detector and a threshold as one.

    Parameters
    ----------
    training : {"clean", "mixed", "labelled"}
        What the training records are: believed to be normal; whatever the network carried; or each with a label.
    threshold : ThresholdRule, optional
        Which scores are reported: 1 % of normal records if nothing is said. ``ThresholdRule.f_beta()`` of labelled
        records suits the attacks that training knows, and misses more of the others.
    detector : a detector of nad, optional
        An estimator, not fitted; chosen by what the training records are if nothing is said.
    pipeline : FeaturePipeline, optional
        Its steps are used; chosen by the table if nothing is said.
    calibration : float
        Share of the records, 20,000 at most, that the detector does not learn from: p-values and thresholds come from
        them. Labelled training takes the share of normal records and of attacks each, and of few normal ones up to
        half. Mixed training calibrates on the records that were learnt from, and so does clean training where the
        share is below 50 records.
    records_per_day : float, optional
        How many records a day brings; by the times of the training records if nothing is said, but for times that lie
        far from all others.
    label, normal : str, optional
        The column with the labels, which is never learnt from, and what normal records are called there; found by
        their roles and usual names if nothing is said.
    runs : bool
        Learn what runs of unusual records normal sources bring, and which services they visit at a steady beat, and
        report longer runs, as brute force or a tunnel are made of, and other beats, as beacons are: a fifth of a
        threshold in alerts a day is for them. For ``"clean"`` training on tables with the columns src_ip and
        timestamp, and dst_ip for beats; nothing changes for others.
    random_state : int, RandomState, Generator or None
        Which records are held out, and the seed of the detector that is chosen.
    n_jobs : int
        Threads; -1 is one per core. The result never depends on it.
    verbose : bool
        Draw progress bars.
    """

    def __init__(
        self,
        *,
        training: str = "clean",
        threshold: ThresholdRule | None = None,
        detector: DetectorEstimator[Any] | None = None,
        pipeline: FeaturePipeline | None = None,
        calibration: float = 0.2,
        records_per_day: float | None = None,
        label: str | None = None,
        normal: str | None = None,
        runs: bool = True,
        random_state: Any = 0,
        n_jobs: int = 1,
        verbose: bool = False,
    ) -> None:
        if detector is not None and not isinstance(detector, DetectorEstimator):
            raise InvalidArgumentError(f"detector is {detector!r}; give one of nad's, such as nad.IsolationForest()")
        if threshold is not None and not isinstance(threshold, ThresholdRule):
            raise InvalidArgumentError(
                f"threshold is {threshold!r}; give a rule, such as nad.ThresholdRule.alerts_per_day(20)"
            )
        self.n_jobs = n_jobs
        self.verbose = verbose
        self._model = _core.Model(
            None if detector is None else detector._new_detector(),
            training=text_from(training, "training"),
            threshold=None if threshold is None else (threshold.kind, threshold.value),
            calibration=calibration,
            records_per_day=records_per_day,
            label="" if label is None else text_from(label, "label"),
            normal="" if normal is None else text_from(normal, "normal"),
            runs=bool(runs),
            random_state=seed_from(random_state),
        )
        if pipeline is not None:
            if not isinstance(pipeline, FeaturePipeline):
                raise InvalidArgumentError(f"pipeline is {pipeline!r}; give a nad.FeaturePipeline")
            self._model.set_pipeline(pipeline._core)

    @classmethod
    def _of(cls, core: _core.Model) -> Model:
        model = cls.__new__(cls)
        model._model = core
        model.n_jobs = 1
        model.verbose = False
        return model

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Model:
        """A model, not fitted, from one dictionary, which may come from a JSON, TOML or YAML file.

        Its keys are the parameters of the class. A detector is a dictionary with its ``kind`` and options, those of an
        ensemble's ``estimators`` likewise, by name or in a list; those that say nothing of ``random_state`` have the
        model's. A pipeline is the list of its steps, and a threshold ``{"alerts_per_day": 20}``, by the name of any
        rule.

        >>> nad.Model.from_config({
        ...     "training": "mixed",
        ...     "threshold": {"score": 0.5},  # more than half of the votes
        ...     "detector": {"kind": "ensemble", "combination": "majority", "estimators": {
        ...         "forest": {"kind": "isolation_forest", "contamination": 0.02},
        ...         "svm": {"kind": "one_class_svm", "nu": 0.02},
        ...         "network": {"kind": "autoencoder", "hidden": [32, 8, 32], "contamination": 0.02},
        ...     }},
        ... })
        """
        parameters = [name for name in inspect.signature(cls).parameters if name != "self"]
        return cls(**model_options(config, parameters))

    def fit(self, table: Any, *, progress: ProgressCallback | None = None) -> Model:
        """Learn from a table, or from anything that `Table` takes.

        A `DataWarning` says so where ``"clean"`` training is given records whose label names an attack, and where too
        few normal records are there to set p-values and thresholds by.

        `progress`, here and in the other verbs, is called about twenty times a second with an object that has
        ``stage``, ``done`` and ``total``, in the place of the bar of `verbose`. An exception that it raises ends the
        work, and so does ``False``, by `nad.CancelledError`; the model stays as it was.
        """
        with shown(progress, self.verbose) as callback:
            self._model.fit(core_table(table), self.n_jobs, callback)
        for warning in self._model.warnings:
            warnings.warn(warning, DataWarning, stacklevel=2)
        return self

    def detect(
        self,
        table: Any,
        *,
        false_discovery_rate: float | None = None,
        most_reasons: int = 5,
        most_explained: int = 10_000,
        runs: bool = True,
        progress: ProgressCallback | None = None,
    ) -> Findings:
        """Report the records above the threshold, each with the columns that made it anomalous.

        With `runs`, and where the model knows what is usual of them (see `run_limit` and `beat_limit`), the unusual
        records of a source whose run goes beyond that are reported, too, and its connections at a steady beat to a
        service that is not known for it: they have a `Finding.run`. Records are taken in the order of the table.

        With `false_discovery_rate` it reports so many in the place of the threshold that on average no larger share
        of them is false, by `nad.benjamini_hochberg` with p-values that are not extrapolated. Of m records it then
        takes about m / (rate * (calibration records + 1)) that lie beyond all calibration records, or more of them
        less far out, before any is reported; a few attacks on a quiet day are for the threshold. Mixed training
        calibrates on what it learnt from, so there is no such promise then.

        Findings beyond the first `most_explained` have no reasons; `explain` gives them.
        """
        with shown(progress, self.verbose) as callback:
            return Findings(
                self._model.detect(
                    core_table(table), false_discovery_rate, most_reasons, most_explained, runs, self.n_jobs, callback
                )
            )

    def anomaly_score(self, table: Any, *, progress: ProgressCallback | None = None) -> npt.NDArray[np.float32]:
        """One a record; higher is more anomalous."""
        with shown(progress, self.verbose) as callback:
            return self._model.anomaly_score(core_table(table), self.n_jobs, callback)

    def predict(self, table: Any, *, progress: ProgressCallback | None = None) -> npt.NDArray[np.str_]:
        """What each record is, one of `families`: the most likely kind of attack above the threshold, else normal.

        Only for a model that learnt from labels.
        """
        with shown(progress, self.verbose) as callback:
            places = self._model.predict(core_table(table), self.n_jobs, callback)
        return np.array(self.families, dtype=np.str_)[places]

    def p_value(self, table: Any, *, extrapolate: bool = True) -> npt.NDArray[np.float64]:
        """How likely a normal record gets such a score or a higher one; see `Calibration.p_value`."""
        return self.calibration.p_value(self.anomaly_score(table), extrapolate=extrapolate)

    def explain(self, table: Any, rows: Iterable[int], *, progress: ProgressCallback | None = None) -> list[Finding]:
        """Findings for these rows, reported or not, with all their reasons."""
        wanted = [int(row) for row in rows]
        if any(row < 0 for row in wanted):
            raise InvalidArgumentError("rows are counted from 0")
        with shown(progress, self.verbose) as callback:
            return self._model.explain(core_table(table), wanted, self.n_jobs, callback)

    @property
    def threshold(self) -> ScoreLimit:
        """Scores above it are reported; a `NotFittedError` before `fit`, as from `importance`."""
        return ScoreLimit(*self._model.limit)

    @property
    def run_limit(self) -> ScoreLimit | None:
        """Runs of unusual records of one source with more evidence than that are reported.

        None where the threshold is not in alerts a day, or nothing is known of runs.
        """
        limit = self._model.run_limit
        return None if limit is None else ScoreLimit(*limit)

    @property
    def beat_limit(self) -> ScoreLimit | None:
        """Steady beats of connections with more evidence than that are reported, but for usual ones.

        None where the threshold is not in alerts a day, or nothing is known of beats.
        """
        limit = self._model.beat_limit
        return None if limit is None else ScoreLimit(*limit)

    @property
    def threshold_rule(self) -> ThresholdRule:
        """What the threshold follows from."""
        return ThresholdRule(*self._model.rule)

    def set_threshold(self, rule: ThresholdRule, labelled: Any = None) -> Model:
        """Another threshold for what is already learnt; ``f_beta`` needs a table with labels."""
        if not isinstance(rule, ThresholdRule):
            raise InvalidArgumentError(f"{rule!r} is no rule; give one, such as nad.ThresholdRule.alerts_per_day(20)")
        table = None if labelled is None else core_table(labelled)
        self._model.set_threshold((rule.kind, rule.value), table, self.n_jobs)
        return self

    @property
    def records_per_day(self) -> float | None:
        """How many records a day brings, as far as that is known."""
        return self._model.records_per_day

    @records_per_day.setter
    def records_per_day(self, records: float) -> None:
        self._model.set_records_per_day(records)

    @property
    def training(self) -> str:
        """What the training records are."""
        return str(self._model.options["training"])

    @property
    def families(self) -> list[str]:
        """What the labels are called, the normal ones first; empty without labels."""
        return self._model.families

    @property
    def calibration(self) -> Calibration:
        """What scores normal records get."""
        return Calibration._of(self._model.calibration)

    @property
    def pipeline(self) -> FeaturePipeline:
        """A copy of the feature pipeline."""
        return FeaturePipeline._from_core(self._model.pipeline)

    @property
    def detector(self) -> DetectorEstimator[Any]:
        """A copy of the detector, as an estimator."""
        names = self.pipeline.feature_names if self._model.is_fitted else None
        estimator = DetectorEstimator._estimator_of(self._model.detector, names)
        assert estimator is not None
        return estimator

    def importance(self) -> dict[str, float]:
        """What each column contributes to the scores of calibration records: shares, the largest first."""
        return dict(self._model.importance)

    def describe(self) -> str:
        """What was chosen and learnt, and why."""
        return self._model.describe()

    def save(self, path: str | os.PathLike[str], *, note: str = "") -> None:
        """Write one file, which `nad.load`, and C++ programs by ``nad::Model::load``, read."""
        self._model.save(os.fspath(path), note)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Model:
        """Read a file of `save`. Loading runs no code: a damaged or hostile file is a clear error."""
        with missing_file_noticed(path):
            return cls._of(_core.Model.load(os.fspath(path)))

    def __getstate__(self) -> dict[str, Any]:
        return {"model": self._model.save_bytes(), "n_jobs": self.n_jobs, "verbose": self.verbose}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._model = _core.Model.load_bytes(state["model"])
        self.n_jobs = state["n_jobs"]
        self.verbose = state["verbose"]

    def __str__(self) -> str:
        return self.describe()

    def __repr__(self) -> str:
        fitted = self._model.detector.kind if self._model.is_fitted else "not fitted"
        return f"<Model, training {self.training!r}, {fitted}>"
