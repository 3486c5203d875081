"""Scatter, PCA, timeline and the matrix of hosts show the numbers of the records."""

from __future__ import annotations

import sys
import time
from itertools import pairwise
from pathlib import Path

import matplotlib.dates as mdates
import numpy as np
import pytest

import nad

sys.path.insert(0, str(Path(__file__).parent))
import drawn


def test_scatter_draws_each_verdict(today, findings, reported):
    ax = nad.plots.scatter(today, "packet_size", "dst_port", by=findings, log=False, max_points=10_000)
    ordinary, strange = drawn.points(ax)
    both = today.to_numpy(["packet_size", "dst_port"])
    np.testing.assert_array_equal(ordinary, both[~reported])
    np.testing.assert_array_equal(strange, both[reported])
    assert drawn.legend(ax) == [f"not reported ({(~reported).sum():,})", f"reported ({reported.sum():,})"]
    assert ax.get_xlabel() == "packet_size"


def test_the_three_ways_to_draw_show_the_same(today, findings, reported):
    figure = nad.plots.scatter(today, "packet_size", "dst_port", by=findings, log=False, backend="plotly")
    strange = next(one for one in figure.data if one.name.startswith("reported"))
    both = today.to_numpy(["packet_size", "dst_port"])[reported]
    np.testing.assert_array_equal(np.column_stack([strange.x, strange.y]), both)
    assert list(strange.text) == [f"row {row:,}" for row in np.flatnonzero(reported)]
    svg = nad.plots.scatter(today, "packet_size", "dst_port", by=findings, log=False, backend="svg")
    places = drawn.svg_points(svg, "anomaly")
    across, up = drawn.svg_scale(svg, True)(places[:, 0]), drawn.svg_scale(svg, False)(places[:, 1])
    np.testing.assert_allclose(across, both[:, 0], atol=0.003 * np.ptp(today["packet_size"].to_numpy()))
    np.testing.assert_allclose(up, both[:, 1], atol=0.003 * 65_536)


def test_sizes_that_span_decades_are_logarithmic_and_zeros_have_a_place():
    sizes = np.array([0.0, 1.0, 10.0, 1e6, 0.0])
    ax = nad.plots.scatter(None, sizes, np.arange(5.0))
    assert ax.get_xscale() == "log"
    assert ax.get_yscale() == "linear"
    (places,) = drawn.points(ax)
    np.testing.assert_allclose(places[1:4, 0], sizes[1:4])
    assert (places[[0, 4], 0] < 1).all()
    assert (places[[0, 4], 0] > 0).all()
    labels = dict(zip(ax.get_xticks(), [text.get_text() for text in ax.get_xticklabels()]))
    assert labels[places[0, 0]] == "0"
    assert nad.plots.scatter(None, sizes, np.arange(5.0), log=False).get_xscale() == "linear"
    with pytest.raises(nad.Error, match="below 0"):
        nad.plots.scatter(None, sizes - 1, sizes, log=True)


def test_scatter_takes_what_detectors_and_people_give(traffic):
    rows = traffic[:500]
    verdict = nad.IsolationForest(random_state=1, contamination=0.02).fit(rows).predict(rows)
    ax = nad.plots.scatter(rows, 0, 1, by=verdict, log=False)
    assert drawn.legend(ax) == ["ordinary (+1) (490)", "anomalous (-1) (10)"]
    np.testing.assert_allclose(drawn.points(ax)[1], rows[verdict < 0][:, :2], rtol=1e-6)
    assert drawn.legend(nad.plots.scatter(rows, 0, 1, by=verdict < 0)) == ["ordinary (490)", "anomalous (10)"]
    words = ["normal"] * 490 + ["probe"] * 8 + [None] * 2
    assert set(drawn.legend(nad.plots.scatter(rows, 0, 1, by=words))) == {"normal (490)", "probe (8)", "missing (2)"}
    assert "3 (500)" in drawn.legend(nad.plots.scatter(rows, 0, 1, by=np.full(500, 3)))
    many = nad.plots.scatter(rows, 0, 1, by=[f"group {i % 20}" for i in range(500)])
    # six colours and the others: a seventh group would look like them
    assert drawn.legend(many)[0] == "14 others (350)"
    assert len(drawn.legend(many)) == 7
    with_normal = ["normal" if i % 2 else f"group {i % 20}" for i in range(500)]
    assert len(drawn.legend(nad.plots.scatter(rows, 0, 1, by=with_normal))) == 8
    with pytest.raises(nad.Error, match="give one a row"):
        nad.plots.scatter(rows, 0, 1, by=verdict[:-1])
    with pytest.raises(nad.Error, match="no column 9"):
        nad.plots.scatter(rows, 0, 9)
    with pytest.raises(nad.Error, match="give the table"):
        nad.plots.scatter(None, "a", "b")


