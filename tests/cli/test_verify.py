"""`probanda verify`: good, bad, or not known, and never the wrong one of the three."""

from __future__ import annotations

import json
import shutil

import pytest

from probanda.evidence.verify import STEPS


@pytest.fixture
def stranger(probanda, tmp_path):
    """A trusted root of somebody else with the same name."""
    assert probanda("cell", "init", tmp_path / "stranger", "--name", "acme").code == 0
    return tmp_path / "stranger" / "trusted_root.json"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A current folder that is in no project."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_a_good_bundle_of_a_trusted_signer_exits_0(probanda, office, elsewhere):
    for name in ("trusted_root.json", "trust_config.json"):
        for file in (office.bundle, office.pack):
            result = probanda("verify", file, "--trust", office.cell / name)
            assert (result.code, result.err) == (0, "")
            assert "GOOD" in result.out


def test_every_step_is_numbered_and_cites_its_specification(probanda, office, elsewhere):
    result = probanda("verify", office.bundle, "--trust", office.trust)

    for number, (title, spec) in enumerate(STEPS, 1):
        assert f"{number:>2}  {title}" in result.out
        assert f"[{spec}]" in result.out


def test_a_demonstration_is_called_one(probanda, office, elsewhere):
    assert "UNSAFE DEMO" in probanda("verify", office.bundle, "--trust", office.trust).out


def test_without_trust_it_is_intact_and_the_signer_unknown(probanda, office, elsewhere):
    result = probanda("verify", office.bundle)

    assert result.code == 3
    assert "UNKNOWN" in result.out
    assert "spiffe://acme/UNSAFE-DEMO/signer" in result.out


def test_a_stranger_is_not_trusted(probanda, office, elsewhere, stranger):
    assert probanda("verify", office.bundle, "--trust", stranger).code == 3


def test_the_trust_of_the_bundle_itself_is_never_used(probanda, office, elsewhere):
    """A folder that holds bundle and trusted root side by side vouches for nothing."""
    shutil.copy(office.bundle, elsewhere / "bundle.tar")
    shutil.copy(office.trust, elsewhere / "trusted_root.json")

    assert probanda("verify", "bundle.tar").code == 3


@pytest.mark.parametrize("place", [700, 5000, -2000, -1])
def test_a_flipped_bit_exits_1(probanda, office, elsewhere, place):
    data = bytearray(office.bundle.read_bytes())
    data[place] ^= 1
    (elsewhere / "bad.tar").write_bytes(data)

    result = probanda("verify", "bad.tar", "--trust", office.trust)

    assert result.code == 1
    assert "BAD" in result.out


@pytest.mark.parametrize("keep", [0, 1, 512, 5_000, -512, -1])
def test_a_truncated_bundle_exits_1(probanda, office, elsewhere, keep):
    data = office.bundle.read_bytes()
    (elsewhere / "bad.tar").write_bytes(data[:keep])

    assert probanda("verify", "bad.tar", "--trust", office.trust).code == 1


def test_a_missing_file_could_not_be_checked(probanda, elsewhere):
    result = probanda("verify", "nowhere.tar")

    assert result.code == 3
    assert "cannot open nowhere.tar" in result.out
    assert f"2–{len(STEPS)}  not looked at" in result.out
    assert len(result.out.splitlines()) < 8


def test_a_folder_could_not_be_checked(probanda, elsewhere):
    assert probanda("verify", ".").code == 3


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"mediaType": "x"}', "\x00", '{"a":1,"a":1}']
)
def test_a_malformed_trust_file_is_an_error_and_not_an_absent_one(
    probanda, office, elsewhere, text
):
    (elsewhere / "trust.json").write_text(text)

    result = probanda("verify", office.bundle, "--trust", "trust.json")

    assert (result.code, result.out) == (3, "")
    assert "error: malformed trust root trust.json" in result.err


def test_a_missing_trust_file_is_an_error(probanda, office, elsewhere):
    result = probanda("verify", office.bundle, "--trust", "nowhere.json")

    assert (result.code, result.out) == (3, "")
    assert "cannot read the trust root nowhere.json" in result.err


def test_the_clock_of_the_verifier_can_be_given(probanda, office, elsewhere):
    at = ("verify", office.bundle, "--trust", office.trust, "--at")

    assert probanda(*at, "2099-01-01").code == 0
    past = probanda(*at, "2020-01-01T00:00:00Z")
    assert past.code == 1
    assert "after the time to verify at" in past.out


def test_an_expected_identity_must_be_the_signers(probanda, office, elsewhere):
    verify = ("verify", office.bundle, "--trust", office.trust, "--identity")

    assert probanda(*verify, "spiffe://acme/UNSAFE-DEMO/signer").code == 0
    assert probanda(*verify, "spiffe://acme/somebody-else").code == 1


def test_the_users_trust_store_is_used(probanda, office, elsewhere, tmp_path):
    store = tmp_path / "config" / "probanda" / "trust"
    store.mkdir(parents=True)
    shutil.copy(office.trust, store / "acme.json")

    result = probanda("verify", office.bundle)

    assert result.code == 0
    assert "(trust store)" in result.out


def test_an_explicit_trust_file_goes_before_the_store(
    probanda, office, elsewhere, tmp_path, stranger
):
    store = tmp_path / "config" / "probanda" / "trust"
    store.mkdir(parents=True)
    shutil.copy(office.trust, store / "acme.json")

    assert probanda("verify", office.bundle, "--trust", stranger).code == 3


def test_the_enclosing_project_declares_whom_it_trusts(probanda, office, words, monkeypatch):
    words.write("evidence/trust/acme.json", office.trust.read_bytes())
    words.project(trust=["evidence/trust/acme.json"])
    monkeypatch.chdir(words.root / "gates")

    result = probanda("verify", office.bundle)

    assert result.code == 0
    assert "(project)" in result.out


def test_a_broken_project_around_is_an_error_only_where_its_trust_is_wanted(
    probanda, office, words, monkeypatch
):
    words.write("gates/pr.yaml", "kind: Gate")
    monkeypatch.chdir(words.root)

    result = probanda("verify", office.bundle)

    assert (result.code, result.out) == (3, "")
    assert "has errors, so whom it trusts is not known" in result.err
    assert "hint: pass --trust" in result.err
    assert probanda("verify", office.bundle, "--trust", office.trust).code == 0


def test_json_is_one_document(probanda, office, elsewhere):
    for trust, verdict in (((), "unknown"), (("--trust", office.trust), "good")):
        result = probanda("verify", office.bundle, "--format", "json", *trust)
        report = json.loads(result.out)
        assert (report["verdict"], report["exitCode"]) == (verdict, result.code)
        assert [step["number"] for step in report["steps"]] == list(range(1, len(STEPS) + 1))
        assert report["unsafeDemo"] is True
        assert result.err == ""


def test_json_of_a_missing_file_is_json(probanda, elsewhere):
    result = probanda("verify", "nowhere.tar", "--format", "json")

    assert json.loads(result.out)["exitCode"] == result.code == 3


def test_a_file_name_cannot_write_to_the_terminal(probanda, elsewhere):
    assert "\x1b" not in probanda("verify", "\x1b[2Jx.tar").out
