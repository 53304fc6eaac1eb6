"""Mutation scores: text for people, and JSON.

Rules:

- Each survivor with its place, the statement as it is and as the mutant has it, and its id.
- JSON is the same for the same inputs: no times.

Example:
    print(render_text([score]))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from probanda.gates.mutation import MutationScore
from probanda.output.text import clean
from probanda.rego.testing.mutants import Mutant

_OUTCOMES = {
    "killed": "killed",
    "survived": "survived",
    "equivalent": "equivalent, listed with a reason",
    "same": "compile to the same plan",
    "broken": "do not compile",
}


def render_text(scores: Sequence[MutationScore]) -> str:
    """For people."""
    lines: list[str] = []
    for score in scores:
        for mutant in score.survivors:
            lines += _survivor(mutant)
        lines.append(_summary(score))
    return "\n".join(lines) + "\n"


def _survivor(mutant: Mutant) -> Iterator[str]:
    yield f"SURVIVED {mutant.id} {mutant.operator}  {mutant.location}  in {clean(mutant.rule)}"
    yield f"    - {clean(mutant.before)}"
    yield f"    + {clean(mutant.after)}"


def _summary(score: MutationScore) -> str:
    counts = [
        f"{score.count(outcome)} {word}"
        for outcome, word in _OUTCOMES.items()
        if score.count(outcome) or outcome in {"killed", "survived"}
    ]
    shown = "no score" if score.percent is None else f"{score.percent:.1f}%"
    tried = len(score.verdicts)
    sampled = f" of {score.total}, sampled by seed {score.seed}" if tried < score.total else ""
    speed = f" ({tried / score.seconds:.0f} a second)" if score.seconds else ""
    return f"{score.policy}: {shown}; {tried} mutant(s){sampled}{speed}: {', '.join(counts)}"


def to_json(scores: Sequence[MutationScore], *, threshold: float, exit_code: int) -> dict[str, Any]:
    """Everything, mutants that do not count left out."""
    return {
        "policies": [_score(score) for score in scores],
        "threshold": threshold,
        "exitCode": exit_code,
    }


def _score(score: MutationScore) -> dict[str, Any]:
    return {
        "policy": score.policy,
        "score": score.percent,
        "mutants": score.total,
        "tried": len(score.verdicts),
        "seed": score.seed,
        "counts": {outcome: score.count(outcome) for outcome in _OUTCOMES},
        "verdicts": [
            _mutant(each.mutant)
            | {"outcome": each.outcome}
            | ({"by": each.by} if each.by else {})
            | (
                {"equivalent": score.equivalents[each.mutant.id]}
                if each.mutant.id in score.equivalents
                else {}
            )
            for each in score.verdicts
            if each.outcome in {"killed", "survived"}
        ],
    }


def _mutant(mutant: Mutant) -> dict[str, Any]:
    return {
        "id": mutant.id,
        "operator": mutant.operator,
        "location": mutant.location.to_json(),
        "rule": mutant.rule,
        "before": mutant.before,
        "after": mutant.after,
    }
