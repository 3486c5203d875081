"""Score rows with a model that was trained elsewhere: by train_and_save, in either language.

python load_and_score.py forest.nad rows.csv

A row a line, its numbers separated by commas. Prints a score a line in hexadecimal, where no bit is lost: the very text
that the C++ example of the same name prints.
"""

from __future__ import annotations

import sys

import numpy as np

import nad


def hexadecimal(score: float) -> str:
    """What C's ``%a`` prints; ``float.fromhex`` reads it."""
    mantissa, exponent = score.hex().split("p")
    return f"{mantissa.rstrip('0').rstrip('.')}p{exponent}"


def load_and_score(model_path: str, rows_path: str) -> None:
    """Print one score a line."""
    model = nad.load(model_path)
    rows = np.loadtxt(rows_path, delimiter=",", dtype=np.float32, ndmin=2)
    for row in rows:
        print(hexadecimal(model.anomaly_score(row)))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: load_and_score.py MODEL.nad ROWS.csv")
    load_and_score(sys.argv[1], sys.argv[2])
