"""Models from one dictionary: what it makes is what the classes make."""

from __future__ import annotations

import json

import numpy as np
import pytest

import nad

CONFIG = {
    "training": "mixed",
    "threshold": {"score": 0.5},
    "random_state": 3,
    "pipeline": [{"kind": "traffic_features"}, {"kind": "one_hot"}, {"kind": "impute"}, {"kind": "standardise"}],
    "detector": {
        "kind": "ensemble",
        "combination": "majority",
        "random_state": 3,
        "estimators": {
            "forest": {"kind": "isolation_forest", "n_estimators": 20, "contamination": 0.02, "random_state": 1},
            "svm": {"kind": "one_class_svm", "nu": 0.02, "approximation": "fourier", "random_state": 1},
            "network": {"kind": "autoencoder", "hidden": [8, 3, 8], "epochs": 2, "random_state": 1},
        },
    },
}


@pytest.fixture(scope="module")
def flows() -> nad.Table:
    return nad.datasets.synthetic_flows(1500, random_state=4)


def test_a_dictionary_makes_what_the_classes_make(flows):
    members = [
        ("forest", nad.IsolationForest(n_estimators=20, contamination=0.02, random_state=1)),
        ("svm", nad.OneClassSVM(nu=0.02, approximation="fourier", random_state=1)),
        ("network", nad.Autoencoder(hidden=(8, 3, 8), epochs=2, random_state=1)),
    ]
    steps = [nad.features.TrafficFeatures(), nad.features.OneHot(), nad.features.Impute(), nad.features.Standardise()]
    by_hand = nad.Model(
        training="mixed",
        threshold=nad.ThresholdRule.score(0.5),
        random_state=3,
        pipeline=nad.FeaturePipeline(steps),
        detector=nad.Ensemble(members, combination="majority", random_state=3),
    ).fit(flows)
    made = nad.Model.from_config(json.loads(json.dumps(CONFIG))).fit(flows)
    np.testing.assert_array_equal(made.anomaly_score(flows), by_hand.anomaly_score(flows))
    assert made.threshold == by_hand.threshold
    assert [name for name, _ in made.detector.estimators_] == ["forest", "svm", "network"]


def test_what_says_nothing_of_chance_has_the_seed_of_the_model(flows):
    bare = json.loads(json.dumps(CONFIG))
    for one in (bare["detector"], *bare["detector"]["estimators"].values()):
        del one["random_state"]
    first, second = (nad.Model.from_config(bare).fit(flows).anomaly_score(flows) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert nad.Model.from_config({**bare, "random_state": 4}).fit(flows).anomaly_score(flows).tolist() != first.tolist()
    seeded = json.loads(json.dumps(bare))
    for one in (seeded["detector"], *seeded["detector"]["estimators"].values()):
        one["random_state"] = 3
    np.testing.assert_array_equal(first, nad.Model.from_config(seeded).fit(flows).anomaly_score(flows))


def test_short_forms_and_objects_are_taken_too():
    listed = {"kind": "ensemble", "estimators": ["kmeans", {"kind": "ecod"}, "half_space_trees"]}
    model = nad.Model.from_config({"detector": listed, "threshold": nad.ThresholdRule.quantile(0.9)})
    assert [type(one) for _, one in model.detector.estimators] == [nad.KMeans, nad.ECOD, nad.HalfSpaceTrees]
    assert model.threshold_rule == nad.ThresholdRule.quantile(0.9)
    assert isinstance(nad.Model.from_config({"detector": nad.LODA()}).detector, nad.LODA)
    assert nad.Model.from_config({}).training == "clean"
    usual = nad.Model.from_config({"detector": {"kind": "ensemble", "estimators": "mixed"}})
    assert isinstance(usual.detector, nad.Ensemble)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"trainin": "mixed"}, "a model has no option 'trainin'; do you mean 'training'"),
        ({"detector": {"n_estimators": 3}}, "detector has no kind; there are: autoencoder, "),
        ({"detector": "isolation_forrest"}, "there is no kind 'isolation_forrest'; do you mean 'isolation_forest'"),
        ({"detector": {"kind": "kmeans", "clusters": 3}}, "kmeans has no option 'clusters'; do you mean 'n_clusters'"),
        (
            {"detector": {"kind": "ensemble", "estimators": {"a": {"kind": "loda", "bin": 3}}}},
            "detector: a: loda has no option 'bin'",
        ),
        ({"detector": 7}, "a model has|detector is 7"),
        ({"threshold": {"alerts_per_week": 20}}, "no rule 'alerts_per_week'; do you mean 'alerts_per_day'"),
        ({"threshold": {"score": 1, "quantile": 0.9}}, "give one rule"),
        ({"pipeline": [{"kind": "onehot"}]}, "onehot"),
        ("clean", "give a dictionary"),
    ],
)
def test_errors_name_the_place(config, words):
    with pytest.raises(nad.InvalidArgumentError, match=words):
        nad.Model.from_config(config)
