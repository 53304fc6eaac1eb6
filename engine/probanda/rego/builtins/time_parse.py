"""Times read by Go's layouts.

Rules:

- A time without zone is UTC; a zone's name other than UTC counts as UTC too (`GMT+3` by its
  hours), since it does not say where it is.
- A fraction of a second may follow the seconds even where the layout has none.
- The result counts nanoseconds since 1970 and has no bounds; who asks checks them.

Source: Go `time/format.go` (`parse`).

Example:
    parse_time("2006-01-02", "1970-01-02")   # 86_400_000_000_000
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from probanda.rego.builtins.interface import BuiltinError, limit
from probanda.rego.builtins.text import quote_bytes as quote
from probanda.rego.builtins.time_layouts import MONTHS, WEEKDAYS, Chunk, chunks

_MAX_TEXT: Final = 1_000
_OFFSETS: Final = {
    "07:00": re.compile(r"(.)(..):(..)"),
    "07": re.compile(r"(.)(..)"),
    "07:00:00": re.compile(r"(.)(..):(..):(..)"),
    "070000": re.compile(r"(.)(..)(..)(..)"),
    "0700": re.compile(r"(.)(..)(..)"),
}
_DAYS_BEFORE: Final = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)


class _Bad(Exception):  # noqa: N818  # as Go's errBad: the caller words the error
    """The value does not fit the element."""


class _Range(Exception):  # noqa: N818  # likewise: no error in itself
    """The value fits the element, but is out of its range."""


@dataclass
class _Fields:
    """What has been read so far; −1 is unset."""

    year: int = 0
    month: int = -1
    day: int = -1
    year_day: int = -1
    hour: int = 0
    minute: int = 0
    second: int = 0
    nanosecond: int = 0
    afternoon: bool = False
    forenoon: bool = False
    utc: bool = False
    offset: int | None = None
    zone: str = ""


def parse_time(layout: str, text: str) -> int:
    """Nanoseconds since 1970.

    Raises:
        BuiltinError: the text does not fit the layout.
    """
    limit("a time", _MAX_TEXT, len(text))
    fields, rest = _Fields(), text
    parts = chunks(layout)
    for index, chunk in enumerate(parts):
        skipped = _skip(rest, chunk.prefix)
        if isinstance(skipped, _Rest):
            raise _cannot(layout, text, skipped.value, chunk.prefix)
        rest = skipped
        if not chunk.element:
            break
        follower = parts[index + 1]
        try:
            rest = _read(fields, chunk, rest, follower)
        except _Bad:
            raise _cannot(layout, text, rest, chunk.element) from None
        except _Range as problem:
            raise BuiltinError(f"parsing time {quote(text)}: {problem} out of range") from None
    if rest:
        raise BuiltinError(f"parsing time {quote(text)}: extra text: {quote(rest)}")
    return _assemble(fields, text)


@dataclass
class _Rest:
    """Where literal text did not fit."""

    value: str


def _cannot(layout: str, text: str, value: str, element: str) -> BuiltinError:
    what = f"parsing time {quote(text)} as {quote(layout)}"
    return BuiltinError(f"{what}: cannot parse {quote(value)} as {quote(element)}")


def _skip(value: str, prefix: str) -> str | _Rest:
    """The value after literal text; runs of spaces match each other."""
    while prefix:
        if prefix[0] == " ":
            if value and value[0] != " ":
                return _Rest(value)
            prefix, value = prefix.lstrip(" "), value.lstrip(" ")
            continue
        if not value or value[0] != prefix[0]:
            return _Rest(value)
        prefix, value = prefix[1:], value[1:]
    return value


def _read(fields: _Fields, chunk: Chunk, value: str, follower: Chunk) -> str:
    """Read one element; gives what is left."""
    element = chunk.element
    if element in _DATE:
        return _date(fields, element, value)
    if element in {"PM", "pm"}:
        half = value[:2]
        if half not in ({"PM", "AM"} if element == "PM" else {"pm", "am"}):
            raise _Bad
        fields.afternoon = half in {"PM", "pm"}
        fields.forenoon = not fields.afternoon
        return value[2:]
    if element == "MST":
        return _zone_name(fields, value)
    if chunk.is_fraction:
        return _fraction(fields, element, value)
    if element[0] in "-Z":
        return _offset(fields, element, value)
    return _clock(fields, element, value, follower)


_DATE: Final = frozenset(
    {"2006", "06", "Jan", "January", "1", "01", "Mon", "Monday", "2", "_2", "02", "__2", "002"}
)


def _date(fields: _Fields, element: str, value: str) -> str:
    if element in {"2006", "06"}:
        size = len(element)
        digits = value[:size]
        # `06` takes what Atoi takes, so also a sign.
        if len(digits) < size or not re.fullmatch(r"[0-9]+|[+-][0-9]", digits, re.ASCII):
            raise _Bad
        fields.year = int(digits)
        if size == 2:
            fields.year += 1900 if fields.year >= 69 else 2000
        return value[size:]
    if element in {"Jan", "January"}:
        index, rest = _lookup(MONTHS, value, short=element == "Jan")
        fields.month = index + 1
        return rest
    if element in {"1", "01"}:
        fields.month, rest = _two_digits(value, fixed=element == "01")
        if not 1 <= fields.month <= 12:
            raise _Range("month")
        return rest
    if element in {"Mon", "Monday"}:
        return _lookup(WEEKDAYS, value, short=element == "Mon")[1]
    if element in {"__2", "002"}:
        if element == "__2":
            value = value.removeprefix(" ").removeprefix(" ")
        digits = re.match(r"[0-9]{0,3}", value, re.ASCII).group()  # type: ignore[union-attr]  # always matches
        if not digits or (element == "002" and len(digits) != 3):
            raise _Bad
        fields.year_day = int(digits)
        return value[len(digits) :]
    if element == "_2":
        value = value.removeprefix(" ")
    fields.day, rest = _two_digits(value, fixed=element == "02")
    return rest


def _lookup(names: tuple[str, ...], value: str, *, short: bool) -> tuple[int, str]:
    for index, name in enumerate(names):
        wanted = name[:3] if short else name
        found = value[: len(wanted)]
        if found.isascii() and found.lower() == wanted.lower():
            return index, value[len(wanted) :]
    raise _Bad


def _two_digits(value: str, *, fixed: bool) -> tuple[int, str]:
    """One or two digits; with `fixed`, two."""
    match = re.match(r"[0-9]{1,2}", value, re.ASCII)
    if match is None or (fixed and len(match[0]) != 2):
        raise _Bad
    return int(match[0]), value[match.end() :]


def _clock(fields: _Fields, element: str, value: str, follower: Chunk) -> str:
    number, rest = _two_digits(value, fixed=element[0] == "0")
    if element in {"15", "3", "03"}:
        if number > (23 if element == "15" else 12):
            raise _Range("hour")
        fields.hour = number
        return rest
    if number > 59:
        raise _Range("minute" if element in {"4", "04"} else "second")
    if element in {"4", "04"}:
        fields.minute = number
        return rest
    fields.second = number
    fraction = re.match(r"[.,][0-9]+", rest, re.ASCII)
    if fraction and not follower.is_fraction:
        fields.nanosecond = _nanoseconds(fraction[0])
        return rest[fraction.end() :]
    return rest


def _nanoseconds(fraction: str) -> int:
    return int(fraction[1:10].ljust(9, "0"))


def _fraction(fields: _Fields, element: str, value: str) -> str:
    """A fraction: of just so many digits where the layout has zeros, else of any or none."""
    if element[1] == "9":
        match = re.match(r"[.,][0-9]+", value, re.ASCII)
        if match is None:
            return value
        fields.nanosecond = _nanoseconds(match[0])
        return value[match.end() :]
    size = len(element)
    if not re.fullmatch(r"[.,][0-9]+", value[:size], re.ASCII) or len(value) < size:
        raise _Bad
    fields.nanosecond = _nanoseconds(value[:size])
    return value[size:]


def _offset(fields: _Fields, element: str, value: str) -> str:
    if element[0] == "Z" and value[:1] == "Z":
        fields.utc = True
        return value[1:]
    match = _OFFSETS[element[1:]].match(value)
    if match is None:
        raise _Bad
    sign, *parts = match.groups()
    numbers = [_two_digits(part, fixed=True)[0] for part in parts]
    hours, minutes, seconds = (*numbers, 0, 0)[:3]
    # As in Go, offsets of 24 hours, 60 minutes or 60 seconds go.
    if hours > 24:
        raise _Range("time zone offset hour")
    if minutes > 60 or seconds > 60:
        raise _Range(f"time zone offset {'minute' if minutes > 60 else 'second'}")
    if sign not in "+-":
        raise _Bad
    offset = (hours * 60 + minutes) * 60 + seconds
    fields.offset = -offset if sign == "-" else offset
    return value[match.end() :]


_ZONE: Final = re.compile(
    r"ChST|MeST|GMT(?:[+-][0-9]+)?|[+-][0-9]+|(?:[A-Z]{4}T|[A-Z]{3}T|WITA|[A-Z]{3})(?![A-Z])",
    re.ASCII,
)


def _zone_name(fields: _Fields, value: str) -> str:
    if value.startswith("UTC"):
        fields.utc = True
        return value[3:]
    match = _ZONE.match(value)
    if match is None or len(value) < 3:
        raise _Bad
    name = match[0]
    hours = re.search(r"[+-][0-9]+", name)
    if hours and int(hours[0][1:]) > 23:
        if not name.startswith("GMT"):
            raise _Bad
        name = "GMT"
    fields.zone = name
    return value[len(name) :]


# --- putting together ----------------------------------------------------------------------


def is_leap(year: int) -> bool:
    """Whether February has 29 days."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in(month: int, year: int) -> int:
    """The days of a month."""
    return 29 if month == 2 and is_leap(year) else _DAYS_BEFORE[month] - _DAYS_BEFORE[month - 1]


