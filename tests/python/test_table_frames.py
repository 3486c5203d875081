"""Tables from and to pandas, polars, pyarrow and DuckDB."""

from __future__ import annotations

import datetime as dt
import decimal
import gc
import ipaddress
import sys
import weakref

import numpy as np
import pytest

import nad

UTC = dt.timezone.utc


@pytest.fixture
def pa():
    return pytest.importorskip("pyarrow", minversion="14", reason="pyarrow 14 or newer is not installed")


@pytest.fixture
def pl():
    return pytest.importorskip("polars", reason="polars is not installed")


@pytest.fixture
def pd():
    return pytest.importorskip("pandas", reason="pandas is not installed")


def flows(rows: int = 20) -> nad.Table:
    """A column of every type; every fifth row is missing everywhere, each column's gap at another row."""

    def with_gaps(values, shift):
        return [None if (row + shift) % 5 == 0 else value for row, value in enumerate(values)]

    return nad.Table(
        {
            "duration": with_gaps([row / 8 for row in range(rows)], 0),
            "port": with_gaps([2**60 + row for row in range(rows)], 1),
            "service": with_gaps([("http", "dns", "é")[row % 3] for row in range(rows)], 2),
            "note": with_gaps(["x" * (row % 20) + "ü" for row in range(rows)], 3),
            "begin": with_gaps([np.datetime64(row * 10**15 + 1, "ns") for row in range(rows)], 4),
            "host": with_gaps([ipaddress.ip_address(row if row % 2 else 2**127 + row) for row in range(rows)], 0),
            "local": with_gaps([row % 3 == 0 for row in range(rows)], 1),
            "n": range(rows),
        },
        types={"service": "category"},
        roles={"service": "label", "host": "identifier", "begin": "moment"},
        source="sample",
    )


def as_text(table: nad.Table) -> nad.Table:
    """What comes back from libraries that know neither addresses nor roles."""
    roles = {name: "moment" if type_ == "time" else "feature" for name, type_ in table.types.items()}
    return nad.Table(table, types={"host": "text"}, roles=roles, source="")


PARTS = [slice(None), slice(3, 17), slice(9, 10), slice(4, 4)]


# ---- there and back


@pytest.mark.parametrize("part", PARTS)
def test_pyarrow_and_back(pa, part):
    table = flows()[part]
    arrow = table.to_arrow()
    arrow.validate(full=True)
    assert arrow.num_rows == len(table)
    assert arrow.schema.field("host").metadata == {b"nad.role": b"identifier", b"nad.type": b"address"}
    assert arrow.column("duration").to_pylist() == table["duration"].to_list()
    assert arrow.column("port").to_pylist() == table["port"].to_list()
    assert arrow.column("service").to_pylist() == table["service"].to_list()
    assert arrow.column("note").to_pylist() == table["note"].to_list()
    assert arrow.column("local").to_pylist() == table["local"].to_list()
    assert arrow.column("host").to_pylist() == [host and str(host) for host in table["host"].to_list()]
    assert arrow.column("begin").cast(pa.int64()).to_pylist() == [
        time if time is None else time.astype(np.int64).item() for time in table["begin"].to_list()
    ]
    assert nad.Table(arrow).equals(table)  # with roles, addresses and source: pyarrow keeps metadata
    assert nad.Table(arrow.slice(2, 9)).equals(table[2:11])
    assert nad.Table(arrow.to_reader(max_chunksize=3)).equals(table)


@pytest.mark.parametrize("part", PARTS)
def test_polars_and_back(pl, part):
    table = flows()[part]
    frame = table.to_polars()
    assert dict(zip(frame.columns, frame.dtypes))["begin"] == pl.Datetime("ns", "UTC")
    assert frame["port"].to_list() == table["port"].to_list()
    assert frame["service"].to_list() == table["service"].to_list()
    assert frame["host"].to_list() == [host and str(host) for host in table["host"].to_list()]
    assert frame.null_count().row(0) == tuple(table[name].missing_count for name in table.columns)
    assert nad.Table(frame).equals(as_text(table))
    assert nad.Table(frame[2:9]).equals(as_text(table)[2:9])
    assert nad.Table(pl.concat([frame, frame], rechunk=False)).equals(as_text(nad.concatenate([table, table])))
    assert nad.Table(frame, types={"host": "address"}, roles=table.roles, source="sample").equals(table)


