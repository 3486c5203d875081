"""Findings that belong together: the rule beside one that is written down plainly, and what an incident says."""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from types import SimpleNamespace

import numpy as np
import pytest

import nad
from nad._who_and_when import times_in

MINUTE = 60_000_000_000


def reason(column, contribution, direction="higher"):
    return SimpleNamespace(
        column=column, contribution=contribution, direction=direction, value="9", expected="1",
        anomaly_class=f"{ {'higher': 'high', 'lower': 'low', 'rare': 'rare'}[direction] } {column}",
    )  # fmt: skip


def flow(src, dst, *, minute=0.0, lasts=0.0, surprise=10.0, port=80, protocol="tcp", reasons=(), family="", run=None):
    return SimpleNamespace(**locals())


def together(flows, **options):
    """The incidents of these records, each of which is reported; None as a host or minute is missing."""
    begins = [None if one.minute is None else np.datetime64(round(one.minute * MINUTE), "ns") for one in flows]
    table = nad.Table(
        {
            "timestamp": nad.Column(begins, type="time"),
            "duration": [one.lasts * 60.0 for one in flows],
            "src_ip": nad.Column([one.src for one in flows], type="category"),
            "dst_ip": nad.Column([one.dst for one in flows], type="category"),
            "dst_port": nad.Column([one.port for one in flows], type="integer"),
            "protocol": nad.Column([one.protocol for one in flows], type="category"),
        }
    )
    findings = [
        SimpleNamespace(row=row, surprise=one.surprise, p_value=10**-one.surprise, score=one.surprise, family=one.family,
                        extrapolated=False, reasons=list(one.reasons), run=one.run)
        for row, one in enumerate(flows)
    ]  # fmt: skip
    return nad.incidents(table, findings, **options)


def parts(incidents):
    return sorted(sorted(one.rows.tolist()) for one in incidents)


# ---- the rule


def test_a_scan_is_one_incident_of_its_source():
    found = together([flow("10.0.0.1", "10.0.0.2", port=port, minute=port / 1000) for port in range(1000)])
    assert len(found) == 1
    assert (found[0].records, found[0].who) == (1000, "10.0.0.1 -> 10.0.0.2, tcp 1,000 ports")
    across = together([flow("s", f"t{number}", port=22) for number in range(1000)])
    assert [one.who for one in across] == ["s -> 1,000 targets, tcp port 22"]


def test_a_flood_is_one_incident_of_its_target():
    found = together([flow(f"10.1.{n // 250}.{n % 250}", "victim", port=n % 60000) for n in range(2000)])
    assert [(one.records, one.who) for one in found] == [(2000, "2,000 sources -> victim, tcp 2,000 ports")]


def test_what_has_nothing_in_common_stays_apart():
    assert len(together([flow(f"a{number}", f"b{number}") for number in range(100)])) == 100


def test_a_scan_during_a_flood_stays_a_scan():
    scan = [flow("s", f"t{row % 5}", port=row, minute=1) for row in range(20)]
    flood = [flow(f"f{row}", "t0", minute=2) for row in range(30)]
    lone = [flow("a", "b", minute=3)]
    found = together(scan + flood + lone)
    assert [sorted(one.rows.tolist()) for one in found] == [list(range(20, 50)), list(range(20)), [50]]
    assert [one.who for one in found] == [
        "30 sources -> t0, tcp port 80", "s -> 5 targets, tcp 20 ports", "a -> b, tcp port 80",
    ]  # fmt: skip


def test_who_does_far_more_than_the_others_is_no_part_of_a_flood():
    flood = [flow(f"f{number % 50}", "victim", minute=number / 100) for number in range(500)]
    slow = [flow("slow", "victim", minute=number / 10) for number in range(120)]
    found = together(flood + slow)
    assert [one.who for one in found] == ["50 sources -> victim, tcp port 80", "slow -> victim, tcp port 80"]
    assert [one.who for one in together(flood + slow[:90])] == ["51 sources -> victim, tcp port 80"]
    both = together([flow(f"f{number % 2}", "victim") for number in range(500)])
    assert [one.who for one in both] == ["2 sources -> victim, tcp port 80"]


