"""What is wrong is said so that a stranger understands it."""

from __future__ import annotations

import numpy as np
import pytest

import nad

VERBS = ["anomaly_score", "raw_score", "explain", "path_length", "score_samples", "decision_function", "predict"]


def rows(count=20, columns=3):
    return np.random.default_rng(0).normal(size=(count, columns)).astype(np.float32)


@pytest.mark.parametrize("shape", [(0, 3), (0, 0)])
def test_no_rows(shape):
    with pytest.raises(nad.InvalidDataError, match=r"0 rows|0 feature"):
        nad.IsolationForest().fit(np.empty(shape))


def test_no_columns():
    with pytest.raises(nad.InvalidDataError, match=r"0 feature\(s\) \(shape=\(12, 0\)\) while a minimum of 1"):
        nad.IsolationForest().fit(np.empty((12, 0)))


def test_one_row_cannot_be_learnt_from():
    with pytest.raises(nad.InvalidDataError, match="one row.*at least 2"):
        nad.IsolationForest().fit(rows(1))


def test_one_column_is_enough():
    X = np.concatenate([np.linspace(0, 1, 200), [30.0]]).reshape(-1, 1)
    forest = nad.IsolationForest(random_state=0).fit(X)
    assert forest.anomaly_score(X).argmax() == 200


def test_constant_columns_score_all_rows_alike():
    X = np.ones((50, 3))
    forest = nad.IsolationForest(random_state=0).fit(X)
    scores = forest.anomaly_score(X)
    assert np.isfinite(scores).all()
    assert len(np.unique(scores)) == 1
    assert not forest.explain(X).any()


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinity"), (-np.inf, "infinity")])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("at", [(0, 0), (13, 2), (4999, 1)])
def test_values_that_are_not_finite(verb, value, word, dtype, at):
    X = rows(5000).astype(dtype)
    forest = nad.IsolationForest(n_estimators=3).fit(X)
    X[at] = value
    with pytest.raises(nad.InvalidDataError, match=f"{word} in row {at[0]}, column {at[1]}"):
        getattr(forest, verb)(X)
    with pytest.raises(nad.InvalidDataError, match=f"{word} in row {at[0]}, column {at[1]}"):
        nad.IsolationForest().fit(X)


def test_a_row_that_is_not_finite():
    forest = nad.IsolationForest(n_estimators=3).fit(rows())
    with pytest.raises(nad.InvalidDataError, match="NaN in row 0, column 1"):
        forest.anomaly_score(np.array([0.0, np.nan, 0.0], dtype=np.float32))


def test_infinity_is_never_missing():
    X = rows()
    X[3, 1] = np.inf
    with pytest.raises(nad.InvalidDataError, match="infinity in row 3, column 1"):
        nad.IsolationForest(missing="route").fit(X)


@pytest.mark.parametrize("value", [1e300, -1e300, 3.5e38])
def test_values_too_large_for_float32(value):
    X = rows().astype(np.float64)
    forest = nad.IsolationForest(n_estimators=3).fit(X)
    X[7, 2] = value
    for layout in (np.ascontiguousarray, np.asfortranarray, lambda A: A.astype(">f8"), lambda A: A.astype(object)):
        with pytest.raises(nad.InvalidDataError, match=r"row 7, column 2 holds -?3?\.?5?1?e\+?\d+, which is too large"):
            nad.IsolationForest().fit(layout(X))
        with pytest.raises(nad.InvalidDataError, match="row 7, column 2 holds"):
            forest.anomaly_score(layout(X))
    with pytest.raises(nad.InvalidDataError, match="row 0, column 2 holds"):
        forest.anomaly_score(X[7])


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("columns", [1, 2, 4])
def test_wrong_number_of_columns(verb, columns):
    forest = nad.IsolationForest(n_estimators=3).fit(rows())
    message = f"X has {columns} features, but \\w+ is expecting 3 features.*same order"
    with pytest.raises(nad.InvalidDataError, match=message):
        getattr(forest, verb)(rows(5, columns))


def test_wrong_number_of_columns_in_a_row():
    forest = nad.IsolationForest(n_estimators=3).fit(rows())
    with pytest.raises(nad.InvalidDataError, match="X has 4 features"):
        forest.anomaly_score(np.zeros(4, dtype=np.float32))


@pytest.mark.parametrize("verb", ["predict", "score_samples", "decision_function"])
def test_scikit_learns_verbs_want_tables(verb):
    forest = nad.IsolationForest(n_estimators=3).fit(rows())
    with pytest.raises(nad.InvalidDataError, match="Expected 2D array, got 1D array.*Reshape your data"):
        getattr(forest, verb)(np.zeros(3))


@pytest.mark.parametrize("shape", [(), (2, 3, 4)])
def test_other_dimensions(shape):
    forest = nad.IsolationForest(n_estimators=3).fit(rows())
    with pytest.raises(nad.InvalidDataError, match="Expected .*2D array.*shape"):
        forest.anomaly_score(np.zeros(shape))
    with pytest.raises(nad.InvalidDataError, match="Expected .*2D array.*shape"):
        nad.IsolationForest().fit(np.zeros(shape))


def test_a_row_cannot_be_learnt_from():
    with pytest.raises(nad.InvalidDataError, match="got a 1D array. Reshape your data"):
        nad.IsolationForest().fit(np.zeros(10))


@pytest.mark.parametrize("verb", [*VERBS, "save"])
def test_scoring_before_fitting(verb, tmp_path):
    argument = tmp_path / "x.nad" if verb == "save" else rows()
    with pytest.raises(nad.NotFittedError, match=f"has not learnt anything yet; call fit.. before {verb}"):
        getattr(nad.IsolationForest(), verb)(argument)


@pytest.mark.parametrize(
    "name", ["threshold_", "offset_", "baseline_", "n_features_in_", "feature_names_in_", "max_samples_", "n_trees_"]
)
def test_nothing_is_known_before_fitting(name):
    assert not hasattr(nad.IsolationForest(), name)


@pytest.mark.parametrize(
    ("X", "kind", "message"),
    [
        (np.zeros((5, 2), dtype=complex), ValueError, "Complex data not supported"),
        (np.array([["a", "b"], ["c", "d"]]), ValueError, "holds strings.*OrdinalEncoder"),
        (np.array([["1", "2"], ["3", "4"]]), ValueError, "holds strings"),
        (np.array([[b"a"], [b"b"]]), ValueError, "holds strings"),
        (np.zeros((5, 2), dtype="M8[s]"), TypeError, "dates or durations"),
        (np.zeros(5, dtype=[("a", "f4")]), TypeError, "structured"),
        ([[1.0, 2.0], [3.0]], ValueError, "inhomogeneous"),
        (np.array([[{}, 1.0], [2.0, 3.0]], dtype=object), TypeError, "must be a string or a( real)? number"),
        (np.array([["tcp", 1.0], [2.0, 3.0]], dtype=object), ValueError, "could not convert string to float"),
        ("rows", ValueError, "holds strings"),
        (None, (TypeError, ValueError), "None|shape"),
    ],
)
def test_what_is_no_number(X, kind, message):
    with pytest.raises(kind, match=message):
        nad.IsolationForest().fit(X)


def test_sparse_rows():
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match="Sparse data was passed.*toarray"):
        nad.IsolationForest().fit(sparse.csr_array(rows()))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(19), "19 values for 20 rows"),
        (np.ones((20, 1)), "1D"),
        (-np.ones(20), "at least 0"),
        (np.full(20, np.nan), "finite"),
        (np.full(20, 1e300), "too large"),
        (np.zeros(20), "zero"),
    ],
)
def test_sample_weight(weight, message):
    with pytest.raises(ValueError, match=message):
        nad.IsolationForest().fit(rows(), sample_weight=weight)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_estimators": 0}, "n_estimators is 0; give a number of trees"),
        ({"n_estimators": -5}, "n_estimators is -5; give a whole number"),
        ({"n_estimators": 10**30}, "n_estimators is 10+; .*64 bits"),
        ({"n_estimators": 10**15}, "n_estimators"),
        ({"max_samples": 0}, "max_samples is 0"),
        ({"max_samples": 1}, "max_samples.*at least 2"),
        ({"max_samples": -3}, "max_samples is -3"),
        ({"max_samples": 0.0}, "max_samples.*fraction"),
        ({"max_samples": 1.5}, "max_samples.*fraction"),
        ({"max_samples": float("nan")}, "max_samples.*fraction"),
        ({"max_samples": "all"}, "max_samples is 'all'; give a number or 'auto'"),
        ({"max_features": 0}, "max_features is 0"),
        ({"max_features": 2.0}, "max_features.*fraction"),
        ({"contamination": 0.0}, "contamination"),
        ({"contamination": 0.6}, "contamination"),
        ({"contamination": float("nan")}, "contamination"),
        ({"contamination": "some"}, "contamination is 'some'; give a number or 'auto'"),
        ({"max_depth": 0}, "max_depth is 0"),
        ({"ndim": 0}, "ndim is 0"),
        ({"ntry": 0, "split": "best"}, "ntry is 0"),
        ({"split": "worst"}, "split is 'worst'; give one of 'random', 'best'"),
        ({"split": 3}, "split is 3; give one of 'random', 'best'"),
        ({"missing": "ignore"}, "missing is 'ignore'; give one of 'reject', 'route', 'impute'"),
        ({"unique_rows": "yes"}, "unique_rows is 'yes'; give False, True or 'log_count'"),
        ({"n_jobs": 0}, "n_jobs is 0"),
        ({"n_jobs": 10**12}, "n_jobs is 1000000000000; give a number of threads"),
        ({"random_state": -1}, "random_state is -1"),
        ({"random_state": "seed"}, "random_state is 'seed'; give None, an integer"),
    ],
    ids=str,
)
def test_absurd_options(options, message):
    forest = nad.IsolationForest(**options)  # as in scikit-learn, nothing is said before fit
    with pytest.raises(nad.InvalidArgumentError, match=message):
        forest.fit(rows())
    assert not hasattr(forest, "n_trees_")


@pytest.mark.parametrize(
    "options",
    [
        {"n_estimators": 10.0},
        {"n_estimators": "10"},
        {"n_estimators": None},
        {"n_estimators": True},
        {"max_samples": [1]},
        {"max_features": None},
        {"max_depth": 2.5},
        {"bootstrap": "no"},
        {"warm_start": 1},
        {"ndim": 1.0},
        {"n_jobs": 1.5},
        {"n_jobs": "all"},
    ],
    ids=str,
)
def test_options_of_another_type(options):
    (name,) = options
    with pytest.raises((TypeError, nad.InvalidArgumentError), match=f"{name} is .*; give"):
        nad.IsolationForest(**options).fit(rows())


def test_more_rows_a_tree_than_there_are_is_a_warning():
    with pytest.warns(UserWarning, match=r"max_samples \(256\) is greater than the total number of rows \(20\)"):
        forest = nad.IsolationForest(max_samples=256).fit(rows(20))
    assert forest.max_samples_ == 20


def test_warm_start_cannot_shrink_or_change():
    forest = nad.IsolationForest(n_estimators=10, warm_start=True, random_state=1).fit(rows())
    with pytest.raises(nad.InvalidArgumentError, match="n_estimators=5 must be larger or equal to the 10"):
        forest.set_params(n_estimators=5).fit(rows())
    with pytest.raises(nad.InvalidArgumentError, match="max_depth, random_state changed"):
        forest.set_params(n_estimators=20, max_depth=2, random_state=2).fit(rows())
    with pytest.raises(nad.InvalidDataError, match="3 columns, but the rows have 4"):
        forest.set_params(max_depth=None, random_state=1).fit(rows(columns=4))
    assert forest.n_trees_ == 10


def test_forests_that_cannot_be_merged():
    forest = nad.IsolationForest(n_estimators=2).fit(rows(200))
    with pytest.raises(nad.NotFittedError):
        forest.merge(nad.IsolationForest())
    with pytest.raises(nad.InvalidArgumentError, match="cannot be merged: one learnt from 3 columns, the other from 4"):
        forest.merge(nad.IsolationForest(n_estimators=2).fit(rows(200, 4)))
    with pytest.raises(nad.InvalidArgumentError, match="cannot be merged"):
        forest.merge(nad.IsolationForest(n_estimators=2, max_samples=50).fit(rows(200)))
    assert forest.n_trees_ == 2


