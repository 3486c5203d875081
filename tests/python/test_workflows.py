"""What continuous integration and the building of wheels may do, and that they name things that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def workflows(checkout: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((checkout / ".github" / "workflows").glob("*.yml"))}


def test_they_may_read_and_nothing_else(workflows):
    assert set(workflows) == {"ci.yml", "wheels.yml"}
    for text in workflows.values():
        assert re.findall(r"^permissions:\n((?:  .*\n)+)", text, re.MULTILINE) == ["  contents: read\n"]
        assert "secrets." not in text
        assert text.count("actions/checkout@") == text.count("persist-credentials: false")
        assert "pull_request_target" not in text


def test_what_others_wrote_is_pinned(workflows):
    for text in workflows.values():
        used = re.findall(r"uses: (\S+)(?:  # (\S+))?", text)
        assert used
        for name, version in used:
            assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", name), name
            assert re.fullmatch(r"v\d+\.\d+\.\d+", version), name
        for tool in re.findall(r"pipx run (\S+)", text):
            assert re.fullmatch(r"[a-z]+==[\d.]+", tool), tool


def test_no_job_runs_for_hours(workflows):
    for text in workflows.values():
        jobs = re.split(r"^  \w+:\n(?=    )", text.split("\njobs:\n")[1], flags=re.MULTILINE)[1:]
        assert jobs
        for job in jobs:
            assert 0 < int(re.search(r"^    timeout-minutes: (\d+)$", job, re.MULTILINE)[1]) <= 180
            assert "-latest" not in job, "another system overnight"


def test_steps_and_files_are_there(workflows, checkout):
    steps = re.search(r"^all_steps=\((.*)\)$", (checkout / "tests" / "run").read_text(), re.MULTILINE)[1].split()
    for line in re.findall(r"^ +steps: (.+)$", workflows["ci.yml"], re.MULTILINE):
        assert set(line.split()) <= set(steps)
    project = (checkout / "pyproject.toml").read_text()
    for path in {*re.findall(r"\.ci/\w+(?:\.sh)?", "".join(workflows.values()) + project)}:
        assert (checkout / path).is_file()


def test_wheels_are_for_each_python_that_is_promised(checkout):
    text = (checkout / "pyproject.toml").read_text()
    built = [int(minor) for minor in re.findall(r'"cp3(\d+)-\*"', text)]
    assert built == [10, 11, 12, 13]
    assert f'requires-python = ">=3.{built[0]}"' in text
    tested = re.search(r"^test-command = \"bash \{project\}/(\S+)\"$", text, re.MULTILINE)[1]
    script = (checkout / tested).read_text()
    for name in re.search(r"test_\{(.*)\}\.py", script)[1].split(","):
        assert (checkout / "tests" / "python" / f"test_{name}.py").is_file()
