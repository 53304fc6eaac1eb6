"""Go's time layouts, taken apart.

Rules:

- A layout shows how the reference time `Mon Jan 2 15:04:05 MST 2006` would be written; what is
  no part of it is literal text.

Source: Go `time/format.go` (`nextStdChunk`).

Example:
    chunks("2006-01")   # [Chunk("", "2006"), Chunk("-", "01")]
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from probanda.rego.builtins.interface import limit

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS: Final = (
    *("Sunday", "Monday", "Tuesday", "Wednesday"),
    *("Thursday", "Friday", "Saturday"),
)

# Names that `time.format` and `time.parse_ns` take instead of a layout.
NAMED: Final = {
    "ANSIC": "Mon Jan _2 15:04:05 2006",
    "UnixDate": "Mon Jan _2 15:04:05 MST 2006",
    "RubyDate": "Mon Jan 02 15:04:05 -0700 2006",
    "RFC822": "02 Jan 06 15:04 MST",
    "RFC822Z": "02 Jan 06 15:04 -0700",
    "RFC850": "Monday, 02-Jan-06 15:04:05 MST",
    "RFC1123": "Mon, 02 Jan 2006 15:04:05 MST",
    "RFC1123Z": "Mon, 02 Jan 2006 15:04:05 -0700",
    "RFC3339": "2006-01-02T15:04:05Z07:00",
    "RFC3339Nano": "2006-01-02T15:04:05.999999999Z07:00",
}

_MAX_LAYOUT: Final = 1_000

# In the order in which Go tries them at one place; `_2006` is a literal `_` before `2006`.
_ELEMENT: Final = re.compile(
    r"""January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST
    |0[1-6]|002|15|1|2006|2|_(?=2006)|_2|__2|3|4|5|PM|pm
    |-070000|-07:00:00|-0700|-07:00|-07|Z070000|Z07:00:00|Z0700|Z07:00|Z07
    |[.,](?:0+|9+)(?![0-9])""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Literal text, and the element after it; the last chunk's element is empty."""

    prefix: str
    element: str

    @property
    def is_fraction(self) -> bool:
        """Whether it is a fraction of a second."""
        return self.element[:1] in {".", ","}


@lru_cache(maxsize=128)
def chunks(layout: str) -> tuple[Chunk, ...]:
    """The chunks of a layout."""
    limit("a time layout", _MAX_LAYOUT, len(layout))
    found: list[Chunk] = []
    begin = at = 0
    while match := _ELEMENT.search(layout, at):
        at = match.end()
        if match[0] == "_":
            continue
        found.append(Chunk(layout[begin : match.start()], match[0]))
        begin = at
    found.append(Chunk(layout[begin:], ""))
    return tuple(found)
