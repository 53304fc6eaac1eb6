"""Decisions as one JSON document for programs.

Shape: `{"exitCode": int, "decisions": [Decision…]}`, keys sorted, UTF-8; each decision
as `model.decision.Decision.to_json` gives it. Where explanations were asked for, they stand
beside the decisions: `explanations: {gate: {check: …}}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from probanda.canonical import pretty
from probanda.model.decision import Decision

if TYPE_CHECKING:
    from probanda.rego.explain import Explanation


def render(
    decisions: Sequence[Decision],
    *,
    exit_code: int,
    explanations: Mapping[str, Mapping[str, Explanation]] | None = None,
) -> str:
    """The JSON text of a run, ending in a newline."""
    document: dict[str, Any] = {
        "exitCode": exit_code,
        "decisions": [decision.to_json() for decision in decisions],
    }
    if explanations:
        document["explanations"] = {
            gate: {check: each.to_dict() for check, each in checks.items()}
            for gate, checks in explanations.items()
        }
    return pretty(document)
