"""Data frames as they come from elsewhere, without roles and with texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nad

FRAMES = ["pandas", "polars", "pyarrow", "mapping"]


def as_frame(kind: str, table: nad.Table) -> Any:
    """The table without what nad knows of its columns; times, addresses and categories are texts."""
    plain = {name: table[name].to_list() for name in table.columns}
    for name, type_ in table.types.items():
        if type_ in ("time", "address", "category"):
            plain[name] = [None if value is None else str(value) for value in plain[name]]
    if kind == "mapping":
        return nad.Table(plain)
    module = pytest.importorskip(kind)
    return module.table(plain) if kind == "pyarrow" else module.DataFrame(plain)


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_is_learnt_from_as_its_table_is(kind: str) -> None:
    table = nad.datasets.synthetic_flows(400, random_state=3).drop("src_port")  # which formats call an identifier
    frame = as_frame(kind, table)
    pipeline = nad.FeaturePipeline.automatic(frame).fit(frame)
    expected = nad.FeaturePipeline.automatic(table).fit(table)
    assert pipeline.feature_names == expected.feature_names
    assert not any(name.startswith(("is_anomaly", "label", "anomaly_kind")) for name in pipeline.feature_names)
    assert pipeline.left_out["is_anomaly"] == "its role is label"
    np.testing.assert_array_equal(pipeline.transform(frame), expected.transform(table))
    # a pipeline that learnt from the table takes the frame, too
    np.testing.assert_array_equal(expected.transform(frame), expected.transform(table))


def test_roles_are_guessed_unless_somebody_says_them() -> None:
    table = nad.Table({"label": ["a", "b"], "flow_id": [1, 2], "n": [1, 2]}, types={"label": "category"})
    assert table.roles == {"label": "label", "flow_id": "identifier", "n": "feature"}
    assert nad.Table(table, roles={"label": "feature"}).roles["label"] == "feature"
    pyarrow = pytest.importorskip("pyarrow")
    kept = nad.Table(pyarrow.table(nad.Table(table, roles={"label": "feature"})))
    assert kept.roles["label"] == "feature"  # nad's own tables say what their columns are for


def test_row_steps_act_on_learning_only() -> None:
    table = nad.Table({"x": [1.0, 1.0, 3.0, None], "y": [1.0, 1.0, 5.0, 100.0]})
    pipeline = nad.FeaturePipeline(
        [
            nad.features.DropMissing(columns=["x"]),
            nad.features.DropDuplicates(),
            nad.features.Impute(indicator=False),
            nad.features.MinMax(),
        ]
    )
    assert pipeline.training_rows(table)["y"].to_list() == [1.0, 5.0]
    x = pipeline.fit(table).transform(table)
    np.testing.assert_allclose(x[:, 1], [0.0, 0.0, 1.0, 24.75])


def test_a_column_that_becomes_another_type_gets_the_role_of_that_type() -> None:
    plain = {"host": ["10.0.0.1", "10.0.0.2"], "began": ["2024-03-01 10:00:00", "2024-03-01 10:00:01"]}
    table = nad.Table(plain, types={"host": "address", "began": "time"})
    assert table.roles == {"host": "identifier", "began": "moment"}
    kept = nad.Table(plain, roles={"host": "label"}).with_type("host", "address")
    assert kept.roles["host"] == "label"  # what somebody said stays
