"""k6: the summary of `handleSummary`, of `--summary-export`, and the versioned one since k6 1.

Rules, beside those of `from: load`:

- k6 writes zeros for a metric without samples; zeros that no request stands behind are absent.
- Requests are `http_reqs`, latencies `http_req_duration`, failures `http_req_failed`. Sub-metrics
  `{scenario:NAME}`, which k6 writes where thresholds name them, are scenarios, without `requests`
  where only other metrics have one; other tags are not. A run without HTTP requests has zero.
- `http_req_failed` is a rate of *failing*: what it calls passes are the failed requests.
- `--summary-export` says `true` for a threshold that was crossed, `handleSummary` says
  `{"ok": true}` for one that held (k6 issue 1498).
- The versioned summary states a count without a rate: the rate is count through duration.
- Times are milliseconds; `summaryTimeUnit` changes only what people see.

Example:

    >>> read_k6(read_node(data, source="summary.json")).scenarios[0].name
    '(all)'
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from probanda.collect.formats.load_run import ALL, Run, Scenario
from probanda.collect.json_node import Node

_SUBMETRIC = re.compile(r"(?P<metric>[^{}]{1,128})(?:\{(?P<tags>.*)\})?", re.DOTALL)
_SCENARIO = re.compile(r"\s*scenario:\s*(?P<name>.+?)\s*")
_LATENCIES = {
    "min": ("min",),
    "mean": ("avg",),
    "p50": ("med", "p(50)"),
    "p90": ("p(90)",),
    "p95": ("p(95)",),
    "p99": ("p(99)",),
    "max": ("max",),
}
_VERSION = re.compile(r"1\.[0-9]+\.[0-9]+")


def read_k6(document: Node) -> Run:
    """A summary of k6.

    Raises:
        CollectError: no summary of k6, or one that contradicts itself.
    """
    if "results" in document:
        return _read_versioned(document)
    metrics = {name: node.expect(dict) for name, node in document.object("metrics").entries()}
    if not metrics:
        document.child("metrics").refuse("is empty: no iteration was run")
    values = {
        name: node.object("values") if "values" in node else node for name, node in metrics.items()
    }
    state = document.object_or_none("state")
    duration = None
    if state is not None and "testRunDurationMs" in state:
        duration = state.amount("testRunDurationMs") / 1000
    scenarios = tuple(_scenarios(document, values, None))
    thresholds = [one for name, node in metrics.items() for one in _thresholds(name, node)]
    return Run("k6", scenarios, scenarios[0].requests or 0, tuple(thresholds), duration, "k6")


def _read_versioned(document: Node) -> Run:
    """The summary with `version`, `metadata`, `config` and `results`."""
    if not _VERSION.fullmatch(document.text("version")):
        document.child("version").refuse("is no known version of k6's summary")
    metadata, config = document.object("metadata"), document.object("config")
    values: dict[str, Node] = {}
    for metric in document.object("results").child("metrics").elements():
        name = metric.expect(dict).text("name")
        if name in values:
            metric.child("name").refuse("is the name of another metric, too")
        values[name] = metric.object("values")
    duration = config.amount("duration")
    scenarios = tuple(_scenarios(document, values, duration))
    return Run(
        "k6",
        scenarios,
        scenarios[0].requests or 0,
        duration_seconds=duration,
        producer=f"k6 {metadata.text('k6Version')}",
        produced_at=metadata.instant("generatedAt"),
    )


def _scenarios(
    document: Node, values: Mapping[str, Node], duration: int | float | None
) -> Iterator[Scenario]:
    """The whole run, then the scenarios that have sub-metrics."""
    names: dict[str, dict[str, Node]] = {ALL: {}}
    for metric, node in values.items():
        match = _SUBMETRIC.fullmatch(metric)
        if match is None:
            node.refuse("is no name of a metric")
        if match["tags"] is None:
            names[ALL][match["metric"]] = node
            continue
        tag = _SCENARIO.fullmatch(match["tags"])
        if tag and "," not in match["tags"]:
            names.setdefault(tag["name"], {})[match["metric"]] = node
    for name, metrics in names.items():
        scenario = _scenario(name, metrics, duration)
        if scenario.problem():
            document.refuse(f"contradicts itself: {scenario.problem()}")
        yield scenario


def _scenario(name: str, metrics: Mapping[str, Node], duration: int | float | None) -> Scenario:
    counter, failed = metrics.get("http_reqs"), metrics.get("http_req_failed")
    trend = metrics.get("http_req_duration")
    requests = 0 if name == ALL else None
    rate = None
    if counter is not None:
        requests = counter.count("count")
        rate = counter.amount("rate") if "rate" in counter else None
        if rate is None and duration:
            rate = requests / duration
    failures = None
    if failed is not None:
        failures = failed.count("matches" if "matches" in failed else "passes")
    samples = None if trend is None else requests
    if trend is not None and "count" in trend:
        samples = trend.count("count")
    latencies = {} if trend is None else _latencies(trend)
    if not requests and not any(latencies.values()):
        latencies = {}
    return Scenario(name, requests, samples, failures, rate, latencies)


def _latencies(trend: Node) -> dict[str, int | float]:
    """Statistics that the summary has; which ones, `summaryTrendStats` decides."""
    return {
        word: trend.amount(key) for word, keys in _LATENCIES.items() for key in keys if key in trend
    }


def _thresholds(name: str, metric: Node) -> Iterator[dict[str, Any]]:
    """Thresholds of a metric in either form."""
    if "thresholds" not in metric:
        return
    for expression, node in metric.object("thresholds").entries():
        ok = node.flag("ok") if isinstance(node.value, dict) else not node.expect(bool).value
        yield {"metric": name, "expression": expression, "ok": ok}
