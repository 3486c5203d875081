"""`nad.Table` by itself: what it is made of, what it gives, what it refuses."""

from __future__ import annotations

import copy
import datetime as dt
import decimal
import gc
import ipaddress
import pickle
import subprocess
import sys
import time

import numpy as np
import pytest

import nad


def flows() -> nad.Table:
    """Four rows of every type; the third is missing everywhere."""
    return nad.Table(
        {
            "duration": [0.5, 2.0, None, -1.0],
            "port": [443, 53, None, 2**60 + 1],
            "service": ["http", "dns", None, "http"],
            "note": ["é", "", None, "x" * 40],
            "begin": [dt.datetime(2024, 5, 1, 12), dt.date(2024, 5, 2), None, np.datetime64("1960-01-01", "ns")],
            "host": [
                ipaddress.ip_address("192.0.2.7"),
                ipaddress.ip_address("2001:db8::1"),
                None,
                ipaddress.ip_address("::"),
            ],
            "local": [True, False, None, True],
        },
        types={"service": "category"},
        roles={"service": "label", "host": "identifier", "begin": "moment"},
        source="sample",
    )


# ---- what it is


def test_shape_types_roles():
    table = flows()
    assert len(table) == 4
    assert table.shape == (4, 7)
    assert table.columns == ["duration", "port", "service", "note", "begin", "host", "local"]
    assert list(table.types.values()) == ["number", "integer", "category", "text", "time", "address", "boolean"]
    assert table.roles["host"] == "identifier"
    assert table.roles["port"] == "feature"
    assert table.source == "sample"
    assert set(table.origins.values()) == {""}
    assert "port" in table
    assert "ports" not in table
    assert nad.Table().shape == (0, 0)


def test_values_of_every_type():
    table = flows()
    assert table["duration"].to_list() == [0.5, 2.0, None, -1.0]
    assert table["port"].to_list() == [443, 53, None, 2**60 + 1]
    assert table["service"].to_list() == ["http", "dns", None, "http"]
    assert table["note"].to_list() == ["é", "", None, "x" * 40]
    assert table["begin"].to_list() == [
        np.datetime64("2024-05-01T12:00", "ns"), np.datetime64("2024-05-02", "ns"), None, np.datetime64("1960-01-01", "ns"),
    ]  # fmt: skip
    assert table["host"].to_list() == [
        ipaddress.IPv4Address("192.0.2.7"), ipaddress.IPv6Address("2001:db8::1"), None, ipaddress.IPv6Address("::"),
    ]  # fmt: skip
    assert table["local"].to_list() == [True, False, None, True]
    for name in table.columns:
        column = table[name]
        assert [column[row] for row in range(4)] == column.to_list() == list(column)
        assert column[-1] == column[3]
        assert column.missing_count == 1
        assert column.is_missing().tolist() == [False, False, True, False]
        assert type(column[0]) is type(column.to_list()[0])
    assert table.row(1)["host"] == ipaddress.IPv6Address("2001:db8::1")
    with pytest.raises(IndexError, match="row 4 of a column of 4"):
        table["port"][4]


def test_arrays_of_every_type():
    table = flows()
    np.testing.assert_array_equal(table["duration"].to_numpy(), [0.5, 2.0, np.nan, -1.0])
    np.testing.assert_array_equal(table["port"].to_numpy(), [443, 53, np.nan, 2.0**60])
    assert table["service"].to_numpy().tolist() == ["http", "dns", None, "http"]
    assert table["begin"].to_numpy().dtype == np.dtype("datetime64[ns]")
    assert np.isnat(table["begin"].to_numpy()).tolist() == [False, False, True, False]
    assert table["local"].to_numpy().tolist() == [True, False, None, True]
    assert table["service"].codes().tolist() == [0, 1, -1, 0]
    assert table["service"].categories == ["http", "dns"]
    complete = table.drop_missing()
    assert complete["port"].to_numpy().dtype == np.int64
    assert complete["port"].to_numpy()[2] == 2**60 + 1
    assert complete["local"].to_numpy().dtype == np.bool_
    assert np.asarray(complete["port"], dtype=np.float32).dtype == np.float32


