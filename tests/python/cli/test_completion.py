"""What shells complete."""

from __future__ import annotations

import shutil
import subprocess

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
