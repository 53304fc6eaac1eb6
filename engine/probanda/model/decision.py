"""A decision: outcomes, findings and every digest needed to replay them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from probanda.model.finding import Finding
from probanda.model.outcome import VERDICTS, Mode, Outcome

# Policy id of findings about changed judging content: rules in code, for they guard the Rego.
JUDGING_CONTENT = "probanda/judging-content"
# Id of the check that they come from; a gate may not call a check of its own so.
JUDGING_CHECK = "judging-content"
# The same for findings about exceptions that nothing needs any more.
EXCEPTIONS = "probanda/exceptions"
EXCEPTIONS_CHECK = "exceptions"
# Checks that probanda itself adds: rules in code, about content and not about facts.
OWN_CHECKS = {JUDGING_CHECK: JUDGING_CONTENT, EXCEPTIONS_CHECK: EXCEPTIONS}
# Begins `WaivedFinding.by` where a person excused it; no waiver's name has a colon.
APPROVER_PREFIX = "approver:"


@dataclass(frozen=True, slots=True)
class WaivedFinding:
    """A finding together with the name of what excuses it (a waiver or an approver)."""

    finding: Finding
    by: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What came of one check.

    Attributes:
        id: of the check.
        outcome: see `Outcome`.
        reason: one sentence; never empty for `skipped`, `error`, `notEvaluated`, nor where one
            of many files is so.
        hint: what to do about it; may be empty.
        policy: full entry point, `<area>/<slug>/<name>`.
        policy_digest: SHA-256 of the policy's files; empty when it never loaded.
        parameters: as given to the policy.
        controls: control ids.
        facts: references, as `Fact.reference` gives them. Where the check was made for each of
            many files, theirs carry `outcome`, and `reason` and `hint` where there is no verdict.
        findings: open findings, in canonical order.
        waived: excused findings, in canonical order.
    """

    id: str
    outcome: Outcome
    policy: str
    reason: str = ""
    hint: str = ""
    policy_digest: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    controls: tuple[str, ...] = ()
    facts: tuple[Mapping[str, Any], ...] = ()
    findings: tuple[Finding, ...] = ()
    waived: tuple[WaivedFinding, ...] = ()

    @property
    def files(self) -> tuple[Mapping[str, Any], ...]:
        """References of the many files that the check was made for."""
        return tuple(fact for fact in self.facts if "outcome" in fact)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Its outcome and those of its files: one that failed hides none that is undecided."""
        return (self.outcome, *map(Outcome, sorted({str(file["outcome"]) for file in self.files})))

    @property
    def judged(self) -> bool:
        """Whether it came to a verdict, and each of its files did."""
        return VERDICTS.issuperset(self.outcomes)

    def to_json(self) -> dict[str, Any]:
        """The form in which a decision records it."""
        document: dict[str, Any] = {
            "id": self.id,
            "outcome": self.outcome.value,
            "policy": {"entrypoint": self.policy, "sha256": self.policy_digest},
            "parameters": dict(self.parameters),
            "controls": list(self.controls),
            "facts": [dict(fact) for fact in self.facts],
            "findings": [finding.to_json() for finding in self.findings],
            "waived": [
                {**waived.finding.to_json(), "waivedBy": waived.by} for waived in self.waived
            ],
        }
        if self.reason:
            document["reason"] = self.reason
        if self.hint:
            document["hint"] = self.hint
        return document


@dataclass(frozen=True, slots=True)
class InvalidException:
    """A waiver or baseline that excuses nothing, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class StaleFinding:
    """A finding that a baseline lists and that is there no more, or less often.

    Attributes:
        baseline: name of the baseline.
        fingerprint, rule, key, path: as the baseline has them.
        gone: how many of them.
    """

    baseline: str
    fingerprint: str
    rule: str
    key: str
    path: str
    gone: int

    def to_json(self) -> dict[str, Any]:
        """The form in which a decision records it."""
        document: dict[str, Any] = {
            "baseline": self.baseline,
            "fingerprint": self.fingerprint,
            "rule": self.rule,
            "key": self.key,
            "gone": self.gone,
        }
        return document | ({"path": self.path} if self.path else {})


@dataclass(frozen=True, slots=True)
class WaiverUse:
    """What became of the waivers and baselines that speak of a gate.

    Attributes:
        used: names of those that excused a finding.
        unused: names of waivers that hold, and that no check needed; said only where each check
            that they might cover came to a verdict.
        expired: names of those whose time is over.
        invalid: see `InvalidException`.
        stale: see `StaleFinding`.
    """

    used: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    expired: tuple[str, ...] = ()
    invalid: tuple[InvalidException, ...] = ()
    stale: tuple[StaleFinding, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The form in which a decision records it."""
        return {
            "used": list(self.used),
            "unused": list(self.unused),
            "expired": list(self.expired),
            "invalid": [{"name": each.name, "reason": each.reason} for each in self.invalid],
            "stale": [each.to_json() for each in self.stale],
        }


@dataclass(frozen=True, slots=True)
class JudgingContent:
    """Which content judged, and which content was under test.

    Attributes:
        base: revision that judged; empty when the working tree judged itself.
        base_commit: full commit id of `base`, when known.
        base_digest: digest of the judging content.
        head_digest: digest of the same kinds of content in the working tree.
    """

    base: str
    base_commit: str
    base_digest: str
    head_digest: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision of one gate.

    Attributes:
        gate, title, mode, gate_digest: of the gate that decided.
        tenant: whose decision it is.
        as_of: RFC 3339 UTC; the clock that the decision was given.
        engine: name, version and Rego engine: `{"name", "version", "rego"}`.
        content: see `JudgingContent`.
        checks: in the gate's order.
        outcome: of the gate.
        exit_code: what `probanda check` would return for this gate alone.
        waivers: see `WaiverUse`.
    """

    gate: str
    title: str
    mode: Mode
    gate_digest: str
    tenant: str
    as_of: str
    engine: Mapping[str, str]
    content: JudgingContent
    checks: tuple[CheckResult, ...]
    outcome: Outcome
    exit_code: int
    waivers: WaiverUse

    def to_json(self) -> dict[str, Any]:
        """The recorded form: `apiVersion: probanda/v1`, `kind: Decision`."""
        return {
            "apiVersion": "probanda/v1",
            "kind": "Decision",
            "gate": {
                "name": self.gate,
                "title": self.title,
                "mode": self.mode.value,
                "sha256": self.gate_digest,
            },
            "tenant": self.tenant,
            "asOf": self.as_of,
            "engine": dict(self.engine),
            "content": {
                "base": self.content.base,
                "baseCommit": self.content.base_commit,
                "baseSha256": self.content.base_digest,
                "headSha256": self.content.head_digest,
            },
            "outcome": self.outcome.value,
            "exitCode": self.exit_code,
            "checks": [check.to_json() for check in self.checks],
            "waivers": self.waivers.to_json(),
        }
