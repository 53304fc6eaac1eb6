"""The cases of a policy: what passes, what fails, as its folder keeps them.

Rules:

- A case states `title`, `entrypoint`, `expect`, the ids of the `rules` that it breaks, and
  `input`: what of `facts`, `parameters`, `request`, `asOf` and so on the policy is given.
- What it leaves out of the context is `CONTEXT`.

Example:

    [case.title for case in read_cases(tree, "contracts/terms")]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from probanda.content.tree import Tree, locate
from probanda.errors import ContentError
from probanda.model.location import Location
from probanda.parse.yaml import load_yaml, to_plain

# What a case need not state. The clock is a day on which nothing in particular happens.
CONTEXT: Mapping[str, Any] = MappingProxyType(
    {
        "facts": {},
        "evidence": {},
        "parameters": {},
        "asOf": "2026-11-20T00:00:00Z",
        "tenant": "acme",
    }
)


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its file's name, what it shows, for which entry point, and what must come out.

    Attributes:
        rules: ids of the rules that it breaks, sorted; `None` where it does not say.
        input: what it states of the context.
        path: of its file in the tree.
    """

    name: str
    title: str
    entrypoint: str
    expect: str
    rules: tuple[str, ...] | None = None
    input: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""

    @property
    def context(self) -> dict[str, Any]:
        """What the policy is given."""
        return {**CONTEXT, **self.input}


def read_cases(tree: Tree, policy: str) -> tuple[Case, ...]:
    """The cases of a policy, in the order of their names.

    Raises:
        ContentError, ParseError: one is no case.
    """
    found = []
    for path in tree.files(f"policies/{policy}/cases"):
        if not path.endswith(".yaml"):
            continue
        where = locate(tree, path)
        document = to_plain(load_yaml(tree.read(path), path=str(where)))
        if not isinstance(document, dict) or document.get("expect") not in {"pass", "fail"}:
            raise ContentError("no case: it expects neither 'pass' nor 'fail'", location=where)
        found.append(
            Case(
                PurePosixPath(path).stem,
                str(document.get("title", "")),
                str(document.get("entrypoint", "findings")),
                str(document["expect"]),
                _rules(document, where),
                _input(document, where),
                path,
            )
        )
    return tuple(found)


def _rules(document: dict[str, Any], where: Location) -> tuple[str, ...] | None:
    rules = document.get("rules")
    if rules is None:
        return None
    if not isinstance(rules, list) or not all(isinstance(rule, str) for rule in rules):
        raise ContentError("no case: 'rules' is a list of rule ids", location=where)
    return tuple(sorted(rules))


def _input(document: dict[str, Any], where: Location) -> dict[str, Any]:
    given = document.get("input", {})
    if not isinstance(given, dict):
        raise ContentError("no case: 'input' is a mapping", location=where)
    return given
