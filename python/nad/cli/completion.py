"""``nad completion``: what a shell completes, made of the parser itself."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nad.cli._command import Command, Exit

if TYPE_CHECKING:
    from nad.cli._console import Console

__all__ = ["COMMAND"]


_FILES = ("CSV", "FILE", "FOLDER", "MODEL", "OLD.json", "OUT", "SOURCE")  # how help calls values that are paths


@dataclass(frozen=True)
class _Option:
    names: tuple[str, ...]
    help: str
    takes_value: bool
    choices: tuple[str, ...]
    keys: dict[str, tuple[str, ...]]
    """What can stand behind the colon of a choice, as in ``port_scan:start=``."""
    is_file: bool


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
        options = [_option_of(parser, action) for action in parser._actions if action.option_strings]
        values = [str(one) for action in parser._actions if not action.option_strings for one in action.choices or ()]
        words.append(_Word(name, summaries[name], tuple(options), tuple(values)))
    return words


def _option_of(parser: argparse.ArgumentParser, action: argparse.Action) -> _Option:
    text = "" if action.help is None else _plain(parser, action)
    given = getattr(action, "completion", lambda: action.choices or ())()
    keys = {str(kind): tuple(behind) for kind, behind in given.items()} if isinstance(given, Mapping) else {}
    is_file = action.metavar in _FILES
    return _Option(tuple(action.option_strings), text, action.nargs != 0, tuple(map(str, given)), keys, is_file)


def _plain(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """A short help text without what shells would take for their own signs."""
    text = parser._get_formatter()._expand_help(action)
    return "".join(sign for sign in text.split(";")[0].split(" (")[0] if sign not in "'\"`$\\[]:")


def _bash(words: list[_Word]) -> str:
    cases = []
    for word in words:
        names = "|".join(name for option in word.options for name in option.names)
        paths = "|".join(name for option in word.options if option.is_file for name in option.names)
        others = "|".join(
            name
            for option in word.options
            if option.takes_value and not option.is_file and not option.choices
            for name in option.names
        )
        chosen = [
            f"        {'|'.join(option.names)}) {_offered(option)} return ;;"
            for option in word.options
            if option.choices
        ]
        chosen += [f"        {paths}) _nad_files; return ;;"] if paths else []
        chosen += [f"        {others}) return ;;"] if others else []
        inner = "\n".join(["      case $before in", *chosen, "      esac"]) + "\n" if chosen else ""
        places = f"_nad_words '{'|'.join(word.values)}'" if word.values else "_nad_files"
        cases.append(
            f"    {word.name})\n{inner}"
            f"      if [[ $word == -* ]]; then _nad_words '{names}'; else {places}; fi\n"
            "      ;;"
        )
    return _BASH.replace("@COMMANDS@", "|".join(word.name for word in words)).replace("@CASES@", "\n".join(cases))


def _offered(option: _Option) -> str:
    """What bash does for the value of an option; behind the colon of a way for alerts there are files."""
    choices = "|".join(option.choices)
    if option.keys:
        behind = " ".join(f"{kind}) _nad_keys '{'|'.join(keys)}' ;;" for kind, keys in option.keys.items())
        return f"if [[ $word == *:* ]]; then case ${{word%%:*}} in {behind} esac; else _nad_words '{choices}'; fi;"
    if any(one.endswith(":") for one in option.choices):
        return f"if [[ $word == *:* ]]; then _nad_files; else _nad_words '{choices}'; fi;"
    return f"_nad_words '{choices}';"


_BASH = """\
# completion of nad for bash: put into ~/.bashrc
#   eval "$(nad completion bash)"

# What bash replaces begins behind the last = or : of the word, so what stands before is cut off.
_nad_words() {
  local IFS=$'\\n' cut=${word%"${word##*[:=]}"} i
  COMPREPLY=($(compgen -W "${1//|/$IFS}" -- "$word"))
  for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
    COMPREPLY[i]=${COMPREPLY[i]#"$cut"}
    case ${COMPREPLY[i]} in *' '*) COMPREPLY[i]=\\'${COMPREPLY[i]}\\' ;; esac
  done
  case ${COMPREPLY[0]} in *[=:/]) compopt -o nospace 2>/dev/null ;; esac
}
_nad_keys() {
  local head=${word%"${word##*[:,]}"}
  case ${word#"$head"} in *=*) return ;; esac  # a value: nobody knows it but the person
  _nad_words "$head${1//|/|$head}"
}
_nad_files() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -f -- "${word##*[:=]}"))
  compopt -o filenames 2>/dev/null
}
_nad() {
  local word= before= piece words=() count=0 i
  COMPREPLY=()
  for ((i = 0; i <= COMP_CWORD; i++)); do  # bash breaks words at = and :
    piece=${COMP_WORDS[i]}
    if ((count > 2)) && [[ $piece == [=:]* || ${words[count - 1]} == *[=:] ]]; then
      words[count - 1]+=$piece
    else
      words[count]=$piece
      count=$((count + 1))
    fi
  done
  word=${words[count - 1]}
  before=
  if ((count > 1)); then before=${words[count - 2]}; fi
  if [[ $word == --*=* ]]; then before=${word%%=*}; word=${word#*=}; fi
  if ((count == 2)); then
    _nad_words '@COMMANDS@|--help|--version'
    return
  fi
  case ${words[1]} in
@CASES@
  esac
}
complete -F _nad nad
"""


_COLON = "\\:"  # zsh parts its own words at colons
_SPACE = "\\ "


def _zsh(words: list[_Word]) -> str:
    cases = []
    for word in words:
        lines = []
        for option in word.options:
            value = (
                f":value:({' '.join(one.replace(':', _COLON).replace(' ', _SPACE) for one in option.choices)})"
                if option.choices
                else ":value:_files"
                if option.is_file
                else ":value: "
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
            value = (
                f" -x -a '{' '.join(one.replace(' ', _SPACE) for one in option.choices)}'"
                if option.choices
                else " -r"
                if option.is_file
                else " -x"
                if option.takes_value
                else ""
            )
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
