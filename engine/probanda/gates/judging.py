"""Which changes of judging content loosen it.

A pull request is judged by the content of its base revision, so a change of gates,
policies or exceptions has no effect on its own verdict. It takes effect after the merge;
therefore each change that loosens, or that cannot be shown to tighten, is a finding of
its own, which a named approver of the *base* revision's project may excuse.

Rules:

- Adding a gate, a check or a policy, a stricter mode, `optional` taken away, a waiver
  removed or shortened: tightening, no finding.
- Everything else that differs: a finding. A change that only *may* tighten (another
  parameter, another line of Rego) is a finding too: nobody can tell by looking at digests.
- The finding's key ends in the changed thing's digest: an excuse never covers the next change.

Example:
    for finding in loosenings(base, head, tenant="acme"): ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from enum import Enum
from typing import Any, Protocol, TypeVar

from probanda import __version__
from probanda.canonical import canonical, sha256_hex
from probanda.content import Catalogue
from probanda.decide import decide_check
from probanda.errors import UsageError
from probanda.gates.check import Session
from probanda.model.decision import CheckResult, WaivedFinding
from probanda.model.finding import Finding
from probanda.model.gate import Check, Gate
from probanda.model.location import Location
from probanda.model.outcome import Outcome, Severity
from probanda.model.waiver import Waiver

# The policy id of these findings; the rules are code, not Rego, because they guard the Rego.
POLICY_ID = "probanda/judging-content"

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
) -> CheckResult:
    """The check that every judged run gets: did the change loosen what will judge the next?

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
        id="judging-content",
        outcome=Outcome.NOT_EVALUATED,
        policy=POLICY_ID,
        # These rules are code: the engine's version identifies them.
        policy_digest=sha256_hex(f"{POLICY_ID} {__version__}".encode()),
        controls=("soc2/CC8.1",),
    )
    findings = loosenings(base, head, tenant=session.tenant)
    result = decide_check(blank, findings, base.waivers.values(), as_of=session.as_of)
    if not result.findings or not approved_by:
        return result
    by = "approver:" + ",".join(sorted(set(approved_by)))
    excused = tuple(WaivedFinding(finding, by) for finding in result.findings)
    return replace(result, outcome=Outcome.WAIVED, findings=(), waived=(*result.waived, *excused))


def loosenings(base: Catalogue, head: Catalogue, *, tenant: str) -> tuple[Finding, ...]:
    """Every change from `base` to `head` that loosens judging content or may do so.

    Returns:
        findings in canonical order; empty when nothing judging changed, or only tightened.
    """

    def found(rule: str, key: str, message: str, thing: Any, where: Location | None) -> Finding:
        digest = sha256_hex(canonical(_plain(thing)))[:12]
        return Finding(
            policy=POLICY_ID,
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
        *_waivers(base.waivers, head.waivers, found),
        *_documents("control", base.controls, head.controls, found, added_is_fine=True),
        *_documents(
            "clarification",
            base.clarifications,
            head.clarifications,
            found,
            removed_is_fine=True,
        ),
    ]
    if _stripped(base.project) != _stripped(head.project):
        findings.append(
            found(
                "project-changed",
                "probanda.yaml",
                "the project's tenant, approvers or trust roots changed",
                head.project,
                head.project.location,
            )
        )
    return tuple(sorted(findings, key=lambda item: (item.rule, item.key)))


Found = Callable[[str, str, str, Any, Location | None], Finding]


def _gates(base: Mapping[str, Gate], head: Mapping[str, Gate], found: Found) -> Iterator[Finding]:
    for name, old in base.items():
        key = f"gates/{name}"
        new = head.get(name)
        if new is None:
            yield found("gate-removed", key, f"the gate {name} was removed", None, old.location)
            continue
        if new.mode.strictness < old.mode.strictness:
            message = f"the gate {name} went from {old.mode.value} to {new.mode.value}"
            yield found("gate-weakened", key, message, new.mode.value, new.location)
        if (new.runs, new.request_schema) != (old.runs, old.request_schema):
            message = f"the gate {name} takes other requests, or runs elsewhere"
            thing = {"runs": new.runs, "request": new.request_schema}
            yield found("gate-changed", key, message, thing, new.location)
        yield from _checks(old, new, found)


def _checks(old_gate: Gate, new_gate: Gate, found: Found) -> Iterator[Finding]:
    new_checks = {check.id: check for check in new_gate.checks}
    for old in old_gate.checks:
        key = f"gates/{old_gate.name}/{old.id}"
        new = new_checks.get(old.id)
        if new is None:
            message = f"the check {old.id} was removed from the gate {old_gate.name}"
            yield found("check-removed", key, message, None, new_gate.location)
        elif new.optional and not old.optional:
            message = f"the check {old.id} was made optional"
            yield found("check-made-optional", key, message, new, new.location)
        elif _strict_form(new) != _strict_form(old):
            message = f"the check {old.id} asks for something else than before"
            yield found("check-changed", key, message, new, new.location)


def _strict_form(check: Check) -> Any:
    """What must not change; `optional` is judged apart, since taking it away tightens."""
    form = _stripped(check)
    return {key: value for key, value in form.items() if key != "optional"}


def _policies(base: Catalogue, head: Catalogue, found: Found) -> Iterator[Finding]:
    for name, old in base.policies.items():
        key = f"policies/{name}"
        new = head.policies.get(name)
        if new is None:
            message = f"the policy {name} was removed"
            yield found("policy-removed", key, message, None, old.location)
        elif new.digest != old.digest:
            message = f"the policy {name} changed"
            yield found("policy-changed", key, message, new.digest, new.location)


def _waivers(
    base: Mapping[str, Waiver], head: Mapping[str, Waiver], found: Found
) -> Iterator[Finding]:
    for name, new in head.items():
        key = f"waivers/{name}"
        old = base.get(name)
        if old is None:
            yield found("waiver-added", key, f"the waiver {name} is new", new, new.location)
        elif not set(new.fingerprints) <= set(old.fingerprints) or new.expires > old.expires:
            message = f"the waiver {name} covers more, or longer, than before"
            yield found("waiver-extended", key, message, new, new.location)


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
                yield found(f"{noun}-removed", key, message, None, old.location)
        elif old is None:
            if not added_is_fine:
                message = f"the {noun} {name} is new"
                yield found(f"{noun}-added", key, message, new, new.location)
        elif _stripped(old) != _stripped(new):
            message = f"the {noun} {name} changed"
            yield found(f"{noun}-changed", key, message, new, new.location)


def _stripped(thing: Any) -> Any:
    """A domain value as plain JSON, without locations and raw digests, which move freely."""
    plain = _plain(thing)
    if isinstance(plain, dict):
        return {k: v for k, v in plain.items() if k not in {"location", "digest", "payload"}}
    return plain


def _plain(thing: Any) -> Any:
    if hasattr(thing, "__dataclass_fields__"):
        thing = asdict(thing)
    if isinstance(thing, Mapping):
        return {str(k): _plain(v) for k, v in thing.items() if k != "location"}
    if isinstance(thing, list | tuple | set | frozenset):
        return [_plain(item) for item in thing]
    if isinstance(thing, Enum):
        return thing.value
    if thing is None or isinstance(thing, str | int | float | bool):
        return thing
    return str(thing)
