"""Ctrl-C while the command ``nad`` is still being loaded: it ends, and nobody sees where in an import that was.

And SIGTERM where nad is the first process of a container: the kernel ends all others by it, but not that one.

Imported before all else, and brings nothing that takes long. A program that imports nad keeps its own handlers.
"""

import os
import signal
import sys

__all__ = ["begin", "end", "is_command"]

_INTERRUPTED = 130
_TERMINATED = 143
_MAIN = os.path.join(os.path.dirname(__file__), "__main__.py")  # noqa: PTH118, PTH120


def is_command() -> bool:
    """Whether this process is ``nad`` or ``python -m nad``."""
    words = getattr(sys, "orig_argv", sys.argv)
    if os.path.basename(sys.argv[0]) in ("nad", "nad.exe"):  # noqa: PTH119 - pathlib takes longer to load
        return True
    is_nad = any(words[place : place + 2] == ["-m", "nad"] for place in range(len(words) - 1))
    return is_nad and sys.argv[0] in ("-m", _MAIN)


def _end_quietly(*_: object) -> None:
    os._exit(_INTERRUPTED)


def _end_as_others_would(*_: object) -> None:
    os._exit(_TERMINATED)


def begin() -> None:
    """Until `end`; what the process inherited otherwise (nohup ignores Ctrl-C) stays."""
    try:
        if is_command() and os.getpid() == 1 and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _end_as_others_would)  # for good
        if is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _end_quietly)
    except ValueError:  # not the main thread: whoever started it has the signals
        return


def end() -> None:
    """From now on the command tells itself what an interruption means."""
    try:
        if signal.getsignal(signal.SIGINT) is _end_quietly:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    except ValueError:
        return


begin()
