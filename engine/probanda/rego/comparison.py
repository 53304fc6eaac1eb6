"""What one comparison of two values remembers, so that shared parts do not make it endless.

Rules:

- Values may share parts: `[x, x]` of `[x, x]` … is small in memory and endless to a walk. The
  first `PLAIN` values are compared with nothing remembered; from then on, pairs that were
  found equal are classes of equals, and no two values of one class are compared again. The
  comparison then takes about as long as the values are large in memory.
- A pair is joined before its parts are compared: what turns out unequal ends the comparison.

Example:
    comparison.joins(left, right)    # False when they are known to be equal
"""

from __future__ import annotations

from typing import Any, Final

PLAIN: Final = 10_000


class Comparison:
    """The state of one comparison.

    Attributes:
        left: values that may still be compared before anything is remembered.
    """

    __slots__ = ("_heads", "left")

    def __init__(self) -> None:
        self.left = PLAIN
        self._heads: dict[int, int] = {}

    def joins(self, one: Any, other: Any) -> bool:
        """Join the classes of two values; False when they are one already."""
        first, second = self._head(id(one)), self._head(id(other))
        self._heads[first] = second
        return first != second

    def _head(self, number: int) -> int:
        """The head of a class; the way there is made shorter."""
        heads = self._heads
        while (above := heads.get(number, number)) != number:
            heads[number] = number = heads.get(above, above)
        return number
