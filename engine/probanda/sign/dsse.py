"""DSSE 1.0.2 envelopes, and detached signatures of documents with plain keys.

Rules:

- What is signed is the pre-authentication encoding over *byte* lengths; the payload is
  compared and used as bytes and never parsed again after checking.
- Key ids are hints for people. Signatures are tried against the given keys, and a key
  counts once however often it signs, known by its SubjectPublicKeyInfo.
- Zero signatures, zero keys or a threshold of zero never pass.
- Only P-256 (ECDSA, SHA-256) and Ed25519.

Example:

    text = sign_document(waiver, key_pem)
    verify_document(waiver, text, public_key_pem)
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass

from probanda.errors import CannotVerifyError, ParseError, VerificationFailedError
from probanda.parse.json import load_json
from probanda.parse.limits import Limits
from probanda.sign.keys import (
    PublicKey,
    fingerprint,
    load_private_key,
    load_public_key,
    sign_bytes,
    verify_signature,
)

DOCUMENT_TYPE = "application/vnd.probanda.document+yaml"

# An envelope is nearly all payload; unknown fields may be there, but not without end.
_LIMITS = Limits(max_bytes=16 << 20, max_depth=16, max_nodes=10_000)
# As many as a C2SP note may carry; each costs one check per key.
MAX_SIGNATURES = 64
# An ML-DSA-87 signature, the largest we might meet and ignore, has 4,627 bytes.
_MAX_SIGNATURE_TEXT = 8 * 1024


@dataclass(frozen=True, slots=True)
class Envelope:
    """A parsed envelope; nothing in it is verified.

    Attributes:
        payload_type: what the payload says it is.
        payload: decoded bytes.
        signatures: decoded bytes, in the order found.
    """

    payload_type: str
    payload: bytes
    signatures: tuple[bytes, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding (DSSE protocol.md, "Signature Definition")."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def parse_envelope(text: str | bytes) -> Envelope:
    """Read an envelope's JSON. Unknown fields are ignored, as DSSE demands.

    Raises:
        ParseError: not an envelope, or beyond a limit.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    value = load_json(raw, path="DSSE envelope", limits=_LIMITS)
    if not isinstance(value, dict):
        raise ParseError("a DSSE envelope is not a JSON object")
    payload_type, payload = value.get("payloadType"), value.get("payload")
    signatures = value.get("signatures")
    if not isinstance(payload_type, str) or not isinstance(payload, str):
        raise ParseError("a DSSE envelope lacks payloadType or payload")
    if not isinstance(signatures, list):
        raise ParseError("a DSSE envelope lacks its list of signatures")
    if len(signatures) > MAX_SIGNATURES:
        raise ParseError(f"a DSSE envelope has more than {MAX_SIGNATURES} signatures")
    return Envelope(
        payload_type=payload_type,
        payload=_decode(payload, "payload"),
        signatures=tuple(_signature(item) for item in signatures),
    )


def verify_envelope(
    envelope: Envelope, keys: Sequence[PublicKey], *, payload_type: str, threshold: int = 1
) -> tuple[str, ...]:
    """Check that at least `threshold` of `keys` signed, and say which (fingerprints).

    1. The payload type is the expected one (DSSE: verifiers MUST reject others).
    2. There is something to check: a positive threshold, that many different keys.
    3. Each key is tried on each signature; a key counts once.

    Raises:
        CannotVerifyError: the keys given cannot reach the threshold.
        VerificationFailedError: another payload type, or too few keys signed.
    """
    if envelope.payload_type != payload_type:
        raise VerificationFailedError(f"the envelope's payload type is not {payload_type}")
    unique = {fingerprint(key): key for key in keys}
    if threshold < 1 or len(unique) < threshold:
        raise CannotVerifyError(
            f"{len(unique)} key(s) cannot reach a threshold of {threshold} signature(s)"
        )
    message = pae(envelope.payload_type, envelope.payload)
    good = [name for name, key in unique.items() if _signed_by(key, envelope, message)]
    if len(good) < threshold:
        raise VerificationFailedError(
            f"{len(good)} of {threshold} needed signature(s) hold, out of {len(unique)} key(s)"
        )
    return tuple(sorted(good))


def sign_document(payload: bytes, key_pem: bytes) -> str:
    """A DSSE envelope over a document of a project, with the document inside.

    Raises:
        SigningError: the key is unusable.
    """
    key = load_private_key(key_pem)
    signature = {
        "keyid": fingerprint(key.public_key()),
        "sig": base64.b64encode(sign_bytes(key, pae(DOCUMENT_TYPE, payload))).decode(),
    }
    envelope = {
        "payloadType": DOCUMENT_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [signature],
    }
    return json.dumps(envelope, indent=2) + "\n"


def verify_document(
    payload: bytes, signature_json: str | bytes, public_key_pem: str | bytes
) -> None:
    """Check that the key signed exactly these bytes of a document.

    Raises:
        ParseError: the signature is not an envelope.
        CannotVerifyError: the key is unreadable or of another kind.
        VerificationFailedError: the envelope holds other bytes, or the key did not sign it.
    """
    pem = public_key_pem.encode() if isinstance(public_key_pem, str) else public_key_pem
    key = load_public_key(pem)
    envelope = parse_envelope(signature_json)
    if envelope.payload != payload:
        raise VerificationFailedError("the signature is of other bytes than the document's")
    verify_envelope(envelope, [key], payload_type=DOCUMENT_TYPE)


def _signed_by(key: PublicKey, envelope: Envelope, message: bytes) -> bool:
    for signature in envelope.signatures:
        try:
            verify_signature(key, signature, message)
        except VerificationFailedError:
            continue
        return True
    return False


def _signature(item: object) -> bytes:
    text = item.get("sig") if isinstance(item, dict) else None
    if not isinstance(text, str) or not text:
        raise ParseError("a signature of a DSSE envelope has no sig")
    if len(text) > _MAX_SIGNATURE_TEXT:
        raise ParseError("a signature of a DSSE envelope is too long")
    return _decode(text, "sig")


def _decode(text: str, what: str) -> bytes:
    """Standard or URL-safe base64 (DSSE envelope.md: verifiers MUST accept either)."""
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/").encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ParseError(f"the {what} of a DSSE envelope is not base64") from error
