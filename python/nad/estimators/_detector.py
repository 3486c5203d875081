"""What every detector of nad does as a scikit-learn estimator."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

import numpy as np
import numpy.typing as npt

from nad import _core, _frames
from nad._progress import ProgressBar
from nad._random import seed_from
from nad.errors import InvalidArgumentError, InvalidDataError, not_fitted
from nad.estimators._parameters import Parameters
from nad.estimators._sklearn import OutlierEstimator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nad.estimators._labels import Labels

    ProgressCallback = Callable[[_core.Progress], "bool | None"]

Core = TypeVar("Core", bound=_core.Detector)
Self = TypeVar("Self", bound="DetectorEstimator[Any]")

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Lesson:
    """What a detector is to learn from, as far as its options depend on it."""

    shape: tuple[int, ...]
    names: list[str] | None  # of the columns
    labels: Labels | None
    sample_weight: npt.NDArray[np.float32] | None

    def of_columns(self, columns: range | None) -> Lesson:
        """What is left of it for one that sees these columns only."""
        if columns is None:
            return self
        names = None if self.names is None else self.names[columns.start : columns.stop]
        return replace(self, shape=(*self.shape[:1], len(columns)), names=names)


class DetectorEstimator(OutlierEstimator, Parameters, Generic[Core]):
    """The verbs around a compiled detector.

    A subclass names its detector and has its options as parameters. What was learnt is never changed in place: a fit
    builds another detector and swaps it in, so other threads may go on scoring meanwhile.
    """

    n_jobs: int | None
    verbose: int
    warm_start: bool = False

    _compiled: ClassVar[Any]  # the compiled class
    _automatic: ClassVar[tuple[str, ...]] = ()  # parameters whose "auto" is the core's None
    _of_compiled: ClassVar[dict[type, type[DetectorEstimator[Any]]]] = {}  # the estimator of each compiled class
    _detector: Core | None = None
    _names: list[str] | None = None
    _missing_hint = ""  # the parameter that lets NaN in

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "_compiled" in cls.__dict__:
            cls._of_compiled[cls._compiled] = cls

    # -- for subclasses

    def _options(self) -> dict[str, Any]:
        """The parameters in the form of the core."""
        options = {name: value for name, value in self.get_params().items() if name not in ("n_jobs", "verbose")}
        for name in self._automatic:
            value = options[name]
            if value is None or (isinstance(value, str) and value != "auto"):
                raise InvalidArgumentError(f"{name} is {value!r}; give a number or 'auto'")
            options[name] = None if isinstance(value, str) else value
        if "random_state" in options:
            options["random_state"] = seed_from(options["random_state"])
        return options

    def _new_detector(self) -> Core:
        """An unfitted detector with this estimator's parameters."""
        detector: Core = self._compiled(**self._options())
        return detector

    def _wants_labels(self) -> bool:
        """Whether ``fit`` needs one a row."""
        return False

    def _new_learner(self, lesson: Lesson) -> Core:  # noqa: ARG002 (for those that learn from labels)
        """An unfitted detector with this estimator's parameters, for these rows."""
        return self._new_detector()

    def _grown_detector(self, detector: Core) -> Core:
        """A copy of `detector` that ``fit`` with ``warm_start`` shall go on with."""
        raise NotImplementedError

    @classmethod
    def _parameters_of(cls, detector: Core) -> dict[str, Any]:
        """The parameters of the estimator that would make `detector`."""
        options: dict[str, Any] = cast("Any", detector).options
        for name in cls._automatic:
            if options[name] is None:
                options[name] = "auto"
        return options

    # -- learning

    def fit(
        self: Self,
        X: Any,
        y: Any = None,  # noqa: ARG002 (scikit-learn passes it)
        sample_weight: Any = None,
        *,
        progress: ProgressCallback | None = None,
    ) -> Self:
        """Learn what ordinary rows look like.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            A C-ordered float32 array is used as it is, anything else is converted once. Inside
            ``sklearn.config_context(assume_finite=True)`` it is not searched for NaN and infinity.
        y : ignored
        sample_weight : array-like of shape (n_rows,), optional
            Whole numbers count copies of rows, 0 leaves a row out; other weights say how likely a row is learnt from.
        progress : callable, optional
            Called about twenty times a second with an object that has ``stage``, ``done`` and ``total``. An exception
            that it raises ends the fit, and so does ``False``, by `nad.CancelledError`.
        """
        self._detector, self._names = self._learnt(X, sample_weight, progress)
        return self

    def _learnt(
        self, X: Any, sample_weight: Any, progress: ProgressCallback | None, labels: Labels | None = None
    ) -> tuple[Core, list[str] | None]:
        """A detector that has learnt, also from labels where they are given, and the names of its columns."""
        verbosity = self._verbosity()
        values, names = _frames.to_array(X)
        if sample_weight is not None:
            sample_weight = _frames.to_weights(sample_weight)
        self._check_before_fit(values)
        kept = self._detector if self.warm_start else None
        lesson = Lesson(values.shape, names, labels, sample_weight)
        detector: Any = self._new_learner(lesson) if kept is None else self._grown_detector(kept)
        bar = ProgressBar() if verbosity and progress is None else None
        try:
            detector.fit(
                values,
                sample_weight=sample_weight,
                n_jobs=self._threads(),
                progress=bar or progress,
                assume_finite=self._assume_finite(),
                **({} if labels is None else {"labels": labels.codes}),
            )
        except InvalidDataError as error:
            raise self._explained(error, names) from None
        finally:
            if bar is not None:
                bar.close()
        return detector, names

    def _check_before_fit(self, values: npt.NDArray[Any]) -> None:
        """What can be said about parameters and rows before any work is done."""

    def fit_predict(self, X: Any, y: Any = None, **fit_params: Any) -> npt.NDArray[np.int_]:
        """``fit(X).predict(X)``."""
        return self.fit(X, y, **fit_params).predict(X)

    # -- scoring as in C++: higher = more anomalous

    def anomaly_score(self, X: Any) -> Any:
        """How anomalous rows are: higher = more anomalous, always.

        A table gives a float32 array with one score a row; a single record, given as one dimension, gives a float. The
        score of a row does not depend on the rows around it.
        """
        detector = self._detector
        if detector is None:
            raise self._unfitted("anomaly_score")
        if type(X) is not np.ndarray:  # the rows of a sensor are arrays: nothing stands between them and the core
            X = self._matching(X)
        try:
            if self.verbose != 0:
                return self._with_bar(detector.anomaly_score, X)
            return detector.anomaly_score(X, 1 if self.n_jobs is None else self.n_jobs)
        except InvalidDataError as error:
            raise self._explained(error, self._names) from None

    def raw_score(self, X: Any) -> Any:
        """The score before it is bent into its range: the same order, and the sum of what `explain` gives."""
        return self._table_verb("raw_score", X)

    def explain(self, X: Any) -> Floats:
        """One contribution for each row and column; positive = made the row more anomalous.

        For every row the contributions and ``baseline_`` add up to its raw score.
        """
        contributions: Floats = self._table_verb("explain", X)
        return contributions

    # -- scoring as in scikit-learn: lower = more abnormal

    def score_samples(self, X: Any) -> npt.NDArray[np.float64]:
        """The opposite of the anomaly score, lower = more abnormal, as in scikit-learn."""
        return -self._scores(self._table(X, "score_samples"))

    def decision_function(self, X: Any) -> npt.NDArray[np.float64]:
        """``score_samples(X) - offset_``: negative for outliers."""
        scores = self._scores(self._table(X, "decision_function"))
        return self.threshold_ - scores

    def predict(self, X: Any) -> npt.NDArray[np.int_]:
        """+1 for inliers, -1 for outliers: rows whose anomaly score is greater than ``threshold_``."""
        scores = self._scores(self._table(X, "predict"))
        return np.where(scores > self.threshold_, -1, 1)

    # -- what was learnt

    @property
    def threshold_(self) -> float:
        """A row is anomalous when its anomaly score is greater than this. Set by ``contamination``, or by hand."""
        return self._fitted("threshold_").threshold

    @threshold_.setter
    def threshold_(self, threshold: float) -> None:
        self._fitted("threshold_").threshold = threshold

    @property
    def offset_(self) -> float:
        """The opposite of ``threshold_``, for scores whose lower end is the abnormal one, as in scikit-learn."""
        return -self.threshold_

    @offset_.setter
    def offset_(self, offset: float) -> None:
        if not hasattr(offset, "__float__"):
            raise TypeError(f"offset_ is {offset!r}; give a number")
        self.threshold_ = -float(offset)

    @property
    def baseline_(self) -> float:
        """The raw score before any column has spoken, see `explain`."""
        return self._fitted("baseline_").baseline

    @property
    def n_features_in_(self) -> int:
        """The number of columns that were learnt from."""
        return self._fitted("n_features_in_").n_features

    @property
    def feature_names_in_(self) -> npt.NDArray[np.object_]:
        """The names of those columns, where the table had names."""
        if self._names is None:
            raise AttributeError("feature_names_in_ is there after a fit on a table whose column names are strings")
        return np.array(self._names, dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return self._detector is not None

    # -- model files

    def save(self, path: str | os.PathLike[str], *, feature_names: Sequence[str] | None = None, note: str = "") -> None:
        """Write the model to one file, which `nad.load`, and C++ programs by ``nad::load_detector``, read.

        ``feature_names`` names the columns where the training rows did not; ``note`` is free text for people.
        """
        if not isinstance(note, str):
            raise TypeError(f"note is {note!r}; give a text")
        if isinstance(feature_names, (str, bytes)):
            raise TypeError(f"feature_names is {feature_names!r}; give a list with one name a column")
        names = self._names if feature_names is None else [str(name) for name in feature_names]
        _core.save(self._fitted("save"), os.fspath(path), feature_names=names or [], note=note)

    @classmethod
    def load(cls: type[Self], path: str | os.PathLike[str]) -> Self:
        """Read a model of this kind; `nad.load` reads whatever kind the file holds."""
        from nad.persist import load  # noqa: PLC0415 (persist imports this module)

        model = load(path)
        if not isinstance(model, cls):
            raise InvalidDataError(
                f"{os.fspath(path)} holds a model of class {type(model).__name__}, not {cls.__name__}"
            )
        return model

    @staticmethod
    def _estimator_of(detector: _core.Detector, names: list[str] | None) -> DetectorEstimator[Any] | None:
        """The estimator around a detector that has learnt; None where this version of nad has no class for it."""
        cls = DetectorEstimator._of_compiled.get(type(detector))
        return None if cls is None else cls._from_detector(detector, names)

    @classmethod
    def _from_detector(cls: type[Self], detector: Any, names: list[str] | None) -> Self:
        estimator = cls(**cls._parameters_of(detector))
        estimator._detector, estimator._names = detector, names
        return estimator

    # -- helpers

    def _threads(self) -> int:
        return 1 if self.n_jobs is None else self.n_jobs

    def _unfitted(self, verb: str) -> Exception:
        return not_fitted(f"This {type(self).__name__} has not learnt anything yet; call fit() before {verb}")

    def _fitted(self, verb: str) -> Core:
        if self._detector is None:
            raise self._unfitted(verb)
        detector: Core = self._detector
        return detector

    def _matching(self, X: Any) -> npt.NDArray[Any]:
        """The values of `X`; names, where both sides have them, must agree."""
        values, names = _frames.to_array(X)
        if names is not None and self._names is not None:
            _frames.check_names(names, self._names)
        return values

    def _table(self, X: Any, verb: str) -> npt.NDArray[Any]:
        """As `_matching`, with scikit-learn's manners: two dimensions, and a warning when only one side has names."""
        self._fitted(verb)
        values, names = _frames.to_array(X)
        name = type(self).__name__
        if names is not None and self._names is not None:
            _frames.check_names(names, self._names)
        elif self._names is not None:
            warnings.warn(
                f"X does not have valid feature names, but {name} was fitted with feature names",
                UserWarning,
                stacklevel=3,
            )
        elif names is not None:
            warnings.warn(
                f"X has feature names, but {name} was fitted without feature names", UserWarning, stacklevel=3
            )
        if values.ndim != 2:
            raise InvalidDataError(
                f"Expected 2D array, got {values.ndim}D array instead. Reshape your data with X.reshape(-1, 1) if it "
                "is a single column, or X.reshape(1, -1) if it is a single record; anomaly_score takes a record as it "
                "is."
            )
        return values

    def _scores(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        return np.asarray(self.anomaly_score(values), dtype=np.float64)

    def _table_verb(self, verb: str, X: Any) -> Any:
        """What the core's `verb` says of `X`."""
        detector = self._fitted(verb)
        try:
            return self._with_bar(getattr(detector, verb), self._matching(X))
        except InvalidDataError as error:
            raise self._explained(error, self._names) from None

    def _explained(self, error: InvalidDataError, names: Sequence[str] | None) -> InvalidDataError:
        """The same error, with what the core does not know: names of columns, and of parameters."""
        message = str(error)
        if message.startswith("NaN in") and self._missing_hint:
            message += f": {self._missing_hint}"
        return InvalidDataError(_frames.with_column_name(message, names))

    def _verbosity(self) -> int:
        verbose = self.verbose
        wish = f"verbose is {verbose!r}; give 0, 1 or 2"
        if not isinstance(verbose, (int, np.integer, np.bool_)):
            raise TypeError(wish)
        if verbose < 0:
            raise InvalidArgumentError(wish)
        return int(verbose)

    def _with_bar(self, verb: Callable[..., Any], values: npt.NDArray[Any]) -> Any:
        if self._verbosity() < 2:
            return verb(values, n_jobs=self._threads())
        bar = ProgressBar()
        try:
            return verb(values, n_jobs=self._threads(), progress=bar)
        finally:
            bar.close()
