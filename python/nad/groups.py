"""What is typical of groups of records and sets them apart from all others, in the words of their table.

>>> for group in nad.profile_groups(flows, "attack_family"):  # or one value a row: clusters, days, ...
...     print(group)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nad import _core
from nad.errors import InvalidArgumentError
from nad.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["GroupProfile", "GroupTrait", "ValueShare", "profile_groups"]


@dataclass(frozen=True)
class ValueShare:
    """A value and how common it is.

    Attributes
    ----------
    value : object
        None where it is missing.
    share, share_elsewhere : float
        Of the group's rows, and of all other rows.
    """

    value: Any
    share: float
    share_elsewhere: float


@dataclass(frozen=True)
class GroupTrait:
    """One column of a group beside all other rows; ``str(trait)`` is its sentence.

    ``apart`` is the largest difference, between the group and all other rows, in the share of rows that a question
    about the column can bring; 0: they are alike, 1: no value is in both. Of numbers, integers and times the questions
    are whether a value is there and at most x, there and above x, or missing (without gaps: the distance of Kolmogorov
    and Smirnov); of other types whether it is one of some values (the total variation distance, with the rare values
    taken together). In a group of few rows, chance alone brings a high one: of n rows up to about ``1.4 / sqrt(n)``.

    Attributes
    ----------
    column, type : str
        Its name, and the type of its values.
    apart : float
        See above.
    missing, missing_elsewhere : float
        The share of gaps in the group's rows, and in all other rows.
    quartiles, quartiles_elsewhere : tuple of three floats, or None
        A quarter, half and three quarters of the values are not above these. Times are in seconds; None of other types.
    values : list of ValueShare
        At most five, the most frequent first; of numbers the one that half of the rows have.
    sentence : str
        "service is http in 98 % of the rows, 12 % elsewhere"; "mostly" is the middle half of the values.
    """

    column: str
    type: str
    apart: float
    missing: float
    missing_elsewhere: float

    quartiles: tuple[float, float, float] | None
    quartiles_elsewhere: tuple[float, float, float] | None
    values: list[ValueShare]
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class GroupProfile:
    """A group of records; ``print(profile)`` is fit to read.

    Attributes
    ----------
    group : object
        Which one: its value in the column, or its number.
    rows, share : int, float
        How many records, and of all rows.
    traits : list of GroupTrait
        Those that set it apart most first.
    labels : dict of str to dict
        For each column with the role of label the share of each value.
    """

    group: Any
    rows: int
    share: float
    traits: list[GroupTrait]
    labels: dict[str, dict[Any, float]]

    def summary(self, *, traits: int = 8, apart: float = 0.1) -> str:
        """Its size, its labels and its strongest traits, but for those that set it apart less than ``apart``."""
        rows = "row" if self.rows == 1 else "rows"
        lines = [f"group {self.group}: {self.rows:,} {rows} ({percent(self.share)} of all)"]
        lines += [label_line(name, shares) for name, shares in self.labels.items()]
        return "\n  ".join(lines + trait_lines(self.traits, traits, apart))

    def __str__(self) -> str:
        return self.summary()


def profile_groups(table: Any, groups: Any) -> list[GroupProfile]:
    """What is typical of groups of a table's rows.

    Parameters
    ----------
    table : Table or frame
        Columns with the role of identifier are left out; those with the role of label do not set groups apart, but
        give their shares.
    groups : str or array-like
        The name of a column, which is then left out of the profiles, or one value a row: clusters, labels, days.
        Rows whose value is missing are the group None.

    Returns
    -------
    list of GroupProfile
        Integers and texts in their order, other values in the order of their first rows.
    """
    table = table if isinstance(table, Table) else Table(table)
    if isinstance(groups, str):
        values = table[groups].to_list()
        table = table.drop(groups)
    else:
        values = groups
    distinct, numbers = number_values(values, "groups")
    profiles = profile_numbered(table, numbers, len(distinct))
    return [GroupProfile(value, one.rows, one.share, one.traits, one.labels) for value, one in zip(distinct, profiles)]


def number_values(values: Any, name: str) -> tuple[list[Any], npt.NDArray[np.int64]]:
    """The distinct values, and for each row which of them it has; what is missing is None."""
    if getattr(values, "ndim", 1) != 1:
        raise InvalidArgumentError(f"{name} has {values.ndim} dimensions; give one value a row")
    given = values.tolist() if hasattr(values, "tolist") else list(values)
    given = [None if _is_missing(value) else value for value in given]
    distinct = list(dict.fromkeys(given))
    if all(isinstance(value, (bool, int)) for value in distinct) or all(isinstance(value, str) for value in distinct):
        distinct.sort()
    places = {value: place for place, value in enumerate(distinct)}
    return distinct, np.array([places[value] for value in given], dtype=np.int64)


def profile_numbered(table: Table, groups: npt.NDArray[np.int64], n_groups: int) -> list[GroupProfile]:
    """As `profile_groups`, of groups by number from 0 to ``n_groups - 1``, also those without rows."""
    if len(groups) != len(table):
        raise InvalidArgumentError(
            f"the table has {len(table)} rows, but {len(groups)} have a group; give one for each row"
        )
    columns = dict(zip(table.columns, table._table.columns))
    profiles = []
    for number, one in enumerate(_core.profile_groups(table._table, groups, n_groups)):
        traits = [
            GroupTrait(**{**trait, "values": _value_shares(columns[trait["column"]], trait["values"])})
            for trait in one["traits"]
        ]
        labels = {name: {columns[name].value(row): share for row, share, _ in values} for name, values in one["labels"]}
        profiles.append(GroupProfile(number, one["rows"], one["share"], traits, labels))
    return profiles


def percent(share: float) -> str:
    """A share as the sentences of traits write it."""
    rounded = round(100 * share)
    if rounded == 0 and share > 0:
        return "under 1 %"
    return "over 99 %" if rounded == 100 and share < 1 else f"{rounded} %"


def label_line(name: str, shares: dict[Any, float], most: int = 5) -> str:
    """The commonest labels on a line."""
    shown = [f"{_printable(label)} {percent(share)}" for label, share in list(shares.items())[:most]]
    more = f" and {len(shares) - most} more" if len(shares) > most else ""
    return f"{_printable(name)}: {', '.join(shown)}{more}"


def trait_lines(traits: Iterable[GroupTrait], most: int, apart: float) -> list[str]:
    """The sentences of the strongest traits."""
    lines = [trait.sentence for trait in traits if trait.apart >= apart][:most]
    return lines or ["nothing sets it apart from the other rows"]


def _is_missing(value: Any) -> bool:
    """NaN, and what pandas has for it."""
    if isinstance(value, (float, np.floating)):
        return bool(np.isnan(value))
    return type(value).__name__ in ("NAType", "NaTType")


def _value_shares(column: _core.Column, values: list[tuple[int, float, float]]) -> list[ValueShare]:
    return [ValueShare(column.value(row), share, elsewhere) for row, share, elsewhere in values]


def _printable(value: Any) -> str:
    return "missing" if value is None else _core.printable(str(value), 40)
