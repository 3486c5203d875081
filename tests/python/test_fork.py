"""A forked child uses what its parent learnt, with threads of its own."""

from __future__ import annotations

import multiprocessing
import sys

import numpy as np
import pytest

import nad

pytestmark = [
    pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system has no fork"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


def work_in_child(queue, forest, X):
    again = nad.IsolationForest(n_estimators=40, random_state=3, n_jobs=4).fit(X)
    queue.put((forest.anomaly_score(X), again.anomaly_score(X), forest.explain(X[:100])))


def test_a_forked_child_fits_and_scores_with_threads():
    X = np.random.default_rng(0).normal(size=(30_000, 6)).astype(np.float32)
    forest = nad.IsolationForest(n_estimators=40, random_state=3, n_jobs=4).fit(X)
    expected = forest.anomaly_score(X)  # the parent has used threads before it forks
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    children = [context.Process(target=work_in_child, args=(queue, forest, X)) for _ in range(2)]
    for child in children:
        child.start()
    for _ in children:
        scores, again, contributions = queue.get(timeout=60)
        np.testing.assert_array_equal(scores, expected)
        np.testing.assert_array_equal(again, expected)
        np.testing.assert_array_equal(contributions, forest.explain(X[:100]))
    for child in children:
        child.join(timeout=60)
        assert child.exitcode == 0
    assert "nad" in sys.modules
