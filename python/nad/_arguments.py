"""What an argument has to be, where the core would only say which types it knows."""

from __future__ import annotations

from nad.errors import InvalidArgumentError


def text_from(given: object, name: str) -> str:
    """A text; the error names the argument."""
    if not isinstance(given, str):
        raise InvalidArgumentError(f"{name} is {given!r}; give a text")
    return given
