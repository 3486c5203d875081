"""From a table to a matrix that a detector can learn from.

>>> pipeline = nad.FeaturePipeline.automatic(train).fit(train)
>>> print(pipeline)
>>> x = pipeline.transform(test)  # float32, one row a record
>>> pipeline.feature_names[:2]
['duration', 'protocol_type=tcp']
>>> pipeline = nad.FeaturePipeline([nad.features.OneHot(max_categories=32), nad.features.Standardise(clip=10)])

Only columns with the role ``feature`` are learnt from; what was left out, and why, is in ``left_out``.
"""

from __future__ import annotations

import json
import math
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nad import _core
from nad._progress import ProgressBar
from nad.errors import InvalidArgumentError, missing_file_noticed
from nad.table import Table

if TYPE_CHECKING:
    import numpy.typing as npt

    Columns = Sequence[str] | Mapping[str, Sequence[str]]

__all__ = [
    "AddressFeatures",
    "Clip",
    "DropConstant",
    "DropDuplicates",
    "DropMissing",
    "FeaturePipeline",
    "FeatureStream",
    "Frequency",
    "Hashing",
    "HostWindows",
    "Impute",
    "LeaveOut",
    "Log1p",
    "MinMax",
    "Novelty",
    "OneHot",
    "Ordinal",
    "Pca",
    "PortFeatures",
    "QuantileScale",
    "RobustScale",
    "RollingWindows",
    "Standardise",
    "Step",
    "TimeParts",
    "TrafficFeatures",
    "UnitLength",
    "variance_ratio",
]


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of a pipeline: its options. ``columns``: names, ``{"except": names}``, or empty for all that fit."""

    kind: ClassVar[str] = ""

    def to_dict(self) -> dict[str, Any]:
        """As in a configuration."""
        return {"kind": self.kind, **{field.name: _plain(getattr(self, field.name)) for field in fields(self)}}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: list(names) for key, names in value.items()}
    return list(value) if isinstance(value, tuple | list) else value


@dataclass(frozen=True, kw_only=True)
class LeaveOut(Step):
    """Keeps columns from being learnt from, and says why."""

    kind: ClassVar[str] = "leave_out"
    columns: Columns = ()
    reason: str = "it was left out by name"


@dataclass(frozen=True, kw_only=True)
class TimeParts(Step):
    """Hour, weekday, business hours and cyclic forms of a time, and the gap to the record before."""

    kind: ClassVar[str] = "time_parts"
    column: str = "timestamp"
    utc_offset: float = 0.0
    business_begin: float = 8.0
    business_end: float = 18.0
    gap: bool = True


@dataclass(frozen=True, kw_only=True)
class AddressFeatures(Step):
    """Private, multicast, loopback, version, numeric form and the rarity of the network of addresses."""

    kind: ClassVar[str] = "address_features"
    columns: Sequence[str] = ("src_ip", "dst_ip")
    most_prefixes: int = 65536


@dataclass(frozen=True, kw_only=True)
class PortFeatures(Step):
    """Class and service of ports."""

    kind: ClassVar[str] = "port_features"
    columns: Sequence[str] = ("src_port", "dst_port")


@dataclass(frozen=True, kw_only=True)
class TrafficFeatures(Step):
    """Rates, sizes, shares, TCP flags and connection states, of the flow columns that are there."""

    kind: ClassVar[str] = "traffic_features"
    shortest_duration: float = 0.001


@dataclass(frozen=True, kw_only=True)
class HostWindows(Step):
    """The connection counts and rates of KDD Cup 99: of the last two seconds, and of the last records of a host."""

    kind: ClassVar[str] = "host_windows"
    seconds: float = 2.0
    most: int = 511
    host_records: int = 255
    most_hosts: int = 16384
    rounded: bool = False
    time: str = "timestamp"
    dst: str = "dst_ip"
    dst_port: str = "dst_port"
    src_port: str = "src_port"
    protocol: str = "protocol"
    state: str = "state"


@dataclass(frozen=True, kw_only=True)
class RollingWindows(Step):
    """Rolling mean, deviation, extremes, sums, counts and distinct values, over time or rows, by key."""

    kind: ClassVar[str] = "rolling_windows"
    keys: Sequence[str] = ("src_ip",)
    columns: Sequence[str] = ()
    functions: Sequence[str] = ("mean", "deviation")
    distinct: Sequence[str] = ()
    seconds: float = 60.0
    rows: int = 1024
    most_rows: int = 262144
    time: str = "timestamp"
    state: str = "state"


@dataclass(frozen=True, kw_only=True)
class Impute(Step):
    """Puts the median, the mean or a constant in the place of missing numbers, and keeps a flag."""

    kind: ClassVar[str] = "impute"
    columns: Columns = ()
    with_: str = "median"
    constant: float = 0.0
    indicator: bool = True

    def to_dict(self) -> dict[str, Any]:
        """As in a configuration, where ``with_`` is ``with``."""
        options = super().to_dict()
        options["with"] = options.pop("with_")
        return options


@dataclass(frozen=True, kw_only=True)
class DropConstant(Step):
    """Leaves out features that are the same in every training row."""

    kind: ClassVar[str] = "drop_constant"
    columns: Columns = ()


@dataclass(frozen=True, kw_only=True)
class DropMissing(Step):
    """Learns nothing from records in which a value is missing; ``transform`` still gives them a row."""

    kind: ClassVar[str] = "drop_missing"
    columns: Columns = ()


@dataclass(frozen=True, kw_only=True)
class DropDuplicates(Step):
    """Learns from the first of records that are alike; ``transform`` gives each a row."""

    kind: ClassVar[str] = "drop_duplicates"
    columns: Columns = ()


@dataclass(frozen=True, kw_only=True)
class Clip(Step):
    """Keeps values between training quantiles, or within some deviations of the mean."""

    kind: ClassVar[str] = "clip"
    columns: Columns = ()
    by: str = "quantiles"
    low: float = 0.001
    high: float = 0.999
    deviations: float = 10.0


@dataclass(frozen=True, kw_only=True)
class Log1p(Step):
    """log(1 + x / unit) for heavy tails, the unit taken from the data."""

    kind: ClassVar[str] = "log1p"
    columns: Columns = ()
    min_skewness: float = 2.0
    unit: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Standardise(Step):
    """(x - mean) / deviation; what was constant in training becomes a flag of novelty."""

    kind: ClassVar[str] = "standardise"
    columns: Columns = ()
    clip: float = 0.0
    novelty: float = 10.0


@dataclass(frozen=True, kw_only=True)
class RobustScale(Step):
    """(x - median) / (1.4826 MAD)."""

    kind: ClassVar[str] = "robust_scale"
    columns: Columns = ()
    clip: float = 0.0
    novelty: float = 10.0


@dataclass(frozen=True, kw_only=True)
class MinMax(Step):
    """The smallest training value becomes ``low``, the largest ``high``."""

    kind: ClassVar[str] = "min_max"
    columns: Columns = ()
    low: float = 0.0
    high: float = 1.0
    clip: bool = False
    novelty: float = 1.0


@dataclass(frozen=True, kw_only=True)
class QuantileScale(Step):
    """The share of training values below, evenly spread or as a normal deviate."""

    kind: ClassVar[str] = "quantile_scale"
    columns: Columns = ()
    quantiles: int = 1000
    normal: bool = False


@dataclass(frozen=True, kw_only=True)
class OneHot(Step):
    """A feature a category; rare ones are pooled."""

    kind: ClassVar[str] = "one_hot"
    columns: Columns = ()
    max_categories: int = 64
    min_count: int = 1
    unseen: bool = False


@dataclass(frozen=True, kw_only=True)
class Ordinal(Step):
    """The number of the category, the most frequent 0."""

    kind: ClassVar[str] = "ordinal"
    columns: Columns = ()


@dataclass(frozen=True, kw_only=True)
class Frequency(Step):
    """-log of the category's share in training."""

    kind: ClassVar[str] = "frequency"
    columns: Columns = ()


