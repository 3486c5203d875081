"""``nad demo``, with less traffic than usual."""

from __future__ import annotations

import json

import nad
from nad.cli import demo


def test_the_demonstration_finds_attacks_and_keeps_its_files(run, tmp_path, monkeypatch):
    folder = tmp_path / "demo"
    attacks = [text for text in demo.ATTACKS if text.startswith(("horizontal", "slow", "lateral", "beac"))]
    monkeypatch.setattr(demo, "ATTACKS", attacks)
    result = run("demo", "-o", folder, "--rate", 0.05, "--json")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert [one["kind"] for one in found["attacks"]] == [text.partition(":")[0] for text in attacks]
    truth = nad.read(folder / "today.csv", return_report=True)[0]
    for one in found["attacks"]:
        assert one["records"] == truth.value_counts("label")[one["kind"]]
    assert sum(one["reported"] > 0 for one in found["attacks"]) >= 2
    model, today = nad.load(folder / "office.nad"), nad.read(folder / "today.pcap")
    assert found["reported"] == len(model.detect(today))
    assert found["records"] == len(today)
    assert len(found["incidents"]) < 60
    assert {path.name for path in folder.iterdir()} == {
        "yesterday.pcap", "today.pcap", "today.csv", "office.nad", "report.html",
    }  # fmt: skip
    assert "A day of a small office" in (folder / "report.html").read_text()
    assert found["report"] == str(folder / "report.html")


def test_the_demonstration_as_text_leaves_a_page_behind(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(demo, "ATTACKS", ("horizontal_scan:start=1h", "land:start=3h,duration=5"))
    result = run("demo", "--rate", 0.03, "--top", 3)
    assert result.code == 0, result.err
    assert "What was hidden, and what became of it" in result.out
    assert " of 2 attacks found" in result.out
    assert [path.name for path in tmp_path.iterdir()] == ["nad-demo.html"]
    assert (tmp_path / "nad-demo.html").as_uri() in result.out
