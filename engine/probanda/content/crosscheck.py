"""What one document says about another, and whether it is so.

Rules:

- A name that a *broken* document would have defined is not reported as unknown:
  the broken document is reported, once.
- Every error has its place and, where there is one, the nearest valid word.
- A gate is judged as it would run: a required fact that no check gives, or a
  parameter that the policy refuses, is found before anything runs.

Example:

    context = Context(policies, controls)
    check_gate(source, context, errors)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from probanda.collect import COLLECTORS, RepositoryCollector
from probanda.content import documents
from probanda.content.catalogue import BUILTIN, find_entrypoint
from probanda.content.citations import unknown_controls
from probanda.content.complaints import dotted, nearest, one_of
from probanda.content.convert import qualified
from probanda.content.documents import CheckEntry, FactEntry
from probanda.content.patterns import check_patterns
from probanda.content.schemas import problems, schema_problems
from probanda.content.source import Errors, Source
from probanda.errors import ContentError
from probanda.model.control import Control
from probanda.model.decision import OWN_CHECKS
from probanda.model.policy import HOST_FACTS, Entrypoint, Policy

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What a document may refer to.

    Attributes:
        policies, controls: as in the catalogue.
        broken_policies: names, as in the catalogue, whose documents could not be read.
        broken_controls: names, in lower case, of files that ought to hold these controls
            and do not; that is reported there.
        provides_builtin: see `Catalogue`.
    """

    policies: Mapping[str, Policy]
    controls: Mapping[str, Control]
    broken_policies: frozenset[str] = frozenset()
    broken_controls: frozenset[str] = frozenset()
    provides_builtin: bool = False


def check_gate(source: Source[documents.Gate], context: Context, errors: Errors) -> None:
    """All checks of a gate."""
    spec = source.document.spec
    for error in _runs(source):
        errors.add(error)
    seen: set[str] = set()
    for index, entry in enumerate(spec.checks):
        base: Path = ("spec", "checks", index)
        if entry.id in seen:
            errors.add(source.error((*base, "id"), f"check '{entry.id}' is there twice"))
        if entry.id in OWN_CHECKS:
            message = f"'{entry.id}' is a check that probanda itself adds"
            errors.add(source.error((*base, "id"), message, hint="call it something else"))
        seen.add(entry.id)
        for error in _check(source, base, entry, context):
            errors.add(error)


def _runs(source: Source[documents.Gate]) -> Iterator[ContentError]:
    spec = source.document.spec
    if spec.runs == "runtime" and spec.request is None:
        yield source.error(
            ("spec",),
            "a runtime gate declares its request",
            hint="add 'request: {schema: …}' to spec",
            key=True,
        )
    if spec.request is not None:
        if spec.runs == "ci":
            yield source.error(
                ("spec", "request"), "a CI gate has no request", hint="remove it", key=True
            )
        for problem in schema_problems(spec.request.schema_):
            path = ("spec", "request", "schema", *problem.path)
            yield source.error(path, f"{dotted(path)} {problem.message}", hint=problem.hint)


def _check(
    source: Source[documents.Gate], base: Path, entry: CheckEntry, context: Context
) -> Iterator[ContentError]:
    runs = source.document.spec.runs
    where = f"check '{entry.id}'"
    if runs == "ci" and not entry.facts:
        yield source.error(base, f"{where} has no facts", hint="a CI check needs at least one")
    if runs == "runtime" and entry.facts:
        yield source.error(
            (*base, "facts"),
            f"{where} has facts, but its gate runs at run time",
            hint="a runtime check judges the request",
            key=True,
        )
    cited, path = entry.controls, (*base, "controls")
    yield from unknown_controls(source, path, cited, context.controls, context.broken_controls)
    for name, fact in entry.facts.items():
        yield from _collector(source, (*base, "facts", name), fact)
    yield from check_patterns(source, (*base, "facts"), entry.facts)
    try:
        policy, entrypoint = find_entrypoint(
            entry.policy, context.policies, provides_builtin=context.provides_builtin
        )
    except ContentError as error:
        if not _is_broken(entry.policy, context):
            yield source.error((*base, "policy"), error.message, hint=error.hint or "")
        return
    yield from _facts(source, base, entry, policy)
    yield from _adapter(source, base, entry, entrypoint)
    # A policy with a bad schema has an error of its own.
    if not schema_problems(policy.parameters_schema):
        yield from _parameters(source, base, entry, policy)


