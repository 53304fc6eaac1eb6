"""Validating queries against a schema, by the rules of graphql-core.

Rules:

- Both graphql-core and gqlparser follow graphql-js, so that messages differ in their quotes
  only. Trees are printed and read again (see `graphql_printer`), so that a query may also come
  as an object.
- Without the root type that an operation needs, nothing else about it is said.
- A query has at most 200 fragments and 1,000 fields of one name, since comparing them all is
  quadratic.

Source: GraphQL specification (October 2021) §5; graphql-core `validation`.

Example:
    validate_query(schema, parse_query("{nope}"))   # BuiltinError: Cannot query field "nope" …
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from probanda.rego.builtins.graphql_parser import error_at
from probanda.rego.builtins.graphql_printer import Printed, print_query, print_schema
from probanda.rego.builtins.graphql_schema import Schema
from probanda.rego.builtins.graphql_tree import Node, Position
from probanda.rego.builtins.interface import BuiltinError, limit

if TYPE_CHECKING:
    from graphql import DocumentNode, GraphQLError, GraphQLSchema

MAX_FRAGMENTS: Final = 200
MAX_SAME_FIELDS: Final = 1_000
_QUOTED: Final = re.compile(r"'([^']*)'")


def validate_query(schema: Schema, query: Node) -> None:
    """Check a query document.

    Raises:
        BuiltinError: all that is wrong, as gqlparser prints it.
    """
    limit("the number of GraphQL fragments", MAX_FRAGMENTS, len(query["Fragments"]))
    names = Counter(field["Alias"] for field in _fields(query))
    limit("the number of fields of one name", MAX_SAME_FIELDS, max(names.values(), default=0))
    problems: list[tuple[Position | None, str]] = [
        (operation.position, f'Schema does not support operation type "{operation["Operation"]}"')
        for operation in query["Operations"]
        if operation["Operation"] not in schema.roots
    ]
    if not problems and (query["Operations"] or query["Fragments"]):
        problems = _problems(schema, print_query(query))
    if problems:
        raise _error(problems)


def _problems(schema: Schema, printed: Printed) -> list[tuple[Position | None, str]]:
    """What graphql-core says, with the places that the query was read from."""
    from graphql import GraphQLError, parse, validate

    try:
        document = parse(printed.text)
    except GraphQLError as error:  # a tree from a policy may be one that no text has
        return [(None, _message(error))]
    errors = validate(_core_schema(schema), document)
    return [(_place(printed, document, error), _message(error)) for error in errors]


def _place(printed: Printed, document: DocumentNode, error: GraphQLError) -> Position | None:
    """Where gqlparser reports it: of two things that conflict, at the second."""
    positions = error.positions or []
    if error.message.startswith("Unknown argument") and error.nodes:
        positions = _owner(document, error.nodes[0]) or positions
    found = [printed.places[one] for one in positions if one in printed.places]
    if error.message.endswith("is not defined."):
        return found[0] if found else None
    return found[len(found) // 2] if found else None


def _owner(document: DocumentNode, argument: object) -> list[int]:
    """Where the field or directive of an argument begins."""
    waiting: list[Any] = list(document.definitions)
    while waiting:
        node = waiting.pop()
        if any(one is argument for one in getattr(node, "arguments", None) or ()):
            return [node.loc.start] if node.loc else []
        waiting.extend(getattr(node, "directives", None) or ())
        if getattr(node, "selection_set", None):
            waiting.extend(node.selection_set.selections)
    return []


def _message(error: GraphQLError) -> str:
    return _QUOTED.sub(r'"\1"', error.message)


def _error(problems: list[tuple[Position | None, str]]) -> BuiltinError:
    """The errors in OPA's form: the first one's place, and all messages in one text."""
    first, message = problems[0]
    lines = [message]
    for position, text in problems[1:]:
        place = f":{position[0]}:{position[1]}" if position else ""
        lines.append(f"input{place}: {text}")
    # A line break ends the text; OPA cuts it off only together with a full stop.
    return error_at(first, ("\n".join(lines) + "\n").removesuffix(".\n"))


def _fields(part: Node) -> Iterator[Node]:
    """All fields below a part of a query."""
    waiting = [part]
    while waiting:
        one = waiting.pop()
        if one.shape == "Field":
            yield one
        for name in ("Operations", "Fragments", "SelectionSet"):
            waiting.extend(one.get(name, ()))


def _core_schema(schema: Schema) -> GraphQLSchema:
    """The schema as graphql-core has it."""
    definitions = [one for one in schema.types.values() if not one["BuiltIn"]]
    return _built(print_schema(definitions, schema.directives.values(), schema.roots))


@lru_cache(maxsize=16)
def _built(text: str) -> GraphQLSchema:
    """A schema that has been checked, kept since building it takes milliseconds.

    Raises:
        BuiltinError: graphql-core cannot build it.
    """
    from graphql import GraphQLError, build_schema

    try:
        return build_schema(text, assume_valid=True, assume_valid_sdl=True)
    except (GraphQLError, TypeError, ValueError, KeyError):
        raise BuiltinError("GraphQL parse error: the schema cannot be built") from None
