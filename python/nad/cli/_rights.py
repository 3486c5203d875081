"""What a command that root started does as somebody else."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nad.errors import IoError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["acting_as"]


@contextmanager
def acting_as(user: str) -> Iterator[None]:
    """Root does what follows with the rights of `user`, so that what it makes can be opened again without root.

    Nothing else happens where there is nobody of that name, which whoever becomes that user tells, or where this is not
    root.
    """
    numbers = _numbers_of(user) if user and hasattr(os, "geteuid") and os.geteuid() == 0 else None
    if numbers is None:
        yield
        return
    number, group = numbers
    group_before, groups_before = os.getegid(), os.getgroups()
    try:
        os.initgroups(user, group)  # groups first: an ordinary user may not change them
        os.setegid(group)
        os.seteuid(number)
    except OSError as error:
        _go_back(group_before, groups_before)
        raise IoError(f"this process cannot go on as {user!r}: {error.strerror}") from error
    try:
        yield
    except IoError as error:
        raise IoError(f"{error}, as {user!r}, who goes on once the interface is open") from error
    finally:
        _go_back(group_before, groups_before)


def _go_back(group: int, groups: list[int]) -> None:
    os.seteuid(0)
    os.setegid(group)
    if sorted(os.getgroups()) != sorted(groups):  # who may not change them has not
        os.setgroups(groups)


def _numbers_of(user: str) -> tuple[int, int] | None:
    import pwd  # noqa: PLC0415 - not on every system

    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        return None
    return entry.pw_uid, entry.pw_gid
