"""A run under load, as every tool's report becomes.

Example:

    >>> Scenario("(all)", requests=10, failures=0, latency_ms={"p95": 12.5}).data()["failures"]
    0
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

ALL = "(all)"
_ORDERED = ("min", "p50", "p90", "p95", "p99", "max")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A part of a run.

    Attributes:
        name: `(all)` for the whole.
        requests: their number; `None` where it is not stated.
        samples: number of latencies; `None` where it is not stated.
        failures: requests that failed; `None` where they are not stated.
        rate_per_second: requests a second; `None` where it is not stated.
        latency_ms: of `min`, `mean`, `p50`, `p90`, `p95`, `p99`, `max` those that are stated.
    """

    name: str
    requests: int | None
    samples: int | None = None
    failures: int | None = None
    rate_per_second: int | float | None = None
    latency_ms: Mapping[str, int | float] = field(default_factory=dict)

    def problem(self) -> str:
        """How the numbers contradict each other; empty where they do not."""
        known = self.failures is not None and self.requests is not None
        if known and (self.failures or 0) > (self.requests or 0):
            return f"{self.name[:80]!r} has more failures than requests"
        stated = [name for name in _ORDERED if name in self.latency_ms]
        for low, high in pairwise(stated):
            if self.latency_ms[low] > self.latency_ms[high]:
                return f"{self.name[:80]!r} has {low} above {high}"
        mean = self.latency_ms.get("mean")
        if mean is not None and stated:
            lowest, highest = self.latency_ms.get("min", mean), self.latency_ms.get("max", mean)
            # The sum behind a mean of equal values is rounded.
            slack = 1e-9 * max(mean, highest)
            if not lowest - slack <= mean <= highest + slack:
                return f"{self.name[:80]!r} has its mean outside of min and max"
        if self.latency_ms and self.requests == 0:
            return f"{self.name[:80]!r} has latencies and no requests"
        return ""

    def data(self) -> dict[str, Any]:
        """Plain values; what is not stated is left out."""
        optional = {
            "requests": self.requests,
            "samples": self.samples,
            "failures": self.failures,
            "rate_per_second": self.rate_per_second,
        }
        return {
            "name": self.name,
            **{key: value for key, value in optional.items() if value is not None},
            "latency_ms": dict(sorted(self.latency_ms.items())),
        }


@dataclass(frozen=True, slots=True)
class Run:
    """A report.

    Attributes:
        tool: `k6`, `locust` or `pytest-benchmark`.
        scenarios: each name once.
        requests: in all.
        thresholds: `{metric, expression, ok}` of each.
        duration_seconds: `None` where it is not stated.
        producer: tool and version; may be empty.
        produced_at: RFC 3339 UTC instant; may be empty.
    """

    tool: str
    scenarios: tuple[Scenario, ...]
    requests: int
    thresholds: tuple[Mapping[str, Any], ...] = ()
    duration_seconds: int | float | None = None
    producer: str = ""
    produced_at: str = ""

    def data(self) -> dict[str, Any]:
        """The fact's data."""
        duration = self.duration_seconds
        return {
            "tool": self.tool,
            "requests": self.requests,
            **({} if duration is None else {"duration_seconds": duration}),
            "scenarios": [one.data() for one in sorted(self.scenarios, key=lambda one: one.name)],
            "thresholds": sorted(
                (dict(one) for one in self.thresholds),
                key=lambda one: (one["metric"], one["expression"]),
            ),
        }
