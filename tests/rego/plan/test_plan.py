"""The shape of plans: OPA's statements and fields only, places, early exit, names."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from probanda.errors import PolicyError
from probanda.rego.backend import Context, compile_plan
from probanda.rego.builtins import BUILTINS
from probanda.rego.ir import load_plan
from probanda.rego.parser import parse_module
from probanda.rego.plan import plan_program
from probanda.rego.resolve import resolve

EVERYTHING = """package test

import data.other

default allow := false

allow if {
	some role in data.roles[input.user]
	role == "admin"
}

f(x) := y if {
	[y, {"k": 1}] = x
} else := 0 if not x

s contains [k, v] if some k, v in input.o
o[k] := v if some k, v in input.o
g[k].x := 1 if some k in input.ks
c := {k: v | some k, v in input.o}
t := $"{input.a} and {1 + input.b}"
e if every x in input.xs { f(x) > 0 }
w := x if x := other[_] with input.a as 1 with data.other as {"z": 2} with f as 3
d := data.other[input.k]
n := [null, true, 1.5, "a", {1, "b"}] if not input.o.a == input.ks[0]
walked contains p if walk(input, [p, _])
everything := data
"""


def statements(node: Any) -> Iterator[dict[str, Any]]:
    """All statements of a plan."""
    if isinstance(node, list):
        for item in node:
            yield from statements(item)
    elif isinstance(node, dict):
        if {"type", "stmt"} <= node.keys():
            yield node
        for item in node.values():
            yield from statements(item)


@pytest.fixture
def everything(plan) -> dict[str, Any]:
    rules = "".join(f"r{n} := {n}\n" for n in range(6))
    return plan([EVERYTHING.replace("everything := data\n", ""), f"package other\n{rules}"], "data")


def opa_statements(vectors) -> dict[str, set[str]]:
    path = vectors / "rego" / "opa-conformance.jsonl.gz"
    found: dict[str, set[str]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            for item in statements(json.loads(line)["plan"]):
                found[item["type"]] = set(item["stmt"])
    return found


def test_statements_and_their_fields_are_those_of_opa(everything, vectors):
    known = opa_statements(vectors)
    ours = {item["type"] for item in statements(everything)}
    assert len(ours) > 25, "the module uses most of the language"
    for item in statements(everything):
        assert set(item["stmt"]) == known[item["type"]], item["type"]


def test_every_statement_says_where_it_comes_from(everything):
    files = everything["static"]["files"]
    assert {item["value"] for item in files} == {"0.rego", "1.rego", "query"}
    for item in statements(everything["funcs"]):
        where = item["stmt"]
        assert files[where["file"]]["value"] in {"0.rego", "1.rego"}
        assert where["row"] > 0
        assert where["col"] > 0


def test_a_failing_expression_is_blamed_on_its_own_row(plan):
    made = plan("package test\np if {\n  input.a\n  count(input.b) > 3\n}", "data.test.p")
    rows = [(item["type"], item["stmt"]["row"]) for item in statements(made["funcs"])]
    assert ("NotEqualStmt", 3) in rows
    assert ("NotEqualStmt", 4) in rows


def test_built_in_functions_are_declared_with_their_arity(everything):
    declared = {item["name"]: item["decl"] for item in everything["static"]["builtin_funcs"]}
    assert len(declared["plus"]["args"]) == 2
    assert declared["walk"]["result"] == {"type": "any"}
    assert list(declared) == sorted(declared)


def evaluate(source: str, document: Any, **context: Any) -> Any:
    program = resolve([parse_module(source, path="p.rego")])
    compiled = compile_plan(load_plan(plan_program(program, ["test/p"])), BUILTINS)
    return compiled.evaluate("test/p", document, {}, Context(**context))


def test_an_entry_point_answers_with_a_result_object():
    assert evaluate("package test\np := input.x", {"x": 1}) == [{"result": 1}]
    assert evaluate("package test\np := input.x", {}) == []


def test_an_unknown_entry_point_is_an_error():
    program = resolve([parse_module("package test\np := 1", path="p.rego")])
    with pytest.raises(PolicyError, match="nope"):
        plan_program(program, ["test/nope"])


def test_a_decided_rule_looks_no_further():
    source = "package test\np if { some x in input.xs; 1 / x == 1 }\np if 1 / input.zero == 1"
    assert evaluate(source, {"xs": [1, 0], "zero": 0}, strict=True) == [{"result": True}]
    with pytest.raises(PolicyError, match="divide by zero"):
        evaluate(source, {"xs": [0, 1], "zero": 0}, strict=True)
    steps = {"max_steps": 50}
    assert evaluate(source, {"xs": [1] * 1000, "zero": 1}, **steps) == [{"result": True}]


def test_rules_with_different_values_are_all_tried():
    source = "package test\np := 1 if input.x\np := 2 if input.y"
    with pytest.raises(PolicyError) as caught:
        evaluate(source, {"x": True, "y": True})
    assert caught.value.code == "eval_conflict_error"


def test_a_rule_under_with_is_decided_without_returning_from_the_with():
    source = "package test\nr if input.x == 1\np if { some x in input.xs; r with input.x as x }"
    assert evaluate(source, {"xs": [2, 1, 3]}) == [{"result": True}]
    assert evaluate(source, {"xs": [2, 3]}) == []
    source = "package test\np if { some x in input.xs with input.xs as [1, 2]; x == input.xs[0] }"
    assert evaluate(source, {"xs": [2]}) == [{"result": True}]


def test_deep_and_long_modules_are_planned():
    source = "package test\np := " + "abs(" * 300 + "1" + ")" * 300
    assert evaluate(source, {}) == [{"result": 1}]
    loops = "\n".join(f"x{n} := input.xs[_]" for n in range(40))
    assert evaluate(f"package test\np if {{\n{loops}\n}}", {"xs": [1]}) == [{"result": True}]
    chain = "\n".join(f"q{n} if q{n + 1}" for n in range(3000))
    program = resolve([parse_module(f"package test\n{chain}\nq3000 := 1\np if q0", path="p.rego")])
    assert len(plan_program(program, ["test/p"])["funcs"]["funcs"]) == 3002
