"""Which changes of judging content loosen it.

A pull request is judged by the content of its base revision, so a change of gates,
policies or exceptions has no effect on its own verdict. It takes effect after the merge;
therefore each change that loosens, or that cannot be shown to tighten, is a finding of
its own, which a named approver of the *base* revision's project may excuse.

Rules:

- Adding a gate, a check or a policy, a stricter mode, `optional` taken away, an exception
  removed or narrowed (`judging_exceptions`): tightening, no finding. Nor do titles, owners
  and the order of things loosen anything.
- Everything else that differs: a finding. A change that only *may* tighten (another
  parameter, another line of Rego) is a finding too: nobody can tell by looking at digests.
- The finding's key ends in a digest of the thing before and after: an excuse never covers
  another change. Places in files are no part of it, so it survives line moves.

Example:
    for finding in loosenings(base, head, tenant="acme"): ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, Protocol, TypeVar

from probanda import __version__
from probanda.canonical import canonical, sha256_hex
from probanda.content import Catalogue
from probanda.decide import decide_check
from probanda.errors import UsageError
from probanda.gates.check import Session
from probanda.gates.judging_exceptions import Change, Found, baseline_changes, waiver_changes
from probanda.model.decision import (
    APPROVER_PREFIX,
    JUDGING_CHECK,
    JUDGING_CONTENT,
    CheckResult,
    WaivedFinding,
)
from probanda.model.finding import Finding, order
from probanda.model.gate import Gate
from probanda.model.location import Location
from probanda.model.outcome import Outcome, Severity

REMEDIATION = (
    "take the change back, or have an approver named in the base revision's probanda.yaml"
    " approve it (`--approved-by`)"
)


class _Located(Protocol):
    @property
    def location(self) -> Location | None: ...


T = TypeVar("T", bound=_Located)


def judge_content(
    base: Catalogue, head: Catalogue, session: Session, approved_by: Sequence[str]
) -> Callable[[str], CheckResult]:
    """The check that every judged run gets: did the change loosen what will judge the next?

    Returns:
        the check's result in a gate of this name: a waiver may count in one and not in another.

    Raises:
        UsageError: `approved_by` names somebody who is no approver of the base revision.
    """
    approvers = {approver.name for approver in base.project.approvers}
    for name in approved_by:
        if name not in approvers:
            raise UsageError(
                f"{name!r} is not an approver of the base revision",
                hint=f"its probanda.yaml names: {', '.join(sorted(approvers)) or 'nobody'}",
            )
    blank = CheckResult(
        id=JUDGING_CHECK,
        outcome=Outcome.NOT_EVALUATED,
        policy=JUDGING_CONTENT,
        # These rules are code: the engine's version identifies them.
        policy_digest=sha256_hex(f"{JUDGING_CONTENT} {__version__}".encode()),
        controls=("soc2/CC8.1",),
    )
    findings = loosenings(base, head, tenant=session.tenant)

    def judge(gate: str) -> CheckResult:
        result = decide_check(blank, findings, session.exceptions, gate=gate)
        if not result.findings or not approved_by:
            return result
        by = APPROVER_PREFIX + ",".join(sorted(set(approved_by)))
        excused = tuple(WaivedFinding(finding, by) for finding in result.findings)
        waived = (*result.waived, *excused)
        return replace(result, outcome=Outcome.WAIVED, findings=(), waived=waived)

    return judge


def loosenings(base: Catalogue, head: Catalogue, *, tenant: str) -> tuple[Finding, ...]:
    """Every change from `base` to `head` that loosens judging content or may do so.

    Returns:
        findings in canonical order; empty when nothing judging changed, or only tightened.
    """

    def found(rule: str, key: str, message: str, change: Change, where: Location | None) -> Finding:
        digest = sha256_hex(_bytes(change))[:12]
        return Finding(
            policy=JUDGING_CONTENT,
            rule=rule,
            message=message,
            key=f"{key}@{digest}",
            tenant=tenant,
            severity=Severity.HIGH,
            remediation=REMEDIATION,
            location=where,
        )

    findings = [
        *_gates(base.gates, head.gates, found),
        *_policies(base, head, found),
        *waiver_changes(base.waivers, head.waivers, found),
        *baseline_changes(base.baselines, head.baselines, found),
        *_documents("control", base.controls, head.controls, found, added_is_fine=True),
        *_documents(
            "clarification",
            base.clarifications,
            head.clarifications,
            found,
            removed_is_fine=True,
        ),
    ]
    if base.roster != head.roster and _bytes(base.roster) != _bytes(head.roster):
        findings.append(
            found(
                "roster-changed",
                "evidence/roster.yaml",
                "who is who, and whose approval counts, changed",
                (base.roster, head.roster),
                head.roster.location or base.roster.location,
            )
        )
    if _bytes(base.project) != _bytes(head.project):
        findings.append(
            found(
                "project-changed",
                "probanda.yaml",
                "the project's tenant, approvers, trust roots or rules for waivers changed",
                (base.project, head.project),
                head.project.location,
            )
        )
    return tuple(sorted(findings, key=order))


def _gates(base: Mapping[str, Gate], head: Mapping[str, Gate], found: Found) -> Iterator[Finding]:
    for name, old in base.items():
        key = f"gates/{name}"
        new = head.get(name)
        if new is None:
            message = f"the gate {name} was removed"
            yield found("gate-removed", key, message, (old, None), old.location)
            continue
        if new.mode.strictness < old.mode.strictness:
            message = f"the gate {name} went from {old.mode.value} to {new.mode.value}"
            yield found("gate-weakened", key, message, (old.mode, new.mode), new.location)
        before, after = ((gate.runs, gate.request_schema) for gate in (old, new))
        if _bytes(before) != _bytes(after):
            message = f"the gate {name} takes other requests, or runs elsewhere"
            yield found("gate-changed", key, message, (before, after), new.location)
        yield from _checks(old, new, found)


def _checks(old_gate: Gate, new_gate: Gate, found: Found) -> Iterator[Finding]:
    new_checks = {check.id: check for check in new_gate.checks}
    for old in old_gate.checks:
        key = f"gates/{old_gate.name}/{old.id}"
        new = new_checks.get(old.id)
        if new is None:
            message = f"the check {old.id} was removed from the gate {old_gate.name}"
            yield found("check-removed", key, message, (old, None), new_gate.location)
            continue
        if new.optional and not old.optional:
            message = f"the check {old.id} was made optional"
            yield found("check-made-optional", key, message, (old, new), new.location)
        # `optional` was judged above; taking it away tightens.
        if _bytes(replace(new, optional=old.optional)) != _bytes(old):
            message = f"the check {old.id} asks for something else than before"
            yield found("check-changed", key, message, (old, new), new.location)


def _policies(base: Catalogue, head: Catalogue, found: Found) -> Iterator[Finding]:
    for name, old in base.policies.items():
        key = f"policies/{name}"
        new = head.policies.get(name)
        if new is None:
            message = f"the policy {name} was removed"
            yield found("policy-removed", key, message, (old.digest, None), old.location)
        elif new.digest != old.digest:
            message = f"the policy {name} changed"
            yield found("policy-changed", key, message, (old.digest, new.digest), new.location)


def _documents(
    noun: str,
    base: Mapping[str, T],
    head: Mapping[str, T],
    found: Found,
    *,
    added_is_fine: bool = False,
    removed_is_fine: bool = False,
) -> Iterator[Finding]:
    for name in sorted({*base, *head}):
        old, new = base.get(name), head.get(name)
        key = f"{noun}s/{name}"
        if new is None:
            if not removed_is_fine and old is not None:
                message = f"the {noun} {name} was removed"
                yield found(f"{noun}-removed", key, message, (old, None), old.location)
        elif old is None:
            if not added_is_fine:
                message = f"the {noun} {name} is new"
                yield found(f"{noun}-added", key, message, (None, new), new.location)
        elif _bytes(old) != _bytes(new):
            message = f"the {noun} {name} changed"
            yield found(f"{noun}-changed", key, message, (old, new), new.location)


# Fields of domain values that move without a change of meaning. `payload` is a document's
# exact bytes: its signature, which is compared, changes with them.
_MOVING = frozenset({"location", "digest", "payload"})


# RFC 8785 §3.2.2.3, via I-JSON.
_MAX_EXACT = (1 << 53) - 1


def _bytes(thing: Any) -> bytes:
    """What two equal things have in common: in Python, `True == 1`."""
    return canonical(_plain(thing))


def _plain(thing: Any) -> Any:
    """A domain value as plain JSON.

    Only *our* fields are left out; a parameter that is called `location` says something.
    """
    if is_dataclass(thing):
        return {
            field.name: _plain(getattr(thing, field.name))
            for field in fields(thing)
            if field.name not in _MOVING
        }
    if isinstance(thing, Mapping):
        return {str(key): _plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_plain(item) for item in thing]
    if isinstance(thing, Enum):
        return thing.value
    exact = isinstance(thing, int | float) and abs(thing) <= _MAX_EXACT
    if thing is None or exact or isinstance(thing, str):
        return thing
    # Larger numbers, NaN, instants and durations: no JSON that RFC 8785 takes. `1` is not "1".
    return {type(thing).__name__: str(thing)}
