"""Opening files that a gate names, inside the project only.

Rules:

- A path is relative, has no `..`, and may pass through symbolic links as long as it
  ends inside the project (CWE-22, CWE-59).
- The resolved path is then opened folder by folder without following links, so that
  exchanging one of them meanwhile fails (CWE-367).
- Only regular files: opening a FIFO could wait for ever, a device never ends.
- Size and modification time must be the same before and after reading.

Example:

    >>> read_file(root, ".probanda/sbom.cdx.json", max_bytes=64 << 20)
    (b'{"bomFormat": ...', PosixPath('/project/.probanda/sbom.cdx.json'))
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from probanda.canonical import sha256_stream
from probanda.errors import CollectError, MissingArtifactError


@dataclass(frozen=True, slots=True)
class DigestedFile:
    """A file known by its digest.

    Attributes:
        path: absolute, without symbolic links.
        sha256: lower-case hexadecimal.
        size: in bytes.
    """

    path: Path
    sha256: str
    size: int


def read_file(root: Path, path: str, *, max_bytes: int) -> tuple[bytes, Path]:
    """All bytes of the project's file `path`, and where it lies without links.

    Raises:
        MissingArtifactError: there is no such file.
        CollectError: outside the project, no regular file, too large, unreadable, or
            it changed meanwhile.
    """
    with _open(root, path) as (stream, resolved):
        data = stream.read(max_bytes + 1)
        if len(data) > max_bytes:
            raise CollectError(f"{path!r} is larger than {max_bytes} bytes")
        return data, resolved


def open_folder(root: Path, path: str) -> int:
    """A descriptor of the project's folder `path`; empty for the project itself.

    Raises:
        MissingArtifactError: there is no such folder.
        CollectError: outside the project, or unreadable.
    """
    try:
        return _open_without_links(_resolve(root, path or "."), os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingArtifactError(f"no folder {path!r}") from error
    except OSError as error:
        raise CollectError(f"cannot list {path!r}: {error.strerror}") from error


def digest_file(root: Path, path: str) -> DigestedFile:
    """SHA-256 and size of the project's file `path`, of any size, in flat memory.

    Raises:
        As `read_file`.
    """
    with _open(root, path) as (stream, resolved):
        sha256, size = sha256_stream(stream)
        return DigestedFile(resolved, sha256, size)


@contextmanager
def _open(root: Path, path: str) -> Iterator[tuple[BinaryIO, Path]]:
    """The open file and its resolved path; checks on leaving that it did not change."""
    resolved = _resolve(root, path)
    try:
        descriptor = _open_without_links(resolved)
        with os.fdopen(descriptor, "rb") as stream:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise CollectError(f"{path!r} is no regular file")
            yield stream, resolved
            after = os.fstat(descriptor)
            if _version(before) != _version(after) or stream.tell() != after.st_size:
                raise CollectError(f"{path!r} changed while it was read", hint="run again")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingArtifactError(f"no file {path!r}") from error
    except OSError as error:
        raise CollectError(f"cannot read {path!r}: {error.strerror}") from error


def _resolve(root: Path, path: str) -> Path:
    """Absolute path without links, inside the project."""
    pure = PurePosixPath(path)
    if not path or pure.is_absolute() or ".." in pure.parts or "\0" in path:
        raise CollectError(f"not a path within the project: {path!r}")
    try:
        home = root.resolve(strict=True)
        resolved = (home / pure).resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links (Python < 3.13)
        raise CollectError(f"cannot follow {path!r}") from error
    if not resolved.is_relative_to(home):
        raise CollectError(f"{path!r} leads out of the project")
    return resolved


def _open_without_links(resolved: Path, kind: int = os.O_NONBLOCK) -> int:
    """A descriptor of `resolved`; O_NONBLOCK so that a FIFO does not wait for a writer."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    folder = os.open(resolved.anchor, flags | os.O_DIRECTORY)
    try:
        for part in resolved.parts[1:-1]:
            inner = os.open(part, flags | os.O_DIRECTORY, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(resolved.name or ".", flags | kind, dir_fd=folder)
    finally:
        os.close(folder)


def _version(status: os.stat_result) -> tuple[int, int, int]:
    """What changes when a file is written to."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns
