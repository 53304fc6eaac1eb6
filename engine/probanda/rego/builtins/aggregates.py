"""Aggregates: count, sum, product, extremes, order, membership.

Rules:

- Sums and products of integers are exact. With fractions a sum is rounded at every step to 64
  bits and a product to 53, as OPA does.
- The maximum and minimum of nothing are undefined.

Source: OPA `v1/topdown/aggregates.go`.

Example:
    count("día")   # 3
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from probanda.rego.builtins import numeric
from probanda.rego.builtins.interface import (
    Builtin,
    define,
    is_number,
    items,
    whole_number,
    wrong_element,
    wrong_type,
)
from probanda.rego.values import (
    UNDEFINED,
    RegoSet,
    equal,
    exact,
    key,
    sort_key,
    sorted_values,
)


def count(collection: Any) -> int:
    """How many elements, pairs or characters."""
    if isinstance(collection, str | list | dict | RegoSet):
        return len(collection)
    raise wrong_type(1, collection, "array", "object", "set", "string")


def _numbers(collection: Any) -> list[int | Decimal]:
    """The members, all of which must be numbers."""
    found = list(items(collection, 1, "set", "array"))
    if isinstance(collection, RegoSet):
        found = sorted_values(found)
    for item in found:
        if not is_number(item):
            raise wrong_element(1, collection, item, "number")
    return [exact(item) for item in found]


def sum_(collection: Any) -> int | Decimal:
    """The sum of all members; of nothing, 0."""
    if type(collection) is list and all(type(item) is int for item in collection):
        return numeric.bounded(sum(collection))
    total: int | Decimal = 0
    for number in _numbers(collection):
        # Whole numbers that were written with a point count as integers.
        whole = whole_number(number)
        total = numeric.plus(total, number if whole is None else whole)
    return total


def product(collection: Any) -> int | Decimal:
    """The product of all members; of nothing, 1."""
    whole = ((number, whole_number(number)) for number in _numbers(collection))
    return numeric.product(number if exactly is None else exactly for number, exactly in whole)


def maximum(collection: Any) -> Any:
    """The greatest member in Rego's order."""
    return max(items(collection, 1, "set", "array"), key=sort_key, default=UNDEFINED)


def minimum(collection: Any) -> Any:
    """The least member in Rego's order."""
    return min(items(collection, 1, "set", "array"), key=sort_key, default=UNDEFINED)


def sort(collection: Any) -> list[Any]:
    """The members in Rego's order."""
    return sorted_values(items(collection, 1, "set", "array"))


def all_(collection: Any) -> bool:
    """Whether every member is `true`."""
    return all(item is True for item in items(collection, 1))


def any_(collection: Any) -> bool:
    """Whether some member is `true`."""
    return any(item is True for item in items(collection, 1))


def member(value: Any, collection: Any) -> bool:
    """`value in collection`."""
    if isinstance(collection, RegoSet):
        return key(value) in collection.members
    if isinstance(collection, dict):
        collection = collection.values()
    elif not isinstance(collection, list):
        return False
    if type(value) is str:
        return value in collection
    return any(equal(value, item) for item in collection)


def member_with_key(name: Any, value: Any, collection: Any) -> bool:
    """`name, value in collection`."""
    if isinstance(collection, RegoSet):
        return equal(name, value) and key(name) in collection.members
    if isinstance(collection, dict):
        stored = key(name)
        return stored in collection and equal(value, collection[stored])
    if isinstance(collection, list) and is_number(name):
        index = exact(name)
        return (
            isinstance(index, int)
            and 0 <= index < len(collection)
            and equal(value, collection[index])
        )
    return False


BUILTINS: Final[list[Builtin]] = define(
    {
        "all": all_,
        "any": any_,
        "count": count,
        "internal.member_2": member,
        "internal.member_3": member_with_key,
        "max": maximum,
        "min": minimum,
        "product": product,
        "sort": sort,
        "sum": sum_,
    }
)
