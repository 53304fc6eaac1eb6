"""Bundles: artifacts, manifest, proofs and seal in one deterministic archive.

Rules:

- Every source is read once, hashed while it is copied. One that no longer has the
  digest that a decision recorded is an error, and nothing is written.
- In the archive: files sorted by path, `manifest.json`, `proofs/checkpoint.txt`,
  `proofs/records.json`, and `manifest.sigstore.json` last, since each is made from
  what stands before it.
- Same sources and as-of clock → the same bytes up to and including the manifest.
- A bundle without files, or with a decision that is not in the ledger, is never written.

Example:

    written = write_bundle(
        path, kind="Bundle", name="nightly-21", tenant="acme", as_of=as_of,
        sources=[Source("decisions/release.json", "decision", "application/json", opener)],
        recorded=[Recorded("decisions/release.json", index)],
        cell=cell, ledger=ledger, signatures=signatures, now=now,
    )
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from probanda import __version__
from probanda.canonical import pretty
from probanda.errors import EvidenceError
from probanda.evidence.archive import ArchiveWriter, create_archive
from probanda.evidence.manifest import Entry, Manifest
from probanda.evidence.names import CHECKPOINT, MANIFEST, RECORDS, SIGNATURE, is_reserved
from probanda.evidence.records import MAX_RECORDS, RecordProof, format_records
from probanda.evidence.seal import seal
from probanda.evidence.statement import (
    LedgerHead,
    Predicate,
    Previous,
    RecordReference,
    Statement,
)
from probanda.merkle import Checkpoint, leaf_hash

if TYPE_CHECKING:
    from probanda.ledger import MerkleLog
    from probanda.sign import Cell

# A recorded file is held in memory to open its commitment; decisions are far smaller.
MAX_RECORDED_BYTES = 64 << 20
_AGAIN = "run the check again, so that artifact and decision belong together"


@dataclass(frozen=True, slots=True)
class Source:
    """One file to put into a bundle.

    Attributes:
        path: in the bundle.
        role: see `manifest.ROLES`.
        media_type: IANA media type.
        opener: gives its bytes; called once.
        expected_sha256: digest that it must still have; empty when any will do.
        source, type, producer, controls: as in `manifest.Entry`.
    """

    path: str
    role: str
    media_type: str
    opener: Callable[[], BinaryIO]
    expected_sha256: str = ""
    source: str = ""
    type: str = ""
    producer: str = ""
    controls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record of the ledger that the bundle proves.

    Attributes:
        path: of the source whose bytes were recorded; empty when they are not in the bundle.
        index: of the record's leaf.
    """

    path: str
    index: int


@dataclass(frozen=True, slots=True)
class Written:
    """A finished bundle: where it is, its manifest, the statement that was signed."""

    path: Path
    manifest: Manifest
    statement: Statement


class _Reader(io.RawIOBase):
    """A source's stream: its errors name the source, and its bytes are kept if wanted."""

    def __init__(self, stream: BinaryIO, source: Source, *, keep: bool) -> None:
        super().__init__()
        self._stream, self._source = stream, source
        self.kept: bytearray | None = bytearray() if keep else None

    def read(self, size: int = -1) -> bytes:
        """As the inner stream does."""
        try:
            data = self._stream.read(size)
        except OSError as error:
            raise _unreadable(self._source, error) from error
        if self.kept is not None:
            self.kept += data
            if len(self.kept) > MAX_RECORDED_BYTES:
                raise EvidenceError(f"{self._source.path}: larger than {MAX_RECORDED_BYTES} bytes")
        return data


def write_bundle(
    path: Path,
    *,
    kind: str,
    name: str,
    tenant: str,
    as_of: str,
    sources: Sequence[Source],
    cell: Cell,
    ledger: MerkleLog,
    signatures: MerkleLog,
    now: datetime,
    recorded: Sequence[Recorded] = (),
    outcome: str = "",
    previous: Previous | None = None,
) -> Written:
    """Write a sealed bundle to `path`, whole or not at all.

    Raises:
        EvidenceError: no sources, a source is gone or changed, a decision is not recorded,
            a path breaks a rule, or the disk refuses.
        LedgerError, SigningError: the ledger or the cell refuses.
    """
    _check(sources, recorded)
    with create_archive(path) as archive:
        entries, payloads = _add_sources(archive, sources, {record.path for record in recorded})
        manifest = Manifest(kind, name, tenant, as_of, entries)
        _add(archive, MANIFEST, manifest.to_bytes())
        # Taken after the last record was written; every proof below is of this one size.
        head = ledger.checkpoint()
        note = cell.sign_checkpoint(head)
        proofs = _prove(ledger, head, recorded, payloads, cell)
        _add(archive, CHECKPOINT, note.encode())
        _add(archive, RECORDS, format_records(proofs))
        predicate = Predicate(
            kind=kind,
            name=name,
            tenant=tenant,
            as_of=as_of,
            ledger=LedgerHead(head.origin, head.size, head.root, note),
            engine=("probanda", __version__),
            records=tuple(_reference(proof) for proof in proofs),
            outcome=outcome,
            previous=previous,
        )
        statement = Statement(manifest.digest, predicate)
        sealed = seal(statement.to_bytes(), cell, signatures, now)
        _add(archive, SIGNATURE, pretty(sealed).encode())
    return Written(path, manifest, statement)


