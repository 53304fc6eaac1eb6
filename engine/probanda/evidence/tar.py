"""The one spelling that a file's tar header has in a bundle.

POSIX.1-2017, `pax`, "ustar Interchange Format": regular files, mtime 0, uid and gid 0,
mode 0644, no owner names, no `prefix`. A pax `path` record stands where a name is not
ASCII or is longer than 100 bytes. The bytes equal those of Python's `tarfile` in
`PAX_FORMAT`.

Example:

    >>> len(header("a.txt", 3)), len(header("é.txt", 3))
    (512, 1536)
"""

from __future__ import annotations

BLOCK = 512
# Eleven octal digits.
MAX_FILE_BYTES = 8**11 - 1
NAME_BYTES = 100
# The longest name that `names` allows, ` path=`, a newline and the record's own length.
MAX_PAX_BYTES = 1_024 + 16
END = bytes(2 * BLOCK)
_PAX_NAME = b"././@PaxHeader"
TYPES = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a character device",
    b"4": "a block device",
    b"5": "a folder",
    b"6": "a FIFO",
    b"7": "a contiguous file",
    b"D": "a GNU folder dump",
    b"K": "a GNU long link",
    b"L": "a GNU long name",
    b"S": "a GNU sparse file",
    b"V": "a volume label",
    b"g": "a global pax header",
}


def _block(name: bytes, size: int, kind: bytes, mode: bytes) -> bytes:
    """One ustar header block with everything but name, size and type fixed."""
    head = b"".join(
        (
            name.ljust(100, b"\0"),
            mode,
            b"0000000\0" * 2,
            b"%011o\0" % size,
            b"00000000000\0",
            b"        ",
            kind,
            bytes(100),
            b"ustar\0" + b"00",
            bytes(32 + 32 + 8 + 8 + 155 + 12),
        )
    )
    return head[:148] + b"%06o\0 " % sum(head) + head[156:]


def padding(size: int) -> int:
    """Bytes of zeros after `size` bytes of data."""
    return -size % BLOCK


def pax_record(value: bytes) -> bytes:
    r"""`LENGTH path=VALUE\n`, where LENGTH counts itself (POSIX.1-2017 pax, extended header)."""
    rest = len(b" path=\n") + len(value)
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d path=%b\n" % (length, value)


def header(name: str, size: int) -> bytes:
    """The header blocks of the file `name` of `size` bytes."""
    encoded = name.encode()
    if name.isascii() and len(encoded) <= NAME_BYTES:
        return _block(encoded, size, b"0", b"0000644\0")
    record = pax_record(encoded)
    short = name.encode("ascii", "replace")[:NAME_BYTES]
    return b"".join(
        (
            _block(_PAX_NAME, len(record), b"x", b"0000000\0"),
            record,
            bytes(padding(len(record))),
            _block(short, size, b"0", b"0000644\0"),
        )
    )
