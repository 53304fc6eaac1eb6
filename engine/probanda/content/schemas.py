"""JSON Schemas that documents carry, and values under them.

Rules:

- Draft 2020-12 only, and self-contained: a `$ref` leads to a place in the same
  schema. Nothing is ever fetched (jsonschema's default registry would).
- A schema is checked before it is used: its own form, its references, its
  regular expressions.

Example:

    for problem in problems({"deny": "MIT"}, schema):
        print(problem.path, problem.message)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from probanda.content.complaints import nearest, one_of
from probanda.parse.json_schema import prepare

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NO_PARAMETERS: Mapping[str, Any] = {"type": "object", "additionalProperties": False}
_MAX_MESSAGE = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at one place of a value.

    Attributes:
        path: from the value's root.
        message: what is wrong, after "in <field>".
        hint: may be empty.
        key: the problem is the name at the end of `path`, not the value there.
    """

    path: tuple[str | int, ...]
    message: str
    hint: str = ""
    key: bool = False


def schema_problems(schema: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with a JSON Schema itself; the first cause only, where causes shadow others."""
    if schema == NO_PARAMETERS or not schema:
        return []
    prepare()
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    if schema.get("$schema", DIALECT) != DIALECT:
        return [Problem(("$schema",), "must be JSON Schema 2020-12", f"write '{DIALECT}'")]
    try:
        form = best_match(
            Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema)
        )
    except RecursionError:
        return [Problem((), "is nested too deeply to be checked")]
    if form is not None:
        path = tuple(form.absolute_path)
        return [Problem(path, f"is not valid JSON Schema: {form.message[:_MAX_MESSAGE]}")]
    return [*_reference_problems(schema), *_pattern_problems(schema)]


def _reference_problems(schema: Mapping[str, Any]) -> Iterator[Problem]:
    from referencing import Registry
    from referencing.exceptions import NoSuchAnchor, PointerToNowhere, Unresolvable
    from referencing.jsonschema import DRAFT202012

    base = str(schema.get("$id", ""))
    registry: Any = Registry().with_resource(base, DRAFT202012.create_resource(dict(schema)))
    resolver = registry.resolver(base_uri=base)
    for path, part in _parts(schema, ()):
        if path and "$id" in part:
            yield Problem((*path, "$id"), "is not supported inside a schema")
        for word in ("$ref", "$dynamicRef"):
            reference = part.get(word)
            if not isinstance(reference, str):
                continue
            if not reference.startswith("#"):
                yield Problem(
                    (*path, word), "must lead to a place in the same schema", "use '#/$defs/…'"
                )
                continue
            try:
                resolver.lookup(reference)
            except (Unresolvable, PointerToNowhere, NoSuchAnchor):
                yield Problem((*path, word), f"leads nowhere: '{reference[:80]}'")


def _pattern_problems(schema: Mapping[str, Any]) -> Iterator[Problem]:
    for path, part in _parts(schema, ()):
        patterns: list[tuple[tuple[str | int, ...], object]] = [
            ((*path, "pattern"), part.get("pattern"))
        ]
        named = part.get("patternProperties")
        if isinstance(named, dict):
            patterns += [((*path, "patternProperties", name), name) for name in named]
        for where, pattern in patterns:
            if isinstance(pattern, str):
                try:
                    re.compile(pattern)
                except (re.error, OverflowError, RecursionError):
                    yield Problem(where, "is not a valid regular expression")


def _parts(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """Every mapping in a schema with its path; depth was bounded when it was read."""
    if isinstance(value, Mapping):
        yield path, value
        for key, inner in value.items():
            # What stands here is data, not schema.
            if key not in {"const", "enum", "default", "examples"}:
                yield from _parts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _parts(inner, (*path, index))


def problems(value: Any, schema: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with `value` under a schema that `schema_problems` found good."""
    prepare()
    from jsonschema import Draft202012Validator
    from referencing import Registry

    validator = Draft202012Validator(dict(schema), registry=Registry())
    try:
        return [problem for error in validator.iter_errors(value) for problem in _explain(error)]
    except RecursionError:
        return [Problem((), "cannot be checked: its schema refers to itself without end")]


def _explain(error: ValidationError) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    # jsonschema types these as possibly unset; an error out of `iter_errors` has them all.
    rule: Any = error.validator_value
    instance: Any = error.instance
    schema: Any = error.schema
    if error.validator == "additionalProperties" and isinstance(instance, dict):
        known = list(schema.get("properties", {}))
        named = schema.get("patternProperties", {})
        for name in instance:
            if name not in known and not any(re.search(pattern, name) for pattern in named):
                hint = nearest(name, known) or (f"known here: {', '.join(known)}" if known else "")
                yield Problem((*path, name), "is unknown", hint, key=True)
    elif error.validator == "required":
        # jsonschema yields one error for each missing property and names it in the message only.
        for name in rule:
            if error.message.startswith(f"{name!r} is a required"):
                yield Problem((*path, name), "is missing")
    elif error.validator == "enum":
        words = [str(word) for word in rule]
        yield Problem(path, f"must be {one_of(words)}", nearest(str(instance), words))
    elif error.validator == "type":
        names = rule if isinstance(rule, str) else " or ".join(rule)
        hint = "quote it" if names == "string" and _is_scalar(instance) else ""
        yield Problem(path, f"must be of type {names}", hint)
    else:
        yield Problem(path, f"is not valid: {error.message[:_MAX_MESSAGE]}")


def _is_scalar(value: object) -> bool:
    return value is not None and not isinstance(value, dict | list)
