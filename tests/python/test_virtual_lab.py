"""The laboratory: real packets over a virtual cable, captured, judged and alerted on as they come."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

CANNOT = 77


def test_every_attack_in_the_virtual_laboratory_raises_alerts_at_once(checkout, tmp_path):
    told = tmp_path / "told.json"
    lab = checkout / "examples/python/virtual_lab.py"
    command = [sys.executable, str(lab), "--learn", "40", "--quiet", "5", "--rest", "7", "--json", str(told)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)
    if done.returncode == CANNOT:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    normal, *attacks = json.loads(told.read_text())
    assert [one["name"] for one in attacks] == ["SYN flood", "port scan", "Xmas scan", "UDP flood"]
    assert len(normal["alerts"]) <= 10
    for attack in attacks:
        of_attacker = [alert for alert in attack["alerts"] if attack["source"] in alert]
        assert of_attacker, attack["name"] + " raised no alert\n" + done.stdout[-3000:]
        assert attack["first"] < 15, attack
    assert "'dropped': 0" in done.stdout
    left = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True, timeout=20).stdout
    assert "nad-" not in left
