"""Whether packets of a wire are lost: a virtual cable, a sender at a steady rate, and nad on the other end.

Two network namespaces joined by a veth pair; tcpreplay sends simulated traffic in one, nad captures and meters in the
other. The soak goes further: a monitor with a model, a SYN flood of forged sources for minutes, another attack in the
middle of it, and the memory that the monitor takes all the while.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from examples.python.virtual_network import VirtualNetwork, why_not

import nad
from nad._bench.report import Goal, Section, say

PACKETS_PER_SECOND = 200_000
FLOOD_PER_SECOND = 20_000
ENDS = {"sender": ["10.77.0.1"], "watcher": ["10.77.0.2"]}

METER = """
import json, sys, time, nad
meter = nad.FlowMeter()
with nad.LiveCapture(sys.argv[1]) as capture:
    print("ready", flush=True)
    quiet = 0
    for _ in range(int(sys.argv[2])):
        quiet = 0 if capture.read(meter, seconds=1.0) else quiet + 1
        if quiet == 2 and capture.stats["given"]:
            break
    stats = capture.stats
flows = len(meter.flush())
print(json.dumps({**stats, "flows": flows, "cpu": time.process_time()}), flush=True)
"""

MONITOR = """
import json, sys, threading, nad
told = []
def tell(alert):
    print(json.dumps({"alert": nad.to_text(alert), "from": str(alert.src)}), flush=True)
