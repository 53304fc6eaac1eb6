"""The append-only log of decisions and facts.

Rules:

- `MerkleLog` stores opaque leaves and proves things about them; it knows no keys.
- `Record` is what the decision ledger's leaves hold; its format is frozen.
- Payloads lie beside the leaves and may expire; leaves never change.

Example:

    with MerkleLog(path, origin=cell.origins["ledger"]) as ledger:
        record = make_record(kind="decision", tenant=tenant, ..., salt=cell.salt)
        ledger.append([LogEntry(record.leaf, payload)])
        note = cell.sign_checkpoint(ledger.checkpoint())
"""

from __future__ import annotations

from probanda.ledger.log import LogEntry, MerkleLog
from probanda.ledger.record import Record, make_record, opens, record_id

__all__ = ["LogEntry", "MerkleLog", "Record", "make_record", "opens", "record_id"]
