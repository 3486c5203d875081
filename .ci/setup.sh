# Sets up a machine; sourced by tests/run and examples/quickstart. Every step does nothing where nothing is missing.
# shellcheck shell=bash

nad_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
nad_venv=$nad_root/.venv

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
  bold='' dim='' green='' red='' plain=''
fi

say() { printf '%s==>%s %s\n' "$bold" "$plain" "$*"; }
give_up() { printf '%s%s%s\n' "$red" "$*" "$plain" >&2; exit 1; }

# Whether what a Debian package brings is there, from this package or from elsewhere.
is_there() {
  case $1 in
    g++) command -v "${CXX:-c++}" ;;
    ninja-build) command -v ninja ;;
    cmake | clang | clang-tidy | git | pkg-config) command -v "$1" ;;
    python3) python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ;;
    python3-venv) python3 -c 'import ensurepip, venv' ;;
    python3-dev) python3 -c 'import sysconfig, os; open(os.path.join(sysconfig.get_path("include"), "Python.h"))' ;;
    *) dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'install ok installed' ;;
  esac >/dev/null 2>&1
}

explain_other_systems() {
  cat >&2 <<'TEXT'
This system has no apt-get, so nothing was installed. nad needs:

  a C++20 compiler (g++ 11, clang 14 or newer), CMake 3.21, Ninja, git, Python 3.10 with venv, pip and its C headers,
  xsimd 8.1, cereal 1.3.2, nlohmann-json 3.11.2, zlib and, for the tests, doctest 2.4.9, Eigen 3.4, clang and
  clang-tidy. Or newer.

  Fedora    dnf install gcc-c++ cmake ninja-build git python3-devel xsimd-devel cereal-devel json-devel eigen3-devel \
            zlib-devel doctest-devel clang clang-tools-extra
  Arch      pacman -S gcc cmake ninja git python xsimd cereal nlohmann-json eigen zlib doctest clang
  macOS     brew install bash cmake ninja git python xsimd cereal nlohmann-json eigen zlib doctest llvm

Install them, then run this command again as: NAD_SYSTEM_PACKAGES=there <command>
TEXT
  exit 1
}

# install_packages <debian package>...
install_packages() {
  [ "${NAD_SYSTEM_PACKAGES:-}" != there ] || return 0
  command -v apt-get >/dev/null || explain_other_systems
  local package missing=() as_root=()
  for package in "$@"; do
    is_there "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || give_up "Missing packages. As root, run: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing ${missing[*]}"
  { ${as_root[@]+"${as_root[@]}"} apt-get update -qq &&
    ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$nad_root/build/apt.log" 2>&1 ||
    { tail -n 20 "$nad_root/build/apt.log" >&2; give_up "apt-get failed; the whole log: build/apt.log"; }
}

# libFuzzer and the sanitizers of clang, which Debian keeps in a package named after clang's version.
install_fuzzer_runtime() {
  local program=$nad_root/build/fuzzer-probe
  echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' >"$program.cpp"
  clang++ -fsanitize=fuzzer,address,undefined "$program.cpp" -o "$program" 2>/dev/null ||
    install_packages "libclang-rt-$(clang++ -dumpversion | cut -d. -f1)-dev"
}

# make_venv <folder>
make_venv() {
  if ! "$1/bin/python" -c 'import pip' 2>/dev/null; then
    rm -rf "$1"
    python3 -m venv "$1" || give_up "python3 -m venv $1 failed"
  fi
}

# pip_install <venv> <requirement>...
pip_install() {
  local venv=$1
  shift
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" || give_up "pip install $* failed"
}

# build_wheel <folder of CMake> <further target>...: leaves exactly one wheel in build/wheel and prints its path. What lies
# in the folder already, the library above all, is not built again. $CMAKE_ARGS reaches CMake.
build_wheel() {
  local log=$nad_root/build/wheel.log folder=$1 targets=_core
  shift
  rm -rf "$nad_root/build/wheel"
  if [ $# -gt 0 ]; then targets+=$(printf ';%s' "$@"); fi
  SKBUILD_BUILD_DIR=$folder SKBUILD_BUILD_TARGETS=$targets "$nad_venv/bin/python" -m pip wheel --disable-pip-version-check --no-deps --wheel-dir "$nad_root/build/wheel" \
    "$nad_root" >"$log" 2>&1 || { tail -n 40 "$log" >&2; give_up "the wheel cannot be built; the whole log: $log"; }
  echo "$nad_root"/build/wheel/nad-*.whl
}

mkdir -p "$nad_root/build"
cd "$nad_root" || exit 1

# These reach CMake wherever it is called, from pip too.
export CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)}
if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
library_packages=(g++ cmake ninja-build git libxsimd-dev libcereal-dev nlohmann-json3-dev zlib1g-dev libpcap-dev)
python_packages=(python3 python3-venv python3-dev)
