"""Files of the run folder and of finished evidence: written whole, read with suspicion.

Rules:

- A file appears under its name complete or not at all: temporary name, fsync, rename.
- What others left there may be a link, a FIFO or a device: only regular files are opened,
  and links are not followed.
- Two runs of one project take turns (`flock` on the folder). Where a file system cannot
  lock they do not, and the digests of a decision set tell when halves were mixed.

Example:
    with locked(folder):
        write_file(folder / "decision.json", data)
"""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from probanda.errors import EvidenceError


def make_folder(folder: Path) -> None:
    """Make `folder` and what leads to it.

    Raises:
        EvidenceError: the disk refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EvidenceError(
            f"cannot make the folder {folder}: {error.strerror}",
            hint="something else may be in its way; move that, or choose another place",
        ) from error


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """A binary file that takes the place of `target` if the block ends without an error.

    Raises:
        OSError: the disk refuses; `target` is as it was.
    """
    temporary = target.with_name(f".writing-{secrets.token_hex(8)}")
    # 0666: evidence is made to be handed on, so the umask decides who reads it.
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            yield cast(BinaryIO, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_file(target: Path, data: bytes) -> None:
    """Write `target` whole or not at all.

    Raises:
        OSError: the disk refuses.
    """
    with replacing(target) as file:
        file.write(data)


def open_regular(path: Path) -> BinaryIO:
    """A regular file, opened for reading; the last part of `path` may not be a link.

    Raises:
        OSError: absent, unreadable, or something else than a file.
    """
    # O_NONBLOCK: opening a FIFO must not wait for a writer.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(0, "not a regular file", str(path))
    return cast(BinaryIO, os.fdopen(handle, "rb"))


def read_regular(path: Path, *, max_bytes: int) -> bytes:
    """All bytes of a regular file.

    Raises:
        OSError: as `open_regular`.
        EvidenceError: larger than `max_bytes`.
    """
    with open_regular(path) as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise EvidenceError(f"{path} is larger than {max_bytes} bytes")
    return data


@contextmanager
def locked(folder: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock of `folder`, which must exist, until the block ends.

    Raises:
        OSError: the folder cannot be opened.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Some network file systems lock no folders.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
