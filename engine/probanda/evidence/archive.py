"""Deterministic tar archives: written atomically, read strictly.

Rules:

- Every header has one spelling (`tar`), and two zero blocks end the archive. GNU tar,
  bsdtar and Python's `tarfile` read it.
- The reader rebuilds every header from the name and size that it claims and refuses
  the archive if one bit differs. Links, devices, sparse files, GNU long names, base-256
  numbers, global headers and hidden extra records have no spelling, so they cannot pass.
- Nothing may follow the end of the archive, and nothing may be missing. No compression:
  sizes are bounded by the file itself, so there are no bombs.
- An archive appears complete or not at all; see `whole_file`.

Example:

    with create_archive(path) as archive:
        archive.add("a.txt", stream)
    for member, stream in read_archive(path):
        ...
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self, cast

from probanda.canonical import CHUNK_BYTES
from probanda.errors import CannotVerifyError, EvidenceError, ParseError
from probanda.evidence.names import name_problem, names_problem
from probanda.evidence.tar import (
    BLOCK,
    END,
    MAX_FILE_BYTES,
    MAX_PAX_BYTES,
    NAME_BYTES,
    TYPES,
    header,
    padding,
    pax_record,
)
from probanda.evidence.whole_file import whole_file
from probanda.model.location import Location

# The manifest's limit and what the format itself adds.
MAX_MEMBERS = 100_016
_SIZE = re.compile(rb"[0-7]{11}\0")
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_HINTS = {
    errno.ENOSPC: "free space on that file system and run again",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would exceed the file size limit (`ulimit -f`)",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.ENOENT: "create the folder first",
}


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive.

    Attributes:
        name: see `names`.
        size: in bytes.
        offset: of its first byte in the archive.
    """

    name: str
    size: int
    offset: int


class ArchiveWriter:
    """Appends files to an archive in progress; made by `create_archive`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._names: list[str] = []

    def add(self, name: str, stream: BinaryIO) -> tuple[str, int]:
        """Copy `stream` into the archive; its SHA-256 (hexadecimal) and size.

        One pass in flat memory: the header is written once the size is known.

        Raises:
            EvidenceError: the name breaks a rule, or the file is too large for the format.
        """
        if problem := name_problem(name):
            raise EvidenceError(f"path {name!r} {problem}")
        self._names.append(name)
        start = self._file.tell()
        self._file.write(header(name, 0))
        digest, size = hashlib.sha256(), 0
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            if size > MAX_FILE_BYTES:
                raise EvidenceError(f"{name}: larger than {MAX_FILE_BYTES} bytes")
            self._file.write(chunk)
        self._file.write(bytes(padding(size)))
        end = self._file.tell()
        self._file.seek(start)
        self._file.write(header(name, size))
        self._file.seek(end)
        return digest.hexdigest(), size

    def finish(self) -> None:
        """Write the end of the archive.

        Raises:
            EvidenceError: two names cannot stand together, or there are none or too many.
        """
        problem = names_problem(self._names)
        if problem or not 0 < len(self._names) <= MAX_MEMBERS:
            raise EvidenceError(problem or f"an archive of {len(self._names)} files")
        self._file.write(END)


@contextmanager
def create_archive(path: Path) -> Iterator[ArchiveWriter]:
    """An archive that appears at `path` complete, or not at all.

    A file that is already there is replaced by the rename. A reader never sees half.

    Raises:
        EvidenceError: the folder or disk refuses; `hint` says what to do.
    """
    try:
        with whole_file(path) as file:
            writer = ArchiveWriter(file)
            yield writer
            writer.finish()
    except OSError as error:
        hint = _HINTS.get(error.errno or 0)
        message = f"cannot write {path}: {error.strerror or error}"
        raise EvidenceError(message, hint=hint) from error


def write_archive(
    path: Path, members: Iterable[tuple[str, Callable[[], BinaryIO]]]
) -> dict[str, tuple[str, int]]:
    """Write `members` in the order given; name → (SHA-256, size).

    Raises:
        EvidenceError: as `create_archive` and `ArchiveWriter` do.
    """
    written: dict[str, tuple[str, int]] = {}
    with create_archive(path) as archive:
        for name, opener in members:
            with opener() as stream:
                written[name] = archive.add(name, stream)
    return written


class _Slice(io.RawIOBase):
    """The bytes of one member; reading past its end gives nothing."""

    def __init__(self, reader: ArchiveReader, member: Member) -> None:
        super().__init__()
        self._reader = reader
        self._position = member.offset
        self._end = member.offset + member.size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; all that remain when negative."""
        remaining = self._end - self._position
        wanted = remaining if size < 0 else min(size, remaining)
        data = self._reader.read_at(self._position, wanted)
        self._position += len(data)
        return data


