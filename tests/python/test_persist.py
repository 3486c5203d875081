"""Model files from Python: what comes back, what the header says, what a bad file says."""

from __future__ import annotations

import errno
import json
import os
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import nad


@pytest.fixture
def saved(forest, tmp_path):
    path = tmp_path / "forest.nad"
    forest.save(path, note="three weeks of March")
    return path


@pytest.mark.parametrize("as_path", [lambda p: p, str, os.fspath])
def test_what_is_loaded_is_what_was_saved(forest, traffic, tmp_path, as_path):
    path = as_path(tmp_path / "forest.nad")
    forest.save(path)
    for model in (nad.load(path), nad.IsolationForest.load(path)):
        assert type(model) is nad.IsolationForest
        np.testing.assert_array_equal(model.anomaly_score(traffic), forest.anomaly_score(traffic))
        np.testing.assert_array_equal(model.explain(traffic), forest.explain(traffic))
        np.testing.assert_array_equal(model.predict(traffic), forest.predict(traffic))
        assert model.threshold_ == forest.threshold_
        assert model.baseline_ == forest.baseline_
        assert model.get_params() == forest.get_params()


@pytest.mark.parametrize(
    "options",
    [
        {"n_estimators": 3, "max_samples": 100, "max_features": 2, "max_depth": 4, "random_state": 2**63},
        {"max_samples": 0.5, "max_features": 0.5, "bootstrap": True, "warm_start": True, "random_state": 0},
        {"ndim": 2, "split": "best", "ntry": 3, "unique_rows": "log_count", "missing": "impute", "random_state": 1},
        {"unique_rows": True, "missing": "route", "contamination": 0.2, "random_state": 1},
    ],
    ids=str,
)
def test_every_option_comes_back(traffic, tmp_path, options):
    forest = nad.IsolationForest(**options).fit(traffic)
    forest.save(tmp_path / "forest.nad")
    model = nad.load(tmp_path / "forest.nad")
    assert model.get_params() == forest.get_params()
    np.testing.assert_array_equal(model.anomaly_score(traffic), forest.anomaly_score(traffic))


def test_a_loaded_forest_goes_on_growing(traffic, tmp_path):
    forest = nad.IsolationForest(n_estimators=10, random_state=5, warm_start=True).fit(traffic)
    forest.save(tmp_path / "forest.nad")
    model = nad.load(tmp_path / "forest.nad").set_params(n_estimators=25).fit(traffic)
    at_once = nad.IsolationForest(n_estimators=25, random_state=5).fit(traffic)
    np.testing.assert_array_equal(model.anomaly_score(traffic), at_once.anomaly_score(traffic))


def test_a_threshold_set_by_hand_is_kept(traffic, tmp_path):
    forest = nad.IsolationForest(n_estimators=10).fit(traffic)
    forest.threshold_ = 0.625
    forest.save(tmp_path / "forest.nad")
    assert nad.load(tmp_path / "forest.nad").threshold_ == 0.625


def test_column_names_travel(traffic, tmp_path):
    pd = pytest.importorskip("pandas")
    names = ["duration", "sent", "received", "logins", "ports"]
    frame = pd.DataFrame(traffic, columns=names)
    path = tmp_path / "forest.nad"
    nad.IsolationForest(n_estimators=10).fit(frame).save(path)
    model = nad.load(path)
    assert list(model.feature_names_in_) == names
    assert nad.read_header(path)["feature_names"] == names
    with pytest.raises(ValueError, match="same order"):
        model.anomaly_score(frame[names[::-1]])


def test_names_can_be_given_when_saving(forest, tmp_path):
    names = ["a", "b", "c", "größe", "e"]
    forest.save(tmp_path / "forest.nad", feature_names=names)
    assert list(nad.load(tmp_path / "forest.nad").feature_names_in_) == names
    with pytest.raises(nad.InvalidArgumentError, match="2 feature names were given for a detector of 5 columns"):
        forest.save(tmp_path / "forest.nad", feature_names=["a", "b"])
    assert list(nad.load(tmp_path / "forest.nad").feature_names_in_) == names  # the old file is still there


def test_the_header_is_read_alone(saved):
    header = nad.read_header(saved)
    assert header["kind"] == "isolation_forest"
    assert "three weeks of March" in json.dumps(header)
    assert nad.__version__ in json.dumps(header)
    damaged = bytearray(saved.read_bytes())
    damaged[-2000] ^= 0x55
    saved.write_bytes(damaged)
    assert nad.read_header(saved) == header
    with pytest.raises(nad.BadFileError):
        nad.load(saved)


