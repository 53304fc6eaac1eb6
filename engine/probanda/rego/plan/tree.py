"""The tree of virtual documents: which paths under `data` packages and rules define.

Rules:

- A node with a group is a leaf: whatever lies below is part of the rules' own value.
- Functions are not documents: they are nowhere in the tree, but their packages are, and their
  names hide base documents of the same path.
- Every package has a node, so that the extent of an empty one is `{}`.

Example:
    root = build_tree(program)
    root.find(("users", "admins")).group
"""

from __future__ import annotations

from collections.abc import Iterator

from probanda.rego.resolve.program import Path, Program, RuleGroup


class Node:
    """One path: a package, a prefix of one, or a group of rules."""

    __slots__ = ("children", "functions", "group", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.children: dict[str, Node] = {}
        self.functions: set[str] = set()
        self.group: RuleGroup | None = None

    def find(self, path: Path) -> Node | None:
        """The node at a path below this one."""
        node: Node | None = self
        for part in path:
            node = node.children.get(part) if node is not None else None
        return node

    def groups(self) -> Iterator[RuleGroup]:
        """All groups at and below this node."""
        pending = [self]
        while pending:
            node = pending.pop()
            if node.group is not None:
                yield node.group
            pending.extend(node.children.values())

    def insert(self, path: Path) -> Node:
        """The node at a path below this one, made if absent."""
        node = self
        for part in path:
            if part not in node.children:
                node.children[part] = Node((*node.path, part))
            node = node.children[part]
        return node


def build_tree(program: Program) -> Node:
    """The root of a program's documents."""
    root = Node(())
    for module in program.modules:
        root.insert(module.package)
    for path, group in program.groups.items():
        if group.kind == "function":
            root.insert(path[:-1]).functions.add(path[-1])
        else:
            root.insert(path).group = group
    return root
