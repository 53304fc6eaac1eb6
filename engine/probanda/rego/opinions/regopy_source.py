r"""Checks on Rego text that the engine leaves out, and the text that it is given.

Rules:

- Rego v1 only: a rule body without `if` (v0) is a `rego_parse_error`, though the
  engine would take it.
- String literals are decoded here, as the engine compares them undecoded, and
  written back with the stand-ins of `values`. A literal that holds a backslash
  is refused: it would be a stand-in inside a regular expression.
- A variable with the name of a package's first part is refused: the engine
  would read the package instead.
- `with` is refused: regopy aborts as soon as the replaced rule calls anything.
- What is checked here is text; scoping, arity and recursion are checked on the
  plan (`preflight`). Types are not checked at all.

Example:

    >>> scan('package a.b\nallow if input.x == "y"', path="m.rego").rules
    (RuleName(name='allow', line=2, function=False),)
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from probanda.errors import PolicyError
from probanda.model.location import Location
from probanda.rego.opinions.regopy_values import Encoded, stand_in

MAX_BYTES: Final = 1 << 20
MAX_NESTING: Final = 100

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r]+)|(?P<newline>\n)|(?P<comment>\#[^\n]*)
    |(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<raw>`[^`]*`)
    |(?P<number>[0-9][0-9A-Za-z_.]*)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<operator>:=|==|!=|<=|>=|[-+*/%&|<>=.,;:(){}\[\]])""",
    re.VERBOSE,
)
_KEYWORDS: Final = frozenset(
    [
        "as",
        "contains",
        "default",
        "else",
        "every",
        "false",
        "if",
        "import",
        "in",
        "not",
        "null",
        "package",
        "some",
        "true",
        "with",
    ]
)
# Keywords after which `{` opens a value or a v1 body at the top level of a module.
_BEFORE_BRACE: Final = frozenset({"if", "in", "contains", "not", "as"})
_CONTINUES: Final = frozenset(
    {":=", "=", "==", "!=", "<=", ">=", "<", ">", ".", ","} | set("+-*/%&|:")
)


@dataclass(frozen=True, slots=True)
class RuleName:
    """A rule head: its name, the 1-based line, and whether it takes arguments."""

    name: str
    line: int
    function: bool


@dataclass(frozen=True, slots=True)
class Source:
    """One module, checked.

    Attributes:
        path: of the module.
        package: dotted.
        rules: heads in order; a rule with several bodies appears as often.
        text: what the engine is given; line for line the same as the original.
        literals: all its string literals, as they are given to the engine.
    """

    path: str
    package: str
    rules: tuple[RuleName, ...]
    text: str
    literals: Encoded


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int
    start: int


def scan(text: str, *, path: str) -> Source:
    """Check one module.

    Raises:
        PolicyError: `rego_parse_error`, with the line.
    """
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise _error(f"module is larger than {MAX_BYTES} bytes", path)
    if text.startswith("\ufeff"):
        raise _error("module starts with a byte order mark", path, 1)
    tokens = _tokens(text, path)
    package = _package(tokens, path)
    _check_bodies(tokens, path)
    _check_with(tokens, path)
    translated, literals = _translate(text, tokens, path)
    return Source(path, package, tuple(_rules(tokens)), translated, literals)


def check_names(sources: Iterable[Source], texts: Iterable[str]) -> None:
    """Refuse names that the engine would confuse with a package.

    Raises:
        PolicyError: `rego_compile_error`.
    """
    sources = tuple(sources)
    roots = {source.package.split(".")[0] for source in sources}
    for source, text in zip(sources, texts, strict=True):
        tokens = _tokens(text, source.path)
        imported = _imported(tokens)
        for before, token in zip([None, *tokens], tokens, strict=False):
            if token.kind != "name" or token.text not in roots - imported:
                continue
            if before is not None and before.text in {".", "package"}:
                continue
            raise PolicyError(
                f"the name {token.text!r} is also the first part of a package",
                code="rego_compile_error",
                location=Location(source.path, token.line),
                hint="rename the variable or rule",
            )


def _error(message: str, path: str, line: int = 0, hint: str | None = None) -> PolicyError:
    return PolicyError(message, code="rego_parse_error", location=Location(path, line), hint=hint)


