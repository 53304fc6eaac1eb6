"""Decision documents that somebody else wrote, read into what they claim to be.

Rules:

- A decision set comes from a job without keys: it is untrusted input of the job that
  signs. Every field has its type, no field is unknown, and nothing is kept that
  `Decision.to_json` would not write: byte for byte the same document, fingerprints
  included, or it is refused.
- A decision may not contradict itself. Outcome and exit code are decided anew from its
  checks (`decide.gate_outcome`), and each check's outcome from its findings. A set that
  says `pass` above a failed check is refused rather than recorded.
- What remains is *self-asserted*: that the policy did yield these findings only another
  run of the gate shows.

Example:
    decision = parse_decision(data, path=".probanda/decisions/release/decision.json")
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, TypeVar

from probanda.canonical import canonical
from probanda.decide import gate_outcome
from probanda.errors import EvidenceError
from probanda.evidence.fields import Fields
from probanda.gates.file_outcomes import file_problems
from probanda.model.decision import (
    APPROVER_PREFIX,
    OWN_CHECKS,
    CheckResult,
    Decision,
    InvalidException,
    JudgingContent,
    StaleFinding,
    WaivedFinding,
    WaiverUse,
)
from probanda.model.finding import Finding
from probanda.model.instant import format_instant
from probanda.model.location import Location
from probanda.model.outcome import VERDICTS, Mode, Outcome, Severity
from probanda.parse.json import load_json
from probanda.parse.limits import Limits

MAX_BYTES = 64 << 20
LIMITS = Limits(max_bytes=MAX_BYTES, max_depth=64, max_nodes=5_000_000)
MAX_CHECKS = 10_000
MAX_ITEMS = 1_000_000

# As `content.fields.SLUG`: the gate's name becomes a folder's and a file's.
GATE_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
MAX_GATE_NAME = 100

E_ = TypeVar("E_", bound=Enum)


def parse_decision(data: bytes, *, path: str) -> Decision:
    """The decision that `data` holds.

    Raises:
        ParseError: not JSON, or not of the form of a decision.
        EvidenceError: it contradicts itself.
    """
    document = Fields(load_json(data, path=path, limits=LIMITS), path)
    decision = _decision(document)
    if canonical(decision.to_json()) != data:
        raise EvidenceError(
            f"{path} is not what probanda writes: a fingerprint, the order or the spelling of"
            " something in it is not its own",
            hint="run `probanda check` again, and leave what it wrote as it is",
        )
    for problem in contradictions(decision):
        raise EvidenceError(
            f"{path} contradicts itself: {problem}",
            hint="somebody changed it; run `probanda check` again",
        )
    return decision


def is_gate_name(name: str) -> bool:
    """Whether a gate, and therefore a folder, may be called so."""
    return len(name) <= MAX_GATE_NAME and GATE_NAME.fullmatch(name) is not None


def _decision(document: Fields) -> Decision:
    document.only("apiVersion", "kind", "gate", "tenant", "asOf", "engine", "content",
                  "outcome", "exitCode", "checks", "waivers")  # fmt: skip
    if (document.text("apiVersion"), document.text("kind")) != ("probanda/v1", "Decision"):
        raise document.bad("not a Decision of probanda/v1", "kind")
    gate = document.child("gate").only("name", "title", "mode", "sha256")
    if not is_gate_name(gate.text("name")):
        raise gate.bad("no name of a gate", "name")
    engine = document.child("engine").only("name", "version", "rego")
    content = document.child("content").only("base", "baseCommit", "baseSha256", "headSha256")
    tenant = _line(document, "tenant")
    return Decision(
        gate=gate.text("name"),
        title=gate.text("title"),
        mode=_one_of(gate, "mode", Mode),
        gate_digest=gate.sha256("sha256"),
        tenant=tenant,
        as_of=_instant(document, "asOf"),
        engine={key: _line(engine, key) for key in ("name", "version", "rego")},
        content=JudgingContent(
            base=content.text("base"),
            base_commit=content.text("baseCommit"),
            base_digest=content.sha256("baseSha256"),
            head_digest=content.sha256("headSha256"),
        ),
        checks=tuple(_check(item, tenant) for item in document.children("checks", MAX_CHECKS)),
        outcome=_one_of(document, "outcome", Outcome),
        exit_code=document.integer("exitCode"),
        waivers=_waivers(document.child("waivers")),
    )


def _waivers(item: Fields) -> WaiverUse:
    item.only("used", "unused", "expired", "invalid", "stale")
    used, unused, expired = (_texts(item, key) for key in ("used", "unused", "expired"))
    invalid = item.children("invalid", MAX_ITEMS)
    stale = item.children("stale", MAX_ITEMS)
    return WaiverUse(
        used=used,
        unused=unused,
        expired=expired,
        invalid=tuple(
            InvalidException(_line(one, "name"), _line(one, "reason")) for one in invalid
        ),
        stale=tuple(_stale(one) for one in stale),
    )


def _stale(item: Fields) -> StaleFinding:
    item.only("baseline", "fingerprint", "rule", "key", "path", "gone")
    return StaleFinding(
        baseline=_line(item, "baseline"),
        fingerprint=item.sha256("fingerprint"),
        rule=_line(item, "rule"),
        key=_line(item, "key"),
        path=item.text("path", ""),
        gone=item.integer("gone"),
    )


def _check(item: Fields, tenant: str) -> CheckResult:
    item.only("id", "outcome", "policy", "parameters", "controls", "facts", "findings",
              "waived", "reason", "hint")  # fmt: skip
    policy = item.child("policy").only("entrypoint", "sha256")
    parameters = item.get("parameters")
    if not isinstance(parameters, dict):
        raise item.bad("not an object", "parameters")
    return CheckResult(
        id=_line(item, "id"),
        outcome=_one_of(item, "outcome", Outcome),
        policy=policy.text("entrypoint"),
        policy_digest=policy.sha256("sha256") if policy.get("sha256") != "" else "",
        parameters=parameters,
        controls=_texts(item, "controls"),
        facts=tuple(_fact(fact) for fact in item.children("facts", MAX_ITEMS)),
        findings=tuple(_finding(one, tenant) for one in item.children("findings", MAX_ITEMS)),
        waived=tuple(
            WaivedFinding(_finding(one, tenant, "waivedBy"), _line(one, "waivedBy"))
            for one in item.children("waived", MAX_ITEMS)
        ),
        reason=item.text("reason", ""),
        hint=item.text("hint", ""),
    )


def _fact(fact: Fields) -> Mapping[str, Any]:
    """A reference as `Fact.reference` gives it; its digest leads to a file, so it must be one."""
    reference: dict[str, Any] = {key: _line(fact, key) for key in ("name", "type")}
    reference["collectedAt"] = _instant(fact, "collectedAt")
    if "outcome" in fact:
        return reference | _file(fact)
    if "missing" in fact:
        fact.only("name", "type", "collectedAt", "missing")
        if fact.text("missing") != "empty":
            raise fact.bad("not 'empty'", "missing")
        return reference | {"missing": "empty"}
    return reference | _artifact(fact)


def _artifact(fact: Fields, *more: str) -> dict[str, Any]:
    """What identifies the bytes behind a reference; `more` are other fields that it may have."""
    optional = [key for key in ("producer", "producedAt") if key in fact]
    known = ("source", "sha256", "size", "mediaType", *optional)
    fact.only("name", "type", "collectedAt", *known, *more)
    return {
        "source": _line(fact, "source"),
        "sha256": fact.sha256("sha256"),
        "size": fact.integer("size"),
        "mediaType": _line(fact, "mediaType"),
        **{key: _line(fact, key) for key in optional},
    }


def _file(fact: Fields) -> dict[str, Any]:
    """What a reference to one of many files says; one that could not be read has no digest."""
    more = ("outcome", *(key for key in ("reason", "hint") if key in fact))
    if "sha256" in fact:
        reference = _artifact(fact, *more)
    else:
        fact.only("name", "type", "collectedAt", "source", *more)
        reference = {"source": _line(fact, "source")}
    outcome = _one_of(fact, "outcome", Outcome).value
    return reference | {"outcome": outcome} | {key: _line(fact, key) for key in more[1:]}


def _finding(item: Fields, tenant: str, *more: str) -> Finding:
    """A finding; whether its fingerprint is its own shows when it is written again."""
    item.only("fingerprint", "policy", "rule", "key", "message", "severity", "remediation",
              "location", *more)  # fmt: skip
    location = None
    if "location" in item:
        place = item.child("location").only("path", "line", "column")
        numbers = [place.integer(key) if key in place else 0 for key in ("line", "column")]
        location = Location(place.text("path"), *numbers)
    item.sha256("fingerprint")
    return Finding(
        policy=_line(item, "policy"),
        rule=_line(item, "rule"),
        message=item.text("message"),
        key=item.text("key"),
        tenant=tenant,
        severity=_one_of(item, "severity", Severity),
        remediation=item.text("remediation", ""),
        location=location,
    )


def contradictions(decision: Decision) -> Iterator[str]:
    """Every way in which the parts of a decision do not make its whole."""
    for check in decision.checks:
        for problem in _check_contradictions(check):
            yield f"check {check.id!r} {problem}"
    outcomes = [each for check in decision.checks for each in check.outcomes]
    outcome, exit_code = gate_outcome(decision.mode, outcomes)
    if (decision.outcome, decision.exit_code) != (outcome, exit_code):
        yield (
            f"it says {decision.outcome.value} (exit {decision.exit_code}), and its checks"
            f" make it {outcome.value} (exit {exit_code})"
        )
    named = {waived.by for check in decision.checks for waived in check.waived}
    used = sorted(name for name in named if not name.startswith(APPROVER_PREFIX))
    if list(decision.waivers.used) != used:
        yield "the waivers that it used are not those that its checks name"
    invalid = {each.name for each in decision.waivers.invalid}
    if set(decision.waivers.used) & {
        *decision.waivers.unused,
        *decision.waivers.expired,
        *invalid,
    }:
        yield "a waiver is used, and also unused or expired or invalid"


def _check_contradictions(check: CheckResult) -> Iterator[str]:
    """Why the outcome of a check cannot follow from what it holds."""
    if check.files:
        yield from file_problems(check)
        return
    if check.outcome not in VERDICTS:
        if check.findings or check.waived:
            yield f"is {check.outcome.value} and has findings"
        if not check.reason:
            yield f"is {check.outcome.value} without a reason"
        return
    made = Outcome.FAIL if check.findings else Outcome.WAIVED if check.waived else Outcome.PASS
    if check.outcome is not made:
        yield f"says {check.outcome.value}, and its findings make it {made.value}"
    if not check.policy_digest:
        yield "has a verdict of no policy"
    if check.reason:
        yield "has a verdict and a reason why it has none"
    if not check.facts and check.policy not in OWN_CHECKS.values():
        yield "has a verdict about no facts"


def _one_of(fields: Fields, key: str, values: type[E_]) -> E_:
    text = fields.text(key)
    for value in values:
        if value.value == text:
            return value
    raise fields.bad(f"none of {', '.join(str(value.value) for value in values)}", key)


def _line(fields: Fields, key: str) -> str:
    text = fields.text(key)
    if not text:
        raise fields.bad("empty", key)
    return text


def _texts(fields: Fields, key: str) -> tuple[str, ...]:
    items = fields.items(key, MAX_ITEMS)
    if not all(isinstance(item, str) and item for item in items):
        raise fields.bad("not a list of words", key)
    return tuple(items)


def _instant(fields: Fields, key: str) -> str:
    moment = format_instant(fields.instant(key))
    if fields.text(key) != moment:
        raise fields.bad("not in whole seconds of UTC", key)
    return moment
