"""GraphQL: gqlparser's trees and messages, schemas, queries against them, limits."""

from __future__ import annotations

from typing import Any

import pytest

from probanda.errors import PolicyError
from probanda.rego.builtins import BUILTINS, BuiltinError

SCHEMA = """
interface Node { id: ID! }
type Query { hero(episode: Episode = JEDI): Character find(by: Filter!, n: Int): [Node!] }
union Character = Human | Droid
type Human implements Node { id: ID! name: String! friends: [Character] }
type Droid implements Node { id: ID! model: String }
enum Episode { JEDI EMPIRE }
input Filter { name: String! deep: Filter tags: [String!] }
"""


def call(name: str, *operands: Any) -> Any:
    return BUILTINS[f"graphql.{name}"].function(*operands)


def problem(name: str, *operands: Any) -> str:
    with pytest.raises(BuiltinError) as caught:
        call(name, *operands)
    return caught.value.message


# --- trees ---------------------------------------------------------------------------------


def test_a_query_has_gqlparsers_tree() -> None:
    text = 'query q($a: [Int!]! = [1]) @d(x: "y") { b: c(e: {f: $a}) ...G ... on H { i } }'
    operation = call("parse_query", text)["Operations"][0]
    assert operation["Name"] == "q"
    assert operation["Directives"] == [
        {
            "Name": "d",
            "Location": "",
            "Arguments": [{"Name": "x", "Value": value(3, "y")}],
        }
    ]
    assert operation["VariableDefinitions"] == [
        {
            "Variable": "a",
            "Used": False,
            "Type": {
                "NamedType": "",
                "NonNull": True,
                "Elem": {"NamedType": "Int", "NonNull": True},
            },
            "DefaultValue": value(8, "", [{"Name": "", "Value": value(1, "1")}]),
        }
    ]
    field, spread, inline = operation["SelectionSet"]
    inner = value(9, "", [{"Name": "f", "Value": value(0, "a")}])
    assert field == {"Alias": "b", "Name": "c", "Arguments": [{"Name": "e", "Value": inner}]}
    assert spread == {"Name": "G"}
    assert inline["TypeCondition"] == "H"


def value(kind: int, raw: str, children: list[Any] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"Kind": kind, "Raw": raw, "ExpectedTypeHasDefault": False}
    return made | ({"Children": children} if children else {})


def test_a_schema_has_gqlparsers_tree() -> None:
    text = """
      "A" type A implements B & C @d { "f" f(a: Int = 1): [A!] }
      directive @d repeatable on OBJECT | FIELD
      extend union U = A
      schema { query: A }
    """
    made = call("parse_schema", text)
    assert made["Definitions"] == [
        {
            "Kind": "OBJECT",
            "Description": "A",
            "Name": "A",
            "Interfaces": ["B", "C"],
            "BuiltIn": False,
            "Directives": [{"Name": "d", "Location": ""}],
            "Fields": [
                {
                    "Description": "f",
                    "Name": "f",
                    "Arguments": [
                        {
                            "Description": "",
                            "Name": "a",
                            "DefaultValue": value(1, "1"),
                            "Type": {"NamedType": "Int", "NonNull": False},
                        }
                    ],
                    "Type": {
                        "NamedType": "",
                        "NonNull": False,
                        "Elem": {"NamedType": "A", "NonNull": True},
                    },
                }
            ],
        }
    ]
    assert made["Directives"][0]["IsRepeatable"] is True
    assert made["Directives"][0]["Locations"] == ["OBJECT", "FIELD"]
    assert made["Extensions"][0]["Types"] == ["A"]
    assert made["Schema"][0]["OperationTypes"] == [{"Operation": "query", "Type": "A"}]


def test_comments_are_kept_with_what_follows_them() -> None:
    made = call("parse_query", "# one\nquery { # two\n a }")["Operations"][0]
    assert made["Comment"] == {"List": [{"Value": "# one"}]}
    assert made["SelectionSet"][0]["Comment"] == {"List": [{"Value": "# two"}]}


