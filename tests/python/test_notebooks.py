"""The notebooks run without the public data sets, and find what they say; what is committed of them is fit to be seen."""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nad

lacking = [name for name in ("nbclient", "ipykernel", "matplotlib", "pandas") if importlib.util.find_spec(name) is None]
runs = pytest.mark.skipif(bool(lacking), reason=f"notebooks cannot run here: no package {', '.join(lacking)}")

# what must be true at the end, in the notebook's own variables
FACTS = {
    "1_kdd_cup_99": [
        "on_test['labelled'].roc_auc > 0.99",
        "on_test['clean'].roc_auc > 0.95 > on_test['forest, 1 %'].roc_auc",
        "monitor.stats.alerts >= len(lines) > 0",
        "__import__('json').loads(lines[0])['event_type'] == 'alert'",
    ],
    "2_any_csv_autoencoder": [
        "after.get('dns_tunnel', 0) == after.get('udp_flood', 0) == 0 < before['udp_flood']",
        "len(autoencoder.history_.loss) == 50",
        "autoencoder.history_.loss[-1] < 0.2 * autoencoder.history_.loss[0]",
        "found['autoencoder'].roc_auc > 0.78",
        "0.02 < found['autoencoder'].false_positive_rate < 0.1",
        "found['nad.Model()'].average_precision > found['autoencoder'].average_precision",
    ],
    "3_configured_ensemble": [
        "list(members) == ['forest', 'svm', 'network']",
        "all(one.roc_auc > 0.75 for one in judged.values())",
        "judged['nad.Model'].average_precision > judged['vote'].average_precision",
        "len(saved) == len(findings) > 0",
        "len(new) > 0",
    ],
    "4_clusters": [
        "len(kinds.profiles) == 6",
        "kinds.match(whole).cluster == kinds.predict_cluster(records.head(6))[5]",
        "kinds.match(asked[0]).behaviour == 'normal'",
        "kinds.match(asked[2]).as_far < kinds.match(asked[0]).as_far",
    ],
    "5_syn_floods_live": [
        "evaluation.recall > 0.99",
        "evaluation.false_positive_rate < 0.01",
        "len(from_list) > 100",
        "monitor.stats.records == len(lab)",
        "0 < len(alerts) < monitor.stats.alerts / 50",
        "page.startswith('<!DOCTYPE html>')",
    ],
}
PICTURES = {
    "1_kdd_cup_99": 3, "2_any_csv_autoencoder": 5, "3_configured_ensemble": 3, "4_clusters": 3, "5_syn_floods_live": 4,
}  # fmt: skip

# a process of its own: what the packages for notebooks warn of is none of nad's business
RUNNER = """
import json, sys
import nbformat
from nbclient import NotebookClient

source, target, most, facts = sys.argv[1], sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4])
notebook = nbformat.read(source, as_version=4)
code = [cell for cell in notebook.cells if cell.cell_type == "code"]
notebook.cells = code[:most] if most else notebook.cells
asked = "import json, sys, nad\\nprint(json.dumps([sys.executable, nad.__file__, *(bool(eval(one)) for one in %r)]))" % facts
notebook.cells.append(nbformat.v4.new_code_cell(asked))
NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
nbformat.write(notebook, target)
"""


@pytest.fixture(scope="module")
def folder(checkout) -> Path:
    return checkout / "examples/notebooks"


