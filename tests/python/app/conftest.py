"""Small captures, a log and a model for the page, and the page itself in a browser."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

import nad

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Files:
    folder: Path
    normal: Path
    today: Path
    model: Path
    other: Path
    """A log of another kind."""


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Files:
    """Half an hour of normal traffic, some minutes with two attacks, and a model of the former."""
    folder = tmp_path_factory.mktemp("app")
    other = folder / "flows.csv"
    shutil.copy(checkout / "tests" / "data" / "feature_pipeline_flows.csv", other)
    found = Files(folder, folder / "normal.pcap", folder / "today.pcap", folder / "office.nad", other)
    nad.simulate(found.normal, hours=0.33, random_state=1, snap_length=128)
    attacks = [nad.Attack("port_scan", start=120, duration=5), nad.Attack("horizontal_scan", start=300, duration=5)]
    nad.simulate(found.today, hours=0.1, random_state=2, attacks=attacks, snap_length=128)
    model = nad.Model(threshold=nad.ThresholdRule.alerts_per_day(1000), detector=nad.IsolationForest(random_state=3))
    model.fit(nad.read(found.normal)).save(found.model)
    return found


@contextlib.contextmanager
def served(*options: str):
    """A server on a free port of this machine; its address. It is ended by its own process id."""
    process = subprocess.Popen(
        [sys.executable, "-m", "nad", "app", "--port", "0", "--no-browser", "--json", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    lines: queue.Queue[str] = queue.Queue()

    def take() -> None:
        for line in process.stdout:
            lines.put(line)
        lines.put("")

    reader = threading.Thread(target=take, daemon=True)
    reader.start()
    try:
        text = ""
        while not text.rstrip().endswith("}"):
            line = lines.get(timeout=60)
            assert line, f"the server ended: {text}"
            text += line
        yield json.loads(text)["address"]
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)
        reader.join(5)
        process.stdout.close()


@pytest.fixture(scope="session")
def chromium():
    """A headless browser, where one is installed."""
    pytest.importorskip("streamlit", reason="streamlit is not installed: the page is not tested")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no browser is driven")
    program = os.environ.get("NAD_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"no browser is installed ({', '.join(BROWSERS)}; or name one in NAD_CHROMIUM)")
    with playwright.sync_playwright() as driver:
        # as root, and in containers with little shared memory, there is no sandbox to be had
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(chromium, files):
    """The page, for all tests with a browser: each is a person of its own."""
    with served("--max-upload-mb", "60", "--model", str(files.model)) as found:
        yield found
