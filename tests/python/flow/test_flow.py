"""Flows from packets: the Python side, and captures against independent readings of them."""

from __future__ import annotations

import importlib.util
import io
import shutil
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import nad

CAPTURES = [
    "bruteforce_ftp.pcap", "ddos_tcp_syn_reflection.pcapng", "exfil_dns.pcap", "flood_syn_lab.pcap", "ipv6_http.pcap",
    "link_sll_http2.pcapng", "malformed_dns.pcap", "nanosecond_http_ssh.pcap", "normal_http_bro_org.pcap",
    "normal_http_espn.pcapng", "normal_mixed_tcpreplay_test.pcap", "qinq_http.pcap", "scan_tcp_syn_nmap.pcapng",
    "trunc_file_mid_packet.pcap", "vlan_http.pcap",
]  # fmt: skip
# capture -> flows, packets in them, malformed packets
EXPECTED = {
    "bigendian_pptp.pcap": (2, 23, 0),
    "bruteforce_ftp.pcap": (30, 606, 0),
    "ddos_tcp_syn_reflection.pcapng": (472, 896, 0),
    "empty_header_only.pcap": (0, 0, 0),
    "exfil_dns.pcap": (1, 300, 0),
    "flood_syn_lab.pcap": (200, 200, 0),
    "frag_ipv4.pcapng": (1, 6, 0),
    "frag_ipv4_zeek3.pcap": (1, 5, 0),
    "frag_ipv6.pcapng": (2, 22, 0),
    "ipv6_http.pcap": (15, 193, 0),
    "link_sll2.pcap": (2, 4, 0),
    "link_sll_http2.pcapng": (1, 10, 0),
    "malformed_dns.pcap": (1, 6, 0),
    "malformed_icmp.pcap": (1, 1, 0),
    "nanosecond_http_ssh.pcap": (1, 9, 0),
    "normal_http_bro_org.pcap": (13, 751, 0),
    "normal_http_espn.pcapng": (39, 956, 0),
    "normal_mixed_tcpreplay_test.pcap": (24, 165, 1),
    "normal_ping.pcap": (1, 10, 0),
    "qinq_http.pcap": (1, 14, 0),
    "scan_icmp_sweep.pcap": (18, 37, 0),
    "scan_tcp_syn_nmap.pcapng": (2000, 2011, 0),
    "trunc_file_mid_packet.pcap": (1, 6, 0),
    "trunc_ipv4.pcap": (0, 0, 1),
    "vlan_http.pcap": (1, 14, 0),
}


