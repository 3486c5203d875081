"""The steps of feature pipelines, as values, and how they become a configuration; `nad.features` has them all."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nad.errors import InvalidArgumentError

if TYPE_CHECKING:
    Columns = Sequence[str] | Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of a pipeline: its options. ``columns``: names, ``{"except": names}``, or empty for all that fit."""

    kind: ClassVar[str] = ""

    def to_dict(self) -> dict[str, Any]:
        """As in a configuration."""
        return {"kind": self.kind, **{field.name: _plain(getattr(self, field.name)) for field in fields(self)}}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: list(names) for key, names in value.items()}
    return list(value) if isinstance(value, tuple | list) else value


@dataclass(frozen=True, kw_only=True)
class LeaveOut(Step):
    """Keeps columns from being learnt from, and says why."""

    kind: ClassVar[str] = "leave_out"
    columns: Columns = ()
    reason: str = "it was left out by name"


@dataclass(frozen=True, kw_only=True)
class TimeParts(Step):
    """Hour, weekday, business hours and cyclic forms of a time, and the gap to the record before."""

    kind: ClassVar[str] = "time_parts"
    column: str = "timestamp"
    utc_offset: float = 0.0
    business_begin: float = 8.0
    business_end: float = 18.0
    gap: bool = True


@dataclass(frozen=True, kw_only=True)
class AddressFeatures(Step):
    """Private, multicast, loopback, version, numeric form and the rarity of the network of addresses."""

    kind: ClassVar[str] = "address_features"
    columns: Sequence[str] = ("src_ip", "dst_ip")
    most_prefixes: int = 65536


@dataclass(frozen=True, kw_only=True)
class PortFeatures(Step):
    """Class and service of ports."""

    kind: ClassVar[str] = "port_features"
    columns: Sequence[str] = ("src_port", "dst_port")


@dataclass(frozen=True, kw_only=True)
class TrafficFeatures(Step):
    """Rates, sizes, shares, TCP flags and connection states, of the flow columns that are there."""

    kind: ClassVar[str] = "traffic_features"
    shortest_duration: float = 0.001


@dataclass(frozen=True, kw_only=True)
class HostWindows(Step):
    """The connection counts and rates of KDD Cup 99: of the last two seconds, and of the last records of a host."""

    kind: ClassVar[str] = "host_windows"
    seconds: float = 2.0
    most: int = 511
    host_records: int = 255
    most_hosts: int = 16384
    rounded: bool = False
    time: str = "timestamp"
    dst: str = "dst_ip"
    dst_port: str = "dst_port"
    src_port: str = "src_port"
    protocol: str = "protocol"
    state: str = "state"


@dataclass(frozen=True, kw_only=True)
class RollingWindows(Step):
    """Rolling mean, deviation, extremes, sums, counts and distinct values, over time or rows, by key."""

    kind: ClassVar[str] = "rolling_windows"
    keys: Sequence[str] = ("src_ip",)
    columns: Sequence[str] = ()
    functions: Sequence[str] = ("mean", "deviation")
    distinct: Sequence[str] = ()
    seconds: float = 60.0
    rows: int = 1024
    most_rows: int = 262144
    time: str = "timestamp"
    state: str = "state"


@dataclass(frozen=True, kw_only=True)
class Impute(Step):
    """Puts the median, the mean or a constant in the place of missing numbers, and keeps a flag."""

    kind: ClassVar[str] = "impute"
    columns: Columns = ()
    with_: str = "median"
    constant: float = 0.0
    indicator: bool = True

    def to_dict(self) -> dict[str, Any]:
        """As in a configuration, where ``with_`` is ``with``."""
        options = super().to_dict()
        options["with"] = options.pop("with_")
        return options


@dataclass(frozen=True, kw_only=True)
class DropConstant(Step):
    """Leaves out features that are the same in every training row."""

    kind: ClassVar[str] = "drop_constant"
    columns: Columns = ()


@dataclass(frozen=True, kw_only=True)
class DropMissing(Step):
    """Learns nothing from records in which a value is missing; ``transform`` still gives them a row."""

    kind: ClassVar[str] = "drop_missing"
    columns: Columns = ()


@dataclass(frozen=True, kw_only=True)
class DropDuplicates(Step):
    """Learns from the first of records that are alike; ``transform`` gives each a row."""

    kind: ClassVar[str] = "drop_duplicates"
    columns: Columns = ()


@dataclass(frozen=True, kw_only=True)
class Clip(Step):
    """Keeps values between training quantiles, or within some deviations of the mean."""

    kind: ClassVar[str] = "clip"
    columns: Columns = ()
    by: str = "quantiles"
    low: float = 0.001
    high: float = 0.999
    deviations: float = 10.0