@pytest.mark.parametrize("other", [3, None, "forest.nad", rows()], ids=["int", "None", "str", "array"])
def test_only_forests_can_be_merged(other):
    with pytest.raises(TypeError, match=f"merge takes a fitted IsolationForest, not {type(other).__name__}"):
        nad.IsolationForest(n_estimators=2).fit(rows(200)).merge(other)


def test_forests_of_other_columns_cannot_be_merged():
    pd = pytest.importorskip("pandas")
    names = ["duration", "sent", "received"]
    forest = nad.IsolationForest(n_estimators=2).fit(pd.DataFrame(rows(300), columns=names))
    for others in (names[::-1], ["duration", "sent", "ports"]):
        other = nad.IsolationForest(n_estimators=2).fit(pd.DataFrame(rows(300), columns=others))
        with pytest.raises(nad.InvalidArgumentError, match="cannot be merged: their columns have different names"):
            forest.merge(other)
    assert forest.n_trees_ == 2
    assert forest.merge(nad.IsolationForest(n_estimators=2).fit(rows(300))).n_trees_ == 4  # an array has no names


def test_a_fit_that_fails_leaves_the_estimator_as_it_was():
    forest = nad.IsolationForest(n_estimators=5, random_state=0).fit(rows())
    before = forest.anomaly_score(rows())
    with pytest.raises(nad.InvalidDataError):
        forest.fit(np.full((10, 4), np.nan))
    np.testing.assert_array_equal(forest.anomaly_score(rows()), before)


def test_threshold_must_be_a_number():
    forest = nad.IsolationForest(n_estimators=5).fit(rows())
    with pytest.raises(nad.InvalidArgumentError, match="threshold is NaN"):
        forest.threshold_ = float("nan")


def test_errors_are_one_family_and_also_the_usual_ones():
    for kind in (nad.InvalidArgumentError, nad.InvalidDataError, nad.NotFittedError, nad.BadFileError):
        assert issubclass(kind, (nad.Error, ValueError))
        assert issubclass(kind, ValueError)
        assert issubclass(kind, nad.Error)
    assert issubclass(nad.IoError, OSError)
    assert issubclass(nad.IoError, nad.Error)
    assert not issubclass(nad.CancelledError, (ValueError, OSError))
    assert [kind.code for kind in (nad.InvalidDataError, nad.IoError)] == ["invalid_data", "io"]


def test_unknown_kernel():
    with pytest.raises(nad.InvalidArgumentError, match="baseline"):
        nad.simd.force("abacus")
    assert nad.simd.active() in nad.simd.supported()


def test_the_search_for_nan_is_left_out_where_scikit_learn_is_told_that_there_is_none():
    sklearn = pytest.importorskip("sklearn")
    X = rows(300)
    same = nad.IsolationForest(random_state=0).fit(X).anomaly_score(X)
    with sklearn.config_context(assume_finite=True):
        np.testing.assert_array_equal(nad.IsolationForest(random_state=0).fit(X).anomaly_score(X), same)
        X[17, 1] = np.nan
        nad.IsolationForest(random_state=0).fit(X)
    with pytest.raises(nad.InvalidDataError, match="row 17, column 1"):
        nad.IsolationForest(random_state=0).fit(X)


def test_more_columns_a_tree_than_there_are():
    with pytest.raises(nad.InvalidArgumentError, match="max_features is 99, but there are 6 columns"):
        nad.IsolationForest(max_features=99).fit(rows(20, 6))
    nad.IsolationForest(max_features=6, n_estimators=2).fit(rows(20, 6))


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("count", [1, 20, 5000])
@pytest.mark.parametrize(
    ("option", "value", "kind"),
    [
        ("n_jobs", 0, nad.InvalidArgumentError),
        ("n_jobs", 10**30, nad.InvalidArgumentError),
        ("n_jobs", "x", TypeError),
        ("verbose", -1, nad.InvalidArgumentError),
        ("verbose", "x", TypeError),
        ("verbose", None, TypeError),
    ],
)
def test_how_to_score_is_checked_for_any_number_of_rows(verb, count, option, value, kind):
    forest = nad.IsolationForest(n_estimators=2).fit(rows()).set_params(**{option: value})
    with pytest.raises(kind, match=f"{option} is '?{value}'?; give"):
        getattr(forest, verb)(rows(count))
    with pytest.raises(kind, match=f"{option} is '?{value}'?; give"):
        forest.fit(rows())


