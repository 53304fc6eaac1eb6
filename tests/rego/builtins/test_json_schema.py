"""JSON schema: gojsonschema's errors in its words, references, limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from probanda.errors import PolicyError
from probanda.rego.builtins import BUILTINS, BuiltinError
from probanda.rego.builtins.json_schema_formats import has_format
from probanda.rego.values import RegoSet


def match(document: Any, schema: Any) -> Any:
    return BUILTINS["json.match_schema"].function(document, schema)


def verify(schema: Any) -> Any:
    return BUILTINS["json.verify_schema"].function(schema)


def errors(document: Any, schema: Any) -> list[str]:
    """The texts of all errors; the document is put into an array."""
    return [one["error"] for one in match([document], {"items": schema})[1]]


@pytest.mark.parametrize(
    ("schema", "good", "bad", "message"),
    [
        ({"type": "integer"}, 1.0, "a", "Invalid type. Expected: integer, given: string"),
        (
            {"type": ["string", "null"]},
            None,
            1,
            "Invalid type. Expected: [string,null], given: integer",
        ),
        ({"type": "number"}, 1, True, "Invalid type. Expected: number, given: boolean"),
        ({"type": "integer"}, 2, 1.5, "Invalid type. Expected: integer, given: number"),
        ({"minimum": 3}, 3, 2, "Must be greater than or equal to 3"),
        ({"exclusiveMinimum": 3}, 4, 3, "Must be greater than 3"),
        ({"maximum": 0.5}, 0.5, 1, "Must be less than or equal to 0.5"),
        ({"maximum": 1, "exclusiveMaximum": True}, 0, 1, "Must be less than 1"),
        ({"multipleOf": 0.1}, 0.3, 0.25, "Must be a multiple of 0.1"),
        ({"minLength": 2}, "éé", "é", "String length must be greater than or equal to 2"),
        ({"maxLength": 1}, "a", "ab", "String length must be less than or equal to 1"),
        ({"pattern": "^a"}, "ab", "b", "Does not match pattern '^a'"),
        ({"format": "ipv4"}, "1.2.3.4", "1.2.3", "Does not match format 'ipv4'"),
        ({"minItems": 1}, [1], [], "Array must have at least 1 items"),
        ({"maxItems": 1}, [1], [1, 2], "Array must have at most 1 items"),
        ({"uniqueItems": True}, [1, "1"], [1, 2, 1.0], "array items[0,2] must be unique"),
        ({"items": [{}], "additionalItems": False}, [1], [1, 2], "No additional items allowed"),
        ({"contains": {"type": "null"}}, [None], [], "At least one of the items must match"),
        ({"required": ["a"]}, {"a": 1}, {}, "a is required"),
        ({"minProperties": 1}, {"a": 1}, {}, "Must have at least 1 properties"),
        ({"maxProperties": 0}, {}, {"a": 1}, "Must have at most 0 properties"),
        (
            {
                "properties": {"a": {}},
                "patternProperties": {"^x": {}},
                "additionalProperties": False,
            },
            {"a": 1, "xy": 1},
            {"b": 1},
            "Additional property b is not allowed",
        ),
        ({"propertyNames": {"pattern": "^a"}}, {"ab": 1}, {"b": 1}, 'Property name of "b"'),
        ({"dependencies": {"a": ["b"]}}, {"a": 1, "b": 1}, {"a": 1}, "Has a dependency on b"),
        ({"const": {"a": [1]}}, {"a": [1.0]}, 1, 'does not match: {"a":[1]}'),
        ({"enum": ["a", 1]}, 1.0, "b", 'must be one of the following: "a", 1'),
        ({"enum": []}, None, None, "must be one of the following: (none)"),
        ({"not": {"type": "null"}}, 1, None, "Must not validate the schema (not)"),
        ({"allOf": [{"minimum": 1}]}, 1, 0, "Must validate all the schemas (allOf)"),
        ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 1, 3, "Must validate one and only one"),
        ({"anyOf": [{"minimum": 1}, {"type": "null"}]}, 1, 0, "Must validate at least one"),
        ({"if": {"minimum": 5}, "then": {"maximum": 7}}, 6, 8, '"then" as "if" was valid'),
        ({"if": {"minimum": 5}, "else": {"minimum": 2}}, 3, 1, '"else" as "if" was not valid'),
        (False, None, 1, "False always fails validation"),
    ],
)
def test_each_keyword_accepts_and_refuses_in_gojsonschemas_words(
    schema: Any, good: Any, bad: Any, message: str
) -> None:
    if schema is not False and schema != {"enum": []}:
        assert errors(good, schema) == []
    assert any(message in text and text.startswith("0") for text in errors(bad, schema))


def test_an_error_has_its_type_field_and_description() -> None:
    schema = {"properties": {"a": {"properties": {"b": {"type": "null"}}}}}
    valid, found = match({"a": {"b": 1}}, schema)
    description = "Invalid type. Expected: null, given: integer"
    assert valid is False
    assert found == [
        {
            "error": f"a.b: {description}",
            "type": "invalid_type",
            "field": "a.b",
            "desc": description,
        }
    ]
    assert match({}, {"required": ["x"]})[1][0]["field"] == "(Root)"


def test_the_alternative_that_fits_best_explains_itself() -> None:
    schema = {
        "anyOf": [
            {"required": ["q", "r", "s"]},
            {"required": ["a"], "properties": {"a": {"type": "null"}}},
        ]
    }
    found = [one["error"] for one in match({"a": 1}, schema)[1]]
    assert found[1:] == ["a: Invalid type. Expected: null, given: integer"]


def test_documents_and_schemas_may_be_json_texts_and_sets_are_arrays() -> None:
    assert match('{"a": 1e0}', '{"properties": {"a": {"const": 1}}}') == [True, []]
    assert match({"a": RegoSet([2, 1])}, {"properties": {"a": {"const": [1, 2]}}}) == [True, []]
    assert match({"a": Decimal("1.10")}, {"properties": {"a": {"const": 1.1}}}) == [True, []]


def test_references_are_resolved_within_the_schema() -> None:
    tree = {
        "$id": "http://example.com/root.json",
        "definitions": {
            "node": {
                "properties": {"next": {"$ref": "#/definitions/node"}, "v": {"$ref": "v.json"}}
            },
            "v": {"$id": "v.json", "type": "string"},
            "a/b": {"$id": "#frag", "minimum": 1},
        },
        "properties": {
            "n": {"$ref": "root.json#/definitions/node"},
            "p": {"$ref": "#/definitions/a~1b"},
            "q": {"$ref": "#frag"},
        },
    }
    assert match({"n": {"next": {"next": {"v": "x"}}}, "p": 1, "q": 1}, tree) == [True, []]
    found = match({"n": {"next": {"v": 1}}, "p": 0, "q": 0}, tree)[1]
    assert [one["field"] for one in found] == ["n.next.v", "p", "q"]


@pytest.mark.parametrize(
    "reference", ["http://example.com/x", "file:///etc/passwd", "other.json", "#/nowhere"]
)
def test_a_reference_out_of_the_schema_is_refused(reference: str) -> None:
    valid, reason = verify({"$ref": reference})
    assert valid is False
    assert reason.startswith("jsonschema: ")
    with pytest.raises(BuiltinError):
        match({}, {"$ref": reference})


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (1, "wrong type, expected string or object"),
        ("{", "invalid JSON string"),
        ([], "schema is invalid"),
        ({"type": 1}, "Invalid type. Expected: type, given: string/Array Of Strings"),
        ({"type": ["null", "null"]}, "null type is duplicated"),
        ({"properties": []}, "Properties must be of type object"),
        ({"properties": {"a": 1}}, "Expected: Valid Schema, given: Invalid JSON"),
        ({"minLength": -1}, "minLength must be greater than or equal to 0"),
        ({"minLength": 1.5}, "minLength must be of an integer"),
        ({"minLength": 2, "maxLength": 1}, "minLength cannot be greater than maxLength"),
        ({"multipleOf": 0}, "multipleOf must be strictly greater than 0"),
        ({"minimum": "a"}, "minimum must be of a Number"),
        ({"exclusiveMinimum": True}, "exclusiveMinimum cannot be used without minimum"),
        ({"pattern": "("}, "pattern must be a valid regex"),
        ({"patternProperties": {"(": {}}}, "Invalid regex pattern '('"),
        ({"required": ["a", "a"]}, "required items must be unique"),
        ({"enum": [1, 1.0]}, "enum items must be unique"),
        ({"uniqueItems": 1}, "uniqueItems must be of a boolean"),
        ({"items": 1}, "Invalid type. Expected: Valid Schema/Array Of Schemas, given: items"),
        ({"dependencies": {"a": [1]}}, "Dependency must be of type Schema Or Array Of Strings"),
        ({"not": []}, "not must be of an object"),
        ({"$schema": 1}, "$schema must be of type string"),
    ],
)
def test_wrong_schemas_are_refused_in_gojsonschemas_words(schema: Any, reason: str) -> None:
    assert verify(schema) == [False, f"jsonschema: {reason}"]


def test_drafts_differ() -> None:
    old = {"$schema": "http://json-schema.org/draft-04/schema#", "const": 1}
    assert match({"a": 2}, old) == [True, []]
    bound = {"exclusiveMinimum": True, "minimum": 1}
    new = {"$schema": "http://json-schema.org/draft-07/schema#"} | bound
    assert verify(new) == [
        False,
        "jsonschema: Invalid type. Expected: number, given: exclusiveMinimum",
    ]


def test_a_schema_that_refers_to_itself_alone_fails_in_every_mode() -> None:
    with pytest.raises(PolicyError) as caught:
        match({}, {"$ref": "#"})
    assert not isinstance(caught.value, BuiltinError)


def test_branching_without_end_is_stopped() -> None:
    schema: dict[str, Any] = {"definitions": {}}
    for level in range(25):
        target = {"$ref": f"#/definitions/{level + 1}"} if level < 24 else {"type": "null"}
        schema["definitions"][str(level)] = {"anyOf": [target, target]}
    schema["$ref"] = "#/definitions/0"
    with pytest.raises(PolicyError, match="too many steps"):
        match({}, schema)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", ["2024-02-29", "0000-02-29"], ["2023-02-29", "2024-1-1", "20240101"]),
        ("time", ["12:00:00", "12:00:00Z", "23:59:59.5+01:00"], ["24:00:00", "12:00"]),
        ("date-time", ["2024-01-01T00:00:00Z", "12:00:00"], ["2024-01-01T00:00:00", "x"]),
        ("hostname", ["a-b.example"], ["-a", "a..b", "a_b", "a" * 64]),
        ("email", ["a@b", '"a b"@c.d', "A <a@b>"], ["a", "a@", "@b", "a b@c"]),
        ("ipv4", ["1.2.3.4"], ["1.2.3.400", "::1", "01.2.3.4"]),
        ("ipv6", ["::1", "::ffff:1.2.3.4"], ["1.2.3.4", "::g", "fe80::1%eth0"]),
        ("uri", ["http://a/b?c#d", "urn:a:b"], ["a/b", "http://a b", "http://[::1", "a\\b:c"]),
        ("uri-reference", ["a/b", "#x"], ["%zz", ":a"]),
        ("uri-template", ["http://a/{b}"], ["http://a/{b"]),
        ("uuid", ["123E4567-e89b-12d3-a456-426614174000"], ["123e4567"]),
        ("regex", ["a+", ""], ["("]),
        ("json-pointer", ["", "/a~0b"], ["a", "/~2"]),
        ("relative-json-pointer", ["0#", "1/a"], ["-1", "/a"]),
        ("unheard-of", ["anything"], []),
    ],
)
def test_formats_are_checked_as_gojsonschema_does(
    name: str, good: list[str], bad: list[str]
) -> None:
    assert [text for text in good if not has_format(name, text)] == []
    assert [text for text in bad if has_format(name, text)] == []
