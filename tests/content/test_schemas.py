"""JSON Schemas that documents carry."""

from __future__ import annotations

import pytest

from probanda.content.schemas import NO_PARAMETERS, problems, schema_problems


def said(found):
    return [(problem.path, problem.message) for problem in found]


@pytest.mark.parametrize(
    "schema",
    [
        {},
        NO_PARAMETERS,
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}},
        {"$id": "urn:x", "properties": {"a": {"$ref": "#a"}}, "$defs": {"a": {"$anchor": "a"}}},
        {"const": {"$ref": "nowhere"}, "enum": [{"pattern": "("}], "default": {"$ref": 1}},
    ],
)
def test_a_good_schema_has_no_problems(schema):
    assert schema_problems(schema) == []


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({"type": "objekt"}, ("type",)),
        ({"properties": {"a": {"minimum": "1"}}}, ("properties", "a", "minimum")),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, ("$schema",)),
        ({"$ref": "#/$defs/b", "$defs": {"a": {}}}, ("$ref",)),
        ({"properties": {"a": {"$ref": "#a"}}}, ("properties", "a", "$ref")),
        ({"items": {"$ref": "https://example.org/schema"}}, ("items", "$ref")),
        ({"items": {"$ref": "file:///etc/passwd"}}, ("items", "$ref")),
        ({"items": {"$id": "https://example.org/x"}}, ("items", "$id")),
        ({"properties": {"a": {"pattern": "("}}}, ("properties", "a", "pattern")),
        ({"patternProperties": {"[": {}}}, ("patternProperties", "[")),
    ],
)
def test_a_bad_schema_says_where(schema, path):
    assert [problem.path for problem in schema_problems(schema)] == [path]


def test_every_unknown_and_missing_name_is_said_once():
    schema = {
        "properties": {"deny": {}, "allow": {}},
        "patternProperties": {"^x-": {}},
        "required": ["deny", "it's"],
        "additionalProperties": False,
    }
    found = problems({"deni": 1, "other": 2, "x-a": 3}, schema)
    assert sorted(said(found)) == [
        (("deni",), "is unknown"),
        (("deny",), "is missing"),
        (("it's",), "is missing"),
        (("other",), "is unknown"),
    ]
    assert {problem.hint for problem in found if problem.path == ("deni",)} == {
        "did you mean 'deny'?"
    }


def test_a_right_value_has_no_problems():
    assert problems({"a": [1]}, {"properties": {"a": {"items": {"type": "integer"}}}}) == []


def test_nothing_is_fetched_for_a_reference(monkeypatch):
    import urllib.request

    def refuse(*arguments, **options):
        raise AssertionError("a schema was fetched")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    assert schema_problems({"$ref": "https://example.org/x"})


def test_booleans_are_not_integers():
    assert said(problems({"a": True}, {"properties": {"a": {"type": "integer"}}})) == [
        (("a",), "must be of type integer")
    ]