@pytest.mark.parametrize("part", PARTS)
def test_pandas_and_back(pd, part):
    pytest.importorskip("pyarrow", reason="pandas needs pyarrow to hand frames over")
    table = flows()[part]
    frame = table.to_pandas()
    assert list(frame.columns) == table.columns
    assert isinstance(frame["service"].dtype, pd.CategoricalDtype)
    assert str(frame["begin"].dtype) == "datetime64[ns, UTC]"
    assert frame.isna().sum().tolist() == [table[name].missing_count for name in table.columns]
    assert frame["port"].tolist() == [pd.NA if port is None else port for port in table["port"].to_list()]
    if len(table):
        assert nad.Table(frame).equals(as_text(table))
        assert nad.Table(frame[frame["n"] % 2 == 1]).equals(as_text(table)[table["n"].to_numpy() % 2 == 1])
    else:  # an empty column of objects has no type
        assert nad.Table(frame).columns == table.columns


def test_pandas_without_arrow(pd, monkeypatch):
    """What pandas before 2.2, or without pyarrow, gives comes through its columns."""

    def refuse(self, requested_schema=None):
        raise ImportError("pyarrow is not installed")

    for kind in (pd.DataFrame, pd.Series):
        monkeypatch.setattr(kind, "__arrow_c_stream__", refuse, raising=False)
    table = flows()
    frame = table.to_pandas()
    assert nad.Table(frame).equals(as_text(table))
    assert nad.Table(dict(frame.items())).equals(as_text(table))
    numbered = pd.DataFrame({7: pd.Categorical([443, 80, None]), "t": pd.to_timedelta([1, 2, None], unit="s")})
    again = nad.Table(numbered)
    assert again.types == {"7": "category", "t": "number"}
    assert again["7"].to_list() == ["443", "80", None]
    assert again["t"].to_list() == [1.0, 2.0, None]
    naive = nad.Table(pd.DataFrame({"t": pd.to_datetime(["2024-01-01", None])}))
    assert naive["t"].to_list() == [np.datetime64("2024-01-01", "ns"), None]


def test_objects_that_pyarrow_does_not_know_come_through_the_columns_of_pandas(pd):
    hosts = [ipaddress.ip_address("10.0.0.1"), None]
    table = nad.Table(pd.DataFrame({"host": pd.Series(hosts, dtype=object), "n": [1, 2]}))
    assert table.types == {"host": "address", "n": "integer"}
    assert table["host"].to_list() == hosts


def test_the_index_of_pandas_is_left_out(pd):
    pytest.importorskip("pyarrow", reason="pandas needs pyarrow to hand frames over")
    frame = pd.DataFrame({"n": [1, 2, 3]}, index=pd.Index(["a", "b", "c"], name="key"))
    assert nad.Table(frame).columns == ["n"]
    assert nad.Table(frame.reset_index()).columns == ["key", "n"]
    assert nad.Table(frame[frame["n"] > 1])["n"].to_list() == [2, 3]


def test_duckdb(pa):
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    relation = duckdb.sql(
        """select i::utinyint as small, (i * 0.25)::decimal(10, 2) as price, 'x' || i as name, i % 2 = 0 as even,
                  timestamp '2020-01-01' + interval (i) hour as t, nullif(i, 3)::double as d
           from range(100) r(i)"""
    )
    table = nad.Table(relation)
    assert list(table.types.values()) == ["integer", "number", "text", "boolean", "time", "number"]
    assert table["price"].to_list() == [i * 0.25 for i in range(100)]
    assert table["t"][1] == np.datetime64("2020-01-01T01", "ns")
    assert table["d"].is_missing().nonzero()[0].tolist() == [3]
    X = relation.select("small, price, d").filter("d is not null")
    fitted = nad.IsolationForest(n_estimators=5, random_state=0).fit(X)
    assert list(fitted.feature_names_in_) == ["small", "price", "d"]