def test_a_comment_before_a_query_without_a_word_is_not_kept() -> None:
    assert "Comment" not in call("parse_query", "# one\n{ a }")["Operations"][0]


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("a\n  b", "a\n  b"),
        ("  a\n    b\n  c", "  a\n  b\nc"),
        ("\n  a\n    b\n", "a\n  b"),
    ],
)
def test_the_first_line_of_a_block_counts_for_its_indentation(raw: str, value: str) -> None:
    text = f'{{a(b: """{raw}""")}}'
    arguments = call("parse_query", text)["Operations"][0]["SelectionSet"][0]["Arguments"]
    assert arguments[0]["Value"]["Raw"] == value


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("enum E{A A} type Query{a:E}", "1:10: Enum value E.A can only be defined once."),
        (
            "enum E{A} extend enum E{A} type Query{a:E}",
            "1:25: Enum value E.A can only be defined once.",
        ),
        (
            "union U=A|A type A{a:Int} type Query{a:Int}",
            "Union type U can only include type A once.",
        ),
        (
            "type Query{a:Int @deprecated @deprecated}",
            "1:31: The directive deprecated can only be used once at this location.",
        ),
        (
            'type Query{a:Int @deprecated(foo:"x")}',
            "1:30: Undefined argument foo for directive deprecated.",
        ),
        (
            "directive @d(x:Int!) on FIELD_DEFINITION type Query{a:Int @d}",
            "1:60: Argument x for directive d cannot be null.",
        ),
        (
            "input I{a:J!} input J{c:K!} input K{x:I!} type Query{a:Int}",
            (
                '1:9: Cannot reference Input Object "I" within itself through a series of non-null'
                ' fields: "a.c.x".'
            ),
        ),
    ],
)
def test_a_schema_that_repeats_itself_is_refused(schema: str, message: str) -> None:
    assert call("schema_is_valid", schema) is False
    with pytest.raises(BuiltinError) as caught:
        call("parse", "{a}", schema)
    assert message in caught.value.message


@pytest.mark.parametrize(
    "schema",
    [
        "input I{a:[I!]!} type Query{a:Int}",
        "input I{a:I} type Query{a:Int}",
        "directive @d on OBJECT type Query @d @d{a:Int}",
        "directive @d repeatable on FIELD_DEFINITION type Query{a:Int @d @d}",
    ],
)
def test_a_schema_that_only_seems_to_is_valid(schema: str) -> None:
    assert call("schema_is_valid", schema) is True


def test_the_place_of_a_mistake_about_an_argument_is_its_field() -> None:
    schema = "type Query{abc(xx:Int):Int}"
    with pytest.raises(BuiltinError) as caught:
        call("parse", "{abc(xy:1)}", schema)
    assert caught.value.message == (
        'Unknown argument "xy" on field "Query.abc". Did you mean "xx"?\n'
        " in GraphQL string at location 1:2"
    )
    with pytest.raises(BuiltinError, match=r"Variable .* is not defined in .* location 1:9"):
        call("parse", "{abc(xx:$v)}", schema)


def test_strings_are_decoded_and_blocks_dedented() -> None:
    text = '{a(b: "\\u00e9\\n\\"", c: """\n    x\n      y\n    """)}'
    arguments = call("parse_query", text)["Operations"][0]["SelectionSet"][0]["Arguments"]
    assert [one["Value"]["Raw"] for one in arguments] == ['é\n"', "x\n  y"]
    assert [one["Value"]["Kind"] for one in arguments] == [3, 4]


@pytest.mark.parametrize("text", ["", " ,\n", "# only a comment"])
def test_nothing_is_a_query_and_a_valid_one(text: str) -> None:
    assert call("parse_query", text) == {}
    assert call("is_valid", text, SCHEMA) is True


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Expected Name, found <EOF> in GraphQL string at location 1:2"),
        ("{}", "expected at least one definition, found } in GraphQL string at location 1:2"),
        ("query", "Expected {, found <EOF> in GraphQL string at location 1:6"),
        ("foo", 'Unexpected Name "foo" in GraphQL string at location 1:1'),
        ("{a(b: )}", "Unexpected ) in GraphQL string at location 1:7"),
        ("{a\n  ?}", "Expected Name, found <Invalid> in GraphQL string at location 2:3"),
        ("fragment on on A {b}", 'Unexpected Name "on" in GraphQL string at location 1:10'),
        ("query ($a: Int = $b) {c}", "Unexpected $ in GraphQL string at location 1:18"),
        ("fragment a {b}", 'Expected "on", found { in GraphQL string at location 1:12'),
    ],
)
def test_malformed_queries_are_refused_in_gqlparsers_words(text: str, message: str) -> None:
    assert problem("parse_query", text) == message
    assert call("is_valid", text, SCHEMA) is False
    assert call("parse_and_verify", text, SCHEMA) == [False, {}, {}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("type A {", "Expected Name, found <EOF>"),
        ("type", "Expected Name, found <EOF>"),
        ("extend type A", "Unexpected <EOF>"),
        ('"d" extend type A { b: C }', 'Unexpected String "d"'),
        ("directive @a on NOWHERE", 'Unexpected Name "NOWHERE"'),
        ("union A = B |", "Expected Name, found <EOF>"),
        ("input A { b(c: D): E }", "Expected :, found ("),
        ("}", "Unexpected }"),
    ],
)
def test_malformed_schemas_are_refused_in_gqlparsers_words(text: str, message: str) -> None:
    assert problem("parse_schema", text).startswith(f"{message} in GraphQL string at location ")
    assert call("schema_is_valid", text) is False


