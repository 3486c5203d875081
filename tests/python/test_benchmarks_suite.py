"""The parts of the benchmark suite: growth, memory, streams, duplicates, summaries, pages and pictures."""

from __future__ import annotations

import importlib
import json
import os
import sys
import urllib.request
from dataclasses import replace

import numpy as np
import pytest

import nad
from nad._bench.document import start
from nad._bench.report import Figure, Section


@pytest.fixture
def part(checkout, monkeypatch):
    """A module of benchmarks/, which is in a checkout only."""
    if not (checkout / "benchmarks" / "__main__.py").is_file():
        pytest.skip(f"no benchmarks at {checkout}; they are in a checkout only")
    monkeypatch.syspath_prepend(str(checkout))
    return lambda name: importlib.import_module(f"benchmarks.{name}")


@pytest.fixture
def synthetic(tmp_path, monkeypatch):
    """No data set, and a cache of its own: rows are made."""
    monkeypatch.setenv("NAD_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kdd99 = importlib.import_module("benchmarks.python.kdd99")
    made = kdd99.synthetic_rows
    monkeypatch.setattr(kdd99, "synthetic_rows", lambda count, seed: made(min(count, 3000), seed))


def document(sections, **changes):
    made = start(command=["speed"], seeds=[1, 2, 3], quick=False, versions={"nad": "1", "torch": "missing"})
    made["results"] = {task: [section.json() for section in of] for task, of in sections.items()}
    return {**made, **changes}


# ---- the command


def test_without_a_task_all_of_them_run(part, monkeypatch):
    main = part("__main__")
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    assert main._options().tasks == list(main.TASKS)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "flow", "data"])
    assert main._options().tasks == ["flow", "data"]


def test_an_earlier_run_is_shown_compared_and_drawn_without_measuring(part, monkeypatch, tmp_path, capsys):
    main = part("__main__")
    monkeypatch.setattr(main, "_run", lambda *_: pytest.fail("measured"))

    def written(name, size):
        section = Section(
            "Sizes", ["", "MB"], [["nad", f"{size}"]], figures=[Figure("nad", "model", [size], "size", "MB")]
        )
        path = tmp_path / name
        path.write_text(json.dumps(document({"speed": [section]})))
        return str(path)

    def ran(*words):
        monkeypatch.setattr(sys, "argv", ["benchmarks", *words])
        return main.main(), capsys.readouterr()

    old, same, larger = written("old.json", 1.0), written("same.json", 1.01), written("larger.json", 1.2)
    code, told = ran("--from", same, "--compare", old)
    assert code == 0
    assert "1 no different" in told.out
    assert "MISSING, and left out: torch" in told.out
    page = tmp_path / "page.md"
    code, told = ran("--from", larger, "--compare", old, "--markdown", str(page))
    assert code == 1
    assert "+20.0%" in told.out
    assert "## speed" in page.read_text()
    assert "| nad |" in page.read_text()
    code, told = ran("--from", str(page))
    assert code == 2
    assert "is no JSON" in told.err


def test_a_task_that_fails_does_not_take_the_others_along(part, monkeypatch, tmp_path):
    main = part("__main__")
    good = [Section("good", ["", "s"], [["nad", "1"]])]

    def run(task, *_):
        if task == "flow":
            raise ZeroDivisionError("of cake")
        return good

    monkeypatch.setattr(main, "_run", run)
    result = tmp_path / "result.json"
    monkeypatch.setattr(sys, "argv", ["benchmarks", "flow", "speed", "--json", str(result)])
    assert main.main() == 3
    found = json.loads(result.read_text())["results"]
    assert "ZeroDivisionError: of cake" in found["flow"][0]["table"][1][0]
    assert found["speed"][0]["title"] == "good"


def test_a_download_takes_what_is_there_and_tells_what_it_could_not_fetch(part, data_folder, tmp_path, monkeypatch):
    download = part("python.download")

    def refuse(url, **_):
        raise OSError(f"no network for {url}")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    with pytest.raises(nad.IoError, match="kdd.ics.uci.edu"):
        download.fetch(tmp_path / "new")
    if (data_folder / "kdd99" / "corrected.gz").is_file():
        (tmp_path / "kdd99").symlink_to(data_folder / "kdd99")
        monkeypatch.setattr(nad.datasets, "_read", lambda path, *_: path)
        monkeypatch.delenv("NAD_CACHE", raising=False)
        assert download.fetch(tmp_path) == tmp_path.resolve()


