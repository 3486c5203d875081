"""Whatever holds numbers gives the scores of the same numbers as C-ordered float32."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import nad


def strided_columns(X):
    wide = np.zeros((len(X), 2 * X.shape[1]), dtype=np.float32)
    wide[:, ::2] = X
    return wide[:, ::2]


def unaligned(X):
    raw = np.zeros(X.nbytes + 1, dtype=np.uint8)
    view = raw[1:].view(np.float32).reshape(X.shape)
    view[:] = X
    return view


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


# each gives the very values of a float32 array in another form
FORMS = {
    "float64": lambda X: X.astype(np.float64),
    "longdouble": lambda X: X.astype(np.longdouble),
    "big endian float32": lambda X: X.astype(">f4"),
    "big endian float64": lambda X: X.astype(">f8"),
    "objects": lambda X: X.astype(object),
    "Fortran float32": np.asfortranarray,
    "Fortran float64": lambda X: np.asfortranarray(X.astype(np.float64)),
    "every other row": lambda X: np.repeat(X, 2, axis=0)[::2],
    "leading columns": lambda X: np.hstack([X, X])[:, : X.shape[1]],
    "every other column": strided_columns,
    "reversed rows": lambda X: X[::-1].copy()[::-1],
    "reversed columns": lambda X: X[:, ::-1].copy()[:, ::-1],
    "unaligned": unaligned,
    "read-only": read_only,
    "list of lists": lambda X: X.astype(np.float64).tolist(),
    "tuple of arrays": tuple,
    "masked array without gaps": np.ma.masked_array,
    "matrix subclass": lambda X: X.view(type("Matrix", (np.ndarray,), {})),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_an_array(forest, traffic, form):
    X = FORMS[form](traffic)
    expected = forest.anomaly_score(traffic)
    np.testing.assert_array_equal(forest.anomaly_score(X), expected)
    np.testing.assert_array_equal(forest.predict(X), forest.predict(traffic))
    np.testing.assert_array_equal(forest.explain(X), forest.explain(traffic))
    refit = nad.IsolationForest(contamination=0.01, random_state=7).fit(X)
    np.testing.assert_array_equal(refit.anomaly_score(traffic), expected)
    assert refit.threshold_ == forest.threshold_


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_a_row(forest, traffic, form):
    row = FORMS[form](traffic[41:42])
    assert forest.anomaly_score(row)[0] == forest.anomaly_score(traffic)[41]
    assert forest.anomaly_score(row[0]) == forest.anomaly_score(traffic)[41]


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "f2"]
)
def test_other_numbers_are_converted_as_numpy_does(dtype):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2 if dtype == "bool" else 120, size=(300, 3)).astype(dtype)
    if dtype in ("int64", "uint64", "int32"):
        X = X * 7_654_321  # more digits than float32 holds
    forest = nad.IsolationForest(random_state=0, n_estimators=20).fit(X)
    same = nad.IsolationForest(random_state=0, n_estimators=20).fit(X.astype(np.float32))
    np.testing.assert_array_equal(forest.anomaly_score(X), same.anomaly_score(X.astype(np.float32)))


@pytest.mark.parametrize("seed", range(60))
def test_any_slice_of_any_layout(seed):
    rng = np.random.default_rng(seed)
    dtype = rng.choice(["f4", "f8", "<i4", ">f4", ">i2", "f2"])
    base = rng.integers(-50, 50, size=(40, 12)).astype(dtype)
    base = np.asarray(base, order=rng.choice(["C", "F"]))
    first, last = np.sort(rng.integers(0, 41, size=2))
    rows = slice(first, last, rng.choice([1, 1, 2, 7]))
    start, step = rng.integers(0, 4), rng.choice([1, 1, 2, -1])
    columns = slice(start, start + 4 * step, step) if step > 0 else slice(start + 4, start, step)
    X = base[rows, columns][:: rng.choice([1, 1, -1])]
    train = rng.integers(-50, 50, size=(100, 4)).astype(np.float32)
    forest = nad.IsolationForest(n_estimators=5, random_state=0).fit(train)
    expected = forest.anomaly_score(np.ascontiguousarray(X, dtype=np.float32))
    np.testing.assert_array_equal(forest.anomaly_score(X), expected)


def test_broadcast_rows_share_their_memory(forest, traffic):
    X = np.broadcast_to(traffic[3], (500, 5))
    np.testing.assert_array_equal(forest.anomaly_score(X), np.full(500, forest.anomaly_score(traffic[3]), np.float32))


def test_float32_rows_are_not_copied(forest):
    X = np.zeros((200_000, 5), dtype=np.float32)
    wide = np.zeros((200_000, 9), dtype=np.float32)
    for borrowed in (X, wide[:, 2:7], wide[::2, :5]):
        tracemalloc.start()
        scores = forest.anomaly_score(borrowed)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < scores.nbytes + 100_000
    tracemalloc.start()
    forest.anomaly_score(X.astype(np.float64))
    assert tracemalloc.get_traced_memory()[1] > X.nbytes  # the measurement would see a copy
    tracemalloc.stop()


def test_the_input_is_left_as_it_was(traffic):
    X = traffic.astype(np.float64)
    weight = np.ones(len(X))
    before = X.copy()
    forest = nad.IsolationForest(random_state=0).fit(X, sample_weight=weight)
    forest.anomaly_score(X)
    forest.explain(X)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(weight, 1.0)


def test_masked_values_are_missing(traffic):
    mask = np.zeros(traffic.shape, dtype=bool)
    mask[7, 2] = True
    masked = np.ma.masked_array(traffic, mask)
    with pytest.raises(ValueError, match="NaN in row 7, column 2"):
        nad.IsolationForest().fit(masked)
    gappy = np.where(mask, np.nan, traffic)
    forest = nad.IsolationForest(missing="route", random_state=0).fit(masked)
    np.testing.assert_array_equal(forest.anomaly_score(masked), forest.anomaly_score(gappy))


def test_a_list_is_a_row(forest, traffic):
    assert forest.anomaly_score([float(v) for v in traffic[8]]) == forest.anomaly_score(traffic[8])


def test_no_rows_give_no_scores(forest):
    for dtype in (np.float32, np.float64, np.int32):
        scores = forest.anomaly_score(np.empty((0, 5), dtype=dtype))
        assert scores.shape == (0,)
        assert scores.dtype == np.float32
    assert forest.explain(np.empty((0, 5))).shape == (0, 5)


class TestPandas:
    """Data frames: names are kept and checked, columns may have different types."""

    @pytest.fixture
    def pd(self):
        return pytest.importorskip("pandas")

    @pytest.fixture
    def frame(self, pd, traffic):
        return pd.DataFrame(traffic, columns=["duration", "sent", "received", "logins", "ports"])

    @pytest.fixture
    def framed(self, frame):
        return nad.IsolationForest(contamination=0.01, random_state=7).fit(frame)

    def test_scores_are_those_of_the_array(self, framed, frame, forest, traffic):
        assert list(framed.feature_names_in_) == list(frame.columns)
        np.testing.assert_array_equal(framed.anomaly_score(frame), forest.anomaly_score(traffic))
        np.testing.assert_array_equal(framed.predict(frame), forest.predict(traffic))
        assert framed.anomaly_score(frame.iloc[3]) == forest.anomaly_score(traffic[3])

    def test_columns_of_several_types(self, pd, frame, traffic):
        frame["logins"] = frame["logins"].astype("int64")
        frame["ports"] = frame["ports"] > 1.0
        values = traffic.copy()
        values[:, 4] = values[:, 4] > 1.0
        expected = nad.IsolationForest(random_state=0).fit(values).anomaly_score(values)
        np.testing.assert_array_equal(nad.IsolationForest(random_state=0).fit(frame).anomaly_score(frame), expected)
        nullable = frame.convert_dtypes()
        np.testing.assert_array_equal(nad.IsolationForest(random_state=0).fit(nullable).anomaly_score(frame), expected)

    def test_missing_marks_become_nan(self, pd, frame):
        frame["logins"] = frame["logins"].astype("Int64")
        frame.loc[12, "logins"] = pd.NA
        with pytest.raises(ValueError, match="NaN in row 12, column 3"):
            nad.IsolationForest().fit(frame)

    def test_text_is_named(self, frame):
        frame["protocol"] = "tcp"
        with pytest.raises(ValueError, match="these columns hold text, encode or drop them: protocol"):
            nad.IsolationForest().fit(frame)

    def test_other_columns_are_an_error_for_every_verb(self, framed, frame):
        swapped = frame[["sent", "duration", "received", "logins", "ports"]]
        renamed = frame.rename(columns={"sent": "bytes_sent"})
        for verb in ("anomaly_score", "explain", "raw_score", "path_length", "predict", "score_samples"):
            with pytest.raises(ValueError, match="same order as they were in fit"):
                getattr(framed, verb)(swapped)
            with pytest.raises(ValueError, match="unseen at fit time:\n- bytes_sent\n(.|\n)*now missing:\n- sent"):
                getattr(framed, verb)(renamed)
        with pytest.raises(ValueError, match="same order as they were in fit"):
            framed.anomaly_score(swapped.iloc[0])

    def test_arrays_are_taken_with_a_warning_where_scikit_learn_warns(self, framed, forest, frame, traffic):
        with pytest.warns(UserWarning, match="X does not have valid feature names"):
            framed.predict(traffic)
        with pytest.warns(UserWarning, match="fitted without feature names"):
            forest.predict(frame)
        framed.anomaly_score(traffic)  # a sensor has arrays: no warning

    def test_names_that_are_no_strings(self, pd, traffic):
        assert not hasattr(nad.IsolationForest(n_estimators=2).fit(pd.DataFrame(traffic)), "feature_names_in_")
        mixed = pd.DataFrame(traffic, columns=["a", "b", "c", "d", 4])
        with pytest.raises(TypeError, match="only supported if all input features have string names"):
            nad.IsolationForest().fit(mixed)

    def test_names_go_when_arrays_are_learnt_from(self, framed, traffic):
        framed.fit(traffic)
        assert not hasattr(framed, "feature_names_in_")


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_other_frames(library, forest, traffic):
    module = pytest.importorskip(library)
    names = ["duration", "sent", "received", "logins", "ports"]
    columns = {name: traffic[:, i] for i, name in enumerate(names)}
    frame = module.DataFrame(columns) if library == "polars" else module.table(columns)
    fitted = nad.IsolationForest(contamination=0.01, random_state=7).fit(frame)
    assert list(fitted.feature_names_in_) == names
    np.testing.assert_array_equal(fitted.anomaly_score(frame), forest.anomaly_score(traffic))
    with pytest.raises(ValueError, match="same order"):
        fitted.anomaly_score(frame.select(names[::-1]))
