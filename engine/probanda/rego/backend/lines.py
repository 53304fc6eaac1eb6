"""Lines of code, and which of them are needed.

Rules:

- Only a line marked `pure` may go, and only when no text that may see its value mentions the
  local. Text is searched, not parsed: a local's name in a string keeps a line, no more.
- A text is searched once: what reads a local is counted down as lines go.

Example:
    needed([Line(1, "l2 = 5", pure=2), Line(1, "return U")], set())   # the second alone
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_LOCAL: Final = re.compile(r"\bl(\d+)\b")
_SHORT: Final = 200


@dataclass(eq=False, slots=True)
class Line:
    """A line of code.

    Attributes:
        indent: changes while the blocks around it are written.
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
    """The lines without those that only give a value which nothing reads, loops slimmed.

    `unbound`: locals that are read where they may have no value of their block.
    """
    text = _Text(lines, unbound)
    text.drop([index for index, line in enumerate(lines) if line.pure >= 0])
    for index, line in enumerate(lines):
        if line.head is not None:
            text.drop(text.slim(index, line.head))
    return [line for line, alive in zip(text.lines, text.alive, strict=True) if alive]


def mentioned(lines: list[Line]) -> set[int]:
    """The locals that occur in some lines."""
    return {int(number) for line in lines for number in _LOCAL.findall(line.text)}


def _reads(line: Line) -> frozenset[int]:
    """The locals that a line mentions, without the one that it gives a value."""
    text = line.text[len(f"l{line.pure} = ") :] if line.pure >= 0 else line.text
    return _short(text) if len(text) <= _SHORT else _search(text)


def _search(text: str) -> frozenset[int]:
    return frozenset(map(int, _LOCAL.findall(text)))


# Most lines are short, and like many others.
_short = lru_cache(maxsize=10_000)(_search)


class _Text:
    """Lines, where each local is read, and where each block begins and ends.

    Attributes:
        alive: by line, whether it is still there.
        heads: by line, the line that opens its block, or −1.
        ends: by line, the first later line that is indented less.
        reads: by line, the locals that it mentions.
        readers: by local, the lines that mention it, in order.
        counts: by local, how many of those are alive.
        pure: by local, the lines that only give it a value.
        scoped: by block and local, those of them after whose block nothing reads the value.
    """

    def __init__(self, lines: list[Line], unbound: set[int]) -> None:
        self.lines = list(lines)
        self.unbound = unbound
        self.alive = [True] * len(lines)
        self.heads, self.ends = _blocks(lines)
        self.reads = [_reads(line) for line in lines]
        self.readers: dict[int, list[int]] = {}
        self.pure: dict[int, list[int]] = {}
        self.scoped: dict[tuple[int, int], list[int]] = {}
        for index, line in enumerate(lines):
            for local in self.reads[index]:
                self.readers.setdefault(local, []).append(index)
            if line.pure >= 0:
                self.pure.setdefault(line.pure, []).append(index)
                if line.scoped:
                    self.scoped.setdefault((self.heads[index], line.pure), []).append(index)
        self.counts = {local: len(found) for local, found in self.readers.items()}

    def drop(self, indexes: list[int]) -> None:
        """Remove those of these lines that nothing needs, and what they alone needed."""
        waiting = list(indexes)
        while waiting:
            index = waiting.pop()
            if self.alive[index] and not self._is_needed(index):
                self.alive[index] = False
                waiting += self._lose(index, self.reads[index])

    def slim(self, index: int, head: tuple[int, int, str, str]) -> list[int]:
        """Take the key, or key and item, that nothing reads from a `for`.

        Returns:
            The lines that may be needed no more.
        """
        key, item, item_only, neither = head
        first, last = index + 1, self.ends[index + 1]  # the body of a `for` is never empty
        if key in self.unbound or self._is_read(key, first, last):
            return []
        kept = item in self.unbound or self._is_read(item, first, last)
        line = Line(self.lines[index].indent, item_only if kept else neither)
        gone = self.reads[index] - _reads(line)
        self.lines[index] = line
        self.reads[index] -= gone
        return self._lose(index, gone)

    def _lose(self, index: int, locals_: frozenset[int]) -> list[int]:
        """A line mentions some locals no more; the lines that may not be needed for it."""
        found: list[int] = []
        for local in locals_:
            self.counts[local] -= 1
            if not self.counts[local]:
                found += self.pure.get(local, ())
                continue
            block = index
            while block >= 0:
                block = self.heads[block]
                found += self.scoped.get((block, local), ())
        return found

    def _is_needed(self, index: int) -> bool:
        line = self.lines[index]
        if not self.counts.get(line.pure):
            return False
        if not line.scoped or line.pure in self.unbound:
            return True
        return self._is_read(line.pure, index + 1, self.ends[index])

    def _is_read(self, local: int, first: int, last: int) -> bool:
        """Whether a line from `first` to before `last` mentions a local."""
        readers = self.readers.get(local, [])
        for reader in readers[bisect_left(readers, first) : bisect_left(readers, last)]:
            if self.alive[reader] and local in self.reads[reader]:
                return True
        return False


def _blocks(lines: list[Line]) -> tuple[list[int], list[int]]:
    """By line, the line that opens its block (or −1), and the first one after it."""
    heads, ends = [-1] * len(lines), [len(lines)] * len(lines)
    open_lines: list[int] = []
    for index, line in enumerate(lines):
        while open_lines and lines[open_lines[-1]].indent > line.indent:
            ends[open_lines.pop()] = index
        if open_lines:
            last = open_lines[-1]
            heads[index] = heads[last] if lines[last].indent == line.indent else last
        open_lines.append(index)
    return heads, ends
