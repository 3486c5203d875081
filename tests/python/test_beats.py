"""A beacon alone: nothing in its records is unusual, only that they come at a steady beat to a new place."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import nad
from nad._flow_labels import labels_of

START = 6.0 * 3600


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[nad.Model, nad.Table, np.ndarray]:
    """A model of six hours, and the two hours after them, in which a machine calls a place each minute, more or less."""
    path = tmp_path_factory.mktemp("beats") / "day.pcap"
    attack = nad.Attack("beaconing", start=START + 60.0, duration=6_000.0, period=60.0, jitter=0.2)
    truth = nad.simulate(path, hours=START / 3600 + 2.0, random_state=4, rate=0.5, attacks=[attack])
    flows = nad.read(path)
    labels = np.array(labels_of(flows, truth, "label"), dtype=np.str_)
    when = flows["timestamp"].to_numpy()
    seconds = (when - when.min()) / np.timedelta64(1, "s")
    rule = nad.ThresholdRule.alerts_per_day(24)
    model = nad.Model(threshold=rule, random_state=1).fit(flows[np.flatnonzero(seconds < START)])
    today = np.flatnonzero(seconds >= START)
    return model, flows[today], labels[today]


def test_a_beacon_alone_is_found(day: tuple[nad.Model, nad.Table, np.ndarray]) -> None:
    model, today, labels = day
    findings = model.detect(today)
    beats = [one for one in findings if one.run is not None and one.run.is_beat]
    beacon = labels == "beaconing"
    assert beacon.sum() > 80
    found = np.zeros(len(today), dtype=bool)
    found[[one.row for one in beats]] = True
    assert found[beacon].sum() > 0.5 * beacon.sum()
    assert found[~beacon].sum() <= 2
    # by their scores alone they are as usual
    assert np.median(model.calibration.p_value(findings.scores[beacon])) > 0.05
    row, run = next((one.row, one.run) for one in beats if beacon[one.row])
    assert run is not None
    assert run.source == str(today["src_ip"][row])
    assert run.destination == f"{today['dst_ip'][row]}:{today['dst_port'][row]}"
    assert run.period == pytest.approx(60.0, rel=0.1)
    assert run.p_value < 1e-3
    assert pickle.loads(pickle.dumps(run)) == run
    assert "at a steady beat of" in str(run)
    assert model.beat_limit is not None
    assert run.evidence > model.beat_limit.score


def test_incidents_and_alerts_tell_of_the_beat(day: tuple[nad.Model, nad.Table, np.ndarray], tmp_path: Path) -> None:
    model, today, labels = day
    findings = model.detect(today)
    source = str(today["src_ip"][int(np.flatnonzero(labels == "beaconing")[0])])
    incidents = [one for one in nad.incidents(today, findings) if source in one.sources]
    assert any("one each 6" in sentence or "one each 5" in sentence for one in incidents for sentence in one.why())
    maker = nad.AlertMaker(model)
    one = next(
        one for one in findings if one.run is not None and one.run.is_beat and not one.score > findings.limit.score
    )
    alert = maker.make(today, one)
    assert alert.anomaly_class == "steady beat"
    assert alert.reasons[0].column == "steady beat"
    path = tmp_path / "alerts.json"
    with nad.AlertSink.to_file(path) as sink:
        nad.Monitor(model, sinks=[sink]).run([today])
    told = [json.loads(line) for line in path.read_text().splitlines()]
    assert any("steady beat" in json.dumps(line) and line.get("src_ip") == source for line in told)


def test_the_beats_of_the_training_day_are_usual(day: tuple[nad.Model, nad.Table, np.ndarray]) -> None:
    model, today, labels = day
    learnt = nad.Model(threshold=nad.ThresholdRule.alerts_per_day(24), random_state=1).fit(today)
    again = learnt.detect(today)
    assert not any(one.run is not None and one.run.is_beat for one in again)
    without = nad.Model(threshold=nad.ThresholdRule.alerts_per_day(24), random_state=1, runs=False).fit(today)
    assert without.beat_limit is None
    assert labels.size == len(today)
    assert model.set_threshold(nad.ThresholdRule.false_positive_rate(0.01)).beat_limit is None
