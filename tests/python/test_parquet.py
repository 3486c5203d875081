"""Parquet: by its content, whole or in batches, from paths and file objects, with the types that are asked for."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest

import nad

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def flows() -> nad.Table:
    return nad.datasets.synthetic_flows(1000, random_state=1)


@pytest.fixture
def path(flows, tmp_path):
    """Its name says nothing."""
    target = tmp_path / "flows.csv"
    pq.write_table(flows.to_arrow(), target, row_group_size=300)
    return target


class Pipe(io.RawIOBase):
    """Cannot go back."""

    def __init__(self, content: bytes) -> None:
        self._bytes = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._bytes.read(size)


def test_what_nad_wrote_comes_back_with_roles_and_source(flows, path):
    table, report = nad.read(path, return_report=True)
    assert table.equals(flows)
    assert table.source == flows.source != ""
    assert table.roles["label"] == "label"
    assert table.types["src_ip"] == "address"
    assert report == nad.ReadReport("parquet", 1000)
    for source in (str(path), io.BytesIO(path.read_bytes())):
        assert nad.read(source).equals(flows)
    with path.open("rb") as file:
        assert nad.read(file).equals(flows)
        assert not file.closed


def test_other_writers_get_the_format_as_source(tmp_path):
    pq.write_table(pa.table({"x": [1, None]}), tmp_path / "x.parquet")
    table = nad.read(tmp_path / "x.parquet", format="parquet")
    assert table.source == "parquet"
    assert table["x"].to_list() == [1, None]
    pq.write_table(pa.table({"x": pa.array([], pa.int64())}), tmp_path / "x.parquet")
    assert nad.read(tmp_path / "x.parquet").types == {"x": "integer"}
    assert list(nad.Reader(tmp_path / "x.parquet")) == []


@pytest.mark.parametrize("in_memory", [False, True])
def test_batches(flows, path, in_memory):
    reader = nad.Reader(io.BytesIO(path.read_bytes()) if in_memory else path, batch_rows=128)
    first = next(iter(reader))
    assert len(first) == 128
    assert reader.report == nad.ReadReport("parquet", 128)
    batches = [first, *reader]
    assert max(map(len, batches)) == 128
    assert nad.concatenate(batches).equals(flows)
    assert reader.report.rows == 1000
    assert list(reader) == []
    pipeline = nad.FeaturePipeline.automatic(flows).fit(flows)
    stream = pipeline.stream()
    rows = np.vstack([stream.push(batch) for batch in nad.Reader(path, batch_rows=250)])
    np.testing.assert_array_equal(rows, pipeline.transform(flows))


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the peak of a process")
def test_batches_take_little_memory_whatever_the_row_groups_are(tmp_path):
    values = np.random.default_rng(0).normal(size=(4_000_000, 4))
    pq.write_table(pa.table(dict(zip("abcd", values.T))), tmp_path / "x.parquet", row_group_size=4_000_000)
    program = f"""
