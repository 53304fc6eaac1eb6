"""OPA annotations: the YAML in `# METADATA` comments above rules.

Rules:

- A block starts with a comment that says `METADATA` and nothing else, and ends
  with the first line that is no comment (openpolicyagent.org/docs/policy-language,
  "Annotations"). It belongs to the rule head, or the package, that follows.
- Unknown fields are refused; so is a block that belongs to nothing.
- Ours are under `custom`: `id` (kebab-case), `severity`, `remediation`. A rule
  that yields findings carries the id of its findings; a rule behind an `allow`
  entry point carries that entry point's name as its id.

Example:

    # METADATA
    # title: A test failed
    # custom: {id: test-failed, severity: high, remediation: Mend the test.}
    findings contains …

    read_annotations(text, path="p.rego")[0].id  # 'test-failed'
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from probanda.errors import ParseError, PolicyError
from probanda.model.location import Location
from probanda.model.outcome import Severity
from probanda.model.policy import Rule
from probanda.parse.limits import DOCUMENT
from probanda.parse.yaml import MappingNode, load_yaml, to_plain
from probanda.rego.outline import outline

# OPA's fields; `custom` holds ours.
_FIELDS: Final = frozenset(
    {
        "authors",
        "compile",
        "custom",
        "description",
        "entrypoint",
        "organizations",
        "related_resources",
        "schemas",
        "scope",
        "title",
    }
)
_CUSTOM: Final = frozenset({"id", "remediation", "severity"})
_SCOPES: Final = frozenset({"rule", "document", "package", "subpackages"})
# RFC 3986's characters; what a reader may be sent to.
_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_ID: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Annotation:
    """One block.

    Attributes:
        rule: name of the rule that follows; empty for the package.
        line: 1-based, of the line `# METADATA`.
        title: one line for people.
        description: more of it.
        severity: of the findings; None when not given.
        remediation: the smallest change that would pass.
        id: rule id; empty when not given.
        scope: `rule`, `document`, `package` or `subpackages`.
        reference: first address of `related_resources`; empty when there is none.
    """

    rule: str
    line: int
    title: str = ""
    description: str = ""
    severity: Severity | None = None
    remediation: str = ""
    id: str = ""
    scope: str = "rule"
    reference: str = ""


def read_annotations(text: str, *, path: str, version: int = 1) -> list[Annotation]:
    """All blocks of a module (v1, or v0 with `version=0`), in order.

    Raises:
        PolicyError: `rego_parse_error`, with the line, for a bad block or bad Rego.
    """
    heads = {rule.line: rule.name for rule in outline(text, path=path, version=version).rules}
    lines = text.split("\n")
    found = []
    for number, line in enumerate(lines, start=1):
        if re.fullmatch(r"\s*#\s*METADATA\s*", line):
            last = number
            while last < len(lines) and lines[last].lstrip().startswith("#"):
                last += 1
            found.append(_annotation(lines, number, last, heads, path))
    return found


def declared_rules(annotations: Iterable[Annotation], *, path: str) -> Mapping[str, Rule]:
    """The rules that a module declares, by id.

    Raises:
        PolicyError: an id twice, or without title or severity.
    """
    rules: dict[str, Rule] = {}
    for each in annotations:
        if not each.id:
            continue
        if each.id in rules:
            raise _error(f"rule id {each.id!r} is declared twice", path, each.line)
        if not each.title or each.severity is None:
            raise _error(f"rule {each.id!r} needs a title and a severity", path, each.line)
        rules[each.id] = Rule(
            each.id, each.title, each.severity, each.remediation, each.description, each.reference
        )
    return rules


def _annotation(
    lines: list[str], first: int, last: int, heads: Mapping[int, str], path: str
) -> Annotation:
    """The block whose comment lines are `first` (METADATA) to `last`, 1-based."""
    # Empty lines in front keep the line numbers of the module in the errors.
    body = [line.lstrip().removeprefix("#") for line in lines[first:last]]
    try:
        node = load_yaml(("\n" * first + "\n".join(body)).encode(), path=path, limits=DOCUMENT)
        fields = to_plain(node)
    except ParseError as error:
        raise PolicyError(
            f"bad metadata: {error.message}",
            code="rego_parse_error",
            location=error.location,
            hint=error.hint,
        ) from error
    if not isinstance(node, MappingNode):
        raise _error("metadata is a mapping", path, first)
    custom = fields.get("custom") or {}
    _check(fields, custom, path, first)
    rule = _target(lines, last, heads, path, first)
    severity = custom.get("severity")
    return Annotation(
        rule=rule,
        line=first,
        title=_text(fields, "title", path, first),
        description=_text(fields, "description", path, first),
        severity=None if severity is None else Severity(severity),
        remediation=_text(custom, "remediation", path, first),
        id=_text(custom, "id", path, first),
        scope=fields.get("scope") or ("rule" if rule else "package"),
        reference=_reference(fields.get("related_resources"), path, first),
    )


def _check(fields: Mapping[str, Any], custom: Any, path: str, line: int) -> None:
    if unknown := sorted(set(fields) - _FIELDS):
        raise _error(f"unknown metadata field {unknown[0]!r}", path, line)
    if not isinstance(custom, dict):
        raise _error("metadata field 'custom' is a mapping", path, line)
    if unknown := sorted(set(custom) - _CUSTOM):
        raise _error(f"unknown metadata field 'custom.{unknown[0]}'", path, line)
    if fields.get("scope") not in [*_SCOPES, None]:
        raise _error(f"metadata scope is one of {', '.join(sorted(_SCOPES))}", path, line)
    severities = [severity.value for severity in Severity]
    if custom.get("severity") not in [*severities, None]:
        raise _error(f"severity is one of {', '.join(severities)}", path, line)
    identity = custom.get("id")
    if identity is not None and not (isinstance(identity, str) and _ID.fullmatch(identity)):
        raise _error("a rule id is kebab-case", path, line)


def _target(lines: list[str], last: int, heads: Mapping[int, str], path: str, first: int) -> str:
    """Name of the rule on the first code line after the block; empty for the package."""
    for number, line in enumerate(lines[last:], start=last + 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if number in heads:
            return heads[number]
        if text.startswith("package "):
            return ""
        break
    raise _error("metadata belongs to no rule and no package", path, first)


def _text(fields: Mapping[str, Any], name: str, path: str, line: int) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _error(f"metadata field {name!r} is text", path, line)
    return value.strip()


def _reference(resources: Any, path: str, line: int) -> str:
    """The first address; OPA takes a list of addresses or of `{ref, description}`."""
    if resources is None:
        return ""
    if not isinstance(resources, list):
        raise _error("metadata field 'related_resources' is a list", path, line)
    addresses = [str(each.get("ref") if isinstance(each, dict) else each) for each in resources]
    for address in addresses:
        if not _ADDRESS.fullmatch(address):
            raise _error("a related resource is an address that begins with https://", path, line)
    return next(iter(addresses), "")


def _error(message: str, path: str, line: int) -> PolicyError:
    return PolicyError(message, code="rego_parse_error", location=Location(path, line))
