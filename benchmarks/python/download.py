"""Fetches KDD Cup 99 into a folder, on the word of who measures; `nad.datasets` knows where from and checks it."""

from __future__ import annotations

from pathlib import Path

import nad
from benchmarks.python.worker import environment
from nad._bench.report import say

SUBSETS = ("10_percent", "corrected")


def fetch(folder: Path) -> Path:
    """The folder, for NAD_DATA. What lies in it already is not fetched again."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with environment({"NAD_DATA": str(folder), "NAD_CACHE": str(folder)}):
        for subset in SUBSETS:
            say(f"KDD Cup 99, {subset}: looked for in {folder}, else fetched")
            nad.datasets.load_kdd99(subset, download=True)
    return folder
