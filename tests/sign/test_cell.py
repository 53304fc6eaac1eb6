"""Cells: made whole, opened with suspicion."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import stat
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from probanda.errors import SigningError
from probanda.merkle import EMPTY_ROOT, Checkpoint, key_id, verify_note
from probanda.sign import Cell, generate_p256, log_keys, private_pem
from probanda.sign import folder as store

NOW = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)


@pytest.fixture
def cell(tmp_path):
    return Cell.create(tmp_path / "cell", name="black-cell", unsafe_demo=False, now=NOW)


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_cell_is_a_folder_with_private_keys_and_public_documents(cell):
    assert names(cell.folder) == [
        "ca.pem",
        "cell.json",
        "keys",
        "keys/ca.pem",
        "keys/ct.pem",
        "keys/log.pem",
        "keys/log.secret",
        "keys/tsa.pem",
        "trust_config.json",
        "trusted_root.json",
        "tsa.pem",
    ]
    assert stat.S_IMODE((cell.folder / "keys").stat().st_mode) == 0o700
    for path in (cell.folder / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads((cell.folder / "cell.json").read_text()) == {
        "apiVersion": "probanda/v1",
        "kind": "Cell",
        "name": "black-cell",
        "identity": "spiffe://black-cell/signer",
        "issuer": "https://idp.black-cell.invalid",
        "origins": {
            "signatures": "log.black-cell.invalid",
            "ledger": "ledger.black-cell.invalid",
        },
        "createdAt": "2026-03-02T10:30:00Z",
        "unsafeDemo": False,
    }


def test_an_opened_cell_is_the_created_one(cell):
    opened = Cell.open(cell.folder)
    for name in ("name", "identity", "issuer", "origins", "created_at", "unsafe_demo", "ca", "tsa"):
        assert getattr(opened, name) == getattr(cell, name)
    assert opened.trusted_root == cell.trusted_root
    assert opened.fingerprint == cell.fingerprint
    assert opened.salt("id") == cell.salt("id")
    assert opened.trusted_root == json.loads((cell.folder / "trusted_root.json").read_text())


def test_no_file_in_the_clear_and_no_repr_holds_a_secret(cell):
    held = cell.keys
    secrets = [held.secret, held.secret.hex().encode(), b"PRIVATE"]
    for key in (held.ca, held.ct, held.log, held.tsa):
        # The private number ends in the second line; from there on the public key follows.
        secrets += private_pem(key).splitlines()[1:-1][:2]
    public = [path for path in cell.folder.iterdir() if path.is_file()]
    assert len(public) == 5
    for text in [*(path.read_bytes() for path in public), repr(cell).encode(), repr(held).encode()]:
        assert not [secret for secret in secrets if secret in text]


def test_an_existing_folder_file_or_link_is_not_overwritten(cell, tmp_path):
    before = {path: path.read_bytes() for path in cell.folder.rglob("*") if path.is_file()}
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("cell", "file", "empty", "link"):
        with pytest.raises(SigningError, match="not overwritten"):
            Cell.create(tmp_path / name, name="other", unsafe_demo=False, now=NOW)
    assert before == {path: path.read_bytes() for path in cell.folder.rglob("*") if path.is_file()}


def test_a_creation_cut_short_leaves_nothing_behind(tmp_path, monkeypatch):
    calls = []

    def fail(path):
        calls.append(path)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(SigningError, match="No space left"):
        Cell.create(tmp_path / "cell", name="black-cell", unsafe_demo=False, now=NOW)
    assert calls
    assert names(tmp_path) == []


def test_a_folder_made_meanwhile_by_somebody_else_wins(tmp_path, monkeypatch):
    fill = store._fill

    def fill_late(building, files, keys):
        fill(building, files, keys)
        (tmp_path / "cell").mkdir()
        (tmp_path / "cell" / "theirs").write_text("")

    monkeypatch.setattr(store, "_fill", fill_late)
    with pytest.raises(SigningError, match="cannot be made"):
        Cell.create(tmp_path / "cell", name="black-cell", unsafe_demo=False, now=NOW)
    assert names(tmp_path) == ["cell", "cell/theirs"]


@pytest.mark.parametrize(
    "name", ["", "Black", "a b", "a.b", "-a", "a-", "a/b", "..", "ä", "a\n", "a" * 64]
)
def test_a_name_that_is_no_host_label_is_refused(tmp_path, name):
    with pytest.raises(SigningError, match="no name for a cell"):
        Cell.create(tmp_path / "cell", name=name, unsafe_demo=False, now=NOW)
    assert names(tmp_path) == []


def test_a_demonstration_cell_says_so_everywhere(tmp_path):
    cell = Cell.create(tmp_path / "cell", name="demo", unsafe_demo=True, now=NOW)
    assert Cell.open(cell.folder).unsafe_demo
    assert "UNSAFE-DEMO" in (cell.folder / "UNSAFE-DEMO.txt").read_text()
    for text in (
        cell.ca.subject.rfc4514_string(),
        cell.tsa.subject.rfc4514_string(),
        cell.identity,
        cell.issuer,
        *cell.origins.values(),
        *log_keys(cell.trusted_root),
        json.dumps(cell.trusted_root["certificateAuthorities"]),
        cell.sign_checkpoint(Checkpoint(cell.origins["ledger"], 0, EMPTY_ROOT)),
    ):
        assert "UNSAFE-DEMO" in text


@pytest.mark.parametrize(
    "change",
    [
        {"unsafeDemo": False},
        {"identity": "spiffe://demo/signer"},
        {"name": "other"},
        {"createdAt": "2026-03-01T10:30:00Z"},
        {"origins": {}},
        {"apiVersion": "probanda/v2"},
        {"kind": "Waiver"},
        {"unsafeDemo": "no"},
        {"more": 1},
    ],
)
def test_an_edited_description_does_not_fit_the_authority(tmp_path, change):
    cell = Cell.create(tmp_path / "cell", name="demo", unsafe_demo=True, now=NOW)
    path = cell.folder / "cell.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(SigningError):
        Cell.open(cell.folder)


def test_removing_every_mark_of_a_demonstration_still_fails(tmp_path):
    cell = Cell.create(tmp_path / "cell", name="demo", unsafe_demo=True, now=NOW)
    path = cell.folder / "cell.json"
    text = path.read_text().replace("UNSAFE-DEMO/", "").replace("UNSAFE-DEMO.", "")
    path.write_text(text.replace("true", "false"))
    with pytest.raises(SigningError, match="does not fit"):
        Cell.open(cell.folder)


@pytest.mark.parametrize(
    "name",
    ["cell.json", "ca.pem", "tsa.pem", "keys", "keys/ct.pem", "keys/log.pem", "keys/log.secret"],
)
def test_a_missing_part_is_named(cell, name):
    (cell.folder / name).rename(cell.folder / "away")
    with pytest.raises(SigningError, match=name):
        Cell.open(cell.folder)


@pytest.mark.parametrize("name", ["cell.json", "ca.pem", "keys/log.pem", "keys/log.secret"])
@pytest.mark.parametrize("data", [b"", b"[", b"[" * 60_000, bytes(100_000), b"\xff"])
def test_a_broken_part_is_refused(cell, name, data):
    (cell.folder / name).write_bytes(data)
    with pytest.raises(SigningError):
        Cell.open(cell.folder)


def test_a_key_of_another_cell_or_kind_does_not_fit(cell, tmp_path):
    for name in ("ca", "tsa"):
        path = cell.folder / "keys" / f"{name}.pem"
        good = path.read_bytes()
        path.write_bytes(private_pem(generate_p256()))
        with pytest.raises(SigningError, match="does not fit its certificate"):
            Cell.open(cell.folder)
        path.write_bytes(good)
    (cell.folder / "keys" / "log.pem").write_bytes(private_pem(generate_p256()))
    with pytest.raises(SigningError, match="not an Ed25519 key"):
        Cell.open(cell.folder)


def test_a_time_stamper_of_another_authority_does_not_fit(cell, tmp_path):
    other = Cell.create(tmp_path / "other", name="black-cell", unsafe_demo=False, now=NOW)
    for name in ("tsa.pem", "keys/tsa.pem"):
        (cell.folder / name).write_bytes((other.folder / name).read_bytes())
    with pytest.raises(SigningError, match="not of the cell's authority"):
        Cell.open(cell.folder)


def test_keys_open_to_others_are_refused(cell):
    (cell.folder / "keys").chmod(0o750)
    with pytest.raises(SigningError, match="open to others"):
        Cell.open(cell.folder)
    (cell.folder / "keys").chmod(0o700)
    (cell.folder / "keys" / "log.secret").chmod(0o644)
    with pytest.raises(SigningError, match="can be read by others"):
        Cell.open(cell.folder)


def test_a_checkpoint_of_its_own_logs_is_signed_and_no_other(cell):
    keys = log_keys(cell.trusted_root)
    assert set(keys) == set(cell.origins.values())
    for origin, raw in keys.items():
        checkpoint = Checkpoint(origin, 0, EMPTY_ROOT)
        public = Ed25519PublicKey.from_public_bytes(raw)
        note = verify_note(
            cell.sign_checkpoint(checkpoint),
            name=origin,
            public_key=raw,
            verify=lambda *args, public=public: public.verify(*args) is None,
        )
        assert Checkpoint.parse(note.text) == checkpoint
    with pytest.raises(SigningError, match="not of the cell"):
        cell.sign_checkpoint(Checkpoint("log.white-cell.invalid", 0, EMPTY_ROOT))


def test_the_log_id_is_that_of_rekor_v2(cell):
    assert cell.log_id("signatures") == key_id("log.black-cell.invalid", cell.log_public_key)
    assert cell.log_id("ledger") != cell.log_id("signatures")


def test_the_salt_is_an_hmac_of_the_record_id(cell):
    secret = (cell.folder / "keys" / "log.secret").read_bytes()
    assert cell.salt("id") == hmac.new(secret, b"id", hashlib.sha256).digest()
    assert cell.salt("id") != cell.salt("other")


def test_fractions_of_seconds_and_zones_do_not_matter_but_a_zone_must_be_there(tmp_path):
    berlin = NOW.astimezone(timezone(timedelta(hours=1))).replace(microsecond=999_999)
    cell = Cell.create(tmp_path / "cell", name="black-cell", unsafe_demo=False, now=berlin)
    assert cell.created_at == NOW
    assert Cell.open(cell.folder).issue(berlin).certificate.not_valid_before_utc == NOW
    with pytest.raises(SigningError, match="time zone"):
        cell.issue(NOW.replace(tzinfo=None))
