"""Terms: constants, composite values, comprehensions, template strings.

Rules:

- A comprehension is a block that adds to a collection; what it binds is forgotten after it.
- An object comprehension with two values for one key is a conflict; in an object literal the
  last value stands.
- The parts of a template string are sets of none or one value, so that an undefined part does
  not make the whole string undefined.

Example:
    terms.term(Array((Number("1"), Var("x"))))
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from probanda.errors import PolicyError
from probanda.model.location import Location
from probanda.rego import ast
from probanda.rego.ast import Term
from probanda.rego.plan.calls import Calls
from probanda.rego.plan.operand import FALSE, TRUE, Operand

Comprehension: TypeAlias = ast.ArrayComprehension | ast.SetComprehension | ast.ObjectComprehension


class Terms(Calls):
    """Plans terms."""

    def term(self, term: ast.Term) -> Operand:  # noqa: PLR0911  # one return for each kind
        """Plan a term; afterwards its variables are bound."""
        match term:
            case ast.String(value=text):
                return self.statics.string(text)
            case ast.Boolean(value=value):
                return TRUE if value else FALSE
            case ast.Var(name=name):
                return self._variable(name)
            case ast.Ref():
                return self.ref(term)
            case ast.Call():
                return self.call(term)
            case ast.Array(items=items):
                return self.array([self.term(item) for item in items])
            case ast.TemplateString(parts=parts):
                made = self.array([self._part(part) for part in parts])
                return self.call_builtin("internal.template_string", [made])
            case ast.ArrayComprehension() | ast.SetComprehension() | ast.ObjectComprehension():
                return self._comprehension(term)
        return self._made(term)

    def _variable(self, name: str) -> Operand:
        operand = self.bound(name)
        if operand is None:
            where = Location(self.span.path, self.span.row, self.span.column)
            raise PolicyError(f"var {name} is unsafe", code="rego_unsafe_var_error", location=where)
        return operand

    def _made(self, term: ast.Term) -> Operand:
        """Terms that take statements to make."""
        target = self.local()
        match term:
            case ast.Null():
                self.emit("MakeNullStmt", target=target)
            case ast.Number(text=text):
                self.emit("MakeNumberRefStmt", Index=self.statics.index(text), target=target)
            case ast.Set(items=items):
                members = [self.term(item) for item in items]
                self.emit("MakeSetStmt", target=target)
                for member in members:
                    self.emit("SetAddStmt", set=target, value=member)
            case ast.Object(pairs=pairs):
                values = [(self.term(key), self.term(value)) for key, value in pairs]
                self.emit("MakeObjectStmt", target=target)
                for key, value in values:
                    self.emit("ObjectInsertStmt", object=target, key=key, value=value)
        return target

    def _comprehension(self, term: Comprehension) -> Operand:
        target = self.local()
        outer = self.span
        self.span = term.span if term.span.row else outer
        match term:
            case ast.ArrayComprehension():
                self.emit("MakeArrayStmt", capacity=0, target=target)
            case ast.SetComprehension():
                self.emit("MakeSetStmt", target=target)
            case ast.ObjectComprehension():
                self.emit("MakeObjectStmt", target=target)
        span = self.span
        with self.inside([]) as block:
            self.body(term.body)
            self.span = span
            self._collect(term, target)
        self.blocks(block)
        self.span = outer
        return target

    def _collect(self, term: Comprehension, target: Operand) -> None:
        match term:
            case ast.ArrayComprehension():
                self.emit("ArrayAppendStmt", array=target, value=self.term(term.term))
            case ast.SetComprehension():
                self.emit("SetAddStmt", set=target, value=self.term(term.term))
            case ast.ObjectComprehension():
                key, value = self.term(term.key), self.term(term.value)
                self.emit("ObjectInsertOnceStmt", object=target, key=key, value=value)

    def _part(self, part: str | ast.Term | ast.Literal) -> Operand:
        """One item of the array that `internal.template_string` joins."""
        match part:
            case str():
                return self.statics.string(part)
            case ast.String() | ast.Number() | ast.Boolean() | ast.Null():
                return self.term(part)
        return self.at_most_one(part)

    def at_most_one(self, part: ast.Term | ast.Literal) -> Operand:
        """A set of a term's value, or of nothing where it is undefined."""
        target = self.local()
        self.emit("MakeSetStmt", target=target)
        with self.inside([]) as block:
            if isinstance(part, ast.Literal):
                assert isinstance(part.expression, Term)
                fresh = ast.Var(f"%{self.next_local}")
                self.body((replace(part, expression=ast.Call(("eq",), (fresh, part.expression))),))
                part = fresh
            self.emit("SetAddStmt", set=target, value=self.term(part))
        self.blocks(block)
        return target
