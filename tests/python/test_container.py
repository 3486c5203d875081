"""The example of a container, as far as it can be looked at without a program that runs containers."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

import nad
from nad.app.launch import USUAL_PORT
from nad.cli._main import parsed


@pytest.fixture(scope="module")
def project(checkout: Path) -> dict[str, Any]:
    """What pyproject.toml says."""
    tomllib = pytest.importorskip("tomllib", reason="Python reads TOML from 3.11 on")
    return tomllib.loads((checkout / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def text(checkout: Path) -> str:
    return (checkout / "examples" / "container" / "Containerfile").read_text()


@pytest.fixture(scope="module")
def stages(text) -> list[list[tuple[str, str]]]:
    """The instructions of each stage, with their lines joined."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    found: list[list[tuple[str, str]]] = []
    for line in re.sub(r"\\\n\s*", " ", lines).splitlines():
        if not line.strip():
            continue
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            found.append([])
        found[-1].append((word, " ".join(rest.split())))
    return found


def examples(text: str) -> list[list[str]]:
    """What a person is told to type."""
    said = "\n".join(line[2:] for line in text.splitlines() if line.startswith("# "))
    return [shlex.split(one) for one in re.findall(r"^ +(podman run .*)$", re.sub(r"\\\n\s*", " ", said), re.MULTILINE)]


def of(stage: list[tuple[str, str]], word: str) -> list[str]:
    return [rest for instruction, rest in stage if instruction == word]


def test_its_stages_fit_together(stages):
    build, last = stages
    image, name = build[0][1].split(" AS ")
    assert last[0] == ("FROM", image), "what is built for one system runs on another"
    assert re.fullmatch(r"docker\.io/library/debian:\d+-slim", image)
    known = {
        "FROM",
        "RUN",
        "COPY",
        "ARG",
        "ENV",
        "USER",
        "WORKDIR",
        "VOLUME",
        "EXPOSE",
        "STOPSIGNAL",
        "ENTRYPOINT",
        "CMD",
    }
    assert {word for stage in stages for word, _ in stage} <= known
    assert of(last, "COPY") == [f"--from={name} /opt/nad /opt/nad"]
    for command in [*of(build, "RUN"), *of(last, "RUN")]:
        subprocess.run(["bash", "-n", "-c", command], check=True, timeout=20)


def test_nobody_in_it_is_root(stages):
    last = stages[-1]
    (user,) = of(last, "USER")
    assert user not in ("root", "0")
    made = of(last, "RUN")[0]
    assert re.search(rf"useradd .*{user}$", made)
    home = re.search(r"--home-dir (\S+)", made)[1]
    assert of(last, "WORKDIR") == of(last, "VOLUME") == [home]  # a volume that is new belongs to its user
    words = [word for word, _ in last]
    assert words.index("USER") > max(place for place, word in enumerate(words) if word in ("RUN", "COPY"))


def test_what_it_starts_is_a_command_of_nad(stages, text):
    last = stages[-1]
    assert [json.loads(one) for one in of(last, "ENTRYPOINT")] == [["nad"]]
    usual = parsed(json.loads(of(last, "CMD")[0]))
    assert (usual.command, usual.checkpoint, usual.json) == ("watch", "watch.state", True)
    assert of(last, "EXPOSE") == [str(USUAL_PORT)]
    assert of(last, "STOPSIGNAL") == ["SIGTERM"]
    told = examples(text)
    assert len(told) == 4
    for words in told:
        place = words.index("nad")
        assert "--cap-drop ALL" in " ".join(words[:place])
        if words[place + 1 :]:
            parsed(words[place + 1 :])
    page = next(words for words in told if "app" in words)
    assert f"127.0.0.1:{USUAL_PORT}:{USUAL_PORT}" in page  # the host lets this machine alone in
    capture = parsed(next(words for words in told if "eth0" in words)[-6:])
    assert capture.user == of(last, "USER")[0]


def test_it_installs_what_nad_needs(stages, checkout, project):
    build, last = stages
    setup = (checkout / ".ci" / "setup.sh").read_text()
    needed = " ".join(re.findall(r"^(?:library|python)_packages=\((.*)\)$", setup, re.MULTILINE)).split()
    assert set(needed) - {"git"} <= set(of(build, "RUN")[0].split())
    run_time = {"libpcap-dev": "libpcap0.8", "zlib1g-dev": "zlib1g", "g++": "libstdc++6", "python3": "python3"}
    assert {run_time[name] for name in needed if name in run_time} <= set(of(last, "RUN")[0].split())
    extras = project["project"]["optional-dependencies"]
    assert set(of(build, "ARG")[0].removeprefix("EXTRAS=").split(",")) <= set(extras)


def test_what_it_is_built_from_is_there(checkout, project):
    """What the build context leaves out, and what pyproject.toml and CMake ask for."""
    lines = (checkout / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]

    def is_left_out(path: str) -> bool:
        return any(
            fnmatch.fnmatch(path.split("/", maxsplit=1)[0], pattern) for pattern in patterns if "/" not in pattern
        )

    assert is_left_out(".git")
    assert is_left_out("build")
    scikit_build = project["tool"]["scikit-build"]
    needed = [
        "pyproject.toml",
        "LICENSE",
        "src",
        "bindings",
        project["project"]["readme"],
        *scikit_build["wheel"]["packages"],
    ]
    needed += [scikit_build["metadata"]["version"]["input"], *re.findall(
        r"^ *add_subdirectory\((\w+)", (checkout / "CMakeLists.txt").read_text(), re.MULTILINE
    )]  # fmt: skip
    needed = [
        path for path in needed if path.split("/")[0] not in ("tests", "benchmarks")
    ]  # built where they are asked for
    for path in needed:
        assert (checkout / path).exists()
        assert not is_left_out(path)


@pytest.mark.parametrize("user", [65534, 0])
def test_a_monitor_needs_no_right_at_all(user, tmp_path):
    """As in the container: no capability, and none to be had; also for root, who then may not more than others."""
    program = shutil.which("setpriv")
    if program is None or os.geteuid() != 0:
        pytest.skip("only root can take rights away, by setpriv")
    nad.simulate(tmp_path / "day.pcap", hours=0.1, random_state=1, snap_length=128)
    rule = nad.ThresholdRule.contamination(0.01)
    model = nad.Model(threshold=rule, detector=nad.Histogram()).fit(nad.read(tmp_path / "day.pcap"))
    home = Path(tempfile.mkdtemp(prefix="nad-container-"))  # others may not look into tmp_path
    try:
        shutil.copy(tmp_path / "day.pcap", home)
        model.save(home / "office.nad")
        os.chown(home, user, user)
        done = subprocess.run(
            [
                program, f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs",
                "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-m", "nad", "watch", "day.pcap",
                "--model", "office.nad", "--checkpoint", "watch.state", "--json", "--no-follow",
            ],
            cwd=home, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        if user and ("failed to execute" in done.stderr or "No module named" in done.stderr):
            pytest.skip("the interpreter of these tests, or what it has installed, may be read by root alone")
        assert done.returncode == 0, done.stderr
        assert [json.loads(line) for line in done.stdout.splitlines()]
        assert (home / "watch.state").exists()
    finally:
        shutil.rmtree(home)
