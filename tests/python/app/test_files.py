"""What the page makes of files: whole, wrong, hostile, too many."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pytest

import nad
from nad.app.records import Limits, given, read_files
from nad.app.session import Session


@pytest.fixture
def session():
    found = Session(Limits(upload_mb=60, rows=20_000))
    yield found
    found.close()


def upload(path, name=""):
    return name or path.name, io.BytesIO(path.read_bytes())


def test_a_capture_is_what_the_library_reads(session, files):
    records = session.read([upload(files.today)])
    expected = nad.read(files.today)
    assert records.table.equals(expected)
    assert (records.name, records.format, records.skipped) == ("today.pcap", "pcap", {})
    first, last = records.span
    times = expected["timestamp"].to_numpy()
    assert (first, last) == (times.min(), times.max())


def test_captures_are_merged_by_time_and_tables_put_together(session, files):
    merged = session.read([upload(files.normal), upload(files.today)])
    assert merged.table.equals(nad.FlowMeter().read([files.normal, files.today]))
    assert merged.name == "normal.pcap and 1 more"
    text = files.other.read_bytes()
    twice = session.read([("a.csv", io.BytesIO(text)), ("b.csv.gz", io.BytesIO(gzip.compress(text)))])
    assert len(twice.table) == 2 * len(nad.read(files.other))
    with pytest.raises(nad.Error, match="do not belong together"):
        session.read([upload(files.other), upload(files.today)])
    assert session.records is twice  # what fails changes nothing


def test_malformed_records_are_counted(session):
    rows = "\n".join(f"{i},{i % 7},tcp" for i in range(50))
    records = session.read([("log.csv", io.BytesIO(f"bytes,packets,protocol\n{rows}\n1,2\n3,4,udp,9\n".encode()))])
    assert len(records.table) == 50
    assert sum(records.skipped.values()) == 2


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("noise.pcap", bytes(range(256)) * 8, "noise.pcap"),
        ("empty.log", b"", "empty"),
        ("header.csv", b"a,b,c\n", "header.csv: there is no record"),
        ("cut.gz", gzip.compress(b"a,b\n1,2\n" * 1000)[:40], "cut.gz"),
        ("office.nad", b"\x00" * 100, "office.nad"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(500), "picture.png"),
    ],
)
def test_wrong_files_are_errors_that_name_them(session, name, content, says):
    with pytest.raises(nad.Error, match=says) as error:
        session.read([(name, io.BytesIO(content))])
    assert str(session.folder) not in str(error.value)
    assert list(session.folder.iterdir()) == []  # nothing of it stays
    assert session.records is None


def test_too_much_is_refused_before_it_is_read(session, tmp_path):
    with pytest.raises(nad.Error, match="62 MB together, more than the 60 MB"):
        session.read([("large.csv", io.BytesIO(bytes(62 << 20)))])
    many = gzip.compress(b"a,b\n" + b"1,2\n" * 30_000)
    with pytest.raises(nad.Error, match=r"many.csv.gz: there are more than 20,000 records"):
        session.read([("many.csv.gz", io.BytesIO(many))])
    with pytest.raises(nad.Error, match="101 files are more than the 100"):
        session.read([("a.csv", io.BytesIO(b"a,b\n1,2\n"))] * 101)
    half = gzip.compress(b"a,b\n" + b"1,2\n" * 15_000)
    with pytest.raises(nad.Error, match=r"second.gz: there are more than 20,000 records"):
        session.read([("first.gz", io.BytesIO(half)), ("second.gz", io.BytesIO(half))])


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "a\x00b\nc.csv", "." * 5, "", "x" * 5000, "-rf"]
)
def test_names_lead_nowhere(tmp_path, name):
    file = given(tmp_path, name, io.BytesIO(b"a,b\n1,2\n3,4\n"))
    assert file.path.resolve().parent.parent == tmp_path.resolve()
    assert file.path.read_bytes().startswith(b"a,b")
    assert "\n" not in file.name
    assert len(file.name) < 200
    assert len(read_files([file], Limits()).table) == 2


def test_nothing_is_no_file():
    with pytest.raises(nad.Error, match="no file"):
        read_files([], Limits())


def test_labels_and_times_are_noticed(session):
    table = b"timestamp,bytes,label\n2026-01-05 09:00:00,1,normal\n2026-01-05 10:00:00,2,attack\n"
    records = session.read([("l.csv", io.BytesIO(table))])
    assert records.labels == ["label"]
    assert records.span == (np.datetime64("2026-01-05T09:00"), np.datetime64("2026-01-05T10:00"))
