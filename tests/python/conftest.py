"""Traffic to learn from, and where the public data sets are."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import nad

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def checkout() -> Path:
    return CHECKOUT


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The public data sets: NAD_DATA, or the folder that lies beside a checkout."""
    folder = Path(os.environ.get("NAD_DATA", CHECKOUT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no public data sets at {folder}; set NAD_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def traffic() -> np.ndarray:
    """2,000 ordinary rows of five columns and, at the end, ten that are not."""
    rng = np.random.default_rng(5)
    ordinary = rng.lognormal(0.0, 0.5, size=(2000, 5))
    strange = rng.lognormal(3.0, 0.5, size=(10, 5))
    rows = np.vstack([ordinary, strange]).astype(np.float32)
    rows[:, 3] = np.round(rows[:, 3])  # a column of few values
    return rows


@pytest.fixture(scope="session")
def forest(traffic: np.ndarray) -> nad.IsolationForest:
    """Fitted on `traffic`; tests must not change it."""
    return nad.IsolationForest(contamination=0.01, random_state=7).fit(traffic)