# --- schemas -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("type A { b: Int } type A { c: Int }", "Cannot redeclare type A."),
        ("scalar Int", "Cannot redeclare type Int."),
        ("type A { b: B }", "Undefined type B."),
        ("type A { b: Int b: Int }", "Field A.b can only be defined once."),
        ("type A { b: I } input I { c: Int }", "OBJECT A: field must be one of SCALAR"),
        ("input I { a: A } type A { b: Int }", "OBJECT a: field must be one of SCALAR"),
        ("type A { b(c: A): Int }", "cannot use A as argument c because OBJECT is not"),
        ("union U = A", 'Undefined type "A".'),
        ("union U = S scalar S", 'UNION type "S" must be OBJECT.'),
        ("enum E { true }", "ENUM E: non-enum value true."),
        ("type __A { b: Int }", 'Name "__A" must not begin with "__"'),
        ("type A @x { b: Int }", "Undefined directive x."),
        ("type A @skip(if: true) { b: Int }", "Directive skip is not applicable on OBJECT."),
        ("directive @a(b: Int @a) on FIELD", "Directive a cannot refer to itself."),
        ("directive @a on FIELD directive @a on FIELD", "Cannot redeclare directive a."),
        ("extend enum A { B } type A { b: Int }", "Cannot extend type A because the base type"),
        ("schema { query: Q }", "Schema root query refers to a type Q that does not exist."),
        ("interface I { a: Int } type A implements I { b: Int }", "it must have a field called a"),
        (
            "interface I { a: Int! } type A implements I { a: Int }",
            "For A to implement I the field a must have type Int!.",
        ),
        (
            "interface I { a(b: Int): Int } type A implements I { a: Int }",
            "must have the same arguments but it is missing b.",
        ),
        (
            "interface I { a: Int } type A implements I { a(b: Int!): Int }",
            "must be optional or have a default value but b is required.",
        ),
        (
            "interface I {a: Int} interface J implements I {a: Int} type A implements J {a: Int}",
            "Type A must implement I because it is implemented by J.",
        ),
    ],
)
def test_invalid_schemas_are_refused_in_gqlparsers_words(text: str, message: str) -> None:
    assert call("schema_is_valid", text) is False
    said = problem("parse", "{a}", text)
    assert said.startswith("Error in gqlparser SchemaDocument to Schema conversion: input:1:")
    assert message in said


def test_valid_schemas_are_valid_as_texts_and_as_trees() -> None:
    assert call("schema_is_valid", SCHEMA) is True
    assert call("schema_is_valid", call("parse_schema", SCHEMA)) is True
    assert call("schema_is_valid", "interface I { a: I } type A implements I { a: A! }") is True
    assert call("schema_is_valid", "directive @skip(if: Int) on FIELD") is True
    assert call("schema_is_valid", 1) is False


