"""The rules of the house: who may include whom, where other projects' headers may appear, what lies where.

Every rule is a function from files (path -> text) to complaints. It is asked about the checkout, where it must find
nothing, and about a sample that is wrong, where it must find something.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[2]
Files = dict[str, str]
Rule = Callable[[Files], list[str]]

# A folder sees those with a smaller number, and itself. `detail` helps all that stand to its right.
RANK = {
    "core": 0, "simd": 1, "detail": 2, "table": 3, "flow": 4,
    "source": 5, "features": 5, "detector": 5, "threshold": 5, "evaluate": 5, "alert": 5,
    "persist": 6, "model": 7,
}  # fmt: skip
UMBRELLA = ["core", "simd", "table", "flow", "source", "features", "detector", "threshold", "alert", "evaluate",
            "persist", "model"]  # fmt: skip
# other project -> where its headers may be named, as regular expressions
QUARANTINE = {
    "xsimd": [r"include/nad/simd/.*-inl\.hpp", r"src/simd/.*"],
    "cereal": [r"include/nad/persist/.*-inl\.hpp", r"src/persist\.cpp", r"tests/cpp/.*"],
    "nlohmann": [
        r"include/nad/(persist|alert|source)/.*-inl\.hpp",
        r"include/nad/features/configuration-inl\.hpp",
        r"tests/cpp/.*",
    ],
    "zlib.h": [r"include/nad/(detail/gzip|flow/capture_writer_gzip)-inl\.hpp"],
    "pcap": [r"include/nad/flow/live_capture-inl\.hpp"],
    "netdb.h": [r"include/nad/alert/posix_.*-inl\.hpp"],
    "spawn.h": [r"include/nad/alert/posix_.*-inl\.hpp"],
    "Eigen": [r"include/nad/eigen\.hpp", r"tests/cpp/.*"],
    "pybind11": [r"bindings/.*"],
    "doctest": [r"tests/cpp/.*"],
}
TOP_LEVEL = {"CMakeLists.txt", "pyproject.toml", "README.md", "LICENSE", "include", "src", "python", "bindings",
             "examples", "tests", "benchmarks"}  # fmt: skip
STANDARD_HEADER = re.compile(r"[a-z_]+(\.h)?")
SOURCE_SUFFIXES = (".hpp", ".cpp", ".py")
BUILD_SUFFIXES = (".cmake", ".in", ".toml", ".txt", ".yml", ".yaml", ".sh", ".cpp", ".hpp", "run", "quickstart")


def tracked_files() -> Files:
    """The text files of the checkout that belong to it."""
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode != 0:
        pytest.skip("the checkout is not a git repository")
    files = {}
    for name in listing.stdout.splitlines():
        try:
            files[name] = (ROOT / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):  # a model, or deleted and not yet committed
            continue
    return files


def includes(text: str) -> list[str]:
    """The names between quotes or angle brackets, in their order."""
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', text, re.MULTILINE)


def stage(path: str) -> str | None:
    """The folder of the record's way that a file of the library belongs to."""
    parts = PurePosixPath(path).parts
    if parts[:2] == ("include", "nad") and len(parts) > 3:
        return parts[2]
    if parts[0] == "src" and path.endswith(".cpp"):
        return "simd" if parts[1] == "simd" else PurePosixPath(path).stem
    return None


def wrong_directions(files: Files) -> list[str]:
    """A folder includes only what stands to its left."""
    complaints = []
    for path, text in files.items():
        here = stage(path)
        if here is None:
            continue
        if here not in RANK:
            complaints.append(f"{path}: {here} is not a stage")
            continue
        for name in includes(text):
            if name.startswith("."):
                complaints.append(f'{path} includes {name}: write "nad/..."')
            there = PurePosixPath(name).parts[1] if re.match(r"nad/.+/", name) else None
            if name == "nad/nad.hpp":
                complaints.append(f"{path} includes the umbrella")
            elif there is not None and there != here and not RANK.get(there, 99) < RANK[here]:
                complaints.append(f"{path} ({here}) includes {name}")
    return complaints


