"""The cases of a policy: what passes, what fails, as its folder keeps them.

Example:

    [case.title for case in read_cases(tree, "contracts/terms")]
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from probanda.content.tree import Tree, locate
from probanda.errors import ContentError
from probanda.parse.yaml import load_yaml, to_plain


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its file's name, what it shows, for which entry point, and what must come out."""

    name: str
    title: str
    entrypoint: str
    expect: str


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
            )
        )
    return tuple(found)
