"""What Go's templates know about values: truth, printing, comparing, and their functions.

Rules:

- Numbers of the data are Go's `json.Number`, texts: they print as they are, are true (even 0),
  and compare with texts only. Numbers of the template and indexes are numbers.
- Functions fail with `TemplateError`; the caller says where.

Source: Go `text/template/funcs.go`, `fmt/print.go`; OPA `v1/topdown/template.go`.

Example:
    shown({"a": [1, None]})   # "map[a:[1 <nil>]]"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote_plus

from probanda.rego.builtins.format_verbs import Flags, format_argument
from probanda.rego.builtins.interface import is_number, limit
from probanda.rego.builtins.numeric import number_text
from probanda.rego.builtins.text import octets
from probanda.rego.values import RegoSet, sorted_values

MAX_WIDTH: Final = 10_000
_VERB: Final = re.compile(r"%([-+# 0]*)([0-9]*)(\.[0-9]*)?(.?)", re.DOTALL)
_HTML: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;", "\0": "\ufffd"}
_SCRIPT: Final = {
    **{char: f"\\u{ord(char):04X}" for char in "<>&="},
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
}


class TemplateError(Exception):
    """A template cannot be rendered; where is said by the caller."""


class JsonNumber(str):
    """A number of the data, as its text."""

    __slots__ = ()


def from_rego(value: Any) -> Any:
    """A Rego value as templates have it."""
    if isinstance(value, dict):
        return {name: from_rego(item) for name, item in value.items() if isinstance(name, str)}
    if isinstance(value, RegoSet):
        return [from_rego(item) for item in sorted_values(value)]
    if isinstance(value, list):
        return [from_rego(item) for item in value]
    return JsonNumber(number_text(value)) if is_number(value) else value


def shown(value: Any, *, inside: bool = True) -> str:
    """A value as `%v` prints it; alone, nothing is `<no value>`."""
    if value is None:
        return "<nil>" if inside else "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{' '.join(map(shown, value))}]"
    if isinstance(value, dict):
        pairs = " ".join(f"{name}:{shown(value[name])}" for name in sorted(value))
        return f"map[{pairs}]"
    return value if isinstance(value, str) else format_argument(value, "v", Flags())


def go_type(value: Any) -> str:
    """The name of a value's Go type."""
    if isinstance(value, JsonNumber):
        return "json.Number"
    if value is None:
        return "nil"
    names = {bool: "bool", str: "string", int: "int", float: "float64"}
    composite = "[]interface {}" if isinstance(value, list) else "map[string]interface {}"
    return names.get(type(value), composite)


def is_true(value: Any) -> bool:
    """Go's truth: what is neither zero nor empty."""
    return bool(value)


# --- functions -----------------------------------------------------------------------------


def _kind(value: Any) -> str:
    """What values are compared as; empty for what has no order."""
    if isinstance(value, str):
        return "string"
    return {bool: "bool", int: "int", float: "float"}.get(type(value), "")


def equal(left: Any, *others: Any) -> bool:
    """Whether the first equals one of the others."""
    if not others:
        raise TemplateError("missing argument for comparison")
    for right in others:
        if _kind(left) != _kind(right):
            if left is not None and right is not None:
                raise TemplateError("incompatible types for comparison")
        elif not _kind(left) and not (left is None or right is None):
            raise TemplateError(f"non-comparable type {go_type(left)}")
        elif left == right:
            return True
    return False


def _not_equal(left: Any, right: Any) -> bool:
    return not equal(left, right)


def _less(left: Any, right: Any) -> bool:
    kinds = _kind(left), _kind(right)
    if "" in kinds or (kinds[0] == kinds[1] == "bool"):
        raise TemplateError("invalid type for comparison")
    if kinds[0] != kinds[1]:
        raise TemplateError("incompatible types for comparison")
    return bool(left < right)


def _less_or_equal(left: Any, right: Any) -> bool:
    return _less(left, right) or equal(left, right)


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(octets(value))
    if isinstance(value, list | dict):
        return len(value)
    raise TemplateError("len of nil pointer" if value is None else f"len of type {go_type(value)}")


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if value is None:
            raise TemplateError("index of untyped nil")
        if isinstance(value, dict):
            if not isinstance(key, str):
                raise TemplateError(f"value has type {go_type(key)}; should be string")
            value = value.get(key)
            continue
        if not isinstance(value, list | str) or isinstance(value, JsonNumber):
            raise TemplateError(f"can't index item of type {go_type(value)}")
        items = octets(value) if isinstance(value, str) else value
        value = items[_position(key, len(items))]
    return value


