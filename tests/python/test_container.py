"""The example of a container, as far as it can be looked at without building it, which tests/container/run does."""

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
    home = re.search(rf"useradd .*--home-dir (\S+) .*--no-create-home .*{user} && ", made)[1]
    assert made.endswith(f"install --directory --owner {user} --group {user} {home}")  # with nothing of /etc/skel in it
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
    told = [(" ".join(words[: words.index("nad")]), words[words.index("nad") + 1 :]) for words in examples(text)]
    assert len(told) == 5
    checkpoints = [usual.checkpoint]
    for options, words in told:
        assert "--cap-drop ALL --cap-add" in options or "--cap-drop ALL --read-only --tmpfs /tmp" in options
        assert "--read-only --tmpfs /tmp" in options
        meant = parsed(words) if words else usual
        if words and meant.command == "watch":
            checkpoints.append(meant.checkpoint)
    assert all(checkpoints)  # whatever is watched goes on after a restart
    assert len(set(checkpoints)) == len(checkpoints) == 3
    page = next(options for options, words in told if "app" in words)
    assert f"127.0.0.1:{USUAL_PORT}:{USUAL_PORT}" in page  # the host lets this machine alone in


def test_root_is_asked_for_by_an_interface_alone(stages, text):
    told = [(" ".join(words[: words.index("nad")]), words[words.index("nad") + 1 :]) for words in examples(text)]
    ((options, words),) = [(options, words) for options, words in told if "--cap-add" in options or "root" in options]
    assert sorted(re.findall(r"--cap-add (\w+)", options)) == ["NET_RAW", "SETGID", "SETUID"]
    assert "--security-opt no-new-privileges" in options
    assert (parsed(words).source, parsed(words).user) == ("eth0", of(stages[-1], "USER")[0])


def test_it_installs_what_nad_needs(stages, checkout, project):
    build, last = stages
    setup = (checkout / ".ci" / "setup.sh").read_text()
    needed = " ".join(re.findall(r"^(?:library|python)_packages=\((.*)\)$", setup, re.MULTILINE)).split()
    assert set(needed) - {"git"} <= set(of(build, "RUN")[0].split())
    run_time = {"libpcap-dev": "libpcap0.8", "zlib1g-dev": "zlib1g", "g++": "libstdc++6", "python3": "python3"}
    assert {run_time[name] for name in needed if name in run_time} <= set(of(last, "RUN")[0].split())
    extras = project["project"]["optional-dependencies"]
    assert set(of(build, "ARG")[0].removeprefix("EXTRAS=").split(",")) <= set(extras)


@pytest.mark.parametrize(("extras", "asks_for"), [("app,plot", "/source[app,plot]"), ("", "/source")])
def test_it_can_be_built_without_extras(stages, extras, asks_for):
    word = re.search(r'pip install .*("/source[^"]*")', of(stages[0], "RUN")[1])[1]
    said = subprocess.run(
        ["sh", "-c", f"printf %s {word}"], env={"EXTRAS": extras}, capture_output=True, text=True, check=True
    )
    assert said.stdout == asks_for


def test_what_builds_it_stays_behind(stages):
    build, last = stages
    assert of(build, "RUN")[1].endswith("pip uninstall --yes --quiet --disable-pip-version-check setuptools pip")
    installed = re.search(r"install -y .*?--no-install-recommends (.*?) &&", of(last, "RUN")[0])[1].split()
    assert not [name for name in installed if name.endswith("-dev") or name in ("g++", "cmake", "ninja-build", "git")]
    assert "rm -rf /var/lib/apt/lists/*" in of(last, "RUN")[0]


def is_left_out(path: str, patterns: list[str]) -> bool:
    """As podman and docker read .dockerignore: the last pattern that fits a path, or a folder above it, decides."""
    parts = path.split("/")
    above = ["/".join(parts[: place + 1]) for place in range(len(parts))]
    left_out = False
    for pattern in patterns:
        plain = pattern.removeprefix("!")
        anywhere = plain.startswith("**/")
        fits = any(
            fnmatch.fnmatchcase(one.rsplit("/", maxsplit=1)[-1], plain[3:])
            if anywhere
            else one.count("/") == plain.count("/") and fnmatch.fnmatchcase(one, plain)
            for one in above
        )
        if fits:
            left_out = not pattern.startswith("!")
    return left_out


#: Nothing of these is for others: what people have lying in a checkout.
STRAY = (
    ".git/config", ".env", ".venv/bin/python", "build/logs/x", "yesterday.pcap", "office.nad", "key.pem", "shared/data/x.csv",
    "python/.env", "python/nad/_core.so", "python/nad/__pycache__/a.pyc", "tests/run", "benchmarks/README.md",
)  # fmt: skip


@pytest.fixture(scope="module")
def patterns(checkout) -> list[str]:
    lines = (checkout / ".dockerignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def files_of(checkout: Path, *folders: str) -> set[str]:
    """What git has there."""
    listing = subprocess.run(["git", "ls-files", *folders], cwd=checkout, capture_output=True, text=True, check=False)
    if listing.returncode != 0:
        pytest.skip("the checkout is not a git repository")
    return set(listing.stdout.splitlines())


def test_what_it_is_built_from_is_there(checkout, project, patterns):
    """What the build context leaves out, and what pyproject.toml and CMake ask for."""
    scikit_build = project["tool"]["scikit-build"]
    needed = ["pyproject.toml", "LICENSE", "CMakeLists.txt", "bindings", project["project"]["readme"]]
    needed += [*scikit_build["wheel"]["packages"], scikit_build["metadata"]["version"]["input"]]
    needed += re.findall(r"^include\(([\w/.]+)\)", (checkout / "CMakeLists.txt").read_text(), re.MULTILINE)
    assert len(needed) > 8
    for path in needed:
        assert (checkout / path).exists()
        assert not is_left_out(path, patterns)
    for path in files_of(checkout, "bindings", "include", "python", "src"):
        assert not is_left_out(path, patterns), path
    for path in STRAY:
        assert is_left_out(path, patterns), path


def test_the_build_context_is_what_podman_takes(checkout, patterns, tmp_path):
    """The same, asked of a program that builds images: from nothing, so that it needs no network and no compiler."""
    program = shutil.which("buildah")
    if program is None or os.geteuid() != 0:
        pytest.skip("there is no buildah to build images with, or this is not root")
    context = tmp_path / "checkout"
    known = files_of(checkout)
    for path in {*known, *STRAY}:
        (context / path).parent.mkdir(parents=True, exist_ok=True)
        (context / path).touch()
    shutil.copy(checkout / ".dockerignore", context)
    (tmp_path / "Containerfile").write_text("FROM scratch\nCOPY . /source\n")
    command = [program, f"--root={tmp_path}/store", f"--runroot={tmp_path}/run", "--storage-driver=vfs"]

    def buildah(*words: str) -> str:
        done = subprocess.run([*command, *words], capture_output=True, text=True, timeout=120, check=False)
        if "operation not permitted" in done.stderr.lower():
            pytest.skip(f"buildah may not build here: {done.stderr.splitlines()[-1]}")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    buildah("bud", "--isolation", "chroot", "-q", "-t", "context", "-f", str(tmp_path / "Containerfile"), str(context))
    source = Path(buildah("mount", buildah("from", "context"))) / "source"
    taken = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    assert taken == {path for path in {*known, *STRAY} if not is_left_out(path, patterns)}
    assert {"CMakeLists.txt", "bindings/module.cpp"} <= taken
    assert taken.isdisjoint(STRAY)


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
