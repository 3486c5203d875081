"""The table of column names in the documentation is what the readers give."""

from __future__ import annotations

import io
import json
import re

import pytest

import nad

ZEEK = {
    "ts": 1.7e9, "uid": "C1", "id.orig_h": "10.0.0.1", "id.orig_p": 40000, "id.resp_h": "10.0.0.2", "id.resp_p": 53,
    "proto": "udp", "service": "dns", "duration": 0.1, "orig_bytes": 40, "resp_bytes": 80, "conn_state": "SF",
    "history": "Dd", "orig_pkts": 1, "resp_pkts": 1, "orig_ip_bytes": 68, "resp_ip_bytes": 108, "community_id": "1:x",
    "orig_l2_addr": "00:00:00:00:00:01", "resp_l2_addr": "00:00:00:00:00:02", "label": "benign",
}  # fmt: skip
SURICATA = {
    "timestamp": "2026-01-05T08:00:09.000000+0000", "event_type": "flow", "flow_id": 7, "community_id": "1:x",
    "src_ip": "10.0.0.1", "src_port": 40000, "dest_ip": "10.0.0.2", "dest_port": 443, "proto": "TCP",
    "app_proto": "tls",
    "flow": {
        "pkts_toserver": 5, "pkts_toclient": 4, "bytes_toserver": 500, "bytes_toclient": 4000, "state": "closed",
        "start": "2026-01-05T08:00:00.000000+0000", "end": "2026-01-05T08:00:08.000000+0000",
    },
    "tcp": {"tcp_flags": "1b"},
}  # fmt: skip
SAMPLES = {
    "zeek_conn": json.dumps(ZEEK),
    "suricata_eve": json.dumps(SURICATA),
    "argus": "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,TotPkts,TotBytes,SrcBytes,SrcPkts,SrcMac,DstMac,Label\n"
    "2026/01/05 08:00:00.0,1.5,tcp,10.0.0.1,40000,->,10.0.0.2,443,CON,9,4500,500,5,00:00:00:00:00:01,00:00:00:00:00:02,x\n",
    "netflow": "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt\n"
    "2026-01-05 08:00:00,2026-01-05 08:00:08,8.000,10.0.0.1,10.0.0.2,40000,443,TCP,...AP.SF,0,0,5,500,4,4000\n",
    "aws_vpc": "version srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags\n"
    "5 10.0.0.1 10.0.0.2 40000 443 6 5 500 1767600000 1767600008 ACCEPT OK 19\n",
}
PACKETS = 'No.,Time,Source,Destination,Protocol,Length,Info\n1,0.0,10.0.0.1,10.0.0.2,TCP,60,"40000 > 443 [SYN] Seq=0 Win=1 Len=0"\n'


@pytest.fixture(scope="module")
def documented(checkout) -> dict[str, dict[str, str]]:
    """Column -> heading -> cell."""
    page = (checkout / "include/nad/README.md").read_text(encoding="utf-8")
    section = page.partition("### What the columns are called")[2].partition("\n## ")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    headings = [cell.strip().strip("`") for cell in lines[0]]
    rows = [[cell.strip().strip("`") for cell in line] for line in lines[2:]]
    assert {len(row) for row in rows} == {len(headings)}
    return {row[0]: dict(zip(headings[1:], row[1:])) for row in rows}


def test_every_flow_column_is_there_with_type_and_role(checkout, documented):
    source = (checkout / "include/nad/flow/shared_columns-inl.hpp").read_text(encoding="utf-8")
    columns = re.findall(r'FlowColumn\{"(\w+)", ColumnType::(\w+)(?:, Role::(\w+))?\}', source)
    assert [(name, kind, role or "feature") for name, kind, role in columns] == [
        (name, row["type"], row["role"]) for name, row in documented.items()
    ]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_format_gives_what_is_written(documented, name):
    table, report = nad.read(io.BytesIO(SAMPLES[name].encode()), return_report=True)
    assert report.format == name
    found = {column: origin or column for column, origin in table.origins.items() if column in documented}
    assert found == {column: row[name] for column, row in documented.items() if row[name]}
    for column in found:
        assert (table.types[column], table.roles[column]) == (documented[column]["type"], documented[column]["role"])


def test_joined_packets_and_synthetic_flows_have_these_columns(documented):
    table, report = nad.read(io.BytesIO(PACKETS.encode()), return_report=True)
    assert report.format == "wireshark_csv"
    assert [name for name in table.columns if name not in documented] == ["src_name", "dst_name", "degraded"]
    flows = nad.datasets.synthetic_flows(5)
    assert [name for name in flows.columns if name not in documented] == ["packet_size"]
    written = io.BytesIO()
    flows.to_csv(written)
    again, report = nad.read(io.BytesIO(written.getvalue()), return_report=True)
    assert report.format == "flow_csv"
    assert set(again.columns) == set(flows.columns)
