"""The rules of all modules as a tree, by the ground parts of their heads.

Rules:

- A rule stands at the longest prefix of constants of its ref: `p.q[x].r` at `p.q`, `p[7]` at
  `p[7]`. Its name is absolute, without the leading `data`.
- What a reference may depend on is found without evaluating: every rule on the way, and every
  rule below; a part that is not constant goes to every child. References of one shape are
  looked up once.

Source: OPA `v1/ast/compile.go`: `NewRuleTree`, `GetRulesDynamicWithOpts`.

Example:
    tree.exact(("a", "f"))      # the rules at data.a.f
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import TypeAlias

from probanda.rego import ast

# A constant part of a path: a string is itself, other scalars are pairs.
Key: TypeAlias = str | tuple[str, object]


@dataclass(frozen=True, eq=False)
class RuleInfo:
    """A rule where it stands."""

    module: ast.Module
    rule: ast.Rule

    @cached_property
    def ref(self) -> tuple[ast.Term, ...]:
        """Package and head."""
        package: list[ast.Term] = [ast.String(part) for part in self.module.package]
        return (*package, *self.rule.head.ref)

    @cached_property
    def ground(self) -> tuple[Key, ...]:
        """The constants before the first part that is none."""
        return tuple(_constants(self.ref))

    @cached_property
    def path(self) -> tuple[str, ...]:
        """The strings before the first part that is none."""
        path: list[str] = []
        for key in self.ground:
            if not isinstance(key, str):
                break
            path.append(key)
        return tuple(path)

    @property
    def is_ground(self) -> bool:
        """Whether the ref has no variable part."""
        return len(self.ground) == len(self.ref)

    @property
    def is_multi(self) -> bool:
        """Whether it defines a set (`contains`)."""
        return self.rule.head.key is not None

    @property
    def is_function(self) -> bool:
        """Whether it takes arguments; `f()` is no function, as in OPA."""
        return bool(self.rule.head.arguments)

    @property
    def arity(self) -> int:
        """The number of arguments."""
        return len(self.rule.head.arguments or ())


@dataclass(eq=False)
class Node:
    """One step of a path."""

    rules: list[RuleInfo] = field(default_factory=list)
    children: dict[Key, Node] = field(default_factory=dict)

    def below(self) -> Iterator[RuleInfo]:
        """The rules here and below."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield from node.rules
            stack.extend(reversed(node.children.values()))


class RuleTree:
    """All rules; see the module."""

    def __init__(self, modules: Sequence[ast.Module]) -> None:
        self.root = Node()
        self.rules: list[RuleInfo] = []
        self._shapes: dict[tuple[Key | None, ...], tuple[RuleInfo, ...]] = {}
        for module in modules:
            for rule in module.rules:
                info = RuleInfo(module, rule)
                self.rules.append(info)
                self._add(info)

    def _add(self, info: RuleInfo) -> None:
        node = self.root
        for key in info.ground:
            node = node.children.setdefault(key, Node())
        node.rules.append(info)

    def find(self, path: Sequence[Key]) -> Node | None:
        """The node at a path."""
        node = self.root
        for key in path:
            child = node.children.get(key)
            if child is None:
                return None
            node = child
        return node

    def exact(self, path: Sequence[Key]) -> list[RuleInfo]:
        """The rules at exactly this path."""
        node = self.find(path)
        return node.rules if node else []

    def function_arity(self, path: Sequence[Key]) -> int | None:
        """The arity of the function at a path; `None` if there is none."""
        rules = self.exact(path)
        return rules[0].arity if rules and rules[0].is_function else None

    @cached_property
    def functions(self) -> list[str]:
        """The absolute names of all functions."""
        found = [".".join(("data", *info.path)) for info in self.rules if info.is_function]
        return list(dict.fromkeys(found))

    def dependencies(self, parts: Sequence[ast.Term]) -> tuple[RuleInfo, ...]:
        """The rules that `data` followed by these parts may depend on."""
        shape = tuple([constant(part) for part in parts])
        found = self._shapes.get(shape)
        if found is None:
            rules: dict[RuleInfo, None] = {}
            self._collect(self.root, shape, rules)
            found = self._shapes[shape] = tuple(rules)
        return found

    def _collect(
        self, node: Node, shape: tuple[Key | None, ...], rules: dict[RuleInfo, None]
    ) -> None:
        level = [node]
        for key in shape:
            following: list[Node] = []
            for item in level:
                if key is None:
                    following += item.children.values()
                elif key in item.children:
                    following.append(item.children[key])
            for item in following:
                rules.update(dict.fromkeys(item.rules))
            level = following
        for item in level:
            rules.update(dict.fromkeys(item.below()))


def constant(term: ast.Term) -> Key | None:
    """The key of a constant; `None` for anything else."""
    match term:
        case ast.String():
            return term.value
        case ast.Null():
            return "null", None
        case ast.Boolean():
            return "boolean", term.value
        case ast.Number():
            try:
                return "number", Decimal(term.text).normalize()
            except InvalidOperation:
                return "number", term.text
        case _:
            return None


def _constants(parts: Sequence[ast.Term]) -> Iterator[Key]:
    for part in parts:
        key = constant(part)
        if key is None:
            return
        yield key
