"""What every rendering for people says first and last: the verdict, the changes, the replay.

Rules:

- A suggested change says what kind it is. `fix` is what the rule's author wrote: nobody tried
  it. `admit` was tried: with one more entry in a parameter of the check the policy finds it no
  more; that loosens the gate. `waive` postpones. The last two need an approver and mend nothing.
- The replay names everything that a decision depends on and that the command line can give:
  the gate, the clock, the judging commit, the tenant, the approvers.

Example:
    verdict(report)         # Verdict(word='BLOCKED', tail='1 fail; 1 open finding')
    replay(decision, report)  # 'probanda check pull-request --as-of 2026-11-20T19:20:00Z'
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from probanda.model.decision import APPROVER_PREFIX, CheckResult, Decision
from probanda.model.finding import Finding
from probanda.model.outcome import EXIT_BLOCKED, EXIT_PASS, EXIT_UNDECIDED, Mode, Outcome
from probanda.output.interface import RunReport
from probanda.output.places import check_place

WORDS = {EXIT_PASS: "PASSED", EXIT_BLOCKED: "BLOCKED", EXIT_UNDECIDED: "UNDECIDED"}
UNDECIDED = frozenset({Outcome.ERROR, Outcome.NOT_EVALUATED})
NO_GATE = "no gate ran: nothing was checked, so nothing has passed"
EMPTY_GATE = "the gate has no checks: nothing was checked, so nothing has passed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run ended: one word, and the counts behind it."""

    word: str
    tail: str


def verdict(report: RunReport) -> Verdict:
    """The verdict on a whole run."""
    checks = [check for decision in report.decisions for check in decision.checks]
    findings = sum(len(check.findings) for check in checks)
    counts = [
        f"{sum(check.outcome is outcome for check in checks)} {outcome.value}"
        for outcome in Outcome
        if any(check.outcome is outcome for check in checks)
    ]
    tail = f"{', '.join(counts) or 'no checks'}"
    if findings:
        tail += f"; {findings} open finding{'s' if findings > 1 else ''}"
    if report.exit_code == EXIT_PASS and any(
        decision.mode is not Mode.ENFORCE and decision.outcome is Outcome.FAIL
        for decision in report.decisions
    ):
        tail += "; reported, not enforced"
    return Verdict(WORDS.get(report.exit_code, "ERROR"), tail)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that would let a finding pass.

    Attributes:
        kind: `fix`, `admit` or `waive`; see the module's rules.
        text: what to do, in the author's words or ours.
        command: what to type; may be empty.
    """

    kind: str
    text: str
    command: str = ""


def changes(
    finding: Finding, check: CheckResult, decision: Decision, report: RunReport
) -> Iterator[Change]:
    """The smallest known changes that let `finding` pass, the one that mends it first."""
    if finding.remediation:
        yield Change("fix", finding.remediation)
    admissions = report.admissions.get(decision.gate, {}).get(check.id, {})
    if (admission := admissions.get(finding.fingerprint)) is not None:
        place = check_place(check, decision, report)
        yield Change(
            "admit",
            f"{json.dumps(admission.value, ensure_ascii=False)} in {admission.parameter} of"
            f" {check.id}{f' ({place})' if place else ''}: tried, then it passes;"
            " it loosens the gate, so an approver decides",
        )
    words = ["probanda", "waive", finding.fingerprint, *_project(report)]
    said = "writes an exception for an approver to review; it expires"
    yield Change("waive", said, shlex.join(words))


def replay(decision: Decision, report: RunReport) -> str:
    """The command that reaches the same decision from the same artifacts."""
    words = ["probanda", "check", decision.gate, "--as-of", decision.as_of, *_project(report)]
    if base := decision.content.base_commit:
        words += ["--base", base]
    project = report.catalogue.project if report.catalogue is not None else None
    if project is not None and project.tenant != decision.tenant:
        words += ["--tenant", decision.tenant]
    for name in sorted(_approvers(decision)):
        words += ["--approved-by", name]
    return shlex.join(words)


def _project(report: RunReport) -> list[str]:
    return ["--project", report.project] if report.project else []


def _approvers(decision: Decision) -> set[str]:
    stated = {
        waived.by.removeprefix(APPROVER_PREFIX)
        for check in decision.checks
        for waived in check.waived
        if waived.by.startswith(APPROVER_PREFIX)
    }
    return {name for names in stated for name in names.split(",")}
