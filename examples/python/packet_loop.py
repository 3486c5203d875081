"""A model inside a loop over packets: they become flows, each flow is judged when it ends.

python packet_loop.py office.nad day.pcap       # or an interface: eth0, with the right to capture; Ctrl-C ends it

The model has learnt from flows of packets, too: python train_model.py normal.pcap day.pcap office.nad.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nad


def print_findings(scorer: nad.RecordScorer, flows: nad.Table) -> None:
    """What is unlike the traffic that the model learnt from, and why."""
    for finding in scorer.detect_table(flows):
        flow = flows.row(finding.row)
        print(f"{flow['src_ip']} to {flow['dst_ip']} port {flow['dst_port']}: {finding}")


def packet_loop(model_path: str, source: str) -> None:
    """Judge all flows of a capture, or those of an interface as they end."""
    scorer = nad.RecordScorer(nad.Model.load(model_path))
    if Path(source).exists():
        capture = nad.flow.Capture(source, batch_rows=1000)
        for flows in capture:
            print_findings(scorer, flows)
        packets = capture.stats.packets
    else:
        meter = nad.flow.FlowMeter()
        with nad.flow.LiveCapture(source) as live:
            try:
                while True:
                    live.read(meter, seconds=0.5)
                    print_findings(scorer, meter.take())
            except KeyboardInterrupt:
                print_findings(scorer, meter.flush())
        packets = meter.stats.packets
    print(f"{packets} packets, {scorer.records} flows")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: packet_loop.py MODEL.nad CAPTURE|INTERFACE")
    packet_loop(sys.argv[1], sys.argv[2])
