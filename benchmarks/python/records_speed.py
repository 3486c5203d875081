"""Speed of the way from a record file to a matrix: reading, and one-hot with standard scaling.

The file is KDD Cup 99 (10 %), unpacked. Every library reads it with one thread, and those that can make the same
float32 matrix of it, which is checked.
"""

from __future__ import annotations

import gzip
import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.python import kdd99
from benchmarks.python.forests import MissingError
from benchmarks.python.isolation_forest_speed import Effort
from benchmarks.python.worker import Worker, WorkerError
from nad._bench.measure import Sample, Timing, take_turns, time_call
from nad._bench.report import Goal, Section, say, time_figures

WORDS = (1, 2, 3)
LABEL = 41
NAD = "nad"


def imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingError(str(error)) from None


class Library(ABC):
    """One library in its own process: what it does with the file."""

    makes_matrix = True

    def __init__(self, path: str) -> None:
        self.path = path
        self.table = self.read()

    @abstractmethod
    def read(self) -> Any: ...

    def matrix(self, table: Any) -> Any:
        del table
        raise MissingError(f"{type(self).__name__} makes no matrix")

    def time_read(self, at_least: float) -> Sample:
        return time_call(self.read, at_least)

    def time_matrix(self, at_least: float) -> Sample:
        return time_call(lambda: self.matrix(self.table), at_least)

    def time_all(self, at_least: float) -> Sample:
        return time_call(lambda: self.matrix(self.read()), at_least)

    def sums(self) -> tuple[int, list[float]]:
        """What a matrix is known by without sending it: its columns' sums of absolute values, sorted."""
        x = np.asarray(self.matrix(self.table), dtype=np.float64)
        return x.shape[1], sorted(np.abs(x).sum(axis=0).tolist())


class Nad(Library):
    def read(self) -> Any:
        nad = imported("nad")
        return nad.read(self.path)

    def matrix(self, table: Any) -> Any:
        nad = imported("nad")
        pipeline = nad.FeaturePipeline([nad.features.OneHot(max_categories=1000), nad.features.Standardise()])
        return pipeline.fit_transform(table)


class PandasScikitLearn(Library):
    def read(self) -> Any:
        return imported("pandas").read_csv(self.path, header=None)

    def matrix(self, table: Any) -> Any:
        compose, preprocessing = imported("sklearn.compose"), imported("sklearn.preprocessing")
        pipeline = imported("sklearn.pipeline").make_pipeline(
            compose.ColumnTransformer(
                [("words", preprocessing.OneHotEncoder(sparse_output=False, dtype=np.float32), list(WORDS))],
                remainder="passthrough",
            ),
            preprocessing.StandardScaler(),
        )
        return pipeline.fit_transform(table.drop(columns=LABEL)).astype(np.float32, copy=False)


class ColumnsApart(PandasScikitLearn):
    """The scaler sees the numbers only, and the encoder makes float32: the fastest way that scikit-learn has."""

    def matrix(self, table: Any) -> Any:
        compose, preprocessing = imported("sklearn.compose"), imported("sklearn.preprocessing")
        numbers = [column for column in range(LABEL) if column not in WORDS]
        transformer = compose.ColumnTransformer(
            [
                ("words", preprocessing.OneHotEncoder(sparse_output=False, dtype=np.float32), list(WORDS)),
                ("numbers", preprocessing.StandardScaler(), numbers),
            ]
        )
        return transformer.fit_transform(table).astype(np.float32, copy=False)


class Pyarrow(Library):
    makes_matrix = False

    def read(self) -> Any:
        csv = imported("pyarrow.csv")
        words = {f"f{column}": imported("pyarrow").dictionary(imported("pyarrow").int32(), imported("pyarrow").string())
                 for column in (*WORDS, LABEL)}  # fmt: skip
        return csv.read_csv(
            self.path,
            read_options=csv.ReadOptions(use_threads=False, autogenerate_column_names=True),
            convert_options=csv.ConvertOptions(column_types=words),
        )


class Polars(Library):
    makes_matrix = False

    def read(self) -> Any:
        return imported("polars").read_csv(self.path, has_header=False)


