r"""Regular expressions compiled by RE2, with the differences from Go's `regexp` made up for.

Rules:

- RE2 and Go's `regexp` share syntax and leftmost-first semantics, and both run in linear time.
  `\C`, which only RE2 has, is an error as in Go.
- Matching is on UTF-8 bytes; positions never leave this module. A match never starts inside a
  character, which RE2 would allow for `\B`.
- A pattern has at most `MAX_PATTERN` characters and must fit RE2's memory; too large a pattern
  fails the query.

Source: Go `regexp/regexp.go` (`allMatches`, `replaceAll`, `Split`, `expand`); RE2 syntax.

Example:
    find_all(compile_pattern("a(x*)b"), "-axb-", -1)   # [["axb", "x"]]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from probanda.rego.builtins.interface import MAX_OUTPUT, BuiltinError, halt, limit
from probanda.rego.builtins.text import from_octets, octets

MAX_PATTERN: Final = 20_000

# RE2's words for what is wrong, and Go's.
_WORDS: Final = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "unexpected )": "unexpected )",
    "bad repetition operator": "invalid nested repetition operator",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "trailing \\": "trailing backslash at end of expression",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
}
_ESCAPES: Final = re.compile(r"\\Q.*?(?:\\E|$)|\\.", re.DOTALL)
_REFERENCE: Final = re.compile(rb"\$(?:(\$)|(\w+)|\{(\w+)\})", re.ASCII)

Span = tuple[int, int]


class Pattern:
    """A compiled pattern."""

    __slots__ = ("groups", "names", "regexp")

    def __init__(self, regexp: Any) -> None:
        self.regexp = regexp
        self.groups: int = regexp.groups
        self.names: dict[bytes, int] = dict(regexp.groupindex)

    def matches(self, text: str) -> bool:
        """Whether it occurs in the text."""
        return self.spans(octets(text), 0) is not None

    def matches_all(self, text: str) -> bool:
        """Whether it matches the whole text."""
        return self.regexp.fullmatch(octets(text)) is not None

    def spans(self, data: bytes, at: int) -> list[Span] | None:
        """Where it and its groups first match from a position on; (−1, −1) where not."""
        while (match := self.regexp.search(data, at)) is not None:
            start = match.start()
            if start == len(data) or not 0x80 <= data[start] < 0xC0 or _starts(data, start):
                return [match.span(group) for group in range(self.groups + 1)]
            at = start + 1
        return None


@lru_cache(maxsize=256)
def compile_pattern(text: str) -> Pattern:
    """The pattern.

    Raises:
        BuiltinError: it is malformed.
    """
    import re2

    limit("the pattern", MAX_PATTERN, len(text))
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(octets(text), options)
    except re2.error as problem:
        raise _problem(problem.args[0]) from None
    if "\\C" in text and _takes_bytes(text):
        raise _syntax_error("invalid escape sequence", "\\C")
    return Pattern(compiled)


def _problem(raw: Any) -> Exception:
    """RE2's complaint in Go's words."""
    said = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    for known, words in _WORDS.items():
        if said.startswith(known):
            argument = said[len(known) :].removeprefix(": ")
            return _syntax_error(words, argument)
    if "too large" in said or "out of memory" in said:
        return halt("the pattern is too large", code="eval_limit_error")
    words, _, argument = said.partition(": ")
    return _syntax_error(words, argument)


def _syntax_error(words: str, argument: str) -> BuiltinError:
    return BuiltinError(f"error parsing regexp: {words}: `{argument}`")


def _takes_bytes(text: str) -> bool:
    r"""Whether a pattern that RE2 takes has `\C`, one byte, outside a quotation."""
    return any(part.startswith("\\C") for part in _ESCAPES.findall(text))


# --- what Go's Regexp does -----------------------------------------------------------------


def _starts(data: bytes, at: int) -> bool:
    """Whether a character starts here; a byte that belongs to none is one."""
    lead = at - 1
    while lead >= max(0, at - 3) and 0x80 <= data[lead] < 0xC0:
        lead -= 1
    return lead < 0 or lead + _width(data, lead) <= at


def _width(data: bytes, at: int) -> int:
    """The bytes of the character at a position; one at the end."""
    if at >= len(data) or data[at] < 0x80:
        return 1
    size = 2 if data[at] < 0xE0 else 3 if data[at] < 0xF0 else 4
    follow = data[at + 1 : at + size]
    valid = len(follow) == size - 1 and all(0x80 <= byte < 0xC0 for byte in follow)
    return size if valid and data[at] >= 0xC0 else 1


def _all(pattern: Pattern, data: bytes, count: int) -> Iterator[list[Span]]:
    """All matches, none empty right after another; at most `count`, unless negative."""
    at, previous = 0, -1
    while count != 0 and at <= len(data):
        spans = pattern.spans(data, at)
        if spans is None:
            return
        start, end = spans[0]
        accepted = True
        if end == at:
            accepted = start != previous
            at += _width(data, at)
        else:
            at = end
        previous = end
        if accepted:
            yield spans
            count -= 1


def find_all(pattern: Pattern, text: str, count: int) -> list[list[str]]:
    """Each match with its groups; a group that took no part is empty."""
    data = octets(text)
    found: list[list[str]] = []
    for spans in _all(pattern, data, count):
        limit("the matches", MAX_OUTPUT, (len(found) + 1) * len(spans))
        found.append([from_octets(data[max(start, 0) : max(end, 0)]) for start, end in spans])
    return found


def split(pattern: Pattern, text: str) -> list[str]:
    """The pieces between matches."""
    if not text:
        return [""]
    data = octets(text)
    pieces: list[str] = []
    begin = end = 0
    for spans in _all(pattern, data, -1):
        end = spans[0][0]
        if spans[0][1] != 0:
            pieces.append(from_octets(data[begin:end]))
        begin = spans[0][1]
    if end != len(data):
        pieces.append(from_octets(data[begin:]))
    return pieces


def replace_all(pattern: Pattern, text: str, template: str) -> str:
    """The text with every match replaced; `$1`, `${name}` stand for groups."""
    data, new = octets(text), octets(template)
    pieces: list[bytes] = []
    last = at = size = 0
    while at <= len(data):
        spans = pattern.spans(data, at)
        if spans is None:
            break
        start, end = spans[0]
        pieces.append(data[last:start])
        if end > last or start == 0:
            pieces.append(_expand(pattern, new, data, spans))
            size += len(pieces[-1])
            limit("the string", MAX_OUTPUT, size)
        last = end
        width = _width(data, at)
        at = max(end, at + width)
    pieces.append(data[last:])
    return from_octets(b"".join(pieces))


def _expand(pattern: Pattern, template: bytes, data: bytes, spans: list[Span]) -> bytes:
    """The template with its references filled in; unknown ones are empty."""
    if b"$" not in template:
        return template

    def fill(reference: re.Match[bytes]) -> bytes:
        dollar, name, braced = reference.groups()
        if dollar:
            return b"$"
        wanted = name or braced
        number = int(wanted) if wanted.isdigit() and len(wanted) < 9 else pattern.names.get(wanted)
        if number is None or number >= len(spans):
            return b""
        start, end = spans[number]
        return data[max(start, 0) : max(end, 0)]

    return _REFERENCE.sub(fill, template)
