"""Boosted trees: learn from labelled traffic what attacks look like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from nad import _core
from nad.errors import InvalidArgumentError
from nad.estimators._detector import DetectorEstimator, Floats, Lesson
from nad.estimators._labels import Labels, classes_from, read_labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nad.estimators._detector import ProgressCallback

Self = TypeVar("Self", bound="BoostedTrees")


class BoostedTrees(DetectorEstimator[_core.BoostedTrees]):
    """Histogram gradient boosting for two or more classes: a scikit-learn classifier that is a detector, too.

    Parameters
    ----------
    max_iter : int, default=100
        Rounds: each adds a tree, with more than two classes one a class.
    learning_rate : float, default=0.1
        The share of its correction that each tree makes.
    max_leaf_nodes : int or None, default=31
        The most leaves of a tree.
    max_depth : int or None, default=None
        The most splits from the root to a leaf.
    min_samples_leaf : int, default=20
        The fewest rows of a leaf.
    l2_regularization : float, default=0.0
        Added to the hessian of each leaf: the larger, the smaller the steps.
    max_delta_step : float or None, default=8.0
        The most that a leaf corrects before ``learning_rate`` takes its share; None is no limit. Rows that the rounds
        so far are sure of, and wrong, otherwise ask for steps that later rounds do not make good: without it, rare
        classes spoil a model of several.
    max_bins : int, default=255
        Bins of a column, 2 to 255; missing values have one more.
    growth : "leaf_wise" or "depth_wise", default="leaf_wise"
        Whether the leaf that gains most is split next, or those nearest to the root.
    categorical_features : list of int, list of str, mask or None, default=None
        Columns whose values are codes of categories, whole numbers from 0 below 65,536, by place or by name. The
        ``max_bins`` most frequent ones count; others, and those that training did not see, are treated as missing.
        In a `Model` None is what its pipeline numbers, names are those of its features, and an empty list is none.
    categorical_smoothing : float, default=10.0
        The larger, the less a rare category matters.
    categorical_penalty : float, default=1.0
        The more categories there are, the more some set of them gains by chance. So many times that is taken off what a
        set gains, and off how far it sets its rows apart; 0.0 is nothing.
    class_weight : "balanced", dict or None, default=None
        "balanced" lets each class count as much as any other; a dict gives the weight of labels, of which each must be
        there: the others weigh 1.
    normal_class : label, default="auto"
        The class that counts as normal. "auto" takes the one named "normal" or "benign", else 0, else the first.
    early_stopping : bool, default=False
        Watch rows that are not learnt from, and keep the best round.
    n_iter_no_change : int, default=10
        Rounds without a better loss that end the training.
    validation_fraction : float, default=0.1
        The share of each class that is watched.
    tol : float, default=1e-7
        A loss is better when it is lower by more than this.
    contamination : float or "auto", default="auto"
        The share of training rows whose anomaly score shall lie above ``threshold_``; "auto" is a threshold of 0.5.
    n_jobs : int, default=None
        Threads; None is one, -1 one per core. Results never depend on it.
    random_state : int, RandomState, Generator or None, default=None
        Draws the rows that are watched, and those that bins are learnt from where there are more than 200,000.
    verbose : int, default=0
        1 shows a progress bar on the standard error stream while fitting, 2 also while scoring.

    Examples
    --------
    >>> trees = nad.BoostedTrees(class_weight="balanced").fit(X, attack_names)
    >>> trees.predict(new_traffic)  # names
    >>> trees.anomaly_score(new_traffic)  # how likely each row is not normal
    >>> trees.explain(new_traffic)  # which column made it so
    """

    _compiled = _core.BoostedTrees
    _automatic = ("contamination",)
    _estimator_type = "classifier"
    _classes: npt.NDArray[Any] | None = None

    def __init__(
        self,
        *,
        max_iter: int = 100,
        learning_rate: float = 0.1,
        max_leaf_nodes: int | None = 31,
        max_depth: int | None = None,
        min_samples_leaf: int = 20,
        l2_regularization: float = 0.0,
        max_delta_step: float | None = 8.0,
        max_bins: int = 255,
        growth: str = "leaf_wise",
        categorical_features: Sequence[int] | Sequence[str] | npt.ArrayLike | None = None,
        categorical_smoothing: float = 10.0,
        categorical_penalty: float = 1.0,
        class_weight: str | Mapping[Any, float] | None = None,
        normal_class: Any = "auto",
        early_stopping: bool = False,
        n_iter_no_change: int = 10,
        validation_fraction: float = 0.1,
        tol: float = 1e-7,
        contamination: str | float = "auto",
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        verbose: int = 0,
    ) -> None:
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.max_depth = max_depth
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.max_delta_step = max_delta_step
        self.max_bins = max_bins
        self.growth = growth
        self.categorical_features = categorical_features
        self.categorical_smoothing = categorical_smoothing
        self.categorical_penalty = categorical_penalty
        self.class_weight = class_weight
        self.normal_class = normal_class
        self.early_stopping = early_stopping
        self.n_iter_no_change = n_iter_no_change
        self.validation_fraction = validation_fraction
        self.tol = tol
        self.contamination = contamination
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(  # type: ignore[override]  # y is not optional here
        self: Self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        progress: ProgressCallback | None = None,
    ) -> Self:
        """Learn what tells the classes apart.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            NaN is a missing value.
        y : array-like of shape (n_rows,)
            The class of each row: texts, truth values or whole numbers.
        sample_weight : array-like of shape (n_rows,), optional
            Whole numbers count copies of rows, 0 leaves a row out.
        progress : callable, optional
            Called about twenty times a second with an object that has ``stage``, ``done`` and ``total``. An exception
            that it raises ends the fit, and so does ``False``, by `nad.CancelledError`.
        """
        labels = read_labels(y)
        detector, names = self._learnt(X, sample_weight, progress, labels)
        of_number = dict(zip(labels.numbers.tolist(), range(len(labels.classes))))
        classes = labels.classes[[of_number[number] for number in detector.classes]]
        self._detector, self._names, self._classes = detector, names, classes
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The most likely class of each row."""
        found: npt.NDArray[Any] = self.classes_[np.argmax(self.predict_proba(X), axis=1)]
        return found

    def predict_proba(self, X: Any) -> Floats:
        """How likely each row is of each class, in the order of ``classes_``."""
        probabilities: Floats = self._table_verb("predict_proba", self._table(X, "predict_proba"))
        return probabilities

    def predict_log_proba(self, X: Any) -> Floats:
        """The logarithm of `predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def decision_function(self, X: Any) -> npt.NDArray[np.float64]:
        """Of two classes the log-odds of the second one; of more the logarithm of each one's probability."""
        values = self._table(X, "decision_function")
        if len(self.classes_) > 2:
            smallest = np.finfo(np.float32).smallest_subnormal
            return np.log(np.maximum(self.predict_proba(values), smallest)).astype(np.float64)
        odds = np.asarray(self.raw_score(values), dtype=np.float64)
        return -odds if self.normal_class_ == self.classes_[1] else odds

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of rows whose class is predicted, as scikit-learn's classifiers say it."""
        return float(np.average(self.predict(X) == np.asarray(y), weights=sample_weight))

    @property
    def classes_(self) -> npt.NDArray[Any]:
        """The classes, ascending; from a file they come back as whole numbers or texts."""
        if self._classes is None:
            detector = self._fitted("classes_")
            self._classes = classes_from(detector.classes, detector.options["class_names"])
        return self._classes

    @property
    def normal_class_(self) -> Any:
        """The class that counts as normal."""
        detector = self._fitted("normal_class_")
        return self.classes_[detector.classes.index(detector.normal_class)]

    @property
    def feature_importances_(self) -> npt.NDArray[np.float64]:
        """For each column its share of what all splits gained."""
        return np.array(self._fitted("feature_importances_").feature_importance())

    @property
    def n_iter_(self) -> int:
        """Rounds that were kept."""
        return self._fitted("n_iter_").n_iter

    @property
    def training_loss_(self) -> float:
        """The mean log-loss of the rows that were learnt from."""
        return self._fitted("training_loss_").training_loss

    @property
    def validation_loss_(self) -> list[float]:
        """With ``early_stopping`` the mean log-loss of the watched rows, before the first round and after each."""
        return self._fitted("validation_loss_").validation_loss

    def _wants_labels(self) -> bool:
        return True

    def _new_detector(self) -> _core.BoostedTrees:
        """For a model, which alone knows what its columns and labels are called."""
        columns = None if self.categorical_features is None else np.asarray(self.categorical_features)
        named = columns is not None and (columns.dtype.kind in "UO" or columns.size == 0)
        if columns is not None and columns.dtype.kind == "b":
            raise InvalidArgumentError(
                "categorical_features is a mask, but a model chooses the columns itself; give their names"
            )
        weights = self._weights_given()
        detector = _core.BoostedTrees(
            **{
                **self._options(),
                "class_names": [],
                "class_weights": [],
                "class_weight": weights if isinstance(weights, str) else "none",
                "normal_class": None,
                "categorical_features": [] if columns is None or named else self._places(columns),
            }
        )
        detector.set_names(
            [str(name) for name in columns.tolist()] if columns is not None and named else None,
            [] if isinstance(weights, str) else [(str(label), float(weight)) for label, weight in weights.items()],
            "" if _is_auto(self.normal_class) else str(self.normal_class),
        )
        return detector

    def _new_learner(self, lesson: Lesson) -> _core.BoostedTrees:
        labels = lesson.labels
        if labels is None:  # the core says what is missing
            return self._new_detector()
        options = {
            **self._options(),
            "class_names": labels.names,
            "normal_class": None if _is_auto(self.normal_class) else labels.number_of(self.normal_class),
            "categorical_features": self._categorical_columns(lesson.names, lesson.shape),
            **self._class_weights(labels, lesson.sample_weight),
        }
        return _core.BoostedTrees(**options)

    def _categorical_columns(self, names: list[str] | None, shape: tuple[int, ...]) -> list[int]:
        if self.categorical_features is None:
            return []
        given = np.asarray(self.categorical_features)
        if given.ndim != 1:
            raise InvalidArgumentError("categorical_features is no list; give columns by place or by name")
        if given.dtype.kind == "b":
            if given.shape != shape[1:]:
                raise InvalidArgumentError(
                    f"categorical_features says yes or no for {len(given)} columns, but X has shape {shape}"
                )
            return [int(column) for column in np.flatnonzero(given)]
        if given.dtype.kind in "UO":
            unknown = [name for name in given.tolist() if names is None or name not in names]
            if unknown:
                raise InvalidArgumentError(f"categorical_features names {unknown[0]!r}, which is no column of X")
            return [] if names is None else [names.index(name) for name in given.tolist()]
        return self._places(given)

    @staticmethod
    def _places(given: npt.NDArray[Any]) -> list[int]:
        whole = given.dtype.kind in "iu" and given.ndim == 1
        if given.size and (not whole or given.min() < 0 or given.max() > np.iinfo(np.int32).max):
            raise InvalidArgumentError("categorical_features is no list of columns; give their places or their names")
        return [int(column) for column in given]

    def _weights_given(self) -> str | Mapping[Any, float]:
        """The word of the core, or the weight of each label."""
        given = self.class_weight
        if given is None:
            return "none"
        if isinstance(given, str) and given == "balanced":
            return given
        if isinstance(given, str) or not hasattr(given, "items"):
            raise InvalidArgumentError(f"class_weight is {given!r}; give None, 'balanced' or a dict of labels")
        return given

    def _class_weights(self, labels: Labels, sample_weight: Any) -> dict[str, Any]:
        given = self._weights_given()
        if isinstance(given, str):
            return {"class_weight": given, "class_weights": []}
        classes = labels.classes
        known = set(classes.tolist())
        unknown = [label for label in given if label not in known]
        if unknown:
            raise InvalidArgumentError(
                f"class_weight names {unknown[0]!r}, which is no class of y; there are {classes.tolist()}"
            )
        if sample_weight is not None and len(sample_weight) == len(labels.codes):  # only those that count are learnt
            classes = classes[np.isin(labels.numbers, labels.codes[np.asarray(sample_weight) > 0])]
        return {"class_weight": "none", "class_weights": [float(given.get(label, 1.0)) for label in classes.tolist()]}

    @classmethod
    def _parameters_of(cls, detector: _core.BoostedTrees) -> dict[str, Any]:
        options = super()._parameters_of(detector)
        classes = classes_from(detector.classes, options.pop("class_names"))
        weights = options.pop("class_weights")
        if weights:
            options["class_weight"] = dict(zip(classes.tolist(), weights))
        elif options["class_weight"] == "none":
            options["class_weight"] = None
        number = options["normal_class"]
        options["normal_class"] = "auto" if number is None else classes[detector.classes.index(number)].item()
        options["categorical_features"] = options["categorical_features"] or None
        return options

    def _accepts_nan(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags  # noqa: PLC0415 (only scikit-learn asks)

        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags()
        tags.target_tags.required = True
        return tags

    def _more_tags(self) -> dict[str, Any]:  # read by scikit-learn before 1.6
        return {**super()._more_tags(), "requires_y": True}


def _is_auto(normal_class: Any) -> bool:
    return isinstance(normal_class, str) and normal_class == "auto"