@dataclass(frozen=True, kw_only=True)
class Log1p(Step):
    """log(1 + x / unit) for heavy tails, the unit taken from the data."""

    kind: ClassVar[str] = "log1p"
    columns: Columns = ()
    min_skewness: float = 2.0
    unit: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Standardise(Step):
    """(x - mean) / deviation; what was constant in training becomes a flag of novelty."""

    kind: ClassVar[str] = "standardise"
    columns: Columns = ()
    clip: float = 0.0
    novelty: float = 10.0


@dataclass(frozen=True, kw_only=True)
class RobustScale(Step):
    """(x - median) / (1.4826 MAD)."""

    kind: ClassVar[str] = "robust_scale"
    columns: Columns = ()
    clip: float = 0.0
    novelty: float = 10.0


@dataclass(frozen=True, kw_only=True)
class MinMax(Step):
    """The smallest training value becomes ``low``, the largest ``high``."""

    kind: ClassVar[str] = "min_max"
    columns: Columns = ()
    low: float = 0.0
    high: float = 1.0
    clip: bool = False
    novelty: float = 1.0


@dataclass(frozen=True, kw_only=True)
class QuantileScale(Step):
    """The share of training values below, evenly spread or as a normal deviate."""

    kind: ClassVar[str] = "quantile_scale"
    columns: Columns = ()
    quantiles: int = 1000
    normal: bool = False


@dataclass(frozen=True, kw_only=True)
class RankScale(Step):
    """The rank among the training values, as a normal deviate; what lies beyond them goes on by log(1 + distance).

    A feature that is constant in training becomes 0 where it still has that value, and ``novelty`` where it has not.
    """

    kind: ClassVar[str] = "rank_scale"
    columns: Columns = ()
    quantiles: int = 1000
    novelty: float = 10.0


@dataclass(frozen=True, kw_only=True)
class OneHot(Step):
    """A feature a category; rare ones are pooled."""

    kind: ClassVar[str] = "one_hot"
    columns: Columns = ()
    max_categories: int = 64
    min_count: int = 1
    unseen: bool = False
    unseen_as_most_frequent: bool = False


@dataclass(frozen=True, kw_only=True)
class Ordinal(Step):
    """The number of the category, the most frequent 0."""

    kind: ClassVar[str] = "ordinal"
    columns: Columns = ()


@dataclass(frozen=True, kw_only=True)
class Frequency(Step):
    """-log of the category's share in training."""

    kind: ClassVar[str] = "frequency"
    columns: Columns = ()


@dataclass(frozen=True, kw_only=True)
class Hashing(Step):
    """One of so many features by a hash of the category."""

    kind: ClassVar[str] = "hashing"
    columns: Columns = ()
    features: int = 16


@dataclass(frozen=True, kw_only=True)
class Novelty(Step):
    """In how many columns the record has a category that training never showed."""

    kind: ClassVar[str] = "novelty"
    columns: Columns = ()
    weight: float = 10.0
    most: int = 2
    by_chance: bool = False


@dataclass(frozen=True)
class View(Step):
    """Begins a view: the scaling steps up to the next view work on the features as those before the first left them."""

    kind: ClassVar[str] = "view"
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class UnitLength(Step):
    """Divides each record by its length."""

    kind: ClassVar[str] = "unit_length"


@dataclass(frozen=True, kw_only=True)
class Pca(Step):
    """Principal components."""

    kind: ClassVar[str] = "pca"
    components: int = 0
    variance: float = 0.95
    whiten: bool = False


def listed(steps: Any) -> list[Any]:
    if isinstance(steps, (Step, Mapping)) or not hasattr(steps, "__iter__"):
        raise TypeError(f"the steps are {steps!r}; give a list of steps, also of one")
    return list(steps)


def to_json(steps: Sequence[Any]) -> str:
    dicts = []
    for number, step in enumerate(steps):
        if not isinstance(step, (Step, Mapping)):
            raise TypeError(
                f"step {number} is {step!r}; give a step such as nad.features.OneHot(), or a dict such as "
                '{"kind": "one_hot"}'
            )
        options = step.to_dict() if isinstance(step, Step) else dict(step)
        dicts.append({name: _for_json(value, f"{options.get('kind')}: {name}") for name, value in options.items()})
    return json.dumps(dicts)


def _for_json(value: Any, option: str) -> Any:
    """The value of an option without what JSON has no form for; numbers of NumPy become Python's."""
    if isinstance(value, Mapping):
        return {str(key): _for_json(item, option) for key, item in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_for_json(item, option) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidArgumentError(f"{option} is {value}; give a finite number, or leave the option out")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{option} is {value!r}; give a number, a text, a truth value or a list of such")
