"""The whole: ordinary Rego that other engines get wrong, OPA's own modules, sizes, depths."""

from __future__ import annotations

import gzip
import json

import pytest

from probanda.rego import ast
from probanda.rego.diagnostic import RegoErrors
from probanda.rego.parser import parse_module, parse_query
from probanda.rego.resolve import Program, ResolvedRule, resolve, resolve_query
from probanda.rego.resolve.bindings import bindings
from probanda.rego.resolve.hoist import is_in_order
from probanda.rego.resolve.walk import COMPREHENSIONS, own_variables, parts, roots_of
from probanda.rego.unparse import unparse


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('p if startswith(input.names[i], "x")', ['startswith(input.names[i], "x")']),
        ('p if { some i; startswith(input.names[i], "x") }', ['startswith(input.names[i], "x")']),
        ("p contains k if count(input.r[k]) == 1", ["count(input.r[k]) == 1"]),
        ("p if { x := [input.n[k]]; x[0] == 1 }", ["x = [input.n[k]]", "x[0] == 1"]),
        ('p if {"v": 2} == {"v": input.n[k]}', ['{"v": 2} == {"v": input.n[k]}']),
        ('p if startswith(input.names[_], "x")', ['startswith(input.names[_], "x")']),
        ("p contains k if k := upper(input.names[_])", ["k = upper(input.names[_])"]),
        ("p if [x, 1] = [input.n[_], 1]", ["[x, 1] = [input.n[_], 1]"]),
        ("p contains lib if input.libs[lib].bad", ["input.libs[lib].bad"]),
        ("p if every x in input.xs { x > 1 }", ["every x in input.xs { x > 1 }"]),
    ],
)
def test_ordinary_rego_is_understood(text, lines, body):
    """The rows of ir.md §3 that are right, next to a package that is called like a variable."""
    assert body(text, "package lib\nx := 1", "package test.lib\ny := 1") == lines


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("allow if not blokced", "var blokced is unsafe"),
        ("allow if not input.x == z", "var z is unsafe"),
        ("p if { x := 1; x := 2 }", "var x assigned above"),
        ("f(x) := x\np if not f(1, 1, 1)", "function data.test.f has arity 1, got 3 arguments"),
    ],
)
def test_ordinary_mistakes_are_refused(text, message, refused):
    """The other rows of ir.md §3."""
    assert refused(text)[0].message == message


@pytest.mark.parametrize(
    ("entrypoints", "message"),
    [
        (["test/p", "test", "test/q/r", "test/s"], ""),
        (["test/nope"], 'entrypoint "test/nope" does not refer to a rule or policy decision'),
        (["other"], 'entrypoint "other" does not refer to a rule or policy decision'),
        (["test/f"], 'entrypoint "test/f" does not refer to a rule or policy decision'),
        ([""], 'entrypoint "" does not refer to a rule or policy decision'),
    ],
)
def test_entry_points_exist(entrypoints, message, program, refused):
    text = "p := 1\nq.r := 2\ns[x] := 1 if x := 1\nf(x) := x"
    if message:
        assert refused(text, entrypoints=entrypoints)[0].message == message
    else:
        assert program(text, entrypoints=entrypoints).groups


# --- queries ------------------------------------------------------------------------------


def _query(text: str, program: Program, **options):
    resolved = resolve_query(parse_query(text), program, **options)
    return [" ".join(unparse(item).split()) for item in resolved.body], resolved


def test_a_query_answers_with_its_named_variables_in_order(program):
    lines, query = _query("data.test.q[i] = x; y := x; some z; z = y", program("q := [1]"))
    assert lines == ["data.test.q[i] = x", "y = x", "z = y"]
    assert query.variables == ("i", "x", "y", "z")
    assert query.names == ("i", "x", "y", "z")


def test_a_query_is_ordered_too(program):
    assert _query("x > 1; x = data.test.q", program("q := 1"))[0] == [
        "x = data.test.q",
        "x > 1",
    ]


def test_a_query_leaves_out_wildcards_and_variables_of_closures(program):
    _, query = _query("[a | a = 1] = x; data.test[_] = y", program("q := 1"))
    assert query.variables == ("x", "y")


def test_a_query_may_be_in_a_package_and_import(program):
    built = program("q := 1")
    assert _query("q = x", built, package=("test",))[0] == ["data.test.q = x"]
    imports = (ast.Import(("data", "test"), "t"),)
    assert _query("t.q = x", built, imports=imports)[0] == ["data.test.q = x"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x > 1", "var x is unsafe"),
        ("nope(1)", "undefined function nope"),
        ("count(1)", "count: invalid argument(s)"),
        ("x := 1; x := 2", "var x assigned above"),
        ("f(1)", "undefined function f"),
        ("data.test.f(1, 2, 3)", "function data.test.f has arity 1, got 3 arguments"),
    ],
)
def test_a_query_is_checked_like_a_body(text, message, program):
    with pytest.raises(RegoErrors) as caught:
        _query(text, program("f(x) := x"))
    assert caught.value.message == message


