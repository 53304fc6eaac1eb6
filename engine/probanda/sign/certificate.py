"""X.509: the cell's authority, its time stamper's certificate, and ten-minute leaves.

Rules:

- All certificates are P-256 with SHA-256: `cryptography`'s path validation refuses
  Ed25519 issuers.
- A leaf follows Fulcio's certificate profile: empty subject, one critical URI name,
  code signing, both issuer extensions, and an embedded certificate time stamp (SCT,
  RFC 6962 §3.2 and §3.3).
- Serial numbers are random (RFC 5280 §4.1.2.2); the validity of a leaf begins at `now`.

Example:

    leaf = issue_leaf(ca=ca, ca_key=ca_key, ct_key=ct_key, identity=uri, issuer=url, now=now)
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from asn1crypto import core
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from probanda.errors import SigningError
from probanda.sign.keys import generate_p256, sign_bytes, spki

AUTHORITY_LIFE = timedelta(days=3650)
# Fulcio's own choice: long enough to sign, too short to steal.
LEAF_LIFE = timedelta(minutes=10)

# Fulcio, docs/oid-info.md: the issuer as raw text (deprecated, still demanded) and as DER.
_OIDC_ISSUER = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_OIDC_ISSUER_V2 = ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
# RFC 6962 §3.3: SignedCertificateTimestampList.
_SCT_LIST = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
# RFC 6962 §3.2: v1, certificate_timestamp, precert_entry; RFC 5246 §7.4.1.4.1: sha256, ecdsa.
_SCT_V1, _SCT_SIGNATURE_TYPE, _PRECERT_ENTRY = 0, 0, 1
_SHA256_ECDSA = b"\x04\x03"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A signer for some minutes: its key and its certificate."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate

    def sign(self, data: bytes) -> bytes:
        """Deterministic ECDSA over SHA-256 of `data`, DER encoded."""
        return sign_bytes(self.key, data)

    @property
    def der(self) -> bytes:
        """The certificate in DER."""
        return certificate_der(self.certificate)


def certificate_der(certificate: x509.Certificate) -> bytes:
    """The certificate in DER."""
    return certificate.public_bytes(serialization.Encoding.DER)


def make_authority(
    key: ec.EllipticCurvePrivateKey, *, organization: str, now: datetime
) -> x509.Certificate:
    """A self-signed root over `key`, which may issue leaves but no further authority."""
    name = _name(organization, f"{organization} CA")
    builder = (
        _builder(name, name, key.public_key(), now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(_authority_key(key), critical=False)
    )
    return _signed(builder, key)


def make_timestamper(
    key: ec.EllipticCurvePrivateKey,
    *,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    organization: str,
    now: datetime,
) -> x509.Certificate:
    """A time stamper's certificate: its one extended key usage is critical (RFC 3161 §2.3)."""
    name = _name(organization, f"{organization} TSA")
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    builder = (
        # Not a second longer than its issuer: a chain is only as long-lived as its root.
        _builder(name, ca.subject, key.public_key(), now, ca.not_valid_after_utc - now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(_authority_key(ca_key), critical=False)
    )
    return _signed(builder, ca_key)


def issue_leaf(
    *,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    ct_key: ec.EllipticCurvePrivateKey,
    identity: str,
    issuer: str,
    now: datetime,
) -> Leaf:
    """A new key and its certificate, valid for `LEAF_LIFE` from `now`.

    Raises:
        SigningError: the authority is not valid for that long.
    """
    if now < ca.not_valid_before_utc or now + LEAF_LIFE > ca.not_valid_after_utc:
        raise SigningError(
            "the cell's authority is not valid at this time",
            hint=f"it is valid from {ca.not_valid_before_utc} to {ca.not_valid_after_utc}",
        )
    key = generate_p256()
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)])
    # Encoded by hand, so that an issuer of any length has the right DER header.
    issuer_der = core.UTF8String(issuer).dump()
    builder = (
        _builder(x509.Name([]), ca.subject, key.public_key(), now, LEAF_LIFE)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(usage, critical=False)
        .add_extension(_authority_key(ca_key), critical=False)
        # RFC 5280 §4.1.2.6: with an empty subject the alternative name must be critical.
        .add_extension(names, critical=True)
        .add_extension(x509.UnrecognizedExtension(_OIDC_ISSUER_V2, issuer_der), critical=False)
        .add_extension(x509.UnrecognizedExtension(_OIDC_ISSUER, issuer.encode()), critical=False)
    )
    # RFC 6962 §3.2 signs the certificate as it is without the SCT list, so it is built twice.
    unstamped = _signed(builder, ca_key).tbs_certificate_bytes
    stamp = _sct_list(unstamped, ca_key=ca_key, ct_key=ct_key, now=now)
    builder = builder.add_extension(x509.UnrecognizedExtension(_SCT_LIST, stamp), critical=False)
    return Leaf(key, _signed(builder, ca_key))


def _sct_list(
    unstamped: bytes,
    *,
    ca_key: ec.EllipticCurvePrivateKey,
    ct_key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> bytes:
    """The SCT extension's value: an octet string around a list of one SCT (RFC 6962 §3.3)."""
    milliseconds = int(now.timestamp()) * 1000
    issuer_key_hash = hashlib.sha256(spki(ca_key.public_key())).digest()
    signed = (
        struct.pack(">BBQH", _SCT_V1, _SCT_SIGNATURE_TYPE, milliseconds, _PRECERT_ENTRY)
        + issuer_key_hash
        + len(unstamped).to_bytes(3)
        + unstamped
        + _opaque(b"")
    )
    log_id = hashlib.sha256(spki(ct_key.public_key())).digest()
    stamp = (
        struct.pack(">B32sQ", _SCT_V1, log_id, milliseconds)
        + _opaque(b"")
        + _SHA256_ECDSA
        + _opaque(sign_bytes(ct_key, signed))
    )
    encoded: bytes = core.OctetString(_opaque(_opaque(stamp))).dump()
    return encoded


def _opaque(data: bytes) -> bytes:
    """A TLS variable-length vector with a two-byte length (RFC 5246 §4.3)."""
    return struct.pack(">H", len(data)) + data


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    try:
        made = builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    except UnsupportedAlgorithm as error:
        raise SigningError(
            "the cryptographic backend has no deterministic ECDSA (RFC 6979)",
            hint="install a wheel of cryptography that carries OpenSSL 3.2 or newer",
        ) from error
    # Read again from DER: extensions added as raw bytes get their types.
    return x509.load_der_x509_certificate(certificate_der(made))


def _name(organization: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _authority_key(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
