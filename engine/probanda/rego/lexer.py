r"""The tokens of Rego, in one pass over the text.

Rules:

- Tokens are kept as parallel lists, not objects: the parser reads `kinds[i]`, and a place in
  the text is worked out only where a node needs it.
- A keyword directly followed by `.` or `[` is an ordinary name (`if.x`, `input["in"].in`), as
  in OPA since keywords may be parts of references.
- Strings arrive decoded. `$"a {x} b"` becomes the tokens `template{`, …, `}template`, so that
  the parser sees what stands between the braces as ordinary tokens.
- Nothing raises for a bad token: it becomes an `illegal` one with its own error, and the
  parser mends at the next rule. Only a limit (size, nesting) stops at once.

Source: OPA's `v1/ast/internal/scanner`.

Example:
    tokenize('x := "a"', path="p.rego").kinds  # ['ident', ':=', 'string', 'eof']
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from probanda.rego.ast import Span
from probanda.rego.diagnostic import Diagnostic, RegoErrors

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 500
MAX_ERRORS: Final = 50
# No tree is deeper than this, so that who recurses over one knows how much room that takes.
MAX_TREE: Final = 1_000
# OPA refuses numbers beyond 2^(±100,000), which is this power of ten.
MAX_EXPONENT: Final = 30_103

FUTURE: Final = frozenset({"contains", "every", "if", "in"})
V0_KEYWORDS: Final = frozenset(
    {"as", "default", "else", "false", "import", "not", "null", "package", "some", "true", "with"}
)
KEYWORDS: Final = V0_KEYWORDS | FUTURE

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]*)?[A-Za-z0-9_]*)
    |(?P<mark>:=|==|!=|<=|>=|[\[\]{}(),:;.+\-*/%&|=<>])
    |(?P<string>"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*")
    |(?P<comment>\#[^\n]*)
    |(?P<raw>`[^`]*`)
    |(?P<template>\$["`])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_TEMPLATE_PART: Final = {
    '"': re.compile(r'[^"\\{\n]*(?:\\[^\n][^"\\{\n]*)*'),
    "`": re.compile(r"[^`\\{]*(?:\\\{?[^`\\{]*)*"),
}
_NUMBER: Final = re.compile(r"(0|[1-9][0-9]*)?(\.[0-9]+)?(?:[eE]([+-]?)([0-9]+))?")
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES: Final = dict(zip('"\\/bfnrt', '"\\/\b\f\n\r\t', strict=True))
_NEVER: Final = re.compile("[\0\ufeff\ud800-\udfff]")
_CLOSERS: Final = {")": "(", "]": "[", "}": "{"}


@dataclass(slots=True)
class Tokens:
    """The tokens of one text; the last is `eof`.

    Attributes:
        path: of the file, for spans.
        kinds: `ident`, `number`, `string`, `template`, `template{`, `}template`, `}template{`,
            `illegal`, `eof`; of a keyword or a mark, itself.
        texts: as written, or decoded.
        spaces: before the token: 0 nothing, 1 white space, 2 a line break.
        rows, columns: of its first character, 1-based.
        widths: in characters, of a token on one line.
        ends: row and column after a token over several lines.
        comments: row, column and text after the `#`.
        depth: of the deepest bracket.
        unclosed: token indexes of brackets that nothing closes.
        errors: of illegal tokens.
    """

    path: str
    kinds: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    spaces: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)
    ends: dict[int, tuple[int, int]] = field(default_factory=dict)
    comments: list[tuple[int, int, str]] = field(default_factory=list)
    depth: int = 0
    unclosed: list[int] = field(default_factory=list)
    errors: list[Diagnostic] = field(default_factory=list)

    def span(self, first: int, last: int) -> Span:
        """From the start of token `first` to the end of token `last`."""
        ends = self.ends.get(last)
        if ends is None:
            ends = (self.rows[last], self.columns[last] + self.widths[last])
        return Span(self.path, self.rows[first], self.columns[first], *ends)


def tokenize(
    text: str, *, path: str, keywords: frozenset[str] = KEYWORDS, source: str | None = None
) -> Tokens:
    """All tokens of `text`.

    Raises:
        RegoErrors: larger than 1 MiB, or brackets nested deeper than 500.
    """
    sources = {path: text if source is None else source}
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        message = f"larger than the limit of {MAX_BYTES} bytes"
        raise RegoErrors([Diagnostic("rego_parse_error", message, Span(path, 1, 1))])
    lexer = _Lexer(text, path, keywords)
    lexer.run()
    if lexer.too_deep:
        raise RegoErrors([lexer.tokens.errors[-1]], sources)
    return lexer.tokens


class _Lexer:
    """The state of one pass."""

    def __init__(self, text: str, path: str, keywords: frozenset[str]) -> None:
        self.text = text
        self.keywords = keywords
        self.tokens = Tokens(path)
        self.too_deep = False
        self._row = 1
        self._line = 0  # where the current row starts
        self._space = 2
        # Open brackets and templates: the mark (`"` or "`" for a template) and its token.
        self._open: list[tuple[str, int]] = []

    def run(self) -> None:
        """Fill `tokens`."""
        text, match, keywords = self.text, _TOKEN.match, self.keywords
        place = 1 if text.startswith("\ufeff") else 0
        self._line = place
        while place < len(text) and not self.too_deep:
            found = match(text, place)
            assert found is not None  # `other` takes any character
            group, end = found.lastgroup, found.end()
            if group == "space":
                self._skip(place, end)
            elif group == "word":
                word = found.group()
                kind = word if word in keywords and text[end : end + 1] not in _REF else "ident"
                self._add(kind, word, place, end)
            elif group == "mark":
                end = self._mark(found.group(), place, end)
            else:
                end = self._other(group or "", place, end)
            place = end
        self._add("eof", "", len(text), len(text))
        self.tokens.unclosed = [index for _, index in self._open]
        if self._open and self._open[0][0] in _TEMPLATE_PART:
            self.tokens.unclosed = []
        self._never()

    def _skip(self, place: int, end: int) -> None:
        breaks = self.text.count("\n", place, end)
        if breaks:
            self._row += breaks
            self._line = self.text.rfind("\n", place, end) + 1
            self._space = 2
        elif not self._space:
            self._space = 1

    def _add(self, kind: str, text: str, place: int, end: int) -> None:
        tokens = self.tokens
        tokens.kinds.append(kind)
        tokens.texts.append(text)
        tokens.spaces.append(self._space)
        tokens.rows.append(self._row)
        tokens.columns.append(place - self._line + 1)
        tokens.widths.append(end - place)
        self._space = 0

    def _add_long(self, kind: str, text: str, place: int, end: int) -> None:
        """A token that may hold line breaks."""
        self._add(kind, text, place, end)
        if "\n" in self.text[place:end]:
            self._skip(place, end)
            self._space = 0
            self.tokens.ends[len(self.tokens.kinds) - 1] = (self._row, end - self._line + 1)

    def _mark(self, mark: str, place: int, end: int) -> int:
        """A bracket or an operator; returns where to go on."""
        if mark in "([{":
            self._push(mark)
        elif mark in _CLOSERS:
            template = self._pop(mark)
            if template:
                return self._template(template, "}", place, end)
        self._add(mark, mark, place, end)
        return end

    def _push(self, mark: str) -> None:
        self._open.append((mark, len(self.tokens.kinds)))
        self.tokens.depth = max(self.tokens.depth, len(self._open))
        if len(self._open) > MAX_DEPTH:
            self.too_deep = True
            where = Span(self.tokens.path, self._row, 1)
            message = f"nested deeper than the limit of {MAX_DEPTH}"
            self.tokens.errors.append(Diagnostic("rego_parse_error", message, where))

    def _pop(self, mark: str) -> str:
        """Close a bracket; the quote of the template whose expression `}` ends, else empty."""
        opener = _CLOSERS[mark]
        if self._open and self._open[-1][0] == opener:
            self._open.pop()
            return ""
        if mark != "}":
            return ""
        # A bracket was left open before this brace: close the nearest thing that `}` can close.
        for index in range(len(self._open) - 1, -1, -1):
            kind = self._open[index][0]
            if kind == "{" or kind in _TEMPLATE_PART:
                del self._open[index:]
                return kind if kind in _TEMPLATE_PART else ""
        return ""

    def _other(self, group: str, place: int, end: int) -> int:
        text = self.text[place:end]
        if group == "string":
            self._string("string", text[1:-1], place, end)
        elif group == "raw":
            self._add_long("string", text[1:-1], place, end)
        elif group == "number":
            self._number(text, place, end)
        elif group == "comment":
            self.tokens.comments.append(
                (self._row, place - self._line + 1, text[1:].removesuffix("\r"))
            )
        elif group == "template":
            return self._template(text[1], "", place, end)
        else:
            return self._illegal_character(text, place, end)
        return end

    def _string(self, kind: str, inner: str, place: int, end: int) -> None:
        try:
            value = _unescape(inner, template=kind != "string")
        except ValueError:
            self._illegal("illegal escape sequence", place, end)
            return
        self._add_long(kind, value, place, end)

    def _number(self, text: str, place: int, end: int) -> None:
        found = _NUMBER.fullmatch(text)
        if found is None:
            self._illegal(_number_error(text), place, end)
            return
        digits, fraction, sign, exponent = found.groups(default="")
        power = int(exponent[:12]) if exponent else 0
        size = len(digits) - 1 + (-power if sign == "-" else power)
        if not -MAX_EXPONENT < size < MAX_EXPONENT or len(fraction) > MAX_EXPONENT:
            self._illegal("number too big", place, end)
            return
        self._add("number", f"0{text}" if text.startswith(".") else text, place, end)

    def _template(self, quote: str, prefix: str, place: int, start: int) -> int:
        """One text of a template string, from `start`; returns where to go on."""
        found = _TEMPLATE_PART[quote].match(self.text, start)
        assert found is not None  # the pattern matches nothing, too
        end = found.end()
        closer = self.text[end : end + 1]
        inner = found.group()
        if closer not in {quote, "{"} or not closer:
            self._illegal("non-terminated string", place, end)
            return end
        if closer == "{":
            self._push(quote)
        kind = f"{prefix}template{'{' if closer == '{' else ''}"
        if quote == "`":
            self._add_long(kind, inner.replace("\\{", "{"), place, end + 1)
        else:
            self._string(kind, inner, place, end + 1)
        return end + 1

    def _illegal_character(self, text: str, place: int, end: int) -> int:
        hint = _CHARACTER_HINTS.get(text, "")
        if _NEVER.match(text):  # reported at the end, once
            self._add_long("illegal", "", place, end)
            return end
        if text == '"':
            found = self.text.find("\n", place)
            stop = len(self.text) if found < 0 else found
            self._illegal("non-terminated string", place, stop, hint)
            return stop
        if text == "`":
            self._illegal("non-terminated string", place, len(self.text))
            return len(self.text)
        if text == "'":  # one error for the whole of 'a string'
            close = re.compile(r"[^'\n]*'").match(self.text, end)
            end = close.end() if close else end
        message = f"illegal {text} character" if text in "!$" else "illegal token"
        self._illegal(message, place, end, hint)
        return end

    def _illegal(self, message: str, place: int, end: int, hint: str = "") -> None:
        self._add_long("illegal", "", place, end)
        if len(self.tokens.errors) < MAX_ERRORS:
            last = len(self.tokens.kinds) - 1
            where = self.tokens.span(last, last)
            self.tokens.errors.append(Diagnostic("rego_parse_error", message, where, hint))

    def _never(self) -> None:
        """Characters that OPA refuses even in strings and comments."""
        found = _NEVER.search(self.text, 1 if self.text.startswith("\ufeff") else 0)
        if found is None:
            return
        row = self.text.count("\n", 0, found.start()) + 1
        column = found.start() - self.text.rfind("\n", 0, found.start())
        names = {"\0": "null", "\ufeff": "byte-order mark"}
        name = names.get(found.group(), "utf-8")
        message = f"illegal {name}" if name == "byte-order mark" else f"illegal {name} character"
        where = Span(self.tokens.path, row, column, row, column + 1)
        self.tokens.errors.insert(0, Diagnostic("rego_parse_error", message, where))


_REF: Final = (".", "[")
_CHARACTER_HINTS: Final = {
    "'": "strings are written in double quotes",
    "!": "negate with `not`",
    '"': "close the string on its line, or write it in backticks",
}


def _unescape(inner: str, *, template: bool) -> str:
    """The value of what stands between double quotes.

    Raises:
        ValueError: an escape that JSON does not have.
    """
    if "\\" not in inner:
        return inner

    def replace(found: re.Match[str]) -> str:
        code = found.group(1)
        if len(code) > 1:
            return chr(int(code[1:], 16))
        if template and code == "{":
            return "{"
        if code not in _ESCAPES:
            raise ValueError(code)
        return _ESCAPES[code]

    value = _ESCAPE.sub(replace, inner)
    if any("\ud800" <= char <= "\udfff" for char in value):
        # Pairs become one character, a lone half U+FFFD, as in Go's JSON.
        value = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return value


def _number_error(text: str) -> str:
    """What is wrong with a number, in OPA's words."""
    if re.fullmatch(r"[0-9]+\.(?:[eE].*)?", text):
        return "expected fraction"
    if re.fullmatch(r"[0-9]*(?:\.[0-9]+)?[eE][+-]?", text):
        return "expected exponent"
    if re.fullmatch(r"0[0-9].*", text) and not re.search(r"[A-DF-Za-df-z_]", text):
        return "unexpected number token: expected number without leading zero"
    return "illegal number format"
