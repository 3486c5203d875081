"""KDD Cup 99 (10 %), and its subsets http, smtp, SA and SF as scikit-learn defines them.

    kdd = load()
    kdd.features               # 494,021 x 41, float64, words as their number in alphabetical order
    http = subset(kdd, "http")
    http.rows, http.is_attack

Needs NumPy alone. The file is read once and kept in a cache folder, under a name that holds its checksum.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

FILE_NAME = "kddcup.data_10_percent.gz"
COLUMNS = 41
DURATION, PROTOCOL, SERVICE, FLAG, SRC_BYTES, DST_BYTES, LOGGED_IN = 0, 1, 2, 3, 4, 5, 11
WORDS = (PROTOCOL, SERVICE, FLAG)
SUBSETS = ("http", "smtp", "SA", "SF")
SA_ATTACKS = 3377

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float32]


class DataNotFoundError(Exception):
    """The data file is not there; the message says where it is looked for and where to get it."""


@dataclass(frozen=True)
class Kdd99:
    features: Floats
    labels: npt.NDArray[np.bytes_]
    words: dict[int, list[str]]  # what the numbers of each column of words stand for


@dataclass(frozen=True)
class Subset:
    name: str
    rows: Rows
    is_attack: npt.NDArray[np.bool_]


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    folder = (Path(base) if base else Path.home() / ".cache") / "nad" / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def find_file() -> Path:
    checkout = Path(__file__).resolve().parents[2]
    given = os.environ.get("NAD_DATA")
    folders = [Path(given)] if given else [checkout.parent / "shared" / "data"]
    places = [folder / part / FILE_NAME for folder in folders for part in ("kdd99", ".")]
    for place in places:
        if place.is_file():
            return place
    raise DataNotFoundError(
        f"{FILE_NAME} is in none of: {', '.join(str(place) for place in places)}. Download it from the UCI KDD archive "
        "(KDD Cup 1999 Data) and set NAD_DATA to the folder that holds it."
    )


def load() -> Kdd99:
    """The whole 10 % file, from the cache where it was read before."""
    folder = _ready_folder()
    words = json.loads((folder / "words.json").read_text())
    return Kdd99(
        features=np.load(folder / "features.npy"),
        labels=np.load(folder / "labels.npy"),
        words={int(column): names for column, names in words.items()},
    )


def speed_rows() -> Path:
    """A .npy file of all rows as float32, the input of the speed benchmark."""
    folder = _ready_folder()
    path = folder / "rows.npy"
    _write(path, lambda part: np.save(part, np.load(folder / "features.npy").astype(np.float32)))
    return path


def raw_rows() -> Path:
    """The same rows without any header, the input of the C++ benchmark."""
    source = speed_rows()
    path = source.with_suffix(".f32")
    _write(path, lambda part: part.write_bytes(np.load(source).tobytes()))
    return path


def synthetic_rows(count: int, seed: int) -> Path:
    """Seeded rows of the same width for machines without the data: sizes, rates and mostly-zero counters."""
    path = cache_folder() / f"synthetic-{count}-{seed}.npy"

    def make(part: Path) -> None:
        random = np.random.default_rng(seed)
        rows = np.empty((count, COLUMNS), dtype=np.float32)
        rows[:, :10] = np.floor(random.lognormal(4.0, 2.0, (count, 10)))
        rows[:, 10:25] = random.poisson(0.2, (count, 15))
        rows[:, 25:] = np.round(random.beta(0.3, 0.3, (count, COLUMNS - 25)), 2)
        np.save(part, rows)

    _write(path, make)
    return path


def subset(kdd: Kdd99, name: str, *, one_hot: bool = False, seed: int = 0) -> Subset:
    """What `sklearn.datasets.fetch_kddcup99(subset=name, random_state=seed)` selects, as numbers.

    Words are numbers in alphabetical order or, with `one_hot`, a column each, as in scikit-learn's own benchmark.
    """
    attack = kdd.labels != b"normal."
    if name == "SA":
        attacks = np.flatnonzero(attack)
        drawn = np.random.RandomState(seed).randint(0, len(attacks), SA_ATTACKS)
        chosen = np.concatenate([np.flatnonzero(~attack), attacks[drawn]])
        columns = _expand(kdd.features[chosen], WORDS, one_hot)
        return Subset(name, columns.astype(np.float32), attack[chosen])
    if name not in SUBSETS:
        raise ValueError(f"no subset is called {name!r}; there are {', '.join(SUBSETS)}")

    keep = kdd.features[:, LOGGED_IN] == 1
    if name in ("http", "smtp"):
        keep &= kdd.features[:, SERVICE] == kdd.words[SERVICE].index(name)
    picked = kdd.features[keep]
    logs = np.log(picked[:, [DURATION, SRC_BYTES, DST_BYTES]] + 0.1)
    if name == "SF":
        table = np.column_stack([logs[:, 0], picked[:, SERVICE], logs[:, 1:]])
        return Subset(name, _expand(table, (1,), one_hot).astype(np.float32), attack[keep])
    return Subset(name, logs.astype(np.float32), attack[keep])


def one_hot(kdd: Kdd99) -> Floats:
    """All rows, with a column for each word: 118 columns."""
    return _expand(kdd.features, WORDS, one_hot=True)


def _expand(table: Floats, word_columns: tuple[int, ...], one_hot: bool) -> Floats:
    if not one_hot:
        return table
    parts = [np.delete(table, word_columns, axis=1)]
    for column in word_columns:
        values = table[:, column]
        parts.append((values[:, None] == np.unique(values)[None, :]).astype(np.float64))
    return np.column_stack(parts)


def _ready_folder() -> Path:
    path = find_file()
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    folder = cache_folder() / f"kdd99-{checksum}"
    if not (folder / "words.json").is_file():
        _store(_parse(path), folder)
    return folder


def _parse(path: Path) -> Kdd99:
    with gzip.open(path, "rb") as lines:
        records = [line.rstrip().split(b",") for line in lines]
    widths = {len(record) for record in records}
    if widths != {COLUMNS + 1}:
        raise ValueError(f"{path}: every line must have {COLUMNS + 1} fields, there are lines with {sorted(widths)}")
    features = np.empty((len(records), COLUMNS))
    words = {}
    for column, values in enumerate(zip(*records, strict=True)):
        if column == COLUMNS:
            break
        if column in WORDS:
            names = sorted(set(values))
            number = {name: position for position, name in enumerate(names)}
            features[:, column] = [number[value] for value in values]
            words[column] = [name.decode() for name in names]
        else:
            features[:, column] = np.array(values).astype(np.float64)
    labels = np.array([record[COLUMNS] for record in records])
    return Kdd99(features, labels, words)


def _store(kdd: Kdd99, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "features.npy", kdd.features)
    np.save(folder / "labels.npy", kdd.labels)
    # last, and in one step: its presence says that the other two are complete
    _write(folder / "words.json", lambda part: part.write_text(json.dumps(kdd.words)))


def _write(path: Path, fill: Callable[[Path], object]) -> None:
    """Makes the file where it is missing; it appears under its name only when it is complete."""
    if path.is_file():
        return
    part = path.with_name(f"{path.stem}.{os.getpid()}.part{path.suffix}")
    fill(part)
    part.replace(path)
