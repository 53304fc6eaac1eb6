"""Rego's numbers: exact integers, and fractions as OPA rounds and writes them.

Rules:

- Integers are exact at any size up to `MAX_BITS`; beyond that the query fails.
- Fractions are computed as OPA computes them: each operand and result is a binary floating-point
  number of 64 bits, read from decimal text and written as the shortest decimal text that reads
  back as the same. So `0.1 + 0.2` is `0.3`, and `1 / 3` has twenty digits.
- The text of a number is what Go's JSON encoder writes: an exponent only below 1e-6 and from
  1e21 on.

Source: OPA `v1/topdown/arithmetic.go`; Go `math/big` (`Float.SetString`, `Float.Text`).

Example:
    divide(1, 3)      # Decimal("0.33333333333333333334")
    number_text(1e21) # "1e+21"
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Final

from probanda.rego.builtins.interface import BuiltinError, limit
from probanda.rego.values import exact, normal

# An integer's size in bits: 4,000 decimal digits, which CPython still reads and writes as text.
MAX_BITS: Final = 13_288
# Exponents of ten beyond this are not expanded into integers.
_MAX_EXPONENT: Final = 4_000
_BITS: Final = 64
# `product` begins with a float64 of Go.
_PRODUCT_BITS: Final = 53


def plus(left: float | Decimal, right: float | Decimal) -> int | Decimal:
    """Left + right."""
    left, right = exact(left), exact(right)
    if isinstance(left, int) and isinstance(right, int):
        return bounded(left + right)
    a, b = _ratio(left), _ratio(right)
    return rounded(a[0] * b[1] + b[0] * a[1], a[1] * b[1])


def minus(left: float | Decimal, right: float | Decimal) -> int | Decimal:
    """Left − right."""
    left, right = exact(left), exact(right)
    if isinstance(left, int) and isinstance(right, int):
        return bounded(left - right)
    a, b = _ratio(left), _ratio(right)
    return rounded(a[0] * b[1] - b[0] * a[1], a[1] * b[1])


def times(left: float | Decimal, right: float | Decimal) -> int | Decimal:
    """Left × right."""
    left, right = exact(left), exact(right)
    if isinstance(left, int) and isinstance(right, int):
        limit("the bits of a product", MAX_BITS, left.bit_length() + right.bit_length())
        return left * right
    a, b = _ratio(left), _ratio(right)
    return rounded(a[0] * b[0], a[1] * b[1])


def product(numbers: Iterable[int | Decimal]) -> int | Decimal:
    """All numbers multiplied: exactly where all are whole, else in floats of 53 bits."""
    found = list(numbers)
    if all(isinstance(number, int) for number in found):
        total: int | Decimal = 1
        for number in found:
            total = times(total, number)
        return total
    top, bottom = 1, 1
    for number in found:
        factor = _ratio(number)
        top, bottom = top * factor[0], bottom * factor[1]
        if top == 0:
            return 0
        mantissa, exponent = _nearest(abs(top), bottom, _PRODUCT_BITS)
        mantissa = -mantissa if top < 0 else mantissa
        top, bottom = (mantissa << exponent, 1) if exponent >= 0 else (mantissa, 1 << -exponent)
        limit("the exponent of a product", _MAX_EXPONENT * 4, abs(exponent))
    return rounded(top, bottom, bits=_PRODUCT_BITS)


def divide(left: float | Decimal, right: float | Decimal) -> int | Decimal:
    """Left ÷ right.

    Raises:
        BuiltinError: right is zero.
    """
    left, right = exact(left), exact(right)
    if right == 0:
        raise BuiltinError("divide by zero")
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return left // right
    a, b = _ratio(left), _ratio(right)
    top, bottom = a[0] * b[1], a[1] * b[0]
    return rounded(-top, -bottom) if bottom < 0 else rounded(top, bottom)


def remainder(left: float | Decimal, right: float | Decimal) -> int:
    """Left modulo right, with the sign of left.

    Raises:
        BuiltinError: right is zero, or one of them has a fraction.
    """
    left, right = exact(left), exact(right)
    if not (isinstance(left, int) and isinstance(right, int)):
        raise BuiltinError("modulo on floating-point number")
    if right == 0:
        raise BuiltinError("modulo by zero")
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def bounded(value: int) -> int:
    """An integer, if it is not larger than integers may be."""
    if value.bit_length() > MAX_BITS:
        limit("the bits of an integer", MAX_BITS, value.bit_length())
    return value


def rounded(top: int, bottom: int, *, bits: int = _BITS) -> int | Decimal:
    """`top / bottom` as the shortest decimal of its nearest float of so many bits."""
    if top == 0:
        return 0
    mantissa, exponent = _nearest(abs(top), bottom, bits)
    digits, power = _shortest(mantissa, exponent, bits)
    return normal(Decimal((int(top < 0), tuple(map(int, str(digits))), power)))


def _ratio(value: int | Decimal) -> tuple[int, int]:
    """The operand as OPA holds it, as a fraction."""
    if isinstance(value, Decimal):
        limit("the exponent of a number", _MAX_EXPONENT, abs(value.adjusted()))
        top, bottom = value.as_integer_ratio()
    else:
        top, bottom = bounded(value), 1
    if top == 0:
        return 0, 1
    mantissa, exponent = _nearest(abs(top), bottom, _BITS)
    if top < 0:
        mantissa = -mantissa
    return (mantissa << exponent, 1) if exponent >= 0 else (mantissa, 1 << -exponent)


def held(value: int | Decimal) -> Fraction:
    """The float of 64 bits that OPA holds."""
    return Fraction(*_ratio(value))


def shortest(value: Fraction) -> int | Decimal:
    """The shortest decimal of a float of 64 bits."""
    return rounded(value.numerator, value.denominator)


def _nearest(top: int, bottom: int, bits: int) -> tuple[int, int]:
    """The mantissa (of exactly so many bits) and exponent nearest to a positive fraction."""
    exponent = top.bit_length() - bottom.bit_length() - bits
    top, bottom = (top, bottom << exponent) if exponent >= 0 else (top << -exponent, bottom)
    mantissa, rest = divmod(top, bottom)
    if mantissa.bit_length() > bits:
        exponent += 1
        bottom <<= 1
        mantissa, rest = divmod(top, bottom)
    if 2 * rest > bottom or (2 * rest == bottom and mantissa & 1):
        mantissa += 1
        if mantissa.bit_length() > bits:
            return mantissa >> 1, exponent + 1
    return mantissa, exponent


def _shortest(mantissa: int, exponent: int, bits: int) -> tuple[int, int]:
    """Digits and a power of ten, as few digits as round to the same mantissa and exponent."""
    top, bottom = (mantissa << exponent, 1) if exponent >= 0 else (mantissa, 1 << -exponent)
    magnitude = _magnitude(top, bottom)
    few, many = 1, 21
    best = (mantissa, 0)
    while few <= many:
        middle = (few + many) // 2
        candidate = _digits(top, bottom, magnitude - middle)
        if _nearest(*_scaled(*candidate), bits) == (mantissa, exponent):
            best, many = candidate, middle - 1
        else:
            few = middle + 1
    return best


def _magnitude(top: int, bottom: int) -> int:
    """The number of digits before the point (zero or negative below 0.1)."""
    guess = int((top.bit_length() - bottom.bit_length()) * 0.30103)
    while _at_least(top, bottom, guess):
        guess += 1
    while not _at_least(top, bottom, guess - 1):
        guess -= 1
    return guess


def _at_least(top: int, bottom: int, power: int) -> bool:
    """Whether a fraction is at least ten to that power."""
    return bool(top >= bottom * 10**power if power >= 0 else top * 10**-power >= bottom)


def _digits(top: int, bottom: int, power: int) -> tuple[int, int]:
    """A fraction as the nearest whole number of that power of ten."""
    top, bottom = (top, bottom * 10**power) if power >= 0 else (top * 10**-power, bottom)
    digits, rest = divmod(top, bottom)
    if 2 * rest > bottom or (2 * rest == bottom and digits & 1):
        digits += 1
    return digits, power


def _scaled(digits: int, power: int) -> tuple[int, int]:
    """Digits times a power of ten, as a fraction."""
    return (digits * 10**power, 1) if power >= 0 else (digits, 10**-power)


def number_text(value: float | Decimal) -> str:
    """A number as JSON text; a decimal keeps the zeros and the exponent that it came with."""
    if isinstance(value, int):
        return str(value)
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    if exponent > 0:
        return str(number).replace("E+", "e")
    text = "".join(map(str, digits))
    point = len(text) + exponent
    if -6 < point <= 21:
        if point <= 0:
            body = f"0.{'0' * -point}{text}"
        elif exponent >= 0:
            body = text + "0" * exponent
        else:
            body = f"{text[:point]}.{text[point:]}"
    else:
        fraction = f".{text[1:]}" if len(text) > 1 else ""
        power = point - 1
        body = f"{text[0]}{fraction}e{'-' if power < 0 else '+'}{abs(power):02d}"
    return f"-{body}" if sign else body