def _position(key: Any, size: int) -> int:
    if type(key) is not int:
        raise TemplateError(f"cannot index slice/array with type {go_type(key)}")
    if not 0 <= key < size:
        raise TemplateError(f"index out of range: {key}")
    return key


def _slice(value: Any, *bounds: Any) -> Any:
    if len(bounds) > 2 or not isinstance(value, list | str):
        raise TemplateError(f"can't slice item of type {go_type(value)}")
    items: Any = octets(value) if isinstance(value, str) else value
    first = bounds[0] if bounds else 0
    last = bounds[1] if len(bounds) > 1 else len(items)
    for bound in (first, last):
        _position(bound, len(items) + 1)
    if first > last:
        raise TemplateError(f"invalid slice index: {first} > {last}")
    cut = items[first:last]
    return cut.decode("utf-8", "surrogateescape") if isinstance(value, str) else cut


def _print(*values: Any) -> str:
    """Operands with a space between two of them when neither is a text."""
    parts = []
    for place, value in enumerate(values):
        before = values[place - 1] if place else ""
        if not isinstance(value, str) and not isinstance(before, str):
            parts.append(" ")
        parts.append(shown(value))
    return "".join(parts)


def _print_line(*values: Any) -> str:
    return " ".join(map(shown, values)) + "\n"


def _print_format(template: Any, *values: Any) -> str:
    """Go's `Sprintf`."""
    if not isinstance(template, str):
        raise TemplateError(f"wrong type for value; expected string; got {go_type(template)}")
    rest = list(values)

    def fill(found: re.Match[str]) -> str:
        signs, width, precision, verb = found.groups()
        if verb == "%":
            return "%"
        if not verb:
            return "%!(NOVERB)"
        if not rest:
            return f"%!{verb}(MISSING)"
        flags = Flags("#" in signs, "0" in signs, "+" in signs, "-" in signs, " " in signs)
        flags.width = int(width) if width else None
        flags.precision = int(precision[1:] or 0) if precision else None
        limit("a width", MAX_WIDTH, max(flags.width or 0, flags.precision or 0))
        return _formatted(rest.pop(0), verb, flags)

    made = _VERB.sub(fill, template)
    if rest:
        extra = ", ".join(f"{go_type(value)}={shown(value)}" for value in rest)
        made += f"%!(EXTRA {extra})"
    return made


def _formatted(value: Any, verb: str, flags: Flags) -> str:
    """One value under one verb; collections know `v` and, part by part, other verbs."""
    if isinstance(value, bool):
        text = shown(value)
        return _fitted(text if verb in {"t", "v"} else f"%!{verb}(bool={text})", flags)
    if value is None:
        return _fitted("<nil>" if verb == "v" else f"%!{verb}(<nil>)", flags)
    if isinstance(value, JsonNumber) and verb not in {"s", "v", "q", "x", "X"}:
        return f"%!{verb}(json.Number={value})"
    if isinstance(value, list):
        return f"[{' '.join(_formatted(item, verb, flags) for item in value)}]"
    if isinstance(value, dict):
        pairs = [
            f"{_formatted(name, verb, flags)}:{_formatted(value[name], verb, flags)}"
            for name in sorted(value)
        ]
        return f"map[{' '.join(pairs)}]"
    return format_argument(str(value) if isinstance(value, str) else value, verb, flags)


def _fitted(text: str, flags: Flags) -> str:
    width = flags.width or 0
    return text.ljust(width) if flags.minus else text.rjust(width)


def _escaper(replacements: dict[str, str]) -> Callable[..., str]:
    """A function of the `html` kind."""

    def escape(*values: Any) -> str:
        return "".join(replacements.get(char, char) for char in _print(*values))

    return escape


def _query(*values: Any) -> str:
    return quote_plus(octets(_print(*values)), safe="-_.~")


def _not(value: Any) -> bool:
    return not is_true(value)


# `and` and `or` evaluate their arguments one by one, and are part of the language.
FUNCTIONS: Final[dict[str, tuple[Callable[..., Any], int, int]]] = {
    "not": (_not, 1, 1),
    "len": (_length, 1, 1),
    "index": (_index, 1, 100),
    "slice": (_slice, 1, 3),
    "print": (_print, 0, 100),
    "println": (_print_line, 0, 100),
    "printf": (_print_format, 1, 100),
    "html": (_escaper(_HTML), 0, 100),
    "js": (_escaper(_SCRIPT), 0, 100),
    "urlquery": (_query, 0, 100),
    "eq": (equal, 1, 100),
    "ne": (_not_equal, 2, 2),
    "lt": (_less, 2, 2),
    "le": (_less_or_equal, 2, 2),
    "gt": (lambda left, right: not _less_or_equal(left, right), 2, 2),
    "ge": (lambda left, right: not _less(left, right), 2, 2),
}
