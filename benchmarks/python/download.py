"""Fetches KDD Cup 99 into a folder, on the word of who measures; `nad.datasets` knows where from and checks it."""

from __future__ import annotations

import os
from pathlib import Path

import nad
from nad._bench.report import say

SUBSETS = ("10_percent", "corrected")


def fetch(folder: Path) -> Path:
    """The folder, for NAD_DATA. What lies in it already is not fetched again."""
    before = {name: os.environ.get(name) for name in ("NAD_DATA", "NAD_CACHE")}
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["NAD_DATA"] = os.environ["NAD_CACHE"] = str(folder)
    try:
        for subset in SUBSETS:
            say(f"KDD Cup 99, {subset}: looked for in {folder}, else fetched")
            nad.datasets.load_kdd99(subset, download=True)
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return folder
