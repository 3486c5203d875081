"""ROC, precision and recall, confusion and the distribution of scores show the figures of `nad.metrics`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

import nad

sys.path.insert(0, str(Path(__file__).parent))
import drawn

TRUTH = np.array([0, 0, 1, 0, 1, 1, 0, 1])
SCORES = np.array([0.1, 0.4, 0.35, 0.2, 0.8, 0.9, 0.6, 0.7])


def test_roc_is_the_curve_of_the_scores():
    ax = nad.plots.roc(SCORES, TRUTH)
    curve = nad.metrics.roc_curve(SCORES, TRUTH)
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), np.column_stack(curve[:2]))
    assert drawn.legend(ax) == ["chance", f"AUC {nad.metrics.roc_auc(SCORES, TRUTH):.4f}"]
    figure = nad.plots.roc(SCORES, TRUTH, backend="plotly")
    np.testing.assert_array_equal(np.column_stack([figure.data[1].x, figure.data[1].y]), np.column_stack(curve[:2]))


def test_roc_compares_evaluations_and_shows_their_thresholds(evaluation):
    other = nad.evaluate(-SCORES, TRUTH, threshold=-0.5, n_bootstrap=50)
    ax = nad.plots.roc({"one": evaluation, "_two": other})
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), evaluation.roc_curve.recall)
    np.testing.assert_array_equal(ax.lines[2].get_ydata(), other.roc_curve.recall)
    names = drawn.legend(ax)
    assert names[1] == f"one: AUC {evaluation.roc_auc:.4f}"
    assert names[2].strip() == f"_two: AUC {other.roc_auc:.4f} ({other.roc_auc.low:.3f} to {other.roc_auc.high:.3f})"
    assert drawn.points(ax)[0].tolist() == [[evaluation.false_positive_rate, evaluation.recall]]


def test_precision_recall(evaluation):
    ax = nad.plots.precision_recall(SCORES, TRUTH)
    curve = nad.metrics.precision_recall_curve(SCORES, TRUTH)
    line = next(one for one in ax.lines if one.get_label().startswith("average"))
    np.testing.assert_array_equal(line.get_xydata(), np.column_stack([curve.recall, curve.precision]))
    assert f"average precision {nad.metrics.average_precision(SCORES, TRUTH):.4f}" in drawn.legend(ax)
    assert "chance 0.5" in drawn.legend(ax)
    svg = nad.plots.precision_recall({"model": evaluation}, backend="svg")
    assert f"model: average precision {evaluation.average_precision:.4f}" in drawn.svg_texts(svg)


@pytest.mark.parametrize("draw", [nad.plots.roc, nad.plots.precision_recall])
def test_curves_need_the_truth_and_two_classes(draw):
    with pytest.raises(nad.Error, match="give y"):
        draw(SCORES)
    with pytest.raises(nad.Error):
        draw(SCORES, np.zeros(8, dtype=int))
    with pytest.raises(nad.Error, match="empty"):
        draw({})


def test_confusion_of_an_evaluation(evaluation):
    ax = nad.plots.confusion(evaluation)
    counts = [
        evaluation.true_negatives,
        evaluation.false_positives,
        evaluation.false_negatives,
        evaluation.true_positives,
    ]
    assert [text.get_text().partition(" (")[0] for text in ax.texts] == [f"{count:,.0f}" for count in counts]
    shares = np.asarray(ax.images[0].get_array())
    np.testing.assert_allclose(shares[0], np.array(counts[:2]) / evaluation.normals)
    np.testing.assert_allclose(shares[1], np.array(counts[2:]) / evaluation.attacks)


def test_confusion_of_classes_and_matrices():
    predicted, truth = ["a", "b", "b", "c"], ["a", "b", "c", "c"]
    figure = nad.plots.confusion(predicted, truth, backend="plotly")
    assert [list(row) for row in figure.data[0].z] == [[1, None, None], [None, 1, None], [None, 0.5, 0.5]]
    assert list(figure.layout.yaxis.ticktext) == ["a", "b", "c"]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]  # the first class on top
    same = nad.plots.confusion(nad.metrics.class_confusion(predicted, truth), backend="plotly")
    assert same.data[0].text == figure.data[0].text
    given = nad.plots.confusion(np.array([[5, 0], [1, 4]]), ["no", "yes"], backend="svg")
    assert {"5 (100.0 %)", "1 (20.0 %)", "4 (80.0 %)", "no", "yes"} <= set(drawn.svg_texts(given))
    assert nad.plots.confusion(["a"], ["a"]).texts[0].get_text() == "1 (100.0 %)"
    with pytest.raises(nad.Error, match="square"):
        nad.plots.confusion(np.ones((2, 3)))
    with pytest.raises(nad.Error, match="true classes"):
        nad.plots.confusion(predicted)


def test_score_distribution_counts_the_scores(findings, reported, model):
    ax = nad.plots.score_distribution(findings, calibration=model, bins=30)
    edges = np.linspace(
        min(findings.scores.min(), model.calibration.scores[0]),
        max(findings.scores.max(), model.calibration.scores[-1]),
        31,
    )
    bars = drawn.bars(ax)
    for some, box in ((~reported, bars[:30]), (reported, bars[30:])):
        wanted = np.histogram(findings.scores[some].astype(float), edges)[0]
        np.testing.assert_allclose(np.where(box[:, 3] > 0, box[:, 1] + box[:, 3], 0), wanted)
    assert f"threshold {findings.limit.score:.4g}" in drawn.legend(ax)
    expected = next(line for line in ax.lines if line.get_label().startswith("expected"))
    scale = len(findings.scores) / len(model.calibration)
    calibrated = np.histogram(model.calibration.scores, edges)[0] * scale
    np.testing.assert_allclose(expected.get_ydata()[:-1], np.maximum(calibrated, 0.5))


def test_score_distribution_of_classes(findings, today):
    figure = nad.plots.score_distribution(findings, today, backend="plotly")
    truth = np.asarray(today["is_anomaly"].to_numpy(), dtype=bool)
    normal, attacks = figure.data[:2]
    assert normal.name == f"normal ({(~truth).sum():,})"
    tops = np.asarray(attacks.base) + np.asarray(attacks.y)
    assert tops[tops > 0.5].sum() == truth.sum()


def test_score_distribution_at_the_edges():
    constant = nad.plots.score_distribution(np.full(50, 2.5), threshold=2.5)
    assert drawn.bars(constant)[:, 3].max() == 49.5  # from half a record up to 50
    assert drawn.legend(constant)[-1] == "not above (50)"
    assert nad.plots.score_distribution(np.array([1.0])) is not None
    assert nad.plots.score_distribution(np.zeros(0)) is not None
    gaps = nad.plots.score_distribution(np.array([1.0, np.nan, 2.0, np.inf]), backend="svg")
    assert "2 without a finite score" in drawn.svg_texts(gaps)
    one_class = nad.plots.score_distribution(SCORES, np.zeros(8, dtype=int))
    assert drawn.legend(one_class) == ["normal (8)"]
    with pytest.raises(nad.Error, match="one a row"):
        nad.plots.score_distribution(SCORES, TRUTH[:-1])
    with pytest.raises(nad.Error, match="shape"):
        nad.plots.score_distribution(np.ones((2, 2)))


def test_a_million_scores_are_drawn_quickly():
    rng = np.random.default_rng(1)
    scores, truth = rng.normal(size=1_000_000), rng.random(1_000_000) < 0.01
    start = time.perf_counter()
    nad.plots.score_distribution(scores, truth, threshold=2.0)
    nad.plots.roc(scores, truth)
    assert time.perf_counter() - start < 4
