"""The package as it is installed: what it imports, its types, its version."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nad
from nad import _core


def run(program: str, **options) -> str:
    command = [sys.executable, "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, **options).stdout


def test_the_tests_see_the_installed_package(checkout):
    assert checkout / "python" not in Path(nad.__file__).parents


def test_import_needs_numpy_alone():
    program = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("sklearn", "scipy", "pandas", "polars", "pyarrow", "joblib", "matplotlib"):
            raise ImportError(name + " is refused")
sys.meta_path.insert(0, Refuse())
import numpy as np, numpy.random
def installed():
    files = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
    return {name.partition(".")[0] for name, file in files.items() if "site-packages" in file}
before = installed()
import nad
X = np.random.default_rng(0).normal(size=(300, 3))
forest = nad.IsolationForest(contamination=0.1, random_state=0).fit(X)
assert (forest.predict(X) == -1).sum() == 30
print(forest.set_params(ndim=2), nad.simd.active())
try:
    nad.IsolationForest().predict(X)
except nad.NotFittedError as error:
    print(type(error).__mro__[1].__name__)
print(installed() - before)
"""
    lines = run(program).splitlines()
    assert lines[0].startswith("IsolationForest(contamination=0.1, random_state=0, ndim=2)")
    assert lines[1] == "Error"
    assert lines[2] == "{'nad'}"


def test_import_does_not_load_scikit_learn_or_pandas():
    assert run("import sys, nad; print('sklearn' in sys.modules, 'pandas' in sys.modules)") == "False False\n"


def test_one_version_everywhere(checkout):
    config = (checkout / "include/nad/config.hpp").read_text(encoding="utf-8")
    parts = [re.search(rf"#define NAD_VERSION_{part} (\d+)", config)[1] for part in ("MAJOR", "MINOR", "PATCH")]
    assert nad.__version__ == importlib.metadata.version("nad") == ".".join(parts)


def test_numpy_is_the_only_requirement():
    required = [line for line in importlib.metadata.requires("nad") if "extra ==" not in line]
    assert [re.match(r"[a-z]+", line)[0] for line in required] == ["numpy"]


def test_extras_bring_what_they_are_for(checkout):
    """Those that the documentation names; those that import nothing new are there all the same."""
    extras = importlib.metadata.metadata("nad").get_all("Provides-Extra")
    assert {"plot", "app", "live", "bench", "all", "sklearn", "test"} <= set(extras)
    required = [line for line in importlib.metadata.requires("nad") if 'extra == "bench"' in line.replace("'", '"')]
    imported = set()
    for file in (checkout / "benchmarks/python").glob("*.py"):
        imported |= set(re.findall(r"pip install ([a-z-]+)\"", file.read_text(encoding="utf-8")))
    assert imported
    assert imported <= {re.match(r"[a-z-]+", line)[0] for line in required}


def test_the_wheel_holds_the_package_and_nothing_else():
    files = [str(file) for file in importlib.metadata.files("nad") if "__pycache__" not in str(file)]
    strangers = [
        file
        for file in files
        if not re.match(r"nad/|nad\.libs/lib|nad-.*\.dist-info/|(\.\./)+(bin|Scripts)/nad(\.exe)?$", file)
    ]
    assert strangers == []
    assert {"nad/py.typed", "nad/_core.pyi"} <= set(files)
    assert {Path(file).suffix for file in files if file.startswith("nad/")} <= {".py", ".pyi", ".typed", ".so", ".pyd"}


def test_stubs_match_the_compiled_module():
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy.stubtest", "--concise", "nad._core"]
    result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr


def stub_functions() -> dict[str, list[str]]:
    """Argument names by qualified name, from the stub file."""
    tree = ast.parse(Path(_core.__file__).with_name("_core.pyi").read_text(encoding="utf-8"))
    found = {}
    for node in tree.body:
        for item in node.body if isinstance(node, ast.ClassDef) else [node]:
            is_plain = isinstance(item, ast.FunctionDef) and not item.decorator_list and not item.name.startswith("__")
            if is_plain:
                prefix = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
                found[prefix + item.name] = [argument.arg for argument in item.args.args + item.args.kwonlyargs]
    return found


@pytest.mark.parametrize(("name", "arguments"), stub_functions().items())
def test_stubs_name_the_arguments_of_the_module(name, arguments):
    """Stubtest cannot see the signatures of compiled functions; their doc strings begin with them."""
    function = _core
    for part in name.split("."):
        function = getattr(function, part)
    signature = re.match(r"\w+\((.*)\)", function.__doc__)[1]
    assert re.findall(r"(\w+)(?=: )", re.sub(r"\[[^\]]*\]", "", signature)) == arguments


def test_every_public_name_is_documented_and_there():
    for name in nad.__all__:
        assert hasattr(nad, name)
        if not name.startswith("__"):
            assert getattr(nad, name).__doc__, name
    for name, member in vars(nad.IsolationForest).items():
        if not name.startswith("_"):
            assert member.__doc__, name


def test_kernels_have_names_and_an_order():
    assert set(nad.simd.supported()) <= set(nad.simd.compiled()) <= {"avx512", "avx2", "neon", "baseline"}
    assert nad.simd.compiled()[-1] == "baseline"
    assert nad.simd.active() in nad.simd.supported()


@pytest.mark.parametrize("kernel", nad.simd.supported())
def test_the_environment_chooses_the_kernel(kernel):
    assert run("import nad; print(nad.simd.active())", env={"NAD_SIMD": kernel}) == f"{kernel}\n"


def test_an_environment_that_names_no_kernel_is_an_error():
    program = "import nad\ntry: nad.simd.active()\nexcept nad.Error as error: print(error)"
    assert "abacus" in run(program, env={"NAD_SIMD": "abacus"})
