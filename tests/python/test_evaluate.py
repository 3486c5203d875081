"""Figures beside scikit-learn's, intervals that cover, splits that part no copies, and reports that can be read."""

from __future__ import annotations

import json
import pickle
import time

import numpy as np
import pytest

import nad
from nad import metrics, splits

sk = pytest.importorskip("sklearn.metrics")

SCORES = {
    "floats": lambda rng, n: rng.normal(size=n).astype(np.float32),
    "doubles": lambda rng, n: rng.normal(size=n),
    "ties": lambda rng, n: rng.integers(0, 6, n) / 4 - 1,
    "one score": lambda _, n: np.full(n, 0.25),
}


def samples():
    """Scores, labels and weights of many kinds, whose classes are told apart well, badly or not at all."""
    for seed in range(24):
        for kind, draw in SCORES.items():
            rng = np.random.default_rng([seed, len(kind)])
            n = int(rng.integers(4, 400))
            y = rng.random(n) < rng.choice([0.1, 0.5])
            y[:2] = False, True
            scores = draw(rng, n)
            scores = (scores + y * rng.choice([0, 1, 3])).astype(scores.dtype)
            weights = None if seed % 3 else rng.integers(0, 4, n) + np.where(np.arange(n) < 2, 1.0, rng.random(n))
            yield scores, y, weights


def same(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_figures_are_those_of_scikit_learn():
    for scores, y, weights in list(samples())[::2]:
        given = {"sample_weight": weights}
        same(metrics.roc_auc(scores, y, **given), sk.roc_auc_score(y, scores, **given))
        same(metrics.average_precision(scores, y, **given), sk.average_precision_score(y, scores, **given))
        for max_fpr in (0.01, 0.3, 1.0):
            same(
                metrics.partial_auc(scores, y, max_fpr, **given), sk.roc_auc_score(y, scores, max_fpr=max_fpr, **given)
            )
        threshold = float(np.quantile(scores, 0.7))
        alerts = scores > threshold
        found = metrics.confusion(scores, y, threshold, **given)
        same(
            [[found.true_negatives, found.false_positives], [found.false_negatives, found.true_positives]],
            sk.confusion_matrix(y, alerts, labels=[False, True], **given),
        )
        zero = {"zero_division": np.nan, **given}
        same(found.accuracy, sk.accuracy_score(y, alerts, **given))
        same(found.precision, sk.precision_score(y, alerts, **zero))
        same(found.recall, sk.recall_score(y, alerts, **zero))
        same(found.f1, sk.f1_score(y, alerts, **zero))
        same(found.f_beta(0.5), sk.fbeta_score(y, alerts, beta=0.5, **zero))
        same(found.balanced_accuracy, sk.balanced_accuracy_score(y, alerts, **given))
        same(found.matthews, sk.matthews_corrcoef(y, alerts, **given))


def test_curves_are_those_of_scikit_learn():
    for scores, y, weights in samples():
        for drop in (True, False) if weights is None else (False,):
            given = {"sample_weight": weights, "drop_intermediate": drop}
            curve = metrics.roc_curve(scores, y, **given)
            rates, recall, thresholds = sk.roc_curve(y, scores, **given)
            same(curve.false_positive_rate, rates)
            same(curve.recall, recall)
            same(curve.thresholds, thresholds)
            curve = metrics.precision_recall_curve(scores, y, **given)
            precision, recall, thresholds = sk.precision_recall_curve(y, scores, **given)
            same(curve.precision, precision)
            same(curve.recall, recall)
            same(curve.thresholds[:-1], thresholds)
            assert curve.thresholds[-1] == np.inf


def test_recall_at_a_rate_and_the_best_threshold():
    for scores, y, weights in list(samples())[::9]:
        rates, recall, _ = sk.roc_curve(y, scores, sample_weight=weights, drop_intermediate=False)
        same(
            metrics.tpr_at_fpr(scores, y, [0.0, 0.05, 0.5], sample_weight=weights),
            [recall[rates <= rate + 1e-12].max() for rate in (0.0, 0.05, 0.5)],
        )
        best = metrics.best_threshold(scores, y, beta=2, sample_weight=weights)
        f_betas = [sk.fbeta_score(y, scores >= one, beta=2, sample_weight=weights) for one in np.unique(scores)]
        same(best.f_beta, max(f_betas))
        same(sk.fbeta_score(y, scores > best.threshold, beta=2, sample_weight=weights), max(f_betas))


def test_probabilities_are_judged_as_by_scikit_learn():
    calibration = pytest.importorskip("sklearn.calibration")
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(3, 300))
        p = rng.choice([rng.random(n), np.round(rng.random(n), 1)])
        p = p.astype(np.float32) if seed % 2 else p
        y = rng.random(n) < p
        y[:2] = False, True
        weights = None if seed % 3 else rng.random(n) + 0.1
        close = 1e-9 if p.dtype == np.float64 else 1e-6  # scikit-learn adds floats up as floats
        brier, log_loss = sk.brier_score_loss(y, p, sample_weight=weights), sk.log_loss(y, p, sample_weight=weights)
        assert metrics.brier_score(p, y, sample_weight=weights) == pytest.approx(brier, abs=close)
        assert metrics.log_loss(p, y, sample_weight=weights) == pytest.approx(log_loss, abs=close)
        for spacing in ("uniform", "quantile"):
            curve = metrics.calibration_curve(p, y, bins=5, spacing=spacing)
            observed, predicted = calibration.calibration_curve(y, p, n_bins=5, strategy=spacing)
            np.testing.assert_allclose(curve.observed, observed, atol=1e-9)
            np.testing.assert_allclose(curve.predicted, predicted, atol=close)
            gaps = np.abs(curve.observed - curve.predicted)
            same(curve.expected_error, np.average(gaps, weights=curve.weight))
            same(curve.largest_error, gaps.max())


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_several_classes_are_judged_as_by_scikit_learn():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(5, 200))
        names = np.array(["dos", "normal", "probe", "r2l", "u2r"])[: int(rng.integers(2, 6))]
        truth, predicted = rng.choice(names, n), rng.choice(names, n)
        predicted = np.where(rng.random(n) < 0.6, truth, predicted)
        weights = None if seed % 2 else rng.random(n)
        given = {"sample_weight": weights, "zero_division": 0}
        table = metrics.class_confusion(predicted, truth, sample_weight=weights)
        occurring = sorted({*truth, *predicted})
        assert table.classes == occurring
        same(table.counts, sk.confusion_matrix(truth, predicted, labels=occurring, sample_weight=weights))
        for average in ("macro", "weighted", "micro"):
            theirs = sk.precision_recall_fscore_support(truth, predicted, average=average, **given)[:3]
            same(getattr(table, average)[:3], theirs)
        for place, name in enumerate(occurring):
            theirs = sk.precision_recall_fscore_support(
                truth, predicted, labels=occurring, average=None, sample_weight=weights, zero_division=np.nan
            )
            same(table[name], [figure[place] for figure in theirs])
        same(table.accuracy, sk.accuracy_score(truth, predicted, sample_weight=weights))
        same(table.matthews, sk.matthews_corrcoef(truth, predicted, sample_weight=weights))
        same(table.balanced_accuracy, sk.balanced_accuracy_score(truth, predicted, sample_weight=weights))
        assert pickle.loads(pickle.dumps(table)).macro == table.macro


