"""What the locals of a plan are called in Rego: `input.user.name`, `count(xs)`, `x`.

Rules:

- A local is called after the variable it is, else after the statement that gives it a value.
- What has no short name (a collection that is not empty, a comprehension) is `[…]` or `{…}`.
- Texts are made from the plan alone; they hold no value of input or data.

Example:
    texts.note(ir.Dot(place, Operand(0), Operand(constant="user"), 4)); texts.local(4)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Final

from probanda.rego import ir

MAX_TEXT: Final = 160

_INFIX: Final = {
    "equal": "==",
    "neq": "!=",
    "lt": "<",
    "lte": "<=",
    "gt": ">",
    "gte": ">=",
    "plus": "+",
    "minus": "-",
    "mul": "*",
    "div": "/",
    "rem": "%",
    "and": "&",
    "or": "|",
    "internal.member_2": "in",
}
# Calls whose result says no more than whether the expression holds.
CONDITIONS: Final = frozenset(
    {"equal", "neq", "lt", "lte", "gt", "gte", "internal.member_2", "internal.member_3"}
)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EMPTY: Final = {"list": "[]", "dict": "{}", "set": "set()"}


class Texts:
    """The texts of one body's locals.

    Args:
        variables: local → name, as the planner noted them.
        callee: the text of a function of the plan; empty for a built-in.
    """

    def __init__(self, variables: Mapping[int, str], callee: Callable[[str], str]) -> None:
        self._variables = {
            number: name.partition("#")[0]
            for number, name in variables.items()
            if name[0] not in "$#%"
        }
        self._callee = callee
        self._texts: dict[int, str] = {0: "input", 1: "data"}
        self.constants: set[int] = set()

    def local(self, number: int) -> str:
        """The text of a local; empty when there is none."""
        return self._variables.get(number) or self._texts.get(number, "")

    def is_variable(self, number: int) -> bool:
        """Whether a local is a variable of the source."""
        return number in self._variables

    def operand(self, operand: ir.Operand) -> str:
        """The text of an operand."""
        if operand.local >= 0:
            return self.local(operand.local)
        return json.dumps(operand.constant, ensure_ascii=False)

    def note(self, statement: ir.Statement) -> None:
        """Learn from a statement."""
        match statement:
            case ir.Dot(source=source, key=key, target=target):
                self._set(target, self.member(source, key))
            case ir.Scan(source=number, key=key_local, value=value):
                self._set(key_local, "")
                key_text = self.local(key_local) or "_"
                self._set(value, _join(self.local(number), f"[{key_text}]"))
            case ir.Call(function=name, arguments=arguments, result=target):
                self._set(target, self.call(name, arguments))
            case ir.MakeNumber(value=number_value, target=target):
                self._set(target, str(number_value))
                self.constants.add(target)
            case ir.MakeNull(target=target):
                self._set(target, "null")
                self.constants.add(target)
            case ir.Make(target=target, kind=kind):
                self._set(target, _EMPTY[kind])
            case ir.ArrayAppend(array=target):
                self._set(target, "[…]")
            case ir.SetAdd(set=target) | ir.ObjectInsert(object=target):
                self._set(target, "{…}")
            case ir.Assign(source=operand, target=target):
                self._set(target, self.operand(operand))
            case ir.Length(source=operand, target=target):
                self._set(target, f"count({self.operand(operand)})")

    def member(self, source: ir.Operand, key: ir.Operand) -> str:
        """The text of a look-up; empty when its parts have none."""
        return _join(self.operand(source), self._part(key))

    def _set(self, number: int, text: str) -> None:
        self._texts[number] = text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"

    def _part(self, key: ir.Operand) -> str:
        if isinstance(key.constant, str) and key.local < 0 and _NAME.fullmatch(key.constant):
            return f".{key.constant}"
        text = self.operand(key)
        return f"[{text}]" if text else ""

    def call(self, name: str, arguments: tuple[ir.Operand, ...]) -> str:
        """The text of a call."""
        callee = self._callee(name)
        if callee:
            given = [self.operand(each) or "…" for each in arguments[2:]]
            return f"{callee}({', '.join(given)})" if given else callee
        texts = [self.operand(each) or "…" for each in arguments]
        if name in _INFIX and len(texts) == 2:
            return f"{texts[0]} {_INFIX[name]} {texts[1]}"
        if name == "internal.member_3" and len(texts) == 3:
            return f"{texts[0]}, {texts[1]} in {texts[2]}"
        if name == "internal.template_string":
            return '$"…"'
        return f"{name}({', '.join(texts)})"


def _join(source: str, part: str) -> str:
    """`source` and one more part; empty when either is."""
    return f"{source}{part}" if source and part else ""