class ArchiveReader:
    """A strict reader over one open file.

    Iterating yields (member, stream) in the archive's order and checks everything that
    this module's docstring lists; only a loop that ran to its end has checked all of it.
    """

    def __init__(self, path: Path) -> None:
        """Open `path`.

        Raises:
            CannotVerifyError: missing, unreadable, or not a regular file.
        """
        self._path = path
        try:
            # O_NONBLOCK: opening a FIFO must not wait for a writer.
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise CannotVerifyError(f"cannot open {path}: {error.strerror}") from error
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            os.close(handle)
            raise CannotVerifyError(f"{path} is not a regular file")
        self._file = os.fdopen(handle, "rb", buffering=0)
        self._size = status.st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read_at(self, offset: int, size: int) -> bytes:
        """Exactly `size` bytes at `offset`.

        Raises:
            ParseError: the file ends before.
            CannotVerifyError: the disk fails.
        """
        parts: list[bytes] = []
        while size > 0:
            try:
                part = os.pread(self._file.fileno(), size, offset)
            except OSError as error:
                raise CannotVerifyError(f"cannot read {self._path}: {error.strerror}") from error
            if not part:
                raise self._bad("truncated: the archive ends in the middle of a file")
            parts.append(part)
            offset += len(part)
            size -= len(part)
        return b"".join(parts)

    def open(self, member: Member) -> BinaryIO:
        """The bytes of `member`, which this reader has yielded before."""
        return cast(BinaryIO, _Slice(self, member))

    def __iter__(self) -> Iterator[tuple[Member, BinaryIO]]:
        self._refuse_other_formats()
        names: list[str] = []
        position = 0
        while member := self._next(position):
            names.append(member.name)
            if len(names) > MAX_MEMBERS:
                raise self._bad(f"more than {MAX_MEMBERS} files")
            if problem := name_problem(member.name):
                raise self._bad(f"path {member.name!r} {problem}")
            yield member, self.open(member)
            position = member.offset + member.size
            filler = self.read_at(position, padding(member.size))
            if any(filler):
                raise self._bad(f"{member.name!r}: data hidden in the padding")
            position += len(filler)
        if problem := names_problem(names):
            raise self._bad(problem)

    def _bad(self, message: str) -> ParseError:
        return ParseError(message, location=Location(str(self._path)))

    def _refuse_other_formats(self) -> None:
        """Say plainly what a file is that is no tar archive."""
        if not self._size:
            raise self._bad("an empty file is no bundle")
        start = self.read_at(0, min(self._size, 8))
        for magic, name in _COMPRESSED.items():
            if start.startswith(magic):
                raise self._bad(f"{name} data: a bundle is a plain, uncompressed tar archive")

    def _next(self, position: int) -> Member | None:
        """The member whose header starts at `position`; `None` at a proper end of archive."""
        if self._size - position < BLOCK:
            raise self._bad("truncated: no end-of-archive blocks")
        block = self.read_at(position, BLOCK)
        if not any(block):
            if self._size - position < len(END) or any(self.read_at(position, len(END))):
                raise self._bad("truncated: only one end-of-archive block")
            if self._size - position > len(END):
                raise self._bad("data after the end of the archive")
            return None
        start, name = position, ""
        self._check_block(block)
        if block[156:157] == b"x":
            name, position = self._pax_path(block, position)
            block = self.read_at(position, BLOCK)
            self._check_block(block)
        kind = block[156:157]
        if kind != b"0":
            what = TYPES.get(kind, f"an entry of type {kind!r}")
            raise self._bad(f"{what}: a bundle holds regular files only")
        try:
            name = name or block[:NAME_BYTES].rstrip(b"\0").decode("ascii")
        except UnicodeDecodeError:
            raise self._bad(f"damaged header at byte {start}") from None
        size = self._number(block, start)
        offset = position + BLOCK
        if size + padding(size) > self._size - offset:
            raise self._bad(f"truncated: {name!r} claims {size} bytes, which are not there")
        # Any header that this name and size do not explain holds something we would not see.
        if name_problem(name) == "" and self.read_at(start, offset - start) != header(name, size):
            raise self._bad(f"{name!r}: header is not in the canonical form of a bundle")
        return Member(name, size, offset)

    def _check_block(self, block: bytes) -> None:
        """The format's magic, and a checksum that fits."""
        if block[257:265] != b"ustar\x0000":
            raise self._bad("not a POSIX tar archive, or a damaged header")
        if b"%06o\0 " % (sum(block) - sum(block[148:156]) + 8 * 32) != block[148:156]:
            raise self._bad("damaged header: wrong checksum")

    def _number(self, block: bytes, position: int) -> int:
        """The size in a header: eleven octal digits and a zero, nothing else."""
        field = block[124:136]
        if not _SIZE.fullmatch(field):
            raise self._bad(f"damaged header at byte {position}")
        return int(field[:11], 8)

    def _pax_path(self, block: bytes, position: int) -> tuple[str, int]:
        """The path in the pax header at `position`, and where the next header starts."""
        size = self._number(block, position)
        if not 0 < size <= MAX_PAX_BYTES:
            raise self._bad("pax header too large")
        record = self.read_at(position + BLOCK, size)
        path = record.partition(b" path=")[2].removesuffix(b"\n")
        if not path or pax_record(path) != record:
            raise self._bad("pax header holds something other than one path")
        try:
            name = path.decode()
        except UnicodeDecodeError:
            raise self._bad("pax path is not UTF-8") from None
        return name, position + BLOCK + size + padding(size)


def read_archive(path: Path) -> Iterator[tuple[Member, BinaryIO]]:
    """Every file of the archive at `path`, strictly; see `ArchiveReader`.

    Raises:
        ParseError: malformed, truncated, or not canonical.
        CannotVerifyError: cannot be opened or read.
    """
    with ArchiveReader(path) as reader:
        yield from reader