monitor = nad.Monitor(nad.load(sys.argv[2]), on_alert=tell)
threading.Timer(1.0, lambda: print(json.dumps({"ready": True}), flush=True)).start()
threading.Timer(float(sys.argv[3]), monitor.stop).start()
monitor.watch(sys.argv[1])
stats = monitor.stats
print(json.dumps({"stats": str(stats), "judged": stats.records, **stats.input}), flush=True)
"""


def run_live(*, quick: bool) -> list[Section]:
    reason = why_not("tcpreplay")
    if reason:
        return [Section("Live: not measured", ["reason"], [[reason]])]
    seconds = 3 if quick else 10
    with tempfile.TemporaryDirectory() as folder, VirtualNetwork(ENDS) as network:
        capture = Path(folder) / "traffic.pcap"
        nad.simulate(capture, hours=0.25, rate=20, hosts=500, random_state=7, attacks=["port_scan", "syn_flood"])
        say(f"live: {PACKETS_PER_SECOND} packets a second for {seconds} s")
        program = (sys.executable, "-c", METER, network.ends["watcher"], str(seconds + 60))
        with network.started("watcher", *program) as meter:
            assert meter.stdout is not None
            meter.stdout.readline()
            sent = _replay(network, capture, PACKETS_PER_SECOND, seconds)
            seen = json.loads(meter.stdout.readline())
    lost = sent - seen["given"]
    rows = [[str(sent), str(seen["given"]), str(seen["dropped"]), str(seen["flows"]), f"{seen['cpu']:.1f}"]]
    header = ["sent", "seen", "dropped by the kernel", "flows", "processor time, s"]
    return [
        Section(f"Live over a virtual cable, {seconds} s", header, rows, data=seen),
        Section("Live: what was asked", *Goal.table([Goal("packets lost of all, %", 100 * lost / sent, at_most=0.0)])),
    ]


def _replay(network: VirtualNetwork, capture: Path, rate: int, seconds: float) -> int:
    """So many packets were sent."""
    words = ("-q", "--preload-pcap", "--loop=0", f"--pps={rate}", f"--duration={int(seconds)}")
    command = network.inside("sender", "tcpreplay", "-i", network.ends["sender"], *words, str(capture))
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=seconds + 120)
    found = re.search(r"Actual: (\d+) packets", done.stdout)
    if found is None:
        raise RuntimeError(f"tcpreplay: {done.stdout}{done.stderr}")
    return int(found[1])


# ---- soak


def run_soak(*, quick: bool) -> list[Section]:
    reason = why_not("tcpreplay")
    if reason:
        return [Section("Soak: not measured", ["reason"], [[reason]])]
    seconds = 30 if quick else 600
    with tempfile.TemporaryDirectory() as name, VirtualNetwork(ENDS) as network:
        folder = Path(name)
        nad.simulate(folder / "normal.pcap", hours=3, random_state=3)
        forged = nad.Attack("syn_flood", intensity=10)
        nad.simulate(folder / "flood.pcap", hours=0.02, rate=0, random_state=4, attacks=[forged])
        slow = nad.Attack("port_scan", intensity=0.2)
        nad.simulate(folder / "scan.pcap", hours=0.02, rate=0, random_state=3, attacks=[slow])
        model = nad.Model(threshold=nad.ThresholdRule.alerts_per_day(24), random_state=1)
        model.fit(nad.read(folder / "normal.pcap")).save(folder / "model.nad")
        return _soak(network, folder, seconds)


def _soak(network: VirtualNetwork, folder: Path, seconds: float) -> list[Section]:
    say(f"soak: {FLOOD_PER_SECOND} SYNs a second for {seconds:g} s")
    scanner = str(nad.read(folder / "scan.pcap")["src_ip"].to_list()[0])
    whole = seconds + 20
    program = (sys.executable, "-c", MONITOR, network.ends["watcher"], str(folder / "model.nad"), str(whole))
    memory: list[float] = []
    with network.started("watcher", *program) as monitor, tempfile.TemporaryFile() as noise:
        assert monitor.stdout is not None
        monitor.stdout.readline()
        words = ("-q", "--preload-pcap", "--loop=0", f"--pps={FLOOD_PER_SECOND}", f"--duration={int(seconds)}")
        command = network.inside(
            "sender", "tcpreplay", "-i", network.ends["sender"], *words, str(folder / "flood.pcap")
        )
        with subprocess.Popen(command, stdout=noise, stderr=noise) as sender:
            began = time.monotonic()
            scanned = False
            while sender.poll() is None and time.monotonic() < began + seconds + 30:
                time.sleep(1.0)
                memory.append(_resident_megabytes(monitor.pid))
                if not scanned and time.monotonic() > began + seconds / 2:
                    scanned = True
                    replay = ("tcpreplay", "-q", "-i", network.ends["sender"], str(folder / "scan.pcap"))
                    network.run("sender", *replay, timeout=120)
        said = [json.loads(line) for line in monitor.stdout]
    alerts = [one for one in said if "alert" in one]
    of_scan = [one for one in alerts if one["from"] == scanner]
    (stats,) = (one for one in said if "stats" in one)
    half = memory[len(memory) // 2 :]
    goals = [
        Goal("alert records of the scan in the flood", float(len(of_scan)), at_least=1.0),
        Goal("memory in the second half, most against least", max(half) / min(half), at_most=1.1),
        Goal("packets and records that nobody had time for, counted", float(stats["packets_lost"] + stats["lost"])),
    ]
    rows = [[f"{memory[0]:.0f}", f"{half[0]:.0f}", f"{memory[-1]:.0f}", f"{max(memory):.0f}", str(len(alerts))]]
    left = stats["records"] - stats["lost"] - stats["judged"]
    counted = (
        f"{stats['packets']:,} packets were read, {stats['packets_lost']:,} lost before; of their {stats['records']:,} "
        f"records {stats['judged']:,} were judged, {stats['lost']:,} lost, {left:,} still waited at the stop"
    )
    header = ["memory at first, MB", "in the middle", "at the end", "at most", "alert records"]
    return [
        Section(
            f"Soak: a flood of forged sources for {seconds:g} s",
            header,
            rows,
            [counted, stats["stats"]],
            {"memory": memory},
        ),
        Section("Soak: what was asked", *Goal.table(goals)),
    ]


def _resident_megabytes(process: int) -> float:
    """Of a process; what runs in a namespace has the number that it has outside."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
