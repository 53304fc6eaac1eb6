"""`# METADATA` blocks: YAML in comments above packages and rules.

Rules:

- A block starts with a comment that begins with `METADATA` and goes on while comments follow
  line by line in the same column.
- Scopes are `rule`, `document`, `package`, `subpackages`. Without one, a block above the
  package has scope `package`; above a rule `document` if it is an entry point, else `rule`.
- A `document` block belongs to every rule of the same name in the file, a `rule` block to the
  one that follows it.
- Fields that OPA documents must have their types; others are left out, as OPA does.

Source: openpolicyagent.org/docs/policy-language#metadata and OPA's `v1/ast/annotations.go`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from probanda.errors import ParseError
from probanda.model.location import Location
from probanda.parse.limits import DOCUMENT
from probanda.parse.tree import MappingNode, ScalarNode, to_plain
from probanda.rego.ast import Annotations, Rule, Span, String
from probanda.rego.diagnostic import Diagnostic
from probanda.rego.lexer import Tokens

_SCOPES: Final = ("rule", "document", "package", "subpackages")
_TEXTS: Final = ("title", "description", "scope")
_LISTS: Final = ("organizations", "related_resources", "authors", "schemas")
_MAPPINGS: Final = ("custom", "compile")
_FIELDS: Final = (*_TEXTS, *_LISTS, *_MAPPINGS, "entrypoint")
_EMAIL: Final = re.compile(r"(?P<name>.*?)\s*<(?P<email>\S*)>")


@dataclass(frozen=True, slots=True)
class Statement:
    """What a block may stand above: `package`, `import`, or `rule` with its index."""

    kind: str
    span: Span
    rule: int = -1


@dataclass(frozen=True, slots=True)
class Attached:
    """Rules with their annotations, the package's annotations, and what was wrong."""

    rules: tuple[Rule, ...]
    package: tuple[Annotations, ...]
    problems: tuple[Diagnostic, ...]


def read_blocks(tokens: Tokens) -> tuple[list[Annotations], list[Diagnostic]]:
    """All blocks of a file; their scope is empty where they give none."""
    blocks: list[Annotations] = []
    problems: list[Diagnostic] = []
    comments = tokens.comments
    index = 0
    while index < len(comments):
        row, column, text = comments[index]
        index += 1
        if not text.strip().startswith("METADATA"):
            continue
        first = index
        while index < len(comments) and comments[index][:2] == (row + index - first + 1, column):
            index += 1
        span = Span(tokens.path, row, column, row, column + 1 + len(text))
        try:
            blocks.append(_block(comments[first:index], span))
        except ParseError as error:
            where = _place(error.location, comments[first:index]) or span
            hint = error.hint or ""
            problems.append(Diagnostic("rego_parse_error", error.message, where, hint))
    return blocks, problems


def _block(comments: Sequence[tuple[int, int, str]], span: Span) -> Annotations:
    """One block.

    Raises:
        ParseError: bad YAML, or a field of the wrong type.
    """
    from probanda.parse.yaml import load_yaml  # most modules have no metadata

    if not any(text.strip() for _, _, text in comments):
        raise ParseError("expected METADATA block, found whitespace")
    lines = [text.removeprefix(" ") for _, _, text in comments]
    try:
        data = "\n".join(lines).encode("utf-8", "replace")
        node = load_yaml(data, path=span.path, limits=DOCUMENT)
    except ParseError as error:
        error.message = f"yaml: {error.message}"
        raise
    if not isinstance(node, MappingNode):
        raise ParseError("metadata is a mapping")
    values: dict[str, object] = {}
    for name in _FIELDS:
        if name not in node.entries:
            continue
        entry = node.entries[name]
        value = to_plain(entry)
        if value is None:
            continue
        if name in _TEXTS and isinstance(entry, ScalarNode):
            value = entry.text
        try:
            values[name] = _field(name, value)
        except ParseError as error:
            message = f"yaml: {error.message}"
            raise ParseError(message, location=node.keys[name]) from None
    scope = str(values.pop("scope", ""))
    return Annotations(values, scope, span=span)


def _place(location: Location | None, comments: Sequence[tuple[int, int, str]]) -> Span | None:
    """Where a place in the YAML is in the file: below `METADATA`, behind `# `."""
    if location is None or not location.line:
        return None
    if location.line > len(comments):  # the YAML ended too early: say so at its last line
        row, column, text = comments[-1]
        column += len(text)
    else:
        row, column, text = comments[location.line - 1]
        column += max(location.column, 1) - 1 + text.startswith(" ")
    return Span(location.path, row, column + 1, row, column + 2)


def _field(name: str, value: Any) -> object:
    """The value of a field in the form in which OPA hands it out."""
    if name in _TEXTS and not isinstance(value, str):
        raise ParseError(f"{name!r} is text")
    if name == "entrypoint" and not isinstance(value, bool):
        raise ParseError("'entrypoint' is true or false")
    if name in _MAPPINGS and not isinstance(value, dict):
        raise ParseError(f"{name!r} is a mapping")
    if name not in _LISTS:
        return value
    if not isinstance(value, list):
        raise ParseError(f"{name!r} is a list")
    if name == "organizations":
        if not all(isinstance(item, str) for item in value):
            raise ParseError("'organizations' is a list of texts")
        return value
    read = {"authors": _author, "related_resources": _resource, "schemas": _schema}[name]
    return [read(item) for item in value]


