"""What .github/SECURITY.md promises: no file and no option runs code, nothing listens, names stay names."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import nad

EVIL = "__import__('os').system('touch EVIL')"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A model whose column, category and note would be code, were they run; records, steps and an allow-list likewise."""
    folder = tmp_path_factory.mktemp("security")
    rng = np.random.default_rng(0)
    rows = 400
    table = nad.Table(
        {
            "src_host": [HOSTILE if i % 50 == 0 else f"host{i % 7}" for i in range(rows)],
            EVIL: rng.normal(size=rows),
            "{7*7}${7*7}%n": rng.normal(size=rows),
            "service": [EVIL if i % 3 else "http" for i in range(rows)],
        }
    )
    steps = nad.FeaturePipeline([nad.features.Impute(), nad.features.OneHot(), nad.features.Standardise()])
    model = nad.Model(
        detector=nad.IsolationForest(n_estimators=10, random_state=1),
        pipeline=steps,
        threshold=nad.ThresholdRule.contamination(0.05),
    ).fit(table)
    model.save(folder / "model.nad", note=EVIL)
    table.to_csv(folder / "records.csv")
    (folder / "steps.json").write_text(
        json.dumps([{"kind": "leave_out", "columns": [EVIL]}, {"kind": "impute"}, {"kind": "one_hot"}])
    )
    (folder / "allow.txt").write_text(f'src=10.0.0.0/8 signature="{EVIL}" why="{EVIL}"\n')
    return folder


WATCHED = """
import os, sys
seen = []
armed = False
def hook(event, arguments):
    if not armed:
        return
    if event in ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "pickle.find_class", "ctypes.dlopen",
                 "socket.bind", "socket.connect", "socket.getaddrinfo", "marshal.loads"):
        seen.append((event, str(arguments)[:200]))
    if event in ("compile", "exec") and "EVIL" in str(arguments):
        seen.append((event, str(arguments)[:200]))
sys.addaudithook(hook)
import json, pathlib
import nad
folder = pathlib.Path(sys.argv[1])
def work():
    model = nad.load(folder / "model.nad")
    table = nad.read(folder / "records.csv")
    found = model.detect(table)
    assert len(found)
    str(found[0]), model.describe(), str(nad.incidents(table, found))
    nad.read_header(folder / "model.nad")
    nad.FeaturePipeline((folder / "steps.json").read_text()).fit(table)
    nad.AllowList.read(folder / "allow.txt")
    nad.report(folder / "report.html", model, table, found)
work()          # what is imported late is there now
armed = True
work()
armed = False
print(seen)
"""


def run_in(folder, program, *arguments):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
    )


def test_no_file_and_no_configuration_runs_anything(files):
    done = run_in(files, WATCHED, files)
    assert done.stdout.strip() == "[]", done.stderr[-3000:]
    assert not (files / "EVIL").exists()


def test_options_of_commands_are_values(files):
    for words in (
        ["train", "records.csv", "-o", "new.nad", "--read-option", f"format={EVIL}"],
        ["read", "records.csv", "--read-option", f"separator={EVIL}"],
        ["watch", "records.csv", "-m", "model.nad", "--flow-option", f"active={EVIL}"],
        ["watch", "records.csv", "-m", "model.nad", "--flow-option", "active=" + "(" * 50_000],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "nad", *words], capture_output=True, text=True, timeout=60, cwd=files, check=False
        )
        assert done.returncode in {2, 3}, (words[:2], done.stderr[-500:])
        assert "Traceback" not in done.stderr
        assert "a bug of nad" not in done.stderr
    assert not (files / "EVIL").exists()


def pickled_by_hand():
    """A pickle that would run a command."""

    class Runs:
        def __reduce__(self):
            return os.system, ("touch EVIL",)

    import pickle

    return pickle.dumps(Runs())


def test_a_pickle_is_no_model(files, tmp_path):
    pickled = pickled_by_hand()
    sound = (files / "model.nad").read_bytes()
    header_length, payload_length = struct.unpack_from("<QQ", sound, 12)
    for content in (pickled, sound[:20] + struct.pack("<Q", len(pickled)) + sound[28 : 36 + header_length] + pickled):
        (tmp_path / "model.nad").write_bytes(content)
        for load in (nad.load, nad.load_detector if hasattr(nad, "load_detector") else nad.load, nad.Clustering.load):
            with pytest.raises((ValueError, OSError)):
                load(tmp_path / "model.nad")
    assert payload_length
    assert not (tmp_path / "EVIL").exists()


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells who listens, in /proc")
def test_a_monitor_with_every_kind_of_sink_listens_nowhere(files):
    done = run_in(
        files,
        """
        import os, sys
        import nad
        sinks = [
            nad.AlertSink.to_file("a.json"),
            nad.AlertSink.to_udp("127.0.0.1", 9),
            nad.AlertSink.to_tcp("127.0.0.1", 9),
            nad.AlertSink.to_unix("nobody.socket"),
            nad.AlertSink.to_webhook("http://127.0.0.1:9/"),
            nad.AlertSink.to_callback(print),
        ]
        listening = []
        def look(*_):
            mine = set()
            for name in os.listdir("/proc/self/fd"):
                try:
                    target = os.readlink("/proc/self/fd/" + name)
                except OSError:
                    continue
                if target.startswith("socket:["):
                    mine.add(target[8:-1])
            for kind in ("tcp", "tcp6"):
                with open("/proc/net/" + kind) as file:
                    for line in list(file)[1:]:
                        fields = line.split()
                        if fields[3] == "0A" and fields[9] in mine:
                            listening.append(line)
        for sink in sinks:
            sink.write(nad.Alert())
        monitor = nad.Monitor(nad.load("model.nad"), on_records=look)
        monitor.watch("records.csv", follow=False)
        for sink in sinks:
            sink.close(0.1)
        print(monitor.stats.records, listening)
        """,
    )
    assert done.stdout.splitlines()[-1:] == ["400 []"], done.stderr[-2000:]


def test_hostile_names_stay_text_in_reports(files):
    model, table = nad.load(files / "model.nad"), nad.read(files / "records.csv")
    page = files / "page.html"
    done = subprocess.run(
        [sys.executable, "-m", "nad", "detect", "records.csv", "-m", "model.nad", "--report", "page.html"],
        capture_output=True, text=True, timeout=60, cwd=files, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert HOSTILE not in page.read_text()
    assert len(model.detect(table)) > 0


def test_the_web_page_stays_at_home():
    from nad.app.settings import Settings

    assert Settings().host == "127.0.0.1"
    assert Settings().max_upload_mb > 0
