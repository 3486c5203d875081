"""The three ways to draw: axes that are given, light and dark, hostile texts, libraries that are not there."""

from __future__ import annotations

import functools
import io
import sys
from pathlib import Path

import matplotlib.colors
import matplotlib.pyplot as plt
import numpy as np
import pytest

import nad
from nad.plots import _palette

sys.path.insert(0, str(Path(__file__).parent))
import drawn

HOSTILE = '<script>alert("1")</script> $\\frac{$ & \x1b[31m\u202e'


@pytest.fixture(scope="module")
def every_plot(model, today, findings, evaluation):
    """One call of each function."""
    rows = model.pipeline.transform(today)[:300]
    kmeans = nad.KMeans(n_clusters=3, random_state=1).fit(rows)
    curve = nad.KMeans.elbow(rows, range(2, 5), random_state=1)
    return functools.partial(_every_plot, (model, today, findings, evaluation, rows, kmeans, curve))


def _every_plot(given, **look):
    model, today, findings, evaluation, rows, kmeans, curve = given
    yield nad.plots.scatter(today, "bytes_sent", "duration", by="label", **look)
    yield nad.plots.scatter(today, "src_ip", "bytes_sent", by=findings, **look)
    yield nad.plots.pca(rows, **look)
    yield nad.plots.timeline(today, findings, **look)
    yield nad.plots.timeline(today, findings, kind="counts", promised=0.01, **look)
    yield nad.plots.hosts(today, findings, **look)
    yield nad.plots.roc(evaluation, **look)
    yield nad.plots.precision_recall(evaluation, **look)
    yield nad.plots.confusion(evaluation, **look)
    yield nad.plots.score_distribution(findings, today, calibration=model, **look)
    yield nad.plots.importance(model, **look)
    yield nad.plots.reasons(findings[0], **look)
    yield nad.plots.clusters(kmeans, rows, **look)
    yield nad.plots.elbow(curve, **look)
    yield nad.plots.training([3.0, 2.0], **look)


@pytest.mark.parametrize("style", [None, "light", "dark"])
@pytest.mark.parametrize("backend", ["matplotlib", "plotly", "svg"])
def test_every_plot_in_every_way(every_plot, backend, style):
    for picture in every_plot(backend=backend, style=style, title="the title"):
        if backend == "matplotlib":
            assert picture.get_title(loc="left") == "the title"
            if style is not None:
                ground = matplotlib.colors.to_rgba(_palette.palette(style)["ground"])
                assert picture.get_facecolor() == picture.figure.get_facecolor() == ground
        elif backend == "plotly":
            assert picture.layout.title.text.startswith("the title")
            assert picture.layout.plot_bgcolor == _palette.palette(style or "light")["ground"]
            assert len(picture.to_json()) < 1_500_000
        else:
            assert "the title" in drawn.svg_texts(picture)
            assert ("prefers-color-scheme" in picture) == (style is None)


def test_matplotlib_really_draws_and_nothing_is_outside(every_plot):
    for ax in every_plot():
        ax.figure.canvas.draw()
        page = ax.figure.bbox
        labels = [one for axis in (ax.xaxis, ax.yaxis) for one in _seen(axis)]
        for text in [*labels, ax.xaxis.label, ax.yaxis.label, *ax.texts]:
            if text.get_text() and text.get_visible():
                box = text.get_window_extent()
                assert page.x0 - 1 <= box.x0, text
                assert box.x1 <= page.x1 + 1, text


def _seen(axis):
    """The labels of ticks within the limits; the others are not drawn."""
    low, high = sorted(axis.get_view_interval())
    return [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]


def test_axes_that_are_given_are_drawn_into(findings, evaluation):
    _, axes = plt.subplots(1, 2)
    assert nad.plots.roc(evaluation, ax=axes[0]) is axes[0]
    assert nad.plots.score_distribution(findings, ax=axes[1]) is axes[1]
    assert plt.get_fignums() == [axes[0].figure.number]
    with pytest.raises(nad.Error, match="belongs to matplotlib"):
        nad.plots.roc(evaluation, ax=axes[0], backend="plotly")


def test_a_dark_style_of_matplotlib_is_noticed(evaluation):
    with plt.style.context("dark_background"):
        ax = nad.plots.roc(evaluation)
    assert ax.lines[1].get_color() == _palette.DARK["c0"]
    assert nad.plots.roc(evaluation).lines[1].get_color() == _palette.LIGHT["c0"]


