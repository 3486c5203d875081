"""Attacks as a command line says them: ``beaconing:start=600,duration=3600,period=30``."""

from __future__ import annotations

import difflib
import math

from nad.cli._command import UsageError
from nad.simulation import Attack, AttackKind, attack_kinds

__all__ = ["attack_from", "seconds_from"]

_UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_TIMES = ("start", "duration", "period")


def attack_from(text: str) -> Attack:
    """One attack; times may have a unit, as in ``start=2h``."""
    kind, _, rest = text.partition(":")
    kinds = attack_kinds()
    if kind not in kinds:
        near = difflib.get_close_matches(kind, kinds, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"there is no attack {kind!r}{hint} (nad simulate --list-attacks)")
    known = {"start", "duration", "intensity", *kinds[kind].options}
    numbers: dict[str, float] = {}
    name = ""
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise UsageError(f"--attack {text}: {part!r} is no option; write {kind}:start=60,duration=30")
        if key == "name":
            name = value
        elif key in known:
            numbers[key] = seconds_from(value, f"--attack {text}") if key in _TIMES else _number(value, text)
        else:
            raise UsageError(f"{kind} has no option {key!r}. It has: {', '.join(sorted(known | {'name'}))}")
    return Attack(kind, name=name, **numbers)


def attack_lines(kinds: dict[str, AttackKind]) -> list[tuple[str, str]]:
    """Each kind with its description and its options, in two columns."""
    lines = []
    for kind in kinds.values():
        lines.append((kind.name, kind.description))
        lines += [
            (f"  {one.name}={one.usual:g}", f"{one.description} ({one.least:g} to {one.most:g})")
            for one in kind.options.values()
        ]
    return lines


def seconds_from(text: str, where: str) -> float:
    """``90``, ``90s``, ``1.5h``."""
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = text[len(number) :]
    if unit and unit not in _UNITS:
        raise UsageError(f"{where}: {text!r} is no time; write seconds, or 90s, 10m, 2h, 1d")
    return _number(number, where) * _UNITS.get(unit, 1.0)


def _number(text: str, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"{where}: {text!r} is no number")
    return number
