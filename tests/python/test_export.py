"""Exported models: what onnxruntime computes is what nad computes, and the JSON tells what was learnt."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import nad

# The largest difference that is accepted, as a share of the larger of 1 and the score: a few times what float32 and
# additions in another order leave here.
TOLERANCE = {
    "boosted_trees": 2e-6,
    "isolation_forest": 1e-6,
    "kmeans": 1e-6,
    "autoencoder": 5e-6,
    "pca_residual": 2e-6,
    "mahalanobis": 2e-6,
    "local_gaussian": 5e-6,
    "loda": 1e-7,
    "one_class_svm": 2e-5,
    "ensemble": 2e-4,
}

DETECTORS = {
    "isolation_forest": nad.IsolationForest(random_state=1),
    "isolation_forest deep": nad.IsolationForest(n_estimators=20, max_samples=1.0, max_depth=40, random_state=1),
    "isolation_forest best": nad.IsolationForest(split="best", n_estimators=10, random_state=1),
    "kmeans": nad.KMeans(n_clusters=12, random_state=1),
    "kmeans all clusters": nad.KMeans(n_clusters=40, large_clusters_only=False, random_state=1),
    "autoencoder": nad.Autoencoder(hidden=[8, 3, 8], epochs=5, random_state=1),
    "autoencoder mean": nad.Autoencoder(hidden=[8, 3], symmetric=True, epochs=5, residual="mean", random_state=1),
    "autoencoder variance_weighted": nad.Autoencoder(
        hidden=[8, 3, 8], epochs=5, residual="variance_weighted", activation="gelu", random_state=1
    ),
    "autoencoder tanh": nad.Autoencoder(hidden=[6, 3, 6], epochs=5, activation="tanh", random_state=1),
    "autoencoder sigmoid": nad.Autoencoder(
        hidden=[6, 3, 6], epochs=5, activation="leaky_relu", output_activation="sigmoid", random_state=1
    ),
    "pca_residual": nad.PcaResidual(),
    "pca_residual 2": nad.PcaResidual(n_components=2),
    "mahalanobis": nad.Mahalanobis(),
    "mahalanobis unshrunk": nad.Mahalanobis(shrinkage=0.0),
    "local_gaussian": nad.LocalGaussian(n_clusters=8, random_state=1),
    "loda": nad.LODA(random_state=1),
    "loda few bins": nad.LODA(n_bins=4, n_projections=30, random_state=1),
    "one_class_svm": nad.OneClassSVM(nu=0.1),
    "one_class_svm linear": nad.OneClassSVM(nu=0.1, kernel="linear"),
    "one_class_svm poly": nad.OneClassSVM(nu=0.1, kernel="poly", coef0=1.0, degree=2),
    "one_class_svm sigmoid": nad.OneClassSVM(nu=0.1, kernel="sigmoid", gamma=0.01),
    "one_class_svm nystroem": nad.OneClassSVM(nu=0.1, approximation="nystroem", n_components=100, random_state=1),
    "one_class_svm fourier": nad.OneClassSVM(nu=0.1, approximation="fourier", n_components=100, random_state=1),
}

MEMBERS = [
    ("forest", nad.IsolationForest(n_estimators=20, random_state=1)),
    ("kmeans", nad.KMeans(n_clusters=8, random_state=1)),
    ("distance", nad.Mahalanobis()),
]


@pytest.fixture(scope="module")
def runtime() -> Any:
    """Runs an ONNX model that `onnx` finds sound: inputs by name -> the only output."""
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: exported models are not run")

    def run(model: bytes, inputs: dict[str, Any]) -> np.ndarray:
        proto = onnx.load_from_string(model)
        onnx.checker.check_model(proto, full_check=True)
        assert {field.version for field in proto.opset_import} == {13, 2}
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        (output,) = session.run(None, inputs)
        return output

    return run


@pytest.fixture(scope="module")
def scaled(traffic: np.ndarray) -> np.ndarray:
    """Training rows as detectors like them, and a constant column."""
    logs = np.log1p(traffic)
    rows = (logs - logs.mean(axis=0)) / logs.std(axis=0)
    return np.hstack([rows, np.full((len(rows), 1), 0.3)]).astype(np.float32)


@pytest.fixture(scope="module")
def new_rows(scaled: np.ndarray) -> np.ndarray:
    """Rows that training had, others like them, and some far out."""
    rng = np.random.default_rng(9)
    others = scaled[:300] + rng.normal(0.0, 0.3, size=(300, scaled.shape[1]))
    return np.vstack([scaled[:200], others, 4.0 * others[:100]]).astype(np.float32)


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    assert found.dtype == np.float32
    found = found[:, 0] if expected.ndim == 1 else found
    assert found.shape == expected.shape
    return float(np.max(np.abs(found - expected) / np.maximum(1.0, np.abs(expected))))


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_scores_the_same_in_onnxruntime(name, runtime, scaled, new_rows):
    detector = DETECTORS[name]
    fitted = type(detector)(**detector.get_params()).fit(scaled)
    expected = fitted.anomaly_score(new_rows)
    found = runtime(nad.to_onnx(fitted), {"features": new_rows})
    largest = difference(found, expected)
    print(f"{name}: {largest:.1e}")
    assert largest <= TOLERANCE[name.split()[0]]
    assert np.std(expected) > 100 * TOLERANCE[name.split()[0]]  # scores that differ, or the test says nothing
    # one row alone, and no row at all
    np.testing.assert_allclose(
        runtime(nad.to_onnx(fitted), {"features": new_rows[:1]}), found[:1], rtol=1e-5, atol=1e-5
    )
    assert runtime(nad.to_onnx(fitted), {"features": new_rows[:0]}).shape == (0, 1)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("parameters", [{}, {"growth": "depth_wise", "max_depth": 3}, {"max_bins": 4}])
def test_boosted_trees_score_the_same_in_onnxruntime(classes, parameters, runtime):
    rng = np.random.default_rng(4)

    def rows(count, seed):
        own = np.random.default_rng(seed)
        x = own.lognormal(size=(count, 6)).astype(np.float32)
        x[:, 2] = own.integers(0, 40, count) * 7  # codes with gaps between them
        x[:, 5] = own.integers(0, 300, count)  # more than have bins of their own
        x[own.random(x.shape) < 0.1] = np.nan
        return x

    x = rows(3000, 1)
    worth = rng.normal(size=(300, classes))
    code = np.nan_to_num(x[:, 2]).astype(int)
    y = (worth[code] + 0.5 * np.nan_to_num(x[:, :1]) * np.arange(classes)).argmax(axis=1)
    trees = nad.BoostedTrees(max_iter=30, categorical_features=[2, 5], min_samples_leaf=5, **parameters).fit(x, y)
    new = rows(600, 2)
    new[:4, 2] = [3.0, 1e6, 65535.0, np.nan]  # never seen, beyond all codes, missing
    expected = trees.anomaly_score(new)
    model = nad.to_onnx(trees)
    found = runtime(model, {"features": new})
    print(f"{classes} classes: {difference(found, expected):.1e}")
    assert difference(found, expected) <= TOLERANCE["boosted_trees"]
    assert np.std(expected) > 0.1
    raw = np.log(expected.astype(float)) - np.log1p(-expected.astype(float))
    assert len(np.unique(np.round(raw, 3))) > 50
    np.testing.assert_allclose(runtime(model, {"features": new[:1]}), found[:1], atol=1e-6)
    assert runtime(model, {"features": new[:0]}).shape == (0, 1)


def test_boosted_trees_that_found_nothing_to_split_score_the_same_in_onnxruntime(runtime, scaled):
    y = np.arange(len(scaled)) % 3
    trees = nad.BoostedTrees(max_iter=3).fit(np.zeros_like(scaled), y)
    found = runtime(nad.to_onnx(trees), {"features": scaled[:5]})
    assert difference(found, trees.anomaly_score(scaled[:5])) <= TOLERANCE["boosted_trees"]


def test_an_ensemble_with_boosted_trees_scores_the_same_in_onnxruntime(runtime, scaled, new_rows):
    y = (scaled[:, 0] > 0.5).astype(int)
    ensemble = nad.Ensemble([nad.BoostedTrees(max_iter=20), *MEMBERS], random_state=1).fit(scaled, y)
    found = runtime(nad.to_onnx(ensemble), {"features": new_rows})
    assert difference(found, ensemble.anomaly_score(new_rows)) <= TOLERANCE["ensemble"]


def test_a_labelled_model_scores_the_same_in_onnxruntime(runtime):
    values = columns_of(3000, 7)
    kind = np.where(np.array(values["duration"]) > 4.0, "scan", np.where(values["rate"] > 1.0, "dos", "normal"))
    pairs = zip(values["service"], values["protocol"])
    odd = [service in ("ssh", None) and protocol == "udp" for service, protocol in pairs]
    values["label"] = np.where(odd, "worm", kind).tolist()
    table = nad.Table(unlike_training())
    for given in (None, nad.IsolationForest(random_state=1)):
        model = nad.Model(training="labelled", detector=given).fit(nad.Table(values))
        labelled = nad.Table({**unlike_training(), "label": ["normal"] * 400})
        found = runtime(nad.to_onnx(model), as_inputs(table, model.pipeline))
        expected = model.anomaly_score(labelled)
        print(f"{model.detector}: {difference(found, expected):.1e}")
        assert difference(found, expected) <= 5e-6
        assert np.std(expected) > 0.02


@pytest.mark.parametrize("name", ["pca_residual", "mahalanobis"])
def test_far_from_zero_means_are_exported_to_all_their_digits(name, runtime, scaled):
    rows = (scaled + np.float32(2e5)).astype(np.float32)
    detector = type(DETECTORS[name])(**DETECTORS[name].get_params()).fit(rows)
    found = runtime(nad.to_onnx(detector), {"features": rows[:300]})
    assert difference(found, detector.anomaly_score(rows[:300])) <= 2e-5


def test_what_rounding_leaves_of_a_residual_is_nothing_in_onnxruntime_too(runtime):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(500, 4)).astype(np.float32)
    x[:, 3] = -x[:, 2]
    pca = nad.PcaResidual().fit(x)
    far = x * np.array([500.0, 1.0, 1.0, 1.0], dtype=np.float32)
    assert not pca.anomaly_score(far).any()
    assert not runtime(nad.to_onnx(pca), {"features": far}).any()


@pytest.mark.parametrize(
    "name",
    ["autoencoder", "kmeans", "one_class_svm", "loda", "local_gaussian", "mahalanobis", "pca_residual", "ensemble"],
)
def test_rows_whose_squares_overflow_get_the_same_end_of_the_range(name, runtime, scaled):
    given = nad.Ensemble(MEMBERS, random_state=1) if name == "ensemble" else DETECTORS[name]
    detector = type(given)(**given.get_params(deep=False)).fit(scaled)
    rows = np.zeros((2, scaled.shape[1]), dtype=np.float32)
    rows[0] = 1e25
    rows[1, 0] = -3e20
    found = runtime(nad.to_onnx(detector), {"features": rows})
    np.testing.assert_allclose(found[:, 0], detector.anomaly_score(rows), rtol=2e-5)


@pytest.mark.parametrize("missing", ["route", "impute"])
def test_missing_values_go_the_way_they_go_in_a_forest(missing, runtime, scaled, new_rows):
    rng = np.random.default_rng(3)
    training, rows = scaled.copy(), new_rows.copy()
    training[rng.random(training.shape) < 0.1] = np.nan
    rows[rng.random(rows.shape) < 0.2] = np.nan
    forest = nad.IsolationForest(missing=missing, random_state=2).fit(training)
    assert difference(runtime(nad.to_onnx(forest), {"features": rows}), forest.anomaly_score(rows)) <= 1e-6


@pytest.mark.parametrize(
    "combination", ["tempered_surprise", "mean_surprise", "max_surprise", "mean", "maximum", "rank", "majority", "any"]
)
def test_an_ensemble_scores_the_same_in_onnxruntime(combination, runtime, scaled, new_rows):
    ensemble = nad.Ensemble(MEMBERS, combination=combination, random_state=1).fit(scaled)
    found = runtime(nad.to_onnx(ensemble), {"features": new_rows})
    expected = ensemble.anomaly_score(new_rows)
    print(f"{combination}: {difference(found, expected):.1e}")
    if combination in ("majority", "any"):
        assert np.mean(found[:, 0] != expected) < 0.01  # a score on the threshold may fall on either side
    else:
        assert difference(found, expected) <= TOLERANCE["ensemble"]


@pytest.mark.parametrize("combination", ["tempered_surprise", "mean_surprise", "max_surprise"])
def test_a_surprise_that_a_row_holds_counts_in_onnxruntime(combination, runtime, scaled, new_rows):
    held = np.where(new_rows > 1, 4 * new_rows, 0).astype(np.float32)
    ensemble = nad.Ensemble(MEMBERS, combination=combination, surprises=[1, 3], random_state=1).fit(scaled)
    plain = nad.Ensemble(MEMBERS, combination=combination, random_state=1).fit(scaled)
    found = runtime(nad.to_onnx(ensemble), {"features": held})
    expected = ensemble.anomaly_score(held)
    assert difference(found, expected) <= TOLERANCE["ensemble"]
    assert (expected > plain.anomaly_score(held) + 0.1).sum() > 10


@pytest.mark.parametrize("surprises", [None, [1]])
def test_a_value_far_beyond_all_others_counts_in_onnxruntime(surprises, runtime, scaled, new_rows):
    far = np.repeat(new_rows, 2, axis=0).astype(np.float32)
    far[::2, 0] *= 30
    far[1::4, 3] -= 40
    options: dict[str, Any] = {"surprises": surprises, "random_state": 1}
    ensemble = nad.Ensemble(MEMBERS, extremes=[0, 3], **options).fit(scaled)
    plain = nad.Ensemble(MEMBERS, **options).fit(scaled)
    found = runtime(nad.to_onnx(ensemble), {"features": far})
    expected = ensemble.anomaly_score(far)
    assert difference(found, expected) <= TOLERANCE["ensemble"]
    assert (expected > plain.anomaly_score(far) + 0.1).mean() > 0.2


def test_members_of_an_ensemble_see_the_columns_that_they_learnt_from(runtime, scaled, new_rows):
    ensemble = nad.Ensemble(MEMBERS, columns=[range(4), None, range(2, 6)], random_state=1).fit(scaled)
    found = runtime(nad.to_onnx(ensemble), {"features": new_rows})
    assert difference(found, ensemble.anomaly_score(new_rows)) <= TOLERANCE["ensemble"]
    members = json.loads(nad.to_json(ensemble))["learnt"]["members"]
    assert [member.get("columns") for member in members] == [
        {"first": 0, "count": 4},
        None,
        {"first": 2, "count": 4},
    ]


# -- tables


def columns_of(rows: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    values: dict[str, Any] = {
        "duration": rng.exponential(2.0, rows),
        "bytes": rng.lognormal(6.0, 2.0, rows).astype(np.int64),
        "rate": rng.normal(0.0, 1.0, rows),
        "urgent": np.zeros(rows),  # these three never vary in training, and float32 knows only the first
        "share": np.full(rows, 0.1),
        "version": np.full(rows, 2**24 + 1),
        "flags": rng.integers(0, 2, rows).astype(bool),
        "protocol": rng.choice(["tcp", "udp", "icmp"], rows).tolist(),
        "service": rng.choice(["http", "dns", "ssh", "smtp", "ntp"], rows).tolist(),
    }
    values["rate"][rng.random(rows) < 0.1] = np.nan
    values["service"] = [None if rng.random() < 0.1 else service for service in values["service"]]
    return values


def unlike_training() -> dict[str, Any]:
    """New records, among them what training never showed."""
    values = columns_of(400, 8)
    values["urgent"][::20] = 3.0
    values["share"][::30] = 0.1001
    values["version"][::40] = 2**24 + 101
    values["service"][5] = "gopher"
    values["protocol"][6] = "sctp"
    values["protocol"][7] = "sctp"
    values["service"][7] = "gopher"
    values["bytes"][9] = 10**12
    values["duration"][10] = 0.0
    return values


def as_inputs(table: nad.Table, pipeline: nad.FeaturePipeline) -> dict[str, np.ndarray]:
    """What a graph takes, made with plain Python."""
    inputs = {}
    for name, kind in pipeline.inputs.items():
        values = table[name].to_list()
        if kind in ("category", "text"):
            filled = ["" if value is None else str(value) for value in values]
            inputs[name] = np.array(filled, dtype=object).reshape(-1, 1)
        else:
            numbers = [np.nan if value is None else float(value) for value in values]
            inputs[name] = np.array(numbers, dtype=np.float32).reshape(-1, 1)
    return inputs


F = nad.features
STEPS = {
    "automatic": None,
    "missing flags": [F.Impute(indicator=True), F.OneHot(max_categories=3), F.Log1p(), F.RobustScale(clip=8.0)],
    "ranks": [F.Impute(), F.Ordinal(), F.QuantileScale(quantiles=50)],
    "ranks of logs": [F.Impute(), F.OneHot(), F.Log1p(min_skewness=-1.0), F.QuantileScale(quantiles=40)],
    "constants of logs": [F.Impute(), F.OneHot(), F.Log1p(min_skewness=-1.0, unit=3.0), F.Standardise()],
    "ranks that go on": [F.Impute(), F.OneHot(), F.RankScale(quantiles=60)],
    "normal deviates": [F.Impute(), F.Frequency(), F.QuantileScale(quantiles=100, normal=True)],
    "ranges": [F.Impute(), F.OneHot(), F.MinMax(low=-1.0, high=1.0)],
    "clipped": [F.Impute(), F.OneHot(unseen=True), F.Clip(), F.Standardise()],
    "directions": [F.Impute(), F.OneHot(), F.Standardise(clip=5.0), F.UnitLength(), F.Pca(components=4), F.MinMax()],
}


@pytest.fixture(scope="module")
def records() -> nad.Table:
    return nad.Table(columns_of(3000, 7))


@pytest.mark.parametrize("name", STEPS)
def test_a_pipeline_gives_the_same_features_in_onnxruntime(name, runtime, records):
    steps = STEPS[name]
    pipeline = nad.FeaturePipeline.automatic(records) if steps is None else nad.FeaturePipeline(steps)
    pipeline.fit(records)
    table = nad.Table(unlike_training())
    expected = pipeline.transform(table)
    found = runtime(nad.to_onnx(pipeline), as_inputs(table, pipeline))
    print(f"{name}: {difference(found, expected):.1e}")
    assert difference(found, expected) <= 2e-6


def test_a_model_scores_the_same_in_onnxruntime(runtime, records):
    table = nad.Table(unlike_training())
    for detector in (nad.IsolationForest(random_state=1), nad.Autoencoder(epochs=3, random_state=1), nad.KMeans()):
        model = nad.Model(detector=detector).fit(records)
        found = runtime(nad.to_onnx(model), as_inputs(table, model.pipeline))
        expected = model.anomaly_score(table)
        print(f"{type(detector).__name__}: {difference(found, expected):.1e}")
        assert difference(found, expected) <= 5e-6


def test_the_model_that_is_chosen_scores_the_same_in_onnxruntime(runtime, records):
    table = nad.Table(unlike_training())
    with pytest.raises(nad.InvalidArgumentError, match="counts crowds has no counterpart in ONNX; fit one with crowds"):
        nad.to_onnx(nad.Model(training="mixed").fit(records))
    alone = nad.Ensemble("mixed", crowds=0.0, random_state=0)
    for training, model in (("clean", nad.Model()), ("mixed", nad.Model(training="mixed", detector=alone))):
        model.fit(records)
        found = runtime(nad.to_onnx(model), as_inputs(table, model.pipeline))
        print(f"{training}: {difference(found, model.anomaly_score(table)):.1e}")
        assert difference(found, model.anomaly_score(table)) <= TOLERANCE["ensemble"]


def test_the_metadata_has_the_threshold(records):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    model = nad.Model(detector=nad.IsolationForest(random_state=1)).fit(records)
    metadata = {one.key: one.value for one in onnx.load_from_string(nad.to_onnx(model)).metadata_props}
    assert metadata["kind"] == "model"
    assert metadata["detector"] == "isolation_forest"
    assert float(metadata["threshold"]) == pytest.approx(model.threshold.score, rel=1e-7)


def test_derived_columns_are_inputs_when_asked_for(runtime):
    flows = nad.datasets.synthetic_flows(2000, random_state=3)
    pipeline = nad.FeaturePipeline.automatic(flows).fit(flows)
    with pytest.raises(nad.InvalidArgumentError, match="host_windows.*derived_as_inputs"):
        nad.to_onnx(pipeline)
    columns = pipeline.columns(flows)
    inputs = {}
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    model = nad.to_onnx(pipeline, derived_as_inputs=True)
    for field in onnx.load_from_string(model).graph.input:
        text = field.type.tensor_type.elem_type == onnx.TensorProto.STRING
        values = columns[field.name].to_list()
        filled = [("" if text else np.nan) if value is None else value for value in values]
        inputs[field.name] = np.array(filled, dtype=object if text else np.float32).reshape(-1, 1)
    np.testing.assert_allclose(runtime(model, inputs), pipeline.transform(flows), atol=2e-5)


# -- files and errors


def test_a_file_holds_what_the_bytes_hold(tmp_path, forest, records):
    nad.save_onnx(forest, tmp_path / "forest.onnx")
    assert (tmp_path / "forest.onnx").read_bytes() == nad.to_onnx(forest)
    pipeline = nad.FeaturePipeline.automatic(records).fit(records)
    nad.save_onnx(pipeline, tmp_path / "pipeline.onnx")
    assert (tmp_path / "pipeline.onnx").read_bytes() == nad.to_onnx(pipeline)
    model = nad.Model(detector=nad.Mahalanobis()).fit(records)
    nad.save_onnx(model, tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").read_bytes() == nad.to_onnx(model)
    for learnt, name in ((forest, "forest"), (pipeline, "pipeline"), (model, "model")):
        nad.save_json(learnt, tmp_path / f"{name}.json")
        assert (tmp_path / f"{name}.json").read_text(encoding="utf-8") == nad.to_json(learnt)


def test_what_cannot_be_exported_is_named():
    x = np.random.default_rng(1).normal(size=(200, 3))
    with pytest.raises(nad.InvalidArgumentError, match="'ecod' cannot be exported to ONNX; these can: .*kmeans"):
        nad.to_onnx(nad.ECOD().fit(x))
    with pytest.raises(nad.InvalidArgumentError, match="ndim"):
        nad.to_onnx(nad.IsolationForest(ndim=2).fit(x))
    with pytest.raises(nad.NotFittedError):
        nad.to_onnx(nad.KMeans())
    with pytest.raises(nad.NotFittedError):
        nad.to_json(nad.KMeans())
    with pytest.raises(nad.NotFittedError):
        nad.to_onnx(nad.Model())
    with pytest.raises(nad.InvalidArgumentError, match="dict cannot be exported"):
        nad.to_json({})


@pytest.mark.parametrize(
    "detector", [nad.ECOD(), nad.KMeans(n_clusters=2), nad.Histogram(), nad.Ensemble(MEMBERS)], ids=str
)
def test_json_tells_what_was_learnt(detector, scaled):
    shown = json.loads(nad.to_json(detector.fit(scaled)))
    assert shown["n_features"] == scaled.shape[1]
    assert shown["learnt"]
    assert shown["training"]["options"]


def test_json_of_a_model(records):
    model = nad.Model(detector=nad.KMeans(n_clusters=3)).fit(records)
    shown = json.loads(nad.to_json(model))
    assert shown["kind"] == "model"
    learnt = shown["learnt"]
    assert len(learnt["detector"]["learnt"]["centres"]) == 3
    assert {part["column"] for part in learnt["pipeline"]["numbers"]} >= {"bytes", "duration"}
    assert {column["name"] for column in learnt["usual_values"]} >= {"bytes", "service"}
    assert sum(learnt["importance"].values()) == pytest.approx(1.0)
