"""Attacks, values and sinks as the command line says them."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import numpy as np
import pytest

import nad
from nad.cli._attacks import attack_from
from nad.cli._console import json_text
from nad.cli._sinks import Line, sink_from
from nad.cli._values import ALERT_COLUMNS, CAPTURE, FLOWS, READING, keyed, value_of


def test_attacks():
    attack = attack_from("beaconing:start=2h,duration=90s,period=1m,jitter=0.2,intensity=2,name=first")
    assert (attack.kind, attack.start, attack.duration, attack.intensity) == ("beaconing", 7200.0, 90.0, 2.0)
    assert attack.options == {"period": 60.0, "jitter": 0.2}
    assert attack.name == "first"
    for kind in nad.attack_kinds():
        assert attack_from(kind).kind == kind


def test_values():
    assert [value_of(text) for text in ("3", "0.5", "true", "None", "a b", "['x']", ";")] == [
        3, 0.5, True, None, "a b", ["x"], ";",
    ]  # fmt: skip


def test_keys_have_types():
    given = ["separator=5", "quote=", "comment='#'", "header=yes", "names=a, b", "missing=-", "types=id:text,n:number"]
    assert keyed([*given, "day-first=0", "encoding=latin-1"], "--read-option", READING) == {
        "separator": "5", "quote": "", "comment": "#", "header": True, "names": ["a", "b"], "missing": ["-"],
        "types": {"id": "text", "n": "number"}, "day_first": False, "encoding": "latin-1",
    }  # fmt: skip
    assert keyed(["separator=\\t"], "--read-option", READING) == {"separator": "\t"}
    assert keyed(["types={'a:b': 'text'}", "names=['a', 'b']"], "--read-option", READING) == {
        "types": {"a:b": "text"}, "names": ["a", "b"],
    }  # fmt: skip
    assert keyed(["active=60", "tunnels=off", "max_flows=7"], "--flow-option", FLOWS) == {
        "active": 60.0, "tunnels": False, "max_flows": 7,
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore::nad.DataWarning")
def test_every_key_of_reading_and_of_flows_is_one_of_the_library(tmp_path):
    """And of the type that the library takes."""
    values = {
        "separator": ",", "encoding": "latin-1", "names": "a,b", "types": "a:text", "missing": "-", "schema": "flow",
        "quote": "", "comment": "",
    }  # fmt: skip
    (tmp_path / "t.csv").write_text("1,2\n3,4\n5,6\n")
    for key in READING:
        options = keyed([f"{key}={values.get(key, 'false')}"], "--read-option", READING)
        options |= {"names": ["a", "b"]} if key == "types" else {}
        assert len(nad.read(tmp_path / "t.csv", **options)) in (2, 3)
    for key in FLOWS:
        nad.FlowMeter(**keyed([f"{key}={values.get(key, '1')}"], "--flow-option", FLOWS))
    for key in CAPTURE:
        with pytest.raises(OSError, match="eth_none"):
            nad.LiveCapture("eth_none", **keyed([f"{key}=1"], "--capture-option", CAPTURE))
    model = nad.Model(detector=nad.Histogram()).fit({"a": np.arange(20.0)})
    nad.AlertMaker(model, columns=keyed([f"{key}=a" for key in ALERT_COLUMNS], "--alert-column", ALERT_COLUMNS))


def test_texts_of_sinks_stay_texts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with sink_from("file:x,spool=1,retry_seconds=0.5,sync=true") as sink:
        sink.write(alert())
    assert Path("1").is_dir()
    given = {}
    monkeypatch.setattr("nad.cli._sinks.AlertSink.to_mail", lambda host, **options: given.update(options, host=host))
    sink_from("mail:relay,from=a@example.org,to=b@example.org,subject=2026,digest=3")
    assert (given["subject"], given["digest"]) == ("2026", 3)
    monkeypatch.setattr("nad.cli._sinks.AlertSink.to_webhook", lambda url, **options: given.update(options))
    sink_from("http://h/a,header=X-Key: 007,content_type=none")
    assert (given["headers"], given["content_type"]) == ({"X-Key": "007"}, "none")
    with pytest.raises(nad.InvalidArgumentError, match="header=abc is no header; give NAME:VALUE"):
        sink_from("http://h/a,header=abc")


def test_json_has_no_nan():
    import ipaddress

    import numpy as np

    document = {
        "nan": float("nan"), "infinite": np.float64("inf"), "f": np.float32(0.5), "n": np.int64(3), "b": np.bool_(True),
        "time": np.datetime64("2026-01-05T09:00:00.500", "ns"), "whole": np.datetime64("2026-01-05T09:00:00", "s"),
        "none": np.datetime64("NaT", "ns"), "address": ipaddress.ip_address("10.0.0.1"), "array": np.arange(2),
    }  # fmt: skip
    assert json.loads(json_text(document)) == {
        "nan": None, "infinite": None, "f": 0.5, "n": 3, "b": True, "time": "2026-01-05T09:00:00.5Z",
        "whole": "2026-01-05T09:00:00Z", "none": None, "address": "10.0.0.1", "array": [0, 1],
    }  # fmt: skip


# ---- sinks


def alert():
    return nad.Alert(src="10.0.0.1", dst="10.0.0.2", anomaly_class="upload", first_seen=1, last_seen=2)


def test_a_sink_of_a_file(tmp_path):
    with sink_from(f"file:{tmp_path}/a,b.txt,format=text,keep=3") as sink:
        sink.write(alert())
    assert (tmp_path / "a,b.txt").read_text() == nad.to_text(alert()) + "\n"
    with sink_from(f"file:{tmp_path}/eve.json") as sink:
        sink.write(alert())
    assert nad.alert_from_eve((tmp_path / "eve.json").read_text()) == nad.alert_from_eve(nad.to_eve(alert()))


@pytest.mark.parametrize("text", ["udp:127.0.0.1:{}", "syslog:127.0.0.1:{}", "udp:127.0.0.1:{},format=cef"])
def test_a_sink_of_datagrams(text):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        with sink_from(text.format(receiver.getsockname()[1])) as sink:
            sink.write(alert())
            got = receiver.recv(65536).decode()
    expected = {"udp:127.0.0.1:{}": "{", "syslog:127.0.0.1:{}": "<", "udp:127.0.0.1:{},format=cef": "CEF:"}[text]
    assert got.startswith(expected)
    assert "upload" in got


def test_a_sink_of_a_command(tmp_path):
    with sink_from(f"command:tee '{tmp_path}/one, two.txt'") as sink:
        sink.write(alert())
        assert sink.flush(10.0)
    assert "upload" in (tmp_path / "one, two.txt").read_text()


def test_other_sinks(tmp_path):
    described = {
        "tcp:siem.example.org,framing=newline": "siem.example.org",
        "tcp:[::1]:6514": "::1",
        "http://siem.example.org/alerts,batch=10,header=X-Key:abc": "siem.example.org",
        "mail:relay.example.org:2525,from=a@example.org,to=b@example.org,to=c@example.org": "relay.example.org",
        f"unix:{tmp_path}/socket,stream=true": "socket",
        "syslog:siem.example.org,tcp=true": "siem.example.org",
        "syslog": "/dev/log",
    }
    for text, part in described.items():
        sink = sink_from(text)
        assert part in repr(sink)
        sink.close(0.0)
    assert sink_from("stdout") == Line(nad.to_text)
    assert sink_from("stdout,format=ecs") == Line(nad.to_ecs)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("carrier_pigeon:home", "there is no way 'carrier_pigeon'. There are: stdout, file"),
        ("file:", "does not say where to"),
        ("file:x,rotate=3", "there is no option 'rotate'. There are: "),
        ("udp:host:port", "'port' is no port"),
        ("udp:host:99999", "'99999' is no port"),
        ("stdout,format=yaml", "format=yaml: give text, report"),
        ("mail:relay", "mail needs from=... and to=..."),
        ("command:", "does not say which program"),
        ("command:'open", "No closing quotation"),
        ("file:x,keep=many", "keep=many: give a whole number"),
        ("udp:host,format=xml", "xml"),
        (
            "file:x,rotate_bytes=5000,keep=0",
            "--sink file:x,rotate_bytes=5000,keep=0: keep is 0, so that alerts would be deleted at once",
        ),
        ("tcp:host,timeout_seconds=nan", "timeout_seconds=nan: give a number"),
        ("file:x,when_full=wait", "when_full=wait: give lose or block"),
    ],
)
def test_sinks_that_make_no_sense(text, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(nad.InvalidArgumentError, match=says.replace("(", r"\(").replace(".", r"\.")):
        sink_from(text)
    assert list(tmp_path.iterdir()) == []
