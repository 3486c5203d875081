"""Isolation Forest in nad and in the libraries that it is measured beside: one small class each, the same verbs.

    forest = make("isotree", Settings(trees=100, samples=256), seed=1)
    x = forest.layout(rows)          # not timed
    forest.fit(x)
    scores = forest.score(x)         # higher = more anomalous, in all of them

Each runs on one thread unless told otherwise, without a search for missing values where that can be switched off.
"""

from __future__ import annotations

import pickle
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

import nad

Scores = npt.NDArray[np.floating]
# Neighbouring seeds must not share anything: isotree gives tree t the seed `seed + t`.
SEEDS = tuple(1_000_003 * k for k in range(1, 101))
PACKAGES = (
    "nad", "numpy", "scipy", "scikit-learn", "isotree", "pyod", "lightgbm", "torch", "pandas", "polars", "pyarrow",
    "nfstream", "river",
)  # fmt: skip


class MissingError(Exception):
    """The library is not installed; the message says how to get it."""


@dataclass(frozen=True)
class Settings:
    trees: int = 100
    samples: int = 256
    ndim: int = 1
    best_of: int = 0  # candidates of a gain-guided split, 0 = a random split
    distinct: bool | str = False  # True or "log_count": as nad.IsolationForest's unique_rows
    threads: int = 1


class Forest(ABC):
    name: ClassVar[str]
    package: ClassVar[str]
    install: ClassVar[str]

    def __init__(self, settings: Settings, seed: int) -> None:
        self.settings = settings
        self.seed = seed
        try:
            self.module: Any = import_module(self.package)
        except ImportError as error:
            raise MissingError(f"{self.name} is not installed here ({self.install})") from error
        self.model: Any = None

    @classmethod
    def can(cls, settings: Settings) -> bool:  # noqa: ARG003 - not every library has all of them
        """Whether the library has these settings."""
        return True

    def layout(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The rows in the memory order that is given to the library."""
        return np.ascontiguousarray(rows)

    @abstractmethod
    def fit(self, x: npt.NDArray[np.float32]) -> None: ...

    @abstractmethod
    def score(self, x: npt.NDArray[np.float32]) -> Scores: ...

    def score_row_call(self, x: npt.NDArray[np.float32], index: int) -> Callable[[], object]:
        """A call that scores one row, everything else prepared."""
        row = np.ascontiguousarray(x[index : index + 1])
        return lambda: self.score(row)

    def saved_bytes(self) -> int:
        return len(pickle.dumps(self.model, protocol=5))

    def _distinct(self, x: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], Any]:
        """Rows and weights to learn from, for libraries that cannot do it themselves."""
        if not self.settings.distinct:
            return x, None
        rows, counts = np.unique(x, axis=0, return_counts=True)
        return rows, 1.0 + np.log(counts) if self.settings.distinct == "log_count" else None


class NadForest(Forest):
    name = "nad"
    package = "nad"
    install = "pip install . in the checkout"

    def fit(self, x: npt.NDArray[np.float32]) -> None:
        chosen = self.settings
        self.model = self.module.IsolationForest(
            n_estimators=chosen.trees,
            max_samples=min(chosen.samples, len(x)),
            ndim=chosen.ndim,
            split="best" if chosen.best_of else "random",
            ntry=chosen.best_of or 10,
            unique_rows=chosen.distinct,
            random_state=self.seed,
            n_jobs=chosen.threads,
        )
        self.model.fit(x)

    def score(self, x: npt.NDArray[np.float32]) -> Scores:
        scores: Scores = self.model.anomaly_score(x)
        return scores

    def score_row_call(self, x: npt.NDArray[np.float32], index: int) -> Callable[[], object]:
        row = np.ascontiguousarray(x[index])  # one dimension: a single record
        return lambda: self.model.anomaly_score(row)

    def saved_bytes(self) -> int:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "forest.nad"
            self.model.save(path)
            return path.stat().st_size


class ScikitLearnForest(Forest):
    name = "scikit-learn"
    package = "sklearn.ensemble"
    install = 'pip install ".[bench]"'

    @classmethod
    def can(cls, settings: Settings) -> bool:
        return settings.ndim == 1 and not settings.best_of and settings.distinct != "log_count"

    def fit(self, x: npt.NDArray[np.float32]) -> None:
        rows, _ = self._distinct(x)
        chosen = self.settings
        self.model = self.module.IsolationForest(
            n_estimators=chosen.trees,
            max_samples=min(chosen.samples, len(rows)),
            random_state=self.seed,
            n_jobs=chosen.threads,
        ).fit(rows)

    def score(self, x: npt.NDArray[np.float32]) -> Scores:
        if self.settings.threads > 1:
            # its scoring takes the number of threads from joblib, not from the model
            with import_module("joblib").parallel_config("threading", n_jobs=self.settings.threads):
                return self._score(x)
        return self._score(x)

    def _score(self, x: npt.NDArray[np.float32]) -> Scores:
        scores: Scores = -self.model.score_samples(x)
        return scores


class IsotreeForest(Forest):
    name = "isotree"
    package = "isotree"
    install = 'pip install ".[bench]"'

    def fit(self, x: npt.NDArray[np.float32]) -> None:
        rows, weights = self._distinct(x)
        chosen = self.settings
        self.model = self.module.IsolationForest(
            ntrees=chosen.trees,
            sample_size=min(chosen.samples, len(rows)),
            ndim=chosen.ndim,
            ntry=chosen.best_of or 1,
            prob_pick_avg_gain=1.0 if chosen.best_of else 0.0,
            missing_action="fail",  # no search for missing values: its fastest way
            weights_as_sample_prob=True,
            random_seed=self.seed,
            nthreads=chosen.threads,
        )
        if weights is None:
            self.model.fit(rows)
        else:
            self.model.fit(rows, sample_weights=weights)

    def score(self, x: npt.NDArray[np.float32]) -> Scores:
        scores: Scores = self.model.predict(x)
        return scores

    def saved_bytes(self) -> int:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "forest.isotree"
            self.model.export_model(str(path))
            return path.stat().st_size


class IsotreeColumnMajor(IsotreeForest):
    """isotree converts a row-major matrix before it fits; given column-major it does not, but scores slower."""

    name = "isotree, column-major"

    def layout(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.asfortranarray(rows)


FORESTS: dict[str, type[Forest]] = {
    forest.name: forest for forest in (NadForest, ScikitLearnForest, IsotreeForest, IsotreeColumnMajor)
}


def make(name: str, settings: Settings, seed: int) -> Forest:
    return FORESTS[name](settings, seed)


def versions() -> dict[str, str]:
    """The version of each package, or that it is missing."""
    found = {}
    for package in PACKAGES:
        try:
            # nad need not be installed: a folder of a build will do
            found[package] = nad.__version__ if package == "nad" else metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "missing"
    return found
