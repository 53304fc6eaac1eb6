"""A file that appears whole or not at all.

Rules:

- Writing goes to a partial file in the same folder, then fsync, rename, fsync of the folder.
  On any exception, interrupts included, the partial file is removed.
- A killed writer can remove nothing: the next one in that folder does it. A writer holds a lock
  on its partial file, so that a living one's is left alone.

Example:

    with whole_file(path) as file:
        file.write(data)
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

# Nobody else's name: other programs leave `.partial` files in folders too.
SUFFIX = ".probanda-partial"


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A binary file that takes the place of `path` when the block ends without an exception.

    Raises:
        OSError: the folder or disk refuses.
    """
    _sweep(path.parent)
    partial, file = _open_partial(path)
    try:
        with file:
            yield file
            file.flush()
            # mkstemp gives 0600; evidence is made to be handed on, so the umask decides.
            os.fchmod(file.fileno(), 0o666 & ~_umask())
            os.fsync(file.fileno())
            # While the lock is held: a sweep must not come between.
            partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise
    _sync_folder(path.parent)


def _open_partial(path: Path) -> tuple[Path, BinaryIO]:
    """A new file beside `path`, locked for as long as it is open."""
    while True:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=SUFFIX, dir=path.parent)
        with suppress(OSError):  # a file system without locks: nobody can sweep there either
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(handle).st_nlink:
            return Path(name), os.fdopen(handle, "wb")
        os.close(handle)  # swept between its making and its lock: once more


def _sweep(folder: Path) -> None:
    """Remove partial files that no living writer holds."""
    for path in folder.glob(f".*{SUFFIX}"):
        with suppress(OSError):  # gone already, or held: then the lock is refused
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(handle)


def _umask() -> int:
    """The process's umask, which POSIX only tells by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make a rename durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
