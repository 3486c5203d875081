"""From scikit-learn's ``random_state`` to the seed of a detector."""

from __future__ import annotations

from typing import Any

import numpy as np

from nad.errors import InvalidArgumentError

_SEEDS = 2**63 - 1
_SEEDS_OF_NAD = 2**64


def seed_from(random_state: Any) -> int:
    """Turn a ``random_state`` into a seed.

    An integer is the seed itself. A ``RandomState`` or ``Generator`` is drawn from, so a second fit gets another seed.
    ``None`` draws from NumPy's global state, which ``numpy.random.seed`` sets, as in scikit-learn.
    """
    if random_state is None or random_state is np.random:
        return int(np.random.randint(_SEEDS, dtype=np.int64))  # noqa: NPY002 (the global state is the point)
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool):
        seed = int(random_state)
        if not 0 <= seed < _SEEDS_OF_NAD:
            bound = "at least 0" if seed < 0 else f"at most {_SEEDS_OF_NAD - 1}"
            shown = seed if abs(seed) < _SEEDS_OF_NAD**2 else "out of range"  # or too long to print
            raise InvalidArgumentError(f"random_state is {shown}; give a whole number of {bound}")
        return seed
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(_SEEDS, dtype=np.int64))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(_SEEDS))
    raise InvalidArgumentError(
        f"random_state is {random_state!r}; give None, an integer, a numpy.random.RandomState or "
        "a numpy.random.Generator"
    )