@dataclass(frozen=True, kw_only=True)
class Hashing(Step):
    """One of so many features by a hash of the category."""

    kind: ClassVar[str] = "hashing"
    columns: Columns = ()
    features: int = 16


@dataclass(frozen=True, kw_only=True)
class Novelty(Step):
    """In how many columns the record has a category that training never showed."""

    kind: ClassVar[str] = "novelty"
    columns: Columns = ()
    weight: float = 10.0
    most: int = 2


@dataclass(frozen=True, kw_only=True)
class UnitLength(Step):
    """Divides each record by its length."""

    kind: ClassVar[str] = "unit_length"


@dataclass(frozen=True, kw_only=True)
class Pca(Step):
    """Principal components."""

    kind: ClassVar[str] = "pca"
    components: int = 0
    variance: float = 0.95
    whiten: bool = False


class FeaturePipeline:
    """Steps that are fitted on one table and applied to others, in C++.

    Parameters
    ----------
    steps : iterable of Step or dict, or JSON text
        First those that choose and derive columns act, then the others in their order. A dict is a step as in a
        configuration, and as `steps` gives it: ``{"kind": "one_hot", "max_categories": 32}``.
    n_jobs : int
        Threads; -1 is one per core. The result never depends on it.
    verbose : bool
        Draw progress bars.

    It is a transformer for ``sklearn.pipeline.Pipeline``, where tables and frames are what goes in.
    """

    _estimator_type: ClassVar[str] = "transformer"

    def __init__(
        self, steps: Iterable[Step | Mapping[str, Any]] | str = (), *, n_jobs: int = 1, verbose: bool = False
    ) -> None:
        self._set_steps(steps)
        self.n_jobs = n_jobs
        self.verbose = verbose
        self._said: set[str] = set()

    def _set_steps(self, steps: Any) -> None:
        given = steps if isinstance(steps, (str, list, tuple)) else _listed(steps)
        self._core = _core.FeaturePipeline(given if isinstance(given, str) else _to_json(given))
        self._given = given  # get_params gives what was given, for scikit-learn's clone

    @classmethod
    def automatic(cls, table: Any, *, n_jobs: int = 1, verbose: bool = False) -> FeaturePipeline:
        """Steps that suit a table, by what it came from and by its columns. Not fitted yet."""
        return cls(_core.FeaturePipeline.automatic(_table(table)).steps, n_jobs=n_jobs, verbose=verbose)

    def fit(self, table: Any, y: Any = None) -> FeaturePipeline:
        """Learn from a table (or anything that `Table` takes); ``y`` is there for scikit-learn and means nothing."""
        del y
        with _Bar(self.verbose) as bar:
            self._core.fit(_table(table), self.n_jobs, bar)
        self._said.clear()
        return self

    def training_rows(self, table: Any) -> Table:
        """The records that ``fit`` learns from: all but those that DropMissing and DropDuplicates leave out."""
        return Table._of(self._core.training_rows(_table(table)))

    def transform(self, table: Any) -> npt.NDArray[np.float32]:
        """One float32 row a record. Columns that the pipeline does not know are ignored, which is said once."""
        core = _table(table)
        extra = [name for name in self._core.ignored(core) if name not in self._said]
        known = {name for name, _ in self._core.left_out}
        self._said.update(extra)
        if unknown := [name for name in extra if name not in known]:
            warnings.warn(f"columns that training did not have are ignored: {', '.join(unknown)}", stacklevel=2)
        with _Bar(self.verbose) as bar:
            return self._core.transform(core, self.n_jobs, bar)

    def fit_transform(self, table: Any, y: Any = None) -> npt.NDArray[np.float32]:
        """Learn, and transform the same table."""
        return self.fit(table, y).transform(table)

    def stream(self) -> FeatureStream:
        """Features of batches that come one after the other, as if they had been one table."""
        return FeatureStream(self)

    def save(self, path: str | os.PathLike[str], *, note: str = "") -> None:
        """Write what was learnt to one file, which `nad.load`, and C++ programs by ``nad::load``, read."""
        _core.save_pipeline(self._core, os.fspath(path), note)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> FeaturePipeline:
        """Read a file of `save`. Loading runs no code: a damaged or hostile file is a clear error."""
        with missing_file_noticed(path):
            return cls._from_core(_core.load_pipeline(os.fspath(path)))

    @classmethod
    def _from_core(cls, core: _core.FeaturePipeline) -> FeaturePipeline:
        pipeline = cls(core.steps)
        pipeline._core = core
        return pipeline

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_core"]
        learnt = _core.save_pipeline_bytes(self._core) if self._core.is_fitted else None
        return {**state, "steps": self._core.steps, "learnt": learnt}

    def __setstate__(self, state: dict[str, Any]) -> None:
        rest = dict(state)
        steps, learnt = rest.pop("steps"), rest.pop("learnt")
        self.__dict__.update(rest)
        self._core = _core.FeaturePipeline(steps) if learnt is None else _core.load_pipeline_bytes(learnt)

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The steps with the options that differ from their defaults."""
        return list(json.loads(self._core.steps))

    def to_json(self) -> str:
        """The steps as text; ``FeaturePipeline(text)`` reads it."""
        return str(self._core.steps)

    @property
    def feature_names(self) -> list[str]:
        """What comes out, in order."""
        return [name for name, _ in self._core.features]

    @property
    def sources(self) -> list[list[str]]:
        """For each feature, the columns of the table that it follows from."""
        return [sources for _, sources in self._core.features]

    @property
    def inputs(self) -> dict[str, str]:
        """What must come in: names and types."""
        return dict(self._core.inputs)

    @property
    def left_out(self) -> dict[str, str]:
        """Columns that were not learnt from, and why."""
        return dict(self._core.left_out)

    @property
    def explained_variance_ratio(self) -> list[float]:
        """Of each principal component, the share of the variance that it keeps; empty without a `Pca`."""
        return self._core.explained_variance_ratio

    def importance(self, table: Any, groups: Any) -> dict[str, float]:
        """How much each column of the table sets groups of its rows apart, the largest first.

        ``groups`` is the name of a column (a label), or anything with one value a row: labels, numbers of clusters.
        Rows whose value is None are left out. The share is the part of the variance of the column's features that lies
        between the groups' means, from 0 to 1.
        """
        table = table if isinstance(table, Table) else Table(table)
        values = table[groups].to_list() if isinstance(groups, str) else groups
        return dict(_core.column_importance(self._core, self.transform(table), _numbered(values)))

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """`feature_names`, by scikit-learn's name for them."""
        del input_features
        return np.asarray(self.feature_names, dtype=object)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """What the pipeline was made with, by name."""
        del deep
        return {"n_jobs": self.n_jobs, "steps": self._given, "verbose": self.verbose}

    def set_params(self, **params: Any) -> FeaturePipeline:
        """Change what the pipeline was made with, by name; other steps have learnt nothing yet."""
        if unknown := sorted(set(params) - set(self.get_params())):
            raise InvalidArgumentError(
                f"a feature pipeline has no parameter {unknown[0]!r}; there are: {', '.join(self.get_params())}"
            )
        if "steps" in params:
            self._set_steps(params.pop("steps"))
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return self._core.is_fitted

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags  # noqa: PLC0415 (who asks has it)

        return Tags(
            estimator_type="transformer",
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=[]),
            input_tags=InputTags(two_d_array=False, categorical=True, string=True, allow_nan=True),
        )

    def __str__(self) -> str:
        return str(self._core.to_text())

    def __repr__(self) -> str:
        kinds = ", ".join(step["kind"] for step in self.steps)
        return f"<FeaturePipeline of {kinds or 'no steps'}{'' if self._core.is_fitted else ', not fitted'}>"


