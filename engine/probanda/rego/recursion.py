"""Room for recursion over deep syntax trees.

Rules:

- Python's default limit of 1,000 frames is less than a tree of depth 500 needs. Whoever
  recurses over a tree that may be that deep does it inside `room`.
- The limit is the interpreter's, not a thread's: it is raised when the first one who needs it
  enters and put back when the last one leaves. Calls from Python to Python take no C stack
  (since 3.11).

Example:
    with room(10_000):
        visit(tree)
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_lock = threading.Lock()
_users = 0
_before = 0


@contextmanager
def room(frames: int) -> Iterator[None]:
    """Let at least `frames` more frames be used."""
    global _users, _before  # noqa: PLW0603  # the limit itself is global
    if _depth() + frames <= sys.getrecursionlimit():
        yield
        return
    with _lock:
        if not _users:
            _before = sys.getrecursionlimit()
        _users += 1
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _depth() + frames))
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                sys.setrecursionlimit(_before)


def _depth() -> int:
    """How many frames are in use now."""
    depth = 0
    frame: FrameType | None = inspect.currentframe()
    while frame is not None:
        depth += 1
        frame = frame.f_back
    return depth
