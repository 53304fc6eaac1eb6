"""The names of one module, and the scopes of one rule.

Rules:

- A written name means, in this order: a local that is declared or bound so far; a rule of the own
  package or an import, unless the name is declared anywhere in an enclosing body; `data` or
  `input`; else a variable of the body in which it stands.
- A variable that is not declared belongs to the outermost enclosing body in which it occurs
  outside closures, so a comprehension shares it with its body and not with its neighbour.
- Packages are not names: `input.libs[lib]` is a variable, whatever packages there are.

Source: OPA `v1/ast/compile.go`: `resolveAllRefs`, `rewriteLocalVars`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from probanda.rego import ast
from probanda.rego.resolve.walk import ROOTS

How = Literal["seen", "assigned", "declared", "argument"]


@dataclass(eq=False)
class Globals:
    """What the names of rules and imports of a module stand for.

    Attributes:
        paths: name → absolute path that starts with `data` or `input`.
        used: names that were used.
        version: of the syntax; v1 refuses deprecated functions.
    """

    paths: dict[str, tuple[str, ...]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    version: int = 1

    @classmethod
    def of(
        cls, package: Sequence[str], names: Iterable[str], imports: Iterable[ast.Import]
    ) -> Globals:
        """Rules of a package and imports; imports win."""
        paths = {name: ("data", *package, name) for name in names}
        for item in imports:
            if item.path and item.path[0] in {"data", "input"}:
                paths[item.name] = item.path
        return cls(paths)


@dataclass(eq=False)
class Scope:
    """One body.

    Attributes:
        names: written name → local.
        how: how each of them came to be; absent for variables that are not yet met.
        hidden: names that are declared somewhere in this body, and so are never global.
        uses: how often each name was used after its declaration.
        spans: where each name was declared.
        required: names that must be used, or it is an error (`some x`, `every x in …`).
    """

    hidden: frozenset[str] = frozenset()
    names: dict[str, str] = field(default_factory=dict)
    how: dict[str, How] = field(default_factory=dict)
    uses: dict[str, int] = field(default_factory=dict)
    spans: dict[str, ast.Span] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)


class Locals:
    """Unique names for one rule with all its `else` branches, or one query."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = dict.fromkeys(ROOTS, 0)
        self._temporaries = 0

    def unique(self, name: str) -> str:
        """`x`, then `x#1`, `x#2`, …; a wildcard is unique already."""
        if name.startswith("$"):
            return name
        number = self._taken.get(name)
        self._taken[name] = 0 if number is None else number + 1
        return name if number is None else f"{name}#{number + 1}"

    def temporary(self, span: ast.Span) -> ast.Var:
        """A local of our own: `#1`, `#2` and so on."""
        self._temporaries += 1
        return ast.Var(f"#{self._temporaries}", span=span)


class Scopes:
    """The stack of scopes."""

    def __init__(self, global_names: Globals, names: Locals) -> None:
        self.globals = global_names
        self.locals = names
        self._stack: list[Scope] = []

    def push(self, scope: Scope) -> None:
        """Enter a body."""
        self._stack.append(scope)

    def pop(self) -> Scope:
        """Leave a body."""
        return self._stack.pop()

    @property
    def top(self) -> Scope:
        """The body we are in."""
        return self._stack[-1]

    def find(self, name: str) -> str | None:
        """The local that a name stands for, if there is one; does not count as a use."""
        for scope in reversed(self._stack):
            if name in scope.names:
                return scope.names[name]
        return None

    def is_declared(self, name: str) -> bool:
        """Whether the name is a local by declaration (`:=`, `some`, argument)."""
        for scope in reversed(self._stack):
            if name in scope.names:
                return scope.how.get(name, "seen") != "seen"
        return False

    def global_path(self, name: str) -> tuple[str, ...] | None:
        """What a name stands for outside of bodies; `None` if it is hidden or nothing."""
        path = self.globals.paths.get(name)
        if path is None or any(name in scope.hidden for scope in self._stack):
            return None
        return path

    def use(self, name: str) -> str:
        """The local for an occurrence of a variable."""
        for scope in reversed(self._stack):
            if name in scope.names:
                scope.uses[name] = scope.uses.get(name, 0) + 1
                if scope is self.top:
                    scope.how.setdefault(name, "seen")
                return scope.names[name]
        top = self.top
        top.names[name] = self.locals.unique(name)
        top.how[name] = "seen"
        return top.names[name]

    def bind(self, names: Iterable[str]) -> None:
        """Make undeclared variables of a body its own, unless they are known further out."""
        for name in names:
            if name.startswith("$") or name in ROOTS or name in self.top.hidden:
                continue
            if self.find(name) is None and self.global_path(name) is None:
                self.top.names[name] = self.locals.unique(name)

    def declare(self, name: str, how: How, span: ast.Span) -> tuple[str, str]:
        """A new local, and what is wrong with declaring it (or nothing)."""
        top = self.top
        before = top.how.get(name)
        problem = ""
        if before is not None and not name.startswith("$"):
            problem = {
                "seen": f"var {name} referenced above",
                "assigned": f"var {name} assigned above",
                "declared": f"var {name} declared above",
                "argument": f"arg {name} redeclared",
            }[before]
        top.names[name] = self.locals.unique(name)
        top.how[name] = how
        top.uses[name] = 0
        top.spans[name] = span
        return top.names[name], problem
