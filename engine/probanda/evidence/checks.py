"""The single checks on a seal; `verify` runs them in order.

Rules:

- A check returns what it found, or raises: `VerificationFailedError` when the evidence is
  bad, `CannotVerifyError` when this verifier cannot tell.
- No check believes anything that an earlier step has not shown.
- `sigstore` is asked afterwards for the same bundle (`second_opinion`): these checks are
  here to say what is wrong, step by step, and to see what the stock verifier does not
  look at (the checkpoint's origin and size, the trust domain of an identity).

Example:

    check_signature(bundle, certificate)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID

from probanda.errors import CannotVerifyError, ParseError, VerificationFailedError
from probanda.evidence.certificates import MALFORMED, quietly
from probanda.evidence.sigstore_bundle import PAYLOAD_TYPE, SigstoreBundle, log_body
from probanda.evidence.trust import Authority, TrustRoot, raw_ed25519
from probanda.merkle import (
    Checkpoint,
    key_id,
    leaf_hash,
    parse_note,
    verify_inclusion,
    verify_note,
)
from probanda.sign import pae

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

# NIST: id-sha256, id-sha384, id-sha512.
_IMPRINTS = {
    "2.16.840.1.101.3.4.2.1": hashlib.sha256,
    "2.16.840.1.101.3.4.2.2": hashlib.sha384,
    "2.16.840.1.101.3.4.2.3": hashlib.sha512,
}


def check_signature(bundle: SigstoreBundle, certificate: x509.Certificate) -> None:
    """ECDSA over the pre-authentication encoding, by the certificate's key (DSSE 1.0.2)."""
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise VerificationFailedError("the signing key is not P-256")
    try:
        key.verify(bundle.signature, pae(PAYLOAD_TYPE, bundle.payload), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise VerificationFailedError("the signature does not fit the statement") from None


def stamps(bundle: SigstoreBundle) -> tuple[TimeStampResponse, ...]:
    """The timestamps, each of which is over this bundle's signature (RFC 3161 §2.4.2)."""
    from rfc3161_client import decode_timestamp_response

    decoded: list[TimeStampResponse] = []
    for der in bundle.timestamps:
        try:
            stamp = decode_timestamp_response(der)
            imprint = stamp.tst_info.message_imprint
            algorithm = _IMPRINTS.get(imprint.hash_algorithm.dotted_string)
            message = imprint.message
        except MALFORMED as error:
            raise VerificationFailedError("a timestamp is malformed") from error
        if algorithm is None or algorithm(bundle.signature).digest() != message:
            raise VerificationFailedError("a timestamp is not over this signature")
        _check_unsigned_fields(der)
        decoded.append(stamp)
    return tuple(decoded)


def _check_unsigned_fields(der: bytes) -> None:
    """What a stamp's signature does not cover, and its verifier does not look at.

    Versions (RFC 5652 §5.1, §5.3) and the name of the signature's algorithm could be
    changed at will: harmless, but a bundle that was altered must not pass for whole.
    """
    from asn1crypto import tsp

    try:
        response = tsp.TimeStampResp.load(der, strict=True)
        content = response["time_stamp_token"]["content"]
        (signer,) = content["signer_infos"]
        version = {"issuer_and_serial_number": "v1", "subject_key_identifier": "v3"}
        algorithm = signer["signature_algorithm"]
        good = (
            content["version"].native == "v3"
            and signer["version"].native == version[signer["sid"].name]
            and algorithm.signature_algo in {"ecdsa", "rsassa_pkcs1v15", "rsassa_pss"}
            and (
                algorithm["algorithm"].native == "rsassa_pkcs1v15"
                or algorithm.hash_algo == signer["digest_algorithm"]["algorithm"].native
            )
        )
    except (ValueError, TypeError, KeyError) as error:
        raise VerificationFailedError("a timestamp is malformed") from error
    if not good:
        raise VerificationFailedError("a timestamp's unsigned fields contradict its signature")


def trusted_stamp(
    stamp: TimeStampResponse, signature: bytes, root: TrustRoot
) -> tuple[datetime, Authority]:
    """The time of a stamp, and the trusted authority that made it."""
    from rfc3161_client import VerificationError, VerifierBuilder

    for authority in root.timestamp_authorities:
        chain = [x509.load_der_x509_certificate(der) for der in authority.chain]
        # The stamper's own certificate never vouches for itself.
        if len(chain) < 2:
            continue
        builder = VerifierBuilder().tsa_certificate(chain[0]).add_root_certificate(chain[-1])
        for link in chain[1:-1]:
            builder = builder.add_intermediate_certificate(link)
        try:
            with quietly():
                builder.build().verify_message(stamp, signature)
            moment: datetime = stamp.tst_info.gen_time
        except (VerificationError, *MALFORMED):
            continue
        _check_stamper(chain[0])
        if moment in authority.period:
            return moment, authority
    raise VerificationFailedError("a timestamp is not from a trusted authority")


def _check_stamper(certificate: x509.Certificate) -> None:
    """RFC 3161 §2.3: exactly one extended key usage, time stamping, critical."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        usage = None
    if (
        usage is None
        or not usage.critical
        or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]
    ):
        raise VerificationFailedError("the timestamp's certificate is not for time stamping alone")


def check_log_entry(bundle: SigstoreBundle) -> Checkpoint:
    """The entry is of this signature and under the checkpoint that comes with it.

    The comparison of entry and bundle is what GHSA-whqx-f9j3-ch6m lacked.
    """
    entry = bundle.entry
    expected = log_body(
        pae_sha256=hashlib.sha256(pae(PAYLOAD_TYPE, bundle.payload)).digest(),
        signature=bundle.signature,
        certificate=bundle.certificate,
    )
    if entry.body != expected:
        raise VerificationFailedError("the log entry is of another signature")
    checkpoint = read_checkpoint(entry.checkpoint)
    if (checkpoint.size, checkpoint.root) != (entry.size, entry.root):
        raise VerificationFailedError("the log entry's proof leads to another checkpoint")
    verify_inclusion(
        index=entry.index,
        size=entry.size,
        leaf=leaf_hash(entry.body),
        proof=entry.hashes,
        root=entry.root,
    )
    return checkpoint


def read_checkpoint(note: str) -> Checkpoint:
    """The checkpoint in a note, its signatures not looked at."""
    try:
        return Checkpoint.parse(parse_note(note).text)
    except ParseError as error:
        raise VerificationFailedError(f"malformed checkpoint: {error.message}") from error


def check_checkpoint_signature(note: str, root: TrustRoot, *, log_id: bytes = b"") -> str:
    """The origin of a checkpoint that a trusted log's key signed (C2SP tlog-checkpoint)."""
    origin = read_checkpoint(note).origin
    for log in root.logs:
        raw = raw_ed25519(log)
        if log.origin != origin or raw is None:
            continue
        if log_id and log_id != key_id(origin, raw):
            raise VerificationFailedError(f"the entry names another log than {origin}")
        try:
            verify_note(note, name=origin, public_key=raw, verify=_ed25519_verifier(raw))
        except CannotVerifyError as error:
            # Not merely undecided: the log is known, and its signature is not there.
            raise VerificationFailedError(error.message) from error
        return origin
    raise VerificationFailedError(f"{origin} is not among the trusted logs")


def _ed25519_verifier(raw: bytes) -> Callable[[bytes, bytes], bool]:
    key = ed25519.Ed25519PublicKey.from_public_bytes(raw)

    def verify(signature: bytes, message: bytes) -> bool:
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return verify
