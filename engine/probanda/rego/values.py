"""Rego values as plain Python values, their equality, order, and JSON.

Rules:

- null, booleans, strings are Python's. Numbers are `int` (any size), `float` only
  as it came in JSON, `Decimal` for exact decimals. A float means its shortest
  decimal text, so `0.1` and `Decimal("0.1")` are one number. Booleans never equal
  numbers, `1 == 1.0` holds.
- Arrays are `list`, objects `dict`, sets `RegoSet`. Nobody changes a value that
  somebody else may hold.
- Object keys and set members are stored under `key(value)`: strings, integers and
  null are their own keys, booleans have one mark each (in Python `True == 1`), arrays are
  tuples, objects frozensets of pairs, sets a frozenset marked as one. `unkey` gives the
  value back. A JSON object with string keys is therefore already a Rego object: input and
  data are never copied.
- Order is OPA's: null < booleans < numbers < strings < arrays < objects < sets.
- Nothing here bounds depth: who reads untrusted JSON does. Values that policies make may
  share parts, endless to a walk: keys and order have a limit, equality compares no pair twice.

Example:

    >>> equal({"a": [1.0]}, {"a": [1]}), equal(True, 1)
    (True, False)
    >>> to_json(RegoSet(["b", "a", True]))
    [True, 'a', 'b']
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

from probanda.errors import PolicyError
from probanda.rego.comparison import Comparison

# Decimals with more digits before the point stay decimals: `1e999999999` must not become
# an integer of a gigabyte. CPython's own limit for text ↔ int is 4,300 (CVE-2020-10735).
MAX_INTEGER_DIGITS: Final = 4_000
# Values in one key, or in one that is ordered: both are walked whole.
MAX_KEY: Final = 1_000_000
# Below it every float with an integral value is that integer exactly.
_EXACT: Final = 2.0**53
_LONE: Final = re.compile(r"[\ud800-\udfff]")


class Undefined:
    """The type of `UNDEFINED`: Rego's "no value", which is neither false nor null."""

    _instance: Undefined | None = None

    def __new__(cls) -> Undefined:
        """The one instance."""
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "UNDEFINED"

    def __bool__(self) -> bool:
        return False


UNDEFINED: Final = Undefined()


class BooleanKey:
    """The key of a boolean; compared by identity, one object each."""

    __slots__ = ("value",)

    def __init__(self, value: bool) -> None:  # noqa: FBT001  # the value itself, no switch
        self.value = value

    def __repr__(self) -> str:
        return f"key({self.value})"

    def __reduce__(self) -> str:
        return "TRUE_KEY" if self.value else "FALSE_KEY"

    def __copy__(self) -> BooleanKey:
        return self

    def __deepcopy__(self, memo: Any) -> BooleanKey:
        return self


TRUE_KEY: Final = BooleanKey(True)  # noqa: FBT003  # the value itself, no switch
FALSE_KEY: Final = BooleanKey(False)  # noqa: FBT003  # the value itself, no switch


class RegoSet:
    """A set of Rego values; `members` maps each member's key to the member."""

    __slots__ = ("members",)

    def __init__(self, values: Iterable[Any] = ()) -> None:
        self.members: dict[Any, Any] = {key(value): value for value in values} if values else {}

    @classmethod
    def of(cls, members: dict[Any, Any]) -> RegoSet:
        """The set that takes over `members` (key → value)."""
        made = cls.__new__(cls)
        made.members = members
        return made

    def add(self, value: Any) -> None:
        """Add while building; never after the set is shared."""
        self.members[key(value)] = value

    def __contains__(self, value: object) -> bool:
        return key(value) in self.members

    def __iter__(self) -> Iterator[Any]:
        return iter(self.members.values())

    def __len__(self) -> int:
        return len(self.members)

    def __eq__(self, other: object) -> bool:
        return type(other) is RegoSet and self.members.keys() == other.members.keys()

    __hash__ = None  # type: ignore[assignment]  # mutable while built; its key is hashable

    def __repr__(self) -> str:
        return f"RegoSet({sorted_values(self)!r})"


