"""Data sets of connections: public ones, and synthetic flows of a small network.

Public ones come from a folder, a cache or, with the user's word, the publisher.

>>> kdd = nad.datasets.load_kdd99("10_percent")
>>> train, test = nad.datasets.load_nsl_kdd("train+"), nad.datasets.load_nsl_kdd("test+")
>>> flows = nad.datasets.synthetic_flows(50_000, anomaly_ratio=0.02, random_state=7)

Files are looked for in the folder that the environment variable ``NAD_DATA`` names, then in the cache
(``~/.cache/nad``, or ``NAD_CACHE``). ``download=True`` fetches what is missing and checks its SHA-256.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nad import _core
from nad._random import seed_from
from nad.errors import BadFileError, InvalidArgumentError, IoError, MissingFileError
from nad.reading import read_with_report, warn_of
from nad.table import Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

__all__ = ["load_kdd99", "load_nsl_kdd", "synthetic_anomalies", "synthetic_flows"]


@dataclass(frozen=True)
class _File:
    names: tuple[str, ...]
    """Where it may lie in a folder of data, the first also in the cache."""
    url: str = ""
    sha256: str = ""


_PATIENCE = 60.0  # seconds without an answer
_KDD99 = "http://kdd.ics.uci.edu/databases/kddcup99/"
_KDD99_FILES = {
    "10_percent": _File(
        ("kdd99/kddcup.data_10_percent.gz", "kddcup.data_10_percent.gz", "kddcup.data_10_percent"),
        _KDD99 + "kddcup.data_10_percent.gz",
        "8045aca0d84e70e622d1148d7df782496f6333bf6eb979a1b0837c42a9fd9561",
    ),
    "full": _File(
        ("kdd99/kddcup.data.gz", "kddcup.data.gz", "kddcup.data"),
        _KDD99 + "kddcup.data.gz",
        "3b6c942aa0356c0ca35b7b595a26c89d343652c9db428893e7494f837b274292",
    ),
    "corrected": _File(
        ("kdd99/corrected.gz", "corrected.gz", "corrected"),
        _KDD99 + "corrected.gz",
        "abd8165508378859b07e38537271f0ebf8a4d7319f643188cd7361e939a05c43",
    ),
}
_NSL_KDD_FILES = {
    "train+": _File(("nsl_kdd/KDDTrain+.txt.gz", "nsl_kdd/KDDTrain+.txt", "KDDTrain+.txt")),
    "test+": _File(("nsl_kdd/KDDTest+.txt.gz", "nsl_kdd/KDDTest+.txt", "KDDTest+.txt")),
    "test-21": _File(("nsl_kdd/KDDTest-21.txt.gz", "nsl_kdd/KDDTest-21.txt", "KDDTest-21.txt")),
}


def load_kdd99(subset: str = "10_percent", *, download: bool = False, progress: bool = False) -> Table:
    """KDD Cup 99: ``"10_percent"`` and ``"full"`` of the training set, or ``"corrected"``, the labelled test set."""
    return _read(_find("KDD Cup 99", _KDD99_FILES, subset, download), "kdd99", progress)


def load_nsl_kdd(subset: str = "train+", *, progress: bool = False) -> Table:
    """NSL-KDD: ``"train+"``, ``"test+"`` or ``"test-21"``. Its publisher asks for one's name before a download."""
    return _read(_find("NSL-KDD", _NSL_KDD_FILES, subset, download=False), "nsl_kdd", progress)


def synthetic_flows(
    n_samples: int = 10_000,
    *,
    anomaly_ratio: float = 0.05,
    anomalies: Iterable[str] = (),
    random_state: Any = 0,
    begin: str | dt.datetime | None = None,
    days: float = 7.0,
    hosts: int = 60,
    rhythm: bool = True,
) -> Table:
    """Make labelled flows of a small network: people, servers and devices by day and night, and attacks among them.

    Parameters
    ----------
    n_samples : int
        Rows, in the order of time.
    anomaly_ratio : float
        Share of the rows that belong to attacks.
    anomalies : iterable of str
        Kinds of attacks, of those in `synthetic_anomalies`; none means all.
    random_state : int, Generator, RandomState or None
        The same number gives the same table on every machine.
    begin : str or datetime, optional
        When the first flows begin; 2026-01-05, a Monday, if not given. A time without a zone is in UTC.
    days : float
        How long the network is watched.
    hosts : int
        Workstations, phones, printers and devices; the servers come on top.
    rhythm : bool
        Whether nights and weekends differ from office hours.
    """
    if isinstance(anomalies, str):
        anomalies = (anomalies,)
    moment = begin if begin is None or isinstance(begin, str) else begin.isoformat()
    return Table._of(
        _core.synthetic_flows(
            n_samples, anomaly_ratio, list(anomalies), seed_from(random_state), moment, days, hosts, rhythm
        )
    )


def synthetic_anomalies() -> dict[str, str]:
    """The kinds of attacks that `synthetic_flows` knows, each with a description."""
    return dict(_core.synthetic_anomalies())


def _read(path: Path, format_: str, progress: bool) -> Table:
    table, report = read_with_report(path, progress=progress)
    if report.format != format_:
        raise BadFileError(
            f"{path} does not hold the data set that its name promises: it is of the format {report.format!r}, not "
            f"{format_!r}; replace it by the published file"
        )
    warn_of(report, path, stacklevel=4)
    return table


def _find(title: str, files: dict[str, _File], subset: str, download: bool) -> Path:
    if subset not in files:
        raise InvalidArgumentError(f"{title} has no subset {subset!r}; there are: {', '.join(map(repr, files))}")
    file = files[subset]
    cache = Path(os.environ.get("NAD_CACHE") or Path.home() / ".cache" / "nad")
    for folder in (os.environ.get("NAD_DATA"), cache):
        for name in file.names:
            if folder and (Path(folder) / name).is_file():
                return Path(folder) / name
    if download and file.url:
        return _download(f"{title} ({subset})", file, cache / file.names[0])
    wish = " or pass download=True" if file.url else ", after a download by hand from its publisher's page"
    raise MissingFileError(
        f"{title} ({subset}) is not here: put {Path(file.names[0]).name} into a folder, name the folder in the "
        f"environment variable NAD_DATA{wish}"
    )


def _download(title: str, file: _File, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as copy:
        try:
            for part in _parts(title, file):
                digest.update(part)
                copy.write(part)
        except BaseException:
            copy.close()
            Path(copy.name).unlink()
            raise
    if digest.hexdigest() != file.sha256:
        Path(copy.name).unlink()
        raise BadFileError(f"what {file.url} gave is not the published file: its SHA-256 is {digest.hexdigest()}")
    return Path(copy.name).replace(target)


def _parts(title: str, file: _File) -> Iterator[bytes]:
    try:
        with urllib.request.urlopen(file.url, timeout=_PATIENCE) as answer:
            yield from iter(lambda: answer.read(1 << 20), b"")
    except (OSError, http.client.HTTPException) as error:
        raise IoError(
            f"{title} could not be fetched from {file.url} ({str(error) or repr(error)}); try again "
            f"later, or fetch it by hand, put {Path(file.names[0]).name} into a folder and name the folder in the "
            "environment variable NAD_DATA"
        ) from error