def test_arrays_look_at_the_memory_of_the_column_and_keep_it():
    table = nad.Table({"x": np.arange(1000.0), "n": np.arange(1000), "t": np.arange(1000).astype("datetime64[ns]")})
    for name in table.columns:
        first, second = table[name].to_numpy(), table[10:][name].to_numpy()
        assert first.ctypes.data + 80 == second.ctypes.data
        with pytest.raises(ValueError, match="read-only"):
            first[0] = first[1]
    kept = table[500:]["x"].to_numpy()
    del table, first, second
    gc.collect()
    assert kept.sum() == np.arange(500, 1000).sum()


def test_columns_are_copies_of_arrays():
    values = np.arange(3.0)
    table = nad.Table({"x": values})
    values[0] = 7
    assert table["x"][0] == 0.0


# ---- what it is made of


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([], "number", []),
        ([None, None], "number", [None, None]),
        ([1, 2.5, None], "number", [1.0, 2.5, None]),
        ([1.0, float("nan")], "number", [1.0, None]),
        ((1, np.int8(2), np.uint64(3)), "integer", [1, 2, 3]),
        (range(3), "integer", [0, 1, 2]),
        ([decimal.Decimal("1.25")], "number", [1.25]),
        ([True, np.False_, None], "boolean", [True, False, None]),
        (["a", float("nan"), None], "text", ["a", None, None]),
        ([b"caf\xc3\xa9"], "text", ["café"]),
        ([dt.timedelta(seconds=1.5), np.timedelta64(250, "ms"), None], "number", [1.5, 0.25, None]),
        (
            [dt.datetime(2024, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))), np.datetime64("NaT", "ns")],
            "time",
            [np.datetime64("2024-01-01", "ns"), None],
        ),
        (np.array([1, 2], dtype=">i2"), "integer", [1, 2]),
        (np.array([0.5, np.nan], dtype=np.float16), "number", [0.5, None]),
        (np.array(["ab", "c"]), "text", ["ab", "c"]),
        (np.array([b"ab", b"c"]), "text", ["ab", "c"]),
        (np.array(["ab", None], dtype=object), "text", ["ab", None]),
        (np.array(["2024-02", "NaT"], dtype="datetime64[M]"), "time", [np.datetime64("2024-02-01", "ns"), None]),
        (np.array(["2024-02-01T00:00:01"], dtype="datetime64[25s]"), "time", [np.datetime64("2024-02-01", "ns")]),
        (np.array([1500, "NaT"], dtype="timedelta64[ms]"), "number", [1.5, None]),
        (np.arange(6)[::2], "integer", [0, 2, 4]),
        (np.ma.masked_array([1, 2, 3], [0, 1, 0]), "integer", [1, None, 3]),
        (np.ma.masked_array([1.5, 2], [1, 0]), "number", [None, 2.0]),
    ],
)
def test_columns_from_python_values(values, kind, expected):
    table = nad.Table({"x": values})
    assert table.types == {"x": kind}
    found = table["x"].to_list()
    assert found == expected
    assert list(map(type, found)) == list(map(type, expected))


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        ({"x": [1, "a"]}, ValueError, r"several kinds: integer \(row 0: 1\), text \(row 1: 'a'\)"),
        ({"x": [None, {}]}, ValueError, r"column 'x', row 1: {} is of type dict"),
        ({"x": [1, 2**63]}, ValueError, r"column 'x', row 1: 9223372036854775808 is no whole number of 64 bits"),
        ({"x": np.array([1, 2**63], dtype=np.uint64)}, ValueError, r"column 'x', row 1: 9223372036854775808 is more"),
        (
            {"x": np.array(["1000", "3000"], dtype="datetime64[Y]")},
            ValueError,
            r"column 'x', row 0: its time is outside",
        ),
        ({"x": [dt.date(2024, 1, 1), dt.date(3000, 1, 1)]}, ValueError, r"column 'x', row 1: datetime.date\(3000"),
        ({"x": ["\ud800"]}, ValueError, r"column 'x', row 0: '\\ud800' is no text"),
        ({"x": [b"\xff"]}, ValueError, r"column 'x', row 0: b'\\xff' cannot be used as bytes"),
        ({"x": np.zeros((2, 2))}, ValueError, r"column 'x' has the shape \(2, 2\)"),
        ({"x": np.zeros(2, dtype=complex)}, TypeError, "complex128"),
        ({"x": "abc"}, TypeError, "'abc'; give a list"),
        ({"x": 3}, TypeError, "give a list or an array"),
        ({"x": {"a": 1}}, TypeError, "is a mapping"),
        ({"x": [1, 2], "y": [1]}, ValueError, "column 'y' has 1 rows, the first has 2"),
        ({3: [1]}, TypeError, "the column name 3 is no string"),
        (np.zeros((2, 2)), TypeError, r"dict\(zip\(names, X.T\)\)"),
        ("flows.csv", TypeError, "made of str"),
    ],
)
def test_what_is_no_table_is_named(data, kind, message):
    with pytest.raises(kind, match=message):
        nad.Table(data)