def _helper(name: str) -> Any:
    """A module beside this one: test folders are no packages."""
    spec = importlib.util.spec_from_file_location(f"flow_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


packets = _helper("packets")


@pytest.fixture
def captures(data_folder):
    return data_folder / "pcap"


def read_quietly(path, **options) -> nad.Table:
    return nad.read(path, return_report=True, **options)[0]


def by_direction(flows: nad.Table, protocols: tuple[str, ...] = ("tcp", "udp")) -> tuple[Counter, Counter, Counter]:
    """Packets, payload and IP bytes of a flow table, by who sent them."""
    numbers = {"tcp": 6, "udp": 17}
    counts: tuple[Counter, Counter, Counter] = (Counter(), Counter(), Counter())
    columns = ["src_ip", "src_port", "dst_ip", "dst_port", "protocol", "packets_sent", "packets_received", "bytes_sent",
               "bytes_received", "ip_bytes_sent", "ip_bytes_received"]  # fmt: skip
    for row in zip(*(flows[name].to_list() for name in columns), strict=True):
        source, source_port, destination, port, protocol, *amounts = row
        if protocol not in protocols:
            continue
        forth = (str(source), source_port, str(destination), port, numbers[protocol])
        back = (str(destination), port, str(source), source_port, numbers[protocol])
        for counter, sent, received in zip(counts, amounts[::2], amounts[1::2], strict=True):
            counter[forth] += sent
            counter[back] += received
    return counts


@pytest.mark.parametrize("name", EXPECTED)
def test_every_capture_reads(captures, name):
    flows, packets_in, malformed = EXPECTED[name]
    table, report = nad.read(captures / name, return_report=True)
    assert report.format == "pcap"
    assert len(table) == report.rows == flows
    assert sum(table["packets_sent"].to_list()) + sum(table["packets_received"].to_list()) == packets_in
    assert sum(report.skipped.values()) == malformed


@pytest.mark.parametrize("name", CAPTURES)
def test_amounts_are_those_of_an_independent_reading(captures, name):
    expected = packets.traffic_of(captures / name)
    assert expected.packets
    sent, payload, ip_bytes = by_direction(read_quietly(captures / name))
    assert +sent == +expected.packets
    assert +payload == +expected.payload
    assert +ip_bytes == +expected.ip_bytes


@pytest.mark.parametrize("name", [*CAPTURES, "bigendian_pptp.pcap"])
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_amounts_are_those_of_tshark(captures, name, protocol):
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed (on Debian and Ubuntu: apt-get install tshark)")
    length = "tcp.len" if protocol == "tcp" else "udp.length"
    fields = ["ip.src", "ipv6.src", f"{protocol}.srcport", "ip.dst", "ipv6.dst", f"{protocol}.dstport", length]
    listing = subprocess.run(
        ["tshark", "-r", captures / name, "-Y", f"{protocol} && !icmp && !icmpv6 && !gre", "-T", "fields",
         "-E", "occurrence=f", *(part for item in fields for part in ("-e", item))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    expected: Counter = Counter()
    payload: Counter = Counter()
    for line in listing.stdout.splitlines():
        source4, source6, source_port, destination4, destination6, port, amount = line.split("\t")
        key = (source4 or source6, int(source_port), destination4 or destination6, int(port), protocol)
        expected[key] += 1
        payload[key] += int(amount or 0) - (8 if protocol == "udp" else 0)
    sent, seen, _ = by_direction(read_quietly(captures / name), (protocol,))
    number = {"tcp": 6, "udp": 17}[protocol]
    assert {(*key[:4], number): count for key, count in expected.items()} == +sent
    assert {(*key[:4], number): count for key, count in payload.items() if count} == +seen


# tshark joins the fragments of a segment, and counts a packet that is longer than its frame; nad says that it does not
APART_FROM_TSHARK = {("frag_ipv4_zeek3.pcap", "tcp"): (None, 5), ("trunc_ipv4.pcap", "udp"): (1, None)}


@pytest.mark.parametrize("name", EXPECTED)
def test_conversations_are_those_of_tshark(captures, name):
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed (on Debian and Ubuntu: apt-get install tshark)")
    listing = subprocess.run(
        ["tshark", "-r", captures / name, "-q", "-z", "conv,tcp", "-z", "conv,udp"],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    expected: dict[str, Counter] = {"tcp": Counter(), "udp": Counter()}
    for line in listing.splitlines():
        if line.endswith(" Conversations"):
            of_kind = expected[line.split()[0].lower()]
        elif "<->" in line:  # ends, then packets and bytes of each direction and of both
            first, _, second, *amounts = line.split()
            packets_of_both = [int(one) for one in amounts if one.isdigit()][4]
            ends = [(host, int(port)) for host, _, port in (end.rpartition(":") for end in (first, second))]
            of_kind[frozenset(ends)] += packets_of_both
    flows = read_quietly(captures / name)
    found: dict[str, Counter] = {"tcp": Counter(), "udp": Counter()}
    columns = ("src_ip", "src_port", "dst_ip", "dst_port", "protocol", "packets_sent", "packets_received")
    for src, src_port, dst, dst_port, kind, sent, received in zip(*(flows[c].to_list() for c in columns), strict=True):
        if kind in found:
            found[kind][frozenset([(str(src), src_port), (str(dst), dst_port)])] += sent + received
    for kind in ("tcp", "udp"):
        if (name, kind) in APART_FROM_TSHARK:
            apart = expected[kind].total() or None, found[kind].total() or None
            assert apart == APART_FROM_TSHARK[name, kind]
        else:
            assert found[kind] == expected[kind]


def test_a_meter_takes_frames_one_by_one():
    meter = nad.FlowMeter()
    for i in range(3):
        meter.add(packets.syn(1000 + i), i * 10**9)
    meter.add(memoryview(packets.syn(2000)), 7 * 10**9)
    assert meter.ended == 2
    assert meter.take()["src_port"].to_list() == [1000, 1001]
    assert meter.stats.open == 2
    meter.add(b"\x00" * 13, 8 * 10**9)
    meter.add(bytes(12) + b"\x08\x06" + bytes(28), 8 * 10**9)
    last = meter.flush()
    assert last["state"].to_list() == ["S0", "S0"]
    stats = meter.stats
    assert stats.malformed == {"link_header": 1}
    assert (stats.frames, stats.packets, stats.not_ip, stats.flows, stats.open) == (6, 4, 1, 4, 0)
    meter.add(packets.syn(1)[14:], 0, link_type=101)
    assert len(meter.take()) == 0
    with pytest.raises(nad.InvalidArgumentError, match="radiotap"):
        meter.add(b"", 0, link_type=127)
    with pytest.raises(nad.InvalidArgumentError, match="one behind the other"):
        meter.add(memoryview(bytes(100))[::2], 0)


def test_several_captures_are_merged(tmp_path):
    for start in range(3):
        frames = [(100.0 + start + 3 * i, packets.syn(1000 + start + 3 * i)) for i in range(10)]
        (tmp_path / f"{start}.pcap").write_bytes(packets.pcap(frames))
    paths = sorted(tmp_path.iterdir())
    meter = nad.FlowMeter()
    flows = meter.read(paths)
    assert flows["src_port"].to_list() == list(range(1000, 1030))
    capture = nad.Capture(paths, batch_rows=7)
    batches = list(capture)
    assert [len(batch) for batch in batches] == [7, 7, 7, 7, 2]
    assert nad.concatenate(batches)["src_port"].to_list() == list(range(1000, 1030))
    assert capture.report.rows == 30
    assert capture.stats.flows == 30
    assert len(meter.read(str(paths[0]))) == 10


def test_captures_are_read_from_streams_and_standard_input(tmp_path):
    capture = packets.pcap([(1.0, packets.syn(1000)), (2.0, packets.syn(1001))])
    assert len(nad.read(io.BytesIO(capture))) == 2
    program = "import nad; print(len(nad.read('-')), sum(len(t) for t in nad.Capture('-')))"
    done = subprocess.run([sys.executable, "-c", program], input=capture, capture_output=True, check=False)
    assert done.stderr.decode().count("the standard input is empty") == 1  # the second time nothing is left
    program = "import nad; print(sum(len(t) for t in nad.Capture('-')))"
    done = subprocess.run([sys.executable, "-c", program], input=capture, capture_output=True, check=True)
    assert done.stdout == b"2\n"


def test_what_a_person_should_know_is_said(captures, tmp_path):
    with pytest.warns(nad.DataWarning, match="IP length does not fit"):
        nad.read(captures / "normal_mixed_tcpreplay_test.pcap")
    with pytest.warns(nad.DataWarning, match="ends in the middle of a packet"):
        nad.read(captures / "trunc_file_mid_packet.pcap")
    with pytest.raises(nad.BadFileError, match="radiotap"):
        nad.read(captures / "link_radiotap_arp.pcap")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(nad.read(captures / "link_sll2.pcap")) == 2  # ARP is no damage
    with pytest.raises(FileNotFoundError):
        nad.Capture(tmp_path / "none.pcap")
    with pytest.raises(FileNotFoundError):
        nad.FlowMeter().read(tmp_path / "none.pcap")
    assert nad.formats()["pcap"]


def test_options(captures):
    path = captures / "flood_syn_lab.pcap"
    kdd = nad.read(path, schema="kdd28")
    assert kdd.columns[:9] == ["duration", "protocol_type", "service", "flag", "src_bytes", "dst_bytes", "land",
                               "wrong_fragment", "urgent"]  # fmt: skip
    assert max(kdd["count"].to_list()) == 200
    assert kdd["serror_rate"].to_list() == [1.0] * 200
    with pytest.raises(nad.InvalidArgumentError, match="typed in clear text"):
        nad.read(path, schema="kdd41")
    with pytest.raises(TypeError, match="no option colour"):
        nad.FlowMeter(colour="red")
    with pytest.raises(nad.InvalidArgumentError, match="max_flows"):
        nad.FlowMeter(max_flows=0)
    few, report = nad.read(path, max_flows=10, return_report=True)
    assert len(few) == 200
    assert few["ended"].to_list().count("evicted") == 190
    assert "190 flows ended early" in report.notes[0]
    with pytest.raises(nad.InvalidArgumentError, match="no packet capture"):
        nad.read(io.BytesIO(b"a,b\n1,2\n"), schema="kdd28")
    other = nad.read(path, community_seed=1)["community_id"].to_list()
    assert set(other).isdisjoint(nad.read(path)["community_id"].to_list())


def test_community_id():
    ends = ("128.232.110.120", "66.35.250.204", 34855, 80, 6)
    assert nad.flow.community_id(*ends) == "1:LQU9qZlK+B5F3KDmev6m5PMibrg="
    assert nad.flow.community_id(*ends, seed=1) == "1:3V71V58M3Ksw/yuFALMcW0LAHvc="
    with pytest.raises(nad.InvalidArgumentError, match="no address"):
        nad.flow.community_id("eth0", *ends[1:])


def test_a_model_finds_a_scan_in_flows(captures):
    """A capture goes the whole way: read, learnt from, scored."""
    normal = nad.concatenate(
        [read_quietly(captures / name) for name in ("normal_http_bro_org.pcap", "normal_http_espn.pcapng")]
    )
    scan = read_quietly(captures / "scan_tcp_syn_nmap.pcapng")
    pipeline = nad.FeaturePipeline.automatic(normal)
    forest = nad.IsolationForest(random_state=0).fit(pipeline.fit_transform(normal))
    ordinary = forest.anomaly_score(pipeline.transform(normal))
    scanned = forest.anomaly_score(pipeline.transform(scan))
    assert sorted(scanned)[len(scanned) // 2] > sorted(ordinary)[len(ordinary) // 2]


@pytest.fixture
def loopback():
    if not nad._core.live_capture_available():
        pytest.skip("this nad was built without libpcap")
    try:
        return nad.LiveCapture("lo", filter="udp port 45454")
    except OSError as error:
        pytest.skip(f"no capturing here: {error}")


def test_packets_are_captured_live(loopback):
    meter = nad.FlowMeter(active=0.1)

    def talk() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(50):
                sender.sendto(bytes(100), ("127.0.0.1", 45454))
                time.sleep(0.01)

    thread = threading.Thread(target=talk)
    thread.start()
    with loopback as capture:
        seen = capture.read(meter, seconds=1.5)
    thread.join()
    assert seen >= 50
    assert capture.stats["given"] == seen
    assert capture.stats["dropped"] == 0
    rows = meter.take()
    assert rows["interim"].to_list().count(True) >= 2
    flows = meter.flush()
    assert flows["bytes_sent"].to_list() == [100 * seen]
    assert flows["dst_port"].to_list() == [45454]
    assert capture.read(meter, seconds=5.0) == 0  # stopped


def test_live_captures_that_cannot_be():
    with pytest.raises(OSError, match="cannot capture on no-such-interface"):
        nad.LiveCapture("no-such-interface")
    with pytest.raises(TypeError, match="no option speed"):
        nad.LiveCapture("lo", speed=1)
    assert isinstance(nad.flow.live_interfaces(), list)
