"""`rego.parse_module`: OPA's JSON of a syntax tree."""

from __future__ import annotations

from typing import Any

import pytest

from probanda.rego.builtins import BUILTINS, BuiltinError


def parse(text: Any) -> Any:
    return BUILTINS["rego.parse_module"].function("m.rego", text)


def var(name: str) -> dict[str, Any]:
    return {"type": "var", "value": name}


def ref(head: str, *path: str) -> dict[str, Any]:
    parts = [{"type": "string", "value": one} for one in path]
    return {"type": "ref", "value": [var(head), *parts]}


def number(value: Any) -> dict[str, Any]:
    return {"type": "number", "value": value}


def rule(text: str) -> Any:
    return parse(f"package a\n{text}")["rules"][0]


def test_a_module_has_package_imports_rules_and_comments() -> None:
    made = parse("# c\npackage a.b\nimport data.x as y\np := 1")
    assert made["package"]["path"] == ref("data", "a", "b")["value"]
    assert made["imports"] == [{"path": ref("data", "x"), "alias": "y"}]
    assert made["rules"] == [
        {
            "head": {"name": "p", "ref": [var("p")], "value": number(1), "assign": True},
            "body": [{"index": 0, "terms": {"type": "boolean", "value": True}}],
        }
    ]
    location = {"file": "m.rego", "row": 1, "col": 1}
    assert made["comments"] == [{"Text": "IGM=", "Location": location}]
    assert parse("package a") == {"package": {"path": ref("data", "a")["value"]}}


def test_heads_have_what_they_were_written_with() -> None:
    assert rule("s contains x if x := 1")["head"] == {
        "name": "s",
        "ref": [var("s")],
        "key": var("x"),
    }
    assert rule("p[x] := 2 if x := 1")["head"]["ref"] == [var("p"), var("x")]
    assert rule("f(x) := x")["head"]["args"] == [var("x")]
    assert rule("default p := null")["default"] is True
    assert rule("p := 1 if false\nelse := 2")["else"]["head"]["value"] == number(2)


def test_expressions_are_calls_declarations_and_terms() -> None:
    body = rule("p if { some x in [1]; not f(x) with input as 1; every y in [] { y > 1 }; x }")[
        "body"
    ]
    member = {"type": "call", "value": [ref("internal", "member_2"), var("x"), array(number(1))]}
    assert body[0] == {"index": 0, "terms": {"symbols": [member]}}
    assert body[1] == {
        "index": 1,
        "terms": [ref("f"), var("x")],
        "negated": True,
        "with": [{"target": ref("input"), "value": number(1)}],
    }
    inner = [{"index": 0, "terms": [ref("gt"), var("y"), number(1)]}]
    assert body[2]["terms"] == {"key": None, "value": var("y"), "domain": array(), "body": inner}
    assert body[3] == {"index": 3, "terms": var("x")}


def array(*items: Any) -> dict[str, Any]:
    return {"type": "array", "value": list(items)}


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("null", {"type": "null", "value": {}}),
        ('"a"', {"type": "string", "value": "a"}),
        ("{1: 2}", {"type": "object", "value": [[number(1), number(2)]]}),
        ("{2, 1}", {"type": "set", "value": [number(1), number(2)]}),
        ("io.jwt.decode(1)", {"type": "call", "value": [ref("io", "jwt", "decode"), number(1)]}),
        ("1 + 2", {"type": "call", "value": [ref("plus"), number(1), number(2)]}),
        (
            "[x | x := 1]",
            {
                "type": "arraycomprehension",
                "value": {
                    "term": var("x"),
                    "body": [{"index": 0, "terms": [ref("assign"), var("x"), number(1)]}],
                },
            },
        ),
    ],
)
def test_terms_have_type_and_value(text: str, term: Any) -> None:
    assert rule(f"p := {text}")["head"]["value"] == term


def test_all_errors_come_in_one_message_as_opa_counts_them() -> None:
    with pytest.raises(BuiltinError, match=r"^1 error occurred: m\.rego:1: rego_parse_error: "):
        parse("package a.")
    with pytest.raises(BuiltinError) as caught:
        parse("package a\np := )\nq := ]\n")
    first, *rest = caught.value.message.splitlines()
    assert first == "2 errors occurred:"
    assert [line.split(": ")[0] for line in rest] == ["m.rego:2", "m.rego:3"]


def test_deep_terms_come_out() -> None:
    made = rule(f"p := {'[' * 400}1{']' * 400}")["head"]["value"]
    for _ in range(400):
        made = made["value"][0]
    assert made == number(1)
