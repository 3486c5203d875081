"""How the page starts, and what it must not do."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

import nad
from nad.app import launch, settings
from nad.cli import main


def error_of(capfd, *words):
    capfd.readouterr()
    code = main(["app", *map(str, words)])
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("nad: error: ")]
    assert len(lines) == 1
    return code, lines[0]


def test_ports(capfd):
    assert launch.free_port("127.0.0.1", 0) > 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(nad.Error, match=f"port {port} cannot be used"):
            launch.free_port("127.0.0.1", port)
    for wrong in (-1, 70_000):
        with pytest.raises(nad.Error, match="is none"):
            launch.free_port("127.0.0.1", wrong)


def test_the_usual_port_gives_way(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(launch, "USUAL_PORT", taken.getsockname()[1])
        assert launch.free_port("127.0.0.1", None) not in (0, launch.USUAL_PORT)


def test_without_streamlit_a_line_says_what_to_install(capfd, monkeypatch):
    monkeypatch.setitem(sys.modules, "streamlit", None)
    monkeypatch.setattr(launch, "missing_packages", lambda: ["streamlit"])
    code, text = error_of(capfd, "--no-browser")
    assert code == 3
    assert "needs streamlit, which is not installed; install with `pip install nad[app]`" in text


def test_what_a_person_does_wrong(capfd, monkeypatch, files):
    monkeypatch.setattr(launch, "missing_packages", list)
    assert "nowhere.nad" in error_of(capfd, "-m", "nowhere.nad")[1]
    assert "not a nad model file" in error_of(capfd, "-m", files.today)[1]
    assert "give 1 or more" in error_of(capfd, "--max-upload-mb", 0)[1]
    assert "is none" in error_of(capfd, "--port", 70_000)[1]


def test_streamlit_is_told_to_stay_at_home():
    options = launch.streamlit_options("127.0.0.1", 1234, 7)
    assert options["STREAMLIT_SERVER_ADDRESS"] == "127.0.0.1"
    assert options["STREAMLIT_SERVER_MAX_UPLOAD_SIZE"] == "7"
    assert options["STREAMLIT_BROWSER_GATHER_USAGE_STATS"] == "false"
    assert options["STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION"] == "true"
    assert options["STREAMLIT_CLIENT_SHOW_ERROR_DETAILS"] == "none"


def test_streamlit_knows_these_options():
    config = pytest.importorskip("streamlit.config", reason="streamlit is not installed: its options are not compared")
    known = {name.upper().replace(".", "_") for name in config.get_config_options()}
    wanted = {name.removeprefix("STREAMLIT_").replace("_", "") for name in launch.streamlit_options("127.0.0.1", 1, 1)}
    # what decides over safety is known to every version, what it greets with is not
    assert wanted - {name.replace("_", "") for name in known} <= {"LOGGERHIDEWELCOMEMESSAGE"}


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("192.0.2.1", False),
        ("127.0.0.2", True),
        ("::1:5", False),
        ("localhost.example.org", False),
        ("127.example.org", False),
    ],
)
def test_who_may_watch_paths(host, private):
    assert settings.Settings(host=host).is_private is private


def test_settings_reach_the_script(monkeypatch):
    monkeypatch.setenv("NAD_APP_SETTINGS", "")
    assert settings.current() == settings.Settings()
    given = settings.Settings("0.0.0.0", 5, "m.nad", ["/var/log/conn.log"])
    settings.export(given)
    assert settings.current() == given


@pytest.mark.parametrize("unread", [("stdout",), ("stderr",), ("stdout", "stderr")])
def test_it_ends_where_nobody_reads_what_it_says(unread):
    """Streamlit says so before it stops; whoever started the page may be gone by then."""
    pytest.importorskip("streamlit", reason="streamlit is not installed: the page is not started")
    page = subprocess.Popen(
        [sys.executable, "-m", "nad", "app", "--port", "0", "--no-browser", "-q"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        address = page.stdout.readline().removeprefix("nad answers at ").strip()
        with urllib.request.urlopen(address, timeout=20) as answer:
            assert answer.status == 200
        time.sleep(1)  # its handler of signals comes last; until then SIGTERM ends the process by itself
        for name in unread:
            getattr(page, name).close()
        page.send_signal(signal.SIGTERM)
        assert page.wait(timeout=30) in (0, 120, -signal.SIGTERM)  # 120: Python itself could not flush at its end
    finally:
        page.kill()
        page.wait(timeout=10)
        page.stdout.close()
        page.stderr.close()
