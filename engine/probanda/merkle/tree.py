"""Roots and proofs out of stored hashes of complete subtrees, in O(log n) reads.

Rules:

- `nodes(level, index)` gives the hash of the complete subtree over the leaves
  [index·2^level, (index+1)·2^level); level 0 are leaf hashes. Such hashes never
  change as the tree grows, so a store only ever inserts them.
- The ragged right edge is not stored; it is folded when needed.
- Any past size can be asked for: its complete subtrees are still there.

Example:

    for level, index, value in new_nodes(size, leaf_hash(data), nodes):
        store[level, index] = value
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from probanda.errors import LedgerError
from probanda.merkle.hashing import EMPTY_ROOT, node_hash

Nodes = Callable[[int, int], bytes]


def new_nodes(size: int, leaf: bytes, nodes: Nodes) -> list[tuple[int, int, bytes]]:
    """The complete subtrees that appending one leaf hash to a tree of `size` leaves completes.

    The leaf itself, (0, size, leaf), comes first; at most log2(size) + 1 in all.
    """
    made, level, index, value = [(0, size, leaf)], 0, size, leaf
    # Each trailing one bit of `size` is a full left sibling waiting for this right one.
    while index & 1:
        value = node_hash(nodes(level, index - 1), value)
        level, index = level + 1, index >> 1
        made.append((level, index, value))
    return made


def root(size: int, nodes: Nodes) -> bytes:
    """The Merkle tree hash of the first `size` leaves, RFC 6962 §2.1."""
    if size < 0:
        raise LedgerError(f"a tree has no size {size}")
    return _range_hash(0, size, nodes) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """The audit path for leaf `index` in the tree of the first `size` leaves, RFC 6962 §2.1.1.

    Raises:
        LedgerError: no such leaf in a tree of that size.
    """
    if not 0 <= index < size:
        raise LedgerError(f"leaf {index} is outside a tree of size {size}")
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_hash(middle, end, nodes))
            end = middle
        else:
            path.append(_range_hash(start, middle, nodes))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """The proof that the first `old` of `new` leaves are unchanged, RFC 6962 §2.1.2.

    Empty for equal sizes. From an empty tree nothing can be proved.

    Raises:
        LedgerError: `old` is zero (and `new` is not), or `new` is smaller than `old`.
    """
    if not 0 <= old <= new or (old == 0 and new != 0):
        raise LedgerError(f"no consistency proof leads from size {old} to size {new}")
    start, end, path, whole = 0, new, [], True
    # `whole`: the old tree is exactly the current subtree, whose root the verifier knows.
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_hash(middle, end, nodes))
            end = middle
        else:
            path.append(_range_hash(start, middle, nodes))
            start, whole = middle, False
    if not whole:
        path.append(_range_hash(start, end, nodes))
    return path[::-1]


def _split(size: int) -> int:
    """The largest power of two below `size` (RFC 6962 §2.1, `k`); `size` is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def _range_hash(start: int, end: int, nodes: Nodes) -> bytes:
    """The Merkle tree hash of leaves [start, end), where start is aligned to the range's split."""
    peaks = []
    while start < end:
        level = (end - start).bit_length() - 1
        peaks.append(nodes(level, start >> level))
        start += 1 << level
    # RFC 6962 nests to the right: the last two peaks join first.
    return reduce(lambda right, left: node_hash(left, right), reversed(peaks))
