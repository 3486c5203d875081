"""The image of examples/container: what is in it, and each thing that its file tells a person to type.

tests/container/run builds it and runs this. Nothing of nad is needed here: all that is asked is asked of the image.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import socket
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = os.environ.get("NAD_CONTAINER_PROGRAM", "podman")
IMAGE = os.environ.get("NAD_CONTAINER_IMAGE", "")
CHECKOUT = Path(__file__).resolve().parents[2]
FILE = CHECKOUT / "examples" / "container" / "Containerfile"
#: What the file says: no right, nothing to write to but /data and /tmp.
BARE = ["--cap-drop", "ALL", "--read-only", "--tmpfs", "/tmp", "--network", "none"]
LIMIT = 120

pytestmark = pytest.mark.skipif(not IMAGE, reason="no image was built: tests/container/run does")


def engine(*words: str, check: bool = True, **options) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=LIMIT, check=False, **options)
    assert not check or done.returncode == 0, f"{shlex.join(done.args)}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done


def told(word: str) -> tuple[list[str], list[str]]:
    """Of the example with that word, or with none at all: what is said to podman, and to nad."""
    comment = "\n".join(line[2:] for line in FILE.read_text().splitlines() if line.startswith("# "))
    lines = re.findall(r"^ +podman run (.*)$", re.sub(r"\\\n\s*", " ", comment), re.MULTILINE)
    examples = [(words[: words.index("nad")], words[words.index("nad") + 1 :]) for words in map(shlex.split, lines)]
    (found,) = [example for example in examples if (word in example[1] if word else not example[1])]
    return found


def wait_for(what, reason: str, seconds: float = 60.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(reason)


class Home:
    """A volume, where each container finds what the one before left."""

    def __init__(self, volume: str) -> None:
        self.volume = volume

    def run(self, *words: str, options: list[str] = BARE, **further) -> subprocess.CompletedProcess[str]:
        return engine("run", "--rm", "-v", f"{self.volume}:/data", *options, IMAGE, *words, **further)

    def shell(self, script: str, *options: str, **further) -> str:
        return self.run(
            "-c", script, options=[*BARE, *options, "--interactive", "--entrypoint", "/bin/sh"], **further
        ).stdout

    def as_told(self, options: list[str]) -> list[str]:
        """The options of an example, with this volume in place of its one."""
        return [re.sub(r"^office:", f"{self.volume}:", option) for option in options]

    @contextlib.contextmanager
    def started(self, *words: str, options: list[str]) -> Iterator[Container]:
        name = f"nad-test-{uuid.uuid4().hex[:12]}"
        engine("run", "--detach", "--name", name, *self.as_told(options), IMAGE, *words)
        try:
            yield Container(name)
        finally:
            engine("rm", "--force", name)


class Container:
    def __init__(self, name: str) -> None:
        self.name = name

    def said(self) -> str:
        return engine("logs", self.name).stdout

    def complained(self) -> str:
        return engine("logs", self.name).stderr

    def shell(self, script: str, *options: str, **further) -> str:
        return engine("exec", *options, self.name, "/bin/sh", "-c", script, **further).stdout

    def stop(self) -> tuple[int, float]:
        """As podman stop does, which kills what is there after these seconds: the exit code, and how long it took."""
        begin = time.monotonic()
        engine("stop", "-t", "30", self.name)
        return int(engine("wait", self.name).stdout), time.monotonic() - begin


def alerts_of(text: str) -> list[tuple[str, ...]]:
    lines = [json.loads(line) for line in text.splitlines()]
    return [
        (line["timestamp"], line["src_ip"], line["dest_ip"], line["alert"]["signature"])
        for line in lines
        if line["event_type"] == "alert"
    ]


def records_of(text: str) -> int:
    return json.loads(text.splitlines()[-1])["stats"]["nad"]["records"]


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """An office of which a week is known, and of which today's log goes on growing: `today` is the whole of it."""
    found = Home(f"nad-test-{uuid.uuid4().hex[:12]}")
    engine("volume", "create", found.volume)
    try:
        found.run("simulate", "week.pcap", "--hours", "2", "--seed", "1", "--snap-length", "128", "-q")
        found.run("read", "week.pcap", "--to", "week.csv", "-q")
        attacks = ("-a", "port_scan:start=120,duration=5", "-a", "horizontal_scan:start=400,duration=5")
        found.run("simulate", "today.pcap", "--hours", "0.2", "--seed", "2", "--snap-length", "128", "-q", *attacks)
        found.run("read", "today.pcap", "--to", "today.csv", "-q")
        found.shell("gzip -c week.csv >last_week.log.gz && head -n 500 today.csv >conn.log")
        options, words = told("train")
        engine("run", "--rm", *found.as_told(options), IMAGE, *words)
        yield found
    finally:
        engine("volume", "rm", "--force", found.volume)


