"""YAML: the core schema, and everything that is refused."""

from __future__ import annotations

import json
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from probanda.errors import ParseError
from probanda.parse import yaml as reader
from probanda.parse.limits import Limits
from probanda.parse.yaml import (
    MappingNode,
    ScalarNode,
    load_yaml,
    load_yaml_documents,
    to_plain,
)


def plain(text: str | bytes, **limits: int):
    data = text.encode() if isinstance(text, str) else text
    return to_plain(load_yaml(data, path="x.yaml", limits=Limits(**limits)))


def refused(text: str | bytes, **limits: int) -> ParseError:
    with pytest.raises(ParseError) as caught:
        plain(text, **limits)
    assert caught.value.location is not None
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("y", "y"),
        ("22:22", "22:22"),
        ("1_000", "1_000"),
        ("0777", 777),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b1", "0b1"),
        ("-0x1F", "-0x1F"),
        ("+12", 12),
        ("-3", -3),
        ("1.10", 1.1),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("1e", "1e"),
        (".", "."),
        ("٣", "٣"),
        ("true", True),
        ("FALSE", False),
        ("tRUE", "tRUE"),
        ("~", None),
        ("null", None),
        ("'null'", "null"),
        ('"1"', "1"),
        ("|\n 1", "1"),
        ("!!str 1", "1"),
        ("!!int '3'", 3),
        ("!!float 3", 3.0),
        ("2026-01-01", "2026-01-01"),
        ("=", "="),
    ],
)
def test_plain_scalars_follow_the_core_schema(text, value):
    found = plain(f"a: {text}")["a"]
    assert found == value
    assert type(found) is type(value)


def test_an_empty_value_is_null():
    assert plain("a:") == {"a": None}


def test_text_of_a_scalar_survives_resolution():
    tree = load_yaml(b"version: 1.10\nname: NO\n", path="x.yaml")
    assert isinstance(tree, MappingNode)
    version = tree.entries["version"]
    assert isinstance(version, ScalarNode)
    assert version.text == "1.10"
    assert str(version.location) == "x.yaml:1:10"
    assert str(tree.keys["name"]) == "x.yaml:2:1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: .inf", "infinity"),
        ("a: -.INF", "infinity"),
        ("a: .nan", "NaN"),
        ("a: 12e34567", "too large"),
        ("a: " + "9" * 5000, "more than 400 characters"),
        ("a: 0x" + "f" * 5000, "more than 400 characters"),
        ("a: !!int x", "not a int"),
        ("a: !!bool yes", "not a bool"),
        ("a: !!int true", "not a int"),
        ("a: !!python/object:os.system x", "tags are not supported"),
        ("a: !local x", "tags are not supported"),
        ("a: !!set {x}", "tags are not supported"),
        ("a: !!binary aGk=", "tags are not supported"),
        ("a: !!seq x", "tagged !!seq"),
        ("a: !!str [x]", "tagged !!str"),
        ("a: 1\nb: 2\na: 3", "duplicate key 'a', first given at x.yaml:1:1"),
        ("a: 1\n'a': 3", "duplicate key"),
        ("1: x", "a key must be text"),
        ("true: x", "a key must be text"),
        ("~: x", "a key must be text"),
        ("? [a]\n: x", "a key must be text"),
        ("? {a: b}\n: x", "a key must be text"),
        ("a: &x b\n*x : c", "an alias as a key"),
        ("base: &b {x: 1}\nc:\n  <<: *b", "merge keys"),
        ("a: 1\n---\nb: 2", "more than one document"),
        ("%YAML 1.1\n---\na: 1", "only YAML 1.2"),
        ("", "no document"),
        ("# only a comment", "no document"),
        ("a: &x [1, *x]", "refers to itself"),
        ("a: &x {b: {c: *x}}", "refers to itself"),
        ("a: *x", "alias"),
        ("a: &x 1\nb: &x 2", "defined twice"),
        ("a: [1", "not valid YAML"),
        ("a: b: c", "not valid YAML"),
        (b"a: \xff", "UTF-8"),
        ("a: 1".encode("utf-16"), "UTF-8"),
        (b"a: \x00", "control character"),
        (b"a: \x1b[31m", "control character"),
        (b'a: "\\ud800"', "not valid YAML"),
        (b'a: "\\UFFFFFFFF"', "not valid YAML"),
    ],
)
def test_what_is_refused_says_why(text, words):
    assert words in refused(text).message


def test_a_duplicate_key_names_both_places():
    error = refused("spec:\n  mode: warn\n  mode: shadow\n")
    assert str(error.location) == "x.yaml:3:3"
    assert "x.yaml:2:3" in error.message


