"""Many records of one source, each only a little unusual: reported together, and by the rule that the notes tell."""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import numpy as np
import pytest

import nad
from nad._flow_labels import labels_of

ODD = "10.0.0.99"


def hosts(rows: int, seed: int, odd_from: int | None = None) -> nad.Table:
    """Ten hosts, a record each two seconds; from `odd_from` on a third of the records is of one whose are larger."""
    random = np.random.default_rng(seed)
    odd = (np.arange(rows) % 3 == 0) & (np.arange(rows) >= (rows if odd_from is None else odd_from))
    begin = np.datetime64("2026-03-02T08:00:00", "ns")
    return nad.Table(
        {
            "timestamp": begin + np.arange(rows) * np.timedelta64(2, "s"),
            "src_ip": [ODD if is_odd else f"10.0.0.{random.integers(1, 11)}" for is_odd in odd],
            "bytes_sent": random.normal(1000.0, 100.0, rows) + 260.0 * odd,
            "packets_sent": random.normal(20.0, 1.0, rows),
        },
        types={"src_ip": "address"},
    )


def by_hand(model: nad.Model, table: nad.Table, scores: np.ndarray) -> dict[int, tuple[float, int]]:
    """The evidence and the number of records of each row that is beyond the limit."""
    evidence: dict[str, tuple[float, float, int]] = {}
    found = {}
    limit = model.run_limit
    assert limit is not None
    times = table["timestamp"].to_numpy().astype(np.int64)
    surprise = model.calibration.surprise(scores)
    for row, source in enumerate(table["src_ip"].to_list()):
        held, latest, records = evidence.get(str(source), (0.0, float(times[row]), 0))
        held *= math.exp(-(times[row] - latest) / 120e9)
        if held < 0.05:
            held, records = 0.0, 0
        step = min(float(surprise[row]), 12.0) - 3.0
        held = min(max(held + step, 0.0), 100.0)
        records += step > 0.0
        if held < 0.05:
            held, records = 0.0, 0
        evidence[str(source)] = held, float(times[row]), records
        if step > 0.0 and held > limit.score:
            found[row] = held, records
    return found


@pytest.fixture(scope="module")
def model() -> nad.Model:
    return nad.Model(detector=nad.Mahalanobis(), threshold=nad.ThresholdRule.alerts_per_day(10)).fit(hosts(12_000, 5))


def test_runs_are_those_that_are_summed_by_hand(model: nad.Model) -> None:
    today = hosts(4_000, 6, odd_from=3_000)
    findings = model.detect(today)
    expected = by_hand(model, today, findings.scores)
    found = {one.row: one.run for one in findings if one.run is not None}
    assert found.keys() == expected.keys()
    assert len(found) > 150
    for row, run in found.items():
        assert run.evidence == pytest.approx(expected[row][0], rel=1e-6)
        assert run.records == expected[row][1]
        assert run.source == str(today["src_ip"][row])
        assert 0.0 < run.p_value < 1e-3
        assert pickle.loads(pickle.dumps(run)) == run
    assert set(findings.rows) == set(np.flatnonzero(findings.scores > findings.limit.score)) | found.keys()
    assert sum(str(today["src_ip"][row]) != ODD for row in findings.rows) <= 5
    table = findings.to_table()
    assert [text is not None for text in table["run"].to_list()] == [one.run is not None for one in findings]
    assert f"unusual records of {ODD} in" in str(next(one for one in findings if one.run is not None))


def test_runs_can_be_left_out(model: nad.Model) -> None:
    today = hosts(4_000, 6, odd_from=3_000)
    assert all(one.run is None for one in model.detect(today, runs=False))
    assert all(one.run is None for one in model.detect(today, false_discovery_rate=0.1))
    rule = nad.ThresholdRule.alerts_per_day(10)
    single = nad.Model(detector=nad.Mahalanobis(), threshold=rule, runs=False).fit(hosts(12_000, 5))
    assert single.run_limit is None
    assert all(one.run is None for one in single.detect(today))
    by_share = nad.Model(detector=nad.Mahalanobis()).fit(hosts(12_000, 5))
    assert by_share.run_limit is None
    by_share.set_threshold(rule)
    assert by_share.run_limit == model.run_limit


def test_runs_survive_a_file(model: nad.Model, tmp_path: Path) -> None:
    model.save(tmp_path / "hosts.nad")
    loaded = nad.load(tmp_path / "hosts.nad")
    today = hosts(2_000, 7, odd_from=1_000)
    assert loaded.run_limit == model.run_limit
    assert loaded.detect(today).reported == model.detect(today).reported
    assert "runs of unusual records of one source" in loaded.describe()


def test_alerts_promised_are_kept_on_quiet_days() -> None:
    """Records and runs together, over networks that were never seen: as many as were promised, within chance."""
    days, promised, reported, runs = 2.0, 20.0, 0, 0
    for seed in range(12):
        rule = nad.ThresholdRule.alerts_per_day(promised)
        quiet = nad.Model(detector=nad.Mahalanobis(), threshold=rule, random_state=seed).fit(hosts(20_000, 100 + seed))
        findings = quiet.detect(hosts(int(43_200 * days), 200 + seed), most_explained=0)
        of_runs = {(one.run.source, one.row - one.row % 300) for one in findings if one.run is not None}
        runs += len(of_runs)
        reported += sum(one.score > findings.limit.score for one in findings)
    a_day = (reported / 12 / days, runs / 12 / days)
    assert 0.4 * 0.8 * promised < a_day[0] < 2.0 * 0.8 * promised
    assert a_day[1] < 2.0 * 0.2 * promised


def test_a_tunnel_and_brute_force_in_a_network_are_runs(tmp_path: Path) -> None:
    attacks = [nad.Attack("dns_tunnel", start=3.0 * 3600), nad.Attack("ssh_brute_force", start=3.2 * 3600)]
    truth = nad.simulate(tmp_path / "day.pcap", hours=3.5, random_state=3, rate=0.5, attacks=attacks)
    flows = nad.read(tmp_path / "day.pcap")
    labels = np.array(labels_of(flows, truth, "label"), dtype=np.str_)
    when = flows["timestamp"].to_numpy()
    learnt = np.flatnonzero((when < when.min() + np.timedelta64(3, "h")) & (labels == "normal"))
    rule = nad.ThresholdRule.alerts_per_day(24)
    model = nad.Model(threshold=rule, random_state=1).fit(flows[learnt])
    rest = np.setdiff1d(np.arange(len(flows)), learnt)
    findings = model.detect(flows[rest], most_explained=0)
    run = labels[rest][[one.row for one in findings if one.run is not None]]
    for kind in ("dns_tunnel", "ssh_brute_force"):
        assert np.sum(run == kind) > 0.5 * np.sum(labels == kind), kind
    assert np.sum(run == "normal") <= 5