def unguarded_definitions(files: Files) -> list[str]:
    """x.hpp ends with its own x-inl.hpp in the header-only switch, and names no other definition."""
    complaints = []
    for path, text in files.items():
        if not path.startswith("include/nad/") or not path.endswith(".hpp") or path.endswith("-inl.hpp"):
            continue
        own = path.removeprefix("include/").removesuffix(".hpp") + "-inl.hpp"
        ending = f'#ifdef NAD_HEADER_ONLY\n#include "{own}"\n#endif\n'
        body = text.removesuffix(ending)
        if f"include/{own}" in files and body == text:
            complaints.append(f"{path} does not end with its definitions: {ending!r}")
        complaints += [f"{path} includes {name}" for name in includes(body) if name.endswith("-inl.hpp")]
    return complaints


def third_party_in_public_headers(files: Files) -> list[str]:
    """An embedder of the compiled library sees nad and the standard library only."""
    return [
        f"{path} includes {name}"
        for path, text in files.items()
        if path.startswith("include/nad/") and path.endswith(".hpp") and not path.endswith("-inl.hpp")
        if path != "include/nad/eigen.hpp"
        for name in includes(text)
        if not name.startswith("nad/") and not STANDARD_HEADER.fullmatch(name)
    ]


def escaped_dependencies(files: Files) -> list[str]:
    """Each other project stays in its folder."""
    complaints = []
    for path, text in files.items():
        for name in includes(text):
            places = QUARANTINE.get(PurePosixPath(name).parts[0])
            if places is not None and not any(re.fullmatch(place, path) for place in places):
                complaints.append(f"{path} includes {name}")
    return complaints


def umbrella_disorder(files: Files) -> list[str]:
    """nad.hpp is a sample and includes, in the order of the record's way."""
    text = files["include/nad/nad.hpp"]
    folders = [PurePosixPath(name).parts[1] for name in includes(text) if name != "nad/config.hpp"]
    places = [UMBRELLA.index(folder) if folder in UMBRELLA else -1 for folder in folders]
    complaints = [] if -1 not in places and places == sorted(places) else [f"nad.hpp includes out of order: {folders}"]
    for line in text.splitlines():
        if line and not re.match(r'///|#pragma once$|#include "nad/', line):
            complaints.append(f"nad.hpp holds something else: {line}")
    return complaints


def containers_in_kernels(files: Files) -> list[str]:
    """What a kernel file reaches is xsimd, intrinsics and plain types: an inline function that ordinary code shares
    would be compiled for processors that the program may not run on."""
    allowed = re.compile(r"c(stddef|stdint)|xsimd/.*|(imm|arm_)[a-z]+\.h")
    waiting = [path for path in files if re.match(r"src/simd/.*\.cpp", path)]
    seen = set(waiting)
    complaints = []
    while waiting:
        path = waiting.pop()
        for name in includes(files[path]):
            header = f"include/{name}"
            if header in files:
                if header not in seen:
                    seen.add(header)
                    waiting.append(header)
            elif not allowed.fullmatch(name):
                complaints.append(f"{path}, which kernels reach, includes {name}")
    return complaints


def strangers_at_top_level(files: Files) -> list[str]:
    """The top level is what the design lists, and dotfiles."""
    names = {PurePosixPath(path).parts[0] for path in files}
    return [name for name in sorted(names - TOP_LEVEL) if not name.startswith(".")]


def long_files(files: Files) -> list[str]:
    """One concept a file."""
    return [
        f"{path} has {text.count(chr(10))} lines"
        for path, text in files.items()
        if path.endswith(SOURCE_SUFFIXES) and text.count("\n") > 500
    ]


def native_builds(files: Files) -> list[str]:
    """What is built here runs elsewhere."""
    flag = re.compile("-m(arch|tune|cpu)=" + "native")
    return [path for path, text in files.items() if path.endswith(BUILD_SUFFIXES) and flag.search(text)]


