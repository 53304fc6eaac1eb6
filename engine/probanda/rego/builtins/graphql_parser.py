"""Parsing GraphQL queries as gqlparser does, with its words.

Rules:

- The first error is reported, where gqlparser sees it; after it nothing more is read.
- An empty query is one. Comments belong to the token that follows them.
- Texts have at most 1 MiB, 100,000 tokens, and 200 levels.

Source: gqlparser `parser/parser.go`, `parser/query.go`.

Example:
    parse_query("{hero {name}}")["Operations"][0]["SelectionSet"][0]["Name"]   # "hero"
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from probanda.rego.builtins import graphql_tree as tree
from probanda.rego.builtins.graphql_lexer import (
    BLOCK,
    COMMENT,
    END,
    FLOAT,
    INT,
    INVALID,
    NAME,
    STRING,
    Token,
    tokens,
)
from probanda.rego.builtins.graphql_tree import Node, Position, node
from probanda.rego.builtins.interface import BuiltinError, limit

MAX_BYTES: Final = 1 << 20
MAX_TOKENS: Final = 100_000
MAX_DEPTH: Final = 200

_SCALARS: Final = {INT: tree.INT, FLOAT: tree.FLOAT, STRING: tree.STRING, BLOCK: tree.BLOCK}
_WORDS: Final = {"true": tree.BOOLEAN, "false": tree.BOOLEAN, "null": tree.NULL}
_OPERATIONS: Final = {"query", "mutation", "subscription"}


def error_at(position: Position | None, message: str) -> BuiltinError:
    """An error in OPA's form; without a position it is as gqlparser prints it."""
    if position is None:
        return BuiltinError(f"GraphQL parse error: input: {message}")
    line, column = position
    return BuiltinError(f"{message} in GraphQL string at location {line}:{column}")


def parse_query(text: str) -> Node:
    """The syntax tree of a query document.

    Raises:
        BuiltinError: `Expected Name, found } in GraphQL string at location 1:3`.
    """
    return QueryParser(text).document()


class Parser:
    """Tokens and how to take them; what both grammars share."""

    def __init__(self, text: str) -> None:
        limit("a GraphQL text", MAX_BYTES, len(text))
        self._tokens = tokens(text)
        self._count = 0
        self._depth = 0
        self.previous = Token(INVALID, "", 1, 1)
        self.comment: Node | None = None
        self._peeked: Token | None = None

    def peek(self) -> Token:
        """The next token; comments before it are in `comment`."""
        if self._peeked is None:
            comments: list[Node] = []
            token = self._read()
            while token.kind == COMMENT:
                comments.append(node("Comment", (token.line, token.column), Value=token.value))
                token = self._read()
            if comments:
                self.comment = node("Comments", None, List=comments)
            self._peeked = token
        return self._peeked

    def _read(self) -> Token:
        self._count += 1
        limit("the number of GraphQL tokens", MAX_TOKENS, self._count)
        return next(self._tokens)

    def take(self) -> Token:
        """The next token, which is then taken.

        Raises:
            BuiltinError: it is malformed.
        """
        token = self.peek()
        if token.kind == INVALID:
            raise error_at((token.line, token.column), token.error)
        if token.kind != END:
            self._peeked = None
        self.comment = None
        self.previous = token
        return token

    @property
    def position(self) -> Position:
        """Where the next token stands."""
        token = self.peek()
        return token.line, token.column

    def refuse(self, token: Token, message: str) -> BuiltinError:
        """An error at a token."""
        return error_at((token.line, token.column), message)

    def unexpected(self, token: Token | None = None) -> BuiltinError:
        """The error for a token that cannot stand there."""
        token = token or self.peek()
        return self.refuse(token, f"Unexpected {token.described()}")

    def expect(self, kind: str) -> Token:
        """The next token, of this kind."""
        token = self.peek()
        if token.kind != kind:
            raise self.refuse(token, f"Expected {kind}, found {token.kind}")
        return self.take()

    def keyword(self, word: str) -> Node | None:
        """Take a word; the comment before it."""
        token = self.peek()
        comment = self.comment
        if token.kind != NAME or token.value != word:
            raise self.refuse(token, f'Expected "{word}", found {token.described()}')
        self.take()
        return comment

    def skip(self, kind: str) -> bool:
        """Take the next token if it is of this kind."""
        if self.peek().kind != kind:
            return False
        self.take()
        return True

    def name(self) -> str:
        """Take a name."""
        return self.expect(NAME).value

    def many(self, start: str, end: str, read: Callable[[], Node]) -> list[Node]:
        """What stands between two signs, if the first is there; may be empty."""
        found: list[Node] = []
        if self.skip(start):
            with self.deeper():
                while self.peek().kind != end:
                    found.append(read())
            self.take()
        return found

    def some(
        self, start: str, end: str, read: Callable[[], Node]
    ) -> tuple[list[Node], Node | None]:
        """What stands between two signs, if the first is there, and the comment at the end."""
        found: list[Node] = []
        if not self.skip(start):
            return found, None
        with self.deeper():
            while self.peek().kind != end:
                found.append(read())
        if not found:
            what = f"expected at least one definition, found {self.peek().kind}"
            raise self.refuse(self.peek(), what)
        comment = self.comment
        self.take()
        return found, comment

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """One level down."""
        self._depth += 1
        limit("the depth of GraphQL", MAX_DEPTH, self._depth)
        yield
        self._depth -= 1

    # --- what queries and schemas share ----------------------------------------------------

    def operation_type(self) -> str:
        """Take `query`, `mutation` or `subscription`."""
        token = self.take()
        if token.value not in _OPERATIONS:
            raise self.unexpected(token)
        return token.value

    def directives(self, *, constant: bool) -> list[Node]:
        """Take all directives."""
        found = []
        while self.skip("@"):
            place, name = self.position, self.name()
            arguments = self.arguments(constant=constant)
            found.append(node("Directive", place, Name=name, Arguments=arguments))
        return found

    def arguments(self, *, constant: bool) -> list[Node]:
        """Take arguments in parentheses, if they are there."""
        return self.many("(", ")", lambda: self._named("Argument", constant=constant))

    def _named(self, shape: str, *, constant: bool) -> Node:
        """A name, a colon and a value."""
        place, comment, name = self.position, self.comment, self.name()
        self.expect(":")
        value = self.value(constant=constant)
        return node(shape, place, Comment=comment, Name=name, Value=value)

    def value(self, *, constant: bool) -> Node:
        """Take a value; variables are none where it must be constant."""
        token = self.peek()
        place, comment = self.position, self.comment
        if token.kind == "[":
            children = self.many("[", "]", lambda: self._child(constant=constant))
            return node("Value", place, Kind=tree.LIST, Children=children, Comment=comment)
        if token.kind == "{":
            children = self.many("{", "}", lambda: self._named("Child", constant=constant))
            return node("Value", place, Kind=tree.OBJECT, Children=children, Comment=comment)
        if token.kind == "$" and not constant:
            name = self.variable()
            return node("Value", place, Kind=tree.VARIABLE, Raw=name, Comment=comment)
        kind = _WORDS.get(token.value, tree.ENUM) if token.kind == NAME else None
        kind = _SCALARS.get(token.kind, kind)
        if kind is None:
            raise self.unexpected()
        self.take()
        return node("Value", place, Kind=kind, Raw=token.value)

    def _child(self, *, constant: bool) -> Node:
        return node("Child", None, Value=self.value(constant=constant))

    def variable(self) -> str:
        """Take `$name`."""
        self.expect("$")
        return self.name()

    def type_reference(self) -> Node:
        """Take a type: `[Name!]!`."""
        if self.skip("["):
            with self.deeper():
                made = node("Type", self.position, Elem=self.type_reference())
            self.expect("]")
        else:
            made = node("Type", self.position, NamedType=self.name())
        made["NonNull"] = self.skip("!")
        return made