# ---- growth


def test_exponents_are_those_of_a_regression(part):
    scaling = part("python.scaling")
    sizes = [10, 100, 1000, 10_000]
    line = scaling.Line.through(sizes, [3e-6 * size**1.5 for size in sizes])
    assert line.exponent == pytest.approx(1.5)
    assert line.error == pytest.approx(0.0, abs=1e-9)
    stats = pytest.importorskip("scipy.stats")
    seconds = [0.001, 0.013, 0.09, 1.4]
    expected = stats.linregress(np.log(sizes), np.log(seconds))
    line = scaling.Line.through(sizes, seconds)
    assert (line.exponent, line.error) == pytest.approx((expected.slope, expected.stderr))
    assert scaling.Line.through(sizes[:2], seconds[:2]).error is None


def test_rows_and_columns_are_drawn_from_the_source(part):
    scaling = part("python.scaling")
    source = np.arange(60, dtype=np.float32).reshape(20, 3)
    drawn = scaling.resampled(source, scaling.Point(500, 8), 1)
    assert drawn.shape == (500, 8)
    assert set(map(tuple, drawn[:, :3])) == set(map(tuple, source))
    for column in range(8):
        assert set(drawn[:, column]) <= set(source[:, column % 3])
        for other in range(column):
            assert (drawn[:, column] != drawn[:, other]).any()


def test_growth_is_measured_along_every_axis(part, synthetic, monkeypatch):
    scaling = part("python.scaling")
    for contestants in ("FORESTS", "CLUSTERERS"):
        monkeypatch.setattr(scaling, contestants, {"nad": getattr(scaling, contestants)["nad"]})
    sections = scaling.run(1, 1_000_003, quick=True, most_rows=4000)
    names = [section.name.partition(",")[0] for section in sections]
    assert {"rows", "columns", "trees"} <= set(names)
    for section in sections:
        lines = section.data["lines"]
        assert {"nad, fit", "nad, score"} <= lines.keys()
        for name, line in lines.items():
            assert len(line["sizes"]) >= 2
            assert min(line["seconds"]) > 0
            measured = [one for one in section.figures if one.row == name.rpartition(", ")[0]]
            assert len(measured) == 2 * len(line["sizes"])
    trees = sections[names.index("trees")].data["lines"]["nad, fit"]
    assert 0.4 < trees["exponent"] < 1.6  # 160 trees take longer than 10, and not for ever


# ---- memory, streams, duplicates


def test_memory_tells_a_large_model_from_a_small_one(part, synthetic, monkeypatch):
    if sys.platform != "linux":
        pytest.skip("peak memory is measured on Linux only")
    memory = part("python.memory")
    titles = ("nearest neighbours, 5 of 5,000 distinct rows", "Mahalanobis")
    alone = {title: replace(memory.detectors.PAIRS[title], peer=None) for title in titles}
    monkeypatch.setattr(memory.detectors, "PAIRS", alone)
    section = memory.run(3000, 1, quick=True, titles=titles)[0]
    rows = {row[0]: row for row in section.rows}
    neighbours, distances = rows[f"nad, {titles[0]}"], rows["nad, Mahalanobis"]
    # the first keeps all rows of 41 floats, the second half a matrix of 41 by 41
    assert 2500 * 41 * 4 / 1e6 < float(neighbours[3]) < 1.5
    assert 0.003 < float(distances[3]) < 0.1
    assert float(neighbours[1]) > 2500 * 41 * 4 / 1e6
    kinds = {(figure.row, figure.what): figure.kind for figure in section.figures}
    assert kinds["nad, Mahalanobis", "saved model"] == "size"