def executed(folder: Path, name: str, work: Path, *, facts=(), code_cells=0, **environment) -> dict:
    """The notebook after a run in a folder of its own, by this interpreter, with this nad."""
    if not (work / "notebooks").exists():
        shutil.copytree(folder, work / "notebooks")
    target = work / f"{name}.ipynb"
    left_out = ("NAD_DATA", "NAD_CACHE", "MPLBACKEND", "JUPYTER_PATH")
    inherited = {key: value for key, value in os.environ.items() if key not in left_out}
    own = {
        "NAD_CACHE": str(work / "cache"),
        "IPYTHONDIR": str(work / "ipython"),
        "JUPYTER_DATA_DIR": str(work / "jupyter"),
    }
    command = [sys.executable, "-c", RUNNER, f"{name}.ipynb", str(target), str(code_cells), json.dumps(list(facts))]
    result = subprocess.run(
        command,
        cwd=work / "notebooks",
        env={**inherited, **own, **environment},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert result.returncode == 0, re.sub(r"\x1b\[[0-9;]*m", "", result.stderr)[-4000:]
    notebook = json.loads(target.read_text(encoding="utf-8"))
    interpreter, module, *found = json.loads("".join(notebook["cells"].pop()["outputs"][0]["text"]))
    assert Path(interpreter).resolve() == Path(sys.executable).resolve()
    assert module == nad.__file__
    assert dict(zip(facts, found)) == dict.fromkeys(facts, True)
    return notebook


def outputs(notebook: dict) -> list[dict]:
    return [output for cell in notebook["cells"] if cell["cell_type"] == "code" for output in cell["outputs"]]


def pictures(notebook: dict) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs(notebook))


def check_outputs(notebook: dict) -> None:
    """Each cell ran, and none complained."""
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    for output in outputs(notebook):
        assert output["output_type"] != "error"
        assert output.get("name") != "stderr", "".join(output["text"])


@runs
@pytest.mark.parametrize("name", FACTS)
def test_a_notebook_runs_without_data_sets(folder, tmp_path, name):
    notebook = executed(folder, name, tmp_path, facts=FACTS[name])
    check_outputs(notebook)
    assert pictures(notebook) == PICTURES[name]


@runs
@pytest.mark.parametrize(
    "case",
    [
        ("1_kdd_cup_99", 3, ["records.source == 'kdd99'", "recipe.roc_auc < 0.3", "len(later) == 311_029"]),
        (
            "4_clusters",
            3,
            [
                "records.source == 'nsl_kdd'",
                "kinds.match({'flag': 'S0', 'serror_rate': 1.0, 'count': 250}).behaviour == 'dos'",
                "kinds.match({'service': 'http', 'src_bytes': 5_400_000, 'hot': 25}).unusual",
            ],
        ),
    ],
)
def test_a_notebook_takes_the_data_set_that_is_there(folder, data_folder, tmp_path, case):
    name, code_cells, facts = case
    check_outputs(executed(folder, name, tmp_path, facts=facts, code_cells=code_cells, NAD_DATA=str(data_folder)))


@pytest.mark.parametrize("name", FACTS)
def test_what_is_committed_shows_what_came_out(folder, name):
    path = folder / f"{name}.ipynb"
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    check_outputs(notebook)
    assert pictures(notebook) == PICTURES[name]
    assert path.stat().st_size < 600_000
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert all(cell["metadata"] == {} for cell in notebook["cells"])  # no times of execution
    words = " ".join(re.findall(r'"(?!image/png)[^"]*"', text))
    assert not re.search(r"/(tmp|home|root|work|Users)/|site-packages|ipykernel_", words)


def test_notebooks_are_short_and_say_what_they_do(folder):
    names = {path.stem for path in folder.glob("*.ipynb")}
    assert names == set(FACTS) == set(PICTURES)
    page = (folder / "README.md").read_text(encoding="utf-8")
    for name in names:
        assert f"({name}.ipynb)" in page
        cells = json.loads((folder / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        imported = set(re.findall(r"^(?:import|from) (\w+)", "\n".join(code), re.MULTILINE))
        assert imported - set(sys.stdlib_module_names) <= {"matplotlib", "nad", "numpy", "pandas"}
        assert sum(len(cell.splitlines()) for cell in code) <= 130
        kinds = [cell["cell_type"] for cell in cells]
        assert kinds[0] == "markdown"
        after_code = [kind for before, kind in itertools.pairwise(kinds) if before == "code"]
        assert set(after_code) <= {"markdown"}  # words before each
        assert "".join(cells[0]["source"]).startswith("# ")