# --- queries against schemas ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{nope}", 'Cannot query field "nope" on type "Query" in GraphQL string at location 1:2'),
        ("{hero}", 'Field "hero" of type "Character" must have a selection of subfields'),
        ("{hero {name}}", 'Cannot query field "name" on type "Character"'),
        ("{hero(x: 1) {__typename}}", 'Unknown argument "x" on field "Query.hero"'),
        ("{hero(episode: NOPE) {__typename}}", 'Value "NOPE" does not exist in "Episode" enum'),
        ("{find {id}}", 'Field "find" argument "by" of type "Filter!" is required'),
        ("{find(by: {}) {id}}", 'Field "Filter.name" of required type "String!" was not provided'),
        ("{hero {...X}}", 'Unknown fragment "X"'),
        ("query ($a: Int) {hero {__typename}}", 'Variable "$a" is never used'),
        ("query ($a: Human) {hero {__typename}}", 'Variable "$a" cannot be non-input type "Human"'),
        ("{hero {...on Episode {a}}}", "Fragment cannot condition on non composite type"),
        ('{a: hero {__typename} a: find(by: {name: "x"}) {id}}', 'Fields "a" conflict because'),
        ("{hero @nope {__typename}}", 'Unknown directive "@nope"'),
        ("mutation {a}", 'Schema does not support operation type "mutation"'),
        ("query q {hero {__typename}} query q {hero {__typename}}", "There can be only one"),
    ],
)
def test_invalid_queries_are_refused(query: str, message: str) -> None:
    assert call("is_valid", query, SCHEMA) is False
    said = problem("parse", query, SCHEMA)
    assert message in said
    assert " in GraphQL string at location 1:" in said


def test_a_valid_query_gives_both_trees_from_texts_and_from_trees() -> None:
    query = """
      query q($by: Filter!) {
        hero(episode: EMPIRE) { ... on Human { name friends { ...D } } }
        find(by: $by, n: -1) { id @include(if: true) }
        __schema { types { name } }
      }
      fragment D on Droid { model }
    """
    trees = call("parse_query", query), call("parse_schema", SCHEMA)
    assert call("parse", query, SCHEMA) == list(trees)
    assert call("parse_and_verify", *trees) == [True, *trees]
    assert call("is_valid", *trees) is True


def test_the_place_is_where_the_query_says_it() -> None:
    said = problem("parse", "# é\n{\n  hero {\n    nope\n  }\n}", SCHEMA)
    assert said.endswith("at location 4:5")


# --- trees that no text has ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["a } query x { b", "", "a b", "__typename } #", 'a(b: "c")', "é"])
def test_a_name_in_a_tree_cannot_become_anything_else(name: str) -> None:
    selection = {"Alias": "a", "Name": name}
    tree = {"Operations": [{"Operation": "query", "SelectionSet": [selection]}]}
    assert call("is_valid", tree, SCHEMA) is False


@pytest.mark.parametrize(
    "tree",
    [
        {"Operations": 1},
        {"Operations": [{"Operation": "drop", "SelectionSet": []}]},
        {"Operations": [{"Operation": "query", "SelectionSet": [1]}]},
        {"Operations": [{"Operation": "query", "Name": 1}]},
        {"Operations": [{"Operation": "query", "SelectionSet": []}]},
        1,
        None,
    ],
)
def test_malformed_trees_are_not_valid(tree: Any) -> None:
    assert call("is_valid", tree, SCHEMA) is False
    with pytest.raises(BuiltinError):
        call("parse", tree, SCHEMA)


# --- limits --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "{a" * 300 + "}" * 300,
        "{a(b: " + "[" * 300,
        "query ($a: " + "[" * 300,
        "{" + "a " * 120_000 + "}",
        "{a" + " " * (1 << 20) + "}",
    ],
)
def test_what_is_too_deep_or_too_long_fails_in_every_mode(query: str) -> None:
    for name, operands in (("parse_query", (query,)), ("is_valid", (query, SCHEMA))):
        with pytest.raises(PolicyError) as caught:
            call(name, *operands)
        assert not isinstance(caught.value, BuiltinError)


def test_quadratic_queries_fail_quickly() -> None:
    for query in (
        "{" + "hero {__typename} " * 1_001 + "}",
        "{hero {...f0}}" + "".join(f"fragment f{n} on Droid {{id}}" for n in range(201)),
    ):
        with pytest.raises(PolicyError, match="limit"):
            call("is_valid", query, SCHEMA)


def test_a_tree_that_is_too_deep_fails_in_every_mode() -> None:
    selection: dict[str, Any] = {"Alias": "a", "Name": "a"}
    for _ in range(3_000):
        selection = {"Alias": "a", "Name": "a", "SelectionSet": [selection]}
    tree = {"Operations": [{"Operation": "query", "SelectionSet": [selection]}]}
    with pytest.raises(PolicyError) as caught:
        call("is_valid", tree, SCHEMA)
    assert not isinstance(caught.value, BuiltinError)
