"""Alerts from Python: the value, fewer of them, allow-lists and sinks."""

from __future__ import annotations

import copy
import datetime as dt
import gc
import ipaddress
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import nad

FAST = nad.SinkOptions(retry_seconds=0.005, most_retry_seconds=0.02)


def upload(**fields) -> nad.Alert:
    usual = {
        "src": "10.0.3.17",
        "dst": "203.0.113.9",
        "src_port": 51544,
        "dst_port": 443,
        "protocol": "tcp",
        "anomaly_class": "upload",
        "p_value": 0.00021,
        "last_seen": 1_795_196_523_118_274_501,
    }
    return nad.Alert(**(usual | fields))


def comes_true(condition, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


# ---- the value


def test_an_alert_is_a_value():
    alert = upload(reasons=[nad.AlertReason("bytes_sent", "7", "0 to 5", contribution=0.5)], members={"kmeans": 0.5})
    assert (alert.src, alert.dst_port, alert.kind, alert.count) == ("10.0.3.17", 443, "first", 1)
    assert alert.members == {"kmeans": 0.5}
    assert alert.reasons[0].expected == "0 to 5"
    alert.names = {"server_name": "a.example.org"}
    alert.flow = nad.AlertFlow(bytes_sent=7, state="SF")
    alert.model = nad.AlertModel("edge-7", version=12)
    for other in (copy.copy(alert), copy.deepcopy(alert), pickle.loads(pickle.dumps(alert))):
        assert other == alert
        assert other.id == alert.id
    assert nad.alert_from_eve(nad.to_eve(alert)) == alert
    assert upload() != alert
    assert "10.0.3.17:51544 -> 203.0.113.9:443" in str(alert)


def test_what_an_alert_cannot_hold_is_an_error_with_its_name():
    with pytest.raises(nad.InvalidArgumentError, match="no 'dst_prt'; did you mean 'dst_port'"):
        nad.Alert(dst_prt=5)
    with pytest.raises(nad.InvalidArgumentError, match="src is 'nobody', which is no address"):
        nad.Alert(src="nobody")
    with pytest.raises(nad.InvalidArgumentError, match="dst_port is 70000"):
        nad.Alert(dst_port=70000)
    with pytest.raises(nad.InvalidArgumentError, match="there are 'first', 'update'"):
        nad.Alert(kind="odd")
    with pytest.raises(nad.InvalidArgumentError, match="reasons is"):
        nad.Alert(reasons=["because"])
    with pytest.raises(nad.InvalidDataError, match="no JSON"):
        nad.alert_from_eve("{")


def test_values_of_a_row_may_be_given(tmp_path):
    (tmp_path / "flows.csv").write_text(
        "timestamp,src_ip,dst_ip,bytes\n2026-01-05T10:00:00.123456789,10.0.0.5,2001:db8::7,5\n"
    )
    row = nad.read(tmp_path / "flows.csv").row(0)
    assert isinstance(row["src_ip"], ipaddress.IPv4Address)
    alert = nad.Alert(src=row["src_ip"], dst=row["dst_ip"], first_seen=row["timestamp"], last_seen=row["timestamp"])
    assert (alert.src, alert.dst) == ("10.0.0.5", "2001:db8::7")
    assert alert.first_seen == alert.last_seen == 1_767_607_200_123_456_789
    alert.src = ipaddress.ip_address("192.0.2.1")
    alert.dst = None
    assert (alert.src, alert.dst) == ("192.0.2.1", None)
    utc = dt.datetime(2026, 1, 5, 10, 0, 0, 123456, tzinfo=dt.timezone.utc)
    for moment in (
        utc,
        utc.replace(tzinfo=None),
        utc.astimezone(dt.timezone(dt.timedelta(hours=-7))),
        np.datetime64("2026-01-05T10:00:00.123456"),
        np.int64(1_767_607_200_123_456_000),
    ):
        alert.first_seen = moment
        assert alert.first_seen == 1_767_607_200_123_456_000
    assert nad.Alert(first_seen=dt.datetime(1969, 12, 31, 23, 59, 59)).first_seen == -1_000_000_000
    assert nad.AlertFlow(start=utc, end=np.datetime64("2026-01-05")).end == 1_767_571_200_000_000_000
    assert nad.AlertModel(trained_until=utc).trained_until == alert.first_seen
    for wrong in (
        1.5,
        "2026-01-05",
        True,
        np.datetime64("NaT", "ns"),
        np.datetime64("9999-01-01"),
        dt.datetime(9999, 1, 1),
        2**70,
    ):
        with pytest.raises(ValueError, match="first_seen is"):
            nad.Alert(first_seen=wrong)
    with pytest.raises(ValueError, match="src is"):
        nad.Alert(src=5)


def test_a_time_of_pandas_keeps_its_nanoseconds():
    pandas = pytest.importorskip("pandas")
    moment = pandas.Timestamp("2026-01-05 10:00:00.123456789")
    assert nad.Alert(first_seen=moment).first_seen == 1_767_607_200_123_456_789
    assert nad.Alert(first_seen=moment.tz_localize("Europe/Berlin")).first_seen == 1_767_603_600_123_456_789


def test_severity_and_keys():
    assert [nad.severity_of(p) for p in (1e-6, 1e-4, 0.5)] == [1, 2, 3]
    assert nad.severity_of(0.04, medium=0.05) == 2
    assert nad.Alert(p_value=1e-6).severity == 1
    assert nad.Alert(p_value=1e-6, severity=3).severity == 3
    assert nad.alert_key(upload()) == "10.0.3.17|203.0.113.9|443|upload"
    assert nad.alert_key(upload(), dst_prefix_v4=24, by_dst_port=False) == "10.0.3.17|203.0.113.0/24|*|upload"


def test_formats():
    alert = upload()
    assert json.loads(nad.to_eve(alert))["alert"]["context"]["anomaly"]["p_value"] == 0.00021
    assert json.loads(nad.to_ecs(alert))["source"] == {"ip": "10.0.3.17", "port": 51544}
    assert nad.to_cef(alert).startswith("CEF:0|nad|nad|")
    assert nad.to_syslog(alert).startswith("<132>1 2026-11-20T17:42:03.118274Z - nad - upload [nad@32473 id=")
    options = nad.SyslogOptions(facility=1, host="sensor", body="cee")
    assert " sensor nad " in nad.to_syslog(alert, options)
    assert nad.to_syslog(alert, options).endswith("@cee: " + nad.to_eve(alert))
    assert nad.to_report(alert).splitlines()[0] == "ANOMALY upload"
    with pytest.raises(nad.InvalidArgumentError, match="body is 'xml'; there are 'text'"):
        nad.to_syslog(alert, nad.SyslogOptions(body="xml"))


# ---- fewer of them


def test_a_hundred_thousand_identical_alerts_are_few_records_that_add_up():
    deduplicator = nad.Deduplicator()
    alert = upload()
    records = [record for _ in range(100_000) for record in deduplicator.add(alert)] + deduplicator.flush()
    assert len(records) <= 10
    assert sum(record.count for record in records) == 100_000
    assert [record.total for record in records] == [1, 2, 10, 100, 1000, 10_000, 100_000]
    assert deduplicator.stats.written == 100_000
    assert deduplicator.stats.pending == 0


def test_the_limit_reports_what_it_holds_back():
    deduplicator = nad.Deduplicator(records_per_minute=2, burst=2, src_prefix_v4=24)
    records = []
    for host in range(10):
        records += deduplicator.add(upload(src=f"10.0.{host}.1"), now=host)
    assert len(records) == 2
    (report,) = deduplicator.advance(61 * 10**9)
    assert report.kind == "suppressed"
    assert report.count == sum(report.suppressed.values()) == 8
    assert "10.0.2.0/24|203.0.113.9|443|upload" in report.suppressed
    with pytest.raises(nad.InvalidArgumentError, match="growth is 1"):
        nad.Deduplicator(growth=1)


def test_a_deduplicator_goes_on_where_another_stopped():
    first = nad.Deduplicator()
    for _ in range(7):
        first.add(upload())
    second = nad.Deduplicator()
    second.restore_state(first.save_state())
    assert second.stats.pending == 5
    records = [record for _ in range(3) for record in second.add(upload())]
    assert [(record.kind, record.count, record.total) for record in records] == [("update", 8, 10)]
    with pytest.raises(nad.BadFileError, match="damaged"):
        second.restore_state("{}")


def test_allow_lists(tmp_path):
    rules = tmp_path / "allow.txt"
    rules.write_text('# known\nsrc=10.0.0.0/8 dst_port=443 who="anna" why="backup" until=2027-01-01\n')
    allowed = nad.AllowList.read(rules)
    rule = allowed.match(upload())
    assert rule is not None
    assert (rule.who, rule.why, rule.line) == ("anna", "backup", 2)
    assert rule.conditions == {"src": ["10.0.0.0/8"], "dst_port": ["443"]}
    assert allowed.match(upload(dst_port=80)) is None
    stored = tmp_path / "eve.json"
    stored.write_text(nad.to_eve(upload()) + "\n" + nad.to_eve(upload(dst_port=80)) + "\nnonsense\n")
    report = allowed.filter(stored, tmp_path / "kept.json")
    assert (report.lines, report.allowed, report.unreadable, report.by_rule) == (3, 1, 1, [1])
    assert (tmp_path / "kept.json").read_text() == nad.to_eve(upload(dst_port=80)) + "\nnonsense\n"
    assert len(nad.AllowList('[{"port": [80, "443-445"]}]')) == 1
    with pytest.raises(nad.InvalidArgumentError, match=r"allow.txt:3: src is 'nobody'"):
        nad.AllowList("\n\nsrc=nobody", file="allow.txt")
    with pytest.raises(OSError, match="cannot read the allow-list"):
        nad.AllowList.read(tmp_path / "none")


# ---- sinks


def test_an_allow_list_of_other_bytes_is_an_error_that_can_be_shown(tmp_path):
    (tmp_path / "allow.txt").write_bytes(b"\xff\xfewhat\n")
    with pytest.raises(nad.Error, match="allow.txt"):
        nad.AllowList.read(tmp_path / "allow.txt")


def test_a_file_gets_every_alert(tmp_path):
    path = tmp_path / "alerts.json"
    with nad.AlertSink.to_file(path) as sink:
        for port in range(100):
            assert sink.write(upload(dst_port=port))
        assert sink.flush()
        assert sink.stats.written == 100
        assert sink.stats.lost == 0
        assert "alerts.json" in repr(sink)
    lines = path.read_text().splitlines()
    assert [nad.alert_from_eve(line).dst_port for line in lines] == list(range(100))
    with pytest.raises(nad.InvalidArgumentError, match="is closed"):
        sink.write(upload())
    with pytest.raises(OSError, match="cannot open"):
        nad.AlertSink.to_file(tmp_path / "no" / "a")
    with pytest.raises(nad.InvalidArgumentError, match="format is 'xml'; there are 'eve'"):
        nad.AlertSink.to_file(path, options=nad.SinkOptions(format="xml"))
    with pytest.raises(nad.InvalidArgumentError, match="https is not spoken here"):
        nad.AlertSink.to_webhook("https://example.org/")


def test_a_callback_runs_on_the_thread_of_the_sink_and_is_asked_again():
    received = []
    fails = [True, True]

    def take(alert: nad.Alert) -> None:
        if fails:
            fails.pop()
            raise LookupError("not now")
        received.append((alert, threading.get_ident()))

    sink = nad.AlertSink.to_callback(take, options=FAST)
    sink.write(upload())
    assert comes_true(lambda: sink.stats.written == 1)
    assert sink.stats.retried == 2
    assert "LookupError: not now" in sink.stats.last_error
    sink.close()
    assert received[0][0] == upload()
    assert received[0][1] != threading.get_ident()


def test_a_sink_that_is_dropped_delivers_and_lets_its_callback_go():
    received = []

    class Take:
        def __call__(self, alert: nad.Alert) -> None:
            time.sleep(0.01)  # other threads get the GIL meanwhile
            received.append(alert.dst_port)

        def __del__(self) -> None:
            received.append("gone")

    sink = nad.AlertSink.to_callback(Take(), options=nad.SinkOptions(queue=2, when_full="block"))
    for port in range(10):
        sink.write(upload(dst_port=port))
    del sink
    gc.collect()
    assert received == [*range(10), "gone"]


def test_a_sink_that_is_left_open_delivers_before_the_interpreter_goes(tmp_path):
    program = """
import sys, time, nad
def take(alert):
    time.sleep(0.02)
    print(alert.dst_port, flush=True)
sink = nad.AlertSink.to_callback(take)
other = nad.AlertSink.to_file(sys.argv[1])
for port in range(5):
    sink.write(nad.Alert(dst_port=port))
    other.write(nad.Alert(dst_port=port))
"""
    command = [sys.executable, "-c", program, str(tmp_path / "alerts")]
    result = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert result.stdout.split() == ["0", "1", "2", "3", "4"]
    assert result.stderr == ""
    assert len((tmp_path / "alerts").read_text().splitlines()) == 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_leaves_the_sink_alone(tmp_path):
    program = """
import os, sys, nad
sink = nad.AlertSink.to_file(sys.argv[1])
sink.write(nad.Alert())
sink.flush()
child = os.fork()
if child == 0:
    try:
        sink.write(nad.Alert())
    except nad.InvalidArgumentError as error:
        print("this is a fork" in str(error), flush=True)
    sys.exit(0)
print(os.waitpid(child, 0)[1])
sink.write(nad.Alert())
"""
    command = [sys.executable, "-W", "ignore", "-c", program, str(tmp_path / "alerts")]
    result = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert result.stdout.split() == ["True", "0"]
    assert len((tmp_path / "alerts").read_text().splitlines()) == 2


def test_the_spool_keeps_what_cannot_be_delivered(tmp_path):
    options = nad.SinkOptions(spool=tmp_path / "spool", retry_seconds=0.005, most_retry_seconds=0.02)
    sink = nad.AlertSink.to_unix(tmp_path / "socket", options=options)
    for port in range(20):
        sink.write(upload(dst_port=port))
    assert comes_true(lambda: sink.stats.spooled == 20)
    assert sink.stats.is_failing
    sink.close()
    with nad.AlertSink.to_file(tmp_path / "alerts", options=options) as later:
        assert later.stats.recovered == 20
        assert later.flush()
    lines = (tmp_path / "alerts").read_text().splitlines()
    assert [nad.alert_from_eve(line).dst_port for line in lines] == list(range(20))


def test_sockets(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(10)
        options = nad.SinkOptions(format="syslog", syslog=nad.SyslogOptions(host="sensor"))
        with nad.AlertSink.to_udp("127.0.0.1", udp.getsockname()[1], options=options) as sink:
            sink.write(upload())
            assert udp.recv(65536).decode() == nad.to_syslog(upload(), options.syslog)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        with nad.AlertSink.to_tcp("127.0.0.1", server.getsockname()[1], options=nad.SinkOptions(format="cef")) as sink:
            sink.write(upload())
            connection, _ = server.accept()
            with connection:
                connection.settimeout(10)
                text = nad.to_cef(upload())
                expected = f"{len(text)} {text}".encode()
                received = b""
                while len(received) < len(expected):
                    received += connection.recv(65536)
                assert received == expected


def test_commands(tmp_path):
    out = tmp_path / "out"
    with nad.AlertSink.to_command(["tee", "-a", str(out)], options=nad.SinkOptions(format="text")) as sink:
        sink.write(upload())
        assert sink.flush(20)
    assert out.read_text() == nad.to_text(upload()) + "\n"


def test_many_threads_may_write_to_one_callback():
    received = []
    sink = nad.AlertSink.to_callback(
        lambda alert: received.append(alert.dst_port), options=nad.SinkOptions(queue=3, when_full="block")
    )
    writers = [
        threading.Thread(target=lambda base=base: [sink.write(upload(dst_port=base + i)) for i in range(50)])
        for base in (0, 1000, 2000)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    assert sink.flush()
    sink.close()
    assert sorted(received) == sorted(base + i for base in (0, 1000, 2000) for i in range(50))