def test_the_same_model_is_the_same_file(traffic, tmp_path):
    for name, n_jobs in (("one.nad", 1), ("two.nad", 2)):
        nad.IsolationForest(random_state=1, n_jobs=n_jobs).fit(traffic).save(tmp_path / name)
    assert (tmp_path / "one.nad").read_bytes() == (tmp_path / "two.nad").read_bytes()


def test_a_hundred_trees_of_256_rows_are_under_a_megabyte(tmp_path):
    X = np.random.default_rng(0).normal(size=(20_000, 41)).astype(np.float32)
    nad.IsolationForest().fit(X).save(tmp_path / "forest.nad")
    assert (tmp_path / "forest.nad").stat().st_size < 1_000_000


@pytest.mark.parametrize("at", [0, 9, 40, -1, -9, -300])
def test_damage_is_an_error_that_names_the_file(saved, at):
    data = bytearray(saved.read_bytes())
    data[at] ^= 0x55
    saved.write_bytes(data)
    with pytest.raises(nad.BadFileError, match=r"forest\.nad"):
        nad.load(saved)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"x" * 1000])
def test_other_files(tmp_path, content):
    (tmp_path / "other.nad").write_bytes(content)
    for read in (nad.load, nad.read_header):
        with pytest.raises(ValueError, match=r"other\.nad"):
            read(tmp_path / "other.nad")


def test_a_file_that_is_not_there(tmp_path):
    for read in (nad.load, nad.IsolationForest.load, nad.read_header):
        with pytest.raises(nad.IoError, match=r"none\.nad.*no such file") as caught:
            read(tmp_path / "none.nad")
        assert isinstance(caught.value, FileNotFoundError)
        assert caught.value.errno == errno.ENOENT
        twin = pickle.loads(pickle.dumps(caught.value))
        assert (type(twin), str(twin), twin.errno) == (nad.MissingFileError, str(caught.value), errno.ENOENT)
    forest = nad.IsolationForest(n_estimators=2).fit(np.eye(4))
    with pytest.raises(OSError, match="folder"):
        forest.save(tmp_path / "no folder" / "forest.nad")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a device")
def test_a_device_is_no_model_file():
    for read in (nad.load, nad.read_header):
        with pytest.raises(nad.IoError, match="'/dev/zero': it is not a regular file"):
            read("/dev/zero")


def test_a_folder_is_no_model_file(tmp_path):
    for read in (nad.load, nad.read_header):
        with pytest.raises(nad.IoError, match="it is a folder"):
            read(tmp_path)


def test_a_large_file_of_another_make_is_not_read(tmp_path):
    with (tmp_path / "disk.img").open("wb") as file:
        file.truncate(3 << 30)  # a hole: it takes no room on the disk
    tracemalloc.start()
    for read in (nad.load, nad.read_header):
        with pytest.raises(nad.BadFileError, match=r"disk\.img"):
            read(tmp_path / "disk.img")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_a_file_that_is_replaced_while_it_is_read_gives_one_model(traffic, tmp_path, monkeypatch):
    forest = nad.IsolationForest(n_estimators=2, random_state=0).fit(traffic)
    larger = nad.IsolationForest(n_estimators=3, random_state=0).fit(traffic)
    path = tmp_path / "forest.nad"
    forest.save(path, feature_names=list("abcde"))
    load_detector = nad._core.load_detector
    replaced = []

    def replace_and_load(path):
        if not replaced:
            replaced.append(path)
            larger.save(path, feature_names=list("vwxyz"))
        return load_detector(path)

    monkeypatch.setattr(nad._core, "load_detector", replace_and_load)
    model = nad.load(path)
    assert (model.n_trees_, list(model.feature_names_in_)) == (3, list("vwxyz"))


def test_a_file_of_another_class_is_refused(saved):
    class OtherForest(nad.IsolationForest):
        pass

    with pytest.raises(nad.Error, match=r"forest\.nad holds a model of class IsolationForest, not OtherForest"):
        OtherForest.load(saved)


def test_a_kind_without_a_class_is_refused(saved, monkeypatch):
    monkeypatch.setattr("nad.estimators._detector.DetectorEstimator._of_compiled", {})
    with pytest.raises(nad.BadFileError, match=r"forest\.nad holds a isolation_forest, which this version"):
        nad.load(saved)
