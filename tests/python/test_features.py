"""Feature pipelines: beside scikit-learn, by the word of the configuration, and as a table that grows."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

import nad
from nad import features


def traffic(rows: int, seed: int) -> nad.Table:
    rng = np.random.default_rng(seed)
    return nad.Table(
        {
            "duration": np.exp(3 * rng.normal(size=rows)),
            "bytes": rng.integers(0, 100_000, rows),
            "rate": rng.uniform(size=rows),
            "service": [f"s{i}" for i in rng.integers(0, 12, rows)],
            "flag": list(rng.choice(["SF", "S0", "REJ"], rows)),
        },
        types={"service": "category", "flag": "category"},
    )


NUMBERS = ["duration", "bytes", "rate"]


def numbers_of(table: nad.Table) -> np.ndarray:
    return np.column_stack([table[name].to_numpy() for name in NUMBERS]).astype(float)


def sklearn_scalers():
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    return [
        (features.Standardise(), preprocessing.StandardScaler(), 1e-6),
        (features.MinMax(), preprocessing.MinMaxScaler(), 1e-6),
        (features.MinMax(low=-1, high=1), preprocessing.MinMaxScaler((-1, 1)), 1e-6),
        (features.QuantileScale(quantiles=100), preprocessing.QuantileTransformer(n_quantiles=100), 1e-5),
        (
            features.QuantileScale(quantiles=100, normal=True),
            preprocessing.QuantileTransformer(n_quantiles=100, output_distribution="normal"),
            1e-4,
        ),
    ]


@pytest.mark.parametrize("number", range(5))
def test_scaling_equals_scikit_learns(number):
    ours, theirs, tolerance = sklearn_scalers()[number]
    train, test = traffic(2000, 0)[NUMBERS], traffic(500, 1)[NUMBERS]
    theirs.fit(numbers_of(train))
    found = features.FeaturePipeline([ours]).fit(train).transform(test)
    np.testing.assert_allclose(found, theirs.transform(numbers_of(test)), rtol=tolerance, atol=tolerance)


def test_one_hot_and_standard_scaling_equal_a_column_transformer():
    pytest.importorskip("sklearn")
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    pd = pytest.importorskip("pandas")
    train, test = traffic(3000, 2), traffic(300, 3)
    pipeline = nad.FeaturePipeline([features.OneHot(), features.Standardise()]).fit(train)
    theirs = make_pipeline(
        ColumnTransformer(
            [("numbers", "passthrough", NUMBERS), ("words", OneHotEncoder(sparse_output=False), ["service", "flag"])]
        ),
        StandardScaler(),
    )

    def frame(table: nad.Table) -> object:
        return pd.DataFrame({name: table[name].to_list() for name in table.columns})

    theirs.fit(frame(train))
    names = [
        name.split("__", 1)[1].replace("service_", "service=").replace("flag_", "flag=")
        for name in theirs[0].get_feature_names_out()
    ]
    assert sorted(names) == sorted(pipeline.feature_names)
    order = [names.index(name) for name in pipeline.feature_names]
    expected = theirs.transform(frame(test))[:, order]
    np.testing.assert_allclose(pipeline.transform(test), expected, rtol=1e-5, atol=1e-5)


def test_principal_components_equal_scikit_learns_but_for_their_sign():
    decomposition = pytest.importorskip("sklearn.decomposition")
    train = traffic(2000, 4)[NUMBERS]
    for whiten in (False, True):
        ours = nad.FeaturePipeline([features.Standardise(), features.Pca(components=2, whiten=whiten)])
        found = ours.fit_transform(train)
        x = numbers_of(train)
        x = (x - x.mean(0)) / x.std(0)
        expected = decomposition.PCA(2, whiten=whiten).fit_transform(x)
        signs = np.sign((found * expected).sum(0))
        np.testing.assert_allclose(found, expected * signs, rtol=1e-3, atol=1e-4)


def test_the_steps_of_python_and_of_the_core_are_the_same_with_the_same_defaults():
    kinds = {
        step.kind: step
        for step in vars(features).values()
        if isinstance(step, type) and issubclass(step, features.Step) and step is not features.Step
    }
    assert set(kinds) == set(nad._core.feature_step_kinds())
    assert {step.__name__ for step in kinds.values()} <= set(features.__all__)
    for kind, step in kinds.items():
        assert nad.FeaturePipeline([step()]).steps == [{"kind": kind}]  # nothing differs from a default of the core


def test_a_pipeline_goes_through_its_configuration_unchanged():
    train, test = traffic(500, 5), traffic(50, 6)
    pipeline = nad.FeaturePipeline(
        [
            features.LeaveOut(columns=["rate"], reason="for a test"),
            features.Impute(with_="mean"),
            features.Hashing(columns=["service"], features=8),
            features.Frequency(),
            features.Clip(columns={"except": ["bytes"]}, low=0.1, high=0.9),
        ]
    )
    again = nad.FeaturePipeline(pipeline.to_json())
    assert again.steps == pipeline.steps == json.loads(pipeline.to_json())
    assert (pipeline.fit(train).transform(test) == again.fit(train).transform(test)).all()
    assert pipeline.left_out == {"rate": "for a test"}
    assert "rate: for a test" in str(pipeline)
    assert repr(pipeline) == "<FeaturePipeline of leave_out, impute, hashing, frequency, clip>"


def test_threads_do_not_change_a_bit():
    train = traffic(20_000, 7)
    one = nad.FeaturePipeline.automatic(train).fit_transform(train)
    two = nad.FeaturePipeline.automatic(train, n_jobs=2).fit_transform(train)
    assert one.dtype == np.float32
    assert (one == two).all()


def test_frames_go_in_as_they_are():
    pd = pytest.importorskip("pandas")
    table = traffic(100, 8)
    frame = pd.DataFrame({name: table[name].to_list() for name in table.columns})
    frame = frame.astype({"service": "category", "flag": "category"})
    pipeline = nad.FeaturePipeline.automatic(table).fit(table)
    assert (pipeline.transform(frame) == pipeline.transform(table)).all()


def test_what_is_missing_is_an_error_and_what_is_too_much_is_said_once():
    table = traffic(100, 9)
    pipeline = nad.FeaturePipeline.automatic(table)
    with pytest.raises(nad.NotFittedError):
        pipeline.transform(table)
    pipeline.fit(table)
    with pytest.raises(nad.InvalidDataError, match="'bytes', which the pipeline learnt from, is missing"):
        pipeline.transform(table.drop(["bytes"]))
    more = table.with_column("extra", np.arange(100.0))
    with pytest.warns(UserWarning, match="ignored: extra"):
        pipeline.transform(more)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pipeline.transform(more)
    with pytest.raises(nad.InvalidArgumentError, match="did you mean 'standardise'"):
        nad.FeaturePipeline('[{"kind": "standardize"}]')


def test_views_are_pipelines_side_by_side():
    table = nad.datasets.synthetic_flows(400, random_state=3)
    both = nad.FeaturePipeline.automatic(table, two_views=True)
    x = both.fit_transform(table)
    assert list(both.views) == ["size", "rank"]
    assert [len(view) for view in both.views.values()] == [x.shape[1] // 2] * 2
    alone = nad.FeaturePipeline.automatic(table)
    assert (x[:, both.views["size"]] == alone.fit_transform(table)).all()
    assert both.feature_names[: len(both.views["size"])] == [f"size: {name}" for name in alone.feature_names]
    assert alone.views == {}
    ranks = x[:, both.views["rank"]]
    assert np.abs(ranks).max() < 5.2
    moving = ranks[:, ranks.std(axis=0) > 0.9]
    assert np.abs(moving.mean(axis=0)).max() < 0.5


def test_a_stream_of_batches_gives_what_the_whole_table_gives():
    rng = np.random.default_rng(10)
    rows = 1000
    gaps = rng.integers(0, 10**9, rows)
    gaps[rows // 2] += 8 * 86400 * 10**9  # a week, so that hours and days can be learnt
    start = np.datetime64("2026-11-02T08:00:00", "ns")
    table = nad.Table(
        {
            "timestamp": start + np.cumsum(gaps).astype("timedelta64[ns]"),
            "src_ip": [f"10.0.0.{i}" for i in rng.integers(1, 9, rows)],
            "dst_ip": [f"198.51.100.{i}" for i in rng.integers(1, 5, rows)],
            "dst_port": rng.choice([53, 80, 443], rows),
            "protocol": list(rng.choice(["tcp", "udp"], rows)),
            "duration": rng.uniform(size=rows),
            "bytes_sent": rng.integers(0, 1000, rows),
            "bytes_received": rng.integers(0, 1000, rows),
        },
        types={"src_ip": "address", "dst_ip": "address", "protocol": "category"},
        roles={"timestamp": "moment", "src_ip": "identifier", "dst_ip": "identifier"},
    )
    pipeline = nad.FeaturePipeline.automatic(table).fit(table)
    kinds = [step["kind"] for step in pipeline.steps]
    assert [kind for kind in kinds if kind != "leave_out"][:6] == [
        "time_parts", "address_features", "port_features", "traffic_features", "host_windows", "rolling_windows"
    ]  # fmt: skip
    assert not any("prefix" in name or ".value" in name for name in pipeline.feature_names)
    whole = pipeline.transform(table)
    assert np.isfinite(whole).all()
    stream = pipeline.stream()
    assert (np.vstack([stream.push(table[i : i + 130]) for i in range(0, rows, 130)]) == whole).all()


def test_answers_under_another_name_and_row_counters_are_left_out():
    rng = np.random.default_rng(11)
    labels = rng.choice(["normal", "smurf"], 500)
    table = nad.Table(
        {
            "row": np.arange(500),
            "x": rng.normal(size=500),
            "word": ["A" if label == "smurf" else "B" for label in labels],
            "label": list(labels),
        },
        types={"word": "category", "label": "category"},
        roles={"label": "label"},
    )
    pipeline = nad.FeaturePipeline.automatic(table).fit(table)
    assert pipeline.feature_names == ["x"]
    assert pipeline.left_out["word"] == "it gives the label under another name"
    assert pipeline.left_out["row"] == "it counts the rows"
    assert pipeline.left_out["label"] == "its role is label"


def test_a_pipeline_is_saved_and_loaded(tmp_path):
    train, later = traffic(500, 1), traffic(300, 2)
    pipeline = nad.FeaturePipeline.automatic(train, n_jobs=2).fit(train)
    pipeline.save(tmp_path / "features.nad", note="of May")
    assert nad.read_header(tmp_path / "features.nad")["note"] == "of May"
    for loaded in (
        nad.load(tmp_path / "features.nad"),
        nad.FeaturePipeline.load(str(tmp_path / "features.nad")),
        pickle.loads(pickle.dumps(pipeline)),
        copy.deepcopy(pipeline),
    ):
        assert isinstance(loaded, nad.FeaturePipeline)
        assert loaded.steps == pipeline.steps
        assert loaded.feature_names == pipeline.feature_names
        assert loaded.left_out == pipeline.left_out
        assert str(loaded) == str(pipeline)
        np.testing.assert_array_equal(loaded.transform(later), pipeline.transform(later))
    assert copy.copy(pipeline).n_jobs == 2
    assert pickle.loads(pickle.dumps(nad.FeaturePipeline([features.OneHot()]))).steps == [{"kind": "one_hot"}]


def test_files_that_hold_no_pipeline(tmp_path):
    with pytest.raises(nad.NotFittedError, match="call fit"):
        nad.FeaturePipeline().save(tmp_path / "features.nad")
    nad.IsolationForest(n_estimators=2).fit(np.eye(8)).save(tmp_path / "forest.nad")
    with pytest.raises(nad.BadFileError, match="detector of kind 'isolation_forest'"):
        nad.FeaturePipeline.load(tmp_path / "forest.nad")
    nad.FeaturePipeline().fit(traffic(9, 1).drop(["service", "flag"])).save(tmp_path / "features.nad")
    with pytest.raises(ValueError, match="FeaturePipeline, not IsolationForest"):
        nad.IsolationForest.load(tmp_path / "features.nad")
    with pytest.raises(FileNotFoundError):
        nad.FeaturePipeline.load(tmp_path / "nowhere.nad")
    (tmp_path / "cut.nad").write_bytes((tmp_path / "features.nad").read_bytes()[:-30])
    with pytest.raises(nad.BadFileError, match="incomplete"):
        nad.load(tmp_path / "cut.nad")


def test_variance_ratios_are_those_of_an_analysis_of_variance():
    selection = pytest.importorskip("sklearn.feature_selection")
    rng = np.random.default_rng(2)
    groups = rng.integers(0, 4, 600)
    x = rng.normal(size=(600, 5)).astype(np.float32) + groups[:, None] * np.array([0, 0.1, 0.5, 2, 9], dtype=np.float32)
    x[:, 0] = 0.1
    shares = features.variance_ratio(x, groups)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the constant column
        f, _ = selection.f_classif(x.astype(float), groups)
    expected = f * 3 / (f * 3 + 596)  # F = (between / 3) / (within / 596)
    np.testing.assert_allclose(shares[1:], expected[1:], rtol=1e-4)
    assert shares[0] == 0
    np.testing.assert_allclose(features.variance_ratio(x[groups < 3], groups[groups < 3]),
                               features.variance_ratio(x, [g if g < 3 else None for g in groups]), rtol=1e-9)  # fmt: skip
    with pytest.raises(ValueError, match="one for each row"):
        features.variance_ratio(x, groups[:5])
    with pytest.raises(ValueError, match="no row has a group"):
        features.variance_ratio(x, [None] * 600)


def test_importance_names_the_columns_that_set_groups_apart():
    table = traffic(800, 3)
    slow = table["duration"].to_numpy() > 1
    table = table.with_column("label", ["slow" if s else "fast" for s in slow], type="category", role="label")
    pipeline = nad.FeaturePipeline.automatic(table).fit(table)
    importance = pipeline.importance(table, "label")
    assert set(importance) == {"duration", "bytes", "rate", "service", "flag"}
    assert next(iter(importance)) == "duration"
    assert list(importance.values()) == sorted(importance.values(), reverse=True)
    assert importance["service"] < 0.1 < importance["duration"]


def test_explained_variance_is_scikit_learns():
    decomposition = pytest.importorskip("sklearn.decomposition")
    table = traffic(700, 4).select(NUMBERS)
    pipeline = nad.FeaturePipeline([features.Pca(components=2)]).fit(table)
    expected = decomposition.PCA(2).fit(numbers_of(table)).explained_variance_ratio_
    np.testing.assert_allclose(pipeline.explained_variance_ratio, expected, rtol=1e-6)
    assert nad.FeaturePipeline().fit(table).explained_variance_ratio == []


def test_steps_are_objects_dicts_or_both():
    train, test = traffic(300, 1), traffic(30, 2)
    pipeline = nad.FeaturePipeline([features.OneHot(max_categories=np.int64(3)), {"kind": "standardise", "clip": 5}])
    expected = [{"kind": "one_hot", "max_categories": 3}, {"kind": "standardise", "clip": 5.0}]
    assert pipeline.steps == expected
    x = pipeline.fit(train).transform(test)
    for steps in (pipeline.steps, tuple(expected), iter(expected), json.dumps(expected)):
        again = nad.FeaturePipeline(steps)
        assert again.steps == expected
        assert (again.fit(train).transform(test) == x).all()
    columns = features.Clip(columns=np.array(["rate"]))
    assert nad.FeaturePipeline([columns]).steps == [{"kind": "clip", "columns": ["rate"]}]


@pytest.mark.parametrize(
    ("steps", "kind", "message"),
    [
        ([features.Standardise(clip=float("inf"))], ValueError, "^standardise: clip is inf; give a finite number"),
        ([{"kind": "clip", "low": float("nan")}], ValueError, "^clip: low is nan; give a finite number"),
        ([features.RollingWindows(seconds=np.float32("-inf"))], ValueError, "^rolling_windows: seconds is -inf"),
        ([features.OneHot(columns=[{1, 2}])], TypeError, r"^one_hot: columns is \{1, 2\}; give a number"),
        ([features.OneHot(), features.Ordinal], TypeError, "^step 1 is .*give a step such as"),
        (["one_hot"], TypeError, "^step 0 is 'one_hot'; give a step such as"),
        (features.OneHot(), TypeError, "give a list of steps"),
        ({"kind": "one_hot"}, TypeError, "give a list of steps"),
        (None, TypeError, "the steps are None; give a list of steps"),
    ],
)
def test_steps_that_make_no_sense_name_the_option(steps, kind, message):
    with pytest.raises(kind, match=message):
        nad.FeaturePipeline(steps)


def test_a_pipeline_is_a_transformer_of_scikit_learn():
    sklearn = pytest.importorskip("sklearn", minversion="1.6")
    from sklearn.pipeline import make_pipeline
    from sklearn.utils.validation import check_is_fitted

    train, test = traffic(500, 1), traffic(50, 2)
    steps = [features.OneHot(), {"kind": "standardise"}]
    ours = nad.FeaturePipeline(steps, n_jobs=2)
    whole = make_pipeline(ours, nad.IsolationForest(n_estimators=10, random_state=1)).fit(train)
    expected = nad.IsolationForest(n_estimators=10, random_state=1).fit(ours.transform(train))
    np.testing.assert_array_equal(whole.score_samples(test), expected.score_samples(ours.transform(test)))
    assert list(whole[0].get_feature_names_out()) == ours.feature_names
    for fresh in (sklearn.clone(ours), sklearn.clone(whole)[0], sklearn.clone(nad.FeaturePipeline.automatic(train))):
        assert not fresh.__sklearn_is_fitted__()
        with pytest.raises(nad.NotFittedError):
            fresh.transform(test)
        np.testing.assert_array_equal(fresh.fit(train).transform(test).shape[0], 50)
    assert sklearn.clone(ours).get_params() == {"n_jobs": 2, "steps": steps, "verbose": False}
    check_is_fitted(ours)
    whole.set_params(featurepipeline__steps=[features.Hashing(features=4)], featurepipeline__n_jobs=1)
    assert ours.steps == [{"kind": "hashing", "features": 4}]
    assert ours.n_jobs == 1
    with pytest.raises(nad.NotFittedError):
        ours.transform(test)
    with pytest.raises(ValueError, match="no parameter 'step'; there are: n_jobs, steps, verbose"):
        ours.set_params(step=[])
    assert pickle.loads(pickle.dumps(whole.fit(train))).predict(test).tolist() == whole.predict(test).tolist()
    repr(whole)


@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process")
def test_a_matrix_that_has_no_place_in_memory_is_said_in_words():
    program = """
