"""What a module declares, without checking it: its package, and its rules with their lines.

Example:
    outline(text, path="x.rego").package    # 'a.b'
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from probanda.rego.ast import Rule, String
from probanda.rego.parser import parse_module


@dataclass(frozen=True, slots=True)
class RuleName:
    """The name of one rule head, and the 1-based line on which it stands."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Outline:
    """A module's dotted package and its rule heads, in source order."""

    package: str
    rules: tuple[RuleName, ...]


# Whoever loads a policy asks for its names and, by itself, for its annotations.
@lru_cache(maxsize=256)
def outline(text: str, *, path: str, version: int = 1) -> Outline:
    """Parse a module (v1, or v0 with `version=0`) and say what it declares.

    Raises:
        PolicyError: `rego_parse_error`, every one of them.
    """
    module = parse_module(text, path=path, version=version)
    rules = tuple(RuleName(_name(rule), rule.head.span.row) for rule in module.rules)
    return Outline(".".join(module.package), rules)


def _name(rule: Rule) -> str:
    """The leading plain names of a head: `p.q` of `p.q[x] := 1`."""
    names: list[str] = []
    for part in rule.head.ref:
        if not isinstance(part, String):
            break
        names.append(part.value)
    return ".".join(names)
