"""Every reference to `data` in a resolved rule, closures, calls and modifiers included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from probanda.rego import ast
from probanda.rego.resolve.program import ResolvedRule
from probanda.rego.resolve.walk import SCALARS, parts, roots_of, template_terms

_PLAIN: Final = (*SCALARS, ast.Var)


def data_references(rule: ResolvedRule) -> list[Sequence[ast.Term]]:
    """The parts behind `data` of each reference and call, `else` branches included."""
    found: list[Sequence[ast.Term]] = []
    branch: ResolvedRule | None = rule
    while branch is not None:
        for term in (*branch.arguments, *branch.keys, branch.value):
            _term(term, found)
        if branch.key is not None:
            _term(branch.key, found)
        _body(branch.body, found)
        branch = branch.otherwise
    return found


def _body(body: ast.Body, found: list[Sequence[ast.Term]]) -> None:
    for literal in body:
        for term in roots_of(literal):
            _term(term, found)
        if isinstance(literal.expression, ast.Every):
            _body(literal.expression.body, found)


def _term(term: ast.Term, found: list[Sequence[ast.Term]]) -> None:
    if isinstance(term, _PLAIN):
        return
    match term:
        case ast.Ref(ast.Var("data")):
            found.append(term.path)
        case ast.Call(("data", *names)):
            found.append([ast.String(str(name)) for name in names])
        case ast.ArrayComprehension() | ast.SetComprehension():
            _term(term.term, found)
            _body(term.body, found)
        case ast.ObjectComprehension():
            _term(term.key, found)
            _term(term.value, found)
            _body(term.body, found)
        case ast.TemplateString():
            for part in template_terms(term):
                _term(part, found)
    for part in parts(term):
        _term(part, found)
