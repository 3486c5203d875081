"""nad.KMeans beside scikit-learn's, and what it tells about its clusters."""

from __future__ import annotations

import numpy as np
import pytest

import nad


def blobs(rows=3000, columns=12, clusters=7, seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(scale=6.0, size=(clusters, columns))
    which = rng.integers(clusters, size=rows)
    return (centres[which] + rng.normal(scale=scale, size=(rows, columns))).astype(np.float32), which


@pytest.mark.parametrize("clusters", [1, 8, 32])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_same_clusters_as_scikit_learn_from_the_same_start(clusters, weighted):
    sklearn_cluster = pytest.importorskip("sklearn.cluster")
    X, _ = blobs(scale=4.0)
    start = X[np.random.default_rng(1).choice(len(X), clusters, replace=False)]
    weights = np.random.default_rng(2).uniform(0.1, 3.0, len(X)).astype(np.float32) if weighted else None
    ours = nad.KMeans(n_clusters=clusters, init=start, tol=0.0).fit(X, sample_weight=weights)
    theirs = sklearn_cluster.KMeans(n_clusters=clusters, init=start.astype(np.float64), n_init=1, tol=0.0, max_iter=300)
    theirs.fit(X.astype(np.float64), sample_weight=weights)
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-4)
    assert (ours.predict_cluster(X) == theirs.predict(X.astype(np.float64))).mean() > 0.995
    assert np.allclose(ours.cluster_centers_, theirs.cluster_centers_, atol=2e-2)


def test_the_elbow_and_silhouette_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    X = (30.0 * np.eye(7, 12)[rng.integers(7, size=900)] + rng.normal(size=(900, 12))).astype(np.float32)
    curve = nad.KMeans.elbow(X, range(2, 13), random_state=3)
    assert curve.elbow == 7
    assert curve.n_clusters == list(range(2, 13))
    clusters = nad.KMeans(n_clusters=7, random_state=3).fit(X).predict_cluster(X)
    assert curve.silhouette[5] == pytest.approx(metrics.silhouette_score(X, clusters), abs=1e-4)
    assert nad.KMeans(n_clusters="auto", random_state=3).fit(X).curve_.elbow == 7


def test_where_the_elbow_is_blunt_the_silhouette_decides():
    rng = np.random.default_rng(0)
    X = (5 * rng.normal(size=(40, 12))[rng.integers(40, size=1200)] + rng.normal(size=(1200, 12))).astype(np.float32)
    kmeans = nad.KMeans(n_clusters="auto", n_init=5, random_state=1).fit(X)
    assert kmeans.curve_.elbow < 30
    assert kmeans.curve_.best == len(kmeans.cluster_centers_)
    assert 37 <= len(kmeans.cluster_centers_) <= 41


def test_profiles_name_what_sets_a_cluster_apart():
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(3)
    labels = np.array(["normal"] * 950 + ["flood"] * 50)
    frame = pd.DataFrame(
        {
            "packets": np.where(labels == "flood", 900.0, 10.0) + rng.normal(size=1000),
            "duration": rng.normal(size=1000),
        }
    )
    kmeans = nad.KMeans(n_clusters=2, random_state=0).fit(frame)
    profiles = kmeans.profile(frame, labels)
    flood = min(profiles, key=lambda one: one.share)
    assert flood.labels == {"flood": 1.0}
    assert flood.share == pytest.approx(0.05)
    assert not flood.large
    assert next(iter(flood.deviations)) == "packets"
    assert flood.centre["packets"] == pytest.approx(900.0, abs=1.0)
    assert next(iter(kmeans.feature_importance())) == "packets"
    assert kmeans.feature_importance()["packets"] == pytest.approx(1.0, abs=0.01)
    with pytest.raises(nad.InvalidArgumentError, match="labels"):
        kmeans.profile(frame)


