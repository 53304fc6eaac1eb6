"""What generated code calls: the only functions that it can reach besides built-ins.

Rules:

- `NAMESPACE` holds them under short fixed names; generated modules get a copy of it, with
  empty `__builtins__`.
- `state` is `[steps left in this slice, context, unit, steps left after it, deadline]`; a unit
  tells places. Helpers never change a value that they did not make.

Example:
    dot({"a": [1]}, "a")      # [1]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from probanda.errors import PolicyError
from probanda.model.location import Location
from probanda.rego.backend.context import Context
from probanda.rego.builtins import BuiltinError, describe
from probanda.rego.values import (
    UNDEFINED,
    RegoSet,
    compare,
    equal,
    exact,
    key,
    sorted_keys,
    sorted_values,
    type_name,
    unkey,
)

# Steps between two looks at the clock, and before the first.
SLICE: Final = 2_000
FIRST: Final = 200


def conflict(what: str) -> str:
    """The message of two outputs of `rule data.a.p` or `function data.a.f`: OPA's old and new."""
    if what.startswith("function"):
        old = "functions must not produce multiple outputs for same inputs"
        return f"{old}: {what} produced conflicting values for the same inputs"
    return f"complete rules must not produce multiple outputs: {what} produced conflicting values"


def dot(value: Any, name: Any) -> Any:
    """`value[name]`, or undefined."""
    kind = type(value)
    if kind is dict:
        return value.get(name if type(name) is str else key(name), UNDEFINED)
    if kind is list:
        number = type(name)
        if number is float or number is Decimal:
            name = exact(name)
        if type(name) is int and 0 <= name < len(value):
            return value[name]
        return UNDEFINED
    if kind is RegoSet:
        return value.members.get(key(name), UNDEFINED)
    return UNDEFINED


def which(value: Any, path: tuple[str, ...], table: dict[Any, int]) -> int:
    """The number of what stands at `path` of `value` in a table of scalars, or −1."""
    for name in path:
        value = dot(value, name)
    kind = type(value)
    if kind is str:
        return table.get(value, -1)
    return table.get(key(value), -1) if kind in _SCALARS else -1


_SCALARS: Final = frozenset({int, float, Decimal, bool, type(None)})


def length(value: Any) -> Any:
    """The number of items, or undefined."""
    return len(value) if type(value) in _SIZED else UNDEFINED


_SIZED: Final = frozenset({list, dict, RegoSet, str})


def member(item: Any, collection: Any) -> bool:
    """`item in collection`."""
    kind = type(collection)
    if kind is RegoSet:
        return item in collection
    if kind is list:
        return any(equal(item, each) for each in collection)
    if kind is dict:
        return any(equal(item, each) for each in collection.values())
    return False


def pairs(value: Any) -> Iterable[tuple[Any, Any]]:
    """Keys and items of any collection; nothing of anything else."""
    kind = type(value)
    if kind is list:
        return enumerate(value)
    if kind is dict:
        return [(unkey(name), item) for name, item in value.items()]
    if kind is RegoSet:
        return [(item, item) for item in value]
    return ()


def ordered_pairs(value: Any) -> Iterable[tuple[Any, Any]]:
    """The same in OPA's order."""
    if type(value) is dict:
        return [(unkey(name), value[name]) for name in sorted_keys(value)]
    if type(value) is RegoSet:
        return [(item, item) for item in ordered_items(value)]
    return pairs(value)


def items(value: Any) -> Iterable[Any]:
    """The items of any collection."""
    kind = type(value)
    if kind is list:
        return value  # type: ignore[no-any-return]  # a list by now
    if kind is dict:
        return value.values()  # type: ignore[no-any-return]  # a dict by now
    return value if kind is RegoSet else ()


def ordered_items(value: Any) -> Iterable[Any]:
    """The same in OPA's order."""
    if type(value) is dict:
        return [value[name] for name in sorted_keys(value)]
    if type(value) is RegoSet:
        return [value.members[name] for name in sorted_keys(value.members)]
    return items(value)


def copied(value: Any) -> Any:
    """The collection as it is now, for a loop that may change it."""
    kind = type(value)
    if kind is RegoSet:
        return RegoSet.of(dict(value.members))
    return value.copy() if kind is list or kind is dict else value


