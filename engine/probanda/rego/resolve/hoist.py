"""Terms of a literal as literals of their own, evaluated before it.

Example:
    expand(literal_of("f(i, xs[i])"), names, references=True)   # #1 = xs[i]; f(i, #1)
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from probanda.rego import ast
from probanda.rego.resolve.bindings import path_variables
from probanda.rego.resolve.scope import Locals
from probanda.rego.resolve.walk import (
    CLOSURES,
    DYNAMIC,
    SCALARS,
    change,
    contains,
    is_root,
    parts,
)


class _Hoist:
    """Binds terms to fresh locals, by literals with the modifiers of the one they are from."""

    def __init__(self, literal: ast.Literal, names: Locals) -> None:
        self._literal = literal
        self._locals = names
        self.before: list[ast.Literal] = []

    def bind(self, term: ast.Term) -> ast.Var:
        """A local that is equal to the term."""
        local = self._locals.temporary(term.span)
        equal = ast.Call(("eq",), (local, term), infix=True, span=term.span)
        self.before.append(ast.Literal(equal, withs=self._literal.withs, span=term.span))
        return local

    def calls(self, term: ast.Term) -> ast.Term:
        """The term without calls, inner ones first."""
        if isinstance(term, CLOSURES):
            return term
        inner = change(term, self.calls)
        return self.bind(inner) if isinstance(inner, ast.Call) else inner

    def all(self, term: ast.Term) -> ast.Term:
        """The term without calls, references and closures, inner ones first."""
        if isinstance(term, CLOSURES):
            return self.bind(term)
        inner = change(term, self.all)
        return self.bind(inner) if isinstance(inner, ast.Call | ast.Ref) else inner

    def done(self, expression: ast.Term | ast.Every) -> list[ast.Literal]:
        """What was bound, and then the literal with this expression."""
        literal = self._literal
        rest = ast.Literal(expression, literal.negated, literal.withs, span=literal.span)
        return [*self.before, rest]


def expand(literal: ast.Literal, names: Locals, *, references: bool) -> list[ast.Literal]:
    """The literal with its nested calls, and if asked its references, taken out."""
    hoist = _Hoist(literal, names)
    take = hoist.all if references else hoist.calls
    match literal.expression:
        case ast.Every() as every:
            domain = hoist.bind(every.domain) if contains(every.domain, DYNAMIC) else every.domain
            return hoist.done(
                ast.Every(every.key, every.value, domain, every.body, span=every.span)
            )
        case ast.SomeDecl() | ast.SomeIn():
            return [literal]
        case expression:
            return hoist.done(change(expression, take))


def has_late_call(expression: ast.Term) -> bool:
    """Whether a nested call stands after, or within, a reference of the same expression.

    OPA takes nested calls out first: `input.x == f(y)` calls `f` before it reads `input.x`, so
    that an error of `f` is met whether or not `input.x` is there.
    """
    pending: list[ast.Term] = [expression]
    while pending:
        call = pending.pop()
        read = _reads(call)
        terms = list(reversed(parts(call)))
        while terms:
            term = terms.pop()
            if not isinstance(term, ast.Call):
                read = read or _reads(term)
                terms.extend(reversed(parts(term)))
            elif read:
                return True
            else:
                # Its own references are read after its own calls, and before what follows it.
                pending.append(term)
    return False


def _reads(term: ast.Term) -> bool:
    """Whether it reads a document or variable before anything that stands in it is called."""
    return isinstance(term, ast.Ref) and not isinstance(term.head, ast.Call)


def expand_negated(literal: ast.Literal, names: Locals) -> list[ast.Literal]:
    """The literal with the references and closures that OPA evaluates before the negation."""
    hoist = _Hoist(literal, names)

    def shallow(term: ast.Term) -> ast.Term:
        """A side of an equality, or the statement itself: only what is within it."""
        if isinstance(term, CLOSURES):
            return term
        if isinstance(term, ast.Ref | ast.Call):
            return change(term, hoist.all)
        return hoist.all(term)

    match literal.expression:
        case ast.Every() | ast.SomeDecl() | ast.SomeIn():
            return [literal]
        case ast.Call(("eq" | "equal",), (left, right)) as call:
            sides = (shallow(left), shallow(right))
            return hoist.done(ast.Call(call.operator, sides, call.infix, span=call.span))
        case expression:
            return hoist.done(shallow(expression))


def is_in_order(literal: ast.Literal, known: AbstractSet[str]) -> bool:
    """Whether evaluating in source order binds each variable before it is used."""
    order = _Order(set(known))
    match literal.expression:
        case ast.Every() as every:
            return order.visit(every.domain)
        case ast.SomeDecl() | ast.SomeIn():
            return True
        case ast.Call(("eq",), (left, right)):
            return order.pattern(left) and order.pattern(right)
        case expression:
            return order.visit(expression)


class _Order:
    """Walks terms as an evaluator does."""

    def __init__(self, bound: set[str]) -> None:
        self._bound = bound

    def visit(self, term: ast.Term) -> bool:
        """Evaluate a term; whether all that it uses is bound."""
        if isinstance(term, (*SCALARS, *CLOSURES)):  # what closures use is bound before
            return True
        if isinstance(term, ast.Var):
            return term.name in self._bound
        if isinstance(term, ast.Ref):
            return self._reference(term)
        for part in parts(term):  # noqa: SIM110  # a generator would recurse on the C stack
            if not self.visit(part):
                return False
        return True

    def _reference(self, ref: ast.Ref) -> bool:
        if not is_root(ref.head) and not self.visit(ref.head):
            return False
        for part in ref.path:
            if not self.pattern(part):
                return False
            path_variables(part, self._bound)
        return True

    def pattern(self, term: ast.Term) -> bool:
        """A term whose variables may be bound by what it is compared with."""
        match term:
            case ast.Var():
                return True
            case ast.Array():
                for item in term.items:  # noqa: SIM110  # no generator, as above
                    if not self.pattern(item):
                        return False
                return True
            case ast.Object():
                for key, value in term.pairs:  # noqa: SIM110  # as above
                    if not (self.visit(key) and self.pattern(value)):
                        return False
                return True
            case _:
                return self.visit(term)
