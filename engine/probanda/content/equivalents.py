"""Mutants of a policy that no test can tell from it: `tests/equivalents.yaml` of its folder.

Rules:

- A list of entries: `id` as `probanda rego mutate` prints it, `change` for people, and a `reason`,
  which must say why the verdict cannot differ.

Example:

    read_equivalents(tree, "contracts/terms")["c11dcb237a14"]     # "…"
"""

from __future__ import annotations

from probanda.content.tree import Tree, locate
from probanda.errors import ContentError
from probanda.parse.yaml import load_yaml, to_plain

_FIELDS = {"id", "change", "reason"}


def equivalents_path(policy: str) -> str:
    """Where the list of a policy stands."""
    return f"policies/{policy}/tests/equivalents.yaml"


def read_equivalents(tree: Tree, policy: str) -> dict[str, str]:
    """Id → reason; empty where there is no list.

    Raises:
        ContentError, ParseError: it is none.
    """
    path = equivalents_path(policy)
    if path not in tree.files(f"policies/{policy}/tests"):
        return {}
    where = locate(tree, path)
    document = to_plain(load_yaml(tree.read(path), path=str(where)))
    if not isinstance(document, list):
        raise ContentError("a list of equivalents is a list", location=where)
    found: dict[str, str] = {}
    for item in document:
        if not isinstance(item, dict) or set(item) != _FIELDS:
            raise ContentError("an entry has id, change and reason, no more", location=where)
        if not all(isinstance(text, str) and text.strip() for text in item.values()):
            raise ContentError("id, change and reason are texts, and say something", location=where)
        if item["id"] in found:
            raise ContentError(f"{item['id']} is listed twice", location=where)
        found[item["id"]] = item["reason"]
    return found
