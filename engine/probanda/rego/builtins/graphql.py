"""GraphQL: parsing and validating queries and schemas.

Rules:

- Queries and schemas are texts, or the syntax trees that the parsing functions return.
- The trees have the shape of gqlparser's structures; see `graphql_tree`.
- Functions whose names say "verify" or "valid" give false where others fail. Exceeding a limit
  fails in all of them.

Source: OPA `v1/topdown/graphql.go`.

Example:
    parse_and_verify("{a}", "type Query { a: Int }")   # [True, query, schema]
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from probanda.rego.builtins.graphql_parser import parse_query
from probanda.rego.builtins.graphql_query import validate_query
from probanda.rego.builtins.graphql_schema import Schema, build_schema
from probanda.rego.builtins.graphql_schema_parser import parse_schema
from probanda.rego.builtins.graphql_tree import Node, pruned, unmarshalled
from probanda.rego.builtins.interface import (
    Builtin,
    BuiltinError,
    define,
    halt,
    string,
    wrong_type,
)


def _document(value: Any, position: int, shape: str, parse: Callable[[str], Node]) -> Node:
    """A syntax tree from a text or an object."""
    try:
        if isinstance(value, str):
            return parse(value)
        if isinstance(value, dict):
            return unmarshalled(shape, value)
    except RecursionError:
        raise halt("GraphQL is nested too deeply", code="eval_limit_error") from None
    # OPA counts the operands of these functions from 0.
    raise wrong_type(position - 1, value, "string", "object")


def _query(value: Any) -> Node:
    return _document(value, 1, "Query", parse_query)


def _schema(value: Any, position: int) -> Node:
    return _document(value, position, "Schema", parse_schema)


def _checked(value: Any, position: int) -> tuple[Node, Schema]:
    """A schema's tree and the checked schema."""
    if isinstance(value, str):
        return _checked_text(value)
    document = _schema(value, position)
    return document, build_schema(document)


@lru_cache(maxsize=16)
def _checked_text(text: str) -> tuple[Node, Schema]:
    """The same for a text, kept since policies ask for the same one again and again."""
    document = _schema(text, 1)
    return document, build_schema(document)


def _verified(query: Any, schema: Any) -> list[Any]:
    """Both trees, when the query is valid.

    Raises:
        BuiltinError: one of them is malformed, or the query is not valid.
    """
    parsed = _query(query)
    try:
        definitions, checked = _checked(schema, 2)
        validate_query(checked, parsed)
    except RecursionError:
        raise halt("GraphQL is nested too deeply", code="eval_limit_error") from None
    return [pruned(parsed), pruned(definitions)]


def parse_query_text(text: Any) -> dict[str, Any]:
    """The syntax tree of a query."""
    return pruned(_query(string(text, 1)))


def parse_schema_text(text: Any) -> dict[str, Any]:
    """The syntax tree of a schema."""
    return pruned(_schema(string(text, 1), 1))


def parse_and_verify(query: Any, schema: Any) -> list[Any]:
    """`[true, query, schema]` when the query is valid, else `[false, {}, {}]`."""
    try:
        return [True, *_verified(query, schema)]
    except BuiltinError:
        return [False, {}, {}]


def is_valid(query: Any, schema: Any) -> bool:
    """Whether the query is valid."""
    return bool(parse_and_verify(query, schema)[0])


def schema_is_valid(schema: Any) -> bool:
    """Whether the schema is valid."""
    try:
        _checked(schema, 1)
    except BuiltinError:
        return False
    except RecursionError:
        raise halt("GraphQL is nested too deeply", code="eval_limit_error") from None
    return True


BUILTINS: Final[list[Builtin]] = define(
    {
        "graphql.parse": _verified,
        "graphql.parse_and_verify": parse_and_verify,
        "graphql.parse_query": parse_query_text,
        "graphql.parse_schema": parse_schema_text,
        "graphql.is_valid": is_valid,
        "graphql.schema_is_valid": schema_is_valid,
    }
)
