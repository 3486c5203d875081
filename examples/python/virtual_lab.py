"""A network of two machines inside this one: people who read web pages, somebody who attacks, and nad, which watches.

sudo python virtual_lab.py [--learn 60] [--seed 1]

Two network namespaces, joined by a virtual cable. In one a web server answers; in the other three clients fetch pages
with curl. nad captures on the server's side, learns what that looks like, and goes on watching while hping3 and nmap
attack; alerts are shown as they come. Neither namespace has a way out, every attack is limited in rate and number, and
all of it is gone at the end. Needs Linux, root, and iproute2, curl, hping3 and nmap.
"""

from __future__ import annotations

import argparse
import http.server
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from virtual_network import VirtualNetwork, why_not

import nad

SERVER = "10.77.0.2"
CLIENTS = ("10.77.0.11", "10.77.0.12", "10.77.0.13")
PAGES = {"index.html": 4_000, "news.html": 18_000, "style.css": 9_000, "picture.png": 90_000, "video.bin": 900_000}
IDLE = 5.0
"""A flow is over when nothing came for so many seconds: sooner than usual, so that lone packets show soon."""
CANNOT = 77
"""The exit status that says: this machine does not let me try."""


@dataclass(frozen=True)
class Attack:
    """A bounded command, from an address of its own: alerts of one address on another are folded into one."""

    name: str
    source: str
    command: str

    def words(self, interface: str) -> list[str]:
        """The command line."""
        return [*self.command.split(), *(["-e", interface] if self.command.startswith("nmap") else []), SERVER]


ATTACKS = (
    Attack("SYN flood", "10.77.0.61", "hping3 -q -a 10.77.0.61 -S -p 80 -i u1000 -c 3000"),
    Attack("port scan", "10.77.0.62", "nmap -n -Pn -S 10.77.0.62 -sS -p 1-600 --max-rate 200 --max-retries 0"),
    Attack("Xmas scan", "10.77.0.63", "nmap -n -Pn -S 10.77.0.63 -sX -p 1-200 --max-rate 100 --max-retries 0"),
    Attack("UDP flood", "10.77.0.64", "hping3 -q -a 10.77.0.64 --udp -p 53 -d 400 -i u1000 -c 2000"),
)


@dataclass
class Outcome:
    """What nad said while something happened."""

    name: str
    source: str = ""
    seconds: float = 0.0
    alerts: list[str] = field(default_factory=list)
    first: float | None = None
    """Seconds until the first alert, of the attacker where there is one."""

    def __str__(self) -> str:
        when = "" if self.first is None else f", the first after {self.first:.1f} s"
        return f"{self.name:<16} {self.seconds:4.0f} s: {len(self.alerts)} alert records{when}"


# ---- what runs inside the namespaces: this file again, with a part to play