def machine_paths(files: Files) -> list[str]:
    """No file names a folder of the machine that it was written on."""
    folder = re.compile(r"(?<![\w.])/(work|tmp|root|farm|home|Users)/")
    return [
        f"{path}: {line.strip()}" for path, text in files.items() for line in text.splitlines() if folder.search(line)
    ]


WRONG: list[tuple[Rule, Files]] = [
    (wrong_directions, {"include/nad/core/error.hpp": '#include "nad/table/table.hpp"\n'}),
    (wrong_directions, {"include/nad/simd/lanes-inl.hpp": '#include "nad/detector/detector.hpp"\n'}),
    (wrong_directions, {"include/nad/detector/lof-inl.hpp": '#  include "nad/threshold/quantile.hpp"\n'}),
    (wrong_directions, {"include/nad/detector/lof.hpp": '#include "nad/persist/model_file.hpp"\n'}),
    (wrong_directions, {"include/nad/alert/sink.hpp": "#include <nad/nad.hpp>\n"}),
    (wrong_directions, {"include/nad/table/column.hpp": '#include "../core/error.hpp"\n'}),
    (wrong_directions, {"include/nad/helpers/text.hpp": ""}),
    (wrong_directions, {"src/core.cpp": '#include "nad/detector/detector-inl.hpp"\n'}),
    (wrong_directions, {"src/simd/avx2.cpp": '#include "nad/detector/forest_nodes.hpp"\n'}),
    (unguarded_definitions, {"include/nad/core/a.hpp": "", "include/nad/core/a-inl.hpp": ""}),
    (unguarded_definitions, {"include/nad/core/a.hpp": '#include "nad/core/b-inl.hpp"\n'}),
    (third_party_in_public_headers, {"include/nad/simd/kernels.hpp": "#include <xsimd/xsimd.hpp>\n"}),
    (third_party_in_public_headers, {"include/nad/detector/pca.hpp": "#include <Eigen/Core>\n"}),
    (third_party_in_public_headers, {"include/nad/persist/file.hpp": '#include "cereal/cereal.hpp"\n'}),
    (escaped_dependencies, {"include/nad/detector/a-inl.hpp": "#include <cereal/types/vector.hpp>\n"}),
    (escaped_dependencies, {"include/nad/persist/a.hpp": "#include <nlohmann/json_fwd.hpp>\n"}),
    (escaped_dependencies, {"include/nad/core/a-inl.hpp": "#include <Eigen/Dense>\n"}),
    (escaped_dependencies, {"src/detector.cpp": "#include <xsimd/xsimd.hpp>\n"}),
    (escaped_dependencies, {"include/nad/flow/capture-inl.hpp": "#include <pcap/pcap.h>\n"}),
    (escaped_dependencies, {"include/nad/alert/mail_channel-inl.hpp": "#include <netdb.h>\n"}),
    (escaped_dependencies, {"src/core.cpp": "#include <pybind11/pybind11.h>\n"}),
    (escaped_dependencies, {"include/nad/core/a.hpp": "#include <doctest/doctest.h>\n"}),
    (umbrella_disorder, {"include/nad/nad.hpp": '#include "nad/simd/kernels.hpp"\n#include "nad/core/error.hpp"\n'}),
    (umbrella_disorder, {"include/nad/nad.hpp": '#include "nad/detail/text.hpp"\n'}),
    (umbrella_disorder, {"include/nad/nad.hpp": '#include "nad/core/error.hpp"\nnamespace nad {}\n'}),
    (containers_in_kernels, {"src/simd/avx2.cpp": "#include <vector>\n"}),
    (containers_in_kernels, {"src/simd/avx2.cpp": "#include <Eigen/Core>\n"}),
    (
        containers_in_kernels,
        {"src/simd/a.cpp": '#include "nad/simd/b.hpp"\n', "include/nad/simd/b.hpp": "#include <algorithm>\n"},
    ),
    (strangers_at_top_level, {"notes.md": ""}),
    (strangers_at_top_level, {"scripts/build.sh": ""}),
    (long_files, {"src/core.cpp": "\n" * 501}),
    (native_builds, {"src/cmake/compiler.cmake": "add_compile_options(-march" + "=native)\n"}),
    (machine_paths, {"README.md": f"cd {PurePosixPath('/', 'home', 'somebody')}\n"}),
]
RULES = list(dict.fromkeys(rule for rule, _ in WRONG))


