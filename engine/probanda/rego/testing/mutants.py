"""Mutants: the same policy, wrong in one place.

Rules:

- A mutant differs from its module in one node of the syntax tree. It need not compile; whoever
  runs it leaves out those that do not, and counts them.
- Its id is made of what it changes and how, not of a line's number: it survives line moves. Equal
  changes of one rule are numbered.
- What is not a judgement is left alone: names, texts, messages, METADATA.
- Order: by file, by place, by operator. Nothing is random.

| operator | changes |
|---|---|
| `drop` | an expression of a body is taken to be true |
| `flip` | `==` ↔ `!=`, `<` ↔ `>=`, `<=` ↔ `>`, `|` ↔ `&`, `+` ↔ `-` |
| `boundary` | `<` ↔ `<=`, `>` ↔ `>=`; a whole number one up, one down |
| `negate` | `e` ↔ `not e` |
| `constant` | `true` ↔ `false` |
| `remove` | a rule, a default, an `else` branch |
| `weaken` | `every … { e }` becomes `some …` and `e` |

Example:
    [(mutant.operator, mutant.after) for mutant in mutants(module)]
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from probanda.model.location import Location
from probanda.rego import ast
from probanda.rego.recursion import room
from probanda.rego.testing.trees import FRAMES, Place, parts, replaced
from probanda.rego.unparse import unparse

_FLIPS: Final = {
    "equal": "neq", "neq": "equal", "lt": "gte", "gte": "lt", "lte": "gt", "gt": "lte",
    "or": "and", "and": "or", "plus": "minus", "minus": "plus",
}  # fmt: skip
_BOUNDS: Final = {"lt": "lte", "lte": "lt", "gt": "gte", "gte": "gt"}
_COMPARISONS: Final = frozenset({"equal", "neq", "lt", "lte", "gt", "gte"})
_ASSIGNMENTS: Final = frozenset({"assign", "eq", "print"})
_MAX_LINE: Final = 140


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change.

    Attributes:
        id: what names it in a list of equivalents.
        operator: see the module's table.
        location: of what is changed.
        rule: name of the rule that it is in.
        before, after: the text of what is changed, on one line, cut where it is long.
        place: in the module.
        new: what stands there instead; nothing for what is removed.
    """

    id: str
    operator: str
    location: Location
    rule: str
    before: str
    after: str
    place: Place
    new: tuple[ast.Node, ...]

    def apply(self, module: ast.Module) -> ast.Module:
        """The module with the change."""
        with room(FRAMES):
            changed: ast.Module = replaced(module, self.place, self.new)
        return changed


@dataclass(frozen=True, slots=True)
class _Change:
    operator: str
    new: tuple[ast.Node, ...]


def mutants(module: ast.Module) -> list[Mutant]:
    """Every mutant of a module."""
    found: list[Mutant] = []
    seen: dict[str, int] = {}
    with room(FRAMES):
        for rule, place, node, change in _changes(module):
            before, shown = _texts(module, place, node, change)
            text = f"{change.operator}\0{rule}\0{before}\0{shown}"
            number = seen[text] = seen.get(text, -1) + 1
            digest = hashlib.sha256(f"{text}\0{number}".encode()).hexdigest()[:12]
            before, shown = _windows(before, shown)
            span = node.span
            where = Location(module.path, span.row, span.column)
            found.append(
                Mutant(digest, change.operator, where, rule, before, shown, place, change.new)
            )
    return found


def _changes(module: ast.Module) -> Iterator[tuple[str, Place, ast.Node, _Change]]:
    rule = ""
    quiet: Place = ("",)
    for place, node in parts(module):
        if isinstance(node, ast.Rule):
            rule = unparse(ast.Head(node.head.ref)) if len(place) == 2 else rule
        if place[: len(quiet)] == quiet:
            continue
        if _is_said(node):
            quiet = place
            continue
        for change in _of(node, place):
            yield rule, place, node, change