import nad, pyarrow.parquet
def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
reader = nad.Reader({str(tmp_path / "x.parquet")!r}, batch_rows=20_000)
before = peak()
rows = sum(len(batch) for batch in reader)
print(rows, (peak() - before) // 1024)
"""
    output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    rows, megabytes = map(int, output.split())
    assert rows == 4_000_000
    assert megabytes < 60  # the file has 122


def test_columns_and_types(flows, path):
    chosen = ["dst_port", "label"]
    assert nad.read(path, columns=chosen).equals(flows.select(chosen))
    assert next(iter(nad.Reader(path, columns=chosen))).columns == chosen
    table = nad.read(path, types={"dst_port": "category", "src_ip": "text"}, columns=["src_ip", "dst_port"])
    assert table.types == {"src_ip": "text", "dst_port": "category"}
    assert table["dst_port"].to_list() == [str(port) for port in flows["dst_port"]]
    assert next(iter(nad.Reader(path, types={"dst_port": "number"}))).types["dst_port"] == "number"
    for options in ({"columns": ["dst_prt"]}, {"types": {"dst_prt": "number"}}):
        for read in (nad.read, nad.Reader):
            with pytest.raises(ValueError, match="did you mean 'dst_port'"):
                read(path, **options)


def test_values_that_have_no_place_are_errors_or_counted(tmp_path):
    text = [str(number) for number in range(1000)]
    text[7] = text[500] = text[501] = "x"
    pq.write_table(pa.table({"n": text, "row": range(1000)}), tmp_path / "x.parquet")
    with pytest.raises(nad.InvalidDataError, match="column 'n', row 7"):
        nad.read(tmp_path / "x.parquet", types={"n": "integer"})
    table, report = nad.read(tmp_path / "x.parquet", types={"n": "integer"}, on_error="skip", return_report=True)
    assert table["n"].to_list() == [n for n in range(1000) if n not in (7, 500, 501)]
    assert table["row"].equals(table["n"])
    assert report == nad.ReadReport("parquet", 997, {"n: not of type integer": 3})
    reader = nad.Reader(tmp_path / "x.parquet", types={"n": "integer"}, on_error="skip", batch_rows=100)
    assert nad.concatenate(reader).equals(table)
    assert reader.report == report
    with pytest.raises(nad.InvalidArgumentError, match="integr"):
        nad.read(tmp_path / "x.parquet", types={"n": "integr"}, on_error="skip")


@pytest.mark.parametrize("read", [nad.read, nad.Reader])
def test_options_that_mean_nothing_are_refused(path, read):
    with pytest.raises(TypeError, match="no option nonsense"):
        read(path, nonsense=1)
    with pytest.raises(ValueError, match="is a Parquet file, but format is 'kdd99'"):
        read(path, format="kdd99")
    for option in ("encoding", "separator", "quote", "comment", "header", "names", "missing", "day_first"):
        with pytest.raises(ValueError, match=f"^{option} is an option of text files"):
            read(path, **{option: ","})
    with pytest.raises(ValueError, match="'raise' or 'skip'"):
        read(path, on_error="ignore")
    with pytest.raises(ValueError, match="batch_rows is 0"):
        read(path, batch_rows=0)
    with pytest.raises(TypeError, match="batch_rows is 1.5"):
        read(path, batch_rows=1.5)


@pytest.mark.parametrize("read", [nad.read, lambda source, **options: list(nad.Reader(source, **options))])
def test_damaged_files_and_foreign_ones(flows, tmp_path, read):
    buffer = io.BytesIO()
    pq.write_table(flows.to_arrow(), buffer, write_page_checksum=True)
    content = buffer.getvalue()
    for damaged in (content[:4], content[: len(content) // 2], content[:200] + b"\xff" * 2000 + content[2200:]):
        (tmp_path / "cut").write_bytes(damaged)
        for source in (tmp_path / "cut", io.BytesIO(damaged)):
            with pytest.raises(nad.BadFileError, match="damaged or incomplete Parquet file"):
                read(source)
    (tmp_path / "text").write_text("a,b\n1,2\n")
    with pytest.raises(nad.BadFileError, match="does not begin as Parquet"):
        read(tmp_path / "text", format="parquet")
    with pytest.raises(FileNotFoundError, match="nothing here"):
        read(tmp_path / "nothing here", format="parquet")
    with pytest.raises(ValueError, match="io.BytesIO"):
        read(Pipe(content))


def test_a_file_object_that_cannot_go_back_loses_nothing():
    assert nad.read(Pipe(b"a,b\n1,2\n"), format="csv").equals(nad.read(io.BytesIO(b"a,b\n1,2\n"), format="csv"))
    assert nad.read(Pipe(b"a\n1\n"), format="csv")["a"].to_list() == [1]
    whole = io.BytesIO(b"line that was read\na,b\n1,2\n")
    whole.readline()
    assert nad.read(whole, format="csv").columns == ["a", "b"]


def test_progress(path, capfd):
    nad.read(path, progress=True)
    drawn = capfd.readouterr().err
    assert "reading [" in drawn
    for done in ("300/1,000", "600/1,000", "1,000/1,000"):
        assert done in drawn


def test_pyarrow_that_is_missing_is_named(monkeypatch, path):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    for read in (nad.read, nad.Reader):
        with pytest.raises(ImportError, match="flows.csv is a Parquet file; install pyarrow"):
            read(path)
