"""From a log of past flows to the flows of today that are unlike them: reading, tables, features, scores.

python score_flows.py [PAST.log TODAY.log]

Reads any format that nad knows (Zeek, Suricata, NetFlow, CSV, Parquet, ...). Without files it makes two synthetic days
in a temporary folder. Today's log is read in batches, so it may be larger than the memory.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

import nad


def write_synthetic_days(folder: Path) -> tuple[Path, Path]:
    """Two days of one network, where somebody looks for open ports and steals data: on both, as in life."""
    attacks = ["port_scan", "exfiltration"]
    flows = nad.datasets.synthetic_flows(20_000, anomaly_ratio=0.01, anomalies=attacks, random_state=1, days=2)
    past, today = flows.train_test_split(test_size=0.5, by_time="timestamp")
    past.to_csv(folder / "past.csv")
    today.to_csv(folder / "today.csv")
    return folder / "past.csv", folder / "today.csv"


def look_at(flows: nad.Table) -> None:
    """A table says what it holds; comparisons choose rows."""
    print(flows)
    web = flows.filter(flows["dst_port"].isin([80, 443]) & (flows["duration"] > 60))
    print(f"\n{len(web)} of {len(flows)} flows are of the web and longer than a minute, most of them from:")
    for host, count in list(web.value_counts("src_ip").items())[:3]:
        print(f"  {host:15} {count}")


def learn(flows: nad.Table) -> tuple[nad.FeaturePipeline, nad.IsolationForest]:
    """Features that suit the table, and a forest that knows what they usually are."""
    pipeline = nad.FeaturePipeline.automatic(flows)
    x = pipeline.fit_transform(flows)
    print(f"\n{pipeline}")
    return pipeline, nad.IsolationForest(max_samples=4096, contamination=0.005, random_state=42).fit(x)


def score(path: Path, pipeline: nad.FeaturePipeline, forest: nad.IsolationForest, most: int = 10) -> None:
    """Print the strangest flows, each with the feature that it owes most of its score to."""
    names = pipeline.feature_names
    stream = pipeline.stream()  # windows of time go on from batch to batch
    alerts = []
    reader = nad.Reader(path, batch_rows=1000)
    for batch in reader:
        x = stream.push(batch)
        scores = forest.anomaly_score(x)
        for row in np.flatnonzero(scores > forest.threshold_):
            reason = names[forest.explain(x[row : row + 1])[0].argmax()]
            alerts.append((float(scores[row]), reason, batch.row(int(row))))
    print(f"\n{reader.report}; {len(alerts)} are above the threshold, the strangest first:")
    for value, reason, flow in sorted(alerts, key=lambda alert: -alert[0])[:most]:
        truth = f"  (in truth: {flow['label']})" if flow.get("label") else ""
        print(f"  {value:.3f}  {flow['src_ip']} to {flow['dst_ip']}, mostly for its {reason}{truth}")


def score_flows(past_path: Path, today_path: Path) -> None:
    """Learn from one log, score another."""
    past, report = nad.read(past_path, return_report=True)
    print(f"{past_path.name}: {report}\n")
    look_at(past)
    score(today_path, *learn(past))


if __name__ == "__main__":
    if len(sys.argv) not in (1, 3):
        sys.exit("usage: score_flows.py [PAST.log TODAY.log]")
    if len(sys.argv) == 3:
        score_flows(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            score_flows(*write_synthetic_days(Path(temporary)))
