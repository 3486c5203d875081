"""What commands say is what the library says."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

import nad


def document(result):
    """The one document of ``--json``, strict: no NaN."""
    assert result.code == 0, result.err

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    return json.loads(result.out, parse_constant=refuse)


def test_detect_reports_what_the_model_reports(run, files):
    found = document(run("detect", files.today, "-m", files.model, "--json"))
    model, flows = nad.load(files.model), nad.read(files.today)
    expected = model.detect(flows)
    assert len(expected) > 100
    assert [one["row"] for one in found["findings"]] == expected.rows.tolist()
    for one, finding in zip(found["findings"], expected):
        assert one["score"] == finding.score
        assert one["p_value"] == finding.p_value
        assert [reason["column"] for reason in one["reasons"]] == [reason.column for reason in finding.reasons]
        assert [reason["contribution"] for reason in one["reasons"]] == [r.contribution for r in finding.reasons]
        assert one["src_ip"] == str(flows["src_ip"][finding.row])
        assert one["record"].keys() == set(flows.columns)
        assert one["time"] == str(flows["timestamp"][finding.row]).rstrip("0").rstrip(".") + "Z"
    assert found["records"] == len(flows)
    assert found["reported"] == len(expected)
    assert found["threshold"] == {
        "score": expected.limit.score, "extrapolated": expected.limit.extrapolated, "rule": str(model.threshold_rule),
    }  # fmt: skip
    assert found["drift"]["needs_attention"] == expected.drift.needs_attention
    assert sorted(row for one in found["incidents"] for row in one["rows"]) == sorted(expected.rows.tolist())
    assert sum(one["records"] for one in found["incidents"]) == len(expected)


def test_attacks_are_few_incidents_and_come_first(run, files):
    incidents = document(run("detect", files.today, "-m", files.model, "--json"))["incidents"]
    truth = nad.read(files.truth, return_report=True)[0]
    for kind in ("port_scan", "horizontal_scan"):
        source = str(truth.filter(truth["label"] == kind)["src_ip"][0])
        places = [place for place, one in enumerate(incidents) if one["sources"].get(source, 0) > 50]
        assert len(places) == 1
        assert places[0] < 2
        assert list(incidents[places[0]]["sources"]) == [source]
        assert incidents[places[0]]["who"].startswith(f"{source} -> ")


def test_detect_as_text_names_hosts_reasons_and_the_rest(run, files):
    result = run("detect", files.today, "-m", files.model, "--top", 2)
    found = nad.load(files.model).detect(nad.read(files.today))
    assert result.out.startswith(f"{len(found):,} of {len(found.scores):,} records anomalous (score above ")
    assert "  1. " in result.out
    assert "  2. " in result.out
    assert "  3. " not in result.out
    assert result.out.count("(usual: ") + result.out.count(" than usual (") >= 2
    assert "--top shows more" in result.out
    each = run("detect", files.today, "-m", files.model, "--top", 3, "--each")
    for finding in found[:3]:
        assert f"row {finding.row}\n" in each.out
        assert all(str(reason) in each.out for reason in finding.reasons)


def test_detect_as_csv_is_the_records_with_what_is_said_of_them(run, files, tmp_path):
    result = run("detect", files.today, "-m", files.model, "--format", "csv", "--top", 5)
    rows = list(csv.DictReader(io.StringIO(result.out)))
    flows = nad.read(files.today)
    found = nad.load(files.model).detect(flows)
    assert [int(row["row"]) for row in rows] == found.rows[:5].tolist()
    assert [np.float32(row["score"]) for row in rows] == [np.float32(finding.score) for finding in found[:5]]
    assert [row["reasons"] for row in rows] == ["; ".join(map(str, finding.reasons)) for finding in found[:5]]
    assert rows[0]["history"] == (flows["history"][found[0].row] or "")
    out = tmp_path / "found.csv"
    written = run("detect", files.today, "-m", files.model, "--format", "csv", "--top", 5, "-o", out)
    assert out.read_text() == result.out
    assert written.out == ""
    assert f"{len(found):,} records of {len(flows):,} reported in {out}" in written.err


@pytest.mark.parametrize("shape", ["eve", "ecs", "cef"])
def test_detect_as_alerts(run, files, shape):
    result = run("detect", files.today, "-m", files.model, "--format", shape, "--top", 4)
    lines = result.out.splitlines()
    assert len(lines) == 4
    flows = nad.read(files.today)
    found = nad.load(files.model).detect(flows)
    for line, finding in zip(lines, found):
        row = flows.row(finding.row)
        if shape == "eve":
            alert = nad.alert_from_eve(line)
            assert (alert.src, alert.dst_port) == (str(row["src_ip"]), row["dst_port"])
            assert alert.score == pytest.approx(finding.score, rel=1e-6)
            assert alert.p_value == finding.p_value
            assert alert.community_id == row["community_id"]
            assert alert.first_seen == int(row["timestamp"].astype("int64"))
            assert [reason.column for reason in alert.reasons] == [reason.column for reason in finding.reasons]
            assert alert.model.id == "office"
            assert (alert.flow.bytes_sent, alert.flow.state) == (row["bytes_sent"], row["state"])
        elif shape == "ecs":
            ecs = json.loads(line)
            assert (ecs["source"]["ip"], ecs["destination"]["port"]) == (str(row["src_ip"]), row["dst_port"])
            assert ecs["nad"]["p_value"] == finding.p_value
        else:
            assert line.startswith("CEF:0|nad|nad|")
            key = "c6a2" if ":" in str(row["src_ip"]) else "src"  # CEF has keys of its own for IPv6
            assert f" {key}={row['src_ip']} " in line


def test_a_threshold_of_the_command_line(run, files):
    model, flows = nad.load(files.model), nad.read(files.today)
    for words, rule in (
        (("--alerts-per-day", 500), nad.ThresholdRule.alerts_per_day(500)),
        (("--fpr", 0.05), nad.ThresholdRule.false_positive_rate(0.05)),
        (("--contamination", 0.02), nad.ThresholdRule.contamination(0.02)),
        (("--quantile", 0.95), nad.ThresholdRule.quantile(0.95)),
        (("--score", 0.7), nad.ThresholdRule.score(0.7)),
    ):
        model.set_threshold(rule)
        found = document(run("detect", files.today, "-m", files.model, "--json", *words))
        assert found["threshold"]["rule"] == str(rule)
        assert found["reported"] == len(model.detect(flows))
    found = document(run("detect", files.today, "-m", files.model, "--json", "--false-discovery-rate", 0.1))
    assert found["reported"] == len(nad.load(files.model).detect(flows, false_discovery_rate=0.1))


def test_what_is_allowed_is_not_reported(run, files, tmp_path):
    before = document(run("detect", files.today, "-m", files.model, "--json"))
    scanner = next(iter(before["incidents"][0]["sources"]))
    allowed = tmp_path / "allow.txt"
    allowed.write_text(f'src={scanner} who="anna" why="our own scanner"\n')
    result = run("detect", files.today, "-m", files.model, "--json", "--allow", allowed)
    after = document(result)
    own = [one for one in before["findings"] if one["src_ip"] == scanner]
    assert after["reported"] == before["reported"] - len(own) < before["reported"]
    assert all(one["src_ip"] != scanner for one in after["findings"])
    assert f"{len(own):,} records allowed" in result.err


def test_train_saves_the_model_that_the_library_would_fit(run, files, tmp_path):
    out = tmp_path / "forest.nad"
    words = ("--detector", "isolation_forest:n_estimators=20,max_samples=64", "--seed", 5, "--alerts-per-day", 500)
    found = document(run("train", files.normal, "-o", out, "--json", *words, "--drop", "history,flags"))
    model = nad.Model(
        threshold=nad.ThresholdRule.alerts_per_day(500),
        detector=nad.IsolationForest(n_estimators=20, max_samples=64, random_state=5),
        random_state=5,
    ).fit(nad.read(files.normal).drop(["history", "flags"]))
    flows = nad.read(files.today)
    np.testing.assert_array_equal(nad.load(out).anomaly_score(flows), model.anomaly_score(flows))
    assert found["threshold"]["score"] == model.threshold.score == nad.load(out).threshold.score
    assert found["importance"] == model.importance()
    assert found["records"] == len(nad.read(files.normal))
    assert found["bytes"] == out.stat().st_size
    assert found["detector"] == "isolation_forest"


def test_train_without_options_chooses_as_the_library_does(run, files, tmp_path):
    out = tmp_path / "office.nad"
    result = run("train", files.today, "-o", out, "--training", "mixed", "--note", "a test")
    assert result.code == 0
    assert "ensemble for mixed training" in result.out
    assert f"next: nad detect FILE -m {out}" in result.out
    assert nad.read_header(out)["note"] == "a test"
    assert nad.load(out).training == "mixed"


def test_evaluate_says_what_nad_evaluate_says(run, tmp_path):
    flows = nad.datasets.synthetic_flows(3000, anomaly_ratio=0.05, random_state=1)
    quiet = flows.filter(flows["is_anomaly"] == False)  # noqa: E712 - a column
    flows.to_csv(tmp_path / "flows.csv")
    quiet.to_csv(tmp_path / "quiet.csv")
    model = tmp_path / "m.nad"
    detector = ("--detector", "isolation_forest:n_estimators=50")
    assert run("train", tmp_path / "quiet.csv", "-o", model, *detector).code == 0
    words = ("evaluate", tmp_path / "flows.csv", "-m", model, "--bootstrap", 50)
    found = document(run(*words, "--json"))
    loaded, table = nad.load(model), nad.read(tmp_path / "flows.csv")
    expected = nad.evaluate(loaded.anomaly_score(table), table, threshold=loaded.threshold.score, n_bootstrap=50)
    assert found == json.loads(expected.to_json())
    assert found["roc_auc"]["value"] > 0.6
    assert "roc_curve" in document(run(*words, "--json", "--curves"))
    assert run(*words).out == str(expected) + "\n"
    table.rename({"is_anomaly": "verdict"}).with_role("verdict", "feature").to_csv(tmp_path / "named.csv")
    named = document(
        run("evaluate", tmp_path / "named.csv", "-m", model, "--label", "verdict", "--bootstrap", 0, "--json")
    )
    assert named["roc_auc"]["value"] == found["roc_auc"]["value"]


def test_evaluate_takes_the_truth_of_a_simulation(run, files):
    found = document(
        run("evaluate", files.today, "--truth", files.truth, "-m", files.model, "--bootstrap", 0, "--json")
    )
    truth = nad.read(files.truth, return_report=True)[0]
    labels = truth.value_counts("label")
    assert found["rows"] == len(truth)
    assert {one["name"]: one["attacks"] for one in found["families"]} == {
        kind: count for kind, count in labels.items() if kind != "normal"
    }
    assert found["roc_auc"]["value"] > 0.9


def test_simulate_writes_what_the_library_writes(run, tmp_path):
    ours, theirs = tmp_path / "ours.pcap", tmp_path / "theirs.pcap"
    words = (
        "--hours",
        0.1,
        "--seed",
        3,
        "--rate",
        1,
        "--attack",
        "syn_flood:start=1m,duration=2,intensity=0.1,port=443",
    )
    found = document(run("simulate", ours, "--truth", tmp_path / "t.csv", "--json", *words))
    attack = nad.Attack("syn_flood", start=60, duration=2, intensity=0.1, port=443)
    truth = nad.simulate(theirs, hours=0.1, random_state=3, rate=1, attacks=[attack])
    assert ours.read_bytes() == theirs.read_bytes()
    assert found["labels"] == truth.value_counts("label")
    assert found["flows"] == len(truth)
    assert len(nad.read(tmp_path / "t.csv", return_report=True)[0]) == len(truth)
    run("simulate", tmp_path / "x.pcapng", "--hours", 0.01)
    assert (tmp_path / "x.pcapng").read_bytes()[:4] == b"\x0a\x0d\x0d\x0a"
    named = run(
        "simulate", tmp_path / "n.pcap", "--hours", 0.02, "-a", "land:duration=5,name=first", "-a", "land:duration=5"
    )
    assert named.code == 0


def test_lists(run):
    attacks = run("simulate", "--list-attacks")
    assert attacks.code == 0
    assert all(kind in attacks.out for kind in nad.attack_kinds())
    assert "period=60" in attacks.out
    formats = run("read", "--formats")
    assert formats.code == 0
    assert [line.split()[0] for line in formats.out.splitlines()] == list(nad.formats())


def test_read_says_what_is_in_a_file(run, files, tmp_path):
    flows = nad.read(files.today)
    found = document(run("read", files.today, "--json", "--head", 2))
    assert found["records"] == len(flows)
    assert found["files"] == [
        {"file": files.today, "format": "pcap", "records": len(flows), "left_out": {}, "notes": []}
    ]
    assert {one["name"]: one["type"] for one in found["columns"]} == flows.types
    assert {one["name"]: one["role"] for one in found["columns"]} == flows.roles
    times = flows["timestamp"].to_numpy()
    assert (found["begin"], found["end"]) == tuple(
        f"{time}".rstrip("0").rstrip(".") + "Z" for time in (times.min(), times.max())
    )
    assert [row["src_port"] for row in found["head"]] == flows["src_port"].to_list()[:2]
    text = run("read", files.today).out
    assert f"pcap, {len(flows):,} records" in text
    assert all(name in text for name in flows.columns)
    for ending in ("csv", "tsv"):
        target = tmp_path / f"flows.{ending}"
        assert run("read", files.today, "--to", target, "--columns", "src_ip,bytes_sent").code == 0
        assert nad.read(target)["bytes_sent"].to_list() == flows["bytes_sent"].to_list()
        assert nad.read(target).columns == ["src_ip", "bytes_sent"]


def test_read_writes_parquet(run, files, tmp_path):
    pytest.importorskip("pyarrow")
    target = tmp_path / "flows.parquet"
    assert run("read", files.today, "--to", target).code == 0
    assert nad.read(target)["bytes_sent"].to_list() == nad.read(files.today)["bytes_sent"].to_list()


def test_read_counts_what_is_malformed(run, tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("a,b\n1,2\n3\n4,5\n6,7,8\n")
    found = document(run("read", log, "--json"))
    assert found["records"] == 2
    assert sum(found["files"][0]["left_out"].values()) == 2
    assert "2 malformed records" in run("read", log).out
    strict = run("read", log, "--malformed", "error")
    assert strict.code == 2
    assert "log.csv" in strict.err


def test_several_files_are_one_table(run, files, tmp_path):
    merged = document(run("read", files.normal, files.today, "--json"))
    assert merged["records"] == len(nad.FlowMeter().read([files.normal, files.today]))
    for number in (1, 2):
        (tmp_path / f"{number}.csv").write_text(f"a,b\n{number},x\n")
    both = document(run("read", tmp_path / "1.csv", tmp_path / "2.csv", "--json", "--head", 9))
    assert both["head"] == [{"a": 1, "b": "x"}, {"a": 2, "b": "x"}]


def test_options_of_readers(run, files, tmp_path):
    log = tmp_path / "log.txt"
    log.write_text("1;2\n3;4\n")
    words = ("--read-option", "separator=;", "--read-option", "header=false", "--read-option", "names=['x','y']")
    found = document(run("read", log, "--json", "--input-format", "csv", *words))
    assert [one["name"] for one in found["columns"]] == ["x", "y"]
    found = document(run("read", files.today, "--json", "--read-option", "schema=kdd28"))
    assert len(found["columns"]) == len(nad.read(files.today, schema="kdd28").columns)


def test_inspect(run, files, checkout):
    model = nad.load(files.model)
    found = document(run("inspect", files.model, "--json"))
    assert found["header"] == nad.read_header(files.model)
    assert found["importance"] == model.importance()
    assert found["description"] == model.describe()
    assert found["threshold"]["score"] == model.threshold.score
    text = run("inspect", files.model, "--top", 3).out
    assert all(name in text for name in list(model.importance())[:3])
    assert model.describe().splitlines()[0] in text
    header = document(run("inspect", files.model, "--header", "--json"))
    assert "description" not in header
    for other in ("ecod_v1.nad", "feature_pipeline_0_v1.nad"):
        path = checkout / "tests" / "data" / other
        assert document(run("inspect", path, "--json"))["description"] == str(nad.load(path))
        assert Path(path).name in run("inspect", path).out


def test_detect_writes_a_page_without_what_is_allowed(run, files, tmp_path):
    truth = nad.read(files.truth, return_report=True)[0]
    scanner = str(truth.filter(truth["label"] == "port_scan")["src_ip"][0])
    allowed = tmp_path / "allowed.txt"
    allowed.write_text(f"src={scanner}\n")
    pages = []
    for number, more in enumerate(([], ["--allow", allowed])):
        page = tmp_path / f"{number}.html"
        result = run("detect", files.today, "-m", files.model, "--report", page, *more)
        assert result.code == 0, result.err
        pages.append(page.read_text(encoding="utf-8"))
        assert "<script" not in pages[-1]
    assert scanner in pages[0]
    assert scanner not in pages[1]


def test_lists_are_documents_too(run):
    listed = json.loads(run("read", "--formats", "--json").out)["formats"]
    assert {one["name"]: one["description"] for one in listed} == nad.formats()
    assert json.loads(run("read", "--json", "--formats").out)["formats"] == listed
    attacks = json.loads(run("simulate", "--list-attacks", "--json").out)["attacks"]
    assert {one["name"] for one in attacks} == set(nad.attack_kinds())
    own = next(one for one in attacks if one["name"] == "beaconing")
    assert own["description"]
    assert {one["name"] for one in own["options"]} == set(nad.attack_kinds()["beaconing"].options)
    assert own["options"][0].keys() == {"name", "usual", "least", "most", "description"}
    assert run("simulate", "--list-attacks").out.startswith("syn_flood ")
    assert len(run("read", "--formats").out.splitlines()) == len(listed)
