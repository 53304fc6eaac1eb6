"""Type errors that are certain: a built-in gets a kind of value that it never takes.

Rules:

- Only what is known from the text counts: literals, closures, results of built-ins, and locals
  that were made equal to one of them. Inputs, data and rules may be anything.
- `a = b` with kinds that have nothing in common never holds.
- What is negated is checked but teaches nothing.

Example:
    count(1)      # count: invalid argument(s)
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from probanda.rego import ast
from probanda.rego.resolve.context import Context, want
from probanda.rego.resolve.program import ResolvedRule
from probanda.rego.resolve.report import TYPE, Stage
from probanda.rego.resolve.walk import SCALARS, parts, roots_of, template_terms

Kinds = frozenset[str]
_ANY: Final[Kinds] = frozenset({"null", "boolean", "number", "string", "array", "object", "set"})
_PLAIN: Final = (*SCALARS, ast.Var)
_OF_NODE: Final[Mapping[type, Kinds]] = {
    ast.Null: frozenset({"null"}),
    ast.Boolean: frozenset({"boolean"}),
    ast.Number: frozenset({"number"}),
    ast.String: frozenset({"string"}),
    ast.TemplateString: frozenset({"string"}),
    ast.Array: frozenset({"array"}),
    ast.ArrayComprehension: frozenset({"array"}),
    ast.Object: frozenset({"object"}),
    ast.ObjectComprehension: frozenset({"object"}),
    ast.Set: frozenset({"set"}),
    ast.SetComprehension: frozenset({"set"}),
}


def check_types(rule: ResolvedRule, context: Context) -> None:
    """Report certain type errors in a rule and its `else` branches."""
    branch: ResolvedRule | None = rule
    while branch is not None:
        _Checker(context).body(branch.body)
        branch = branch.otherwise


def check_body(body: ast.Body, context: Context) -> None:
    """Report certain type errors in a query."""
    _Checker(context).body(body)


class _Checker:
    """Kinds of locals along one rule."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._locals: dict[str, Kinds] = {}

    def body(self, body: ast.Body) -> None:
        for literal in body:
            for term in roots_of(literal):
                self._term(term)
            match literal.expression:
                case ast.Every() as every:
                    self.body(every.body)
                case ast.Call(("eq" | "equal",), (left, right)):
                    self._equal(left, right, literal)

    def _equal(self, left: ast.Term, right: ast.Term, literal: ast.Literal) -> None:
        common = self.kinds(left) & self.kinds(right)
        if not common:
            self._context.report.error(Stage.TYPES, TYPE, "match error", literal.span, "")
        elif not literal.negated:
            for term in (left, right):
                if isinstance(term, ast.Var):
                    self._locals[term.name] = common

    def kinds(self, term: ast.Term) -> Kinds:
        """What a term may be."""
        match term:
            case ast.Var():
                return self._locals.get(term.name, _ANY)
            case ast.Call():
                signature = self._context.builtin(term.operator)
                return parse_kinds(signature.result) if signature else _ANY
            case _:
                return _OF_NODE.get(type(term), _ANY)

    def _term(self, term: ast.Term) -> None:
        if isinstance(term, _PLAIN):
            return
        for part in parts(term):
            self._term(part)
        match term:
            case ast.ArrayComprehension() | ast.SetComprehension():
                self.body(term.body)
                self._term(term.term)
            case ast.ObjectComprehension():
                self.body(term.body)
                self._term(term.key)
                self._term(term.value)
            case ast.TemplateString():
                for part in template_terms(term):
                    self._term(part)
            case ast.Call():
                self._call(term)

    def _call(self, call: ast.Call) -> None:
        signature = self._context.builtin(call.operator)
        if signature is None or call.operator[0] == "data":
            return
        for wanted, argument in zip(signature.arguments, call.arguments, strict=False):
            if not self.kinds(argument) & parse_kinds(wanted):
                have = ", ".join([_show(self.kinds(item)) for item in call.arguments])
                message = f"{signature.name}: invalid argument(s)"
                hint = f"have ({have}), {want(signature)}"
                self._context.report.error(Stage.TYPES, TYPE, message, call.span, hint)
                return


def _show(kinds: Kinds) -> str:
    return "???" if kinds == _ANY else " or ".join(sorted(kinds))


@cache
def parse_kinds(text: str) -> Kinds:
    """The kinds of a type as `Signature` writes it: `any<number, set[any]>` is number and set."""
    if text in {"", "any"}:
        return _ANY
    if text.startswith("any<"):
        kinds: set[str] = set()
        for part in _split(text[4:-1]):
            kinds |= parse_kinds(part)
        return frozenset(kinds)
    name = text.split("[", 1)[0].split("<", 1)[0]
    return frozenset({name}) if name in _ANY else _ANY


def _split(text: str) -> list[str]:
    """The members of a list of types."""
    found: list[str] = []
    depth = start = 0
    for index, char in enumerate(text):
        if char in "[<":
            depth += 1
        elif char in "]>":
            depth -= 1
        elif char == "," and not depth:
            found.append(text[start:index].strip())
            start = index + 1
    found.append(text[start:].strip())
    return found
