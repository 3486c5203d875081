"""What shells complete."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
import time

import pytest

from nad.cli._commands import COMMANDS
from nad.cli._main import make_parser, subparsers_of


def completed(script, *words):
    """What bash offers for the last word."""
    quoted = " ".join(f"'{word}'" for word in words)
    program = f"source {script}\nCOMP_WORDS=(nad {quoted}); COMP_CWORD={len(words)}; _nad\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, timeout=20, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """A bash that a person types into: what is typed, with the key Tab, and the words that the command then gets."""
    pty = pytest.importorskip("pty")
    if shutil.which("bash") is None:
        pytest.skip("no bash")
    folder = tmp_path_factory.mktemp("shell")
    (folder / "week one.log").touch()
    (folder / "office.nad").touch()
    script = subprocess.run(
        [sys.executable, "-m", "nad", "completion", "bash"], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    (folder / "nad.bash").write_text(script + "\nnad() { printf '<%s>' \"$@\"; printf '%s\\n' ' done'; }\n")
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], {"PATH": os.environ["PATH"], "TERM": "dumb"})
    os.write(terminal, b"stty columns 999; bind 'set bell-style none'; source nad.bash; PS1='$ '; echo rea'dy'\n")

    def until(text: bytes) -> str:
        seen, end = b"", time.monotonic() + 20
        while text not in seen:
            assert time.monotonic() < end, seen
            if select.select([terminal], [], [], 0.2)[0]:
                seen += os.read(terminal, 65536)
        return seen.decode(errors="replace")

    def type_in(keys: str) -> list[str]:
        os.write(terminal, keys.encode() + b"\n")
        said = next(line for line in until(b" done\r\n").splitlines() if line.endswith(" done"))
        return re.findall("<([^>]*)>", said)

    until(b"ready\r\n")
    yield type_in
    os.write(terminal, b"\x15exit\n")
    os.close(terminal)
    os.waitpid(child, 0)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("nad trai\t", ["train"]),
        ("nad train x --detector iso\t", ["train", "x", "--detector", "isolation_forest"]),
        (
            "nad train x --detector isolation_forest:n_est\t200",
            ["train", "x", "--detector", "isolation_forest:n_estimators=200"],
        ),
        ("nad train x --detector kmeans:tol=1,n_clu\t8", ["train", "x", "--detector", "kmeans:tol=1,n_clusters=8"]),
        ("nad train x --training la\t", ["train", "x", "--training", "labelled"]),
        ("nad train x --training=la\t", ["train", "x", "--training=labelled"]),
        ("nad simulate x -a bea\t", ["simulate", "x", "-a", "beaconing"]),
        ("nad simulate x -a beaconing:per\t9", ["simulate", "x", "-a", "beaconing:period=9"]),
        (
            "nad simulate x --attack beaconing:period=9,jit\t.1",
            ["simulate", "x", "--attack", "beaconing:period=9,jitter=.1"],
        ),
        ("nad read x --input-format zee\t", ["read", "x", "--input-format", "zeek_conn"]),
        ("nad read x --read-option sep\t", ["read", "x", "--read-option", "separator="]),
        ("nad watch x --sink fil\ty", ["watch", "x", "--sink", "file:y"]),
        ("nad watch x --sink file:off\t", ["watch", "x", "--sink", "file:office.nad"]),
        ("nad watch x -s htt\ty", ["watch", "x", "-s", "http://y"]),
        ("nad watch x --flow-option tcp_i\t9", ["watch", "x", "--flow-option", "tcp_idle=9"]),
        ("nad simulate x --encapsulation linux_cooked_\t", ["simulate", "x", "--encapsulation", "linux_cooked_v2"]),
        ("nad bench --part on\t", ["bench", "--part", "one row"]),
        ("nad detect wee\t-m off\t", ["detect", "week one.log", "-m", "office.nad"]),
        ("nad detect x --seed\t", ["detect", "x", "--seed"]),
        ("nad train x --seed off\t", ["train", "x", "--seed", "off"]),
    ],
)
def test_a_person_presses_tab(shell, keys, words):
    assert shell(keys) == words


@pytest.fixture
def bash(run, tmp_path):
    script = tmp_path / "nad.bash"
    script.write_text(run("completion", "bash").out)
    return script


def test_bash_takes_the_script(bash):
    subprocess.run(["bash", "-n", bash], check=True, timeout=20)
    loaded = subprocess.run(
        ["bash", "-c", f"source {bash}; complete -p nad"], capture_output=True, text=True, check=True
    )
    assert "-F _nad nad" in loaded.stdout


def test_bash_completes_commands_options_choices_and_files(bash, tmp_path):
    assert completed(bash, "de") == ["demo", "detect"]
    assert completed(bash, "detect", "--form") == ["--format"]
    assert completed(bash, "detect", "x.log", "--format", "e") == ["eve", "ecs"]
    assert completed(bash, "completion", "") == ["bash", "zsh", "fish"]
    assert completed(bash, "train", "--training", "") == ["clean", "mixed", "labelled"]
    (tmp_path / "office.nad").touch()
    assert completed(bash, "detect", "-m", f"{tmp_path}/off") == [f"{tmp_path}/office.nad"]
    assert completed(bash, "read", f"{tmp_path}/off") == [f"{tmp_path}/office.nad"]
    for command in COMMANDS:
        own = subparsers_of(make_parser())[command.name]._option_string_actions
        assert set(completed(bash, command.name, "-")) == set(own)


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_know_every_command_and_option(run, tmp_path, shell):
    text = run("completion", shell).out
    for name, parser in subparsers_of(make_parser()).items():
        assert name in text
        for option in parser._option_string_actions:
            assert (option if shell == "zsh" else option.lstrip("-")) in text
    if shutil.which(shell):
        (tmp_path / "script").write_text(text)
        subprocess.run([shell, "-n", tmp_path / "script"], check=True, timeout=20)
