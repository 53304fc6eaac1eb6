"""JSON: strict, bounded, located."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probanda.errors import ParseError
from probanda.parse.json import load_json, load_json_tree
from probanda.parse.limits import Limits
from probanda.parse.tree import MappingNode, ScalarNode, SequenceNode, to_plain


def load(text: str | bytes, **limits: int):
    data = text.encode() if isinstance(text, str) else text
    return load_json(data, path="x.json", limits=Limits(**limits))


@pytest.mark.parametrize(
    ("text", "words", "place"),
    [
        ('{\n "a": 1,\n "a": 2}', "duplicate key 'a', first given at x.json:2:2", "x.json:3:2"),
        ('[{"k": {"b": 1}}, {"b": 1, "\\u0062": 2}]', "duplicate key 'b'", "x.json:1:28"),
        ("[1,\n NaN]", "NaN", "x.json:2:2"),
        ("[-Infinity]", "Infinity", "x.json:1:2"),
        ("[0, 1e999]", "too large", "x.json:1:5"),
        ('["ok",\n "\\ud800"]', "lone surrogate", "x.json:2:2"),
        ('{"\\uDC00": 1}', "lone surrogate", "x.json:1:2"),
        ("[" + "1" * 5000 + "]", "too many digits", "x.json:1:2"),
        ("[1,]", "not valid JSON", "x.json:1:4"),
        ("", "not valid JSON", "x.json:1:1"),
        ("{'a': 1}", "not valid JSON", "x.json:1:2"),
        ("1 2", "not valid JSON", "x.json:1:3"),
        (b'{"a":\n "\xff"}', "UTF-8", "x.json:2"),
        ("[1]".encode("utf-16"), "UTF-8", "x.json:1"),
        ('"a\x00"', "not valid JSON", "x.json:1:3"),
    ],
)
def test_what_is_refused_says_why_and_where(text, words, place):
    with pytest.raises(ParseError) as caught:
        load(text)
    assert words in caught.value.message
    assert str(caught.value.location) == place


def test_depth_beyond_the_limit_and_beyond_the_stack_is_refused():
    for depth in (129, 100_000):
        with pytest.raises(ParseError, match="nested deeper") as caught:
            load("[" * depth + "]" * depth)
        assert str(caught.value.location) == "x.json:1:129"
    assert load("[" * 128 + "]" * 128)


def test_the_limits_hold_at_their_edges():
    assert load("[1,2]", max_nodes=3) == [1, 2]
    with pytest.raises(ParseError, match="nodes"):
        load("[1,2]", max_nodes=2)
    assert load('{"a":1}', max_nodes=3) == {"a": 1}
    with pytest.raises(ParseError, match="nodes"):
        load('{"a":1}', max_nodes=2)
    with pytest.raises(ParseError, match="bytes"):
        load("[1]", max_bytes=2)


def test_a_byte_order_mark_is_accepted():
    assert load(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


def test_a_surrogate_pair_is_one_character():
    assert load('"\\ud83d\\ude00"') == "😀"


def test_integers_stay_exact():
    assert load(str(2**64)) == 2**64


def test_a_tree_knows_where_its_values_are():
    data = b'{\n  "name": "orders",\n  "sla": {"pct": 99.5, "list": [1, null, true]}\n}'
    tree = load_json_tree(data, path="c.json")
    assert isinstance(tree, MappingNode)
    assert str(tree.keys["sla"]) == "c.json:3:3"
    sla = tree.entries["sla"]
    assert isinstance(sla, MappingNode)
    pct = sla.entries["pct"]
    assert isinstance(pct, ScalarNode)
    assert (pct.text, pct.tag, str(pct.location)) == ("99.5", "float", "c.json:3:18")
    assert isinstance(sla.entries["list"], SequenceNode)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@given(_JSON, st.sampled_from([None, 2]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_the_tree_holds_the_same_value_as_the_decoder(value, indent, ascii_only):
    data = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    assert load_json(data, path="x") == value
    assert to_plain(load_json_tree(data, path="x")) == value


@given(
    st.binary(max_size=200)
    | st.text(alphabet='{}[]:,"\\ud8001eN.-aInfity\n', max_size=60).map(str.encode)
)
@settings(max_examples=500, deadline=None)
def test_any_bytes_are_read_or_refused_as_a_parse_error(data):
    try:
        load_json_tree(data, path="x")
    except ParseError:
        return


def test_what_follows_a_number_that_is_too_large_is_not_read_for_a_number():
    with pytest.raises(ParseError, match="too large to be represented"):
        load_json(b'{"a": 1e999.1.0}', path="a.json")
