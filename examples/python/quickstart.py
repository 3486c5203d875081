"""From ordinary traffic to a short, ranked list of alerts with their reasons.

python quickstart.py [FOLDER]

Makes an hour of synthetic traffic with a scan, a flood and a data theft hidden in it, learns from a quiet hour, and
prints what is unusual and why. Then it leaves in FOLDER what a C++ sensor needs to do the same:

    quickstart.nad          the model
    quickstart_rows.csv     the hour that was scored, a row a line
    quickstart_scores.txt   its scores in hexadecimal, as the C++ example load_and_score prints them
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

import nad

Floats = npt.NDArray[np.float32]

#: What a flow is described by, and how a person writes its values.
COLUMNS = {
    "duration": "seconds",
    "bytes_sent": "bytes",
    "bytes_received": "bytes",
    "packets_sent": "count",
    "packets_received": "count",
    "flows_last_minute": "count",  # begun by the same source
    "ports_last_minute": "count",  # that the same source knocked at
    "failed_logins": "count",
}


class Traffic(NamedTuple):
    """Flows: who talked to whom, what it looked like, and what it really was."""

    talkers: list[str]
    rows: Floats
    truth: list[str]


def ordinary(count: int, random: np.random.Generator) -> Traffic:
    """Web, mail and file traffic of an office, by day."""
    kind = random.choice(3, size=count, p=[0.75, 0.15, 0.10])
    duration = random.lognormal(np.array([-0.5, 0.5, 1.5])[kind], 0.5)
    sent = random.lognormal(np.array([6.5, 8.0, 7.0])[kind], 0.5)
    received = random.lognormal(np.array([9.5, 7.5, 10.5])[kind], 0.6)
    flows = 1.0 + random.poisson(6.0, count)
    rows = np.column_stack(
        [
            duration,
            sent,
            received,
            np.ceil(sent / 1200.0) + 3.0,
            np.ceil(received / 1350.0) + 2.0,
            flows,
            1.0 + random.binomial(flows.astype(int), 0.2),
            random.choice(3, size=count, p=[0.985, 0.012, 0.003]),
        ]
    )
    sources = random.integers(20, 120, count)
    targets = random.integers(1, 250, count)
    talkers = [f"192.0.2.{source} -> 198.51.100.{target}" for source, target in zip(sources, targets)]
    return Traffic(talkers, rows.astype(np.float32), ["ordinary"] * count)


def attacks() -> Traffic:
    """What nobody should miss: a few flows of each, as they stand in a flow log."""
    rows, talkers, truth = [], [], []
    for step in range(6):
        rows.append([0.001, 44, 40, 1, 1, 900 + 70 * step, 850 + 60 * step, 0])
        talkers.append("192.0.2.66 -> 198.51.100.7")
        truth.append("port scan")
    for step in range(3):
        rows.append([2400 + 300 * step, 6.1e8 + 9e7 * step, 9.0e5, 480_000, 21_000, 3, 1, 0])
        talkers.append("192.0.2.31 -> 203.0.113.99")
        truth.append("data theft")
    for step in range(4):
        rows.append([0.4, 3.2e5, 0, 5200 + 400 * step, 0, 4100 + 300 * step, 1, 0])
        talkers.append(f"203.0.113.{40 + step} -> 192.0.2.10")
        truth.append("flood")
    for step in range(3):
        rows.append([6.0, 2400, 3100, 14, 16, 30, 1, 18 + 9 * step])
        talkers.append("203.0.113.5 -> 192.0.2.22")
        truth.append("password guessing")
    return Traffic(talkers, np.array(rows, dtype=np.float32), truth)


def mixed(quiet: Traffic, loud: Traffic, random: np.random.Generator) -> Traffic:
    """The flows of both, in random order."""
    talkers, truth = quiet.talkers + loud.talkers, quiet.truth + loud.truth
    rows = np.vstack([quiet.rows, loud.rows])
    order = random.permutation(len(rows))
    return Traffic([talkers[i] for i in order], rows[order], [truth[i] for i in order])


def features(traffic: Traffic) -> Floats:
    """What the forest sees: bytes and counts spread over many powers of ten, their logarithms do not."""
    return np.log1p(traffic.rows)


def as_text(value: float, unit: str) -> str:
    """A number as a person would write it."""
    if unit == "bytes":
        for name in ("B", "kB", "MB"):
            if value < 1000.0:
                return f"{value:.3g} {name}"
            value /= 1000.0
        return f"{value:.3g} GB"
    if unit == "seconds":
        return f"{value:.2g} s" if value < 120.0 else f"{value / 60.0:.0f} min"
    return f"{value:,.0f}"


def reasons(row: Floats, contributions: Floats, usual: Floats, most: int = 3) -> str:
    """The columns that speak most for the score, each with its value and its usual range."""
    words = []
    for column in np.argsort(-contributions)[:most]:
        if contributions[column] < 0.2 * contributions.max():
            break
        name, unit = list(COLUMNS.items())[column]
        low, high = (as_text(bound, unit) for bound in usual[:, column])
        range_text = f"usually {low}" if low == high else f"usually {low} to {high}"
        words.append(f"{name} {as_text(row[column], unit)} ({range_text})")
    return ", ".join(words)


def print_alerts(traffic: Traffic, forest: nad.IsolationForest, usual: Floats, most: int) -> None:
    """The most anomalous flows, the worst first."""
    scores = forest.anomaly_score(features(traffic))
    worst = np.argsort(-scores, kind="stable")[:most]
    contributions = forest.explain(features(traffic)[worst])
    print(f"{'rank':>4}  {'score':<16}  {'flow':<30}  in truth")
    print(f"{'-' * 4}  {'-' * 16}  {'-' * 30}  {'-' * 18}")
    for rank, (i, spoke) in enumerate(zip(worst, contributions), start=1):
        bar = "#" * round(20 * (scores[i] - 0.4))
        print(f"{rank:4}  {scores[i]:.3f} {bar:<10}  {traffic.talkers[i]:<30}  {traffic.truth[i]}")
        print(f"      {reasons(traffic.rows[i], spoke, usual)}")


def hexadecimal(score: float) -> str:
    """What C's ``%a`` prints; ``float.fromhex`` reads it."""
    mantissa, exponent = score.hex().split("p")
    return f"{mantissa.rstrip('0').rstrip('.')}p{exponent}"