def test_a_stream_is_judged_before_it_is_learnt_from(part):
    streaming, kdd99 = part("python.streaming"), part("python.kdd99")
    random = np.random.default_rng(3)
    rows = random.normal(size=(6000, 3)).astype(np.float32)
    attack = random.random(6000) < 0.02
    rows[attack] += 9.0
    section = streaming._measured("made up", kdd99.Subset("made up", rows, attack), (1,), None)
    areas = {figure.row: figure.samples for figure in section.figures if figure.what == "ROC-AUC"}
    assert min(areas["nad, as it comes"]) > 0.95
    # cut into rows or into windows, what nad says is the same
    assert areas["nad, the same, row by row"] == areas["nad, 25 trees of height 8, window 250"]
    is_there = importlib.util.find_spec("river") is not None
    assert (streaming.River.__name__ in {figure.by for figure in section.figures}) == is_there
    assert any("River is not installed" in note for note in section.notes) != is_there


def test_duplicates_are_dropped_but_not_where_the_label_differs(part):
    duplicates, traffic = part("python.duplicates"), part("python.collections_of_traffic")
    rows = np.array([[1, 2], [1, 2], [3, 4], [3, 4], [5, 6]], dtype=np.float32)
    attack = np.array([False, False, False, True, True])
    found = duplicates.different(traffic.Collection("x", rows, rows, attack))
    assert found.train.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert found.test.tolist() == [0, 2, 3, 4]


# ---- summaries, pages, pictures


def timed(rows):
    return [Figure(name, "fit", samples) for name, samples in rows.items()]


def test_the_summary_pairs_rows_of_one_setting_and_takes_the_best_of_the_others(part):
    summary = part("python.summary")
    one_setting = timed({"nad, avx2": [2.0, 2.0], "nad, avx512": [1.0, 1.0], "a": [8.0, 8.0], "b, turned": [4.0, 4.0]})
    two = timed({"nad, x": [1.0], "nad, y": [1.0], "nad, z": [1.0], "a, x": [3.0], "a, y": [0.5]})
    quality = [
        Figure("nad", "ROC-AUC", [0.9, 0.92], "quality", ""),
        Figure("a", "ROC-AUC", [0.95, 0.97], "quality", ""),
    ]
    found = summary.pairs(
        document({"speed": [Section("1", [""], [], figures=one_setting), Section("2", [""], [], figures=two)],
                  "quality": [Section("3", [""], [], figures=quality)]})
    )  # fmt: skip
    assert [(pair.ours.row, pair.peer.row) for pair in found] == [
        ("nad, avx512", "b, turned"), ("nad, x", "a, x"), ("nad, y", "a, y"), ("nad", "a"),
    ]  # fmt: skip
    assert [pair.ratio for pair in found] == pytest.approx([4.0, 3.0, 0.5, -0.05])
    assert found[0].low == pytest.approx(4.0)
    assert found[1].low is None  # one round
    assert found[3].low < -0.05 < found[3].high


def test_pictures_are_drawn_for_speed_quality_and_growth(part, tmp_path):
    image = pytest.importorskip("matplotlib.image")
    pictures = part("python.pictures")
    detectors = ("forest", "k-means, 8 clusters", "histogram, a very long name of a detector that goes on")
    judged = [
        Figure(f"{who}, {name}", what, [value * (1 + place)], kind, unit)
        for place, name in enumerate(detectors)
        for who in ("nad", "scikit-learn")
        for what, value, kind, unit in (("score a row", 1e-6, "time", "s"), ("ROC-AUC", 0.3, "quality", ""))
    ]
    line = {"sizes": [10, 100, 1000], "seconds": [0.1, 1.0, 12.0], "exponent": 1.04, "standard_error": 0.02}
    lines = {
        "nad, fit": line,
        "nad, score": line,
        "a, fit": {**line, "exponent": None, "sizes": [10], "seconds": [1.0]},
    }
    grown = Section("Scaling, rows", ["CPU seconds"], [], data={"lines": lines}, name="rows, forest")
    paths = pictures.draw(
        document({"detectors": [Section("SA", [""], [], figures=judged)], "scaling": [grown]}), tmp_path
    )
    assert [path.name for path in paths] == [
        "detectors_speed.png",
        "detectors_quality_sa.png",
        "scaling_rows_forest.png",
    ]
    for path in paths:
        pixels = image.imread(path)
        assert pixels.shape[0] > 200
        assert len(np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0)) > 50
        # nothing runs over the edge: all around is the ground
        edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        assert (edge == edge[0]).all()


