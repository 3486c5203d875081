"""``nad watch``: alerts from sources that end, that grow, and until a signal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import nad
from nad.cli import watch
from nad.cli.watch import _signals as watch_signals

monitor = pytest.importorskip("nad.monitor")


#: Ctrl-C reaches it also where this process ignores it.
PROGRAM = """
import signal, sys
from nad.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main())
"""


def lines_of(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def test_a_capture_gives_the_alerts_of_the_monitor(run, files, tmp_path):
    result = run("watch", files.today, "-m", files.model, "--no-follow", "--json", "-q", "--reasons", 5)
    assert result.code == 0
    *alerts, stats = map(json.loads, result.out.splitlines())
    expected = []
    watching = nad.Monitor(nad.load(files.model), model_name="office", n_jobs=-1, on_alert=expected.append)
    watching.watch(files.today, follow=False)
    assert alerts == [json.loads(nad.to_eve(alert)) for alert in expected]
    assert len(alerts) > 3
    assert stats["event_type"] == "stats"
    assert stats["stats"]["nad"]["records"] == watching.stats.records == len(nad.read(files.today))


def test_alerts_as_text_and_a_summary(run, files):
    result = run("watch", files.today, "-m", files.model, "--no-follow")
    assert result.code == 0
    assert all(" ANOMALY " in line for line in result.out.splitlines())
    assert f"nad: {len(nad.read(files.today)):,} records in " in result.err
    assert run("watch", files.today, "-m", files.model, "--no-follow", "--exit-code", "-q").code == 1
    quiet = run("watch", files.today, "-m", files.model, "--no-follow", "--exit-code", "-q", "--score", 1e6)
    assert (quiet.code, quiet.out) == (0, "")


def test_sinks_and_options(run, files, tmp_path):
    out, text = tmp_path / "eve.json", tmp_path / "alerts.txt"
    words = ("--fold-at", 0, "--records-per-minute", 0, "--model-name", "edge", "--model-version", 4)
    result = run(
        "watch", files.today, "-m", files.model, "--no-follow", "-s", f"file:{out}", "-s", f"file:{text},format=text",
        *words, "--flow-option", "tcp_idle=100",
    )  # fmt: skip
    assert (result.code, result.out) == (0, "")
    alerts = lines_of(out)
    assert len(alerts) == len(text.read_text().splitlines()) > 50
    model = alerts[0]["alert"]["context"]["anomaly"]["model"]
    assert (model["id"], model["version"]) == ("edge", 4)
    folded = run("watch", files.today, "-m", files.model, "--no-follow", "--json", "-q").out.splitlines()
    assert len(folded) < len(alerts) / 2


def test_what_is_allowed_raises_no_alerts(run, files, tmp_path):
    found = json.loads(run("detect", files.today, "-m", files.model, "--json").out)
    scanner = next(iter(found["incidents"][0]["sources"]))
    (tmp_path / "allow.txt").write_text(f'src={scanner} who="anna" why="our own scanner"\n')
    words = ("watch", files.today, "-m", files.model, "--no-follow", "--json", "-q")
    assert scanner in run(*words).out
    assert f'"src_ip":"{scanner}"' not in run(*words, "--allow", tmp_path / "allow.txt").out


def test_the_standard_input(process, files):
    result = process("watch", "-", "-m", files.model, "--json", "-q", input=Path(files.today).read_bytes())
    assert result.code == 0, result.err
    assert len(result.out.splitlines()) > 3


@pytest.fixture
def log(files, tmp_path):
    """A log of the flows of today, and a model of such logs."""
    for name in ("normal", "today"):
        nad.read(getattr(files, name)).drop("last_seen").to_csv(tmp_path / f"{name}.csv")
    detector = nad.IsolationForest(n_estimators=50, random_state=1)
    model = nad.Model(threshold=nad.ThresholdRule.contamination(0.01), detector=detector)
    model.fit(nad.read(tmp_path / "normal.csv")).save(tmp_path / "log.nad")
    return tmp_path


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 0)])
def test_a_growing_log_is_followed_until_a_signal(files, log, number, code):
    records = len((log / "today.csv").read_text().splitlines()) - 1
    for patience in (1.0, 5.0, 25.0):  # a busy machine needs longer to read on
        seen = follow_until_a_signal(log, number, code, patience)
        if seen == records:
            break
    assert seen == records


def follow_until_a_signal(log, number, code, patience):
    """How many records it says that it judged."""
    whole = (log / "today.csv").read_text().splitlines(keepends=True)
    growing = log / "conn.csv"
    growing.write_text("".join(whole[:1000]))
    said = log / "said.json"  # a pipe that nobody reads would hold it up
    with said.open("w") as out:
        child = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "watch", growing, "-m", log / "log.nad", "--json"],
            stdout=out, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    end = time.monotonic() + 60
    while "\n" not in said.read_text() and time.monotonic() < end:  # an alert of what was there
        time.sleep(0.05)
    assert json.loads(said.read_text().splitlines()[0])["event_type"] == "alert"
    with growing.open("a") as file:
        file.write("".join(whole[1000:]))
    time.sleep(patience)
    child.send_signal(getattr(signal, number))
    _, err = child.communicate(timeout=30)
    assert child.returncode == code
    assert "Traceback" not in err
    return json.loads(said.read_text().splitlines()[-1])["stats"]["nad"]["records"]


def test_a_reader_that_goes_away_ends_it(files):
    script = f"{sys.executable} -m nad watch {files.today} -m {files.model} --no-follow --records-per-minute 0 -q --fold-at 0"
    done = subprocess.run(
        ["bash", "-c", f"{script} -s stdout,format=report | head -n 1; echo ${{PIPESTATUS[0]}}"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] in ("141", "0")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nowhere.pcap", "--no-follow"), "nowhere.pcap"),
        (("today", "--sink", "pigeon:x"), "there is no way 'pigeon'"),
        (("today", "--flow-option", "active"), "give KEY=VALUE"),
        (("today", "--flow-option", "speed=3"), "speed"),
        (("today", "--no-follow", "--shards", "0"), "shards"),
        (("today", "--no-follow", "--capture-option", "snap_length=99"), "capture (--capture-option) is for packets"),
        (("today", "--no-follow", "--alert-column", "source=client"), "Did you mean"),
        (("today", "--no-follow", "--alert-column", "src_ip=client"), "'client'"),
        (("today", "--no-follow", "--user", "nobody"), "user (--user) gives up what an interface needs"),
    ],
)
def test_what_makes_no_sense(run, files, words, says):
    given = [files.today if word == "today" else word for word in words]
    result = run("watch", *given, "-m", files.model)
    assert result.code == 2, result
    assert says in result.err
    assert "Traceback" not in result.err


def test_an_interface_that_is_not_there_is_told_at_once(run, files, monkeypatch, tmp_path):
    monkeypatch.setattr("nad._checks._core.live_interfaces", lambda: ["eth0", "lo"])
    monkeypatch.chdir(tmp_path)
    result = run("watch", "eht0", "-m", files.model)
    assert result.code == 2
    assert "there is no interface or file eht0; did you mean eth0? Interfaces are: eth0, lo; to wait" in result.err
    said = run("watch", "interface:wlan7", "-m", files.model)
    assert said.code == 2
    assert "there is no interface wlan7; Interfaces are: eth0, lo" in said.err
    monkeypatch.setattr("nad._checks._core.live_interfaces", list)
    assert "No interface can be captured on here" in run("watch", "eht0", "-m", files.model).err
    with pytest.raises(nad.MissingFileError, match="give ./eht0"):
        nad.Monitor(nad.load(files.model)).watch("eht0")


def test_a_log_of_which_nothing_can_be_read_is_an_error(run, tmp_path):
    table = nad.Table({"name": ["a", "b"] * 200, "n": list(range(400))})
    nad.Model(training="mixed").fit(table).save(tmp_path / "m.nad")
    (tmp_path / "log.csv").write_bytes(b"name,n\n" + b"Ren\xe9,1\n" * 5)
    result = run("watch", tmp_path / "log.csv", "-m", tmp_path / "m.nad", "--no-follow")
    assert result.code == 2
    assert "log.csv: no record could be read: column 'name': not UTF-8 (5)" in result.err


def test_statistics_go_where_alerts_go_if_asked(run, files, tmp_path):
    out = tmp_path / "eve.json"
    words = ("--stats-to-sinks", "--stats-seconds", 0.01, "-q")
    assert run("watch", files.today, "-m", files.model, "--no-follow", "-s", f"file:{out}", *words).code == 0
    assert {one["event_type"] for one in lines_of(out)} == {"alert", "stats"}


def test_another_start_goes_on_at_the_checkpoint(run, log):
    words = ("watch", log / "today.csv", "-m", log / "log.nad", "--no-follow", "--json", "-q")
    words += ("--checkpoint", log / "watch.state")
    first, second = run(*words).out.splitlines(), run(*words).out.splitlines()
    assert (log / "watch.state").exists()
    assert len(first) > 3
    assert len(second) == 1  # no alert comes again, and statistics go on
    assert json.loads(second[0])["stats"]["nad"]["alerts"] == json.loads(first[-1])["stats"]["nad"]["alerts"]
    assert run(*words, "--exit-code").code == 0


def test_options_reach_the_monitor(run, files, monkeypatch):
    given = {}

    class Recorder:
        def __init__(self, model, **options):
            given.update(options)
            self.stats = nad.Monitor(model).stats

        def watch(self, source, **options):
            given.update(options, source=source)

    monkeypatch.setattr(monitor, "Monitor", Recorder)
    words = (
        "--checkpoint", "c", "--checkpoint-seconds", 3, "--retrain-every", 7, "--save-retrained", "new.nad", "--shards", 2,
        "--drift-window", 99, "--from-end", "--filter", "tcp", "--batch-rows", 5, "--most-wait", 0.5, "--jobs", 2,
        "--malformed", "error", "--input-format", "csv", "--flow-option", "tcp-idle=9", "--quiet-seconds", 4,
        "--capture-option", "buffer_bytes=99", "--capture-option", "immediate=no", "--alert-column", "src_ip=client",
    )  # fmt: skip
    assert run("watch", "conn.log", "-m", files.model, *words).code == 0
    expected = {
        "checkpoint": "c", "checkpoint_seconds": 3.0, "drift_window": 99, "n_jobs": 2, "source": "conn.log",
        "follow": True, "from_beginning": False, "filter": "tcp", "user": "", "batch_rows": 5, "most_wait": 0.5, "shards": 2,
        "on_error": "raise", "format": "csv", "tcp_idle": 9, "model_name": "office",
        "capture": {"buffer_bytes": 99, "immediate": False}, "alert_columns": {"src_ip": "client"},
    }  # fmt: skip
    assert {name: given[name] for name in expected} == expected
    assert given["retrain"] == monitor.RetrainOptions(every_records=7, save_to="new.nad", n_jobs=2)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of POSIX")
def test_a_signal_reads_the_allow_list_again_and_a_wrong_one_changes_nothing(tmp_path):
    read, stopped, notes = [], [], []
    watching = SimpleNamespace(allow=lambda allowed: read.append(len(allowed)), stop=lambda: stopped.append(True))
    allowed = tmp_path / "allow.txt"
    allowed.write_text('src=10.0.0.1 who="anna" why="scanner"\nsrc=10.0.0.2 who="anna" why="backup"\n')
    before = signal.getsignal(signal.SIGHUP), signal.getsignal(signal.SIGTERM)
    with watch_signals(watching, str(allowed), SimpleNamespace(note=lambda text, **_: notes.append(text))):
        os.kill(os.getpid(), signal.SIGHUP)
        assert read == [2]
        allowed.write_text("nonsense\n")
        os.kill(os.getpid(), signal.SIGHUP)
        assert read == [2]
        assert "allow.txt" in notes[0]
        os.kill(os.getpid(), signal.SIGTERM)
        assert stopped == [True]
    assert (signal.getsignal(signal.SIGHUP), signal.getsignal(signal.SIGTERM)) == before


def test_who_goes_on_once_an_interface_is_open(monkeypatch):
    notes = []
    console = SimpleNamespace(note=notes.append)
    monkeypatch.setattr(watch, "live_interfaces", lambda: ["eth0"])
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("SUDO_USER", "anna")

    def user(source, given=None):
        return watch._user(SimpleNamespace(source=source, user=given), console)

    assert user("eth0") == user("interface:eth1") == "anna"
    assert user("conn.log") == ""
    assert user("eth0", "nad") == user("conn.log", "nad") == "nad"
    assert notes == []
    monkeypatch.delenv("SUDO_USER")
    assert user("eth0") == ""
    assert "--user" in notes[0]
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert user("eth0") == ""
    assert len(notes) == 1
