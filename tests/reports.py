"""Decisions made by hand, as the renderers are given them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from probanda.content import Catalogue
from probanda.decide import gate_outcome
from probanda.model.control import Automation, Control, ExpectedEvidence, Frequency
from probanda.model.decision import CheckResult, Decision, JudgingContent, WaivedFinding, WaiverUse
from probanda.model.finding import Finding
from probanda.model.gate import Check, Gate, Runs
from probanda.model.location import Location
from probanda.model.outcome import Mode, Outcome, Severity
from probanda.model.policy import Entrypoint, EntrypointKind, Policy, Rule
from probanda.model.project import Project
from probanda.model.waiver import Waiver
from probanda.output.interface import RunReport

FINDING = Finding(
    policy="supply-chain/license-allowlist",
    rule="denied-license",
    message="geo 4.1.0 is under LicenseRef-Restricted-TOS",
    key="pkg:pypi/geo@4.1.0",
    tenant="acme",
    remediation="replace it",
    location=Location("sbom.json", 3, 5),
)
CHECK = CheckResult(
    id="licenses",
    outcome=Outcome.FAIL,
    policy="supply-chain/license-allowlist/findings",
    policy_digest="1" * 64,
    controls=("soc2/CC8.1",),
    facts=(
        {
            "name": "sbom",
            "type": "cyclonedx",
            "source": "sbom.json",
            "sha256": "2" * 64,
            "size": 3,
            "mediaType": "application/json",
            "collectedAt": "2026-11-20T12:00:00Z",
        },
    ),
    findings=(FINDING,),
)
PASSED = replace(CHECK, outcome=Outcome.PASS, findings=())


def undecided(outcome: Outcome = Outcome.NOT_EVALUATED, **changes: Any) -> CheckResult:
    """A check that could not be judged, or did not apply."""
    given: dict[str, Any] = {"reason": "no file 'sbom.json'", "hint": "make it", "facts": ()}
    return replace(CHECK, outcome=outcome, findings=(), **given | changes)


def waived(by: str, *findings: Finding) -> CheckResult:
    """A check all of whose findings `by` excuses."""
    excused = tuple(WaivedFinding(each, by) for each in findings or (FINDING,))
    return replace(CHECK, outcome=Outcome.WAIVED, findings=(), waived=excused)


def decision(*checks: CheckResult, mode: Mode = Mode.ENFORCE, **changes: Any) -> Decision:
    """A decision of these checks, with the outcome that they make."""
    outcome, code = gate_outcome(mode, [check.outcome for check in checks])
    used = {each.by for check in checks for each in check.waived if ":" not in each.by}
    made = Decision(
        gate="pull-request",
        title="What must hold",
        mode=mode,
        gate_digest="0" * 64,
        tenant="acme",
        as_of="2026-11-20T12:00:00Z",
        engine={"name": "probanda", "version": "0.1.0", "rego": "probanda"},
        content=JudgingContent("", "", "0" * 64, "0" * 64),
        checks=checks,
        outcome=outcome,
        exit_code=code,
        waivers=WaiverUse(used=tuple(sorted(used))),
    )
    return replace(made, **changes)


DECISION = decision(CHECK)


def report(*decisions: Decision, **changes: Any) -> RunReport:
    """A report of these decisions."""
    codes = [each.exit_code for each in decisions]
    code = 1 if 1 in codes else 3 if 3 in codes or not codes else 0
    return RunReport(**{"decisions": decisions, "exit_code": code} | changes)


def catalogue(
    *waivers: Waiver, rules: Mapping[str, Rule] | None = None, tenant: str = "acme"
) -> Catalogue:
    """Content with one gate, one policy and one control."""
    known = rules or {
        "denied-license": Rule(
            "denied-license", "A denied licence", Severity.CRITICAL, "replace it", "It is denied."
        ),
        "flaky": Rule("flaky", "A flaky thing", Severity.LOW, reference="https://example.org/f"),
    }
    policy = Policy(
        id="supply-chain/license-allowlist",
        title="Licences",
        package="licenses",
        entrypoints={"findings": Entrypoint("findings", EntrypointKind.FINDINGS, "licenses/f")},
        rules=known,
        facts={},
        parameters_schema={},
        request_schema=None,
        controls=("soc2/CC8.1",),
        modules={},
        test_modules={},
        files={},
        digest="1" * 64,
    )
    control = Control(
        id="soc2/CC8.1",
        framework="soc2",
        criterion="CC8.1",
        title="Changes are tracked",
        statement="Nothing reaches the default branch but by a recorded change.",
        owner="lead",
        frequency=Frequency.PER_CHANGE,
        automation=Automation.AUTOMATED,
        evidence=(ExpectedEvidence("a test report"),),
        digest="0" * 64,
    )
    at = Location("gates/pull-request.yaml", 11, 7)
    check = Check("licenses", CHECK.policy, (), {}, ("soc2/CC8.1",), location=at)
    gate = Gate(
        name="pull-request",
        title="What must hold",
        owner="security",
        mode=Mode.ENFORCE,
        runs=Runs.CI,
        checks=(check,),
        request_schema=None,
        digest="0" * 64,
        location=Location("gates/pull-request.yaml", 1, 1),
    )
    return Catalogue(
        project=Project("demo", tenant, (), (), "0" * 64),
        gates={gate.name: gate},
        policies={policy.id: policy},
        controls={control.id: control},
        contracts={},
        waivers={each.name: each for each in waivers},
        clarifications={},
        files={},
    )


def waiver(name: str = "geo", *, expires: str = "2026-12-01", **changes: Any) -> Waiver:
    """A waiver of `FINDING`."""
    made = Waiver(
        name=name,
        fingerprints=(FINDING.fingerprint,),
        owner="grace@example.org",
        approver="ada@example.org",
        ticket="SEC-1",
        reason="It is replaced next month.",
        expires=datetime.fromisoformat(expires).replace(tzinfo=UTC),
    )
    return replace(made, **changes)
