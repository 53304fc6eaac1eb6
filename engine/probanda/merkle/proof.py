"""Verification of inclusion and consistency proofs.

Rules:

- Every length is checked: hashes are 32 bytes, and a proof has exactly as many
  elements as its sizes demand. Nothing may be left over.
- From an empty tree nothing is consistent but the empty tree itself, as in
  transparency-dev/merkle: an old size of zero would vouch for anything.
- The caller vouches for `root`: a proof against a root of unknown origin proves nothing.

Example:

    verify_inclusion(index=7, size=10, leaf=leaf_hash(record), proof=path, root=checkpoint.root)
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from probanda.errors import VerificationFailedError
from probanda.merkle.hashing import EMPTY_ROOT, HASH_BYTES, node_hash


def verify_inclusion(
    *, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that the leaf hash `leaf` is number `index` of the `size` leaves under `root`.

    RFC 9162 §2.1.3.2.

    Raises:
        VerificationFailedError: it is not, or an argument is malformed.
    """
    _check_hashes(leaf, root, *proof)
    if not 0 <= index < size:
        raise VerificationFailedError(f"leaf {index} is outside a tree of size {size}")
    first, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise VerificationFailedError("the inclusion proof is too long")
        if first & 1 or first == last:
            value = node_hash(sibling, value)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        first, last = first >> 1, last >> 1
    if last:
        raise VerificationFailedError("the inclusion proof is too short")
    if not hmac.compare_digest(value, root):
        raise VerificationFailedError(f"leaf {index} is not under this root of size {size}")


def verify_consistency(
    *, old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree under `new_root` begins with the leaves under `old_root`.

    RFC 9162 §2.1.4.2.

    Raises:
        VerificationFailedError: it does not, or an argument is malformed.
    """
    _check_hashes(old_root, new_root, *proof)
    if not 0 <= old_size <= new_size:
        raise VerificationFailedError(f"a log cannot shrink from {old_size} to {new_size} leaves")
    if old_size == new_size:
        _check_same(old_size, old_root, new_root, proof)
        return
    if old_size == 0:
        raise VerificationFailedError("an empty log is no anchor for a consistency proof")
    if not proof:
        raise VerificationFailedError("the consistency proof is empty")
    old, new = _consistency_roots(old_size, new_size, old_root, proof)
    # Both comparisons are made: a fork shows in the old root, a forgery in the new one.
    if not (hmac.compare_digest(old, old_root) & hmac.compare_digest(new, new_root)):
        raise VerificationFailedError(
            f"the log of {new_size} leaves does not continue the log of {old_size} leaves"
        )


def _consistency_roots(
    old_size: int, new_size: int, old_root: bytes, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """The old and the new root that `proof` leads to (RFC 9162 §2.1.4.2, steps 2 to 6)."""
    # A complete old tree is itself the first node of the path, and is left out of the proof.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    first, last = old_size - 1, new_size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise VerificationFailedError("the consistency proof is too long")
        if first & 1 or first == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        first, last = first >> 1, last >> 1
    if last:
        raise VerificationFailedError("the consistency proof is too short")
    return old, new


def _check_same(size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise VerificationFailedError("the consistency proof between equal sizes is not empty")
    if not hmac.compare_digest(old_root, new_root):
        raise VerificationFailedError(f"two different roots claim the same {size} leaves: a fork")
    if size == 0 and new_root != EMPTY_ROOT:
        raise VerificationFailedError("the root of an empty log is wrong")


def _check_hashes(*values: bytes) -> None:
    if any(len(value) != HASH_BYTES for value in values):
        raise VerificationFailedError(f"a hash in the proof is not {HASH_BYTES} bytes long")
