"""Keys: P-256 and Ed25519, nothing else.

Rules:

- A private key's file is created for its owner alone (0600), never over an existing
  one, and is not read when others could have read it too.
- A key is known by the SHA-256 of its SubjectPublicKeyInfo (`fingerprint`); a key id
  that somebody states is never trusted.
- A message about a key says which file, never what is in it.

Example:

    key = generate_p256()
    save_secret(path, private_pem(key))
    verify_signature(key.public_key(), sign_bytes(key, b"data"), b"data")
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from probanda.errors import CannotVerifyError, SigningError, VerificationFailedError

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

# Far above any PEM of these two kinds; stops a wrong path from being read whole.
MAX_KEY_BYTES = 16 * 1024
WRITE_HINT = "check the free space there, and who may write"
_RAW_P256_BYTES = 64
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def generate_p256() -> ec.EllipticCurvePrivateKey:
    """A new P-256 key from the operating system's randomness."""
    return ec.generate_private_key(ec.SECP256R1())


def generate_ed25519() -> ed25519.Ed25519PrivateKey:
    """A new Ed25519 key from the operating system's randomness."""
    return ed25519.Ed25519PrivateKey.generate()


def private_pem(key: PrivateKey) -> bytes:
    """The key as unencrypted PKCS #8 PEM: keep it in a file made by `save_secret`."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public_pem(key: PublicKey) -> bytes:
    """The key as SubjectPublicKeyInfo PEM."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def spki(key: PublicKey) -> bytes:
    """The key as SubjectPublicKeyInfo DER (RFC 5280 §4.1)."""
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def raw_ed25519(key: ed25519.Ed25519PublicKey) -> bytes:
    """The key's 32 bytes (RFC 8032), as C2SP notes want them."""
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def fingerprint(key: PublicKey) -> str:
    """SHA-256 (hexadecimal) of the SubjectPublicKeyInfo."""
    return hashlib.sha256(spki(key)).hexdigest()


def load_private_key(pem: bytes, *, what: str = "the private key") -> PrivateKey:
    """Read an unencrypted PEM private key.

    Raises:
        SigningError: unreadable, encrypted, or of another kind. Nothing of it is shown.
    """
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # `from None`: what a parser says about a secret stays out of tracebacks.
        raise SigningError(
            f"{what} is not a readable, unencrypted PEM private key",
            hint="P-256 and Ed25519 keys in PKCS #8 PEM are understood",
        ) from None
    if isinstance(key, ed25519.Ed25519PrivateKey) or _is_p256(key):
        return key  # type: ignore[return-value]  # narrowed by _is_p256
    raise SigningError(f"{what} is neither P-256 nor Ed25519")


def load_public_key(pem: bytes) -> PublicKey:
    """Read a PEM public key.

    Raises:
        CannotVerifyError: unreadable, or neither P-256 nor Ed25519.
    """
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CannotVerifyError("the public key is not readable PEM") from error
    if isinstance(key, ed25519.Ed25519PublicKey) or _is_p256(key):
        return key  # type: ignore[return-value]  # narrowed by _is_p256
    raise CannotVerifyError("the public key is neither P-256 nor Ed25519")


def sign_bytes(key: PrivateKey, data: bytes) -> bytes:
    """Ed25519, or ECDSA with SHA-256, deterministic (RFC 6979), DER encoded.

    Raises:
        SigningError: the backend has no deterministic ECDSA.
    """
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    try:
        return key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    except UnsupportedAlgorithm as error:
        raise SigningError(
            "the cryptographic backend has no deterministic ECDSA (RFC 6979)",
            hint="install a wheel of cryptography that carries OpenSSL 3.2 or newer",
        ) from error


def verify_signature(key: PublicKey, signature: bytes, data: bytes) -> None:
    """Check one signature over `data` (hashed with SHA-256 for ECDSA).

    ECDSA is read as DER and, where that fails, as 64 raw bytes r ‖ s, which the DSSE
    specification's own vector and some issuers use.

    Raises:
        VerificationFailedError: it does not hold.
        CannotVerifyError: the key is neither P-256 nor Ed25519.
    """
    if isinstance(key, ed25519.Ed25519PublicKey):
        holds = _ed25519_holds(key, signature, data)
    elif _is_p256(key):
        forms = [signature]
        if len(signature) == _RAW_P256_BYTES:
            half = _RAW_P256_BYTES // 2
            r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
            forms.append(encode_dss_signature(r, s))
        holds = any(_ecdsa_holds(key, form, data) for form in forms)
    else:
        raise CannotVerifyError("only P-256 and Ed25519 signatures can be checked")
    if not holds:
        raise VerificationFailedError("the signature does not hold")


def save_secret(path: Path, data: bytes) -> None:
    """Write a secret into a new file that only its owner can read, and make it durable.

    Raises:
        SigningError: the file exists or cannot be written.
    """
    write_new(path, data, mode=0o600)


def write_new(path: Path, data: bytes, *, mode: int) -> None:
    """Create `path` with exactly `mode`, write `data`, and flush both to the disk."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, mode)
            stream.write(data)
            stream.flush()
            os.fsync(descriptor)
    except FileExistsError as error:
        raise SigningError(f"{path} exists and is not overwritten") from error
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise SigningError(message, hint=WRITE_HINT) from error


def read_secret(path: Path) -> bytes:
    """Read a secret's file, having made sure that nobody else could.

    Raises:
        SigningError: absent, unreadable, too large, or open to others.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise SigningError(f"{path} is not a plain file")
            if status.st_mode & _OTHERS:
                raise SigningError(
                    f"{path} can be read by others",
                    hint=f"if nobody did, run: chmod 600 {path}; otherwise replace the key",
                )
            data = stream.read(MAX_KEY_BYTES + 1)
    except OSError as error:
        raise SigningError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > MAX_KEY_BYTES:
        raise SigningError(f"{path} is too large for a key")
    return data


def _is_p256(key: object) -> bool:
    kinds = (ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey)
    return isinstance(key, kinds) and isinstance(key.curve, ec.SECP256R1)


def _ed25519_holds(key: ed25519.Ed25519PublicKey, signature: bytes, data: bytes) -> bool:
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _ecdsa_holds(key: ec.EllipticCurvePublicKey, signature: bytes, data: bytes) -> bool:
    try:
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
