from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from probanda.canonical import pretty
from probanda.errors import (
    CannotVerifyError,
    EvidenceError,
    ParseError,
    SigningError,
    VerificationFailedError,
)
from probanda.evidence import certificates, checks
from probanda.evidence.archive import read_archive
from probanda.evidence.seal import seal
from probanda.evidence.sigstore_bundle import SigstoreBundle
from probanda.ledger import LogEntry

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
STATEMENT = b'{"_type":"https://in-toto.io/Statement/v1"}'


@pytest.fixture(scope="module")
def sealed(house) -> SigstoreBundle:
    document = seal(STATEMENT, house.cell, house.signatures, NOW)
    return SigstoreBundle.parse(pretty(document).encode())


def test_a_seal_is_written_and_read_back(sealed):
    assert SigstoreBundle.parse(sealed.to_bytes()) == sealed
    assert sealed.payload == STATEMENT


def test_its_json_is_deterministic(sealed):
    assert sealed.to_bytes() == SigstoreBundle.parse(sealed.to_bytes()).to_bytes()
    assert sealed.to_bytes().startswith(b'{\n  "dsseEnvelope"')


def test_every_seal_has_a_key_and_a_log_entry_of_its_own(house):
    first, second = (
        SigstoreBundle.parse(pretty(seal(STATEMENT, house.cell, house.signatures, NOW)).encode())
        for _ in range(2)
    )
    assert first.certificate != second.certificate
    assert second.entry.index == first.entry.index + 1
    assert house.signatures.leaf(first.entry.index) == first.entry.body


def test_a_log_that_grew_meanwhile_gives_a_proof_of_one_size(house, monkeypatch):
    """Another process appends between our append and our checkpoint."""
    append = type(house.signatures).append

    def busy(log, entries):
        mine = append(log, entries)
        append(log, [LogEntry(b"somebody else", None)])
        return mine

    monkeypatch.setattr(type(house.signatures), "append", busy)
    document = seal(STATEMENT, house.cell, house.signatures, NOW)
    checkpoint = checks.check_log_entry(SigstoreBundle.parse(pretty(document).encode()))
    assert checkpoint.size == house.signatures.size


def test_a_cell_that_is_not_yet_valid_signs_nothing(house):
    before = house.signatures.size
    with pytest.raises(SigningError):
        seal(STATEMENT, house.cell, house.signatures, datetime(2020, 1, 1, tzinfo=UTC))
    assert house.signatures.size == before


def test_another_log_is_refused(house):
    with pytest.raises(EvidenceError, match="not the cell's signature log"):
        seal(STATEMENT, house.cell, house.ledger, NOW)


def test_base64_has_one_spelling(sealed):
    document = sealed.to_json()
    signature = document["dsseEnvelope"]["signatures"][0]
    for spelling in (
        signature["sig"] + "\n",
        signature["sig"].rstrip("=") + "!",
        "",
        base64.urlsafe_b64encode(b"\xff\xfe\xfd").decode(),
    ):
        signature["sig"] = spelling
        with pytest.raises(ParseError, match="base64"):
            SigstoreBundle.parse(json.dumps(document).encode())


def test_any_damaged_certificate_is_refused_and_nothing_else_is_raised(house, sealed):
    """`cryptography` parses lazily and raises in many ways; all of them must end as a verdict."""
    chance = random.Random(1)
    for _ in range(1500):
        der = bytearray(sealed.certificate)
        for _ in range(chance.choice((1, 1, 2, 5))):
            der[chance.randrange(len(der))] = chance.randrange(256)
        if bytes(der) == sealed.certificate:
            continue
        try:
            certificate = certificates.load_certificate(bytes(der))
            assert certificates.describe(certificate).fingerprint
            certificates.oidc_issuer(certificate)
            found = certificates.find_issuer(certificate, house.trust)
        except (VerificationFailedError, CannotVerifyError):
            continue
        # A damaged signature of the authority may be damaged into nothing we look at:
        # never into a trusted certificate.
        assert found is None


def test_every_flipped_bit_of_a_timestamp_is_refused(house, sealed):
    """Some of its bytes are not signed; they are held to what the signature says."""
    root = house.trust.roots[0]
    for position in range(len(sealed.timestamps[0])):
        for bit in range(8):
            der = bytearray(sealed.timestamps[0])
            der[position] ^= 1 << bit
            changed = replace(sealed, timestamps=(bytes(der),))
            with pytest.raises(VerificationFailedError):
                checks.trusted_stamp(checks.stamps(changed)[0], sealed.signature, root)


def test_any_damaged_timestamp_is_refused_and_nothing_else_is_raised(house, sealed):
    chance = random.Random(2)
    root = house.trust.roots[0]
    for _ in range(1500):
        der = bytearray(sealed.timestamps[0])
        for _ in range(chance.choice((1, 1, 2, 5))):
            der[chance.randrange(len(der))] = chance.randrange(256)
        try:
            (stamp,) = checks.stamps(replace(sealed, timestamps=(bytes(der),)))
            moment, _ = checks.trusted_stamp(stamp, sealed.signature, root)
        except VerificationFailedError:
            continue
        assert bytes(der) == sealed.timestamps[0]
        assert moment == NOW


def test_the_stock_command_line_accepts_the_seal_as_an_attestation_of_the_manifest(
    house, bundle, tmp_path
):
    """`sigstore verify`, unmodified, over what stands in the archive."""
    files = {member.name: stream.read() for member, stream in read_archive(bundle)}
    for name in ("manifest.json", "manifest.sigstore.json"):
        (tmp_path / name).write_bytes(files[name])
    command = [
        *(sys.executable, "-m", "sigstore"),
        *("--trust-config", str(house.folder / "cell" / "trust_config.json")),
        *("verify", "identity", "--bundle", "manifest.sigstore.json"),
        *("--cert-identity", house.cell.identity, "--cert-oidc-issuer", house.cell.issuer),
        "manifest.json",
    ]
    good = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stderr
    (tmp_path / "manifest.json").write_bytes(files["manifest.json"] + b" ")
    bad = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert bad.returncode != 0
