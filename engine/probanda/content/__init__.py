"""Content: the rooms of a project, read into one catalogue.

Rules:

- A catalogue is complete and checked, or `load` raises every error at once, each
  with file, line, column, field and the nearest valid word.
- pydantic stays inside this package; what leaves it are `model/` types.
- Signatures are collected here and verified elsewhere; Rego is put together here
  and compiled elsewhere.

Example:

    catalogue = load(WorkingTree(find_root(Path.cwd())))
    policy, entrypoint = catalogue.entrypoint("supply-chain/license-allowlist/findings")
"""

from __future__ import annotations

from probanda.content.catalogue import Catalogue
from probanda.content.kinds import KINDS, json_schema
from probanda.content.load import load
from probanda.content.pages import policy_page
from probanda.content.recorded import RecordedContent, load_recorded
from probanda.content.tree import (
    ResourceTree,
    RevisionTree,
    Tree,
    WorkingTree,
    builtin_tree,
    find_root,
)

__all__ = [
    "KINDS",
    "Catalogue",
    "RecordedContent",
    "ResourceTree",
    "RevisionTree",
    "Tree",
    "WorkingTree",
    "builtin_tree",
    "find_root",
    "json_schema",
    "load",
    "load_recorded",
    "policy_page",
]