def test_types_and_roles_are_checked():
    data = {"host": ["10.0.0.1", None, "eth0"], "n": ["1", None, "2.5"]}
    with pytest.raises(nad.InvalidDataError, match="column 'host', row 2: 'eth0' is not an IPv4 or IPv6 address"):
        nad.Table(data, types={"host": "address"})
    assert nad.Table(data, types={"n": "number"})["n"].to_list() == [1.0, None, 2.5]
    with pytest.raises(nad.InvalidArgumentError, match="no column type 'float'; there are: 'number'"):
        nad.Table(data, types={"n": "float"})
    with pytest.raises(nad.InvalidArgumentError, match="no role 'target'"):
        nad.Table(data, roles={"n": "target"})
    with pytest.raises(nad.InvalidArgumentError, match="did you mean 'host'"):
        nad.Table(data, types={"hots": "address"})


# ---- verbs


def test_columns_are_chosen_changed_and_named():
    table = flows()
    assert table[["port", "note"]].columns == ["port", "note"]
    assert table.drop("port").columns == [name for name in table.columns if name != "port"]
    swapped = table.rename({"port": "service", "service": "port"})
    assert swapped.types["port"] == "category"
    assert swapped.roles["port"] == "label"
    wider = table.with_column("double", table["duration"].to_numpy() * 2)
    assert wider["double"].to_list() == [1.0, 4.0, None, -2.0]
    replaced = table.with_column("host", ["10.0.0.1"] * 4, type="address")
    assert replaced.roles["host"] == "identifier"
    assert replaced["host"][0] == ipaddress.IPv4Address("10.0.0.1")
    assert table.with_role(["port", "note"], "label").roles["note"] == "label"
    assert table.with_type("port", "text")["port"].to_list() == ["443", "53", None, str(2**60 + 1)]
    with pytest.raises(ValueError, match="did you mean 'port'"):
        table.rename({"prot": "x"})
    with pytest.raises(ValueError, match="two columns are called 'note'"):
        table.rename({"port": "note"})
    with pytest.raises(ValueError, match="give strings"):
        table.select(["port", 3])


def test_rows_are_chosen():
    table = nad.Table({"n": np.arange(10), "even": np.arange(10) % 2 == 0})
    assert table[2:4]["n"].to_list() == [2, 3]
    assert table[::-3]["n"].to_list() == [9, 6, 3, 0]
    assert table[8:2]["n"].to_list() == []
    assert table[[3, -1, 3]]["n"].to_list() == [3, 9, 3]
    assert table[[]].shape == (0, 2)
    assert table[np.array([True] + [False] * 9)]["n"].to_list() == [0]
    assert table[table["even"]]["n"].to_list() == [0, 2, 4, 6, 8]
    assert table.filter(lambda t: t["n"].to_numpy() > 7)["n"].to_list() == [8, 9]
    assert table.filter([True, False] * 5).equals(table.filter("even" in table and table["even"]))
    assert table.head(2)["n"].to_list() == [0, 1]
    assert table.tail(2)["n"].to_list() == [8, 9]
    assert len(table.tail(0)) == 0
    assert len(table.head(99)) == len(table.tail(99)) == 10
    assert table["n"][table["n"].to_numpy() > 7].to_list() == [8, 9]
    gaps = nad.Table({"n": [1, 2, 3], "keep": [True, None, False]})
    assert gaps.filter(gaps["keep"])["n"].to_list() == [1]
    with pytest.raises(IndexError, match="row 10 of 10"):
        table[[10]]
    with pytest.raises(ValueError, match="10 here, but this one holds 3"):
        table[np.array([True, False, True])]
    with pytest.raises(TypeError, match="truth values, one a row, not int64"):
        table.filter(np.arange(10))
    with pytest.raises(TypeError, match=r"table.row\(number\)"):
        table[3]
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(table)


