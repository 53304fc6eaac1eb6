"""RFC 8785 canonical JSON, and the digests that identify things.

Rules:

- `canonical` is the only way in which probanda turns a value into bytes that
  are hashed or signed. Integers beyond ±(2^53−1) are refused (RFC 8785 §3.2.2.3,
  via I-JSON): write them, and decimals, as strings.
- A digest is lower-case hexadecimal SHA-256 without a prefix; where a format
  wants `sha256:…` or a digest set, the caller adds it.

Example:

    >>> sha256_hex(canonical({"b": 1, "a": [True, None]}))
    '51705a2c9eb3e7e410a58f696a770c3ac3885a0cf43eb7fc88f5e47c11d4d30d'
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import BinaryIO

from probanda.errors import EvidenceError

_HINT = "use strings for decimals and for integers beyond 2^53-1"

# 1 MiB: large enough that the read loop is not the bottleneck, small enough to stay flat in memory.
CHUNK_BYTES = 1 << 20


def canonical(value: object) -> bytes:
    """RFC 8785 bytes of a JSON value (dict with str keys, list, str, int, float, bool, None).

    Raises:
        EvidenceError: the value has no canonical form (NaN, a big integer, a non-JSON type).
    """
    import rfc8785

    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]  # rfc8785's alias is invariant
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeEncodeError) as error:
        raise EvidenceError(f"no canonical form: {error}", hint=_HINT) from error


def pretty(value: object) -> str:
    """Deterministic, indented JSON for people: sorted keys, UTF-8, final newline."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def sha256_hex(data: bytes) -> str:
    """SHA-256 of `data` in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_stream(stream: BinaryIO) -> tuple[str, int]:
    """SHA-256 (hexadecimal) and size in bytes of what remains in `stream`, in flat memory."""
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def tree_digest(files: Mapping[str, str]) -> str:
    """One digest for a set of files, given as path → SHA-256 hexadecimal."""
    return sha256_hex(canonical(dict(files)))