@pytest.fixture(scope="module")
def files() -> Files:
    return tracked_files()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_the_rule(rule: Rule, files: Files) -> None:
    assert rule(files) == []


@pytest.mark.parametrize(("rule", "sample"), WRONG, ids=lambda value: getattr(value, "__name__", ""))
def test_the_rule_finds_what_is_wrong(rule: Rule, sample: Files) -> None:
    assert rule(sample) != []


def test_what_the_design_allows_is_found_right() -> None:
    right = {
        "include/nad/source/pcap-inl.hpp": '#include "nad/flow/decode.hpp"\n#include <nlohmann/json.hpp>\n',
        "include/nad/simd/kernels-inl.hpp": '#include "nad/core/error.hpp"\n#include <xsimd/xsimd.hpp>\n',
        "include/nad/core/a.hpp": '#include <span>\n#ifdef NAD_HEADER_ONLY\n#include "nad/core/a-inl.hpp"\n#endif\n',
        "include/nad/core/a-inl.hpp": '#include "nad/core/a.hpp"\n',
        "src/simd/avx2.cpp": "#include <immintrin.h>\n#include <cstddef>\n",
        "include/nad/nad.hpp": '#pragma once\n\n/// nad.\n#include "nad/core/a.hpp"\n#include "nad/model/model.hpp"\n',
    }
    assert [complaint for rule in RULES for complaint in rule(right)] == []


# ---- the objects that were built


def foreign_weak_symbols(symbols: str) -> list[str]:
    """Weak symbols of a kernel object that are not named after its instruction set.

    The linker keeps one copy of a weak symbol for the whole program. One that is not a kernel's own may become the copy
    that ordinary code calls, and it holds instructions that the processor may lack.
    """
    weak = re.findall(r"^[0-9a-f ]* [WVuw] (.+)$", symbols, re.MULTILINE)
    own = re.compile(r"xsimd::(\w+<xsimd::)?avx(2|512)|^DW\.ref\.")  # the latter is a pointer, not code
    return [name for name in weak if not own.search(name)]


def kernel_objects() -> list[Path]:
    folder = Path(os.environ.get("NAD_BUILD_DIR", ROOT / "build" / "static"))
    return sorted(folder.glob("CMakeFiles/nad.dir/src/simd/avx*.o*"))


def test_kernels_leave_no_foreign_weak_symbols() -> None:
    objects = kernel_objects()
    if not objects:
        pytest.skip("no kernel objects: build nad into build/static or name the folder in NAD_BUILD_DIR")
    if shutil.which("nm") is None:
        pytest.skip("nm is not installed")
    for path in objects:
        listing = subprocess.run(["nm", "-C", str(path)], capture_output=True, text=True, check=True).stdout
        assert "_kernels" in listing, f"{path} holds no kernel table"
        assert foreign_weak_symbols(listing) == [], path.name


def test_foreign_weak_symbols_are_found() -> None:
    listing = """
0000000000000000 R nad::simd::avx2_kernels
0000000000000000 t nad::simd::detail::local(float const*)
                 U memcpy
0000000000000000 W void nad::simd::transpose<xsimd::avx2, xsimd::sse2>(float const*)
0000000000000000 W xsimd::batch<float, xsimd::fma3<xsimd::avx2> >::batch(float)
"""
    assert foreign_weak_symbols(listing) == []
    for stranger in [
        "0000000000000000 W std::vector<float, std::allocator<float> >::data()",
        "0000000000000010 W nad::simd::shared_helper(float)",
        "0000000000000000 u xsimd::batch<float, xsimd::sse2>::batch(float)",
        "                 w pthread_create",
    ]:
        assert len(foreign_weak_symbols(listing + stranger + "\n")) == 1, stranger
