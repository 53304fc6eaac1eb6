"""Decisions as one JSON document for programs.

Shape: `{"exitCode": int, "decisions": [Decision…]}`, keys sorted, UTF-8; each decision
as `model.decision.Decision.to_json` gives it.
"""

from __future__ import annotations

from collections.abc import Sequence

from probanda.canonical import pretty
from probanda.model.decision import Decision


def render(decisions: Sequence[Decision], *, exit_code: int) -> str:
    """The JSON text of a run, ending in a newline."""
    return pretty(
        {"exitCode": exit_code, "decisions": [decision.to_json() for decision in decisions]}
    )