def test_a_server_that_many_scan_takes_nothing_from_them():
    flows = [flow(f"s{source}", f"t{source}-{n}" if n else "server") for source in range(50) for n in range(20)]
    assert [one.records for one in together(flows)] == [20] * 50


def test_a_long_pause_begins_another_incident():
    flows = [flow("s", "t", minute=minute) for minute in (0, 20, 40, 90, 91)]
    assert parts(together(flows)) == [[0, 1, 2], [3, 4]]
    assert parts(together(flows, pause_seconds=25 * 60)) == [[0, 1, 2], [3, 4]]
    assert len(together(flows, pause_seconds=60 * 60)) == 1
    assert parts(together(flows, pause_seconds=10 * 60)) == [[0], [1], [2], [3, 4]]
    lasting = [flow("s", "t", minute=0, lasts=80), flow("s", "t", minute=10), flow("s", "t", minute=100)]
    assert len(together(lasting)) == 1  # the pause begins where the longest ends


def test_records_without_a_time_are_together():
    flows = [flow("s", "t", minute=None), flow("s", "t", minute=5), flow("s", "u", minute=None)]
    found = together(flows)
    assert parts(found) == [[0, 2], [1]]
    unknown = next(one for one in found if one.records == 2)
    assert (unknown.begin, unknown.end, unknown.when) == (None, None, "")


def test_records_without_hosts_are_together_when_they_are_of_one_kind():
    high, low, rare = reason("bytes", 2.0), reason("seconds", 1.0, "lower"), reason("state", 1.0, "rare")
    flows = [flow(None, None, reasons=[high, low]) for _ in range(3)]
    flows += [flow(None, None, reasons=[high, rare]), flow(None, None, family="dos"), flow(None, None)]
    found = together(flows)
    assert sorted((one.who, one.records) for one in found) == [
        ("anomaly", 1), ("dos", 1), ("high bytes, low seconds", 3), ("high bytes, rare state", 1),
    ]  # fmt: skip
    assert parts(together([*flows[:3], flow(None, None, reasons=[high, low], minute=60)])) == [[0, 1, 2], [3]]
    assert list(together([])) == []
    assert str(together([])) == "0 findings in 0 incidents"


def plainly(flows, pause):
    """The rule, a record at a time."""
    session = {}
    for end in ("src", "dst"):
        latest = {}
        for row in sorted(range(len(flows)), key=lambda row: flows[row].minute):
            host = getattr(flows[row], end)
            number, until = latest.get(host, (0, -(10**9)))
            if flows[row].minute - until > pause:
                number += 1
            latest[host] = number, max(until, flows[row].minute + flows[row].lasts)
            session[end, row] = (end, host, number)
    groups, left = defaultdict(list), set(range(len(flows)))
    while left:
        of = defaultdict(set)
        for row in left:
            for end in ("src", "dst"):
                of[session[end, row]].add(row)
        claimed = {}
        for name, rows in of.items():
            own = rows
            if name[0] == "dst":
                here = {source: len(rows & of[source]) for source in {session["src", row] for row in rows}}
                here = {source: count for source, count in here.items() if len(of[source]) <= 2 * count}
                others = {source: (sum(here.values()) - here[source]) / max(len(here) - 1, 1) for source in here}
                alike = {source for source in here if len(here) == 1 or here[source] <= 10 * others[source]}
                own = {row for row in rows if session["src", row] in alike}
            claimed[name] = (len(own) * (1.25 if name[0] == "src" else 1.0), name[0] == "src", own)
        taken = set()
        for name, (claim, is_source, own) in claimed.items():
            other = "dst" if is_source else "src"
            rivals = [claimed[session[other, row]] for row in own]
            if own and all(row not in r[2] or (claim, is_source) > r[:2] for row, r in zip(own, rivals)):
                groups[name] += own
                taken |= own
        assert taken
        left -= taken
    return sorted(map(sorted, groups.values()))