def _tokens(text: str, path: str) -> list[_Token]:
    """Tokens without space and comments; newlines are kept out, lines are not."""
    tokens: list[_Token] = []
    position, line, depth = 0, 1, 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise _error(f"unexpected character {text[position]!r}", path, line)
        kind, word = match.lastgroup, match.group()
        if kind not in {"space", "newline", "comment"}:
            tokens.append(_Token(kind, word, line, position))
            depth += (word in {"(", "[", "{"}) - (word in {")", "]", "}"})
            if not 0 <= depth <= MAX_NESTING:
                raise _error("brackets are unbalanced or nested too deeply", path, line)
        line += word.count("\n")
        position = match.end()
    if depth:
        raise _error("a bracket is never closed", path, line)
    return tokens


def _package(tokens: list[_Token], path: str) -> str:
    if len(tokens) < 2 or tokens[0].text != "package":
        raise _error("a module starts with its package", path, 1)
    parts = [tokens[1].text]
    for dot, name in zip(tokens[2::2], tokens[3::2], strict=False):
        if dot.text != "." or name.kind != "name":
            break
        parts.append(name.text)
    if tokens[1].kind != "name":
        raise _error("a package is a dotted name", path, tokens[1].line)
    return ".".join(parts)


def _check_bodies(tokens: list[_Token], path: str) -> None:
    """Refuse v0 bodies: at the top level, `{` after something that ends a term."""
    depth = 0
    for before, token in itertools.pairwise(tokens):
        depth += (before.text in {"(", "[", "{"}) - (before.text in {")", "]", "}"})
        if depth or token.text != "{":
            continue
        ends_term = before.kind in {"string", "raw", "number"} or before.text in {")", "]", "}"}
        if ends_term or (before.kind == "name" and before.text not in _BEFORE_BRACE):
            raise _error(
                "a rule body needs `if`", path, token.line, hint="Rego v1: `allow if { … }`"
            )


def _check_with(tokens: list[_Token], path: str) -> None:
    for before, token in itertools.pairwise(tokens):
        if token.text == "with" and token.kind == "name" and before.text != ".":
            raise _error(
                "this engine cannot evaluate `with`",
                path,
                token.line,
                hint="give functions the values that they judge, or write a case",
            )


def _rules(tokens: list[_Token]) -> Iterable[RuleName]:
    """Rule heads: the first name of a line at the top level that continues nothing."""
    depth = 0
    before: _Token | None = None
    for index, token in enumerate(tokens):
        depth -= token.text in {")", "]", "}"}
        starts = depth == 0 and before is not None and before.line < token.line
        if starts and token.kind == "name" and before is not None:
            head = tokens[index + 1] if token.text == "default" else token
            continues = before.text in _CONTINUES or before.text in _KEYWORDS - {
                "true",
                "false",
                "null",
            }
            if not continues and head.text not in _KEYWORDS:
                following = tokens[index + 1].text if index + 1 < len(tokens) else ""
                yield RuleName(head.text, token.line, following == "(")
        depth += token.text in {"(", "[", "{"}
        before = token


def _imported(tokens: list[_Token]) -> set[str]:
    """Names that mean the package anyway, through `import data.<name>`."""
    names = set()
    for first, second, _, name in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False):
        if first.text == "import" and second.text == "data":
            names.add(name.text)
    return names


def _translate(text: str, tokens: list[_Token], path: str) -> tuple[str, Encoded]:
    parts: list[str] = []
    literals: list[str] = []
    position, special = 0, False
    for token in tokens:
        if token.kind not in {"string", "raw"}:
            continue
        value = token.text[1:-1]
        if token.kind == "string":
            try:
                value = json.loads(token.text)
            except ValueError as error:
                raise _error("a string holds a bad escape", path, token.line) from error
        if "\\" in value or (token.kind == "raw" and "\n" in value):
            raise _error(
                "a string holds a backslash or is a raw string of several lines",
                path,
                token.line,
                hint="in regular expressions write [0-9] for \\d and [.] for \\.",
            )
        try:
            literal = f'"{stand_in(value)}"'
        except PolicyError as error:
            raise _error(error.message, path, token.line) from error
        special = special or literal[1:-1] != value
        literals.append(literal)
        parts += [text[position : token.start], literal]
        position = token.start + len(token.text)
    return "".join([*parts, text[position:]]), Encoded(" ".join(literals), special)
