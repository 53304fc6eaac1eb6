"""A cell's folder on the disk: written whole or not at all, read with suspicion.

Rules:

- Everything is written into a temporary sibling, flushed, and renamed: a crash leaves
  no half cell, and an existing folder is never touched.
- Private files are 0600 in a folder of 0700; what others could read is refused.
- Every file has a size limit.

Example:

    write_folder(path, documents={"cell.json": document}, certificates={}, texts={}, keys=keys)
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from probanda.canonical import pretty
from probanda.errors import SigningError
from probanda.sign.keys import (
    WRITE_HINT,
    PrivateKey,
    generate_ed25519,
    generate_p256,
    load_private_key,
    private_pem,
    read_secret,
    save_secret,
    write_new,
)

API_VERSION, KIND = "probanda/v1", "Cell"
# One DNS label: it becomes part of host names and of a SPIFFE trust domain.
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)

SECRET_BYTES = 32
MAX_FILE_BYTES = 64 * 1024
_NOT_A_CELL = "a cell is made by `probanda cell init`"


@dataclass(frozen=True, slots=True)
class Keys:
    """The private half of a cell; never printed."""

    ca: ec.EllipticCurvePrivateKey = field(repr=False)
    ct: ec.EllipticCurvePrivateKey = field(repr=False)
    log: ed25519.Ed25519PrivateKey = field(repr=False)
    tsa: ec.EllipticCurvePrivateKey = field(repr=False)
    secret: bytes = field(repr=False)


def generate_keys() -> Keys:
    """All keys of a new cell, from the operating system's randomness."""
    return Keys(
        ca=generate_p256(),
        ct=generate_p256(),
        log=generate_ed25519(),
        tsa=generate_p256(),
        secret=secrets.token_bytes(SECRET_BYTES),
    )


def write_folder(
    folder: Path,
    *,
    documents: Mapping[str, Mapping[str, Any]],
    certificates: Mapping[str, x509.Certificate],
    texts: Mapping[str, str],
    keys: Keys,
) -> None:
    """Make `folder` with these files, atomically.

    Raises:
        SigningError: it exists, or the disk refuses.
    """
    files = {name: pretty(value).encode() for name, value in documents.items()}
    files |= {name: text.encode() for name, text in texts.items()}
    files |= {
        name: certificate.public_bytes(serialization.Encoding.PEM)
        for name, certificate in certificates.items()
    }
    # `lexists`: a dangling link is in the way too.
    if os.path.lexists(folder):
        raise SigningError(f"{folder} exists and is not overwritten", hint="choose a new folder")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        message = f"{folder} cannot be made: {error.strerror}"
        raise SigningError(message, hint=WRITE_HINT) from error
    try:
        _fill(building, files, keys)
        # Fails where somebody else made the folder meanwhile, since ours is not empty.
        building.rename(folder)
        _flush(folder.parent)
    except OSError as error:
        message = f"{folder} cannot be made: {error.strerror}"
        raise SigningError(message, hint=WRITE_HINT) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def read_keys(folder: Path) -> Keys:
    """Read a cell's `keys/`.

    Raises:
        SigningError: the folder or a key is missing, open to others, or of a wrong kind.
    """
    try:
        mode = folder.stat().st_mode
    except OSError as error:
        raise SigningError(f"{folder} cannot be read: {error.strerror}", hint=_NOT_A_CELL) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SigningError(f"{folder} is open to others", hint=f"run: chmod 700 {folder}")
    secret = read_secret(folder / "log.secret")
    if len(secret) != SECRET_BYTES:
        raise SigningError(f"{folder / 'log.secret'} does not have {SECRET_BYTES} bytes")
    log = _read_key(folder / "log.pem")
    if not isinstance(log, ed25519.Ed25519PrivateKey):
        raise SigningError(f"{folder / 'log.pem'} is not an Ed25519 key")
    ca, ct, tsa = (_read_p256(folder / f"{name}.pem") for name in ("ca", "ct", "tsa"))
    return Keys(ca=ca, ct=ct, log=log, tsa=tsa, secret=secret)


def read_document(path: Path) -> dict[str, Any]:
    """Read cell.json, whose fields the caller checks.

    Raises:
        SigningError: absent, too large, not JSON, or no Cell of this version.
    """
    try:
        document = json.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise SigningError(f"{path} is not JSON", hint=_NOT_A_CELL) from error
    if not isinstance(document, dict) or (
        (document.get("apiVersion"), document.get("kind")) != (API_VERSION, KIND)
    ):
        raise SigningError(f"{path} is not a {KIND} of {API_VERSION}", hint=_NOT_A_CELL)
    return document


def read_certificate(path: Path) -> x509.Certificate:
    """Read one PEM certificate.

    Raises:
        SigningError: absent, too large or not a certificate.
    """
    try:
        return x509.load_pem_x509_certificate(_read(path))
    except ValueError as error:
        raise SigningError(f"{path} is not a PEM certificate") from error


def _fill(building: Path, files: Mapping[str, bytes], keys: Keys) -> None:
    private = building / "keys"
    private.mkdir(mode=0o700)
    for name, key in (("ca", keys.ca), ("ct", keys.ct), ("log", keys.log), ("tsa", keys.tsa)):
        save_secret(private / f"{name}.pem", private_pem(key))
    save_secret(private / "log.secret", keys.secret)
    for name, data in files.items():
        write_new(building / name, data, mode=0o644)
    building.chmod(0o755)
    _flush(private)
    _flush(building)


def _flush(folder: Path) -> None:
    """Make the folder's entries durable: fsync of a file says nothing about its name."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SigningError(f"{path} cannot be read: {error.strerror}", hint=_NOT_A_CELL) from error
    if len(data) > MAX_FILE_BYTES:
        raise SigningError(f"{path} is too large")
    return data


def _read_key(path: Path) -> PrivateKey:
    return load_private_key(read_secret(path), what=str(path))


def _read_p256(path: Path) -> ec.EllipticCurvePrivateKey:
    key = _read_key(path)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SigningError(f"{path} is not a P-256 key")
    return key
