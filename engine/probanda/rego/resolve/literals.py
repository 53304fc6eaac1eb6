"""Statements: declarations become equalities, and everything else a plain literal.

Rules:

- `x := v` becomes `x' = v` for a fresh local; the value is resolved first, so `x := x + 1` in a
  closure sees the outer `x`.
- `some x` vanishes; `some k, v in xs` becomes `v = xs[k]`.
- `f(a, out)` becomes `out = f(a)`.
- `print` vanishes.
- Calls inside a negated statement are evaluated before it, as OPA does: `not f(g(x))` becomes
  `#1 = g(x); not f(#1)`, which is undefined when `g(x)` is.
- Values of `with` that must be evaluated are evaluated before the statement, without it.

Source: OPA `v1/ast/compile.go`: `rewriteDeclaredVarsInBody`, `rewriteExprTerms`,
`rewriteWithModifiers`.
"""

from __future__ import annotations

from probanda.rego import ast
from probanda.rego.resolve.declared import body_variables, declared_names
from probanda.rego.resolve.scope import How, Scope
from probanda.rego.resolve.terms import Terms
from probanda.rego.resolve.text import kind_name
from probanda.rego.resolve.walk import (
    CLOSURES,
    DYNAMIC,
    Expression,
    change,
    closure_variables,
    contains,
    own_variables,
)
from probanda.rego.resolve.withs import Target, resolve_target, resolve_value

_PRINT = (("print",), ("internal", "print"))


