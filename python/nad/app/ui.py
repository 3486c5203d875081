"""What all pages share: texts that cannot do harm, errors, charts, progress."""

from __future__ import annotations

import contextlib
import logging
import math
import re
import time
from typing import TYPE_CHECKING, Any

import streamlit as st

from nad import _core
from nad._words import UNKNOWN
from nad.app.session import Session
from nad.errors import CancelledError, Error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from nad._core import Progress
    from nad.table import Table

__all__ = [
    "SECONDS",
    "chart",
    "explained",
    "figure",
    "frame",
    "metrics",
    "plain",
    "session",
    "style",
    "time_columns",
    "told",
    "working",
]

_LOG = logging.getLogger("nad.app")
_MARKS = re.compile(r"[\\`*\[\]<>$~|&!:#{}]|(?<![^\W_])_|_(?![^\W_])|^[-+=]|^\d+[.)]")
# addresses become links whatever is escaped in them, and nobody shall follow one that traffic brought: a sign without
# width keeps their parts from each other
_LINKS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=\w)(?=@\w)", re.IGNORECASE)
SECONDS = "YYYY-MM-DD HH:mm:ss"
_SHOWN = 1500
_MOST_NAMES = 6


def session() -> Session:
    """That of the browser tab that asks."""
    found = st.session_state["nad"]
    assert isinstance(found, Session)
    return found


def plain(text: object, most: int = _SHOWN) -> str:
    """A text that may come from traffic or a file name, so that nothing in it is read as Markdown or becomes a link."""
    return _MARKS.sub(_escaped, _LINKS.sub("\u2060", _core.printable(str(text), most)))


def _escaped(found: re.Match[str]) -> str:
    return f"{found[0][:-1]}\\{found[0][-1]}"


def explained(error: BaseException) -> str:
    """What a person reads about an error."""
    text = " ".join(str(error).split()) or type(error).__name__
    text = re.sub(r"'[^']*'(?:, '[^']*')+", _few, text)
    if isinstance(error, MemoryError):
        return f"There is not enough memory for this ({text})."
    if isinstance(error, (Error, ImportError)):
        return text
    if isinstance(error, OSError):
        return f"{error.strerror or text}"
    return f"{type(error).__name__}: {text} (a bug of nad; its server has written where)"


def _few(found: re.Match[str]) -> str:
    names = re.findall(r"'[^']*'", found[0])
    return ", ".join(names[:_MOST_NAMES]) + (
        f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    )


@contextlib.contextmanager
def told() -> Iterator[None]:
    """What goes wrong in the block is a sentence on the page, and the page goes on behind it."""
    try:
        yield
    except CancelledError:
        st.info("Cancelled.")
    except Exception as error:  # noqa: BLE001 - nobody shall see a traceback in a browser
        if not isinstance(error, (Error, ImportError, OSError, MemoryError)):
            _LOG.exception("on a page")
        st.error(plain(explained(error)))


@contextlib.contextmanager
def working(what: str) -> Iterator[Callable[[Progress], bool]]:
    """A progress bar while the block runs, where that takes long enough to be seen."""
    place = st.empty()
    began = time.monotonic()

    def tell(progress: Progress) -> bool:
        if time.monotonic() - began > 0.3:
            share = min(progress.done / max(progress.total, 1), 1.0)
            place.progress(share, f"{what}: {plain(progress.stage)}, {progress.done:,} of {progress.total:,}")
        return True

    with st.spinner(what):
        yield tell
    place.empty()


def style() -> str:
    """Whether the page is light or dark now."""
    return "dark" if getattr(getattr(st.context, "theme", None), "type", None) == "dark" else "light"


def chart(draw: Callable[..., Any], *what: Any, key: str, **options: Any) -> None:
    """One of `nad.plots`, as wide as its place; where it does not suit the data, a sentence says why."""
    with told():
        figure = draw(*what, backend="plotly", style=style(), **options)
        clear = "rgba(0,0,0,0)"
        figure.update_layout(width=None, autosize=True, paper_bgcolor=clear, plot_bgcolor=clear)
        st.plotly_chart(figure, theme=None, width="stretch", key=key, config={"displaylogo": False})


def frame(table: Table) -> Any:
    """For tables on the page; an empty one has its columns all the same."""
    return table.to_pandas()


def figure(value: float, digits: int = 3) -> str:
    """A share or an area; a dash where it cannot be said."""
    return UNKNOWN if math.isnan(value) else f"{value:.{digits}f}"


def metrics(figures: Mapping[str, str], helps: Mapping[str, str] | None = None) -> None:
    """Large figures with their names, beside each other as far as there is room."""
    with st.container(horizontal=True, gap="large"):
        for name, value in figures.items():
            st.metric(name, value, help=(helps or {}).get(name), width="content")


def time_columns(table: Table) -> dict[str, Any]:
    """How times are shown: to the second, as they are in UTC."""
    return {
        name: st.column_config.DatetimeColumn(format=SECONDS) for name, kind in table.types.items() if kind == "time"
    }
