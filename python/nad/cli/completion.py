"""``nad completion``: what a shell completes, made of the parser itself."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nad.cli._command import Command, Exit

if TYPE_CHECKING:
    from nad.cli._console import Console

__all__ = ["COMMAND"]


@dataclass(frozen=True)
class _Option:
    names: tuple[str, ...]
    help: str
    takes_value: bool
    choices: tuple[str, ...]


@dataclass(frozen=True)
class _Word:
    """A command, and what can stand behind it."""

    name: str
    help: str
    options: tuple[_Option, ...]
    values: tuple[str, ...]
    """What stands there without a dash, where it is no file."""


def _words() -> list[_Word]:
    from nad.cli._commands import COMMANDS  # noqa: PLC0415 - this command is one of them
    from nad.cli._main import make_parser, subparsers_of  # noqa: PLC0415

    summaries = {command.name: command.summary for command in COMMANDS}
    words = []
    for name, parser in subparsers_of(make_parser()).items():
        options: list[_Option] = []
        values: list[str] = []
        for action in parser._actions:
            choices = tuple(map(str, action.choices or ()))
            if action.option_strings:
                takes = action.nargs != 0
                text = "" if action.help is None else _plain(parser, action)
                options.append(_Option(tuple(action.option_strings), text, takes, choices))
            else:
                values += choices
        words.append(_Word(name, summaries[name], tuple(options), tuple(values)))
    return words


def _plain(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """A short help text without what shells would take for their own signs."""
    text = parser._get_formatter()._expand_help(action)
    return "".join(sign for sign in text.split(";")[0].split(" (")[0] if sign not in "'\"`$\\[]:")


def _compgen(words: str) -> str:
    return f'COMPREPLY=($(compgen -W "{words}" -- "$word"))'


def _bash(words: list[_Word]) -> str:
    cases = []
    for word in words:
        names = " ".join(name for option in word.options for name in option.names)
        valued = "|".join(name for option in word.options if option.takes_value for name in option.names)
        chosen = [
            f"          {'|'.join(option.names)}) {_compgen(' '.join(option.choices))}; return ;;"
            for option in word.options
            if option.choices
        ]
        chosen += [f'          {valued}) COMPREPLY=($(compgen -f -- "$word")); return ;;'] if valued else []
        inner = "\n".join(["        case $before in", *chosen, "        esac"]) + "\n" if chosen else ""
        places = _compgen(" ".join(word.values)) if word.values else 'COMPREPLY=($(compgen -f -- "$word"))'
        cases.append(
            f"      {word.name})\n{inner}"
            f"        if [[ $word == -* ]]; then {_compgen(names)}; else {places}; fi\n"
            "        ;;"
        )
    commands = " ".join(word.name for word in words)
    body = "\n".join(cases)
    return f"""\
# completion of nad for bash: put into ~/.bashrc
#   eval "$(nad completion bash)"
_nad() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "{commands} --help --version" -- "$word"))
    return
  fi
  case ${{COMP_WORDS[1]}} in
{body}
  esac
}}
complete -o filenames -F _nad nad
"""


def _zsh(words: list[_Word]) -> str:
    cases = []
    for word in words:
        lines = []
        for option in word.options:
            value = (
                f":value:({' '.join(option.choices)})"
                if option.choices
                else ":value:_files"
                if option.takes_value
                else ""
            )
            lines += [f"          '*{name}[{option.help}]{value}'" for name in option.names]
        lines.append(f"          '*:value:({' '.join(word.values)})'" if word.values else "          '*:file:_files'")
        cases.append(f"      {word.name})\n        _arguments -s \\\n" + " \\\n".join(lines) + "\n        ;;")
    commands = "\n".join(f"    '{word.name}:{_quoted(word.help)}'" for word in words)
    body = "\n".join(cases)
    return f"""\
#compdef nad
# completion of nad for zsh: save it as _nad in a folder of $fpath, or put into ~/.zshrc
#   eval "$(nad completion zsh)"
_nad() {{
  local -a commands
  commands=(
{commands}
  )
  if ((CURRENT == 2)); then
    _describe 'command' commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
{body}
  esac
}}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _nad "$@"; else compdef _nad nad; fi
"""


def _fish(words: list[_Word]) -> str:
    lines = [
        "# completion of nad for fish: save it as ~/.config/fish/completions/nad.fish",
        "complete -c nad -n __fish_use_subcommand -f",
    ]
    for word in words:
        lines.append(f"complete -c nad -n __fish_use_subcommand -a {word.name} -d '{_quoted(word.help)}'")
        seen = f"-n '__fish_seen_subcommand_from {word.name}'"
        if word.values:
            lines.append(f"complete -c nad {seen} -f -a '{' '.join(word.values)}'")
        for option in word.options:
            names = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names]
            value = f" -x -a '{' '.join(option.choices)}'" if option.choices else " -r" if option.takes_value else ""
            lines.append(f"complete -c nad {seen} {' '.join(names)}{value} -d '{option.help}'")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return "".join(sign for sign in text if sign not in "'\"`$\\:")


_SHELLS = {"bash": _bash, "zsh": _zsh, "fish": _fish}


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=tuple(_SHELLS), help="which one")


def _run(options: argparse.Namespace, console: Console) -> int:  # noqa: ARG001 - all commands are called so
    sys.stdout.write(_SHELLS[options.shell](_words()))
    return Exit.OK


COMMAND = Command(
    name="completion",
    summary="what bash, zsh or fish complete behind nad",
    description="Write a script that makes a shell complete commands, options, choices and files.",
    examples=(
        'eval "$(nad completion bash)"',
        'nad completion zsh > "${fpath[1]}/_nad"',
        "nad completion fish > ~/.config/fish/completions/nad.fish",
    ),
    add_options=_add_options,
    run=_run,
)
