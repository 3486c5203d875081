"""An object that lives in a process of its own, so that what is measured shares nothing with the rest.

    with Worker(Subject, "nad", env={"NAD_SIMD": "avx2"}) as worker:
        sample = worker.call("time_score")

The process answers one call at a time and sleeps in between. Times are taken inside it: the pipe does not count. What
computes with OpenMP or a BLAS gets one thread, unless `env` says otherwise: threads that wait for each other count as
CPU time.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

from benchmarks import IN_WORKER, ONE_THREAD
from benchmarks.python.forests import MissingError


class WorkerError(Exception):
    """What went wrong inside the process, as text."""


class Worker:
    def __init__(self, factory: Callable[..., object], *args: object, env: Mapping[str, str] | None = None) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, factory, args))
        with environment({**ONE_THREAD, **(env or {}), IN_WORKER: "1"}):
            self._process.start()
        theirs.close()
        try:
            self._answer()
        except Exception:
            self.close()
            raise

    def call(self, method: str, *args: object) -> Any:
        self._pipe.send((method, args))
        return self._answer()

    def close(self) -> None:
        self._pipe.close()  # the process sees the end of its input and leaves
        self._process.join(timeout=30)
        if self._process.is_alive():
            self._process.terminate()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self) -> Any:
        try:
            outcome, value = self._pipe.recv()
        except EOFError:
            self._process.join(timeout=30)
            raise WorkerError(f"the process ended with exit code {self._process.exitcode}") from None
        if outcome == "missing":
            raise MissingError(value)
        if outcome == "error":
            raise WorkerError(value)
        return value


def _serve(pipe: Connection, factory: Callable[..., object], args: tuple[object, ...]) -> None:
    subject: object = None

    def answer(work: Callable[..., Any], *arguments: object) -> None:
        try:
            pipe.send(("value", work(*arguments)))
        except MissingError as error:
            pipe.send(("missing", str(error)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other process shall hear of it
            pipe.send(("error", f"{type(error).__name__}: {error}"))

    def start() -> None:
        nonlocal subject
        subject = factory(*args)

    answer(start)
    while True:
        try:
            method, arguments = pipe.recv()
        except (EOFError, OSError, KeyboardInterrupt):
            return
        answer(getattr(subject, method), *arguments)


@contextmanager
def environment(changes: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