# ---- no copy


def addresses(array) -> list[int]:
    return [buffer.address for buffer in array.buffers() if buffer is not None]


def test_values_of_pyarrow_are_not_copied(pa):
    arrow = pa.table(
        {
            "x": pa.array([1.5, 2.5, 3.5]),
            "n": pa.array([1, 2, 3]),
            "t": pa.array([1, 2, 3], pa.timestamp("ns", tz="Europe/Berlin")),
            "c": pa.DictionaryArray.from_arrays(pa.array([0, 1, 0], pa.int32()), ["a", "b"]),
        }
    )
    table = nad.Table(arrow)
    for name in ("x", "n", "t"):
        assert table[name].to_numpy().ctypes.data == arrow.column(name).chunk(0).buffers()[1].address
    again = table.to_arrow()
    for name in ("x", "n", "t"):
        assert addresses(again.column(name).chunk(0)) == addresses(arrow.column(name).chunk(0))
    assert addresses(again.column("c").chunk(0))[0] == arrow.column("c").chunk(0).indices.buffers()[1].address


def test_text_and_marks_of_pyarrow_are_not_copied(pa):
    arrow = pa.table({"s": pa.array(["a", None, "ccc"], pa.large_string()), "n": pa.array([1, None, 3])})
    again = nad.Table(arrow).to_arrow()
    for name in ("s", "n"):
        assert addresses(again.column(name).chunk(0)) == addresses(arrow.column(name).chunk(0))
    short = pa.table({"s": pa.array(["a", None, "ccc"], pa.string())})
    assert addresses(nad.Table(short).to_arrow().column("s").chunk(0))[-1] == addresses(short.column("s").chunk(0))[-1]


def test_values_of_pandas_and_polars_are_not_copied(pd, pl, pa):
    values = np.arange(100.0)
    frame = pd.DataFrame({"x": values}, copy=False)
    assert nad.Table(frame)["x"].to_numpy().ctypes.data == frame["x"].to_numpy().ctypes.data == values.ctypes.data
    series = pl.DataFrame({"x": values})
    table = nad.Table(series)
    assert table["x"].to_numpy().ctypes.data == series["x"].to_numpy(allow_copy=False).ctypes.data
    assert table.to_polars()["x"].to_numpy(allow_copy=False).ctypes.data == table["x"].to_numpy().ctypes.data
    own = nad.Table({"x": values})
    assert own.to_pandas(copy=False)["x"].to_numpy().ctypes.data == own["x"].to_numpy().ctypes.data


def test_a_frame_can_be_written_to_and_the_table_stays(pd):
    """pandas 3 writes where nobody else looks; it does not know that the table does."""
    gappy = flows(40)
    values = {name: [value for value in gappy[name] if value is not None][:20] for name in gappy.columns}
    table, as_it_was = (nad.Table(values, types={"service": "category"}) for _ in range(2))
    frame = table.to_pandas()
    new = {
        "duration": 9.5, "port": 1, "service": "dns", "note": "new", "begin": pd.Timestamp("2030-01-01", tz="UTC"),
        "host": "::9", "local": True, "n": -1,
    }  # fmt: skip
    for name, value in new.items():
        frame.loc[1, name] = value
        assert frame[name][1] == value
    frame["n"] += 1
    assert table.equals(as_it_was)
    assert frame["n"].tolist()[:2] == [table["n"][0] + 1, 0]
    shared = table.to_pandas(copy=False)
    with pytest.raises(ValueError, match="read-only"):
        shared.loc[1, "n"] = 5
    for name in ("duration", "n", "local"):
        assert shared[name].to_numpy().ctypes.data == table[name].to_numpy().ctypes.data
    shared["n"] = shared["n"] + 1
    assert shared["n"].tolist() == [n + 1 for n in table["n"]]


def test_memory_lives_as_long_as_somebody_looks_at_it(pa):
    column = nad.Table(pa.table({"x": np.arange(100_000.0)}))["x"]
    gc.collect()
    assert column.to_numpy().sum() == np.arange(100_000).sum()
    arrow = nad.Table({"x": np.arange(100_000.0)}).to_arrow()
    gc.collect()
    assert pa.compute.sum(arrow.column("x")).as_py() == np.arange(100_000).sum()