def upsert(value: Any, path: tuple[str, ...], item: Any) -> Any:
    """A copy of `value` with `item` at `path`; what is no object on the way is replaced."""
    if not path:
        return item
    made = dict(value) if type(value) is dict else {}
    made[path[0]] = upsert(made.get(path[0], UNDEFINED), path[1:], item)
    return made


def merge(below: Any, above: Any) -> Any:
    """Both objects in one, recursively; `above` wins."""
    if type(below) is not dict or type(above) is not dict:
        return above
    made = dict(below)
    for name, item in above.items():
        made[name] = merge(made[name], item) if name in made else item
    return made


def own(value: Any, owned: dict[int, Any], kind: Any, state: list[Any], place: int) -> Any:
    """`value` when this call made it, else a copy that it may change.

    Raises:
        PolicyError: it is no `kind`: something else stands where a rule inserts.
    """
    if type(value) is not kind:
        raise failure(state, place, "eval_conflict_error", "object keys must be unique")
    if id(value) in owned:
        return value
    made = copied(value)
    owned[id(made)] = made
    return made


def once(old: Any, new: Any, state: list[Any], place: int, what: str) -> Any:
    """`new`, unless another value is there already."""
    if not equal(old, new):
        raise failure(state, place, "eval_conflict_error", conflict(what))
    return old


def insert_once(made: dict[Any, Any], name: Any, item: Any, state: list[Any], place: int) -> None:
    """Insert, unless another value is there already."""
    if name not in made:
        made[name] = item
    elif not equal(made[name], item):
        raise failure(state, place, "eval_conflict_error", "object keys must be unique")


def failure(state: list[Any], place: int, code: str, message: str) -> PolicyError:
    """An error at a place of the policy, worded as OPA words it: `file:row: code: message`."""
    where = state[2].location(place)
    prefix = f"{where.path}:{where.line}: " if where is not None else ""
    return PolicyError(f"{prefix}{code}: {message}", code=code, location=where)


def builtin_failed(state: list[Any], name: str, place: int) -> Any:
    """Undefined for the error being handled; in strict mode, that error with its place."""
    error = sys.exc_info()[1]
    if state[1].strict and isinstance(error, BuiltinError):
        raise failure(state, place, error.code, describe(name, error)) from error
    return UNDEFINED


def charge(state: list[Any]) -> None:
    """Take the next slice of steps.

    Raises:
        PolicyError: there is none, or the time is over.
    """
    state[3] += state[0]
    if state[3] <= 0:
        raise PolicyError(
            "eval_cancel_error: the evaluation takes too many steps", code="eval_cancel_error"
        )
    if state[4] is not None:
        if time.monotonic() > state[4]:
            raise PolicyError("eval_cancel_error: the time is over", code="eval_cancel_error")
    elif state[1].seconds is not None:
        state[4] = time.monotonic() + state[1].seconds
    state[0] = min(SLICE, state[3])
    state[3] -= state[0]


def charge_for(value: Any, state: list[Any]) -> None:
    """Take one step for each item of `value`, for eight characters of a string."""
    kind = type(value)
    if kind in _SIZED:
        state[0] -= len(value) >> 3 if kind is str else len(value)
        if state[0] < 0:
            charge(state)


def started(context: Context, unit: Any) -> list[Any]:
    """The state at the beginning of an evaluation."""
    steps = min(FIRST, context.max_steps)
    return [steps, context, unit, context.max_steps - steps, context.deadline]


def no_location(_place: int) -> Location | None:
    """The location of a plan without files."""
    return None


NAMESPACE: Final[dict[str, Any]] = {
    "__builtins__": {},
    "B": charge,
    "D": dot,
    "E": BuiltinError,
    "H": which,
    "I": pairs,
    "IO": ordered_pairs,
    "J": merge,
    "K": key,
    "L": length,
    "M": member,
    "N": insert_once,
    "O": once,
    "P": compare,
    "Q": equal,
    "R": own,
    "S": RegoSet,
    "T": copied,
    "U": UNDEFINED,
    "V": items,
    "VO": ordered_items,
    "W": upsert,
    "X": builtin_failed,
    "Y": charge_for,
    "bool": bool,
    "dict": dict,
    "enumerate": enumerate,
    "id": id,
    "int": int,
    "len": len,
    "list": list,
    "str": str,
    "type": type,
}

__all__ = ["NAMESPACE", "sorted_values", "started", "type_name"]
