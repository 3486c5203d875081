"""What one person has open, and what becomes of it when they leave.

Nothing here is shared between persons: each browser tab has a `Session` of its own, with a folder of its own.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from nad._words import plural
from nad.app.clusters import learn_clusters
from nad.app.judging import Judged, judge
from nad.app.records import Limits, Records, given, read_files
from nad.clustering import Clustering
from nad.errors import Error, InvalidDataError
from nad.model import Model
from nad.persist import read_header
from nad.record_scorer import RecordScorer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nad._progress import ProgressCallback
    from nad.app.learning import Learning
    from nad.app.live import Live
    from nad.thresholds import ThresholdRule

__all__ = ["OpenModel", "Session", "close_when_gone"]


class OpenModel:
    """A model, what the person calls it, whether it was learnt here, and the clusters of what it learnt from."""

    def __init__(
        self,
        model: Model,
        name: str,
        *,
        learnt_from: str = "",
        learnt_rows: int = 0,
        clusters: Clustering | None = None,
    ) -> None:
        self.model = model
        self.name = name
        self.learnt_from = learnt_from
        self.learnt_rows = learnt_rows
        self.clusters = clusters
        """Of what was learnt from; of a model from a file, those that a person asked for later."""
        self.clusters_of = learnt_from if clusters is not None else ""
        self.no_clusters = ""
        """Why there are none, where they were looked for."""

    @classmethod
    def learnt(cls, learning: Learning) -> OpenModel:
        """What a training that is done has brought."""
        opened = cls(
            learning.model,
            learning.name,
            learnt_from=learning.records_name,
            learnt_rows=learning.rows,
            clusters=learning.clusters,
        )
        opened.no_clusters = learning.no_clusters
        return opened

    def has_learnt(self, records: Records) -> bool:
        """Whether it was learnt here from these very records: it takes what they hold for normal."""
        return bool(self.learnt_from) and (self.learnt_from, self.learnt_rows) == (records.name, len(records.table))

    def use_clusters(self, clusters: Clustering, name: str) -> None:
        """Those of a file, if they are of such records as the model judges."""
        known = {*RecordScorer(self.model).inputs, *self.model.pipeline.left_out}
        lacking = [column for column in clusters.pipeline.inputs if column not in known]
        if lacking:
            raise InvalidDataError(
                f"{name} holds clusters of other records: the model does not know {plural(len(lacking), 'column')} of "
                f"theirs, such as {lacking[0]!r}; open the model that they belong to first"
            )
        self.clusters, self.clusters_of, self.no_clusters = clusters, name, ""

    def find_clusters(self, records: Records, progress: ProgressCallback | None = None) -> None:
        """Those of these records, for a model that came without any."""
        self.clusters = learn_clusters(self.model, records.table, progress)
        self.clusters_of = records.name


@dataclass
class _Held:
    """What has to be given back, apart from the session: that happens also where the session itself was forgotten."""

    folder: Path
    learning: Learning | None = None
    live: Live | None = None

    def end(self) -> None:
        if self.learning is not None:
            self.learning.cancel()
        if self.live is not None:
            self.live.stop()
        self.learning = None
        shutil.rmtree(self.folder, ignore_errors=True)


class Session:
    """Records, a model or two, what was found, and the threads that work on it."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._held = _Held(Path(tempfile.mkdtemp(prefix="nad-app-")))
        weakref.finalize(self, self._held.end)
        self.records: Records | None = None
        self.opened: OpenModel | None = None
        self.other: OpenModel | None = None
        """What `opened` is compared with."""
        self.rule: ThresholdRule | None = None
        """In the place of the model's own."""
        self.closed = False
        self._judged: Judged | None = None
        self._judged_other: Judged | None = None

    @property
    def folder(self) -> Path:
        """Where the files of this person lie until they leave."""
        return self._held.folder

    @property
    def learning(self) -> Learning | None:
        """A training that runs, or that has ended and was not looked at yet."""
        return self._held.learning

    @learning.setter
    def learning(self, learning: Learning | None) -> None:
        self._held.learning = learning

    @property
    def is_learning(self) -> bool:
        """Whether a training goes on."""
        return self.learning is not None and not self.learning.is_over

    @property
    def live(self) -> Live | None:
        """A monitor that runs, or that ran."""
        return self._held.live

    @live.setter
    def live(self, live: Live | None) -> None:
        self._held.live = live

    # -- records

    def read(self, uploads: Sequence[tuple[str, BinaryIO]], tell: Callable[[str], object] = lambda _: None) -> Records:
        """Keep these uploads and read them; what was there before stays where that fails."""
        if len(uploads) > self.limits.files:
            raise InvalidDataError(
                f"{len(uploads):,} files are more than the {self.limits.files:,} that this page takes at a time"
            )
        files = [given(self.folder, name, content) for name, content in uploads]
        try:
            records = read_files(files, self.limits, tell)
        except BaseException:
            for file in files:
                file.remove()
            raise
        self.use(records)
        return records

    def use(self, records: Records | None) -> None:
        """Look at these records from now on; the files of those before are removed."""
        before = self.records
        self.records = records
        self._judged = self._judged_other = None
        for file in before.files if before is not None else []:
            if records is None or file not in records.files:
                file.remove()

    # -- models

    def _held_by(self, name: str, content: BinaryIO) -> OpenModel | tuple[Clustering, str]:
        file = given(self.folder, name, content)
        try:
            if read_header(file.path).get("kind") == "clustering":
                return Clustering.load(file.path), file.name
            return OpenModel(Model.load(file.path), file.name)
        except Error as error:
            raise type(error)(str(error).replace(str(file.path), file.name)) from error
        finally:
            file.remove()

    def open_model(self, name: str, content: BinaryIO) -> OpenModel:
        """A model from an upload; a wrong or damaged file is a clear error."""
        found = self._held_by(name, content)
        if not isinstance(found, OpenModel):
            raise InvalidDataError(
                f"{found[1]} holds clusters, and here a model is asked for; the page Model takes them"
            )
        return found

    def use_file(self, name: str, content: BinaryIO) -> bool:
        """Judge with the model of an upload, or tell kinds of records by the clusters that it holds."""
        found = self._held_by(name, content)
        if isinstance(found, OpenModel):
            self.use_model(found)
        elif self.opened is None:
            raise InvalidDataError(f"{found[1]} holds clusters; open the model that they belong to first")
        else:
            self.opened.use_clusters(*found)
        return True

    def use_model(self, opened: OpenModel | None) -> None:
        """Judge with this model from now on."""
        self.opened = opened
        self.rule = None
        self._judged = None

    def compare_with(self, other: OpenModel | None) -> None:
        """Let this be the other model."""
        self.other = other
        self._judged_other = None

    def adopt(self) -> bool:
        """Take over what was learnt, if that is ready."""
        learning = self.learning
        if learning is None or learning.state != "done":
            return False
        self.learning = None
        self.use_model(OpenModel.learnt(learning))
        return True

    # -- what is found

    def judged(self, progress: ProgressCallback | None = None) -> Judged:
        """What the model finds in the records, worked out when it is asked for and something changed."""
        if self.records is None or self.opened is None:
            raise InvalidDataError("this needs records and a model")
        if self._judged is None or self._judged.rule != self.rule:
            self._judged = judge(self.opened.model, self.records.table, self.rule, progress)
        return self._judged

    def judged_by_other(self, progress: ProgressCallback | None = None) -> Judged:
        """The same of the other model, by its own threshold."""
        if self.records is None or self.other is None:
            raise InvalidDataError("this needs records and another model")
        if self._judged_other is None:
            self._judged_other = judge(self.other.model, self.records.table, None, progress)
        return self._judged_other

    # -- the end

    def close(self) -> None:
        """End what runs, forget all, remove the files; may be called twice."""
        self.closed = True
        self._held.end()
        self.use(None)
        self.opened = self.other = self._judged = self._judged_other = None


def close_when_gone(
    session: Session, is_there: Callable[[], bool], *, every: float = 5.0, patience: float = 120.0
) -> threading.Thread:
    """Close a session when its browser has been away for so many seconds: a reload or a short gap is no end.

    The thread holds no reference to the session, and ends with it.
    """
    ended = threading.Event()
    weakref.finalize(session, ended.set)
    reference = weakref.ref(session)

    def look() -> None:
        away = 0.0
        while not ended.wait(every):
            away = 0.0 if is_there() else away + every
            found = reference()
            if found is None or found.closed:
                return
            if away >= patience:
                found.close()
                return
            del found

    thread = threading.Thread(target=look, name="nad app: session", daemon=True)
    thread.start()
    return thread
