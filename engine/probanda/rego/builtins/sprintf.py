"""`sprintf`, as Go's `fmt.Sprintf` does it.

Rules:

- Integers are Go's `int`, or `*big.Int` beyond 64 bits; other numbers are `float64`; strings are
  strings; all other values come as strings in Rego's notation.
- Mistakes are shown in the text, as in Go: `%!d(string=x)`, `%!s(MISSING)`, `%!(EXTRA int=1)`.
- Widths and precisions go up to a million, as in Go; the text up to `MAX_OUTPUT`.

Source: OPA `v1/topdown/strings.go` (`builtinSprintf`); Go `fmt/print.go`.

Example:
    sprintf("%-5s|%05.1f", ["ab", 2.25])   # "ab   |002.2"
"""

from __future__ import annotations

import math
from typing import Any, Final

from probanda.rego.builtins.format_verbs import Argument, Flags, format_argument, go_type
from probanda.rego.builtins.interface import (
    MAX_OUTPUT,
    Builtin,
    define,
    is_number,
    limit,
    string,
    wrong_type,
)
from probanda.rego.builtins.numeric import number_text
from probanda.rego.builtins.text import plain_text

_MAX_WIDTH: Final = 1_000_000


def sprintf(template: Any, values: Any) -> str:
    """A text with verbs filled in."""
    text = string(template, 1)
    if not isinstance(values, list):
        raise wrong_type(2, values, "array")
    return _Printer(text, [_argument(value) for value in values]).run()


def _argument(value: Any) -> Argument:
    """What Go's `Sprintf` gets for a value."""
    if not is_number(value):
        return plain_text(value)
    if isinstance(value, int):
        return value
    near = float(value)
    return number_text(value) if math.isinf(near) else near


class _Printer:
    """One run of `Sprintf`."""

    def __init__(self, template: str, arguments: list[Argument]) -> None:
        self.template = template
        self.arguments = arguments
        self.at = 0
        self.next = 0
        self.reordered = False
        self.after_index = False
        self.good_index = True
        self.pieces: list[str] = []
        self.size = 0

    def run(self) -> str:
        """The text."""
        template, end = self.template, len(self.template)
        while self.at < end:
            percent = template.find("%", self.at)
            if percent < 0:
                percent = end
            self.write(template[self.at : percent])
            self.at = percent + 1
            if percent < end and not self.verb():
                break
        if not self.reordered and self.next < len(self.arguments):
            rest = self.arguments[self.next :]
            shown = ", ".join(f"{go_type(value)}={_plain(value)}" for value in rest)
            self.write(f"%!(EXTRA {shown})")
        return "".join(self.pieces)

    def write(self, text: str) -> None:
        """Add text within the limit."""
        self.size += len(text)
        limit("the string", MAX_OUTPUT, self.size)
        self.pieces.append(text)

    def peek(self) -> str:
        """The character at hand, or the empty string at the end."""
        return self.template[self.at : self.at + 1]

    def verb(self) -> bool:
        """One `%…`; false where the template ends inside."""
        self.good_index, self.after_index = True, False
        flags = Flags()
        self.flags(flags)
        self.index()
        self.width(flags)
        # Go looks for a precision only where something follows the point.
        if self.peek() == "." and self.at + 1 < len(self.template):
            self.at += 1
            self.precision(flags)
        if not self.after_index:
            self.index()
        verb = self.peek()
        if not verb:
            self.write("%!(NOVERB)")
            return False
        self.at += 1
        if verb == "%":
            self.write("%")
        elif not self.good_index:
            self.write(f"%!{verb}(BADINDEX)")
        elif self.next >= len(self.arguments):
            self.write(f"%!{verb}(MISSING)")
        else:
            self.write(format_argument(self.arguments[self.next], verb, flags))
            self.next += 1
        return True

    def flags(self, flags: Flags) -> None:
        """`#0+- `, in any order."""
        while (char := self.peek()) and char in "#0+- ":
            if char == "#":
                flags.sharp = True
            elif char == "0":
                flags.zero = True
            elif char == "+":
                flags.plus = True
            elif char == "-":
                flags.minus = True
            else:
                flags.space = True
            self.at += 1

    def index(self) -> None:
        """`[3]`: which argument comes next."""
        self.after_index = False
        if self.peek() != "[":
            return
        self.reordered = True
        closing = self.template.find("]", self.at)
        if closing < 0:
            self.good_index = False
            self.at += 1
            return
        digits = self.template[self.at + 1 : closing]
        self.at = closing + 1
        if not (digits.isascii() and digits.isdigit()) or int(digits[:8]) > _MAX_WIDTH:
            self.good_index = False
            return
        self.after_index = True
        if 1 <= int(digits) <= len(self.arguments):
            self.next = int(digits) - 1
        else:
            self.good_index = False

    def width(self, flags: Flags) -> None:
        """A width, or `*`."""
        if self.peek() == "*":
            self.at += 1
            flags.width = self.star()
            if flags.width is None:
                self.write("%!(BADWIDTH)")
            elif flags.width < 0:
                flags.width, flags.minus, flags.zero = -flags.width, True, False
            self.after_index = False
            return
        flags.width = self.digits()
        if self.after_index and flags.width is not None:
            self.good_index = False

    def precision(self, flags: Flags) -> None:
        """What follows the point: digits, `*`, or nothing, which is zero."""
        if self.after_index:
            self.good_index = False
        self.index()
        if self.peek() == "*":
            self.at += 1
            flags.precision = self.star()
            if flags.precision is not None and flags.precision < 0:
                flags.precision = None
            if flags.precision is None:
                self.write("%!(BADPREC)")
            self.after_index = False
        else:
            flags.precision = self.digits() or 0

    def digits(self) -> int | None:
        """A number, if there is one; one too large ends the template, as in Go."""
        number = None
        while (char := self.peek()) and char in "0123456789":
            if number is not None and number > _MAX_WIDTH:
                self.at = len(self.template)
                return None
            number = (number or 0) * 10 + int(char)
            self.at += 1
        limit("a width", MAX_OUTPUT, number or 0)
        return number

    def star(self) -> int | None:
        """The next argument as a width or precision."""
        if self.next >= len(self.arguments):
            return None
        value = self.arguments[self.next]
        self.next += 1
        return value if isinstance(value, int) and abs(value) <= _MAX_WIDTH else None


def _plain(value: Argument) -> str:
    return format_argument(value, "v", Flags())


BUILTINS: Final[list[Builtin]] = define({"sprintf": sprintf})
