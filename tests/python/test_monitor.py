"""Monitors from Python: what they watch, what they tell, and that they can be stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

import nad


def simulate(path, seed, attacks=()):
    return nad.simulate(path, hours=0.1, hosts=8, rate=2.0, rhythm=False, random_state=seed, attacks=list(attacks))


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A capture of attacks, its flows, and a model of normal traffic."""
    folder = tmp_path_factory.mktemp("monitor")
    simulate(folder / "normal.pcap", 1)
    simulate(folder / "attacked.pcap", 2, [nad.Attack("port_scan", start=100, duration=5)])
    model = nad.Model(
        detector=nad.IsolationForest(n_estimators=20, random_state=1),
        threshold=nad.ThresholdRule.false_positive_rate(0.01),
    )
    model.fit(nad.read(folder / "normal.pcap"))
    model.save(folder / "office.nad")
    return folder, model, nad.read(folder / "attacked.pcap")


def test_a_capture_streamed_gives_what_it_gives_offline(office):
    folder, model, flows = office
    offline = model.detect(flows)
    scores, alerts, notes = [], [], []
    monitor = nad.Monitor(
        model,
        on_records=lambda table, findings: scores.extend(findings.scores),
        on_alert=alerts.append,
        on_note=notes.append,
        model_name="office",
        model_version=3,
    )
    monitor.watch(folder / "attacked.pcap", shards=2, batch_rows=200)
    assert scores == list(offline.scores)
    assert sum(alert.count for alert in alerts) == len(offline.reported)
    assert len(alerts) < len(offline.reported)
    stats = monitor.stats
    assert stats.reported == stats.allowed + stats.alerts == len(offline.reported)
    assert stats.alerts == stats.deduplicator.given == stats.deduplicator.written
    assert stats.written == len(alerts)
    assert stats.folded > 0
    assert any(alert.key.endswith("|*|*") for alert in alerts)
    assert {alert.model.id for alert in alerts} == {"office"}
    assert {alert.model.version for alert in alerts} == {3}
    assert alerts[0].reasons
    assert alerts[0].community_id.startswith("1:")
    assert json.loads(stats.to_json())["stats"]["nad"]["records"] == flows.shape[0]
    assert stats.input["packets"] > 1000

    again = []
    nad.Monitor(model, on_alert=again.append).run([flows[:100], flows[100:]])
    assert [nad.to_eve(alert).replace("office", "nad") for alert in again] != []
    assert sum(alert.count for alert in again) == len(offline.reported)


def test_alerts_can_be_iterated_over(office):
    folder, model, flows = office
    monitor = nad.Monitor(model)
    alerts = list(monitor.alerts(folder / "attacked.pcap"))
    assert sum(alert.count for alert in alerts) == len(model.detect(flows).reported)
    assert len(list(monitor.alerts([flows]))) > 0  # the same monitor once more
    first = next(iter(monitor.alerts([flows] * 1000)))  # stops when nobody asks for more
    assert first.severity in (1, 2, 3)
    with pytest.raises(OSError, match=r"no_such\.pcap"):
        list(monitor.alerts([nad.read("no_such.pcap")]))
    with pytest.raises(ValueError, match="bytes_sent"):
        list(monitor.alerts([flows.drop(["bytes_sent"])]))


def test_sinks_and_allow_lists(office, tmp_path):
    folder, model, _ = office
    with nad.AlertSink.to_file(tmp_path / "alerts.json") as sink:
        monitor = nad.Monitor(model, sinks=[sink], allow=nad.AllowList("protocol=udp why=test"), stats_to_sinks=True)
        monitor.watch(folder / "attacked.pcap")
    lines = [json.loads(line) for line in (tmp_path / "alerts.json").read_text().splitlines()]
    alerts = [line for line in lines if line["event_type"] == "alert"]
    assert len(alerts) == monitor.stats.written
    assert {alert["proto"] for alert in alerts} <= {"TCP", "ICMP", "IPv6-ICMP"}
    assert [line["event_type"] for line in lines].count("stats") >= 1
    ((name, stats),) = monitor.stats.sinks
    assert "alerts.json" in name
    assert stats.written == len(lines)
    assert stats.lost == 0


