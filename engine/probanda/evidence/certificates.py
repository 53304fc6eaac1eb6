"""What an X.509 certificate says, and whether a trusted authority stands behind it.

Rules:

- `load` parses everything that is looked at later, so that a malformed certificate is
  found here and nowhere else.
- Paths are those of the trust root: a bundle brings a leaf and nothing more.
- Time is an argument: the one that a timestamp proves.

Sources: RFC 5280; RFC 6962 §3; Fulcio `docs/certificate-specification.md`.

Example:

    certificate = load_certificate(bundle.certificate)
    root, authority = find_issuer(certificate, trust)
    check_certificate(certificate, authority, root, moment)
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from probanda.errors import CannotVerifyError, VerificationFailedError
from probanda.evidence.report import Signer
from probanda.evidence.trust import Authority, Log, Trust, TrustRoot

if TYPE_CHECKING:
    from cryptography.x509.certificate_transparency import SignedCertificateTimestamp

UNSAFE_DEMO = "UNSAFE-DEMO"

# Fulcio, docs/oid-info.md: the OIDC issuer, a DER UTF8String.
_OIDC_ISSUER = ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
# What `cryptography` raises for a certificate that it cannot make sense of.
MALFORMED = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


@contextmanager
def quietly() -> Iterator[None]:
    """Without `cryptography`'s remarks on odd certificates: they are refused, not commented on."""
    with warnings.catch_warnings():
        # CryptographyDeprecationWarning is one of these.
        warnings.simplefilter("ignore", UserWarning)
        yield


def load_certificate(der: bytes) -> x509.Certificate:
    """The signing certificate, with a P-256 key and readable extensions."""
    try:
        with quietly():
            certificate = x509.load_der_x509_certificate(der)
            serial_number, key = certificate.serial_number, certificate.public_key()
            # These are parsed only when they are asked for: do it where it may fail.
            _ = (certificate.subject, certificate.issuer, certificate.extensions)
            _ = (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    except MALFORMED as error:
        raise VerificationFailedError("the signing certificate is malformed") from error
    if serial_number <= 0:
        raise VerificationFailedError("the signing certificate's serial number is not positive")
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
    issuer_key = issuer.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    try:
        extension = certificate.extensions.get_extension_for_class(
            x509.PrecertificateSignedCertificateTimestamps
        )
        signed = [
            (stamp.log_id, stamp.signature, _sct_message(stamp, certificate, issuer_key))
            for stamp in extension.value
        ]
    except (x509.ExtensionNotFound, ValueError) as error:
        raise VerificationFailedError("the certificate has no embedded timestamp (SCT)") from error
    for log_id, signature, message in signed:
        for log in logs:
            if log.log_id == log_id and _holds(log.public_key, signature, message):
                return
    raise VerificationFailedError("no embedded timestamp (SCT) is from a trusted certificate log")


def _sct_message(
    stamp: SignedCertificateTimestamp, certificate: x509.Certificate, issuer_key: bytes
) -> bytes:
    """What a certificate log signed: RFC 6962 §3.2, v1, precert_entry."""
    # `cryptography` gives naive UTC.
    since = stamp.timestamp.replace(tzinfo=UTC)
    milliseconds = int(since.timestamp()) * 1000 + since.microsecond // 1000
    body = certificate.tbs_precertificate_bytes
    return b"".join(
        (
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


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
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
