"""Run one check: collect its facts, evaluate its policy, decide.

Rules:

- A fact that cannot be had, or is too old, leaves the check `notEvaluated`; a policy or an
  artifact that breaks leaves it `error`. Both say why. Neither is ever a pass.
- `when` needs a base to compare with; without one the check always applies. Its patterns
  are shell patterns in which `*` crosses folders, `**/` may be no folder at all, and a
  folder stands for all that is in it: a pattern errs towards checking.
- `optional` comes from the judging content and skips only a check whose artifact is missing.

Example:
    result = run_check(Session(...), "release", check, originals={})
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from probanda import rego
from probanda.collect import Collected, Workspace, collect
from probanda.content import Catalogue
from probanda.decide import blank_result, decide_check, skipped, undecided
from probanda.errors import (
    CollectError,
    ContentError,
    MissingArtifactError,
    ParseError,
    PolicyError,
    ProbandaError,
)
from probanda.evaluate import HOST_FACTS_RULE, evaluate, explain_denial
from probanda.exceptions import Exceptions
from probanda.gates.admission import MAX_BYTES, Admission, find_admissions
from probanda.gates.context import policy_context
from probanda.gates.each_file import FileRun, explain_first, judge_each
from probanda.gates.fact_age import StaleFactError, refuse_stale
from probanda.gates.file_outcomes import with_files
from probanda.gates.file_task import FileResult, FileTask
from probanda.model.decision import CheckResult
from probanda.model.fact import Fact
from probanda.model.finding import Finding, order
from probanda.model.gate import Check
from probanda.model.instant import format_instant
from probanda.model.outcome import Outcome
from probanda.model.policy import Policy

if TYPE_CHECKING:
    from probanda.rego.explain import Explanation

# One policy over 10,000 components and as many in the base takes some 10 s on an idle core.
EVALUATION_SECONDS = 60.0


@dataclass(slots=True)
class Session:
    """What the checks of one run share; a policy is compiled once.

    Attributes:
        workspace: where artifacts come from.
        judging: the content that judges.
        tenant: whose decision it is.
        as_of: its clock.
        changed: paths that differ from the base; `None` without a base.
        host_facts: by the names of `model.policy.HOST_FACTS`.
        exceptions: the judging content's, as they stand at `as_of`.
        files: how checks of many files run, and what is noted of it.
    """

    workspace: Workspace
    judging: Catalogue
    tenant: str
    as_of: datetime
    changed: tuple[str, ...] | None
    host_facts: Mapping[str, Any]
    exceptions: Exceptions
    files: FileRun = field(default_factory=FileRun)
    _programs: dict[str, rego.Policy] = field(default_factory=dict)

    def program(self, policy: Policy) -> rego.Policy:
        """`policy`, compiled with all its entry points."""
        if policy.id not in self._programs:
            paths = [entry.rego_path for entry in policy.entrypoints.values()]
            self._programs[policy.id] = rego.compile(
                policy.modules, paths, version=policy.rego_version, seconds=EVALUATION_SECONDS
            )
        return self._programs[policy.id]


def run_check(
    session: Session,
    gate: str,
    check: Check,
    originals: dict[str, bytes | Path],
    *,
    explanations: dict[str, Explanation] | None = None,
    admissions: dict[str, dict[str, Admission]] | None = None,
) -> CheckResult:
    """The result of one check.

    Args:
        session: shared state.
        gate: the gate of the check.
        check: what to run.
        originals: filled with SHA-256 → bytes or path of every artifact that was read.
        explanations: if given, filled with check → why its `allow` was denied.
        admissions: if given, filled with check → fingerprint → what would let it pass.
    """
    if not _applies(session, check):
        return skipped(check, "no changed path matches " + ", ".join(check.when_paths))
    result = blank_result(check)
    try:
        policy, entry = session.judging.entrypoint(check.policy)
        result = replace(result, policy_digest=policy.digest)
        facts: dict[str, Fact] = {}
        for collected in _collect(session, check):
            fact = facts[collected.fact.name] = collected.fact
            result = replace(result, facts=(*result.facts, fact.reference()))
            if fact.artifact is not None and collected.original is not None:
                originals[fact.artifact.sha256] = collected.original
        if check.files is not None:
            judged = _each_file(session, check, facts, originals, explanations=explanations)
            return _decide_files(session, gate, check, result, judged)
        if not facts:
            return undecided(result, Outcome.NOT_EVALUATED, "the check names no facts")
        context, program = _context(session, check, policy, facts), session.program(policy)
        findings = evaluate(policy, program, entry.name, context, subject=_subject(check, facts))
        asked = any(each.rule != HOST_FACTS_RULE for each in findings)
        if explanations is not None and asked:
            # What cannot be explained is decided all the same.
            with suppress(PolicyError):
                _note(explanations, check, explain_denial(policy, program, entry.name, context))
        if admissions is not None and asked and _is_small(facts):
            with suppress(PolicyError):
                admissions[check.id] = find_admissions(
                    policy,
                    findings,
                    _asking_again(policy, program, entry.name, context),
                    parameters=check.parameters,
                )
    except (MissingArtifactError, StaleFactError) as error:
        absent = isinstance(error, MissingArtifactError)
        outcome = Outcome.SKIPPED if check.optional and absent else Outcome.NOT_EVALUATED
        return undecided(result, outcome, str(error), error.hint or "")
    except (CollectError, ParseError, PolicyError, ContentError) as error:
        return undecided(result, Outcome.ERROR, str(error), error.hint or "")
    return decide_check(result, findings, session.exceptions, gate=gate)


def _note(
    explanations: dict[str, Explanation], check: Check, explanation: Explanation | None
) -> None:
    if explanation is not None:
        explanations[check.id] = explanation


def _asking_again(
    policy: Policy, program: rego.Policy, entrypoint: str, context: Mapping[str, Any]
) -> Callable[[Mapping[str, Any]], tuple[Finding, ...]]:
    """What the policy finds in the same facts with other parameters."""

    def ask(parameters: Mapping[str, Any]) -> tuple[Finding, ...]:
        tried = {**context, "parameters": parameters}
        return evaluate(policy, program, entrypoint, tried, subject="")

    return ask


def _is_small(facts: Mapping[str, Fact]) -> bool:
    sizes = (fact.artifact.size for fact in facts.values() if fact.artifact is not None)
    return sum(sizes) <= MAX_BYTES


def _applies(session: Session, check: Check) -> bool:
    if not check.when_paths or session.changed is None:
        return True
    return any(matches(path, glob) for path in session.changed for glob in check.when_paths)


def matches(path: str, glob: str) -> bool:
    """Whether a changed path is meant by a pattern of `when`; see the module's rules."""
    glob = glob.removeprefix("./").rstrip("/")
    forms = {glob, glob.replace("**/", "")}
    return any(fnmatchcase(path, form) or fnmatchcase(path, f"{form}/*") for form in forms)