def test_a_log_is_followed_and_a_restart_goes_on(office, tmp_path):
    _, model, flows = office
    log = tmp_path / "flows.csv"
    flows.to_csv(log)
    header, *lines = log.read_text().splitlines(keepends=True)
    log.write_text(header + "".join(lines[:300]))

    # how long the machine takes gives a limit more room
    unlimited = nad.Deduplicator(records_per_minute=0)

    def one_run(until):
        ids = []
        monitor = nad.Monitor(
            model,
            checkpoint=tmp_path / "checkpoint",
            on_alert=lambda alert: ids.append(nad.to_eve(alert)),
            deduplicator=unlimited,
        )
        thread = threading.Thread(target=lambda: monitor.watch(log))
        thread.start()
        deadline = time.monotonic() + 30
        while monitor.stats.records < until and time.monotonic() < deadline:
            time.sleep(0.02)
        monitor.stop()
        thread.join()
        assert monitor.stats.records == until
        return ids

    first = one_run(300)
    with log.open("a") as file:
        file.write("".join(lines[300:]))
    second = one_run(len(lines))
    whole = []
    everything = nad.Monitor(model, on_alert=lambda alert: whole.append(nad.to_eve(alert)), deduplicator=unlimited)
    everything.watch(log, follow=False)
    assert first + second == whole[: len(first + second)]
    assert set(first).isdisjoint(second)


def test_learning_from_what_comes(office, tmp_path):
    _, model, flows = office
    monitor = nad.Monitor(
        model,
        retrain=nad.RetrainOptions(
            every_records=300, reservoir_rows=400, block_rows=50, least_rows=200, save_to=tmp_path / "new.nad"
        ),
    )

    def batches():
        yield flows[:600]
        while monitor.stats.trainings == 0:
            time.sleep(0.05)
            yield flows[:1]

    monitor.run(batches())
    assert monitor.stats.trainings == 1
    assert monitor.stats.model_version == 2
    assert nad.load(tmp_path / "new.nad").detect(flows).scores.shape == (flows.shape[0],)
    assert monitor.model.describe() != model.describe()


def test_reasons_are_looked_for_where_they_are_shown(office):
    folder, model, _ = office
    said = {}
    for explain_first in (0, 1_000_000):
        alerts = said[explain_first] = []
        monitor = nad.Monitor(model, explain_first=explain_first, on_alert=lambda alert, to=alerts: to.append(alert))
        monitor.watch(folder / "attacked.pcap")
        assert all(alert.reasons for alert in alerts if alert.kind != "suppressed")
    assert [nad.to_eve(alert) for alert in said[0]] == [nad.to_eve(alert) for alert in said[1_000_000]]
    assert 0 < monitor.stats.explained < monitor.stats.alerts


def test_errors(office):
    _, model, flows = office
    with pytest.raises(ValueError, match="fitted"):
        nad.Monitor("office.nad")
    with pytest.raises(nad.NotFittedError):
        nad.Monitor(nad.Model())
    with pytest.raises(ValueError, match="stats_seconds"):
        nad.Monitor(model, stats_seconds=-1)
    with pytest.raises(TypeError, match="no option actve"):
        nad.Monitor(model).watch("eth0", actve=60)
    with pytest.raises(ValueError, match="filter is for packets of an interface"):
        nad.Monitor(model).watch("conn.log", filter="tcp")
    with pytest.raises(ValueError, match="capture .* is for packets of an interface"):
        nad.Monitor(model).watch("conn.log", capture={"buffer_bytes": 1 << 20})
    with pytest.raises(TypeError, match="no option bufer"):
        nad.Monitor(model).watch("eth0", capture={"bufer": 1 << 20})
    with pytest.raises(ValueError, match="shards are for packets of one capture or an interface"):
        nad.Monitor(model).watch("conn.log", shards=2)
    with pytest.raises(ValueError, match="from_beginning=False .* is for a log that grows"):
        nad.Monitor(model).watch(Path(__file__).parent, from_beginning=False)
    with pytest.raises(OSError, match="eth_none"):
        nad.Monitor(model).watch("interface:eth_none")

    def refuse(_):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        nad.Monitor(model, on_alert=refuse).run([flows])


@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
def test_ctrl_c_stops_and_flushes(office, tmp_path):
    folder, _, flows = office
    flows.to_csv(tmp_path / "flows.csv")
    program = textwrap.dedent(
        f"""
        import nad, threading, time
        sink = nad.AlertSink.to_file({str(tmp_path / "alerts.json")!r})
        monitor = nad.Monitor(nad.load({str(folder / "office.nad")!r}), sinks=[sink])
        def tell():
            while monitor.stats.records < {flows.shape[0]}:
                time.sleep(0.01)
            print("all read", flush=True)
        threading.Thread(target=tell, daemon=True).start()
        try:
            monitor.watch({str(tmp_path / "flows.csv")!r})
        except KeyboardInterrupt:
            print(monitor.stats.records, monitor.stats.deduplicator.pending, monitor.stats.written)
        """
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "all read\n"
        process.send_signal(signal.SIGINT)
        records, pending, written = map(int, process.communicate(timeout=30)[0].split())
    assert process.returncode == 0
    assert records == flows.shape[0]
    assert pending == 0
    assert len((tmp_path / "alerts.json").read_text().splitlines()) == written
