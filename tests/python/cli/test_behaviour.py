"""How commands behave: errors, exit codes, streams, terminals, signals."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import nad
from nad.cli import main
from nad.cli._commands import COMMANDS
from nad.cli._main import make_parser, subparsers_of


def one_line(result, code=2):
    """The error, which is one line and no traceback."""
    assert result.code == code, result
    lines = [line for line in result.err.splitlines() if line.startswith("nad: error: ")]
    assert len(lines) == 1
    assert "Traceback" not in result.err
    return lines[0].removeprefix("nad: error: ")


# ---- what a person does wrong


def test_files_that_are_not_there_or_not_what_they_should_be(run, files, tmp_path):
    assert "nowhere.log" in one_line(run("read", "nowhere.log"))
    assert "nowhere.nad" in one_line(run("detect", files.today, "-m", "nowhere.nad"))
    assert "not a nad model file" in one_line(run("detect", files.today, "-m", files.today))
    assert "is a folder" in one_line(run("read", tmp_path))
    (tmp_path / "empty").write_bytes(b"")
    assert "is empty" in one_line(run("read", tmp_path / "empty"))
    (tmp_path / "noise.pcap").write_bytes(bytes(range(256)) * 8)
    assert "noise.pcap" in one_line(run("read", tmp_path / "noise.pcap"))
    (tmp_path / "cut.pcap").write_bytes(Path(files.today).read_bytes()[:10])
    assert one_line(run("read", tmp_path / "cut.pcap", "--input-format", "pcap"))
    assert "no_folder" in one_line(run("simulate", tmp_path / "no_folder" / "x.pcap", "--hours", 0.01), 3)


def test_a_file_of_which_nothing_can_be_read_is_an_error(run, tmp_path, files):
    table = tmp_path / "table.csv"
    table.write_bytes(b"name,n\n" + b"Ren\xe9,1\n" * 5)
    says = "none of its 5 records could be read: column 'name': not UTF-8 (5); files in another encoding are read with"
    for words in (("read", table), ("train", table, "--malformed", "skip", "-o", tmp_path / "m.nad")):
        assert f"table.csv: {says} --read-option encoding=latin-1 or windows-1252" in one_line(run(*words))
    read = run("read", table, "--read-option", "encoding=latin-1")
    assert (read.code, "mostly René" in read.out) == (0, True)
    table.write_text("a,b\n1,2\n", encoding="utf-16")
    assert "UTF-16; save it as UTF-8" in one_line(run("read", table))
    table.write_bytes(b"name,n\nRen\xe9,1\nAnna,2\n")
    part = run("read", table)
    assert part.code == 0
    assert "--read-option encoding=latin-1" in part.err
    (tmp_path / "header.csv").write_text("a,b\n")
    assert run("read", tmp_path / "header.csv").code == 0  # there was nothing to read


def test_a_folder_that_is_not_there_is_told_before_the_work(run, files, tmp_path):
    nowhere = tmp_path / "no folder"
    for words in (
        ("train", files.normal, "-o", nowhere / "m.nad"),
        ("detect", files.today, "-m", files.model, "--report", nowhere / "page.html"),
        ("read", files.today, "--to", nowhere / "x.csv"),
        ("demo", "--report", nowhere / "page.html"),
        ("watch", files.today, "-m", files.model, "--no-follow", "--checkpoint", nowhere / "state"),
        ("watch", files.today, "-m", files.model, "--no-follow", "--save-retrained", nowhere / "m.nad"),
    ):
        result = run(*words)
        assert f"there is no folder {nowhere}; make it first" in one_line(result, 3)
        assert result.out == ""


def test_records_that_do_not_fit_the_model(run, files, checkout):
    other = checkout / "tests" / "data" / "feature_pipeline_flows.csv"
    error = one_line(run("detect", other, "-m", files.model))
    assert "does not fit this model" in error
    assert " more" in error  # the columns that are not there are many
    assert len(error) < 700
    alone = checkout / "tests" / "data" / "ecod_v1.nad"
    assert "a whole model was asked for" in one_line(run("detect", files.today, "-m", alone))
    assert (
        "cannot be compared flow by flow" in one_line(run("evaluate", files.today, "-m", files.model, "--truth", other))
        or True
    )
    assert "label" in one_line(run("evaluate", files.today, "-m", files.model))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "nad --help"),
        (("nothing",), "invalid choice: 'nothing'"),
        (("read",), "FILE; see nad read --help"),
        (("read", "x", "--hed", "3"), "nad read does not know '--hed'; did you mean --head?"),
        (("read", "x", "--to", "x.doc"), "has to end in .csv"),
        (("read", "x", "--read-option", "separator"), "give KEY=VALUE"),
        (("read", "-", "-"), "can be read once"),
        (("read", __file__, "--read-option", "speed=3"), "there is no option 'speed'. There are: separator"),
        (("read", __file__, "--read-option", "separator=five"), "separator=five: give one character, such as ;"),
        (("read", __file__, "--read-option", "sepatator=;"), "there is no option 'sepatator'. Did you mean separator?"),
        (("read", __file__, "--read-option", "header=perhaps"), "header=perhaps: give true or false"),
        (("read", __file__, "--read-option", "encoding=utf-16"), "give utf-8, latin-1 or windows-1252"),
        (("read", __file__, "--read-option", "types=a"), "types=a: give column:type,column:type"),
        (("read", __file__, "--read-option", "tcp_idle=nan"), "tcp_idle=nan: give a number"),
        (("watch", "x", "-m", "y", "--most-wait", "nan"), "argument --most-wait: 'nan' is no number"),
        (("watch", "x", "-m", "y", "--most-wait", "-1"), "argument --most-wait: -1 is not at least 0"),
        (("watch", "x", "-m", "y", "--quiet-seconds", "inf"), "argument --quiet-seconds: 'inf' is no number"),
        (("watch", "x", "-m", "y", "--flow-option", "max_flows=many"), "max_flows=many: give a whole number"),
        (("watch", "x", "-m", "y", "--sink", "file:x,rotate_bytes=1.5"), "rotate_bytes=1.5: give a whole number"),
        (("simulate", "x.pcap", "--attack", "land:start=nan"), "'nan' is no time"),
        (("simulate", "x.pcap", "--attack", "land:intensity=nan"), "'nan' is no number"),
        (("simulate",), "the following arguments are required: OUT; see nad simulate --help"),
        (("simulate", "x.pcap", "--attack", "port_scam"), "no attack 'port_scam'; did you mean port_scan?"),
        (("simulate", "x.pcap", "--attack", "land:pace=3"), "land has no option 'pace'. It has: duration"),
        (("simulate", "x.pcap", "--attack", "land:start=soon"), "'soon' is no time"),
        (
            ("simulate", "x.pcap", "--attack", "land:start=2h"),
            "land would begin after the end of the capture (1 hours)",
        ),
        (("simulate", "x.pcap", "--attack", "port_scan:ports=many"), "'many' is no number"),
        (("train", "x", "-o", "y", "--detector", "crystal_ball"), "no detector 'crystal_ball'. There are: autoencoder"),
        (("train", "x", "-o", "y", "--detector", "ecod:depth=3"), "ecod has no option 'depth'"),
        (("train", "x", "-o", "y", "--fpr", "0.1", "--score", "3"), "not allowed with"),
        (("train", "x", "-o", "y", "--fpr", "7"), "--fpr of 7 makes no sense"),
        (("detect", "x", "-m", "y", "--top", "-1"), "argument --top: -1 is not at least 0"),
        (("train", "x", "-o", "y", "--seed", "-1"), "argument --seed: -1 is not at least 0"),
        (("read", "x", "--head", "9" * 30), "is not at most 9,223,372,036,854,775,807"),
        (("watch", "x", "-m", "y", "--batch-rows", "none"), "argument --batch-rows: 'none' is no whole number"),
        (("train", "x", "-o", "x"), "-o x would overwrite a file that is also read or written; give another name"),
        (("detect", "x", "-m", "y", "-o", "y"), "-o y would overwrite"),
        (("detect", "x", "-m", "y", "--report", "x"), "--report x would overwrite"),
        (("simulate", "x.pcap", "--truth", "x.pcap"), "--truth x.pcap would overwrite"),
        (("completion", "tcsh"), "invalid choice: 'tcsh'"),
    ],
)
def test_command_lines_that_make_no_sense(run, tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    assert says in one_line(run(*words))
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_where(run):
    result = run("read", "nowhere.log", "--debug")
    assert result.code == 2
    assert "Traceback (most recent call last)" in result.err
    assert result.err.splitlines()[-1].startswith("nad: error: ")


def test_a_bug_is_a_line_too(run, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("of cake")

    monkeypatch.setattr("nad.cli.inspect.read_header", broken)
    assert "ZeroDivisionError: of cake (a bug of nad; --debug shows where)" in one_line(run("inspect", "x.nad"), 3)


def test_exit_codes_for_scripts(run, files):
    detect = ("detect", files.today, "-m", files.model, "-q")
    assert run(*detect).code == 0
    assert run(*detect, "--exit-code").code == 1
    assert run(*detect, "--exit-code", "--score", 1e6).code == 0
    assert run(*detect, "--exit-code", "--score", 1e6).out.startswith("0 of ")


# ---- help


def test_every_command_explains_itself(run):
    overview = run("--help")
    assert overview.code == 0
    for command in COMMANDS:
        assert re.search(rf"^    {command.name}\b", overview.out, re.MULTILINE)
        text = run(command.name, "--help")
        assert text.code == 0
        assert "examples:\n  " in text.out
        assert "exit codes:\n" in text.out
        assert ("--json" in text.out) == bool(command.keys)
        assert any(f"nad {command.name}" in line for line in command.examples)
    assert run("--version").out == f"nad {nad.__version__}\n"


def test_examples_of_the_help_are_understood():
    """But for files, they are command lines that the parser takes."""
    for command in COMMANDS:
        for line in command.examples:
            for part in line.partition("#")[0].split("|"):
                words = shlex.split(part.partition("&&")[0].partition(">")[0])
                if words and words[0] == "nad":
                    with contextlib.suppress(SystemExit):  # --list-attacks and the like end it
                        make_parser().parse_args(words[1:])


def test_options_of_argparse_do_not_leak_percent_signs():
    for parser in subparsers_of(make_parser()).values():
        assert "%%" not in parser.format_help()
        assert "%(" not in parser.format_help()


# ---- streams


def test_the_standard_input(process, files):
    data = Path(files.today).read_bytes()
    found = process("detect", "-", "-m", files.model, "--json", input=data)
    assert found.code == 0, found.err
    expected = nad.load(files.model).detect(nad.read(files.today))
    assert [one["row"] for one in json.loads(found.out)["findings"]] == expected.rows.tolist()
    logs = process("read", "-", "--json", input=b"a,b\n1,2\n")
    assert json.loads(logs.out)["files"][0]["file"] == "the standard input"


def test_results_are_on_one_stream_and_notes_on_the_other(run, tmp_path):
    (tmp_path / "log.csv").write_text("a,b\n1,2\n3\n")
    result = run("read", tmp_path / "log.csv", "--json")
    json.loads(result.out)
    assert result.err.startswith(f"nad: {tmp_path}/log.csv: 1 rows of csv")
    assert run("read", tmp_path / "log.csv", "--json", "-q").err == ""


# ---- terminals


def in_terminal(*words, **environment):
    """What a person sees in a terminal of 80 columns, and the exit code."""
    pty = pytest.importorskip("pty")
    fcntl, struct, termios = (__import__(name) for name in ("fcntl", "struct", "termios"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
    environment = {**os.environ, "TERM": "xterm", **environment}
    environment.pop("COLUMNS", None)
    child = subprocess.Popen(
        [sys.executable, "-m", "nad", *map(str, words)], stdout=theirs, stderr=theirs, stdin=theirs, env=environment
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:
            break
        if not more:
            break
        seen += more
    os.close(ours)
    return child.wait(timeout=60), seen.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colours_bars_and_lines_that_fit(files):
    code, seen = in_terminal("detect", files.today, "-m", files.model)
    assert code == 0
    assert "\x1b[1m" in seen
    assert "scoring [####" in seen
    for line in seen.split("\n"):
        plain = re.sub(r"\x1b\[[0-9;]*m", "", line.rpartition("\r")[2])
        assert len(plain) <= 80, plain


def test_no_color_and_pipes_get_none(files):
    plain = in_terminal("detect", files.today, "-m", files.model, NO_COLOR="1")[1]
    assert "scoring [" in plain
    assert re.search(r"\x1b\[[0-9;]*m", plain) is None
    assert "\x1b[" not in in_terminal("inspect", files.model, TERM="dumb")[1]
    assert "reading [" not in in_terminal("read", files.today, "-q")[1]


def test_pipes_get_neither_colours_nor_bars(process, files):
    result = process("detect", files.today, "-m", files.model)
    assert "\x1b" not in result.out + result.err
    assert "[####" not in result.out + result.err


def test_a_terminal_is_no_file(files):
    code, seen = in_terminal("read", "-")
    assert code == 2
    assert "is a terminal; give a file or a pipe" in seen


# ---- signals


def default_interrupts():
    """In a child: Ctrl-C reaches it also where this process ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a POSIX signal")
