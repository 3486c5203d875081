"""``nad app``: the page for a browser."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from nad.cli._command import Command, Exit, UsageError
from nad.cli._console import json_text
from nad.model import Model

if TYPE_CHECKING:
    import argparse

    from nad.cli._console import Console

__all__ = ["COMMAND"]


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-m", "--model", metavar="MODEL", help="a file of `nad train` that is open from the start")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="whom it answers: this machine alone (%(default)s), or, with 0.0.0.0, everybody who reaches it; there is "
        "no password",
    )
    parser.add_argument(
        "--port", type=int, metavar="N", help="0: any that is free (8501, or any that is free where that is taken)"
    )
    parser.add_argument(
        "--max-upload-mb", type=int, default=200, metavar="N", help="of the files of an upload (%(default)s)"
    )
    parser.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="SOURCE",
        help="what may be watched live where others than this machine can open the page; as often as there are sources",
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")


def _run(options: argparse.Namespace, console: Console) -> int:
    from nad.app.launch import free_port, missing_packages, serve  # noqa: PLC0415 - other commands do not need it
    from nad.app.settings import Settings  # noqa: PLC0415

    if missing := missing_packages():
        raise ImportError(
            f"the page needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed; "
            "install with `pip install nad[app]`"
        )
    if options.max_upload_mb < 1:
        raise UsageError(f"--max-upload-mb {options.max_upload_mb}: give 1 or more")
    model = ""
    if options.model:
        Model.load(options.model)  # what is wrong with it is said here, not to whoever opens the page
        model = os.path.abspath(options.model)  # noqa: PTH100
    settings = Settings(options.host, options.max_upload_mb, model, options.source)
    port = free_port(options.host, options.port)

    out = sys.stdout

    def ready(address: str) -> None:
        document = {"address": address, "host": options.host, "port": port}
        text = json_text(document, indent=2) if options.json else f"nad answers at {address}"
        with contextlib.suppress(OSError):  # nobody listens any more, but the page is there
            out.write(f"{text}\n")
            out.flush()
        console.note("Ctrl-C ends it")

    if not settings.is_private:
        console.note(f"everybody who reaches {options.host} can open the page: there is no password", always=True)
    serve(settings, port, open_browser=not options.no_browser, ready=ready)
    return Exit.OK


COMMAND = Command(
    name="app",
    summary="the page for a browser: drop traffic, see what is unusual and why",
    description="Open a page in the browser: drop captures, logs or tables, train or open a model, look at findings "
    "with their reasons and at pictures, type in a connection, watch live, compare models, download what was found. "
    "It answers this machine alone unless told otherwise, and fetches nothing from outside.",
    examples=(
        "nad app",
        "nad app -m office.nad --no-browser --port 0",
        "nad app --host 0.0.0.0 --max-upload-mb 50 --source /var/log/zeek/conn.log",
    ),
    add_options=_add_options,
    run=_run,
    keys="""
address, host, port
""",
)
