"""JSON, read so that no two readers could understand it differently.

Rules:

- The stdlib's decoder with a pairs hook: orjson and msgspec keep the last of two
  duplicate keys in silence, and orjson turns 2^64 into a float.
- Refused: duplicate keys, NaN and Infinity, floats that overflow, integers beyond
  Python's digit limit, invalid UTF-8, lone surrogates, depth, size and count
  beyond the limits. A byte-order mark is accepted: other tools write it.
- `load_json_tree` gives the same located tree as YAML.

Example:

    >>> load_json(b'{"a": [1, true]}', path="x.json")
    {'a': [1, True]}
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from probanda.errors import ParseError
from probanda.model.location import Location
from probanda.parse.limits import DEFAULT, Limits, decode
from probanda.parse.tree import MappingNode, ScalarNode, SequenceNode, YamlNode

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_OPENING: Final = frozenset("{[")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


class _DuplicateKeyError(ValueError):
    """An object has the same key twice."""


class _OverflowError(ValueError):
    """A float is too large to be represented."""


class _ConstantError(ValueError):
    """NaN, Infinity or -Infinity."""


def load_json(data: bytes, *, path: str, limits: Limits = DEFAULT) -> Any:
    """The JSON value in `data`.

    Raises:
        ParseError: malformed, ambiguous or beyond a limit; see the module's rules.
    """
    return _load(decode(data, path=path, limits=limits), path, limits)


def load_json_tree(data: bytes, *, path: str, limits: Limits = DEFAULT) -> YamlNode:
    """The JSON value in `data` as a located tree.

    Numbers, booleans and null carry their tag: a field that wants text refuses them.

    Raises:
        ParseError: as `load_json`.
    """
    text = decode(data, path=path, limits=limits)
    _load(text, path, limits)
    tokens = _tokens(text, path)
    return _node(next(tokens), tokens)


def _load(text: str, path: str, limits: Limits) -> Any:
    try:
        value = _value(text)
    except json.JSONDecodeError as error:
        where = Location(path, error.lineno, error.colno)
        raise ParseError(f"not valid JSON: {error.msg}", location=where) from None
    except _DuplicateKeyError:
        raise _duplicate_key(text, path) from None
    except _ConstantError:
        where = _find(text, path, re.compile(r"-?Infinity|NaN"))
        raise ParseError("NaN and Infinity are not JSON", location=where) from None
    except _OverflowError:
        where = _find_overflow(text, path)
        raise ParseError("the number is too large to be represented", location=where) from None
    except RecursionError:
        raise _too_deep(text, path, limits) from None
    except ValueError:
        where = _find(text, path, re.compile(r"-?\d{1000,}"))
        raise ParseError("a number has too many digits", location=where) from None
    if not _harmless(text, limits):
        _check(value, text, path, limits)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _DuplicateKeyError
    return value


def _refuse_constant(_: str) -> NoReturn:
    raise _ConstantError


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _OverflowError
    return number


# Built once: `json.loads` with hooks makes a decoder for each call, which costs more than reading.
_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite
)


def _value(text: str) -> Any:
    """The value; without the decoder's look for blanks, where there are none around it."""
    if text[:1] in _OPENING:
        value, end = _DECODER.raw_decode(text)
        if end == len(text):
            return value
    return _DECODER.decode(text)


def _harmless(text: str, limits: Limits) -> bool:
    """Whether nothing that `_check` looks for fits into the text; most requests are such."""
    return (
        len(text) <= limits.max_nodes
        and "\\u" not in text
        and text.count("[") + text.count("{") <= limits.max_depth
    )


def _check(value: Any, text: str, path: str, limits: Limits) -> None:
    """Depth, count and lone surrogates, level by level without recursion."""
    surrogates = _SURROGATE_ESCAPE.search(text) is not None
    level, depth, nodes = [value], 0, 0
    while level:
        nodes += len(level)
        if nodes > limits.max_nodes:
            raise ParseError(
                f"more than the limit of {limits.max_nodes} nodes", location=Location(path)
            )
        below: list[Any] = []
        nested = False
        for item in level:
            kind = type(item)
            if kind is dict:
                nested = True
                nodes += len(item)
                below.extend(item.values())
                if surrogates:
                    _check_surrogates(item, text, path)
            elif kind is list:
                nested = True
                below.extend(item)
            elif kind is str and surrogates:
                _check_surrogates((item,), text, path)
        depth += nested
        if depth > limits.max_depth:
            raise _too_deep(text, path, limits)
        level = below


