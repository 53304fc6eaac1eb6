"""The licences of a component, in one normal form that a policy can compare.

Rules:

- The form is a choice of sets: a component may be used if *all* licences of *one*
  alternative are acceptable. No alternatives means that its licence is not known,
  so that whoever asks for an acceptable alternative finds none.
- Several entries of one component all apply (CycloneDX does not say that they are a
  choice, and PEP 639 says that nobody may assume it). Only `OR` inside one SPDX
  expression is a choice.
- `concluded` entries replace `declared` ones (CycloneDX 1.6 `acknowledgement`).
- Identifiers are those of the SPDX list, in its case; deprecated ones become what
  license-expression's index calls their successor (`GPL-2.0+` → `GPL-2.0-or-later`).
  `LicenseRef-…` stays as written: it means something in its own document only.
- One part that is not understood makes the whole licence unknown. So do `NOASSERTION`
  and `NONE`, more than 64 alternatives, and expressions beyond 2,000 characters.
- A licence *text* without a name that says anything (`declared license file: …`, as
  cyclonedx-py attaches it) is ignored where another entry identifies the licence, and
  unknown where none does. Nobody compares texts here.

Example:

    >>> read_licenses([{"expression": "MIT OR (Apache-2.0 AND BSD-3-Clause)"}])["alternatives"]
    [['Apache-2.0', 'BSD-3-Clause'], ['MIT']]
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from probanda.collect.license_names import CONTRACT_TERMS, FAMILIES, IDENTIFIERS, bare_name

MAX_ALTERNATIVES = 64
_MAX_EXPRESSION = 2_000
_MAX_RAW = 200

# SPDX 3.0.1 Annex B, `license-ref` and `addition-ref`.
_LICENSE_REF = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+", re.ASCII)
_ADDITION_REF = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?AdditionRef-[A-Za-z0-9.-]+", re.ASCII)
# cyclonedx-py 7, `_internal/utils/{packaging,pep621,pep639}.py`: names given to licence texts.
_ATTACHMENT = re.compile(r"(?:declared|concluded) license (?:of '.*'|file: .*)", re.DOTALL)

# A choice of sets; a tuple element is an identifier or `identifier WITH exception`.
Alternatives = frozenset[frozenset[str]]
_UNKNOWN: Alternatives = frozenset()


class _Kind(Enum):
    IDENTIFIED = "identified"
    FAMILY = "family"
    ATTACHMENT = "attachment"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One element of a component's `licenses`."""

    kind: _Kind
    raw: str
    concluded: bool
    alternatives: Alternatives = _UNKNOWN
    family: tuple[str, ...] = ()


