from __future__ import annotations

import contextlib
import os
import struct
import time

import pytest

from probanda.rego.opinions.protocol import (
    MAX_FRAME,
    EndOfStreamError,
    read_frame,
    write_frame,
)


@pytest.fixture
def pipe():
    """Read end, write end; both non-blocking."""
    ends = os.pipe()
    for end in ends:
        os.set_blocking(end, False)
    yield ends
    for end in ends:
        with contextlib.suppress(OSError):
            os.close(end)


def soon():
    return time.monotonic() + 0.2


def test_messages_pass_in_order(pipe):
    read, write = pipe
    write_frame(write, {"a": ["é", "\ud800"]}, deadline=soon())
    write_frame(write, 2, deadline=soon())

    assert read_frame(read, deadline=soon()) == {"a": ["é", "\ud800"]}
    assert read_frame(read, deadline=soon()) == 2


def test_silence_is_a_timeout(pipe):
    with pytest.raises(TimeoutError):
        read_frame(pipe[0], deadline=soon())


def test_half_a_frame_is_a_timeout(pipe):
    os.write(pipe[1], struct.pack(">I", 10) + b"123")

    with pytest.raises(TimeoutError):
        read_frame(pipe[0], deadline=soon())


def test_a_reader_that_does_not_read_is_a_timeout(pipe):
    with pytest.raises(TimeoutError):
        write_frame(pipe[1], "x" * 10_000_000, deadline=soon())


def test_half_a_frame_and_an_end_is_an_end(pipe):
    os.write(pipe[1], struct.pack(">I", 10) + b"123")
    os.close(pipe[1])

    with pytest.raises(EndOfStreamError):
        read_frame(pipe[0], deadline=soon())


def test_writing_to_nobody_is_an_end(pipe):
    os.close(pipe[0])

    with pytest.raises(EndOfStreamError):
        write_frame(pipe[1], 1, deadline=soon())


def test_a_frame_beyond_the_limit_is_refused_before_it_is_read(pipe):
    os.write(pipe[1], struct.pack(">I", MAX_FRAME + 1))

    with pytest.raises(ValueError, match="larger"):
        read_frame(pipe[0], deadline=soon())


def test_a_frame_that_is_not_json_is_refused(pipe):
    os.write(pipe[1], struct.pack(">I", 1) + b"{")

    with pytest.raises(ValueError, match="Expecting"):
        read_frame(pipe[0], deadline=soon())
