r"""`json.marshal`, `json.unmarshal` and their kin.

Rules:

- Text is what Go's encoder writes: sorted keys, `<`, `>`, `&` escaped; sets are sorted
  arrays, keys that are no strings are their JSON text.
- Reading keeps numbers exact. A repeated key's last value counts; a lone surrogate is `\ufffd`.
- Text nested deeper than `MAX_DEPTH` fails the query.

Source: OPA `v1/topdown/encoding.go`; Go `encoding/json`.

Example:
    json_marshal({"b": RegoSet([2, 1]), "a": "<"})   # {"a":"\u003c","b":[1,2]}
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, Final

from probanda.rego.builtins.interface import (
    MAX_TEXT,
    Builtin,
    BuiltinError,
    define,
    limit,
    mapping,
    string,
    wrong_operand,
)
from probanda.rego.builtins.json_problem import problem
from probanda.rego.builtins.numeric import number_text
from probanda.rego.builtins.text import quote
from probanda.rego.values import RegoSet, sorted_keys, sorted_values, type_name, unkey

MAX_DEPTH: Final = 200
_MAX_DIGITS: Final = 4_000
_SPECIAL: Final = re.compile("[<>&\u2028\u2029\ud800-\udfff]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def _string_text(text: str) -> str:
    """A string as Go's encoder writes it."""
    plain = json.dumps(text, ensure_ascii=False)
    return _SPECIAL.sub(_escaped, plain) if _SPECIAL.search(plain) else plain


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return "\\ufffd" if 0xD800 <= code < 0xE000 else f"\\u{code:04x}"


def key_text(name: Any) -> str:
    """An object's key as a JSON key."""
    return name if isinstance(name, str) else encode(name)


def encode(value: Any, prefix: str | None = None, indent: str = "") -> str:
    """A value as JSON text; with a prefix, on lines of their own."""
    if isinstance(value, str):
        return _string_text(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    deeper = None if prefix is None else prefix + indent
    if isinstance(value, dict):
        colon = ":" if prefix is None else ": "
        found = {key_text(unkey(name)): item for name, item in value.items()}
        parts = [
            f"{_string_text(name)}{colon}{encode(found[name], deeper, indent)}"
            for name in sorted(found)
        ]
        return _enclosed("{}", parts, prefix, indent)
    if isinstance(value, list | RegoSet):
        items = sorted_values(value) if isinstance(value, RegoSet) else value
        parts = [encode(item, deeper, indent) for item in items]
        return _enclosed("[]", parts, prefix, indent)
    return number_text(value)


def _enclosed(brackets: str, parts: list[str], prefix: str | None, indent: str) -> str:
    between = "," if prefix is None else f",\n{prefix}{indent}"
    limit("JSON text", MAX_TEXT, sum(map(len, parts)) + len(parts) * len(between))
    if prefix is None:
        return f"{brackets[0]}{between.join(parts)}{brackets[1]}"
    if not parts:
        return brackets
    return f"{brackets[0]}\n{prefix}{indent}{between.join(parts)}\n{prefix}{brackets[1]}"


def json_marshal(value: Any) -> str:
    """A value as compact JSON."""
    return encode(value)


def json_marshal_with_options(value: Any, options: Any) -> str:
    """A value as JSON; `indent`, `prefix` or `pretty` ask for lines."""
    prefix, indent, wanted, explicit = "", "\t", False, None
    found = mapping(options, 2)
    for stored in sorted_keys(found):
        name, setting = unkey(stored), found[stored]
        if not isinstance(name, str):
            wrong = f"operand 0 must be string but got {type_name(name)}"
            shown = f"{encode(name)} at index {list(sorted_keys(found)).index(stored)}"
            raise wrong_operand(2, f"failed to stringify key {shown}: {wrong}")
        if name == "pretty":
            if not isinstance(setting, bool):
                raise wrong_operand(2, f"key {quote(name)} failed cast to bool")
            explicit = setting
            continue
        if name not in {"indent", "prefix"}:
            raise wrong_operand(2, f"object contained unknown key {quote(name)}")
        if not isinstance(setting, str):
            wrong = f"must be string but got {type_name(setting)}"
            raise wrong_operand(2, f"key {quote(name)} failed cast to string: {wrong}")
        wanted = True
        if name == "indent":
            indent = setting
        else:
            prefix = setting
    if not (wanted if explicit is None else explicit):
        return encode(value)
    return prefix + encode(value, prefix, indent)


def decode(text: str) -> Any:
    """The value of JSON text.

    Raises:
        BuiltinError: it is malformed.
    """
    _check_depth(text)
    try:
        return _DECODER.decode(_SURROGATE.sub("\ufffd", text).strip(" \t\n\r"))
    except json.JSONDecodeError:
        raise BuiltinError(problem(text)) from None


def decode_first(text: str) -> Any:
    """The first value of a text.

    Raises:
        BuiltinError: there is none, or it is malformed.
    """
    _check_depth(text)
    try:
        return _DECODER.raw_decode(_SURROGATE.sub("\ufffd", text).lstrip(" \t\n\r"))[0]
    except json.JSONDecodeError:
        raise BuiltinError(problem(text)) from None


def _check_depth(text: str) -> None:
    """Refuse nesting that the decoder's recursion might not survive."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for char in re.findall(r"[\[\]{}]", _STRING.sub("", text)):
        depth += 1 if char in "[{" else -1
        limit("the depth of JSON", MAX_DEPTH, depth)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {_scrubbed(name): _scrubbed(value) for name, value in pairs}


def _scrubbed(value: Any) -> Any:
    """Strings without the lone surrogates that escapes can make."""
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_scrubbed(item) for item in value]
    return value


def _integer(text: str) -> int:
    limit("the digits of a number", _MAX_DIGITS, len(text))
    return int(text)


def _decimal(text: str) -> Decimal:
    limit("the digits of a number", _MAX_DIGITS, len(text))
    return Decimal(text)


def _constant(name: str) -> Any:
    raise json.JSONDecodeError("no JSON", name, 0)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_pairs,
    parse_int=_integer,
    parse_float=_decimal,
    parse_constant=_constant,
)


def json_unmarshal(text: Any) -> Any:
    """The value of JSON text."""
    return _scrubbed(decode(string(text, 1)))


def json_is_valid(text: Any) -> bool:
    """Whether it is JSON text."""
    if not isinstance(text, str):
        return False
    try:
        decode(text)
    except BuiltinError:
        return False
    return True


BUILTINS: Final[list[Builtin]] = define(
    {
        "json.is_valid": json_is_valid,
        "json.marshal": json_marshal,
        "json.marshal_with_options": json_marshal_with_options,
        "json.unmarshal": json_unmarshal,
    }
)
