"""Messages of the library in the words of a command: ``--malformed skip``, not ``on_error="skip"``.

>>> Wording(["--malformed", "--read-option"])('leave such rows out with on_error="skip"')
'leave such rows out with --malformed skip'
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

__all__ = ["Wording"]

# what the library calls an option, where the command calls it otherwise than with dashes in the place of underscores
_NAMES = {
    "batch_rows": "--batch-rows",
    "false_positive_rate": "--fpr",
    "format": "--input-format",
    "from_beginning": "--from-end",
    "most_reasons": "--reasons",
    "n_bootstrap": "--bootstrap",
    "n_jobs": "--jobs",
    "on_error": "--malformed",
    "random_state": "--seed",
    "every_records": "--retrain-every",
    "save_to": "--save-retrained",
}
_VALUES = {("--malformed", "raise"): "error"}
# options that KEY=VALUE passes on
_OF_READING = ("comment", "day_first", "encoding", "header", "missing", "names", "quote", "separator", "types")
_OF_FLOWS = ("active", "community_seed", "max_flows", "schema", "tcp_idle", "udp_idle")
_LATIN = r"""["']latin-1["'] or ["']windows-1252["']"""
_VALUE = r"""=(?P<value>"[^"]*"|'[^']*'|\{[^}]*\}|[\w.+-]+)"""
_NO_NAME = r"""(?<![\w.'"-])(?<!--read-option )(?<!--flow-option )"""  # no part of a word, quoted, or said already
_Rules: TypeAlias = "list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]]"


class Wording:
    """What one command says, by the options that it has."""

    def __init__(self, options: Collection[str]) -> None:
        self._names = {name: option for name, option in _NAMES.items() if option in options}
        self._names |= {
            option[2:].replace("-", "_"): option
            for option in options
            if option.startswith("--") and option[2:].replace("-", "_") not in _NAMES
        }
        self._pairs: dict[str, str] = {}
        if "--read-option" in options:
            self._pairs |= dict.fromkeys((*_OF_READING, *_OF_FLOWS), "--read-option")
        if "--flow-option" in options:
            self._pairs |= dict.fromkeys(_OF_FLOWS, "--flow-option")
        self._reads = "--read-option" in options or "--malformed" not in options
        self._rules = [*self._sentences(), *self._words()]

    def __call__(self, text: str) -> str:
        """The same, said to a person at a command line."""
        for pattern, put in self._rules:
            text = pattern.sub(put, text)
        return text

    def _sentences(self) -> _Rules:
        """What becomes of whole phrases, before single words are looked at."""
        phrases: list[tuple[str, str]] = [(r"from_beginning=False \(--from-end\)", "--from-end")]
        if "format" in self._names:
            phrases.append((r"""leave format(=["']auto["'])? """, "leave --input-format "))
            phrases.append((r"leave --input-format to have", "leave --input-format out to have"))
        if "false_positive_rate" in self._names:
            phrases += [
                (rf"a threshold by {name} of(?= \S+ makes no sense)", f"{self._names[name]} of")
                for name in ("false_positive_rate", "alerts_per_day", "contamination", "quantile", "score", "f_beta")
                if name in self._names
            ]
        if "--training" in self._names.values():
            phrases += [
                (r"train 'mixed' or 'labelled'", "train with --training mixed or labelled"),
                (r"train 'mixed'", "train with --training mixed"),
                (r"and 'clean' training believes", "and --training clean believes"),
                (r"fit on a table with labels, or give one", "train with --training labelled"),
            ]
        if "label" in self._names:
            phrases += [
                (r"give one by table\.with_role\(name, 'label'\), or the labels themselves", "name it by --label"),
                (r" \(scores come first, then labels\)", ""),
                (r"the option `label`", "--label"),
                (r"(the option )?`normal`", "--normal"),
                (r"by normal=", "by --normal"),
            ]
        if "quote" in self._pairs:
            phrases.append((r"give quote='\\0'", f"give {self._pairs['quote']} quote="))
        if "encoding" in self._pairs:
            phrases += [
                (rf"encoding={_LATIN}", "encoding=latin-1 or windows-1252"),
                (r"leave the option encoding out", "leave --read-option encoding out"),
            ]
        if not self._reads:  # such options are not there: what helps is another file
            phrases += [
                (r" \(files in another encoding are read with [^)]*\)", "; convert it to UTF-8"),
                (rf"give encoding={_LATIN} if the file is written so", "convert it to UTF-8"),
                (r" \(types=\{[^}]*\} keeps [^)]*\)", ""),
                (r"; header=true says that it does", ""),
                (r" \(day_first=\w+ reads the (day|month) first\)", ""),
                (r"; (format='csv' with )?types=\{[^}]*\} (with|and) on_error='skip' leaves such rows out", ""),
            ]
        return [(re.compile(pattern), put.replace("\\", "\\\\")) for pattern, put in phrases]

    def _words(self) -> _Rules:
        """Names of options, and values that are given to them."""
        several = [name for name in self._names if "_" in name]
        rules: _Rules = []
        if self._names:
            rules.append((_any_of(self._names, behind=_VALUE), self._option))
            # a plain word is an option only where the message begins with it, as in "hours is -1; give more"
            names = "|".join(map(re.escape, self._names))
            rules.append((re.compile(rf"^({names})(?= (is|are|lies|holds|must) )"), self._option))
        if several:
            rules.append((_any_of(several), self._option))
        if self._pairs:
            rules.append((_any_of(self._pairs, behind=_VALUE), self._pair))
            rules.append((re.compile(rf"{_NO_NAME}(?:the )?option ({'|'.join(self._pairs)})\b"), self._pair))
            rules.append((_any_of([name for name in self._pairs if "_" in name]), self._pair))
        return rules

    def _option(self, found: re.Match[str]) -> str:
        option = self._names[found[1]]
        value = _bare(found)
        return option if value is None else f"{option} {_VALUES.get((option, value), value)}"

    def _pair(self, found: re.Match[str]) -> str:
        value = _bare(found)
        if value is not None and value.startswith("{"):
            return f"{self._pairs[found[1]]} {_quoted(f'{found[1]}={value}')}"
        return f"{self._pairs[found[1]]} {found[1]}" + ("" if value is None else f"={value}")


def _any_of(names: Collection[str], behind: str = r"\b(?!=)") -> re.Pattern[str]:
    ranked = sorted(names, key=len, reverse=True)
    return re.compile(rf"{_NO_NAME}({'|'.join(map(re.escape, ranked))}){behind}")


def _bare(found: re.Match[str]) -> str | None:
    value = found.groupdict().get("value")
    return None if value is None else value.strip("'\"")


def _quoted(text: str) -> str:
    """As a shell takes it."""
    return f"'{text}'" if "'" not in text else '"' + text.replace('"', '\\"') + '"'
