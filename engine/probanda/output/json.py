"""Decisions as one JSON document for programs.

Shape: `{"exitCode": int, "decisions": [Decision…]}`, keys sorted, UTF-8; each decision
as `model.decision.Decision.to_json` gives it. Where explanations were asked for, they stand
beside the decisions: `explanations: {gate: {check: …}}`; and where findings were remembered,
`cached: {gate: {check: number of files}}`.
"""

from __future__ import annotations

from typing import Any

from probanda.canonical import pretty
from probanda.output.interface import RunReport


def render(report: RunReport) -> str:
    """The JSON text of a run, ending in a newline."""
    document: dict[str, Any] = {
        "exitCode": report.exit_code,
        "decisions": [decision.to_json() for decision in report.decisions],
    }
    if report.explanations:
        document["explanations"] = {
            gate: {check: each.to_dict() for check, each in checks.items()}
            for gate, checks in report.explanations.items()
        }
    # Where nothing was remembered, nothing is said: runs without a cache print the same bytes.
    if noted := {gate: dict(checks) for gate, checks in report.cached.items() if checks}:
        document["cached"] = noted
    return pretty(document)
