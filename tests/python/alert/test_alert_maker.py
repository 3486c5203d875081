"""Alerts of findings: those of a monitor, with all that a record tells, in every format."""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import json
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import nad

sys.path.insert(0, str(Path(__file__).parent))
from test_eve_schema import complaints

FORMATS = {
    "eve": nad.to_eve, "ecs": nad.to_ecs, "cef": nad.to_cef, "syslog": nad.to_syslog, "text": nad.to_text,
    "report": nad.to_report,
}  # fmt: skip


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A model of normal traffic, and flows with a port scan."""
    folder = tmp_path_factory.mktemp("alert_maker")
    scan = nad.Attack("port_scan", start=100, duration=5)
    for name, seed, hours, attacks in (("normal", 1, 1.0, []), ("today", 2, 0.1, [scan])):
        nad.simulate(folder / f"{name}.pcap", hours=hours, hosts=8, rate=2.0, rhythm=False, random_state=seed,
                     attacks=attacks)  # fmt: skip
    rule = nad.ThresholdRule.false_positive_rate(0.01)
    model = nad.Model(detector=nad.IsolationForest(n_estimators=20, random_state=1), threshold=rule)
    return model.fit(nad.read(folder / "normal.pcap")), nad.read(folder / "today.pcap")


@pytest.mark.parametrize("of_runs", [False, True])
def test_they_are_those_of_a_monitor(office, of_runs):
    model, flows = office
    if of_runs:
        model = copy.deepcopy(model).set_threshold(nad.ThresholdRule.alerts_per_day(24))
    words = {"model_name": "office", "model_version": 3, "trained_until": 1_767_600_000_000_000_000}
    written = []
    monitor = nad.Monitor(
        model, explain_first=0, fold_at=0, deduplicator=nad.Deduplicator(records_per_minute=0),
        on_alert=written.append, **words,
    )  # fmt: skip
    monitor.run([flows])
    findings = model.detect(flows, most_explained=len(flows))
    made = dict(zip(findings.rows.tolist(), nad.AlertMaker(model, **words).alerts(flows, findings)))
    same, expected = nad.Deduplicator(records_per_minute=0), []
    for row, moment in enumerate(flows["last_seen"].to_numpy().astype("int64").tolist()):
        expected += same.advance(moment)
        if row in made:
            expected += same.add(made[row], moment)
    expected += same.flush()
    assert len(made) > 100
    assert any(finding.run is not None for finding in findings) == of_runs
    assert any(alert.reasons[0].column == "unusual records" for alert in written) == of_runs
    assert len(written) > 5
    assert written == expected
    assert [nad.to_eve(alert) for alert in written] == [nad.to_eve(alert) for alert in expected]


def test_they_say_what_the_record_says(office):
    model, flows = office
    findings = model.detect(flows)
    maker = nad.AlertMaker(model, model_name="office", interface="eth7")
    alerts = list(maker.alerts(flows, findings))
    assert len(alerts) == len(findings)
    for alert, finding in zip(alerts, findings):
        row = flows.row(finding.row)
        assert (alert.src, alert.dst) == (str(row["src_ip"]), str(row["dst_ip"]))
        assert (alert.src_port, alert.dst_port, alert.protocol) == (row["src_port"], row["dst_port"], row["protocol"])
        assert alert.first_seen == int(row["timestamp"].astype("int64"))
        assert alert.last_seen == int(row["last_seen"].astype("int64"))
        assert alert.community_id == row["community_id"]
        assert (alert.flow.bytes_sent, alert.flow.state) == (row["bytes_sent"], row["state"])
        assert (alert.score, alert.p_value, alert.extrapolated) == (
            finding.score, finding.p_value, finding.extrapolated,
        )  # fmt: skip
        assert (alert.anomaly_class, alert.interface) == (finding.anomaly_class, "eth7")
        assert alert.severity == nad.severity_of(finding.p_value)
        assert [(one.column, one.contribution) for one in alert.reasons] == [
            (one.column, one.contribution) for one in finding.reasons
        ]
        assert (alert.threshold, alert.n_calibration) == (model.threshold.score, len(model.calibration))
        assert (alert.kind, alert.count, alert.model) == ("first", 1, maker.model)
        assert alert == maker.make(flows, finding)
    assert repr(maker) == "<AlertMaker of office version 1>"
    assert (maker.model.id, maker.model.version, maker.model.trained_until) == ("office", 1, None)
    assert maker.model.sha256 == hashlib.sha256(model._model.save_bytes()).hexdigest()
    above = np.nextafter(np.float32(model.threshold.score), np.float32(np.inf))
    share = float(model.calibration.p_value([above])[0])
    assert alerts[0].expected_alerts_per_day == model.records_per_day * share
    without = flows.drop(["community_id", "bytes_sent"]).with_column("bytes_sent", [None] * len(flows), type="integer")
    made = maker.make(without, findings[0])
    assert made.community_id == alerts[0].community_id  # computed
    assert made.features_missing == ["bytes_sent"]


def test_options(office):
    model, flows = office
    (finding, *_) = model.detect(flows)
    named = flows.with_column("server_name", ["mail.example.org"] * len(flows), type="text")
    assert nad.AlertMaker(model).make(named, finding).names == {"server_name": "mail.example.org"}
    assert nad.AlertMaker(model, most_names=0).make(named, finding).names == {}
    assert nad.AlertMaker(model, high=1.0, medium=1.0).make(flows, finding).severity == 1
    assert nad.AlertMaker(model, high=0.0, medium=0.0).make(flows, finding).severity == 3
    until = dt.datetime(2026, 1, 5, tzinfo=dt.timezone.utc)
    for moment in (until, np.datetime64("2026-01-05"), 1_767_571_200_000_000_000):
        assert nad.AlertMaker(model, trained_until=moment).model.trained_until == 1_767_571_200_000_000_000


NAMES = ("timestamp", "src_ip", "src_port", "dst_ip", "dst_port", "protocol")


@pytest.mark.parametrize(
    "names",
    [
        NAMES,
        ("ts", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto"),
        ("Timestamp", "Source IP", "Source Port", "Destination IP", "Destination Port", "Protocol"),
        ("start", "client", "client_port", "server", "server_port", "transport"),
        ("when", "asked_by", "from_port", "asked", "to_port", "over"),  # which nobody can know
    ],
)
def test_frames_and_tables_of_others_tell_who_it_was(names, tmp_path):
    pd = pytest.importorskip("pandas")
    rng, n = np.random.default_rng(0), 600
    frame = pd.DataFrame({
        "timestamp": pd.to_datetime(1.7e9 + np.arange(n), unit="s"),
        "src_ip": [f"10.0.0.{i % 20 + 1}" for i in range(n)],
        "src_port": 40000 + np.arange(n),
        "dst_ip": [f"192.0.2.{i % 7 + 1}" for i in range(n)],
        "dst_port": rng.choice([80, 443], n),
        "protocol": ["TCP"] * n,
        "amount": rng.lognormal(5, 1, n),
    })  # fmt: skip
    frame.loc[n - 1, "amount"] = 1e12
    expected = frame.iloc[-1]
    frame = frame.rename(columns=dict(zip(NAMES, names)))
    told = {}
    if "asked" in names:
        told = dict(zip(NAMES[1:], names[1:]))
    frame.to_csv(tmp_path / "own.csv", index=False)
    for table in (frame, nad.read(tmp_path / "own.csv")):
        learnt = nad.Table(frame) if table is frame else table
        model = nad.Model(detector=nad.Histogram()).fit(learnt[np.arange(500)])
        finding = next(one for one in model.detect(learnt) if one.row == n - 1)
        alert = nad.AlertMaker(model, columns=told).make(table, finding)
        assert (alert.src, alert.src_port, alert.dst, alert.dst_port, alert.protocol) == (
            expected["src_ip"], expected["src_port"], expected["dst_ip"], expected["dst_port"], "tcp",
        )  # fmt: skip
        assert alert.community_id == nad.flow.community_id(alert.src, alert.dst, alert.src_port, alert.dst_port, 6)
        by_monitor = []
        nad.Monitor(model, alert_columns=told, on_alert=by_monitor.append).run([table])
        assert alert.src in [one.src for one in by_monitor]
        if told:
            assert nad.AlertMaker(model).make(table, finding).src is None


def test_records_without_times_and_hosts():
    rng = np.random.default_rng(1)
    table = nad.Table({"bytes": rng.normal(size=1000), "seconds": rng.normal(size=1000)})
    model = nad.Model(detector=nad.Mahalanobis()).fit(table)
    (finding, *_) = model.detect(table)
    maker = nad.AlertMaker(model)
    before = time.time_ns()
    alert = maker.make(table, finding)
    assert before <= alert.first_seen == alert.last_seen <= time.time_ns()
    assert (alert.src, alert.dst, alert.flow, alert.community_id) == (None, None, None, "")
    assert maker.make(table, finding, now=5).last_seen == 5
    assert [one.first_seen for one in maker.alerts(table, [finding] * 2, now=7)] == [7, 7]
    assert maker.make({"bytes": table["bytes"], "seconds": table["seconds"]}, finding, now=5).last_seen == 5


@pytest.mark.parametrize("shape", FORMATS)
def test_they_go_into_every_format(office, tmp_path, shape):
    model, flows = office
    alerts = list(nad.AlertMaker(model).alerts(flows, model.detect(flows)[:20]))
    with nad.AlertSink.to_file(tmp_path / "alerts", options=nad.SinkOptions(format=shape)) as sink:
        assert all(sink.write(alert) for alert in alerts)
    text = (tmp_path / "alerts").read_text()
    assert text.replace("\n", "") == "".join(map(FORMATS[shape], alerts)).replace("\n", "")
    if shape == "eve":
        for line, alert in zip(text.splitlines(), alerts):
            assert complaints(json.loads(line)) == []
            assert nad.alert_from_eve(line) == nad.alert_from_eve(nad.to_eve(alert))


def test_errors(office):
    model, flows = office
    (finding, *_) = model.detect(flows)
    with pytest.raises(nad.InvalidArgumentError, match="fitted"):
        nad.AlertMaker("office.nad")
    with pytest.raises(nad.NotFittedError):
        nad.AlertMaker(nad.Model())
    with pytest.raises(nad.InvalidArgumentError, match="model_version"):
        nad.AlertMaker(model, model_version=-1)
    with pytest.raises(nad.InvalidArgumentError, match="model_name"):
        nad.AlertMaker(model, model_name=3)
    with pytest.raises(nad.InvalidArgumentError, match="high"):
        nad.AlertMaker(model, high=0.5, medium=0.1)
    with pytest.raises(nad.InvalidArgumentError, match="most_names"):
        nad.AlertMaker(model, most_names=-1)
    with pytest.raises(nad.InvalidArgumentError, match="columns is 'src_ip'; give a mapping"):
        nad.AlertMaker(model, columns="src_ip")
    with pytest.raises(nad.InvalidArgumentError, match="no field 'source' of a record; give one of src_ip"):
        nad.AlertMaker(model, columns={"source": "src_ip"})
    with pytest.raises(nad.InvalidArgumentError, match="'asked_by'"):
        nad.AlertMaker(model, columns={"src_ip": "asked_by"}).make(flows, finding)
    with pytest.raises(nad.InvalidArgumentError, match="'asked_by'"):  # before there is anything to tell
        nad.Monitor(model, alert_columns={"src_ip": "asked_by"}).run([flows[:1]])
    with pytest.raises(nad.InvalidArgumentError, match="the table that was judged"):
        nad.AlertMaker(model).make(flows[:0], finding)
