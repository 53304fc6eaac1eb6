"""Units and semantic versions.

Rules:

- `units.parse` knows milli (`m`) and the decimal and binary prefixes up to exa; case matters only
  in the first letter, and only between `m` and `M`. It is exact to ten digits after the point.
- `units.parse_bytes` ignores case, takes an optional `b`, and cuts fractions of a byte off.
- A version may start with `v`; its parts may have leading zeros. Metadata do not count.

Source: OPA `v1/topdown/parse_units.go`, `parse_bytes.go`, `semver.go`, `internal/semver`.

Example:
    units_parse_bytes("1.5KiB")   # 1536
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

from probanda.rego.builtins import numeric
from probanda.rego.builtins.interface import Builtin, BuiltinError, define, limit, string
from probanda.rego.builtins.text import quote
from probanda.rego.values import normal

_PREFIXES: Final = "kmgtpe"
_DECIMAL: Final = {name: 1000**power for power, name in enumerate(_PREFIXES, 1)}
_BINARY: Final = {f"{name}i": 1024**power for power, name in enumerate(_PREFIXES, 1)}
# The parts of `1.5e3Gi`: an `e` belongs to the number where a digit or sign follows.
_AMOUNT: Final = re.compile(r"(?:[0-9.+-]|[eE][0-9+-][+-]?)*")
_EXPONENT: Final = re.compile(r"[eE][+-]?[0-9]{7}")
_MAX_EXPONENT: Final = 1_000
_MAX_TEXT: Final = 1_000


def _amount(name: str, text: str) -> tuple[str, str]:
    """The number and the unit of a quantity.

    Raises:
        BuiltinError: there is no number.
    """
    amount = "byte amount" if name.endswith("bytes") else "amount"
    if " " in text:
        raise BuiltinError(f"{name}: spaces not allowed in resource strings")
    digits = _AMOUNT.match(text).group()  # type: ignore[union-attr]  # matches the empty string
    if _EXPONENT.search(digits):
        raise BuiltinError(f"{name}: exponent too large")
    if not digits:
        raise BuiltinError(f"{name}: no {amount} provided")
    return digits, text[len(digits) :]


def _decimal(name: str, digits: str) -> Decimal:
    amount = "byte amount" if name.endswith("bytes") else "amount"
    limit("the digits of a quantity", _MAX_TEXT, len(digits))
    try:
        number = Decimal(digits)
    except InvalidOperation:
        raise BuiltinError(f"{name}: could not parse {amount} to a number") from None
    limit("the exponent of a quantity", _MAX_EXPONENT, abs(number.adjusted()))
    return number


def units_parse(quantity: Any) -> int | Decimal:
    """A quantity as a number."""
    text = string(quantity, 1).replace('"', "")
    digits, unit = _amount("units.parse", text)
    unit = unit[:1] + unit[1:].lower()
    if unit == "m":
        # OPA's thousandth is a float64.
        factor = Fraction(0.001)
    else:
        known = {"": 1, **_BINARY, **{f"{name[0].upper()}i": _BINARY[name] for name in _BINARY}}
        known |= {name: size for name, size in _DECIMAL.items() if name != "m"}
        known |= {name.upper(): size for name, size in _DECIMAL.items()}
        if unit not in known:
            raise BuiltinError(f"units.parse: unit {unit} not recognized")
        factor = Fraction(known[unit])
    product = Fraction(_decimal("units.parse", digits)) * factor
    if product.denominator == 1:
        return product.numerator
    scaled = abs(product) * 10**10
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return normal(Decimal(whole if product > 0 else -whole).scaleb(-10))


def units_parse_bytes(quantity: Any) -> int:
    """A quantity of bytes as an integer."""
    text = string(quantity, 1).lower().replace('"', "")
    digits, unit = _amount("units.parse_bytes", text)
    bare = unit.removesuffix("b") if len(unit) > 1 else unit
    sizes = {"": 1, **_DECIMAL, **_BINARY}
    if bare not in sizes:
        raise BuiltinError(f"units.parse_bytes: byte unit {unit} not recognized")
    return int(numeric.times(_decimal("units.parse_bytes", digits), sizes[bare]))


# --- semantic versions ---------------------------------------------------------------------

# As semver.org words it, with a `v` allowed in front.
_NUMBER: Final = r"(0|[1-9][0-9]{0,18})"
_PRERELEASE: Final = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION: Final = re.compile(
    rf"v?{_NUMBER}\.{_NUMBER}\.{_NUMBER}"
    rf"(?:-({_PRERELEASE}(?:\.{_PRERELEASE})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_INT64: Final = 1 << 63
_Version = tuple[tuple[int, ...], list[str]]


def _version(text: str) -> _Version | None:
    """The numbers and the pre-release identifiers of a version."""
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    numbers = tuple(map(int, found.group(1, 2, 3)))
    if any(number >= _INT64 for number in numbers):
        return None
    return numbers, found[4].split(".") if found[4] else []


def semver_is_valid(value: Any) -> bool:
    """Whether it is a version."""
    return isinstance(value, str) and _version(value) is not None


def semver_compare(left: Any, right: Any) -> int:
    """−1, 0 or 1."""
    texts = string(left, 1), string(right, 2)
    versions = []
    for position, text in enumerate(texts, 1):
        version = _version(text)
        if version is None:
            what = f"operand {position}: string {quote(text)} is not a valid SemVer"
            raise BuiltinError(what)
        versions.append(version)
    return _compare(*versions)


def _compare(left: _Version, right: _Version) -> int:
    if left[0] != right[0]:
        return 1 if left[0] > right[0] else -1
    mine, theirs = left[1], right[1]
    # A version without a pre-release comes after all of its pre-releases.
    if not mine or not theirs:
        return int(not mine) - int(not theirs)
    for one, other in zip(mine, theirs, strict=False):
        first, second = _identifier(one), _identifier(other)
        if first != second:
            return 1 if first > second else -1
    return (len(mine) > len(theirs)) - (len(mine) < len(theirs))


def _identifier(text: str) -> tuple[int, int, str]:
    """Numbers before words."""
    if text.isascii() and text.isdigit():
        return 0, int(text[:4000]), ""
    return 1, 0, text


BUILTINS: Final[list[Builtin]] = define(
    {
        "semver.compare": semver_compare,
        "semver.is_valid": semver_is_valid,
        "units.parse": units_parse,
        "units.parse_bytes": units_parse_bytes,
    }
)
