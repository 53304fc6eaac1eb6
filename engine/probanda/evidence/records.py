"""`proofs/records.json`: why the ledger's head covers the decisions in a bundle.

Rules:

- One item per record: its leaf, its inclusion proof into the ledger head that the signed
  statement names, and, when the bundle carries what was recorded, that file's path and
  the salt which opens the record's commitment.
- Reading decodes; it believes nothing. `verify` checks what is read here.

Example:

    RecordProof.from_ledger(ledger, size=head.size, index=7, path="decisions/a.json",
                            payload=data, salt=cell.salt)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from probanda.canonical import canonical
from probanda.evidence.fields import Fields, encode
from probanda.evidence.names import RECORDS

if TYPE_CHECKING:
    from probanda.ledger import MerkleLog

MAX_RECORDS = 100_000
MAX_BYTES = 256 << 20
_MAX_HASHES = 63


@dataclass(frozen=True, slots=True)
class RecordProof:
    """One record of the ledger and its proof.

    Attributes:
        index: of the leaf.
        leaf: its bytes.
        hashes: the inclusion proof.
        path: of the file in the bundle that was recorded; empty when it is not in there.
        salt: opens the commitment for that file; empty without one.
    """

    index: int
    leaf: bytes
    hashes: tuple[bytes, ...]
    path: str = ""
    salt: bytes = b""

    @classmethod
    def from_ledger(
        cls,
        ledger: MerkleLog,
        *,
        size: int,
        index: int,
        path: str,
        payload: bytes,
        salt: Callable[[str], bytes],
    ) -> Self:
        """The record at `index`, which holds `payload` (the file `path`), under the head of `size`.

        With an empty `path`, only the leaf is proved.

        Raises:
            LedgerError: no such leaf, or it is no record.
        """
        from probanda.ledger import Record, record_id

        leaf = ledger.leaf(index)
        record = Record.parse(leaf)
        hashes = tuple(ledger.inclusion_proof(index, size))
        opening = salt(record_id(record, payload)) if path else b""
        return cls(index, leaf, hashes, path, opening)

    def to_json(self) -> dict[str, Any]:
        """`{index, leaf, proof, path?, salt?}`, bytes in base64."""
        document: dict[str, Any] = {
            "index": self.index,
            "leaf": encode(self.leaf),
            "proof": [encode(value) for value in self.hashes],
        }
        if self.path:
            document |= {"path": self.path, "salt": encode(self.salt)}
        return document


def format_records(proofs: Iterable[RecordProof]) -> bytes:
    """The bytes of `proofs/records.json`."""
    return canonical({"records": [proof.to_json() for proof in proofs]})


def parse_records(data: bytes) -> tuple[RecordProof, ...]:
    """Read an untrusted `proofs/records.json`.

    Raises:
        ParseError: malformed or beyond a limit.
    """
    from probanda.parse.json import load_json
    from probanda.parse.limits import Limits

    limits = Limits(max_bytes=MAX_BYTES, max_depth=5, max_nodes=80 * MAX_RECORDS)
    document = Fields(load_json(data, path=RECORDS, limits=limits), RECORDS).only("records")
    return tuple(_proof(item) for item in document.children("records", MAX_RECORDS))


def _proof(item: Fields) -> RecordProof:
    item.only("index", "leaf", "proof", "path", "salt")
    has_file = "path" in item or "salt" in item
    return RecordProof(
        index=item.integer("index"),
        leaf=item.data("leaf"),
        hashes=item.data_list("proof", _MAX_HASHES),
        path=item.text("path") if has_file else "",
        salt=item.data("salt") if has_file else b"",
    )
