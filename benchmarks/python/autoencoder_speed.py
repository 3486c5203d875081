"""Speed of autoencoders of the same layers, batches and epochs: nad beside PyTorch, one thread each.

The rows are seeded: 118 columns between 0 and 1 that two hidden causes move. The loss of all rows after the training
says whether both learnt the same. PyTorch runs its plain Adam and the fused one; a ratio is against the better.
"""

from __future__ import annotations

import importlib
import itertools
from abc import ABC, abstractmethod
from contextlib import ExitStack
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.python.forests import MissingError
from benchmarks.python.isolation_forest_speed import Effort
from benchmarks.python.worker import Worker, WorkerError
from nad._bench.measure import Sample, Timing, take_turns, time_call
from nad._bench.report import Goal, Section, say, seed_figures, time_figures

ROWS = 50_000
COLUMNS = 118
HIDDEN = (64, 16, 64)
BATCHES = (32, 1024)
EPOCHS = 2  # that are timed
LOSS_EPOCHS = 8
LOSS_SEEDS = 5
SCORE_BATCHES = (1024, 8192)  # rows that PyTorch gets at a time; nad cuts what it gets itself
TRAINING_GOALS = {32: 10.0, 1024: 2.0}
SCORING_GOAL = 2.0
NAD = "nad"

Rows = npt.NDArray[np.float32]


def waves(rows: int) -> Rows:
    random = np.random.default_rng(1_000_003)
    a, b = random.random((2, rows, 1))
    column = np.arange(COLUMNS)
    values = 0.5 + 0.36 * np.sin(a * (1 + column % 7) + b * (column % 5)) + 0.05 * random.random((rows, COLUMNS))
    made: Rows = values.astype(np.float32)
    return made


class Contestant(ABC):
    """One library in its own process."""

    def __init__(self, rows: int, seed: int) -> None:
        self.x = waves(rows)
        self.seed = seed

    @abstractmethod
    def train(self, batch: int, epochs: int) -> Any: ...

    @abstractmethod
    def reconstruct(self, model: Any) -> Rows: ...

    @abstractmethod
    def score(self, model: Any, batch: int) -> npt.NDArray[np.float32]: ...

    def time_epoch(self, batch: int) -> Sample:
        """The time of an epoch: what more of them take longer, so that all that is done once does not count."""
        few = time_call(lambda: self.train(batch, 1), 0.0)
        many = time_call(lambda: self.train(batch, 1 + EPOCHS), 0.0)
        return Sample((many.cpu - few.cpu) / EPOCHS, (many.wall - few.wall) / EPOCHS, EPOCHS)

    def time_score(self, batch: int) -> Sample:
        if not hasattr(self, "model"):
            self.model = self.train(256, 1)
        return time_call(lambda: self.score(self.model, batch), 0.1)

    def losses(self, batch: int) -> list[float]:
        """Of some first weights: one of them says little."""
        found = []
        for self.seed in range(LOSS_SEEDS):
            made = self.reconstruct(self.train(batch, LOSS_EPOCHS))
            found.append(float(np.mean((made - self.x) ** 2, dtype=np.float64)))
        return found


class Nad(Contestant):
    def train(self, batch: int, epochs: int) -> Any:
        nad = importlib.import_module("nad")
        model = nad.Autoencoder(hidden=HIDDEN, epochs=epochs, batch_size=batch, residual="mean", random_state=self.seed)
        return model.fit(self.x)

    def reconstruct(self, model: Any) -> Rows:
        made: Rows = model.reconstruct(self.x)
        return made

    def score(self, model: Any, batch: int) -> npt.NDArray[np.float32]:
        del batch
        scores: npt.NDArray[np.float32] = model.anomaly_score(self.x)
        return scores


class PyTorch(Contestant):
    fused = False

    def __init__(self, rows: int, seed: int) -> None:
        super().__init__(rows, seed)
        try:
            self.torch = importlib.import_module("torch")
        except ImportError as error:
            raise MissingError(str(error)) from None
        self.torch.set_num_threads(1)
        self.rows = self.torch.from_numpy(self.x)

    def train(self, batch: int, epochs: int) -> Any:
        torch = self.torch
        nn = torch.nn
        torch.manual_seed(self.seed)
        sizes = (COLUMNS, *HIDDEN, COLUMNS)
        layers: list[Any] = []
        for inputs, outputs in itertools.pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        model = nn.Sequential(*layers[:-1])
        solver = torch.optim.Adam(model.parameters(), lr=1e-3, **({"fused": True} if self.fused else {}))
        loss = nn.MSELoss()
        for _ in range(epochs):
            order = torch.randperm(len(self.rows))
            for begin in range(0, len(order), batch):
                x = self.rows[order[begin : begin + batch]]
                solver.zero_grad()
                loss(model(x), x).backward()
                solver.step()
        return model

    def reconstruct(self, model: Any) -> Rows:
        with self.torch.inference_mode():
            made: Rows = model(self.rows).numpy()
            return made

    def score(self, model: Any, batch: int) -> npt.NDArray[np.float32]:
        with self.torch.inference_mode():
            parts = [
                ((model(x) - x) ** 2).mean(1)
                for x in (self.rows[begin : begin + batch] for begin in range(0, len(self.rows), batch))
            ]
            scores: npt.NDArray[np.float32] = self.torch.cat(parts).numpy()
            return scores