def test_the_verbs_of_the_core():
    table = nad.Table({"host": ["b", "a", None, "a"], "n": [1, 2, 3, 2]}, types={"host": "category"})
    assert table.sort(["host", "n"])["n"].to_list() == [2, 2, 1, 3]
    assert table.sort("n", descending=True)["n"].to_list() == [3, 2, 2, 1]
    assert table.drop_duplicates()["n"].to_list() == [1, 2, 3]
    assert table.drop_duplicates("host")["n"].to_list() == [1, 2, 3]
    assert table.drop_missing("host")["n"].to_list() == [1, 2, 2]
    assert table.value_counts("host") == {"a": 2, "b": 1}
    assert len(table.sample(2, random_state=0)) == 2
    assert table.sample(fraction=1.0, random_state=1).sort("n").equals(table.sort("n"))
    assert table.sample(3, random_state=5).equals(table.sample(3, random_state=5))
    train, test = table.train_test_split(test_size=1, by_time="n")
    assert test["n"].to_list() == [3]
    assert nad.concatenate([train, test]).sort("n")["n"].to_list() == [1, 2, 2, 3]
    assert nad.concatenate([table, table.select(["n", "host"])]).shape == (8, 2)
    assert table.describe().shape[0] == 2
    with pytest.raises(TypeError, match="number 2 is dict"):
        nad.concatenate([table, {}])


def test_numbers_of_rows_that_make_no_sense():
    table = nad.Table({"n": [1, 2, 3]})
    with pytest.raises(ValueError, match="rows is -1; give a whole number"):
        table.sample(-1)
    with pytest.raises(TypeError, match=r"rows is 1\.5; give a whole number"):
        table.sample(1.5)
    for draw in (table.sample, table.train_test_split):
        with pytest.raises(ValueError, match="random_state is -1; give a whole number"):
            draw(**({"rows": 1} if draw == table.sample else {}), random_state=-1)


def test_many_columns_change_at_once():
    """One after the other took time by the square of their number: 5 s for these."""
    data = {f"column {place}": np.arange(3) for place in range(5000)}
    begin = time.process_time()
    table = nad.Table(data, types=dict.fromkeys(data, "number"), roles=dict.fromkeys(data, "identifier"))
    table = table.with_type(list(data), "integer").with_role(list(data), "label")
    assert set(table.types.values()) == {"integer"}
    assert time.process_time() - begin < 2
    assert set(table.roles.values()) == {"label"}
    with pytest.raises(ValueError, match="did you mean 'column 17'"):
        nad.Table(data, types={"colum 17": "number"})
    with pytest.raises(ValueError, match="did you mean 'column 17'"):
        nad.Table(data, roles={"colum 17": "label"})


def test_matrix_of_numbers():
    table = flows()
    np.testing.assert_array_equal(
        table.to_numpy(["duration", "local"]), [[0.5, 1], [2.0, 0], [np.nan, np.nan], [-1.0, 1]]
    )
    with pytest.raises(ValueError, match=r"'service' \(category\), 'note' \(text\), 'host' \(address\)"):
        table.to_numpy()
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 3))
    np.testing.assert_array_equal(nad.Table(dict(zip("abc", X.T))).to_numpy(), X)


def test_printed_forms():
    table = flows()
    assert "2001:db8::1" in repr(table)
    assert repr(table).endswith("7 columns")
    assert repr(table) == table.to_text()
    assert len(nad.Table({"n": range(100)}).to_text(rows=30).splitlines()) > 30
    assert table._repr_html_().count("<tr") >= 5
    assert "<script>" not in nad.Table({"x": ["<script>alert(1)</script>"]})._repr_html_()
    assert repr(table["port"]).startswith("Column('port', integer, 4 rows: 443, 53, -, ")


