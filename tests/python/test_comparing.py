"""Comparisons of columns give the rows that plain Python would choose."""

from __future__ import annotations

import datetime as dt
import ipaddress
import operator
import tracemalloc

import numpy as np
import pytest

import nad

VERBS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]


def sample() -> nad.Table:
    address = ipaddress.ip_address
    return nad.Table(
        {
            "number": [0.5, None, -1.0, 7.0, 2.5],
            "integer": [3, -7, None, 2**60 + 1, 2**60],
            "category": ["tcp", "udp", None, "tcp", "é"],
            "text": ["b", None, "", "bb", "ü"],
            "time": [np.datetime64(day, "ns") for day in ("2026-01-05", "2026-01-06", "1960-01-01")] + [None, None],
            "address": [address("10.0.0.1"), None, address("10.0.0.0"), address("2001:db8::"), address("255.0.0.1")],
            "boolean": [True, False, None, True, False],
        },
        types={"category": "category"},
    )


def key(value):
    """What orders values as columns are ordered."""
    if isinstance(value, ipaddress.IPv4Address):
        return b"\0" * 10 + b"\xff\xff" + value.packed
    return value.packed if isinstance(value, ipaddress.IPv6Address) else value


OPERANDS = [
    ("number", 0.5, None),
    ("number", 7, None),
    ("number", np.float32(2.5), None),
    ("number", 2**70, None),
    ("number", -(10**400), None),
    ("number", dt.timedelta(seconds=7), 7.0),
    ("integer", 3, None),
    ("integer", 2**60, None),
    ("integer", float(2**60), 2**60),
    ("integer", 2.5, None),
    ("integer", -6.5, None),
    ("integer", np.int8(3), None),
    ("integer", 2**63, None),
    ("integer", -(2**70), None),
    ("integer", float("inf"), None),
    ("integer", float("-inf"), None),
    ("category", "tcp", None),
    ("category", "u", None),
    ("text", "b", None),
    ("text", "", None),
    ("time", np.datetime64("2026-01-05", "s"), np.datetime64("2026-01-05", "ns")),
    ("time", dt.date(2026, 1, 6), np.datetime64("2026-01-06", "ns")),
    ("time", "1960-01-01T00:00", np.datetime64("1960-01-01", "ns")),
    ("address", "10.0.0.1", ipaddress.ip_address("10.0.0.1")),
    ("address", ipaddress.ip_address("2001:db8::"), None),
    ("boolean", True, None),
    ("boolean", np.False_, None),
]


@pytest.mark.parametrize(("name", "operand", "meaning"), OPERANDS, ids=str)
def test_a_column_beside_a_value(name, operand, meaning):
    table = sample()
    wanted = key(operand if meaning is None else meaning)
    for verb in VERBS:
        chosen = verb(table[name], operand)
        expected = [value is not None and bool(verb(key(value), wanted)) for value in table[name].to_list()]
        assert (chosen.type, chosen.missing_count) == ("boolean", 0)
        assert chosen.to_list() == expected, verb
        assert table.filter(chosen).equals(table[np.array(expected)])
        assert table[3:][verb(table[name][3:], operand)].equals(table[3:][np.array(expected[3:])])


@pytest.mark.parametrize("name", sample().columns)
def test_two_columns(name):
    column = sample()[name]
    other = column[np.array([1, 0, 4, 3, 2])]
    for verb in VERBS:
        expected = [
            a is not None and b is not None and bool(verb(key(a), key(b)))
            for a, b in zip(column.to_list(), other.to_list())
        ]
        assert verb(column, other).to_list() == expected, verb
    assert (column == column[::-1][::-1]).to_list() == (~column.is_missing()).tolist()
    with pytest.raises(ValueError, match="columns of 5 and of 4 rows"):
        column == column[1:]  # noqa: B015


def test_columns_of_other_types_and_arrays():
    table = nad.Table({"n": [1, 2, 3], "x": [1.5, 2.0, 2.5], "t": ["a", "b", "c"], "c": ["a", "x", "c"]},
                      types={"c": "category"})  # fmt: skip
    assert (table["n"] < table["x"]).to_list() == [True, False, False]
    assert (table["x"] > table["n"]).to_list() == [True, False, False]
    assert (table["t"] == table["c"]).to_list() == (table["c"] == table["t"]).to_list() == [True, False, True]
    assert (table["n"] == [1, 3, 3]).to_list() == [True, False, True]
    for both_ways in (np.array([1, 3, 3]) >= table["n"], table["n"] <= np.array([1, 3, 3])):
        assert isinstance(both_ways, nad.Column)
        assert both_ways.to_list() == [True, True, True]
    hosts = nad.Column(["10.0.0.1", "::1"])
    assert (hosts == hosts.convert("address")).to_list() == [True, True]
    assert (nad.Column([], type="text") == nad.Column([], type="text")).to_list() == []


