"""Ways through terms: which variables they have, and how to change their parts.

Rules:

- A closure is a comprehension, a template string, or the body of `every`: its variables may be
  its own. `own_variables` stops at closures, `closure_variables` sees only what is in them.
- `data`, `input` and `builtin` as the head of a reference are roots, not variables.
- Names of operators are no terms.
- Nothing here recurses through generators: that would use the C stack.

Example:
    own_variables(parse_term("[x, input.xs[i], [y | y = 1]]"))   # ["x", "i"]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final, TypeAlias

from probanda.rego import ast

ROOTS: Final = frozenset({"data", "input", "builtin"})

Comprehension: TypeAlias = ast.ArrayComprehension | ast.SetComprehension | ast.ObjectComprehension
COMPREHENSIONS: Final = (
    ast.ArrayComprehension,
    ast.SetComprehension,
    ast.ObjectComprehension,
)
CLOSURES: Final = (*COMPREHENSIONS, ast.TemplateString)
SCALARS: Final = (ast.Null, ast.Boolean, ast.Number, ast.String)
# What must be evaluated; everything else is a constant or a pattern of variables.
DYNAMIC: Final = (ast.Ref, ast.Call, *CLOSURES)

Expression: TypeAlias = ast.Term | ast.SomeDecl | ast.SomeIn | ast.Every


def is_root(term: ast.Term) -> bool:
    """Whether a resolved reference's head is `data`, `input` or `builtin`."""
    return isinstance(term, ast.Var) and term.name in ROOTS


def _reference_parts(ref: ast.Ref) -> tuple[ast.Term, ...]:
    return ref.path if is_root(ref.head) else (ref.head, *ref.path)


def _object_parts(term: ast.Object) -> tuple[ast.Term, ...]:
    flat: list[ast.Term] = []
    for key, value in term.pairs:
        flat += (key, value)
    return tuple(flat)


# Asked for every term many times over; what is not here has no parts.
_PARTS: Final[Mapping[type, Callable[[Any], tuple[ast.Term, ...]]]] = {
    ast.Array: attrgetter("items"),
    ast.Call: attrgetter("arguments"),
    ast.Object: _object_parts,
    ast.Ref: _reference_parts,
    ast.Set: attrgetter("items"),
}


def parts(term: ast.Term) -> tuple[ast.Term, ...]:
    """The terms directly within a term, closures left closed."""
    find = _PARTS.get(type(term))
    return () if find is None else find(term)


def change(term: ast.Term, function: Callable[[ast.Term], ast.Term]) -> ast.Term:  # noqa: PLR0911  # one per kind of term
    """The term with `function` applied to each of its `parts`; the same object if none changed."""
    old = parts(term)
    if not old:
        return term
    new = [function(part) for part in old]
    if all(map(_same, old, new)):
        return term
    match term:
        case ast.Ref():
            if is_root(term.head):
                return ast.Ref(term.head, tuple(new), span=term.span)
            return ast.Ref(new[0], tuple(new[1:]), span=term.span)
        case ast.Array():
            return ast.Array(tuple(new), span=term.span)
        case ast.Set():
            return ast.Set(tuple(new), span=term.span)
        case ast.Object():
            pairs = tuple(zip(new[::2], new[1::2], strict=True))
            return ast.Object(pairs, span=term.span)
        case ast.Call():
            return ast.Call(term.operator, tuple(new), term.infix, span=term.span)
        case _:
            return term


def _same(left: object, right: object) -> bool:
    return left is right


def roots_of(literal: ast.Literal) -> list[ast.Term]:
    """The terms of a literal outside closures; of `every`, its domain."""
    expression = literal.expression
    terms: list[ast.Term] = []
    match expression:
        case ast.Every():
            terms.append(expression.domain)
        case ast.SomeIn():
            terms += [] if expression.key is None else [expression.key]
            terms += [expression.value, expression.collection]
        case ast.SomeDecl():
            terms += expression.variables
        case _:
            terms.append(expression)
    for item in literal.withs:
        terms += [item.target, item.value]
    return terms


def template_terms(template: ast.TemplateString) -> list[ast.Term]:
    """The terms of a template string; of a part with modifiers, theirs too."""
    found: list[ast.Term] = []
    for part in template.parts:
        if isinstance(part, ast.Literal):
            found += roots_of(part)
        elif not isinstance(part, str):
            found.append(part)
    return found


def own_variables(term: ast.Term, into: dict[str, ast.Var] | None = None) -> dict[str, ast.Var]:
    """Variables outside closures, in order, each with its first occurrence."""
    found = {} if into is None else into
    waiting = [term]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.Var):
            if part.name not in ROOTS:
                found.setdefault(part.name, part)
        elif find := _PARTS.get(type(part)):
            waiting += find(part)[::-1]
    return found


def closure_variables(term: ast.Term, into: set[str]) -> None:
    """Add every variable within the closures of a term."""
    if isinstance(term, CLOSURES):
        _all_variables(term, into)
        return
    for part in parts(term):
        closure_variables(part, into)


def literal_closure_variables(literal: ast.Literal, into: set[str]) -> None:
    """Add every variable within the closures of a literal."""
    for term in roots_of(literal):
        closure_variables(term, into)
    if isinstance(literal.expression, ast.Every):
        _body_variables(literal.expression.body, into)


def _all_variables(term: ast.Term, into: set[str]) -> None:
    match term:
        case ast.Var():
            into.add(term.name)
        case ast.TemplateString():
            for part in template_terms(term):
                _all_variables(part, into)
        case ast.ObjectComprehension():
            _all_variables(term.key, into)
            _all_variables(term.value, into)
            _body_variables(term.body, into)
        case ast.ArrayComprehension() | ast.SetComprehension():
            _all_variables(term.term, into)
            _body_variables(term.body, into)
        case _:
            for part in parts(term):
                _all_variables(part, into)


def _body_variables(body: ast.Body, into: set[str]) -> None:
    for literal in body:
        for term in roots_of(literal):
            _all_variables(term, into)
        if isinstance(literal.expression, ast.Every):
            _body_variables(literal.expression.body, into)


def contains(term: ast.Term, kinds: tuple[type, ...]) -> bool:
    """Whether a term is or has a part of one of these kinds; closures are not looked into."""
    waiting = [term]
    while waiting:
        part = waiting.pop()
        if isinstance(part, kinds):
            return True
        if find := _PARTS.get(type(part)):
            waiting += find(part)
    return False


def contains_closure(literal: ast.Literal) -> bool:
    """Whether a literal has a closure."""
    if isinstance(literal.expression, ast.Every):
        return True
    for term in roots_of(literal):  # noqa: SIM110  # as above
        if contains(term, CLOSURES):
            return True
    return False


def change_literal(literal: ast.Literal, function: Callable[[ast.Term], ast.Term]) -> ast.Literal:
    """The literal with `function` applied to its terms; the body of `every` stays."""
    expression = literal.expression
    match expression:
        case ast.Every():
            domain = function(expression.domain)
            changed: Expression = ast.Every(
                expression.key, expression.value, domain, expression.body, span=expression.span
            )
        case ast.SomeDecl() | ast.SomeIn():
            changed = expression
        case _:
            changed = function(expression)
    withs = tuple(
        [ast.With(item.target, function(item.value), span=item.span) for item in literal.withs]
    )
    return ast.Literal(changed, literal.negated, withs, span=literal.span)
