"""Tokens of GraphQL, as gqlparser reads them.

Rules:

- Positions count from 1, columns in characters.
- A malformed token is one of kind `<Invalid>` that carries its error; the parser decides when
  that error is the one to report.
- Comments are tokens: the syntax tree keeps them.

Source: GraphQL specification (October 2021) §2.1; gqlparser `lexer/lexer.go`.

Example:
    [token.kind for token in tokens("{a}")]   # ["{", "Name", "}", "<EOF>"]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

NAME: Final = "Name"
INT: Final = "Int"
FLOAT: Final = "Float"
STRING: Final = "String"
BLOCK: Final = "BlockString"
COMMENT: Final = "Comment"
END: Final = "<EOF>"
INVALID: Final = "<Invalid>"

_SPACE: Final = re.compile("[\t ,\ufeff]+")
_NEWLINE: Final = re.compile("\r\n|\n|\r")
_NAME: Final = re.compile("[_A-Za-z][_0-9A-Za-z]*")
_COMMENT: Final = re.compile("#[^\x00-\x08\x0a-\x1f]*")
_PUNCTUATION: Final = frozenset("!$&():=@[]{}|")
_DIGITS: Final = re.compile("[0-9]+")
_PLAIN: Final = re.compile('[^"\\\\\n\r\x00-\x08\x0b-\x1f]+')
_HEX: Final = re.compile("[0-9a-fA-F]{4}")
_ESCAPES: Final = dict(zip('"/\\bfnrt', '"/\\\b\f\n\r\t', strict=True))
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class Token:
    """A token; `error` is set when it is malformed."""

    kind: str
    value: str
    line: int
    column: int
    error: str = ""

    def described(self) -> str:
        """As messages name it: `Name "foo"`, `}`."""
        quoted = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.kind} "{quoted}"' if self.value else self.kind


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text; ends with `<EOF>` or with the first malformed one."""
    return _Lexer(text).tokens()


