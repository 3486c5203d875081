"""Each detector of nad, and what people use in its place, at the same settings: one small class each.

pair = PAIRS["k-means, 32 clusters"]
detector = pair.peer(seed)
detector.fit(rows)
scores = detector.score(rows)     # higher = more anomalous, in all of them
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

import nad
from benchmarks.python.forests import MissingError

Rows = npt.NDArray[np.float32]
Scores = npt.NDArray[np.floating]


class Judge(Protocol):
    def fit(self, rows: Rows) -> None: ...
    def score(self, rows: Rows) -> Scores: ...


def _library(name: str, install: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingError(f"{name.partition('.')[0]} is not installed here ({install})") from error


class Nad:
    def __init__(self, detector: Any) -> None:
        self.detector = detector

    def fit(self, rows: Rows) -> None:
        self.detector.fit(rows)

    def score(self, rows: Rows) -> Scores:
        return np.asarray(self.detector.anomaly_score(rows))


class Learn:
    """An outlier detector of scikit-learn."""

    def __init__(self, module: str, name: str, **options: Any) -> None:
        self.model = getattr(_library(f"sklearn.{module}", "pip install scikit-learn"), name)(**options)

    def fit(self, rows: Rows) -> None:
        self.model.fit(rows)

    def score(self, rows: Rows) -> Scores:
        return np.asarray(-self.model.score_samples(rows))


class LearnCentres(Learn):
    """The distance from the nearest centre of scikit-learn's k-means."""

    def score(self, rows: Rows) -> Scores:
        return np.concatenate(
            [self.model.transform(rows[first : first + 20_000]).min(axis=1) for first in range(0, len(rows), 20_000)]
        )


class LearnCovariance(Learn):
    """Mahalanobis distances of one of scikit-learn's covariances."""

    def score(self, rows: Rows) -> Scores:
        return np.asarray(self.model.mahalanobis(rows))


class LearnResidual(Learn):
    """What scikit-learn's PCA leaves."""

    def score(self, rows: Rows) -> Scores:
        back = self.model.inverse_transform(self.model.transform(rows))
        return np.asarray(np.square(rows - back).sum(axis=1))


class LearnApproximation:
    """scikit-learn's Nystroem features and its one-class plane by stochastic gradients."""

    def __init__(self, features: int, nu: float, seed: int) -> None:
        kernels = _library("sklearn.kernel_approximation", "pip install scikit-learn")
        planes = _library("sklearn.linear_model", "pip install scikit-learn")
        self.features = kernels.Nystroem(n_components=features, random_state=_seed(seed))
        self.plane = planes.SGDOneClassSVM(nu=nu, random_state=_seed(seed))

    def fit(self, rows: Rows) -> None:
        self.features.set_params(gamma=1.0 / (rows.shape[1] * rows.var(dtype=np.float64)))  # "scale", as elsewhere
        self.plane.fit(self.features.fit_transform(rows))

    def score(self, rows: Rows) -> Scores:
        parts = (rows[first : first + 20_000] for first in range(0, len(rows), 20_000))
        return np.concatenate([-self.plane.score_samples(self.features.transform(part)) for part in parts])


class Sampled:
    """Learns from some of the rows: the others would take its peer hours."""

    def __init__(self, judge: Judge, samples: int, seed: int) -> None:
        self.judge, self.samples, self.random = judge, samples, np.random.default_rng(seed)
        self.score = judge.score

    def fit(self, rows: Rows) -> None:
        self.judge.fit(rows[np.sort(self.random.choice(len(rows), min(self.samples, len(rows)), replace=False))])


class LearnNeighbours:
    """The mean distance from the nearest of some rows, by scikit-learn's brute force."""

    def __init__(self, neighbours: int, samples: int, seed: int) -> None:
        module = _library("sklearn.neighbors", "pip install scikit-learn")
        self.model = module.NearestNeighbors(n_neighbors=neighbours, algorithm="brute", n_jobs=1)
        self.samples = samples
        self.random = np.random.default_rng(seed)

    def fit(self, rows: Rows) -> None:
        rows = np.unique(rows, axis=0)
        self.model.fit(rows[self.random.choice(len(rows), min(self.samples, len(rows)), replace=False)])

    def score(self, rows: Rows) -> Scores:
        return np.asarray(self.model.kneighbors(rows)[0].mean(axis=1))


class Pyod:
    """A detector of PyOD."""

    def __init__(self, module: str, name: str, **options: Any) -> None:
        self.model = getattr(_library(f"pyod.models.{module}", "pip install pyod"), name)(**options)

    def fit(self, rows: Rows) -> None:
        self.model.fit(rows)

    def score(self, rows: Rows) -> Scores:
        return np.asarray(self.model.decision_function(rows))


