"""The single checks on a seal; `verify` runs them in order.

Rules:

- A check returns what it found, or raises: `VerificationFailedError` when the evidence is
  bad, `CannotVerifyError` when this verifier cannot tell.
- No check believes anything that an earlier step has not shown.
- `sigstore` is asked afterwards for the same bundle (`second_opinion`): these checks are
  here to say what is wrong, step by step, and to see what the stock verifier does not
  look at (the checkpoint's origin and size, the trust domain of an identity).

Example:

    certificate = load_certificate(bundle.certificate)
    check_signature(bundle, certificate)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from probanda.errors import CannotVerifyError, ParseError, VerificationFailedError
from probanda.evidence.report import Signer
from probanda.evidence.sigstore_bundle import PAYLOAD_TYPE, SigstoreBundle, log_body
from probanda.evidence.trust import Authority, Log, Trust, TrustRoot, raw_ed25519
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

UNSAFE_DEMO = "UNSAFE-DEMO"

# Fulcio, docs/oid-info.md: the OIDC issuer, a DER UTF8String.
_OIDC_ISSUER = ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
# NIST: id-sha256, id-sha384, id-sha512.
_IMPRINTS = {
    "2.16.840.1.101.3.4.2.1": hashlib.sha256,
    "2.16.840.1.101.3.4.2.2": hashlib.sha384,
    "2.16.840.1.101.3.4.2.3": hashlib.sha512,
}


def load_certificate(der: bytes) -> x509.Certificate:
    """The signing certificate, with a P-256 key and readable extensions."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
        _ = certificate.extensions
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        raise VerificationFailedError("the signing certificate is malformed") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise VerificationFailedError("the signing key is not P-256")
    return certificate


def describe(certificate: x509.Certificate) -> Signer:
    """Who a certificate says its holder is; nothing of it is verified here."""
    key = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Signer(
        identity=", ".join(identities(certificate)),
        issuer=certificate.issuer.rfc4514_string(),
        fingerprint=hashlib.sha256(key).hexdigest(),
        issuer_key_id=(_authority_key_id(certificate) or b"").hex(),
    )


def is_unsafe_demo(signer: Signer) -> bool:
    """Whether the signer or its authority calls itself a demonstration."""
    return UNSAFE_DEMO.casefold() in f"{signer.identity} {signer.issuer}".casefold()


