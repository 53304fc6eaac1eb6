"""Disagreements whose cause is known: which engine is wrong about what, and who says so.

Rules:

- An entry is about one engine and one construct. It applies to a policy in which the construct
  stands; a disagreement about any other policy is news.
- It explains, it does not hide: what it explains is reported with its reason and fails nothing.
- Where OPA and we differ, one of us has a fault to mend. Its one entry, `INDEXED`, is no fault:
  it is confirmed by OPA itself, asked again without its index.
- `tests/rego/opinions/test_known.py` holds an example of each entry and that its engine is still
  wrong about it; when one is mended, its entry goes.

Example:

    explanation("regopy", modules)  # None, or the first entry that applies
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Final

from probanda.errors import PolicyError
from probanda.rego import ast
from probanda.rego.opinions.interface import Answer, Kind
from probanda.rego.parser import parse_module
from probanda.rego.resolve.walk import COMPREHENSIONS

_ARITHMETIC: Final = {("plus",), ("minus",), ("mul",), ("div",), ("sum",), ("product",)}
_NOT_SCALAR: Final = (ast.Array, ast.Object, ast.Set, ast.Boolean, ast.Null, *COMPREHENSIONS)

Construct = Callable[[ast.Node], bool]
Fits = Callable[[Answer, Answer], bool]

# How `interface` writes a decimal.
_DECIMAL: Final = re.compile(r'\{"decimal":"([^"]*)"\}')
_NOT: Final = "OPA evaluates the arguments of a negated call before the negation: its issue 1877"
_ORDER: Final = "the order of types: https://www.openpolicyagent.org/docs/policy-reference"
_OURS: Final = "tests/rego/opinions/test_known.py"


def _any_answers(_ours: Answer, _theirs: Answer) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Known:
    """One known cause.

    Attributes:
        name: kebab-case, for reports and tests.
        engine: whose answer differs.
        reason: what it does, in one clause.
        source: where that is written down.
        construct: whether a node of a policy's syntax tree is the construct.
        fits: whether it could make these two answers of one.
    """

    name: str
    engine: str
    reason: str
    source: str
    construct: Construct = field(compare=False)
    fits: Fits = field(default=_any_answers, compare=False)


def explanation(
    engine: str, modules: Mapping[str, str], ours: Answer, theirs: Answer
) -> Known | None:
    """The first entry about this engine that fits the answers and stands in the modules."""
    entries = [each for each in KNOWN if each.engine == engine and each.fits(ours, theirs)]
    try:
        trees = [parse_module(text, path=path) for path, text in modules.items()]
    except PolicyError:
        return None
    for tree in trees:
        for node in _nodes(tree):
            for known in entries:
                if known.construct(node):
                    return known
    return None


def _nodes(tree: ast.Node) -> Iterator[ast.Node]:
    """Every node of a syntax tree."""
    pending: list[object] = [tree]
    while pending:
        value = pending.pop()
        if isinstance(value, tuple):
            pending.extend(value)
        elif isinstance(value, ast.Node):
            yield value
            pending.extend(
                getattr(value, each.name) for each in fields(value) if each.name != "span"
            )


def _negates_evaluation(node: ast.Node) -> bool:
    """A negated call, or a reference with a reference in it: something is evaluated before."""
    if not (isinstance(node, ast.Literal) and node.negated):
        return False
    match node.expression:
        case ast.Call(operator=("eq" | "equal",), arguments=sides):
            return any(isinstance(inner, ast.Call | ast.Ref) for inner in _within(sides))
        case ast.Call():
            return True
        case ast.Ref(path=path):
            return any(isinstance(part, ast.Ref | ast.Call) for part in path)
        case ast.Array() | ast.Object() | ast.Set() as composite:
            return any(isinstance(inner, ast.Ref | ast.Call) for inner in _nodes(composite))
    return False


def _within(sides: tuple[ast.Term, ...]) -> Iterator[ast.Node]:
    """What stands within the sides of an equality, without the sides themselves."""
    for side in sides:
        yield from (node for node in _nodes(side) if node is not side)


def _is_partial_with_long_head(node: ast.Node) -> bool:
    """`p[k] contains v`, `p.a[k] := v`: an object below an object."""
    if not isinstance(node, ast.Head):
        return False
    return len(node.ref) > (1 if node.key is not None else 2)


def _orders_types(node: ast.Node) -> bool:
    """`<` and its kin with what is plainly no number and no string."""
    orders = {("lt",), ("lte",), ("gt",), ("gte",)}
    return (
        isinstance(node, ast.Call)
        and node.operator in orders
        and any(isinstance(side, _NOT_SCALAR) for side in node.arguments)
    )


def _computes_decimals(node: ast.Node) -> bool:
    return isinstance(node, ast.Call) and node.operator in _ARITHMETIC


def _differ_in_decimals(ours: Answer, theirs: Answer) -> bool:
    """Whether both are values that are equal but for the last digits of decimals."""
    if ours.kind is not Kind.VALUE or theirs.kind is not Kind.VALUE:
        return False
    return _rounded(ours.text) == _rounded(theirs.text)


def _rounded(text: str) -> str:
    return _DECIMAL.sub(lambda match: f"{float(match[1]):.12g}", text)


def _is_membership_of_key(node: ast.Node) -> bool:
    return isinstance(node, ast.Call) and node.operator == ("internal", "member_3")


def _any_node(_: ast.Node) -> bool:
    return True


def _one_met_an_error(ours: Answer, theirs: Answer) -> bool:
    """Whether an error of a built-in ended one evaluation and not the other."""
    codes = [each.text for each in (ours, theirs) if each.kind is Kind.ERROR]
    return len(codes) == 1 and codes[0] in {"eval_builtin_error", "eval_type_error"}


def _never(_: ast.Node) -> bool:
    return False


INDEXED: Final = Known(
    "indexed",
    "opa",
    "its rule index skips a rule in which another expression is undefined before the error is"
    " met; without the index it answers as we do",
    "docs/rego.md, What surprises",
    _never,
)

# More specific ones first.
KNOWN: Final[tuple[Known, ...]] = (
    Known(
        "negated-arguments",
        "regopy",
        "takes `not f(input.x)` for true where `input.x` is undefined",
        _NOT,
        _negates_evaluation,
    ),
    Known(
        "negated-arguments",
        "regorus",
        "takes `not f(input.x)` for true where `input.x` is undefined",
        _NOT,
        _negates_evaluation,
    ),
    Known(
        "partial-object-of-objects",
        "regorus",
        "has no value for `p[k] contains v` without members, where OPA has `{}`",
        _OURS,
        _is_partial_with_long_head,
    ),
    Known(
        "membership-of-key",
        "regopy",
        "lets an undefined key of `k, v in xs` end what is around it",
        _OURS,
        _is_membership_of_key,
    ),
    Known(
        "membership-of-key",
        "regorus",
        "takes `k, v in xs` for true where `v` is undefined",
        _OURS,
        _is_membership_of_key,
    ),
    Known("order-of-types", "regopy", "orders objects after sets", _ORDER, _orders_types),
    Known("order-of-types", "regorus", "orders objects after sets", _ORDER, _orders_types),
    Known(
        "decimals",
        "regorus",
        "computes with binary fractions: 0.1 + 0.2 is not 0.3",
        "OPA rounds decimals: docs/rego.md, What surprises",
        _computes_decimals,
        _differ_in_decimals,
    ),
    *(
        Known(
            "order-of-evaluation",
            engine,
            "evaluates in another order, so that an error of a built-in is met, or is not; where"
            " errors are undefined, as in OPA by default, this does not show",
            "https://www.openpolicyagent.org/docs/policy-language: the order is not defined",
            _any_node,
            _one_met_an_error,
        )
        for engine in ("regopy", "regorus")
    ),
)
