"""A model from a file with the dictionary that `nad.Model.from_config` takes."""

from __future__ import annotations

import json

import numpy as np
import pytest

import nad


def test_train_takes_a_configuration_from_a_file(run, files, tmp_path):
    config = {
        "training": "mixed",
        "threshold": {"score": 0.5},
        "random_state": 3,
        "detector": {
            "kind": "ensemble",
            "combination": "majority",
            "estimators": {
                "forest": {"kind": "isolation_forest", "contamination": 0.02, "random_state": 1},
                "bins": {"kind": "histogram", "contamination": 0.02},
                "tails": {"kind": "ecod", "contamination": 0.02},
            },
        },
    }
    path, out = tmp_path / "vote.json", tmp_path / "m.nad"
    path.write_text(json.dumps(config))
    assert json.loads(run("train", files.today, "--config", path, "-o", out, "--json").out)["detector"] == "ensemble"
    table = nad.read(files.today)
    expected = nad.Model.from_config(config).fit(table)
    assert np.array_equal(nad.load(out).anomaly_score(table), expected.anomaly_score(table))
    assert nad.load(out).threshold_rule == nad.ThresholdRule.score(0.5)
    # what is said on the command line counts more
    said = ["--training", "clean", "--contamination", "0.05", "--detector", "histogram", "--seed", "4"]
    assert run("train", files.today, "--config", path, "-o", out, *said).code == 0
    model = nad.load(out)
    assert (model.training, type(model.detector)) == ("clean", nad.Histogram)
    assert model.threshold_rule == nad.ThresholdRule.contamination(0.05)
    assert model._model.options["random_state"] == 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is no JSON"),
        ("[1]", "holds no object"),
        ('{"detectr": {}}', "a model has no option 'detectr'; do you mean 'detector'?"),
        ('{"detector": {"kind": "kmens"}}', "do you mean 'kmeans'?"),
        ('{"calibration": 7}', "calibration"),
        ('{"calibration": []}', "--config"),
    ],
)
def test_a_configuration_that_makes_no_sense_names_its_file(run, files, tmp_path, text, says):
    path = tmp_path / "model.json"
    path.write_text(text)
    result = run("train", files.today, "--config", path, "-o", tmp_path / "m.nad")
    assert result.code == 2
    assert f"nad: error: --config {path}" in result.err
    assert says in result.err
    assert result.err.count("\n") == 1
    assert not (tmp_path / "m.nad").exists()
