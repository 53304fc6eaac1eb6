"""Types and casts.

Rules:

- A cast gives the value itself, or an error where it has another type; `cast_array` and `cast_set`
  also turn one into the other.
- `to_number` takes what Go's `ParseFloat` takes, but neither infinity nor NaN.

Source: OPA `v1/topdown/casts.go`, `type.go`, `type_name.go`; Go `strconv.ParseFloat`.

Example:
    to_number("1.50")   # Decimal("1.50")
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from probanda.rego.builtins.interface import Builtin, BuiltinError, define, is_number, wrong_type
from probanda.rego.builtins.text import quote
from probanda.rego.values import RegoSet, exact, normal, sorted_values, type_name

# What both `ParseFloat` and OPA's numbers take; hexadecimal floats and underscores are only the
# former's.
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_NAMELESS: Final = frozenset({"inf", "infinity", "nan"})
# The greatest float64 is below 1.8e308.
_GREATEST: Final = Decimal(2) ** 1024 - Decimal(2) ** 970
_MAX_TEXT: Final = 4_000


def to_number(value: Any) -> int | Decimal:
    """The number that a value stands for."""
    if value is None or isinstance(value, bool):
        return int(value is True)
    if is_number(value):
        return exact(value)
    if not isinstance(value, str):
        raise wrong_type(1, value, "null", "boolean", "number", "string")
    if value.lstrip("+-").lower() in _NAMELESS:
        raise wrong_type(1, value, "valid number string")
    if len(value) > _MAX_TEXT or not _NUMBER.fullmatch(value):
        raise BuiltinError(f"strconv.ParseFloat: parsing {quote(value)}: invalid syntax")
    number = Decimal(value)
    if abs(number) > _GREATEST:
        raise BuiltinError(f"strconv.ParseFloat: parsing {quote(value)}: value out of range")
    return normal(number)


def _is(name: str) -> Callable[[Any], bool]:
    """Whether a value has a type."""

    def test(value: Any) -> bool:
        return type_name(value) == name

    return test


def _cast(name: str) -> Callable[[Any], Any]:
    """The value, if it has a type."""

    def cast(value: Any) -> Any:
        if type_name(value) != name:
            raise wrong_type(1, value, name)
        return value

    return cast


def cast_array(value: Any) -> list[Any]:
    """An array as it is, or a set as an array."""
    if isinstance(value, RegoSet):
        return sorted_values(value)
    if isinstance(value, list):
        return value
    raise wrong_type(1, value, "array", "set")


def cast_set(value: Any) -> RegoSet:
    """A set as it is, or an array as a set."""
    if isinstance(value, list):
        return RegoSet(value)
    if isinstance(value, RegoSet):
        return value
    raise wrong_type(1, value, "array", "set")


BUILTINS: Final[list[Builtin]] = define(
    {
        "cast_array": cast_array,
        "cast_boolean": _cast("boolean"),
        "cast_null": _cast("null"),
        "cast_object": _cast("object"),
        "cast_set": cast_set,
        "cast_string": _cast("string"),
        "is_array": _is("array"),
        "is_boolean": _is("boolean"),
        "is_null": _is("null"),
        "is_number": _is("number"),
        "is_object": _is("object"),
        "is_set": _is("set"),
        "is_string": _is("string"),
        "to_number": to_number,
        "type_name": type_name,
    }
)
