"""Timing for benchmarks: whole processes, interleaved with their reference, medians."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


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


def run_process(
    command: Sequence[str],
    *,
    expect: int = 0,
    cwd: str | None = None,
    peaks: list[float] | None = None,
    processor: list[float] | None = None,
) -> float:
    """Wall seconds of one run of `command`, which must exit with `expect`.

    The child's largest resident set, in MiB, is added to `peaks` (Linux: ru_maxrss is KiB), its
    processor time and that of its own children, in seconds, to `processor`.
    """
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        child = subprocess.Popen(
            command,
            cwd=cwd,
            # Python modules are compiled once and kept, as they are where people work.
            env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        _, status, usage = os.wait4(child.pid, 0)
        elapsed = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != expect:
            output.seek(0)
            tail = output.read().decode(errors="replace")[-2000:]
            raise SystemExit(f"{command} exited with {child.returncode}, not {expect}:\n{tail}")
    if processor is not None:
        processor.append(usage.ru_utime + usage.ru_stime)
    if peaks is not None:
        peaks.append(usage.ru_maxrss / 1024)
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


def machine() -> str:
    """What the figures were taken on, in one line."""
    model = "an unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = platform.python_version()
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores of {model}, {memory:.0f} GiB, {platform.system()}, CPython {python}"
