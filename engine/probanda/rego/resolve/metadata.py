"""What `rego.metadata.rule()` and `rego.metadata.chain()` are for one rule, as constants.

Rules:

- `rule()` is the annotation with scope `rule` that is closest to the rule, or `{}`.
- `chain()` starts with the rule, then its document, its package, and the packages above whose
  annotations have scope `subpackages`, innermost first. The rule is there even if it has none.
- Authors and related resources are objects, also where they were written as strings.

Source: OPA `v1/ast/annotations.go`: `AnnotationSet.Chain`, `Annotations.toObject`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from probanda.rego import ast
from probanda.rego.resolve.tree import RuleInfo, RuleTree

_AUTHOR: Final = re.compile(r"(.*?)\s*<([^<>]*)>\s*")


class AnnotationSet:
    """The annotations of all modules, by what they belong to."""

    def __init__(self, modules: Sequence[ast.Module], tree: RuleTree) -> None:
        self.documents: dict[tuple[str, ...], ast.Annotations] = {}
        self.packages: dict[tuple[str, ...], ast.Annotations] = {}
        self.subpackages: dict[tuple[str, ...], ast.Annotations] = {}
        for module in modules:
            for item in module.annotations:
                where = self.subpackages if item.scope == "subpackages" else self.packages
                where.setdefault(module.package, item)
        for info in tree.rules:
            for item in info.rule.annotations:
                if item.scope == "document":
                    self.documents.setdefault(info.path, item)


class RuleMetadata:
    """The annotations that one rule sees."""

    def __init__(self, annotations: AnnotationSet, info: RuleInfo) -> None:
        self._set = annotations
        self._info = info

    def _own(self) -> list[ast.Annotations]:
        """The rule's own annotations, closest first."""
        own = [item for item in self._info.rule.annotations if item.scope == "rule"]
        return sorted(own, key=lambda item: (item.span.row, item.span.column), reverse=True)

    def rule(self, span: ast.Span) -> ast.Term:
        """What `rego.metadata.rule()` is."""
        own = self._own()
        return to_term(annotations_object(own[0]) if own else {}, span)

    def chain(self, span: ast.Span) -> ast.Term:
        """What `rego.metadata.chain()` is."""
        path = self._info.path
        package = self._info.module.package
        links: list[dict[str, object]] = [_link(path, item) for item in self._own()]
        if not links:
            links.append({"path": list(path)})
        document = self._set.documents.get(path)
        if document is not None:
            links.append(_link(path, document))
        own_package = self._set.packages.get(package)
        if own_package is not None:
            links.append(_link(package, own_package))
        for size in range(len(package), 0, -1):
            above = self._set.subpackages.get(package[:size])
            if above is not None:
                links.append(_link(package[:size], above))
        return to_term(links, span)


def _link(path: tuple[str, ...], item: ast.Annotations) -> dict[str, object]:
    return {"path": list(path), "annotations": annotations_object(item)}


def annotations_object(item: ast.Annotations) -> dict[str, object]:
    """An annotation as OPA shows it."""
    result: dict[str, object] = {"scope": item.scope}
    for name, value in item.values.items():
        if name == "scope" or value in (None, "", [], {}, False):
            continue
        entries = value if isinstance(value, list) else [value]
        match name:
            case "authors":
                result[name] = [_author(entry) for entry in entries]
            case "related_resources":
                result[name] = [
                    {"ref": entry} if isinstance(entry, str) else entry for entry in entries
                ]
            case "schemas":
                result[name] = [_schema(entry) for entry in entries]
            case _:
                result[name] = value
    return result


def _author(entry: object) -> object:
    """`Jane Doe <jane@example.com>` as `{"name": …, "email": …}`."""
    if not isinstance(entry, str):
        return entry
    found = _AUTHOR.fullmatch(entry)
    if not found:
        return {"name": entry.strip()}
    name, email = found.groups()
    return {**({"name": name} if name else {}), "email": email}


def _schema(entry: object) -> object:
    """`input.a: schema.b` as `{"path": ["input", "a"], "schema": ["schema", "b"]}`."""
    if not (isinstance(entry, Mapping) and len(entry) == 1):
        return entry
    path, schema = next(iter(entry.items()))
    if isinstance(schema, str):
        return {"path": str(path).split("."), "schema": schema.split(".")}
    return {"path": str(path).split("."), "definition": schema}


def to_term(value: object, span: ast.Span) -> ast.Term:
    """A plain value as a constant."""
    match value:
        case None:
            return ast.Null(span=span)
        case bool():
            return ast.Boolean(value, span=span)
        case int() | float():
            return ast.Number(repr(value), span=span)
        case list() | tuple():
            return ast.Array(tuple([to_term(item, span) for item in value]), span=span)
        case Mapping():
            pairs = [(to_term(key, span), to_term(item, span)) for key, item in value.items()]
            return ast.Object(tuple(pairs), span=span)
        case _:
            return ast.String(str(value), span=span)