def test_the_contest_counts_a_cost_for_each_mistake():
    truth = ["normal", "normal", "r2l", "u2r", "dos", "probe"]
    predicted = ["normal", "probe", "normal", "normal", "probe", "probe"]
    assert metrics.kdd99_cost(predicted, truth) == pytest.approx((0 + 1 + 4 + 3 + 1 + 0) / 6)
    table = metrics.class_confusion(predicted, truth)
    assert table.mean_cost(1 - np.eye(5)) == pytest.approx(1 - table.accuracy)
    assert "f1-score" in str(table)
    with pytest.raises(ValueError, match="not among"):
        metrics.kdd99_cost(["smurf"], ["dos"])


@pytest.mark.parametrize("method", ["bca", "percentile"])
def test_the_interval_of_the_auc_covers_it(method):
    """Of many samples of two normal distributions a unit apart, whose AUC is known."""
    area = 0.7602499389  # Phi(1 / sqrt(2))
    covered = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        scores = np.concatenate([rng.normal(size=60), rng.normal(size=40) + 1])
        found = metrics.bootstrap(
            scores, np.arange(100) >= 60, n_bootstrap=300, confidence=0.9, method=method, random_state=seed
        )
        covered.append(found.low <= area <= found.high)
    assert 0.86 <= np.mean(covered) <= 0.94