def _author(value: Any) -> dict[str, object]:
    """`Jane Doe <jane@example.com>`, or `{name, email}`."""
    if isinstance(value, str):
        if not value.strip():
            raise ParseError("invalid author definition: author is an empty string")
        found = _EMAIL.fullmatch(" ".join(value.split()))
        names = found.groupdict() if found else {"name": " ".join(value.split())}
    elif isinstance(value, dict):
        names = {key: str(value.get(key) or "").strip() for key in ("name", "email")}
        if not any(names.values()):
            message = "'name' and/or 'email' values required in object"
            raise ParseError(f"invalid author definition: {message}")
    else:
        message = "invalid value type, must be string or map"
        raise ParseError(f"invalid author definition: {message}")
    return {key: text for key, text in names.items() if text}


def _resource(value: Any) -> dict[str, object]:
    """A URL, or `{ref, description}`."""
    if isinstance(value, str):
        value = {"ref": value}
    if not isinstance(value, dict):
        message = "invalid value type, must be string or map"
        raise ParseError(f"invalid related-resource definition: {message}")
    texts = {key: str(value.get(key) or "").strip() for key in ("description", "ref")}
    if not texts["ref"]:
        message = "'ref' value required in object"
        raise ParseError(f"invalid related-resource definition: {message}")
    return {key: text for key, text in texts.items() if text}


def _schema(value: Any) -> dict[str, object]:
    """`input.x: schema.y`, or `input.x: {…}`."""
    if not isinstance(value, dict) or len(value) != 1:
        raise ParseError("'schemas' is a list of one pair each")
    [(path, schema)] = value.items()
    parts = path.split(".")
    if not all(re.fullmatch(r"\w+", part) for part in parts):
        raise ParseError("invalid document reference")
    if isinstance(schema, dict):
        return {"path": parts, "definition": schema}
    if not isinstance(schema, str) or schema.split(".")[0] != "schema":
        raise ParseError("invalid schema reference")
    return {"path": parts, "schema": schema.split(".")}


# --- attaching ----------------------------------------------------------------------------


def attach(
    blocks: Iterable[Annotations], statements: Sequence[Statement], rules: Sequence[Rule]
) -> Attached:
    """Every block where it belongs."""
    problems: list[Diagnostic] = []
    package: list[Annotations] = []
    owned: dict[int, list[Annotations]] = {}
    place = 0
    documents: dict[tuple[str, ...], list[int]] | None = None
    for block in blocks:
        while place < len(statements) and statements[place].span.row <= block.span.row:
            place += 1
        target = statements[place] if place < len(statements) else None
        scope = block.scope or _scope(block.values, target)
        problem = _misplaced(scope, target, block)
        if problem:
            hint = "a block stands directly above a package or a rule" if target is None else ""
            problems.append(Diagnostic("rego_parse_error", problem, block.span, hint))
            continue
        assert target is not None  # a block without one is misplaced
        done = replace(block, scope=scope)
        if scope in {"package", "subpackages"}:
            package.append(done)
        elif scope == "rule":
            owned.setdefault(target.rule, []).append(done)
        else:
            if documents is None:
                documents = _documents(rules)
            for index in documents[_prefix(rules[target.rule])]:
                owned.setdefault(index, []).append(done)
    if not owned:
        return Attached(tuple(rules), tuple(package), tuple(problems))
    annotated = [
        replace(rule, annotations=tuple(owned.get(index, ()))) for index, rule in enumerate(rules)
    ]
    return Attached(tuple(annotated), tuple(package), tuple(problems))


def _scope(values: Mapping[str, object], target: Statement | None) -> str:
    if target is None:
        return ""
    if target.kind == "rule":
        return "document" if values.get("entrypoint") else "rule"
    return target.kind


def _misplaced(scope: str, target: Statement | None, block: Annotations) -> str:
    """Why a block may not stand where it does; empty when it may."""
    have = f" (have {target.kind})" if target is not None else ""
    if scope not in _SCOPES:
        known = ", ".join(f"'{each}'" for each in _SCOPES[:-1])
        return f"invalid annotation scope '{scope}'. Use one of {known}, or '{_SCOPES[-1]}'"
    wanted = "rule" if scope in {"rule", "document"} else "package"
    if target is None or target.kind != wanted:
        return f"annotation scope '{scope}' must be applied to {wanted}{have}"
    if block.values.get("entrypoint") and scope not in {"document", "package"}:
        return f"annotation entrypoint applied to non-document or package scope '{scope}'"
    return ""


def _prefix(rule: Rule) -> tuple[str, ...]:
    """The parts of a rule's name before the first that is no text."""
    parts: list[str] = []
    for part in rule.head.ref:
        if not isinstance(part, String):
            break
        parts.append(part.value)
    return tuple(parts)


def _documents(rules: Sequence[Rule]) -> dict[tuple[str, ...], list[int]]:
    """Indexes of the rules by name."""
    found: dict[tuple[str, ...], list[int]] = {}
    for index, rule in enumerate(rules):
        found.setdefault(_prefix(rule), []).append(index)
    return found
