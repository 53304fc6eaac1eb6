"""A located tree of a YAML or JSON text, and what its scalars mean.

Rules:

- A scalar keeps its text as written. Its meaning is asked for (`resolve`) and
  follows the YAML 1.2 core schema (§10.3.2): `NO`, `on`, `22:22` are text,
  `0777` is 777. A field that wants text takes `.text` and never loses `1.10`.
- Infinity and NaN have no canonical JSON form: they are refused, and so is a
  number that overflows into one.
- Trees are immutable; an alias shares the node that it names.

Example:

    >>> to_plain(load_yaml(b"version: 1.10", path="x.yaml"))
    {'version': 1.1}
    >>> load_yaml(b"version: 1.10", path="x.yaml").entries["version"].text
    '1.10'
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from probanda.errors import ParseError
from probanda.model.location import Location

# Python refuses to print integers of more than 4,300 digits; nobody writes numbers near that.
MAX_NUMBER_LENGTH = 400

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEANS = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One scalar.

    Attributes:
        text: as written, quotes and escapes undone.
        tag: `str` when quoted, block or so tagged; `null`, `bool`, `int`, `float` when
            so tagged (or when JSON says it); empty for a plain scalar, which `resolve` reads.
        location: of its first character.
    """

    text: str
    tag: str
    location: Location


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list."""

    items: tuple[YamlNode, ...]
    location: Location


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A mapping with text keys, in the order of the text.

    Attributes:
        entries: value by key.
        keys: location of each key.
        location: of the mapping.
    """

    entries: Mapping[str, YamlNode]
    keys: Mapping[str, Location]
    location: Location


YamlNode: TypeAlias = ScalarNode | SequenceNode | MappingNode


def resolve(node: ScalarNode) -> str | int | float | bool | None:
    """What a scalar means under the YAML 1.2 core schema.

    Raises:
        ParseError: infinity, NaN, overflow, a number of more than 400 characters, or a
            text that contradicts its tag.
    """
    if node.tag == "str":
        return node.text
    value = _core(node)
    if node.tag and not _fits(value, node.tag):
        raise ParseError(f"not a {node.tag}, though tagged !!{node.tag}", location=node.location)
    return float(value) if node.tag == "float" and isinstance(value, int) else value


def _core(node: ScalarNode) -> str | int | float | bool | None:
    text = node.text
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        _check_length(node)
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if _FLOAT.fullmatch(text):
        _check_length(node)
        number = float(text)
        if math.isinf(number):
            raise ParseError(
                "the number is too large to be represented",
                location=node.location,
                hint="quote it if it is text",
            )
        return number
    if _NOT_FINITE.fullmatch(text):
        raise ParseError(
            "infinity and NaN are not supported",
            location=node.location,
            hint="quote it if it is text",
        )
    return text


def _check_length(node: ScalarNode) -> None:
    if len(node.text) > MAX_NUMBER_LENGTH:
        raise ParseError(
            f"a number of more than {MAX_NUMBER_LENGTH} characters",
            location=node.location,
            hint="quote it if it is text",
        )


def _fits(value: object, tag: str) -> bool:
    if tag == "null":
        return value is None
    if tag == "bool":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) if tag == "float" else isinstance(value, int)


def to_plain(node: YamlNode) -> Any:
    """The tree as dicts, lists, text, numbers, booleans and None.

    Recursion is bounded: readers refuse trees deeper than `Limits.max_depth`.

    Raises:
        ParseError: see `resolve`.
    """
    if isinstance(node, ScalarNode):
        return resolve(node)
    if isinstance(node, SequenceNode):
        return [to_plain(item) for item in node.items]
    return {key: to_plain(value) for key, value in node.entries.items()}
