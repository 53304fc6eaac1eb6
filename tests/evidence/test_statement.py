from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from probanda.canonical import canonical
from probanda.errors import ParseError
from probanda.evidence.statement import (
    PREDICATE_TYPE,
    LedgerHead,
    Predicate,
    Previous,
    RecordReference,
    Statement,
)

FOLDER = Path(__file__).resolve().parents[2] / "evidence" / "predicates" / "bundle" / "v1"
SCHEMA = json.loads((FOLDER / "schema.json").read_text())
EXAMPLE = json.loads((FOLDER / "example.json").read_text())

PREDICATE = Predicate(
    kind="Bundle",
    name="nightly-21",
    tenant="acme",
    as_of="2026-11-20T00:00:00Z",
    ledger=LedgerHead("ledger.acme.invalid", 3, bytes(32), "note\n"),
    engine=("probanda", "0.1.0"),
    records=(RecordReference("decision", 1, "ab" * 32), RecordReference("fact", 2, "cd" * 32)),
    outcome="fail",
    previous=Previous("nightly-20", "ef" * 32),
)


@pytest.fixture
def validator() -> Draft202012Validator:
    Draft202012Validator.check_schema(SCHEMA)
    return Draft202012Validator(SCHEMA)


def test_the_schema_is_of_this_predicate_type():
    assert SCHEMA["$id"] == PREDICATE_TYPE == EXAMPLE["predicateType"]


def test_the_example_is_a_statement_by_schema_and_by_code(validator):
    validator.validate(EXAMPLE["predicate"])
    assert Statement.parse(json.dumps(EXAMPLE).encode()).to_json() == EXAMPLE


def test_the_examples_checkpoint_says_what_its_fields_say():
    from probanda.merkle import Checkpoint, parse_note

    ledger = EXAMPLE["predicate"]["ledger"]
    head = Checkpoint.parse(parse_note(ledger["checkpoint"]).text)
    assert (head.origin, head.size) == (ledger["origin"], ledger["size"])
    assert base64.b64encode(head.root).decode() == ledger["root"]
    assert head.root.hex() == EXAMPLE["predicate"]["records"][0]["sha256leaf"]


@pytest.mark.parametrize(
    "predicate",
    [
        PREDICATE,
        replace(PREDICATE, outcome="", previous=None, records=()),
        replace(PREDICATE, kind="Pack"),
    ],
)
def test_what_is_written_is_valid_and_read_back(validator, predicate):
    statement = Statement("01" * 32, predicate)
    validator.validate(statement.to_json()["predicate"])
    assert Statement.parse(statement.to_bytes()) == statement


def test_the_statement_of_a_real_bundle_is_valid(validator, house, tmp_path):
    written = house.write(tmp_path / "x.tar", outcome="pass")
    validator.validate(written.statement.to_json()["predicate"])


def _damage(**changes) -> bytes:
    document = Statement("01" * 32, PREDICATE).to_json()
    document["predicate"] |= changes
    document["predicate"] = {k: v for k, v in document["predicate"].items() if v is not None}
    return canonical(document)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "Other"},
        {"kind": None},
        {"outcome": "green"},
        {"asOf": "today"},
        {"tenant": 7},
        {"extra": 1},
        {"ledger": None},
        {"ledger": {"origin": "o", "size": 1, "root": "AAAA", "checkpoint": "c"}},
        {"ledger": {"origin": "o", "size": -1, "root": "A" * 43 + "=", "checkpoint": "c"}},
        {"ledger": {"origin": "o", "size": "1", "root": "A" * 43 + "=", "checkpoint": "c"}},
        {"records": {}},
        {"records": [{"kind": "k", "index": 1}]},
        {"records": [{"kind": "k", "index": True, "sha256leaf": "ab" * 32}]},
        {"records": [{"kind": "k", "index": 1, "sha256leaf": "AB" * 32}]},
        {"records": [{"kind": "k", "index": n, "sha256leaf": "ab" * 32} for n in (2, 1)]},
        {"records": [{"kind": "k", "index": 1, "sha256leaf": "ab" * 32}] * 2},
        {"previous": {"name": "x"}},
        {"previous": {"name": "x", "sha256": "short"}},
        {"engine": {"name": "x"}},
    ],
)
def test_a_malformed_predicate_is_refused(changes):
    with pytest.raises(ParseError):
        Statement.parse(_damage(**changes))


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"{}", b'{"_type":1,"_type":1}', b"\xff"])
def test_untrusted_bytes_are_refused(data):
    with pytest.raises(ParseError):
        Statement.parse(data)
