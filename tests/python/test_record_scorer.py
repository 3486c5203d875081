"""nad.RecordScorer: dicts one by one beside the table that holds them."""

from __future__ import annotations

import copy
import datetime as dt
import decimal
import pickle
from typing import Any

import numpy as np
import pytest

import nad


def connections(rows: int, seed: int, attack_every: int = 0) -> nad.Table:
    """Connections with an odd one now and then; some values are missing."""
    random = np.random.default_rng(seed)
    place = np.arange(rows)
    attack = np.zeros(rows, int)
    if attack_every:
        attack = np.where(place % attack_every == attack_every - 1, 1 + place // attack_every % 2, 0)
    sent = np.exp(5 + random.standard_normal(rows)) * np.where(attack == 1, 4000, 1)
    return nad.Table(
        {
            "bytes": sent.astype(np.int64),
            "duration": np.where(place % 13 == 4, np.nan, 0.1 + random.random(rows)),
            "service": np.where(attack == 2, "irc", np.where(random.random(rows) < 0.7, "http", "dns")),
            "login": random.random(rows) < 0.3,
            "label": np.array(["normal", "exfiltration", "tunnel"])[attack],
        }
    ).with_role("label", "label")


def records_of(table: nad.Table) -> list[dict[str, Any]]:
    names = list(table.columns)
    return [dict(zip(names, row)) for row in zip(*(table[name].to_list() for name in names))]


@pytest.fixture(scope="module")
def model() -> nad.Model:
    return nad.Model(detector=nad.Mahalanobis()).fit(connections(1500, 1))


def test_records_one_by_one_are_what_the_table_is(model: nad.Model) -> None:
    today = connections(400, 2, 40)
    findings = model.detect(today)
    p_values = model.p_value(today)
    scorer = nad.RecordScorer(model)
    reported = []
    for row, record in enumerate(records_of(today)):
        finding = scorer.detect(record)
        if finding is not None:
            reported.append(finding)
        result = nad.RecordScorer(model).score(record)
        assert result.score == findings.scores[row]
        assert result.p_value == p_values[row]
        assert result.is_alert == (finding is not None)
        assert result.extrapolated == (p_values[row] < 1 / (len(model.calibration) + 1))
    assert scorer.records == 400
    tables = nad.RecordScorer(model)
    parts = [tables.detect_table(today[begin:end]) for begin, end in ((0, 150), (150, 400))]
    np.testing.assert_array_equal(np.concatenate([part.scores for part in parts]), findings.scores)
    assert (len(parts[0]) + len(parts[1]), tables.records) == (len(findings), 400)
    reported.sort(key=lambda finding: -finding.score)
    assert reported == findings.reported
    assert len(reported) >= 10
    assert reported[0].reasons


def test_a_scorer_remembers_what_steps_that_look_back_need() -> None:
    random = np.random.default_rng(5)

    def flows(rows: int) -> nad.Table:
        return nad.Table(
            {
                "timestamp": (np.arange(rows) * 3).astype("datetime64[s]"),
                "src_ip": [f"10.0.0.{host}" for host in random.integers(1, 5, rows)],
                "bytes": random.integers(0, 5000, rows),
            }
        ).with_role("timestamp", "moment")

    windows = nad.features.RollingWindows(keys=["src_ip"], columns=["bytes"], functions=["mean", "count"], rows=5)
    steps = [windows, nad.features.Impute(), nad.features.Standardise()]
    model = nad.Model(detector=nad.Mahalanobis(), pipeline=nad.FeaturePipeline(steps))
    model.fit(flows(500))
    today = flows(100)
    scorer = nad.RecordScorer(model)
    scores = [scorer.score(record).score for record in records_of(today)]
    np.testing.assert_array_equal(np.array(scores, np.float32), model.anomaly_score(today))
    assert scorer.explain(most_reasons=100) == model.explain(today, [99])[0]


def test_values_of_any_type_are_those_that_a_table_would_hold(model: nad.Model) -> None:
    scorer = nad.RecordScorer(model)
    plain = {"bytes": 120, "duration": 0.5, "service": "http", "login": True}
    wanted = scorer.score(plain)
    for spelt in (
        {"bytes": 120.0, "duration": decimal.Decimal("0.5"), "service": np.str_("http"), "login": np.True_},
        {"bytes": np.int32(120), "duration": np.float32(0.5), "service": b"http", "login": 1, "label": "ignored"},
        {"bytes": "120", "duration": dt.timedelta(milliseconds=500), "service": "http", "login": "true"},
    ):
        assert scorer.score(spelt) == wanted
    gaps = scorer.score(plain | {"duration": None})
    assert gaps == scorer.score(plain | {"duration": float("nan")})
    pandas = pytest.importorskip("pandas")
    assert gaps == scorer.score(plain | {"duration": pandas.NA})
    assert scorer.score(pandas.Series(plain, dtype=object)) == wanted


def test_what_is_wrong_with_a_record_is_said(model: nad.Model) -> None:
    scorer = nad.RecordScorer(model)
    assert scorer.inputs == {"bytes": "integer", "duration": "number", "service": "category", "login": "boolean"}
    plain = {"bytes": 120, "duration": 0.5, "service": "http", "login": True}
    with pytest.raises(nad.InvalidArgumentError, match="no record was scored"):
        scorer.explain()
    with pytest.raises(nad.InvalidDataError, match="4 columns: it lacks 'duration', 'login'; give None"):
        scorer.score({"bytes": 1, "service": "http"})
    with pytest.raises(ValueError, match="'service' is of type category and was given 80"):
        scorer.score(plain | {"service": 80})
    with pytest.raises(ValueError, match="'bytes' is of type integer and was given the number 1.5"):
        scorer.score(plain | {"bytes": 1.5})
    with pytest.raises(ValueError, match="'bytes'"):
        scorer.score(plain | {"bytes": "many"})
    with pytest.raises(ValueError, match="'duration'"):
        scorer.score(plain | {"duration": object()})
    with pytest.raises(nad.InvalidArgumentError, match="a record is a dict"):
        scorer.score([1, 2])  # type: ignore[arg-type]
    with pytest.raises(nad.NotFittedError):
        nad.RecordScorer(nad.Model())
    with pytest.raises(nad.InvalidArgumentError, match="give a fitted nad.Model"):
        nad.RecordScorer(nad.Mahalanobis())  # type: ignore[arg-type]
    assert "<RecordScorer of 4 columns, " in repr(scorer)
    assert "an alert" in repr(scorer.score(plain | {"bytes": 10**9}))


def test_copies_go_on_with_the_numbers_of_records(model: nad.Model) -> None:
    plain = {"bytes": 10**9, "duration": 0.5, "service": "http", "login": True}
    scorer = nad.RecordScorer(model)
    scorer.score(plain)
    expected = scorer.detect(plain)
    assert expected is not None
    assert expected.row == 1
    for again in (copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))):
        other = again(scorer)
        assert other.records == 2
        with pytest.raises(nad.InvalidArgumentError, match="no record was scored"):
            other.explain()
        found = other.detect(plain)
        assert found is not None
        assert found.row == 2
        assert found.reasons == expected.reasons
        assert scorer.records == 2
        assert again(scorer.score(plain)) == other.score(plain)
        scorer = nad.RecordScorer(model)
        scorer.score(plain)
        scorer.score(plain)


