"""Sets.

Rules:

- The intersection of no sets is the empty set.

Source: OPA `v1/topdown/sets.go`, `binary.go`.

Example:
    union(RegoSet([1]), RegoSet([2]))   # {1, 2}
"""

from __future__ import annotations

from typing import Any, Final

from probanda.rego.builtins.interface import Builtin, define, members
from probanda.rego.values import RegoSet, sorted_values


def intersection(left: Any, right: Any) -> RegoSet:
    """The members of both: `left & right`."""
    return _common(members(left, 1), members(right, 2))


def union(left: Any, right: Any) -> RegoSet:
    """The members of either: `left | right`."""
    return RegoSet.of({**members(left, 1).members, **members(right, 2).members})


def difference(left: Any, right: Any) -> RegoSet:
    """The members of the first that the second lacks."""
    kept, gone = members(left, 1).members, members(right, 2).members
    return RegoSet.of({key: value for key, value in kept.items() if key not in gone})


def intersection_of(sets: Any) -> RegoSet:
    """The members that all sets of a set have."""
    common: RegoSet | None = None
    for item in sorted_values(members(sets, 1)):
        found = members(item, 1)
        common = found if common is None else _common(common, found)
    return RegoSet() if common is None else common


def union_of(sets: Any) -> RegoSet:
    """The members that some set of a set has."""
    merged: dict[Any, Any] = {}
    for item in sorted_values(members(sets, 1)):
        merged.update(members(item, 1).members)
    return RegoSet.of(merged)


def _common(left: RegoSet, right: RegoSet) -> RegoSet:
    other = right.members
    return RegoSet.of({key: value for key, value in left.members.items() if key in other})


BUILTINS: Final[list[Builtin]] = define(
    {
        "and": intersection,
        "intersection": intersection_of,
        "or": union,
        "set_diff": difference,
        "union": union_of,
    }
)
