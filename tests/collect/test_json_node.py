"""Reading JSON by name and type, and where a refusal points."""

from __future__ import annotations

import json

import pytest

from probanda.collect.json_node import MAX_INTEGER, read_node
from probanda.errors import CollectError, ParseError


def node(value):
    return read_node(json.dumps(value).encode(), source="a.json")


def test_a_refusal_names_line_column_and_path():
    data = b'{\n  "runs": [\n    {"tool": 5}\n  ]\n}'
    run = read_node(data, source="a.json").objects("runs")[0]
    with pytest.raises(CollectError) as caught:
        run.object("tool")
    assert str(caught.value) == "a.json:3:14: $.runs[0].tool must be an object"
    with pytest.raises(CollectError) as caught:
        run.text("name")
    assert str(caught.value) == "a.json:3:5: $.runs[0].name is missing"


def test_a_large_text_is_not_read_again_for_its_place():
    data = b'{"a": 1' + b" " * (8 << 20) + b"}"
    with pytest.raises(CollectError) as caught:
        read_node(data, source="a.json").text("a")
    assert str(caught.value) == "a.json: $.a must be text"


@pytest.mark.parametrize("value", [[], 5, None, "a", True])
def test_a_document_is_an_object(value):
    with pytest.raises(CollectError, match=r"\$ must be an object"):
        node(value)


def test_what_is_no_strict_json_is_refused():
    for data in (b"", b"{", b'{"a": 1, "a": 2}', b'{"a": NaN}', b"[" * 100_000):
        with pytest.raises(ParseError):
            read_node(data, source="a.json")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (-1, "from 0"), (-0.5, "from 0|whole"), (1.5, "whole"), ("1", "whole"), (True, "whole"),
        (None, "whole"), (MAX_INTEGER + 1, "from 0"), (1e300, "from 0"), ([], "whole"),
    ],
)  # fmt: skip
def test_a_count_is_a_whole_number_from_zero(value, reason):
    with pytest.raises(CollectError, match=reason):
        node({"n": value}).count("n")


def test_go_writes_counts_as_floats():
    assert node({"n": 5.0}).count("n") == 5
    assert type(node({"n": 5.0}).count("n")) is int


@pytest.mark.parametrize("value", [-0.1, "1", True, None, 1e300])
def test_an_amount_is_a_number_from_zero(value):
    with pytest.raises(CollectError, match=r"\$\.n must be"):
        node({"n": value}).amount("n")


def test_null_is_a_wrong_value_and_not_an_absent_one():
    given = node({"a": None})
    for read in (
        lambda: given.text("a", ""),
        lambda: given.flag("a", default=False),
        lambda: given.word("a", {"x"}, ""),
        lambda: given.items("a"),
        lambda: given.object_or_none("a"),
        lambda: given.instant("a"),
    ):
        with pytest.raises(CollectError, match=r"\$\.a must be"):
            read()


def test_absent_values_have_the_default_that_the_reader_gives():
    given = node({})
    assert given.text("a", "") == ""
    assert given.flag("a", default=True) is True
    assert given.items("a") == []
    assert given.object_or_none("a") is None
    assert given.instant("a") == ""
    with pytest.raises(CollectError, match="missing"):
        given.flag("a")


def test_text_that_must_be_there_is_not_empty():
    with pytest.raises(CollectError, match=r"\$\.a is empty"):
        node({"a": ""}).text("a")


def test_an_unknown_word_is_refused_with_the_known_ones():
    with pytest.raises(CollectError, match="unknown word") as caught:
        node({"a": "errr"}).word("a", ("error", "none"))
    assert caught.value.hint == "one of error, none"
    assert "errr" not in str(caught.value)


def test_instants_are_given_in_utc_and_naive_ones_are_refused():
    assert node({"a": "2026-01-02T03:04:05+02:00"}).instant("a") == "2026-01-02T01:04:05Z"
    with pytest.raises(CollectError, match="no RFC 3339 instant"):
        node({"a": "2026-01-02T03:04:05"}).instant("a")