def test_scatter_has_axes_for_words_addresses_and_times(today, findings):
    ax = nad.plots.scatter(today, "timestamp", "protocol", by=findings)
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == list(today.value_counts("protocol"))
    moments = mdates.num2date(np.concatenate([one[:, 0] for one in drawn.points(ax)]))
    assert min(moments).replace(tzinfo=None) == today["timestamp"][0].astype("datetime64[us]").item()
    hosts = nad.plots.scatter(today, "src_ip", "bytes_sent")
    assert "others" in hosts.get_xticklabels()[-1].get_text()


def test_gaps_are_counted_and_left_out():
    values = np.array([1.0, np.nan, 3.0, np.inf])
    ax = nad.plots.scatter(None, values, np.arange(4.0))
    assert drawn.points(ax)[0].tolist() == [[1.0, 0.0], [3.0, 2.0]]
    assert "2 without a value" in [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("backend", ["matplotlib", "plotly", "svg"])
def test_a_million_records_are_drawn_quickly_and_no_anomaly_is_hidden(backend):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 1_000_000))
    x[777], y[777] = 30.0, -30.0  # alone, and not marked
    odd = np.zeros(1_000_000, dtype=bool)
    odd[[5, 600_000]] = True  # in the thick of it
    start = time.perf_counter()
    picture = nad.plots.scatter(None, x, y, by=odd, backend=backend)
    assert time.perf_counter() - start < 5
    if backend == "matplotlib":
        ordinary, strange = drawn.points(picture)
    elif backend == "plotly":
        ordinary, strange = (np.column_stack([one.x, one.y]) for one in picture.data)
    else:
        assert len(drawn.svg_points(picture, "anomaly")) == 2
        assert len(picture) < 200_000
        return
    np.testing.assert_array_equal(strange, np.column_stack([x[odd], y[odd]]))
    assert 500 < len(ordinary) <= 4000
    assert [30.0, -30.0] in ordinary.tolist()


def test_pca_is_that_of_the_singular_values(traffic):
    rows = traffic[:300].astype(np.float64)
    ax = nad.plots.pca(rows)
    u, s, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(drawn.points(ax)[0]), np.abs(u[:, :2] * s[:2]), rtol=1e-6, atol=1e-6)
    shares = s**2 / (s**2).sum()
    assert ax.get_xlabel() == f"component 1 ({100 * shares[0]:.0f} % of the variance)"


def test_pca_of_tables_gaps_and_one_row(today, model, findings, traffic):
    own = nad.plots.pca(today, by=findings, pipeline=model, backend="plotly")
    assert sum(len(one.x) for one in own.data) == len(today)
    assert nad.plots.pca(today[:50]).get_xlabel().startswith("component 1")
    rows = traffic[:20].copy()
    rows[3, 2] = np.nan
    assert len(drawn.points(nad.plots.pca(rows))[0]) == 20
    assert drawn.points(nad.plots.pca(rows[:1]))[0].tolist() == [[0.0, 0.0]]
    with pytest.raises(nad.Error, match="two columns"):
        nad.plots.pca(rows[:, :1])


