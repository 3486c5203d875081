"""nad.Model: protocols, thresholds, findings, files; what C++ tests prove in detail is only looked at here."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import nad

if TYPE_CHECKING:
    from collections.abc import Callable


def office(rows: int, seed: int, attack_every: int = 0) -> nad.Table:
    """Connections with an odd one now and then: much is sent, or a service is asked that nobody uses."""
    random = np.random.default_rng(seed)
    place = np.arange(rows)
    attack = np.zeros(rows, int)
    if attack_every:
        attack = np.where(place % attack_every == attack_every - 1, 1 + place // attack_every % 2, 0)
    sent = np.exp(5 + random.standard_normal(rows)) * np.where(attack == 1, 4000, 1)
    table = nad.Table(
        {
            "timestamp": (place * 10).astype("datetime64[s]"),
            "bytes": sent.astype(np.int64),
            "duration": 0.1 + random.random(rows),
            "service": np.where(attack == 2, "irc", np.where(random.random(rows) < 0.7, "http", "dns")),
            "label": np.array(["normal", "exfiltration", "tunnel"])[attack],
        }
    )
    return table.with_role("label", "label").with_role("timestamp", "moment")


@pytest.fixture(scope="module")
def today() -> nad.Table:
    return office(600, 2, 60)


@pytest.fixture(scope="module")
def model() -> nad.Model:
    return nad.Model(detector=nad.Mahalanobis(), random_state=3).fit(office(1500, 1))


def attacks(table: nad.Table) -> np.ndarray:
    return np.array(table["label"].to_list()) != "normal"


def test_findings_are_ranked_and_explained(model: nad.Model, today: nad.Table) -> None:
    findings = model.detect(today)
    assert len(findings) >= 10
    assert attacks(today)[findings.rows[:10]].all()
    assert (np.diff(findings.scores[findings.rows]) <= 0).all()
    assert (findings.scores > findings.limit.score).sum() == len(findings)
    by_row = {finding.row: finding for finding in findings}
    assert by_row[59].reasons[0].column == "bytes"
    assert by_row[59].reasons[0].direction == "higher"
    assert by_row[119].reasons[0].column == "service"
    assert by_row[119].reasons[0].direction == "never_seen"
    assert by_row[119].reasons[0].anomaly_class == by_row[119].anomaly_class == "new service"
    assert by_row[59].anomaly_class == "high bytes"
    assert "service irc was never seen" in str(findings)
    table = findings.to_table()
    assert table.columns == ["row", "score", "p_value", "extrapolated", "reasons"]
    assert len(table) == len(findings)
    np.testing.assert_array_equal(findings.scores, model.anomaly_score(today))


def test_default_models(today: nad.Table) -> None:
    for training, text in (("clean", "ensemble for clean"), ("mixed", "ensemble for mixed")):
        chosen = nad.Model(training=training).fit(office(2500, 4))
        findings = chosen.detect(today)
        assert attacks(today)[findings.rows[:10]].all()  # of ten; five have a service that nobody uses
        assert text in chosen.describe()
        assert sum(chosen.importance().values()) == pytest.approx(1.0)
        assert set(chosen.importance()) == {"bytes", "duration", "service"}
    labelled = nad.Model(training="labelled", threshold=nad.ThresholdRule.f_beta(1.0)).fit(office(1500, 5, 5))
    findings = labelled.detect(today)
    assert labelled.families == ["normal", "exfiltration", "tunnel"]
    assert {(f.row, f.family) for f in findings} == {
        (row, today["label"].to_list()[row]) for row in np.flatnonzero(attacks(today))
    }
    assert labelled.predict(today).tolist() == today["label"].to_list()


def test_pandas_in_findings_out(model: nad.Model, today: nad.Table) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({name: today[name].to_list() for name in ("bytes", "duration", "service")})
    np.testing.assert_array_equal(model.anomaly_score(frame), model.anomaly_score(today))


def test_a_file_and_a_pickle_bring_back_the_same(model: nad.Model, today: nad.Table, tmp_path: Path) -> None:
    model.save(tmp_path / "office.nad", note="monday")
    loaded = nad.load(tmp_path / "office.nad")
    assert isinstance(loaded, nad.Model)
    expected = model.detect(today)
    for other in (
        loaded,
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
        nad.Model.load(tmp_path / "office.nad"),
    ):
        assert other.detect(today).reported == expected.reported
        np.testing.assert_array_equal(other.detect(today).scores, expected.scores)
    header = nad.read_header(tmp_path / "office.nad")
    assert header["kind"] == "model"
    assert header["note"] == "monday"
    assert header["threshold_rule"] == "at most 1 % of normal records"
    with pytest.raises(nad.MissingFileError):
        nad.Model.load(tmp_path / "nowhere.nad")


def test_thresholds_change_after_loading(model: nad.Model, today: nad.Table) -> None:
    other = copy.deepcopy(model)
    assert other.set_threshold(nad.ThresholdRule.alerts_per_day(86.4)) is other
    assert other.threshold == other.calibration.score_at(86.4 / other.records_per_day)
    other.records_per_day = 1e6
    assert other.threshold.extrapolated
    other.set_threshold(nad.ThresholdRule.f_beta(1.0), labelled=today)
    assert set(other.detect(today).rows) == set(np.flatnonzero(attacks(today)))
    assert str(other.threshold_rule) == "the highest F-beta score, beta 1"
    assert str(model.threshold_rule) == "at most 1 % of normal records"
    with pytest.raises(ValueError, match="labelled records"):
        other.set_threshold(nad.ThresholdRule.f_beta(2.0))
    with pytest.raises(nad.InvalidArgumentError, match="is no rule"):
        other.set_threshold(0.1)  # type: ignore[arg-type]
    few = model.detect(today, false_discovery_rate=0.2)
    ranks = model.p_value(today, extrapolate=False)
    assert set(few.rows) == set(np.flatnonzero(nad.benjamini_hochberg(ranks, 0.2)))
    assert len(few) >= 10
    assert len(model.detect(today[:119], false_discovery_rate=0.1)) == 0  # ranks among 300 are no better than 1 / 301
    assert nad.benjamini_hochberg(model.p_value(today[:119]), 0.1).any()


def test_p_values_of_normal_records_are_uniform() -> None:
    shares = []
    for seed in range(40):
        model = nad.Model(detector=nad.Histogram(), random_state=seed).fit(office(400, 50 + seed))
        shares.append((model.p_value(office(200, 200 + seed)) <= 0.1).mean())
    assert np.mean(shares) == pytest.approx(8 / 81, abs=0.02)  # 80 held out: 8 of 81 places


def test_explain_any_row(model: nad.Model, today: nad.Table) -> None:
    found = model.explain(today, [5, 59])
    assert [finding.row for finding in found] == [5, 59]
    for finding in found:
        assert sum(reason.contribution for reason in finding.reasons) == pytest.approx(finding.surprise, rel=1e-4)
        assert finding.surprise == pytest.approx(-np.log10(finding.p_value), abs=0.6)  # without the steps
    with pytest.raises(ValueError, match="no row 600"):
        model.explain(today, [600])
    with pytest.raises(nad.InvalidArgumentError, match="from 0"):
        model.explain(today, [-1])


def test_bad_input_is_named(model: nad.Model, today: nad.Table) -> None:
    with pytest.raises(ValueError, match="lacks 1 of them, 'service'"):
        model.detect(today.drop(["service"]))
    with pytest.raises(nad.NotFittedError):
        nad.Model().detect(today)
    with pytest.raises(ValueError, match="'clean', 'mixed', 'labelled'"):
        nad.Model(training="dirty")
    with pytest.raises(nad.InvalidArgumentError, match="give one of nad's"):
        nad.Model(detector="forest")  # type: ignore[arg-type]
    with pytest.raises(nad.InvalidArgumentError, match="give a rule"):
        nad.Model(threshold=0.1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at most 0.5"):
        nad.ThresholdRule.contamination(0.9)
    with pytest.raises(ValueError, match="role of label"):
        nad.Model(training="labelled").fit(today.drop(["label"]))
    with pytest.raises(ValueError, match="records_per_day"):
        nad.Model(threshold=nad.ThresholdRule.alerts_per_day(5), detector=nad.Mahalanobis()).fit(
            office(300, 1).drop(["timestamp"])
        )


def test_clean_training_warns_of_attack_labels(today: nad.Table) -> None:
    with pytest.warns(nad.DataWarning, match="10 of the records .* 'exfiltration', 'tunnel'"):
        model = nad.Model(detector=nad.Mahalanobis()).fit(today)
    assert "believes them normal" in model.describe()
    assert "believes them normal" in pickle.loads(pickle.dumps(model)).describe()
    for training in ("mixed", "labelled"):
        nad.Model(training=training, detector=nad.Mahalanobis()).fit(today)  # a warning would be an error
    more = office(1500, 2, 5)
    nad.Model(detector=nad.Mahalanobis()).fit(more[attacks(more)])  # nothing says which label is normal


def flows(rows: int, seed: int) -> nad.Table:
    random = np.random.default_rng(seed)
    port = np.where(random.random(rows) < 0.8, 443, 53)
    return nad.Table(
        {
            "timestamp": (np.arange(rows) * 7).astype("datetime64[s]"),
            "src_ip": [f"10.0.0.{host}" for host in random.integers(1, 30, rows)],
            "dst_ip": [f"192.0.2.{host}" for host in random.integers(1, 9, rows)],
            "dst_port": port,
            "state": np.where(random.random(rows) < 0.95, "SF", "S0"),
            "bytes_sent": np.exp(random.normal(6, 1, rows)).astype(np.int64),
            "bytes_received": np.exp(random.normal(7, 1, rows)).astype(np.int64),
            "duration": random.exponential(1.0, rows),
        }
    )


def test_reasons_name_the_columns_of_the_table() -> None:
    table = flows(1500, 1)
    model = nad.Model(detector=nad.Mahalanobis()).fit(table)
    derived = {name for name in model.importance() if name not in table.columns}
    assert not any(name.startswith(("dst_port", "state", "src_ip.is", "dst_ip.is")) for name in derived)
    assert {"dst_port", "state"} <= set(model.importance())
    assert sum(model.importance().values()) == pytest.approx(1)
    record = {name: flows(1, 3)[name].to_list()[0] for name in table.columns} | {"dst_port": 6667, "state": "RSTO"}
    reasons = {reason.column: reason for reason in nad.RecordScorer(model).detect(record).reasons}
    assert reasons["dst_port"].value in ("class registered", "service irc")
    assert reasons["state"].value == "RSTO"
    assert reasons["state"].direction == "never_seen"


def test_who_it_was_is_not_learnt() -> None:
    table = flows(1500, 1)
    model = nad.Model(detector=nad.Mahalanobis()).fit(table)
    record = {name: flows(1, 3)[name].to_list()[0] for name in table.columns}
    scores = {
        address: nad.RecordScorer(model).score(record | {"src_ip": address}).score
        for address in ("10.0.0.5", "10.9.9.9", "172.16.3.1")
    }
    assert len(set(scores.values())) == 1  # private addresses, all of them


def test_infinities_are_far_beyond_everything(model: nad.Model) -> None:
    table = office(600, 3)
    records = {name: table[name].to_list() for name in ("timestamp", "bytes", "duration", "service")}
    records["duration"][4] = float("inf")
    found = model.detect(records)
    assert np.isfinite(found.scores).all()
    assert found[0].row == 4
    assert found[0].reasons[0].column == "duration"
    learnt = nad.Model(detector=nad.Mahalanobis()).fit(records)
    assert np.isfinite(learnt.anomaly_score(records)).all()


def test_a_new_category_counts_by_how_seldom_training_brought_one() -> None:
    """A service that nobody uses stands out; a file name that is new, as half of them are, does not."""
    rng = np.random.default_rng(3)

    def traffic(count: int) -> dict[str, list[object]]:
        names = [f"page{i}" if i < 1000 else f"{rng.integers(2**40)}.html" for i in rng.integers(2000, size=count)]
        services = rng.choice(["http", "dns"], count).tolist()
        return {"service": services, "file": names, "bytes": rng.lognormal(5, 1, count).tolist()}

    model = nad.Model(random_state=1).fit(traffic(4000))
    today = traffic(400)
    today["service"][7] = "irc"
    findings = model.detect(today)
    assert findings[0].row == 7
    assert findings[0].reasons[0].column == "service"
    new_file = np.array(["." in str(name) for name in today["file"]])
    assert 0.4 < model.p_value(today)[new_file].mean() < 0.6


def test_held_out_records_of_a_model_that_looks_back_have_new_categories_too() -> None:
    """Three records in a hundred have a word of their own; what is promised holds nevertheless."""

    def traffic(seed: int) -> nad.Table:
        flows = nad.datasets.synthetic_flows(5000, anomaly_ratio=0.0, random_state=seed)
        rng = np.random.default_rng(seed)
        words = [f"{rng.integers(2**40):x}" if rng.random() < 0.03 else "ShADadFf" for _ in range(len(flows))]
        return flows.with_column("history", words)

    model = nad.Model(threshold=nad.ThresholdRule.false_positive_rate(0.01), random_state=1).fit(traffic(1))
    assert any("rolling" in step["kind"] for step in model.pipeline.steps)
    assert len(model.detect(traffic(2))) / 5000 < 0.02  # 0.033 where held-out records had nothing new


def test_a_value_far_beyond_all_that_was_learnt_is_reported_and_is_the_reason() -> None:
    """Ordinary in 120 other columns, among which it would drown; a little above the largest is no news."""
    rng = np.random.default_rng(4)

    def traffic(count: int) -> dict[str, np.ndarray]:
        return {"bytes_sent": rng.lognormal(6, 1, count)} | {f"other{i}": rng.normal(0, 1, count) for i in range(120)}

    past = traffic(8000)
    model = nad.Model(random_state=1).fit(past)
    today = traffic(50)
    largest = float(past["bytes_sent"].max())
    today["bytes_sent"][7], today["bytes_sent"][8] = 1000 * largest, 1.1 * largest
    findings = model.detect(today)
    assert findings[0].row == 7
    assert findings[0].reasons[0].column == "bytes_sent"
    assert findings[0].p_value < 1e-6
    assert model.p_value(today)[8] > 1e-3
    views = list(model.pipeline.views.values())
    without = nad.Ensemble("clean", columns=views, extremes=[], random_state=1)
    drowned = nad.Model(detector=without, pipeline=nad.FeaturePipeline(model.pipeline.steps)).fit(past)
    assert drowned.p_value(today)[7] > 1e-3


def test_what_is_new_and_far_out_is_no_more_usual_than_what_is_far_out() -> None:
    rng = np.random.default_rng(1)

    def traffic(count: int) -> dict[str, list[object]]:
        return {
            "host": [f"pc{i}" for i in rng.integers(20, size=count)],
            "server": [f"srv{i}" for i in rng.integers(9, size=count)],
            "bytes": rng.normal(100, 5, count).tolist(),
        }

    model = nad.Model(random_state=1).fit(traffic(6000))
    today = traffic(4)
    today["bytes"][1:3] = [1e12, 1e12]
    today["host"][2:], today["server"][2:] = ["evil", "evil"], ["evil", "evil"]
    usual, far, new_and_far, new = model.explain(today, range(4))
    assert new_and_far.p_value <= far.p_value < usual.p_value
    assert new.p_value < 0.01
    assert {reason.column for reason in new_and_far.reasons[:3]} == {"host", "server", "bytes"}


def test_a_given_pipeline_and_many_threads(today: nad.Table) -> None:
    pipeline = nad.FeaturePipeline([nad.features.Frequency(), nad.features.Standardise()])
    models = [
        nad.Model(detector=nad.IsolationForest(n_estimators=20, random_state=1), pipeline=pipeline, n_jobs=jobs).fit(
            office(500, 6)
        )
        for jobs in (1, 3)
    ]
    assert models[0].pipeline.feature_names == models[1].pipeline.feature_names
    assert len(models[0].pipeline.feature_names) == 3
    np.testing.assert_array_equal(models[0].anomaly_score(today), models[1].anomaly_score(today))
    assert isinstance(models[0].detector, nad.IsolationForest)


def test_progress_is_drawn(capsys: pytest.CaptureFixture[str], today: nad.Table) -> None:
    nad.Model(detector=nad.IsolationForest(), verbose=True).fit(office(300, 7)).detect(today)
    assert "growing trees" in capsys.readouterr().err


@pytest.mark.parametrize("training", ["clean", "mixed", "labelled"])
def test_the_named_label_is_never_learnt_from(training: str) -> None:
    table = office(900, 8, 0 if training == "clean" else 20).rename({"label": "kind"}).with_role("kind", "feature")
    detector = None if training == "labelled" else nad.Mahalanobis()
    model = nad.Model(training=training, label="kind", detector=detector).fit(table)
    assert set(model.importance()) == {"bytes", "duration", "service"}
    np.testing.assert_array_equal(model.anomaly_score(table.drop(["kind"])), model.anomaly_score(table))
    with pytest.raises(ValueError, match="'kind'"):
        nad.Model(training=training, label="kinds").fit(table)
    with pytest.raises(ValueError, match="is 'zz'; it holds 'normal'"):
        nad.Model(training=training, label="kind", normal="zz").fit(table)


def test_a_frame_and_a_csv_have_labels_too(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    table = office(900, 9, 20)
    frame = pandas.DataFrame({name: table[name].to_list() for name in ("bytes", "duration", "service", "label")})
    frame = frame.rename(columns={"label": "kind"})
    frame.to_csv(tmp_path / "office.csv", index=False)
    for given in (frame, nad.read(tmp_path / "office.csv")):
        model = nad.Model(training="labelled", label="kind").fit(given)
        assert set(model.importance()) == {"bytes", "duration", "service"}
        assert model.families == ["normal", "exfiltration", "tunnel"]


def test_more_reports_than_promised_are_told_and_not_called_drift(model: nad.Model) -> None:
    calm = model.detect(office(600, 10))
    assert not calm.drift.needs_attention
    assert "as a whole" not in str(calm)
    findings = model.detect(office(600, 10, 6))
    assert findings.drift.beyond_promise
    assert not findings.drift.drifted
    assert "as a whole: 600 records" in str(findings)
    assert "attacks or drift" in str(findings)


def test_few_normal_records_are_warned_of() -> None:
    with pytest.warns(nad.DataWarning, match="p-values compare with the 10 records that were learnt from"):
        nad.Model(detector=nad.Mahalanobis()).fit(office(10, 11))
    table = office(600, 12, 2)
    normal = np.flatnonzero(~attacks(table))
    few = table[np.sort(np.concatenate([normal[:6], np.flatnonzero(attacks(table))]))]
    with pytest.warns(nad.DataWarning, match="only 3 normal records could be held out"):
        labelled = nad.Model(training="labelled").fit(few)
    assert len(labelled.calibration) == 3
    assert labelled.threshold.score < 1


def test_findings_and_what_they_hold_are_copied(model: nad.Model, today: nad.Table) -> None:
    findings = model.detect(today)
    for again in (copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))):
        same = again(findings)
        assert same.reported == findings.reported
        np.testing.assert_array_equal(same.scores, findings.scores)
        assert same.limit == findings.limit
        assert same.drift == findings.drift
        assert str(same) == str(findings)
        assert again(findings[0]) == findings[0]
        assert again(findings[0].reasons[0]) == findings[0].reasons[0]


def test_progress_goes_to_a_callback_and_ends_the_work(capsys: pytest.CaptureFixture[str], today: nad.Table) -> None:
    stages: set[str] = set()
    rule = nad.ThresholdRule.false_positive_rate(0.2)
    model = nad.Model(detector=nad.IsolationForest(), threshold=rule, random_state=0, verbose=True)
    model.fit(office(300, 7), progress=lambda state: stages.add(state.stage))
    assert "growing trees" in stages
    stages.clear()
    model.detect(today, progress=lambda state: stages.add(state.stage))
    assert stages >= {"scoring", "explaining"}
    assert capsys.readouterr().err == ""
    before = model.anomaly_score(today)
    with pytest.raises(nad.CancelledError):
        model.fit(office(3000, 8), progress=lambda _: False)
    with pytest.raises(nad.CancelledError):
        model.detect(today, progress=lambda _: False)
    with pytest.raises(ZeroDivisionError):
        model.explain(today, range(10), progress=lambda _: 1 / 0)
    model.verbose = False
    np.testing.assert_array_equal(model.anomaly_score(today), before)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model, today: model.detect(today, most_reasons=-1), "^most_reasons is -1; give a whole number"),
        (lambda model, today: model.detect(today, most_explained=0.5), "^most_explained is 0.5; give a whole number"),
        (lambda model, today: model.detect(today, false_discovery_rate="a"), "^false_discovery_rate is 'a'; give a"),
        (lambda model, today: nad.Model(calibration="a"), "^calibration is 'a'; give a number$"),
        (lambda model, today: nad.Model(records_per_day="a"), "^records_per_day is 'a'; give a number$"),
        (lambda model, today: nad.Model(label=3), "^label is 3; give a text$"),
        (lambda model, today: nad.Model(training=None), "^training is None; give a text$"),
        (lambda model, today: setattr(copy.deepcopy(model), "records_per_day", "a"), "^records_per_day is 'a'"),
        (lambda model, today: nad.Model().threshold, "has not learnt anything yet"),
        (lambda model, today: nad.Model().importance(), "has not learnt anything yet"),
    ],
)
def test_options_of_other_types_are_named(
    call: Callable[[nad.Model, nad.Table], object], message: str, model: nad.Model, today: nad.Table
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call(model, today)


def test_mixed_training_promises_of_its_own_records() -> None:
    model = nad.Model(training="mixed", detector=nad.Mahalanobis()).fit(office(300, 13, 30))
    assert "at most 1 % of training records" in model.describe()
