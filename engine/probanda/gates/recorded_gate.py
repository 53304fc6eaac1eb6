"""A decision that somebody else wrote, held against the content that it says judged it.

Rules:

- The gate is the one whose document was kept: same mode, same checks in the same order, each
  with the gate's policy, parameters, controls and facts. Nobody drops a check, softens a mode
  or lends a result to another control between the run and the signature.
- Each waiver and baseline excuses exactly what it did, by the same resolver and at the decision's
  clock, signatures included; an approver is one of the content that judged. A check is skipped
  only where the gate lets it be.
- The check of the judging content itself is there if, and only if, a base judged, and that of
  unused exceptions if, and only if, the project asks for it.

Whether the policy found what the decision says it found, only another run shows.

Example:
    check_against_content(decision, tree)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from probanda.canonical import canonical
from probanda.collect import COLLECTORS, RepositoryCollector, matches_pattern
from probanda.content import RecordedContent, Tree, load_recorded
from probanda.decide import unused_check
from probanda.errors import ContentError, EvidenceError
from probanda.exceptions import Exceptions
from probanda.gates.approvals import resolve_exceptions
from probanda.model.decision import (
    APPROVER_PREFIX,
    EXCEPTIONS_CHECK,
    JUDGING_CHECK,
    JUDGING_CONTENT,
    OWN_CHECKS,
    CheckResult,
    Decision,
)
from probanda.model.finding import order
from probanda.model.gate import Check, FactSource, Gate, MissingArtifact, Runs
from probanda.model.instant import parse_instant
from probanda.model.outcome import VERDICTS, Outcome


def check_against_content(decision: Decision, tree: Tree) -> None:
    """Hold `decision` against the judging content in `tree`.

    Raises:
        EvidenceError: the content cannot have led to this decision.
    """
    try:
        content = load_recorded(tree)
    except ContentError as error:
        raise EvidenceError(
            f"the content that judged the gate {decision.gate!r} cannot be read: {error}",
            hint=error.hint or "record it with the version of probanda that decided",
        ) from error
    for problem in _problems(decision, content):
        raise EvidenceError(
            f"the decision of the gate {decision.gate!r} does not fit the content that"
            f" judged: {problem}",
            hint="run `probanda check` again, and leave what it wrote as it is",
        )


def _problems(decision: Decision, content: RecordedContent) -> Iterator[str]:
    gate = content.gates.get(decision.gate)
    if gate is None or gate.runs is not Runs.CI or gate.digest != decision.gate_digest:
        yield "it has no such gate"
        return
    if (gate.mode, gate.title) != (decision.mode, decision.title):
        yield f"its gate is called {gate.title!r} and is in mode {gate.mode.value}"
    yield from _checks(decision, gate, fail_on_unused=content.project.waivers.fail_on_unused)
    yield from _excuses(decision, content)


def _checks(decision: Decision, gate: Gate, *, fail_on_unused: bool) -> Iterator[str]:
    wanted = [check.id for check in gate.checks]
    results = list(decision.checks)
    own = [JUDGING_CHECK] * bool(decision.content.base_commit)
    own += [EXCEPTIONS_CHECK] * bool(fail_on_unused and wanted)
    if [result.id for result in results] != [*wanted, *own]:
        yield f"its gate has the checks {', '.join([*wanted, *own])}"
        return
    for result in results[len(wanted) :]:
        if result.policy != OWN_CHECKS[result.id]:
            yield f"the check {result.id} has another policy"
    results = results[: len(wanted)]
    for check, result in zip(gate.checks, results, strict=True):
        for problem in _result(decision, check, result):
            yield f"check {check.id!r}: {problem}"


def _result(decision: Decision, check: Check, result: CheckResult) -> Iterator[str]:
    if (result.policy, result.controls) != (check.policy, check.controls):
        yield "another policy or other controls"
    if canonical(dict(result.parameters)) != canonical(dict(check.parameters)):
        yield "other parameters"
    skippable = check.optional or (check.when_paths and decision.content.base_commit)
    if result.outcome is Outcome.SKIPPED and not skippable:
        yield "it may not be skipped"
    many, files = check.files, result.files
    if (many is None and files) or (many is not None and result.outcome in VERDICTS and not files):
        yield "it is made for each of many files, or is not"
    sources = list(check.facts)
    if many is not None:
        at = sources.index(many)
        # Without files the check ended before they were looked for.
        sources[at : at + 1] = [replace(many, path=str(file["source"])) for file in files]
        yield from _files(many, files)
    if result.outcome in VERDICTS and len(result.facts) != len(sources):
        yield "not all of its facts"
    for source, fact in zip(sources, result.facts, strict=False):
        if not _fits(source, fact, decision):
            yield f"another fact than {source.name!r}"
    if len(result.facts) > len(sources):
        yield "more facts than it has"


def _files(many: FactSource, files: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Whether these are files that the pattern means, in their order."""
    paths = [str(file["source"]) for file in files]
    if paths != sorted(set(paths)) or len(paths) > many.max_files:
        yield "its files are out of order, or too many"
    for path in paths:
        if not matches_pattern(path, many.path):
            yield f"{path} does not match {many.path}"


def _fits(source: FactSource, fact: Mapping[str, Any], decision: Decision) -> bool:
    """Whether a reference is to what the gate says: same name, collector, place and clock."""
    stated = (fact["name"], fact["type"], fact["collectedAt"])
    if stated != (source.name, source.collector, decision.as_of):
        return False
    if "missing" in fact:
        return source.missing is MissingArtifact.EMPTY
    if isinstance(COLLECTORS.get(source.collector), RepositoryCollector):
        return str(fact["source"]).startswith("git:")
    place = f"{decision.content.base_commit}:{source.path}" if source.ref else source.path
    return bool(fact["source"] == place)


def _excuses(decision: Decision, content: RecordedContent) -> Iterator[str]:
    exceptions = resolve_exceptions(content, parse_instant(decision.as_of))
    approvers = {approver.name for approver in content.project.approvers}
    judged = [check for check in decision.checks if check.id != EXCEPTIONS_CHECK]
    for check in judged:
        for waived in check.waived:
            if waived.by.startswith(APPROVER_PREFIX):
                named = set(waived.by.removeprefix(APPROVER_PREFIX).split(","))
                if check.policy != JUDGING_CONTENT or not named <= approvers:
                    yield f"{waived.by} may not excuse a finding of {check.id!r}"
        yield from _excused(decision, check, exceptions)
    use = exceptions.use(decision.gate, judged)
    if use != decision.waivers:
        yield "the lists of its waivers are others"
    if judged != list(decision.checks):
        wanted = unused_check(use, decision.tenant)
        if decision.checks[-1] != wanted:
            yield f"the check {EXCEPTIONS_CHECK} found something else"


def _excused(decision: Decision, check: CheckResult, exceptions: Exceptions) -> Iterator[str]:
    """Hold what excuses each finding of a check against what does."""
    said = {id(waived.finding): waived.by for waived in check.waived}
    findings = sorted([*check.findings, *(waived.finding for waived in check.waived)], key=order)
    names = exceptions.excuses(findings, gate=decision.gate, check=check.id)
    for finding, name in zip(findings, names, strict=True):
        by = said.get(id(finding))
        if by is not None and by.startswith(APPROVER_PREFIX):
            by = None
        if by != name:
            what = f"{name!r} excuses" if name else f"no waiver {by!r} excuses"
            yield f"{what} {finding.fingerprint[:12]}…"
