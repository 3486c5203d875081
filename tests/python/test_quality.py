"""Detection beside scikit-learn on KDD Cup 99's http, smtp, SA and SF, as scikit-learn defines these subsets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

import nad

pytest.importorskip("sklearn")
pd = pytest.importorskip("pandas")

import sklearn.ensemble
from sklearn.metrics import roc_auc_score

SEEDS = range(5)
TOLERANCE = 0.01  # of the mean over the seeds; the mean of scikit-learn itself moves by half of it

DURATION, PROTOCOL, SERVICE, FLAG, SENT, RECEIVED, LOGGED_IN, LABEL = 0, 1, 2, 3, 4, 5, 11, 41


class Subset(NamedTuple):
    rows: np.ndarray
    is_attack: np.ndarray


@pytest.fixture(scope="module")
def records(data_folder):
    """The 10 % file: 494,021 connections of 41 columns and a label."""
    path = data_folder / "kdd99" / "kddcup.data_10_percent.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return pd.read_csv(path, header=None)


def sa(records) -> Subset:
    """Every ordinary connection, and 3,377 attacks drawn with replacement; categories one-hot."""
    attack = (records[LABEL] != "normal.").to_numpy()
    drawn = np.random.RandomState(0).randint(0, attack.sum(), 3377)
    chosen = pd.concat([records[~attack], records[attack].iloc[drawn]])
    coded = pd.get_dummies(chosen.drop(columns=LABEL), columns=[PROTOCOL, SERVICE, FLAG], dtype=np.float32)
    return Subset(coded.to_numpy(np.float32), (chosen[LABEL] != "normal.").to_numpy())


def logged_in(records, service=None):
    """Logged-in connections with logarithms of duration and bytes."""
    chosen = records[records[LOGGED_IN] == 1]
    if service is not None:
        chosen = chosen[chosen[SERVICE] == service]
    logs = np.log(chosen[[DURATION, SENT, RECEIVED]].to_numpy(np.float64) + 0.1)
    return chosen, logs, (chosen[LABEL] != "normal.").to_numpy()


def sf(records) -> Subset:
    """Logarithms of duration and bytes, and the service one-hot."""
    chosen, logs, is_attack = logged_in(records)
    coded = pd.get_dummies(chosen[SERVICE], dtype=np.float32).to_numpy()
    return Subset(np.hstack([logs, coded]).astype(np.float32), is_attack)


def http(records) -> Subset:
    _, logs, is_attack = logged_in(records, "http")
    return Subset(logs.astype(np.float32), is_attack)


def smtp(records) -> Subset:
    _, logs, is_attack = logged_in(records, "smtp")
    return Subset(logs.astype(np.float32), is_attack)


# rows and attacks that scikit-learn's documentation and loader give
SIZES = {"http": (58_725, 2_209), "smtp": (9_571, 3), "SA": (100_655, 3_377), "SF": (73_237, 3_298)}


@pytest.mark.parametrize("name", SIZES)
def test_detects_as_well_as_scikit_learn(records, name, record_property, capsys):
    subset = {"http": http, "smtp": smtp, "SA": sa, "SF": sf}[name](records)
    assert (len(subset.rows), subset.is_attack.sum()) == SIZES[name]
    ours, theirs = [], []
    for seed in SEEDS:
        forest = nad.IsolationForest(random_state=seed).fit(subset.rows)
        ours.append(roc_auc_score(subset.is_attack, forest.anomaly_score(subset.rows)))
        reference = sklearn.ensemble.IsolationForest(random_state=seed).fit(subset.rows)
        theirs.append(roc_auc_score(subset.is_attack, -reference.score_samples(subset.rows)))
    with capsys.disabled():
        print(
            f"\n  {name:5} ROC AUC of {len(ours)} seeds: nad {np.mean(ours):.4f} (sd {np.std(ours):.4f}), "
            f"scikit-learn {np.mean(theirs):.4f} (sd {np.std(theirs):.4f})"
        )
    record_property("nad", np.mean(ours))
    record_property("scikit-learn", np.mean(theirs))
    assert np.mean(ours) > np.mean(theirs) - TOLERANCE
