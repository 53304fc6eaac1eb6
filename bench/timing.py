"""Timing for benchmarks: whole processes, interleaved with their reference, medians."""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """Timings of one thing, in seconds."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def spread(self) -> str:
        """Fastest to slowest, in milliseconds."""
        return f"{min(self.seconds) * 1e3:.0f}–{max(self.seconds) * 1e3:.0f}"


def run_process(command: Sequence[str], *, expect: int = 0, cwd: str | None = None) -> float:
    """Wall seconds of one run of `command`, which must exit with `expect`."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, capture_output=True, check=False)
    elapsed = time.perf_counter() - start
    if done.returncode != expect:
        tail = (done.stderr or done.stdout).decode(errors="replace")[-2000:]
        raise SystemExit(f"{command} exited with {done.returncode}, not {expect}:\n{tail}")
    return elapsed


def interleave(things: Mapping[str, Callable[[], float]], *, runs: int) -> dict[str, Sample]:
    """Time each thing `runs` times, A B C A B C …, after one warm-up round of each."""
    for thing in things.values():
        thing()
    taken: dict[str, list[float]] = {name: [] for name in things}
    for _ in range(runs):
        for name, thing in things.items():
            taken[name].append(thing())
    return {name: Sample(tuple(seconds)) for name, seconds in taken.items()}


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def peak_child_mib() -> float:
    """Largest resident set of any finished child so far, in MiB (Linux: ru_maxrss is KiB)."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
