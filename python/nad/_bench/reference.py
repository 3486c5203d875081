"""Work that nad has no part in, timed beside it: what it takes longer than before is the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "reference"
"""What rows of such work are called."""


def references() -> dict[str, Callable[[], object]]:
    """Work for the arithmetic units, for the memory and for the interpreter; some milliseconds each."""
    random = np.random.default_rng(1)
    square = random.random((192, 192), dtype=np.float32)
    unsorted = random.random(100_000, dtype=np.float32)
    much = random.random(2_000_000, dtype=np.float32)

    def polynomial() -> object:
        return np.polynomial.polynomial.polyval(square, (1.0, 0.5, 0.25, 0.125, 0.0625))

    def count() -> int:
        found: dict[int, int] = {}
        for i in range(20_000):
            found[i & 255] = found.get(i & 255, 0) + i
        return len(found)

    return {
        f"{NAME}, arithmetic": polynomial,
        f"{NAME}, sorting": lambda: np.sort(unsorted),
        f"{NAME}, memory": lambda: much + 1.0,
        f"{NAME}, interpreter": count,
    }