class Watched(np.ndarray):
    """An array whose end can be noticed."""


def test_memory_is_given_back(pa):
    """NumPy memory goes to pyarrow, to nad and to NumPy; it is freed with the last of them."""
    values = np.arange(1000.0).view(Watched)
    gone = weakref.ref(values)
    arrow = pa.table({"x": pa.array(values)})
    view = nad.Table(arrow)[10:]["x"].to_numpy()
    assert view.ctypes.data == values.ctypes.data + 80
    del arrow, values
    gc.collect()
    assert gone() is not None
    assert view[0] == 10.0
    del view
    gc.collect()
    assert gone() is None


def test_memory_that_was_copied_is_given_back_at_once(pa):
    """Batches are joined, and released, while the interpreter is free for others: pyarrow must not mind."""
    chunks = [np.arange(1000.0).view(Watched) for _ in range(3)]
    gone = [weakref.ref(chunk) for chunk in chunks]
    table = nad.Table(pa.table({"x": pa.chunked_array([pa.array(chunk) for chunk in chunks])}))
    del chunks
    gc.collect()
    assert [ref() for ref in gone] == [None] * 3
    assert table["x"].to_numpy().sum() == 3 * np.arange(1000).sum()


def test_capsules_that_nobody_takes_are_freed(pa):
    values = np.arange(1000.0).view(Watched)
    gone = weakref.ref(values)
    table = nad.Table(pa.table({"x": pa.array(values)}))
    capsules = [table.__arrow_c_stream__(), table.__arrow_c_schema__(), table["x"].__arrow_c_array__()]
    del table, values
    gc.collect()
    assert gone() is not None
    del capsules
    gc.collect()
    assert gone() is None


# ---- types


def test_types_of_pyarrow(pa):
    i = [1, None, 3]
    cases = [
        *[(pa.array(i, kind), "integer", i) for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64())],
        *[(pa.array(i, kind), "integer", i) for kind in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())],
        *[(pa.array([1.5, None, -2.0], kind), "number", [1.5, None, -2.0]) for kind in (pa.float32(), pa.float64())],
        (pa.array([np.float16(1.5), None, np.float16(-0.1)]), "number", [1.5, None, float(np.float16(-0.1))]),
        (pa.array([True, None, False]), "boolean", [True, None, False]),
        (pa.nulls(3), "number", [None] * 3),
        *[(pa.array(["a", None, "é" * 20], kind), "text", ["a", None, "é" * 20])
          for kind in (pa.string(), pa.large_string(), pa.string_view())],
        *[(pa.array([b"a", None, b"x" * 20], kind), "text", ["a", None, "x" * 20])
          for kind in (pa.binary(), pa.large_binary(), pa.binary_view())],
        (pa.array([b"ab", None, b"cd"], pa.binary(2)), "text", ["ab", None, "cd"]),
        *[(pa.array([decimal.Decimal("1.25"), None, decimal.Decimal("-0.01")], kind), "number", [1.25, None, -0.01])
          for kind in (pa.decimal128(10, 2), pa.decimal256(50, 30))],
        (pa.array([dt.time(1, 2, 3), None], pa.time32("s")), "number", [3723.0, None]),
        (pa.array([dt.time(0, 0, 1, 500), None], pa.time64("ns")), "number", [1.0005, None]),
        (pa.array([dt.timedelta(seconds=1.5), None], pa.duration("us")), "number", [1.5, None]),
    ]  # fmt: skip
    for unit in ("s", "ms", "us", "ns"):
        for zone in (None, "UTC", "America/New_York"):
            times = pa.array([dt.datetime(2024, 1, 1, tzinfo=zone and UTC), None], pa.timestamp(unit, tz=zone))
            cases.append((times, "time", [np.datetime64("2024-01-01", "ns"), None]))
    for kind in (pa.date32(), pa.date64()):
        cases.append((pa.array([dt.date(1900, 1, 1), None], kind), "time", [np.datetime64("1900-01-01", "ns"), None]))
    for width in (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint32(), pa.uint64()):
        cases.append((pa.array(["b", None, "a", "b"]).dictionary_encode().cast(pa.dictionary(width, pa.string())),
                      "category", ["b", None, "a", "b"]))  # fmt: skip
    cases.append((pa.array([443, None, 80, 443]).dictionary_encode(), "category", ["443", None, "80", "443"]))
    for array, kind, expected in cases:
        table = nad.Table(pa.table({"x": array}))
        assert table.types == {"x": kind}, array.type
        assert table["x"].to_list() == expected, array.type
        for part in (slice(1, 3), slice(0, 1), slice(1, 1)):
            assert nad.Table(pa.table({"x": array[part]}))["x"].to_list() == expected[part], array.type
        chunks = pa.chunked_array([array[:1], array[1:], array[:0], array])
        assert nad.Table(pa.table({"x": chunks}))["x"].to_list() == expected + expected, array.type
        assert nad.Table({"x": array})["x"].to_list() == expected, array.type
        empty = nad.Table(pa.table({"x": pa.chunked_array([], array.type)}))
        assert empty.types == {"x": kind}
        assert len(empty) == 0