class QueryParser(Parser):
    """The grammar of query documents."""

    def document(self) -> Node:
        """Take everything."""
        operations: list[Node] = []
        fragments: list[Node] = []
        while (token := self.peek()).kind != END:
            if token.kind == "{" or (token.kind == NAME and token.value in _OPERATIONS):
                operations.append(self._operation())
            elif token.kind == NAME and token.value == "fragment":
                fragments.append(self._fragment())
            else:
                raise self.unexpected()
        return node("Query", None, Operations=operations, Fragments=fragments)

    def _operation(self) -> Node:
        made = node("Operation", self.position, Operation="query")
        if self.peek().kind != "{":
            made["Comment"] = self.comment
            made["Operation"] = self.operation_type()
            if self.peek().kind == NAME:
                made["Name"] = self.name()
            made["VariableDefinitions"] = self._variables()
            made["Directives"] = self.directives(constant=False)
        made["SelectionSet"] = self._selections()
        return made

    def _variables(self) -> list[Node]:
        return self.many("(", ")", self._variable_definition)

    def _variable_definition(self) -> Node:
        made = node("Variable", self.position, Comment=self.comment, Variable=self.variable())
        self.expect(":")
        made["Type"] = self.type_reference()
        if self.skip("="):
            made["DefaultValue"] = self.value(constant=True)
        made["Directives"] = self.directives(constant=False)
        return made

    def _selections(self) -> list[Node]:
        if self.peek().kind != "{":
            raise self.refuse(self.peek(), f"Expected {{, found {self.peek().kind}")
        return self.some("{", "}", self._selection)[0]

    def _selection(self) -> Node:
        if self.peek().kind == "...":
            return self._spread()
        made = node("Field", self.position, Comment=self.comment, Alias=self.name())
        made["Name"] = self.name() if self.skip(":") else made["Alias"]
        made["Arguments"] = self.arguments(constant=False)
        made["Directives"] = self.directives(constant=False)
        if self.peek().kind == "{":
            made["SelectionSet"] = self._selections()
        return made

    def _spread(self) -> Node:
        self.peek()
        comment = self.comment
        self.expect("...")
        token, place = self.peek(), self.position
        if token.kind == NAME and token.value != "on":
            made = node("Spread", place, Comment=comment, Name=self._fragment_name())
            made["Directives"] = self.directives(constant=False)
            return made
        made = node("Inline", place, Comment=comment)
        if token.value == "on":
            self.take()
            made["TypeCondition"] = self.name()
        made["Directives"] = self.directives(constant=False)
        made["SelectionSet"] = self._selections()
        return made

    def _fragment(self) -> Node:
        place = self.position
        made = node("Fragment", place, Comment=self.keyword("fragment"))
        made["Name"] = self._fragment_name()
        made["VariableDefinition"] = self._variables()
        self.keyword("on")
        made["TypeCondition"] = self.name()
        made["Directives"] = self.directives(constant=False)
        made["SelectionSet"] = self._selections()
        return made

    def _fragment_name(self) -> str:
        if self.peek().value == "on":
            raise self.unexpected()
        return self.name()
