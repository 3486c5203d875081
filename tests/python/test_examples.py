"""The examples run, do in C++ what they do in Python, to the letter, and what they say."""

from __future__ import annotations

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import nad

FAR = "203.0.113.99"


def run(command, **options) -> str:
    result = subprocess.run(
        [str(part) for part in command], check=False, capture_output=True, text=True, timeout=600, **options
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout


def python_example(checkout: Path, name: str, *arguments) -> str:
    return run([sys.executable, checkout / "examples/python" / f"{name}.py", *arguments])


def built(checkout: Path, folder: Path, library: str, target: str) -> Path:
    """The folder of C++ examples that link this library."""
    if not shutil.which("cmake") or not (shutil.which("c++") or os.environ.get("CXX")):
        pytest.skip("needs cmake and a C++ compiler, or NAD_CPP_EXAMPLES with the folder of the built programs")
    options = ["-DNAD_BUILD_EXAMPLES=ON", f"-DNAD_EXAMPLE_TARGET={library}", "-DCMAKE_BUILD_TYPE=Release"]
    if shutil.which("ccache"):
        options.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
    run(["cmake", "-S", checkout, "-B", folder, *options])
    run(["cmake", "--build", folder, "--target", target, "--parallel", "2"])
    return folder / "examples/cpp"


@pytest.fixture(scope="session")
def cpp_examples(checkout, tmp_path_factory) -> Path:
    """The folder of the C++ programs: NAD_CPP_EXAMPLES where somebody has built them, else built here."""
    folder = os.environ.get("NAD_CPP_EXAMPLES")
    if folder:
        return Path(folder)
    return built(checkout, tmp_path_factory.mktemp("cpp"), "nad::nad", "nad_examples")


@pytest.fixture(scope="session", params=["nad::nad", "nad::header_only"])
def cpp_load_and_score(request, checkout, tmp_path_factory) -> Path:
    """The C++ program, linked either way."""
    if request.param == "nad::nad":
        return request.getfixturevalue("cpp_examples") / "load_and_score"
    return built(checkout, tmp_path_factory.mktemp("cpp"), request.param, "load_and_score") / "load_and_score"


@pytest.mark.parametrize(
    "options",
    [{}, {"ndim": 3}, {"split": "best"}, {"missing": "impute"}, {"max_samples": 2000, "max_depth": 40}],
    ids=str,
)
def test_cpp_scores_what_python_saved(cpp_load_and_score, traffic, tmp_path, options):
    forest = nad.IsolationForest(random_state=1, **options).fit(traffic)
    forest.save(tmp_path / "forest.nad")
    np.savetxt(tmp_path / "rows.csv", traffic, delimiter=",", fmt="%.9g")
    output = run([cpp_load_and_score, tmp_path / "forest.nad", tmp_path / "rows.csv"])
    scores = np.array([float.fromhex(line) for line in output.split()])
    np.testing.assert_array_equal(scores, forest.anomaly_score(traffic).astype(np.float64))


def test_quickstart_tells_its_story_and_cpp_agrees(cpp_load_and_score, checkout, tmp_path):
    story = python_example(checkout, "quickstart", tmp_path)
    for word in ("data theft", "port scan", "flood", "password guessing", "usually", "bytes"):
        assert word in story
    files = [tmp_path / name for name in ("quickstart.nad", "quickstart_rows.csv", "quickstart_scores.txt")]
    assert all(file.is_file() for file in files)
    assert "failed_logins" in nad.read_header(files[0])["feature_names"]
    assert run([cpp_load_and_score, files[0], files[1]]) == files[2].read_text(encoding="ascii")


def test_train_here_and_score_there(cpp_load_and_score, checkout, tmp_path):
    model, rows = tmp_path / "forest.nad", tmp_path / "rows.csv"
    alerts = python_example(checkout, "train_and_save", model, rows)
    assert [line.split()[1] for line in alerts.splitlines()] == ["5", "13"]
    here = python_example(checkout, "load_and_score", model, rows)
    assert len(here.splitlines()) == 20
    assert here == run([cpp_load_and_score, model, rows])


def test_flows_are_read_turned_into_features_and_scored(checkout, tmp_path):
    story = python_example(checkout, "score_flows")
    assert "past.csv: 10000 rows of flow_csv" in story
    assert "of the web and longer than a minute" in story
    assert "pipeline of 12 steps" in story
    assert "label: its role is label" in story
    alerts = [line for line in story.splitlines() if "in truth: " in line]
    assert len(alerts) == 10
    assert sum("port_scan" in line or "exfiltration" in line for line in alerts) >= 3
    nad.datasets.synthetic_flows(400, random_state=5).drop(["label", "is_anomaly"]).to_csv(tmp_path / "a.csv")
    story = python_example(checkout, "score_flows", tmp_path / "a.csv", tmp_path / "a.csv")
    assert "a.csv: 400 rows of flow_csv" in story
    assert "in truth" not in story


def test_examples_say_how_they_are_used(checkout):
    for name, *arguments in (["train_and_save"], ["load_and_score"], ["score_flows", "one.log"]):
        command = [sys.executable, str(checkout / "examples/python" / f"{name}.py"), *arguments]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert result.returncode == 1
        assert "usage" in result.stderr


@pytest.fixture(scope="module")
def logs(tmp_path_factory) -> Path:
    """A folder with past.csv, all normal, and today.csv, whose last record is like no other."""
    folder = tmp_path_factory.mktemp("logs")
    past = nad.datasets.synthetic_flows(4000, anomaly_ratio=0.0, random_state=1, days=2)
    past.drop(["label", "is_anomaly"]).to_csv(folder / "past.csv")
    today = nad.datasets.synthetic_flows(1000, anomaly_ratio=0.02, random_state=2, days=1)
    today.drop(["label", "is_anomaly"]).to_csv(folder / "today.csv")
    header, *_, last = (folder / "today.csv").read_text(encoding="utf-8").splitlines()
    far = dict(zip(header.split(","), last.split(","), strict=True))
    far |= {"src_ip": FAR, "bytes_sent": "8000000000000", "packets_sent": "9000000000", "duration": "86000"}
    with (folder / "today.csv").open("a", encoding="utf-8") as file:
        file.write(",".join(far.values()) + "\n")
    return folder


@pytest.fixture(scope="module")
def flow_by_flow(logs) -> Path:
    """A model whose steps do not look back."""
    steps = [nad.features.OneHot(), nad.features.Log1p(), nad.features.Standardise()]
    model = nad.Model(pipeline=nad.FeaturePipeline(steps), detector=nad.IsolationForest(random_state=3))
    model.fit(nad.read(logs / "past.csv")).save(logs / "flow_by_flow.nad")
    return logs / "flow_by_flow.nad"


def both(cpp_examples, checkout, name, *arguments) -> str:
    here = python_example(checkout, name, *arguments)
    assert here == run([cpp_examples / name, *arguments])
    return here


def test_train_model(cpp_examples, checkout, logs, tmp_path):
    arguments = [logs / "past.csv", logs / "today.csv"]
    story = python_example(checkout, "train_model", *arguments, tmp_path / "here.nad")
    assert story == run([cpp_examples / "train_model", *arguments, tmp_path / "there.nad"])
    assert (tmp_path / "here.nad").read_bytes() == (tmp_path / "there.nad").read_bytes()
    assert "at most 20 alerts a day" in story
    assert re.search(r"of 1001 records are reported", story)
    first = nad.load(tmp_path / "there.nad").detect(nad.read(logs / "today.csv"))[0]
    assert f"row {first.row}: p = " in story


def test_own_feature(cpp_examples, checkout, logs, tmp_path):
    header, *_, last = (logs / "today.csv").read_text(encoding="utf-8").splitlines()
    upload = dict(zip(header.split(","), last.split(","), strict=True))
    upload |= {"packet_size": "1300", "duration": "60", "bytes_sent": "60000000", "packets_sent": "46000"}
    upload |= {"bytes_received": "0", "packets_received": "0", "flags": "FSPA"}  # nothing odd but that nobody answers
    today = (logs / "today.csv").read_text(encoding="utf-8").replace(last, ",".join(upload.values()))
    (tmp_path / "today.csv").write_text(today, encoding="utf-8")
    arguments = (logs / "past.csv", tmp_path / "today.csv", tmp_path / "model.nad")
    story = both(cpp_examples, checkout, "own_feature", *arguments)
    assert re.search(r"row 1000: upload_ratio 25.84 is higher than usual", story)  # log2(6e7 + 1)
    assert nad.read_header(arguments[2])["steps"][0] == {"kind": "example.upload_ratio"}
    with pytest.raises(
        ValueError, match=r"model\.nad.* has the step 'example\.upload_ratio', which is no step of nad's"
    ):
        nad.load(arguments[2])


def test_own_detector(cpp_examples, tmp_path):
    """Beside the same distances by NumPy."""
    columns = ["duration", "bytes_sent", "bytes_received", "packets_sent"]
    past = nad.datasets.synthetic_flows(4000, anomaly_ratio=0.0, random_state=1).select(columns)
    pipeline = nad.FeaturePipeline([nad.features.Log1p()])
    known = pipeline.fit_transform(past)
    new = pipeline.transform(nad.datasets.synthetic_flows(2000, random_state=2).select(columns))

    def median(values):
        return np.sort(values, axis=0)[len(values) // 2]

    centre = median(known)
    scale = median(np.abs(known - centre))
    distances = (np.abs(new - centre) / scale).sum(axis=1)
    threshold = np.quantile((np.abs(known - centre) / scale).sum(axis=1), 0.99)

    story = run([cpp_examples / "own_detector", tmp_path / "model.nad"])
    above, said = re.match(r"(\d+) of 2000 rows are above the threshold (\S+)", story).groups()
    assert float(said) == pytest.approx(threshold, rel=0.01)
    assert int(above) == (distances > float(said)).sum()
    score = float(re.search(r"score (\S+)", story)[1])  # the model learns from four fifths of the rows
    assert score == pytest.approx(distances.max(), rel=0.02)
    assert nad.read_header(tmp_path / "model.nad")["detector"]["training"]["options"] == {"contamination": 0.01}
    with pytest.raises(ValueError, match=r"'example\.median_distance', which is none of nad's"):
        nad.load(tmp_path / "model.nad")


def test_score_in_threads(cpp_examples, checkout, logs, flow_by_flow):
    output = both(cpp_examples, checkout, "score_in_threads", flow_by_flow, logs / "today.csv", "3")
    scores = np.array([float.fromhex(line) for line in output.split()], dtype=np.float32)
    expected = nad.load(flow_by_flow).anomaly_score(nad.read(logs / "today.csv"))
    np.testing.assert_array_equal(scores, expected)


def test_score_in_threads_refuses_what_looks_back(cpp_examples, logs, tmp_path):
    nad.Model(detector=nad.IsolationForest()).fit(nad.read(logs / "past.csv")).save(tmp_path / "windows.nad")
    command = [cpp_examples / "score_in_threads", tmp_path / "windows.nad", logs / "today.csv", "2"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert "one thread has to see them all" in result.stderr


def test_packet_loop(cpp_examples, checkout, tmp_path):
    nad.simulate(tmp_path / "normal.pcap", hours=0.2, hosts=8, random_state=1, snap_length=96)
    scan = nad.Attack("port_scan", start=60, duration=60)
    nad.simulate(tmp_path / "today.pcap", hours=0.05, hosts=8, random_state=2, attacks=[scan], snap_length=96)
    model = nad.Model(detector=nad.IsolationForest(random_state=1), threshold=nad.ThresholdRule.quantile(0.99))
    model.fit(nad.read(tmp_path / "normal.pcap")).save(tmp_path / "office.nad")
    story = both(cpp_examples, checkout, "packet_loop", tmp_path / "office.nad", tmp_path / "today.pcap")
    assert f"{len(nad.read(tmp_path / 'today.pcap'))} flows" in story.splitlines()[-1]
    findings = re.findall(r"^(\S+) to (\S+) port \d+: row", story, flags=re.MULTILINE)
    assert max(findings.count(ends) for ends in findings) > 100  # one host knocks at the doors of another


@pytest.mark.parametrize("language", ["cpp", "python"])
def test_follow_log(request, logs, flow_by_flow, tmp_path, language):
    """It sees what is written while it runs, goes on after a stop, and ends in good order."""
    if language == "cpp":
        program = [request.getfixturevalue("cpp_examples") / "follow_log"]
    else:
        program = [sys.executable, request.getfixturevalue("checkout") / "examples/python/follow_log.py"]
    command = [str(part) for part in [*program, flow_by_flow, tmp_path / "conn.csv", tmp_path / "state"]]
    header, *records = (logs / "today.csv").read_text(encoding="utf-8").splitlines(keepends=True)

    def written(lines) -> None:
        with (tmp_path / "conn.csv").open("a", encoding="utf-8") as log:
            log.writelines(lines)

    def until_far_record(before) -> str:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            lines: queue.Queue[str] = queue.Queue()
            reader = threading.Thread(target=lambda: [lines.put(line) for line in process.stdout])
            reader.start()
            try:
                written(before)
                while FAR not in lines.get(timeout=30):
                    pass
            finally:
                process.send_signal(signal.SIGINT)
                reader.join()
            assert process.wait(timeout=30) == 0, process.stderr.read()
        return [*lines.queue][-1]

    written([header])
    assert until_far_record([*records[:499], records[-1]]).startswith("500 records, ")
    other = records[-1].replace("TCP", "UDP").replace("tcp", "udp")
    assert other != records[-1]
    assert until_far_record([*records[499:-1], other]).startswith("1002 records, ")


def test_dask_forest(checkout):
    pytest.importorskip("dask.dataframe", reason="needs Dask: pip install 'dask[dataframe]'")
    said = python_example(checkout, "dask_forest")
    drawn = re.fullmatch(
        r"100 trees from ([\d,]+) of 160,000 rows\n"
        r"scores of the forest of one machine: True\n"
        r"strangest: row 140,123, score 0\.\d+\n",
        said,
    )
    assert drawn
    assert 20_000 < int(drawn[1].replace(",", "")) <= 25_600


def test_cpp_examples_say_how_they_are_used(cpp_examples):
    for name in ("train_model", "own_feature", "own_detector", "packet_loop", "follow_log", "score_in_threads"):
        result = subprocess.run([cpp_examples / name], capture_output=True, text=True, timeout=60)
        assert result.returncode == 2
        assert result.stderr.startswith(f"usage: {name} ")