def key(value: Any) -> Any:
    """What `value` is stored under as an object key or set member.

    Raises:
        PolicyError: it holds more than `MAX_KEY` values.
    """
    kind = type(value)
    if kind is str or kind is int:
        return value
    if kind is dict:
        parts = value.items()
        for item in value.values():
            if type(item) is not str and type(item) is not int:
                return _key(value, [MAX_KEY])
        return frozenset(parts)
    return _key(value, [MAX_KEY])


def _key(value: Any, room: list[int]) -> Any:  # one return a type
    """The same; `room`: how many values more it may hold. Shared parts make keys endless."""
    kind = type(value)
    if kind is str or kind is int or value is None:
        return value
    if kind is bool:
        return TRUE_KEY if value else FALSE_KEY
    if kind is float or kind is Decimal:
        return exact(value)
    if kind is not list and kind is not dict and kind is not RegoSet:
        raise TypeError(f"{kind.__name__} is no Rego value")
    _take(len(value), room)
    if kind is list:
        return tuple([item if type(item) is str else _key(item, room) for item in value])
    if kind is dict:
        return frozenset([(name, _key(item, room)) for name, item in value.items()])
    # Not only counted: what members hold counts too.
    return (RegoSet, frozenset([_key(item, room) for item in value]))


def unkey(stored: Any) -> Any:
    """The value that is stored under a key."""
    kind = type(stored)
    if kind is frozenset:
        return {name: unkey(item) for name, item in stored}
    if kind is tuple:
        if stored and stored[0] is RegoSet:
            return RegoSet.of({member: unkey(member) for member in stored[1]})
        return [unkey(item) for item in stored]
    return stored.value if kind is BooleanKey else stored


def exact(number: float | Decimal) -> int | Decimal:
    """The exact number that a JSON number stands for: an `int` where it has no fraction."""
    if type(number) is int:
        return number
    if type(number) is float:
        if number.is_integer() and -_EXACT < number < _EXACT:
            return int(number)
        number = Decimal(repr(number))
    return normal(number)  # type: ignore[arg-type]  # a Decimal by now


def normal(number: Decimal) -> int | Decimal:
    """An `int` when the fraction is zero (and the integer has a sane size), else the decimal.

    Raises:
        PolicyError: NaN or an infinity.
    """
    if not number.is_finite():
        raise PolicyError(f"{number} is no number")
    if number.adjusted() < MAX_INTEGER_DIGITS and number == number.to_integral_value():
        return int(number)
    return number


def spelled(text: str) -> int | Decimal:
    """The number of a JSON text: an `int` only where it is spelled as one, since `1.0` shows so."""
    return int(text) if text.lstrip("-").isdigit() else Decimal(text)


def is_number(value: Any) -> bool:
    """Whether it is a number (a boolean is none)."""
    kind = type(value)
    return kind is int or kind is float or kind is Decimal


def equal(left: Any, right: Any) -> bool:
    """Rego's `==`."""
    kind = type(left)
    if kind is type(right):
        if kind is list or kind is dict:
            return left is right or _same(left, right, Comparison())
        return bool(left == right)
    if is_number(left) and is_number(right):
        return bool(exact(left) == exact(right))
    return False


def _same(left: Any, right: Any, comparison: Comparison) -> bool:
    """Whether two arrays, or two objects, are equal."""
    if len(left) != len(right):
        return False
    comparison.left -= len(left)
    if comparison.left < 0 and not comparison.joins(left, right):
        return True
    if type(left) is dict:
        if left.keys() != right.keys():
            return False
        pairs = [(item, right[name]) for name, item in left.items()]
    else:
        pairs = zip(left, right, strict=True)  # type: ignore[assignment]  # pairs all the same
    for one, other in pairs:
        kind = type(one)
        if kind is str or kind is not type(other) or (kind is not list and kind is not dict):
            if not equal(one, other):
                return False
        elif one is not other and not _same(one, other, comparison):
            return False
    return True


def type_name(value: Any) -> str:
    """Rego's name of the value's type, as `type_name` and error messages say it."""
    return _NAMES[type(value)]


