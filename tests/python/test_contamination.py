"""How `contamination` sets the threshold, beside scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

import nad


@pytest.mark.parametrize("contamination", [0.001, 0.01, 0.05, 0.1, 0.25, 0.3, 0.5])
@pytest.mark.parametrize("rows", [10, 101, 1000, 1999])
def test_offset_is_the_percentile_of_the_training_scores(traffic, contamination, rows):
    X = traffic[-rows:]
    forest = nad.IsolationForest(contamination=contamination, random_state=0, n_estimators=20).fit(X)
    scores = forest.score_samples(X)
    exact = np.percentile(scores, 100.0 * contamination)
    assert forest.offset_ == pytest.approx(exact, abs=1e-7)
    np.testing.assert_array_equal(forest.predict(X) == -1, scores < exact)


@pytest.mark.parametrize("contamination", [0.01, 0.1, 0.5])
def test_training_rows_are_flagged_in_the_share_that_scikit_learn_flags(traffic, contamination):
    ensemble = pytest.importorskip("sklearn.ensemble")
    ours = nad.IsolationForest(contamination=contamination, random_state=0).fit_predict(traffic)
    theirs = ensemble.IsolationForest(contamination=contamination, random_state=0).fit_predict(traffic)
    assert abs(int((ours == -1).sum()) - int((theirs == -1).sum())) <= 1  # they may differ where scores tie


def test_auto_is_one_half(traffic):
    forest = nad.IsolationForest(random_state=0).fit(traffic)
    assert forest.offset_ == -0.5
    assert forest.threshold_ == 0.5


def test_the_three_scores_agree(forest, traffic):
    anomaly = forest.anomaly_score(traffic)
    np.testing.assert_array_equal(forest.score_samples(traffic), -anomaly.astype(np.float64))
    np.testing.assert_array_equal(forest.decision_function(traffic), forest.score_samples(traffic) - forest.offset_)
    np.testing.assert_array_equal(forest.predict(traffic) == -1, forest.decision_function(traffic) < 0)
    np.testing.assert_array_equal(forest.predict(traffic) == -1, anomaly > forest.threshold_)
    assert forest.score_samples(traffic).dtype == np.float64


def test_threshold_and_offset_can_be_set_by_hand(traffic):
    forest = nad.IsolationForest(random_state=0).fit(traffic)
    forest.threshold_ = 0.75
    assert forest.offset_ == -0.75
    flagged = forest.predict(traffic) == -1
    np.testing.assert_array_equal(flagged, forest.anomaly_score(traffic) > 0.75)
    forest.offset_ = -0.25
    assert forest.threshold_ == 0.25
    assert (forest.predict(traffic) == -1).sum() > flagged.sum()


def test_contamination_can_change_between_warm_starts(traffic):
    forest = nad.IsolationForest(n_estimators=10, contamination=0.1, random_state=0, warm_start=True).fit(traffic)
    assert (forest.predict(traffic) == -1).sum() == 201
    forest.set_params(n_estimators=20, contamination=0.05).fit(traffic)
    assert (forest.predict(traffic) == -1).sum() == pytest.approx(101, abs=1)
    forest.set_params(contamination="auto").fit(traffic)
    assert (forest.n_trees_, forest.threshold_) == (20, 0.5)


def test_a_row_at_the_threshold_is_ordinary(traffic):
    forest = nad.IsolationForest(random_state=0).fit(traffic)
    forest.threshold_ = forest.anomaly_score(traffic[4])
    assert forest.predict(traffic[4:5])[0] == 1
    assert forest.decision_function(traffic[4:5])[0] == 0.0
