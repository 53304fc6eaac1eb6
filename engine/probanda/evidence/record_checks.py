"""The decisions of a bundle against the ledger head that its statement names.

Rules:

- The statement names every record by kind, index and leaf hash; the proofs are of exactly
  these, in that order.
- A file that a proof points at must open the record's commitment with the salt given.
- Every file that the manifest calls a decision has such a record, of its own tenant.
- Every artifact that such a decision names by SHA-256 is in the bundle: a signer cannot
  leave out, unseen, what a decision rests on. (A pack refers to bundles instead.)

Example:

    check_records(data, statement.predicate, manifest, read)
"""

from __future__ import annotations

from collections.abc import Callable

from probanda.errors import VerificationFailedError
from probanda.evidence.fields import Fields
from probanda.evidence.manifest import MAX_ENTRIES, Manifest
from probanda.evidence.records import RecordProof, parse_records
from probanda.evidence.statement import Predicate, RecordReference
from probanda.ledger import Record, opens
from probanda.merkle import leaf_hash, verify_inclusion
from probanda.parse.json import load_json

# As `bundle.MAX_RECORDED_BYTES`: what is opened is held in memory.
MAX_OPENED_BYTES = 64 << 20


def check_records(
    data: bytes, predicate: Predicate, manifest: Manifest, read: Callable[[str], bytes]
) -> int:
    """Check `proofs/records.json`; the number of records.

    Raises:
        ParseError, LedgerError: malformed proofs or leaves.
        VerificationFailedError: a proof does not hold, or a decision has none.
    """
    proofs = parse_records(data)
    if len(proofs) != len(predicate.records):
        raise VerificationFailedError("the proofs are not of the records that were signed")
    opened: set[str] = set()
    for proof, reference in zip(proofs, predicate.records, strict=True):
        record = _check_proof(proof, reference, predicate)
        if record.tenant != manifest.tenant:
            raise VerificationFailedError(f"record {proof.index} is another tenant's")
        if not proof.path:
            continue
        if proof.path in opened:
            raise VerificationFailedError(f"{proof.path}: opened by two records")
        payload = _check_opens(proof, record, manifest, read)
        if record.kind == "decision" and manifest.kind == "Bundle":
            _check_complete(proof.path, payload, manifest)
        opened.add(proof.path)
    decisions = {entry.path for entry in manifest.entries if entry.role == "decision"}
    if unproved := sorted(decisions - opened):
        raise VerificationFailedError(f"{unproved[0]}: a decision without a record in the ledger")
    return len(proofs)


def _check_proof(proof: RecordProof, reference: RecordReference, predicate: Predicate) -> Record:
    """The leaf is the one that was signed, and is under the ledger's root."""
    hashed = leaf_hash(proof.leaf)
    if (proof.index, hashed.hex()) != (reference.index, reference.leaf_sha256):
        raise VerificationFailedError(f"record {proof.index} is not the one that was signed")
    verify_inclusion(
        index=proof.index,
        size=predicate.ledger.size,
        leaf=hashed,
        proof=proof.hashes,
        root=predicate.ledger.root,
    )
    record = Record.parse(proof.leaf)
    if record.kind != reference.kind:
        raise VerificationFailedError(f"record {proof.index} is of another kind")
    return record


def _check_opens(
    proof: RecordProof, record: Record, manifest: Manifest, read: Callable[[str], bytes]
) -> bytes:
    """The bytes of the file in the bundle, which are what the record commits to."""
    entry = next((entry for entry in manifest.entries if entry.path == proof.path), None)
    if entry is None:
        raise VerificationFailedError(f"record {proof.index} points at an unlisted file")
    if entry.size > MAX_OPENED_BYTES:
        raise VerificationFailedError(f"{proof.path}: larger than {MAX_OPENED_BYTES} bytes")
    payload = read(proof.path)
    if not opens(record, payload, proof.salt):
        raise VerificationFailedError(
            f"{proof.path}: not what record {proof.index} of the ledger commits to"
        )
    return payload


def _check_complete(path: str, payload: bytes, manifest: Manifest) -> None:
    """The artifacts that a decision names are listed."""
    decision = Fields(load_json(payload, path=path), path)
    listed = {entry.sha256 for entry in manifest.entries if entry.role == "artifact"}
    if "checks" not in decision:
        return
    for check in decision.children("checks", MAX_ENTRIES):
        if "facts" not in check:
            continue
        for fact in check.children("facts", MAX_ENTRIES):
            if "sha256" in fact and fact.sha256("sha256") not in listed:
                name = fact.text("source", "an artifact")
                raise VerificationFailedError(f"{path}: rests on {name}, which is left out")
