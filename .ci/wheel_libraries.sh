#!/usr/bin/env bash
# What wheels are built with, inside the container in which they are built (manylinux, as root): a static libpcap.
#
# The libpcap of distributions needs D-Bus, systemd or RDMA, which a wheel would have to bring along. nad captures from
# interfaces alone, so this one has none of that and becomes part of the module. Headers of other projects come as CMake
# downloads them, each pinned (src/cmake/dependencies.cmake); zlib is on every system that manylinux means.
set -euo pipefail

libpcap_commit=bbcbc9174df3298a854daee2b3e666a4b6e5383a  # 1.10.5
prefix=${1:-/usr/local}

if command -v dnf >/dev/null; then dnf install -y -q cmake gcc make flex bison git zlib-devel; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git init -q "$work/libpcap"
cd "$work/libpcap"
git fetch -q --depth 1 https://github.com/the-tcpdump-group/libpcap.git "$libpcap_commit"
git checkout -q FETCH_HEAD
cmake -S . -B build -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_BUILD_TYPE=Release \
  -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_C_VISIBILITY_PRESET=hidden -DBUILD_WITH_LIBNL=OFF \
  -DDISABLE_LINUX_USBMON=ON -DDISABLE_BLUETOOTH=ON -DDISABLE_NETMAP=ON -DDISABLE_DPDK=ON -DDISABLE_DBUS=ON \
  -DDISABLE_RDMA=ON -DDISABLE_DAG=ON -DDISABLE_SNF=ON -DENABLE_REMOTE=OFF
cmake --build build
cmake --install build
install -D -m 644 LICENSE "$prefix/share/licenses/libpcap/LICENSE"
