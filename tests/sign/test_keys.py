"""Keys in files and in memory."""

from __future__ import annotations

import os
import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from probanda.errors import CannotVerifyError, SigningError, VerificationFailedError
from probanda.sign import (
    fingerprint,
    generate_ed25519,
    generate_p256,
    load_private_key,
    load_public_key,
    private_pem,
    public_pem,
    save_secret,
    verify_signature,
)
from probanda.sign.keys import read_secret, sign_bytes

GENERATORS = [generate_p256, generate_ed25519]


@pytest.mark.parametrize("generate", GENERATORS)
def test_a_key_goes_through_pem_and_its_signatures_hold(generate):
    key = load_private_key(private_pem(generate()))
    public = load_public_key(public_pem(key.public_key()))
    verify_signature(public, sign_bytes(key, b"data"), b"data")
    assert fingerprint(public) == fingerprint(key.public_key())


@pytest.mark.parametrize("generate", GENERATORS)
def test_signatures_are_deterministic(generate):
    key = generate()
    assert sign_bytes(key, b"data") == sign_bytes(key, b"data")
    assert sign_bytes(key, b"data") != sign_bytes(key, b"other")


def test_an_rfc_6979_vector_is_reproduced():
    # RFC 6979 §A.2.5, P-256, SHA-256, message "sample".
    number = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    r, s = decode_dss_signature(
        sign_bytes(ec.derive_private_key(number, ec.SECP256R1()), b"sample")
    )
    assert r == 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
    assert s == 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8


@pytest.mark.parametrize("generate", GENERATORS)
@pytest.mark.parametrize("bad", [b"", b"\x30", bytes(64), bytes(72), b"\xff" * 64])
def test_a_bad_signature_is_refused(generate, bad):
    with pytest.raises(VerificationFailedError):
        verify_signature(generate().public_key(), bad, b"data")


@pytest.mark.parametrize("generate", GENERATORS)
def test_a_signature_of_other_data_or_of_another_key_is_refused(generate):
    key = generate()
    with pytest.raises(VerificationFailedError):
        verify_signature(key.public_key(), sign_bytes(key, b"data"), b"other")
    with pytest.raises(VerificationFailedError):
        verify_signature(generate().public_key(), sign_bytes(key, b"data"), b"data")


def test_raw_ecdsa_signatures_of_64_bytes_are_understood():
    key = generate_p256()
    r, s = decode_dss_signature(sign_bytes(key, b"data"))
    verify_signature(key.public_key(), r.to_bytes(32) + s.to_bytes(32), b"data")


def pem_of(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.fixture(scope="module")
def strangers():
    return [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP256K1()),
    ]


def test_keys_of_other_kinds_are_refused(strangers):
    for key in strangers:
        with pytest.raises(SigningError, match="neither P-256 nor Ed25519"):
            load_private_key(pem_of(key))
        with pytest.raises(CannotVerifyError, match="neither P-256 nor Ed25519"):
            load_public_key(public_pem(key.public_key()))
        with pytest.raises(CannotVerifyError):
            verify_signature(key.public_key(), b"", b"")


def test_an_encrypted_or_broken_key_is_refused_without_showing_it():
    key = ed25519.Ed25519PrivateKey.generate()
    encrypted = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"word"),
    )
    broken = pem_of(key)[:-40]
    for data in (encrypted, broken, b"", public_pem(key.public_key())):
        with pytest.raises(SigningError) as caught:
            load_private_key(data)
        error = caught.value
        assert error.__cause__ is None
        assert error.__suppress_context__
        for line in data.decode().splitlines():
            assert line not in str(error)
    with pytest.raises(CannotVerifyError):
        load_public_key(b"-----BEGIN PUBLIC KEY-----\n")


def test_a_secret_is_written_for_its_owner_alone_and_never_over_another(tmp_path):
    path = tmp_path / "key.pem"
    old = os.umask(0)
    try:
        save_secret(path, b"secret")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_secret(path) == b"secret"
    with pytest.raises(SigningError, match="not overwritten"):
        save_secret(path, b"other")
    assert read_secret(path) == b"secret"


def test_a_secret_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "key.pem"
    save_secret(path, b"secret")
    for mode in (0o640, 0o604, 0o620):
        path.chmod(mode)
        with pytest.raises(SigningError, match="can be read by others") as caught:
            read_secret(path)
        assert "chmod 600" in caught.value.hint


def test_a_secret_behind_a_link_a_pipe_or_a_huge_file_is_refused(tmp_path):
    save_secret(tmp_path / "real", b"secret")
    (tmp_path / "link").symlink_to("real")
    os.mkfifo(tmp_path / "pipe", 0o600)
    save_secret(tmp_path / "huge", bytes(20_000))
    for name in ("link", "pipe", "huge", "absent"):
        with pytest.raises(SigningError):
            read_secret(tmp_path / name)
    with pytest.raises(SigningError):
        save_secret(tmp_path / "no" / "folder", b"")