def test_types_of_polars(pl):
    frame = pl.DataFrame(
        {
            "i8": pl.Series([1, None], dtype=pl.Int8),
            "u64": pl.Series([1, None], dtype=pl.UInt64),
            "f32": pl.Series([0.5, None], dtype=pl.Float32),
            "text": ["a text of more than twelve bytes", None],
            "cat": pl.Series(["a", None], dtype=pl.Categorical),
            "enum": pl.Series(["b", None], dtype=pl.Enum(["a", "b"])),
            "date": [dt.date(2024, 1, 1), None],
            "time": [dt.datetime(2024, 1, 1), None],
            "span": [dt.timedelta(seconds=2), None],
            "bool": [True, None],
            "null": [None, None],
            "decimal": pl.Series([decimal.Decimal("1.5"), None], dtype=pl.Decimal(10, 2)),
        }
    )
    table = nad.Table(frame)
    kinds = "integer integer number text category category time time number boolean number number"
    assert list(table.types.values()) == kinds.split()
    first = [1, 1, 0.5, frame["text"][0], "a", "b", *[np.datetime64("2024-01-01", "ns")] * 2, 2.0, True, None, 1.5]
    assert list(table.row(0).values()) == first
    assert set(table.row(1).values()) == {None}
    assert nad.Table({"x": frame["date"]})["x"].to_list() == [first[6], None]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda pa: pa.array([[1], [2]]), r"column 'odd' \(Arrow type list\): nad has no columns of lists"),
        (lambda pa: pa.array([{"a": 1}]), r"column 'odd' \(Arrow type struct\)"),
        (lambda pa: pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), r"\(Arrow type map\)"),
        (lambda pa: pa.RunEndEncodedArray.from_arrays([2], ["a"]), r"\(Arrow type run-end encoded\): decode it"),
        (lambda pa: pa.array([1, 2**63], pa.uint64()), r"column 'odd' \(Arrow type uint64\), row 1: 9223372036854775808"),
        (lambda pa: pa.array([0, 10**10], pa.timestamp("s")), r"\(Arrow type timestamp\[s\]\), row 1: 10000000000 is outside"),
        (lambda pa: pa.array([b"a", b"\xff"]), r"\(Arrow type binary\), row 1: its bytes are no UTF-8 text"),
    ],
)  # fmt: skip
def test_what_has_no_place_is_named(pa, make, message):
    with pytest.raises(nad.InvalidDataError, match=message):
        nad.Table(pa.table({"fine": make(pa).is_null(), "odd": make(pa)}))


def test_a_single_array_is_a_column_and_a_batch_a_table(pa):
    assert nad.Table(pa.array([1, 2])).shape == (2, 1)
    assert nad.Table(pa.record_batch({"a": [1], "b": [2]})).columns == ["a", "b"]
    assert nad.Table({"x": pa.chunked_array([[1], [2]])})["x"].to_list() == [1, 2]
    with pytest.raises(TypeError, match="column 'x' is a table of 2 columns"):
        nad.Table({"x": pa.table({"a": [1], "b": [2]})})


