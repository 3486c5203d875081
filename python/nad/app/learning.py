"""Training a model while a page goes on answering.

>>> learning = Learning(Wish(training="mixed").model(), records.table, name="mine", records_name=records.name)
>>> learning.start()
>>> learning.progress, learning.state  # from any thread; learning.cancel() ends it
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nad import estimators
from nad.app.clusters import learn_clusters
from nad.errors import CancelledError, Error, InvalidArgumentError
from nad.model import Model
from nad.thresholds import ThresholdRule

if TYPE_CHECKING:
    from collections.abc import Callable

    from nad._core import Progress
    from nad.clustering import Clustering
    from nad.table import Table

__all__ = ["DETECTORS", "RULES", "Learning", "Wish"]

DETECTORS: dict[str, Callable[[int], Any]] = {
    "chosen by nad": lambda _: None,
    "Isolation Forest": lambda seed: estimators.IsolationForest(max_samples=4096, random_state=seed),
    "K-Means (elbow)": lambda seed: estimators.KMeans(n_clusters="auto", random_state=seed),
    "Autoencoder": lambda seed: estimators.Autoencoder(random_state=seed),
    "Local Gaussians": lambda seed: estimators.LocalGaussian(random_state=seed),
    "Nearest neighbours": lambda seed: estimators.NearestNeighbours(random_state=seed),
    "Histogram": lambda _: estimators.Histogram(),
}

RULES = {
    "alerts a day": ThresholdRule.alerts_per_day,
    "share of normal records": ThresholdRule.false_positive_rate,
    "contamination": ThresholdRule.contamination,
    "best F score of the labels": ThresholdRule.f_beta,
}


@dataclass(frozen=True)
class Wish:
    """What a person asks for before training."""

    training: str = "clean"
    rule: str = "alerts a day"
    value: float = 20.0
    detector: str = "chosen by nad"
    label: str | None = None
    seed: int = 0

    def model(self) -> Model:
        """One that is not fitted yet."""
        if self.rule not in RULES:
            raise InvalidArgumentError(f"there is no threshold by {self.rule!r}; there are {', '.join(RULES)}")
        if self.detector not in DETECTORS:
            raise InvalidArgumentError(f"there is no detector {self.detector!r}; there are {', '.join(DETECTORS)}")
        return Model(
            training=self.training,
            threshold=RULES[self.rule](self.value),
            detector=DETECTORS[self.detector](self.seed),
            label=self.label,
            random_state=self.seed,
            n_jobs=-1,
        )


class Learning:
    """A fit that goes on in a thread of its own, and the clusters of what was learnt from."""

    def __init__(self, model: Model, table: Table, *, name: str = "model", records_name: str = "") -> None:
        self.model = model
        self.name = name
        self.records_name = records_name
        self.rows = len(table)
        self.state = "waits"
        """Or "runs", "done", "failed", "cancelled"."""
        self.error = ""
        self.clusters: Clustering | None = None
        """With the model, but for records in which none can be found."""
        self.no_clusters = ""
        """Why there are none."""
        self._table: Table | None = table
        self._progress = ("", 0, 0)
        self._cancelled = threading.Event()
        self._began = self._ended = time.monotonic()
        self._thread = threading.Thread(target=self._work, name="nad app: training", daemon=True)

    def start(self) -> None:
        """Begin."""
        self.state = "runs"
        self._began = time.monotonic()
        self._thread.start()

    def cancel(self) -> None:
        """Make it end soon; the model stays unfitted."""
        self._cancelled.set()

    def join(self, seconds: float) -> None:
        """Wait for the end, so long at most."""
        self._thread.join(seconds)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in any way."""
        return self.state not in ("waits", "runs")

    @property
    def progress(self) -> tuple[str, int, int]:
        """What it does, and how far that is: stage, done, total."""
        return self._progress

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return (self._ended if self.is_over else time.monotonic()) - self._began

    def _tell(self, progress: Progress) -> bool:
        self._progress = progress.stage, progress.done, progress.total
        return not self._cancelled.is_set()

    def _find_clusters(self, table: Table) -> None:
        """The model is of use without them."""
        self._progress = "clusters", 0, 0
        try:
            self.clusters = learn_clusters(self.model, table, self._tell)
        except CancelledError:
            raise
        except Error as error:
            self.no_clusters = str(error)

    def _work(self) -> None:
        state = "failed"
        try:
            assert self._table is not None
            self.model.fit(self._table, progress=self._tell)
            self._find_clusters(self._table)
            state = "cancelled" if self._cancelled.is_set() else "done"
        except CancelledError:
            state = "cancelled"
        except (Error, MemoryError) as error:
            self.error = str(error) or "there is not enough memory"
        except Exception as error:  # noqa: BLE001 - a person shall know that it ended
            self.error = f"{type(error).__name__}: {error} (a bug of nad)"
        finally:
            self._ended = time.monotonic()
            self._table = None
            self.state = state