def _check_surrogates(texts: Any, text: str, path: str) -> None:
    for item in texts:
        try:
            item.encode()
        except UnicodeEncodeError:
            raise ParseError(
                "a lone surrogate in a string", location=_find_surrogate(text, path)
            ) from None


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    location: Location


def _tokens(text: str, path: str) -> Iterator[_Token]:
    """Tokens with their place; only for texts that the decoder understood up to that place."""
    line, start = 1, 0
    last = 0
    for match in _TOKEN.finditer(text):
        newlines = text.count("\n", last, match.start())
        if newlines:
            line += newlines
            start = text.rindex("\n", 0, match.start()) + 1
        last = match.start()
        yield _Token(match[0], Location(path, line, match.start() - start + 1))


def _node(token: _Token, tokens: Iterator[_Token]) -> YamlNode:
    """The value that begins with `token`; depth was checked before."""
    first = token.text[0]
    if first == "[":
        items: list[YamlNode] = []
        while (inner := next(tokens)).text != "]":
            if inner.text != ",":
                items.append(_node(inner, tokens))
        return SequenceNode(tuple(items), token.location)
    if first == "{":
        entries: dict[str, YamlNode] = {}
        keys: dict[str, Location] = {}
        while (inner := next(tokens)).text != "}":
            if inner.text != ",":
                key = json.loads(inner.text)
                next(tokens)  # the colon
                keys[key] = inner.location
                entries[key] = _node(next(tokens), tokens)
        return MappingNode(entries, keys, token.location)
    if first == '"':
        return ScalarNode(json.loads(token.text), "str", token.location)
    tag = {"n": "null", "t": "bool", "f": "bool"}.get(first)
    return ScalarNode(
        token.text, tag or ("int" if token.text.lstrip("-").isdigit() else "float"), token.location
    )


def _duplicate_key(text: str, path: str) -> ParseError:
    """The first object, in order of the text, with a key twice: both places."""
    stack: list[dict[str, Location] | None] = []
    previous: _Token | None = None
    for token in _tokens(text, path):
        if token.text == "{":
            stack.append({})
        elif token.text == "[":
            stack.append(None)
        elif token.text in "]}":
            stack.pop()
        elif token.text == ":" and previous is not None:
            keys, key = stack[-1], json.loads(previous.text)
            if keys is not None and key in keys:
                return ParseError(
                    f"duplicate key {key[:80]!r}, first given at {keys[key]}",
                    location=previous.location,
                    hint="remove one of the two",
                )
            if keys is not None:
                keys[key] = previous.location
        previous = token
    return ParseError("duplicate key", location=Location(path))


def _too_deep(text: str, path: str, limits: Limits) -> ParseError:
    depth = 0
    where = Location(path)
    for token in _tokens(text, path):
        depth += (token.text in "[{") - (token.text in "]}")
        if depth > limits.max_depth:
            where = token.location
            break
    return ParseError(f"nested deeper than the limit of {limits.max_depth}", location=where)


def _find(text: str, path: str, pattern: re.Pattern[str]) -> Location:
    for token in _tokens(text, path):
        if pattern.fullmatch(token.text):
            return token.location
    return Location(path)


def _find_overflow(text: str, path: str) -> Location:
    # What follows the number may be no JSON at all: it was never read.
    number = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
    for token in _tokens(text, path):
        match = number.match(token.text)
        if match and math.isinf(float(match[0])):
            return token.location
    return Location(path)


def _find_surrogate(text: str, path: str) -> Location:
    for token in _tokens(text, path):
        if token.text[0] == '"' and re.search(r"[\ud800-\udfff]", json.loads(token.text)):
            return token.location
    return Location(path)
