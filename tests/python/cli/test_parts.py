"""Incidents, attacks and sinks as the command line says them."""

from __future__ import annotations

import json
import socket
from types import SimpleNamespace

import pytest

import nad
from nad.cli._attacks import attack_from
from nad.cli._console import json_text
from nad.cli._flows import FoundFlow, found_flows
from nad.cli._incidents import explain_silent, incidents_of
from nad.cli._inputs import value_of
from nad.cli._sinks import Line, sink_from

MINUTE = 60_000_000_000


def flow(row, src, dst, *, minute=0.0, surprise=10.0, port=80, reasons=(), family=""):
    finding = SimpleNamespace(row=row, surprise=surprise, p_value=1e-5, score=1.0, extrapolated=False,
                              family=family, reasons=list(reasons))  # fmt: skip
    begin = round(minute * MINUTE)
    values = {"src_ip": src, "dst_ip": dst, "dst_port": port, "protocol": "tcp"}
    return FoundFlow(finding, values, begin, begin)


def rows(incident):
    return sorted(one.finding.row for one in incident.flows)


def test_a_scan_is_its_source_and_a_flood_is_its_target():
    scan = [flow(row, "s", f"t{row % 5}", port=row, minute=1) for row in range(20)]
    flood = [flow(100 + row, f"f{row}", "t0", minute=2) for row in range(30)]
    lone = [flow(200, "a", "b", minute=3)]
    found = incidents_of(scan + flood + lone)
    assert [rows(one) for one in found] == [list(range(100, 130)), list(range(20)), [200]]
    assert [one.who for one in found] == [
        "30 sources -> t0, tcp port 80", "s -> 5 targets, tcp 20 ports", "a -> b, tcp port 80",
    ]  # fmt: skip


def test_a_long_pause_begins_another_incident():
    found = incidents_of([flow(row, "s", "t", minute=minute) for row, minute in enumerate((0, 20, 40, 90, 91))])
    assert sorted(map(rows, found)) == [[0, 1, 2], [3, 4]]


def test_many_records_weigh_more_than_one_and_surprise_more_than_records():
    many = [flow(row, "m", f"t{row}", surprise=10.0) for row in range(100)]
    one = flow(500, "o", "x", surprise=20.0)
    rare = flow(600, "r", "y", surprise=40.0)
    assert [incident.strongest.src for incident in incidents_of([*many, one, rare])] == ["r", "m", "o"]


def test_every_record_is_in_one_incident():
    import random

    draw = random.Random(3)
    flows = [
        flow(row, f"s{draw.randrange(9)}", f"t{draw.randrange(9)}", minute=draw.uniform(0, 600)) for row in range(400)
    ]
    found = incidents_of(flows)
    assert sorted(row for one in found for row in rows(one)) == list(range(400))
    assert [rows(one) for one in incidents_of(flows)] == [rows(one) for one in found]


def test_records_without_hosts_are_grouped_by_what_they_are():
    reason = SimpleNamespace(column="bytes", direction="higher", contribution=2.0)
    flows = [FoundFlow(flow(row, None, None, reasons=[reason]).finding, {}, None, None) for row in range(3)]
    flows.append(FoundFlow(flow(9, None, None, family="dos").finding, {}, None, None))
    found = incidents_of(flows)
    assert sorted((one.who, len(one.flows)) for one in found) == [("dos", 1), ("high bytes", 3)]
    assert incidents_of([]) == []


def test_reasons_of_an_incident_are_those_that_speak_most_over_all():
    def reason(column, contribution):
        return SimpleNamespace(column=column, contribution=contribution, direction="higher")

    first = flow(0, "s", "t", surprise=20.0, reasons=[reason("once", 3.0), reason("often", 2.0)])
    others = [flow(row, "s", "t", reasons=[reason("often", 2.0 + row), reason("against", -5.0)]) for row in (1, 2)]
    (incident,) = incidents_of([first, *others])
    assert [(one.column, one.contribution) for one in incident.reasons()] == [("often", 4.0), ("once", 3.0)]


def test_what_nobody_explained_is_explained_where_it_is_shown():
    calm = [float(value % 50) for value in range(500)]
    table = nad.Table({"bytes": [*calm, 9e6, 8e6], "seconds": [*calm[::-1], 20.0, 21.0]})
    model = nad.Model(detector=nad.Mahalanobis()).fit(table[:500])
    found = model.detect(table, most_explained=0)
    incidents = incidents_of(found_flows(table, found.reported))
    assert all(not one.reasons() for one in incidents)
    explain_silent(incidents, model, table)
    reason = incidents[0].reasons()[0]
    assert (reason.column, reason.direction) == ("bytes", "higher")
    assert incidents[0].strongest.finding.row == found[0].row


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
        ("stdout,format=yaml", "there are text, report"),
        ("mail:relay", "mail needs from=... and to=..."),
        ("command:", "does not say which program"),
        ("command:'open", "No closing quotation"),
        ("file:x,keep=many", "incompatible function arguments"),
        ("udp:host,format=xml", "xml"),
    ],
)
def test_sinks_that_make_no_sense(text, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(nad.InvalidArgumentError, match=says.replace("(", r"\(").replace(".", r"\.")):
        sink_from(text)
    assert list(tmp_path.iterdir()) == []