def test_colours_stand_out_from_their_ground():
    def light(colour):
        parts = np.array(matplotlib.colors.to_rgb(colour))
        return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    for style in ("light", "dark"):
        colours = _palette.palette(style)
        for name, least in {"ink": 10, "faint": 4.5, "anomaly": 3, "fill": 3, "c0": 3}.items():
            pair = sorted([light(colours[name]), light(colours["ground"])])
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= least, (style, name)


@pytest.mark.parametrize("backend", ["matplotlib", "plotly", "svg"])
def test_texts_from_traffic_are_plain_texts(backend):
    table = nad.Table({HOSTILE: [1.0, 2.0, 3.0], "word": [HOSTILE, "b", HOSTILE], "to": ["c", HOSTILE, "c"]})
    for picture in (
        nad.plots.scatter(table, HOSTILE, "word", by="to", backend=backend, title=HOSTILE),
        nad.plots.hosts(table, source="word", destination="to", backend=backend),
        nad.plots.importance({HOSTILE: 1.0}, backend=backend),
        nad.plots.reasons({HOSTILE: 1.0}, backend=backend),
        nad.plots.confusion([HOSTILE], ["b"], backend=backend),
    ):
        if backend == "matplotlib":
            picture.figure.savefig(io.BytesIO(), dpi=30)
        elif backend == "plotly":
            assert "<script" not in str(picture.to_dict())
        else:
            assert not [one.tag for one in drawn.tree(picture).iter() if one.tag.endswith("script")]
            assert any("<script>" in text for text in drawn.svg_texts(picture))


@pytest.mark.parametrize(("backend", "package"), [("matplotlib", "matplotlib"), ("plotly", "plotly")])
def test_a_library_that_is_not_there_is_named(monkeypatch, backend, package):
    for name in ("matplotlib.pyplot", "plotly.graph_objects"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=rf"needs the package {package}; install it with `pip install nad\[plot\]`"):
        nad.plots.training([1.0], backend=backend)
    assert nad.plots.training([1.0], backend="svg").startswith("<svg")


def test_unknown_ways_to_draw():
    with pytest.raises(nad.Error, match="backend is 'gnuplot'"):
        nad.plots.training([1.0], backend="gnuplot")
    with pytest.raises(nad.Error, match="style is 'blue'"):
        nad.plots.training([1.0], style="blue")


def test_no_axis_shows_shares_or_counts_below_zero(today, findings, evaluation):
    """However wide a picture is drawn."""
    for picture in (
        nad.plots.roc(evaluation, backend="plotly"),
        nad.plots.precision_recall(evaluation, backend="plotly"),
    ):
        assert picture.layout.xaxis.constrain == picture.layout.yaxis.constrain == "domain"
    rule = nad.plots.precision_recall(evaluation, backend="plotly").layout.shapes[0]
    assert rule.xref == "x domain"  # nor does a line go on beside the picture
    counts = {"kind": "counts", "promised": 1e-6}
    low, high = nad.plots.timeline(today, findings, backend="plotly", **counts).layout.yaxis.range
    assert (low, high >= len(findings.rows) / 60) == (0.0, True)
    assert nad.plots.timeline(today, findings, **counts).get_ylim() == (low, high)


def test_the_axis_on_the_right_has_round_numbers(every_plot):
    figure = next(one for one in every_plot(backend="plotly") if "yaxis2" in one.layout)
    assert figure.layout.yaxis2.tickmode == "auto"


def test_a_legend_that_is_wider_than_its_picture_stands_below(evaluation):
    long = nad.plots.roc({"a model whose name is about as long as those of files are": evaluation})
    long.figure.canvas.draw()
    assert long.get_legend().get_window_extent().y1 < long.get_window_extent().y0
    short = nad.plots.roc({"a": evaluation})
    short.figure.canvas.draw()
    assert short.get_legend().get_window_extent().y0 >= short.get_window_extent().y0


@pytest.mark.parametrize("style", ["light", "dark"])
def test_texts_in_cells_stand_out_from_them(evaluation, style):
    colours = _palette.palette(style)
    picture = nad.plots.confusion(evaluation, backend="plotly", style=style)
    levels = np.array(picture.data[0].z, dtype=np.float64)
    texts = {}
    for trace in picture.data[1:]:
        texts |= {(y, x): (text, trace.textfont.color) for x, y, text in zip(trace.x, trace.y, trace.text)}
    assert len(texts) == 4
    for (row, column), (text, colour) in texts.items():
        assert colour == colours["ground" if levels[row, column] > 0.5 else "ink"]
        assert text
