"""pytest-benchmark: the JSON of `--benchmark-json` and `--benchmark-save`.

Rules, beside those of `from: load`: a benchmark is a scenario by its full name; its samples are
rounds, its requests rounds times iterations. Where the raw times are there
(`--benchmark-save-data`), they are counted, the percentiles are theirs by the nearest rank, and
stated statistics must agree. Failures are absent: a benchmark that failed is not in the file.

Example:

    >>> read_benchmark(read_node(data, source="bench.json")).scenarios[0].latency_ms["p50"]
    0.00022016379230260297
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal

from probanda.collect.formats.load_run import Run, Scenario
from probanda.collect.json_node import Node
from probanda.model.instant import format_instant, parse_instant

_HINT = "it is cut off or was edited: run the benchmarks again"
_STATISTICS = {"min": "min", "mean": "mean", "p50": "median", "max": "max"}
# A median of an even number is a mean of two; a mean is a rounded sum.
_TOLERANCE = 1e-6
_PERCENTILES = {"p90": 90, "p95": 95, "p99": 99}


def read_benchmark(document: Node) -> Run:
    """Benchmarks.

    Raises:
        CollectError: no such file, or statistics that contradict each other.
    """
    scenarios: dict[str, Scenario] = {}
    for benchmark in document.child("benchmarks").elements():
        name = benchmark.expect(dict).text("fullname")
        if name in scenarios:
            benchmark.child("fullname").refuse("is the name of another benchmark, too")
        scenarios[name] = _scenario(name, benchmark.object("stats"))
    version = document.text("version", "")
    return Run(
        "pytest-benchmark",
        tuple(scenarios.values()),
        sum(one.requests or 0 for one in scenarios.values()),
        producer=f"pytest-benchmark {version}".strip(),
        produced_at=_moment(document.text("datetime", "")),
    )


def _scenario(name: str, stats: Node) -> Scenario:
    rounds, iterations = stats.count("rounds"), stats.count("iterations")
    seconds = {word: stats.amount(key) for word, key in _STATISTICS.items()}
    if "data" in stats:
        seconds |= _percentiles(stats, rounds, seconds)
    latencies = {word: float(Decimal(repr(value)) * 1000) for word, value in seconds.items()}
    rate = stats.amount("ops") if "ops" in stats else None
    found = Scenario(name, rounds * iterations, rounds, None, rate, latencies)
    if found.problem():
        stats.refuse(f"contradicts itself: {found.problem()}", hint=_HINT)
    return found


def _percentiles(
    stats: Node, rounds: int, stated: Mapping[str, int | float]
) -> dict[str, int | float]:
    """Percentiles of the raw times, once these bear out the statistics."""
    times = sorted(item.as_amount() for item in stats.items("data"))
    if len(times) != rounds or not times:
        stats.child("data").refuse(f"holds {len(times)} times for {rounds} rounds", hint=_HINT)
    middle = len(times) // 2
    found = {
        "min": times[0],
        "mean": math.fsum(times) / len(times),
        "p50": times[middle] if len(times) % 2 else (times[middle - 1] + times[middle]) / 2,
        "max": times[-1],
    }
    for word, value in found.items():
        if not math.isclose(value, stated[word], rel_tol=_TOLERANCE):
            stats.child(_STATISTICS[word]).refuse("is not what the raw times show", hint=_HINT)
    return {
        word: times[math.ceil(percent * len(times) / 100) - 1]
        for word, percent in _PERCENTILES.items()
    }


def _moment(text: str) -> str:
    """An instant where the text has a zone, as it has since 4.0; else empty."""
    try:
        return format_instant(parse_instant(text))
    except ValueError:
        return ""
