"""Humane errors: where, which field, what is wrong, and the nearest valid word.

Rules:

- pydantic says what is wrong with a value; this module says it to a person, with
  the place in the file. No message of pydantic's reaches a user.
- A list is not called empty because its entries are wrong.

Example:

    gates/pull-request.yaml:9:7: unknown field 'polcy' in spec.checks[0]
    hint: did you mean 'policy'?
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from probanda.content.fields import MEANINGS, is_null, located, unwrap
from probanda.errors import ContentError
from probanda.model.location import Location
from probanda.parse.tree import MappingNode, ScalarNode, YamlNode

Path = tuple[str | int, ...]

# Words that an error lists before it says how many there are.
_LISTED = 10

# Fields that a reader may expect, with the reason why they are not there.
_NOT_FIELDS = {
    ("checks", "contract"): "checks of data against a contract are not part of this version",
    ("facts", "collector"): "a gate says 'from: <collector>'",
    ("metadata", "labels"): "labels are not part of this version",
}


def nearest(word: str, words: Iterable[str]) -> str:
    """`did you mean 'x'?` for the closest of `words`, or an empty text."""
    by_lower = {candidate.lower(): candidate for candidate in sorted(words)}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f"did you mean '{by_lower[found[0]]}'?" if found else ""


def one_of(words: Iterable[str]) -> str:
    """`one of 'a', 'b'`, cut after `_LISTED` words."""
    listed = sorted(words)
    more = f" … ({len(listed)} in all)" if len(listed) > _LISTED else ""
    return "one of " + ", ".join(f"'{word}'" for word in listed[:_LISTED]) + more


def dotted(path: Sequence[str | int]) -> str:
    """`spec.checks[0].policy`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def place(root: YamlNode, path: Path, *, key: bool = False) -> Location:
    """Where the value at `path` is written, or the key above it."""
    if key and path:
        parent = located(root, path[:-1])
        if isinstance(parent, MappingNode) and path[-1] in parent.keys:
            return parent.keys[str(path[-1])]
    return located(root, path).location


def explain(error: ValidationError, root: YamlNode, model: type[BaseModel]) -> list[ContentError]:
    """One `ContentError` for each thing that is wrong with a document."""
    found = []
    for detail in error.errors(include_url=False, include_input=False):
        path = tuple(detail["loc"])
        node = located(root, path)
        if detail["type"] == "too_short" and unwrap(node):
            continue  # the entries have errors of their own
        found.append(_explain(detail, path, root, model))
    return found


def _explain(detail: Any, path: Path, root: YamlNode, model: type[BaseModel]) -> ContentError:
    kind, context = detail["type"], detail.get("ctx") or {}
    if kind == "missing":
        parent = dotted(path[:-1]) or "the document"
        return ContentError(
            f"missing field '{path[-1]}' in {parent}", location=place(root, path[:-1], key=True)
        )
    if kind == "extra_forbidden":
        return _unknown_field(path, root, model)
    if path and path[-1] == "[key]":
        path = path[:-1]
        reason, _ = _reason(kind, context, located(root, path))
        return ContentError(
            f"the name '{str(path[-1])[:80]}' in {dotted(path[:-1])} {reason}",
            location=place(root, path, key=True),
        )
    node = located(root, path)
    if kind == "probanda":
        path = (*path, *context["path"])
        reason, hint = context["reason"], context["hint"]
        node = located(root, path)
    else:
        reason, hint = _reason(kind, context, node)
    return ContentError(f"{dotted(path)} {reason}", location=node.location, hint=hint or None)


def _unknown_field(path: Path, root: YamlNode, model: type[BaseModel]) -> ContentError:
    field, parent = str(path[-1]), path[:-1]
    rooms = [part for part in parent if isinstance(part, str)]
    special = _NOT_FIELDS.get((rooms[-1], field)) if rooms else None
    if special is None and len(rooms) > 1 and rooms[-2] == "facts":
        special = _NOT_FIELDS.get(("facts", field))
    known = _fields(model, parent)
    hint = special or nearest(field, known) or f"known here: {', '.join(known)}"
    return ContentError(
        f"unknown field '{field}' in {dotted(parent) or 'the document'}",
        location=place(root, path, key=True),
        hint=hint,
    )


def _fields(model: type[BaseModel], path: Path) -> list[str]:
    """Field names, as written in documents, of the part of `model` at `path`."""
    current: Any = model
    for part in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            current = next(
                field.annotation
                for name, field in current.model_fields.items()
                if (field.alias or name) == part
            )
        else:
            current = _model_in(current)
        if not (isinstance(current, type) and issubclass(current, BaseModel)) and _direct(current):
            current = _model_in(current)
    final = current if isinstance(current, type) else _model_in(current)
    if not (isinstance(final, type) and issubclass(final, BaseModel)):
        return []
    return [field.alias or name for name, field in final.model_fields.items()]


def _direct(annotation: Any) -> bool:
    """Whether an annotation is `Model | None`, which takes no part of a path."""
    return type(None) in get_args(annotation)


def _model_in(annotation: Any) -> Any:
    """The first model inside an annotation such as `tuple[Model, ...]` or `dict[str, Model]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        found = _model_in(inner)
        if found is not None:
            return found
    return None


_SHAPES = {
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "tuple_type": "a list",
    "string_type": "text",
}
# Error types of pydantic's and what they say, given their context.
_SAYINGS: dict[str, Callable[[dict[str, Any]], str]] = {
    "string_pattern_mismatch": lambda context: (
        f"must be {MEANINGS.get(context['pattern'], context['pattern'])}"
    ),
    "too_short": lambda _: "must not be empty",
    "string_too_short": lambda _: "must not be empty",
    "string_too_long": lambda context: f"is longer than {context['max_length']} characters",
    "greater_than_equal": lambda context: f"must be at least {context['ge']:g}",
    "less_than_equal": lambda context: f"must be at most {context['le']:g}",
}


def _reason(kind: str, context: dict[str, Any], node: YamlNode) -> tuple[str, str]:
    """What is wrong, and a hint, for an error type of pydantic's."""
    if kind == "literal_error":
        words = re.findall(r"'([^']*)'", context["expected"])
        text = node.text if isinstance(node, ScalarNode) else ""
        empty = "is empty; it " if is_null(node) else ""
        return f"{empty}must be {one_of(words)}", nearest(text, words)
    if kind in _SHAPES:
        empty = ", but is empty" if is_null(node) else ""
        hint = "write a value, or remove the field" if empty else ""
        return f"must be {_SHAPES[kind]}{empty}", hint
    saying = _SAYINGS.get(kind)
    return (saying(context) if saying else f"is not valid ({kind})"), ""