def quickstart(folder: Path) -> None:
    """Train, look, explain, save."""
    random = np.random.default_rng(2024)
    quiet_hour = ordinary(20_000, random)
    busy_hour = mixed(ordinary(5_000, random), attacks(), random)

    began = time.perf_counter()
    forest = nad.IsolationForest(n_estimators=200, max_samples=1024, contamination=0.001, random_state=42, n_jobs=-1)
    forest.fit(features(quiet_hour))
    trained = time.perf_counter()
    scores = forest.anomaly_score(features(busy_hour))
    scored = time.perf_counter()

    print(f"nad {nad.__version__}, kernel {nad.simd.active()}")
    print(f"  learnt from {len(quiet_hour.rows):,} flows of a quiet hour in {1e3 * (trained - began):.0f} ms")
    print(f"  scored {len(busy_hour.rows):,} flows of the next hour in {1e3 * (scored - trained):.0f} ms")
    alerts = scores > forest.threshold_
    hidden = np.array([what != "ordinary" for what in busy_hour.truth])
    print(
        f"  {alerts.sum()} alerts above {forest.threshold_:.3f}: {(alerts & hidden).sum()} of {hidden.sum()} hidden "
        f"attack flows, {(alerts & ~hidden).sum()} ordinary ones\n"
    )
    usual = np.percentile(quiet_hour.rows, [1.0, 99.0], axis=0).astype(np.float32)
    print_alerts(busy_hour, forest, usual, most=int(alerts.sum()))

    folder.mkdir(parents=True, exist_ok=True)
    forest.save(folder / "quickstart.nad", feature_names=list(COLUMNS), note="examples/python/quickstart.py")
    np.savetxt(folder / "quickstart_rows.csv", features(busy_hour), delimiter=",", fmt="%.9g")
    text = "".join(hexadecimal(float(score)) + "\n" for score in scores)
    (folder / "quickstart_scores.txt").write_text(text, encoding="ascii")
    print(f"\nThe model is {folder / 'quickstart.nad'}, {(folder / 'quickstart.nad').stat().st_size / 1e3:.0f} kB.")


if __name__ == "__main__":
    quickstart(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
