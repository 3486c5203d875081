"""The examples run, and a model saved in Python gives a C++ program the same scores, bit for bit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nad


def run(command, **options) -> str:
    result = subprocess.run(
        [str(part) for part in command], check=False, capture_output=True, text=True, timeout=600, **options
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout


def python_example(checkout: Path, name: str, *arguments) -> str:
    return run([sys.executable, checkout / "examples/python" / f"{name}.py", *arguments])


@pytest.fixture(scope="session", params=["nad::nad", "nad::header_only"])
def cpp_load_and_score(request, checkout, tmp_path_factory) -> Path:
    """The C++ program: NAD_LOAD_AND_SCORE where somebody has built it, else built here."""
    built = os.environ.get("NAD_LOAD_AND_SCORE")
    if built and request.param == "nad::nad":
        return Path(built)
    if not shutil.which("cmake") or not (shutil.which("c++") or os.environ.get("CXX")):
        pytest.skip("needs cmake and a C++ compiler, or NAD_LOAD_AND_SCORE with the built program")
    folder = tmp_path_factory.mktemp("cpp")
    options = ["-DNAD_BUILD_EXAMPLES=ON", f"-DNAD_EXAMPLE_TARGET={request.param}", "-DCMAKE_BUILD_TYPE=Release"]
    if shutil.which("ccache"):
        options.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
    run(["cmake", "-S", checkout, "-B", folder, *options])
    run(["cmake", "--build", folder, "--target", "load_and_score", "--parallel", "2"])
    (program,) = (path for path in folder.rglob("load_and_score*") if os.access(path, os.X_OK) and path.is_file())
    return program


@pytest.mark.parametrize(
    "options",
    [{}, {"ndim": 3}, {"split": "best"}, {"missing": "impute"}, {"max_samples": 2000, "max_depth": 40}],
    ids=str,
)
def test_cpp_scores_what_python_saved(cpp_load_and_score, traffic, tmp_path, options):
    forest = nad.IsolationForest(random_state=1, **options).fit(traffic)
    forest.save(tmp_path / "forest.nad")
    np.savetxt(tmp_path / "rows.csv", traffic, delimiter=",", fmt="%.9g")
    output = run([cpp_load_and_score, tmp_path / "forest.nad", tmp_path / "rows.csv"])
    scores = np.array([float.fromhex(line) for line in output.split()])
    np.testing.assert_array_equal(scores, forest.anomaly_score(traffic).astype(np.float64))


def test_quickstart_tells_its_story_and_cpp_agrees(cpp_load_and_score, checkout, tmp_path):
    story = python_example(checkout, "quickstart", tmp_path)
    for word in ("data theft", "port scan", "flood", "password guessing", "usually", "bytes"):
        assert word in story
    files = [tmp_path / name for name in ("quickstart.nad", "quickstart_rows.csv", "quickstart_scores.txt")]
    assert all(file.is_file() for file in files)
    assert "failed_logins" in nad.read_header(files[0])["feature_names"]
    assert run([cpp_load_and_score, files[0], files[1]]) == files[2].read_text(encoding="ascii")


def test_train_here_and_score_there(cpp_load_and_score, checkout, tmp_path):
    model, rows = tmp_path / "forest.nad", tmp_path / "rows.csv"
    alerts = python_example(checkout, "train_and_save", model, rows)
    assert [line.split()[1] for line in alerts.splitlines()] == ["5", "13"]
    here = python_example(checkout, "load_and_score", model, rows)
    assert len(here.splitlines()) == 20
    assert here == run([cpp_load_and_score, model, rows])


def test_flows_are_read_turned_into_features_and_scored(checkout, tmp_path):
    story = python_example(checkout, "score_flows")
    assert "past.csv: 10000 rows of flow_csv" in story
    assert "of the web and longer than a minute" in story
    assert "pipeline of 12 steps" in story
    assert "label: its role is label" in story
    alerts = [line for line in story.splitlines() if "in truth: " in line]
    assert len(alerts) == 10
    assert sum("port_scan" in line or "exfiltration" in line for line in alerts) >= 3
    nad.datasets.synthetic_flows(400, random_state=5).drop(["label", "is_anomaly"]).to_csv(tmp_path / "a.csv")
    story = python_example(checkout, "score_flows", tmp_path / "a.csv", tmp_path / "a.csv")
    assert "a.csv: 400 rows of flow_csv" in story
    assert "in truth" not in story


def test_examples_say_how_they_are_used(checkout):
    for name, *arguments in (["train_and_save"], ["load_and_score"], ["score_flows", "one.log"]):
        command = [sys.executable, str(checkout / "examples/python" / f"{name}.py"), *arguments]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert result.returncode == 1
        assert "usage" in result.stderr
