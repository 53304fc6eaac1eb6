"""Where the parser is, and what it says when it cannot go on.

Rules:

- A failure is an exception inside the parser only. An attempt that fails (is it a
  comprehension or a union?) is taken back; if nothing fits, the failure that got furthest is
  the one that is reported, because it is the one that the writer meant.
- Names of tokens in messages are OPA's: `unexpected assign token: expected …`.

Source: OPA's `v1/ast/internal/tokens` for the names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NoReturn

from probanda.rego.ast import Span, TemplateString
from probanda.rego.diagnostic import Diagnostic
from probanda.rego.lexer import FUTURE, KEYWORDS, MAX_ERRORS, MAX_TREE, Tokens

# Everything that may follow a dot.
WORDS: Final = KEYWORDS | {"ident"}

# Operators: how tightly they bind (`in` is weaker than all, and read elsewhere), and the name
# of the built-in that they call.
BINARY: Final[Mapping[str, tuple[int, str]]] = {
    "==": (2, "equal"),
    "!=": (2, "neq"),
    "<": (2, "lt"),
    "<=": (2, "lte"),
    ">": (2, "gt"),
    ">=": (2, "gte"),
    "|": (3, "or"),
    "&": (4, "and"),
    "+": (5, "plus"),
    "-": (5, "minus"),
    "*": (6, "mul"),
    "/": (6, "div"),
    "%": (6, "rem"),
}
NAMES: Final[Mapping[str, str]] = {
    **{mark: name for mark, (_, name) in BINARY.items()},
    "=": "eq",
    ":=": "assign",
    "ident": "identifier",
    "template": "template-string",
    "template{": "template-string",
    "}template": "}",
    "}template{": "}",
}
_TWICE: Final = {
    "&": "`&` joins sets; conditions are joined by line breaks or `;`",
    "|": "`|` joins sets; alternatives are written as several rules of one name",
    "=": "compare with `==`",
}


def name_of(term: object) -> str:
    """The kind of a term, as OPA's messages name it."""
    return "template-string" if isinstance(term, TemplateString) else type(term).__name__.lower()


SPLIT: Final = "split the expression"


class Failure(Exception):  # noqa: N818  # never leaves the parser
    """Parsing cannot go on at a token."""

    def __init__(self, place: int, diagnostic: Diagnostic | None) -> None:
        super().__init__(place)
        self.place = place
        self.diagnostic = diagnostic


class Cursor:
    """A position in the tokens, with what every part of the parser needs."""

    def __init__(self, tokens: Tokens, version: int) -> None:
        self.tokens = tokens
        self.kinds = tokens.kinds
        self.texts = tokens.texts
        self.spaces = tokens.spaces
        self.version = version
        self.place = 0
        self.wildcards = 0
        self.furthest: Failure | None = None
        # Keywords of v1 that are in force; `_enable` adds them in v0.
        self.enabled = FUTURE if version else frozenset()
        self.diagnostics: list[Diagnostic] = []
        # Operators read so far: an upper bound for what they add to the depth of the tree.
        self.operators = 0

    # --- places ---------------------------------------------------------------------------

    def span(self, first: int) -> Span:
        """From the start of token `first` to the end of the last token that was read."""
        return self.tokens.span(first, max(first, self.place - 1))

    def at(self, place: int) -> Span:
        """Of one token."""
        return self.tokens.span(place, place)

    def is_name(self, name: str) -> bool:
        """Whether this very name is next."""
        return self.kinds[self.place] == "ident" and self.texts[self.place] == name

    def mark(self) -> tuple[int, int]:
        """What `reset` takes back to."""
        return self.place, self.wildcards

    def reset(self, mark: tuple[int, int]) -> None:
        """Undo an attempt."""
        self.place, self.wildcards = mark

    def operator(self, links: int) -> int:
        """Step over an operator of a chain of `links` so far; the new number."""
        if links > MAX_TREE:
            self.fail(f"nested deeper than the limit of {MAX_TREE} nodes", hint=SPLIT)
        self.place += 1
        self.operators += 1
        return links + 1

    # --- failures -------------------------------------------------------------------------

    def fail(self, message: str, *, place: int | None = None, hint: str = "") -> NoReturn:
        """Stop at a token (the current one unless given).

        Raises:
            Failure: always.
        """
        where = self.place if place is None else place
        diagnostic = Diagnostic("rego_parse_error", message, self.at(where), hint)
        failure = Failure(where, None if self.kinds[where] == "illegal" else diagnostic)
        if self.furthest is None or failure.place >= self.furthest.place:
            self.furthest = failure
        raise failure

    def unexpected(self, expected: str = "", *, hint: str = "") -> NoReturn:
        """Stop at the current token, which does not belong there.

        Raises:
            Failure: always.
        """
        kind = self.kinds[self.place]
        name = NAMES.get(kind, kind)
        sort = "keyword" if kind in KEYWORDS else "token"
        message = f"unexpected {name} {sort}" + (f": {expected}" if expected else "")
        self.fail(message, hint=hint or self._hint(kind))

    def _hint(self, kind: str) -> str:
        if kind == "eof" and self.tokens.unclosed:
            opener = self.tokens.unclosed[-1]
            row, column = self.tokens.rows[opener], self.tokens.columns[opener]
            return f"`{self.texts[opener]}` at {row}:{column} is never closed"
        before = self.kinds[self.place - 1] if self.place else ""
        return _TWICE.get(kind, "") if kind == before else ""

    def report(self, message: str, span: Span, hint: str = "") -> None:
        """Note an error and go on."""
        if len(self.diagnostics) < MAX_ERRORS:
            self.diagnostics.append(Diagnostic("rego_parse_error", message, span, hint))

    def expect(self, kind: str, expected: str) -> None:
        """Step over a token of this kind."""
        if self.kinds[self.place] != kind:
            self.unexpected(expected)
        self.place += 1
