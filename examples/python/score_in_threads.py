"""Serve scores from many threads: a model is loaded once, and each thread makes a scorer of its own of it.

python score_in_threads.py office.nad RECORDS.csv 4      # a score a line, in hexadecimal, as the C++ program prints it

For models whose records stand for themselves. Where a step looks back (windows of hosts), a scorer must see all records
in their order: then give each network a thread, not each record. Threads of Python take turns; they serve many
connections, where those of C++ also use many processors.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from load_and_score import hexadecimal

import nad


def score_in_threads(model_path: str, records_path: str, threads: int) -> None:
    """Print one score a line."""
    model = nad.Model.load(model_path)
    requests = nad.read(records_path)
    own = threading.local()

    def answer(row: int) -> float:
        if not hasattr(own, "scorer"):
            own.scorer = nad.RecordScorer(model)
        return float(own.scorer.score(requests.row(row)).score)

    with ThreadPoolExecutor(threads) as pool:
        for score in pool.map(answer, range(len(requests))):
            print(hexadecimal(score))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: score_in_threads.py MODEL.nad RECORDS THREADS")
    score_in_threads(sys.argv[1], sys.argv[2], int(sys.argv[3]))
