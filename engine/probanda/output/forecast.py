"""What turns red, as a table for people and JSON for programs.

Example:
    print(render(dues, as_of=now, days=30))
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from probanda.canonical import pretty
from probanda.gates.forecast import Due
from probanda.model.instant import format_instant
from probanda.output.text import clean


def render(dues: Sequence[Due], *, as_of: datetime, days: int) -> str:
    """A line for each, soonest first, ending in a newline."""
    if not dues:
        return f"nothing turns red within {days} days of {format_instant(as_of)}\n"
    table = [
        (format_instant(due.at), _left(due, as_of), due.kind, due.name, due.owner, due.message)
        for due in dues
    ]
    widths = [max(len(clean(row[place])) for row in table) for place in range(5)]
    lines = [
        "  ".join(
            [
                *(clean(cell).ljust(width) for cell, width in zip(row, widths, strict=False)),
                clean(row[5]),
            ]
        )
        for row in table
    ]
    return "\n".join(lines) + "\n"


def _left(due: Due, as_of: datetime) -> str:
    if due.at <= as_of:
        return "overdue"
    days = (due.at - as_of) // timedelta(days=1)
    return f"{days} day{'' if days == 1 else 's'}"


def render_json(dues: Sequence[Due], *, as_of: datetime, days: int) -> str:
    """`{asOf, until, items: [{at, kind, name, owner, message, place, overdue}]}`."""
    return pretty(
        {
            "asOf": format_instant(as_of),
            "until": format_instant(as_of + timedelta(days=days)),
            "items": [{**due.to_json(), "overdue": due.at <= as_of} for due in dues],
        }
    )
