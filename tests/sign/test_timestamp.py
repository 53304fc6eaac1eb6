"""RFC 3161 responses, judged by two implementations that are not ours."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import tsp
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from probanda.errors import SigningError
from probanda.sign import Cell
from probanda.sign.timestamp import POLICY

NOW = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
DATA = b"signature bytes"


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trust")
    return [
        Cell.create(folder / name, name="black-cell", unsafe_demo=False, now=NOW)
        for name in ("one", "two")
    ]


@pytest.fixture(scope="module")
def cell(cells):
    return cells[0]


def verifier(cell):
    return VerifierBuilder().tsa_certificate(cell.tsa).add_root_certificate(cell.ca).build()


def test_rfc3161_client_accepts_the_response(cell):
    moment = NOW + timedelta(minutes=5, microseconds=700_000)
    response = decode_timestamp_response(cell.timestamp(DATA, moment))
    assert verifier(cell).verify_message(response, DATA)
    assert response.tst_info.gen_time == NOW + timedelta(minutes=5)
    assert response.tst_info.policy.dotted_string == POLICY
    assert response.tst_info.nonce is None


def test_rfc3161_client_refuses_other_data_another_cell_and_changed_bytes(cells):
    cell, other = cells
    der = cell.timestamp(DATA, NOW)
    with pytest.raises(VerificationError):
        verifier(cell).verify_message(decode_timestamp_response(der), DATA + b"!")
    with pytest.raises(VerificationError):
        verifier(other).verify_message(decode_timestamp_response(der), DATA)
    changed = der.replace(b"20260302103000Z", b"20260302103001Z")
    assert changed != der
    with pytest.raises(VerificationError):
        verifier(cell).verify_message(decode_timestamp_response(changed), DATA)


def test_each_stamp_has_its_own_serial_number_of_at_most_160_bits(cell):
    numbers = {
        decode_timestamp_response(cell.timestamp(DATA, NOW)).tst_info.serial_number
        for _ in range(20)
    }
    assert len(numbers) == 20
    assert all(0 < number < 1 << 160 for number in numbers)


def test_the_certificate_is_bound_by_its_sha256(cell):
    response = tsp.TimeStampResp.load(cell.timestamp(DATA, NOW))
    (signer,) = response["time_stamp_token"]["content"]["signer_infos"]
    attributes = {item["type"].native: item["values"][0] for item in signer["signed_attrs"]}
    assert set(attributes) == {"content_type", "message_digest", "signing_certificate_v2"}
    (bound,) = attributes["signing_certificate_v2"]["certs"]
    (certificate,) = response["time_stamp_token"]["content"]["certificates"]
    assert bound["cert_hash"].native == certificate.chosen.sha256


def test_no_stamp_is_made_outside_the_stampers_life(cell):
    for moment in (NOW - timedelta(seconds=1), cell.tsa.not_valid_after_utc + timedelta(seconds=1)):
        with pytest.raises(SigningError, match="not valid at this time"):
            cell.timestamp(DATA, moment)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_accepts_the_response_and_refuses_other_data(cell, tmp_path):
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "other").write_bytes(DATA + b"!")
    (tmp_path / "response").write_bytes(cell.timestamp(DATA, NOW))
    (tmp_path / "ca.pem").write_bytes(cell.ca.public_bytes(Encoding.PEM))

    def run(name):
        return subprocess.run(
            [
                *("openssl", "ts", "-verify", "-data", name, "-in", "response"),
                *("-CAfile", "ca.pem", "-attime", str(int(NOW.timestamp()))),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    good = run("data")
    assert (good.returncode, "Verification: OK" in good.stdout) == (0, True), good.stderr
    assert run("other").returncode != 0
    text = subprocess.run(
        ["openssl", "ts", "-reply", "-in", "response", "-text"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "Time stamp: Mar  2 10:30:00 2026 GMT" in text
    assert "Status: Granted." in text