def test_the_bootstrap_has_the_spread_of_scikit_learns_resamples():
    resample = pytest.importorskip("sklearn.utils").resample
    rng = np.random.default_rng(1)
    y = rng.random(500) < 0.2
    scores = rng.normal(size=500) + y
    ours = metrics.bootstrap(scores, y, ["roc_auc", "average_precision"], n_bootstrap=1000, method="percentile")
    replicates = []
    for seed in range(250):
        rows = resample(np.arange(500), stratify=y, random_state=seed)
        replicates.append((sk.roc_auc_score(y[rows], scores[rows]), sk.average_precision_score(y[rows], scores[rows])))
    for estimate, values in zip(ours, np.array(replicates).T):
        low, high = np.quantile(values, [0.025, 0.975])
        assert estimate.low == pytest.approx(low, abs=0.15 * (high - low))
        assert estimate.high == pytest.approx(high, abs=0.15 * (high - low))


def test_an_estimate_is_a_number_with_an_interval():
    estimate = metrics.proportion_interval(99, 100)
    assert estimate == 0.99
    assert estimate.low < 0.99 < estimate.high
    assert repr(estimate) == "0.9900 (0.9455 to 0.9982)"
    again = pickle.loads(pickle.dumps(estimate))
    assert (again, again.low, again.high) == (estimate, estimate.low, estimate.high)


# ---- what labels may look like


def test_labels_in_every_form_say_the_same():
    pd, pl, pa = pytest.importorskip("pandas"), pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    rng = np.random.default_rng(3)
    y = rng.random(50) < 0.4
    scores = rng.normal(size=50) + y
    names = np.where(y, rng.choice(["dos", "probe"], 50), "normal")
    expected = metrics.roc_auc(scores, y)
    forms = [
        y.tolist(), y.astype(int), y.astype(float), y.reshape(-1, 1), names, names.tolist(), names.astype(object),
        pd.Series(y), pd.Series(names, dtype="category"), pl.Series(names), pa.array(names.tolist()),
        nad.Column(names), nad.Column(y), nad.Table({"label": names}), nad.Table({"is_anomaly": y, "label": names}),
    ]  # fmt: skip
    for form in forms:
        assert metrics.roc_auc(scores, form) == expected
    assert metrics.roc_auc(scores, np.where(y, "bad", "good"), normal="good") == expected
    assert metrics.roc_auc(scores, np.where(y, -1, 1), normal=1) == expected
    assert metrics.roc_auc(pd.Series(scores), y) == metrics.roc_auc(scores.tolist(), y) == expected
    assert set(nad.evaluate(scores, names, n_bootstrap=0).families) == {"dos", "probe"}
    assert nad.evaluate(scores, np.where(y, "bad", "normal"), n_bootstrap=0).families == {}


@pytest.mark.parametrize(
    ("scores", "y", "options", "message"),
    [
        ([1.0, 2.0], [0, 1, 1], {}, "2 scores, but 3 labels"),
        ([1.0, np.nan], [0, 1], {}, "row 1 is NaN"),
        ([1.0, 2.0], [0, 0], {}, "no attack"),
        ([1.0, 2.0], [0, 7], {}, "label of row 1 is 7"),
        ([1.0, 2.0], ["a", "b"], {}, "which label is normal"),
        ([1.0, 2.0], ["a", "b"], {"normal": "c"}, "no label is 'c'"),
        ([1.0, 2.0], ["normal", None], {}, "y is missing in row 1"),
        ([[1.0, 2.0], [2.0, 3.0]], [0, 1], {}, r"scores\[:, 1\]"),
        ([1.0, 2.0], [0, 1], {"sample_weight": [1, -1]}, "weight of row 1 is negative"),
        ([], [], {}, "no scores"),
        (["high", "low"], [0, 1], {}, "give numbers"),
    ],
)
def test_what_cannot_be_judged_says_why(scores, y, options, message):
    with pytest.raises(nad.InvalidDataError if "label is" not in message else nad.Error, match=message):
        metrics.roc_auc(scores, y, **options)


# ---- reports