def _check(sources: Sequence[Source], recorded: Sequence[Recorded]) -> None:
    """What can be refused before a byte is written."""
    if not sources:
        raise EvidenceError("a bundle of no files proves nothing")
    paths = {source.path for source in sources}
    covered = [record.path for record in recorded if record.path]
    if missing := sorted(set(covered) - paths):
        raise EvidenceError(f"{missing[0]}: recorded, but not among the bundle's files")
    decisions = {source.path for source in sources if source.role == "decision"}
    if unrecorded := sorted(decisions - set(covered)):
        raise EvidenceError(f"{unrecorded[0]}: a decision without a record in the ledger")
    if len(recorded) > MAX_RECORDS or len({record.index for record in recorded}) != len(recorded):
        raise EvidenceError("a record is named twice, or there are too many")
    if reserved := sorted(filter(is_reserved, paths)):
        raise EvidenceError(f"path {reserved[0]!r} belongs to the bundle format")


def _add(archive: ArchiveWriter, name: str, data: bytes) -> None:
    archive.add(name, io.BytesIO(data))


def _add_sources(
    archive: ArchiveWriter, sources: Sequence[Source], keep: set[str]
) -> tuple[tuple[Entry, ...], dict[str, bytes]]:
    """Copy every source; the manifest's entries, and the bytes of the files in `keep`."""
    entries: list[Entry] = []
    kept: dict[str, bytes] = {}
    for source in sorted(sources, key=lambda item: item.path):
        try:
            stream = source.opener()
        except OSError as error:
            raise _unreadable(source, error) from error
        with stream:
            reader = _Reader(stream, source, keep=source.path in keep)
            digest, size = archive.add(source.path, cast(BinaryIO, reader))
        if source.expected_sha256 not in {"", digest}:
            raise EvidenceError(
                f"{source.path}: {source.source or 'the source'} changed since it was judged "
                f"(SHA-256 {digest[:12]}…, recorded {source.expected_sha256[:12]}…)",
                hint=_AGAIN,
            )
        entries.append(_entry(source, digest, size))
        if reader.kept is not None:
            kept[source.path] = bytes(reader.kept)
    return tuple(entries), kept


def _unreadable(source: Source, error: OSError) -> EvidenceError:
    what = source.source or str(error.filename or "its source")
    reason = error.strerror or "it cannot be read"
    return EvidenceError(f"{source.path}: {what}: {reason}", hint=_AGAIN)


def _entry(source: Source, digest: str, size: int) -> Entry:
    return Entry(
        path=source.path,
        sha256=digest,
        size=size,
        media_type=source.media_type,
        role=source.role,
        source=source.source,
        type=source.type,
        producer=source.producer,
        controls=source.controls,
    )


def _prove(
    ledger: MerkleLog,
    head: Checkpoint,
    recorded: Sequence[Recorded],
    payloads: dict[str, bytes],
    cell: Cell,
) -> list[RecordProof]:
    """Proofs in ascending order of index; each file must be what its record commits to."""
    from probanda.ledger import Record, opens

    proofs: list[RecordProof] = []
    for record in sorted(recorded, key=lambda item: item.index):
        payload = payloads.get(record.path, b"")
        proof = RecordProof.from_ledger(
            ledger,
            size=head.size,
            index=record.index,
            path=record.path,
            payload=payload,
            salt=cell.salt,
        )
        if record.path and not opens(Record.parse(proof.leaf), payload, proof.salt):
            raise EvidenceError(f"{record.path}: not what record {record.index} commits to")
        proofs.append(proof)
    return proofs


def _reference(proof: RecordProof) -> RecordReference:
    from probanda.ledger import Record

    return RecordReference(Record.parse(proof.leaf).kind, proof.index, leaf_hash(proof.leaf).hex())
