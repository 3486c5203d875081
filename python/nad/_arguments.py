"""What an argument has to be, where the core would only say which types it knows."""

from __future__ import annotations

from collections.abc import Mapping

from nad.errors import InvalidArgumentError


def text_from(given: object, name: str) -> str:
    """A text; the error names the argument."""
    if not isinstance(given, str):
        raise InvalidArgumentError(f"{name} is {given!r}; give a text")
    return given


def mapping_from(given: object, name: str) -> dict[str, str]:
    """Texts under names, nothing where None is given; the error names the argument."""
    pairs = dict(given) if isinstance(given, Mapping) else {}
    if given is not None and (
        not isinstance(given, Mapping) or not all(isinstance(one, str) for pair in pairs.items() for one in pair)
    ):
        raise InvalidArgumentError(f"{name} is {given!r}; give a mapping of names to names")
    return pairs
