"""Starting the page: a Streamlit server that stays on this machine unless told otherwise, and fetches nothing."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import socket
import sys
import threading
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from nad.app.settings import Settings, export
from nad.errors import InvalidArgumentError, IoError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["USUAL_PORT", "free_port", "missing_packages", "serve", "streamlit_options"]

USUAL_PORT = 8501
_SCRIPT = Path(__file__).parent / "entry" / "nad_page.py"


def missing_packages() -> list[str]:
    """What the page needs and cannot find."""
    return [name for name in ("streamlit", "plotly") if importlib.util.find_spec(name) is None]


def free_port(host: str, wanted: int | None) -> int:
    """The port that was asked for, or the usual one, or any that is free; 0 asks for any."""
    if wanted is not None and not 0 <= wanted <= 65535:
        raise InvalidArgumentError(f"port {wanted} is none; give a number up to 65535, 0 for any that is free")
    for port in (USUAL_PORT, 0) if wanted is None else (wanted,):
        try:
            return _tried(host, port)
        except PermissionError as error:
            raise IoError(f"port {port} may not be used: {error.strerror}; give one from 1024 on") from error
        except OSError as error:
            if port and wanted is None:
                continue
            if isinstance(error, socket.gaierror):
                raise InvalidArgumentError(f"host {host!r} is not known: {error.strerror}") from error
            raise IoError(
                f"{host} port {port} cannot be used: {error.strerror}; give another --port, or 0 for any that is free"
            ) from error
    raise IoError(f"no port of {host} is free")


def _tried(host: str, port: int) -> int:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tried.bind(address)
        return int(tried.getsockname()[1])


def streamlit_options(host: str, port: int, max_upload_mb: int) -> dict[str, str]:
    """Environment variables that decide, whatever a configuration file of the user says."""
    options = {
        "SERVER_ADDRESS": host,
        "SERVER_PORT": port,
        "SERVER_MAX_UPLOAD_SIZE": max_upload_mb,
        "SERVER_HEADLESS": "true",  # the browser is opened here, and nobody is asked for an address
        "SERVER_ENABLE_XSRF_PROTECTION": "true",
        "SERVER_ENABLE_CORS": "true",
        "SERVER_FILE_WATCHER_TYPE": "none",
        "SERVER_RUN_ON_SAVE": "false",
        "SERVER_ENABLE_STATIC_SERVING": "false",
        "BROWSER_GATHER_USAGE_STATS": "false",
        "CLIENT_SHOW_ERROR_DETAILS": "none",
        "CLIENT_TOOLBAR_MODE": "viewer",
        "GLOBAL_DEVELOPMENT_MODE": "false",
        "LOGGER_HIDE_WELCOME_MESSAGE": "true",
        "THEME_LIGHT_PRIMARY_COLOR": "#0072b2",
        "THEME_DARK_PRIMARY_COLOR": "#56b4e9",
    }
    return {f"STREAMLIT_{name}": str(value) for name, value in options.items()}


class _ForPeople(io.TextIOBase):
    """The standard error while somebody reads it: Streamlit writes before it stops, and an error would keep it."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)
            sys.stderr.flush()
        return len(text)

    def writable(self) -> bool:
        return True


def serve(settings: Settings, port: int, *, open_browser: bool, ready: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; `ready` is told the address when it answers."""
    export(settings)
    os.environ.update(streamlit_options(settings.host, port, settings.max_upload_mb))
    from streamlit import net_util  # noqa: PLC0415 - only here is Streamlit needed
    from streamlit.web import cli  # noqa: PLC0415

    # Streamlit asks a server on the internet for this machine's address where a page of another origin connects
    net_util.get_external_ip = lambda: None
    threading.Thread(
        target=_tell, args=(settings.host, port, open_browser, ready), name="nad app: ready", daemon=True
    ).start()
    given = sys.argv
    try:
        with contextlib.redirect_stdout(_ForPeople()):  # the standard output is for results
            cli.main(["run", os.fspath(_SCRIPT)], prog_name="nad app", standalone_mode=False)
    finally:
        sys.argv = given


def _tell(host: str, port: int, open_browser: bool, ready: Callable[[str], None]) -> None:
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    for _ in range(600):
        try:
            with socket.create_connection((reached, port), timeout=1.0):
                break
        except OSError:
            time.sleep(0.05)
    else:
        return
    address = f"http://{f'[{reached}]' if ':' in reached else reached}:{port}"
    ready(address)
    if open_browser:
        webbrowser.open(address)
