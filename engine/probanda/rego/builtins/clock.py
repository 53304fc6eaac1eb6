"""`time.*`: dates, clocks, zones, formats.

Rules:

- An instant is an integer of nanoseconds since 1970, or an array of it, a zone, and for
  `time.format` a layout. No zone, `""` and `UTC` mean UTC; `Local` is refused, since a decision
  must not depend on the machine that makes it.
- Zones come from the `tzdata` package, never from the machine.
- Results must fit 64 bits (the years 1678 to 2261).

Source: OPA `v1/topdown/time.go`; Go `time`.

Example:
    date([1_517_814_000_000_000_000, "America/Los_Angeles"])   # [2018, 2, 4]
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from probanda.rego.builtins.durations import parse_duration
from probanda.rego.builtins.interface import (
    Builtin,
    BuiltinError,
    define,
    halt,
    integer,
    is_number,
    number,
    string,
    whole_number,
    wrong_type,
)
from probanda.rego.builtins.time_layouts import MONTHS, NAMED, WEEKDAYS, Chunk, chunks
from probanda.rego.builtins.time_parse import days_in, days_since_1970, parse_time

_INT64: Final = 1 << 63
_SECOND: Final = 1_000_000_000
_DAY: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAME: Final = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*", re.ASCII)
_WANTED: Final = "either number (ns) or [number (ns), string (tz)]"


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant in a zone, taken apart."""

    ns: int
    zone: tzinfo
    offset: int
    name: str
    year: int
    month: int
    day: int

    @property
    def wall(self) -> int:
        """Seconds since 1970 as the zone's clocks show them."""
        return self.ns // _SECOND + self.offset

    @property
    def clock(self) -> tuple[int, int, int]:
        """Hour, minute, second."""
        rest = self.wall % _DAY
        return rest // 3_600, rest % 3_600 // 60, rest % 60

    @property
    def weekday(self) -> str:
        """The day's English name."""
        return WEEKDAYS[(self.wall // _DAY + 4) % 7]

    @property
    def year_day(self) -> int:
        """The day's number in its year."""
        return self.wall // _DAY - days_since_1970(self.year, 1, 1) + 1


@lru_cache(maxsize=256)
def _zone(name: str) -> tzinfo:
    """A zone of the tzdata package.

    Raises:
        BuiltinError: there is none.
    """
    from zoneinfo import ZoneInfo

    if name in {"", "UTC"}:
        return UTC
    if name == "Local":
        raise halt("the time zone Local is refused: it depends on the machine")
    if ".." in name or name.startswith(("/", "\\")):
        raise BuiltinError("time: invalid location name")
    if _NAME.fullmatch(name):
        found = files("tzdata").joinpath("zoneinfo", *name.split("/"))
        if found.is_file():
            with found.open("rb") as stream:
                return ZoneInfo.from_file(stream, key=name)
    raise BuiltinError(f"unknown time zone {name}")


def local(ns: int, zone: tzinfo) -> Moment:
    """An instant in a zone."""
    shown = (_EPOCH + timedelta(seconds=ns // _SECOND)).astimezone(zone)
    offset = shown.utcoffset() or timedelta()
    seconds = offset.days * _DAY + offset.seconds
    return Moment(ns, zone, seconds, shown.tzname() or "", shown.year, shown.month, shown.day)


def _moment(value: Any) -> tuple[Moment, str]:
    """The instant of an operand, and its layout."""
    zone, layout = "", ""
    ns = value
    if isinstance(value, list):
        if not value:
            raise wrong_type(1, value, _WANTED)
        ns = number(value[0], 1)
        zone = string(value[1], 1) if len(value) > 1 else ""
        layout = string(value[2], 1) if len(value) > 2 else ""
    elif not is_number(value):
        raise wrong_type(1, value, _WANTED)
    where = _zone(zone)
    whole = whole_number(ns)
    if whole is None or not -_INT64 <= whole < _INT64:
        raise BuiltinError("timestamp too big")
    return local(whole, where), layout


def _safe(ns: int) -> int:
    if not -_INT64 <= ns < _INT64:
        raise BuiltinError("time outside of valid range")
    return ns


def date(instant: Any) -> list[int]:
    """Year, month, day."""
    moment, _ = _moment(instant)
    return [moment.year, moment.month, moment.day]


def clock(instant: Any) -> list[int]:
    """Hour, minute, second."""
    return list(_moment(instant)[0].clock)


def weekday(instant: Any) -> str:
    """The day's English name."""
    return _moment(instant)[0].weekday


def add_date(instant: Any, years: Any, months: Any, days: Any) -> int:
    """The instant so many years, months and days later, at the same time of the day."""
    moment, _ = _moment(instant)
    year = moment.year + integer(years, 2)
    month = moment.month - 1 + integer(months, 3)
    day = moment.day + integer(days, 4)
    number_of_day = days_since_1970(year + month // 12, month % 12 + 1, 1) + day - 1
    wall = number_of_day * _DAY + moment.wall % _DAY
    fraction = moment.ns % _SECOND
    # Two days are more than any zone's offset.
    if not -_INT64 <= wall * _SECOND < _INT64:
        _safe((abs(wall) - 2 * _DAY) * _SECOND)
        return _safe(wall * _SECOND + fraction)
    first = _offset(moment.zone, wall)
    second = _offset(moment.zone, wall - first) if first else 0
    return _safe((wall - second) * _SECOND + fraction)


def _offset(zone: tzinfo, seconds: int) -> int:
    return local(seconds * _SECOND, zone).offset


def diff(left: Any, right: Any) -> list[int]:
    """The time between two instants in years, months, days, hours, minutes and seconds."""
    first, second = _moment(left)[0], _moment(right)[0]
    if first.zone is not second.zone:
        second = local(second.ns, first.zone)
    if first.ns > second.ns:
        first, second = second, first
    year, month, day = (
        second.year - first.year,
        second.month - first.month,
        second.day - first.day,
    )
    hour, minute, second_ = (b - a for a, b in zip(first.clock, second.clock, strict=True))
    if second_ < 0:
        second_, minute = second_ + 60, minute - 1
    if minute < 0:
        minute, hour = minute + 60, hour - 1
    if hour < 0:
        hour, day = hour + 24, day - 1
    if day < 0:
        day, month = day + days_in(first.month, first.year), month - 1
    if month < 0:
        month, year = month + 12, year - 1
    return [year, month, day, hour, minute, second_]


def parse_ns(layout: Any, text: Any) -> int:
    """The instant that a text names by a layout."""
    wanted, value = string(layout, 1), string(text, 2)
    return _safe(parse_time(NAMED.get(wanted, wanted), value))


def parse_rfc3339_ns(text: Any) -> int:
    """The instant that an RFC 3339 time names."""
    return _safe(parse_time(NAMED["RFC3339"], string(text, 1)))


def parse_duration_ns(text: Any) -> int:
    """The nanoseconds of a duration."""
    return parse_duration(string(text, 1))


def format_(instant: Any) -> str:
    """The instant by its layout, else as RFC 3339 with nanoseconds."""
    moment, layout = _moment(instant)
    return format_time(moment, NAMED.get(layout, layout) or NAMED["RFC3339Nano"])


def format_time(moment: Moment, layout: str) -> str:
    """An instant by a layout of Go's."""
    return "".join(
        chunk.prefix + (_shown(moment, chunk) if chunk.element else "") for chunk in chunks(layout)
    )


def _shown(moment: Moment, chunk: Chunk) -> str:
    """One element."""
    element = chunk.element
    if chunk.is_fraction:
        return _fraction(moment, element)
    if element == "MST":
        return moment.name
    if element[0] in "-Z":
        return _offset_text(moment, element)
    return _DAY_ELEMENTS[element](moment) if element in _DAY_ELEMENTS else _time(moment, element)


_DAY_ELEMENTS: Final[dict[str, Callable[[Moment], str]]] = {
    "2006": lambda moment: f"{moment.year:04d}",
    "06": lambda moment: f"{moment.year % 100:02d}",
    "January": lambda moment: MONTHS[moment.month - 1],
    "Jan": lambda moment: MONTHS[moment.month - 1][:3],
    "1": lambda moment: str(moment.month),
    "01": lambda moment: f"{moment.month:02d}",
    "Monday": lambda moment: moment.weekday,
    "Mon": lambda moment: moment.weekday[:3],
    "2": lambda moment: str(moment.day),
    "_2": lambda moment: f"{moment.day:2d}",
    "02": lambda moment: f"{moment.day:02d}",
    "__2": lambda moment: f"{moment.year_day:3d}",
    "002": lambda moment: f"{moment.year_day:03d}",
}


def _time(moment: Moment, element: str) -> str:
    hour, minute, second = moment.clock
    if element in {"PM", "pm"}:
        half = "PM" if hour >= 12 else "AM"
        return half if element == "PM" else half.lower()
    values = {"15": hour, "3": hour % 12 or 12, "4": minute, "5": second}
    value = values[element.lstrip("0")]
    return f"{value:02d}" if element[0] == "0" or element == "15" else str(value)


def _fraction(moment: Moment, element: str) -> str:
    """A fraction of a second; nines leave zeros at the end out."""
    ns = moment.ns % _SECOND
    digits = f"{ns:09d}"[: len(element) - 1].ljust(len(element) - 1, "0")
    if element[1] == "0":
        return element[0] + f"{ns:09d}"[: min(9, len(element) - 1)]
    digits = digits.rstrip("0")
    return element[0] + digits if digits else ""


def _offset_text(moment: Moment, element: str) -> str:
    if element[0] == "Z" and moment.offset == 0:
        return "Z"
    minutes = abs(moment.offset) // 60
    sign = "-" if moment.offset <= -60 else "+"
    colon = ":" if ":" in element else ""
    text = f"{sign}{minutes // 60:02d}"
    if len(element) > 3:
        text += f"{colon}{minutes % 60:02d}"
    if len(element) > 6:
        text += f"{colon}{abs(moment.offset) % 60:02d}"
    return text


BUILTINS: Final[list[Builtin]] = define(
    {
        "time.add_date": add_date,
        "time.clock": clock,
        "time.date": date,
        "time.diff": diff,
        "time.format": format_,
        "time.parse_duration_ns": parse_duration_ns,
        "time.parse_ns": parse_ns,
        "time.parse_rfc3339_ns": parse_rfc3339_ns,
        "time.weekday": weekday,
    }
)
