"""Commands that root starts and somebody else goes on with, and the first process of a container."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

import nad
from nad._checks import check_writable
from nad.cli._rights import acting_as

pwd = pytest.importorskip("pwd", reason="users of POSIX")

is_root = hasattr(os, "geteuid") and os.geteuid() == 0
needs_root = pytest.mark.skipif(not is_root, reason="only root can become another user")
NOBODY = "nobody"


@pytest.fixture
def folder():
    """Of nobody; others may look into it, unlike tmp_path."""
    home = Path(tempfile.mkdtemp(prefix="nad-rights-"))
    home.chmod(0o755)
    entry = pwd.getpwnam(NOBODY)
    os.chown(home, entry.pw_uid, entry.pw_gid)
    yield home
    shutil.rmtree(home)


def rights() -> tuple[object, ...]:
    return os.getresuid(), os.getresgid(), sorted(os.getgroups())


@needs_root
def test_what_is_made_belongs_to_who_goes_on(folder):
    before = rights()
    with acting_as(NOBODY):
        (folder / "alerts.json").write_text("")
    assert (folder / "alerts.json").owner() == NOBODY
    assert rights() == before
    with pytest.raises(ZeroDivisionError), acting_as(NOBODY):
        1 / 0  # noqa: B018
    assert rights() == before


@needs_root
def test_what_is_forbidden_to_who_goes_on_is_told_before(folder):
    before = rights()
    folder.chmod(0o500)
    os.chown(folder, 0, 0)
    check_writable(folder / "watch.state", "the checkpoint")
    with pytest.raises(nad.IoError, match="as 'nobody', who goes on once the interface is open"), acting_as(NOBODY):
        check_writable(folder / "watch.state", "the checkpoint")
    with pytest.raises(nad.IoError, match="Permission denied, as 'nobody'"), acting_as(NOBODY):
        nad.AlertSink.to_file(folder / "alerts.json")
    assert rights() == before


def test_nobody_is_asked_for_and_somebody_who_is_not_there():
    before = rights() if is_root else os.geteuid()
    for user in ("", "no such user"):
        with acting_as(user):
            assert (rights() if is_root else os.geteuid()) == before


def start_with_few_rights(files, folder, *words) -> subprocess.Popen[str]:
    """As podman does with --user root --cap-drop ALL and three rights."""
    shutil.copy(files.model, folder)
    return subprocess.Popen(
        [
            "setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all,+net_raw,+setuid,+setgid",
            sys.executable, "-m", "nad", "watch", "lo", "-m", "office.nad", "--user", NOBODY, "--json", *words,
        ],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@needs_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="there is no setpriv to take rights away with")
def test_an_interface_is_watched_with_the_three_rights_that_takes(files, folder):
    words = ("--checkpoint", "lo.state", "--sink", "file:alerts.json,spool=alerts.spool")
    records = []
    for _ in range(2):
        child = start_with_few_rights(files, folder, *words)
        status = Path(f"/proc/{child.pid}/status")
        end = time.monotonic() + 60
        seen = ""
        while child.poll() is None and time.monotonic() < end and f"Uid:\t{pwd.getpwnam(NOBODY).pw_uid}" not in seen:
            seen = status.read_text()
            time.sleep(0.05)
        if child.poll() is None:
            time.sleep(0.5)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                for number in range(50):
                    sender.sendto(b"nad", ("127.0.0.1", 40000 + number))
            time.sleep(0.5)
            child.send_signal(signal.SIGTERM)
        out, err = child.communicate(timeout=60)
        if "cannot capture on lo" in err:
            pytest.skip(f"the loopback interface cannot be captured on here: {err}")
        if "No module named" in err or "may be read" in err:
            pytest.skip("what these tests have installed may be read by root alone")
        assert (child.returncode, err) == (0, "")
        assert re.findall(r"^Cap(?:Inh|Prm|Eff|Amb):\s*(\w+)", seen, re.MULTILINE) == ["0" * 16] * 4
        records.append(json.loads(out.splitlines()[-1])["stats"]["nad"]["records"])
    assert records[0] >= 50
    assert records[1] >= records[0] + 50
    made = {path.name: path.owner() for path in folder.iterdir() if path.name != "office.nad"}
    assert made == dict.fromkeys(("lo.state", "lo.state.lock", "alerts.json", "alerts.spool"), NOBODY)


@needs_root
@pytest.mark.skipif(shutil.which("unshare") is None, reason="there is no unshare to begin a first process with")
def test_the_first_process_of_a_container_ends_when_it_is_told(tmp_path):
    if subprocess.run(["unshare", "--pid", "--fork", "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("no namespaces of processes can be had here")
    words = [sys.executable, "-m", "nad", "train", "-", "-o", str(tmp_path / "never.nad")]
    child = subprocess.Popen(
        ["unshare", "--pid", "--fork", "--kill-child", *words], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        first = wait_for_first_process(child.pid)
        os.kill(first, signal.SIGTERM)
        assert child.wait(timeout=20) == 143
    finally:
        child.kill()
        child.communicate()


def wait_for_first_process(parent: int) -> int:
    """Its number out here, once it listens to SIGTERM."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        for number in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
            caught = re.search(r"^SigCgt:\s*(\w+)", Path(f"/proc/{number}/status").read_text(), re.MULTILINE)
            if caught and int(caught[1], 16) >> (signal.SIGTERM - 1) & 1:
                return int(number)
        time.sleep(0.05)
    raise AssertionError("it does not listen to SIGTERM")
