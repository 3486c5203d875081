"""Two runs compared: what is planted is found, and noise is not."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import nad
from nad._bench.compare import compare
from nad._bench.document import read_document, start
from nad._bench.report import Figure, Section
from nad._bench.student import quantile, tail

ROUNDS = 7
FIGURES = 40


def document(figures, *, seeds=(1, 2, 3), name="t", **changes):
    """A run with one table of these figures."""
    made = start(command=[], seeds=seeds, quick=False, versions={"nad": "1", "scikit-learn": "1"})
    made["results"]["speed"] = [Section("shown", ["", "s"], [["x", "1"]], figures=figures, name=name).json()]
    made.update(changes)
    return made


def timings(random, *, noise=0.02, drift=0.0, slower=None, rounds=ROUNDS, peers=10):
    """Times of nad and of others: noise in each round, one round of ten disturbed, some noise between runs."""
    figures = []
    for number in range(FIGURES + peers):
        seconds = np.exp(noise * random.normal(size=rounds) + drift + random.normal(0, 0.01))
        seconds *= np.where(random.random(rounds) < 0.1, 1 + random.exponential(0.3, rounds), 1.0)
        name = f"nad, {number}" if number < FIGURES else f"scikit-learn, {number}"
        figures.append(Figure(name, "fit", (seconds * (1.3 if name == slower else 1.0)).tolist()))
    return figures


def changed(comparison):
    return {change.key[2]: change.verdict for change in comparison.changes if change.verdict != "no different"}


def test_student_agrees_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    for t in (-3.0, -0.5, 0.0, 0.3, 2.0, 8.0, 40.0):
        for freedom in (1.0, 2.5, 12.0, 60.0):
            assert tail(t, freedom) == pytest.approx(stats.t.sf(t, freedom), rel=1e-8)
    assert quantile(0.025, 7.0) == pytest.approx(stats.t.isf(0.025, 7.0), rel=1e-9)


def test_a_third_more_time_is_found_and_noise_is_not():
    """The rule promises an alarm in at most one of twenty comparisons; of these 60 draws none or one may cry."""
    random = np.random.default_rng(7)
    found, cried = 0, 0
    for draw in range(60):
        drift = 0.1 * (draw % 3)  # the machine is slower in some of the later runs, for everybody
        before = document(timings(random))
        same = changed(compare(before, document(timings(random, drift=drift))))
        cried += bool(same)
        if draw < 20:
            slow = changed(compare(before, document(timings(random, drift=drift, slower="nad, 3"))))
            found += slow.get("nad, 3") == "worse"
    assert cried <= 1
    assert found >= 18


def test_noise_is_not_taken_for_a_change_however_large_it_is():
    random = np.random.default_rng(8)
    cried = sum(
        bool(changed(compare(document(timings(random, noise=0.15)), document(timings(random, noise=0.15)))))
        for _ in range(20)
    )
    assert cried <= 1


def test_a_machine_that_became_slower_is_no_regression_where_others_say_so():
    random = np.random.default_rng(9)
    before = document(timings(random))
    comparison = compare(before, document(timings(random, drift=0.25)))
    assert changed(comparison) == {}
    assert "1.2" in comparison.notes[0]
    alone = document(timings(random, peers=0)), document(timings(random, drift=0.25, peers=0))
    assert len(changed(compare(*alone))) > FIGURES / 2
    assert "looks like a regression" in compare(*alone).notes[0]


def test_a_peer_of_another_version_says_nothing_of_the_machine():
    random = np.random.default_rng(10)
    newer = document(timings(random), versions={"nad": "1", "scikit-learn": "2"})
    assert "nothing but nad" in compare(document(timings(random)), newer).notes[0]


def test_one_round_is_too_few():
    random = np.random.default_rng(11)
    comparison = compare(document(timings(random, rounds=1)), document(timings(random, rounds=1)))
    assert set(changed(comparison).values()) == {"too few samples"}


def quality(values, what="ROC-AUC", kind="quality"):
    return Figure("nad, forest", what, values, kind, "")


def test_quality_is_compared_seed_by_seed():
    noisy = [0.90, 0.95, 0.99, 0.93, 0.97]
    lower = [value - 0.02 + 0.0005 * place for place, value in enumerate(noisy)]
    seeds = (1, 2, 3, 4, 5)
    before = document([quality(noisy)], seeds=seeds)
    assert changed(compare(before, document([quality(lower)], seeds=seeds))) == {"nad, forest": "worse"}
    # of other seeds, so little is lost in how seeds differ
    assert changed(compare(before, document([quality(lower)], seeds=(6, 7, 8, 9, 10)))) == {}
    assert changed(compare(before, document([quality(noisy[::-1])], seeds=(6, 7, 8, 9, 10)))) == {}
    # below the margin, however sure it is
    assert changed(compare(before, document([quality([value - 0.004 for value in noisy])], seeds=seeds))) == {}
    assert changed(compare(before, document([quality([value + 0.03 for value in noisy])], seeds=seeds))) == {
        "nad, forest": "better"
    }


def test_losses_and_sizes_are_better_when_they_are_lower():
    before = document([quality([1.0, 1.1, 1.2], "log-loss", "loss"), quality([100.0], "bytes", "size")])
    now = document([quality([0.8, 0.9, 1.0], "log-loss", "loss"), quality([103.0], "bytes", "size")])
    found = {change.key[3]: (change.verdict, change.change) for change in compare(before, now).changes}
    assert found["log-loss"][0] == "better"
    assert found["bytes"] == ("worse", pytest.approx(0.03))
    assert changed(compare(before, before)) == {}


def test_what_is_gone_and_what_is_new():
    before = document([quality([0.9, 0.9], "a"), quality([0.9, 0.9], "b")])
    now = document([quality([0.9, 0.9], "b"), quality([0.9, 0.9], "c")])
    found = {change.key[3]: change.verdict for change in compare(before, now).changes}
    assert found == {"a": "gone", "b": "no different", "c": "new"}
    other_task = document([])
    other_task["results"] = {"flow": []}
    comparison = compare(before, other_task)
    assert comparison.changes == []  # that task was not asked for
    assert comparison.notes[-1] == "not measured this time: speed: t"


def test_seconds_of_another_machine_are_not_compared_but_ratios_are():
    random = np.random.default_rng(12)
    there = document(timings(random))
    there["machine"] = {**there["machine"], "processor": "another one"}
    here = timings(random, drift=math.log(3.0), slower="nad, 5")
    comparison = compare(there, document(here))
    assert "ANOTHER KIND OF MACHINE" in comparison.notes[0]
    assert changed(comparison) == {"nad, 5": "worse"}
    alone = [one for one in here if one.by == "nad"]
    assert set(changed(compare(there, document(alone))).values()) == {"not comparable"}


def test_files_that_are_something_else_are_refused(tmp_path):
    def refused(content):
        path = tmp_path / "old.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        with pytest.raises(nad.Error) as error:
            read_document(path)
        return str(error.value)

    with pytest.raises(nad.MissingFileError, match="nad bench --json"):
        read_document(tmp_path / "nowhere.json")
    assert "is no JSON" in refused("{")
    assert "holds other things" in refused([1, 2])
    assert "holds other things" in refused({"a": 1})
    assert "older version" in refused({"machine": {}, "results": {}})
    good = document(timings(np.random.default_rng(1)))
    assert "version 99" in refused({**good, "version": 99})
    assert "damaged" in refused({**good, "results": {"speed": [{"title": "x"}]}})
    assert "damaged" in refused({**good, "machine": {}})
    (tmp_path / "good.json").write_text(json.dumps(good))
    assert read_document(tmp_path / "good.json") == good
