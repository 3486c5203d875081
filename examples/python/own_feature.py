"""A feature of one's own: what the steps of nad do not derive becomes a column before the pipeline sees the table.

python own_feature.py PAST.log TODAY.log MODEL.nad

The same function for training and for what comes later; the model learns from the column like from any other, and names
it among its reasons. Code does not go into a model file, so whoever loads the model adds the column again. In C++ the
function can be a step of the model's own pipeline (own_feature.cpp): the program that loads it brings the step.
"""

from __future__ import annotations

import sys

import numpy as np

import nad


def with_upload_ratio(flows: nad.Table) -> nad.Table:
    """Who sends more than it gets: log of the bytes sent for each byte received. Uploads are above 0."""
    sent, received = flows.to_numpy(["bytes_sent", "bytes_received"]).T  # NaN where it is missing
    return flows.with_column("upload_ratio", np.log2((sent + 1.0) / (received + 1.0)))


def train(past: str, path: str) -> None:
    """Learn from the column, too."""
    model = nad.Model(threshold=nad.ThresholdRule.false_positive_rate(0.01), n_jobs=-1)
    model.fit(with_upload_ratio(nad.read(past)))
    print(f"upload_ratio has {100 * model.importance()['upload_ratio']:.0f} % of what makes scores")
    model.save(path)


def detect(today: str, path: str) -> None:
    """In this program or another one."""
    findings = nad.Model.load(path).detect(with_upload_ratio(nad.read(today)))
    named = [(finding, reason) for finding in findings for reason in finding.reasons if reason.column == "upload_ratio"]
    for finding, reason in named[:3]:
        print(f"row {finding.row}: {reason}")
    print(f"{len(findings)} findings, {len(named)} of them for the upload_ratio, too")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: own_feature.py PAST.log TODAY.log MODEL.nad")
    train(sys.argv[1], sys.argv[3])
    detect(sys.argv[2], sys.argv[3])
