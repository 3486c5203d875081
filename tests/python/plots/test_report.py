"""The report says what was found, loads nothing, runs nothing, and takes what comes from traffic as plain text."""

from __future__ import annotations

import html
import html.parser
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import nad

sys.path.insert(0, str(Path(__file__).parent))
import drawn

from nad._words import attention

HOSTILE = '<script>alert(1)</script>"><img src=http://evil.example/x onerror=alert(1)>\x1b[31m'
EMPTY = {"meta", "path", "rect", "br"}


class Page(html.parser.HTMLParser):
    """The elements of a page, its texts, and whether it closes what it opens."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def assert_it_is_inert(text: str) -> None:
    """Nothing is loaded from anywhere, and nothing runs."""
    for tag, attributes in Page(text).elements:
        assert tag not in ("script", "img", "iframe", "object", "embed", "link", "base", "form", "image", "use"), tag
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in ("src", "srcset", "action", "data", "poster", "background", "xlink:href"), (tag, name)
            if name == "href":
                assert value.startswith("#"), value
            if name == "xmlns":
                assert value == "http://www.w3.org/2000/svg"
            elif name != "content":
                assert "//" not in (value or ""), (tag, name, value)
    for sheet in re.findall(r"<style>(.*?)</style>", text, re.DOTALL):
        assert "url(" not in sheet
        assert "@import" not in sheet
        assert "//" not in sheet
    assert "default-src &#x27;none&#x27;" in text or "default-src 'none'" in text


@pytest.fixture(scope="module")
def text(model, today, findings) -> str:
    return nad.report(None, model, today, findings)


def test_it_says_what_was_found(text, today, findings, model):
    page = Page(text).text
    assert f"{len(today):,}" in page
    assert f"{len(findings):,} reported records" in page
    assert f"score {findings.limit.score:.4g}" in page
    assert str(model.threshold_rule) in page
    times = today["timestamp"].to_numpy()
    days = (times.max() - times.min()) / np.timedelta64(1, "D")
    assert f"{len(findings) / days:,.3g} of these records" in page
    assert f"{findings.drift.promised_share * len(today) / days:,.3g} " in page
    assert attention(findings.drift)[0] in page
    for line in model.describe().splitlines()[1:]:
        assert line.lstrip("- ") in page
    for name, why in model.pipeline.left_out.items():
        assert f"{name} {why}" in page
    first = findings[0]
    assert str(first.reasons[0]).rpartition(": ")[0] in page
    assert f"together {first.surprise:.2f}" in page
    assert str(today["src_ip"][first.row]) in page


def test_every_section_is_there_and_every_link_leads_to_one(text):
    elements = Page(text).elements
    sections = [attributes["id"] for tag, attributes in elements if tag == "section"]
    assert sections == ["summary", "time", "findings", "hosts", "scores", "evaluation", "learnt", "quality"]
    assert [attributes["href"] for tag, attributes in elements if tag == "a"] == [f"#{name}" for name in sections]


def test_hosts_are_counted(text, today, findings):
    hosts = [str(today["src_ip"][finding.row]) for finding in findings]
    busiest = max(set(hosts), key=hosts.count)
    everywhere = [str(one) for one in today["src_ip"].to_list()].count(busiest)
    row = re.search(rf'<td><span class="host">{re.escape(busiest)}</span></td>(.*?)</tr>', text)[1]
    cells = re.findall(r">([^<]*)</td>", row)
    assert cells[:2] == [f"{hosts.count(busiest):,}", f"{everywhere:,}"]


def test_labels_are_judged(text, evaluation, model, today, findings):
    page = Page(text).text
    assert f"{evaluation.true_positives:,.0f} of {evaluation.attacks:,.0f}" in page
    assert f"{evaluation.roc_auc:.4f}" in page
    assert f"{evaluation.false_positives:,.0f} false alerts" in page
    assert "evaluation" not in nad.report(None, model, today, findings, evaluation=False)
    bare = today.drop(["label", "is_anomaly"])
    assert 'id="evaluation"' not in nad.report(None, model, bare, findings)
    given = nad.report(None, model, bare, findings, evaluation=evaluation)
    assert f"{evaluation.roc_auc:.4f}" in given
    normal = today.filter(~today["is_anomaly"])
    assert "The labels say nothing of the scores" in nad.report(None, model, normal)
    with pytest.raises(nad.Error):
        nad.report(None, model, normal, evaluation=True)


def test_it_is_inert(text):
    assert_it_is_inert(text)


def test_its_pictures_are_well_formed(text):
    pictures = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(pictures) == 8
    for picture in pictures:
        drawn.tree(picture)


def test_its_pictures_can_be_read_on_a_narrow_screen(text):
    """They shrink with their texts: none is drawn for a wide page, and what would still shrink too much is scrolled."""
    for picture in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        width = int(re.search(r' width="(\d+)"', picture)[1])
        assert width <= 600 or 'class="cell' in picture
        assert f"--nad-least:{0.6 * width:.0f}px" in picture
    assert "svg{min-width:var(--nad-least)}" in text
    assert ".one,.charts>div{min-width:0;overflow-x:auto}" in text


def test_attacks_that_are_found_by_runs_are_found(tmp_path):
    """One source tries passwords: many records, each of them only a little unusual."""
    nad.simulate(tmp_path / "normal.pcap", hours=1, random_state=1, snap_length=128)
    truth = nad.simulate(
        tmp_path / "today.pcap", hours=0.4, random_state=2, attacks=["ssh_brute_force"], snap_length=128
    )
    model = nad.Model(threshold=nad.ThresholdRule.alerts_per_day(40)).fit(nad.read(tmp_path / "normal.pcap"))
    today = nad.label_flows(nad.read(tmp_path / "today.pcap"), truth)
    found = model.detect(today)
    labels = today["label"].to_list()
    attacks = sum(label == "ssh_brute_force" for label in labels)
    right = sum(labels[row] == "ssh_brute_force" for row in found.rows)
    by_score = int((found.scores[found.rows] > found.limit.score).sum())
    assert right > 0.9 * attacks
    assert by_score < len(found)
    page = Page(nad.report(None, model, today, found)).text
    assert f"attacks found {100 * right / attacks:.3g} % {right:,} of {attacks:,}" in page
    assert f"{len(found) - right:,} false alert" in page
    assert f"{len(found) - by_score:,} records of those that are reported are so because" in page


def test_hostile_traffic_stays_text():
    rng = np.random.default_rng(1)

    def table(rows, odd):
        words = np.where(np.arange(rows) < odd, HOSTILE, "http")
        return nad.Table(
            {
                "src_ip": [HOSTILE if i < odd else f"host {i % 9}" for i in range(rows)],
                "dst_ip": [HOSTILE[::-1]] * rows,
                "service": words,
                HOSTILE: rng.normal(size=rows) + 50 * (np.arange(rows) < odd),
                "label": np.where(np.arange(rows) < odd, HOSTILE, "normal"),
            },
            roles={"src_ip": "identifier", "dst_ip": "identifier", "label": "label"},
        )

    model = nad.Model(detector=nad.IsolationForest(random_state=1)).fit(table(1000, 0))
    read = nad.ReadReport(HOSTILE, 300, {HOSTILE: 3}, [HOSTILE])
    text = nad.report(None, model, table(300, 9), title=HOSTILE, note=HOSTILE, read_report=read)
    assert_it_is_inert(text)
    assert "\x1b" not in text
    page = Page(text)
    assert "<script>alert(1)</script>" in page.text
    assert "3 malformed ones were left out" in page.text
    assert any("<script>" in one for one in page.texts if "malformed" not in one)


def test_nothing_found_one_row_no_times_and_gaps(model, today):
    quiet = model.detect(today[:1])
    assert len(quiet) == 0
    page = Page(nad.report(None, model, today[:1], quiet)).text
    assert "Nothing is above the threshold" in page
    assert "the records span no time" in page
    table = nad.Table({"a": [1.0, 2.0, None] * 50, "b": np.arange(150.0)})
    other = nad.Model(detector=nad.IsolationForest(random_state=1), training="mixed").fit(table)
    page = Page(nad.report(None, other, table)).text
    assert "the records have no times" in page
    assert "a 50 33.3 %" in page
    constant = nad.Model(detector=nad.Mahalanobis(), training="mixed").fit(table)
    assert "Findings" in nad.report(None, constant, table[:1])


def test_false_discoveries_promise_something_else(model, today):
    findings = model.detect(today, false_discovery_rate=0.2)
    page = Page(nad.report(None, model, today, findings)).text
    if findings.limit.score != model.threshold.score:
        assert "follows from a rate of false discoveries" in page


def test_ten_thousand_findings_are_less_than_a_megabyte(model, tmp_path):
    table = nad.datasets.synthetic_flows(12_000, anomaly_ratio=0.05, random_state=3)
    sharp = nad.Model(threshold=nad.ThresholdRule.score(0.0), detector=nad.IsolationForest(random_state=1))
    findings = sharp.fit(table.filter(~table["is_anomaly"])[:2000]).detect(table)
    assert len(findings) > 10_000
    nad.report(tmp_path / "page.html", sharp, table, findings, most_entries=1_000_000)
    assert (tmp_path / "page.html").stat().st_size < 1_000_000
    page = Page((tmp_path / "page.html").read_text(encoding="utf-8")).text
    assert "nad.incidents(table, findings) has all" in page
    assert f"{len(findings):,} reported records" in page


def test_its_entries_are_the_incidents(text, today, findings):
    found = nad.incidents(today, findings)
    assert f"{len(findings):,} reported records in {len(found):,} incidents" in text
    entries = re.findall(r'<summary class="entry">(.*?)</summary>', text)
    assert len(entries) == len(found)
    for number, (entry, one) in enumerate(zip(entries, found), 1):
        shown = Page(f"<div>{entry}</div>").text
        assert shown.startswith(f"{number} {one.when}")
        assert (f"{one.records:,} records" in shown) == (one.records > 1)
        assert one.ends.replace("->", "→") in shown
        assert all(str(reason).rpartition(": ")[0][:150] in shown for reason in one.reasons(2))
        assert f"score {one.strongest.score:.4g}" in shown


def test_without_hosts_records_of_one_kind_are_one_entry(model, today):
    bare = today.drop(["src_ip", "dst_ip", "label", "is_anomaly"])
    other = nad.Model(detector=nad.IsolationForest(random_state=1), training="mixed").fit(bare)
    findings = other.detect(bare)
    found = nad.incidents(bare, findings)
    text = nad.report(None, other, bare, findings)
    assert 1 < len(found) < len(findings)
    assert "Records with the same two strongest reasons are one" in text
    for entry, one in zip(re.findall(r'<summary class="entry">(.*?)</summary>', text), found):
        assert one.records == 1 or html.escape(one.kind[:55]) in entry


def test_what_nobody_explained_is_explained_on_the_page(model, today):
    text = nad.report(None, model, today, model.detect(today, most_explained=0))
    assert "not among those that were explained" not in text
    assert text.count('<div class="reasons">') >= len(nad.incidents(today, model.detect(today)))


def test_the_file_is_whole_or_not_there(model, today, findings, tmp_path):
    made = nad.report(tmp_path / "a.html", model, today, findings)
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == made
    assert [one.name for one in tmp_path.iterdir()] == ["a.html"]
    assert (tmp_path / "a.html").stat().st_mode & 0o777 == _usual_mode(tmp_path)
    with pytest.raises(nad.IoError, match="cannot be written"):
        nad.report(tmp_path / "no" / "a.html", model, today, findings)


def _usual_mode(folder: Path) -> int:
    (folder / "other").write_text("", encoding="utf-8")
    return (folder / "other").stat().st_mode & 0o777


def test_what_is_no_model_or_belongs_to_others_is_an_error(model, today, findings):
    with pytest.raises(nad.Error, match="nad.Model"):
        nad.report(None, "model.nad", today)
    with pytest.raises(nad.Error, match="2,000 records, but the table has 10"):
        nad.report(None, model, today[:10], findings)
    with pytest.raises(nad.Error, match="model.detect"):
        nad.report(None, model, today, findings.scores)


def test_it_needs_numpy_alone(tmp_path):
    program = f"""
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("matplotlib", "plotly", "pandas", "sklearn"):
            raise ImportError(name + " is refused")
sys.meta_path.insert(0, Refuse())
import nad
table = nad.datasets.synthetic_flows(1000, anomaly_ratio=0.02, random_state=1)
model = nad.Model(training="mixed", detector=nad.IsolationForest(random_state=1)).fit(table)
print(len(nad.report({str(tmp_path / "a.html")!r}, model, table)))
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    assert int(done.stdout) > 50_000


def test_a_page_goes_through_links_and_into_devices_and_replaces_neither(tmp_path):
    table = nad.datasets.synthetic_flows(400, anomaly_ratio=0.0, random_state=1)
    model = nad.Model(detector=nad.Mahalanobis()).fit(table)
    page = tmp_path / "page.html"
    page.write_text("old")
    (tmp_path / "link.html").symlink_to(page)
    text = nad.report(tmp_path / "link.html", model, table)
    assert (tmp_path / "link.html").is_symlink()
    assert page.read_text(encoding="utf-8") == text
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as readers:
        read = readers.submit(lambda: pipe.read_text(encoding="utf-8"))
        assert nad.report(pipe, model, table) == read.result(60)
    assert pipe.is_fifo()