def read_licenses(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`{expression, ids, alternatives, unknown}` of a component's `licenses`.

    `ids` are all identifiers mentioned, also where another part is unknown.
    """
    read = [_read(entry) for entry in entries]
    used = [one for one in read if one.concluded and one.kind is not _Kind.ATTACHMENT] or read
    identified = [one.alternatives for one in used if one.kind is _Kind.IDENTIFIED]
    ids = sorted({name for choice in identified for group in choice for name in group})
    unknown = [one.raw for one in used if _is_open(one, ids)]
    combined = _UNKNOWN if unknown else _all_of(identified)
    if identified and not unknown and not combined:
        unknown = [one.raw for one in used]
    alternatives = sorted(sorted(group) for group in combined)
    return {
        "expression": _render(alternatives),
        "ids": ids,
        "alternatives": alternatives,
        "unknown": sorted(set(unknown)),
    }


def parse_expression(text: str) -> Alternatives:
    """The alternatives of an SPDX expression; empty when any part is not understood."""
    from license_expression import ExpressionError, Licensing

    if len(text) > _MAX_EXPRESSION:
        return _UNKNOWN
    try:
        # `simple`: whole words only; the other tokenizer finds licences inside prose.
        tree = Licensing().parse(text, simple=True)
        return _UNKNOWN if tree is None else _choices(tree)
    except (ExpressionError, RecursionError):
        return _UNKNOWN


def _read(entry: Mapping[str, Any]) -> _Entry:
    """An entry in the form of any CycloneDX version."""
    if "expression" in entry:
        text = str(entry["expression"])
        return _identify(text, parse_expression(text), concluded=_is_concluded(entry))
    choice = entry.get("license", {})
    concluded = _is_concluded(choice)
    if "id" in choice:
        text = str(choice["id"])
        identifier = _identifier(text)
        found = frozenset({frozenset({identifier})}) if identifier else _UNKNOWN
        return _identify(text, found, concluded=concluded)
    name = str(choice.get("name", "")).strip()
    if "text" in choice and _ATTACHMENT.fullmatch(name):
        return _Entry(_Kind.ATTACHMENT, _shorten(name), concluded)
    bare = bare_name(name)
    if bare in FAMILIES:
        return _Entry(_Kind.FAMILY, _shorten(name), concluded, family=FAMILIES[bare])
    found = parse_expression(IDENTIFIERS.get(bare, name))
    return _identify(name, found, concluded=concluded)


def _identify(text: str, found: Alternatives, *, concluded: bool) -> _Entry:
    kind = _Kind.IDENTIFIED if found else _Kind.UNKNOWN
    return _Entry(kind, _shorten(text), concluded, found)


def _is_concluded(entry: Mapping[str, Any]) -> bool:
    return entry.get("acknowledgement") == "concluded"


def _is_open(entry: _Entry, ids: Sequence[str]) -> bool:
    """Whether the entry leaves the licence unknown, given what others identify."""
    if entry.kind is _Kind.FAMILY:
        return not any(name.startswith(entry.family) for name in ids)
    if entry.kind is _Kind.ATTACHMENT:
        return not ids
    return entry.kind is _Kind.UNKNOWN


def _choices(tree: Any) -> Alternatives:
    """Alternatives of a parsed expression; empty when any part is unknown or too many."""
    from license_expression import LicenseWithExceptionSymbol

    operator = getattr(tree, "operator", "").strip()
    if operator == "AND":
        return _all_of([_choices(part) for part in tree.args])
    if operator == "OR":
        parts = [_choices(part) for part in tree.args]
        if not all(parts):
            return _UNKNOWN
        return _bounded(frozenset().union(*parts))
    if isinstance(tree, LicenseWithExceptionSymbol):
        name = _identifier(tree.license_symbol.key)
        exception = _exception(tree.exception_symbol.key)
        found = f"{name} WITH {exception}" if name and exception else ""
    else:
        found = _identifier(tree.key)
    return frozenset({frozenset({found})}) if found else _UNKNOWN


def _all_of(parts: Sequence[Alternatives]) -> Alternatives:
    """Every combination of one alternative of each part."""
    if not parts or not all(parts):
        return _UNKNOWN
    result: Alternatives = frozenset({frozenset()})
    for part in parts:
        result = _bounded(frozenset(left | right for left in result for right in part))
        if not result:
            return _UNKNOWN
    return result


def _bounded(choice: Alternatives) -> Alternatives:
    """Without alternatives that merely add licences to another; empty when too many."""
    minimal = frozenset(one for one in choice if not any(other < one for other in choice))
    return minimal if len(minimal) <= MAX_ALTERNATIVES else _UNKNOWN


def _identifier(text: str) -> str:
    """The SPDX identifier, successor of a deprecated one, or reference; else empty."""
    from cyclonedx.spdx import fixup_id

    if text in CONTRACT_TERMS:
        return f"LicenseRef-{text}"
    if _LICENSE_REF.fullmatch(text):
        return text
    # The list itself, since license-expression also knows `GPL` and `BSD-2`, which say little.
    listed = fixup_id(text)
    if listed is None or listed in _index().exceptions:
        return ""
    return _index().successors.get(listed, listed)


def _exception(text: str) -> str:
    """The SPDX exception, in the list's case; else empty."""
    if _ADDITION_REF.fullmatch(text):
        return text
    return _index().exceptions_by_lower.get(text.lower(), "")


@dataclass(frozen=True, slots=True)
class _Index:
    """What license-expression's licence index adds to the SPDX list."""

    successors: Mapping[str, str]
    exceptions: frozenset[str]
    exceptions_by_lower: Mapping[str, str]


@lru_cache(maxsize=1)
def _index() -> _Index:
    """The index, without the licences that are ScanCode's own."""
    from license_expression import get_license_index

    successors: dict[str, str] = {}
    exceptions: dict[str, str] = {}
    for record in get_license_index():
        key = record.get("spdx_license_key") or ""
        if not key or key.startswith("LicenseRef-"):
            continue
        if record.get("is_exception"):
            exceptions[key.lower()] = key
        for former in record.get("other_spdx_license_keys", []):
            if not former.startswith("LicenseRef-"):
                successors[former] = key
    return _Index(successors, frozenset(exceptions.values()), exceptions)


def _render(alternatives: Sequence[Sequence[str]]) -> str:
    """An SPDX expression; sets of several in parentheses when there is a choice."""
    groups = [" AND ".join(group) for group in alternatives]
    if len(groups) == 1:
        return groups[0]
    return " OR ".join(
        f"({text})" if len(group) > 1 else text
        for text, group in zip(groups, alternatives, strict=True)
    )


def _shorten(text: str) -> str:
    """One line of at most 200 characters."""
    line = " ".join(text.split())
    return line if len(line) <= _MAX_RAW else line[: _MAX_RAW - 1] + "…"
