"""What OPA 1.22 makes of ordinary and odd modules: values as facts, one row each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from probanda import rego
from probanda.errors import PolicyError

INPUT = {"x": 1, "xs": [1, 2, 3], "o": {"a": 1, "b": 2}, "s": "str", "f": 1.0}


def answer(text: str, *, version: int = 1, value: Any = rego.UNDEFINED) -> Any:
    """`data.t.p`, as JSON."""
    policy = rego.compile({"p.rego": f"package t\n{text}"}, ["t/p"], version=version)
    return policy.prepare("t/p")(INPUT if value is rego.UNDEFINED else value, {})


def refused(text: str, *, version: int = 1) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        rego.compile({"p.rego": f"package t\n{text}"}, [], version=version)
    return caught.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # `-x` is `0 - x`, and binds more tightly than every operator.
        ("p := -input.x", -1),
        ("p := [-y | some y in input.xs]", [-1, -2, -3]),
        ("p := 2 * -input.x - -count(input.xs)", 1),
        ("p if -input.x == -1", True),
        ("f(x) := x\np := - f(3)", -3),
        # Presence: an argument is evaluated in front of the negation.
        ("p if not input.missing == 1", True),
        ("p if not startswith(input.missing, `a`)", rego.UNDEFINED),
        ("f(x) := false\np if not f(input.missing)", rego.UNDEFINED),
        ("f(x) := false\nq if f(input.missing)\np if not q", True),
        ('p := $"{input.missing} {input.x}"', "<undefined> 1"),
    ],
)
def test_v1(text: str, expected: Any) -> None:
    assert answer(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p { true }", True),
        ("p = x { x = input.xs[_]; x > 2 }", 3),
        ("p[x] { x = input.xs[_] }", [1, 2, 3]),
        ("p[k] = v { v = input.o[k] }", {"a": 1, "b": 2}),
        ('p["a"] = 1\np["b"] = 2', {"a": 1, "b": 2}),
        ("p[1] { true }\np[2] { true }", [1, 2]),
        ("p.a.b = 2 { true }", {"a": {"b": 2}}),
        ("p.q[x] { x = 1 }", {"q": {"1": True}}),
        ("default p = false\np { input.x == 2 }", False),
        ("p = 1 { false } else = 2 { true }", 2),
        ("p { false } else = 3", 3),
        ("p = 1 { false } { true }", 1),
        ("f(1) = 2\nf(x) = 5 { x > 1 }\np = [f(1), f(3)]", [2, 5]),
        ("in = 1\nif = 2\nevery = 3\np = [in, if, every]", [1, 2, 3]),
        ("import future.keywords\np contains x if some x in input.xs", [1, 2, 3]),
        ("import future.keywords.every\np { every x in input.xs { x > 0 } }", True),
        ("import rego.v1\np contains x if some x in input.xs", [1, 2, 3]),
        ("p { any([false, true]); re_match(`^s`, input.s) }", True),
        ("p = [cast_array({1}), cast_string(`a`), set_diff({1, 2}, {2})]", [[1], "a", [1]]),
        ("import data.foo\nimport data.bar.foo\np = 1", 1),
        # In v0 `input` and `data` may be names like others.
        ("input = {`q`: 1}\np = input.q", 1),
        ("p = input { input := 5 }", 5),
        ("p = x { data := {`a`: 1}; x := data.a }", 1),
        ("p[input] { input := 1 }", [1]),
        ("p = input.x", 1),
    ],
)
def test_v0(text: str, expected: Any) -> None:
    assert answer(text.replace("`", '"'), version=0) == expected


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("import input as data", "rego_parse_error", "must not be a reserved name, got: data"),
        ("import rego.v1 as x", "rego_parse_error", "`rego` imports cannot be aliased"),
        ('p := $"{x}"', "rego_unsafe_var_error", "var x is unsafe"),
        ('p := $"{input.x[i]}"', "rego_compile_error", "var i is undeclared"),
        ("p := -x", "rego_unsafe_var_error", "var x is unsafe"),
        ("p := --1", "rego_parse_error", "unexpected minus token: expected number"),
        ("p { true }", "rego_parse_error", "`if` keyword is required before rule body"),
        ("input := 1", "rego_compile_error", "rules must not shadow input"),
        ("p if { input := 1 }", "rego_compile_error", "variables must not shadow input"),
        ("p.q := 1\np := 2", "rego_type_error", "conflicts with:\n  rule data.t.p.q at p.rego:2"),
    ],
)
def test_what_is_refused_has_opas_code_and_words(text: str, code: str, message: str) -> None:
    error = refused(text)

    assert (error.code, message in error.message) == (code, True), error.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p := x if some x in [1, 2]", "rule data.t.p produced conflicting values"),
        ("p.q := x if some x in [1, 2]", "rule data.t.p.q produced conflicting values"),
        (
            "f(y) := x if some x in [y, 2]\np := f(1)",
            "function data.t.f produced conflicting values for the same inputs",
        ),
        ("p := x if some x in [1, 2]", "complete rules must not produce multiple outputs"),
    ],
)
def test_a_conflict_names_its_rule_in_the_words_of_old_and_new_releases(text, message) -> None:
    with pytest.raises(PolicyError) as caught:
        answer(text)

    assert caught.value.code == "eval_conflict_error"
    assert message in caught.value.message
    assert caught.value.message.startswith("p.rego:2: ")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("json.marshal([1.0, 2.50, 1e3, -0.0])", "[1.0,2.50,1e3,-0.0]"),
        ("json.marshal(input.f)", "1.0"),
        ("json.marshal([1.0 + 1, 1e3 * 1, 2.50 - 0])", "[2,1000,2.5]"),
        ('sprintf("%v %d %d", [1.0, 1, 1.0])', "1 1 %!d(float64=1)"),
        ('sprintf("%s", [1])', "%!s(int64=1)"),
        ('sprintf("%v", [[1.0, {"a": 2.50}]])', '[1.0, {"a": 2.50}]'),
        ('sprintf("%e %g %v", [0.0, 0.0, -0.0])', "0.000000e+00 0 -0"),
        ("$`{1.0} {2.50}`", "1.0 2.50"),
        ('format_int(1.0, 10) == "1"', True),
        ("1.0 in {1}", True),
        ("count({1, 1.0, 1e0})", 1),
        ("[10, 20, 30][y] | y := 1.0", 20),
        ('substring("abc", 1.0, 1)', "b"),
        ('substring("abc", 1e0 * 1, 1)', "b"),
        ("abs(-2.50) == 2.5", True),
        ("abs(-3.00000000000000000000000000000000001) == 3", True),
        ("array.slice([1, 2, 3], 1e1, 3)", rego.UNDEFINED),
        ("json.unmarshal(`[1.0, 1e2]`) == [1, 100]", True),
        ("json.marshal(json.unmarshal(`[1.0, 1e2]`))", "[1.0,1e2]"),
    ],
)
def test_a_number_is_shown_as_it_is_spelled_and_compares_by_its_value(expression, expected) -> None:
    value, _, body = expression.partition(" | ")
    assert answer(f"p := {value}" + (f" if {body}" if body else "")) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("base64.decode(`/w==`)", "\ufffd"),
        ("base64.decode(`YcP/Yg==`)", "a\ufffd\ufffdb"),
        ("hex.encode(base64.decode(`/w==`))", "ff"),
        ("{base64.decode(`/w==`): 1}", {"\ufffd": 1}),
        ("[base64.decode(`/w==`)]", ["\ufffd"]),
    ],
)
def test_bytes_that_are_no_text_are_kept_and_come_out_as_replacement_characters(
    expression: str, expected: Any
) -> None:
    assert answer(f"p := {expression}") == expected


@pytest.mark.parametrize(
    "rules",
    [
        ("r{0} := r{1}", "r{0} := 1", "p := r0"),
        ("r{0} if r{1}", "r{0} if input.x", "p := 1 if r0"),
        ("f{0}(x) := f{1}(x)", "f{0}(x) := x", "p := f0(1)"),
    ],
    ids=["values", "conditions", "functions"],
)
def test_a_chain_of_two_thousand_rules_is_evaluated(rules: tuple[str, str, str]) -> None:
    step, last, first = rules
    links = [step.format(number, number + 1) for number in range(2000)]

    assert answer("\n".join([*links, last.format(2000), first])) == 1


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "expression",
    [
        "count({input}) == 1",
        "count(json.marshal(input)) > 2",
        'count(sprintf("%v", [input])) > 2',
        "count(sort([input, input])) == 2",
    ],
)
def test_deep_input_is_compared_and_shown_and_hostile_depth_is_a_policy_error(expression) -> None:
    assert answer(f"p if {expression}", value=nested(700)) is True
    with pytest.raises(PolicyError):
        answer(f"p if {expression}", value=nested(100_000))


def test_a_result_that_is_nested_too_deeply_is_a_policy_error() -> None:
    with pytest.raises(PolicyError) as caught:
        answer("p := input", value=nested(100_000))

    assert caught.value.code == "eval_cancel_error"


def test_the_pieces_of_a_string_can_be_taken_from_either_end() -> None:
    def pieces(count: Any) -> Any:
        return answer(f'p := strings.split_n("a,b,c", ",", {count})')

    assert pieces(2) == ["a", "b"]
    assert pieces(-2) == ["b", "c"]
    assert pieces(0) == []
    assert pieces(9) == pieces(-9) == ["a", "b", "c"]
    assert pieces("input.xs[0] / 2") is rego.UNDEFINED
    assert Decimal(answer("p := count(strings.split_n(``, ``, 3))".replace("`", '"'))) == 0