def serve(folder: Path) -> None:
    """The web server."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words: object) -> None:
            del words

    os.chdir(folder)
    http.server.ThreadingHTTPServer((SERVER, 80), Quiet).serve_forever()


def browse(address: str, seed: int, seconds: float) -> None:
    """One person, who reads a page, and those after it, for so long."""
    draw = random.Random(seed)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for page in draw.choices(list(PAGES), weights=[10, 6, 8, 4, 1], k=draw.randint(1, 4)):
            url = f"http://{SERVER}/{page}"
            subprocess.run(["curl", "-s", "-o", "/dev/null", "--interface", address, url], check=False, timeout=30)
        time.sleep(draw.expovariate(6.0))


def learn(interface: str, seconds: float, model: Path) -> None:
    """Capture for so long, and learn that this is normal."""
    meter = nad.FlowMeter(tcp_idle=IDLE, udp_idle=IDLE, icmp_idle=IDLE)
    with nad.LiveCapture(interface) as capture:
        packets = capture.read(meter, seconds=seconds)
        lost = capture.stats
    flows = meter.flush()
    nad.Model(threshold=nad.ThresholdRule.alerts_per_day(24), random_state=1).fit(flows).save(model)
    tell({"learnt": len(flows), "packets": packets, "lost": lost})


def watch(interface: str, model: Path) -> None:
    """Alerts as they come, one line of JSON each, until somebody ends it."""

    def say(alert: nad.Alert) -> None:
        tell({"alert": nad.to_text(alert), "report": nad.to_report(alert)})

    monitor = nad.Monitor(nad.load(model), on_alert=say, on_note=lambda text: tell({"note": text}))
    threading.Timer(0.5, lambda: tell({"ready": True})).start()
    monitor.watch(interface, tcp_idle=IDLE, udp_idle=IDLE, icmp_idle=IDLE)


def tell(what: dict[str, object]) -> None:
    """A line for whoever started this part."""
    print(json.dumps(what), flush=True)


# ---- the story


class Listener:
    """Reads what the watching process says, in a thread of its own."""

    def __init__(self, stream: IO[str]) -> None:
        self.ready = threading.Event()
        self._now: Outcome | None = None
        self._since = 0.0
        self._thread = threading.Thread(target=self._listen, args=(stream,), daemon=True)
        self._thread.start()

    def begin(self, name: str, source: str = "") -> Outcome:
        """Alerts from now on belong to this."""
        self._now, self._since = Outcome(name, source), time.monotonic()
        return self._now

    def end(self) -> None:
        """So long it took."""
        if self._now is not None:
            self._now.seconds = time.monotonic() - self._since

    def _listen(self, stream: IO[str]) -> None:
        for line in stream:
            said = json.loads(line)
            if "ready" in said:
                self.ready.set()
            elif "note" in said:
                print(f"    note: {said['note']}")
            elif self._now is not None:
                if self._now.first is None and self._now.source in said["alert"]:
                    self._now.first = time.monotonic() - self._since
                    print("    " + said["report"].replace("\n", "\n    "), flush=True)
                else:
                    print("    " + said["alert"], flush=True)
                self._now.alerts.append(said["alert"])


def tell_story(learn_seconds: float, quiet_seconds: float, rest_seconds: float, seed: int) -> list[Outcome]:
    """Build the laboratory, learn, watch, attack; what was said of each part comes back."""
    outcomes = []
    myself = (sys.executable, str(Path(__file__).resolve()))
    everything = learn_seconds + quiet_seconds + len(ATTACKS) * (rest_seconds + 30) + 60
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder = Path(name)
        pages = folder / "pages"
        pages.mkdir()
        for page, size in PAGES.items():
            (pages / page).write_bytes(random.Random(page).randbytes(size))
        addresses = (*CLIENTS, *(attack.source for attack in ATTACKS))
        lab = running.enter_context(VirtualNetwork({"office": addresses, "server": (SERVER,)}))
        cable = lab.ends["server"]
        running.enter_context(lab.started("server", *myself, "serve", str(pages)))
        time.sleep(1.0)
        for place, client in enumerate(CLIENTS):
            words = ("browse", client, str(seed + place), str(everything))
            running.enter_context(lab.started("office", *myself, *words))

        print(f"learning for {learn_seconds:g} s what is normal ...", flush=True)
        model = folder / "lab.nad"
        with lab.started("server", *myself, "learn", cable, str(learn_seconds), str(model)) as learner:
            assert learner.stdout is not None
            said = json.loads(learner.stdout.readline())
            learner.wait(timeout=60)
        print(f"    {said['packets']:,} packets, {said['learnt']:,} flows; lost: {said['lost']}")

        watcher = running.enter_context(lab.started("server", *myself, "watch", cable, str(model)))
        assert watcher.stdout is not None
        listener = Listener(watcher.stdout)
        if not listener.ready.wait(timeout=60):
            raise RuntimeError("the monitor did not start")
        print(f"watching, {quiet_seconds:g} s of normal traffic ...", flush=True)
        outcomes.append(listener.begin("normal traffic"))
        time.sleep(quiet_seconds)
        listener.end()
        for attack in ATTACKS:
            command = attack.words(lab.ends["office"])
            print(f"{attack.name}: {' '.join(command)}", flush=True)
            outcomes.append(listener.begin(attack.name, attack.source))
            lab.run("office", *command, timeout=30)
            time.sleep(rest_seconds)
            listener.end()
    return outcomes


def main() -> int:
    """Play a part inside a namespace, or tell the whole story."""
    parts = {"serve": serve, "browse": browse, "learn": learn, "watch": watch}
    if len(sys.argv) > 1 and sys.argv[1] in parts:
        part, *words = sys.argv[1:]
        if part == "serve":
            serve(Path(words[0]))
        elif part == "browse":
            browse(words[0], int(words[1]), float(words[2]))
        elif part == "learn":
            learn(words[0], float(words[1]), Path(words[2]))
        else:
            watch(words[0], Path(words[1]))
        return 0
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--learn", type=float, default=60.0, help="seconds of normal traffic to learn from (60)")
    parser.add_argument("--quiet", type=float, default=20.0, help="seconds of normal traffic before the attacks (20)")
    parser.add_argument("--rest", type=float, default=10.0, help="seconds after each attack (10)")
    parser.add_argument("--seed", type=int, default=1, help="which pages are read when (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was said")
    options = parser.parse_args()
    reason = why_not("curl", "hping3", "nmap")
    if reason:
        print(f"the laboratory cannot be built: {reason}", file=sys.stderr)
        return CANNOT
    outcomes = tell_story(options.learn, options.quiet, options.rest, options.seed)
    print()
    for outcome in outcomes:
        print(outcome)
    if options.json:
        told = [{"name": one.name, "source": one.source, "alerts": one.alerts, "first": one.first} for one in outcomes]
        options.json.write_text(json.dumps(told, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
