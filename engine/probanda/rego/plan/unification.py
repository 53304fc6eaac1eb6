"""Unification: `x = input.y`, `[a, 1] = [2, b]`, `{"k": v} = input.object`.

Rules:

- An unbound variable takes the other side's value; bound ones, and everything else, must be
  equal. Patterns of arrays and objects are taken apart only where a variable needs a value.
- Sets are never taken apart.
- In `[x, y] = [y, 1]` the pairs are taken in the order in which they can be solved.

Example:
    planner.unify(Var("x"), Ref(Var("input"), (String("y"),)))
"""

from __future__ import annotations

from probanda.rego import ast
from probanda.rego.plan.builder import Builder
from probanda.rego.plan.operand import FALSE, Operand


class Unification(Builder):
    """Plans `=`."""

    def is_open(self, term: ast.Term) -> bool:
        """Whether a term is a pattern with an unbound variable."""
        match term:
            case ast.Var(name=name):
                return self.bound(name) is None
            case ast.Array(items=items):
                return any(self.is_open(item) for item in items)
            case ast.Object(pairs=pairs):
                return any(self.is_open(value) for _, value in pairs)
        return False

    def unify(self, left: ast.Term, right: ast.Term) -> None:
        """Plan `left = right`."""
        pairs = [(left, right)]
        while pairs:
            index = self._solvable(pairs)
            a, b = pairs.pop(index)
            expanded = _expand(a, b)
            if expanded is not None:
                pairs[index:index] = expanded
            elif _contradict(a, b):
                self.fail()
                self._give_up(a)
                self._give_up(b)
            elif self.is_open(a):
                self.match(self.term(b), a)  # which may have bound it: a = input.x[a]
            else:
                self.match(self.term(a), b)

    def _solvable(self, pairs: list[tuple[ast.Term, ast.Term]]) -> int:
        """The first pair that does not wait for another one."""
        for index, (a, b) in enumerate(pairs):
            both = self.is_open(a) and self.is_open(b)
            if not both or _expand(a, b) is not None or _contradict(a, b):
                return index
        return 0

    def match(self, operand: Operand, pattern: ast.Term) -> None:
        """Unify a value with a term."""
        match pattern:
            case _ if not self.is_open(pattern):
                self.equal(operand, self.term(pattern))
            case ast.Var(name=name):
                self.bind(name, operand)
            case ast.Array(items=items):
                self._match_array(operand, items)
            case ast.Object(pairs=pairs):
                self._match_object(operand, pairs)

    def _match_array(self, operand: Operand, items: tuple[ast.Term, ...]) -> None:
        self.emit("IsArrayStmt", source=operand)
        self._check_length(operand, len(items))
        for index, item in enumerate(items):
            value = self.local()
            self.emit("DotStmt", source=operand, key=self.integer(index), target=value)
            self.match(value, item)

    def _match_object(self, operand: Operand, pairs: tuple[tuple[ast.Term, ast.Term], ...]) -> None:
        self.emit("IsObjectStmt", source=operand)
        self._check_length(operand, len(dict(pairs)))
        for key, item in dict(pairs).items():
            value = self.local()
            self.emit("DotStmt", source=operand, key=self.term(key), target=value)
            self.match(value, item)

    def _check_length(self, operand: Operand, length: int) -> None:
        size = self.local()
        self.emit("LenStmt", source=operand, target=size)
        self.equal(size, self.integer(length))

    def _give_up(self, pattern: ast.Term) -> None:
        """Bind what can never have a value: what follows is not reached."""
        match pattern:
            case ast.Var(name=name) if self.bound(name) is None:
                self.bind(name, FALSE)
            case ast.Array(items=items):
                for item in items:
                    self._give_up(item)
            case ast.Object(pairs=pairs):
                for _, value in pairs:
                    self._give_up(value)


def _expand(a: ast.Term, b: ast.Term) -> list[tuple[ast.Term, ast.Term]] | None:
    """The pairs of parts of two literals of the same shape."""
    match a, b:
        case ast.Array(), ast.Array() if len(a.items) == len(b.items):
            return list(zip(a.items, b.items, strict=True))
        case ast.Object(), ast.Object():
            left, right = dict(a.pairs), dict(b.pairs)
            if left.keys() == right.keys():
                return [(value, right[key]) for key, value in left.items()]
    return None


def _contradict(a: ast.Term, b: ast.Term) -> bool:
    """Whether two literals can never be equal because of their shape."""
    match a, b:
        case ast.Array(), ast.Array():
            return len(a.items) != len(b.items)
        case (ast.Array(), ast.Object()) | (ast.Object(), ast.Array()):
            return True
    return False
