"""Ways through syntax trees that need to know no kind of node.

Rules:

- A node's parts are its fields, in their order; `span` and annotations are none.
- A place is the way to a part: fields and positions. Replacing shares everything that is not on
  the way.
- Trees may be 500 deep: callers give them `room`.

Example:
    replaced(module, ("rules", 0, "body", 1), [])       # without the second literal
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from typing import Any, Final, TypeAlias, TypeVar

from probanda.rego import ast

# More frames than a tree of the parser's greatest depth needs.
FRAMES: Final = 20_000
Place: TypeAlias = tuple[str | int, ...]
_N = TypeVar("_N", bound=ast.Node)
_LEFT_OUT: Final = frozenset({"span", "annotations"})


_known: dict[type, tuple[str, ...]] = {}


def _names(kind: type[ast.Node]) -> tuple[str, ...]:
    if kind not in _known:
        _known[kind] = tuple(each.name for each in fields(kind) if each.name not in _LEFT_OUT)
    return _known[kind]


def parts(node: ast.Node) -> Iterator[tuple[Place, ast.Node]]:
    """Every node below `node`, with its place, outer ones first, in the order of the source."""
    waiting: list[tuple[Place, Any]] = [((), node)]
    while waiting:
        place, item = waiting.pop()
        below: list[tuple[Place, Any]] = []
        if isinstance(item, tuple):
            below = [((*place, number), each) for number, each in enumerate(item)]
        elif isinstance(item, ast.Node):
            if place:
                yield place, item
            below = [((*place, name), getattr(item, name)) for name in _names(type(item))]
        waiting += reversed([each for each in below if isinstance(each[1], tuple | ast.Node)])


def replaced(node: Any, place: Place, new: Sequence[ast.Node]) -> Any:
    """The tree with what stands at `place` replaced; by none or several only within a tuple."""
    first, *rest = place
    if isinstance(first, int):
        here = new if not rest else [replaced(node[first], tuple(rest), new)]
        return (*node[:first], *here, *node[first + 1 :])
    inner = getattr(node, first)
    value = replaced(inner, tuple(rest), new) if rest else (new[0] if new else None)
    return replace(node, **{first: value})


def rewritten(node: _N, function: Callable[[ast.Literal], Iterable[ast.Literal]]) -> _N:
    """The tree with each literal of each body, inner ones first, replaced."""
    changes: dict[str, Any] = {}
    for name in _names(type(node)):
        value = getattr(node, name)
        new = _rewritten(value, function, body=name == "body")
        if new is not value:
            changes[name] = new
    return replace(node, **changes) if changes else node


def rewritten_body(
    body: ast.Body, function: Callable[[ast.Literal], Iterable[ast.Literal]]
) -> ast.Body:
    """A body, as above."""
    return tuple(new for each in body for new in function(rewritten(each, function)))


def _rewritten(
    value: Any, function: Callable[[ast.Literal], Iterable[ast.Literal]], *, body: bool
) -> Any:
    if isinstance(value, ast.Node):
        return rewritten(value, function)
    if not isinstance(value, tuple):
        return value
    if body:
        return rewritten_body(value, function)
    new = tuple(_rewritten(item, function, body=False) for item in value)
    return value if all(a is b for a, b in zip(value, new, strict=True)) else new
