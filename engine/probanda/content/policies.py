"""A policy folder: `policy.yaml` and the Rego beside it, put together.

Rules:

- Rule id, title, severity and remediation come from the Rego's `# METADATA`; they
  are written nowhere else.
- Every module that is no test has exactly the declared package, and each entry point
  is a rule of one of them. Whether the Rego compiles is for `rego/` to say.
- The folder's digest covers what decides: `policy.yaml` and the modules, no tests.

Example:

    policy = assemble(source, modules={"policies/a/b/b.rego": text}, tests={}, errors=errors)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from probanda.canonical import sha256_hex, tree_digest
from probanda.content.complaints import nearest, one_of
from probanda.content.documents import Policy as PolicyDocument
from probanda.content.rego_source import Annotation, extract
from probanda.content.schemas import NO_PARAMETERS, schema_problems
from probanda.content.source import Errors, Source
from probanda.content.tree import Tree, locate
from probanda.errors import ContentError, PolicyError
from probanda.model.outcome import Severity
from probanda.model.policy import Entrypoint, EntrypointKind, Policy, PolicyFact, Rule

_PACKAGE = re.compile(r"^[ \t]*package[ \t]+([A-Za-z_][\w.]*)[ \t]*(?:#.*)?$", re.MULTILINE)
_RULE_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def assemble(
    source: Source[PolicyDocument],
    *,
    modules: Mapping[str, str],
    tests: Mapping[str, str],
    errors: Errors,
) -> Policy:
    """The policy; everything that is wrong with the folder goes to `errors`."""
    document, spec = source.document, source.document.spec
    if document.metadata.name != source.name:
        errors.add(
            source.error(
                ("metadata", "name"),
                f"the name must be the folder's: '{source.name}'",
                hint=f"write 'name: {source.name}', or rename the folder",
            )
        )
    if not modules:
        errors.add(source.error((), "no Rego file beside the policy"))
    parameters = NO_PARAMETERS if spec.parameters is None else spec.parameters
    for field, schema in (("parameters", parameters), ("request", spec.request or {})):
        for problem in schema_problems(schema):
            path = ("spec", field, *problem.path)
            message = f"the schema in spec.{field} {problem.message}"
            errors.add(source.error(path, message, hint=problem.hint))
    _check_packages(source, modules, errors)
    _check_rules(source, modules, errors)
    rules = _rules(source.tree, modules, errors)
    if modules and not rules and any(e.kind == "findings" for e in spec.entrypoints.values()):
        errors.add(
            source.error(
                (),
                "no rule of the policy has a '# METADATA' block with an id",
                hint="write one above each rule: id, title, severity, remediation",
            )
        )
    files = {path: sha256_hex(text.encode()) for path, text in modules.items()}
    files[source.path] = source.digest
    return Policy(
        id=source.name,
        title=document.metadata.title,
        package=spec.package,
        entrypoints={
            name: Entrypoint(
                name=name,
                kind=EntrypointKind(entry.kind),
                rego_path=f"{spec.package.replace('.', '/')}/{entry.rule}",
                input=dict(entry.input),
            )
            for name, entry in spec.entrypoints.items()
        },
        rules=rules,
        facts={
            name: PolicyFact(entry.collector, entry.optional) for name, entry in spec.facts.items()
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
    )


def _check_packages(
    source: Source[PolicyDocument], modules: Mapping[str, str], errors: Errors
) -> None:
    declared = source.document.spec.package
    for path, text in modules.items():
        match = _PACKAGE.search(text)
        if match is None:
            errors.add(ContentError("no package", location=locate(source.tree, path)))
        elif match[1] != declared:
            line = text.count("\n", 0, match.start(1)) + 1
            errors.add(
                ContentError(
                    f"package '{match[1]}', where policy.yaml declares '{declared}'",
                    location=locate(source.tree, path, line),
                    hint=f"write 'package {declared}'",
                )
            )


def _check_rules(
    source: Source[PolicyDocument], modules: Mapping[str, str], errors: Errors
) -> None:
    heads = set(_heads(modules.values()))
    for name, entry in source.document.spec.entrypoints.items():
        if modules and entry.rule not in heads:
            errors.add(
                source.error(
                    ("spec", "entrypoints", name, "rule"),
                    f"no rule '{entry.rule}' in the policy's Rego",
                    hint=nearest(entry.rule, heads),
                )
            )


# A rule head begins in the first column, as `opa fmt` writes it.
_HEAD = re.compile(r"^(?:default[ \t]+)?([A-Za-z_]\w*)(?=[ \t]*(?:[\[{(=:]|\bcontains\b|\bif\b|$))", re.M)
_NO_HEADS = frozenset({"package", "import", "default", "else", "if", "contains"})


def _heads(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        yield from (head for head in _HEAD.findall(text) if head not in _NO_HEADS)


def _rules(tree: Tree, modules: Mapping[str, str], errors: Errors) -> dict[str, Rule]:
    """Rules by id from the annotations of all modules."""
    rules: dict[str, Rule] = {}
    for path, text in modules.items():
        try:
            annotations = extract(text, str(locate(tree, path)))
        except PolicyError as error:
            errors.add(ContentError(error.message, location=error.location, hint=error.hint))
            continue
        for annotation in annotations:
            if annotation.id:
                with errors.collecting():
                    rule = _rule(annotation, tree, path)
                    if rule.id in rules:
                        raise ContentError(
                            f"rule id '{rule.id}' is used twice in the policy",
                            location=locate(tree, path, annotation.line),
                        )
                    rules[rule.id] = rule
    return rules


def _rule(annotation: Annotation, tree: Tree, path: str) -> Rule:
    where = locate(tree, path, annotation.line)
    if not _RULE_ID.fullmatch(annotation.id):
        raise ContentError(
            f"rule id '{annotation.id[:80]}' must be lower-case words joined by hyphens",
            location=where,
        )
    if not annotation.title:
        raise ContentError(f"rule '{annotation.id}' has no title", location=where)
    severities = {severity.value: severity for severity in Severity}
    if annotation.severity not in severities:
        raise ContentError(
            f"the severity of rule '{annotation.id}' must be {one_of(severities)}",
            location=where,
            hint=nearest(annotation.severity, severities) or None,
        )
    return Rule(
        id=annotation.id,
        title=annotation.title,
        severity=severities[annotation.severity],
        remediation=annotation.remediation,
        description=annotation.description,
    )
