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
import os
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nad import _core
from nad._derived_steps import (
    AddressFeatures,
    HostWindows,
    LeaveOut,
    PortFeatures,
    RollingWindows,
    TimeParts,
    TrafficFeatures,
)
from nad._progress import bar_if
from nad._steps import Step, listed, to_json
from nad._value_steps import (
    Clip,
    DropConstant,
    DropDuplicates,
    DropMissing,
    Frequency,
    Hashing,
    Impute,
    Log1p,
    MinMax,
    Novelty,
    OneHot,
    Ordinal,
    Pca,
    QuantileScale,
    RankScale,
    RobustScale,
    Standardise,
    UnitLength,
    View,
)
from nad.errors import InvalidArgumentError, missing_file_noticed
from nad.table import Table, core_table

if TYPE_CHECKING:
    import numpy.typing as npt

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
    "RankScale",
    "RobustScale",
    "RollingWindows",
    "Standardise",
    "Step",
    "TimeParts",
    "TrafficFeatures",
    "UnitLength",
    "View",
    "variance_ratio",
]


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
        given = steps if isinstance(steps, (str, list, tuple)) else listed(steps)
        self._core = _core.FeaturePipeline(given if isinstance(given, str) else to_json(given))
        self._given = given  # get_params gives what was given, for scikit-learn's clone

    @classmethod
    def automatic(
        cls, table: Any, *, two_views: bool = False, n_jobs: int = 1, verbose: bool = False
    ) -> FeaturePipeline:
        """Steps that suit a table, by what it came from and by its columns. Not fitted yet.

        With ``two_views`` all features come twice: as ``views["size"]``, scaled by logarithms and standard deviations,
        and as ``views["rank"]``, by ranks among the training values. ``Ensemble("clean", columns=...)`` takes them.
        """
        made = _core.FeaturePipeline.automatic_views if two_views else _core.FeaturePipeline.automatic
        return cls(made(core_table(table)).steps, n_jobs=n_jobs, verbose=verbose)

    def fit(self, table: Any, y: Any = None) -> FeaturePipeline:
        """Learn from a table (or anything that `Table` takes); ``y`` is there for scikit-learn and means nothing."""
        del y
        with bar_if(self.verbose) as bar:
            self._core.fit(core_table(table), self.n_jobs, bar)
        self._said.clear()
        return self

    def training_rows(self, table: Any) -> Table:
        """The records that ``fit`` learns from: all but those that DropMissing and DropDuplicates leave out."""
        return Table._of(self._core.training_rows(core_table(table)))

    def columns(self, table: Any) -> Table:
        """What features are made of, in the units of the user: columns that are learnt from, and those steps derive."""
        return Table._of(self._core.columns(core_table(table)))

    def transform(self, table: Any) -> npt.NDArray[np.float32]:
        """One float32 row a record. Columns that the pipeline does not know are ignored, which is said once."""
        core = core_table(table)
        extra = [name for name in self._core.ignored(core) if name not in self._said]
        known = {name for name, _ in self._core.left_out}
        self._said.update(extra)
        if unknown := [name for name in extra if name not in known]:
            warnings.warn(f"columns that training did not have are ignored: {', '.join(unknown)}", stacklevel=2)
        with bar_if(self.verbose) as bar:
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
    def looks_back(self) -> bool:
        """Whether a step remembers records before, so that records must come in order: windows, and parts of times."""
        return self._core.looks_back

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
    def views(self) -> dict[str, range]:
        """Which columns of the result are which view; empty where no step is a `View`."""
        return {name: range(first, first + count) for name, first, count in self._core.views}

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
        return self._stream.push(core_table(table))


def variance_ratio(x: Any, groups: Any) -> npt.NDArray[np.float64]:
    """How much each feature of a matrix sets groups of its rows apart: see `FeaturePipeline.importance`."""
    return np.asarray(_core.variance_ratio(x, _numbered(groups)))


def _numbered(groups: Any) -> npt.NDArray[np.int32]:
    """The groups as numbers from 0 on, -1 where there is none."""
    values = list(groups)
    numbers = {value: number for number, value in enumerate(dict.fromkeys(v for v in values if v is not None))}
    return np.array([-1 if value is None else numbers[value] for value in values], dtype=np.int32)
