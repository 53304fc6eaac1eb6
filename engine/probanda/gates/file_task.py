"""Judge one of many files: what a worker process does, and the one process of a small run.

Rules:

- Whatever goes wrong with a file is that file's outcome, with a reason that names it; the
  others are judged all the same. A file that is gone is `notEvaluated`, never skipped.
- The artifact is read and hashed each time; the cache spares the parsing and the policy, and
  answers for exactly these bytes alone. The age of an artifact is judged anew.
- Imports no content and no keys: a worker starts in a fraction of a second.

Example:
    for result in (judge_file(task, path) for path in paths): ...
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from probanda import rego
from probanda.collect import COLLECTORS, Fetched, Workspace, fetch, interpret
from probanda.errors import CollectError, MissingArtifactError, ParseError, PolicyError
from probanda.evaluate import evaluate
from probanda.gates.context import policy_context
from probanda.gates.fact_age import StaleFactError, refuse_stale
from probanda.gates.file_cache import Entry, FileCache
from probanda.model.fact import Artifact, Fact
from probanda.model.file_key import of_file
from probanda.model.finding import Finding
from probanda.model.gate import FactSource
from probanda.model.instant import format_instant
from probanda.model.outcome import Outcome
from probanda.model.policy import Policy


@dataclass(frozen=True, slots=True)
class FileTask:
    """All that the files of one check have in common; it can be pickled.

    Attributes:
        root: the project's folder.
        source: the fact whose path is a pattern.
        facts: the check's other facts, by name.
        host_facts: as in `policy_context`.
        policy, entrypoint: what judges; `entrypoint` is a name of the policy's.
        parameters: of the check.
        as_of, tenant: of the decision.
        seconds: for one evaluation.
        cache: where findings are remembered, or not at all.
    """

    root: Path
    source: FactSource
    facts: Mapping[str, Fact]
    host_facts: Mapping[str, Any]
    policy: Policy
    entrypoint: str
    parameters: Mapping[str, Any]
    as_of: datetime
    tenant: str
    seconds: float
    cache: FileCache | None = None

    def program(self) -> rego.Policy:
        """The policy, compiled; a process remembers it."""
        paths = [entry.rego_path for entry in self.policy.entrypoints.values()]
        return rego.compile(
            self.policy.modules, paths, version=self.policy.rego_version, seconds=self.seconds
        )

    def context(self, fact: Fact) -> dict[str, Any]:
        """What the policy is given for one file."""
        return policy_context(
            self.policy,
            self.parameters,
            {**self.facts, fact.name: fact},
            self.host_facts,
            as_of=self.as_of,
            tenant=self.tenant,
        )


@dataclass(frozen=True, slots=True)
class FileResult:
    """What came of one file.

    Attributes:
        reference: as `Fact.reference` gives it; without a digest where it could not be read.
        findings: before exceptions, in canonical order.
        undecided: `error` or `notEvaluated` where there is no verdict, else `None`.
        reason, hint: why there is none.
        original: where the bytes can be read again.
        cached: whether the findings were remembered.
    """

    reference: Mapping[str, Any]
    findings: tuple[Finding, ...] = ()
    undecided: Outcome | None = None
    reason: str = ""
    hint: str = ""
    original: Path | None = None
    cached: bool = False


def judge_file(task: FileTask, path: str) -> FileResult:
    """The result of one file."""
    source = replace(task.source, path=path)
    reference: dict[str, Any] = {
        "name": source.name,
        "type": source.collector,
        "collectedAt": format_instant(task.as_of),
        "source": path,
    }
    original: Path | None = None
    try:
        fetched = fetch(source, Workspace(task.root))
        original = fetched.path
        reference |= {"sha256": fetched.sha256, "size": fetched.size}
        fact, findings, cached = _judge(task, source, fetched)
    except (MissingArtifactError, StaleFactError) as error:
        outcome, reason, hint = Outcome.NOT_EVALUATED, str(error), error.hint or ""
    except (CollectError, ParseError, PolicyError) as error:
        outcome, reason, hint = Outcome.ERROR, str(error), error.hint or ""
    else:
        return FileResult(fact.reference(), findings, original=original, cached=cached)
    if "sha256" in reference:
        reference["mediaType"] = COLLECTORS[source.collector].media_type
    return FileResult(reference, (), outcome, reason, hint, original)


def lost(task: FileTask, path: str, reason: str) -> FileResult:
    """The result of a file whose worker ended without an answer."""
    reference = {
        "name": task.source.name,
        "type": task.source.collector,
        "collectedAt": format_instant(task.as_of),
        "source": path,
    }
    hint = "give the run more memory, or fewer --jobs"
    return FileResult(reference, (), Outcome.ERROR, reason, hint)


def _judge(
    task: FileTask, source: FactSource, fetched: Fetched
) -> tuple[Fact, tuple[Finding, ...], bool]:
    """The fact, its findings, and whether they were remembered.

    Raises:
        CollectError, PolicyError: there is no verdict; nothing is remembered then.
    """
    known = None if task.cache is None else task.cache.get(fetched.name, fetched.sha256)
    if known is not None:
        fact = _remembered(task, source, fetched, known)
        refuse_stale(source, fact, task.as_of)
        return fact, known.findings, True
    fact = interpret(source, fetched, collected_at=format_instant(task.as_of))
    refuse_stale(source, fact, task.as_of)
    findings = tuple(
        of_file(source.path, finding)
        for finding in evaluate(
            task.policy,
            task.program(),
            task.entrypoint,
            task.context(fact),
            subject=source.path,
        )
    )
    if task.cache is not None and fact.artifact is not None:
        made = fact.artifact
        entry = Entry(made.media_type, made.producer, made.produced_at, findings)
        task.cache.put(fetched.name, fetched.sha256, entry)
    return fact, findings, False


def _remembered(task: FileTask, source: FactSource, fetched: Fetched, entry: Entry) -> Fact:
    """The fact without its data, which nobody reads any more."""
    artifact = Artifact(
        fetched.name,
        fetched.sha256,
        fetched.size,
        entry.media_type,
        entry.producer,
        entry.produced_at,
    )
    return Fact(source.name, source.collector, artifact, None, format_instant(task.as_of))
