"""The file that a run leaves: what was measured, where, and with which versions.

>>> document = start(command=["speed"], seeds=[1], quick=False, versions={"nad": "0.1"})
>>> document["results"]["speed"] = [section.json() for section in sections]
>>> earlier = read_document("figures.json")
"""

from __future__ import annotations

import json
import os
import platform
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nad._bench.report import Section
from nad.errors import BadFileError, MissingFileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORMAT = "nad benchmarks"
VERSION = 1
_INSTRUCTIONS = {"sse4_2", "avx2", "fma", "avx512f", "avx512bw", "avx512vl", "asimd"}


def start(*, command: Sequence[str], seeds: Sequence[int], quick: bool, versions: Mapping[str, str]) -> dict[str, Any]:
    """A document without results."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": list(command),
        "machine": machine(),
        "versions": dict(versions),
        "seeds": list(seeds),
        "quick": quick,
        "results": {},
    }


def machine() -> dict[str, Any]:
    """The processor, the system, and how busy it is."""
    info = Path("/proc/cpuinfo")
    names, flags = [], set()
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                names.append(value.strip())
            elif key.strip() in ("flags", "Features"):
                flags.update(value.split())
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "instructions": sorted(flags & _INSTRUCTIONS),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": [round(load, 2) for load in os.getloadavg()],
    }


def kind_of_machine(document: Mapping[str, Any]) -> tuple[str, int, tuple[str, ...]]:
    """Seconds of two machines can be compared where this is equal."""
    found = document["machine"]
    return found["processor"], found["cores"], tuple(found["instructions"])


def heading(document: Mapping[str, Any]) -> list[str]:
    """Where it was measured, and with what."""
    computer = document["machine"]
    versions = document["versions"]
    packages = ", ".join(f"{name} {version}" for name, version in versions.items() if version != "missing")
    missing = ", ".join(name for name, version in versions.items() if version == "missing")
    instructions = " ".join(computer["instructions"])
    return [
        f"{computer['processor']}, {computer['cores']} cores, {instructions}; load {computer['load']}",
        f"{computer['system']}, Python {computer['python']}; {packages}",
        *([f"MISSING, and left out: {missing}"] if missing else []),
        *(["QUICK RUN: shows that it works, not how fast it is"] if document["quick"] else []),
    ]


def sections_of(document: Mapping[str, Any]) -> dict[str, list[Section]]:
    """The tables of each task."""
    return {task: [Section.from_json(one) for one in found] for task, found in document["results"].items()}


def read_document(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a run left; an error that says what else the file is."""
    wish = "give a file that `python -m benchmarks --json FILE` or `nad bench --json` wrote"
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MissingFileError(f"{path} is not there; {wish}") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadFileError(f"{path} is no JSON ({error}); {wish}") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        old = isinstance(found, dict) and {"machine", "results"} <= found.keys()
        what = "was written by an older version, without the samples that are compared" if old else "holds other things"
        raise BadFileError(f"{path} {what}; {wish}")
    if found.get("version") != VERSION:
        version = found.get("version")
        raise BadFileError(f"{path} is of version {version} of this format; {VERSION} is read here: measure again")
    try:
        sections_of(found)
        kind_of_machine(found)
        heading(found)
        list(found["seeds"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadFileError(f"{path} is damaged ({type(error).__name__}: {error}); measure again") from None
    return dict(found)