# ---- what is in it


def test_it_is_the_version_of_the_checkout_and_nobody_is_root():
    version = re.search(r'NAD_VERSION_STRING "(.+)"', (CHECKOUT / "include" / "nad" / "config.hpp").read_text())[1]
    assert engine("run", "--rm", *BARE, IMAGE, "--version").stdout == f"nad {version}\n"
    about = engine("run", "--rm", *BARE, "--entrypoint", "/bin/sh", IMAGE, "-c", "id -u; pwd; stat -c %U . /opt/nad")
    assert about.stdout.split() == ["10001", "/data", "nad", "root"]


def test_it_holds_nothing_that_built_it():
    script = """
      for one in cc c++ gcc g++ clang cmake ninja make ld as git pip pip3; do command -v $one; done
      ls /opt/nad/bin | grep -x 'pip.*'
      ls -d /source /usr/include/*/pcap* /usr/include/pcap* /opt/nad/lib/python3*/site-packages/pip 2>/dev/null
      find /var/lib/apt/lists /data -type f
      find /opt/nad -user nad -o -perm -0002 ! -type l
      find / -xdev \\( -name '*.key' -o -name 'id_rsa*' -o -name .netrc -o -name .env -o -name .git \\) 2>/dev/null
    """
    found = engine("run", "--rm", *BARE, "--entrypoint", "/bin/sh", IMAGE, "-c", f"{script}true")
    assert found.stdout == ""


def test_its_libraries_are_there_and_it_captures():
    script = """
      for one in $(find /opt/nad -path '*/site-packages/nad/*.so'); do echo "$one"; ldd "$one"; done
      /opt/nad/bin/python -c 'import nad; print(nad.flow.live_interfaces())'
    """
    found = engine("run", "--rm", *BARE, "--entrypoint", "/bin/sh", IMAGE, "-c", script).stdout
    assert "_core" in found
    assert "libpcap" in found
    assert "not found" not in found
    assert "'lo'" in found.splitlines()[-1]


def test_the_demonstration_needs_nothing_but_itself():
    volume = f"nad-test-{uuid.uuid4().hex[:12]}"
    try:
        done = engine(
            "run", "--rm", "-v", f"{volume}:/data", *BARE, IMAGE, "demo", "--rate", "0.3", "--json", "--report", "demo.html"
        )  # fmt: skip
        assert json.loads(done.stdout)
        assert "<html" in Home(volume).shell("head -c 300 demo.html")
    finally:
        engine("volume", "rm", "--force", volume)


# ---- the monitor


def test_a_monitor_goes_on_after_a_stop_and_tells_nothing_twice(home):
    once = home.run("watch", "today.csv", "-m", "office.nad", "--no-follow", "--json", "-q").stdout
    whole = int(home.shell("wc -l <today.csv"))
    assert records_of(once) == whole - 1
    assert len(alerts_of(once)) > 10
    options, _ = told("")
    said = []
    for begin, end in ((501, 900), (901, whole)):
        with home.started(options=options) as monitor:
            wait_for(
                lambda one=monitor: one.shell("ls -l /proc/1/fd | grep watch.state.lock; true"), "it does not begin"
            )
            monitor.shell(f"sed -n {begin},{end}p today.csv >>conn.log")
            time.sleep(4.0)
            code, seconds = monitor.stop()
            assert (code, monitor.complained()) == (0, "")
            assert seconds < 10
            said.append(monitor.said())
    (usual,) = [json.loads(line[4:]) for line in FILE.read_text().splitlines() if line.startswith("CMD ")]
    said += [
        home.run(*usual, "--no-follow", "-q").stdout for _ in range(2)
    ]  # what was held back until the end, and no more
    assert [records_of(text) for text in said] == [899, *[whole - 1] * 3]
    of_each = list(map(alerts_of, said))
    assert all(of_each[:2])
    assert not of_each[3]
    assert sorted(alert for alerts in of_each for alert in alerts) == sorted(alerts_of(once))


