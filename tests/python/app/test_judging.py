"""What the page says of records: the library's own figures, filtered, compared, written."""

from __future__ import annotations

import csv
import io
import json
import re

import numpy as np
import pytest

import nad
from nad._words import surest
from nad.app import clusters, comparing, connection, downloads, judging, ui
from nad.app.judging import Filter
from nad.app.learning import Learning
from nad.app.records import Records
from nad.app.session import OpenModel

pytestmark = pytest.mark.filterwarnings("ignore::nad.DataWarning")


@pytest.fixture(scope="module")
def today(files):
    return nad.read(files.today)


@pytest.fixture(scope="module")
def judged(files, today):
    return judging.judge(nad.load(files.model), today)


def test_the_verdict_is_that_of_the_library(files, today, judged):
    findings = nad.load(files.model).detect(today)
    assert np.array_equal(judged.findings.rows, findings.rows)
    assert [flow.finding.row for flow in judged.flows] == findings.rows.tolist()
    assert sum(one.records for one in judged.incidents) == len(findings)


def test_another_threshold_learns_nothing_and_changes_nothing(files, today, judged):
    model = nad.load(files.model)
    before = model.threshold
    rule = nad.ThresholdRule.alerts_per_day(20_000)
    more = judging.judge(model, today, rule)
    assert model.threshold == before
    assert len(more.findings) > len(judged.findings)
    assert np.array_equal(more.findings.rows, model.set_threshold(rule).detect(today).rows)


