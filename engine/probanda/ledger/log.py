"""`MerkleLog`: an append-only log in one SQLite file.

Rules:

- An append is durable when it returns (WAL, `synchronous=FULL`), whole or not at all,
  and serialised across processes (`BEGIN IMMEDIATE`): the log never forks itself.
- Leaves and payloads are opaque bytes. A payload lies beside its leaf and may expire;
  a leaf never changes.
- The file is made whole under another name and linked into place, so that nobody ever
  sees half a log, and a log never changes its origin.
- `verify` finds any changed leaf or node. That the *end* was cut off, or that the whole
  file was replaced, only an earlier checkpoint shows: give it one.
- One `MerkleLog` serves the threads of one process; after a fork open another.

Example:

    with MerkleLog(path, origin="ledger.black-cell.invalid") as log:
        numbers = log.append([LogEntry(record.leaf, payload)])
        note = cell.sign_checkpoint(log.checkpoint())
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from probanda.errors import LedgerError
from probanda.ledger import store
from probanda.merkle import (
    HASH_BYTES,
    Checkpoint,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    new_nodes,
    root,
)

MAX_LEAF_BYTES = 1024 * 1024
MAX_PAYLOAD_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What is appended: the leaf's bytes and, beside it, a payload that may expire."""

    leaf: bytes
    payload: bytes | None = None

    def __post_init__(self) -> None:
        if len(self.leaf) > MAX_LEAF_BYTES:
            raise LedgerError(f"a leaf is longer than {MAX_LEAF_BYTES} bytes")
        if self.payload is not None and len(self.payload) > MAX_PAYLOAD_BYTES:
            raise LedgerError(f"a payload is longer than {MAX_PAYLOAD_BYTES} bytes")


class MerkleLog:
    """A log with one origin. Opening makes the file where it is absent.

    Args:
        path: the SQLite file; `-wal` and `-shm` files appear beside it.
        origin: the log's C2SP origin; must be the one that the file was made with.
        read_only: write nothing, and make nothing.

    Raises:
        LedgerError: another origin, not a log, or the disk refuses.
    """

    def __init__(self, path: Path, *, origin: str, read_only: bool = False) -> None:
        self.path = path
        # A checkpoint of nothing checks the origin's form before a file is made for it.
        self.origin = Checkpoint(origin, 0, bytes(HASH_BYTES)).origin
        self._lock = threading.RLock()
        self._process = os.getpid()
        if not read_only:
            store.create(path, origin)
        self._connection = store.connect(path, read_only=read_only)
        try:
            store.check(self._connection, path, origin)
        except LedgerError:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._connection.close()

    @property
    def size(self) -> int:
        """Number of leaves."""
        with self._reading() as connection:
            return _size(connection)

    def append(self, entries: Iterable[LogEntry]) -> range:
        """Add entries in one transaction; their numbers. All are durable, or none is there.

        Raises:
            LedgerError: the log is read-only, or the disk refuses; nothing was added.
        """
        # Taken first: whatever makes the entries must not hold the lock while it works.
        taken = list(entries)
        with self._writing() as connection:
            size = start = _size(connection)
            nodes, latest = _growing(_reader(connection))
            for entry in taken:
                hashed = leaf_hash(entry.leaf)
                made = new_nodes(size, hashed, nodes)
                latest.update({level: value for level, _, value in made})
                connection.execute(store.ADD_LEAF, (size, hashed, entry.leaf))
                connection.executemany(store.ADD_NODE, made[1:])
                if entry.payload is not None:
                    connection.execute(store.ADD_PAYLOAD, (size, entry.payload))
                size += 1
        return range(start, size)

    def leaf(self, index: int) -> bytes:
        """The bytes of one leaf.

        Raises:
            LedgerError: no such leaf.
        """
        with self._reading() as connection:
            row = connection.execute(
                "SELECT data FROM leaves WHERE number = ?", (index,)
            ).fetchone()
        if row is None:
            raise LedgerError(f"{self.path} has no leaf {index}")
        return _bytes(row[0])

    def payload(self, index: int) -> bytes | None:
        """What lies beside a leaf; None where nothing does, or where it has expired."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT data FROM payloads WHERE number = ?", (index,)
            ).fetchone()
        return None if row is None else _bytes(row[0])

    def expire(self, indexes: Iterable[int]) -> int:
        """Delete payloads for good; how many there were. The leaves stay.

        Their bytes are overwritten in the file (`secure_delete`); copies that a file
        system or a backup keeps are beyond us.
        """
        with self._writing() as connection:
            before = connection.total_changes
            connection.executemany(
                "DELETE FROM payloads WHERE number = ?", ((index,) for index in indexes)
            )
            gone = connection.total_changes - before
        with self._lock, store.explained(self.path):
            # The write-ahead log still holds the old pages; a reader may need them.
            (busy, *_) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise LedgerError(
                f"{self.path}: payloads are deleted, but their bytes are still in the file",
                hint="a reader holds them; close it and expire again",
            )
        return gone

    def root(self, size: int | None = None) -> bytes:
        """The Merkle tree hash now, or as it was at `size` leaves."""
        with self._reading() as connection:
            return root(self._at(connection, size), _reader(connection))

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """The proof that leaf `index` is in the log of `size` leaves (default: now)."""
        with self._reading() as connection:
            return inclusion_proof(index, self._at(connection, size), _reader(connection))

    def consistency_proof(self, old: int, new: int | None = None) -> list[bytes]:
        """The proof that the log of `new` leaves (default: now) continues that of `old`."""
        with self._reading() as connection:
            return consistency_proof(old, self._at(connection, new), _reader(connection))

    def checkpoint(self) -> Checkpoint:
        """Origin, size and root now, of one moment."""
        with self._reading() as connection:
            size = _size(connection)
            return Checkpoint(self.origin, size, root(size, _reader(connection)))

    def verify(self, *, since: Checkpoint | None = None) -> Checkpoint:
        """Recompute every leaf hash and node; the checkpoint that was found to be true.

        1. The file's pages are sound (SQLite's own check).
        2. Leaves are numbered without a gap, and each hashes to its stored hash.
        3. Each stored node is the hash of its children; none is missing, none too many.
        4. No payload lies beside a leaf that does not exist.
        5. With `since`: the log continues that checkpoint.

        Payloads are opened by who knows their salts (`ledger.record.opens`).

        Raises:
            LedgerError: it contradicts itself; the message names the first bad leaf.
        """
        with self._reading() as connection:
            store.check_pages(connection, self.path)
            size = _verify_leaves(connection, self.path)
            _verify_counts(connection, self.path, size)
            found = Checkpoint(self.origin, size, root(size, _reader(connection)))
            if since is not None:
                self._verify_continues(since, size, connection)
        return found

    def _verify_continues(
        self, since: Checkpoint, size: int, connection: sqlite3.Connection
    ) -> None:
        if since.origin != self.origin:
            raise LedgerError(f"the checkpoint is of {since.origin}, not of {self.origin}")
        if since.size > size:
            raise LedgerError(
                f"{self.path} has {size} leaves, its earlier checkpoint {since.size}: cut off"
            )
        if root(since.size, _reader(connection)) != since.root:
            raise LedgerError(
                f"{self.path} does not continue its checkpoint of {since.size} leaves: a fork"
            )

    def _at(self, connection: sqlite3.Connection, size: int | None) -> int:
        now = _size(connection)
        if size is not None and not 0 <= size <= now:
            raise LedgerError(f"{self.path} has {now} leaves, not {size}")
        return now if size is None else size

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """One snapshot: what is read inside belongs to one moment."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """The only writer, across processes, from the first read to the commit."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        if os.getpid() != self._process:
            raise LedgerError("a log was carried over a fork", hint="open it in the new process")
        with self._lock, store.explained(self.path):
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            finally:
                # After any error; SQLite itself may have rolled back already (disk full).
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")


