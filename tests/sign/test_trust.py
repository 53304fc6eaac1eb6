"""Trust documents as the stock library reads them."""

from __future__ import annotations

import base64
import copy
import json
from datetime import UTC, datetime

import pytest
from sigstore.errors import Error
from sigstore.models import ClientTrustConfig, TrustedRoot

from probanda.errors import CannotVerifyError
from probanda.sign import Cell, log_keys

NOW = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trust") / "cell"
    return Cell.create(folder, name="black-cell", unsafe_demo=False, now=NOW)


def test_the_stock_library_reads_the_trusted_root(cell):
    root = TrustedRoot.from_file(str(cell.folder / "trusted_root.json"))
    assert root.get_fulcio_certs() == [cell.ca]
    (authority,) = root.get_timestamp_authorities()
    assert authority.certificates(allow_expired=False) == [cell.tsa, cell.ca]
    assert authority.validity_period_start == NOW


def test_the_authority_vouches_for_the_signers_trust_domain_alone(cell, tmp_path):
    demo = Cell.create(tmp_path / "cell", name="demo", unsafe_demo=True, now=NOW)
    for made, expected in ((cell, "spiffe://black-cell"), (demo, "spiffe://demo")):
        (authority,) = made.trusted_root["certificateAuthorities"]
        assert authority["uri"] == expected
        assert made.identity.startswith(f"{expected}/")


def test_the_wrapper_names_no_service_to_sign_with(cell):
    config = ClientTrustConfig.from_json((cell.folder / "trust_config.json").read_text())
    assert config.trusted_root.get_fulcio_certs() == [cell.ca]
    with pytest.raises(Error, match="No valid Rekor"):
        _ = config.signing_config


def test_log_keys_come_out_of_the_root_and_out_of_its_wrapper(cell):
    expected = dict.fromkeys(
        ("log.black-cell.invalid", "ledger.black-cell.invalid"), cell.log_public_key
    )
    for name in ("trusted_root.json", "trust_config.json"):
        assert log_keys(json.loads((cell.folder / name).read_text())) == expected


def test_logs_with_other_kinds_of_keys_are_left_out(cell):
    root = copy.deepcopy(cell.trusted_root)
    root["tlogs"][0]["publicKey"]["keyDetails"] = "PKIX_ECDSA_P256_SHA_256"
    assert list(log_keys(root)) == ["ledger.black-cell.invalid"]


def drop_logs(root):
    del root["tlogs"]


def number_logs(root):
    root["tlogs"] = 7


def garble_key(root):
    root["tlogs"][0]["publicKey"]["rawBytes"] = "AAAA"


def swap_key(root):
    root["tlogs"][0]["publicKey"]["rawBytes"] = root["ctlogs"][0]["publicKey"]["rawBytes"]


def swap_id(root):
    root["tlogs"][0]["logId"] = root["tlogs"][1]["logId"]


def number_url(root):
    root["tlogs"][0]["baseUrl"] = 7


def clash(root):
    other = copy.deepcopy(root["tlogs"][0])
    other["publicKey"]["rawBytes"] = base64.b64encode(b"x").decode()
    root["tlogs"].append(other)


@pytest.mark.parametrize(
    "change", [drop_logs, number_logs, garble_key, swap_key, swap_id, number_url, clash]
)
def test_a_malformed_or_contradictory_list_of_logs_is_refused(cell, change):
    root = copy.deepcopy(cell.trusted_root)
    change(root)
    with pytest.raises(CannotVerifyError):
        log_keys(root)
