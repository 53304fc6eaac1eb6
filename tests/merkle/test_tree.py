"""Trees against a naive recursive definition and known roots."""

from __future__ import annotations

import math

import pytest

from probanda.errors import LedgerError
from probanda.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    new_nodes,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

# The eight leaves and roots of Google's certificate-transparency test suite (RFC 6962 trees).
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LARGEST = 70


class Store(dict):
    """Hashes of complete subtrees, counting how often it is read."""

    reads = 0

    def __call__(self, level, index):
        self.reads += 1
        return self[level, index]


def grow(leaves):
    store = Store()
    for size, data in enumerate(leaves):
        for level, index, value in new_nodes(size, leaf_hash(data), store):
            assert (level, index) not in store
            store[level, index] = value
    return store


def split(leaves):
    return 1 << ((len(leaves) - 1).bit_length() - 1)


def naive_root(leaves):
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = split(leaves)
    return node_hash(naive_root(leaves[:k]), naive_root(leaves[k:]))


def naive_path(m, leaves):
    if len(leaves) == 1:
        return []
    k = split(leaves)
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m, leaves, whole):
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = split(leaves)
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


@pytest.fixture(scope="module")
def numbered():
    return [b"%d" % number for number in range(LARGEST)]


@pytest.fixture(scope="module")
def store(numbered):
    return grow(numbered)


def test_the_empty_tree_has_the_hash_of_nothing():
    assert root(0, Store()) == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_known_roots_are_reproduced(size):
    assert root(size, grow(LEAVES)).hex() == ROOTS[size - 1]


def test_roots_of_all_past_sizes_equal_the_recursive_definition(numbered, store):
    for size in range(LARGEST + 1):
        assert root(size, store) == naive_root(numbered[:size])


def test_inclusion_proofs_equal_the_recursive_definition_and_verify(numbered, store):
    for size in range(1, LARGEST + 1):
        expected = root(size, store)
        for index in range(size):
            proof = inclusion_proof(index, size, store)
            assert proof == naive_path(index, numbered[:size])
            verify_inclusion(
                index=index, size=size, leaf=store[0, index], proof=proof, root=expected
            )


def test_consistency_proofs_equal_the_recursive_definition_and_verify(numbered, store):
    for new in range(1, LARGEST + 1):
        for old in range(1, new + 1):
            proof = consistency_proof(old, new, store)
            assert proof == naive_subproof(old, numbered[:new], True)
            verify_consistency(
                old_size=old,
                new_size=new,
                old_root=root(old, store),
                new_root=root(new, store),
                proof=proof,
            )


def test_the_empty_tree_is_consistent_with_itself_only(store):
    assert consistency_proof(0, 0, store) == []
    with pytest.raises(LedgerError):
        consistency_proof(0, 5, store)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5), (9, 5)])
def test_a_leaf_outside_the_tree_has_no_proof(store, index, size):
    with pytest.raises(LedgerError, match="outside"):
        inclusion_proof(index, size, store)


@pytest.mark.parametrize(("old", "new"), [(6, 5), (-1, 5), (-2, -1)])
def test_a_tree_that_shrinks_has_no_proof(store, old, new):
    with pytest.raises(LedgerError, match="no consistency proof"):
        consistency_proof(old, new, store)


def test_a_negative_size_has_no_root(store):
    with pytest.raises(LedgerError):
        root(-1, store)


def test_reads_grow_with_the_logarithm_of_the_size():
    size = 1 << 40

    class Sparse(Store):
        def __call__(self, level, index):
            self.reads += 1
            assert (index + 1) << level <= size - 1
            return leaf_hash(b"%d %d" % (level, index))

    for work in (
        lambda nodes: root(size - 1, nodes),
        lambda nodes: inclusion_proof(12345678901, size - 1, nodes),
        lambda nodes: consistency_proof(9876543211, size - 1, nodes),
        lambda nodes: new_nodes((size >> 1) - 1, leaf_hash(b""), nodes),
    ):
        nodes = Sparse()
        work(nodes)
        assert nodes.reads <= 3 * math.log2(size)
