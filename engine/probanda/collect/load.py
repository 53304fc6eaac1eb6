"""Load tests: k6's end-of-test summaries, Locust's statistics, pytest-benchmark's JSON.

Data: `{tool, requests, duration_seconds, scenarios, thresholds}`. A scenario is `{name,
requests, samples, failures, rate_per_second, latency_ms: {min, mean, p50, p90, p95, p99, max}}`,
sorted by name; the one named `(all)` stands for the whole run where the tool sums it up.
`requests` is the number of all. `samples` is the number of latencies behind the percentiles.
`thresholds` are the tool's own: `{metric, expression, ok}`.

Rules:

- What the artifact does not state is absent, never 0: a percentile, the failures, a duration. A
  policy that compares what is absent is undefined, so it must ask for it first.
- Units are always milliseconds and requests a second. Numbers are those of the artifact; only
  pytest-benchmark's seconds are multiplied, exactly.
- min ≤ p50 ≤ p90 ≤ p95 ≤ p99 ≤ max, min ≤ mean ≤ max, failures ≤ requests, and sums are held
  against their parts: a report that contradicts itself is refused. (Locust rounds its
  percentiles, so that they may pass its maximum.)
- No requests is a run with zero requests; whether that passes is not decided here.
- What kind of report it is, is seen from its text.

Example:

    >>> LoadCollector().read(data, source="k6.json", options={}).data["scenarios"][0]["latency_ms"]
    {'max': 143.3, 'mean': 21.4, 'min': 0.3, 'p50': 20.1, 'p90': 26.4, 'p95': 30.0}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from probanda.collect.formats.benchmark import read_benchmark
from probanda.collect.formats.k6 import read_k6
from probanda.collect.formats.load_run import Run
from probanda.collect.formats.locust import read_locust
from probanda.collect.interface import NO_OPTIONS, Reading
from probanda.collect.json_node import read_node
from probanda.parse.limits import DEFAULT, decode

_HINT = "k6's summary (handleSummary, --summary-export), Locust's _stats.csv, or pytest-benchmark"


class LoadCollector:
    """`from: load`."""

    name = "load"
    media_type = "application/json"
    timestamped = True
    max_bytes = 64 << 20
    options_schema = NO_OPTIONS
    empty: Mapping[str, Any] = {"tool": "", "requests": 0, "scenarios": [], "thresholds": []}

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:  # noqa: ARG002 - it has none
        """Scenarios and their latencies.

        Raises:
            ParseError: not strict JSON.
            CollectError: no known report, or one that contradicts itself.
        """
        if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
            run = read_locust(decode(data, path=source, limits=DEFAULT), source)
            return _reading(run, "text/csv")
        document = read_node(data, source=source)
        if "benchmarks" in document:
            return _reading(read_benchmark(document), self.media_type)
        if "metrics" not in document and "results" not in document:
            document.refuse("is no known load report", hint=_HINT)
        return _reading(read_k6(document), self.media_type)


def _reading(run: Run, media_type: str) -> Reading:
    return Reading(run.data(), media_type, run.producer, run.produced_at)