class FeatureStream:
    """Records that come in batches: steps that look back remember what came before."""

    def __init__(self, pipeline: FeaturePipeline) -> None:
        self._stream = _core.FeatureStream(pipeline._core)

    def push(self, table: Any) -> npt.NDArray[np.float32]:
        """The features of the next records."""
        return self._stream.push(_table(table))


def variance_ratio(x: Any, groups: Any) -> npt.NDArray[np.float64]:
    """How much each feature of a matrix sets groups of its rows apart: see `FeaturePipeline.importance`."""
    return np.asarray(_core.variance_ratio(x, _numbered(groups)))


def _listed(steps: Any) -> list[Any]:
    if isinstance(steps, (Step, Mapping)) or not hasattr(steps, "__iter__"):
        raise TypeError(f"the steps are {steps!r}; give a list of steps, also of one")
    return list(steps)


def _to_json(steps: Sequence[Any]) -> str:
    dicts = []
    for number, step in enumerate(steps):
        if not isinstance(step, (Step, Mapping)):
            raise TypeError(
                f"step {number} is {step!r}; give a step such as nad.features.OneHot(), or a dict such as "
                '{"kind": "one_hot"}'
            )
        options = step.to_dict() if isinstance(step, Step) else dict(step)
        dicts.append({name: _for_json(value, f"{options.get('kind')}: {name}") for name, value in options.items()})
    return json.dumps(dicts)


def _for_json(value: Any, option: str) -> Any:
    """The value of an option without what JSON has no form for; numbers of NumPy become Python's."""
    if isinstance(value, Mapping):
        return {str(key): _for_json(item, option) for key, item in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_for_json(item, option) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidArgumentError(f"{option} is {value}; give a finite number, or leave the option out")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{option} is {value!r}; give a number, a text, a truth value or a list of such")


def _numbered(groups: Any) -> npt.NDArray[np.int32]:
    """The groups as numbers from 0 on, -1 where there is none."""
    values = list(groups)
    numbers = {value: number for number, value in enumerate(dict.fromkeys(v for v in values if v is not None))}
    return np.array([-1 if value is None else numbers[value] for value in values], dtype=np.int32)


class _Bar:
    def __init__(self, wanted: bool) -> None:
        self._bar = ProgressBar() if wanted else None

    def __enter__(self) -> ProgressBar | None:
        return self._bar

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()


def _table(table: Any) -> _core.Table:
    return (table if isinstance(table, Table) else Table(table))._table
