"""`Clustering`: K-Means in the words of a table, and which cluster one record matches."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

import nad
from nad import _core


@pytest.fixture(scope="module")
def traffic() -> nad.Table:
    """Three kinds of connections that are far apart, and one column that says nothing."""
    rng = np.random.default_rng(3)
    kinds = np.repeat(["web", "mail", "scan"], [600, 300, 100])
    size = {"web": 4000.0, "mail": 900.0, "scan": 40.0}
    service = [{"web": "http", "mail": "smtp", "scan": "other"}[kind] for kind in kinds]
    service[-1] = "finger"  # else it would be the label under another name
    return nad.Table(
        {
            "service": service,
            "bytes": rng.normal([size[kind] for kind in kinds], 20.0),
            "port": rng.integers(1024, 60000, len(kinds)).astype(float),
            "label": kinds.tolist(),
        },
        types={"service": "category"},
        roles={"label": "label"},
    )


@pytest.fixture(scope="module")
def kinds(traffic) -> nad.Clustering:
    return nad.Clustering(3, random_state=1).fit(traffic)


def test_clusters_are_those_of_kmeans_on_the_features(traffic, kinds):
    X = nad.FeaturePipeline.automatic(traffic).fit_transform(traffic)
    by_hand = nad.KMeans(n_clusters=3, random_state=1).fit(X)
    np.testing.assert_array_equal(kinds.predict_cluster(traffic), by_hand.predict_cluster(X))
    np.testing.assert_array_equal(kinds.features(traffic), X)
    assert [str(one) for one in kinds.profiles] == [str(one) for one in by_hand.profile(X, records=traffic)]
    importance = kinds.importance()
    assert importance["service"] > 0.9
    assert importance["port"] < 0.1
    assert importance == nad.FeaturePipeline.automatic(traffic).fit(traffic).importance(
        traffic, kinds.predict_cluster(traffic)
    )


def test_a_whole_record_matches_the_cluster_that_it_is_in(traffic, kinds):
    clusters = kinds.predict_cluster(traffic)
    for row in range(0, len(traffic) - 1, 97):
        match = kinds.match(traffic.row(row))
        assert match.cluster == clusters[row]
        assert match.behaviour == traffic["label"][row]
        x = kinds.features(traffic)[row].astype(float)
        away = np.sqrt(((kinds.kmeans.cluster_centers_.astype(float) - x) ** 2).sum(axis=1))
        assert match.features == len(x)
        assert match.distance == pytest.approx(away.min(), rel=1e-5)
        assert match.next_distance == pytest.approx(np.sort(away)[1], rel=1e-5)
        rows = kinds.features(traffic)[clusters == match.cluster].astype(float)
        far = np.sqrt(((rows - kinds.kmeans.cluster_centers_[match.cluster]) ** 2).sum(axis=1))
        assert match.as_far == pytest.approx((far >= match.distance * (1 - 1e-5)).mean(), abs=0.002)


def test_what_is_not_given_does_not_count(kinds):
    for given, label in (
        ({"bytes": 3990}, "web"),
        ({"bytes": 41.0, "port": None}, "scan"),
        ({"service": "smtp"}, "mail"),
    ):
        match = kinds.match(given)
        assert match.behaviour == label
        assert match.features < len(kinds.pipeline.feature_names)
    assert kinds.match({"service": "http"}).distance == pytest.approx(0.0, abs=1e-3)


def test_it_says_what_is_unusual_and_how_far_away_it_is(kinds):
    ordinary = kinds.match({"service": "http", "bytes": 4000.0})
    assert ordinary.as_far > 0.5
    assert ordinary.unusual == []
    strange = kinds.match({"service": "http", "bytes": 9000.0})
    assert strange.behaviour == "web"
    assert strange.as_far == 0.0
    assert len(strange.unusual) == 1
    assert "bytes 9000.0 (mostly 3,9" in strange.unusual[0]
    text = str(strange)
    for words in ("labels: web 100 %", "service is http in all rows", "none of its records lies as far", "the next is"):
        assert words in text


def test_derived_features_and_labels_by_name():
    flows = nad.datasets.synthetic_flows(3000, random_state=2)
    kinds = nad.Clustering(random_state=2, label="label").fit(flows)
    assert kinds.curve.best == len(kinds.profiles) == kinds.kmeans.cluster_centers_.shape[0]
    match = kinds.match(
        {"protocol": "udp", "dst_port": 53, "bytes_sent": 70, "bytes_received": 200, "src_ip": "10.1.0.7"}
    )
    assert match.behaviour == "normal"
    assert set(match.profile.labels) <= set(flows.value_counts("label"))
    again = pickle.loads(pickle.dumps(kinds))
    assert str(again.match(flows.row(17))) == str(kinds.match(flows.row(17)))


def test_errors_say_what_to_do(traffic, kinds):
    with pytest.raises(nad.InvalidArgumentError, match="no column 'servise' was learnt from; do you mean 'service'"):
        kinds.match({"servise": "http"})
    with pytest.raises(nad.InvalidDataError, match="no value to compare; give some of: "):
        kinds.match({"label": "web"})
    with pytest.raises(nad.InvalidArgumentError, match="give values by column"):
        kinds.match(traffic)
    with pytest.raises(nad.InvalidDataError, match="column 'bytes', row 0: 'many' is not a number"):
        kinds.match({"bytes": "many"})
    with pytest.raises(nad.NotFittedError, match="call fit"):
        nad.Clustering().match({"bytes": 3})
    with pytest.raises(nad.InvalidArgumentError, match="give a nad.KMeans"):
        nad.Clustering(kmeans="k")


@pytest.mark.parametrize("of", ["kinds", "flows"])
def test_what_is_loaded_is_what_was_saved(of, kinds, traffic, tmp_path):
    table = traffic if of == "kinds" else nad.datasets.synthetic_flows(2000, random_state=2)
    kinds = kinds if of == "kinds" else nad.Clustering(random_state=2, label="label").fit(table)
    kinds.save(tmp_path / "kinds.nad", note="of a test")
    for loaded in (nad.load(tmp_path / "kinds.nad"), nad.Clustering.load(tmp_path / "kinds.nad")):
        assert isinstance(loaded, nad.Clustering)
        np.testing.assert_array_equal(loaded.predict_cluster(table), kinds.predict_cluster(table))
        assert loaded.profiles == kinds.profiles
        assert str(loaded) == str(kinds)
        assert loaded.importance() == kinds.importance()
        for row in range(0, len(table), 311):
            assert loaded.match(table.row(row)) == kinds.match(table.row(row))
        loaded.save(tmp_path / "again.nad", note="of a test")
        assert (tmp_path / "again.nad").read_bytes() == (tmp_path / "kinds.nad").read_bytes()
        assert str(loaded.fit(table)) == str(kinds)  # it learns anew as it did
    header = nad.read_header(tmp_path / "kinds.nad")
    assert header["kind"] == "clustering"
    assert header["feature_names"] == kinds.pipeline.feature_names
    assert header["training"]["clusters"] == len(kinds.profiles)
    assert header["note"] == "of a test"


def test_other_files_are_no_clusterings_and_the_other_way_round(kinds, traffic, tmp_path):
    kinds.save(tmp_path / "kinds.nad")
    kinds.kmeans.save(tmp_path / "kmeans.nad")
    kinds.pipeline.save(tmp_path / "pipeline.nad")
    with pytest.raises(nad.BadFileError, match="holds a detector of kind 'kmeans', but a clustering was asked for"):
        nad.Clustering.load(tmp_path / "kmeans.nad")
    with pytest.raises(nad.BadFileError, match="holds a feature pipeline, but a clustering was asked for"):
        nad.Clustering.load(tmp_path / "pipeline.nad")
    with pytest.raises(nad.BadFileError, match="holds a clustering alone, but a whole model was asked for"):
        nad.Model.load(tmp_path / "kinds.nad")
    with pytest.raises(nad.BadFileError, match="holds a clustering, but a feature pipeline was asked for"):
        nad.FeaturePipeline.load(tmp_path / "kinds.nad")
    with pytest.raises(nad.InvalidDataError, match="holds a model of class Clustering, not KMeans"):
        nad.KMeans.load(tmp_path / "kinds.nad")
    with pytest.raises(nad.NotFittedError, match="call fit"):
        nad.Clustering().save(tmp_path / "kinds.nad")
    with pytest.raises(FileNotFoundError):
        nad.Clustering.load(tmp_path / "nowhere.nad")


def damage(parts, name, change):
    return [(key, change(part) if key == name else part) for key, part in parts]


def test_a_damaged_clustering_is_refused(kinds, tmp_path):
    path = tmp_path / "kinds.nad"
    kinds.save(path)
    sound = path.read_bytes()
    for at in range(0, len(sound), len(sound) // 60):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 0xFF]) + sound[at + 1 :])
        with pytest.raises(nad.BadFileError):
            nad.Clustering.load(path)

    path.write_bytes(sound)
    parts = _core.load_parts(str(path), "clustering")
    words = json.loads(dict(parts)["words"])

    def with_words(**changes):
        return damage(parts, "words", lambda _: json.dumps({**words, **changes}).encode())

    others = words["others"]
    for wrong in (
        parts[:-1],
        parts[1:],
        damage(parts, "kmeans", lambda part: part[:-1]),
        damage(parts, "kmeans", lambda _: dict(parts)["pipeline"]),
        damage(parts, "members", lambda part: part[:-4]),
        damage(parts, "members", lambda part: np.full(len(part) // 4, np.nan, "<f4").tobytes()),
        damage(parts, "cluster_of", lambda part: part[:-4]),
        damage(parts, "cluster_of", lambda part: b"\xff" * len(part)),
        damage(parts, "words", lambda part: part[:-1]),
        damage(parts, "words", lambda _: b"[" * 100_000),
        damage(parts, "words", lambda _: b"[]"),
        with_words(profiles=words["profiles"][:-1]),
        with_words(profiles=[{**words["profiles"][0], "labels": [[["a"], 1.0]]}, *words["profiles"][1:]]),
        with_words(others={**others, "columns": {}}),
        with_words(others={**others, "types": {**others["types"], "bytes": "text"}}),
        with_words(importance=3),
        with_words(random_state="yes"),
    ):
        _core.save_parts(str(path), "clustering", kinds.pipeline._core, wrong, "{}", "")
        with pytest.raises(nad.BadFileError):
            nad.Clustering.load(path)


def test_a_model_with_kmeans_has_the_same_clusters_in_words(traffic, kinds, tmp_path):
    model = nad.Model(detector=nad.KMeans(n_clusters=3, random_state=1), training="mixed").fit(traffic)
    found = nad.Clustering.of_model(model, traffic)
    assert np.array_equal(found.kmeans.cluster_centers_, model.detector.cluster_centers_)
    assert np.array_equal(
        found.predict_cluster(traffic), model.detector.predict_cluster(model.pipeline.transform(traffic))
    )
    assert sum(one.share for one in found.profiles) == pytest.approx(1.0)
    found.save(tmp_path / "own.nad")
    assert str(nad.load(tmp_path / "own.nad")) == str(found)
    with pytest.raises(nad.InvalidArgumentError, match=r"is Histogram, not KMeans; use Clustering\(\).fit"):
        nad.Clustering.of_model(nad.Model(detector=nad.Histogram(), training="mixed").fit(traffic), traffic)


def test_learning_clusters_tells_how_far_it_is(traffic):
    seen = []
    nad.Clustering(3, random_state=1).fit(traffic, progress=lambda one: seen.append(one.stage))
    assert seen
    with pytest.raises(nad.CancelledError):
        nad.Clustering(3).fit(traffic, progress=lambda _: False)
