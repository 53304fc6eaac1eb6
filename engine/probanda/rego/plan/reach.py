"""What a group of rules can reach: to know whether a replacement matters to it.

Rules:

- Everything that a rule mentions counts, whether or not it is evaluated; a reference with a
  computed part reaches all that lies below the part before it.

Example:
    Reach(program, tree).of(("users", "admins"))
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from probanda.rego import ast
from probanda.rego.plan.context import Context, Target
from probanda.rego.plan.tree import Node
from probanda.rego.resolve.program import Path, Program


class Reach:
    """Answers for the groups of one program; remembers."""

    def __init__(self, program: Program, tree: Node) -> None:
        self._program = program
        self._tree = tree
        self._direct: dict[Path, frozenset[Target]] = {}
        self._all: dict[Path, frozenset[Target]] = {}

    def of(self, path: Path) -> frozenset[Target]:
        """All that a group reaches, itself included: `data` paths and names of built-ins."""
        if path not in self._all:
            found: set[Target] = set()
            pending: list[Target] = [("data", *path)]
            while pending:
                target = pending.pop()
                if target in found:
                    continue
                found.add(target)
                if target[0] == "data":
                    pending += self._mentions(target[1:])
            self._all[path] = frozenset(found)
        return self._all[path]

    def restrict(self, context: Context, path: Path) -> Context:
        """The part of a context that matters to a group."""
        reached = self.of(path)
        mocks = [(target, mock) for target, mock in context.mocks if target in reached]
        for _, mock in mocks:
            if mock.kind == "function":
                reached |= self.of(mock.target[1:])
        shadows = frozenset(
            shadow
            for shadow in context.shadows
            if any(target[: len(shadow) + 1] == ("data", *shadow) for target in reached)
        )
        return Context(shadows, tuple(mocks))

    def _mentions(self, path: Path) -> frozenset[Target]:
        if path not in self._direct:
            self._direct[path] = frozenset(self._scan(self._program.groups[path]))
        return self._direct[path]

    def _scan(self, root: object) -> Iterator[Target]:
        for node in _walk(root):
            match node:
                case ast.Ref(head=ast.Var(name="data"), path=parts):
                    yield from self._documents(parts)
                case ast.Call(operator=("data", *_)):
                    yield node.operator
                case ast.Call(operator=operator):
                    yield (".".join(operator),)

    def _documents(self, parts: tuple[ast.Term, ...]) -> Iterator[Target]:
        node: Node | None = self._tree
        path: list[str] = []
        for part in parts:
            if node is None or node.group is not None or not isinstance(part, ast.String):
                break
            node = node.children.get(part.value)
            path.append(part.value)
        if node is not None:
            yield from (("data", *group.path) for group in node.groups())
        elif tuple(path) in self._program.groups:
            yield ("data", *path)  # a function that stands in for another


def _walk(root: object) -> Iterator[object]:
    """All nodes of a tree of dataclasses and tuples."""
    pending = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, tuple):
            pending.extend(node)
        elif is_dataclass(node):
            yield node
            names = (field.name for field in fields(node))
            pending.extend(
                getattr(node, name) for name in names if name not in {"span", "annotations"}
            )
