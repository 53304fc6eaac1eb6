"""Instants: RFC 3339, UTC, whole seconds, always with a final `Z`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_RFC_3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DURATION = re.compile(r"(\d+)([smhdw])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_instant(text: str) -> datetime:
    """An RFC 3339 instant, or a date (midnight UTC), as an aware UTC datetime.

    Raises:
        ValueError: anything else, naive times included.
    """
    try:
        if _DATE.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        if _RFC_3339.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        # 30 February, 25 o'clock, or a zone that leads out of the years 1 to 9999.
        raise ValueError(f"there is no such instant: {text!r}") from error
    raise ValueError(f"not an RFC 3339 instant with a time zone: {text[:80]!r}")


def format_instant(moment: datetime) -> str:
    """`2026-11-20T18:44:00Z`; fractions of a second are dropped.

    Raises:
        ValueError: a naive datetime.
    """
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has no instant")
    # Not strftime: it writes years before 1000 with fewer than four digits.
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_duration(text: str) -> timedelta:
    """`90s`, `15m`, `1h`, `30d`, `2w`.

    Raises:
        ValueError: anything else.
    """
    match = _DURATION.fullmatch(text)
    if not match:
        raise ValueError(f"not a duration such as 15m, 1h or 30d: {text!r}")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
