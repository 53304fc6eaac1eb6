"""The page beside a policy, for readers; it decides nothing and is in no digest.

Example:
    page = policy_page(WorkingTree(root), policy)
"""

from __future__ import annotations

from probanda.content.tree import Tree, builtin_tree
from probanda.errors import ContentError
from probanda.model.policy import Policy


def policy_page(tree: Tree, policy: Policy) -> str:
    """The text of a policy's `README.md`; empty where there is none that can be read.

    `tree` is the project that the policy was loaded with.
    """
    shelf = builtin_tree() if policy.builtin else tree
    try:
        return shelf.read(f"policies/{policy.id}/README.md").decode("utf-8", "replace")
    except ContentError:
        return ""