class Literals(Terms):
    """Resolves bodies."""

    def body(self, body: ast.Body) -> list[ast.Literal]:
        """Resolve the literals of the body whose scope is on top."""
        result: list[ast.Literal] = []
        for literal in body:
            self._literal(literal, result)
        return result

    def _literal(self, literal: ast.Literal, into: list[ast.Literal]) -> None:
        expression = literal.expression
        match expression:
            case ast.SomeDecl():
                for var in expression.variables:
                    self._declare(var, "declared")
                    self.scopes.top.required.add(var.name)
                return
            case ast.SomeIn():
                before: list[ast.Literal] = []
                resolved: Expression = self._some_in(expression, before)
                withs = self._withs(literal.withs, into)
                into += [_with(item, withs) for item in before]
            case ast.Every():
                withs = self._withs(literal.withs, into)
                resolved = self._every(expression)
            case ast.Call(operator, arguments) if operator in _PRINT:
                for argument in arguments:
                    self.term(argument)
                return
            case ast.Call(("assign",), (target, value)):
                resolved = self._assign(expression, target, value, negated=literal.negated)
                withs = self._withs(literal.withs, into)
                if not literal.negated:
                    resolved = self._targets(resolved, target, expression)
            case ast.Call():
                resolved = self.call(expression, statement=True)
                withs = self._withs(literal.withs, into)
            case _:
                resolved = self.term(expression)
                withs = self._withs(literal.withs, into)
        if literal.negated:
            resolved = self._before_negation(resolved, withs, into)
        if isinstance(resolved, ast.Call):
            resolved = self._output(resolved)
        into.append(ast.Literal(resolved, literal.negated, withs, span=literal.span))

    # --- declarations ------------------------------------------------------------------

    def _declare(self, var: ast.Var, how: How) -> ast.Var:
        if var.name in {"data", "input"} and self.scopes.globals.version:
            message = f"variables must not shadow {var.name} (use a different variable name)"
            self.error(message, var.span)
        local, problem = self.scopes.declare(var.name, how, var.span)
        if problem:
            self.error(problem, var.span)
        return ast.Var(local, span=var.span)

    def _assign(
        self, call: ast.Call, target: ast.Term, value: ast.Term, *, negated: bool
    ) -> ast.Term:
        """The value of an assignment; of a negated one, an error."""
        if negated:
            self.error("cannot assign vars inside negated expression", call.span)
            return ast.Null(span=target.span)
        return self.term(value)

    def _targets(self, value: ast.Term, target: ast.Term, call: ast.Call) -> ast.Call:
        return ast.Call(("eq",), (self._target(target), value), infix=True, span=call.span)

    def _target(self, term: ast.Term) -> ast.Term:
        match term:
            case ast.Var():
                return self._declare(term, "assigned")
            case ast.Ref(ast.Var(("input" | "data") as name), ()):
                return self._declare(ast.Var(name, span=term.span), "assigned")
            case ast.Array():
                items = tuple([self._target(item) for item in term.items])
                return ast.Array(items, span=term.span)
            case ast.Object():
                pairs = [(self.term(key), self._target(value)) for key, value in term.pairs]
                return ast.Object(tuple(pairs), span=term.span)
            case _:
                self.error(f"cannot assign to {kind_name(term)}", term.span)
                return term

    def _some_in(self, some: ast.SomeIn, before: list[ast.Literal]) -> ast.Call:
        """`value = collection[key]`, with the names of key and value declared.

        Names that the collection has too are not declared anew (as in OPA).
        """
        outside: set[str] = set(own_variables(some.collection))
        closure_variables(some.collection, outside)
        collection = self.term(some.collection)
        names = own_variables(some.value)
        if some.key is not None:
            own_variables(some.key, names)
        for var in names.values():
            known = var.name in outside or self.scopes.global_path(var.name)
            if not known and not var.is_wildcard:
                self._declare(var, "declared")
        if some.key is None:
            key: ast.Term = self.scopes.locals.temporary(some.value.span)
        else:
            key = self.term(some.key)
        value = self.term(some.value)
        if not isinstance(collection, ast.Var | ast.Ref):
            collection = self.hoist(collection, (), before)
        if isinstance(collection, ast.Ref):
            entry = ast.Ref(collection.head, (*collection.path, key), span=some.collection.span)
        else:
            entry = ast.Ref(collection, (key,), span=some.collection.span)
        return ast.Call(("eq",), (value, entry), infix=True, span=some.span)

    def _every(self, every: ast.Every) -> ast.Every:
        domain = self.term(every.domain)
        self.scopes.push(Scope(hidden=frozenset(self._hidden_by(every))))
        key = None if every.key is None else self._declare(every.key, "declared")
        value = self._declare(every.value, "declared")
        for var in (every.key, every.value):
            if var is not None:
                self.scopes.top.required.add(var.name)
        self.scopes.bind(body_variables(every.body))
        body = self.body(every.body)
        self.leave()
        return ast.Every(key, value, domain, tuple(body), span=every.span)

    def _hidden_by(self, every: ast.Every) -> set[str]:
        names = declared_names(every.body)
        names.add(every.value.name)
        if every.key is not None:
            names.add(every.key.name)
        return names

    # --- modifiers ---------------------------------------------------------------------

    def _withs(self, withs: tuple[ast.With, ...], into: list[ast.Literal]) -> tuple[ast.With, ...]:
        """Resolve modifiers; their values are evaluated before the literal, without them."""
        return tuple([self._modifier(item, into) for item in withs])

    def _modifier(self, item: ast.With, into: list[ast.Literal]) -> ast.With:
        target: Target = resolve_target(item, self.context, self.scopes)
        value: ast.Term | None = resolve_value(item, target, self.context, self.scopes)
        if value is None:
            resolved = self.term(item.value)
            value = self.hoist(resolved, (), into) if contains(resolved, DYNAMIC) else resolved
        return ast.With(target.ref, value, span=item.span)

    def _before_negation(
        self, expression: Expression, withs: tuple[ast.With, ...], into: list[ast.Literal]
    ) -> Expression:
        """Take nested calls out of a negated statement."""

        def take(term: ast.Term) -> ast.Term:
            if isinstance(term, CLOSURES):
                return term
            if isinstance(term, ast.Call):
                return self.hoist(term, withs, into)
            return change(term, take)

        match expression:
            case ast.Every() | ast.SomeDecl() | ast.SomeIn():  # the parser refuses them
                return expression
            case _:
                return change(expression, take)

    def _output(self, call: ast.Call) -> ast.Call:
        """`f(a, out)` as `out = f(a)`."""
        arity = self.context.arity(call.operator)
        if call.operator == ("eq",) or arity is None or len(call.arguments) != arity + 1:
            return call
        inner = ast.Call(call.operator, call.arguments[:-1], span=call.span)
        return ast.Call(("eq",), (call.arguments[-1], inner), infix=True, span=call.span)


def _with(literal: ast.Literal, withs: tuple[ast.With, ...]) -> ast.Literal:
    return ast.Literal(literal.expression, literal.negated, withs, span=literal.span)
