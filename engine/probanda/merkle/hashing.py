"""The two hashes of a Merkle tree (RFC 6962 §2.1), with domain separation.

Rules:

- A leaf and an inner node can never have the same pre-image: their first byte differs.

Example:

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
"""

from __future__ import annotations

import hashlib

HASH_BYTES = 32

# RFC 6962 §2.1: the hash of an empty list is the hash of an empty string.
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 ‖ data), RFC 6962 §2.1."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), RFC 6962 §2.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()
