"""Merkle trees, proofs and signed notes: pure functions over bytes, standard library only.

Rules:

- Hashing and tree shape are RFC 6962 §2.1; proof generation and verification follow
  RFC 9162 §2.1.3 and §2.1.4 (the same trees, better algorithms); checkpoints are C2SP
  `tlog-checkpoint` in a C2SP `signed-note`.
- Nothing here stores, signs or reads a clock. Storage is a callable
  `nodes(level, index)`, signing and verifying are callables over bytes.
- A `verify_*` function returns nothing and raises `VerificationFailedError`: its
  result cannot be ignored by accident.

Example:

    >>> leaves = [leaf_hash(b"a"), leaf_hash(b"b")]
    >>> nodes = {(0, 0): leaves[0], (0, 1): leaves[1], (1, 0): node_hash(*leaves)}
    >>> read = lambda level, index: nodes[level, index]
    >>> verify_inclusion(
    ...     index=1, size=2, leaf=leaves[1],
    ...     proof=inclusion_proof(1, 2, read), root=root(2, read),
    ... )
"""

from __future__ import annotations

from probanda.merkle.hashing import EMPTY_ROOT, HASH_BYTES, leaf_hash, node_hash
from probanda.merkle.note import (
    Checkpoint,
    Note,
    NoteSignature,
    key_id,
    parse_note,
    parse_verifier_key,
    sign_note,
    verifier_key,
    verify_note,
)
from probanda.merkle.proof import verify_consistency, verify_inclusion
from probanda.merkle.tree import consistency_proof, inclusion_proof, new_nodes, root

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "Checkpoint",
    "Note",
    "NoteSignature",
    "consistency_proof",
    "inclusion_proof",
    "key_id",
    "leaf_hash",
    "new_nodes",
    "node_hash",
    "parse_note",
    "parse_verifier_key",
    "root",
    "sign_note",
    "verifier_key",
    "verify_consistency",
    "verify_inclusion",
    "verify_note",
]
