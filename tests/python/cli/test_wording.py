"""What the library says, in the words of a command."""

from __future__ import annotations

import pytest

from nad.cli._main import wording_of


@pytest.mark.parametrize(
    ("command", "text", "says"),
    [
        ("read", 'leave such rows out with on_error="skip"', "leave such rows out with --malformed skip"),
        ("read", "on_error='raise' ends it", "--malformed error ends it"),
        (
            "read",
            "is not of the format 'x'; leave format=\"auto\" to have it recognised",
            "is not of the format 'x'; leave --input-format out to have it recognised",
        ),
        ("read", "is no Parquet; leave format out, and", "is no Parquet; leave --input-format out, and"),
        ("read", 'leave it out, or give format="csv"', "leave it out, or give --input-format csv"),
        ("read", "the option encoding means nothing", "--read-option encoding means nothing"),
        (
            "read",
            'give encoding="latin-1" or "windows-1252"',
            "give --read-option encoding=latin-1 or windows-1252",
        ),
        (
            "read",
            'expect (types={"a": "text"} keeps every value)',
            'expect (--read-option \'types={"a": "text"}\' keeps every value)',
        ),
        ("watch", 'expect (types={"a": "text"} keeps every value)', "expect"),
        ("read", "header=true says that it does", "--read-option header=true says that it does"),
        ("read", "give quote='\\0' where", "give --read-option quote= where"),
        ("read", "raise max_flows to keep", "raise --read-option max_flows to keep"),
        ("watch", "raise max_flows to keep", "raise --flow-option max_flows to keep"),
        ("watch", "fold_at is 1; give 0", "--fold-at is 1; give 0"),
        ("watch", "give shards=1, or the schema 'flow'", "give --shards 1, or the schema 'flow'"),
        ("watch", "from_beginning=False (--from-end) is for", "--from-end is for"),
        ("train", "n_jobs is 0; give a number", "--jobs is 0; give a number"),
        ("train", "a day brings; give records_per_day", "a day brings; give --records-per-day"),
        (
            "train",
            "leave them out, or train 'mixed' or 'labelled'",
            "leave them out, or train with --training mixed or labelled",
        ),
        ("train", "a threshold by false_positive_rate of 7 makes no sense", "--fpr of 7 makes no sense"),
        ("train", "random_state is -1; give", "--seed is -1; give"),
        ("evaluate", "name it by normal=", "name it by --normal"),
        ("evaluate", "give one by table.with_role(name, 'label'), or the labels themselves", "name it by --label"),
        ("simulate", "hours is 0; give more", "--hours is 0; give more"),
        # what is no option of the command stays as it is, and so do the names of columns
        ("inspect", 'with on_error="skip"', 'with on_error="skip"'),
        ("read", "column 'on_error' lacks a value", "column 'on_error' lacks a value"),
        ("train", "the label of row 3 is odd", "the label of row 3 is odd"),
    ],
)
def test_words_of_the_command(command, text, says):
    assert wording_of(command)(text) == says


def test_errors_and_notes_go_through_it(run, tmp_path, files):
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,2\n3\n4,5\n")
    stopped = run("read", table, "--malformed", "error")
    assert stopped.code == 2
    assert "leave such rows out with --malformed skip" in stopped.err
    idle = run("read", files.today, "--read-option", "encoding=latin-1")
    assert "for which --read-option encoding means nothing" in idle.err
    table.write_text("1,2\n3,4\n")
    assert "--read-option header=true says that it does" in run("read", table).err
    assert "--read-option header=true says that it does" in run("read", table, "--json").out
    assert "nad: error: --fold-at is 1" in run("watch", files.today, "-m", files.model, "--fold-at", 1).err
    assert "nad: error: --jobs is 0" in run("detect", files.today, "-m", files.model, "--jobs", 0).err


def test_what_the_command_says_itself_stays(run):
    assert "names, types, missing, schema" in run("read", "x", "--read-option", "speed=3").err
