"""Findings + exceptions + mode → decision. Pure: what holds, and when, is an argument.

Rules (the table in `docs/exit-codes.md`):

- A check with an open finding fails; one whose findings are all excused is waived.
- In `enforce` a failing check blocks (exit 1). In `warn` it is reported, in `shadow`
  recorded; both exit 0.
- An undecided check (`error`, `notEvaluated`) or a gate without checks blocks with exit 3
  in `enforce` and `warn`. Could not check is never a pass.
- A skipped check neither passes nor blocks; a gate of which every check was skipped is
  itself `skipped`.
- Which waivers and baselines hold, and for what, says `probanda.exceptions` alone.
- Where the project says so, an exception that nothing needs any more is a finding of the
  gate's own check `exceptions`, which no exception excuses.

Example:
    result = decide_check(blank_result(check), findings, exceptions, gate="release")
    decision = decide_gate(gate, [result], exceptions, ...)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from probanda import __version__
from probanda.canonical import sha256_hex
from probanda.exceptions import Exceptions
from probanda.model.decision import (
    EXCEPTIONS,
    EXCEPTIONS_CHECK,
    CheckResult,
    Decision,
    JudgingContent,
    WaivedFinding,
    WaiverUse,
)
from probanda.model.finding import Finding, order
from probanda.model.gate import Check, Gate
from probanda.model.instant import format_instant
from probanda.model.outcome import (
    EXIT_BLOCKED,
    EXIT_PASS,
    EXIT_UNDECIDED,
    Mode,
    Outcome,
)

UNDECIDED = frozenset({Outcome.ERROR, Outcome.NOT_EVALUATED})


def decide_check(
    result: CheckResult, findings: Sequence[Finding], exceptions: Exceptions, *, gate: str
) -> CheckResult:
    """`result` with the outcome that `findings`, in canonical order, and exceptions give it."""
    still_open: list[Finding] = []
    waived: list[WaivedFinding] = []
    names = exceptions.excuses(findings, gate=gate, check=result.id)
    for finding, name in zip(findings, names, strict=True):
        if name is None:
            still_open.append(finding)
        else:
            waived.append(WaivedFinding(finding, name))
    outcome = Outcome.FAIL if still_open else Outcome.WAIVED if waived else Outcome.PASS
    return replace(result, outcome=outcome, findings=tuple(still_open), waived=tuple(waived))


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
    """Outcome and exit code of a gate from the outcomes of its checks and of their files."""
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
    exceptions: Exceptions,
    *,
    as_of: datetime,
    tenant: str,
    engine: Mapping[str, str],
    content: JudgingContent,
    fail_on_unused: bool = False,
) -> Decision:
    """The decision of `gate` from the results of its checks, in the gate's order."""
    use = exceptions.use(gate.name, results)
    # An empty gate stays empty: a check of ours is no substitute.
    if fail_on_unused and results:
        results = [*results, unused_check(use, tenant)]
    outcomes = [each for result in results for each in result.outcomes]
    outcome, exit_code = gate_outcome(gate.mode, outcomes)
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
        waivers=use,
    )


def unused_check(use: WaiverUse, tenant: str) -> CheckResult:
    """The result of the check `exceptions`: what is listed and not needed any more."""
    findings = tuple(sorted(_unused(use, tenant), key=order))
    return CheckResult(
        id=EXCEPTIONS_CHECK,
        outcome=Outcome.FAIL if findings else Outcome.PASS,
        policy=EXCEPTIONS,
        # These rules are code: the engine's version identifies them.
        policy_digest=sha256_hex(f"{EXCEPTIONS} {__version__}".encode()),
        controls=("soc2/CC8.1",),
        findings=findings,
    )


def _unused(use: WaiverUse, tenant: str) -> Iterator[Finding]:
    for name in use.unused:
        yield Finding(
            policy=EXCEPTIONS,
            rule="waiver-unused",
            message=f"the waiver {name} excuses nothing in this gate any more",
            key=f"waivers/{name}",
            tenant=tenant,
            remediation="remove it, or name the gates in which it counts under spec.gates",
        )
    for stale in use.stale:
        yield Finding(
            policy=EXCEPTIONS,
            rule="baseline-stale",
            message=f"{stale.baseline} lists {stale.gone} more of {stale.rule} for {stale.key}"
            " than there are",
            key=f"{stale.baseline}/{stale.fingerprint}/{stale.path}",
            tenant=tenant,
            remediation="probanda baseline prune, then have it signed again",
        )


def overall_exit_code(codes: Sequence[int]) -> int:
    """The exit code of several gates: blocked before undecided before pass; none is undecided."""
    if not codes:
        return EXIT_UNDECIDED
    for code in (EXIT_BLOCKED, EXIT_UNDECIDED):
        if code in codes:
            return code
    return EXIT_PASS