class TorchAutoencoder:
    """The same layers, loss, optimiser, batches and epochs in PyTorch; scored by the mean squared error."""

    def __init__(self, hidden: tuple[int, ...], epochs: int, batch: int, seed: int) -> None:
        self.torch = _library("torch", "pip install torch")
        self.torch.set_num_threads(1)
        self.hidden, self.epochs, self.batch, self.seed = hidden, epochs, batch, seed
        self.net: Any = None

    def fit(self, rows: Rows) -> None:
        torch = self.torch
        torch.manual_seed(self.seed % 2**31)
        sizes = [rows.shape[1], *self.hidden, rows.shape[1]]
        layers: list[Any] = []
        for inputs, outputs in pairwise(sizes):
            layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
        self.net = torch.nn.Sequential(*layers[:-1])
        optimiser = torch.optim.Adam(self.net.parameters(), fused=True)
        x = torch.from_numpy(np.ascontiguousarray(rows))
        for _ in range(self.epochs):
            order = torch.randperm(len(x))
            for first in range(0, len(x), self.batch):
                part = x[order[first : first + self.batch]]
                optimiser.zero_grad()
                torch.nn.functional.mse_loss(self.net(part), part).backward()
                optimiser.step()

    def score(self, rows: Rows) -> Scores:
        with self.torch.no_grad():
            x = self.torch.from_numpy(np.ascontiguousarray(rows))
            parts = [((self.net(p) - p) ** 2).mean(dim=1).numpy() for p in x.split(20_000)]
        return np.concatenate(parts)


@dataclass(frozen=True)
class Pair:
    ours: Callable[[int], Judge]
    peer: Callable[[int], Judge] | None  # None: nobody has it
    peer_name: str = ""
    clean_only: bool = False


def _seed(seed: int) -> int:
    return seed % 2**31


PAIRS: dict[str, Pair] = {
    "isolation forest, 100 x 256": Pair(
        lambda s: Nad(nad.IsolationForest(random_state=s)),
        lambda s: Learn("ensemble", "IsolationForest", random_state=_seed(s)),
        "scikit-learn",
    ),
    "isolation forest, 100 x 4096, distinct rows": Pair(
        lambda s: Nad(nad.IsolationForest(max_samples=4096, unique_rows=True, random_state=s)), None
    ),
    "k-means, 32 clusters, all count": Pair(
        lambda s: Nad(nad.KMeans(n_clusters=32, large_clusters_only=False, random_state=s)),
        lambda s: LearnCentres("cluster", "KMeans", n_clusters=32, n_init=1, random_state=_seed(s)),
        "scikit-learn",
    ),
    "k-means, 8 clusters, large ones count (CBLOF)": Pair(
        lambda s: Nad(nad.KMeans(random_state=s)),
        lambda s: Pyod("cblof", "CBLOF", n_clusters=8, random_state=_seed(s)),
        "PyOD",
    ),
    "local Gaussians, 16": Pair(lambda s: Nad(nad.LocalGaussian(random_state=s)), None),
    "Mahalanobis": Pair(
        lambda _: Nad(nad.Mahalanobis()), lambda _: LearnCovariance("covariance", "LedoitWolf"), "scikit-learn"
    ),
    "one-class SVM, nu 0.05, 10,000 rows": Pair(
        lambda s: Sampled(Nad(nad.OneClassSVM(nu=0.05)), 10_000, s),
        lambda s: Sampled(Learn("svm", "OneClassSVM", nu=0.05), 10_000, s),
        "scikit-learn",
    ),
    "one-class SVM, nu 0.05, Nystroem 300": Pair(
        lambda s: Nad(nad.OneClassSVM(nu=0.05, approximation="nystroem", random_state=s)),
        lambda s: LearnApproximation(300, 0.05, s),
        "scikit-learn",
    ),
    "PCA residual": Pair(
        lambda _: Nad(nad.PcaResidual()),
        lambda _: LearnResidual("decomposition", "PCA", n_components=0.95),
        "scikit-learn",
    ),
    "nearest neighbours, 5 of 5,000 distinct rows": Pair(
        lambda s: Nad(nad.NearestNeighbours(max_samples=5000, random_state=s)),
        lambda s: LearnNeighbours(5, 5000, s),
        "scikit-learn",
    ),
    "histogram": Pair(lambda _: Nad(nad.Histogram()), lambda _: Pyod("hbos", "HBOS", n_bins=10), "PyOD"),
    "ECOD": Pair(lambda _: Nad(nad.ECOD()), lambda _: Pyod("ecod", "ECOD"), "PyOD (all rows seen)"),
    "LODA, 300": Pair(
        lambda s: Nad(nad.LODA(random_state=s)), lambda _: Pyod("loda", "LODA", n_random_cuts=300), "PyOD"
    ),
    "half-space trees": Pair(lambda s: Nad(nad.HalfSpaceTrees(random_state=s)), None),
    "autoencoder 64-16-64, mean error": Pair(
        lambda s: Nad(nad.Autoencoder(residual="mean", epochs=10, batch_size=256, random_state=s)),
        lambda s: TorchAutoencoder((64, 16, 64), 10, 256, s),
        "PyTorch",
    ),
    "autoencoder 64-16-64, whitened error": Pair(
        lambda s: Nad(nad.Autoencoder(epochs=10, batch_size=256, random_state=s)), None
    ),
    "ensemble 'clean'": Pair(lambda s: Nad(nad.Ensemble("clean", random_state=s)), None, clean_only=True),
    "ensemble 'mixed'": Pair(lambda s: Nad(nad.Ensemble("mixed", random_state=s)), None),
}
