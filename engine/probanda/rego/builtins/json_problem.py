"""What is wrong with JSON text, as Go's `encoding/json` says it.

Rules:

- Only text that the decoder has refused comes here; the first mistake counts.
- A text that ends too early has `unexpected EOF`, an empty one `EOF`.
- After the value OPA reads one token more, and shows it.

Source: Go `encoding/json/scanner.go`; OPA `v1/util/json.go` (`UnmarshalJSON`).

Example:
    problem('{"a" 1}')   # "invalid character '1' after object key"
"""

from __future__ import annotations

import re
from typing import Final

from probanda.rego.builtins.text import octets, quote

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_EOF: Final = "unexpected EOF"
_DIGITS: Final = "0123456789"
_HEXADECIMAL: Final = "0123456789abcdefABCDEF"
_LITERALS: Final = {"t": "true", "f": "false", "n": "null"}


class _Mistake(Exception):  # noqa: N818  # carries a message out of the scan
    """The first mistake."""


def problem(text: str) -> str:
    """The message for a malformed text."""
    scan = _Scan(text)
    scan.space()
    if scan.at >= len(text):
        return "EOF"
    try:
        scan.value()
    except _Mistake as mistake:
        return str(mistake)
    scan.space()
    return _extra(text, scan.at)


def _extra(text: str, at: int) -> str:
    """What OPA says of text after a value."""
    if text[at : at + 1] in {"[", "{"}:
        return f"error: invalid character '{text[at]}' after top-level value"
    scan = _Scan(text, at)
    try:
        scan.value()
    except _Mistake as mistake:
        return str(mistake)
    token = text[at : scan.at]
    shown = token[1:-1] if token.startswith('"') else token
    return f"error: invalid character '{shown}' after top-level value"


class _Scan:
    """A place in a text, which moves over what is right."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.text, self.at = text, at

    def peek(self) -> str:
        """The character at hand.

        Raises:
            _Mistake: the text ends here.
        """
        if self.at >= len(self.text):
            raise _Mistake(_EOF)
        return self.text[self.at]

    def space(self) -> None:
        """Over white space."""
        self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]  # matches ""

    def refuse(self, where: str) -> _Mistake:
        """The mistake that the character at hand is."""
        return _Mistake(f"invalid character {_shown(self.peek())} {where}")

    def value(self) -> None:
        """Over one value; the open collections are on a list, not on the stack."""
        opened: list[str] = []
        while True:
            if self.item(opened):
                continue
            while opened and self.closed(opened[-1]):
                opened.pop()
            if not opened:
                return

    def item(self, opened: list[str]) -> bool:
        """Over a scalar, or into a collection that is not empty (true)."""
        self.space()
        char = self.peek()
        if char not in "[{":
            self.scalar(char)
            return False
        self.at += 1
        self.space()
        closing = "]" if char == "[" else "}"
        if self.peek() == closing:
            self.at += 1
            return False
        opened.append(closing)
        if closing == "}":
            self.name()
        return True

    def closed(self, closing: str) -> bool:
        """Whether the collection ends here; else over the comma (and the next name)."""
        self.space()
        char = self.peek()
        if char not in {",", closing}:
            what = "array element" if closing == "]" else "object key:value pair"
            raise self.refuse(f"after {what}")
        self.at += 1
        if char == closing:
            return True
        if closing == "}":
            self.name()
        return False

    def name(self) -> None:
        """Over `"name":`."""
        self.space()
        if self.peek() != '"':
            raise self.refuse("looking for beginning of object key string")
        self.string()
        self.space()
        if self.peek() != ":":
            raise self.refuse("after object key")
        self.at += 1

    def scalar(self, char: str) -> None:
        """Over a string, a number or a word."""
        if char == '"':
            self.string()
        elif char == "-" or char in _DIGITS:
            self.number()
        elif char in _LITERALS:
            word = _LITERALS[char]
            for expected in word:
                if self.peek() != expected:
                    raise self.refuse(f"in literal {word} (expecting '{expected}')")
                self.at += 1
        else:
            raise self.refuse("looking for beginning of value")

    def string(self) -> None:
        """Over a string."""
        self.at += 1
        while (char := self.peek()) != '"':
            if char < " ":
                raise self.refuse("in string literal")
            self.at += 1
            if char == "\\":
                self.escape()
        self.at += 1

    def escape(self) -> None:
        """Over what follows a backslash."""
        char = self.peek()
        if char not in '"\\/bfnrtu':
            raise self.refuse("in string escape code")
        self.at += 1
        if char == "u":
            for _ in range(4):
                if self.peek() not in _HEXADECIMAL:
                    raise self.refuse("in \\u hexadecimal character escape")
                self.at += 1

    def number(self) -> None:
        """Over a number."""
        if self.peek() == "-":
            self.at += 1
        if self.peek() == "0":
            self.at += 1
        else:
            self.digits("in numeric literal")
        if self.text[self.at : self.at + 1] == ".":
            self.at += 1
            self.digits("after decimal point in numeric literal")
        if self.text[self.at : self.at + 1] in {"e", "E"}:
            self.at += 1
            if self.peek() in "+-":
                self.at += 1
            self.digits("in exponent of numeric literal")

    def digits(self, where: str) -> None:
        """Over at least one digit."""
        if self.peek() not in _DIGITS:
            raise self.refuse(where)
        while self.at < len(self.text) and self.text[self.at] in _DIGITS:
            self.at += 1


def _shown(char: str) -> str:
    # Go names the first byte.
    char = char if char.isascii() else chr(octets(char)[0])
    if char in "'\"":
        return "'\\''" if char == "'" else "'\"'"
    return f"'{quote(char)[1:-1]}'"