def test_a_log_elsewhere_is_only_read(home):
    logs = Home(f"nad-test-{uuid.uuid4().hex[:12]}")
    engine("volume", "create", logs.volume)
    try:
        logs.shell("cat >conn.log", input=home.shell("cat today.csv"))
        options, words = told("/logs/conn.log")
        mounted = [option.replace("/var/log/zeek", logs.volume) for option in options]
        with home.started(*words, options=mounted) as monitor:
            wait_for(lambda: monitor.shell("cat alerts.json 2>/dev/null; true"), "there are no alerts")
            refused = engine("exec", monitor.name, "/bin/sh", "-c", "echo >>/logs/conn.log", check=False)
            assert refused.returncode != 0
            assert "Read-only" in refused.stderr
            assert monitor.stop()[0] == 0
        assert alerts_of(home.shell("cat alerts.json"))
        assert home.shell("stat -c '%U' alerts.json zeek.state").split() == ["nad", "nad"]
    finally:
        engine("volume", "rm", "--force", logs.volume)


@pytest.mark.parametrize("sink", [[], ["--sink", "file:from-lo.json,spool=from-lo.spool"]])
def test_an_interface_is_opened_by_root_who_is_then_somebody_else(home, sink):
    options, words = told("eth0")
    words = [{"eth0": "lo"}.get(word, word) for word in words] + sink
    records = []
    for _ in range(2):
        with home.started(*words, options=options) as monitor:
            wait_for(lambda one=monitor: "Uid:\t10001" in one.shell("cat /proc/1/status"), "it stays root")
            status = monitor.shell("cat /proc/1/status")
            assert re.findall(r"^Uid:(.*)", status, re.MULTILINE)[0].split() == ["10001"] * 4
            assert re.findall(r"^Gid:(.*)", status, re.MULTILINE)[0].split() == ["10001"] * 4
            rights = dict(re.findall(r"^Cap(Inh|Prm|Eff|Amb):\s*(\w+)", status, re.MULTILINE))
            assert set(rights.values()) == {"0" * 16}
            assert re.search(r"^NoNewPrivs:\s*1", status, re.MULTILINE)
            script = (
                "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
                "[s.sendto(b'nad', ('127.0.0.1', 40000 + n)) for n in range(50)]"
            )
            monitor.shell(f'/opt/nad/bin/python -c "{script}"')
            time.sleep(1.0)
            code, seconds = monitor.stop()
            said = monitor.said() if not sink else ""
            assert (code, monitor.complained()) == (0, "")
            assert seconds < 10
            records.append(records_of(monitor.said()))
            assert said or sink
    assert records[0] >= 50
    assert records[1] >= records[0] + 50  # the second goes on where the first one stopped
    assert home.shell("stat -c %U eth0.state").strip() == "nad"
    if sink:
        assert set(home.shell("stat -c %U from-lo.json from-lo.spool").split()) == {"nad"}


# ---- the other commands


def test_the_page_answers_this_machine(home):
    options, words = told("app")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    published = [option.replace(":8501:", f":{port}:") for option in options]
    assert published != options
    with home.started(*words, options=published) as page:

        def asked(path: str) -> str:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                    return answer.read().decode()
            except OSError:
                return ""

        assert wait_for(lambda: asked("/_stcore/health"), page.complained()) == "ok"
        assert "<html" in asked("/")
        assert "there is no password" in page.complained()
        assert f"nad answers at http://127.0.0.1:{options[-1].rpartition(':')[2]}\n" in page.said()
        assert page.shell("tr '\\0' '\\n' </proc/1/environ | grep -c HOME=/data").strip() == "1"
        assert page.stop()[1] < 10


def test_any_command_ends_when_it_is_told(home):
    """The first process of a container gets no SIGTERM that it does not ask for."""
    with home.started(
        "train", "-", "-o", "never.nad", options=["-v", "office:/data", *BARE, "--interactive"]
    ) as training:
        wait_for(lambda: training.shell("grep -c nad /proc/1/cmdline"), "it does not begin")
        time.sleep(2.0)
        code, seconds = training.stop()
        assert code == 143
        assert seconds < 10
