"""Progress, cancelling, Ctrl-C, and the GIL that other threads need meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import nad

LONG = {"n_estimators": 200_000, "max_samples": 1000, "random_state": 0}  # minutes, unless it is stopped


def rows(count=2000):
    return np.random.default_rng(0).normal(size=(count, 5)).astype(np.float32)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_callback_hears_how_far_the_work_is(n_jobs):
    heard = []
    nad.IsolationForest(n_estimators=300, contamination=0.1, n_jobs=n_jobs).fit(rows(), progress=heard.append)
    assert all(type(state) is nad.Progress for state in heard)
    trees = [state for state in heard if state.stage == "growing trees"]
    assert trees[-1].done == trees[-1].total == 300
    assert [state.done for state in trees] == sorted(state.done for state in trees)
    assert heard[-1].stage == "scoring"  # the threshold of `contamination`
    assert repr(trees[-1]) == "Progress(stage='growing trees', done=300, total=300)"


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_false_cancels(n_jobs):
    forest = nad.IsolationForest(n_estimators=5, random_state=0).fit(rows())
    before = forest.anomaly_score(rows())
    forest.set_params(**LONG, n_jobs=n_jobs)
    with pytest.raises(nad.CancelledError, match="cancelled while growing trees, [0-9]+ of 200000 done"):
        forest.fit(rows(), progress=lambda state: state.done < 100)
    np.testing.assert_array_equal(forest.anomaly_score(rows()), before)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_what_a_callback_raises_comes_through(n_jobs):
    class Stop(Exception):
        pass

    def stop(state):
        raise Stop(state.stage)

    with pytest.raises(Stop, match="growing trees"):
        nad.IsolationForest(**LONG, n_jobs=n_jobs).fit(rows(), progress=stop)


def test_a_callback_that_returns_nothing_goes_on():
    assert nad.IsolationForest(n_estimators=7).fit(rows(), progress=lambda _: None).n_trees_ == 7


@pytest.mark.parametrize(("verbose", "bars"), [(0, []), (1, ["growing trees"]), (2, ["growing trees", "scoring"])])
def test_verbose_draws_bars_on_standard_error(capfd, verbose, bars):
    forest = nad.IsolationForest(n_estimators=8, verbose=verbose).fit(rows())
    forest.anomaly_score(rows())
    out, err = capfd.readouterr()
    assert out == ""
    assert [line for line in bars if line in err] == bars
    assert err.count("\n") == len(bars)
    if verbose:
        assert "[################################] 8/8" in err
    else:
        assert err == ""


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a POSIX signal")
@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("work", ["fit", "score"])
def test_ctrl_c_ends_long_work(n_jobs, work):
    program = f"""
import signal, time, numpy as np, nad
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets background jobs ignore it
X = np.random.default_rng(0).normal(size=(2000, 5)).astype(np.float32)
forest = nad.IsolationForest(n_estimators=5, random_state=0).fit(X)
before = forest.anomaly_score(X)
forest.n_jobs = {n_jobs}
large = nad.IsolationForest(n_estimators=2000, n_jobs={n_jobs}).fit(X)
print("ready", flush=True)
began = time.monotonic()
try:
    if "{work}" == "fit":
        forest.set_params(n_estimators=200_000, max_samples=1000).fit(X)
    else:
        large.explain(np.broadcast_to(X[0], (1_000_000, 5)))
except KeyboardInterrupt:
    assert (forest.anomaly_score(X) == before).all()
    print("interrupted", time.monotonic() - began, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline() == "ready\n"
            time.sleep(0.5)
            child.send_signal(signal.SIGINT)
            word, seconds = child.communicate(timeout=30)[0].split()
        finally:
            child.kill()
    assert word == "interrupted"
    assert float(seconds) < 5.0


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_other_threads_run_during_a_fit(n_jobs):
    stop = threading.Event()
    errors = []

    def learn():
        try:
            nad.IsolationForest(**LONG, n_jobs=n_jobs).fit(rows(), progress=lambda _: not stop.is_set())
        except nad.CancelledError as error:
            errors.append(error)

    thread = threading.Thread(target=learn)
    thread.start()
    ticks, end = 0, time.monotonic() + 0.5
    while time.monotonic() < end:
        time.sleep(0.001)
        ticks += 1
    stop.set()
    thread.join(timeout=30)
    assert ticks > 50
    assert len(errors) == 1


def test_a_model_is_scored_while_it_learns_again():
    X = rows()
    first = nad.IsolationForest(n_estimators=50, random_state=1).fit(X).anomaly_score(X)
    second = nad.IsolationForest(n_estimators=50, random_state=2).fit(X).anomaly_score(X)
    forest = nad.IsolationForest(n_estimators=50, random_state=1).fit(X)
    seen, wrong = set(), []

    def score():
        for _ in range(200):
            scores = forest.anomaly_score(X)
            if np.array_equal(scores, first):
                seen.add("first")
            elif np.array_equal(scores, second):
                seen.add("second")
            else:
                wrong.append(scores)

    threads = [threading.Thread(target=score) for _ in range(2)]
    for thread in threads:
        thread.start()
    for seed in (2, 1) * 10:
        forest.set_params(random_state=seed).fit(X)
    for thread in threads:
        thread.join(timeout=60)
    assert not wrong
    assert "first" in seen