class PyTorchFused(PyTorch):
    fused = True


CONTESTANTS: dict[str, type[Contestant]] = {NAD: Nad, "PyTorch": PyTorch, "PyTorch, fused Adam": PyTorchFused}


def run(effort: Effort, seed: int) -> list[Section]:
    rows = min(effort.rows or ROWS, ROWS)
    missing = []
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}
        for name, contestant in CONTESTANTS.items():
            try:
                workers[name] = stack.enter_context(Worker(contestant, rows, seed))
            except (MissingError, WorkerError) as error:
                missing.append(f"{name}: {error}")
        training = {batch: _times(workers, "time_epoch", batch, effort.rounds) for batch in BATCHES}
        scoring = {batch: _times(workers, "time_score", batch, effort.rounds) for batch in SCORE_BATCHES}
        losses = {name: {batch: worker.call("losses", batch) for batch in BATCHES} for name, worker in workers.items()}
    return _sections(rows, training, scoring, losses, missing)


def _times(workers: dict[str, Worker], verb: str, batch: int, rounds: int) -> dict[str, Timing]:
    say(f"autoencoder: {verb} {batch}")
    return take_turns({name: (lambda w=worker: w.call(verb, batch)) for name, worker in workers.items()}, rounds)


def _sections(
    rows: int,
    training: dict[int, dict[str, Timing]],
    scoring: dict[int, dict[str, Timing]],
    losses_of_seeds: dict[str, dict[int, list[float]]],
    missing: list[str],
) -> list[Section]:
    losses = {
        name: {batch: float(np.mean(seeds)) for batch, seeds in of.items()} for name, of in losses_of_seeds.items()
    }

    def rate(timing: Timing) -> str:
        return f"{rows / timing.cpu:,.0f}"

    table = [
        [
            name,
            *(rate(training[batch][name]) for batch in BATCHES),
            *(f"{losses[name][batch]:.3g}" for batch in BATCHES),
            *(rate(scoring[batch][name]) for batch in SCORE_BATCHES),
        ]
        for name in losses
    ]
    header = ["rows a CPU second"]
    header += [f"train, batches of {batch}" for batch in BATCHES]
    header += [f"loss after {LOSS_EPOCHS} epochs of {batch}, {LOSS_SEEDS} seeds" for batch in BATCHES]
    header += [f"score, {batch} at a time" for batch in SCORE_BATCHES]
    data = {
        f"{what} {batch}": {name: [sample.cpu for sample in timing.samples] for name, timing in found.items()}
        for what, all_times in (("train", training), ("score", scoring))
        for batch, found in all_times.items()
    }
    figures = [
        *(one for batch, found in training.items() for one in time_figures(f"an epoch of batches of {batch}", found)),
        *(one for batch, found in scoring.items() for one in time_figures(f"scoring, beside {batch} at a time", found)),
        *(
            one
            for batch in BATCHES
            for one in seed_figures(f"loss, {batch}", {name: of[batch] for name, of in losses_of_seeds.items()}, "loss")
        ),
    ]
    layers = "-".join(str(size) for size in (COLUMNS, *HIDDEN, COLUMNS))
    sections = [Section(f"Autoencoder {layers}, {rows:,} rows, one thread", header, table, missing, data, figures)]
    others = [name for name in losses if name != NAD]
    if others:
        goals = [
            Goal(
                f"training at {batch}, times the best other",
                min(training[batch][name].cpu for name in others) / training[batch][NAD].cpu,
                at_least=TRAINING_GOALS[batch],
            )
            for batch in BATCHES
        ]
        goals += [
            Goal(
                f"scoring beside others' {batch} at a time, times the best other",
                min(scoring[batch][name].cpu for name in others) / scoring[batch][NAD].cpu,
                at_least=SCORING_GOAL,
            )
            for batch in SCORE_BATCHES
        ]
        goals += [
            Goal(
                f"loss at {batch}, share of the best other's",
                losses[NAD][batch] / min(losses[name][batch] for name in others),
            )
            for batch in BATCHES
        ]
        goal_header, goal_rows = Goal.table(goals)
        sections.append(Section("Autoencoder: goals", goal_header, goal_rows))
    return sections