def test_filters(judged):
    flows = judged.flows
    host = flows[0].src
    assert judged.listed(Filter()) == flows
    assert judged.listed(Filter(host=host)) == [flow for flow in flows if host in flow.src or host in flow.dst]
    assert judged.listed(Filter(service="TCP")) == [flow for flow in flows if flow.values["protocol"] == "tcp"]
    assert judged.listed(Filter(host="nobody")) == []
    middle = float(np.median([flow.finding.score for flow in flows]))
    assert judged.listed(Filter(least_score=middle)) == [flow for flow in flows if flow.finding.score >= middle]
    p = flows[len(flows) // 2].finding.p_value
    sure = [surest(flow.finding, flow.finding.run).p_value for flow in flows]  # as alerts have it
    assert judged.listed(Filter(most_p=p)) == [flow for flow, least in zip(flows, sure) if least <= p]
    column = flows[0].finding.reasons[0].column
    assert flows[0] in judged.listed(Filter(text=column.upper()))
    places = judged.places_of(Filter(host=host))
    assert places
    for place, one in enumerate(judged.incidents):
        rows = {finding.row for finding in one.findings}
        assert (place in places) == any(flow.finding.row in rows for flow in judged.listed(Filter(host=host)))
    assert judged.places_of(Filter()) == list(range(len(judged.incidents)))
    assert judged.places_of(Filter(host="nobody")) == []


def test_tables_have_a_row_each(judged):
    table = judging.listing(judged.flows)
    assert table["row"].to_list() == judged.findings.rows.tolist()
    assert table["src_ip"].to_list() == [flow.src for flow in judged.flows]
    runs = [None if flow.finding.run is None else str(flow.finding.run) for flow in judged.flows]
    assert (table["run"].to_list() if "run" in table else [None] * len(runs)) == runs
    assert judged.incidents_listed["records"].to_list() == [one.records for one in judged.incidents]
    assert judged.incidents_listed["who"].to_list() == [one.who for one in judged.incidents]
    assert [flow.finding.row for flow in judged.flows_of(judged.incidents[0])] == [
        finding.row for finding in judged.incidents[0].findings
    ]
    assert len(judging.listing([])) == len(judging.incidents_table([])) == 0


def test_differences_of_columns_are_named(files, today):
    model = nad.load(files.model)
    assert judging.misfit(model, today).rows() == []
    changed = (
        today.drop(["duration"]).with_column("history", [1.5] * len(today)).with_column("colour", ["red"] * len(today))
    )
    found = judging.misfit(model, changed)
    assert (found.lacking, found.unknown) == (["duration"], ["colour"])
    assert found.other_types == [("history", "category", "number")]
    assert found.rows()[0] == ("duration", "number", "not there")
    with pytest.raises(nad.Error, match="duration"):
        judging.judge(model, changed)


def test_a_typed_connection_is_judged_as_the_table_is(files, today, judged):
    model = nad.load(files.model)
    fields = connection.fields_of(model)
    assert {one.name for one in fields} == set(nad.RecordScorer(model).inputs)
    row = int(judged.findings.rows[0])
    record = today.row(row)
    typed = {
        one.name: connection.read_value(one, "" if record[one.name] is None else str(record[one.name]))
        for one in fields
    }
    said = connection.judge_one(model, typed)
    expected = nad.RecordScorer(model).score(record)
    assert said.finding.score == pytest.approx(expected.score, rel=1e-6)
    assert said.is_alert == expected.is_alert
    assert said.cluster is None
    usual = connection.judge_one(model, {one.name: one.usual for one in fields})
    assert usual.finding.score < said.finding.score


def test_what_is_typed_has_to_fit_its_column():
    number = connection.Field("port", "integer", None, [], "", 0.0)
    assert connection.read_value(number, " 1,024 ") == 1024
    assert connection.read_value(number, "") is None
    for wrong in ("many", "1.5", "nan", "1e999"):
        with pytest.raises(nad.Error, match="port takes a"):
            connection.read_value(number, wrong)
    assert connection.read_value(connection.Field("s", "category", None, [], "", 0.0), " http ") == "http"


def test_clusters_of_k_means_are_those_of_the_model(files):
    normal = nad.read(files.normal)
    model = nad.Model(detector=nad.KMeans(n_clusters=6, random_state=0)).fit(normal)
    found = clusters.learn_clusters(model, normal)
    for row in (5, 50, 500):
        said = connection.judge_one(model, normal.row(row), found)
        # the features that look back see one record alone, here as there
        alone = model.pipeline.transform(normal[row : row + 1])
        assert said.cluster.cluster == int(model.detector.predict_cluster(alone)[0])
        assert said.clusters == 6
        assert said.cluster.profile.traits


def test_any_model_has_clusters_of_what_it_learnt_from(files):
    normal = nad.read(files.normal)
    labels = ["web" if port in (80, 443) else "other" for port in normal["dst_port"].to_list()]
    table = normal.with_column("what", labels, type="category", role="label")
    learning = Learning(nad.Model(detector=nad.Histogram()), table, records_name="normal.pcap")
    learning.start()
    learning.join(60)
    assert (learning.state, learning.no_clusters) == ("done", "")
    expected = nad.Clustering(random_state=0).fit(table)
    record = {name: value for name, value in table.row(5).items() if name in nad.RecordScorer(learning.model).inputs}
    said = connection.judge_one(learning.model, {**record, "nothing known": 3}, learning.clusters)
    assert said.clusters == len(expected.profiles) > 1
    assert str(said.cluster) == str(
        expected.match({name: value for name, value in record.items() if name in expected.pipeline.inputs})
    )
    assert said.cluster.behaviour in ("web", "other")
    assert connection.judge_one(learning.model, record).cluster is None
    again = downloads.clusters_bytes(learning.clusters)
    path = files.folder / "clusters.nad"
    path.write_bytes(again)
    assert str(nad.load(path)) == str(learning.clusters)


def test_a_model_is_of_use_where_no_clusters_are_found(files, monkeypatch):
    def none(*_):
        raise nad.InvalidDataError("all records are alike")

    monkeypatch.setattr("nad.app.learning.learn_clusters", none)
    learning = Learning(nad.Model(detector=nad.Histogram()), nad.read(files.normal))
    learning.start()
    learning.join(60)
    assert (learning.state, learning.clusters, learning.no_clusters) == ("done", None, "all records are alike")
    opened = OpenModel.learnt(learning)
    assert (opened.clusters_of, opened.no_clusters) == ("", "all records are alike")


def test_two_models_beside_each_other(files, today, judged):
    normal = nad.read(files.normal)
    second = nad.Model(detector=nad.Histogram(), threshold=nad.ThresholdRule.contamination(0.02)).fit(normal)
    other = judging.judge(second, today)
    both = comparing.compared(judged, other)
    first, then = set(judged.findings.rows.tolist()), set(other.findings.rows.tolist())
    assert (both.both, both.only_one, both.only_other) == (len(first & then), len(first - then), len(then - first))
    assert both.neither == len(today) - len(first | then)
    assert both.agreement == pytest.approx(1 - len(first ^ then) / len(today))
    assert both.overlap == pytest.approx(len(first & then) / len(first | then))
    assert {flow.finding.row for flow in both.listed_one} == first - then
    same = comparing.compared(judged, judged)
    assert (same.agreement, same.overlap) == (1.0, 1.0)
    with pytest.raises(nad.Error, match="different records"):
        comparing.compared(judged, judging.judge(second, nad.read(files.today)))


def test_downloads_hold_what_was_found(files, today, judged, tmp_path):
    rows = list(csv.DictReader(io.StringIO(downloads.findings_csv(judged).decode())))
    assert [int(row["row"]) for row in rows] == judged.findings.rows.tolist()
    assert [row["src_ip"] for row in rows] == [flow.src for flow in judged.flows]
    document = json.loads(downloads.findings_json(judged, "today.pcap", "office.nad"))
    assert document["reported"] == len(document["findings"]) == len(rows)
    assert sum(one["records"] for one in document["incidents"]) == len(rows)
    page = downloads.report_html(judged, Records("today.pcap", today, [])).decode()
    assert "today.pcap" in page
    assert "<script" not in page
    (tmp_path / "again.nad").write_bytes(downloads.model_bytes(judged.model))
    assert np.array_equal(nad.load(tmp_path / "again.nad").anomaly_score(today), judged.findings.scores)


def test_spreadsheets_run_nothing_of_it(files):
    normal = nad.read(files.normal)[:300]
    table = nad.Table(
        {
            "who": ["=HYPERLINK(1)", "@SUM(1)", "+1", "-2+3", "-5", "tcp"] * 50,
            "bytes": normal["bytes_sent"].to_list(),
        },
        types={"who": "text"},
        roles={"who": "identifier"},
    )
    model = nad.Model(threshold=nad.ThresholdRule.contamination(0.5), training="mixed").fit(table)
    rows = list(csv.DictReader(io.StringIO(downloads.findings_csv(judging.judge(model, table)).decode())))
    assert rows
    assert not [row["who"] for row in rows if row["who"].startswith(("=", "@", "+", "-2"))]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("day.pcap", "day.nad"),
        ("conn.log.gz", "conn.nad"),
        ("../x y", "x_y.nad"),
        ("...", "nad.nad"),
        ("a.b.csv", "a.b.nad"),
    ],
)
def test_names_of_downloads(name, expected):
    assert downloads.file_name(name, ".nad") == expected


@pytest.mark.parametrize(
    "text",
    ["see http://evil.example/x", "HTTPS://evil.example", "www.evil.example", "WWW.evil.example", "a@evil.example"],
)
def test_addresses_in_texts_become_no_links(text):
    """By the rules of GitHub's Markdown, which finds addresses after marks have lost their meaning."""
    shown = re.sub(r"\\(.)", r"\1", ui.plain(text))
    assert shown.replace("\u2060", "") == text
    assert not re.search(r"(https?://|www(?=\.))([-.\w]+)([^ \t\r\n]*)", shown, re.IGNORECASE)
    assert not re.search(r"([-.\w+]+)@([-\w]+(?:\.[-\w]+)+)", shown)