@pytest.mark.parametrize("seed", range(30))
def test_the_rule_beside_a_plain_one(seed):
    draw = random.Random(seed)
    hosts, many = draw.choice([(3, 40), (9, 200), (40, 300)])
    flows = [
        flow(
            f"s{round(draw.paretovariate(0.6)) % hosts}", f"t{round(draw.paretovariate(0.6)) % hosts}",
            minute=draw.uniform(0, draw.choice([10, 600])), lasts=draw.expovariate(0.2),
            surprise=draw.uniform(3, 20), port=draw.randrange(100),
        )
        for _ in range(many)
    ]  # fmt: skip
    found = together(flows)
    assert parts(found) == plainly(flows, 30.0)
    assert found.counts.sum() == len(flows) == sum(one.records for one in found)
    for one in found:
        own = [flows[row] for row in one.rows]
        assert len({record.src for record in own}) == 1 or len({record.dst for record in own}) == 1
        assert one.sources == {name: [r.src for r in own].count(name) for name in {r.src for r in own}}
        assert one.targets == {name: [r.dst for r in own].count(name) for name in {r.dst for r in own}}
        assert one.ports == {port: [r.port for r in own].count(port) for port in {r.port for r in own}}
        assert one.begin == np.datetime64(round(min(r.minute for r in own) * MINUTE), "ns")
        ends = [round(r.minute * MINUTE) + round(r.lasts * 60.0 * 1e9) for r in own]
        assert abs(int(one.end.astype("int64")) - max(ends)) <= 1
        assert one.strongest.surprise == max(r.surprise for r in own)
        assert [finding.surprise for finding in one.findings] == sorted((r.surprise for r in own), reverse=True)
        assert all(found.of_finding[row] == one.number for row in one.rows)
    order = list(range(many))
    draw.shuffle(order)
    assert parts(together([flows[place] for place in order])) == sorted(
        sorted(order.index(row) for row in group) for group in parts(found)
    )


@pytest.mark.parametrize("seed", range(10))
def test_nothing_is_lost_where_hosts_and_times_are_missing(seed):
    draw = random.Random(seed)

    def maybe(value):
        return None if draw.random() < 0.3 else value

    flows = [
        flow(
            maybe(f"s{draw.randrange(9)}"), maybe(f"t{draw.randrange(9)}"), minute=maybe(draw.uniform(0, 300)),
            surprise=draw.uniform(3, 20), reasons=[reason(draw.choice(["a", "b"]), 1.0)],
        )
        for _ in range(300)
    ]  # fmt: skip
    found = together(flows)
    assert sorted(row for one in found for row in one.rows.tolist()) == list(range(300))
    for one in found:
        own = [flows[row] for row in one.rows]
        shared = [{(record.src, "src") for record in own}, {(record.dst, "dst") for record in own}]
        if any(record.src or record.dst for record in own):
            assert any(len(ends) == 1 and next(iter(ends))[0] for ends in shared)
        else:
            assert len({record.reasons[0].column for record in own}) == 1
        times = [record.minute for record in own if record.minute is not None]
        assert (one.begin is None) == (not times)
    order = list(range(300))
    draw.shuffle(order)
    assert parts(together([flows[place] for place in order])) == sorted(
        sorted(order.index(row) for row in group) for group in parts(found)
    )


def test_many_findings_take_no_loop_over_their_rows():
    rng = np.random.default_rng(1)
    flows = 100_000
    table = nad.Table(
        {
            "timestamp": np.datetime64("2026-01-05", "ns") + rng.integers(0, 86_400 * 10**9, flows),
            "src_ip": nad.Column([f"10.{n % 7}.{n // 250 % 250}.{n % 250}" for n in range(flows)], type="address"),
            "dst_ip": nad.Column([f"11.0.0.{n}" for n in rng.zipf(1.3, flows) % 250], type="address"),
        }
    )
    findings = [
        SimpleNamespace(row=row, surprise=value, run=None) for row, value in enumerate(rng.exponential(5.0, flows))
    ]
    began = time.process_time()
    found = nad.incidents(table, findings)
    assert time.process_time() - began < 5.0
    assert found.counts.sum() == flows
    assert 1 < len(found) < flows


