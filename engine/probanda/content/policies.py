"""A policy folder: `policy.yaml` and the Rego beside it, put together.

Rules:

- Rule id, title, severity and remediation come from the Rego's `# METADATA`; they
  are written nowhere else.
- Every module that is no test has exactly the declared package, and each entry point
  is a rule of one of them; whether the Rego compiles is for `rego/` to say.
- The folder's digest covers what decides: `policy.yaml` and the modules, no tests.

Example:

    modules = {"policies/a/b/b.rego": text}
    policy = assemble(source, modules=modules, tests={}, digests=rooms.digests, errors=errors)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from probanda.canonical import tree_digest
from probanda.content.complaints import dotted, nearest
from probanda.content.documents import Policy as PolicyDocument
from probanda.content.documents import PolicySpec
from probanda.content.schemas import NO_PARAMETERS, schema_problems
from probanda.content.source import Errors, Source
from probanda.content.tree import Tree, locate
from probanda.errors import ContentError, PolicyError
from probanda.model.policy import Entrypoint, EntrypointKind, Policy, PolicyFact, Rule
from probanda.rego.annotations import declared_rules, read_annotations
from probanda.rego.outline import outline


@dataclass(frozen=True, slots=True)
class Module:
    """What the text of a module says: package, names of rule heads, declared rules by id."""

    package: str
    heads: frozenset[str]
    rules: Mapping[str, Rule]


def assemble(
    source: Source[PolicyDocument],
    *,
    modules: Mapping[str, str],
    tests: Mapping[str, str],
    digests: Mapping[str, str],
    errors: Errors,
) -> Policy:
    """The policy; everything that is wrong with the folder goes to `errors`.

    `modules` and `tests` are texts by path, `digests` the SHA-256 of the files' bytes.
    """
    spec = source.document.spec
    parameters = NO_PARAMETERS if spec.parameters is None else spec.parameters
    _check_document(source, parameters, errors)
    if not modules:
        errors.add(source.error((), "no Rego file beside the policy"))
    version = 0 if spec.rego == "v0" else 1
    scanned = _scan(source.tree, modules, version, errors)
    _check_packages(source, scanned, errors)
    rules = _merge_rules(source, scanned, errors)
    if modules and len(scanned) == len(modules):  # a module that cannot be read hides its rules
        _check_entrypoints(source, scanned, rules, errors)
    files = {path: digests[path] for path in (*modules, source.path)}
    return Policy(
        id=source.name,
        title=source.document.metadata.title,
        package=spec.package,
        rego_version=version,
        entrypoints=_entrypoints(spec),
        rules=rules,
        facts={
            name: PolicyFact(entry.collector, entry.optional, entry.alternatives)
            for name, entry in spec.facts.items()
        },
        parameters_schema=parameters,
        request_schema=spec.request,
        controls=spec.controls,
        modules=dict(modules),
        test_modules=dict(tests),
        files=files,
        digest=tree_digest(files),
        builtin=source.builtin,
        location=source.at(),
        owner=source.document.metadata.owner,
        any_facts=spec.any_facts,
    )


def _entrypoints(spec: PolicySpec) -> dict[str, Entrypoint]:
    """Entry points by name."""
    return {
        name: Entrypoint(
            name=name,
            kind=EntrypointKind(entry.kind),
            rego_path=f"{spec.package.replace('.', '/')}/{entry.rule}",
            input=dict(entry.input),
        )
        for name, entry in spec.entrypoints.items()
    }


def _check_document(
    source: Source[PolicyDocument], parameters: Mapping[str, Any], errors: Errors
) -> None:
    """The name is the folder's, and the schemas are schemas."""
    if source.document.metadata.name != source.name:
        errors.add(
            source.error(
                ("metadata", "name"),
                f"the name must be the folder's: '{source.name}'",
                hint=f"write 'name: {source.name}', or rename the folder",
            )
        )
    request = source.document.spec.request or {}
    for field, schema in (("parameters", parameters), ("request", request)):
        for problem in schema_problems(schema):
            path = ("spec", field, *problem.path)
            message = f"{dotted(path)} {problem.message}"
            errors.add(source.error(path, message, hint=problem.hint))


def _scan(
    tree: Tree, modules: Mapping[str, str], version: int, errors: Errors
) -> dict[str, Module]:
    """Package, rule heads and declared rules of each module that can be read."""
    found: dict[str, Module] = {}
    for path, text in modules.items():
        where = str(locate(tree, path))
        try:
            scanned = outline(text, path=where, version=version)
            rules = declared_rules(read_annotations(text, path=where, version=version), path=where)
        except PolicyError as error:
            errors.add(ContentError(error.message, location=error.location, hint=error.hint))
            continue
        heads = frozenset(head.name for head in scanned.rules)
        found[path] = Module(scanned.package, heads, rules)
    return found


def _check_packages(
    source: Source[PolicyDocument], modules: Mapping[str, Module], errors: Errors
) -> None:
    declared = source.document.spec.package
    for path, module in modules.items():
        if module.package != declared:
            errors.add(
                ContentError(
                    f"package '{module.package}', where policy.yaml declares '{declared}'",
                    location=locate(source.tree, path),
                    hint=f"write 'package {declared}'",
                )
            )


def _merge_rules(
    source: Source[PolicyDocument], modules: Mapping[str, Module], errors: Errors
) -> dict[str, Rule]:
    """Rules of all modules by id."""
    rules: dict[str, Rule] = {}
    for path, module in modules.items():
        for rule_id, rule in module.rules.items():
            if rule_id in rules:
                errors.add(
                    ContentError(
                        f"rule id '{rule_id}' is declared in several modules of the policy",
                        location=locate(source.tree, path),
                    )
                )
            rules[rule_id] = rule
    return rules


def _check_entrypoints(
    source: Source[PolicyDocument],
    modules: Mapping[str, Module],
    rules: Mapping[str, Rule],
    errors: Errors,
) -> None:
    """Each entry point is a rule, and what it yields has an id, a title and a severity."""
    heads = {head for module in modules.values() for head in module.heads}
    for name, entry in source.document.spec.entrypoints.items():
        path = ("spec", "entrypoints", name)
        if entry.rule not in heads:
            message = f"no rule '{entry.rule}' in the policy's Rego"
            errors.add(source.error((*path, "rule"), message, hint=nearest(entry.rule, heads)))
        elif entry.kind == "allow" and name not in rules:
            errors.add(
                source.error(
                    path,
                    f"no '# METADATA' with the id of the entry point '{name}'",
                    hint=f"write one above '{entry.rule}': title, custom: {{id: {name}, severity}}",
                    key=True,
                )
            )
        elif entry.kind == "findings" and not rules:
            errors.add(
                source.error(
                    path,
                    f"no '# METADATA' declares a rule that '{name}' could report",
                    hint="write one above each rule: title, custom: {id, severity, remediation}",
                    key=True,
                )
            )