def days_since_1970(year: int, month: int, day: int) -> int:
    """The day's number in the proleptic Gregorian calendar; any day of the month goes."""
    before = year - 1
    days = before * 365 + before // 4 - before // 100 + before // 400
    days += _DAYS_BEFORE[month - 1] + (month > 2 and is_leap(year)) + day - 1
    return days - 719_162


def _assemble(fields: _Fields, text: str) -> int:
    """The instant that the fields name."""
    hour = fields.hour
    if fields.afternoon and hour < 12:
        hour += 12
    elif fields.forenoon and hour == 12:
        hour = 0
    month, day = _day(fields, text)
    days = days_since_1970(fields.year, month, day)
    seconds = days * 86_400 + hour * 3_600 + fields.minute * 60 + fields.second
    # UTC wins over an offset, as in Go.
    if not fields.utc and fields.offset is not None and fields.offset != -1:
        seconds -= fields.offset
    # The hours of `GMT+3` only name the zone: Go leaves the instant as it is.
    return seconds * 1_000_000_000 + fields.nanosecond


def _day(fields: _Fields, text: str) -> tuple[int, int]:
    """Month and day, which a day of the year may say too."""

    def wrong(problem: str) -> BuiltinError:
        return BuiltinError(f"parsing time {quote(text)}: {problem}")

    month, day = fields.month, fields.day
    if fields.year_day >= 0:
        leap = is_leap(fields.year)
        if not 1 <= fields.year_day <= 365 + leap:
            raise wrong("day-of-year out of range")
        found, rest = 1, fields.year_day
        while rest > days_in(found, fields.year):
            rest -= days_in(found, fields.year)
            found += 1
        if month not in {-1, found}:
            raise wrong("day-of-year does not match month")
        if day not in {-1, rest}:
            raise wrong("day-of-year does not match day")
        return found, rest
    month, day = month if month >= 0 else 1, day if day >= 0 else 1
    if not 1 <= day <= days_in(month, fields.year):
        raise wrong("day out of range")
    return month, day
