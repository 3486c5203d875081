"""Traffic of a simulated network, for who has none at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nad._flow_labels import labels_of
from nad.app.records import GivenFile, Records, new_folder
from nad.reading import read_with_report
from nad.simulation import Attack, simulate

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ATTACKS", "ordinary_traffic", "traffic_with_attacks"]

_HEADERS = 128  # bytes of each packet that are kept
ATTACKS = (
    Attack("horizontal_scan", start=120, duration=5),
    Attack("syn_flood", start=360, duration=10, intensity=0.03),
    Attack("dns_tunnel", start=600, duration=60),
    Attack("ssh_brute_force", start=780, duration=60),
)


def ordinary_traffic(folder: Path) -> Records:
    """Two hours of a small office in which nothing happens."""
    path = new_folder(folder) / "ordinary.pcap"
    simulate(path, begin="2026-01-05 09:00", hours=2, random_state=1, snap_length=_HEADERS)
    return _read(path)


def traffic_with_attacks(folder: Path) -> Records:
    """Twenty minutes of the same office on the next day, with attacks; a column of labels tells them."""
    path = new_folder(folder) / "attacked.pcap"
    truth = simulate(
        path, begin="2026-01-06 09:00", hours=20 / 60, random_state=2, snap_length=_HEADERS, attacks=ATTACKS
    )
    records = _read(path)
    labels = labels_of(records.table, truth, "label")
    return Records(
        records.name,
        records.table.with_column("label", labels, type="category", role="label"),
        records.reports,
        records.files,
    )


def _read(path: Path) -> Records:
    table, report = read_with_report(path)
    return Records(f"simulated {path.name}", table, [(path.name, report)], [GivenFile(path, path.name)])
