"""Models and detectors from dictionaries, as configuration files hold them."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from nad import estimators
from nad.errors import InvalidArgumentError
from nad.features import FeaturePipeline
from nad.thresholds import ThresholdRule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nad.estimators._detector import DetectorEstimator

_RULES = ("score", "contamination", "quantile", "false_positive_rate", "alerts_per_day", "f_beta")


def detector_kinds() -> dict[str, type[DetectorEstimator[Any]]]:
    """Estimators by the kinds that model files call them by."""
    classes: list[type[DetectorEstimator[Any]]] = [getattr(estimators, name) for name in estimators.__all__]
    return {str(one()._new_detector().kind): one for one in classes}


def detector_from(given: Any, where: str = "detector", random_state: Any = None) -> DetectorEstimator[Any]:
    """``{"kind": "isolation_forest", "n_estimators": 200}``, or the kind alone; members of ensembles likewise.

    Where nothing is said of chance, it is ``random_state``.
    """
    if isinstance(given, str):
        given = {"kind": given}
    if not isinstance(given, Mapping):
        raise InvalidArgumentError(f'{where} is {given!r}; give a dictionary such as {{"kind": "isolation_forest"}}')
    options = dict(given)
    kinds = detector_kinds()
    kind = options.pop("kind", None)
    if not isinstance(kind, str):
        raise InvalidArgumentError(f"{where} has no kind; there are: {', '.join(sorted(kinds))}")
    check_names([kind], kinds, f"{where}: there is no kind")
    names = kinds[kind]().get_params(deep=False)
    check_names(options, names, f"{where}: {kind} has no option")
    if "random_state" in names:
        options.setdefault("random_state", random_state)
    members = options.get("estimators")
    if isinstance(members, Mapping):
        options["estimators"] = [
            (name, detector_from(one, f"{where}: {name}", random_state)) for name, one in members.items()
        ]
    elif members is not None and not isinstance(members, str):
        options["estimators"] = [
            detector_from(one, f"{where}: member {i}", random_state) for i, one in enumerate(members)
        ]
    return kinds[kind](**options)


def model_options(config: Any, names: Iterable[str]) -> dict[str, Any]:
    """The parameters of a model; what is no dictionary in `config` is taken as it is."""
    if not isinstance(config, Mapping):
        raise InvalidArgumentError(f"the configuration is {type(config).__name__}; give a dictionary")
    options = dict(config)
    check_names(options, names, "a model has no option")
    if isinstance(options.get("detector"), (str, Mapping)):
        options["detector"] = detector_from(options["detector"], random_state=options.get("random_state", 0))
    if isinstance(options.get("pipeline"), (list, tuple, str)):
        options["pipeline"] = FeaturePipeline(options["pipeline"])
    if isinstance(rule := options.get("threshold"), Mapping):
        if len(rule) != 1:
            raise InvalidArgumentError(f'threshold is {dict(rule)!r}; give one rule, such as {{"alerts_per_day": 20}}')
        ((name, value),) = rule.items()
        check_names([name], _RULES, "threshold: there is no rule")
        options["threshold"] = getattr(ThresholdRule, name)(value)
    return options


def check_names(given: Iterable[Any], known: Iterable[str], words: str) -> None:
    """An error that says which name is near, or which there are."""
    known = sorted(known)
    for name in given:
        if name not in known:
            near = get_close_matches(str(name), known, 1)
            hint = f"do you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
            raise InvalidArgumentError(f"{words} {name!r}; {hint}")
