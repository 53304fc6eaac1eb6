"""The Sigstore bundle v0.3 profile in which every manifest is sealed, written and read.

Rules:

- One profile, no options: a certificate, one DSSE envelope with one signature, one
  `hashedrekord` 0.0.2 log entry with inclusion proof and checkpoint, at least one
  RFC 3161 timestamp. A missing part is a malformed bundle, never a weaker one.
- Reading decodes; it believes nothing. `verify` checks what is read here.
- Writing is deterministic: sorted keys, fixed indentation.

Sources: sigstore/protobuf-specs `sigstore_bundle.proto`; secure-systems-lab/dsse
`protocol.md`; rekor-tiles `hashedrekord` v0.0.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from probanda.canonical import canonical, pretty
from probanda.evidence.fields import Fields, encode
from probanda.evidence.names import SIGNATURE

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
ENTRY_KIND = "hashedrekord"
ENTRY_VERSION = "0.0.2"
KEY_DETAILS = "PKIX_ECDSA_P256_SHA_256"

MAX_BYTES = 64 << 20
# sigstore-go `pkg/verify/tsa.go`, maxAllowedTimestamps.
MAX_TIMESTAMPS = 32
# A tree of 2^63 leaves.
_MAX_HASHES = 63


@dataclass(frozen=True, slots=True)
class LogEntry:
    """The transparency log's part.

    Attributes:
        log_id: SHA-256 that names the log's key, 32 bytes.
        index: of the entry.
        size: of the tree that the proof leads into.
        root: of that tree.
        hashes: the inclusion proof.
        checkpoint: signed note over that tree.
        body: the entry's canonical bytes, which the leaf hashes.
    """

    log_id: bytes
    index: int
    size: int
    root: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str
    body: bytes

    def to_json(self) -> dict[str, Any]:
        """A `TransparencyLogEntry`."""
        return {
            "canonicalizedBody": encode(self.body),
            "inclusionProof": {
                "checkpoint": {"envelope": self.checkpoint},
                "hashes": [encode(value) for value in self.hashes],
                "logIndex": str(self.index),
                "rootHash": encode(self.root),
                "treeSize": str(self.size),
            },
            "kindVersion": {"kind": ENTRY_KIND, "version": ENTRY_VERSION},
            "logId": {"keyId": encode(self.log_id)},
            "logIndex": str(self.index),
        }


@dataclass(frozen=True, slots=True)
class SigstoreBundle:
    """A sealed statement.

    Attributes:
        payload: the statement's bytes.
        signature: ECDSA over the DSSE pre-authentication encoding, DER.
        certificate: of the signing key, DER.
        entry: see `LogEntry`.
        timestamps: RFC 3161 responses over `signature`, DER; never empty.
    """

    payload: bytes
    signature: bytes
    certificate: bytes
    entry: LogEntry
    timestamps: tuple[bytes, ...]

    def to_json(self) -> dict[str, Any]:
        """The document as plain JSON values."""
        stamps = [{"signedTimestamp": encode(stamp)} for stamp in self.timestamps]
        return {
            "mediaType": MEDIA_TYPE,
            "dsseEnvelope": {
                "payload": encode(self.payload),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [{"sig": encode(self.signature)}],
            },
            "verificationMaterial": {
                "certificate": {"rawBytes": encode(self.certificate)},
                "timestampVerificationData": {"rfc3161Timestamps": stamps},
                "tlogEntries": [self.entry.to_json()],
            },
        }

    def to_bytes(self) -> bytes:
        """The bytes of `manifest.sigstore.json`."""
        return pretty(self.to_json()).encode()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read an untrusted bundle.

        Raises:
            ParseError: malformed, beyond a limit, or outside the profile.
        """
        from probanda.parse.json import load_json
        from probanda.parse.limits import Limits

        limits = Limits(max_bytes=MAX_BYTES, max_depth=8, max_nodes=2_000)
        document = Fields(load_json(data, path=SIGNATURE, limits=limits), SIGNATURE)
        document.only("mediaType", "dsseEnvelope", "verificationMaterial")
        if document.text("mediaType") != MEDIA_TYPE:
            raise document.bad(f"not {MEDIA_TYPE}", "mediaType")
        payload, signature = _envelope(document.child("dsseEnvelope"))
        material = document.child("verificationMaterial")
        material.only("certificate", "timestampVerificationData", "tlogEntries")
        stamps = material.child("timestampVerificationData").only("rfc3161Timestamps")
        timestamps = tuple(
            stamp.only("signedTimestamp").data("signedTimestamp")
            for stamp in stamps.children("rfc3161Timestamps", MAX_TIMESTAMPS)
        )
        if not timestamps or len(set(timestamps)) != len(timestamps):
            raise stamps.bad("none, or one twice", "rfc3161Timestamps")
        entries = material.children("tlogEntries", 1)
        if not entries:
            raise material.bad("empty", "tlogEntries")
        return cls(
            payload=payload,
            signature=signature,
            certificate=material.child("certificate").only("rawBytes").data("rawBytes"),
            entry=_entry(entries[0]),
            timestamps=timestamps,
        )


def _envelope(envelope: Fields) -> tuple[bytes, bytes]:
    """Payload and the one signature of a DSSE envelope."""
    envelope.only("payload", "payloadType", "signatures")
    if envelope.text("payloadType") != PAYLOAD_TYPE:
        raise envelope.bad(f"not {PAYLOAD_TYPE}", "payloadType")
    signatures = envelope.children("signatures", 1)
    if not signatures:
        raise envelope.bad("empty", "signatures")
    # DSSE: `keyid` is an optional, unauthenticated hint. It is not looked at.
    signature = signatures[0].only("sig", "keyid")
    return envelope.data("payload"), signature.data("sig")


def _entry(entry: Fields) -> LogEntry:
    """One `TransparencyLogEntry` of the profile."""
    entry.only("canonicalizedBody", "inclusionProof", "kindVersion", "logId", "logIndex")
    kind = entry.child("kindVersion").only("kind", "version")
    if (kind.text("kind"), kind.text("version")) != (ENTRY_KIND, ENTRY_VERSION):
        raise kind.bad(f"not {ENTRY_KIND} {ENTRY_VERSION}")
    proof = entry.child("inclusionProof")
    proof.only("checkpoint", "hashes", "logIndex", "rootHash", "treeSize")
    if proof.decimal("logIndex") != entry.decimal("logIndex"):
        raise entry.bad("differs from the inclusion proof's", "logIndex")
    return LogEntry(
        log_id=entry.child("logId").only("keyId").data("keyId"),
        index=entry.decimal("logIndex"),
        size=proof.decimal("treeSize"),
        root=proof.data("rootHash"),
        hashes=proof.data_list("hashes", _MAX_HASHES),
        checkpoint=proof.child("checkpoint").only("envelope").text("envelope"),
        body=entry.data("canonicalizedBody"),
    )


def log_body(*, pae_sha256: bytes, signature: bytes, certificate: bytes) -> bytes:
    """The canonical `hashedrekord` 0.0.2 entry for a DSSE signature (rekor-tiles, RFC 8785)."""
    verifier = {"keyDetails": KEY_DETAILS, "x509Certificate": {"rawBytes": encode(certificate)}}
    return canonical(
        {
            "apiVersion": ENTRY_VERSION,
            "kind": ENTRY_KIND,
            "spec": {
                "hashedRekordV002": {
                    "data": {"algorithm": "SHA2_256", "digest": encode(pae_sha256)},
                    "signature": {"content": encode(signature), "verifier": verifier},
                }
            },
        }
    )