# --- OPA's modules ------------------------------------------------------------------------


def _cases(vectors):
    path = vectors / "rego" / "opa-conformance.jsonl.gz"
    return [json.loads(line) for line in gzip.open(path)]


def test_every_module_and_query_of_opas_suite_resolves(vectors):
    count = 0
    for case in _cases(vectors):
        modules = [
            parse_module(text, path=f"{index}.rego")
            for index, text in enumerate(case.get("modules") or [])
        ]
        program = resolve(modules)
        query = resolve_query(parse_query(case["query"]), program)
        for group in program.groups.values():
            for rule in (*group.rules, *([group.default] if group.default else [])):
                _check_invariants(rule)
        bound = _check_body(query.body, set())
        assert set(query.names) <= bound
        count += 1
    assert count >= 1_239


def _check_invariants(rule: ResolvedRule | None) -> None:
    """What the planner relies on: order, heads that are bound, no dynamic heads."""
    while rule is not None:
        bound = set()
        for argument in rule.arguments:
            bound |= set(own_variables(argument))
        bound = _check_body(rule.body, bound)
        for term in (*rule.keys, rule.value, *([rule.key] if rule.key else [])):
            assert set(own_variables(term)) <= bound
        rule = rule.otherwise


def _check_body(body: ast.Body, bound: set[str]) -> set[str]:
    bound = set(bound)
    for literal in body:
        assert not isinstance(literal.expression, ast.SomeDecl | ast.SomeIn)
        needs, binds = bindings(literal, bound)
        assert not needs
        assert is_in_order(literal, bound) or literal.negated
        for term in roots_of(literal):
            _check_term(term, bound)
        if isinstance(literal.expression, ast.Every):
            own = {literal.expression.value.name}
            own |= {literal.expression.key.name} if literal.expression.key else set()
            assert not own & bound
            _check_body(literal.expression.body, bound | own)
        bound |= binds
    return bound


def _check_term(term: ast.Term, bound: set[str]) -> None:
    if isinstance(term, COMPREHENSIONS):
        inside = _check_body(term.body, bound)
        heads = [term.key, term.value] if isinstance(term, ast.ObjectComprehension) else [term.term]
        for head in heads:
            assert set(own_variables(head)) <= inside
    if isinstance(term, ast.Call):
        assert term.operator[0] != "assign"
    for part in parts(term):
        _check_term(part, bound)


# --- sizes --------------------------------------------------------------------------------


def _long(rules: int) -> str:
    lines = ["package big", "import data.lib"]
    for index in range(rules):
        lines += [
            f"rule_{index} contains message if {{",
            f"    some item in input.items_{index}",
            f"    item.value > count([x | some x in lib.limits[{index}]; x != item.id])",
            "    not excepted[item.id]",
            f'    message := sprintf("%v is wrong: %d", [item.id, {index}])',
            "}",
        ]
    lines += ["excepted[x] if some x in input.exceptions"]
    return "\n".join(lines)


def test_a_thousand_rules_resolve():
    program = resolve([parse_module(_long(1_000), path="big.rego")])
    assert len(program.groups) > 1_000


def test_many_literals_in_one_body_resolve():
    body = "\n".join(f"    x{index} := input.a{index}" for index in range(2_000))
    module = parse_module(f"package a\np if {{\n{body}\n}}", path="a.rego")
    (group,) = resolve([module]).groups.values()
    assert len(group.rules[0].body) == 2_000


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("[", "]"), ("[x | x := ", "]"), ("count([", "])"), ("input[", "]"), ("{1: ", "}")],
)
def test_deep_nesting_is_no_breakage(opening, closing):
    depth = 120
    text = f"package a\np := {opening * depth}1{closing * depth}"
    assert resolve([parse_module(text, path="a.rego")]).groups


def test_modules_are_taken_in_the_order_of_their_paths():
    texts = {"b.rego": "package a\np := 2 if input.y", "a.rego": "package a\np := 1 if input.x"}
    modules = [parse_module(text, path=path) for path, text in texts.items()]
    rules = resolve(modules).groups["a", "p"].rules
    assert [rule.module_path for rule in rules] == ["a.rego", "b.rego"]
    assert resolve(modules).groups == resolve(modules[::-1]).groups


def test_errors_show_the_line():
    module = parse_module("package a\n\np if not q", path="a.rego")
    with pytest.raises(RegoErrors) as caught:
        resolve([module])
    assert str(caught.value) == (
        "a.rego:3:10: rego_unsafe_var_error: var q is unsafe\n    p if not q\n             ^"
    )
