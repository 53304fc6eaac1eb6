"""Which variables a statement needs, and which it binds.

Rules:

- A variable as a part of a safe reference is bound by it (`input.names[i]` binds `i`); a
  reference is safe when its head is.
- `=` binds what unification can: each side's variables once the other side is known.
- A nested call comes before the statement it stands in: it needs its own variables bound.
- A negated statement, a closure and the body of `every` bind nothing outside.

Source: OPA `v1/ast/compile.go`: `outputVarsForExpr`; `v1/ast/unify.go`.

Example:
    bindings(literal, safe={"xs"})   # (needs, binds)
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from probanda.rego import ast
from probanda.rego.resolve.walk import (
    CLOSURES,
    SCALARS,
    is_root,
    own_variables,
    parts,
    roots_of,
)


def bindings(literal: ast.Literal, safe: AbstractSet[str]) -> tuple[set[str], set[str]]:
    """What a literal needs beyond `safe`, and what it binds; closures left out.

    Returns:
        Names that must be bound before, and names that are bound after. The literal can be
        evaluated next when the first set is empty.
    """
    expression = literal.expression
    if literal.negated:
        return _own(roots_of(literal)) - safe, set()
    needs: set[str] = set()
    for item in literal.withs:
        needs |= _own([item.target, item.value]) - safe
    known = set(safe)
    main = _main(literal)
    for call in nested_calls(main):
        _add_term(call.arguments, needs, known)
    _add_term(main, needs, known, expression if _is_equality(expression) else None)
    return needs, known - safe


def _main(literal: ast.Literal) -> tuple[ast.Term, ...]:
    """What the statement itself is about: its arguments, or its only term."""
    match literal.expression:
        case ast.Call(arguments=arguments):
            return arguments
        case ast.Every(domain=domain):
            return (domain,)
        case ast.SomeDecl() | ast.SomeIn():
            return ()
        case term:
            return (term,)


def _is_equality(expression: object) -> bool:
    return isinstance(expression, ast.Call) and expression.operator == ("eq",)


def _add_term(
    terms: tuple[ast.Term, ...],
    needs: set[str],
    known: set[str],
    equality: object = None,
) -> None:
    """Account for one call (or statement) without the calls nested in it."""
    wanted: set[str] = set()
    for term in terms:
        _shallow_variables(term, wanted)
    binds = _bound_by_refs(terms, known)
    after = known | binds
    if equality is not None and len(terms) == 2:
        after |= unify(terms[0], terms[1], after)
    needs |= wanted - after
    known |= after


def nested_calls(terms: Iterable[ast.Term]) -> list[ast.Call]:
    """The calls within terms, inner ones first, closures left closed."""
    found: list[ast.Call] = []

    def visit(term: ast.Term) -> None:
        for part in parts(term):
            visit(part)
        if isinstance(term, ast.Call):
            found.append(term)

    for term in terms:
        visit(term)
    return found


def _own(terms: Iterable[ast.Term]) -> set[str]:
    found: dict[str, ast.Var] = {}
    for term in terms:
        own_variables(term, found)
    return set(found)


def _shallow_variables(term: ast.Term, into: set[str]) -> None:
    """Variables outside closures and nested calls."""
    if isinstance(term, ast.Var):
        into.add(term.name)
    elif not isinstance(term, ast.Call):
        for part in parts(term):
            _shallow_variables(part, into)


def _bound_by_refs(terms: Iterable[ast.Term], safe: AbstractSet[str]) -> set[str]:
    found: set[str] = set()

    def visit(term: ast.Term) -> None:
        if isinstance(term, ast.Call):
            return
        if isinstance(term, ast.Ref):
            if not _is_safe(term, safe):
                return
            for part in term.path:
                path_variables(part, found)
        for part in parts(term):
            visit(part)

    for term in terms:
        visit(term)
    return found


def path_variables(term: ast.Term, into: set[str]) -> None:
    """Variables of a reference's part, without the heads of references within it.

    Members of sets and keys of objects are compared, not bound; OPA lets them pass here and
    never finds anything.
    """
    match term:
        case ast.Var():
            into.add(term.name)
        case ast.Ref():
            for part in term.path:
                path_variables(part, into)
        case ast.Array():
            for item in term.items:
                path_variables(item, into)
        case ast.Object():
            for _, value in term.pairs:
                path_variables(value, into)
        case _:
            pass


def _is_safe(ref: ast.Ref, safe: AbstractSet[str]) -> bool:
    if is_root(ref.head):
        return True
    if isinstance(ref.head, ast.Var):
        return ref.head.name in safe
    found: set[str] = set()
    _shallow_variables(ref.head, found)
    return found <= safe


# --- unification ------------------------------------------------------------------------


def unify(left: ast.Term, right: ast.Term, safe: AbstractSet[str]) -> set[str]:
    """The variables that `left = right` binds when those in `safe` are bound."""
    pairs: list[tuple[ast.Term, ast.Term]] = []
    _pair(left, right, pairs)
    known = set(safe)
    while True:
        rest: list[tuple[ast.Term, ast.Term]] = []
        for one, two in pairs:
            if not (_bind(one, two, known) or _bind(two, one, known)):
                rest.append((one, two))
        if len(rest) == len(pairs) or not rest:
            return known - safe
        pairs = rest


def _pair(left: ast.Term, right: ast.Term, into: list[tuple[ast.Term, ast.Term]]) -> None:
    """Take arrays and objects apart on both sides as far as they match."""
    match left, right:
        case ast.Array(), ast.Array():
            if len(left.items) == len(right.items):
                for one, two in zip(left.items, right.items, strict=True):
                    _pair(one, two, into)
        case ast.Object(), ast.Object():
            values = dict(right.pairs)
            if len(left.pairs) == len(right.pairs):
                for key, value in left.pairs:
                    if key in values:
                        _pair(value, values[key], into)
        case _:
            into.append((left, right))


def _bind(pattern: ast.Term, value: ast.Term, known: set[str]) -> bool:
    """Bind the variables of a pattern if the value is known; whether it was."""
    if not isinstance(pattern, ast.Var | ast.Array | ast.Object):
        return False
    if not _is_known(value, known):
        return False
    _pattern_variables(pattern, known)
    return True


def _is_known(term: ast.Term, known: AbstractSet[str]) -> bool:
    """Whether a side of an equality has a value by itself."""
    if isinstance(term, (*SCALARS, *CLOSURES, ast.Call)):
        return True
    if isinstance(term, ast.Ref):
        return _is_safe(term, known)
    if isinstance(term, ast.Var):
        return term.name in known
    found: set[str] = set()
    _shallow_variables(term, found)
    return found <= known


def _pattern_variables(term: ast.Term, into: set[str]) -> None:
    """Variables that a pattern binds: not in sets, keys of objects or heads of references."""
    match term:
        case ast.Var():
            into.add(term.name)
        case ast.Array():
            for item in term.items:
                _pattern_variables(item, into)
        case ast.Object():
            for _, value in term.pairs:
                _pattern_variables(value, into)
        case ast.Ref():
            for part in term.path:
                path_variables(part, into)
        case _:
            pass