def test_nan_and_marked_gaps_are_missing_alike():
    nan = float("nan")
    for column in (nad.Column([1.0, np.nan, 3.0]), nad.Column(np.ma.masked_array([1.0, 2.0, 3.0], [0, 1, 0]))):
        assert (column != 1.0).to_list() == [False, False, True]
        assert (column <= np.inf).to_list() == [True, False, True]
        assert (column != nan).to_list() == [False] * 3
    assert (nad.Column([1, 2]) != nan).to_list() == [False, False]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("number", [7, 0.5, None], [True, False, False, True, False]),
        ("integer", {3, 2**60}, [True, False, False, False, True]),
        ("integer", [3.0, -7.5, 1e300, float(2**60)], [True, False, False, False, True]),
        ("category", ("é", "udp"), [False, True, False, False, True]),
        ("text", ["", "ü", "x"], [False, False, True, False, True]),
        ("time", ["2026-01-06", "1960-01-01"], [False, True, True, False, False]),
        ("address", ["10.0.0.0", "2001:db8::"], [False, False, True, True, False]),
        ("boolean", [True], [True, False, False, True, False]),
        ("text", [], [False] * 5),
        ("number", np.array([2.5]), [False] * 4 + [True]),
    ],
)
def test_membership(name, values, expected):
    assert sample()[name].isin(values).to_list() == expected
    assert sample()[name].isin(nad.Column(values)).to_list() == expected


def test_logic_keeps_what_is_unknown():
    values = [True, False, None]
    a = nad.Column([value for value in values for _ in values])
    b = nad.Column(values * 3)
    assert (a & b).to_list() == [True, False, None, False, False, False, None, False, None]
    assert (a | b).to_list() == [True, True, True, True, False, None, True, None, None]
    assert (a ^ b).to_list() == [False, True, None, True, False, None, None, None, None]
    assert (~a).to_list() == [False] * 3 + [True] * 3 + [None] * 3
    table = nad.Table({"a": a, "n": range(9)})
    assert table.filter(~table["a"])["n"].to_list() == [3, 4, 5]
    assert table[~table["a"].is_missing() & (table["n"] > 3)]["n"].to_list() == [4, 5]
    assert table[(table["n"] > 3) & ~table["a"].is_missing()]["n"].to_list() == [4, 5]
    assert table.filter(lambda t: (t["n"] < 1) | (t["n"] == 8))["n"].to_list() == [0, 8]


def test_what_has_no_meaning_is_said():
    table = sample()
    for name, value in (
        ("integer", "3"),
        ("category", 3),
        ("boolean", 1),
        ("number", True),
        ("time", 3.0),
        ("text", np.nan),
    ):
        with pytest.raises(TypeError, match=rf"'{name}' is of type {name} and cannot be compared with"):
            table[name] == value  # noqa: B015
    with pytest.raises(TypeError, match="is_missing"):
        table["text"] == None  # noqa: B015, E711
    with pytest.raises(ValueError, match="'yesterday'"):
        table["time"] > "yesterday"  # noqa: B015
    with pytest.raises(TypeError, match="cannot be compared with text"):
        table["integer"].isin(["3"])
    with pytest.raises(TypeError, match="as a list"):
        table["text"].isin("bb")
    with pytest.raises(TypeError, match="in brackets"):
        (table["integer"] > 3) & 1
    with pytest.raises(TypeError, match="column 'integer' is of type integer"):
        ~table["integer"]
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(table["integer"] > 3)
    with pytest.raises(TypeError, match="unhashable"):
        hash(table["integer"])


def test_no_object_is_made_for_a_row():
    rows = 300_000
    table = nad.Table(
        {"x": np.arange(float(rows)), "c": ["tcp", "udp"] * (rows // 2), "s": ["tcp", "udp"] * (rows // 2)},
        types={"c": "category"},
    )
    tracemalloc.start()
    for chosen in (
        table["x"] > 5,
        table["c"] == "tcp",
        table["s"] == "tcp",
        table["s"].isin(["udp"]),
        table["c"] != table["s"],
    ):
        assert len(chosen) == rows
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * rows
