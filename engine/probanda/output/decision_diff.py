"""A decision diff: text and JSON.

Rules:

- Text shows what changed, at most `SHOWN` findings of each kind a check; JSON shows everything.
- What was let through that was not stands first in its check, with a mark of its own.

Example:
    print(render_text(diff))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from probanda.gates.decision_diff import CheckDiff, DecisionDiff
from probanda.model.finding import Finding
from probanda.model.instant import format_instant
from probanda.output.text import clean

SHOWN = 20


def render_text(diff: DecisionDiff) -> str:
    """For people."""
    lines: list[str] = []
    for check in diff.changed:
        lines += [*_check(check), ""]
    loosened = sum(check.loosened for check in diff.checks)
    tightened = sum(check.tightened for check in diff.checks)
    lines.append(
        f"{len(diff.checks)} check(s) against {clean(diff.against)} ({diff.commit[:12]}): "
        f"{len(diff.changed)} changed, {loosened} loosened, {tightened} tightened"
    )
    if not diff.checks:
        lines.append("neither side has a check: nothing was compared")
    return "\n".join(lines) + "\n"


def _check(check: CheckDiff) -> Iterator[str]:
    words = [
        *(["LOOSENED"] if check.loosened else []),
        *(["TIGHTENED"] if check.tightened else []),
    ]
    yield f"{' and '.join(words) or 'CHANGED'} {clean(check.gate)} / {clean(check.id)}: " + (
        f"{check.before} → {check.after}" if check.before != check.after else check.after
    )
    if all(check.modes) and check.modes[0] != check.modes[1]:
        yield f"    the gate's mode: {check.modes[0]} → {check.modes[1]}"
    for side, reason in zip(("was", "is"), check.reasons, strict=True):
        if reason:
            yield f"    {side} {clean(reason)}"
    yield from _findings("- DENY → ALLOW", check.lost)
    yield from _findings("+ ALLOW → DENY", check.gained)


def _findings(mark: str, findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings[:SHOWN]:
        yield f"    {mark}  {clean(finding.rule)}  {clean(finding.message)}"
    if len(findings) > SHOWN:
        yield f"    {mark}  and {len(findings) - SHOWN} more"


def to_json(diff: DecisionDiff, *, exit_code: int) -> dict[str, Any]:
    """Everything, unchanged checks too."""
    return {
        "against": diff.against,
        "commit": diff.commit,
        "asOf": format_instant(diff.as_of),
        "checks": [
            {
                "gate": check.gate,
                "check": check.id,
                "before": _side(check, 0),
                "after": _side(check, 1),
                "loosened": check.loosened,
                "tightened": check.tightened,
                "gained": [finding.to_json() for finding in check.gained],
                "lost": [finding.to_json() for finding in check.lost],
            }
            for check in diff.checks
        ],
        "exitCode": exit_code,
    }


def _side(check: CheckDiff, side: int) -> dict[str, str]:
    told = {"reason": check.reasons[side], "mode": check.modes[side]}
    outcome = (check.before, check.after)[side]
    return {"outcome": outcome} | {name: text for name, text in told.items() if text}