def _collect(session: Session, check: Check) -> Iterator[Collected]:
    for source in check.facts:
        if source.many:
            continue
        collected = collect(source, session.workspace, collected_at=format_instant(session.as_of))
        refuse_stale(source, collected.fact, session.as_of)
        yield collected


def _context(
    session: Session, check: Check, policy: Policy, facts: Mapping[str, Fact]
) -> dict[str, Any]:
    return policy_context(
        policy,
        check.parameters,
        facts,
        session.host_facts,
        as_of=session.as_of,
        tenant=session.tenant,
    )


def _each_file(
    session: Session,
    check: Check,
    facts: Mapping[str, Fact],
    originals: dict[str, bytes | Path],
    *,
    explanations: dict[str, Explanation] | None,
) -> list[FileResult]:
    """What came of each file of a check that is made for many.

    Raises:
        CollectError, PolicyError: nothing could be judged at all.
    """
    policy, entry = session.judging.entrypoint(check.policy)
    source = check.files
    if source is None:
        raise ValueError(f"the check {check.id} has no pattern")
    task = FileTask(
        root=session.workspace.root,
        source=source,
        facts=facts,
        host_facts=session.host_facts,
        policy=policy,
        entrypoint=entry.name,
        parameters=check.parameters,
        as_of=session.as_of,
        tenant=session.tenant,
        seconds=EVALUATION_SECONDS,
    )
    # Compiled here first: a policy that is wrong says so once, not for each file.
    session.program(policy)
    judged = judge_each(task, session.files, check.id)
    for found in judged:
        if found.original is not None:
            originals[str(found.reference["sha256"])] = found.original
    if explanations is not None:
        with suppress(ProbandaError):
            explain_first(task, judged, explanations, check.id)
    return judged


def _decide_files(
    session: Session, gate: str, check: Check, result: CheckResult, judged: list[FileResult]
) -> CheckResult:
    findings = sorted((found for each in judged for found in each.findings), key=order)
    decided = decide_check(result, findings, session.exceptions, gate=gate)
    before = next(number for number, source in enumerate(check.facts) if source.many)
    return with_files(decided, judged, before=before)


def _subject(check: Check, facts: Mapping[str, Fact]) -> str:
    first = facts.get("request") or next(iter(facts.values()))
    return first.artifact.source if first.artifact is not None else check.id
