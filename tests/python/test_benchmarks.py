"""The benchmarks run on the installed package and measure what their README says; how fast it was is not judged."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import nad

FORESTS = ("100 x 256", "100 x 4096")


def run_task(task: str, checkout: Path, result: Path, environment: dict[str, str]) -> dict:
    if not (checkout / "benchmarks" / "__main__.py").is_file():
        pytest.skip(f"no benchmarks at {checkout}; they are in a checkout only")
    command = [sys.executable, "-m", "benchmarks", task, "--quick", "--rounds", "1", "--rows", "3000"]
    done = subprocess.run(
        [*command, "--json", str(result)],
        cwd=checkout,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(result.read_text())


def rows_of(section: dict) -> dict[str, list[str]]:
    header, *rows = section["table"]
    assert all(len(row) == len(header) for row in rows)
    return {row[0]: row for row in rows}


def check(result: dict, data: str) -> None:
    assert result["quick"] is True
    assert result["versions"]["nad"] == nad.__version__
    fit_and_score, two_threads, one_row, saved, memory, goals = result["results"]["speed"]
    names = [f"nad, {kernel}" for kernel in nad.simd.supported()]
    names += ["scikit-learn"] if importlib.util.find_spec("sklearn") else []

    lines = rows_of(fit_and_score)
    for name in (f"{name}, {forest}" for name in names for forest in FORESTS):
        measured = dict(zip(fit_and_score["table"][0], lines[name]))
        assert float(measured["fit ms"]) > 0
        assert float(measured["ns a row and tree"]) > 0
        for what in ("fit", "score", "score_shuffled"):
            assert len(fit_and_score["data"][name][what]["cpu"]) == 1  # one round
    assert rows_of(one_row).keys() >= set(names)
    for section in (two_threads, saved, memory):
        assert "nad" in rows_of(section)
    assert f"3,000 x 41 float32 ({data})" in goals["title"]
    assert "saved model 100 x 256, MB" in rows_of(goals)


def test_speed_on_synthetic_rows(checkout, tmp_path):
    places = {
        "NAD_DATA": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path),
    }  # the same everywhere, and nothing left behind
    check(run_task("speed", checkout, tmp_path / "result.json", places), "synthetic")


def test_autoencoders_on_seeded_rows(checkout, tmp_path):
    result = run_task("autoencoder", checkout, tmp_path / "result.json", {})
    lines = rows_of(result["results"]["autoencoder"][0])
    assert "nad" in lines
    assert all(float(cell.replace(",", "")) > 0 for cell in lines["nad"][1:])