@pytest.mark.parametrize(
    "weight", ["balanced", 2.0, 1e300, [1e300] * 20, ["1"] * 20, [None] * 20, [[1.0]] * 20, [{}] * 20], ids=str
)
def test_weights_that_are_wrong_are_named(weight):
    with pytest.raises(ValueError, match="sample_weight"):
        nad.IsolationForest(n_estimators=2).fit(rows(), sample_weight=weight)


def test_a_weight_that_is_too_large_is_found():
    weight = np.ones(20)
    weight[7] = 1e300
    with pytest.raises(nad.InvalidDataError, match=r"sample_weight of row 7 is 1e\+300"):
        nad.IsolationForest().fit(rows(), sample_weight=weight)


@pytest.mark.parametrize("name", ["threshold_", "offset_"])
@pytest.mark.parametrize("value", ["x", None, [1.0]])
def test_a_threshold_of_another_type(name, value):
    forest = nad.IsolationForest(n_estimators=2).fit(rows())
    with pytest.raises(TypeError, match=f"{name} is .*; give a number"):
        setattr(forest, name, value)


def test_texts_of_a_model_file_of_another_type(tmp_path):
    forest = nad.IsolationForest(n_estimators=2).fit(rows())
    with pytest.raises(TypeError, match="note is 3; give a text"):
        forest.save(tmp_path / "forest.nad", note=3)
    with pytest.raises(TypeError, match="feature_names is 'abc'; give a list"):
        forest.save(tmp_path / "forest.nad", feature_names="abc")


@pytest.mark.parametrize("value", [10**30, -(10**30), 10**400, 10**6000], ids=["1e30", "-1e30", "1e400", "1e6000"])
@pytest.mark.parametrize(
    "name", ["n_estimators", "max_depth", "ndim", "ntry", "random_state", "contamination", "n_jobs"]
)
def test_huge_integers_are_named(name, value):
    with pytest.raises(nad.InvalidArgumentError, match=f"{name}.*(at (least|most) |0.5)"):
        nad.IsolationForest(**{name: value}).fit(rows())


def test_no_table_at_all():
    forest = nad.IsolationForest(n_estimators=2).fit(rows())
    for verb in ("fit", *VERBS):
        with pytest.raises(TypeError, match="X is None; give a table"):
            getattr(forest, verb)(None)


def test_nan_names_the_option_and_the_column():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(rows(), columns=["duration", "sent", "received"])
    forest = nad.IsolationForest(n_estimators=2).fit(frame)
    frame.loc[3, "sent"] = np.nan
    message = r"NaN in row 3, column 1 \('sent'\).*missing='route' or missing='impute'"
    for verb in ("fit", *VERBS):
        with pytest.raises(nad.InvalidDataError, match=message):
            getattr(forest, verb)(frame)
    with pytest.raises(nad.InvalidDataError, match=message):
        forest.anomaly_score(frame.to_numpy())
    with pytest.raises(nad.InvalidDataError, match="column 1; .*missing='route'"):
        nad.IsolationForest().fit(frame.to_numpy())


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_times_among_other_columns_are_named(zone):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(rows(), columns=["duration", "sent", "received"])
    frame["seen"] = pd.date_range("2024-01-01", periods=20, tz=zone)
    frame["idle"] = pd.to_timedelta(np.arange(20), unit="s")
    with pytest.raises(TypeError, match="these columns hold dates or durations: seen, idle; convert them to numbers"):
        nad.IsolationForest().fit(frame)
    with pytest.raises(TypeError, match="dates or durations: seen, idle"):
        nad.IsolationForest().fit(frame.astype(object))
    forest = nad.IsolationForest(n_estimators=2).fit(rows(20, 5))
    with pytest.raises(TypeError, match="dates or durations: seen, idle"):
        forest.anomaly_score(frame.iloc[2])
