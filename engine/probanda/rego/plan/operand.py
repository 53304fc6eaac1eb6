"""Operands of statements, and the static part of a plan that they point into.

Rules:

- Strings are constants of the plan and never locals; booleans stand in the operand itself;
  every other value is made into a local first.
- Locals 0 and 1 are `input` and `data` in every function and plan.

Example:
    statics = Statics()
    statics.string("users").json()    # {"type": "string_index", "value": 0}
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

from probanda.rego.builtins.signatures import SIGNATURES

JSON = dict[str, Any]


class Operand(NamedTuple):
    """A local (its number), a constant string (its index) or a boolean."""

    type: Literal["local", "string_index", "bool"]
    value: int | bool

    def json(self) -> JSON:
        """As a plan writes it."""
        return {"type": self.type, "value": self.value}

    @property
    def is_local(self) -> bool:
        """Whether it is a local."""
        return self.type == "local"


def local(number: int) -> Operand:
    """A local."""
    return Operand("local", number)


INPUT: Final = local(0)
DATA: Final = local(1)
TRUE: Final = Operand("bool", value=True)
FALSE: Final = Operand("bool", value=False)


class Statics:
    """The constant strings, files and built-in functions of one plan."""

    def __init__(self) -> None:
        self._strings: dict[str, int] = {}
        self._texts: list[str] = []
        self._files: dict[str, int] = {}
        self._builtins: set[str] = set()

    def index(self, text: str) -> int:
        """The index of a constant string."""
        if text not in self._strings:
            self._strings[text] = len(self._texts)
            self._texts.append(text)
        return self._strings[text]

    def text(self, operand: Operand) -> str | None:
        """What a constant string says; of other operands nothing is known."""
        return self._texts[operand.value] if operand.type == "string_index" else None

    def string(self, text: str) -> Operand:
        """A constant string."""
        return Operand("string_index", self.index(text))

    def file(self, path: str) -> int:
        """The index of a file."""
        return self._files.setdefault(path, len(self._files))

    def builtin(self, name: str) -> str:
        """Note that the plan calls a built-in function; its name."""
        self._builtins.add(name)
        return name

    def json(self) -> JSON:
        """As a plan writes it."""
        return {
            "strings": [{"value": text} for text in self._texts],
            "builtin_funcs": [_declaration(name) for name in sorted(self._builtins)],
            "files": [{"value": path} for path in self._files],
        }


def _declaration(name: str) -> JSON:
    """A built-in's name and arity; types are the checker's business, so all are `any`."""
    signature = SIGNATURES[name]
    decl: JSON = {"args": [{"type": "any"} for _ in signature.arguments], "type": "function"}
    if signature.result:
        decl["result"] = {"type": "any"}
    if signature.variadic:
        decl["variadic"] = {"type": "any"}
    return {"decl": decl, "name": name}
