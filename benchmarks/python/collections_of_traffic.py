"""The collections that detectors are compared on: rows to learn from, rows to judge, and which of those are attacks.

    for collection in collections(seed):
        collection.train, collection.test          # float32, one row a connection
        collection.is_attack, collection.family    # of each row of `test`

"clean" ones train on normal rows only. "mixed" ones train, without labels, on the very rows that are judged.
Everybody gets the same rows: those of nad's automatic pipeline, or, for scikit-learn's subsets, columns in standard
deviations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

import nad
from benchmarks.python import kdd99

CLEAN_ROWS = 50_000
FAMILIES = ("dos", "probe", "r2l", "u2r")
NAMES = ("KDD Cup 99, clean", "NSL-KDD, clean", "http", "smtp", "SA", "SF")


@dataclass(frozen=True)
class Collection:
    name: str
    train: kdd99.Rows
    test: kdd99.Rows
    is_attack: npt.NDArray[np.bool_]
    family: npt.NDArray[np.str_] | None = None  # "" for normal rows

    @property
    def is_clean(self) -> bool:
        return self.train is not self.test


def collections(seed: int, names: tuple[str, ...] = NAMES) -> Iterator[Collection]:
    """Those collections whose files are there; the seed chooses training rows, and the attacks of SA."""
    for name in names:
        if name == "KDD Cup 99, clean":
            yield _kdd_clean(seed)
        elif name == "NSL-KDD, clean":
            if has_nsl():
                yield _nsl_clean()
        else:
            yield _mixed(name, seed)


def _split(table: nad.Table) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.str_]]:
    families = np.array(table["attack_family"].to_list(), dtype=np.str_)
    is_attack = families != "normal"
    return is_attack, np.where(is_attack, families, "")


@cache
def kdd_table() -> nad.Table:
    return nad.read(kdd99.find_file())


def kdd_families() -> npt.NDArray[np.str_]:
    """What each row of the file is: "normal", or the family of its attack."""
    return np.array(kdd_table()["attack_family"].to_list(), dtype=np.str_)


def _kdd_clean(seed: int) -> Collection:
    table = kdd_table()
    is_attack, family = _split(table)
    chosen = np.random.default_rng(seed).choice(np.flatnonzero(~is_attack), CLEAN_ROWS, replace=False)
    rest = np.ones(len(is_attack), dtype=bool)
    rest[chosen] = False
    pipeline = nad.FeaturePipeline.automatic(table[np.sort(chosen)]).fit(table[np.sort(chosen)])
    rows = pipeline.transform(table)
    return Collection("KDD Cup 99, clean", rows[np.sort(chosen)], rows[rest], is_attack[rest], family[rest])


def has_nsl() -> bool:
    return _nsl_file("KDDTrain+").is_file()


def nsl_tables() -> tuple[nad.Table, nad.Table]:
    """NSL-KDD's records to learn from and to judge."""
    return nad.read(_nsl_file("KDDTrain+")), nad.read(_nsl_file("KDDTest+"))


def _nsl_file(part: str) -> Path:
    return kdd99.find_file().parent.parent / "nsl_kdd" / f"{part}.txt.gz"


def _nsl_clean() -> Collection:
    train, test = nsl_tables()
    normal = train[~_split(train)[0]]
    pipeline = nad.FeaturePipeline.automatic(normal).fit(normal)
    return Collection("NSL-KDD, clean", pipeline.transform(normal), pipeline.transform(test), *_split(test))


@cache
def _kdd_numbers() -> kdd99.Kdd99:
    return kdd99.load()


def _mixed(name: str, seed: int) -> Collection:
    subset = kdd99.subset(_kdd_numbers(), name, one_hot=name in ("SA", "SF"), seed=seed % 2**32)
    spread = subset.rows.std(axis=0, dtype=np.float64)
    spread[spread == 0] = 1.0
    rows = np.clip((subset.rows - subset.rows.mean(axis=0, dtype=np.float64)) / spread, -10, 10).astype(np.float32)
    return Collection(name, rows, rows, subset.is_attack)