def _is_said(node: ast.Node) -> bool:
    """Whether a node only says something, so that a change of it is none of the verdict."""
    return isinstance(node, ast.Import | ast.TemplateString) or (
        isinstance(node, ast.Call) and node.operator in {("sprintf",), ("print",), ("trace",)}
    )


def _of(node: ast.Node, place: Place) -> Iterator[_Change]:
    match node:
        case ast.Rule():
            yield _Change("remove", ())
        case ast.Literal() if place[-2] == "body":
            yield from _of_literal(node)
        case ast.Call((name,), (left, right), infix=True) if name in _FLIPS:
            flipped = replace(node, operator=(_FLIPS[name],), arguments=(left, right))
            yield _Change("flip", (flipped,))
            if name in _BOUNDS:
                yield _Change("boundary", (replace(node, operator=(_BOUNDS[name],)),))
        case ast.Boolean(value):
            yield _Change("constant", (replace(node, value=not value),))
        case ast.Number(text) if text.isdigit() and place[-2] != "path":
            for number in (int(text) + 1, int(text) - 1):
                yield _Change("boundary", (replace(node, text=str(number)),))


def _of_literal(literal: ast.Literal) -> Iterator[_Change]:
    expression = literal.expression
    if isinstance(expression, ast.SomeDecl):
        return
    if not (isinstance(expression, ast.Boolean) and expression.value and not literal.negated):
        nothing = ast.Literal(ast.Boolean(value=True, span=literal.span), span=literal.span)
        yield _Change("drop", (nothing,))
    match expression:
        case ast.SomeIn() | ast.Boolean():
            return
        case ast.Every(key, value, domain, body) if not literal.negated and not literal.withs:
            some = ast.SomeIn(key, value, domain, span=expression.span)
            yield _Change("weaken", (ast.Literal(some, span=literal.span), *body))
            return
        case ast.Call((name,), _, infix=True) if name in _ASSIGNMENTS | _COMPARISONS:
            # Of a comparison `flip` says the same.
            if not literal.negated:
                return
    if not isinstance(expression, ast.Every):
        yield _Change("negate", (replace(literal, negated=not literal.negated),))


def _texts(module: ast.Module, place: Place, node: ast.Node, change: _Change) -> tuple[str, str]:
    """The literal, or the head, around a change: as it is, and as it would be."""
    if isinstance(node, ast.Literal | ast.Rule):
        after = "; ".join(_line(each) for each in change.new)
        return _line(node), after or "(removed)"
    outer, where = _around(module, place)
    changed = replaced(outer, place[len(where) :], change.new)
    return _line(outer), _line(changed)


def _around(module: ast.Module, place: Place) -> tuple[ast.Node, Place]:
    """The innermost statement, else head, that a place is in."""
    node: Any = module
    best: tuple[ast.Node, Place] = (module, ())
    for depth, step in enumerate(place[:-1], 1):
        node = node[step] if isinstance(step, int) else getattr(node, step)
        if isinstance(node, ast.Literal | ast.Head):
            best = (node, place[:depth])
    return best


def _line(node: ast.Node) -> str:
    return " ".join(unparse(node).split())


def _windows(before: str, after: str) -> tuple[str, str]:
    """Both texts on a line of moderate length each, cut around where they begin to differ."""
    first = next(
        (at for at, pair in enumerate(zip(before, after, strict=False)) if len(set(pair)) > 1),
        min(len(before), len(after)),
    )
    start = max(0, first - _MAX_LINE // 2) if max(len(before), len(after)) > _MAX_LINE else 0
    return _window(before, start), _window(after, start)


def _window(text: str, start: int) -> str:
    end = start + _MAX_LINE
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def sample(found: Sequence[Mutant], limit: int, seed: int) -> list[Mutant]:
    """At most `limit` of them, in their order; the same ones for the same seed."""
    if len(found) <= limit:
        return list(found)

    def weight(mutant: Mutant) -> bytes:
        text = f"{seed} {mutant.location.path} {mutant.id}"
        return hashlib.sha256(text.encode()).digest()

    chosen = {id(each) for each in sorted(found, key=weight)[:limit]}
    return [each for each in found if id(each) in chosen]
