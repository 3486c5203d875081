"""A model, what it was asked about, and what it found; pictures are drawn into memory."""

from __future__ import annotations

import numpy as np
import pytest

import nad

matplotlib = pytest.importorskip("matplotlib")
pytest.importorskip("plotly")
matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _no_figure_stays():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.fixture(scope="session")
def model() -> nad.Model:
    """Tests must not change it."""
    rule = nad.ThresholdRule.false_positive_rate(0.01)
    normal = nad.datasets.synthetic_flows(4000, anomaly_ratio=0.0, random_state=1)
    return nad.Model(threshold=rule, detector=nad.IsolationForest(random_state=1)).fit(normal)


@pytest.fixture(scope="session")
def today() -> nad.Table:
    return nad.datasets.synthetic_flows(2000, anomaly_ratio=0.05, random_state=2)


@pytest.fixture(scope="session")
def findings(model, today) -> nad.Findings:
    return model.detect(today)


@pytest.fixture(scope="session")
def reported(findings) -> np.ndarray:
    mask = np.zeros(len(findings.scores), dtype=bool)
    mask[findings.rows] = True
    return mask


@pytest.fixture(scope="session")
def evaluation(findings, today) -> nad.Evaluation:
    return nad.evaluate(findings.scores, today, threshold=findings.limit.score, n_bootstrap=0)