# ---- what an incident says


def test_many_records_weigh_more_than_one_and_surprise_more_than_records():
    many = [flow("m", f"t{row}", surprise=10.0) for row in range(100)]
    found = together([*many, flow("o", "x", surprise=20.0), flow("r", "y", surprise=40.0)])
    assert [next(iter(one.sources)) for one in found] == ["r", "m", "o"]
    assert [round(one.weight, 6) for one in found] == [40.0, 30.0, 20.0]
    assert found.weights.tolist() == [one.weight for one in found]
    assert found.counts.tolist() == [1, 100, 1]


def test_reasons_are_those_that_speak_most_over_all():
    first = flow("s", "t", surprise=20.0, reasons=[reason("once", 3.0), reason("often", 2.0)])
    others = [flow("s", "t", reasons=[reason("often", 2.0 + row), reason("against", -5.0)]) for row in (1, 2)]
    (incident,) = together([first, *others])
    assert [(one.column, one.contribution) for one in incident.reasons()] == [("often", 4.0), ("once", 3.0)]
    assert len(incident.reasons(1)) == 1


def test_a_run_counts_where_it_says_more_than_its_records():
    def run(records, p_value):
        return SimpleNamespace(
            source="s", records=records, seconds=95.0, evidence=9.0, p_value=p_value, extrapolated=True,
            is_beat=False, destination="", period=0.0,
        )  # fmt: skip

    flows = [flow("s", "t", surprise=2.0 + row / 9, run=run(30 + row, 10.0 ** -(5 + row))) for row in range(4)]
    alone, beside = flow("a", "b", surprise=9.0), flow("c", "d", surprise=20.0, run=run(2, 1e-3))
    beside, first, last = together([*flows, alone, beside])
    assert [one.records for one in (beside, first, last)] == [1, 4, 1]
    assert (first.run.records, first.p_value, first.extrapolated, first.surprise) == (33, 1e-8, True, 8.0)
    assert (first.strongest.surprise, first.severity) == (2.0 + 3 / 9, 1)
    assert first.weight == 8.0 * (1.0 + np.log10(4))
    assert "33 unusual records of s in 95 s: seldom so many" in str(first)
    assert first.to_dict()["run"]["records"] == 33
    flood = [flow(f"s{row % 20}", "victim", run=run(5 + row, 1e-8)) for row in range(100)]
    assert together(flood)[0].why() == ["runs of unusual records, such as 104 of s in 95 s"]
    assert (beside.p_value, beside.extrapolated, beside.surprise, beside.run.records) == (1e-20, False, 20.0, 2)
    assert (last.run, last.to_dict()["run"], last.p_value) == (None, None, 1e-9)


def test_families_are_named():
    flows = [flow("s", "t", port=port, family="scan" if port else "dos", surprise=10.0 - port) for port in range(3)]
    (incident,) = together(flows)
    assert list(incident.families.items()) == [("scan", 2), ("dos", 1)]
    assert "scan, dos" in str(incident)


def test_who():
    for flows, who in (
        ([flow("s", None)], "s -> ?, tcp port 80"),
        ([flow(None, "t"), flow(None, "t", port=443)], "? -> t, tcp 2 ports"),
        ([flow("s", "t", protocol="icmp", port=8)], "s -> t, icmp"),
        ([flow("s", "t", protocol="udp"), flow("s", "t")], "s -> t, port 80"),
        ([flow("s", "t", port=None, protocol=None)], "s -> t"),
        ([flow("s\x1b[31m", "t\n")], "s\\x1b[31m -> t\\n, tcp port 80"),
    ):
        (incident,) = together(flows)
        assert incident.who == who


