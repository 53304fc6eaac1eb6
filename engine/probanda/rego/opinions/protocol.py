"""Length-prefixed JSON over pipes, with a deadline on every byte.

Rules:

- A frame is four bytes of length (big-endian) and that many bytes of JSON.
- File descriptors are non-blocking on the parent's side, so that neither a
  child that stops reading nor one that stops writing can hang the caller.
- A short read is `EndOfStreamError`: the other side is gone.

Example:

    write_frame(fd, {"do": "evaluate"}, deadline=time.monotonic() + 10)
"""

from __future__ import annotations

import json
import os
import select
import struct
import time
from typing import Any, Final

MAX_FRAME: Final = 256 << 20
_HEADER: Final = struct.Struct(">I")
_CHUNK: Final = 1 << 16


class EndOfStreamError(Exception):
    """The other side closed the pipe."""


def write_frame(fd: int, message: Any, *, deadline: float | None = None) -> None:
    """Send one message.

    Raises:
        TimeoutError: the deadline (of `time.monotonic`) passed.
        EndOfStreamError: nobody reads.
        ValueError: the message is larger than `MAX_FRAME`.
    """
    # ASCII escapes carry any string, even one that is not valid Unicode, over the pipe.
    body = json.dumps(message).encode()
    if len(body) > MAX_FRAME:
        raise ValueError(f"message is larger than {MAX_FRAME} bytes")
    left = memoryview(_HEADER.pack(len(body)) + body)
    while left:
        _wait(fd, select.POLLOUT, deadline)
        try:
            left = left[os.write(fd, left[:_CHUNK]) :]
        except BlockingIOError:
            continue
        except BrokenPipeError as error:
            raise EndOfStreamError from error


def read_frame(fd: int, *, deadline: float | None = None) -> Any:
    """Receive one message.

    Raises:
        TimeoutError: the deadline (of `time.monotonic`) passed.
        EndOfStreamError: the stream ended before the frame did.
        ValueError: the frame is too large or not JSON.
    """
    (size,) = _HEADER.unpack(_read(fd, _HEADER.size, deadline))
    if size > MAX_FRAME:
        raise ValueError(f"frame is larger than {MAX_FRAME} bytes")
    return json.loads(_read(fd, size, deadline))


def _read(fd: int, size: int, deadline: float | None) -> bytes:
    data = bytearray()
    while len(data) < size:
        _wait(fd, select.POLLIN, deadline)
        try:
            part = os.read(fd, min(_CHUNK, size - len(data)))
        except BlockingIOError:
            continue
        if not part:
            raise EndOfStreamError
        data += part
    return bytes(data)


def _wait(fd: int, event: int, deadline: float | None) -> None:
    if deadline is None:
        return
    poll = select.poll()
    poll.register(fd, event)
    remaining = deadline - time.monotonic()
    if remaining <= 0 or not poll.poll(remaining * 1000):
        raise TimeoutError
