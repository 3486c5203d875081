"""Every snippet of the README runs, in the order of the page, on data of the kind that it speaks of."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import nad

SNIPPET = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# what runs elsewhere: who tests it
ELSEWHERE = {
    "./examples/quickstart": "the script that sets up a machine",
    "./tests/run": "the script that runs this test",
    "pip install .": "tests/run builds and installs the wheel",
    "pip install .[app]": "the same, with the extra that tests/python/app needs",
    "nad demo": "tests/python/cli/test_demo.py",
    "nad app": "tests/python/app/test_browser.py",
}


def snippets(checkout: Path, language: str) -> list[str]:
    page = (checkout / "README.md").read_text(encoding="utf-8")
    return [text for name, text in SNIPPET.findall(page) if name == language]


def packed(table: nad.Table, path: Path) -> None:
    """As a gzipped log."""
    plain = path.with_suffix("")
    table.to_csv(plain)
    subprocess.run(["gzip", "-f", str(plain)], check=True)


@pytest.fixture(scope="module")
def page_folder(tmp_path_factory) -> Path:
    """A folder with the files that the page names."""
    folder = tmp_path_factory.mktemp("page")
    flows = nad.datasets.synthetic_flows(
        14_000, anomaly_ratio=0.03, anomalies=["port_scan", "udp_flood"], random_state=2
    )
    past, today = flows.train_test_split(test_size=0.4, by_time="timestamp")
    labels = ["label", "is_anomaly"]
    packed(past.filter(past["label"] == "normal").drop(labels), folder / "last_week.log.gz")
    packed(today.drop(labels), folder / "today.log.gz")
    packed(today, folder / "conn.log.gz")
    today.head(500).drop(labels).to_csv(folder / "live.log")
    return folder


@pytest.fixture(scope="module")
def python_ran(checkout, page_folder) -> dict[str, object]:
    """All Python snippets, one after the other in one program; what they named."""
    here = Path.cwd()
    names: dict[str, object] = {}
    ended = threading.Event()

    def stop_the_monitor() -> None:
        while not ended.wait(0.05):
            monitor = names.get("monitor")
            if isinstance(monitor, nad.Monitor) and monitor.stats.records == 500:
                monitor.stop()
                return

    stopper = threading.Thread(target=stop_the_monitor)
    stopper.start()
    os.chdir(page_folder)
    try:
        with mpl.rc_context({"backend": "Agg"}):
            for text in snippets(checkout, "python"):
                exec(compile(text.replace("/var/log/zeek/conn.log", "live.log"), "README.md", "exec"), names)
            plt.close("all")
    finally:
        ended.set()
        stopper.join()
        os.chdir(here)
        for capture in page_folder.glob("*.pcap"):  # of hundreds of megabytes
            capture.unlink()
    return names


def test_python_snippets_run_and_do_what_they_say(python_ran, page_folder, checkout):
    assert len(snippets(checkout, "python")) >= 8
    assert python_ran["scores"].argmax() == 1000
    assert set(np.argsort(-python_ran["reasons"][1000])[:2]) == {0, 3}
    assert len(python_ran["findings"]) > 0
    assert python_ran["monitor"].stats.records == 500
    assert python_ran["kinds"].match({"protocol": "udp"}).cluster in range(8)
    assert "port_scan" in python_ran["truth"].value_counts("label")
    for name in ("office.nad", "forest.nad", "when.png", "why.png", "today.html", "alerts.json"):
        assert (page_folder / name).stat().st_size > 0, name


def test_commands_run(python_ran, page_folder, checkout):
    lines = [line for text in snippets(checkout, "sh") for line in text.splitlines()]
    commands = [shlex.split(line, comments=True) for line in lines]
    ran = []
    for command in filter(None, commands):
        text = " ".join(command)
        if text in ELSEWHERE:
            if (checkout / command[0]).is_file():
                assert os.access(checkout / command[0], os.X_OK)
                assert subprocess.run(["bash", "-n", str(checkout / command[0])]).returncode == 0
            continue
        assert command[0] == "nad", text
        result = subprocess.run(
            [sys.executable, "-m", "nad", *command[1:]], cwd=page_folder, capture_output=True, text=True, timeout=300
        )
        assert result.returncode in (0, 1), result.stderr  # 1: something was found
        ran.append(command[1])
    assert ran == ["train", "detect"]


def compiled(folder: Path, number: int, text: str, checkout: Path) -> Path:
    built = Path(os.environ.get("NAD_BUILD_DIR", checkout / "build/static"))
    library = built / "libnad.a"
    compiler = os.environ.get("CXX") or shutil.which("c++")
    if not library.is_file() or not compiler:
        pytest.skip(f"needs a C++ compiler and {library}: build nad there, or name the folder in NAD_BUILD_DIR")
    (folder / f"{number}.cpp").write_text(text, encoding="utf-8")
    cache = (built / "CMakeCache.txt").read_text(encoding="utf-8")
    pcap = re.search(r"^NAD_PCAP_LIBRARY:\w+=(/.*)$", cache, re.MULTILINE)
    program = folder / f"snippet_{number}"
    launcher = ["ccache"] if shutil.which("ccache") else []
    source = folder / f"{number}.cpp"
    objects = source.with_suffix(".o")
    subprocess.run(
        [*launcher, compiler, "-std=c++20", "-O0", f"-I{checkout / 'include'}", "-c", str(source), "-o", str(objects)],
        check=True, timeout=600,
    )  # fmt: skip
    libraries = [str(library), *([pcap[1]] if pcap else []), "-lz", "-pthread"]
    subprocess.run([compiler, str(objects), *libraries, "-o", str(program)], check=True, timeout=600)
    return program


def test_cpp_programs_take_what_python_saved(python_ran, page_folder, checkout, tmp_path):
    scores_a_row, judges_records = snippets(checkout, "cpp")
    program = compiled(tmp_path, 0, scores_a_row, checkout)
    shutil.copy(page_folder / "forest.nad", tmp_path / "forest.nad")
    result = subprocess.run([str(program)], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stdout) == (0, "anomalous\n")
    program = compiled(tmp_path, 1, judges_records, checkout)
    rng = np.random.default_rng(1)
    columns = {"src_bytes": rng.integers(100, 400, 2000), "service": rng.choice(["http", "smtp"], 2000).tolist()}
    nad.Model(random_state=1).fit(nad.Table(columns, types={"service": "category"})).save(tmp_path / "office.nad")
    result = subprocess.run([str(program)], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert "src_bytes 54,540 is higher than usual" in result.stdout


def test_links_lead_somewhere(checkout):
    for page in ("README.md", "examples/notebooks/README.md", ".github/CONTRIBUTING.md"):
        text = (checkout / page).read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            if "://" not in link:
                assert ((checkout / page).parent / link).exists(), f"{page}: {link}"
