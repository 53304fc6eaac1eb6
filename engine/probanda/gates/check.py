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

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
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
)
from probanda.evaluate import HOST_FACTS_RULE, evaluate, explain_denial
from probanda.exceptions import Exceptions
from probanda.gates.admission import MAX_BYTES, Admission, find_admissions
from probanda.model.decision import CheckResult
from probanda.model.fact import Fact
from probanda.model.gate import Check, FactSource
from probanda.model.instant import format_instant, parse_instant
from probanda.model.outcome import Outcome
from probanda.model.policy import HOST_FACTS, Policy

if TYPE_CHECKING:
    from probanda.rego.explain import Explanation

# A producer's clock may be this far ahead of ours before its artifact is of the future.
CLOCK_SKEW = timedelta(minutes=5)

# One policy over 10,000 components and as many in the base takes some 10 s on an idle core.
EVALUATION_SECONDS = 60.0


class StaleFactError(CollectError):
    """An artifact is older than its check accepts, or does not say how old it is."""


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
    """

    workspace: Workspace
    judging: Catalogue
    tenant: str
    as_of: datetime
    changed: tuple[str, ...] | None
    host_facts: Mapping[str, Any]
    exceptions: Exceptions
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
        if not facts:
            return undecided(result, Outcome.NOT_EVALUATED, "the check names no facts")
        context, program = _context(session, check, policy, facts), session.program(policy)
        findings = evaluate(policy, program, entry.name, context, subject=_subject(check, facts))
        asked = any(each.rule != HOST_FACTS_RULE for each in findings)
        if explanations is not None and asked:
            # What cannot be explained is decided all the same.
            with suppress(PolicyError):
                explanation = explain_denial(policy, program, entry.name, context)
                if explanation is not None:
                    explanations[check.id] = explanation
        if admissions is not None and asked and _is_small(facts):
            with suppress(PolicyError):
                admissions[check.id] = find_admissions(
                    policy,
                    findings,
                    lambda tried: evaluate(
                        policy, program, entry.name, context | {"parameters": tried}, subject=""
                    ),
                    parameters=check.parameters,
                )
    except (MissingArtifactError, StaleFactError) as error:
        absent = isinstance(error, MissingArtifactError)
        outcome = Outcome.SKIPPED if check.optional and absent else Outcome.NOT_EVALUATED
        return undecided(result, outcome, str(error), error.hint or "")
    except (CollectError, ParseError, PolicyError, ContentError) as error:
        return undecided(result, Outcome.ERROR, str(error), error.hint or "")
    return decide_check(result, findings, session.exceptions, gate=gate)


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
        collected = collect(source, session.workspace, collected_at=format_instant(session.as_of))
        refuse_stale(source, collected.fact, session.as_of)
        yield collected


def refuse_stale(source: FactSource, fact: Fact, as_of: datetime) -> None:
    """Hold a fact against its source's `maxAge`, by the time that the artifact states.

    Raises:
        StaleFactError: too old, of the future, or of no stated age.
    """
    if source.max_age is None or fact.artifact is None:
        return
    made, name = fact.artifact.produced_at, fact.artifact.source
    if not made:
        raise StaleFactError(
            f"{name} does not say when it was made",
            hint="have its producer write a timestamp, or take maxAge out of the gate",
        )
    age = as_of - parse_instant(made)
    if age > source.max_age:
        raise StaleFactError(
            f"{name} was made at {made}, longer ago than maxAge allows",
            hint="produce it again in this run",
        )
    if age < -CLOCK_SKEW:
        raise StaleFactError(
            f"{name} says it was made in the future, at {made}",
            hint="check the clocks of its producer and of this run (--as-of)",
        )


def _context(
    session: Session, check: Check, policy: Policy, facts: Mapping[str, Fact]
) -> dict[str, Any]:
    data = {name: fact.data for name, fact in facts.items()}
    for name, declared in policy.facts.items():
        if declared.collector in HOST_FACTS:
            data[name] = session.host_facts[declared.collector]
    context: dict[str, Any] = {
        "facts": data,
        "evidence": {name: fact.provenance() for name, fact in facts.items()},
        "parameters": dict(check.parameters),
        "asOf": format_instant(session.as_of),
        "tenant": session.tenant,
    }
    # In CI a recorded request, and what its host had verified, are facts like any other.
    return context | {name: data[name] for name in ("request", "verified") if name in data}


def _subject(check: Check, facts: Mapping[str, Fact]) -> str:
    first = facts.get("request") or next(iter(facts.values()))
    return first.artifact.source if first.artifact is not None else check.id