LIBRARIES: dict[str, type[Library]] = {
    NAD: Nad,
    "pandas + scikit-learn": PandasScikitLearn,
    "pandas + scikit-learn, numbers apart": ColumnsApart,
    "pyarrow": Pyarrow,
    "polars": Polars,
}


def run(effort: Effort) -> list[Section]:
    try:
        path, data, notes = _file(effort.rows)
    except kdd99.DataNotFoundError as error:
        return [Section("Records: not measured", ["reason"], [[str(error)]])]
    goals: list[Goal] = []
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}
        for name, library in LIBRARIES.items():
            try:
                workers[name] = Worker(library, str(path))
                stack.callback(workers[name].close)
            except (MissingError, WorkerError) as error:
                notes.append(f"{name} is missing: {error}")
        whole = {name: worker for name, worker in workers.items() if LIBRARIES[name].makes_matrix}
        say("reading")
        reads = take_turns(_each(workers, "time_read", 0.1), effort.rounds)
        say("features")
        matrices = take_turns(_each(whole, "time_matrix", 0.1), effort.rounds)
        say("from the file to the matrix")
        both = take_turns(_each(whole, "time_all", 0.1), effort.rounds)
        notes.append(_same_matrices(whole))
    _judge(goals, "reading", "pyarrow", reads, 1.5)
    _judge(goals, "file to matrix", "pandas + scikit-learn", both, 10.0)
    _judge(goals, "file to matrix", "pandas + scikit-learn, numbers apart", both, None)
    rows = [[name, *_cells(reads, name), *_cells(matrices, name), *_cells(both, name)] for name in workers]
    header = ["", "read ms", "spread", "features ms", "spread", "both ms", "spread"]
    samples = {
        what: {name: [sample.cpu for sample in timing.samples] for name, timing in timings.items()}
        for what, timings in (("read", reads), ("features", matrices), ("both", both))
    }
    return [
        Section(
            f"{data}: one thread, CPU time, median of {effort.rounds}",
            header,
            rows,
            notes,
            samples,
            [*time_figures("read", reads), *time_figures("features", matrices), *time_figures("file to matrix", both)],
            data,
        ),
        Section("Goals", *Goal.table(goals)),
    ]


def _cells(timings: dict[str, Timing], name: str) -> list[str]:
    return [f"{timings[name].cpu * 1e3:.0f}", f"{timings[name].spread:.0%}"] if name in timings else ["", ""]


def _judge(goals: list[Goal], what: str, peer: str, timings: dict[str, Timing], at_least: float | None) -> None:
    if NAD in timings and peer in timings:
        goals.append(Goal(f"{what}, times {peer}", timings[peer].cpu / timings[NAD].cpu, at_least))


def _each(workers: dict[str, Worker], method: str, *args: object) -> dict[str, Callable[[], Sample]]:
    def bound(worker: Worker) -> Callable[[], Sample]:
        return lambda: worker.call(method, *args)

    return {name: bound(worker) for name, worker in workers.items()}


def _same_matrices(workers: dict[str, Worker]) -> str:
    """nad and scikit-learn shall have done the same work."""
    peer = "pandas + scikit-learn"
    if NAD not in workers or peer not in workers:
        return "The matrices were not compared: nad or scikit-learn is missing"
    columns, sums = workers[NAD].call("sums")
    their_columns, their_sums = workers[peer].call("sums")
    if columns != their_columns or not np.allclose(sums, their_sums, rtol=1e-3, atol=1e-2):
        return f"NOT THE SAME: nad made {columns} features, scikit-learn {their_columns}, or their values differ"
    return f"nad and scikit-learn made the same {columns} features"


def _file(limit: int | None) -> tuple[Path, str, list[str]]:
    """The unpacked file in the cache folder, the first `limit` rows of it."""
    packed = kdd99.find_file()
    path = kdd99.cache_folder() / f"kdd99-{limit or 'all'}.csv"
    if not path.is_file():
        with gzip.open(packed) as source:
            lines = source.read().splitlines(keepends=True)[:limit]
        part = path.with_suffix(".part")
        part.write_bytes(b"".join(lines))
        part.replace(path)
    megabytes = path.stat().st_size / 1e6
    return path, f"KDD Cup 99, 10 %, {megabytes:.0f} MB of text to a matrix", []
