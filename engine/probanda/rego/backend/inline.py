"""Built-ins written in place where their operands have the simple types.

Rules:

- A rule of `CONDITIONS` gives a boolean's text and its opposite, exact for all operands. A
  rule of `VALUES` gives a guard and a value: where the guard fails, the built-in is called.
- Only names that OPA fixes the meaning of; a replaced built-in (`with`) has another name in
  the plan already.

Example:
    condition(emitter, "internal.member_2", arguments)
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from probanda.rego import ir
from probanda.rego.backend.emitter import ABSENT, Emitter, Known
from probanda.rego.values import RegoSet, equal

Pair = tuple[str, str]
# Beyond it, floats are no longer exact, and Python's `==` is not Rego's.
_EXACT: Final = 1 << 53
_NUMBERS: Final = {"int", "decimal"}


def equality(emitter: Emitter, left: ir.Operand, right: ir.Operand) -> Pair:
    """`left == right` and its opposite; operands are defined."""
    if right.local >= 0 and (left.local < 0 or _literal(emitter, left)):
        left, right = right, left
    a, b = emitter.text(left), emitter.text(right)
    one, two = emitter.of(left), emitter.of(right)
    if one.value is not ABSENT and two.value is not ABSENT:
        return ("True", "False") if equal(one.value, two.value) else ("False", "True")
    kinds = {one.kind, two.kind}
    if len(kinds) == 2 and "" not in kinds and not kinds <= _NUMBERS:
        return "False", "True"
    if "bool" in kinds or "None" in {a, b}:
        return f"{a} is {b}", f"{a} is not {b}"
    apart = two.kind == "int" and _literal(emitter, right) and 1 < abs(int(b)) < _EXACT
    if apart or "str" in kinds or one.kind == two.kind == "int":
        return f"{a} == {b}", f"{a} != {b}"
    simple = f"type({a}) is str" if two.kind != "int" else f"type({a}) is int"
    return (
        f"({a} == {b} if {simple} else Q({a}, {b}))",
        f"({a} != {b} if {simple} else not Q({a}, {b}))",
    )


def _literal(emitter: Emitter, operand: ir.Operand) -> bool:
    text = emitter.of(operand).text if operand.local >= 0 else "x"
    return text[:1] in {"'", '"', "-", *"0123456789"} or operand.local < 0


def _equal(emitter: Emitter, arguments: tuple[ir.Operand, ...], _: list[Any]) -> Pair:
    return equality(emitter, arguments[0], arguments[1])


def _unequal(emitter: Emitter, arguments: tuple[ir.Operand, ...], _: list[Any]) -> Pair:
    positive, negative = equality(emitter, arguments[0], arguments[1])
    return negative, positive


def _order(operator: str, opposite: str) -> Callable[..., Pair]:
    def compare(emitter: Emitter, arguments: tuple[ir.Operand, ...], _: list[Any]) -> Pair:
        a, b = (emitter.text(each) for each in arguments)
        kinds = [emitter.of(each).kind for each in arguments]
        for kind in ("int", "str"):
            if kinds == [kind, kind]:
                return f"{a} {operator} {b}", f"{a} {opposite} {b}"
            if kind in kinds:
                other = b if kinds[0] == kind else a
                guard = f"type({other}) is {kind}"
                break
        else:
            guard = f"type({a}) is int and type({b}) is int"
        return (
            f"({a} {operator} {b} if {guard} else P({a}, {b}) {operator} 0)",
            f"({a} {opposite} {b} if {guard} else P({a}, {b}) {opposite} 0)",
        )

    return compare


def _member(emitter: Emitter, arguments: tuple[ir.Operand, ...], values: list[Any]) -> Pair:
    item, collection = (emitter.text(each) for each in arguments)
    known = emitter.of(arguments[0]).kind == "str"
    constant = values[1]
    parts = list(constant) if isinstance(constant, list | RegoSet) else None
    if parts and all(type(each) is str for each in parts):
        name = emitter.constants.name(frozenset(parts))
        if known:
            return f"{item} in {name}", f"{item} not in {name}"
        return (
            f"(type({item}) is str and {item} in {name})",
            f"(type({item}) is not str or {item} not in {name})",
        )
    guard = f"type({collection}) is list"
    if not known:
        guard = f"type({item}) is str and {guard}"
    return (
        f"({item} in {collection} if {guard} else M({item}, {collection}))",
        f"({item} not in {collection} if {guard} else not M({item}, {collection}))",
    )


CONDITIONS: Final[dict[str, Callable[..., Pair]]] = {
    "equal": _equal,
    "gt": _order(">", "<="),
    "gte": _order(">=", "<"),
    "internal.member_2": _member,
    "lt": _order("<", ">="),
    "lte": _order("<=", ">"),
    "neq": _unequal,
}


def _guards(emitter: Emitter, arguments: tuple[ir.Operand, ...], kind: str) -> str:
    """Whether all arguments are of a kind; empty when that is known."""
    return " and ".join(
        f"type({emitter.text(each)}) is {kind}"
        for each in arguments
        if emitter.of(each).kind != kind
    )


def _count(emitter: Emitter, arguments: tuple[ir.Operand, ...]) -> tuple[str, str, str]:
    text, kind = emitter.text(arguments[0]), emitter.of(arguments[0]).kind
    guard = "" if kind in {"list", "dict", "set", "str"} else f"type({text}) is list"
    return guard, f"len({text})", "int"


def _infix(operator: str) -> Callable[..., tuple[str, str, str]]:
    def write(emitter: Emitter, arguments: tuple[ir.Operand, ...]) -> tuple[str, str, str]:
        a, b = (emitter.text(each) for each in arguments)
        guard = _guards(emitter, arguments, "int")
        return guard, f"{a} {operator} {b}", "" if guard else "int"

    return write


def _text(pattern: str) -> Callable[..., tuple[str, str, str]]:
    def write(emitter: Emitter, arguments: tuple[ir.Operand, ...]) -> tuple[str, str, str]:
        a, b = (emitter.text(each) for each in arguments)
        return _guards(emitter, arguments, "str"), pattern.format(a=a, b=b), "bool"

    return write


VALUES: Final[dict[str, Callable[..., tuple[str, str, str]]]] = {
    "contains": _text("{b} in {a}"),
    "count": _count,
    "endswith": _text("{a}.endswith({b})"),
    "minus": _infix("-"),
    "plus": _infix("+"),
    "startswith": _text("{a}.startswith({b})"),
}


_WANTED: Final = {"count": {"list", "dict", "set", "str"}, "minus": {"int"}, "plus": {"int"}}


def fits(emitter: Emitter, name: str, arguments: tuple[ir.Operand, ...]) -> bool:
    """Whether a built-in has a rule in `VALUES`, and no operand is known to defy it."""
    wanted = _WANTED.get(name, {"str"}) | {""}
    return name in VALUES and all(emitter.of(each).kind in wanted for each in arguments)


def number(emitter: Emitter, value: int | Decimal) -> tuple[str, Known]:
    """The text of a number, and what is known of a local that holds it."""
    text = emitter.constants.text(value)
    kind = "int" if type(value) is int else "decimal"
    return text, Known(kind, text, defined=True, value=value)
