r"""`glob.match` and `glob.quote_meta`.

Rules:

- `*` is any run of characters but delimiters, `**` any run, `?` one character but a delimiter;
  `[abc]`, `[a-c]` and `[!…]` one of some characters; `{a,b}` alternatives, which nest; `\` takes
  a character literally.
- No delimiters given (`[]`) means `.`; `null` means that there are none.
- A pattern becomes one RE2 pattern: matching takes linear time.

Source: OPA `v1/topdown/glob.go`; the package gobwas/glob (lexer and parser).

Example:
    glob_match("*.{com,org}", ["."], "probanda.org")   # True
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from probanda.rego.builtins.interface import (
    Builtin,
    BuiltinError,
    array,
    define,
    string,
    wrong_element,
    wrong_operand,
    wrong_type,
)
from probanda.rego.builtins.patterns import Pattern, compile_pattern
from probanda.rego.builtins.text import octets

_SPECIAL: Final = re.compile(r"[*?\\\[\]{}]")


def glob_match(pattern: Any, delimiters: Any, text: Any) -> bool:
    """Whether the whole text matches."""
    wanted = string(pattern, 1)
    if delimiters is None:
        between = ""
    elif isinstance(delimiters, list):
        between = "".join(_delimiter(item, delimiters) for item in array(delimiters, 2)) or "."
    else:
        raise wrong_type(2, delimiters, "array", "null")
    where = string(text, 3)
    return _compile(wanted, between).matches_all(where)


def _delimiter(item: Any, delimiters: list[Any]) -> str:
    if not isinstance(item, str):
        raise wrong_element(2, delimiters, item, "string")
    if len(item) != 1:
        raise wrong_operand(2, "must be array of runes but got array containing string")
    return item


def glob_quote_meta(pattern: Any) -> str:
    """The text as a pattern that matches just it."""
    return _SPECIAL.sub(r"\\\g<0>", string(pattern, 1))


@lru_cache(maxsize=256)
def _compile(pattern: str, delimiters: str) -> Pattern:
    return compile_pattern(f"(?s){_Translator(pattern, delimiters).run()}")


class _Translator:
    """A glob as a regular expression."""

    def __init__(self, pattern: str, delimiters: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.depth = 0
        self.one = f"[^{_members(delimiters)}]" if delimiters else "."

    def run(self) -> str:
        """The expression."""
        pieces = []
        while self.at < len(self.pattern):
            char = self.pattern[self.at]
            self.at += 1
            pieces.append(self.piece(char))
        if self.depth:
            raise self.wrong("unclosed `{`")
        return "".join(pieces)

    def wrong(self, problem: str) -> BuiltinError:
        """A mistake in front of the place at hand, which is told in bytes."""
        place = len(octets(self.pattern[: self.at]))
        return BuiltinError(f"glob: syntax error at {place}: {problem}")

    def piece(self, char: str) -> str:  # noqa: PLR0911  # one return a kind of token
        """What one token means."""
        if char == "*":
            if self.pattern[self.at : self.at + 1] == "*":
                self.at += 1
                return ".*"
            return f"{self.one}*"
        if char == "?":
            return self.one
        if char == "[":
            return self.range()
        if char == "{":
            self.depth += 1
            return "(?:"
        if self.depth and char == ",":
            return "|"
        if self.depth and char == "}":
            self.depth -= 1
            return ")"
        if char == "\\":
            char = self.pattern[self.at : self.at + 1]
            if not char:
                raise self.wrong("trailing backslash")
            self.at += 1
        return _literal(char)

    def range(self) -> str:
        """`[…]`: either one range or a list."""
        negated = self.pattern[self.at : self.at + 1] == "!"
        self.at += negated
        first = self.need()
        if self.pattern[self.at + 1 : self.at + 2] == "-":
            self.at += 2
            last = self.need()
            self.at += 1
            closing = self.need()
            self.at += 1
            if closing != "]":
                raise self.wrong("expected close range character")
            if last < first:
                raise self.wrong("range hi character is less than lo")
            inside = f"{_members(first)}-{_members(last)}"
        else:
            inside = _members(self.list())
            self.need()
            self.at += 1
            if not inside:
                raise self.wrong("could not parse range")
        return f"[{'^' if negated else ''}{inside}]"

    def list(self) -> str:
        """The characters up to the closing bracket, escapes resolved."""
        found = ""
        while (char := self.pattern[self.at : self.at + 1]) and char != "]":
            if char == "\\":
                self.at += 1
                char = self.pattern[self.at : self.at + 1]
            found += char
            self.at += 1
        return found

    def need(self) -> str:
        """The character at hand, without taking it."""
        if self.at >= len(self.pattern):
            raise self.wrong("unexpected end of input")
        return self.pattern[self.at]


def _literal(text: str) -> str:
    return re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", text)


def _members(text: str) -> str:
    """Characters as members of a class."""
    return re.sub(r"[\\\]\[^-]", r"\\\g<0>", text)


BUILTINS: Final[list[Builtin]] = define(
    {"glob.match": glob_match, "glob.quote_meta": glob_quote_meta}
)