def _is_broken(entrypoint: str, context: Context) -> bool:
    policy_id = entrypoint.rpartition("/")[0]
    if context.provides_builtin:
        policy_id = policy_id.removeprefix(BUILTIN)
    return policy_id in context.broken_policies


def _collector(
    source: Source[documents.Gate], path: Path, fact: FactEntry
) -> Iterator[ContentError]:
    """Whether the collector exists and takes what it is given."""
    collector = COLLECTORS.get(fact.from_)
    if collector is None:
        hint = nearest(fact.from_, COLLECTORS) or one_of(COLLECTORS)
        yield source.error((*path, "from"), f"no collector '{fact.from_}'", hint=hint)
        return
    if isinstance(collector, RepositoryCollector):
        for field, value in (("path", fact.path), ("ref", fact.ref)):
            if value is not None:
                message = f"a '{fact.from_}' fact takes no {field}"
                yield source.error((*path, field), message, hint="remove it", key=True)
    elif fact.path is None:
        yield source.error(path, f"a '{fact.from_}' fact needs a path", key=True)
    if fact.max_age is not None and not collector.timestamped:
        yield source.error(
            (*path, "maxAge"),
            f"artifacts of '{fact.from_}' do not say when they were made: maxAge cannot hold",
            hint="remove it",
            key=True,
        )
    for problem in problems(fact.options, collector.options_schema):
        yield source.error(
            (*path, "options", *problem.path),
            f"option {_field(problem.path)} of '{fact.from_}' {problem.message}",
            hint=problem.hint,
            key=problem.key,
        )


def _facts(
    source: Source[documents.Gate], base: Path, entry: CheckEntry, policy: Policy
) -> Iterator[ContentError]:
    """Whether the check gives the policy the facts that it reads."""
    known, misspelt = set(COLLECTORS), set[str]()
    for name, fact in entry.facts.items():
        path = (*base, "facts", name)
        declared = policy.facts.get(name)
        if declared is None and policy.any_facts:
            continue
        if declared is None:
            absent = [other for other in policy.facts if other not in entry.facts]
            hint = nearest(name, absent)
            misspelt |= {other for other in absent if f"'{other}'" in hint}
            if not hint and policy.facts:
                hint = f"it reads {', '.join(policy.facts)}"
            message = f"policy '{policy.id}' reads no fact '{name}'"
            yield source.error(path, message, hint=hint, key=True)
        elif declared.collector in HOST_FACTS:
            message = f"the host itself states '{name}', after checking signatures"
            yield source.error(path, message, hint="remove it", key=True)
        elif fact.from_ not in declared.collectors and known.issuperset(
            (*declared.collectors, fact.from_)
        ):
            either = " or ".join(f"'{collector}'" for collector in declared.collectors)
            yield source.error(
                (*path, "from"),
                f"policy '{policy.id}' reads '{name}' from {either}, not from '{fact.from_}'",
                hint=f"write 'from: {declared.collector}'",
            )
    for name, declared in policy.facts.items():
        if declared.optional or name in entry.facts or name in misspelt:
            continue
        if declared.collector in HOST_FACTS:
            continue
        if source.document.spec.runs == "runtime":
            yield source.error(
                (*base, "policy"),
                f"policy '{policy.id}' reads the fact '{name}', which no runtime gate has",
            )
        elif entry.facts:
            yield source.error(
                (*base, "facts"),
                f"fact '{name}' is missing: policy '{policy.id}' reads it",
                hint=f"add '{name}: {{from: {declared.collector}, …}}'",
                key=True,
            )


