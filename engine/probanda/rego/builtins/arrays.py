"""Arrays.

Rules:

- Positions outside an array are moved to its nearest end.

Source: OPA `v1/topdown/array.go`.

Example:
    array_slice([1, 2, 3], 1, 9)   # [2, 3]
"""

from __future__ import annotations

from typing import Any, Final

from probanda.rego.builtins.interface import (
    MAX_OUTPUT,
    Builtin,
    array,
    define,
    integer,
    limit,
)


def array_concat(left: Any, right: Any) -> list[Any]:
    """The items of both."""
    first, second = array(left, 1), array(right, 2)
    limit("the array", MAX_OUTPUT, len(first) + len(second))
    return first + second


def array_flatten(value: Any) -> list[Any]:
    """Each item that is an array replaced by its items; not deeper."""
    flat: list[Any] = []
    for item in array(value, 1):
        if isinstance(item, list):
            flat.extend(item)
        else:
            flat.append(item)
        limit("the array", MAX_OUTPUT, len(flat))
    return flat


def array_reverse(value: Any) -> list[Any]:
    """The items from last to first."""
    return array(value, 1)[::-1]


def array_slice(value: Any, start: Any, stop: Any) -> list[Any]:
    """The items from start up to, and without, stop."""
    items = array(value, 1)
    first, last = integer(start, 2), integer(stop, 3)
    return items[max(first, 0) : max(last, 0)]


BUILTINS: Final[list[Builtin]] = define(
    {
        "array.concat": array_concat,
        "array.flatten": array_flatten,
        "array.reverse": array_reverse,
        "array.slice": array_slice,
    }
)
