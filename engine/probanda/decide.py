"""Findings + waivers + mode → decision. Pure: the clock is an argument.

Rules (the table in `docs/exit-codes.md`):

- A check with an open finding fails; one whose findings are all excused is waived.
- In `enforce` a failing check blocks (exit 1). In `warn` it is reported, in `shadow`
  recorded; both exit 0.
- An undecided check (`error`, `notEvaluated`) or a gate without checks blocks with exit 3
  in `enforce` and `warn`. Could not check is never a pass.
- A skipped check neither passes nor blocks; a gate of which every check was skipped is
  itself `skipped`.
- A waiver holds strictly before its expiry, and only for the fingerprints it names.

Example:
    result = decide_check(check, policy, findings, waivers, as_of=now, facts=references)
    decision = decide_gate(gate, [result], waivers, ...)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from probanda.model.decision import (
    CheckResult,
    Decision,
    JudgingContent,
    WaivedFinding,
    WaiverUse,
)
from probanda.model.finding import Finding
from probanda.model.gate import Check, Gate
from probanda.model.instant import format_instant
from probanda.model.outcome import (
    EXIT_BLOCKED,
    EXIT_PASS,
    EXIT_UNDECIDED,
    Mode,
    Outcome,
)
from probanda.model.waiver import Waiver

UNDECIDED = frozenset({Outcome.ERROR, Outcome.NOT_EVALUATED})


def decide_check(
    result: CheckResult, findings: Sequence[Finding], waivers: Iterable[Waiver], *, as_of: datetime
) -> CheckResult:
    """`result` with the outcome that `findings` and `waivers` give it at `as_of` (UTC)."""
    excuses = tuple(waivers)
    still_open: list[Finding] = []
    waived: list[WaivedFinding] = []
    for finding in findings:
        name = _excuse(finding, excuses, as_of)
        if name is None:
            still_open.append(finding)
        else:
            waived.append(WaivedFinding(finding, name))
    outcome = Outcome.FAIL if still_open else Outcome.WAIVED if waived else Outcome.PASS
    return replace(result, outcome=outcome, findings=tuple(still_open), waived=tuple(waived))


def _excuse(finding: Finding, waivers: tuple[Waiver, ...], as_of: datetime) -> str | None:
    holding = (w.name for w in waivers if w.holds(finding.fingerprint, as_of))
    return min(holding, default=None)


def undecided(result: CheckResult, outcome: Outcome, reason: str, hint: str = "") -> CheckResult:
    """`result` as an outcome that is not a verdict, with the reason that it must carry."""
    if not reason:
        raise ValueError(f"{outcome.value} needs a reason")
    return replace(result, outcome=outcome, reason=reason, hint=hint)


def skipped(check: Check, reason: str) -> CheckResult:
    """The result of a check that does not apply."""
    return undecided(blank_result(check), Outcome.SKIPPED, reason)


def blank_result(check: Check) -> CheckResult:
    """A result for `check` that says, until decided otherwise, that nothing was evaluated."""
    return CheckResult(
        id=check.id,
        outcome=Outcome.NOT_EVALUATED,
        reason="",
        policy=check.policy,
        parameters=check.parameters,
        controls=check.controls,
    )


def gate_outcome(mode: Mode, outcomes: Sequence[Outcome]) -> tuple[Outcome, int]:
    """Outcome and exit code of a gate from the outcomes of its checks."""
    if not outcomes:
        return Outcome.NOT_EVALUATED, EXIT_PASS if mode is Mode.SHADOW else EXIT_UNDECIDED
    failed = Outcome.FAIL in outcomes
    open_question = any(outcome in UNDECIDED for outcome in outcomes)
    if failed and mode is Mode.ENFORCE:
        return Outcome.FAIL, EXIT_BLOCKED
    if open_question:
        return Outcome.ERROR, EXIT_PASS if mode is Mode.SHADOW else EXIT_UNDECIDED
    if failed:
        return Outcome.FAIL, EXIT_PASS
    for outcome in (Outcome.WAIVED, Outcome.PASS):
        if outcome in outcomes:
            return outcome, EXIT_PASS
    return Outcome.SKIPPED, EXIT_PASS


def decide_gate(
    gate: Gate,
    results: Sequence[CheckResult],
    waivers: Iterable[Waiver],
    *,
    as_of: datetime,
    tenant: str,
    engine: Mapping[str, str],
    content: JudgingContent,
) -> Decision:
    """The decision of `gate` from the results of its checks, in the gate's order."""
    outcome, exit_code = gate_outcome(gate.mode, [result.outcome for result in results])
    return Decision(
        gate=gate.name,
        title=gate.title,
        mode=gate.mode,
        gate_digest=gate.digest,
        tenant=tenant,
        as_of=format_instant(as_of),
        engine=engine,
        content=content,
        checks=tuple(results),
        outcome=outcome,
        exit_code=exit_code,
        waivers=waiver_use(results, waivers, as_of),
    )


def waiver_use(
    results: Sequence[CheckResult], waivers: Iterable[Waiver], as_of: datetime
) -> WaiverUse:
    """Which of `waivers` the results used, could have done without, or found expired."""
    names: dict[str, Any] = {waiver.name: waiver for waiver in waivers}
    used = {waived.by for result in results for waived in result.waived} & set(names)
    expired = {name for name, waiver in names.items() if as_of >= waiver.expires}
    return WaiverUse(
        used=tuple(sorted(used)),
        unused=tuple(sorted(set(names) - used - expired)),
        expired=tuple(sorted(expired)),
    )


def overall_exit_code(codes: Sequence[int]) -> int:
    """The exit code of several gates: blocked before undecided before pass; none is undecided."""
    if not codes:
        return EXIT_UNDECIDED
    for code in (EXIT_BLOCKED, EXIT_UNDECIDED):
        if code in codes:
            return code
    return EXIT_PASS