def _adapter(
    source: Source[documents.Gate], base: Path, entry: CheckEntry, entrypoint: Entrypoint
) -> Iterator[ContentError]:
    """Whether the entry point's input exists where the gate runs."""
    runs = source.document.spec.runs
    absent = {"ci": ("request", "verified"), "runtime": ("facts", "evidence")}[runs]
    for target in entrypoint.input.values():
        root = target.split(".")[0]
        if root in absent:
            yield source.error(
                (*base, "policy"),
                f"'{entry.policy}' reads '{target}', which a gate that runs '{runs}' has not",
            )


def _parameters(
    source: Source[documents.Gate], base: Path, entry: CheckEntry, policy: Policy
) -> Iterator[ContentError]:
    for problem in problems(entry.parameters, policy.parameters_schema):
        yield source.error(
            (*base, "parameters", *problem.path),
            f"parameter {_field(problem.path)} of policy '{policy.id}' {problem.message}",
            hint=problem.hint,
            key=problem.key,
        )


def _field(path: Path) -> str:
    return f"'{dotted(path)}'" if path else "set"


def check_policy(source: Source[documents.Policy], context: Context, errors: Errors) -> None:
    """A policy's controls and collectors."""
    spec = source.document.spec
    path: Path = ("spec", "controls")
    for error in unknown_controls(
        source, path, spec.controls, context.controls, context.broken_controls
    ):
        errors.add(error)
    for name, fact in spec.facts.items():
        named: list[tuple[Path, str]] = [(("collector",), fact.collector)]
        named += [(("alternatives", index), one) for index, one in enumerate(fact.alternatives)]
        for end, collector in named:
            if collector in COLLECTORS or (end == ("collector",) and collector in HOST_FACTS):
                continue
            hint = nearest(collector, COLLECTORS) or one_of(COLLECTORS)
            path = ("spec", "facts", name, *end)
            errors.add(source.error(path, f"no collector '{collector}'", hint=hint))


def check_control(source: Source[documents.Control], context: Context, errors: Errors) -> None:
    """A control's name, and the evidence that it expects."""
    name, spec = source.document.metadata.name, source.document.spec
    # Criteria are written `CC8.1`, files `cc8.1.yaml`.
    if name.lower() != source.name.lower():
        errors.add(
            source.error(
                ("metadata", "name"),
                f"the name must be the file's: '{source.name}', in any case",
                hint="rename the file, or write its name",
            )
        )
    for index, entry in enumerate(spec.evidence):
        path: Path = ("spec", "evidence", index)
        by_person = not entry.collector and not entry.policy
        if by_person and not entry.review:
            errors.add(source.error(path, "evidence without collector and policy needs a review"))
        if by_person and spec.automation == "automated":
            errors.add(
                source.error(
                    path,
                    "an automated control has evidence that only a person provides",
                    hint="name a collector or policy, or write 'automation: hybrid'",
                )
            )
        if entry.collector and entry.collector not in COLLECTORS:
            hint = nearest(entry.collector, COLLECTORS) or one_of(COLLECTORS)
            message = f"no collector '{entry.collector}'"
            errors.add(source.error((*path, "collector"), message, hint=hint))
        if entry.policy:
            _check_reference(source, (*path, "policy"), entry.policy, context, errors)


def _check_reference(
    source: Source[documents.Control], path: Path, name: str, context: Context, errors: Errors
) -> None:
    full = qualified(name, builtin=source.builtin)
    try:
        find_entrypoint(full, context.policies, provides_builtin=context.provides_builtin)
    except ContentError as error:
        if not _is_broken(full, context):
            errors.add(source.error(path, error.message, hint=error.hint or ""))
