"""Faults on purpose, as a Python program meets them: the end of the interpreter, forks, full disks, no memory, clocks."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

import nad

posix = pytest.mark.skipif(os.name != "posix", reason="processes and limits are those of POSIX")


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """Normal traffic, an attack, and a model, as files."""
    folder = tmp_path_factory.mktemp("faults")
    usual = {"hours": 0.05, "hosts": 8, "rate": 2.0, "rhythm": False}
    nad.simulate(folder / "normal.pcap", random_state=1, **usual)
    nad.simulate(
        folder / "attacked.pcap",
        random_state=2,
        attacks=[nad.Attack("port_scan", start=50, duration=4)],
        **usual,
    )
    model = nad.Model(
        detector=nad.IsolationForest(n_estimators=20, random_state=1),
        threshold=nad.ThresholdRule.false_positive_rate(0.01),
    )
    model.fit(nad.read(folder / "normal.pcap")).save(folder / "office.nad")
    nad.read(folder / "attacked.pcap").to_csv(folder / "flows.csv")
    return folder


def run_program(text, *arguments, timeout=60, **options):
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(text), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, **options)


# ---- the end of the interpreter, while something still runs

BEGIN = """
import os, sys, threading, time
import numpy as np
import nad
folder = sys.argv[1]
def start(work, count=1):
    for _ in range(count):
        threading.Thread(target=work, daemon=True).start()