# ---- equality, pickle, threads


def test_equality():
    table = flows()
    assert table.equals(flows())
    assert not table.equals(table[1:])
    assert not table.equals(table.with_role("port", "label"))
    assert table.equals(table.with_role("port", "label"), check_roles=False)
    assert not table.equals(table.rename({"port": "p"}))
    assert not table.equals("table")
    for name in table.columns:
        assert table[name].equals(flows()[name])
        assert not table[name].equals(table[name][::-1])


@pytest.mark.parametrize("part", [slice(None), slice(1, 3), slice(2, 2)])
def test_pickle_and_copies(part):
    table = flows()[part]
    for again in (pickle.loads(pickle.dumps(table)), copy.copy(table), copy.deepcopy(table)):
        assert again.equals(table)
    column = pickle.loads(pickle.dumps(table["note"]))
    assert column.name == "note"
    assert column.equals(table["note"])


def test_a_pickled_slice_is_no_larger_than_itself():
    table = nad.Table({"x": np.arange(100_000.0), "s": ["text"] * 100_000})
    assert len(pickle.dumps(table[500:510])) < 2_000


def test_damaged_pickles_are_errors():
    state = list(flows()["note"]._column.__getstate__())
    for place, damaged in [(1, 10**6), (3, b"\xff" * 40), (3, b"123"), (7, b""), (0, "float")]:
        broken = [*state[:place], damaged, *state[place + 1 :]]
        fresh = nad._core.Column.__new__(nad._core.Column)
        with pytest.raises(nad.Error):
            fresh.__setstate__(tuple(broken))
    state = list(flows()["service"]._column.__getstate__())
    state[4] = np.array([7, 0, 0, 0], dtype=np.int32).tobytes()
    with pytest.raises(nad.Error, match="outside of its memory"):
        nad._core.Column.__new__(nad._core.Column).__setstate__(tuple(state))


def test_long_verbs_release_the_interpreter():
    """Another thread gets on while rows are sorted."""
    program = """
import sys, threading, time
import numpy as np, nad
sys.setswitchinterval(1e-4)
table = nad.Table({"x": np.random.default_rng(0).normal(size=2_000_000)})
done, ticks = threading.Event(), []
def tick():
    while not done.is_set():
        ticks.append(time.perf_counter())
        time.sleep(0.001)
thread = threading.Thread(target=tick)
thread.start()
begin = time.perf_counter()
table.sort("x")
took = time.perf_counter() - begin
during = [t for t in ticks if begin < t < begin + took]
done.set()
thread.join()
print(len(during) > 10 or took < 0.02, len(during), took)
"""
    output = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=120
    ).stdout
    assert output.startswith("True"), output


def test_estimators_take_the_features_of_a_table(forest, traffic):
    names = ["duration", "sent", "received", "logins", "ports"]
    table = nad.Table(dict(zip(names, traffic.T))).with_column("host", ["h"] * len(traffic), role="identifier")
    fitted = nad.IsolationForest(contamination=0.01, random_state=7).fit(table)
    assert list(fitted.feature_names_in_) == names
    np.testing.assert_array_equal(fitted.anomaly_score(table), forest.anomaly_score(traffic))
    np.testing.assert_array_equal(fitted.predict(table), forest.predict(traffic))
    with pytest.raises(ValueError, match=r"these features are no numbers: 'host' \(text\)"):
        fitted.anomaly_score(table.with_role("host", "feature"))
    with pytest.raises(ValueError, match=r"'when' \(time\)"):
        fitted.fit(table.with_column("when", np.zeros(len(table), dtype="datetime64[s]")))
    with pytest.raises(ValueError, match="now missing:\n- sent"):
        fitted.predict(table.drop("sent"))
    with pytest.raises(ValueError, match="no columns with the role of feature"):
        fitted.fit(table.select("host"))
    gap = table.with_column("sent", [None, *table["sent"].to_list()[1:]])
    with pytest.raises(ValueError, match=r"NaN in row 0, column 1 \('sent'\)"):
        fitted.fit(gap)
