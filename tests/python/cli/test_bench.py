"""``nad bench``: every part is measured, and an earlier run is compared with."""

from __future__ import annotations

import json

import pytest

from nad._bench.parts import PARTS

QUICK = ("bench", "--quick", "--rows", 300, "--rounds", 2, "--hours", 0.02)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory, process):
    """A run of all parts, as a file."""
    done = process(*QUICK, "--json")
    assert done.code == 0, done.err
    path = tmp_path_factory.mktemp("bench") / "before.json"
    path.write_text(done.out)
    return path


def test_every_part_is_measured_with_every_round(earlier):
    document = json.loads(earlier.read_text())
    assert document["format"] == "nad benchmarks"
    assert document["quick"] is True
    assert [section["name"].partition(",")[0] for section in document["results"]["bench"]][:4] == list(PARTS[:4])
    assert len(document["results"]["bench"]) == len(PARTS)
    for section in document["results"]["bench"]:
        times = [figure for figure in section["figures"] if figure["kind"] in ("time", "disk")]
        assert any(figure["row"].startswith("nad, ") for figure in times)
        assert all(len(figure["samples"]) == 2 and min(figure["samples"]) > 0 for figure in times)
    sizes = [
        figure for section in document["results"]["bench"] for figure in section["figures"] if figure["kind"] == "size"
    ]
    assert sizes[0]["samples"][0] > 1000


def test_a_planted_regression_is_told_and_is_an_exit_code(run, earlier, tmp_path):
    document = json.loads(earlier.read_text())
    smaller = tmp_path / "smaller.json"
    for section in document["results"]["bench"]:
        for figure in section["figures"]:
            if figure["kind"] == "size":
                figure["samples"] = [size * 0.9 for size in figure["samples"]]
    smaller.write_text(json.dumps(document))
    words = (*QUICK, "--part", "files", "--compare", smaller)
    result = run(*words, "--exit-code")
    assert result.code == 1, result.err
    assert "worse" in result.out
    assert "+11.1%" in result.out
    assert run(*words).code == 0
    same = run(*QUICK, "--part", "files", "--compare", earlier, "--json")
    verdicts = {one["what"]: one["verdict"] for one in json.loads(same.out)["comparison"]["changes"]}
    assert verdicts["bytes"] == "no different"


def test_a_file_of_the_user_takes_the_place_of_what_is_made(run, files, tmp_path):
    result = run("bench", files.normal, "--quick", "--part", "packets", "--part", "features", "--rounds", 1)
    assert result.code == 0, result.err
    assert "Packets to flows: normal.pcap" in result.out
    assert "Features: normal.pcap" in result.out
    (tmp_path / "few.csv").write_text("a,b\n1,2\n3,4\n")
    few = run("bench", tmp_path / "few.csv", "--quick")
    assert few.code == 2
    assert "200 are needed" in few.err


def test_what_makes_no_sense(run, files, tmp_path):
    def error(*words):
        result = run("bench", *words)
        assert result.code == 2
        return result.err

    assert "earlier run to compare with" in error("--exit-code")
    assert "a file was given" in error(files.normal, "--rows", 500)
    assert "at least 200" in error("--rows", 5)
    assert "is not there" in error("--compare", tmp_path / "nowhere.json")
    (tmp_path / "other.json").write_text("{}")
    assert "holds other things" in error("--compare", tmp_path / "other.json")
