"""Learn what is normal from a log of ordinary traffic, say what was learnt, and what in today's log is unlike it.

python train_model.py PAST.log TODAY.log office.nad

Any format that nad reads: Zeek, Suricata, NetFlow, captures, CSV. Nothing is chosen here but how many alerts a person
wants to see: pipeline, detector and threshold follow from the records.
"""

from __future__ import annotations

import sys

import nad


def train_model(past: str, today: str, model_path: str) -> None:
    """Train, describe, detect, save."""
    model = nad.Model(training="clean", threshold=nad.ThresholdRule.alerts_per_day(20), n_jobs=-1)
    model.fit(nad.read(past))
    print(model.describe())

    findings = model.detect(nad.read(today))
    print(f"{len(findings)} of {len(findings.scores)} records are reported, the most anomalous first:")
    for finding in findings[:10]:
        print(finding)
    model.save(model_path)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: train_model.py PAST.log TODAY.log MODEL.nad")
    train_model(sys.argv[1], sys.argv[2], sys.argv[3])
