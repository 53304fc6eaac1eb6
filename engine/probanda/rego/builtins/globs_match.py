r"""Whether two simple patterns have a non-empty string in common.

Rules:

- A pattern is a run of characters, `.` (any character) and `[…]` (one of some characters, `a-z`
  for ranges), each of which may be followed by `+` or `*`; `\` takes a character literally.
- The answer comes from both patterns read side by side, in at most
  (tokens of one) × (tokens of the other) steps.

Source: the package glob-intersection, as OPA uses it for `regex.globs_match`.

Example:
    globs_match("a.a.[0-9]+z", ".b.b2359825792*594823z")   # True
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from probanda.rego.builtins.interface import BuiltinError, limit

_MAX_TOKENS: Final = 2_000
_MAX_MEMBERS: Final = 0x20000


@dataclass(frozen=True, slots=True)
class _Token:
    """What one place takes: `None` stands for any character; and how often."""

    members: frozenset[str] | None
    flag: str = ""

    @property
    def optional(self) -> bool:
        return self.flag == "*"

    @property
    def repeated(self) -> bool:
        return self.flag != ""

    def meets(self, other: _Token) -> bool:
        """Whether some character fits both; nothing fits an empty class."""
        if self.members is None or other.members is None:
            return True
        return not self.members.isdisjoint(other.members)


def globs_match(left: str, right: str) -> bool:
    """Whether they have a non-empty string in common; two empty patterns do."""
    first, second = _tokens(left), _tokens(right)
    if not first and not second:
        return True
    ends = (len(first), len(second))
    # Positions before a character is read; after one, `True`.
    waiting = [(0, 0, False)]
    seen = set(waiting)
    while waiting:
        i, j, started = waiting.pop()
        if started and (i, j) == ends:
            return True
        steps: list[tuple[int, int, bool]] = []
        if i < ends[0] and first[i].optional:
            steps.append((i + 1, j, started))
        if j < ends[1] and second[j].optional:
            steps.append((i, j + 1, started))
        if i < ends[0] and j < ends[1] and first[i].meets(second[j]):
            steps += _after(first, i, second, j)
        for step in steps:
            if step not in seen:
                seen.add(step)
                waiting.append(step)
    return False


def _after(
    first: list[_Token], i: int, second: list[_Token], j: int
) -> list[tuple[int, int, bool]]:
    """Where both may stand after one common character."""
    lefts = [i + 1, i] if first[i].repeated else [i + 1]
    rights = [j + 1, j] if second[j].repeated else [j + 1]
    return [(left, right, True) for left in lefts for right in rights]


class _Reader:
    """Characters of a pattern, escapes resolved."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def next(self) -> tuple[str, bool]:
        """The next character and whether it was escaped; `""` at the end."""
        char = self.text[self.at : self.at + 1]
        if char != "\\":
            self.at += len(char)
            return char, False
        if self.at + 1 >= len(self.text):
            raise self.invalid("input ends with a \\ (escape) character")
        self.at += 2
        return self.text[self.at - 1], True

    def invalid(self, problem: str) -> BuiltinError:
        """What is wrong here."""
        place = f"input:{self.text}, pos:{self.at}, {problem}"
        return BuiltinError(f"{place}: the input provided is invalid")


def _tokens(text: str) -> list[_Token]:
    reader = _Reader(text)
    limit("the pattern", _MAX_TOKENS, len(text))
    tokens: list[_Token] = []
    while True:
        char, escaped = reader.next()
        if not char:
            return tokens
        members: frozenset[str] | None = frozenset(char)
        if not escaped:
            if char == ".":
                members = None
            elif char == "[":
                members = _class(reader)
            elif char == "]":
                raise reader.invalid("set-close ']' with no preceding '['")
            elif char in "+*":
                raise reader.invalid(f"flag '{char}' must be preceded by a non-flag")
        flag = reader.text[reader.at : reader.at + 1]
        if flag and flag in "+*":
            reader.at += 1
        else:
            flag = ""
        tokens.append(_Token(members, flag))


def _class(reader: _Reader) -> frozenset[str]:
    """The members of `[…]`."""
    members: set[str] = set()
    previous = ""
    while True:
        char, escaped = reader.next()
        if not char:
            raise reader.invalid("found [ without matching ]")
        if char == "]" and not escaped:
            return frozenset(members)
        if char == "-" and not escaped:
            members.update(_range(reader, previous))
            limit("the class", _MAX_MEMBERS, len(members))
            previous = ""
        else:
            members.add(char)
            previous = char


def _range(reader: _Reader, first: str) -> list[str]:
    """The characters of a range whose start has been read."""
    if not first:
        raise reader.invalid("range character '-' must be preceded by a Unicode character")
    if reader.at >= len(reader.text) - 1:
        raise reader.invalid("range character '-' must be followed by a Unicode character")
    last, escaped = reader.next()
    if last in "]-" and not escaped:
        raise reader.invalid("range character '-' cannot be followed by a special symbol")
    if last < first:
        problem = f"range is out of order: '{last}' comes before '{first}' in Unicode"
        raise reader.invalid(problem)
    limit("the class", _MAX_MEMBERS, ord(last) - ord(first))
    return [chr(code) for code in range(ord(first), ord(last) + 1)]
