"""`json.verify_schema` and `json.match_schema`.

Rules:

- Drafts 4, 6 and 7, or, without `$schema`, what they have in common ("hybrid"); a schema may
  be an object or JSON text, a document too.
- Errors are those of gojsonschema, the validator that OPA uses, in its words: policies print
  and compare them.
- Nothing is fetched: a reference that leaves the schema is refused.

Source: OPA `v1/topdown/jsonschema.go`, gojsonschema.

Example:
    match({"id": "a"}, {"properties": {"id": {"type": "integer"}}})   # [False, [{…}]]
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from probanda.rego.builtins.go import read_json
from probanda.rego.builtins.interface import Builtin, BuiltinError, define, halt
from probanda.rego.builtins.json_schema_compile import Schema, compile_schema
from probanda.rego.builtins.json_schema_validate import validate
from probanda.rego.values import key, to_json, unkey


def verify(schema: Any) -> list[Any]:
    """`[true, null]`, or `[false, reason]` when the schema is none."""
    try:
        _compile(schema)
    except BuiltinError as error:
        return [False, f"jsonschema: {error.message}"]
    return [True, None]


def match(document: Any, schema: Any) -> list[Any]:
    """`[true, []]`, or `[false, errors]` when the document does not fit the schema."""
    instance = _document(document)
    compiled = _compile(schema)
    try:
        errors = validate(compiled, instance)
    except RecursionError:
        raise halt("validation is nested too deeply", code="eval_limit_error") from None
    return [not errors, [error.rendered() for error in errors]]


def _compile(schema: Any) -> Schema:
    return _compiled(key(schema))


@lru_cache(maxsize=64)
def _compiled(stored: Any) -> Schema:
    """A compiled schema, kept since policies ask for the same one again and again."""
    document = _document(unkey(stored))
    try:
        return compile_schema(document)
    except RecursionError:
        raise halt("a schema is nested too deeply", code="eval_limit_error") from None


def _document(value: Any) -> Any:
    """Plain JSON from JSON text, an object or an array."""
    if isinstance(value, str):
        try:
            return read_json(value)
        except BuiltinError:
            raise BuiltinError("invalid JSON string") from None
    if not isinstance(value, dict | list):
        raise BuiltinError("wrong type, expected string or object")
    try:
        return to_json(value)
    except RecursionError:
        raise halt("a value is nested too deeply", code="eval_limit_error") from None


BUILTINS: Final[list[Builtin]] = define({"json.verify_schema": verify, "json.match_schema": match})
