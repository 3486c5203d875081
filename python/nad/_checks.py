"""What can be seen to be wrong before a monitor runs: a source that will never be there, a file that cannot be written.

>>> check_source("eht0")
MissingFileError: there is no interface or file eht0; did you mean eth0? ...
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from nad import _core
from nad.errors import IoError, MissingFileError

__all__ = ["check_source", "check_writable"]

_MOST = 12  # interfaces that are named
_PREFIX = "interface:"


def check_source(source: str) -> None:
    """An error for what can only be the name of an interface, where there is none of that name.

    A log need not be there yet; but a name without a folder and without an ending is none that logs have.
    """
    name = source.removeprefix(_PREFIX)
    is_said = source != name
    if source == "-" or (not is_said and (os.path.basename(name) != name or "." in name or os.path.exists(name))):  # noqa: PTH110, PTH119
        return
    there = _core.live_interfaces()
    if name in there:
        return
    if is_said and not there:
        return  # the system says why none can be had
    near = difflib.get_close_matches(name, there, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    known = f"Interfaces are: {', '.join(there[:_MOST])}" if there else "No interface can be captured on here"
    more = f" and {len(there) - _MOST} more" if len(there) > _MOST else ""
    wait = "" if is_said else f"; to wait for a file of this name, give ./{name}"
    what = "interface" if is_said else "interface or file"
    raise MissingFileError(f"there is no {what} {name}; {hint}{known}{more}{wait}")


def check_writable(path: str | os.PathLike[str] | None, what: str) -> None:
    """An error where a file cannot be written there, before hours of work are lost."""
    if path is None or not os.fspath(path):
        return
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise IoError(f"{what} {os.fspath(path)} cannot be written: there is no folder {folder}; make it first")
    if not _may(path, os.W_OK) and not _may(folder, os.W_OK | os.X_OK):
        raise IoError(f"{what} {os.fspath(path)} cannot be written: the folder {folder} may not be written to")


def _may(path: str | os.PathLike[str], mode: int) -> bool:
    """As whom this process acts, which is not always who started it."""
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)