class _LexicalError(Exception):
    """A token is malformed at `place`."""

    def __init__(self, place: int, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message


class _Lexer:
    """A text and where we are in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.line = 1
        self.line_start = 0

    def tokens(self) -> Iterator[Token]:
        while True:
            self._skip_space()
            if self.place >= len(self.text):
                yield self._token(END, "", self.place)
                return
            try:
                token = self._read()
            except _LexicalError as error:
                column = error.place - self.line_start + 1
                yield Token(INVALID, "", self.line, column, error.message)
                return
            yield token

    def _token(self, kind: str, value: str, start: int) -> Token:
        return Token(kind, value, self.line, start - self.line_start + 1)

    def _skip_space(self) -> None:
        while True:
            if found := _SPACE.match(self.text, self.place):
                self.place = found.end()
            elif found := _NEWLINE.match(self.text, self.place):
                self._new_line(found.end())
            else:
                return

    def _new_line(self, place: int) -> None:
        self.place = self.line_start = place
        self.line += 1

    def _read(self) -> Token:
        start, sign = self.place, self.text[self.place]
        if sign in _PUNCTUATION:
            self.place += 1
            return self._token(sign, "", start)
        if self.text.startswith("...", start):
            self.place += 3
            return self._token("...", "", start)
        for kind, pattern in ((NAME, _NAME), (COMMENT, _COMMENT)):
            if found := pattern.match(self.text, start):
                self.place = found.end()
                return self._token(kind, found[0], start)
        if sign == "-" or sign in "0123456789":
            return self._number()
        if self.text.startswith('"""', start):
            return self._block()
        if sign == '"':
            return self._string()
        if sign < " ":
            message = f'Cannot contain the invalid character "\\u{ord(sign):04d}"'
        elif sign == "'":
            message = (
                "Unexpected single quote character ('), did you mean to use a double quote (\")?"
            )
        else:
            message = f'Cannot parse the unexpected character "{sign}".'
        raise _LexicalError(start, message)

    # --- numbers ---------------------------------------------------------------------------

    def _number(self) -> Token:
        start, kind = self.place, INT
        self._accept("-")
        if self._accept("0"):
            if _DIGITS.match(self.text, self.place):
                message = f"Invalid number, unexpected digit after 0: {self._next()}."
                raise _LexicalError(self.place, message)
        else:
            self._digits()
        if self._accept("."):
            kind = FLOAT
            self._digits()
        if self._accept("eE"):
            kind = FLOAT
            self._accept("+-")
            self._digits()
        return self._token(kind, self.text[start : self.place], start)

    def _accept(self, signs: str) -> bool:
        found = self.place < len(self.text) and self.text[self.place] in signs
        self.place += found
        return found

    def _digits(self) -> None:
        found = _DIGITS.match(self.text, self.place)
        if not found:
            message = f"Invalid number, expected digit but got: {self._next()}."
            raise _LexicalError(self.place, message)
        self.place = found.end()

    def _next(self) -> str:
        return f'"{self.text[self.place]}"' if self.place < len(self.text) else END

    # --- strings ---------------------------------------------------------------------------

    def _string(self) -> Token:
        start = self.place + 1
        parts: list[str] = []
        self.place = start
        while self.place < len(self.text):
            sign = self.text[self.place]
            if found := _PLAIN.match(self.text, self.place):
                parts.append(found[0])
                self.place = found.end()
            elif sign == '"':
                self.place += 1
                return self._token(STRING, "".join(parts), start)
            elif sign == "\\":
                parts.append(self._escape())
            elif sign in "\n\r":
                break
            else:
                raise _LexicalError(
                    self.place, f'Invalid character within String: "\\u{ord(sign):04d}".'
                )
        raise _LexicalError(self.place, "Unterminated string.")

    def _escape(self) -> str:
        sign = self.text[self.place + 1 : self.place + 2]
        if sign in _ESCAPES and sign:
            self.place += 2
            return _ESCAPES[sign]
        if not sign:
            raise _LexicalError(self.place + 1, "Invalid character escape sequence.")
        if sign == "u" and self.place + 6 < len(self.text):
            if found := _HEX.match(self.text, self.place + 2):
                self.place = found.end()
                made = chr(int(found[0], 16))
                return "\ufffd" if "\ud800" <= made <= "\udfff" else made
            sign = self.text[self.place + 1 : self.place + 6]
        elif sign == "u":
            sign = self.text[self.place + 1 :]
        raise _LexicalError(self.place + 1, f"Invalid character escape sequence: \\{sign}.")

    def _block(self) -> Token:
        start = self.place + 3
        parts: list[str] = []
        self.place = start
        while self.place < len(self.text):
            if self.text.startswith('"""', self.place):
                # Like gqlparser, a block string stands where it ends.
                token = self._token(BLOCK, _dedent("".join(parts)), start)
                self.place += 3
                return token
            if self.text.startswith('\\"""', self.place):
                parts.append('"""')
                self.place += 4
            elif found := _NEWLINE.match(self.text, self.place):
                parts.append("\n")
                self._new_line(found.end())
            elif _CONTROL.match(self.text, self.place):
                code = ord(self.text[self.place])
                message = f'Invalid character within String: "\\u{code:04d}".'
                raise _LexicalError(self.place, message)
            else:
                parts.append(self.text[self.place])
                self.place += 1
        raise _LexicalError(self.place, "Unterminated string.")


def _dedent(raw: str) -> str:
    """A block string's value: common indentation and blank lines at both ends removed."""
    lines = raw.split("\n")
    # gqlparser looks at the first line's indentation too, though it does not cut it.
    indents = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip(" \t")]
    common = min(indents, default=0)
    lines = [lines[0], *(line[common:] for line in lines[1:])]
    while lines and not lines[0].strip(" \t"):
        lines.pop(0)
    while lines and not lines[-1].strip(" \t"):
        lines.pop()
    return "\n".join(lines)