def test_a_failing_producer_is_an_error(pa):
    def batches():
        yield pa.record_batch({"a": [1]})
        raise OSError("the disk is full")

    reader = pa.RecordBatchReader.from_batches(pa.schema({"a": pa.int64()}), batches())
    with pytest.raises(nad.InvalidDataError, match="the disk is full"):
        nad.Table(reader)


def test_columns_and_schemas_for_others(pa):
    table = flows()
    assert pa.array(table["port"]).to_pylist() == table["port"].to_list()
    assert pa.schema(table).names == table.columns
    assert pa.table(table, schema=pa.schema(table)).num_columns == 8
    with pytest.raises(ValueError, match="a schema of 1 columns was requested of a table of 8"):
        table.__arrow_c_stream__(pa.schema({"n": pa.int64()}).__arrow_c_schema__())
    with pytest.raises(TypeError, match="expected a PyCapsule named 'arrow_array_stream'"):
        nad._core.Table.import_stream(table.__arrow_c_schema__())
    stream = table.__arrow_c_stream__()
    nad._core.Table.import_stream(stream)
    with pytest.raises(ValueError, match="it can be used once"):
        nad._core.Table.import_stream(stream)


@pytest.mark.parametrize(
    ("verb", "package"), [("to_pandas", "pandas"), ("to_polars", "polars"), ("to_arrow", "pyarrow")]
)
def test_a_library_that_is_missing_is_named(monkeypatch, verb, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"Table.{verb}\(\) needs the package {package}; install it with"):
        getattr(flows(), verb)()


# ---- any frame


def test_any_table_survives_every_library(pa, pl):
    hypothesis = pytest.importorskip("hypothesis", reason="hypothesis is not installed")
    st = hypothesis.strategies
    pools = {
        "number": st.floats(allow_nan=False),
        "integer": st.integers(-(2**63), 2**63 - 1),
        "text": st.text(st.characters(codec="utf-8"), max_size=20),
        "category": st.sampled_from(["", "a", "é", "long enough to be a view"]),
        "time": st.integers(-(2**63) + 1, 2**63 - 1).map(lambda n: np.datetime64(n, "ns")),
        "address": st.ip_addresses(),
        "boolean": st.booleans(),
    }

    @st.composite
    def tables(draw):
        rows = draw(st.integers(0, 30))
        data, types = {}, {}
        for place, kind in enumerate(draw(st.lists(st.sampled_from(sorted(pools)), min_size=1, max_size=5))):
            name = f"{place} {draw(st.text(st.characters(codec='utf-8', exclude_characters=chr(0)), max_size=3))}"
            data[name] = draw(st.lists(st.none() | pools[kind], min_size=rows, max_size=rows))
            types[name] = kind
        holds_addresses = {name for name, kind in types.items() if kind == "address"}
        if rows == 0 or any(all(v is None for v in data[name]) for name in holds_addresses):
            types = {name: "text" if name in holds_addresses else kind for name, kind in types.items()}
        plain = {name: "number" for name, kind in types.items() if all(v is None for v in data[name])}
        wanted = {name: kind for name, kind in types.items() if name not in plain}
        return nad.Table(data, types=wanted), draw(st.integers(0, rows)), draw(st.integers(0, rows))

    @hypothesis.settings(max_examples=150, deadline=None)
    @hypothesis.given(tables())
    def check(drawn):
        table, first, last = drawn
        part = table[first:last]
        arrow = part.to_arrow()
        arrow.validate(full=True)
        assert nad.Table(arrow).equals(part)
        assert nad.Table(pa.concat_tables([arrow, arrow])).equals(nad.concatenate([part, part]))
        plain = {name: "text" for name, kind in part.types.items() if kind == "address"}
        assert nad.Table(part.to_polars()).equals(nad.Table(part, types=plain), check_roles=False)
        for name in part.columns:
            expected = part[name].to_list()
            if part.types[name] in ("number", "integer", "text", "category", "boolean"):
                assert arrow.column(name).to_pylist() == expected

    check()