def test_the_report_of_synthetic_flows():
    flows = nad.datasets.synthetic_flows(3000, anomaly_ratio=0.1, random_state=4)
    y = flows["is_anomaly"].to_numpy()
    rng = np.random.default_rng(1)
    scores = rng.normal(size=3000) + 2 * y
    found = nad.evaluate(scores, flows, threshold=1.5, n_bootstrap=100)
    assert found.roc_auc == pytest.approx(sk.roc_auc_score(y, scores), abs=1e-9)
    assert found.recall == (scores[y] > 1.5).mean()
    assert found.roc_auc.low < found.roc_auc < found.roc_auc.high
    assert set(found.families) == {name for name in flows.value_counts("label") if name != "normal"}
    labels = np.array(flows["label"].to_list())
    for name, family in found.families.items():
        rows = labels == name
        assert family.attacks == rows.sum()
        assert family.found == (scores[rows] > 1.5).sum()
        both = rows | ~y
        assert family.roc_auc == pytest.approx(sk.roc_auc_score(rows[both], scores[both]), abs=1e-9)
        precision = sk.average_precision_score(rows[both], scores[both])
        assert family.average_precision == pytest.approx(precision, abs=1e-9)
        assert family.recall.low <= family.recall <= family.recall.high
        rate = metrics.tpr_at_fpr(scores[both], rows[both], 0.01)
        assert family.recall_at_rate[0.01] == pytest.approx(rate)
        assert family.episodes_detected <= family.episodes
    when = flows["timestamp"].to_numpy()
    days = (when.max() - when.min()) / np.timedelta64(1, "D")
    assert found.days == pytest.approx(days)
    assert found.alerts_per_day == pytest.approx((scores > 1.5).sum() / days)
    assert found.alerts_per_day == pytest.approx(metrics.alerts_per_day(scores > 1.5, flows["timestamp"]))
    delays = metrics.detection_delays(scores > 1.5, y=flows)
    assert found.delays.episodes == len(delays)
    assert found.delays.detected == sum(one.first_alert_row is not None for one in delays)
    floods = [one for one in delays if labels[one.first_row] == "syn_flood"]
    of_floods = [one.delay_seconds for one in floods if one.alerts]
    assert found.families["syn_flood"].episodes == len(floods)
    assert found.families["syn_flood"].median_delay_seconds == pytest.approx(np.median(of_floods))
    text = str(found)
    for part in ("3,000 rows", "f1-score", "port_scan", "alerts a day", "95 % interval"):
        assert part in text
    assert max(map(len, text.splitlines())) <= 110
    values = json.loads(found.to_json())
    assert values["roc_auc"]["value"] == found.roc_auc
    assert values == found.to_dict()
    assert len(found.to_dict(curves=True)["roc_curve"]["recall"]) == len(found.roc_curve.recall)
    area = sk.auc(found.roc_curve.false_positive_rate, found.roc_curve.recall)
    assert area == pytest.approx(found.roc_auc, abs=0.002)  # of a curve that was thinned
    assert str(pickle.loads(pickle.dumps(found))) == text
    assert found.tpr_at_fpr(0.05) == found.rates[2].recall
    with pytest.raises(KeyError):
        found.tpr_at_fpr(0.5)


def test_the_same_report_for_any_number_of_threads():
    rng = np.random.default_rng(6)
    y = rng.random(20_000) < 0.5
    scores = rng.normal(size=20_000) + y
    one = nad.evaluate(scores, y, n_bootstrap=50)
    assert one.to_json() == nad.evaluate(scores, y, n_bootstrap=50, n_jobs=3).to_json()
    assert one.to_json() != nad.evaluate(scores, y, n_bootstrap=50, random_state=1).to_json()
    assert one.is_threshold_chosen
    assert "chosen on these rows" in str(one)


def test_copies_make_intervals_wider():
    rng = np.random.default_rng(2)
    y = rng.random(100) < 0.5
    scores = rng.normal(size=100) + y
    rows = np.repeat(np.arange(100), 20)
    naive = nad.evaluate(scores[rows], y[rows], threshold=0.5, n_bootstrap=200)
    honest = nad.evaluate(scores[rows], y[rows], threshold=0.5, n_bootstrap=200, groups=rows)
    for name in ("roc_auc", "recall", "f1"):
        one, other = getattr(naive, name), getattr(honest, name)
        assert other.high - other.low > 3 * (one.high - one.low)
    assert (naive.groups, honest.groups) == (0, 100)
    assert "whole groups of rows: 100 of them" in str(honest)
    assert "groups" not in str(naive)


def test_nsl_kdd_in_one_line(data_folder):
    path = data_folder / "nsl_kdd" / "KDDTest+.txt.gz"
    if not path.is_file():
        pytest.skip(f"no NSL-KDD at {path}")
    table = nad.read(path)
    scores = table["serror_rate"].to_numpy() + table["hot"].to_numpy()
    found = nad.evaluate(scores, table, n_bootstrap=20)
    assert list(found.families) == ["dos", "probe", "r2l", "u2r"]
    assert found.attacks == 12_833


