"""Importance, reasons, clusters, the elbow and trainings show what the objects hold."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import nad

sys.path.insert(0, str(Path(__file__).parent))
import drawn


def test_importance_of_a_model(model):
    ax = nad.plots.importance(model, most=4)
    values = model.importance()
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == [*list(values)[:4], f"{len(values) - 4} others"]
    rest = sum(list(values.values())[4:])
    np.testing.assert_allclose(drawn.bars(ax)[:, 2], 100 * np.array([*list(values.values())[:4], rest]))
    figure = nad.plots.importance(model, most=4, backend="plotly")
    np.testing.assert_allclose(figure.data[0].x, drawn.bars(ax)[:, 2])


def test_importance_of_clusters_and_of_numbers(traffic):
    kmeans = nad.KMeans(n_clusters=3, random_state=1).fit(traffic)
    ax = nad.plots.importance(kmeans)
    np.testing.assert_allclose(drawn.bars(ax)[:, 2], [100 * v for v in kmeans.feature_importance().values()], rtol=1e-6)
    ax = nad.plots.importance({"up": 1.0, "down": -2.0})
    assert [text.get_text() for text in ax.get_yticklabels()] == ["down", "up"]
    assert drawn.bars(ax)[:, [0, 2]].tolist() == [[-2.0, 2.0], [0.0, 1.0]]
    with pytest.raises(nad.Error, match="no importance"):
        nad.plots.importance([1, 2])
    with pytest.raises(nad.Error):
        nad.plots.importance(nad.Model())


def test_reasons_add_up_to_the_surprise(findings):
    finding = findings[0]
    ax = nad.plots.reasons(finding)
    boxes = drawn.bars(ax)
    given = [reason.contribution for reason in finding.reasons]
    np.testing.assert_allclose(boxes[: len(given), 2], given)
    np.testing.assert_allclose(boxes[1 : len(given), 0], np.cumsum(given)[:-1])  # each begins where the last ends
    assert boxes[-1, 2] == pytest.approx(finding.surprise)
    assert boxes[-2, 0] + boxes[-2, 2] == pytest.approx(finding.surprise)
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names[0].startswith(finding.reasons[0].column)
    assert names[-2:] == ["all other columns", "together"]
    svg = nad.plots.reasons(finding, most=2, backend="svg")
    assert f"{finding.surprise:.2f}" in drawn.svg_texts(svg)


def test_reasons_of_a_detector(forest, traffic):
    odd = traffic[-1:]
    names = [f"column {i}" for i in range(5)]
    contributions = forest.explain(odd)[0]
    baseline = float(forest.anomaly_score(odd)[0] - contributions.sum())
    ax = nad.plots.reasons(dict(zip(names, contributions)), baseline=baseline)
    boxes = drawn.bars(ax)
    assert boxes[0, 0] == pytest.approx(baseline)
    assert boxes[-1, 0] + boxes[-1, 2] == pytest.approx(forest.anomaly_score(odd)[0], rel=1e-5)


def test_reasons_need_reasons(model, today):
    bare = model.detect(today, most_explained=0)[0]
    with pytest.raises(nad.Error, match="model.explain"):
        nad.plots.reasons(bare)
    with pytest.raises(nad.Error, match="no finding"):
        nad.plots.reasons(3)


def test_clusters_are_where_they_are_projected(traffic):
    kmeans = nad.KMeans(n_clusters=3, random_state=1).fit(traffic)
    view, numbers = kmeans.project(traffic), kmeans.predict_cluster(traffic)
    figure = nad.plots.clusters(kmeans, traffic, max_points=5000, backend="plotly")
    for trace in figure.data[:-1]:
        number = int(trace.name.split()[1])
        np.testing.assert_array_equal(np.column_stack([trace.x, trace.y]), view.rows[numbers == number])
    np.testing.assert_array_equal(np.column_stack([figure.data[-1].x, figure.data[-1].y]), view.centres)
    labels = np.where(np.arange(len(traffic)) < 2000, "normal", "odd")
    ax = nad.plots.clusters(view, labels=labels)
    assert drawn.legend(ax) == ["normal (2,000)", "odd (10)", "centres"]
    with pytest.raises(nad.Error, match="Give X"):
        nad.plots.clusters(kmeans)


def test_elbow_shows_inertia_and_silhouette(traffic):
    curve = nad.KMeans.elbow(traffic, range(2, 7), random_state=1)
    ax = nad.plots.elbow(curve)
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), np.column_stack([curve.n_clusters, curve.inertia]))
    beside = next(one for one in ax.figure.axes if one is not ax)
    np.testing.assert_array_equal(beside.lines[0].get_ydata(), curve.silhouette)
    assert f"elbow: {curve.elbow}" in drawn.legend(beside)
    figure = nad.plots.elbow(nad.KMeans(n_clusters="auto", random_state=1).fit(traffic), backend="plotly")
    assert figure.data[1].yaxis == "y2"
    with pytest.raises(nad.Error, match="KMeans.elbow"):
        nad.plots.elbow(nad.KMeans(n_clusters=2).fit(traffic))


def test_training_shows_the_losses(traffic):
    autoencoder = nad.Autoencoder(random_state=1, epochs=8, validation_fraction=0.2).fit(traffic)
    history = autoencoder.history_
    ax = nad.plots.training(autoencoder)
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), np.column_stack([range(1, 9), history.loss]))
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), history.validation_loss)
    assert f"weights of epoch {autoencoder.best_epoch_}" in drawn.legend(ax)
    plain = nad.plots.training([3.0, 2.0, 1.0], backend="plotly")
    assert list(plain.data[0].y) == [3.0, 2.0, 1.0]
    assert len(nad.plots.training(nad.Autoencoder(random_state=1, epochs=1).fit(traffic)).lines[0].get_xdata()) == 1
    assert nad.plots.training([1e3, 1.0]).get_yscale() == "log"


def test_clustering_is_drawn_like_its_kmeans():
    flows = nad.datasets.synthetic_flows(800, random_state=3)
    kinds = nad.Clustering("auto", random_state=3).fit(flows)
    beside = nad.plots.elbow(kinds)
    assert f"elbow: {kinds.curve.elbow}" in drawn.legend(beside.figure.axes[1]) + drawn.legend(beside)
    bars = nad.plots.importance(kinds, most=4)
    names = [text.get_text() for text in bars.get_yticklabels()]
    assert names[:4] == list(kinds.importance())[:4]
    assert names[4].endswith("others, mean")
    figure = nad.plots.clusters(kinds, flows, max_points=5000, backend="plotly")
    other = nad.plots.clusters(kinds.kmeans, kinds.features(flows), max_points=5000, backend="plotly")
    assert [trace.name for trace in figure.data] == [trace.name for trace in other.data]
    by_label = nad.plots.clusters(kinds, flows, labels="label", backend="plotly")
    assert any((trace.name or "").startswith("normal (") for trace in by_label.data)
    with pytest.raises(nad.Error, match="which rows"):
        nad.plots.clusters(kinds)


def test_small_contributions_keep_their_digits():
    texts = [text.get_text() for text in nad.plots.reasons({"a": 0.0125, "b": 0.0003}).texts]
    assert "+0.0125" in " ".join(texts)
    assert "+0.0003" in " ".join(texts)
    texts = [text.get_text() for text in nad.plots.reasons({"a": 3.5, "b": 0.0003}).texts]
    assert "+3.50" in " ".join(texts)
