"""What ``nad bench`` measures: nad alone, on traffic that it makes itself or on a file.

>>> with Bench(Settings(rows=20_000)) as bench:
...     sections = bench.run()
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nad import datasets
from nad._bench.measure import Sample, Timing, latencies, take_turns, time_call
from nad._bench.reference import references
from nad._bench.report import OURS, Figure, Section
from nad._words import plural
from nad.errors import InvalidDataError
from nad.estimators import (
    ECOD,
    Autoencoder,
    HalfSpaceTrees,
    Histogram,
    IsolationForest,
    KMeans,
    Mahalanobis,
    NearestNeighbours,
    OneClassSVM,
)
from nad.features import FeaturePipeline
from nad.flow import FlowMeter
from nad.model import Model
from nad.reading import Reader, read_with_report
from nad.record_scorer import RecordScorer
from nad.simulation import simulate
from nad.thresholds import ThresholdRule

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


__all__ = ["PARTS", "Bench", "Settings"]

PARTS = ("packets", "reading", "features", "fit", "score", "one row", "files")
_FEWEST = 200
_HEADERS = 128  # bytes of each packet: all that flows are made of


@dataclass(frozen=True)
class Settings:
    """How much is measured, and on what."""

    file: str | None = None
    rows: int = 20_000
    hours: float = 2.0
    rounds: int = 5
    seed: int = 7
    seconds: float = 0.05
    """Short work is repeated in a round until so much time has passed."""
    parts: tuple[str, ...] = PARTS
    latency_calls: int = 2000


@dataclass(frozen=True)
class _Work:
    """A call, and how much it does."""

    call: Callable[[], object]
    amount: int
    unit: str = "records"


def detectors(seed: int) -> dict[str, Any]:
    """One of each kind, as it comes; the slow ones with settings that end in seconds."""
    return {
        "isolation forest": IsolationForest(random_state=seed),
        "k-means": KMeans(random_state=seed),
        "Mahalanobis": Mahalanobis(),
        "nearest neighbours": NearestNeighbours(max_samples=2000, random_state=seed),
        "one-class SVM, Nystroem": OneClassSVM(nu=0.05, approximation="nystroem", random_state=seed),
        "autoencoder, 5 epochs": Autoencoder(epochs=5, batch_size=256, random_state=seed),
        "histogram": Histogram(),
        "ECOD": ECOD(),
        "half-space trees": HalfSpaceTrees(random_state=seed),
    }


class Bench:
    """Makes or reads the data, and measures one part after the other."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._folder = tempfile.TemporaryDirectory(prefix="nad-bench-")
        try:
            self._prepare(Path(self._folder.name))
        except BaseException:
            self._folder.cleanup()
            raise

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def run(self, tell: Callable[[str, int, str], None] = lambda *_: None) -> list[Section]:
        """The tables of all parts that were asked for."""
        ways = dict(
            zip(PARTS, (self._packets, self._reading, self._features, self._fit, self._score, self._row, self._files))
        )
        sections = []
        for part in self.settings.parts:
            section = ways[part](lambda number, name, part=part: tell(part, number, name))  # type: ignore[misc]
            if section is not None:
                sections.append(section)
        return sections

    # ---- the data

    def _prepare(self, folder: Path) -> None:
        chosen = self.settings
        self.capture: str | None = None
        self.text: str | None = None
        if chosen.file is not None:
            is_capture = Reader(chosen.file).report.format == "pcap"
            self.capture, self.text = (chosen.file, None) if is_capture else (None, chosen.file)
            table, _ = read_with_report(chosen.file, on_error="skip")
            self.table = table
            self.data = f"{Path(chosen.file).name}, {plural(len(table), 'record')}"
            if len(table) < _FEWEST:
                raise InvalidDataError(
                    f"{chosen.file} has {plural(len(table), 'record')}; {_FEWEST} are needed to measure anything"
                )
            return
        made = datasets.synthetic_flows(chosen.rows, anomaly_ratio=0.02, random_state=chosen.seed)
        self.table = made.drop(["label", "is_anomaly"])
        self.text = str(folder / "flows.csv")
        self.table.to_csv(self.text)
        self.data = f"{chosen.rows:,} synthetic flows, seed {chosen.seed}"
        if "packets" in chosen.parts:
            self.capture = str(folder / "traffic.pcap")
            attacks = ["port_scan"]
            simulate(self.capture, hours=chosen.hours, random_state=chosen.seed, attacks=attacks, snap_length=_HEADERS)

    def _matrix(self) -> Any:
        if not hasattr(self, "_x"):
            self._pipeline = FeaturePipeline.automatic(self.table).fit(self.table)
            self._x = self._pipeline.transform(self.table)
        return self._x

    def _model(self) -> Model:
        """A model of a forest: what costs here is the way, not the detector."""
        if not hasattr(self, "_fitted"):
            self._fitted = self._new_model().fit(self.table)
        return self._fitted

    def _new_model(self) -> Model:
        forest = IsolationForest(random_state=self.settings.seed)
        rule = ThresholdRule.contamination(0.01)
        return Model(detector=forest, training="mixed", threshold=rule, random_state=self.settings.seed)

    # ---- the parts

    def _packets(self, tell: Callable[[int, str], None]) -> Section | None:
        capture = self.capture
        if capture is None:
            return None
        packets = 0
        flows = FlowMeter()
        report = flows.add_captures([capture])
        packets = report.rows
        del flows
        size = Path(capture).stat().st_size
        work = {"capture to flows": _Work(lambda: read_with_report(capture), packets, "packets")}
        name = f"{Path(capture).name}, {size / 1e6:.1f} MB" if self.settings.file else f"{self.settings.hours:g} hours"
        return self._timed("packets", f"Packets to flows: {name}", work, tell)

    def _reading(self, tell: Callable[[int, str], None]) -> Section | None:
        text = self.text
        if text is None:
            return None
        work = {"text to a typed table": _Work(lambda: read_with_report(text, on_error="skip"), len(self.table))}
        size = Path(text).stat().st_size / 1e6
        return self._timed("reading", f"Reading: {self.data}, {size:.1f} MB of text", work, tell)

    def _features(self, tell: Callable[[int, str], None]) -> Section:
        columns = self._matrix().shape[1]
        rows = len(self.table)
        work = {
            "choose and learn": _Work(lambda: FeaturePipeline.automatic(self.table).fit(self.table), rows),
            "compute": _Work(lambda: self._pipeline.transform(self.table), rows),
        }
        return self._timed("features", f"Features: {self.data} to {columns} columns", work, tell)

    def _fit(self, tell: Callable[[int, str], None]) -> Section:
        x = self._matrix()
        work = {
            name: _Work(lambda one=one: one.fit(x), len(x))  # type: ignore[misc]
            for name, one in detectors(self.settings.seed).items()
        }
        work["whole model of a forest"] = _Work(lambda: self._new_model().fit(self.table), len(x))
        return self._timed("fit", f"Fit: {self.data}, {x.shape[1]} columns", work, tell)

    def _score(self, tell: Callable[[int, str], None]) -> Section:
        x = self._matrix()
        fitted = {name: one.fit(x) for name, one in detectors(self.settings.seed).items()}
        work = {
            name: _Work(lambda one=one: one.anomaly_score(x), len(x))  # type: ignore[misc]
            for name, one in fitted.items()
        }
        model = self._model()
        work["whole model: detect"] = _Work(lambda: model.detect(self.table), len(x))
        return self._timed("score", f"Scoring in a batch: {self.data}, {x.shape[1]} columns", work, tell)

    def _row(self, tell: Callable[[int, str], None]) -> Section:
        x = self._matrix()
        some = self.table[: min(self.settings.latency_calls, len(self.table))]
        records = [dict(zip(some.columns, row)) for row in zip(*(some[name].to_list() for name in some.columns))]
        model = self._model()
        forest = IsolationForest(random_state=self.settings.seed).fit(x)

        def record_by_record() -> list[Callable[[], object]]:
            scorer = RecordScorer(model)  # it remembers: the records are a stream, from its beginning
            return [lambda one=one: scorer.score(one) for one in records]  # type: ignore[misc]

        def row_by_row() -> list[Callable[[], object]]:
            return [lambda row=row: forest.anomaly_score(row) for row in x[: len(some)]]  # type: ignore[misc]

        ways = {"numbers, isolation forest": row_by_row, "a dict, whole model": record_by_record}
        others = references()
        medians: dict[str, list[float]] = {name: [] for name in (*ways, *others)}
        late: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(self.settings.rounds + 1):
            for name, make in ways.items():
                tell(number, name)
                median, last = latencies(make())
                if number > 0:
                    medians[name].append(median * 1e-6)
                    late[name].append(last * 1e-6)
            for name, call in others.items():
                sample = time_call(call, self.settings.seconds)
                if number > 0:
                    medians[name].append(sample.wall)
        rows = [
            [name, f"{_middle(medians[name]) * 1e6:.2f}", f"{_middle(late[name]) * 1e6:.2f}", _spread(medians[name])]
            for name in ways
        ]
        figures = [
            Figure(name if name in others else f"{OURS}, {name}", "median, wall", samples)
            for name, samples in medians.items()
        ]
        title = f"One row from Python, microseconds (wall): {self.data}"
        return Section(title, ["", "median", "99 %", "spread"], rows, figures=figures)

    def _files(self, tell: Callable[[int, str], None]) -> Section:
        model = self._model()
        path = Path(self._folder.name) / "model.nad"
        model.save(path)
        size = path.stat().st_size
        work = {
            "save a model": _Work(lambda: model.save(path), size, "bytes"),
            "load it": _Work(lambda: Model.load(path), size, "bytes"),
        }
        section = self._timed("files", f"Model files, {size / 1e3:.1f} kB: {self.data}", work, tell)
        section_figures = [replace(figure, kind="disk") if figure.by == OURS else figure for figure in section.figures]
        section_figures.append(Figure(f"{OURS}, model of a forest", "bytes", [size], "size", "bytes"))
        return Section(section.title, section.header, section.rows, figures=section_figures, name=section.name)

    def _timed(self, part: str, title: str, work: dict[str, _Work], tell: Callable[[int, str], None]) -> Section:
        def bound(one: _Work) -> Callable[[], Sample]:
            return lambda: time_call(one.call, self.settings.seconds)

        others = {name: _Work(call, 0) for name, call in references().items()}
        timings = take_turns({name: bound(one) for name, one in (work | others).items()}, self.settings.rounds, tell)
        rows = [_row_of(name, one, timings[name]) for name, one in work.items()]
        figures = [
            Figure(name if name in others else f"{OURS}, {name}", "CPU time", [sample.cpu for sample in timing.samples])
            for name, timing in timings.items()
        ]
        # not the title: it says how large files came out
        return Section(title, ["", "CPU ms", "spread", "a second"], rows, figures=figures, name=f"{part}, {self.data}")


def _row_of(name: str, work: _Work, timing: Timing) -> list[str]:
    rate = work.amount / timing.cpu if timing.cpu > 0 else float("inf")
    return [name, f"{timing.cpu * 1e3:.3g}", f"{timing.spread:.0%}", f"{_short(rate)} {work.unit}"]


def _short(number: float) -> str:
    for size, word in ((1e9, " G"), (1e6, " million"), (1e3, " thousand")):
        if number >= size:
            return f"{number / size:.3g}{word}"
    return f"{number:.3g}"


def _middle(samples: list[float]) -> float:
    return sorted(samples)[len(samples) // 2]


def _spread(samples: list[float]) -> str:
    return f"{(max(samples) - min(samples)) / _middle(samples):.0%}"
