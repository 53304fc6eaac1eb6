"""`probanda sign`: an approver's signature beside a document."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from probanda.sign.dsse import verify_document
from projects import private_pem


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "one.yaml"
    path.write_bytes(b"purl: pkg:pypi/left@1.0.0\n")
    return path


def pem(key, password: bytes = b"") -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption(),
    )


@pytest.mark.parametrize(
    "key", [Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())], ids=type
)
def test_a_signature_verifies_over_exactly_these_bytes(probanda, document, tmp_path, key):
    (tmp_path / "key.pem").write_bytes(pem(key))

    result = probanda("sign", document, "--key", tmp_path / "key.pem")

    assert (result.code, result.err) == (0, "")
    assert result.out == f"{document}.sig.json\n"
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signature = (tmp_path / "one.yaml.sig.json").read_bytes()
    verify_document(document.read_bytes(), signature, public)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no key",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        pem(Ed25519PrivateKey.generate(), b"secret"),
        pem(rsa.generate_private_key(65537, 2048)),
        pem(ec.generate_private_key(ec.SECP384R1())),
    ],
    ids=["empty", "text", "garbage", "encrypted", "rsa", "p-384"],
)
def test_a_key_of_no_use_is_an_error_and_signs_nothing(probanda, document, tmp_path, data):
    (tmp_path / "key.pem").write_bytes(data)

    result = probanda("sign", document, "--key", tmp_path / "key.pem")

    assert (result.code, result.out) == (3, "")
    assert result.err.startswith("error: ")
    assert not (tmp_path / "one.yaml.sig.json").exists()
    assert b"secret" not in result.err.encode()


def test_signing_again_replaces_the_signature(probanda, document, tmp_path):
    (tmp_path / "key.pem").write_bytes(private_pem(Ed25519PrivateKey.generate()))
    (tmp_path / "one.yaml.sig.json").write_text("an older one")

    assert probanda("sign", document, "--key", tmp_path / "key.pem").code == 0
    assert "payload" in (tmp_path / "one.yaml.sig.json").read_text()


def test_a_folder_in_the_place_of_the_signature_is_an_error(probanda, document, tmp_path):
    (tmp_path / "key.pem").write_bytes(private_pem(Ed25519PrivateKey.generate()))
    (tmp_path / "one.yaml.sig.json").mkdir()

    result = probanda("sign", document, "--key", tmp_path / "key.pem")

    assert result.code == 3
    assert "cannot sign" in result.err
    assert sorted(item.name for item in tmp_path.iterdir() if item.is_file()) == [
        "key.pem",
        "one.yaml",
    ]