# ---- what C++ programs and valgrind say


def test_instructions_of_one_function_are_added_up(part):
    instructions = part("python.instructions")
    listed = """
Ir
1,000 (100.0%)  PROGRAM TOTALS

Ir                   file:function
--------------------
500 (50.00%)  ???:nad::detail::GridSource::next_rows(unsigned long) [/x/stages]
200 (20.00%)  ???:nad::simd::ByteCounts nad::simd::find_bytes<xsimd::avx2>(char const*, unsigned long, char) [/x/stages]
150 (15.00%)  ./string/../multiarch/memchr-avx2.S:__memchr_avx2 [/usr/lib/libc.so.6]
100 (10.00%)  ???:nad::simd::ByteCounts nad::simd::find_bytes<xsimd::sse2>(char const*, unsigned long, char) [/x/stages]
 50 ( 5.00%)  ???:std::vector<float, nad::detail::LargeAllocator<float> >::resize(unsigned long) [/x/stages]
"""
    assert [(place.name, place.instructions) for place in instructions.parsed(listed)] == [
        ("GridSource::next_rows", 500),
        ("simd::find_bytes", 300),
        ("__memchr_avx2", 150),
        ("std::vector::resize", 50),
    ]


def test_a_kernel_stands_on_one_line_with_its_roof(part):
    compiled = part("python.compiled")

    def figure(what, value, unit, samples=()):
        return {"what": what, "value": value, "unit": unit, "samples": list(samples), "goal": "", "verdict": ""}

    found = {"build": "optimised", "figures": [
        {**figure("product 8 x 8, avx2", 2.0, "us CPU", [2.0, 2.1]), "spread": 0.05},
        figure("  bytes", 3.0, "GB/s"), figure("    of as much memory can", 100.0, "GB/s"),
        figure("  operations", 80.0, "Gop/s"), figure("    of multiply-adds can", 100.0, "Gop/s"),
        figure("  share of the roof, which is arithmetic", 80.0, "%"),
    ]}  # fmt: skip
    section = compiled._kernels(found)
    assert section.rows == [["product 8 x 8, avx2", "2", "5%", "3", "100", "80", "100", "80 %", "arithmetic"]]
    assert [(one.what, one.samples) for one in section.figures] == [("product 8 x 8, avx2", [2.0, 2.1])]


def test_a_process_of_a_competitor_has_one_thread(part, monkeypatch):
    """Also where the user's environment says otherwise; only who asks for more gets more."""
    worker = part("python.worker")
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    for env, threads in (({}, "1"), ({"OMP_NUM_THREADS": "2"}, "2")):
        with worker.Worker(Threads, env=env) as process:
            assert process.call("openmp") == threads
    assert os.environ["OMP_NUM_THREADS"] == "8"


class Threads:
    """Lives in a worker, where importing the benchmarks again must change nothing."""

    def openmp(self):
        importlib.import_module("benchmarks")
        return os.environ["OMP_NUM_THREADS"]


def test_delays_of_attacks_count_until_the_meter_gives_the_flow(part, checkout, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(checkout / "tests" / "python" / "flow"))
    frames = importlib.import_module("reference_meter").frames
    attacks = [
        nad.Attack(kind, start=3 + 5 * i, duration=3, intensity=0.03) for i, kind in enumerate(nad.attack_kinds())
    ]
    nad.simulate(tmp_path / "a.pcap", hours=0.06, rate=2, random_state=4, attacks=attacks)
    meter = nad.FlowMeter()
    late = []
    for time, link, length, frame in frames(tmp_path / "a.pcap"):
        meter.add(frame, time, link_type=link, length=length)
        if meter.ended:
            flows = meter.take()
            begin = flows["timestamp"].to_numpy().astype("int64") - time
            late += (-part("python.simulated_attacks")._known(flows, begin / 1e9)).tolist()
    assert len(late) > 500
    assert min(late) >= 0
    assert max(late) < 5  # the next packet
