"""Steps that look at values: missing ones, numbers and their scales, categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from nad._steps import Step

if TYPE_CHECKING:
    from nad._steps import Columns


@dataclass(frozen=True, kw_only=True)
class Impute(Step):
    """Puts the median, the mean or a constant in the place of missing numbers, and keeps a flag.

    Parameters
    ----------
    columns : sequence of str or {"except": sequence of str}
        As of `Step`.
    with_ : {"median", "mean", "constant"}
        What is put there; ``with`` in a configuration.
    constant : float
        For "constant", and where training has no value at all.
    indicator : bool
        A feature more, "x is missing", where training has missing values.
    """

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
    """Leaves out features that are the same in every training row.

    Parameters
    ----------
    columns : sequence of str or {"except": sequence of str}
        As of `Step`.
    """

    kind: ClassVar[str] = "drop_constant"
    columns: Columns = ()


@dataclass(frozen=True, kw_only=True)
class DropMissing(Step):
    """Learns nothing from records in which a value is missing; ``transform`` still gives them a row.

    Parameters
    ----------
    columns : sequence of str or {"except": sequence of str}
        As of `Step`.
    """

    kind: ClassVar[str] = "drop_missing"
    columns: Columns = ()


@dataclass(frozen=True, kw_only=True)
class DropDuplicates(Step):
    """Learns from the first of records that are alike; ``transform`` gives each a row.

    Parameters
    ----------
    columns : sequence of str or {"except": sequence of str}
        As of `Step`.
    """

    kind: ClassVar[str] = "drop_duplicates"
    columns: Columns = ()


@dataclass(frozen=True, kw_only=True)
class Clip(Step):
    """Keeps values between training quantiles, or within some deviations of the mean.

    Parameters
    ----------
    columns : sequence of str or {"except": sequence of str}
        As of `Step`.
    by : {"quantiles", "deviations"}
        What says how far is too far.
    low, high : float
        The training quantiles.
    deviations : float
        So many around the mean.
    """

    kind: ClassVar[str] = "clip"
    columns: Columns = ()
    by: str = "quantiles"
    low: float = 0.001
    high: float = 0.999
    deviations: float = 10.0


@dataclass(frozen=True, kw_only=True)
class Log1p(Step):
    """log(1 + x / unit) for heavy tails, the unit taken from the data.

    Parameters
    ----------
    columns : sequence of str or {"except": sequence of str}
        As of `Step`.
    min_skewness : float
        Features that are less skew, or have negative values, stay as they are.
    unit : float
        0: the 10 % quantile of the positive training values.
    """

    kind: ClassVar[str] = "log1p"
    columns: Columns = ()
    min_skewness: float = 2.0
    unit: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Standardise(Step):
    """(x - mean) / deviation; what was constant in training becomes a flag of novelty.

    Parameters
    ----------
    columns : sequence of str or {"except": sequence of str}
        As of `Step`.
    clip : float
        Results beyond are cut to +-clip; 0: they are not.
    novelty : float
        What a feature that was constant in training becomes where it has another value; 0: it stays 0.
    """

    kind: ClassVar[str] = "standardise"
    columns: Columns = ()
    clip: float = 0.0
    novelty: float = 10.0


@dataclass(frozen=True, kw_only=True)
class RobustScale(Step):
    """(x - median) / (1.4826 MAD).

    Parameters
    ----------
    columns : sequence of str or {"except": sequence of str}
        As of `Step`.
    clip : float
        Results beyond are cut to +-clip; 0: they are not.
    novelty : float
        What a feature that was constant in training becomes where it has another value; 0: it stays 0.
    """

    kind: ClassVar[str] = "robust_scale"
    columns: Columns = ()
    clip: float = 0.0
    novelty: float = 10.0


@dataclass(frozen=True, kw_only=True)
class MinMax(Step):
    """The smallest training value becomes ``low``, the largest ``high``.

    Parameters
    ----------
    columns : sequence of str or {"except": sequence of str}
        As of `Step`.
    low, high : float
        What the smallest and the largest training value become.
    clip : bool
        Values outside the training range are cut.
    novelty : float
        What a feature that was constant in training becomes where it has another value; 0: it stays 0.
    """

    kind: ClassVar[str] = "min_max"
    columns: Columns = ()
    low: float = 0.0
    high: float = 1.0
    clip: bool = False
    novelty: float = 1.0


@dataclass(frozen=True, kw_only=True)
class QuantileScale(Step):
    """The share of training values below, evenly spread or as a normal deviate.

    Parameters
    ----------
    columns : sequence of str or {"except": sequence of str}
        As of `Step`.
    quantiles : int
        So many of the training values are remembered.
    normal : bool
        As a normal deviate in the place of a share.
    """

    kind: ClassVar[str] = "quantile_scale"
    columns: Columns = ()
    quantiles: int = 1000
    normal: bool = False


@dataclass(frozen=True, kw_only=True)
class RankScale(Step):
    """The rank among the training values, as a normal deviate; what lies beyond them goes on by log(1 + distance).

    A feature that is constant in training becomes 0 where it still has that value, and ``novelty`` where it has not.

    Parameters
    ----------
    columns : sequence of str or {"except": sequence of str}
        As of `Step`.
    quantiles : int
        So many of the training values are remembered.
    novelty : float
        What a feature that was constant in training becomes where it has another value.
    """

    kind: ClassVar[str] = "rank_scale"
    columns: Columns = ()
    quantiles: int = 1000
    novelty: float = 10.0


@dataclass(frozen=True, kw_only=True)
class OneHot(Step):
    """A feature a category; rare ones are pooled.

    Parameters
    ----------
    columns : sequence of str or {"except": sequence of str}
        As of `Step`.
    max_categories : int
        Categories that are kept apart; the rarer ones are pooled.
    min_count : int
        Training records that a category needs to be kept apart.
    unseen : bool
        A feature more, 1 for categories that training never showed.
    unseen_as_most_frequent : bool
        They, and gaps where training had none, are written as the most frequent category, and `Novelty` tells of them:
        as no category at all they would lie on the usual side of each cut of a tree.
    """

    kind: ClassVar[str] = "one_hot"
    columns: Columns = ()
    max_categories: int = 64
    min_count: int = 1
    unseen: bool = False
    unseen_as_most_frequent: bool = False


@dataclass(frozen=True, kw_only=True)
class Ordinal(Step):
    """The number of the category, the most frequent 0.

    Parameters
    ----------
    columns : sequence of str or {"except": sequence of str}
        As of `Step`.
    """

    kind: ClassVar[str] = "ordinal"
    columns: Columns = ()


@dataclass(frozen=True, kw_only=True)
class Frequency(Step):
    """-log of the category's share in training.

    Parameters
    ----------
    columns : sequence of str or {"except": sequence of str}
        As of `Step`.
    """

    kind: ClassVar[str] = "frequency"
    columns: Columns = ()


@dataclass(frozen=True, kw_only=True)
class Hashing(Step):
    """One of so many features by a hash of the category.

    Parameters
    ----------
    columns : sequence of str or {"except": sequence of str}
        As of `Step`.
    features : int
        How many.
    """

    kind: ClassVar[str] = "hashing"
    columns: Columns = ()
    features: int = 16


@dataclass(frozen=True, kw_only=True)
class Novelty(Step):
    """In how many columns the record has a category that training never showed.

    Parameters
    ----------
    columns : sequence of str or {"except": sequence of str}
        As of `Step`.
    weight : float
        What one such column counts.
    most : int
        More such columns count as so many.
    by_chance : bool
        A column counts -log of the chance that a record brings a new category, if that is less than ``weight``: columns
        of which everyone has a new value, as of file names, count little.
    """

    kind: ClassVar[str] = "novelty"
    columns: Columns = ()
    weight: float = 10.0
    most: int = 2
    by_chance: bool = False


@dataclass(frozen=True)
class View(Step):
    """Begins a view: the scaling steps up to the next view work on the features as those before the first left them.

    Parameters
    ----------
    name : str
        What the features of the view are told by.
    """

    kind: ClassVar[str] = "view"
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class UnitLength(Step):
    """Divides each record by its length."""

    kind: ClassVar[str] = "unit_length"


@dataclass(frozen=True, kw_only=True)
class Pca(Step):
    """Principal components.

    Parameters
    ----------
    components : int
        How many; 0: as many as ``variance`` needs.
    variance : float
        The share of the variance to keep.
    whiten : bool
        Each component with variance 1.
    """

    kind: ClassVar[str] = "pca"
    components: int = 0
    variance: float = 0.95
    whiten: bool = False
