"""Streams that nobody reads, that are full, or that were closed before the command began."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def test_a_reader_that_goes_away_is_no_error(files):
    script = (
        f"{sys.executable} -m nad read {files.today} --head 100000 --debug | head -n 1; echo ${{PIPESTATUS[0]}} >&2"
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.count("\n") == 1
    assert done.stderr == "141\n"
    closed = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m nad inspect {files.model} | true; echo ${{PIPESTATUS[0]}}"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert closed.stderr == ""


def test_a_disk_that_is_full_is_an_error(files):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "nad", "inspect", files.model],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 3
    assert "nad: error: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams_are_no_bug_of_nad(files, closed):
    def code(*words: str) -> int:
        command = ["bash", "-c", f'exec "$@" {closed}', "bash", sys.executable, "-m", "nad", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert "bug of nad" not in done.stderr
        assert "Traceback" not in done.stderr
        return done.returncode

    assert code("inspect", files.model) == 0
    assert code("inspect", files.model, "--json") == 0
    assert code("detect", files.today, "-m", files.model, "--exit-code") == 1
    assert code("inspect", "nowhere.nad") == 2
    assert code("frobnicate") == 2