def identities(certificate: x509.Certificate) -> tuple[str, ...]:
    """URIs and e-mail addresses of the subject alternative name."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    return (*uris, *names.get_values_for_type(x509.RFC822Name))


def check_signature(bundle: SigstoreBundle, certificate: x509.Certificate) -> None:
    """ECDSA over the pre-authentication encoding, by the certificate's key (DSSE 1.0.2)."""
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise VerificationFailedError("the signing key is not P-256")
    try:
        key.verify(bundle.signature, pae(PAYLOAD_TYPE, bundle.payload), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise VerificationFailedError("the signature does not fit the statement") from None


def find_issuer(certificate: x509.Certificate, trust: Trust) -> tuple[TrustRoot, Authority] | None:
    """The trusted authority whose key signed the certificate; `None` when there is none.

    Raises:
        VerificationFailedError: the certificate names a trusted authority's key as its
            issuer's, which did not sign it.
    """
    forged = ""
    for root in trust.roots:
        for authority in root.certificate_authorities:
            issuer = x509.load_der_x509_certificate(authority.chain[0])
            if _issued(certificate, issuer):
                return root, authority
            if _authority_key_id(certificate) == _subject_key_id(issuer) is not None:
                forged = issuer.subject.rfc4514_string()
    if forged:
        raise VerificationFailedError(f"the certificate claims to be from {forged}, and is not")
    return None


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
        except (ValueError, TypeError) as error:
            raise VerificationFailedError("a timestamp is malformed") from error
        if algorithm is None or algorithm(bundle.signature).digest() != message:
            raise VerificationFailedError("a timestamp is not over this signature")
        decoded.append(stamp)
    return tuple(decoded)


def trusted_stamp(
    stamp: TimeStampResponse, signature: bytes, root: TrustRoot
) -> tuple[datetime, Authority]:
    """The time of a stamp, and the trusted authority that made it."""
    from rfc3161_client import VerificationError, VerifierBuilder

    for authority in root.timestamp_authorities:
        chain = [x509.load_der_x509_certificate(der) for der in authority.chain]
        # The stamper's own certificate never vouches for itself.
        if len(chain) < 2:  # noqa: PLR2004
            continue
        builder = VerifierBuilder().tsa_certificate(chain[0]).add_root_certificate(chain[-1])
        for link in chain[1:-1]:
            builder = builder.add_intermediate_certificate(link)
        try:
            builder.build().verify_message(stamp, signature)
            moment: datetime = stamp.tst_info.gen_time
        except (VerificationError, ValueError):
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


def check_certificate(
    certificate: x509.Certificate, authority: Authority, root: TrustRoot, moment: datetime
) -> None:
    """Chain, validity at `moment`, use and certificate timestamp of a leaf (RFC 5280, RFC 6962)."""
    chain = [x509.load_der_x509_certificate(der) for der in authority.chain]
    links = [certificate, *chain]
    for lower, upper in pairwise(links):
        if not _issued(lower, upper) or not _is_authority(upper):
            raise VerificationFailedError("the certificate chain is broken")
    for link in links:
        if not link.not_valid_before_utc <= moment <= link.not_valid_after_utc:
            raise VerificationFailedError("a certificate was not valid at the time of signing")
    if moment not in authority.period:
        raise VerificationFailedError("the authority was not trusted at the time of signing")
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        key_usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        raise VerificationFailedError("the certificate does not say what it is for") from None
    if ExtendedKeyUsageOID.CODE_SIGNING not in usage or not key_usage.digital_signature:
        raise VerificationFailedError("the certificate is not for code signing")
    if _is_authority(certificate):
        raise VerificationFailedError("the certificate is an authority's, not a signer's")
    _check_certificate_timestamp(certificate, chain[0], root.certificate_logs)


def _check_certificate_timestamp(
    certificate: x509.Certificate, issuer: x509.Certificate, logs: tuple[Log, ...]
) -> None:
    """At least one embedded SCT of a trusted certificate log holds (RFC 6962 §3.2)."""
    try:
        extension = certificate.extensions.get_extension_for_class(
            x509.PrecertificateSignedCertificateTimestamps
        )
    except x509.ExtensionNotFound:
        raise VerificationFailedError("the certificate has no embedded timestamp (SCT)") from None
    issuer_key = issuer.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    body = certificate.tbs_precertificate_bytes
    for stamp in extension.value:
        # `cryptography` gives naive UTC.
        since = stamp.timestamp.replace(tzinfo=UTC)
        milliseconds = int(since.timestamp()) * 1000 + since.microsecond // 1000
        signed = b"".join(
            (
                # v1, certificate_timestamp; precert_entry.
                b"\x00\x00",
                milliseconds.to_bytes(8),
                b"\x00\x01",
                hashlib.sha256(issuer_key).digest(),
                len(body).to_bytes(3),
                body,
                len(stamp.extension_bytes).to_bytes(2),
                stamp.extension_bytes,
            )
        )
        for log in logs:
            if log.log_id == stamp.log_id and _holds(log.public_key, stamp.signature, signed):
                return
    raise VerificationFailedError("no embedded timestamp (SCT) is from a trusted certificate log")


def check_identity(
    certificate: x509.Certificate, authority: Authority, *, identity: str, issuer: str
) -> str:
    """The one identity, if this authority may vouch for it and it is the expected one."""
    names = identities(certificate)
    if len(names) != 1:
        raise VerificationFailedError("the certificate does not name exactly one identity")
    name = names[0]
    domain = authority.trust_domain
    if domain and not name.startswith(domain + "/"):
        raise VerificationFailedError(f"the identity {name} is outside {domain}")
    if not domain and not (identity and issuer):
        raise CannotVerifyError(
            f"the authority vouches for many; it says this is {name}",
            hint="say whom you expect with an identity and an issuer",
        )
    if identity not in {"", name} or issuer not in {"", oidc_issuer(certificate)}:
        raise VerificationFailedError(f"signed by {name}, not by the expected identity")
    return name


def oidc_issuer(certificate: x509.Certificate) -> str:
    """The OIDC issuer in Fulcio's extension; empty when there is none."""
    from asn1crypto import core

    try:
        value = certificate.extensions.get_extension_for_oid(_OIDC_ISSUER).value
        if isinstance(value, x509.UnrecognizedExtension):
            return str(core.UTF8String.load(value.value, strict=True).native)
    except (x509.ExtensionNotFound, ValueError, TypeError):
        pass
    return ""


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


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _authority_key_id(certificate: x509.Certificate) -> bytes | None:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    except x509.ExtensionNotFound:
        return None
    return extension.value.key_identifier


def _subject_key_id(certificate: x509.Certificate) -> bytes | None:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return None
    return extension.value.key_identifier


def _holds(public_key: bytes, signature: bytes, data: bytes) -> bool:
    """ECDSA with SHA-256 by a SubjectPublicKeyInfo in DER (RFC 6962 §2.1.4)."""
    try:
        key = serialization.load_der_public_key(public_key)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True
