"""Sealing: a statement becomes a Sigstore bundle, without server or network.

Rules:

- The signing key lives for one signature. Its certificate, the log entry and the
  timestamp stay; the key is gone when `seal` returns.
- The entry is appended to the cell's signature log before the bundle exists: a
  signature that the log does not know cannot come out of here.
- The log may have grown meanwhile; proof and checkpoint are of one and the same size.

Example:

    bundle = seal(statement.to_bytes(), cell, signature_log, now)
    path.write_text(pretty(bundle))
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from probanda.errors import EvidenceError
from probanda.evidence.sigstore_bundle import PAYLOAD_TYPE, LogEntry, SigstoreBundle, log_body

if TYPE_CHECKING:
    from probanda.ledger import MerkleLog
    from probanda.sign import Cell


def seal(statement: bytes, cell: Cell, log: MerkleLog, now: datetime) -> dict[str, Any]:
    """Sign `statement` as `cell` at `now`; a Sigstore bundle v0.3 as plain JSON values.

    `log` is the cell's signature log (`cell.origins["signatures"]`).

    Raises:
        EvidenceError: `log` is another log.
        SigningError: the cell is not valid at `now`.
        LedgerError: the log cannot be written.
    """
    from probanda.ledger import LogEntry as NewEntry
    from probanda.sign import pae

    if log.origin != cell.origins["signatures"]:
        raise EvidenceError(f"the log {log.origin!r} is not the cell's signature log")
    leaf = cell.issue(now)
    message = pae(PAYLOAD_TYPE, statement)
    signature = leaf.sign(message)
    body = log_body(
        pae_sha256=hashlib.sha256(message).digest(), signature=signature, certificate=leaf.der
    )
    index = log.append([NewEntry(body, b"")]).start
    head = log.checkpoint()
    entry = LogEntry(
        log_id=cell.log_id("signatures"),
        index=index,
        size=head.size,
        root=head.root,
        hashes=tuple(log.inclusion_proof(index, head.size)),
        checkpoint=cell.sign_checkpoint(head),
        body=body,
    )
    return SigstoreBundle(
        payload=statement,
        signature=signature,
        certificate=leaf.der,
        entry=entry,
        timestamps=(cell.timestamp(signature, now),),
    ).to_json()
