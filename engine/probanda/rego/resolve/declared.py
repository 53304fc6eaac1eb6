"""Which names a body declares, and which it uses outside closures; before names are resolved.

Example:
    declared_names(parse_query("x := f(y); some z"))   # {"x", "z"}
"""

from __future__ import annotations

from collections.abc import Iterable

from probanda.rego import ast
from probanda.rego.resolve.walk import own_variables


def declared_names(body: ast.Body) -> set[str]:
    """The names that `:=` and `some` declare in a body, nested bodies left out."""
    found: dict[str, ast.Var] = {}
    for literal in body:
        match literal.expression:
            case ast.SomeDecl(variables):
                found.update({var.name: var for var in variables})
            case ast.SomeIn() as some:
                _some_variables(some, found)
            case ast.Call(("assign",), (target, _)):
                own_variables(target, found)
    return set(found)


def _some_variables(some: ast.SomeIn, found: dict[str, ast.Var]) -> None:
    if some.key is not None:
        own_variables(some.key, found)
    own_variables(some.value, found)


def body_variables(body: ast.Body, more: Iterable[ast.Term] = ()) -> list[str]:
    """Variables that occur in a body outside closures, and in the terms `more`, in order."""
    found: dict[str, ast.Var] = {}
    for literal in body:
        match literal.expression:
            case ast.SomeDecl():
                pass
            case ast.SomeIn() as some:
                _some_variables(some, found)
                own_variables(some.collection, found)
            case ast.Every() as every:
                own_variables(every.domain, found)
            case expression:
                own_variables(expression, found)
        for item in literal.withs:
            own_variables(item.value, found)
    for term in more:
        own_variables(term, found)
    return list(found)
