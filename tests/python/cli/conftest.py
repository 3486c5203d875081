"""A small capture, its truth and a model of ordinary traffic; commands in this process and in one of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import nad
from nad.cli import main


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Files:
    folder: Path
    normal: str
    today: str
    truth: str
    model: str


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Half an hour of normal traffic, and some minutes with two attacks."""
    folder = tmp_path_factory.mktemp("cli")
    found = Files(folder, *(str(folder / name) for name in ("normal.pcap", "today.pcap", "today.csv", "office.nad")))
    nad.simulate(found.normal, hours=0.5, random_state=1, snap_length=128)
    attacks = [nad.Attack("port_scan", start=120, duration=5), nad.Attack("horizontal_scan", start=300, duration=5)]
    nad.simulate(found.today, truth=found.truth, hours=0.15, random_state=2, attacks=attacks, snap_length=128)
    model = nad.Model(threshold=nad.ThresholdRule.contamination(0.01), detector=nad.IsolationForest(random_state=3))
    model.fit(nad.read(found.normal)).save(found.model)
    return found


@pytest.fixture
def run(capfd):
    """Runs a command line in this process."""

    def run(*words: object) -> Result:
        capfd.readouterr()
        code = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return Result(code, out, err)

    return run


def start(*words: object, **options) -> subprocess.Popen:
    """Starts a command line in a process of its own."""
    environment = {**os.environ, **options.pop("env", {})}
    return subprocess.Popen(
        [sys.executable, "-m", "nad", *map(str, words)],
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=options.pop("stderr", subprocess.PIPE),
        text=True,
        env=environment,
        **options,
    )


@pytest.fixture(scope="session")
def process():
    """Runs a command line in a process of its own, to its end."""

    def run(*words: object, input: str | bytes | None = None, **options) -> Result:  # noqa: A002
        environment = {**os.environ, **options.pop("env", {})}
        done = subprocess.run(
            [sys.executable, "-m", "nad", *map(str, words)],
            check=False, capture_output=True, timeout=60, env=environment, input=input, **options,
        )  # fmt: skip
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run
