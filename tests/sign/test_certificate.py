"""Leaves: Fulcio's profile, ten minutes, an embedded certificate time stamp."""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from probanda.errors import SigningError
from probanda.sign import Cell, verify_signature

NOW = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trust") / "cell"
    return Cell.create(folder, name="black-cell", unsafe_demo=False, now=NOW)


def chain_at(cell, certificate, moment):
    ca = ExtensionPolicy.webpki_defaults_ca().may_be_present(
        x509.ExtendedKeyUsage, Criticality.NON_CRITICAL, None
    )
    ee = ExtensionPolicy.webpki_defaults_ee().may_be_present(
        x509.ExtendedKeyUsage, Criticality.NON_CRITICAL, None
    )
    builder = PolicyBuilder().store(Store([cell.ca])).time(moment)
    verifier = builder.extension_policies(ca_policy=ca, ee_policy=ee).build_client_verifier()
    return verifier.verify(certificate, []).chain


def test_a_leaf_chains_to_the_authority_for_ten_minutes(cell):
    leaf = cell.issue(NOW).certificate
    for minutes in (0, 10):
        assert chain_at(cell, leaf, NOW + timedelta(minutes=minutes)) == [leaf, cell.ca]
    for seconds in (-1, 601):
        with pytest.raises(VerificationError):
            chain_at(cell, leaf, NOW + timedelta(seconds=seconds))


def test_a_leaf_has_fulcios_profile(cell):
    leaf = cell.issue(NOW).certificate
    found = leaf.extensions
    assert not leaf.subject
    names = found.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.critical
    assert names.value.get_values_for_type(x509.UniformResourceIdentifier) == [cell.identity]
    usage = found.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CODE_SIGNING]
    assert found.get_extension_for_class(x509.KeyUsage).value.digital_signature
    for number, expected in (
        (1, cell.issuer.encode()),
        (8, b"\x0c" + bytes([len(cell.issuer)]) + cell.issuer.encode()),
    ):
        oid = x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}")
        assert found.get_extension_for_oid(oid).value.value == expected


def test_a_leaf_carries_one_time_stamp_of_the_certificate_log(cell):
    leaf = cell.issue(NOW).certificate
    stamps = leaf.extensions.get_extension_for_class(
        x509.PrecertificateSignedCertificateTimestamps
    ).value
    (stamp,) = stamps
    public = cell.keys.ct.public_key()
    der = public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert stamp.log_id == hashlib.sha256(der).digest()
    assert stamp.timestamp.replace(tzinfo=UTC) == NOW
    assert isinstance(stamp.signature_hash_algorithm, hashes.SHA256)
    body = leaf.tbs_precertificate_bytes
    issuer = cell.ca.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signed = (
        struct.pack(">BBQH", 0, 0, int(NOW.timestamp() * 1000), 1)
        + hashlib.sha256(issuer).digest()
        + len(body).to_bytes(3)
        + body
        + b"\0\0"
    )
    verify_signature(public, stamp.signature, signed)


def test_each_leaf_has_its_own_key_and_serial_number(cell):
    leaves = [cell.issue(NOW) for _ in range(20)]
    assert len({leaf.certificate.serial_number for leaf in leaves}) == 20
    assert len({leaf.key.private_numbers().private_value for leaf in leaves}) == 20
    for leaf in leaves:
        assert leaf.certificate.public_key() == leaf.key.public_key()
        assert chain_at(cell, leaf.certificate, NOW)


def test_a_leaf_signs_deterministically_and_does_not_show_its_key(cell):
    leaf = cell.issue(NOW)
    assert leaf.sign(b"data") == leaf.sign(b"data")
    verify_signature(leaf.key.public_key(), leaf.sign(b"data"), b"data")
    assert "key=" not in repr(leaf)


def test_no_leaf_is_issued_outside_the_authoritys_life(cell):
    for moment in (NOW - timedelta(seconds=1), cell.ca.not_valid_after_utc - timedelta(minutes=9)):
        with pytest.raises(SigningError, match="not valid at this time"):
            cell.issue(moment)
    cell.issue(cell.ca.not_valid_after_utc - timedelta(minutes=10))


def test_the_authority_is_p256_and_may_issue_leaves_only(cell):
    assert isinstance(cell.ca.public_key().curve, ec.SECP256R1)
    constraints = cell.ca.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (True, 0)
    cell.ca.verify_directly_issued_by(cell.ca)
    cell.tsa.verify_directly_issued_by(cell.ca)