def test_timeline_shows_scores_and_their_threshold(today, findings, reported):
    ax = nad.plots.timeline(today, findings, max_points=10_000)
    ordinary, strange = drawn.points(ax)
    when = mdates.date2num(today["timestamp"].to_numpy())
    np.testing.assert_allclose(strange[:, 0], when[reported])
    np.testing.assert_allclose(strange[:, 1], findings.scores[reported])
    np.testing.assert_allclose(ordinary[:, 1], findings.scores[~reported])
    assert ax.lines[0].get_ydata()[0] == pytest.approx(findings.limit.score)


def test_timeline_counts_what_is_reported(today, findings, reported):
    ax = nad.plots.timeline(today, findings, kind="counts", promised=0.01)
    found = drawn.bars(ax)
    assert found[:, 3].sum() == reported.sum()
    when = mdates.date2num(today["timestamp"].to_numpy())
    for left, _, width, height in found:
        assert height == ((when >= left) & (when < left + width) & reported).sum()
    assert ax.get_ylabel() == "reported in 3 hours"
    figure = nad.plots.timeline(today, findings, kind="counts", backend="plotly")
    assert list(figure.data[0].y) == found[:, 3].tolist()


def test_timeline_of_plain_arrays_and_without_times(traffic):
    scores = np.linspace(0, 1, 100)
    ax = nad.plots.timeline(np.arange(100) * 60.0, scores, threshold=0.9)
    assert ax.get_xlabel() == "time (s)"
    assert len(drawn.points(ax)[1]) == (scores > 0.9).sum()
    table = nad.Table({"x": scores})
    counts = nad.plots.timeline(table, scores, threshold=0.9, kind="counts")
    assert counts.get_xlabel() == "record, in the order of the table"
    assert drawn.bars(counts)[:, 3].sum() == (scores > 0.9).sum()
    assert len(drawn.points(nad.plots.timeline(table[:1], scores[:1]))[0]) == 1
    times = nad.Table({"when": [np.datetime64("2026-01-05T08:00"), None], "x": [1.0, 2.0]})
    assert "1 without a value" in [t.get_text() for t in nad.plots.timeline(times, [0.1, 0.2]).texts]
    with pytest.raises(nad.Error, match="give one a row"):
        nad.plots.timeline(table, scores[:5])
    with pytest.raises(nad.Error, match="threshold"):
        nad.plots.timeline(table, scores, kind="counts")
    with pytest.raises(nad.Error, match="'bars'"):
        nad.plots.timeline(table, scores, kind="bars")


@pytest.mark.parametrize("targets", [["10.0.0.9", "2001:db8:c612::1401", "10.0.0.8"], ["a", "b", "c"]])
def test_names_below_a_picture_do_not_touch(targets):
    ax = nad.plots.hosts(None, source=["10.1.0.2"] * 3, destination=targets)
    ax.figure.canvas.draw()
    labels = ax.get_xticklabels()
    slanted = {label.get_rotation() for label in labels}
    assert slanted == {45.0 if "10.0.0.9" in targets else 0.0}
    boxes = [label.get_window_extent() for label in labels]
    if slanted == {0.0}:
        assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
    assert min(box.x0 for box in boxes) >= ax.figure.bbox.x0


def test_many_records_from_host_to_host_are_written_as_elsewhere():
    counts = {"10.0.0.1": 1276, "10.0.0.2": 12_760, "10.0.0.3": 7}
    sources = [host for host, count in counts.items() for _ in range(count)]
    ax = nad.plots.hosts(None, source=sources, destination=["10.0.0.9"] * len(sources))
    assert {text.get_text() for text in ax.texts} == {"1,276", "13k", "7"}


