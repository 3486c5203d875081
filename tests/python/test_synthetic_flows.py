"""Synthetic flows and the CSV files that tables become, from Python."""

from __future__ import annotations

import datetime as dt
import io

import numpy as np
import pytest

import nad
from nad.datasets import synthetic_anomalies, synthetic_flows


def test_the_options_do_what_they_say():
    flows = synthetic_flows(2000, anomaly_ratio=0.1, random_state=3)
    assert flows.shape[0] == 2000
    assert flows.value_counts("is_anomaly") == {"false": 1800, "true": 200}
    assert flows.roles["label"] == flows.roles["is_anomaly"] == "label"
    assert flows.equals(synthetic_flows(2000, anomaly_ratio=0.1, random_state=3))
    assert not flows.equals(synthetic_flows(2000, anomaly_ratio=0.1, random_state=4))
    assert synthetic_flows(50, random_state=np.random.default_rng(1)).shape[0] == 50
    kinds = synthetic_anomalies()
    some = list(kinds)[:2]
    chosen = synthetic_flows(2000, anomalies=some)
    assert set(chosen.value_counts("label")) == {"normal", *some}
    assert set(synthetic_flows(500, anomalies=some[0]).value_counts("label")) == {"normal", some[0]}
    assert all(kinds.values())


@pytest.mark.parametrize("begin", ["2026-03-01T12:00", dt.datetime(2026, 3, 1, 12, tzinfo=dt.timezone.utc)])
def test_where_time_begins_and_ends(begin):
    moments = synthetic_flows(300, begin=begin, days=0.5)["timestamp"].to_numpy()
    assert moments.min() >= np.datetime64("2026-03-01T12:00")
    assert moments.max() <= np.datetime64("2026-03-02T00:00")


def test_wrong_options():
    for wrong, message in [
        ({"anomalies": ["port_scam"]}, "port_scan"),
        ({"anomaly_ratio": 2.0}, "anomaly_ratio"),
        ({"begin": "Monday"}, "begin is 'Monday'"),
        ({"random_state": "x"}, "random_state"),
        ({"random_state": -1}, "random_state is -1; give a whole number"),
        ({"hosts": -1}, "hosts is -1; give a whole number"),
        ({"n_samples": -1}, "n_samples is -1; give a whole number"),
    ]:
        with pytest.raises(ValueError, match=message):
            synthetic_flows(**{"n_samples": 100, **wrong})


def test_a_table_becomes_a_csv_file_and_comes_back(tmp_path):
    flows = synthetic_flows(500, random_state=1)
    flows.to_csv(tmp_path / "flows.csv")
    again = nad.read(tmp_path / "flows.csv")
    for name in flows.columns:
        assert again[name].to_list() == flows[name].to_list(), name
    buffer = io.BytesIO()
    flows.to_csv(buffer, separator=";", header=False)
    assert buffer.getvalue().count(b"\n") == 500
    assert b"timestamp" not in buffer.getvalue()
    with pytest.raises(ValueError, match="give one character"):
        flows.to_csv(tmp_path / "x.csv", separator="||")
    with pytest.raises(OSError, match="nowhere"):
        flows.to_csv(tmp_path / "nowhere" / "x.csv")
