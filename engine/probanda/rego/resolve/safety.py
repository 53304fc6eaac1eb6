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

from collections.abc import Sequence

from probanda.rego import ast
from probanda.rego.resolve.bindings import bindings, nested_calls
from probanda.rego.resolve.hoist import expand, expand_negated, is_in_order
from probanda.rego.resolve.report import UNSAFE, Report, Stage
from probanda.rego.resolve.scope import Locals
from probanda.rego.resolve.text import written
from probanda.rego.resolve.walk import (
    CLOSURES,
    change,
    change_literal,
    contains_closure,
    literal_closure_variables,
    own_variables,
    roots_of,
)


class Safety:
    """Orders the bodies of one rule, closures included."""

    def __init__(self, names: Locals, report: Report) -> None:
        self._locals = names
        self._report = report
        self._reported: set[str] = set()

    def order(self, body: Sequence[ast.Literal], safe: set[str]) -> tuple[ast.Body, set[str]]:
        """The body in order, and what is bound after it; unsafe variables are reported."""
        known = set(safe)
        visible = safe | _variables(body)
        waiting = list(body)
        ordered: list[ast.Literal] = []
        expanded = False
        while waiting:
            rest = [item for item in waiting if not self._take(item, known, visible, ordered)]
            if len(rest) == len(waiting):
                if expanded:
                    self._unsafe(rest, known, visible)
                    return (*ordered, *rest), known
                expanded = True
                rest = [item for literal in rest for item in self._expand(literal)]
                visible |= _variables(rest)
            waiting = rest
        return tuple(ordered), known

    def _expand(self, literal: ast.Literal) -> list[ast.Literal]:
        is_every = isinstance(literal.expression, ast.Every)
        if not is_every and (literal.negated or not nested_calls(roots_of(literal))):
            return [literal]
        return expand(literal, self._locals, references=False)

    def _take(
        self,
        literal: ast.Literal,
        known: set[str],
        visible: set[str],
        ordered: list[ast.Literal],
    ) -> bool:
        """Put a literal next if it can be evaluated now."""
        needs, binds = bindings(literal, known)
        if needs or self._closed_over(literal, visible) - known:
            return False
        if literal.negated:
            pieces = expand_negated(literal, self._locals)
        elif is_in_order(literal, known):
            pieces = [literal]
        else:
            pieces = expand(literal, self._locals, references=True)
        for piece in pieces:
            ordered.append(self._close(piece, known))
            known |= bindings(piece, known)[1] if len(pieces) > 1 else binds
        return True

    def _closed_over(self, literal: ast.Literal, visible: set[str]) -> set[str]:
        if not contains_closure(literal):
            return set()
        found: set[str] = set()
        literal_closure_variables(literal, found)
        return found & visible

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
                body, after = self.order(term.body, known)
                self.check_terms([term.key, term.value], after)
                return ast.ObjectComprehension(term.key, term.value, body, span=term.span)
            case ast.SetComprehension():
                body, after = self.order(term.body, known)
                self.check_terms([term.term], after)
                return ast.SetComprehension(term.term, body, span=term.span)
            case ast.ArrayComprehension():
                body, after = self.order(term.body, known)
                self.check_terms([term.term], after)
                return ast.ArrayComprehension(term.term, body, span=term.span)
            case ast.TemplateString():
                parts = [
                    part if isinstance(part, str | ast.Literal) else self._inner(part, known)
                    for part in term.parts
                ]
                return ast.TemplateString(tuple(parts), span=term.span)
            case _:
                return term

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

    def _unsafe(self, literals: Sequence[ast.Literal], known: set[str], visible: set[str]) -> None:
        before = self._report.count
        for literal in literals:
            needs, _ = bindings(literal, known)
            needs |= self._closed_over(literal, visible) - known
            found: dict[str, ast.Var] = {}
            for term in roots_of(literal):
                own_variables(term, found)
            self._report_unsafe(
                {name: found.get(name, ast.Var(name, span=literal.span)) for name in sorted(needs)}
            )
        if self._report.count == before:
            for literal in literals:
                self._report.error(Stage.SAFETY, UNSAFE, "expression is unsafe", literal.span)

    def _report_unsafe(self, variables: dict[str, ast.Var]) -> None:
        for name, var in variables.items():
            shown = written(name)
            if shown and name not in self._reported:
                self._reported.add(name)
                message = f"var {shown} is unsafe"
                self._report.error(Stage.SAFETY, UNSAFE, message, var.span)


def _variables(body: Sequence[ast.Literal]) -> set[str]:
    found: dict[str, ast.Var] = {}
    for literal in body:
        for term in roots_of(literal):
            own_variables(term, found)
    return set(found)