@pytest.fixture(scope="module")
def office():
    """A model, flows with two attacks and what it found."""
    normal = nad.datasets.synthetic_flows(4000, anomaly_ratio=0.0, random_state=1)
    rule = nad.ThresholdRule.false_positive_rate(0.05)
    model = nad.Model(threshold=rule, detector=nad.IsolationForest(random_state=1)).fit(normal)
    flows = nad.datasets.synthetic_flows(2000, anomaly_ratio=0.05, random_state=2)
    return model, flows, model.detect(flows)


def test_of_a_model(office):
    model, flows, findings = office
    found = nad.incidents(flows, findings)
    assert sorted(row for one in found for row in one.rows.tolist()) == sorted(findings.rows.tolist())
    assert len(found) < len(findings)
    first = found[0]
    assert first.strongest in findings.reported
    assert str(flows["src_ip"][first.strongest.row]) in first.sources
    assert (found[-1], list(found)[:2]) == (found[len(found) - 1], found[:2])
    assert first in found
    with pytest.raises(IndexError):
        found[len(found)]
    text = str(found)
    assert text.startswith(f"{len(findings)} findings in {len(found)} incidents\n1. {first.who}: ")
    assert first.when in text
    assert repr(found) == f"<Incidents: {len(found)} of {len(findings)} findings>"
    assert repr(first).startswith("<Incident 0: ")
    some = nad.incidents(flows, findings[:7])
    assert some.counts.sum() == 7
    document = json.loads(json.dumps(first.to_dict(), allow_nan=False))
    assert document["rows"] == sorted(first.rows.tolist())
    assert document["begin"].endswith("Z")
    assert document["reasons"][0]["text"] in text
    assert document["severity"] == nad.severity_of(first.strongest.p_value) == first.severity
    rows = found.to_table()
    assert rows["who"].to_list() == [one.who for one in found]
    assert rows["records"].to_numpy().sum() == len(findings)
    assert rows["begin"].to_numpy().tolist() == [one.begin.astype("int64") for one in found]
    assert nad.incidents(flows, model.detect(flows[:1])[:0]).to_table().shape[0] == 0


def test_times_are_those_of_alerts(office):
    model, flows, findings = office
    made = list(nad.AlertMaker(model).alerts(flows, findings))
    times = times_in(flows, findings.rows)
    assert [(alert.first_seen, alert.last_seen) for alert in made] == list(
        zip(times.begin.tolist(), times.end.tolist())
    )


def test_what_nobody_explained_is_explained_where_it_is_asked_for(office):
    calm = [float(value % 50) for value in range(500)]
    table = nad.Table({"bytes": [*calm, 9e6, 8e6], "seconds": [*calm[::-1], 20.0, 21.0]})
    model = nad.Model(detector=nad.Mahalanobis()).fit(table[:500])
    findings = model.detect(table, most_explained=0)
    found = nad.incidents(table, findings)
    assert not any(one.reasons() for one in found)
    found.explain(model)
    reason = found[0].reasons()[0]
    assert (reason.column, reason.direction) == ("bytes", "higher")
    assert found[0].strongest.row == findings[0].row
    model, flows, findings = office
    known = nad.incidents(flows, findings)
    before = [one.strongest for one in known]
    known.explain(model)
    assert [one.strongest for one in known] == before


def test_errors(office):
    _, flows, findings = office
    with pytest.raises(nad.InvalidArgumentError, match="2,000 records, but the table has 10"):
        nad.incidents(flows[:10], findings)
    with pytest.raises(nad.InvalidArgumentError, match="about row .*, and the table has 10"):
        nad.incidents(flows[:10], findings.reported)
    for wrong in (findings.scores, flows, None):
        with pytest.raises(nad.InvalidArgumentError, match="model.detect"):
            nad.incidents(flows, wrong)
    with pytest.raises(nad.InvalidArgumentError, match="behind the table"):
        nad.incidents(findings, flows)
    for pause in (-1, float("nan")):
        with pytest.raises(nad.InvalidArgumentError, match="pause_seconds"):
            nad.incidents(flows, findings, pause_seconds=pause)