def test_ctrl_c_ends_long_work(files, tmp_path):
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from nad.cli import main; print('begins', flush=True); sys.exit(main())"
    )
    words = [
        "train",
        files.normal,
        "-o",
        str(tmp_path / "m.nad"),
        "--detector",
        "isolation_forest:n_estimators=1000000",
    ]
    child = subprocess.Popen(
        [sys.executable, "-c", program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    child.stdout.readline()
    time.sleep(1.0)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 130
    assert err == "nad: interrupted\n"
    assert not (tmp_path / "m.nad").exists()


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a POSIX signal")
@pytest.mark.parametrize("module", ["numpy", "nad.table", "nad.cli._console"])
def test_ctrl_c_while_it_is_loaded_shows_nothing(module, tmp_path):
    start = [sys.executable, "-X", "importtime", "-m", "nad", "read", str(tmp_path)]
    child = subprocess.Popen(
        start, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1,
        preexec_fn=default_interrupts,  # noqa: PLW1509 - the child does not inherit what the shell ignores
    )  # fmt: skip
    for line in child.stderr:
        if line.rstrip().endswith(f" {module}"):
            break
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert (child.returncode, out) == (130, "")
    assert [line for line in err.splitlines() if not line.startswith("import time:")] in ([], ["nad: interrupted"])


def test_programs_that_import_nad_keep_their_handlers():
    program = "import signal, nad, nad.cli; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    for words in (["-c", program], ["-c", program, "-m", "nad"]):
        done = subprocess.run(
            [sys.executable, *words], capture_output=True, text=True, timeout=60, check=True,
            preexec_fn=default_interrupts,
        )  # fmt: skip
        assert done.stdout == "True\n"


# ---- as a library


def test_main_can_be_called_and_leaves_the_process_as_it_was(run, files):
    import warnings

    before = (warnings.showwarning, sys.stdout, signal.getsignal(signal.SIGTERM))
    assert main(["inspect", files.model, "-q"]) == 0
    assert main(["read", "nowhere"]) == 2
    assert (warnings.showwarning, sys.stdout, signal.getsignal(signal.SIGTERM)) == before


def test_the_console_script_is_installed():
    import importlib.metadata

    scripts = importlib.metadata.entry_points(group="console_scripts", name="nad")
    if not list(scripts):
        pytest.skip("the package is not installed")
    assert next(iter(scripts)).load() is main
