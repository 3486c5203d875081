"""Two network namespaces joined by a virtual cable: a network that nothing can leave, gone when the `with` ends.

>>> with VirtualNetwork({"left": ["10.77.0.1"], "right": ["10.77.0.2"]}) as network:
...     network.run("left", "ping", "-c", "1", "10.77.0.2")
...     network.ends["right"]  # the interface on the right

Needs Linux, root and iproute2; `why_not` says what is lacking.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager


def why_not(*programs: str) -> str:
    """What this machine lacks to build one and run these programs in it; nothing if it lacks nothing."""
    if not sys.platform.startswith("linux"):
        return "network namespaces need Linux"
    missing = [program for program in ("ip", *programs) if shutil.which(program) is None]
    if missing:
        return f"{', '.join(missing)} not found; on Debian: apt-get install iproute2 curl hping3 nmap tcpreplay"
    if os.geteuid() != 0:
        return "namespaces and capturing need root"
    try:
        with VirtualNetwork({"try": [], "other": []}) as network:
            network.run("try", "true")
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired, OSError) as error:
        return f"no network namespace can be made here: {error}"
    return ""


class VirtualNetwork:
    """Two namespaces, each with its addresses; programs take the first where they ask for none."""

    def __init__(self, addresses: Mapping[str, Sequence[str]]) -> None:
        first, second = addresses
        self.addresses = addresses
        self.spaces = {name: f"nad-{name}-{os.getpid()}" for name in addresses}
        cable = f"nad{os.getpid() % 1_000_000}"
        self.ends = {first: f"{cable}a", second: f"{cable}b"}
        self._stack = ExitStack()

    def __enter__(self) -> VirtualNetwork:
        with ExitStack() as building:
            for name, space in self.spaces.items():
                _ip("netns", "add", space)
                building.callback(_ip, "netns", "del", space)
                self.run(name, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6")  # no chatter
                _ip("-n", space, "link", "set", "lo", "up")
            (left, one), (right, other) = self.ends.items()
            cable = ("link", "add", one, "netns", self.spaces[left], "type", "veth")
            _ip(*cable, "peer", other, "netns", self.spaces[right])
            for name, space in self.spaces.items():
                for address in self.addresses[name]:
                    _ip("-n", space, "address", "add", f"{address}/24", "dev", self.ends[name])
                _ip("-n", space, "link", "set", self.ends[name], "up")
            self._stack = building.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def inside(self, name: str, *command: str) -> list[str]:
        """The command line that runs a command in a namespace."""
        return ["ip", "netns", "exec", self.spaces[name], *command]

    def run(self, name: str, *command: str, timeout: float = 60.0) -> None:
        """To its end, which comes soon; what it prints is of no interest."""
        subprocess.run(self.inside(name, *command), check=True, capture_output=True, timeout=timeout)

    @contextmanager
    def started(self, name: str, *command: str) -> Iterator[subprocess.Popen[str]]:
        """Until the `with` ends; its output can be read."""
        process = subprocess.Popen(self.inside(name, *command), stdout=subprocess.PIPE, text=True)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)