def test_a_quoted_merge_key_is_text():
    assert plain("'<<': 1") == {"<<": 1}


def test_aliases_share_a_value():
    assert plain("a: &x [1, {b: 2}]\nc: *x") == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}


def test_a_billion_laughs_is_refused_before_it_is_expanded():
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    started = time.monotonic()
    assert "aliases expanded" in refused("\n".join(lines), max_nodes=100_000).message
    assert time.monotonic() - started < 2


def test_depth_counts_through_aliases():
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 40)]
    assert "nested deeper" in refused("\n".join(lines), max_depth=20).message


def test_depth_is_checked_before_anything_recurses():
    assert "nested deeper" in refused("[" * 100_000).message
    assert "nested deeper" in refused("- " * 100_000 + "x").message


def test_the_limits_hold_at_their_edges():
    assert plain("[[1]]", max_depth=2) == [[1]]
    refused("[[1]]", max_depth=1)
    assert plain("[1, 2]", max_nodes=3) == [1, 2]
    refused("[1, 2]", max_nodes=2)
    assert plain("abc", max_bytes=3) == "abc"
    refused("abcd", max_bytes=3)


def test_a_byte_order_mark_and_unicode_are_text():
    assert plain(b"\xef\xbb\xbfname: \xc3\xa9\xf0\x9f\x94\x92") == {"name": "é🔒"}


def test_the_pure_python_parser_obeys_the_same_rules(monkeypatch):
    monkeypatch.setattr(reader, "_LOADER", yaml.SafeLoader)
    assert plain("a: NO\nb: [1, 2.5, {c: ~}]") == {"a": "NO", "b": [1, 2.5, {"c": None}]}
    for text in (b'"\\ud800"', b'"\\UFFFFFFFF"', b"a: 1\na: 2", b"<<: x", b"a: \x00"):
        refused(text)


# YAML 1.1 (libyaml) treats NEL, LS and PS as line breaks and refuses C1 controls and
# surrogate pairs in escapes; JSON text is otherwise YAML.
_TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=("Cs",)), max_size=40)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_TEXT, inner, max_size=5),
    max_leaves=20,
)


@given(_JSON)
@settings(max_examples=150, deadline=None)
def test_json_text_is_read_as_the_same_value(value):
    assert plain(json.dumps(value)) == value


@given(
    st.binary(max_size=200)
    | st.text(alphabet="ab:-[]{}&*!|>'\"\n #%,?~<\\ux01\t", max_size=80).map(str.encode)
)
@settings(max_examples=400, deadline=None)
@pytest.mark.parametrize("loader", [reader._LOADER, yaml.SafeLoader])
def test_any_bytes_are_read_or_refused_as_a_parse_error(loader, data):
    before = reader._LOADER
    reader._LOADER = loader
    try:
        plain(data)
    except ParseError:
        pass
    finally:
        reader._LOADER = before


# streams


def stream(text: str, **limits: int) -> list:
    roots = load_yaml_documents(text.encode(), path="x.yaml", limits=Limits(**limits))
    return [to_plain(root) for root in roots]


def test_a_stream_is_read_document_by_document_without_the_empty_ones():
    assert stream("a: 1\n---\n---\n# nothing\n---\n- b\n...\n---\nnull\n") == [
        {"a": 1},
        ["b"],
        None,
    ]
    assert stream("") == stream("---\n---\n") == []
    roots = load_yaml_documents(b"a: 1\n---\n\nb: 2\n", path="x.yaml")
    assert [root.location.line for root in roots] == [1, 4]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &x 1\n---\nb: *x", "names no anchor"),
        ("a: 1\n---\na: 1\na: 2", r"x\.yaml:4:1: duplicate key"),
        ("a: 1\n---\n[", "not valid YAML"),
        ("a: 1\n---\n%YAML 1.1\n---\nb", "not valid YAML|only YAML 1.2"),
    ],
)
def test_every_document_of_a_stream_is_held_to_the_rules(text, reason):
    with pytest.raises(ParseError, match=reason):
        stream(text)


def test_limits_hold_for_all_documents_of_a_stream_together():
    text = "\n---\n".join(["[1, 2, 3]"] * 10)
    assert len(stream(text, max_nodes=40)) == 10
    with pytest.raises(ParseError, match="limit of 39 nodes"):
        stream(text, max_nodes=39)
    with pytest.raises(ParseError, match=r"x\.yaml:2:1: more than the limit of 1 documents"):
        load_yaml_documents(b"a\n--- b\n", path="x.yaml", max_documents=1)
