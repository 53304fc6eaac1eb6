"""Arithmetic, rounding, bits, ranges and comparison.

Rules:

- `round` rounds halves away from zero. Rounding is right for every number; OPA's `ceil` and
  `floor` are wrong between −1 and 0, where they give 1 and 0.
- Bits are those of integers of any size in two's complement.
- A range includes both ends and may run downwards.

Source: OPA `v1/topdown/arithmetic.go`, `numbers.go`, `comparison.go`.

Example:
    numbers_range(3, 1)   # [3, 2, 1]
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from probanda.rego.builtins import numeric
from probanda.rego.builtins.interface import (
    MAX_OUTPUT,
    Builtin,
    BuiltinError,
    big_integer,
    define,
    is_number,
    limit,
    number,
    wrong_operand,
    wrong_type,
)
from probanda.rego.values import RegoSet, compare, equal, exact

_Number = int | float | Decimal


def _binary(
    operation: Callable[[_Number, _Number], int | Decimal],
) -> Callable[[Any, Any], int | Decimal]:
    """An operation on two numbers."""

    def apply(left: Any, right: Any) -> int | Decimal:
        return operation(number(left, 1), number(right, 2))

    return apply


def minus(left: Any, right: Any) -> Any:
    """The difference of two numbers, or of two sets."""
    if isinstance(left, RegoSet) and isinstance(right, RegoSet):
        gone = right.members
        return RegoSet.of({k: v for k, v in left.members.items() if k not in gone})
    left_is_number, right_is_number = is_number(left), is_number(right)
    if left_is_number and right_is_number:
        return numeric.minus(left, right)
    if not left_is_number and not isinstance(left, RegoSet):
        raise wrong_type(1, left, "number", "set")
    raise wrong_type(2, right, "set" if right_is_number else "number")


def _rounding(direction: Callable[[Fraction], int]) -> Callable[[Any], int]:
    """Rounding to a whole number of what OPA holds: a float of 64 bits."""

    def apply(value: Any) -> int:
        given = number(value, 1)
        return given if isinstance(given, int) else direction(numeric.held(exact(given)))

    return apply


def _round(value: Fraction) -> int:
    """The nearest integer; of two, the one further from zero."""
    nearest = int(abs(value) + Fraction(1, 2))
    return -nearest if value < 0 else nearest


def _ceil(value: Fraction) -> int:
    # OPA looks at the sign of the integer part, so that between −1 and 0 it gives 1.
    whole = int(value)
    return whole if whole == value or whole < 0 else whole + 1


def _floor(value: Fraction) -> int:
    # As for `_ceil`: between −1 and 0 OPA gives 0.
    whole = int(value)
    return whole if whole == value or whole >= 0 else whole - 1


def absolute(value: Any) -> int | Decimal:
    """The number without its sign."""
    given = number(value, 1)
    return (
        abs(given) if isinstance(given, int) else numeric.shortest(abs(numeric.held(exact(given))))
    )


def _bits(operation: Callable[[int, int], int]) -> Callable[[Any, Any], int]:
    """An operation on the bits of two integers."""

    def apply(left: Any, right: Any) -> int:
        return operation(big_integer(left, 1), big_integer(right, 2))

    return apply


def negate(value: Any) -> int:
    """All bits flipped."""
    return ~big_integer(value, 1)


def _shift(value: Any, distance: Any) -> tuple[int, int]:
    """The operands of a shift."""
    bits, by = big_integer(value, 1), big_integer(distance, 2)
    if by < 0:
        raise wrong_operand(2, "must be an unsigned integer number but got a negative integer")
    return bits, by


def shift_left(value: Any, distance: Any) -> int:
    """Bits moved to the left."""
    bits, by = _shift(value, distance)
    limit("the bits of a shifted integer", numeric.MAX_BITS, bits.bit_length() + by)
    return bits << by


def shift_right(value: Any, distance: Any) -> int:
    """Bits moved to the right, the sign kept."""
    bits, by = _shift(value, distance)
    return bits >> by


def numbers_range(first: Any, last: Any) -> list[int]:
    """All integers from first to last."""
    return _range(big_integer(first, 1), big_integer(last, 2), 1)


def numbers_range_step(first: Any, last: Any, step: Any) -> list[int]:
    """Every so-manieth integer from first to last."""
    start, stop, by = big_integer(first, 1), big_integer(last, 2), big_integer(step, 3)
    if by <= 0:
        raise BuiltinError("numbers.range_step: step must be a positive integer")
    return _range(start, stop, by)


def _range(first: int, last: int, step: int) -> list[int]:
    limit("the range", MAX_OUTPUT, abs(last - first) // step + 1)
    if first <= last:
        return list(range(first, last + 1, step))
    return list(range(first, last - 1, -step))


def _ordered(test: Callable[[int, int], bool]) -> Callable[[Any, Any], bool]:
    """A comparison in Rego's order of all values."""

    def apply(left: Any, right: Any) -> bool:
        return test(compare(left, right), 0)

    return apply


def different(left: Any, right: Any) -> bool:
    """`left != right`."""
    return not equal(left, right)


BUILTINS: Final[list[Builtin]] = define(
    {
        "abs": absolute,
        "bits.and": _bits(operator.and_),
        "bits.lsh": shift_left,
        "bits.negate": negate,
        "bits.or": _bits(operator.or_),
        "bits.rsh": shift_right,
        "bits.xor": _bits(operator.xor),
        "ceil": _rounding(_ceil),
        "div": _binary(numeric.divide),
        "eq": equal,
        "equal": equal,
        "floor": _rounding(_floor),
        "gt": _ordered(operator.gt),
        "gte": _ordered(operator.ge),
        "lt": _ordered(operator.lt),
        "lte": _ordered(operator.le),
        "minus": minus,
        "mul": _binary(numeric.times),
        "neq": different,
        "numbers.range": numbers_range,
        "numbers.range_step": numbers_range_step,
        "plus": _binary(numeric.plus),
        "rem": _binary(numeric.remainder),
        "round": _rounding(_round),
    }
)
