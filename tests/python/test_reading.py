"""Files from Python: paths, file objects, batches, reports, data sets."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import http.server
import io
import os
import threading
import urllib.request
import warnings
from pathlib import Path

import pytest

import nad
from nad import datasets

ROW = "0,tcp,http,SF,181,5450,0,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,{count},8,0.00,0.00,0.00,0.00,1.00,0.00,0.00,9,9,1.00,0.00,0.11,0.00,0.00,0.00,0.00,0.00,{label}\n"


def rows(count: int) -> str:
    return "".join(ROW.format(count=i % 511, label="smurf." if i % 3 else "normal.") for i in range(count))


def data_folder() -> Path:
    folder = os.environ.get("NAD_DATA")
    if not folder:
        pytest.skip("NAD_DATA names no folder with the published files")
    return Path(folder)


def test_paths_file_objects_and_gzip_give_the_same_table(tmp_path):
    text = rows(1000).encode()
    plain, packed = tmp_path / "records", tmp_path / "packed"
    plain.write_bytes(text)
    packed.write_bytes(gzip.compress(text))
    table, report = nad.read(plain, return_report=True)
    assert report == nad.ReadReport("kdd99", 1000)
    assert table.shape == (1000, 43)
    assert table["label"].to_list()[:3] == ["normal", "smurf", "smurf"]
    assert table.roles["attack_family"] == "label"
    for source in (str(plain), packed, io.BytesIO(text), io.BytesIO(gzip.compress(text))):
        assert nad.read(source).equals(table)
    with plain.open("rb") as file:
        assert nad.read(file).equals(table)


def test_batches_cover_the_file(tmp_path):
    path = tmp_path / "records"
    path.write_text(rows(1000))
    reader = nad.Reader(path, batch_rows=300)
    batches = list(reader)
    assert [len(batch) for batch in batches] == [300, 300, 300, 100]
    assert reader.report.rows == 1000
    assert nad.concatenate(batches).equals(nad.read(path))
    assert sum(len(batch) for batch in nad.Reader(io.BytesIO(rows(50).encode()), batch_rows=7)) == 50


def test_malformed_rows_are_errors_or_counted(tmp_path):
    path = tmp_path / "records"
    path.write_text(rows(3) + "1,2,3\n" + rows(3))
    with pytest.raises(nad.InvalidDataError, match="line 4: the row has 3 fields where 42 belong"):
        nad.read(path)
    table, report = nad.read(path, on_error="skip", return_report=True)
    assert len(table) == 6
    assert report.skipped == {"3 fields where 42 belong": 1}
    with pytest.raises(nad.InvalidArgumentError, match="'raise' or 'skip'"):
        nad.read(path, on_error="ignore")
    with pytest.raises(TypeError, match="no option seperator"):
        nad.read(path, seperator=",")


def test_what_a_person_should_know_is_one_warning_where_it_is_asked_for(tmp_path):
    path = tmp_path / "records"
    path.write_text(rows(3) + "1,2,3\n" * 2 + "4,5\n" + rows(3))
    with pytest.warns(nad.DataWarning) as caught:
        nad.read(path, on_error="skip")
    (warning,) = caught
    assert warning.filename == __file__
    assert str(path) in str(warning.message)
    assert "6 rows of kdd99; 3 records were left out: " in str(warning.message)
    assert "3 fields where 42 belong (2)" in str(warning.message)
    assert "2 fields where 42 belong (1)" in str(warning.message)
    assert issubclass(nad.DataWarning, UserWarning)
    table = tmp_path / "table.csv"
    table.write_text("when,x\n13/04/2017,1\n14/04/2017,2\n")
    with pytest.warns(nad.DataWarning, match="table.csv: 2 rows of csv; columns of dates"):
        nad.read(table)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for source, options in ((path, {"on_error": "skip"}), (table, {})):
            _, report = nad.read(source, return_report=True, **options)
            assert report.skipped or report.notes
            assert len(list(nad.Reader(source, **options))) == 1
        path.write_text(rows(3))
        nad.read(path)  # of which there is nothing to know


def test_columns_are_chosen_in_every_format(tmp_path):
    path = tmp_path / "records"
    path.write_text(rows(10))
    whole = nad.read(path)
    chosen = ["src_bytes", "label"]
    assert nad.read(path, columns=chosen).equals(whole.select(chosen))
    assert nad.concatenate(nad.Reader(path, columns=iter(chosen), batch_rows=3)).equals(whole.select(chosen))
    with pytest.raises(ValueError, match="did you mean 'label'"):
        nad.read(path, columns=["lable"])


@pytest.mark.parametrize("read", [nad.read, nad.Reader])
def test_what_is_no_source_is_said_in_words(read):
    with pytest.raises(TypeError, match="the source is None; give the path of a file"):
        read(None)
    with pytest.raises(TypeError, match="the source is int; give the path of a file"):
        read(3)
    with pytest.raises(TypeError, match=r"the source is bytes; to read what it holds, give io\.BytesIO"):
        read(b"a,b\n1,2\n")


def test_what_cannot_be_read_says_why(tmp_path):
    with pytest.raises(nad.MissingFileError, match="nothing here"):
        nad.read(tmp_path / "nothing here")
    with pytest.raises(FileNotFoundError):
        nad.Reader(tmp_path / "nothing here")
    with pytest.raises(nad.InvalidArgumentError, match="binary mode"):
        nad.read(io.StringIO(rows(3)))

    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise RuntimeError("the cable is out")

    with pytest.raises(RuntimeError, match="the cable is out"):
        nad.read(Broken())
    cut = gzip.compress(rows(5000).encode())
    with pytest.raises(nad.BadFileError, match="gzip"):
        nad.read(io.BytesIO(cut[: len(cut) // 2]))


def test_progress_is_drawn_on_request(tmp_path, capfd):
    path = tmp_path / "records"
    path.write_text(rows(5000))
    nad.read(path)
    assert capfd.readouterr() == ("", "")
    nad.read(path, progress=True)
    assert "reading [" in capfd.readouterr().err


def test_the_data_sets_are_found(monkeypatch, tmp_path):
    folder = data_folder()
    assert datasets.load_nsl_kdd("test+").shape == (22544, 44)
    monkeypatch.delenv("NAD_DATA")
    monkeypatch.setenv("NAD_CACHE", str(tmp_path))
    with pytest.raises(nad.MissingFileError, match="NAD_DATA or pass download=True"):
        datasets.load_kdd99()
    with pytest.raises(nad.MissingFileError, match="by hand"):
        datasets.load_nsl_kdd()
    with pytest.raises(nad.InvalidArgumentError, match="'10_percent', 'full', 'corrected'"):
        datasets.load_kdd99("half")
    (tmp_path / "kdd99").mkdir()
    (tmp_path / "kdd99" / "corrected.gz").symlink_to(folder / "kdd99" / "corrected.gz")
    assert len(datasets.load_kdd99("corrected")) == 311029


def test_a_data_set_is_what_its_name_promises(monkeypatch, tmp_path):
    (tmp_path / "kdd99").mkdir()
    file = tmp_path / "kdd99" / "corrected.gz"
    monkeypatch.setenv("NAD_DATA", str(tmp_path))
    file.write_bytes(b"<h1>not found</h1>,x\n1,2\n")
    with pytest.raises(nad.BadFileError, match="corrected.gz does not hold .* of the format 'csv', not 'kdd99'"):
        datasets.load_kdd99("corrected")
    file.write_text(rows(3).replace("normal.", "normal,21").replace("smurf.", "smurf,21"))
    with pytest.raises(nad.BadFileError, match="of the format 'nsl_kdd', not 'kdd99'"):
        datasets.load_kdd99("corrected")
    file.write_text(rows(3))
    assert len(datasets.load_kdd99("corrected")) == 3


def test_dates_in_tables_of_flows(tmp_path):
    path = tmp_path / "flows.csv"
    path.write_text(
        "timestamp,src_ip,dst_ip,src_port,dst_port,protocol\n01/02/2024 10:00,192.0.2.1,192.0.2.2,1,2,tcp\n"
    )
    table, report = nad.read(path, return_report=True)
    assert str(table["timestamp"].to_list()[0]).startswith("2024-02-01")
    assert any("day_first=false reads the month first" in note for note in report.notes)
    assert str(nad.read(path, day_first=False)["timestamp"].to_list()[0]).startswith("2024-01-02")


def test_a_download_is_checked_before_it_is_kept(monkeypatch, tmp_path):
    (tmp_path / "site").mkdir()
    content = gzip.compress(rows(10).encode())
    (tmp_path / "site" / "file.gz").write_bytes(content)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(tmp_path / "site"))

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.delenv("NAD_DATA", raising=False)
        monkeypatch.setenv("NAD_CACHE", str(tmp_path / "cache"))
        url = f"http://127.0.0.1:{server.server_port}/file.gz"
        right = datasets._File(("kdd99/x.gz",), url, hashlib.sha256(content).hexdigest())
        monkeypatch.setitem(datasets._KDD99_FILES, "full", datasets._File(("kdd99/x.gz",), url, "0" * 64))
        with pytest.raises(nad.BadFileError, match="not the published file"):
            datasets.load_kdd99("full", download=True)
        assert list((tmp_path / "cache" / "kdd99").iterdir()) == []
        monkeypatch.setitem(datasets._KDD99_FILES, "full", right)
        assert len(datasets.load_kdd99("full", download=True)) == 10
        gone = datasets._File(("kdd99/y.gz",), f"http://127.0.0.1:{server.server_port}/y.gz", "0" * 64)
        monkeypatch.setitem(datasets._KDD99_FILES, "corrected", gone)
        with pytest.raises(
            nad.IoError, match=r"KDD Cup 99 \(corrected\) .*/y.gz \(HTTP Error 404: File not found\).*put y.gz into"
        ):
            datasets.load_kdd99("corrected", download=True)
        server.shutdown()
    with pytest.raises(OSError, match=r"could not be fetched from http://127.* refused.*NAD_DATA"):
        datasets.load_kdd99("corrected", download=True)
    assert [file.name for file in (tmp_path / "cache" / "kdd99").iterdir()] == ["x.gz"]
    assert len(datasets.load_kdd99("full")) == 10  # from the cache, without the server


def test_a_download_that_breaks_off_leaves_nothing(monkeypatch, tmp_path):
    class Cut(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise http.client.IncompleteRead(b"")
            return super().read(3)

    monkeypatch.delenv("NAD_DATA", raising=False)
    monkeypatch.setenv("NAD_CACHE", str(tmp_path))
    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: Cut(b"some bytes"))
    with pytest.raises(nad.IoError, match="IncompleteRead.*by hand"):
        datasets.load_kdd99("full", download=True)
    assert list((tmp_path / "kdd99").iterdir()) == []


def test_text_tables_and_their_options(tmp_path):
    path = tmp_path / "records.csv"
    path.write_bytes("when;größe;port\n07/04/2017;0,5;007\n08/04/2017;1,25;-1\n".encode("latin-1"))
    options = {
        "encoding": "latin-1",
        "day_first": True,
        "types": {"port": "integer"},
        "missing": ["-1"],
        "comment": "",
        "quote": "",
    }
    with pytest.warns(nad.DataWarning, match="day first: 'when'; .* decimal comma: 'größe'"):
        table = nad.read(path, **options)
    assert table.types == {"when": "time", "größe": "number", "port": "integer"}
    assert table["größe"].to_list() == [0.5, 1.25]
    assert table["port"].to_list() == [7, None]
    with pytest.raises(ValueError, match="encoding"):
        nad.read(path)


def test_a_file_object_is_read_again_where_its_beginning_misled():
    text = "a,b\n" + "1,x\n" * 200_000 + "2.5,y\n"
    table, report = nad.read(io.BytesIO(text.encode()), return_report=True)
    assert table.types["a"] == "number"
    assert table["a"].to_list()[-1] == 2.5
    assert any("begins like integer" in note for note in report.notes)

    class Pipe(io.RawIOBase):
        """Cannot go back."""

        def __init__(self) -> None:
            self._bytes = io.BytesIO(text.encode())

        def read(self, size: int = -1) -> bytes:
            return self._bytes.read(size)

    with pytest.raises(ValueError, match="200002.*not of type integer"):
        nad.read(Pipe())
