"""How well scores separate attacks from the rest, with NumPy alone. Rows with equal scores stand or fall together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

METRICS = ("ROC-AUC", "PR-AUC", "TPR at 1 % FPR")


def evaluate(scores: npt.NDArray[np.floating], is_attack: npt.NDArray[np.bool_]) -> dict[str, float]:
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], is_attack[order]
    # the last row of each group of equal scores: only there can a threshold stand
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    found = np.cumsum(hits)[ends].astype(np.float64)
    alarms = (ends + 1).astype(np.float64)
    recall = found / found[-1]
    false_rate = (alarms - found) / (alarms[-1] - found[-1])
    steps = np.diff(recall, prepend=0.0)
    area = np.sum(np.diff(false_rate, prepend=0.0) * (recall - steps / 2))
    return {
        "ROC-AUC": float(area),
        "PR-AUC": float(np.sum(steps * found / alarms)),
        "TPR at 1 % FPR": float(max(recall[false_rate <= 0.01], default=0.0)),
    }