def test_a_scorer_that_looks_back_is_copied_before_the_first_record_only() -> None:
    table = connections(400, 3)
    times = (np.arange(400) * 10).astype("datetime64[s]")
    table = nad.Table({"time": times, **{name: table[name] for name in ("bytes", "service")}}).with_role(
        "time", "moment"
    )
    pipeline = nad.FeaturePipeline(
        [nad.features.TimeParts(column="time"), nad.features.OneHot(), nad.features.Impute()]
    )
    scorer = nad.RecordScorer(nad.Model(detector=nad.Mahalanobis(), pipeline=pipeline).fit(table))
    fresh = copy.deepcopy(scorer)
    record = {"time": np.datetime64("2024-01-01"), "bytes": 3, "service": "http"}
    assert scorer.score(record) == fresh.score(record)
    with pytest.raises(nad.InvalidArgumentError, match="look back at the records before"):
        copy.copy(scorer)


def test_options_of_other_types_are_named(model: nad.Model) -> None:
    scorer = nad.RecordScorer(model)
    plain = {"bytes": 120, "duration": 0.5, "service": "http", "login": True}
    with pytest.raises(nad.InvalidArgumentError, match="^most_reasons is -1; give a whole number"):
        scorer.detect(plain, most_reasons=-1)
    with pytest.raises(TypeError, match="^most_reasons is 'a'; give a whole number"):
        scorer.explain(most_reasons="a")  # type: ignore[arg-type]
    with pytest.raises(nad.InvalidArgumentError, match="^most_explained is -1; give a whole number"):
        scorer.detect_table(connections(10, 4), most_explained=-1)
    with pytest.raises(nad.CancelledError):
        scorer.detect_table(connections(10, 4), progress=lambda _: False)
