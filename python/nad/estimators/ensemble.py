"""Several detectors that judge together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from nad import _core
from nad._random import seed_from
from nad.errors import InvalidArgumentError
from nad.estimators._detector import DetectorEstimator, Floats, Lesson
from nad.estimators._labels import read_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nad.estimators._detector import ProgressCallback

Self = TypeVar("Self", bound="Ensemble")

_USUAL = ("clean", "mixed")
_SURPRISES = ("tempered_surprise", "mean_surprise", "max_surprise")


def _first_and_count(columns: Any) -> tuple[int, int]:
    """A range of columns as the compiled ensemble takes it."""
    if columns is None:
        return 0, 0
    if not isinstance(columns, range) or columns.step != 1 or columns.start < 0 or len(columns) == 0:
        raise InvalidArgumentError(
            f"columns holds {columns!r}; give None for all, or a range of neighbouring columns such as range(0, 40)"
        )
    return columns.start, len(columns)


def _of_range(names: list[str] | None, columns: range | None) -> list[str] | None:
    return names if names is None or columns is None else names[columns.start : columns.stop]


def _unless_auto(given: Any, value: Any) -> Any:
    return value if isinstance(given, str) and given == "auto" else given


class Ensemble(DetectorEstimator[_core.Ensemble]):
    """Several detectors that judge together.

    Scores of different detectors are never added as they are: one counts splits, another one distances. Each member is
    first calibrated on rows that it did not learn from, and what it says is how far out a row lies among them.
    ``explain`` merges what the members say of each column, in the unit of the combination.

    Parameters
    ----------
    estimators : "clean", "mixed", or list of (name, detector) pairs or detectors, default="clean"
        "clean" is what detects best where the training rows are normal ones only; "mixed" where they are whatever the
        network carried, attacks among them. Detectors may be ensembles themselves, and `BoostedTrees`, which make
        ``fit`` ask for labels; they are not changed by ``fit``, see ``estimators_``.
    combination : str, default="auto"
        How the members' words become one. A member's surprise is -log p, where p is the share of calibration rows that
        lie as far out or further; beyond those a tail is fitted to them.

        - "tempered_surprise": the weighted mean of -log p, of which what goes beyond 5 counts by its logarithm,
          log(1 + 2 x) / 2, so that no member drowns the others by how far out it believes a row to be;
        - "mean_surprise", "max_surprise": the weighted mean of -log p, or the largest weighted one;
        - "mean", "maximum", "median": of standardised scores, which are distances from the median of the calibration
          rows in their standard deviations;
        - "rank": the weighted mean of the share of calibration rows that lie below;
        - "majority", "any", "all", "at_least": members vote by their own thresholds; the score is the share of the
          weight that voted, and the threshold is the one of the rule;
        - "auto": "mean_surprise" for "mixed" and else "tempered_surprise".
    weights : list of float, optional
        One a member, at least 0; by default 1, and 2 for the forest of "mixed".
    columns : list of range or None, optional
        What each member sees of the columns; None is all of them. A view of a `FeaturePipeline` is such a range. For
        "clean": the columns scaled by size and those scaled by rank, ``list(pipeline.views.values())`` of
        ``FeaturePipeline.automatic(table, two_views=True)``; it divides them among its members.
    min_votes : float, optional
        The weight of the votes that make an anomaly, for "at_least".
    calibration : float or "auto", default="auto"
        Share of the rows (with labels of the normal ones), 10,000 at most, that no member learns from and all are
        calibrated on. 0.0 calibrates them on
        the rows that they learnt from, as where fewer than 50 rows would be left out. "auto" is 0.0 for "mixed" and
        else 0.2.
    refit : bool or "auto", default="auto"
        Whether members that are calibrated on rows kept from them then learn once more, from all rows, which takes as
        long again: more rows show more of what is normal. "auto" is True for "clean" and else False.
    unique_rows : False, True, "log_count" or "auto", default="auto"
        Whether rows that occur many times count once, or 1 + log(count) times, for all members and their calibration.
        "auto" is True for "mixed" and else False.
    crowds : float or "auto", default="auto"
        How much it counts that a row is not alone: training rows that are alike and each below p = 0.05 bring evidence
        together, and this times its logarithm is added to the score. Only for combinations of surprise, and for columns
        that are scaled, such that rows less than about 1 apart in each are alike. "auto" is 0.5 for "mixed", where a
        flood is to lie further out than what is odd and alone, and else 0.0.
    surprises : list of int, optional
        Columns that hold a surprise by themselves, -log p or 0, as ``nad.features.Novelty(by_chance=True)`` writes: a
        row lies at least as far out as a score does that so few calibration rows reach. Members of "clean" do not see
        them. Not for votes.
    extremes : list of int, optional
        Columns whose values surprise by themselves where they lie far beyond all that was learnt, further than as many
        rows as there were bring about by chance: a row lies at least as far out as a score does that so few calibration
        rows reach. Where there are many columns, a thousand times the largest upload drowns among them. None is none,
        or the first of the two views that "clean" was given. Not for votes.
    contamination : float, optional
        The share of training rows (with labels of the normal ones) that shall lie above the threshold, up to 0.5; 0.01
        by default. Not for votes: there the members' thresholds count.
    n_jobs : int, default=None
        Threads, for members side by side; None is one, -1 one per core. Results never depend on it.
    random_state : int, RandomState, Generator or None, default=None
        Which rows are for calibration, and the seed of the members of "clean" and "mixed"; members of a list have seeds
        of their own.
    verbose : int, default=0
        1 shows a progress bar on the standard error stream while fitting, 2 also while scoring.

    Examples
    --------
    >>> ensemble = nad.Ensemble("clean", random_state=7).fit(normal_traffic)
    >>> ensemble.anomaly_score(new_traffic)
    >>> ensemble.member_scores(new_traffic)  # one column a member
    >>> both = nad.Ensemble([nad.IsolationForest(), nad.LocalGaussian()], combination="any")
    >>> taught = nad.Ensemble([nad.IsolationForest(), nad.BoostedTrees()]).fit(traffic, attack_names)
    """

    _compiled = _core.Ensemble

    def __init__(
        self,
        estimators: str | Sequence[Any] = "clean",
        *,
        combination: str = "auto",
        weights: Sequence[float] | None = None,
        columns: Sequence[range | None] | None = None,
        min_votes: float | None = None,
        calibration: float | str = "auto",
        refit: bool | str = "auto",
        unique_rows: bool | str = "auto",
        crowds: float | str = "auto",
        surprises: Sequence[int] | None = None,
        extremes: Sequence[int] | None = None,
        contamination: float | None = None,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        verbose: int = 0,
    ) -> None:
        self.estimators = estimators
        self.combination = combination
        self.weights = weights
        self.columns = columns
        self.min_votes = min_votes
        self.calibration = calibration
        self.refit = refit
        self.unique_rows = unique_rows
        self.crowds = crowds
        self.surprises = surprises
        self.extremes = extremes
        self.contamination = contamination
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(
        self: Self,
        X: Any,
        y: Any = None,
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
        y : array-like of shape (n_rows,), optional
            The class of each row, for members that learn from labels; the others look at the rows alone. All are then
            calibrated on rows of the normal class, which also set the threshold. Ignored where no member wants it.
        sample_weight : array-like of shape (n_rows,), optional
            Whole numbers count copies of rows, 0 leaves a row out; other weights say how likely a row is learnt from.
        progress : callable, optional
            Called about twenty times a second with an object that has ``stage``, ``done`` and ``total``. An exception
            that it raises ends the fit, and so does ``False``, by `nad.CancelledError`.
        """
        labels = read_labels(y, "An Ensemble with members that learn from labels") if self._wants_labels() else None
        self._detector, self._names = self._learnt(X, sample_weight, progress, labels)
        return self

    # -- members

    def _pairs(self) -> list[tuple[str, DetectorEstimator[Any]]]:
        """The members that were given, with their names."""
        given = self.estimators
        wish = "give 'clean', 'mixed', or a list of detectors or of (name, detector) pairs"
        if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
            raise InvalidArgumentError(f"estimators is {given!r}; {wish}")
        pairs = []
        for item in given:
            name, detector = item if isinstance(item, (tuple, list)) and len(item) == 2 else ("", item)
            if not isinstance(name, str) or not isinstance(detector, DetectorEstimator):
                raise InvalidArgumentError(f"estimators holds {item!r}; {wish}")
            if detector is self:
                raise InvalidArgumentError("estimators holds the ensemble itself; give other detectors")
            if name in self._parameter_defaults() or "__" in name:
                raise InvalidArgumentError(
                    f"a member is named {name!r}; set_params could not reach it: choose a name without '__' that is no "
                    "parameter of Ensemble"
                )
            pairs.append((name, detector))
        return pairs

    def _options(self) -> dict[str, Any]:
        options = {name: getattr(self, name) for name in ("min_votes", "contamination")}
        usual = self.estimators == "mixed" if isinstance(self.estimators, str) else False
        automatic = {
            "combination": "mean_surprise" if usual else "tempered_surprise",
            "calibration": 0.0 if usual else 0.2,
            "refit": self.estimators == "clean" if isinstance(self.estimators, str) else False,
            "unique_rows": usual,
        }
        for name, value in automatic.items():
            options[name] = _unless_auto(getattr(self, name), value)
        crowds = 0.5 if usual and options["combination"] in _SURPRISES else 0.0
        options["crowds"] = _unless_auto(self.crowds, crowds)
        for name in ("surprises", "extremes"):
            given = getattr(self, name)
            options[name] = [] if given is None else list(given)
        options["random_state"] = seed_from(self.random_state)
        return options

    def _wants_labels(self) -> bool:
        try:
            return not isinstance(self.estimators, str) and any(member._wants_labels() for _, member in self._pairs())
        except InvalidArgumentError:  # a fit will say so
            return False

    def _new_detector(self) -> _core.Ensemble:
        return self._with_members(lambda member, _: member._new_detector())

    def _new_learner(self, lesson: Lesson) -> _core.Ensemble:
        return self._with_members(lambda member, columns: member._new_learner(lesson.of_columns(columns)))

    def _with_members(self, made: Callable[[DetectorEstimator[Any], range | None], _core.Detector]) -> _core.Ensemble:
        """An unfitted ensemble of what is made of the members and of the columns that they see."""
        options = self._options()
        if isinstance(self.estimators, str) and self.estimators in _USUAL:
            usual = self._usual(options["random_state"])
            if self.extremes is None:
                options["extremes"] = usual.options["extremes"]
            members = [(usual.member(i), usual.member_weight(i), usual.member_name(i)) for i in range(usual.n_members)]
            ranges = [usual.member_columns(i) for i in range(usual.n_members)]
        else:
            pairs = self._pairs()
            given = self._one_each(self.columns, "columns", len(pairs)) or [None] * len(pairs)
            ranges = [_first_and_count(part) for part in given]
            members = [(made(detector, part), 1.0, name) for (name, detector), part in zip(pairs, given)]
        ensemble = _core.Ensemble(**options)
        weights = self._one_each(self.weights, "weights", len(members))
        for i, (detector, weight, name) in enumerate(members):
            ensemble.add(detector, weight if weights is None else weights[i], name, ranges[i])
        return ensemble

    def _usual(self, seed: int) -> _core.Ensemble:
        """An ensemble of nad's choice."""
        if self.estimators == "mixed":
            if self.columns is not None:
                raise InvalidArgumentError("the members of 'mixed' see all columns; give no columns")
            return _core.Ensemble.mixed(seed)
        views = [] if self.columns is None else [_first_and_count(view) for view in self.columns]
        return _core.Ensemble.clean(seed, None, views, [] if self.surprises is None else list(self.surprises))

    @staticmethod
    def _one_each(given: Any, name: str, members: int) -> list[Any] | None:
        listed: list[Any] | None = None if given is None else list(given) if np.iterable(given) else [given]
        if listed is not None and len(listed) != members:
            what = "numbers" if name == "weights" else "ranges"
            raise InvalidArgumentError(f"{name} has {len(listed)} {what} for {members} members; give one for each")
        return listed

    @classmethod
    def _parameters_of(cls, detector: _core.Ensemble) -> dict[str, Any]:
        members = range(detector.n_members)
        return {
            **detector.options,
            "surprises": detector.options["surprises"] or None,
            "extremes": detector.options["extremes"] or None,
            "estimators": [(detector.member_name(i), cls._member(detector, i, None)) for i in members],
            "weights": [detector.member_weight(i) for i in members],
            "columns": cls._ranges(detector),
        }

    @staticmethod
    def _ranges(detector: _core.Ensemble) -> list[range | None] | None:
        given = [detector.member_columns(i) for i in range(detector.n_members)]
        ranges = [range(first, first + count) if count > 0 else None for first, count in given]
        return ranges if any(part is not None for part in ranges) else None

    @staticmethod
    def _member(ensemble: _core.Ensemble, index: int, names: list[str] | None) -> DetectorEstimator[Any]:
        member = ensemble.member(index)
        estimator = DetectorEstimator._estimator_of(member, names)
        if estimator is None:
            raise InvalidArgumentError(f"this version of nad has no class for a {member.kind}")
        return estimator

    @property
    def estimators_(self) -> list[tuple[str, DetectorEstimator[Any]]]:
        """The members as they have learnt, with their names."""
        ensemble = self._fitted("estimators_")
        ranges = self._ranges(ensemble) or [None] * ensemble.n_members
        return [
            (ensemble.member_name(i), self._member(ensemble, i, _of_range(self._names, part)))
            for i, part in enumerate(ranges)
        ]

    @property
    def weights_(self) -> list[float]:
        """The weight of each member."""
        ensemble = self._fitted("weights_")
        return [ensemble.member_weight(i) for i in range(ensemble.n_members)]

    @property
    def columns_(self) -> list[range | None]:
        """What each member sees of the columns; None is all of them."""
        ensemble = self._fitted("columns_")
        return self._ranges(ensemble) or [None] * ensemble.n_members

    def member_scores(self, X: Any) -> Floats:
        """What each member says of each row, one column a member, in the unit of the combination.

        Surprise, standardised score, rank, or 1 for a vote.
        """
        scores: Floats = self._table_verb("member_scores", X)
        return scores

    # -- parameters, also those of members: ``forest__max_samples``

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All parameters by name; with ``deep`` also the members by theirs, and their parameters."""
        params = super().get_params(deep=False)
        if deep and not isinstance(self.estimators, str):
            for name, detector in self._named():
                params[name] = detector
                params.update({f"{name}__{key}": value for key, value in detector.get_params().items()})
        return params

    def set_params(self: Self, **params: Any) -> Self:
        """Change parameters by name, also those of members; the next ``fit`` obeys them."""
        own = {name: value for name, value in params.items() if name in self._parameter_defaults()}
        super().set_params(**own)
        rest = {name: value for name, value in params.items() if name not in own}
        members: Mapping[str, Any] = {} if isinstance(self.estimators, str) else dict(self._named())
        for name, value in rest.items():
            member, _, key = name.partition("__")
            if member not in members:
                super().set_params(**{name: value})  # which says what there is
            elif key:
                members[member].set_params(**{key: value})
            else:
                self.estimators = [(other, value if other == member else detector) for other, detector in self._named()]
        return self

    def _named(self) -> list[tuple[str, DetectorEstimator[Any]]]:
        """The members that have names, where the list makes sense at all."""
        try:
            return [(name, detector) for name, detector in self._pairs() if name]
        except InvalidArgumentError:
            return []

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self._wants_labels()
        return tags
