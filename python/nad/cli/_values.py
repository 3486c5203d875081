"""Values behind KEY=, each in the type that its key has; what does not fit is said before anything is read.

>>> keyed(["separator=5", "header=yes"], "--read-option", READING | FLOWS)
{'separator': '5', 'header': True}
"""

from __future__ import annotations

import ast
import difflib
import math
from typing import TYPE_CHECKING, Any

from nad.cli._command import UsageError
from nad.reading import formats

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    Convert = Callable[[str], Any]

__all__ = [
    "ALERT_COLUMNS",
    "CAPTURE",
    "FLOWS",
    "READING",
    "amount",
    "character",
    "completes",
    "count",
    "flag",
    "format_names",
    "keyed",
    "one_of",
    "text",
    "typed",
    "value_of",
]

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def text(given: str) -> str:
    """As it is; quotes around all of it are none of it."""
    if len(given) >= 2 and given[0] == given[-1] and given[0] in "'\"":
        return given[1:-1]
    return given


def character(given: str) -> str:
    """One sign; a tab also by its name."""
    sign = {"\\t": "\t", "tab": "\t", "space": " "}.get(text(given), text(given))
    if len(sign) != 1:
        raise ValueError("give one character, such as ; or \\t")
    return sign


def character_or_none(given: str) -> str:
    """One sign, or nothing."""
    return "" if text(given) == "" else character(given)


def flag(given: str) -> bool:
    """True or false."""
    word = text(given).lower()
    if word not in _TRUE + _FALSE:
        raise ValueError("give true or false")
    return word in _TRUE


def amount(given: str) -> float:
    """A number with a fraction, but neither NaN nor infinite."""
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("give a number")
    return number


def count(given: str) -> int:
    """A whole number."""
    try:
        return int(given)
    except ValueError:
        raise ValueError("give a whole number") from None


def one_of(*words: str) -> Convert:
    """One of some words."""

    def chosen(given: str) -> str:
        if text(given) not in words:
            raise ValueError(f"give {', '.join(words[:-1])} or {words[-1]}")
        return text(given)

    return chosen


def texts(given: str) -> list[str]:
    """``a,b,c``, or a list as Python writes it."""
    if given.startswith("["):
        found = _literal(given)
        if isinstance(found, list):
            return [str(one) for one in found]
        raise ValueError("give a,b,c")
    return [text(one.strip()) for one in given.split(",")]


def types(given: str) -> dict[str, str]:
    """``column:type,...``, or a mapping as Python writes it."""
    if given.startswith("{"):
        found = _literal(given)
        if isinstance(found, dict):
            return {str(name): str(kind) for name, kind in found.items()}
    else:
        pairs = [one.rpartition(":") for one in given.split(",")]
        if all(name and kind for name, _, kind in pairs):
            return {text(name.strip()): text(kind.strip()) for name, _, kind in pairs}
    raise ValueError("give column:type,column:type")


def _literal(given: str, otherwise: Any = None) -> Any:
    try:
        return ast.literal_eval(given)
    except (ValueError, SyntaxError, MemoryError, RecursionError):  # the last two for thousands of brackets
        return otherwise


READING: dict[str, Convert] = {
    "separator": character,
    "quote": character_or_none,
    "comment": character_or_none,
    "encoding": one_of("utf-8", "latin-1", "windows-1252"),
    "day_first": flag,
    "header": flag,
    "names": texts,
    "types": types,
    "missing": texts,
}
FLOWS: dict[str, Convert] = {
    "schema": text,
    "active": amount,
    "tcp_idle": amount,
    "udp_idle": amount,
    "icmp_idle": amount,
    "other_idle": amount,
    "tcp_attempt": amount,
    "tcp_close": amount,
    "max_flows": count,
    "turn_answers": flag,
    "tunnels": flag,
    "community_seed": count,
}

CAPTURE: dict[str, Convert] = {
    "buffer_bytes": count,
    "snap_length": count,
    "promiscuous": flag,
    "immediate": flag,
}
ALERT_COLUMNS: dict[str, Convert] = dict.fromkeys(
    (
        "src_ip", "dst_ip", "src_port", "dst_port", "protocol", "service", "community_id", "flow_id", "interface",
        "vlan", "inner_vlan", "packets_sent", "packets_received", "bytes_sent", "bytes_received", "state", "ended",
        "interim",
    ),
    text,
)  # fmt: skip


def value_of(given: str) -> Any:
    """Of keys that have no one type: numbers, true, false and none are such; quotes and all else make a text."""
    words = {"true": True, "false": False, "none": None}
    return words[given.lower()] if given.lower() in words else _literal(given, given)


def typed(key: str, given: str, known: Mapping[str, Convert], where: str) -> Any:
    """The value of one key."""
    try:
        return known[key](given)
    except ValueError as error:
        raise UsageError(f"{where} {key}={given}: {error}") from None


def keyed(given: Sequence[str], option: str, known: Mapping[str, Convert]) -> dict[str, Any]:
    """``KEY=VALUE`` as a mapping."""
    found = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        key = name.strip().replace("-", "_")
        if not equals or not key:
            raise UsageError(f"{option} {pair}: give KEY=VALUE")
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}"
            raise UsageError(f"{option} {pair}: there is no option {key!r}. {hint}")
        found[key] = typed(key, value, known, option)
    return found


def format_names() -> tuple[str, ...]:
    """What --input-format takes."""
    return ("auto", *formats())


def completes(action: argparse.Action, words: Callable[[], Sequence[str] | Mapping[str, Sequence[str]]]) -> None:
    """What a shell offers as the value of an option: words, or words and what can stand behind their colon."""
    action.completion = words  # type: ignore[attr-defined]  # argparse knows nothing of shells