def _size(connection: sqlite3.Connection) -> int:
    (last,) = connection.execute("SELECT max(number) FROM leaves").fetchone()
    return 0 if last is None else int(last) + 1


def _reader(connection: sqlite3.Connection) -> store.Nodes:
    def nodes(level: int, index: int) -> bytes:
        row = (
            connection.execute(store.GET_NODE, (level, index)).fetchone()
            if level
            else connection.execute(store.GET_HASH, (index,)).fetchone()
        )
        if row is None:
            raise LedgerError(
                f"leaf {index << level}: the hash of level {level} above it is missing"
            )
        return _bytes(row[0])

    return nodes


def _growing(stored: store.Nodes) -> tuple[store.Nodes, dict[int, bytes]]:
    """A reader for `new_nodes` that prefers what the caller has just made, and where to put it.

    `new_nodes` asks only for the last complete subtree of a level, so one per level will do.
    """
    latest: dict[int, bytes] = {}

    def nodes(level: int, index: int) -> bytes:
        value = latest.get(level)
        return value if value is not None else stored(level, index)

    return nodes, latest


def _verify_leaves(connection: sqlite3.Connection, path: Path) -> int:
    """Walk all leaves in order, rebuilding the tree; the number of leaves."""
    stored, size = _reader(connection), 0
    nodes, latest = _growing(stored)
    rows = connection.execute("SELECT number, hash, data FROM leaves ORDER BY number")
    for number, hashed, data in rows:
        if number != size:
            raise LedgerError(f"{path}: leaf {size} is missing")
        if leaf_hash(_bytes(data)) != hashed:
            raise LedgerError(f"{path}: leaf {number} was changed")
        for level, index, value in new_nodes(size, hashed, nodes):
            if level and stored(level, index) != value:
                raise LedgerError(
                    f"{path}: leaf {index << level}: the hash of level {level} above it was changed"
                )
            latest[level] = value
        size += 1
    return size


def _verify_counts(connection: sqlite3.Connection, path: Path, size: int) -> None:
    expected = sum(size >> level for level in range(1, size.bit_length()))
    (count,) = connection.execute("SELECT count(*) FROM nodes").fetchone()
    if count != expected:
        raise LedgerError(f"{path}: {count} inner hashes are stored, {expected} belong there")
    (stray,) = connection.execute(
        "SELECT count(*) FROM payloads WHERE number NOT BETWEEN 0 AND ?", (size - 1,)
    ).fetchone()
    if stray:
        raise LedgerError(f"{path}: {stray} payload(s) belong to no leaf")


def _bytes(value: object) -> bytes:
    # SQLite's columns hold any type; a hostile file might hold text or numbers.
    if not isinstance(value, bytes):
        raise LedgerError("a column of the log does not hold bytes")
    return value
