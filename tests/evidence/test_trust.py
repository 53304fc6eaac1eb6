from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from probanda.errors import CannotVerifyError
from probanda.evidence.trust import load_trust, raw_ed25519, resolve_trust, trust_store


@pytest.fixture
def document(house) -> dict:
    return json.loads(house.trust_path.read_text())


def test_a_trusted_root_is_read(house):
    (root,) = house.trust.roots
    (authority,) = root.certificate_authorities
    assert authority.trust_domain == "spiffe://acme"
    assert {log.origin for log in root.logs} == set(house.cell.origins.values())
    assert all(raw_ed25519(log) == house.cell.log_public_key for log in root.logs)
    assert len(root.timestamp_authorities[0].chain) == 2


def test_the_wrapper_holds_the_same_root(house):
    wrapped = load_trust(house.folder / "cell" / "trust_config.json").roots[0]
    assert wrapped.document == house.trust.roots[0].document


def test_a_period_includes_its_start_and_not_its_end(house):
    period = house.trust.roots[0].certificate_authorities[0].period
    assert datetime(2026, 11, 1, tzinfo=UTC) in period
    assert datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC) not in period


@pytest.mark.parametrize(
    "uri",
    ["", "https://ca.example", "spiffe://", "spiffe:///x", "spiffe://a/b", "urn:spiffe://a"],
)
def test_only_a_bare_spiffe_domain_is_a_cells_authority(document, tmp_path, uri):
    document["certificateAuthorities"][0]["uri"] = uri
    path = tmp_path / "root.json"
    path.write_text(json.dumps(document))
    assert load_trust(path).roots[0].certificate_authorities[0].trust_domain == ""


def _without(*keys):
    def change(document):
        for key in keys[:-1]:
            document = document[key]
        del document[keys[-1]]

    return change


def _put(value, *keys):
    def change(document):
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _without("mediaType"),
        _put("application/json", "mediaType"),
        _put([], "certificateAuthorities"),
        _put({}, "certificateAuthorities"),
        _without("certificateAuthorities"),
        _put([], "certificateAuthorities", 0, "certChain", "certificates"),
        _put("AAAA", "certificateAuthorities", 0, "certChain", "certificates", 0, "rawBytes"),
        _put("!", "certificateAuthorities", 0, "certChain", "certificates", 0, "rawBytes"),
        _without("certificateAuthorities", 0, "validFor"),
        _put("yesterday", "certificateAuthorities", 0, "validFor", "start"),
        _put("2026-01-01T00:00:00", "certificateAuthorities", 0, "validFor", "start"),
        _without("tlogs", 0, "logId"),
        _put(7, "tlogs", 0, "publicKey", "keyDetails"),
    ],
)
def test_a_malformed_root_is_an_error_not_an_absent_one(document, tmp_path, change):
    change(document)
    path = tmp_path / "root.json"
    path.write_text(json.dumps(document))
    with pytest.raises(CannotVerifyError, match="malformed trust root"):
        load_trust(path)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b'{"mediaType":1,"mediaType":2}', b"\xff", b"[" * 10_000]
)
def test_untrusted_bytes_are_refused(tmp_path, data):
    path = tmp_path / "root.json"
    path.write_bytes(data)
    with pytest.raises(CannotVerifyError):
        load_trust(path)


def test_a_file_that_is_too_large_is_refused(tmp_path):
    path = tmp_path / "root.json"
    path.write_bytes(b" " * (5 << 20))
    with pytest.raises(CannotVerifyError, match="larger than"):
        load_trust(path)


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(CannotVerifyError, match="cannot read") as caught:
        load_trust(tmp_path / "absent.json")
    assert "--trust" in caught.value.hint


@pytest.fixture
def store(tmp_path):
    folder = tmp_path / "config" / "probanda" / "trust"
    folder.mkdir(parents=True)
    return folder


def test_the_named_file_comes_first(house, stranger, store, tmp_path):
    (store / "a.json").write_bytes(stranger.trust_path.read_bytes())
    trust = resolve_trust(
        explicit=house.trust_path,
        project=[stranger.trust_path],
        environment={"XDG_CONFIG_HOME": str(tmp_path / "config")},
    )
    assert [(root.path, root.source) for root in trust.roots] == [(house.trust_path, "--trust")]


def test_the_users_store_comes_before_the_project(house, stranger, store, tmp_path):
    (store / "b.json").write_bytes(stranger.trust_path.read_bytes())
    (store / "a.json").write_bytes(house.trust_path.read_bytes())
    (store / "notes.txt").write_text("not a trust root")
    trust = resolve_trust(
        project=[house.trust_path], environment={"XDG_CONFIG_HOME": str(tmp_path / "config")}
    )
    assert [root.path.name for root in trust.roots] == ["a.json", "b.json"]
    assert {root.source for root in trust.roots} == {"trust store"}


def test_the_project_comes_last(house, tmp_path):
    trust = resolve_trust(
        project=[house.trust_path], environment={"XDG_CONFIG_HOME": str(tmp_path)}
    )
    assert [root.source for root in trust.roots] == ["project"]


def test_no_trust_is_none(tmp_path):
    assert resolve_trust(environment={"XDG_CONFIG_HOME": str(tmp_path)}) is None


def test_one_malformed_file_in_the_store_is_an_error(house, store, tmp_path):
    (store / "a.json").write_bytes(house.trust_path.read_bytes())
    (store / "b.json").write_text("{}")
    with pytest.raises(CannotVerifyError, match=r"b\.json"):
        resolve_trust(environment={"XDG_CONFIG_HOME": str(tmp_path / "config")})


def test_a_relative_configuration_folder_is_ignored(monkeypatch, tmp_path):
    """XDG Base Directory Specification: all paths must be absolute."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert trust_store({"XDG_CONFIG_HOME": "here"}) == tmp_path / ".config/probanda/trust"
    assert trust_store({}) == tmp_path / ".config/probanda/trust"
    assert str(trust_store({"XDG_CONFIG_HOME": "/etc/x"})) == "/etc/x/probanda/trust"
