"""Signatures of tokens: one function that verifies, one that signs.

Rules:

- The algorithm must fit the key's own type; for ECDSA also its curve (RFC 7518 §3.4). There is
  no `none`.
- Signing is a function of its arguments and the evaluation's seed: ECDSA nonces follow
  RFC 6979, the salts of PSS are derived from the seed.

Source: RFC 7518 §3, RFC 8037 §3.1, RFC 8017 §8.1.1 and §9.1.1.

Example:
    verifies("HS256", b"secret", b"header.payload", signature)   # True or False
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Final

from probanda.rego.builtins.interface import BuiltinError

_HASHES: Final = {"256": "sha256", "384": "sha384", "512": "sha512"}
_CURVES: Final = {"256": "secp256r1", "384": "secp384r1", "512": "secp521r1"}


def verifies(algorithm: str, key: Any, signed: bytes, signature: bytes) -> bool:
    """Whether the signature is right; `False` too when the key does not fit the algorithm."""
    from cryptography.exceptions import InvalidSignature

    family, bits = algorithm[:2], algorithm[2:]
    if family == "HS" and isinstance(key, bytes):
        return hmac.compare_digest(hmac.digest(key, signed, _HASHES[bits]), signature)
    try:
        if algorithm == "EdDSA":
            return _verify_edwards(key, signed, signature)
        if family == "ES":
            return _verify_curve(key, bits, signed, signature)
        if family in {"RS", "PS"}:
            return _verify_rsa(key, algorithm, signed, signature)
    except (InvalidSignature, ValueError):
        return False
    return False


def _verify_edwards(key: Any, signed: bytes, signature: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    if not isinstance(key, ed25519.Ed25519PublicKey):
        return False
    key.verify(signature, signed)
    return True


def _verify_curve(key: Any, bits: str, signed: bytes, signature: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric import ec

    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != _CURVES[bits]:
        return False
    key.verify(_der_signature(signature, key.key_size), signed, ec.ECDSA(_digest(bits)))
    return True


def _verify_rsa(key: Any, algorithm: str, signed: bytes, signature: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    if not isinstance(key, rsa.RSAPublicKey):
        return False
    digest = _digest(algorithm[2:])
    # OPA, too, takes a salt of any length.
    salted = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
    scheme = salted if algorithm.startswith("PS") else padding.PKCS1v15()
    key.verify(signature, signed, scheme, digest)
    return True


def sign(algorithm: str, key: Any, signed: bytes, seed: str) -> bytes:
    """The signature of `signed`.

    Raises:
        BuiltinError: the key does not fit the algorithm.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

    family, bits = algorithm[:2], algorithm[2:]
    if family == "HS" and isinstance(key, bytes):
        return hmac.digest(key, signed, _HASHES[bits])
    if algorithm == "EdDSA" and isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(signed)
    if family == "RS" and isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signed, padding.PKCS1v15(), _digest(bits))
    if family == "PS" and isinstance(key, rsa.RSAPrivateKey):
        return _sign_pss(key, _HASHES[bits], signed, seed)
    if (
        family == "ES"
        and isinstance(key, ec.EllipticCurvePrivateKey)
        and key.curve.name == _CURVES[bits]
    ):
        return _sign_ecdsa(key, bits, signed)
    raise BuiltinError(f"the key cannot sign with {algorithm}")


def _digest(bits: str) -> Any:
    from cryptography.hazmat.primitives import hashes

    return {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[bits]


def _der_signature(signature: bytes, bits: int) -> bytes:
    """The two halves of a JWS signature as DER; anything of another length is no signature."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    size = (bits + 7) // 8
    if len(signature) != 2 * size:
        raise ValueError("length")
    halves = (signature[:size], signature[size:])
    return encode_dss_signature(*(int.from_bytes(half, "big") for half in halves))


def _sign_ecdsa(key: Any, bits: str, signed: bytes) -> bytes:
    """Both numbers of an ECDSA signature with the nonce of RFC 6979."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    made = key.sign(signed, ec.ECDSA(_digest(bits), deterministic_signing=True))
    size = (key.key_size + 7) // 8
    return b"".join(number.to_bytes(size, "big") for number in decode_dss_signature(made))


def _sign_pss(key: Any, name: str, signed: bytes, seed: str) -> bytes:
    """RSASSA-PSS with a salt from the seed, which no library offers.

    The private operation is blinded, since Python's `pow` takes time that depends on its
    operands, and checked, since a wrong one would give the key away.
    """
    numbers = key.private_numbers()
    modulus: int = numbers.public_numbers.n
    exponent: int = numbers.public_numbers.e
    size = hashlib.new(name).digest_size
    derived = hmac.digest(seed.encode(), b"pss\0" + name.encode() + b"\0" + signed, "sha512")
    encoded = _pss(name, signed, derived[:size], modulus.bit_length() - 1)
    message = int.from_bytes(encoded, "big")
    private = numbers.d.to_bytes((modulus.bit_length() + 7) // 8, "big")
    blind = int.from_bytes(_mask("sha512", private + derived, len(private)), "big") % modulus
    blinded = message * pow(blind, exponent, modulus) % modulus
    made = pow(blinded, numbers.d, modulus) * pow(blind, -1, modulus) % modulus
    if pow(made, exponent, modulus) != message:
        raise BuiltinError("the key is inconsistent")
    return made.to_bytes((modulus.bit_length() + 7) // 8, "big")


def _pss(name: str, signed: bytes, salt: bytes, bits: int) -> bytes:
    """EMSA-PSS-ENCODE of RFC 8017 §9.1.1."""
    hashed = hashlib.new(name, signed).digest()
    length = (bits + 7) // 8
    if length < 2 * len(hashed) + 2:
        raise BuiltinError("the key is too small for the algorithm")
    final = hashlib.new(name, bytes(8) + hashed + salt).digest()
    padded = bytes(length - len(salt) - len(final) - 2) + b"\x01" + salt
    masked = bytearray(
        left ^ right for left, right in zip(padded, _mask(name, final, len(padded)), strict=True)
    )
    masked[0] &= 0xFF >> (8 * length - bits)
    return bytes(masked) + final + b"\xbc"


def _mask(name: str, seed: bytes, length: int) -> bytes:
    """MGF1 of RFC 8017 §B.2.1."""
    size = hashlib.new(name).digest_size
    blocks = [
        hashlib.new(name, seed + counter.to_bytes(4, "big")).digest()
        for counter in range(-(-length // size))
    ]
    return b"".join(blocks)[:length]
