"""Simulated captures, read by a meter that knows nothing of nad, and by tshark where it is installed."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

import nad

sys.path.insert(0, str(Path(__file__).parent))
from reference_meter import Flow, frames, meter, parse

PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58}
COLUMNS = (
    "state", "history", "packets_sent", "packets_received", "bytes_sent", "bytes_received", "ip_bytes_sent",
    "ip_bytes_received", "retransmitted_sent", "retransmitted_received",
)  # fmt: skip


def every_attack(apart=4.0, duration=3.0, intensity=0.05):
    kinds = enumerate(nad.attack_kinds())
    return [nad.Attack(kind, start=2 + apart * i, duration=duration, intensity=intensity) for i, kind in kinds]


def nanoseconds(text):
    whole, _, fraction = text.removesuffix("Z").partition(".")
    moment = dt.datetime.fromisoformat(whole).replace(tzinfo=dt.timezone.utc)
    return int(moment.timestamp()) * 10**9 + int(fraction.ljust(9, "0") or 0)


def truth_of(path):
    """The flows of a CSV file, by their key and first moment."""
    flows = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            ends = row["src_ip"], int(row["src_port"]), row["dst_ip"], int(row["dst_port"])
            values = [row[name] if name in ("state", "history") else int(row[name]) for name in COLUMNS]
            key = (nanoseconds(row["timestamp"]), *ends, PROTOCOLS[row["protocol"]])
            assert key not in flows
            flows[key] = [*values, nanoseconds(row["end"])]
    return flows


def metered(flow: Flow):
    pairs = (flow.packets, flow.payload, flow.ip_bytes, flow.repeated)
    return [flow.state(), flow.history, *(value for pair in pairs for value in pair), flow.last]


def check_against_meter(path, truth):
    flows = meter(parse(*frame) for frame in frames(path))
    expected = truth_of(truth)
    found = {(flow.first, *flow.key): metered(flow) for flow in flows}
    assert len(found) == len(flows)
    assert found.keys() == expected.keys()
    assert {key: value for key, value in found.items() if value != expected[key]} == {}
    return flows


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """Two minutes with every attack in it."""
    folder = tmp_path_factory.mktemp("simulated")
    path, truth = folder / "all.pcap", folder / "all.csv"
    options = {"hours": 0.04, "rate": 10, "loss": 0.02, "failures": 0.6, "ipv6": 0.5, "random_state": 5}
    table = nad.simulate(path, truth=truth, attacks=every_attack(), **options)
    return path, truth, table


def test_the_truth_is_what_an_independent_meter_finds(everything):
    path, truth, table = everything
    flows = check_against_meter(path, truth)
    assert len(flows) == table.shape[0]
    assert set(table["label"].to_list()) == {"normal", *nad.attack_kinds()}
    assert {flow.key[4] for flow in flows} >= {1, 6, 17}
    states = {flow.state() for flow in flows}
    assert states >= {"S0", "S1", "SF", "REJ", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "OTH"}


@pytest.mark.parametrize("attack", [None, *nad.attack_kinds()])
def test_the_truth_of_each_scenario_alone(attack, tmp_path):
    # the end of the capture cuts some flows
    attacks = [] if attack is None else [nad.Attack(attack, start=1, duration=40, intensity=0.1)]
    rate = 20 if attack is None else 0
    truth = tmp_path / "truth.csv"
    table = nad.simulate(tmp_path / "a.pcap", truth=truth, hours=0.009, rate=rate, failures=0.4, attacks=attacks)
    assert table.shape[0] > 0
    check_against_meter(tmp_path / "a.pcap", truth)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.pcap", {"encapsulation": "vlan", "vlan": 7, "byte_order": "big", "nanoseconds": False}),
        ("a.pcap", {"encapsulation": "qinq", "outer_vlan": 9}),
        ("a.pcapng", {"encapsulation": "linux_cooked", "format": "pcapng"}),
        ("a.pcapng.gz", {"encapsulation": "linux_cooked_v2", "format": "pcapng", "byte_order": "big"}),
        ("a.pcap.gz", {"encapsulation": "raw_ip", "nanoseconds": False}),
    ],
)
def test_formats_and_encapsulations(name, options, tmp_path):
    path, truth = tmp_path / name, tmp_path / "truth.csv"
    common = {"hours": 0.01, "rate": 5, "attacks": ["teardrop", "xmas_scan"]}
    table = nad.simulate(path, truth=truth, **common, **options)
    check_against_meter(path, truth)
    packets = [parse(*frame) for frame in frames(path)]
    vlans = {"vlan": (7,), "qinq": (9, 100)}.get(options["encapsulation"], ())
    assert {packet.vlans for packet in packets} == {vlans}
    link = {"linux_cooked": 113, "linux_cooked_v2": 276, "raw_ip": 101}.get(options["encapsulation"], 1)
    assert {frame[1] for frame in frames(path)} == {link}
    assert (path.read_bytes()[:2] == b"\x1f\x8b") == name.endswith(".gz")
    plain = nad.simulate(**common)
    if options.get("nanoseconds", True):
        assert plain.equals(table)
    else:
        assert not (table["timestamp"].to_numpy().astype(int) % 1000).any()


def test_packets_are_cut_but_keep_their_length(tmp_path):
    nad.simulate(tmp_path / "whole.pcap", hours=0.01, rate=5)
    nad.simulate(tmp_path / "cut.pcap", hours=0.01, rate=5, snap_length=96)
    whole, cut = (list(frames(tmp_path / name)) for name in ("whole.pcap", "cut.pcap"))
    assert [(when, link, wire, bytes_[:96]) for when, link, wire, bytes_ in whole] == cut


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    options = {"hours": 0.01, "rate": 5, "attacks": every_attack(1, 1)}
    for name, seed in [("a", 3), ("b", 3), ("c", 4)]:
        nad.simulate(tmp_path / name, truth=tmp_path / (name + ".csv"), random_state=seed, **options)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_ordinary_traffic_is_of_every_service(tmp_path):
    table = nad.simulate(hours=0.5, rate=4, random_state=1)
    scenarios = table.value_counts("scenario")
    assert set(scenarios) == {"web", "dns", "mail", "ssh", "ntp", "video", "ping"}
    ports = np.array(table["dst_port"].to_list())
    scenario = np.array(table["scenario"].to_list())
    for name, known in [("web", {80, 443}), ("dns", {53}), ("mail", {25, 143, 993}), ("ssh", {22}), ("ntp", {123})]:
        assert set(ports[scenario == name]) == known
    duration = np.array(table["duration"].to_list())
    assert np.median(duration[scenario == "video"]) > 60
    assert np.median(duration[scenario == "dns"]) < 0.1


def test_the_day_has_a_rhythm():
    table = nad.simulate(hours=24, rate=0.05, begin="2026-01-06T00:00", random_state=2)
    hours = (table["timestamp"].to_numpy().astype("datetime64[h]").astype(int)) % 24
    label = np.array(table["scenario"].to_list())
    counts = np.bincount(hours[label != "ping"], minlength=24)
    assert counts[9:17].min() > 2 * counts[0:5].max()


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_finds_nothing_malformed(tmp_path):
    # tshark calls payload that is sent again a malformed reassembly, and overlapping fragments are meant to be wrong
    attacks = [attack for attack in every_attack() if attack.kind != "teardrop"]
    path = tmp_path / "a.pcapng"
    nad.simulate(path, hours=0.03, rate=5, loss=0, attacks=attacks, ipv6=0.4, format="pcapng", encapsulation="vlan")
    checks = [f"{protocol}.check_checksum:TRUE" for protocol in ("ip", "tcp", "udp")]
    wrong = ["_ws.malformed", *(f"{name}.checksum.status == 0" for name in ("ip", "tcp", "udp", "icmp", "icmpv6"))]
    command = ["tshark", "-r", str(path), "-Y", " || ".join(wrong)]
    for check in checks:
        command += ["-o", check]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert result.stdout == ""
    fields = ["dns.qry.name", "http.host", "tls.handshake.extensions_server_name", "ssh.protocol", "smtp.req.command"]
    command = ["tshark", "-r", str(path), "-T", "fields", *(word for field in fields for word in ("-e", field))]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout.splitlines()
    columns = list(zip(*(line.split("\t") for line in lines), strict=True))
    assert all(any(column) for column in columns)
    assert any(len(name) > 120 and name.endswith(".example") for name in columns[0])


def test_options_and_their_errors(tmp_path):
    for options, message in [
        ({"attacks": ["syn_flod"]}, "do you mean 'syn_flood'"),
        ({"attacks": [nad.Attack("land", port=3)]}, "land has no option 'port'"),
        ({"hours": -1}, "hours is -1"),
        ({"hosts": 0}, "hosts is 0"),
        ({"begin": "Monday"}, "begin is 'Monday'"),
        ({"encapsulation": "token_ring"}, "linux_cooked"),
        ({"format": "erf"}, "pcap pcapng"),
        ({"byte_order": "middle"}, "'little' or 'big'"),
        ({"vlan": 5000, "encapsulation": "vlan"}, "at most 4094"),
        ({"random_state": -1}, "random_state is -1"),
        ({"snap_length": 0}, "snap_length"),
    ]:
        with pytest.raises(ValueError, match=message):
            nad.simulate(tmp_path / "a.pcap", **{"hours": 0.01, **options})
    with pytest.raises(OSError, match="create it first"):
        nad.simulate(tmp_path / "nowhere" / "a.pcap", hours=0.01)
    with pytest.raises(TypeError):
        nad.simulate(hours="long")
    assert list(tmp_path.iterdir()) == []
    begin = dt.datetime(2026, 3, 1, 12, tzinfo=dt.timezone.utc)
    table = nad.simulate(begin=begin, hours=0.01, rate=5)
    assert table["timestamp"].to_numpy().min() >= np.datetime64("2026-03-01T12:00")


def test_attacks_say_what_they_are():
    attack = nad.Attack("beaconing", start=5, duration=60, name="callback", period=30)
    assert repr(attack) == "Attack('beaconing', start=5, duration=60, intensity=1.0, name='callback', period=30)"
    kinds = nad.attack_kinds()
    assert len(kinds) == 21
    assert all(kind.name == name and kind.description for name, kind in kinds.items())
    assert kinds["beaconing"].options["period"].usual == 60
    truth = nad.simulate(hours=0.05, rate=0, attacks=[attack])
    assert set(truth.value_counts("scenario")) == {"callback"}
    assert set(truth.value_counts("label")) == {"beaconing"}
    read_in = ("src_ip", "dst_ip", "src_port", "protocol", "bytes_sent", "state", "history", "label", "is_anomaly")
    assert set(read_in) <= set(truth.columns)


def test_progress_is_shown(capsys):
    nad.simulate(hours=0.05, progress=True)
    assert "simulating" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent another way there")
def test_control_c_stops_it_and_leaves_no_file(tmp_path):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets background jobs ignore it
    timer = threading.Timer(0.5, lambda: signal.raise_signal(signal.SIGINT))
    timer.start()
    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            nad.simulate(tmp_path / "a.pcap", hours=24, rate=50, hosts=5000)
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - began < 20
    assert list(tmp_path.iterdir()) == []


def test_flows_come_back_from_csv_without_a_word(tmp_path):
    nad.simulate(tmp_path / "a.pcap", hours=0.1, rate=2, random_state=1)  # whole microseconds among the times
    flows = nad.read(tmp_path / "a.pcap")
    flows.to_csv(tmp_path / "a.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = nad.read(tmp_path / "a.csv")
    assert {name: again.types[name] for name in ("timestamp", "last_seen", "interim")} == {
        name: flows.types[name] for name in ("timestamp", "last_seen", "interim")
    }
    assert again["last_seen"].to_list() == flows["last_seen"].to_list()


def test_metered_flows_get_the_labels_of_the_truth(tmp_path):
    attacks = [nad.Attack("port_scan", start=30, duration=5)]
    truth = nad.simulate(tmp_path / "a.pcap", hours=0.03, hosts=8, rate=1.0, random_state=5, attacks=attacks)
    flows = nad.read(tmp_path / "a.pcap")
    labelled = nad.label_flows(flows, truth)
    assert labelled.roles["label"] == "label"
    assert labelled.drop("label").equals(flows)
    # a scan's flows are those of its one source and one target, whoever meters them
    scan = truth.filter(truth["label"] == "port_scan")
    (source,), (target,) = scan.value_counts("src_ip"), scan.value_counts("dst_ip")
    by_ends = [str(a) == str(source) and str(b) == str(target) for a, b in zip(flows["src_ip"], flows["dst_ip"])]
    assert [label == "port_scan" for label in labelled["label"]] == by_ends
    again = nad.label_flows(labelled.to_pandas(), truth, "scenario")
    assert set(again["label"].to_list()) == set(truth["scenario"].to_list())
    other = nad.simulate(hours=0.03, hosts=8, rate=1.0, random_state=6)
    with pytest.raises(nad.InvalidDataError, match="the truth knows n"):
        nad.label_flows(flows, other)
    with pytest.raises(nad.InvalidDataError, match="no column src_ip"):
        nad.label_flows(flows.drop("src_ip"), truth)