def test_a_bar_is_drawn(capsys):
    rng = np.random.default_rng(0)
    y = rng.random(5000) < 0.5
    nad.evaluate(rng.normal(size=5000), y, n_bootstrap=20, progress=True)
    assert "resampling [" in capsys.readouterr().err


# ---- time


def test_delays_of_attacks_that_were_numbered():
    alerts = np.array([False, False, True, True, False, True])
    episodes = [3, -1, 3, 8, 9, -1]
    when = np.array(["2026-01-05T10:00:00", "2026-01-05T10:00:01", "2026-01-05T10:00:30",
                     "2026-01-05T10:01:00", "2026-01-05T10:02:00", "2026-01-05T10:03:00"], dtype="datetime64[s]")  # fmt: skip
    first, second, third = metrics.detection_delays(alerts, episodes, time=when)
    assert (first.id, first.rows, first.delay_rows, first.delay_seconds) == (3, 2, 1, 30.0)
    assert second.delay_seconds == 0.0
    assert third.first_alert_row is None
    assert np.isnan(third.delay_seconds)
    assert metrics.alerts_per_day(3, when) == 3 * 86400 / 180


# ---- splits


def check_folds(folds, copies, rows):
    tested = np.concatenate([test for _, test in folds])
    assert sorted(tested) == list(range(rows))
    for train, test in folds:
        assert not set(train) & set(test)
        assert len(train) + len(test) == rows
        if copies is not None:
            assert not set(copies[train]) & set(copies[test])


def test_folds_part_no_copies_and_keep_the_shares():
    rng = np.random.default_rng(5)
    kinds = rng.normal(size=(900, 4)).astype(np.float32)
    of_row = np.concatenate([np.arange(900), rng.integers(0, 60, 600)])
    X, y = kinds[of_row], np.where(of_row % 10 == 0, "dos", "normal")
    copies = splits.identical_rows(X)
    assert len(np.unique(copies)) == 900
    folds = list(splits.KFold(5, random_state=1).split(X, y))
    check_folds(folds, copies, 1500)
    for _, test in folds:
        assert len(test) == pytest.approx(300, abs=12)
        assert np.mean(y[test] == "dos") == pytest.approx(np.mean(y == "dos"), abs=0.01)
    apart = list(splits.KFold(5, copies="anywhere", random_state=1).split(X, y))
    check_folds(apart, None, 1500)
    assert any(set(copies[train]) & set(copies[test]) for train, test in apart)  # that is what is avoided above
    groups = rng.integers(0, 40, 1500)
    check_folds(list(splits.KFold(3).split(X, y, groups)), groups, 1500)
    parts = splits.train_validation_test(X, y, sizes=(0.7, 0.2, 0.1), random_state=3)
    assert [len(part) for part in parts] == pytest.approx([1050, 300, 150], abs=12)
    assert len(np.unique(np.concatenate(parts))) == 1500
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not set(copies[parts[one]]) & set(copies[parts[other]])


def test_folds_serve_scikit_learn():
    selection = pytest.importorskip("sklearn.model_selection")
    linear = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(8)
    X = rng.normal(size=(200, 3))
    y = X[:, 0] > 0
    for cv in (splits.KFold(4), splits.TimeSplit(4)):
        assert cv.get_n_splits() == 4
        found = selection.cross_val_score(linear.LogisticRegression(), X, y, cv=cv)
        assert len(found) == 4
        assert found.min() > 0.8
    grid = selection.GridSearchCV(linear.LogisticRegression(), {"C": [0.1, 1.0]}, cv=splits.KFold(3))
    assert grid.fit(X, y).best_score_ > 0.8


def test_the_past_teaches_and_the_future_judges():
    when = np.random.default_rng(4).permutation(100)
    when[:10] = 50  # one moment
    for train, test in splits.TimeSplit(4, time=when).split(np.zeros((100, 1))):
        assert when[train].max() < when[test].min()
    train, test = splits.split_by_time(when, (0.8, 0.2))
    assert when[train].max() < when[test].min()
    assert len(train) == pytest.approx(80, abs=10)


