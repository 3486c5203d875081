"""Learn what ordinary connections look like, say which new ones are unlike them and why, and save what was learnt.

python train_and_save.py forest.nad rows.csv
python load_and_score.py forest.nad rows.csv      # the same scores, in another program
"""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt

import nad

FEATURE_NAMES = ["duration_s", "bytes_sent", "bytes_received", "packets"]

Floats = npt.NDArray[np.float32]


def ordinary_connections(count: int, random: np.random.Generator) -> Floats:
    """Web traffic: short, few bytes out, many bytes in."""
    duration = random.lognormal(-1.0, 0.5, count)
    sent = random.lognormal(6.0, 0.4, count)
    received = random.lognormal(9.0, 1.0, count)
    packets = np.ceil(received / 1400.0) + 4.0
    return np.column_stack([duration, sent, received, packets]).astype(np.float32)


def new_connections(random: np.random.Generator) -> Floats:
    """Twenty new connections, two of which carry something else."""
    rows = ordinary_connections(20, random)
    rows[5] = [900.0, 8.0e7, 4000.0, 60000.0]  # a quarter of an hour, and everything flows out: somebody copies data
    rows[13] = [4.0, 3.0e5, 0.0, 5000.0]  # many packets and no answer: a flood
    return rows


def train_and_save(model_path: str, rows_path: str) -> None:
    """Print an alert for each unusual row, then write the model and the rows."""
    random = np.random.default_rng(7)
    past = ordinary_connections(5000, random)
    rows = new_connections(random)

    forest = nad.IsolationForest(contamination=0.001, random_state=42, n_jobs=-1).fit(past)

    scores = forest.anomaly_score(rows)
    reasons = forest.explain(rows)
    for row in np.flatnonzero(scores > forest.threshold_):
        name = FEATURE_NAMES[reasons[row].argmax()]
        print(f"connection {row:2}  score {scores[row]:.3f}  mostly for its {name}")

    forest.save(model_path, feature_names=FEATURE_NAMES)
    np.savetxt(rows_path, rows, delimiter=",", fmt="%.9g")  # nine digits carry a float without loss


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: train_and_save.py MODEL.nad ROWS.csv")
    train_and_save(sys.argv[1], sys.argv[2])
