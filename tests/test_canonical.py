"""RFC 8785 and digests."""

from __future__ import annotations

import io
import json

import pytest

from probanda.canonical import canonical, sha256_hex, sha256_stream, tree_digest
from probanda.errors import EvidenceError


def test_the_published_vectors_canonicalize_byte_for_byte(vectors):
    inputs = sorted((vectors / "jcs" / "input").glob("*.json"))
    assert len(inputs) >= 5

    for path in inputs:
        expected = (vectors / "jcs" / "output" / path.name).read_bytes()
        assert canonical(json.loads(path.read_bytes())) == expected, path.name


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, -(2**53), {1: 2}, {"a": b""}])
def test_a_value_without_a_canonical_form_is_refused(value):
    with pytest.raises(EvidenceError, match="no canonical form"):
        canonical(value)


def test_the_largest_exact_integers_are_kept():
    assert canonical([2**53 - 1, -(2**53) + 1]) == b"[9007199254740991,-9007199254740991]"


def test_a_stream_and_its_bytes_have_one_digest():
    data = bytes(range(256)) * 9000

    assert sha256_stream(io.BytesIO(data)) == (sha256_hex(data), len(data))


def test_a_tree_digest_depends_on_paths_and_contents():
    one = tree_digest({"a": "1", "b": "2"})

    assert one == tree_digest({"b": "2", "a": "1"})
    assert one != tree_digest({"a": "2", "b": "1"})
