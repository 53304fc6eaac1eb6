"""Records: one canonical form, commitments that open with the right salt only."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from probanda.canonical import canonical, sha256_hex
from probanda.errors import LedgerError
from probanda.ledger import Record, make_record, opens, record_id

PAYLOAD = b'{"allow":true}'
DIGESTS = {"policy": sha256_hex(b"policy"), "fact:sbom": sha256_hex(b"sbom")}


def salt(name):
    return hmac.digest(b"log secret", name.encode(), "sha256")


def make(**changes):
    fields = {
        "kind": "decision",
        "tenant": "acme",
        "as_of": "2026-03-02T10:30:00Z",
        "recorded_at": "2026-03-02T10:30:07Z",
        "digests": DIGESTS,
        "payload": PAYLOAD,
        "salt": salt,
    }
    return make_record(**{**fields, **changes})


def test_the_leaf_is_exactly_the_frozen_form():
    record = make()
    assert json.loads(record.leaf) == {
        "schema": "probanda/record/v1",
        "kind": "decision",
        "tenant": "acme",
        "recordedAt": "2026-03-02T10:30:07Z",
        "asOf": "2026-03-02T10:30:00Z",
        "digests": DIGESTS,
        "commitment": record.commitment,
    }
    assert record.leaf == canonical(json.loads(record.leaf))


def test_the_frozen_form_has_not_changed():
    assert sha256_hex(make().leaf) == (
        "13176e8930e95db9e95616f0fae8a67fa9aef075366f147f0a5625e489954a38"
    )


def test_a_record_goes_through_its_leaf_and_comes_back():
    record = make(tenant="größe", digests={})
    assert Record.parse(record.leaf) == record


def test_the_commitment_opens_with_its_salt_and_payload_only():
    record = make()
    key = salt(record_id(record, PAYLOAD))
    assert record.commitment == hashlib.sha256(key + PAYLOAD).hexdigest()
    assert opens(record, PAYLOAD, key)
    assert not opens(record, PAYLOAD + b" ", key)
    assert not opens(record, PAYLOAD, salt("other"))
    assert not opens(record, PAYLOAD, b"")
    assert not opens(record, key[-1:] + PAYLOAD, key[:-1])


def test_the_record_id_is_derived_from_the_leaf_and_the_payload():
    record = Record.parse(make().leaf)
    fields = json.loads(record.leaf)
    expected = sha256_hex(canonical({**fields, "commitment": sha256_hex(PAYLOAD)}))
    assert record_id(record, PAYLOAD) == expected


def test_two_payloads_never_share_a_salt_even_in_otherwise_equal_records():
    asked = []

    def remember(name):
        asked.append(name)
        return salt(name)

    for payload in (b"yes", b"no"):
        make(payload=payload, digests={}, salt=remember)
    assert len(set(asked)) == 2


def test_the_same_inputs_give_the_same_leaf():
    assert make().leaf == make(digests=dict(reversed(DIGESTS.items()))).leaf


def test_a_later_change_of_the_callers_dictionary_does_not_reach_the_record():
    digests = dict(DIGESTS)
    record = make(digests=digests)
    before = record.leaf
    digests.clear()
    assert record.leaf == before
    with pytest.raises(TypeError):
        record.digests["more"] = "x"


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": ""},
        {"kind": "Decision"},
        {"kind": "de cision"},
        {"tenant": ""},
        {"tenant": "a\nb"},
        {"tenant": "\ud800"},
        {"tenant": "a" * 257},
        {"as_of": "2026-03-02"},
        {"as_of": "2026-03-02T10:30:00"},
        {"as_of": "2026-03-02T11:30:00+01:00"},
        {"recorded_at": "2026-03-02T10:30:00.5Z"},
        {"recorded_at": "2026-02-30T10:30:00Z"},
        {"recorded_at": ""},
        {"digests": {"": sha256_hex(b"")}},
        {"digests": {"a": ""}},
        {"digests": {"a": sha256_hex(b"").upper()}},
        {"digests": {"a": "sha256:" + sha256_hex(b"")}},
        {"digests": {str(number): sha256_hex(b"") for number in range(10_001)}},
        {"digests": {f"{number:0>200}": sha256_hex(b"") for number in range(10_000)}},
        {"salt": lambda name: b"short"},
    ],
)
def test_a_field_that_is_not_of_its_form_is_refused(changes):
    with pytest.raises(LedgerError):
        make(**changes)


def leaf(**changes):
    return canonical({**json.loads(make().leaf), **changes})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b"1" * 10_000,
        b" " * (1024 * 1024 + 1),
        make().leaf + b"\n",
        make().leaf.replace(b'"acme"', b'"\\u0061cme"'),
        make().leaf.replace(b'"kind"', b'"kind":"fact","kind"'),
        leaf(schema="probanda/record/v2"),
        leaf(more=1),
        leaf(kind=1),
        leaf(digests=[]),
        leaf(digests={"a": 1}),
        leaf(commitment=None),
        leaf(commitment="AA" * 32),
    ],
)
def test_what_is_not_the_canonical_form_of_a_record_is_refused(data):
    with pytest.raises(LedgerError):
        Record.parse(data)
