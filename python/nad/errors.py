"""What nad raises: one family, each member also the built-in exception that fits.

>>> try:
...     forest.fit(rows)
... except nad.Error as error:
...     print(error.code, error)

``except ValueError`` and ``except OSError`` work as they do everywhere in Python.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Error(Exception):
    """The base of everything that nad raises about its input; ``code`` is the name of the C++ ``ErrorCode``."""

    code = "unknown"


class InvalidArgumentError(Error, ValueError):
    """An option or a parameter makes no sense."""

    code = "invalid_argument"


class InvalidDataError(Error, ValueError):
    """The records cannot be used: wrong shape, missing or infinite values."""

    code = "invalid_data"


class NotFittedError(Error, ValueError, AttributeError):
    """The detector has learnt nothing yet. Where scikit-learn is in use, also its ``NotFittedError``."""

    code = "not_fitted"


class IoError(Error, OSError):
    """The operating system refused: a file cannot be opened, read or written."""

    code = "io"


class MissingFileError(IoError, FileNotFoundError):
    """A file that shall be read is not there."""

    errno = errno.ENOENT


class BadFileError(Error, ValueError):
    """A model file was read but is damaged, foreign or too new."""

    code = "bad_file"


class CancelledError(Error):
    """A progress callback asked to stop."""

    code = "cancelled"


class DataWarning(UserWarning):
    """A person should know something about the data.

    Records were left out of a file, its format is odd, records that a model was told are normal have labels of attacks,
    or normal records are too few to set p-values and thresholds by.
    """


class ConvergenceWarning(UserWarning):
    """A fit ended without having found what it looked for as exactly as was asked."""


for _class in (
    Error,
    InvalidArgumentError,
    InvalidDataError,
    NotFittedError,
    IoError,
    MissingFileError,
    BadFileError,
    CancelledError,
    DataWarning,
    ConvergenceWarning,
):
    _class.__module__ = "nad"  # where users find them, and what a traceback shows

_BY_CODE: dict[str, type[Error]] = {
    kind.code: kind for kind in (InvalidArgumentError, InvalidDataError, IoError, BadFileError, CancelledError)
}
_shared_convergence: dict[type[Any], type[ConvergenceWarning]] = {}
_shared_not_fitted: dict[type[Any], type[NotFittedError]] = {}


def from_core(code: str, message: str) -> Error:
    """The exception for an error of the C++ library."""
    if code == NotFittedError.code:
        return not_fitted(message)
    return _BY_CODE.get(code, Error)(message)


@contextlib.contextmanager
def missing_file_noticed(path: str | os.PathLike[str]) -> Iterator[None]:
    """Make an `IoError` a `MissingFileError` where nothing is at `path`: the core has one code for both."""
    try:
        yield
    except IoError as error:
        try:
            os.stat(path)  # noqa: PTH116 (of a str, too)
        except FileNotFoundError:
            raise MissingFileError(str(error)) from None
        except OSError:
            pass
        raise


def not_fitted(message: str) -> NotFittedError:
    """A ``NotFittedError`` that scikit-learn's handlers catch too.

    scikit-learn is never imported for this: a program that names its exception has imported it already.
    """
    theirs = getattr(sys.modules.get("sklearn.exceptions"), "NotFittedError", None)
    if theirs is None:
        return NotFittedError(message)
    if theirs not in _shared_not_fitted:
        body = {"__module__": "nad", "__doc__": NotFittedError.__doc__, "__reduce__": _reduce_not_fitted}
        _shared_not_fitted[theirs] = type("NotFittedError", (NotFittedError, theirs), body)
    return _shared_not_fitted[theirs](message)


def _reduce_not_fitted(error: NotFittedError) -> tuple[Any, tuple[str]]:
    """Pickle by the function that makes it: the class itself exists only in this process."""
    return not_fitted, (str(error),)


def convergence_warning() -> type[ConvergenceWarning]:
    """A ``ConvergenceWarning`` that scikit-learn's filters know too; like `not_fitted` it never imports it."""
    theirs = getattr(sys.modules.get("sklearn.exceptions"), "ConvergenceWarning", None)
    if theirs is None:
        return ConvergenceWarning
    if theirs not in _shared_convergence:
        body = {"__module__": "nad", "__doc__": ConvergenceWarning.__doc__}
        _shared_convergence[theirs] = type("ConvergenceWarning", (ConvergenceWarning, theirs), body)
    return _shared_convergence[theirs]
