"""Locust: the file `…_stats.csv` of `locust --csv`.

Rules, beside those of `from: load`: a row is a scenario named `METHOD name`; the row
`Aggregated` is the whole run, and its requests and failures are the sums of the others'. `N/A`
stands where there was no request. Other files of Locust (history, failures) are refused.

Example:

    >>> read_locust(text, "run_stats.csv").requests
    26502
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from probanda.collect.csv_document import Row, read_table
from probanda.collect.formats.load_run import ALL, Run, Scenario
from probanda.errors import CollectError
from probanda.model.location import Location

_AGGREGATED = "Aggregated"
_COUNT = re.compile(r"[0-9]{1,15}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,40})?(?:[eE][-+]?[0-9]{1,2})?", re.ASCII)
_REQUIRED = ("Type", "Name", "Request Count", "Failure Count", "Requests/s")
_LATENCIES = {
    "min": "Min Response Time",
    "mean": "Average Response Time",
    "p50": "50%",
    "p90": "90%",
    "p95": "95%",
    "p99": "99%",
}
# Locust rounds response times for its percentiles, so that the greatest of them is not the
# percentile 100; the percentiles are left as they are, and the maximum is the one stated.
_MAX = "Max Response Time"


def read_locust(text: str, source: str) -> Run:
    """Statistics of Locust.

    Raises:
        CollectError: no such file, or sums that do not agree.
    """
    table = read_table(text, source=source)
    missing = [name for name in _REQUIRED if name not in table.columns]
    if missing:
        _refuse(source, 1, f"no load report: column {missing[0]!r} is missing")
    scenarios: dict[str, Scenario] = {}
    for row in table.rows:
        scenario = _scenario(row, source)
        if scenario.name in scenarios:
            _refuse(source, row.line, f"{scenario.name[:80]!r} is there twice")
        scenarios[scenario.name] = scenario
    whole = scenarios.get(ALL)
    if whole is None:
        _refuse(source, 1, "the row Aggregated is missing", hint="the file is cut off: run again")
    parts = [one for one in scenarios.values() if one is not whole]
    for key in ("requests", "failures"):
        total = sum(getattr(one, key) for one in parts)
        if total != getattr(whole, key):
            _refuse(
                source,
                len(table.rows) + 1,
                f"Aggregated states {getattr(whole, key)} {key}, the rows show {total}",
                hint="the file is cut off or was edited: run again",
            )
    return Run("locust", tuple(scenarios.values()), whole.requests or 0, producer="locust")


def _scenario(row: Row, source: str) -> Scenario:
    """A row."""
    cells = row.cells
    whole = cells["Name"] == _AGGREGATED and cells["Type"] in {"", _AGGREGATED}
    requests = _count(row, "Request Count", source)
    latencies: dict[str, int | float] = {}
    if requests:
        for word, column in _LATENCIES.items():
            value = _amount(row, column, source)
            if value is not None:
                latencies[word] = value
        highest = _amount(row, _MAX, source)
        if highest is not None:
            latencies["max"] = highest
    scenario = Scenario(
        ALL if whole else f"{cells['Type']} {cells['Name']}".strip(),
        requests,
        samples=requests,
        failures=_count(row, "Failure Count", source),
        rate_per_second=_amount(row, "Requests/s", source),
        latency_ms=latencies,
    )
    if _problem(scenario):
        _refuse(source, row.line, f"the row contradicts itself: {_problem(scenario)}")
    return scenario


def _problem(scenario: Scenario) -> str:
    """As `Scenario.problem`, of what Locust does not round: min, mean, max; and percentiles."""
    exact: Mapping[str, int | float] = {
        key: value for key, value in scenario.latency_ms.items() if key in {"min", "mean", "max"}
    }
    rounded = {key: value for key, value in scenario.latency_ms.items() if key not in exact}
    parts = [
        Scenario(scenario.name, scenario.requests, None, scenario.failures, None, latencies)
        for latencies in (exact, rounded)
    ]
    return next((part.problem() for part in parts if part.problem()), "")


def _count(row: Row, column: str, source: str) -> int:
    text = row.cells[column]
    if not _COUNT.fullmatch(text):
        _refuse(source, row.line, f"column {column!r} holds no count")
    return int(text)


def _amount(row: Row, column: str, source: str) -> int | float | None:
    text = row.cells.get(column, "N/A")
    if text == "N/A":
        return None
    if not _AMOUNT.fullmatch(text):
        _refuse(source, row.line, f"column {column!r} holds no number from 0")
    return int(text) if text.isdigit() else float(text)


def _refuse(source: str, line: int, reason: str, *, hint: str | None = None) -> NoReturn:
    raise CollectError(reason, location=Location(source, line), hint=hint)
