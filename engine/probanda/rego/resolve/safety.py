"""Bodies in an order in which every variable is bound before it must be.

Rules:

- Literals are taken in source order; one that needs a variable that is not bound yet waits. When
  nothing can be taken, calls nested in the waiting ones are made literals of their own, as OPA
  does with all of them; when that does not help either, the variables are unsafe.
- A closure may use only what is bound before its literal.
- Within a literal, source order binds before it uses: where it would not (`f(i, xs[i])`),
  references and calls become literals of their own.
- References in a negated literal become literals before it (`not f(input.x)` is undefined when
  `input.x` is), except for a reference that is itself what is negated or compared.

Source: OPA `v1/ast/compile.go`: `reorderBodyForSafety`, `rewriteDynamics`.

Example:
    Safety(names, report).order(body, {"x"})
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from probanda.rego import ast
from probanda.rego.resolve.bindings import bindings, nested_calls
from probanda.rego.resolve.hoist import expand, expand_negated, has_late_call, is_in_order
from probanda.rego.resolve.report import UNSAFE, Report, Stage
from probanda.rego.resolve.scope import Locals
from probanda.rego.resolve.text import nearest, written
from probanda.rego.resolve.walk import (
    CLOSURES,
    change,
    change_literal,
    contains_closure,
    literal_closure_variables,
    own_variables,
    parts,
    roots_of,
    template_terms,
)


@dataclass
class _Waiting:
    """A literal that is not taken yet.

    Attributes:
        variables: its own, outside closures.
        closed_over: what its closures use of the body around it.
        has_closure: whether it has any.
        tried: how many variables were bound when it was last tried; -1 for never.
    """

    literal: ast.Literal
    variables: set[str]
    closed_over: set[str]
    has_closure: bool
    tried: int = -1

    @classmethod
    def all(cls, body: Iterable[ast.Literal], visible: set[str]) -> list[_Waiting]:
        """The literals of a body, whose variables are added to those `visible` in it."""
        own = [(literal, _variables([literal])) for literal in body]
        visible.update(*[variables for _, variables in own])
        return [cls.of(literal, variables, visible) for literal, variables in own]

    @classmethod
    def of(cls, literal: ast.Literal, variables: set[str], visible: set[str]) -> _Waiting:
        """A literal with these variables, of a body whose variables are `visible`."""
        if not contains_closure(literal):
            return cls(literal, variables, set(), has_closure=False)
        found: set[str] = set()
        literal_closure_variables(literal, found)
        found = found & visible | _in_templates(literal)
        return cls(literal, variables, found, has_closure=True)

    def may_have_changed(self, gained: list[str]) -> bool:
        """Whether it was never tried, or one of its variables was bound since."""
        before, self.tried = self.tried, len(gained)
        if before < 0:
            return True
        return any(name in self.variables or name in self.closed_over for name in gained[before:])


class Safety:
    """Orders the bodies of one rule, closures included."""

    def __init__(self, names: Locals, report: Report, known: Iterable[str] = ()) -> None:
        self._locals = names
        self._report = report
        self._reported: set[str] = set()
        self._names = known  # of rules and imports, for hints

    def order(self, body: Sequence[ast.Literal], safe: set[str]) -> tuple[ast.Body, set[str]]:
        """The body in order, and what is bound after it; unsafe variables are reported."""
        known = set(safe)
        visible = set(safe)
        gained: list[str] = []  # what was bound, in order
        waiting = _Waiting.all(body, visible)
        ordered: list[ast.Literal] = []
        expanded = False
        while waiting:
            rest = [item for item in waiting if not self._take(item, known, gained, ordered)]
            if len(rest) == len(waiting):
                if expanded:
                    self._unsafe(rest, known)
                    return (*ordered, *(item.literal for item in rest)), known
                expanded = True
                literals = [piece for item in rest for piece in self._expand(item.literal)]
                rest = _Waiting.all(literals, visible)
            waiting = rest
        return tuple(ordered), known

    def _expand(self, literal: ast.Literal) -> list[ast.Literal]:
        is_every = isinstance(literal.expression, ast.Every)
        if not is_every and (literal.negated or not nested_calls(roots_of(literal))):
            return [literal]
        return expand(literal, self._locals, references=False)

    def _take(
        self, item: _Waiting, known: set[str], gained: list[str], ordered: list[ast.Literal]
    ) -> bool:
        """Put a literal next if it can be evaluated now."""
        if not item.may_have_changed(gained):
            return False
        literal = item.literal
        late = _has_late_call(literal)
        if item.variables <= known and not literal.negated and not late:  # it binds nothing
            if not item.closed_over <= known:
                return False
            ordered.append(self._close(literal, known) if item.has_closure else literal)
            return True
        needs, binds = bindings(literal, known & item.variables)
        if needs or item.closed_over - known:
            return False
        pieces = self._pieces(literal, known & item.variables, late=late)
        if not pieces:
            return False
        for piece in pieces:
            ordered.append(self._close(piece, known))
            found = bindings(piece, known)[1] if len(pieces) > 1 else binds
            gained.extend(found)
            known |= found
        return True

    def _pieces(self, literal: ast.Literal, known: set[str], *, late: bool) -> list[ast.Literal]:
        """The literal, taken apart if order demands it; nothing if that does not help."""
        if literal.negated:
            return expand_negated(literal, self._locals)
        if late:
            pieces = self._in_order(expand(literal, self._locals, references=False), known)
            if pieces:
                return pieces
        if is_in_order(literal, known):
            return [literal]
        return self._in_order(expand(literal, self._locals, references=True), known)

    @staticmethod
    def _in_order(pieces: list[ast.Literal], known: set[str]) -> list[ast.Literal]:
        """The pieces, if each binds what the next ones use; else nothing."""
        after = set(known)
        for piece in pieces:
            if not is_in_order(piece, after):
                return []
            after |= bindings(piece, after)[1]
        return pieces

    # --- closures ----------------------------------------------------------------------

    def _close(self, literal: ast.Literal, known: set[str]) -> ast.Literal:
        """Order the bodies within a literal."""
        if not contains_closure(literal):
            return literal

        def close(term: ast.Term) -> ast.Term:
            if isinstance(term, CLOSURES):
                return self._closure(term, known)
            return change(term, close)

        result = change_literal(literal, close)
        expression = result.expression
        if isinstance(expression, ast.Every):
            own = {expression.value.name}
            if expression.key is not None:
                own.add(expression.key.name)
            body, _ = self.order(expression.body, known | own)
            every = ast.Every(
                expression.key, expression.value, expression.domain, body, span=expression.span
            )
            return ast.Literal(every, result.negated, result.withs, span=result.span)
        return result

    def _closure(self, term: ast.Term, known: set[str]) -> ast.Term:
        match term:
            case ast.ObjectComprehension():
                body = self._with_head(term.body, [term.key, term.value], known)
                return ast.ObjectComprehension(term.key, term.value, body, span=term.span)
            case ast.SetComprehension():
                body = self._with_head(term.body, [term.term], known)
                return ast.SetComprehension(term.term, body, span=term.span)
            case ast.ArrayComprehension():
                body = self._with_head(term.body, [term.term], known)
                return ast.ArrayComprehension(term.term, body, span=term.span)
            case ast.TemplateString():
                parts = [
                    part if isinstance(part, str | ast.Literal) else self._inner(part, known)
                    for part in term.parts
                ]
                return ast.TemplateString(tuple(parts), span=term.span)
            case _:
                return term

    def _with_head(self, body: ast.Body, heads: Sequence[ast.Term], known: set[str]) -> ast.Body:
        """Order the body of a comprehension, and check that it binds what it yields."""
        before = self._report.count
        ordered, after = self.order(body, known)
        if self._report.count == before:
            self.check_terms(heads, after)
        return ordered

    def _inner(self, term: ast.Term, known: set[str]) -> ast.Term:
        if isinstance(term, CLOSURES):
            return self._closure(term, known)
        return change(term, lambda part: self._inner(part, known))

    # --- errors ------------------------------------------------------------------------

    def check_terms(self, terms: Sequence[ast.Term], known: set[str]) -> None:
        """Report variables in the head of a rule or comprehension that its body does not bind."""
        for term in terms:
            for name, var in own_variables(term).items():
                if name not in known:
                    self._report_unsafe({name: var})

    def _unsafe(self, items: Sequence[_Waiting], known: set[str]) -> None:
        before = self._report.count
        for item in items:
            literal = item.literal
            needs, _ = bindings(literal, known)
            needs |= item.closed_over - known
            found: dict[str, ast.Var] = {}
            for term in roots_of(literal):
                own_variables(term, found)
            self._report_unsafe(
                {name: found.get(name, ast.Var(name, span=literal.span)) for name in sorted(needs)}
            )
        if self._report.count == before:
            for item in items:
                span = item.literal.span
                self._report.error(Stage.SAFETY, UNSAFE, "expression is unsafe", span)

    def _report_unsafe(self, variables: dict[str, ast.Var]) -> None:
        for name, var in variables.items():
            shown = written(name)
            if shown and name not in self._reported:
                self._reported.add(name)
                message = f"var {shown} is unsafe"
                hint = nearest(shown, self._names)
                self._report.error(Stage.SAFETY, UNSAFE, message, var.span, hint)


def _in_templates(literal: ast.Literal) -> set[str]:
    """The variables of template strings, which bind none of their own."""
    found: dict[str, ast.Var] = {}
    waiting = list(roots_of(literal))
    while waiting:
        term = waiting.pop()
        if isinstance(term, ast.TemplateString):
            for part in template_terms(term):
                own_variables(part, found)
        waiting.extend(parts(term))
    return set(found)


def _has_late_call(literal: ast.Literal) -> bool:
    expression = literal.expression
    return isinstance(expression, ast.Call | ast.Ref) and has_late_call(expression)


def _variables(body: Sequence[ast.Literal]) -> set[str]:
    found: dict[str, ast.Var] = {}
    for literal in body:
        for term in roots_of(literal):
            own_variables(term, found)
    return set(found)
