r"""Parsing Go templates.

Rules:

- Of `text/template`: texts, comments, trim markers, pipelines, fields, variables, literals,
  parentheses, `if`, `else if`, `else`, `range`, `with`, `break`, `continue`. Templates that
  define or call other templates are refused.
- Texts have at most 1 MiB and 100 levels of nesting.

Source: Go `text/template/parse`.

Example:
    parse_template("{{if .a}}b{{end}}", ())   # (Branch(kind='if', …),)
"""

from __future__ import annotations

import ast
import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Any, Final

from probanda.rego.builtins.interface import BuiltinError, limit

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 100

_ACTION: Final = re.compile(r"\{\{(- |-(?=\n|\t|\r))?")
_COMMENT: Final = re.compile(r"\s*/\*.*?\*/(\s+-)?\}\}", re.DOTALL)
_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<end>-?\}\})
    |(?P<string>"(?:[^"\\\n]|\\.)*")
    |(?P<raw>`[^`]*`)
    |(?P<char>'(?:[^'\\\n]|\\.[^']*)')
    |(?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+
        |(?:[0-9][0-9_]*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?))
    |(?P<field>\.[A-Za-z_\u0080-\U0010ffff][\w\u0080-\U0010ffff]*)
    |(?P<variable>\$[\w\u0080-\U0010ffff]*)
    |(?P<word>[A-Za-z_\u0080-\U0010ffff][\w\u0080-\U0010ffff]*)
    |(?P<mark>:=|=|\||\(|\)|,|\.)""",
    re.VERBOSE,
)
_WORDS: Final = {"true": True, "false": False, "nil": None}
_REFUSED: Final = {"define", "template", "block"}


@dataclass(frozen=True, slots=True)
class Operand:
    """A value: a literal, a variable, the dot, a pipeline in parentheses, or a function.

    Attributes:
        kind: `literal`, `variable`, `dot`, `pipeline`, `function`.
        value: the literal, the name, or the pipeline.
        fields: names that follow it: `.a.b`.
        text: as written, for messages.
        place: where in the template.
    """

    kind: str
    value: Any
    fields: tuple[str, ...] = ()
    text: str = ""
    place: int = 0


Command = tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands, each of which takes the last one's result; and the variables that are set."""

    commands: tuple[Command, ...]
    variables: tuple[str, ...] = ()
    declares: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """`if`, `range` or `with`, and what is there instead."""

    kind: str
    pipeline: Pipeline
    body: Body
    otherwise: Body


@dataclass(frozen=True, slots=True)
class Jump:
    """`break` or `continue`."""

    kind: str


Body = tuple["str | Pipeline | Branch | Jump", ...]


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int


def place_of(text: str, place: int) -> str:
    """Line, and column counted from 0, as Go's messages have them."""
    return f"{text.count(chr(10), 0, place) + 1}:{place - (text.rfind(chr(10), 0, place) + 1)}"


def parse_template(text: str, functions: Container[str]) -> Body:
    """The parts of a template that may call these functions.

    Raises:
        BuiltinError: `template: template:1: unexpected "}" in operand`.
    """
    limit("a template", MAX_BYTES, len(text))
    return _Parser(text, functions).template()


class _Parser:
    """A text and where we are in it."""

    def __init__(self, text: str, functions: Container[str]) -> None:
        self.text = text
        self.functions = functions
        self.place = 0
        self.depth = 0
        self.loops = 0
        self.scopes: list[list[str]] = [["$"]]

    def template(self) -> Body:
        """The whole text."""
        body, word, _ = self.body()
        if word:
            raise self.error(f"unexpected {{{{{word}}}}}")
        return body

    def error(self, message: str, place: int | None = None) -> BuiltinError:
        """An error with its line."""
        line = self.text.count("\n", 0, self.place if place is None else place) + 1
        return BuiltinError(f"template: template:{line}: {message}")

    def body(self) -> tuple[Body, str, list[_Token]]:
        """Parts up to `end` or `else`; that word, and what stands after `else`."""
        parts: list[str | Pipeline | Branch | Jump] = []
        while found := _ACTION.search(self.text, self.place):
            before = self.text[self.place : found.start()]
            _add(parts, before.rstrip(" \t\r\n") if found[1] else before)
            self.place = found.end()
            if comment := _COMMENT.match(self.text, self.place):
                self._close(comment.end(), trim=bool(comment[1]))
                continue
            tokens = self._tokens()
            word = tokens[0].text if tokens and tokens[0].kind == "word" else ""
            if word in {"end", "else"}:
                return tuple(parts), word, tokens[1:]
            parts += self._action(word, tokens)
        _add(parts, self.text[self.place :])
        self.place = len(self.text)
        return tuple(parts), "", []

    def _close(self, place: int, *, trim: bool) -> None:
        """Go on after an action."""
        if trim:
            while place < len(self.text) and self.text[place] in " \t\r\n":
                place += 1
        self.place = place

    def _tokens(self) -> list[_Token]:
        """The tokens of one action, without white space but marked where it stood."""
        found: list[_Token] = []
        place = self.place
        while True:
            match = _TOKEN.match(self.text, place)
            if match is None:
                if place >= len(self.text):
                    raise self.error("unclosed action", place)
                shown = self.text[place]
                raise self.error(f'unexpected "{shown}" in operand', place)
            kind = match.lastgroup or ""
            if kind == "end":
                trim = match[0].startswith("-")
                if trim and found and found[-1].kind != "space":
                    raise self.error('unexpected "-" in operand', place)
                self._close(match.end(), trim=trim)
                return _joined(found)
            found.append(_Token(kind, match[0], place))
            place = match.end()

    # --- actions ---------------------------------------------------------------------------

    def _action(self, word: str, tokens: list[_Token]) -> list[Pipeline | Branch | Jump]:
        if word in {"if", "range", "with"}:
            return [self._branch(word, tokens[1:])]
        if word in {"break", "continue"} and len(tokens) == 1:
            if not self.loops:
                raise self.error(f"{{{{{word}}}}} outside {{{{range}}}}")
            return [Jump(word)]
        if word in _REFUSED:
            raise self.error(f"{{{{{word}}}}} is not supported")
        return [self._pipeline(tokens, "command")]

    def _branch(self, kind: str, tokens: list[_Token]) -> Branch:
        self.depth += 1
        limit("the depth of a template", MAX_DEPTH, self.depth)
        self.scopes.append([])
        pipeline = self._pipeline(tokens, kind)
        self.loops += kind == "range"
        body, word, rest = self.body()
        self.loops -= kind == "range"
        otherwise: Body = ()
        if word == "else" and rest:
            if kind == "range" or rest[0].text != kind:
                raise self.error(f"unexpected <{rest[0].text}> in {{{{else}}}}")
            otherwise = (self._branch(kind, rest[1:]),)
            word = "end"
        elif word == "else":
            otherwise, word, _ = self.body()
        if word != "end":
            raise self.error("unexpected EOF" if not word else "expected end; found {{else}}")
        self.scopes.pop()
        self.depth -= 1
        return Branch(kind, pipeline, body, otherwise)

    def _pipeline(self, tokens: list[_Token], context: str) -> Pipeline:
        """A pipeline, with the variables that it sets."""
        names, declares, tokens = self._variables(tokens, context)
        commands = self._commands(tokens, context)
        if declares:
            self.scopes[-1] += names
        return Pipeline(commands, tuple(names), declares)

    def _variables(
        self, tokens: list[_Token], context: str
    ) -> tuple[list[str], bool, list[_Token]]:
        """`$i, $x :=` in front of a pipeline."""
        kinds = [token.text if token.kind == "mark" else token.kind for token in tokens[:4]]
        count = 0
        if kinds[:1] == ["variable"] and kinds[1:2] in ([":="], ["="]):
            count = 1
        elif kinds[:3] == ["variable", ",", "variable"] and kinds[3:] in ([":="], ["="]):
            if context != "range":
                raise self.error("too many declarations in command")
            count = 2
        if not count:
            return [], False, tokens
        names = [token.text for token in tokens[: 2 * count : 2]]
        declares = kinds[2 * count - 1] == ":="
        for name in () if declares else names:
            self._check_variable(name)
        return names, declares, tokens[2 * count :]

    def _check_variable(self, name: str) -> None:
        if not any(name in scope for scope in self.scopes):
            raise self.error(f'undefined variable "{name}"')

    def _commands(self, tokens: list[_Token], context: str) -> tuple[Command, ...]:
        """Commands between `|`."""
        commands: list[Command] = []
        current: list[Operand] = []
        place = 0
        while place < len(tokens):
            token = tokens[place]
            if token.text == "|" and token.kind == "mark":
                if not current:
                    raise self.error(f"missing value for {context}")
                commands.append(tuple(current))
                current = []
                place += 1
                continue
            operand, place = self._operand(tokens, place)
            current.append(operand)
        if not current:
            raise self.error(f"missing value for {context}")
        commands.append(tuple(current))
        for stage, command in enumerate(commands[1:], 2):
            if command[0].kind == "literal":
                raise self.error(f"non executable command in pipeline stage {stage}")
        return tuple(commands)

    def _operand(self, tokens: list[_Token], place: int) -> tuple[Operand, int]:
        """An operand with the fields that touch it."""
        token = tokens[place]
        place += 1
        kind = token.kind
        value: Any = token.text
        fields: list[str] = []
        if kind == "mark" and value == "(":
            inner, place = self._parenthesised(tokens, place)
            kind, value = "pipeline", inner
        elif kind == "field" or value == ".":
            kind, value, fields = "dot", None, [token.text[1:]] if kind == "field" else []
        elif kind == "variable":
            self._check_variable(value)
        elif kind == "word" and value not in _WORDS:
            kind = "function"
            if value not in self.functions:
                raise self.error(f'function "{value}" not defined')
        else:
            kind, value = "literal", self._literal(token)
        while place < len(tokens) and tokens[place].kind == "joined":
            fields.append(tokens[place].text[1:])
            place += 1
        end = tokens[place - 1].place + len(tokens[place - 1].text)
        return Operand(kind, value, tuple(fields), self.text[token.place : end], token.place), place

    def _parenthesised(self, tokens: list[_Token], place: int) -> tuple[Pipeline, int]:
        self.depth += 1
        limit("the depth of a template", MAX_DEPTH, self.depth)
        start, level = place, 1
        while place < len(tokens):
            level += {"(": 1, ")": -1}.get(tokens[place].text, 0) * (tokens[place].kind == "mark")
            place += 1
            if not level:
                inner = self._pipeline(tokens[start : place - 1], "parenthesized pipeline")
                self.depth -= 1
                return inner, place
        raise self.error("unclosed left paren")

    def _literal(self, token: _Token) -> Any:
        try:
            if token.kind == "string":
                return ast.literal_eval(token.text)
            if token.kind == "char":
                return ord(ast.literal_eval(token.text))
            if token.kind == "number":
                return _number(token.text)
        except (ValueError, SyntaxError, TypeError):
            raise self.error(f"bad number or character syntax: {token.text}") from None
        if token.kind == "raw":
            return token.text[1:-1]
        if token.text in _WORDS:
            return _WORDS[token.text]
        raise self.error(f'unexpected "{token.text}" in operand')


def _add(parts: list[str | Pipeline | Branch | Jump], text: str) -> None:
    if text:
        parts.append(text)


def _number(text: str) -> int | float:
    plain = text.replace("_", "")
    try:
        return int(plain, 0)
    except ValueError:
        return float(plain)


def _joined(tokens: list[_Token]) -> list[_Token]:
    """Tokens without white space; a field that touches what is before it is `joined`."""
    made: list[_Token] = []
    for token, before in zip(tokens, [None, *tokens], strict=False):
        if token.kind == "space":
            continue
        touches = before is not None and (
            before.kind in {"field", "variable", "word"} or before.text == ")"
        )
        if token.kind == "field" and touches:
            made.append(_Token("joined", token.text, token.place))
        else:
            made.append(token)
    return made