def test_the_plane_is_that_of_scikit_learns_pca():
    decomposition = pytest.importorskip("sklearn.decomposition")
    X, _ = blobs()
    kmeans = nad.KMeans(n_clusters=7, random_state=0).fit(X)
    view = kmeans.project(X)
    pca = decomposition.PCA(2).fit(X)
    assert np.allclose(np.abs(view.axes), np.abs(pca.components_), atol=1e-3)
    assert np.allclose(view.explained, pca.explained_variance_ratio_, rtol=1e-3)
    assert view.rows.shape == (len(X), 2)
    assert view.centres.shape == (7, 2)


def test_an_attack_with_a_cluster_of_its_own_still_stands_out():
    X, _ = blobs(rows=2000, clusters=3)
    attack = np.full((60, X.shape[1]), 90.0, dtype=np.float32) + np.random.default_rng(1).normal(size=(60, X.shape[1]))
    mixed = np.vstack([X, attack]).astype(np.float32)
    by_rule = nad.KMeans(n_clusters=8, random_state=0).fit(mixed)
    without = nad.KMeans(n_clusters=8, random_state=0, large_clusters_only=False).fit(mixed)
    ordinary = np.quantile(by_rule.anomaly_score(X), 0.99)
    assert (by_rule.anomaly_score(attack) > 5 * ordinary).all()
    assert np.median(without.anomaly_score(attack)) < 2 * ordinary


def test_partial_fit_learns_what_comes():
    X, _ = blobs(rows=6000)
    stream = nad.KMeans(n_clusters=7, random_state=0)
    for part in np.array_split(X, 12):
        stream.partial_fit(part)
    whole = nad.KMeans(n_clusters=7, random_state=0).fit(X)
    assert stream.cluster_weights_.sum() == pytest.approx(6000)
    assert np.square(stream.anomaly_score(X)).sum() < 1.3 * np.square(whole.anomaly_score(X)).sum()
    assert 0.002 < (stream.predict(X) == -1).mean() < 0.03
    assert hasattr(nad.KMeans(), "partial_fit")
    assert not hasattr(nad.KMeans(n_clusters="auto"), "partial_fit")
    with pytest.raises(AttributeError, match="n_clusters='auto' needs all rows at once"):
        nad.KMeans(n_clusters="auto").partial_fit(X)


def test_first_centres_are_one_start():
    X = blobs(rows=50)[0]
    with pytest.raises(
        nad.InvalidArgumentError, match="n_init is 5, but the centres that were given are the only start"
    ):
        nad.KMeans(n_clusters=2, init=X[:2], n_init=5).fit(X)


@pytest.mark.parametrize(
    ("n_clusters", "init", "message"),
    [
        (3, np.zeros((4, 2)), r"shape \(4, 2\) for 3 clusters"),
        (3, np.zeros(3), r"shape \(3,\) for 3 clusters"),
        ("auto", np.zeros((4, 2)), "chooses the centres itself"),
        (2, np.array([[0.0, 1.0], [2.0, np.nan]]), "init holds nan in row 1, column 1"),
        (2, np.zeros((2, 5)), "columns"),
    ],
)
def test_first_centres_that_make_no_sense_are_refused(n_clusters, init, message):
    with pytest.raises(nad.Error, match=message):
        nad.KMeans(n_clusters=n_clusters, init=init).fit(blobs(rows=50)[0])


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("n_clusters", 0),
        ("n_clusters", "many"),
        ("n_clusters", None),
        ("init", "best"),
        ("n_init", 0),
        ("batch_size", 0),
        ("alpha", 2.0),
        ("beta", 0.0),
        ("contamination", 0.7),
        ("unique_rows", "some"),
        ("random_state", "seed"),
    ],
)
def test_what_a_parameter_cannot_be(parameter, value):
    X, _ = blobs(rows=50)
    with pytest.raises(nad.InvalidArgumentError, match=parameter):
        nad.KMeans(**{parameter: value}).fit(X)
