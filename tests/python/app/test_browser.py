"""The page in a headless browser: real files, real clicks, and what a person then sees."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

import nad

LIMIT_MB = 60  # of the server in conftest.py
PATIENCE = 25_000  # milliseconds, for any single thing
pytestmark = pytest.mark.filterwarnings("ignore::nad.DataWarning")


class Person:
    """A browser of its own, and what it asked the network for."""

    def __init__(self, browser, address: str, width: int = 1280):
        self.context = browser.new_context(viewport={"width": width, "height": 900}, accept_downloads=True)
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.asked: set[str] = set()
        self.page.on("request", lambda request: self.asked.add(request.url))
        self.page.goto(address)
        self.title("Records")

    def title(self, name: str) -> None:
        self.page.get_by_role("heading", name=name, exact=True, level=1).wait_for()

    def go(self, name: str) -> None:
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
        self.title(name)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def give(self, key: str, *files) -> None:
        self.page.locator(f".st-key-{key} input[type=file]").set_input_files(list(files))

    def sees(self, text: str) -> None:
        self.page.get_by_text(text).filter(visible=True).first.wait_for()

    def metric(self, label: str) -> str:
        shown = self.page.get_by_test_id("stMetric").filter(has=self.page.get_by_text(label, exact=True))
        return shown.get_by_test_id("stMetricValue").inner_text().strip()

    def waits_for_metric(self, label: str, value: str) -> None:
        shown = self.page.get_by_test_id("stMetric").filter(has=self.page.get_by_text(label, exact=True))
        shown.get_by_test_id("stMetricValue").filter(has_text=re.compile(rf"^\s*{re.escape(value)}\s*$")).wait_for()

    def error(self) -> str:
        self.page.get_by_test_id("stAlert").first.wait_for()
        return self.page.get_by_test_id("stAlert").first.inner_text()

    def chooses(self, label: str, option: str) -> None:
        self.page.get_by_role("combobox", name=label).click()
        self.page.get_by_role("option", name=option, exact=True).click()

    def download(self, name: str, folder: Path) -> Path:
        with self.page.expect_download(timeout=PATIENCE) as started:
            self.press(name)
        path = folder / started.value.suggested_filename
        started.value.save_as(path)
        return path

    def opens_model(self, path) -> None:
        self.go("Model")
        self.page.get_by_role("tab", name="Open a file").click()
        self.give("model-file", path)
        self.page.get_by_role("heading", name=path.name).wait_for()

    def opens_records(self, path) -> None:
        if not self.page.get_by_role("heading", name="Records", exact=True, level=1).count():
            self.go("Records")
        self.give("records-files", path)
        self.page.get_by_role("heading", name=path.name).wait_for()


@pytest.fixture
def arrive(chromium, address):
    """Lets persons come; all of them leave, and nobody may have seen a traceback or asked anybody outside."""
    with contextlib.ExitStack() as left:
        persons: list[Person] = []

        def come(**options) -> Person:
            person = Person(chromium, address, **options)
            left.callback(person.context.close)
            persons.append(person)
            return person

        yield come
        for person in persons:
            assert "Traceback" not in person.page.content()
            outside = {url for url in person.asked if urlsplit(url).netloc not in ("", urlsplit(address).netloc)}
            assert not outside, "the page asked for something outside"


def test_from_a_capture_to_findings(arrive, files, tmp_path):
    person = arrive()
    person.opens_records(files.normal)
    normal = nad.read(files.normal)
    assert person.metric("Records") == f"{len(normal):,}"
    assert person.metric("Format") == "pcap"

    person.go("Model")
    person.chooses("Detector", "Isolation Forest")
    person.press("Learn")
    person.page.get_by_text(re.compile("one is being learnt|Learnt here")).filter(visible=True).first.wait_for()
    person.go("Findings")  # it appears here, too, without a click
    person.sees("The model learnt from these very records: to it they are normal, attacks among them too.")
    person.opens_records(files.today)

    rule = nad.ThresholdRule.alerts_per_day(20)
    model = nad.Model(threshold=rule, detector=nad.IsolationForest(max_samples=4096, random_state=0)).fit(normal)
    today = nad.read(files.today)
    person.go("Findings")
    person.waits_for_metric("Reported", f"{len(model.detect(today)):,}")
    assert person.page.get_by_text("learnt from these very records").count() == 0
    slider = person.page.get_by_role("slider", name="Alerts a day")
    for _ in range(6):
        slider.press("ArrowRight")
    findings = model.set_threshold(nad.ThresholdRule.alerts_per_day(2000)).detect(today)
    person.waits_for_metric("Reported", f"{len(findings):,}")
    person.page.get_by_test_id("stPlotlyChart").first.wait_for()

    person.go("Download")
    document = json.loads(person.download("Findings (JSON)", tmp_path).read_text())
    assert [one["row"] for one in document["findings"]] == findings.rows.tolist()
    table = nad.read(person.download("Findings (CSV)", tmp_path))
    assert table["row"].to_list() == findings.rows.tolist()
    saved = nad.load(person.download("Model (.nad)", tmp_path))
    assert np.array_equal(saved.anomaly_score(today), model.anomaly_score(today))
    person.press("Write the report")
    report = person.download("Report (HTML)", tmp_path).read_text()
    assert "today.pcap" in report
    assert "<script" not in report


def test_findings_are_chosen_and_filtered(arrive, files):
    person = arrive()
    person.opens_records(files.today)
    findings = nad.load(files.model).detect(nad.read(files.today))
    person.go("Findings")
    person.waits_for_metric("Reported", f"{len(findings):,}")
    page = person.page
    page.get_by_text("Every finding", exact=True).click()
    person.sees(f"{len(findings):,} findings, the most anomalous first")
    person.sees(f"Finding 1: row {findings[0].row:,}")
    grid = page.get_by_test_id("stDataFrame").filter(visible=True).first
    box = grid.bounding_box()
    grid.click(position={"x": 15, "y": 36 + 35 * 2 + 17})  # the box of the third row: the table is a picture
    assert box is not None
    person.sees(f"Finding 3: row {findings[2].row:,}")
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("Address").fill("no such host")
    page.get_by_label("Address").press("Enter")
    person.sees("No finding is as the filter asks for.")
    page.get_by_label("Address").fill("")
    page.get_by_label("Address").press("Enter")
    page.get_by_text("Among all records", exact=True).click()
    person.sees("Anomalous records have a colour")

    person.go("Pictures")
    for name in ("Scores", "Two columns", "Plane of most variance", "Hosts", "Importance"):
        page.locator(".st-key-picture").get_by_text(name, exact=True).click()
        title = {
            "Scores": "how scores are spread",
            "Two columns": "bytes_sent and bytes_received",
            "Plane of most variance": "records in the plane of most variance",
            "Hosts": "reported records from host to host",
            "Importance": "what scores depend on",
        }[name]
        page.get_by_test_id("stPlotlyChart").filter(has_text=title).wait_for()


def test_wrong_files_are_sentences(arrive, files, tmp_path):
    person = arrive()
    noise = tmp_path / "![x](http%3A)<img src=x onerror=alert(1)>.pcap"
    noise.write_bytes(bytes(range(256)) * 8)
    person.give("records-files", noise)
    assert "<img src=x" in person.error()  # as it is, and not as a part of the page
    assert person.page.locator("img[src=x]").count() == 0
    person.go("Model")
    person.page.get_by_role("heading", name="office.nad").wait_for()  # from the start
    person.page.get_by_role("tab", name="Open a file").click()
    person.give("model-file", files.today)
    person.sees("not a nad model file")
    damaged = tmp_path / "damaged.nad"
    content = files.model.read_bytes()
    damaged.write_bytes(content[: len(content) // 2])
    person.give("model-file", damaged)
    person.page.get_by_test_id("stAlert").filter(has_text="damaged.nad").wait_for()
    shutil.copy(files.model, tmp_path / "other.nad")
    person.give("model-file", tmp_path / "other.nad")
    person.page.get_by_role("heading", name="other.nad").wait_for()
    person.opens_records(files.other)
    person.go("Findings")
    person.sees("does not fit this model")
    person.sees("How the records differ from those that the model learnt from")


def test_two_persons_see_their_own(arrive, files):
    one, other = arrive(), arrive()
    one.opens_records(files.today)
    other.opens_records(files.other)
    assert other.metric("Records") == f"{len(nad.read(files.other)):,}"
    one.go("Findings")
    one.waits_for_metric("Of records", f"{len(nad.read(files.today)):,}")
    other.go("Findings")
    other.sees("does not fit this model")


def test_a_connection_is_typed_in(arrive, files, tmp_path):
    model = nad.Model(detector=nad.KMeans(n_clusters=6, random_state=0)).fit(nad.read(files.normal))
    model.save(tmp_path / "clusters.nad")
    today = nad.read(files.today)
    person = arrive()
    person.opens_records(files.today)
    person.opens_model(tmp_path / "clusters.nad")
    person.go("One connection")
    assert model.pipeline.looks_back
    person.sees("The connection is judged by itself, as the first that was ever seen")
    person.press("Find the kinds of records")
    person.page.get_by_role("button", name="Find the kinds of records").wait_for(state="detached")
    person.press("What is it?")
    person.waits_for_metric("Verdict", "ordinary")
    person.sees("What the records of this cluster are like")
    assert person.metric("Cluster").endswith("of 6")
    record = today.row(int(np.argmin(model.anomaly_score(today))))
    changed = {**record, "dst_port": 31337}
    person.page.get_by_label("dst_port", exact=True).fill("31337")
    person.press("What is it?")
    person.waits_for_metric("Score", f"{nad.RecordScorer(model).score(changed).score:.4g}")
    person.page.get_by_label("dst_port", exact=True).fill("many")
    person.press("What is it?")
    person.sees("dst_port takes a whole number, not 'many'")


def test_the_kind_of_a_connection_is_told_with_any_model(arrive, files, tmp_path):
    """Learn with an Isolation Forest, type in a connection, and read which cluster and behaviour it matches."""
    normal = nad.read(files.normal)
    behaviours = ["secure web" if port == 443 else "other" for port in normal["dst_port"].to_list()]
    labelled = normal.drop("last_seen").with_column("behaviour", behaviours, type="category", role="label")
    labelled.with_column("label", behaviours).drop("behaviour").to_csv(tmp_path / "labelled.csv")
    table = nad.read(tmp_path / "labelled.csv")
    person = arrive()
    person.opens_records(tmp_path / "labelled.csv")
    person.go("Model")
    person.chooses("Detector", "Isolation Forest")
    person.press("Learn")
    person.sees("Learnt here, from labelled.csv.")
    kinds = nad.Clustering(random_state=0).fit(table)
    person.sees(f"{len(kinds.profiles)} kinds of records in labelled.csv")
    person.go("One connection")
    person.page.get_by_text("another record", exact=True).click()
    row = behaviours.index("secure web")
    person.page.get_by_label("Row", exact=True).fill(str(row))
    person.page.get_by_label("Row", exact=True).press("Enter")
    person.page.get_by_label("src_port", exact=True).and_(
        person.page.locator(f"[value='{table['src_port'][row]}']")
    ).wait_for()
    person.press("What is it?")
    known = {name: value for name, value in table.row(row).items() if name in kinds.pipeline.inputs}
    match = kinds.match(known)
    person.waits_for_metric("Cluster", f"{match.cluster} of {len(kinds.profiles)}")
    person.waits_for_metric("Behaviour", match.behaviour)
    person.sees("What the records of this cluster are like")
    person.sees(match.summary(traits=6).splitlines()[0])
    person.go("Pictures")
    person.page.locator(".st-key-picture").get_by_text("Clusters", exact=True).click()
    person.page.get_by_test_id("stPlotlyChart").filter(has_text=f"{len(kinds.profiles)} clusters").wait_for()
    person.go("Download")
    saved = person.download("Clusters (.nad)", tmp_path)
    assert str(nad.load(saved)) == str(kinds)

    other = arrive()  # another day, with the model that was saved and the clusters that were saved
    other.opens_model(person.download("Model (.nad)", tmp_path))
    other.give("model-file", saved)
    other.sees(f"{len(kinds.profiles)} kinds of records in {saved.name}")
    other.go("One connection")
    other.press("What is it?")
    other.sees("What the records of this cluster are like")
    assert other.metric("Cluster").endswith(f"of {len(kinds.profiles)}")


def test_alerts_come_while_files_arrive(arrive, files, tmp_path):
    person = arrive()
    person.go("Live")
    person.page.get_by_label("Path or interface", exact=True).fill(str(tmp_path))
    person.page.get_by_label("Path or interface", exact=True).press("Enter")
    person.press("Start")
    person.sees("No alert so far.")
    shutil.copy(files.today, tmp_path / "part")
    (tmp_path / "part").rename(tmp_path / "today.pcap")
    flows = nad.read(files.today)
    still_open = sum(ended == "flushed" for ended in flows["ended"].to_list())  # another capture might go on with them
    assert still_open > 0
    person.waits_for_metric("Records", f"{len(flows) - still_open:,}")
    person.sees("The latest one")
    person.go("Findings")  # it goes on meanwhile
    person.go("Live")
    person.press("Stop")
    person.sees("It has ended.")
    person.waits_for_metric("Records", f"{len(flows):,}")


def test_two_models_are_compared(arrive, files, tmp_path):
    normal, today = nad.read(files.normal), nad.read(files.today)
    other = nad.Model(detector=nad.Histogram(), threshold=nad.ThresholdRule.contamination(0.02)).fit(normal)
    other.save(tmp_path / "histogram.nad")
    person = arrive()
    person.opens_records(files.today)
    person.go("Compare")
    person.give("compare-file", tmp_path / "histogram.nad")
    first = set(nad.load(files.model).detect(today).rows.tolist())
    second = set(other.detect(today).rows.tolist())
    person.waits_for_metric("Reported by both", f"{len(first & second):,}")
    assert person.metric("By this one only") == f"{len(first - second):,}"
    assert person.metric("By the other only") == f"{len(second - first):,}"


def test_a_narrow_screen_a_simulated_day_and_a_large_file(arrive, tmp_path):
    person = arrive(width=420)
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate((LIMIT_MB << 20) + 1)
    person.give("records-files", large)
    person.sees(f"must be {LIMIT_MB}.0MB or smaller")
    person.press("Twenty minutes with attacks")
    person.sees("Labels: label.")
    assert person.page.evaluate("document.documentElement.scrollWidth") <= 420  # nothing sticks out
