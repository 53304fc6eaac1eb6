"""Durations as Go writes them, and days, weeks and years: `1h15m30.5s`, `-2ms`, `1d12h`.

Source: Go `time.ParseDuration`; OPA `v1/topdown/time.go`.

Example:
    parse_duration("1.5h")   # 5_400_000_000_000
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from probanda.rego.builtins.interface import BuiltinError, limit
from probanda.rego.builtins.text import quote_bytes as quote

_UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_LONG_UNITS: Final = _UNITS | {
    name: days * 24 * _UNITS["h"] for name, days in (("d", 1), ("w", 7), ("y", 365))
}
_PART: Final = re.compile(r"(?P<whole>[0-9]*)(?:\.(?P<fraction>[0-9]*))?(?P<unit>[^0-9.]*)")
_INT64: Final = 1 << 63
_MAX_TEXT: Final = 1_000


def parse_duration(text: str) -> int:
    """A duration in nanoseconds.

    Raises:
        BuiltinError: it is malformed, or does not fit 64 bits.
    """
    limit("a duration", _MAX_TEXT, len(text))
    try:
        return _parse(text, _UNITS)
    except BuiltinError as error:
        # Days, weeks and years are OPA's own.
        if not re.search(r'unknown unit "[^"]*[dwy]', error.message):
            raise
    try:
        return _parse(text, _LONG_UNITS)
    except BuiltinError:
        raise BuiltinError(f"time: invalid duration {quote(text)}") from None


def _parse(text: str, units: Mapping[str, int]) -> int:
    """The duration in these units."""
    invalid = BuiltinError(f"time: invalid duration {quote(text)}")
    sign = -1 if text.startswith("-") else 1
    rest = text[1:] if text[:1] in {"-", "+"} else text
    if rest == "0":
        return 0
    if not rest:
        raise invalid
    total = 0
    while rest:
        part = _PART.match(rest)
        if part is None or not (part["whole"] or part["fraction"]):
            raise invalid
        unit = part["unit"]
        if not unit:
            raise BuiltinError(f"time: missing unit in duration {quote(text)}")
        if unit not in units:
            what = f"unknown unit {quote(unit)} in duration"
            raise BuiltinError(f"time: {what} {quote(text)}")
        size = int(part["whole"] or 0) * units[unit]
        # Go computes the fraction as a float64.
        fraction = (part["fraction"] or "")[:18]
        if fraction:
            size += int(float(int(fraction)) * (float(units[unit]) / float(10 ** len(fraction))))
        total += size
        if total > _INT64:
            raise invalid
        rest = rest[part.end() :]
    if sign > 0 and total >= _INT64:
        raise invalid
    return sign * total