def test_copies_in_tables_and_frames():
    pd = pytest.importorskip("pandas")
    columns = {"service": ["http", "dns", "http", None, None], "bytes": [1.0, 2.0, 1.0, 3.0, 3.0]}
    expected = [0, 1, 0, 2, 2]
    assert splits.identical_rows(nad.Table({**columns, "label": list("abcde")})).tolist() == expected
    assert splits.identical_rows(pd.DataFrame(columns)).tolist() == expected
    assert splits.identical_rows(nad.Table(columns), ["service"]).tolist() == expected
    assert splits.identical_rows([[1, 2], [1, 2], [3, 4]]).tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: next(splits.KFold(1).split(np.zeros((5, 1)))), "n_splits is 1"),
        (lambda: next(splits.KFold(3, copies="maybe").split(np.zeros((5, 1)))), "copies is 'maybe'"),
        (lambda: next(splits.KFold(3).split(np.zeros((5, 1)))), "1 groups of rows leave part 1"),
        (lambda: splits.train_validation_test(np.eye(5), sizes=(1.0,)), "at least 2 parts"),
        (lambda: next(splits.TimeSplit(2, time=[1, 2]).split(np.eye(3))), "3 rows, but 2 times"),
        (lambda: splits.split_by_time([3, 3, 3]), "without a row"),
    ],
)
def test_what_cannot_be_split_says_why(call, message):
    with pytest.raises(nad.Error, match=message):
        call()


def test_millions_of_rows_take_little_more_than_sorting():
    rng = np.random.default_rng(0)
    y = rng.random(1_000_000) < 0.1
    scores = (rng.normal(size=1_000_000) + y).astype(np.float32)
    began = time.process_time()
    ours = metrics.roc_auc(scores, y)
    middle = time.process_time()
    theirs = sk.roc_auc_score(y, scores)
    assert ours == pytest.approx(theirs, abs=1e-9)
    assert middle - began < time.process_time() - middle


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s, y: nad.evaluate(s, y, n_bootstrap=-1), "^n_bootstrap is -1; give a whole number of at least 0"),
        (lambda s, y: nad.evaluate(s, y, n_bootstrap=1.5), "^n_bootstrap is 1.5; give a whole number of at least 0$"),
        (lambda s, y: nad.evaluate(s, y, confidence="a"), "^confidence is 'a'; give a number$"),
        (lambda s, y: nad.metrics.bootstrap(s, y, n_bootstrap=-1), "^n_bootstrap is -1; give a whole number"),
        (lambda s, y: nad.metrics.bootstrap(s, y, confidence="a"), "^confidence is 'a'; give a number$"),
        (lambda s, y: nad.metrics.score_histogram(s, y, bins=-1), "^bins is -1; give a whole number of at least 1"),
        (lambda s, y: nad.metrics.calibration_curve(s, y, bins="a"), "^bins is 'a'; give a whole number"),
        (lambda s, y: nad.metrics.roc_curve(s, y, max_points=-1), "^max_points is -1; give a whole number"),
        (lambda s, y: nad.metrics.precision_recall_curve(s, y, max_points=-1), "^max_points is -1; give a whole"),
    ],
)
def test_options_of_other_types_are_named(call, message):
    scores, y = np.array([0.1, 0.4, 0.8, 0.9]), np.array([0, 0, 1, 1])
    with pytest.raises((TypeError, ValueError), match=message):
        call(scores, y)


def test_evaluations_beside_each_other():
    rng = np.random.default_rng(4)
    y = rng.random(400) < 0.2
    judged = {name: nad.evaluate(rng.normal(size=400) + up * y, y, n_bootstrap=0) for name, up in (("a", 1), ("b", 3))}
    table = nad.compare(judged)
    assert table["name"].to_list() == ["a", "b"]
    for figure in table.columns[1:]:
        expected = [round(float(getattr(one, figure)), 4) for one in judged.values()]
        assert table[figure].to_list() == expected
    assert {"accuracy", "roc_auc", "average_precision", "f1"} < set(table.columns)
    few = nad.compare(judged, ["rows", "matthews"], digits=1)
    assert few.columns == ["name", "rows", "matthews"]
    assert few["rows"].to_list() == [400, 400]
    assert nad.compare({}).shape == (0, 9)
    with pytest.raises(nad.InvalidArgumentError, match="no figure 'auc'"):
        nad.compare(judged, ["auc"])
    with pytest.raises(nad.InvalidArgumentError, match="give what nad.evaluate gave"):
        nad.compare({"a": 0.9})
