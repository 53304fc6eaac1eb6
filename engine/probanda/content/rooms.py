"""Which file in which room is what.

Rules:

- A file that no rule takes is an error: a gate saved as `.yml` must not be a gate
  that is never run.
- READMEs, and the folders that hold no documents, are left alone.

Example:

    >>> classify("gates/pull-request.yaml")
    Place(kind='Gate', name='')
    >>> classify("policies/supply-chain/junit/policy.yaml")
    Place(kind='Policy', name='supply-chain/junit')
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ROOMS = ("controls", "contracts", "policies", "gates", "evidence")

_WORD = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_FILE = r"[A-Za-z0-9][A-Za-z0-9._-]*"
# Folders of documents that somebody signs.
SIGNED = ("waivers", "baselines", "clarifications")
_SIGNED = f"(?:{'|'.join(SIGNED)})"
_RULES: tuple[tuple[str, str], ...] = (
    ("Ignored", r"(?:.+/)?README\.md"),
    ("Ignored", r"contracts/(?:schema|blueprints)/.+"),
    ("Ignored", r"gates/ci/.+"),
    ("Ignored", r"evidence/(?:predicates|packs|trust|bundles)/.+"),
    ("Ignored", rf"policies/{_WORD}/{_WORD}/(?:cases|tests)/.+"),
    ("Gate", rf"gates/{_WORD}\.yaml"),
    ("IdentifierList", rf"controls/identifiers/(?P<name>{_WORD})\.yaml"),
    ("ControlMap", rf"controls/maps/(?P<name>{_WORD})\.yaml"),
    (
        "Control",
        r"controls/(?!maps/|identifiers/)(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*/[A-Za-z0-9.-]+)\.yaml",
    ),
    ("Contract", rf"contracts/(?P<name>{_WORD})/contract\.(?:yaml|json)"),
    ("Policy", rf"policies/(?P<name>{_WORD}/{_WORD})/policy\.yaml"),
    ("RegoTest", rf"policies/(?P<name>{_WORD}/{_WORD})/{_FILE}_test\.rego"),
    ("Rego", rf"policies/(?P<name>{_WORD}/{_WORD})/{_FILE}\.rego"),
    ("Waiver", rf"evidence/waivers/{_FILE}\.yaml"),
    ("Baseline", rf"evidence/baselines/(?P<name>{_WORD})\.yaml"),
    ("Roster", r"evidence/roster\.yaml"),
    ("Clarification", rf"evidence/clarifications/{_FILE}\.yaml"),
    ("Signature", rf"evidence/(?P<name>{_SIGNED}/{_FILE}\.yaml)\.sig\.json"),
)
_PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in _RULES)
_FORMS = {
    "controls": "controls/<framework>/<criterion>.yaml, controls/maps/<name>.yaml or "
    "controls/identifiers/<name>.yaml",
    "contracts": "contracts/<name>/contract.yaml or contract.json",
    "policies": "policies/<area>/<slug>/policy.yaml, *.rego, *_test.rego, cases/, tests/",
    "gates": "gates/<name>.yaml",
    "evidence": "evidence/roster.yaml, evidence/waivers/*.yaml, evidence/baselines/<gate>.yaml or "
    "evidence/clarifications/*.yaml",
}


@dataclass(frozen=True, slots=True)
class Place:
    """What a file is: its kind, and the name that its path gives it (may be empty)."""

    kind: str
    name: str = ""


def classify(path: str) -> Place | None:
    """What the file at `path` is; `None` when no rule takes it."""
    for kind, pattern in _PATTERNS:
        match = pattern.fullmatch(path)
        if match:
            return Place(kind, match.groupdict().get("name") or "")
    return None


def expected(path: str) -> str:
    """How files in the room of `path` are called."""
    if path.endswith(".yml") and classify(path.removesuffix(".yml") + ".yaml"):
        return f"rename it to {path.removesuffix('.yml')}.yaml"
    return f"files here are {_FORMS[path.split('/', maxsplit=1)[0]]}"
