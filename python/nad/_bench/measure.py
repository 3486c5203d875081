"""Times work fairly: the competitors take turns, round after round, after one round that is not counted.

A machine that slows down for a while then slows everybody down. What is compared is the median of the CPU time; the
spread says how much to believe it.
"""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Sample:
    """Seconds of one call, averaged over `calls` of them."""

    cpu: float
    wall: float
    calls: int


@dataclass
class Timing:
    samples: list[Sample] = field(default_factory=list)

    @property
    def cpu(self) -> float:
        return statistics.median(sample.cpu for sample in self.samples)

    @property
    def best_cpu(self) -> float:
        return min(sample.cpu for sample in self.samples)

    @property
    def wall(self) -> float:
        return statistics.median(sample.wall for sample in self.samples)

    @property
    def best_wall(self) -> float:
        return min(sample.wall for sample in self.samples)

    @property
    def spread(self) -> float:
        """From the fastest to the slowest round, as a share of the median."""
        times = [sample.cpu for sample in self.samples]
        return (max(times) - min(times)) / self.cpu


def time_call(call: Callable[[], object], at_least: float) -> Sample:
    """Repeats the call until `at_least` seconds of CPU time have passed, so that short work outweighs the clock."""
    calls = 0
    gc.collect()
    gc.disable()
    try:
        wall, cpu = time.perf_counter(), time.process_time()
        while True:
            call()
            calls += 1
            spent = time.process_time() - cpu
            if spent >= at_least:
                return Sample(spent / calls, (time.perf_counter() - wall) / calls, calls)
    finally:
        gc.enable()


def take_turns(
    subjects: Mapping[str, Callable[[], Sample]], rounds: int, tell: Callable[[int, str], None] | None = None
) -> dict[str, Timing]:
    """One warm-up round, then `rounds` rounds; each round starts with another subject.

    `tell` hears the number of the round, 0 for the first, and who begins.
    """
    names = list(subjects)
    timings = {name: Timing() for name in names}
    for number in range(rounds + 1):
        shift = number % max(1, len(names))
        for name in names[shift:] + names[:shift]:
            if tell is not None:
                tell(number, name)
            sample = subjects[name]()
            if number > 0:
                timings[name].samples.append(sample)
    return timings


def latencies(calls: list[Callable[[], object]], at_least: int = 0) -> tuple[float, float]:
    """Median and 99th percentile of the wall time of single calls, in microseconds.

    With `at_least`, the calls can be repeated: all of them once to warm up, then in turns, until there are so many.
    """
    clock = time.perf_counter_ns
    if at_least:
        for call in calls:
            call()
    times: list[int] = []
    gc.collect()
    gc.disable()
    try:
        while not times or len(times) < at_least:
            for call in calls:
                start = clock()
                call()
                times.append(clock() - start)
    finally:
        gc.enable()
    times.sort()
    return times[len(times) // 2] / 1e3, times[len(times) * 99 // 100] / 1e3
