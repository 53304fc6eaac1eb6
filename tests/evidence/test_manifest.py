from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probanda.canonical import canonical
from probanda.errors import EvidenceError, ParseError
from probanda.evidence.manifest import Entry, Manifest

SHA = "ab" * 32
AS_OF = "2026-11-20T00:00:00Z"


def entry(path: str = "artifacts/a.txt", **changes) -> Entry:
    fields = {"sha256": SHA, "size": 3, "media_type": "text/plain", "role": "artifact"}
    return Entry(path, **{**fields, **changes})


def manifest(*entries: Entry, **changes) -> Manifest:
    fields = {"kind": "Bundle", "name": "nightly", "tenant": "acme", "as_of": AS_OF}
    return Manifest(**{**fields, **changes}, entries=entries or (entry(),))


def changed(**changes) -> bytes:
    """A manifest's bytes with other fields; `None` removes one."""
    document = manifest().to_json() | changes
    return canonical({key: value for key, value in document.items() if value is not None})


def changed_entry(**changes) -> bytes:
    item = entry().to_json() | changes
    return changed(entries=[{key: value for key, value in item.items() if value is not None}])


def test_what_is_written_is_read_back():
    full = entry("b", source="base:sbom.json", type="cyclonedx", producer="x 1", controls=("s/A",))
    written = manifest(full, entry("a"))
    assert Manifest.parse(written.to_bytes()) == written


def test_entries_are_sorted_whatever_order_they_come_in():
    assert (
        manifest(entry("b"), entry("a")).to_bytes() == manifest(entry("a"), entry("b")).to_bytes()
    )


def test_empty_optional_fields_are_left_out():
    assert set(entry().to_json()) == {"path", "sha256", "size", "mediaType", "role"}


def test_controls_are_a_sorted_set():
    item = entry(controls=("b", "a", "b")).to_json()
    assert item["controls"] == ["a", "b"]


def test_the_digest_is_that_of_the_bytes():
    import hashlib

    assert manifest().digest == hashlib.sha256(manifest().to_bytes()).hexdigest()


def test_a_manifest_of_nothing_is_never_valid():
    with pytest.raises(EvidenceError, match="zero entries"):
        Manifest("Bundle", "n", "t", AS_OF, ())
    with pytest.raises(ParseError, match="zero entries"):
        Manifest.parse(changed(entries=[]))


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"kind": "Other"}, "kind"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"tenant": ""}, "tenant"),
        ({"as_of": "2026-11-20"}, "asOf"),
        ({"as_of": "2026-11-20T00:00:00+00:00"}, "asOf"),
        ({"as_of": "yesterday"}, "asOf"),
    ],
)
def test_bad_fields_are_refused_when_made(changes, match):
    with pytest.raises(EvidenceError, match=match):
        manifest(**changes)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"path": "../x"}, "part"),
        ({"path": "manifest.json"}, "belongs to the bundle"),
        ({"path": "Manifest.sigstore.JSON"}, "belongs to the bundle"),
        ({"path": "proofs/records.json"}, "belongs to the bundle"),
        ({"path": "proofs"}, "belongs to the bundle"),
        ({"sha256": SHA.upper()}, "sha256"),
        ({"sha256": SHA[1:]}, "sha256"),
        ({"sha256": SHA + "\n"}, "sha256"),
        ({"size": -1}, "size"),
        ({"size": True}, "size"),
        ({"size": 1.0}, "size"),
        ({"size": 1 << 53}, "size"),
        ({"media_type": "text"}, "media type"),
        ({"media_type": "text/plain\n"}, "media type"),
        ({"role": "other"}, "role"),
        ({"source": "a\x1b[2J"}, "control character"),
        ({"controls": ("",)}, "control id"),
    ],
)
def test_bad_entries_are_refused_when_made(changes, match):
    with pytest.raises(EvidenceError, match=match):
        manifest(entry(**changes))


@pytest.mark.parametrize(
    ("first", "second", "match"),
    [("a", "a", "twice"), ("a", "A", "case alone"), ("a", "a/b", "file and a folder")],
)
def test_paths_that_collide_are_refused(first, second, match):
    with pytest.raises(EvidenceError, match=match):
        manifest(entry(first), entry(second))


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "not valid JSON"),
        (b"[]", "not an object"),
        (b"{", "not valid JSON"),
        (b'"text"', "not an object"),
        (changed(extra=1), "unknown field 'extra'"),
        (changed(entries=None), "lacks the field 'entries'"),
        (changed(apiVersion="probanda/v2"), "apiVersion"),
        (changed(name=3), "'name' is not a string"),
        (changed(entries={}), "not a list"),
        (changed(entries=["a"]), "entry 0 is not an object"),
        (changed_entry(url="x"), "unknown field 'url'"),
        (changed_entry(sha256=None), "lacks the field 'sha256'"),
        (changed_entry(size="3"), "size"),
        (changed_entry(path=7), "'path' is not a string"),
        (changed_entry(controls="soc2"), "'controls' is not a list"),
        (changed_entry(controls=[1]), "'controls' is not a list"),
        (changed_entry(controls=["b", "a"]), "canonical form"),
        (changed_entry(source=""), "canonical form"),
        (changed_entry(path="/etc/passwd"), "absolute"),
        (changed(entries=[entry("b").to_json(), entry("a").to_json()]), "canonical form"),
        (manifest().to_bytes() + b"\n", "canonical form"),
        (json.dumps(manifest().to_json()).encode(), "canonical form"),
        (b"\xef\xbb\xbf" + manifest().to_bytes(), "canonical form"),
        (manifest().to_bytes().replace(b'"size":3', b'"size":3.0'), "size"),
        (manifest().to_bytes().replace(b'"size":3', b'"size":3,"size":3'), "duplicate"),
        (manifest().to_bytes().replace(b'"size":3', b'"size":NaN'), "NaN"),
        (manifest().to_bytes().replace(b"acme", b"ac\xffme"), "UTF-8"),
        (b"[" * 100_000, "deeper"),
        (b" " * (17 << 20), "larger"),
    ],
)
def test_untrusted_bytes_are_refused(data, match):
    with pytest.raises(ParseError, match=match):
        Manifest.parse(data)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_but_a_parse_error(data):
    with pytest.raises(ParseError):
        Manifest.parse(data)


def test_more_entries_than_the_limit_are_refused(monkeypatch):
    monkeypatch.setattr("probanda.evidence.manifest.MAX_ENTRIES", 2)
    with pytest.raises(EvidenceError, match="more than 2 files"):
        manifest(*(entry(f"f{n}") for n in range(3)))
