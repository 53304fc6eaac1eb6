"""The SQLite side of the log: schema, opening, and what its errors mean.

Rules:

- A file is a log only if its tables are, to the letter, the ones below: a foreign file
  with views or triggers of the same names is refused before it is read.
- Every `sqlite3` error leaves as a `LedgerError` with a hint.

Example:

    create(path, origin)
    connection = connect(path, read_only=True)
    check(connection, path, origin)
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from probanda.errors import LedgerError

Nodes = Callable[[int, int], bytes]

SCHEMA_VERSION = "1"
# "prbd": what `file` and SQLite know the format by.
APPLICATION_ID = 0x70726264
# Long enough for a queue of writers; a writer holds the lock for milliseconds.
BUSY_SECONDS = 30.0

# `STRICT` tables would be nicer, but want SQLite 3.37.
_TABLES = {
    "meta": "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "leaves": "CREATE TABLE leaves (number INTEGER PRIMARY KEY, "
    "hash BLOB NOT NULL CHECK (typeof(hash) = 'blob' AND length(hash) = 32), "
    "data BLOB NOT NULL CHECK (typeof(data) = 'blob'))",
    "nodes": "CREATE TABLE nodes (level INTEGER NOT NULL, number INTEGER NOT NULL, "
    "hash BLOB NOT NULL CHECK (typeof(hash) = 'blob' AND length(hash) = 32), "
    "PRIMARY KEY (level, number)) WITHOUT ROWID",
    "payloads": "CREATE TABLE payloads (number INTEGER PRIMARY KEY, "
    "data BLOB NOT NULL CHECK (typeof(data) = 'blob'))",
}

ADD_LEAF = "INSERT INTO leaves (number, hash, data) VALUES (?, ?, ?)"
ADD_NODE = "INSERT INTO nodes (level, number, hash) VALUES (?, ?, ?)"
ADD_PAYLOAD = "INSERT INTO payloads (number, data) VALUES (?, ?)"
GET_HASH = "SELECT hash FROM leaves WHERE number = ?"
GET_NODE = "SELECT hash FROM nodes WHERE level = ? AND number = ?"

_RESTORE = "keep the file for inquiry, and restore the log from a copy"
_HINTS = {
    sqlite3.SQLITE_FULL: "the disk is full: nothing of this was recorded; make room and repeat",
    sqlite3.SQLITE_NOTADB: "this file is not a log; check the path",
    sqlite3.SQLITE_CORRUPT: _RESTORE,
    sqlite3.SQLITE_READONLY: "nothing was recorded; check who may write the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "check that the folder exists and who may read and write it",
    sqlite3.SQLITE_PERM: "check who may read and write the file",
    sqlite3.SQLITE_IOERR: "the disk failed or is full: nothing of this was recorded",
    sqlite3.SQLITE_BUSY: "another process holds the log; repeat when it is done",
    sqlite3.SQLITE_CONSTRAINT: _RESTORE,
}
# The low byte is the primary code (sqlite.org/rescode.html).
_PRIMARY = 0xFF


def create(path: Path, origin: str) -> None:
    """Make an empty log unless there is a file; safe against others doing the same.

    Raises:
        LedgerError: the folder is missing or cannot be written.
    """
    try:
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            building = Path(folder) / "log"
            with explained(path), contextlib.closing(_open(building, "rwc")) as connection:
                _fill(connection, origin)
            # Only the file itself is linked. SQLite says nothing when, on a full disk, it closes
            # with pages that are in the write-ahead file alone.
            if any(name.name != building.name for name in building.parent.iterdir()):
                raise LedgerError(f"{path} cannot be made whole", hint=_HINTS[sqlite3.SQLITE_FULL])
            # A link, not a rename: who comes second finds the first one's log, not an empty one.
            with contextlib.suppress(FileExistsError):
                os.link(building, path)
        _flush(path.parent)
    except OSError as error:
        raise LedgerError(
            f"{path} cannot be made: {error.strerror}",
            hint="check that the folder exists and who may write it",
        ) from error


def connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open an existing file, with its settings for safety.

    Raises:
        LedgerError: absent, unreadable, not a database.
    """
    if not path.is_file():
        raise LedgerError(f"{path} is not a file", hint="check the path of the log")
    with explained(path):
        if not read_only:
            return _settle(_open(path, "rw"))
        try:
            return _settle(_open(path, "ro"))
        except sqlite3.OperationalError:
            # A write-ahead file next to it belongs to it; without one, and in a folder
            # where SQLite cannot make its own, nobody can be writing either.
            if path.with_name(path.name + "-wal").exists():
                raise
            return _settle(_open(path, "ro&immutable=1"))


def check(connection: sqlite3.Connection, path: Path, origin: str) -> None:
    """Refuse what is not a log of `origin` in this version.

    Raises:
        LedgerError: it is not.
    """
    with explained(path):
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        found = dict(connection.execute("SELECT name, sql FROM sqlite_master").fetchmany(99))
        if application != APPLICATION_ID or found != _TABLES:
            raise LedgerError(f"{path} is not a log of probanda", hint="check the path of the log")
        meta = dict(connection.execute("SELECT name, value FROM meta").fetchmany(99))
    if meta.get("schema") != SCHEMA_VERSION:
        raise LedgerError(
            f"{path} is a log of another version", hint="use the probanda that made it"
        )
    if meta.get("origin") != origin:
        raise LedgerError(
            f"{path} is the log of another origin than {origin!r}",
            hint="a log keeps its origin; give this one a file of its own",
        )


def check_pages(connection: sqlite3.Connection, path: Path) -> None:
    """SQLite's own check of its pages.

    Raises:
        LedgerError: the file is damaged.
    """
    (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if answer != "ok":
        raise LedgerError(f"{path} is damaged", hint=_RESTORE)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what sqlite3 raises into a `LedgerError` with a hint."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
        raise LedgerError(f"{path}: {error}", hint=_HINTS.get(code)) from error


def _open(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        # Transactions are begun and ended by hand; threads are kept apart by the log's lock.
        isolation_level=None,
        check_same_thread=False,
    )


def _settle(connection: sqlite3.Connection) -> sqlite3.Connection:
    try:
        for setting in (
            # FULL: in WAL mode NORMAL may lose the last commits at a power cut.
            "synchronous=FULL",
            "trusted_schema=OFF",
            "cell_size_check=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {setting}")
        # The first read opens the file, and its write-ahead log with it.
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _fill(connection: sqlite3.Connection, origin: str) -> None:
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    for statement in _TABLES.values():
        connection.execute(statement)
    connection.executemany(
        "INSERT INTO meta (name, value) VALUES (?, ?)",
        [("origin", origin), ("schema", SCHEMA_VERSION)],
    )
    connection.execute("COMMIT")
    # Last, so that everything above is in the file itself.
    (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    if mode != "wal":
        raise LedgerError("the file system cannot hold a write-ahead log")


def _flush(folder: Path) -> None:
    """Make the new name durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
