"""Proof verification against third-party vectors and mutations."""

from __future__ import annotations

import base64
import json
import random

import pytest

from probanda.errors import VerificationFailedError
from probanda.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    new_nodes,
    root,
    verify_consistency,
    verify_inclusion,
)


def bytes_of(text):
    return base64.b64decode(text or "")


def build(size):
    store = {}
    for number in range(size):
        leaf = leaf_hash(b"%d" % number)
        for level, index, value in new_nodes(number, leaf, lambda *key: store[key]):
            store[level, index] = value
    return lambda *key: store[key]


def inclusion_case(case):
    return {
        "index": case["leafIdx"],
        "size": case["treeSize"],
        "leaf": bytes_of(case["leafHash"]),
        "proof": [bytes_of(item) for item in case["proof"] or []],
        "root": bytes_of(case["root"]),
    }


def consistency_case(case):
    return {
        "old_size": case["size1"],
        "new_size": case["size2"],
        "old_root": bytes_of(case["root1"]),
        "new_root": bytes_of(case["root2"]),
        "proof": [bytes_of(item) for item in case["proof"] or []],
    }


@pytest.mark.parametrize(
    ("folder", "verify", "arguments"),
    [
        ("inclusion", verify_inclusion, inclusion_case),
        ("consistency", verify_consistency, consistency_case),
    ],
)
def test_every_third_party_vector_is_judged_as_its_authors_did(vectors, folder, verify, arguments):
    wrong, good, bad = [], 0, 0
    for path in sorted((vectors / "merkle" / folder).rglob("*.json")):
        case = json.loads(path.read_bytes())
        try:
            verify(**arguments(case))
            good += 1
            refused = False
        except VerificationFailedError:
            bad += 1
            refused = True
        if refused != case["wantErr"]:
            wrong.append(str(path))
    assert not wrong
    assert good >= 4
    assert bad >= 50


def test_any_changed_bit_of_an_inclusion_proof_is_refused():
    chance = random.Random(20261120)
    for size in range(2, 34):
        nodes = build(size)
        index = chance.randrange(size)
        good = {
            "index": index,
            "size": size,
            "leaf": nodes(0, index),
            "proof": inclusion_proof(index, size, nodes),
            "root": root(size, nodes),
        }
        verify_inclusion(**good)
        for place in range(len(good["proof"])):
            changed = list(good["proof"])
            changed[place] = flip(changed[place], chance.randrange(256))
            refuse_inclusion(good, proof=changed)
            refuse_inclusion(good, proof=good["proof"][:place] + good["proof"][place + 1 :])
        refuse_inclusion(good, proof=[*good["proof"], good["root"]])
        refuse_inclusion(good, leaf=flip(good["leaf"], chance.randrange(256)))
        refuse_inclusion(good, root=flip(good["root"], chance.randrange(256)))
        for other in range(size):
            if other != index:
                refuse_inclusion(good, index=other)


def test_any_changed_bit_of_a_consistency_proof_is_refused():
    chance = random.Random(20261121)
    for new in range(2, 34):
        nodes = build(new)
        old = chance.randrange(1, new)
        good = {
            "old_size": old,
            "new_size": new,
            "old_root": root(old, nodes),
            "new_root": root(new, nodes),
            "proof": consistency_proof(old, new, nodes),
        }
        verify_consistency(**good)
        for place in range(len(good["proof"])):
            changed = list(good["proof"])
            changed[place] = flip(changed[place], chance.randrange(256))
            refuse_consistency(good, proof=changed)
            refuse_consistency(good, proof=good["proof"][:place] + good["proof"][place + 1 :])
        refuse_consistency(good, proof=[*good["proof"], good["new_root"]])
        for name in ("old_root", "new_root"):
            refuse_consistency(good, **{name: flip(good[name], chance.randrange(256))})


def test_a_consistency_proof_holds_for_no_other_root_of_the_same_sizes():
    nodes = build(13)
    proof = consistency_proof(6, 13, nodes)
    with pytest.raises(VerificationFailedError, match="does not continue"):
        verify_consistency(
            old_size=6,
            new_size=13,
            old_root=root(7, nodes),
            new_root=root(13, nodes),
            proof=proof,
        )


def test_two_roots_of_one_size_are_called_a_fork():
    with pytest.raises(VerificationFailedError, match="fork"):
        verify_consistency(
            old_size=3, new_size=3, old_root=EMPTY_ROOT, new_root=leaf_hash(b""), proof=[]
        )


def test_an_empty_log_is_consistent_with_itself_but_anchors_nothing():
    same = {"old_size": 0, "old_root": EMPTY_ROOT, "proof": []}
    verify_consistency(new_size=0, new_root=EMPTY_ROOT, **same)
    with pytest.raises(VerificationFailedError, match="no anchor"):
        verify_consistency(new_size=1, new_root=leaf_hash(b""), **same)
    with pytest.raises(VerificationFailedError, match="root of an empty log"):
        verify_consistency(
            old_size=0, new_size=0, old_root=leaf_hash(b""), new_root=leaf_hash(b""), proof=[]
        )


def test_a_hash_of_another_length_is_refused_before_hashing():
    with pytest.raises(VerificationFailedError, match="32 bytes"):
        verify_inclusion(index=0, size=1, leaf=b"short", proof=[], root=b"short")


def flip(value, bit):
    return bytes(
        byte ^ (1 << bit % 8) if place == bit // 8 else byte for place, byte in enumerate(value)
    )


def refuse_inclusion(good, **changes):
    with pytest.raises(VerificationFailedError):
        verify_inclusion(**{**good, **changes})


def refuse_consistency(good, **changes):
    with pytest.raises(VerificationFailedError):
        verify_consistency(**{**good, **changes})
