"""Lines of code, and which of them are needed.

Rules:

- Only a line marked `pure` may go, and only when no text that may see its value mentions the
  local. Text is searched, not parsed: a local's name in a string keeps a line, no more.

Example:
    needed([Line(1, "l2 = 5", pure=2), Line(1, "return U")], set())   # the second alone
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_LOCAL: Final = re.compile(r"\bl(\d+)\b")
# How far a scoped value's readers are looked for; a line with none so far stays.
_AHEAD: Final = 300


class Line(NamedTuple):
    """A line of code.

    Attributes:
        pure: the local to which it only gives a value, or −1.
        scoped: the local has no value before the block, so nothing after it reads this one.
        head: of a `for`: the locals of key and item, and the texts when the item alone is
            read, or neither.
    """

    indent: int
    text: str
    pure: int = -1
    scoped: bool = False
    head: tuple[int, int, str, str] | None = None


def needed(lines: list[Line], unbound: set[int]) -> list[Line]:
    """The lines without those that only give a value which nothing reads.

    `unbound`: locals that are read where they may have no value of their block.
    """
    while True:
        reads = [_reads(line) for line in lines]
        seen = set().union(*reads)
        kept = [
            line
            for index, line in enumerate(lines)
            if line.pure < 0 or (line.pure in seen and not _unread(lines, reads, index, unbound))
        ]
        if len(kept) == len(lines):
            return lines
        lines = kept


def mentioned(lines: list[Line]) -> set[int]:
    """The locals that occur in some lines."""
    return {int(number) for line in lines for number in _LOCAL.findall(line.text)}


def _reads(line: Line) -> set[int]:
    head = len(f"l{line.pure} = ") if line.pure >= 0 else 0
    return set(map(int, _LOCAL.findall(line.text[head:])))


def _unread(lines: list[Line], reads: list[set[int]], index: int, unbound: set[int]) -> bool:
    """Whether nothing in the rest of its block reads the local of a scoped line."""
    line = lines[index]
    if not line.scoped or line.pure in unbound:
        return False
    for later in range(index + 1, min(index + _AHEAD, len(lines))):
        if lines[later].indent < line.indent:
            return True
        if line.pure in reads[later]:
            return False
    return index + _AHEAD >= len(lines)


def slim(lines: list[Line], index: int, unbound: set[int]) -> Line:
    """A `for` line without the key, or the key and the item, that nothing reads."""
    line = lines[index]
    if line.head is None:
        return line
    key, item, item_only, neither = line.head
    read = set(unbound)
    for inner in lines[index + 1 :]:
        if inner.indent <= line.indent:
            break
        read.update(_reads(inner))
    if key in read:
        return line
    return line._replace(text=item_only if item in read else neither)