"""

AT_WORK = {
    "a monitor that follows a log": """
        seen = threading.Event()
        monitor = nad.Monitor(nad.load(folder + "/office.nad"), on_alert=lambda alert: seen.set(),
                              sinks=[nad.AlertSink.to_file(folder + "/alerts.json")])
        start(lambda: monitor.watch(folder + "/flows.csv"))
        assert seen.wait(30)
    """,
    "a monitor of the program's own records": """
        seen = threading.Event()
        flows = nad.read(folder + "/flows.csv")
        def batches():
            while True:
                yield flows
        monitor = nad.Monitor(nad.load(folder + "/office.nad"), on_alert=lambda alert: seen.set())
        start(lambda: monitor.run(batches()))
        assert seen.wait(30)
    """,
    "alerts that nobody takes any more": """
        monitor = nad.Monitor(nad.load(folder + "/office.nad"))
        alerts = monitor.alerts(folder + "/flows.csv")
        next(alerts)
    """,
    "threads that score and learn": """
        X = np.random.default_rng(0).normal(size=(50_000, 5)).astype(np.float32)
        forest = nad.IsolationForest(n_estimators=50, n_jobs=2).fit(X)
        def work():
            while True:
                forest.anomaly_score(X)
                nad.IsolationForest(n_estimators=20, n_jobs=2).fit(X)
        start(work, 3)
        time.sleep(0.3)
    """,
    "threads that report progress": """
        X = np.random.default_rng(0).normal(size=(50_000, 5)).astype(np.float32)
        begun = threading.Event()
        def work():
            while True:
                nad.IsolationForest(n_estimators=500).fit(X, progress=lambda *told: begun.set() or True)
        start(work, 2)
        assert begun.wait(30)
    """,
    "a sink whose callback is slow": """
        sink = nad.AlertSink.to_callback(lambda alert: time.sleep(0.05))
        for port in range(5):
            sink.write(nad.Alert(dst_port=port))
    """,
}


@posix
@pytest.mark.parametrize("what", AT_WORK)
def test_the_interpreter_ends_while_something_works(office, what):
    done = run_program(BEGIN + textwrap.dedent(AT_WORK[what]) + "\nsys.exit(7)\n", office)
    assert done.returncode == 7, (done.returncode, done.stderr[-2000:])
    assert done.stderr == ""


# ---- forks


@posix
def test_a_child_that_is_forked_while_threads_score_scores_alike(office):
    done = run_program(
        BEGIN
        + textwrap.dedent(
            """
            X = np.random.default_rng(0).normal(size=(20_000, 5)).astype(np.float32)
            forest = nad.IsolationForest(n_estimators=30, n_jobs=2).fit(X)
            model = nad.load(folder + "/office.nad")
            flows = nad.read(folder + "/flows.csv")
            expected, judged = forest.anomaly_score(X), model.detect(flows).scores
            def work():
                while True:
                    forest.anomaly_score(X)
                    model.detect(flows)
            start(work, 3)
            statuses = []
            for _ in range(5):
                child = os.fork()
                if child == 0:
                    status = 1
                    try:
                        same = np.array_equal(forest.anomaly_score(X), expected)
                        same = same and np.array_equal(model.detect(flows).scores, judged)
                        status = 0 if same else 2
                    finally:
                        os._exit(status)
                statuses.append(os.waitpid(child, 0)[1])
            print(statuses, flush=True)
            os._exit(0)
            """
        ),
        office,
    )
    assert done.stdout.strip() == str([0] * 5), done.stderr[-2000:]


# ---- disks and memory


def limited(size):
    """Files of this process become no longer, as on a full disk."""
    import resource

    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@posix
@pytest.mark.parametrize(
    "words",
    [
        ["train", "{0}/normal.pcap", "-o", "{1}/model.nad"],
        ["detect", "{0}/attacked.pcap", "-m", "{0}/office.nad", "--report", "{1}/report.html"],
        ["detect", "{0}/attacked.pcap", "-m", "{0}/office.nad", "--each", "--json", "-o", "{1}/found.json"],
        ["read", "{0}/attacked.pcap", "--to", "{1}/flows.csv"],
        ["simulate", "{1}/day.pcap", "--hours", "0.05"],
        ["watch", "{0}/attacked.pcap", "-m", "{0}/office.nad", "--no-follow", "--checkpoint", "{1}/state"],
    ],
    ids=lambda words: words[0] + ("" if len(words) < 6 else " " + words[-2]),
)
def test_a_command_that_finds_no_room_on_the_disk_says_so(office, tmp_path, words):
    for word in ("model.nad", "state"):
        if any(word in given for given in words) and word == "model.nad":
            (tmp_path / word).write_bytes((office / "office.nad").read_bytes())
    command = [sys.executable, "-m", "nad", *(word.format(office, tmp_path) for word in words)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, preexec_fn=limited(200), check=False, cwd=tmp_path
    )
    assert done.returncode not in (0, 1), done.stdout
    assert "Traceback" not in done.stderr
    assert "too large" in done.stderr or "No space" in done.stderr, done.stderr
    assert str(tmp_path) in done.stderr, done.stderr
    if words[0] == "train":  # the old one is there
        assert (tmp_path / "model.nad").read_bytes() == (office / "office.nad").read_bytes()


@posix
def test_a_program_that_is_granted_no_more_memory_gets_an_error_and_goes_on(office):
    done = run_program(
        BEGIN
        + textwrap.dedent(
            """
            import resource
            rows = np.random.default_rng(0).normal(size=(400_000, 20)).astype(np.float32)
            forest = nad.IsolationForest(n_estimators=20, random_state=1).fit(rows[:1000])
            expected = forest.anomaly_score(rows[:1000])
            with open("/proc/self/statm") as file:
                used = int(file.read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + 20_000_000, resource.RLIM_INFINITY))
            errors = 0
            for work in (
                lambda: nad.NearestNeighbours().fit(rows),
                lambda: nad.BoostedTrees().fit(rows, np.arange(len(rows)) % 2),
                lambda: nad.Table({str(i): rows[:, i].astype(np.float64) for i in range(20)}),
                lambda: nad.IsolationForest(n_estimators=1000, max_samples=200_000).fit(rows),
            ):
                try:
                    work()
                except MemoryError:
                    errors += 1
            assert errors >= 3, errors
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            assert np.array_equal(forest.anomaly_score(rows[:1000]), expected)
            nad.NearestNeighbours().fit(rows[:2000])
            print("goes on")
            """
        ),
        office,
    )
    assert done.stdout.strip() == "goes on", (done.returncode, done.stderr[-2000:])


# ---- threads


def test_many_threads_share_one_model(office):
    model = nad.load(office / "office.nad")
    flows = nad.read(office / "flows.csv").head(50)
    expected = model.detect(flows).scores
    sound = []

    def work():
        sound.append(np.array_equal(model.detect(flows).scores, expected))

    threads = [threading.Thread(target=work) for _ in range(300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sound == [True] * 300


# ---- clocks


@pytest.mark.parametrize("years", [10, -10, 200, -200])
def test_incidents_of_a_clock_that_jumped_are_all_there(office, years):
    model = nad.load(office / "office.nad")
    flows = nad.read(office / "attacked.pcap")
    found = model.detect(flows)
    times = np.asarray(flows["timestamp"]).astype("datetime64[ns]").copy()
    times[len(times) // 3 : len(times) * 2 // 3] += np.timedelta64(years * 365, "D")
    jumped = nad.Table({name: times if name == "timestamp" else flows[name] for name in flows.columns})
    incidents = nad.incidents(jumped, found)
    assert sum(incident.records for incident in incidents) == len(found)
    assert all(incident.begin <= incident.end for incident in incidents)
    assert str(incidents)
