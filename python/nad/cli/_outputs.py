"""Files that commands write: never in the place of what they read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nad._checks import check_writable
from nad.cli._command import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["keep_apart"]


def keep_apart(outputs: Mapping[str, str | None], inputs: Sequence[str | None]) -> None:
    """An error before any work is done, where something that is read would be overwritten, or there is no folder."""
    taken = [name for name in inputs if name not in (None, "", "-")]
    for option, path in outputs.items():
        if not path or path == "-":
            continue
        if any(_is_same(path, str(other)) for other in taken):
            raise UsageError(f"{option} {path} would overwrite a file that is also read or written; give another name")
        check_writable(path, option)
        taken.append(path)


def _is_same(a: str, b: str) -> bool:
    if os.path.exists(a) and os.path.exists(b):  # noqa: PTH110
        return os.path.samefile(a, b) and os.path.isfile(a)  # noqa: PTH113, PTH121
    return os.path.realpath(a) == os.path.realpath(b)
