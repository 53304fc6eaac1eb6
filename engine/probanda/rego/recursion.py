"""Room for recursion: over deep syntax trees, and through long chains of rules.

Rules:

- Python's default limit of 1,000 frames is less than a tree of depth 500 needs. Whoever
  recurses over a tree that may be that deep does it inside `room`.
- The limit is the interpreter's, not a thread's: it is raised when the first one who needs it
  enters and put back when the last one leaves. Calls from Python to Python take no C stack
  (since 3.11).
- What may also recurse through C (comparing values, sorting, JSON) runs `deeply`: in a thread
  with a stack that so many frames cannot use up.

Example:
    with room(10_000):
        visit(tree)
    deeply(lambda: evaluate(plan))
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType
from typing import Final, TypeVar

_T = TypeVar("_T")

# A chain of that many rules is evaluated; OPA's own limit is its stack of a gigabyte.
_FRAMES: Final = 10_000
# A frame that was entered from C takes less than 2 KiB of it.
_STACK_BYTES: Final = 128 << 20

_lock = threading.Lock()
_stack_lock = threading.Lock()
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


def deeply(work: Callable[[], _T]) -> _T:
    """What `work` gives where 10,000 frames have room, on the C stack as well.

    Raises:
        RecursionError: it needs more.
        RuntimeError: there is no memory for such a thread.
    """

    def run() -> _T:
        with room(_FRAMES):
            return work()

    with ThreadPoolExecutor(1) as pool:
        with _stack_lock:
            before = threading.stack_size(_STACK_BYTES)
            try:
                # The pool starts its thread here.
                future = pool.submit(run)
            finally:
                threading.stack_size(before)
        return future.result()


def _depth() -> int:
    """How many frames are in use now."""
    depth = 0
    frame: FrameType | None = inspect.currentframe()
    while frame is not None:
        depth += 1
        frame = frame.f_back
    return depth
