"""Compares the subsets of `kdd99` with those that scikit-learn itself makes of the same file.

scikit-learn's loader reads a cache of joblib files; they are written here from the raw lines, so nothing is shared with
`kdd99` but the file.
"""

from __future__ import annotations

import gzip
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.python import kdd99
from nad._bench.report import Section


def run() -> list[Section]:
    """Raises AssertionError where a value or a label differs."""
    joblib, datasets = import_module("joblib"), import_module("sklearn.datasets")
    kdd = kdd99.load()
    table = []
    with tempfile.TemporaryDirectory(dir=kdd99.cache_folder()) as home:
        _fill_cache(Path(home), joblib)
        for name in kdd99.SUBSETS:
            theirs, target = datasets.fetch_kddcup99(
                subset=name, data_home=home, random_state=0, download_if_missing=False, return_X_y=True
            )
            ours = kdd99.subset(kdd, name)
            for column in range(theirs.shape[1]):
                expected, got = theirs[:, column], ours.rows[:, column]
                if isinstance(expected[0], bytes):
                    words = np.array(kdd.words[_word_column(name, column)], dtype=object)
                    np.testing.assert_array_equal(words[got.astype(int)], [word.decode() for word in expected])
                else:
                    np.testing.assert_array_equal(got, expected.astype(np.float64).astype(np.float32))
            np.testing.assert_array_equal(ours.is_attack, target != b"normal.")
            rows, columns = ours.rows.shape
            table.append([name, f"{rows:,}", str(columns), f"{ours.is_attack.sum():,}", "equal"])
    return [Section("Subsets, compared with scikit-learn's", ["", "rows", "columns", "attacks", "verdict"], table)]


def _fill_cache(home: Path, joblib: Any) -> None:
    with gzip.open(kdd99.find_file(), "rb") as file:
        records = np.array([line.rstrip().split(b",") for line in file], dtype=object)
    for column in range(kdd99.COLUMNS):
        if column not in kdd99.WORDS:
            records[:, column] = records[:, column].astype(float)
    folder = home / "kddcup99_10-py3"
    folder.mkdir()
    joblib.dump(records[:, :-1], folder / "samples")
    joblib.dump(records[:, -1], folder / "targets")


def _word_column(name: str, column: int) -> int:
    return kdd99.SERVICE if name == "SF" else column
