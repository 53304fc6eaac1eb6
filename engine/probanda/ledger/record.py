"""The record: what one leaf of the decision ledger says. Its format is frozen.

Rules:

- A leaf is the RFC 8785 form of `{schema, kind, tenant, recordedAt, asOf, digests,
  commitment}` and nothing else. It never holds the payload.
- `commitment` = SHA-256(salt ‖ payload), salt = HMAC-SHA256(log secret, record id). When
  the payload has expired, an outsider cannot find it by guessing.
- The **record id** is the SHA-256 of the RFC 8785 form of the record with the payload's
  SHA-256 in the place of the commitment. Who has record and payload derives it; so two
  different payloads never share a salt, and handing an auditor one salt says nothing
  about any other payload. Without the payload there is nothing to open and no id.
- Two clocks: `asOf` is an input of what is recorded, `recordedAt` is the ledger's own.

Example:

    record = make_record(
        kind="decision", tenant="acme", as_of=as_of, recorded_at=now,
        digests={"policy": digest}, payload=payload, salt=cell.salt,
    )
    opens(record, payload, cell.salt(record_id(record, payload)))
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from probanda.canonical import canonical, sha256_hex
from probanda.errors import EvidenceError, LedgerError
from probanda.model.instant import format_instant, parse_instant

SCHEMA = "probanda/record/v1"
MAX_RECORD_BYTES = 1024 * 1024
MAX_DIGESTS = 10_000
MAX_NAME = 256
# Salts come from HMAC-SHA256; a shorter one would be worth guessing.
SALT_BYTES = 32

_KIND = re.compile(r"[a-z][A-Za-z0-9-]{0,63}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FIELDS = {"schema", "kind", "tenant", "recordedAt", "asOf", "digests", "commitment"}


@dataclass(frozen=True, slots=True)
class Record:
    """One leaf of the ledger.

    Attributes:
        kind: what is recorded: `decision`, `fact`, …
        tenant: whose it is.
        recorded_at: when the ledger took it (RFC 3339, whole seconds, `Z`).
        as_of: the clock that the recorded thing was made with.
        digests: SHA-256 (hexadecimal) by name, of everything that identifies the inputs.
        commitment: SHA-256 (hexadecimal) of salt and payload.

    Raises:
        LedgerError: a field is not of its form.
    """

    kind: str
    tenant: str
    recorded_at: str
    as_of: str
    digests: Mapping[str, str]
    commitment: str

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind):
            raise LedgerError("a record's kind is not a word of letters, digits and hyphens")
        _check_name("tenant", self.tenant)
        _check_instant("recordedAt", self.recorded_at)
        _check_instant("asOf", self.as_of)
        if len(self.digests) > MAX_DIGESTS:
            raise LedgerError(f"a record has more than {MAX_DIGESTS} digests")
        for name, digest in self.digests.items():
            _check_name("digest name", name)
            _check_digest(digest)
        _check_digest(self.commitment)
        # A copy of our own: the caller's dictionary may change later.
        object.__setattr__(self, "digests", MappingProxyType(dict(self.digests)))

    @property
    def leaf(self) -> bytes:
        """The bytes that the ledger hashes."""
        return canonical(self._fields(self.commitment))

    @classmethod
    def parse(cls, leaf: bytes) -> Record:
        """Read a leaf. Only the canonical form is a record: one record, one leaf hash.

        Raises:
            LedgerError: not a record of this schema.
        """
        if len(leaf) > MAX_RECORD_BYTES:
            raise LedgerError(f"a record is longer than {MAX_RECORD_BYTES} bytes")
        try:
            value = json.loads(leaf.decode())
        except (ValueError, RecursionError) as error:
            raise LedgerError("a record is not JSON") from error
        if not isinstance(value, dict) or set(value) != _FIELDS or value["schema"] != SCHEMA:
            raise LedgerError(f"a leaf is not a record of schema {SCHEMA}")
        texts = [value[name] for name in sorted(_FIELDS - {"digests"})]
        digests = value["digests"]
        if not isinstance(digests, dict) or not all(
            isinstance(text, str) for text in [*texts, *digests.values()]
        ):
            raise LedgerError("a record's field has a wrong type")
        record = cls(
            kind=value["kind"],
            tenant=value["tenant"],
            recorded_at=value["recordedAt"],
            as_of=value["asOf"],
            digests=digests,
            commitment=value["commitment"],
        )
        # Duplicate keys, other spacing and other escapes all end here.
        if record.leaf != leaf:
            raise LedgerError("a record is not in canonical form")
        return record

    def _fields(self, commitment: str) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "kind": self.kind,
            "tenant": self.tenant,
            "recordedAt": self.recorded_at,
            "asOf": self.as_of,
            "digests": dict(self.digests),
            "commitment": commitment,
        }


def make_record(
    *,
    kind: str,
    tenant: str,
    as_of: str,
    recorded_at: str,
    digests: Mapping[str, str],
    payload: bytes,
    salt: Callable[[str], bytes],
) -> Record:
    """A record that commits to `payload`; `salt` gives 32 bytes for a record id (`cell.salt`).

    Raises:
        LedgerError: a field is not of its form, or the record would be too long.
    """
    open_record = Record(
        kind=kind,
        tenant=tenant,
        recorded_at=recorded_at,
        as_of=as_of,
        digests=digests,
        commitment=sha256_hex(payload),
    )
    if len(_leaf(open_record)) > MAX_RECORD_BYTES:
        raise LedgerError(f"a record is longer than {MAX_RECORD_BYTES} bytes")
    return Record(
        kind=kind,
        tenant=tenant,
        recorded_at=recorded_at,
        as_of=as_of,
        digests=digests,
        commitment=_commitment(payload, salt(record_id(open_record, payload))),
    )


def record_id(record: Record, payload: bytes) -> str:
    """SHA-256 (hexadecimal) of the record with the payload's digest as its commitment.

    It needs the payload's bytes, and tells them apart; see the module's rules.
    """
    return sha256_hex(canonical(record._fields(sha256_hex(payload))))


def opens(record: Record, payload: bytes, salt: bytes) -> bool:
    """Whether `payload` with `salt` is what the record commits to."""
    if len(salt) != SALT_BYTES:
        return False
    return hmac.compare_digest(_commitment(payload, salt), record.commitment)


def _commitment(payload: bytes, salt: bytes) -> str:
    # A fixed length keeps salt ‖ payload unambiguous.
    if len(salt) != SALT_BYTES:
        raise LedgerError(f"a salt does not have {SALT_BYTES} bytes")
    return hashlib.sha256(salt + payload).hexdigest()


def _leaf(record: Record) -> bytes:
    try:
        return record.leaf
    except EvidenceError as error:
        raise LedgerError("a record has no canonical form") from error


def _check_name(what: str, text: str) -> None:
    if not 0 < len(text) <= MAX_NAME or not text.isprintable():
        raise LedgerError(f"a record's {what} is empty, too long or not printable")


def _check_instant(what: str, text: str) -> None:
    try:
        good = format_instant(parse_instant(text)) == text
    except ValueError:
        good = False
    if not good:
        raise LedgerError(f"a record's {what} is not an instant such as 2026-11-20T18:44:00Z")


def _check_digest(text: str) -> None:
    if not _DIGEST.fullmatch(text):
        raise LedgerError("a record's digest is not 64 lower-case hexadecimal digits")
