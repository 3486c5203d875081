"""How well scores separate attacks from the rest, with NumPy alone. Rows with equal scores stand or fall together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

METRICS = ("ROC-AUC", "PR-AUC", "TPR at 1 % FPR")

Floats = npt.NDArray[np.float64]


def evaluate(scores: npt.NDArray[np.floating], is_attack: npt.NDArray[np.bool_]) -> dict[str, float]:
    false_rate, recall, precision = _curve(scores, is_attack)
    steps = np.diff(recall, prepend=0.0)
    area = np.sum(np.diff(false_rate, prepend=0.0) * (recall - steps / 2))
    return {
        "ROC-AUC": float(area),
        "PR-AUC": float(np.sum(steps * precision)),
        "TPR at 1 % FPR": float(max(recall[false_rate <= 0.01], default=0.0)),
    }


def recall_at(scores: npt.NDArray[np.floating], is_attack: npt.NDArray[np.bool_], false_rate: float) -> float:
    """The share of attacks above the lowest threshold that at most this share of the other rows lies above."""
    false_rates, recall, _ = _curve(scores, is_attack)
    return float(max(recall[false_rates <= false_rate], default=0.0))


def _curve(scores: npt.NDArray[np.floating], is_attack: npt.NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """False positive rate, recall and precision at each threshold that there can be, from the highest down."""
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], is_attack[order]
    # the last row of each group of equal scores: only there can a threshold stand
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    found = np.cumsum(hits)[ends].astype(np.float64)
    alarms = (ends + 1).astype(np.float64)
    return (alarms - found) / (alarms[-1] - found[-1]), found / found[-1], found / alarms