_NAMES: Final[dict[type, str]] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    Decimal: "number",
    str: "string",
    list: "array",
    dict: "object",
    RegoSet: "set",
}


def sort_key(value: Any) -> tuple[Any, ...]:
    """Something that Python orders as Rego orders `value`.

    Raises:
        PolicyError: it holds more than `MAX_KEY` values.
    """
    kind = type(value)
    if kind is str:
        return (3, value)
    if kind is int:
        return (2, value)
    return _sort_key(value, [MAX_KEY])


def _sort_key(value: Any, room: list[int]) -> tuple[Any, ...]:  # noqa: PLR0911  # one return a type
    kind = type(value)
    if kind is str:
        return (3, value)
    if kind is int:
        return (2, value)
    if kind is float or kind is Decimal:
        return (2, exact(value))
    if value is None:
        return (0,)
    if kind is bool:
        return (1, value)
    if kind is not list and kind is not dict and kind is not RegoSet:
        raise TypeError(f"{kind.__name__} is no Rego value")
    _take(len(value), room)
    if kind is list:
        return (4, [_sort_key(item, room) for item in value])
    if kind is RegoSet:
        return (6, sorted(_sort_key(item, room) for item in value))
    parts = [(_sort_key(unkey(name), room), _sort_key(value[name], room)) for name in value]
    return (5, sorted(parts))


def _take(count: int, room: list[int]) -> None:
    room[0] -= count
    if room[0] < 0:
        raise PolicyError(
            "eval_cancel_error: a value is too large to be a key, a member or in order",
            code="eval_cancel_error",
        )


def compare(left: Any, right: Any) -> int:
    """−1, 0 or 1 in OPA's total order."""
    kind = type(left)
    if not (kind is type(right) and (kind is str or kind is int)):
        left, right = sort_key(left), sort_key(right)
    return int(left > right) - int(left < right)


def sorted_values(values: Iterable[Any]) -> list[Any]:
    """The values in OPA's order."""
    return sorted(values, key=sort_key)


def sorted_keys(members: dict[Any, Any]) -> list[Any]:
    """The keys of an object or of a set's `members`, in OPA's order of the values they key."""
    kinds = set(map(type, members))
    if len(kinds) == 1 and not kinds.isdisjoint(_NATIVE):
        return sorted(members)
    return sorted(members, key=lambda stored: sort_key(unkey(stored)))


_NATIVE: Final = frozenset({str, int, Decimal})


def to_json(value: Any) -> Any:  # noqa: PLR0911  # one return a type
    """Plain JSON: sets as sorted arrays, keys that are no strings as their JSON text.

    Bytes that are not UTF-8 (see `builtins.text`) come as U+FFFD, one each, as Go writes them.

    Raises:
        PolicyError: a number that JSON readers could not hold.
    """
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _LONE.sub("\ufffd", value)
    if kind is bool or kind is int or value is None:
        return value
    if kind is list:
        return [to_json(item) for item in value]
    if kind is dict:
        return {
            to_json(name) if type(name) is str else json_text(unkey(name)): to_json(item)
            for name, item in value.items()
        }
    if kind is RegoSet:
        return [to_json(item) for item in sorted_values(value)]
    number = exact(value)
    if type(number) is int:
        return number
    if math.isinf(near := float(number)):
        raise PolicyError("a number is too large for JSON")
    return near


def json_text(value: Any) -> str:
    """Compact JSON text with sorted keys, as OPA writes it."""
    return json.dumps(to_json(value), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def from_json(value: Any) -> Any:  # noqa: PLR0911  # one return a type
    """A Rego value from parsed JSON: copies, and turns subclasses into the plain types.

    JSON as the standard library parses it needs no such call. Raises:
        PolicyError: something that is not JSON.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Decimal):
        return normal(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise PolicyError("NaN and infinities are not JSON")
        return float(value)
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise PolicyError("JSON keys are strings")
        return {str(name): from_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [from_json(item) for item in value]
    raise PolicyError(f"a {type(value).__name__} is not JSON")
