"""A signed index: good, unsigned, changed, of a stranger, under another's seal."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probanda.canonical import canonical, pretty
from probanda.evidence.index_document import signed_bytes
from probanda.evidence.index_signature import sign_index, verify_index
from probanda.evidence.report import StepOutcome

EXAMPLE = Path(__file__).resolve().parents[2] / "evidence/predicates/audit-index/v1/example.json"
NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def index():
    return {**json.loads(EXAMPLE.read_bytes()), "signatures": []}


@pytest.fixture
def verified(house, tmp_path, monkeypatch):
    """Verify a document as a file, with sockets blocked."""

    def refuse(*_args, **_options):
        raise AssertionError("verification opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)

    def verify(document, trust=house.trust):
        path = tmp_path / "x.index.json"
        path.write_text(pretty(document), encoding="utf-8")
        return verify_index(path, trust=trust)

    return verify


def bad_step(report):
    return next(step for step in report.steps if step.outcome is StepOutcome.BAD)


def test_a_signed_index_is_good_and_its_seal_stands_beside_it(house, index, verified):
    signed, sealed = sign_index(index, house.cell, house.signatures, NOW)

    report = verified(signed)

    assert report.exit_code == 0, report.steps
    assert report.signer.identity == house.cell.identity
    assert signed["signatures"] == [canonical(sealed).decode()]
    assert signed_bytes(signed) == signed_bytes(index)


def test_an_unsigned_index_is_bad(index, verified):
    report = verified(index)

    assert report.exit_code == 1
    assert bad_step(report).detail == "the index is not signed"


def test_a_control_that_was_turned_green_is_seen(house, index, verified):
    signed, _ = sign_index(index, house.cell, house.signatures, NOW)
    signed["tenant"] = "another"

    report = verified(signed)

    assert report.exit_code == 1
    assert "another index" in bad_step(report).detail


def test_the_seal_of_another_index_does_not_fit(house, index, verified):
    signed, _ = sign_index(index, house.cell, house.signatures, NOW)
    other, _ = sign_index({**index, "tenant": "b"}, house.cell, house.signatures, NOW)

    report = verified({**signed, "signatures": other["signatures"]})

    assert report.exit_code == 1


def test_the_seal_of_a_bundle_does_not_fit(house, bundle, index, verified):
    import tarfile

    with tarfile.open(bundle) as archive:
        seal = archive.extractfile("manifest.sigstore.json").read()

    report = verified({**index, "signatures": [seal.decode()]})

    assert report.exit_code == 1
    assert "predicateType" in bad_step(report).detail


def test_without_trust_the_signer_is_unknown(house, index, verified):
    signed, _ = sign_index(index, house.cell, house.signatures, NOW)

    assert verified(signed, trust=None).exit_code == 3


def test_a_broken_signature_is_bad(house, index, verified):
    signed, sealed = sign_index(index, house.cell, house.signatures, NOW)
    signature = sealed["dsseEnvelope"]["signatures"][0]["sig"]
    forged = canonical(sealed).decode().replace(signature, signature[:-8] + "AAAAAAA=")

    assert verified({**signed, "signatures": [forged]}).exit_code == 1


@pytest.mark.parametrize("text", ["", "{}", "not json", '{"mediaType": "x"}'])
def test_a_signature_that_is_no_seal_is_bad(index, verified, text):
    assert verified({**index, "signatures": [text]}).exit_code == 1


def test_a_file_that_is_not_there_was_not_checked(house, tmp_path):
    report = verify_index(tmp_path / "absent.json", trust=house.trust)

    assert report.exit_code == 3