import resource
import numpy as np, nad
table = nad.Table({"c": np.arange(3_000).astype(str)}, types={"c": "category"})
pipeline = nad.FeaturePipeline([nad.features.OneHot(max_categories=3_000)]).fit(table)
many = nad.concatenate([table] * 700)
resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
try:
    pipeline.transform(many)
except nad.Error as error:
    print(error)
"""
    output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert output.startswith("there is no memory for a matrix of 2100000 records and 3000 features, 25 GB: transform")
    assert "max_categories" in output


@pytest.mark.parametrize(("name", "statistic"), [("median", np.nanmedian), ("mean", np.nanmean)])
@pytest.mark.parametrize("values", [[1.0, 2.0, None, 10.0], [1.0, None, 2.0, 10.0, 40.0], [None, -7.5]])
def test_what_stands_for_a_missing_number_is_numpys(name, statistic, values):
    table = nad.Table({"x": values, "y": range(len(values))})
    x = nad.FeaturePipeline([features.Impute(with_=name)]).fit_transform(table)
    gaps = np.array([value is None for value in values])
    numbers = np.array(values, dtype=float)
    np.testing.assert_allclose(x[:, 0], np.where(gaps, statistic(numbers), numbers), rtol=1e-6)
    np.testing.assert_array_equal(x[:, 1], gaps)


def test_a_category_that_comes_just_often_enough_is_kept_apart():
    table = nad.Table({"c": list("aaaaabbbcc")}, types={"c": "category"})
    for least, apart in ((2, "abc"), (3, "ab"), (4, "a"), (5, "a"), (6, "")):
        pipeline = nad.FeaturePipeline([features.OneHot(min_count=least)]).fit(table)
        kept = [f"c={name}" for name in apart]
        assert pipeline.feature_names[: len(kept)] == kept
        assert ("c=b" in pipeline.feature_names) == (least <= 3)
        assert ("c=(other)" in pipeline.feature_names) == (apart != "abc")
        assert pipeline.transform(table)[:, : len(kept)].sum(axis=0).tolist() == [5.0, 3.0, 2.0][: len(kept)]


@pytest.mark.parametrize(("most", "expected"), [(1, [0, 4, 4, 4]), (2, [0, 4, 8, 8]), (3, [0, 4, 8, 12])])
def test_novelty_counts_columns_up_to_a_limit(most, expected):
    types = dict.fromkeys("pqr", "category")
    seen = nad.Table({name: ["a", "b"] for name in "pqr"}, types=types)
    later = nad.Table({"p": ["a", "x", "x", "x"], "q": ["b", "b", "x", "x"], "r": ["a", "a", "a", "x"]}, types=types)
    pipeline = nad.FeaturePipeline([features.Ordinal(), features.Novelty(weight=4, most=most)]).fit(seen)
    novelty = pipeline.transform(later)[:, pipeline.feature_names.index("novelty")]
    assert novelty.tolist() == expected
    assert not pipeline.transform(seen)[:, pipeline.feature_names.index("novelty")].any()