def test_hosts_counts_who_talks_to_whom(today, findings, reported):
    ax = nad.plots.hosts(today, findings, most=5)
    pairs = list(zip(map(str, today["src_ip"].to_list()), map(str, today["dst_ip"].to_list()), reported))
    total = 0
    sources = [text.get_text() for text in ax.get_yticklabels()]
    targets = [text.get_text() for text in ax.get_xticklabels()]
    assert len(sources) == len(targets) == 5
    for text in ax.texts:
        column, row = map(round, text.get_position())
        total += int(text.get_text())
        if row < 4 and column < 4:
            wanted = sum(1 for a, b, odd in pairs if odd and (a, b) == (sources[row], targets[column]))
            assert int(text.get_text()) == wanted
    assert total == reported.sum()


def test_hosts_of_arrays_gaps_and_nothing():
    figure = nad.plots.hosts(None, source=["a", "a", None], destination=["b", "c", "c"], backend="plotly")
    texts = {(y, x): text for one in figure.data[1:] for x, y, text in zip(one.x, one.y, one.text)}
    assert texts == {(0, 0): "1", (0, 1): "1"}
    assert "1 without an address" in figure.layout.title.text
    table = nad.Table({"src_ip": ["10.0.0.1"], "dst_ip": ["10.0.0.2"]})
    assert "10.0.0.2" in drawn.svg_texts(nad.plots.hosts(table, backend="svg"))
    assert len(nad.plots.hosts(table[:0]).texts) == 0
    with pytest.raises(nad.Error, match="src_ip"):
        nad.plots.hosts(nad.Table({"x": [1.0]}))


def test_a_million_hosts_are_counted_quickly():
    rng = np.random.default_rng(3)
    numbers = rng.integers(0, 500, size=(2, 1_000_000))
    names = np.array([f"10.0.{i // 256}.{i % 256}" for i in range(500)])
    table = nad.Table({"src_ip": names[numbers[0]], "dst_ip": names[numbers[1]]}, types={"src_ip": "address"})
    start = time.perf_counter()
    figure = nad.plots.hosts(table, backend="svg")
    assert time.perf_counter() - start < 4
    assert "486 others" in drawn.svg_texts(figure)


def test_frames_are_tables(today, findings, reported):
    pandas, polars = today.to_pandas(), today.to_polars()
    wanted = drawn.points(nad.plots.scatter(today, "packet_size", "dst_port", by=findings, log=False))[1]
    for frame in (pandas, polars):
        ax = nad.plots.scatter(frame, "packet_size", "dst_port", by=findings, log=False)
        np.testing.assert_array_equal(drawn.points(ax)[1], wanted)
        counts = nad.plots.timeline(frame, findings, kind="counts")
        assert drawn.bars(counts)[:, 3].sum() == reported.sum()
        assert len(nad.plots.hosts(frame, findings).texts)


@pytest.mark.parametrize("backend", ["matplotlib", "plotly", "svg"])
def test_odd_records_are_drawn_too(today, backend):
    none = today[:0]
    for picture in (
        nad.plots.scatter(none, "bytes_sent", "src_ip", by="label", backend=backend),
        nad.plots.timeline(none, np.zeros(0), backend=backend),
        nad.plots.timeline(none, np.zeros(0), threshold=1.0, kind="counts", backend=backend),
        nad.plots.timeline(np.zeros(5), np.ones(5), threshold=0.1, kind="counts", backend=backend),
        nad.plots.scatter(None, np.ones(9), np.zeros(9), backend=backend),
        nad.plots.scatter(None, np.ones(9), np.zeros(9), log=True, backend=backend),
        nad.plots.scatter(None, [1e-300, 1, 1e300], [-1e300, 0, 1e300], backend=backend),
        nad.plots.scatter(None, [np.nan] * 3, [1, 2, 3], backend=backend),
        nad.plots.pca(np.ones((5, 3)), backend=backend),
    ):
        if backend == "matplotlib":
            picture.figure.canvas.draw()
        elif backend == "svg":
            drawn.tree(picture)
