"""Private keys, alone or with their certificates.

Rules:

- Texts are PEM, or base64 of PEM (of DER too, for a key pair).
- Results have the shape of Go's structures, or of a JWK.
- A policy that reads a private key has it in its result: no message repeats any of it.

Source: OPA `v1/topdown/crypto.go`.

Example:
    parse_rsa_private_key(pem)["kty"]   # "RSA"
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from probanda.rego.builtins.certificate import MAX_BYTES, parse
from probanda.rego.builtins.certificate_json import (
    certificate_json,
    private_key_json,
    public_key_json,
)
from probanda.rego.builtins.go import base64_standard, base64_text, pem_block, pem_text
from probanda.rego.builtins.interface import Builtin, BuiltinError, define, limit, string
from probanda.rego.builtins.jwt_keys import RSA_BITS, jwk_of

_CERTIFICATE: Final = "CERTIFICATE"


def _private_keys(text: str) -> list[Any]:
    """The private keys in PEM text, or in base64 of it; other blocks are passed over.

    Raises:
        BuiltinError: a block is no key of its kind.
    """
    limit("private keys", MAX_BYTES, len(text))
    with suppress(BuiltinError):  # when it is not base64, it is PEM
        text = base64_standard(text).decode("latin-1")
    found = []
    while block := pem_block(text):
        if block.label in {"RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY"}:
            found.append(_load_private(block.body))
        text = block.rest
    return found


def _load_private(body: bytes) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        key = load_der_private_key(body, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BuiltinError("x509: failed to parse private key") from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size not in RSA_BITS:
        raise BuiltinError(f"RSA keys of {key.key_size} bits are not supported")
    return key


def _private_json(key: Any) -> Any:
    try:
        return private_key_json(key)
    except ValueError:
        raise BuiltinError("x509: unsupported private key") from None


def parse_private_keys(text: Any) -> list[Any] | None:
    """The private keys in a text; null for an empty one."""
    given = string(text, 1)
    if not given:
        return None
    return [_private_json(key) for key in _private_keys(given)]


def parse_rsa_private_key(text: Any) -> dict[str, Any] | None:
    """The first private key in a text as a JWK."""
    given = string(text, 1)
    if not given:
        raise BuiltinError("input PEM data was empty")
    if not given.startswith("-----BEGIN"):
        given = base64_standard(given).decode("latin-1")
    keys = _private_keys(given)
    return jwk_of(keys[0]) if keys else None


def parse_keypair(certificate: Any, key: Any) -> dict[str, Any]:
    """A certificate chain and the private key of its first certificate."""
    chain = _pem(string(certificate, 1), _CERTIFICATE)
    blocks = []
    while block := pem_block(chain):
        if block.label == _CERTIFICATE:
            blocks.append(block.body)
        chain = block.rest
    if not blocks:
        raise BuiltinError("tls: failed to find any PEM data in certificate input")
    keys = _private_keys(_pem(string(key, 1), "PRIVATE KEY"))
    if not keys:
        raise BuiltinError("tls: failed to find any PEM data in key input")
    try:
        leaf = parse(blocks[0])
        made = certificate_json(leaf)
    except ValueError:
        raise BuiltinError("x509: malformed certificate") from None
    if public_key_json(leaf.key_raw) != public_key_json(_public_der(keys[0])):
        raise BuiltinError("tls: private key does not match public key")
    del made["URIStrings"]
    return {
        "Certificate": [base64_text(block) for block in blocks],
        "PrivateKey": _private_json(keys[0]),
        "SupportedSignatureAlgorithms": None,
        "OCSPStaple": None,
        "SignedCertificateTimestamps": None,
        "Leaf": made,
    }


def _public_der(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    made: bytes = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return made


def _pem(text: str, label: str) -> str:
    """PEM text from PEM, base64 of PEM, or base64 of DER."""
    limit("PEM text", MAX_BYTES, len(text))
    if text.startswith("-----BEGIN "):
        return text
    data = base64_standard(text)
    if data.startswith(b"-----BEGIN "):
        return data.decode("latin-1")
    return pem_text(label, data)


BUILTINS: Final[list[Builtin]] = define(
    {
        "crypto.parse_private_keys": parse_private_keys,
        "crypto.x509.parse_keypair": parse_keypair,
        "crypto.x509.parse_rsa_private_key": parse_rsa_private_key,
    }
)
