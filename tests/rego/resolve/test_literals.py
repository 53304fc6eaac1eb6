"""What becomes of statements."""

import pytest

from probanda.rego.unparse import unparse


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("p if { x := input.a; x > 1 }", ["x = input.a", "x > 1"]),
        ("p if { [x, {\"k\": y}] := input; x > y }", ["[x, {\"k\": y}] = input", "x > y"]),
        ("p if { some x in input.xs; x > 1 }", ["x = input.xs[#1]", "x > 1"]),
        ("p if { some k, v in input.xs; k > v }", ["v = input.xs[k]", "k > v"]),
        ("p if { xs := input; some x in xs; x > 1 }", ["xs = input", "x = xs[#1]", "x > 1"]),
        ("p if { some x in [1, 2]; x > 1 }", ["#2 = [1, 2]", "x = #2[#1]", "x > 1"]),
        ("p if { some [x, 1] in input.xs; x > 1 }", ["[x, 1] = input.xs[#1]", "x > 1"]),
        ("p if { some _, v in input.xs; v }", ["v = input.xs[_]", "v"]),
        ("p if { some x; input.xs[x] }", ["input.xs[x]"]),
        ("p if { count(input.xs, n); n > 1 }", ["n = count(input.xs)", "n > 1"]),
        ("p if { walk(input, [a, b]); a != b }", ["[a, b] = walk(input)", "a != b"]),
        ("f(x) := x\np if { f(1, y); y > 1 }", ["y = data.test.f(1)", "y > 1"]),
        ("p if { print(1); input.x; print(2) }", ["input.x"]),
        ("p if { not input.x }", ["not input.x"]),
        ("p if { not f(g(input.x)) }\nf(x) := x\ng(x) := x",
         ["#1 = data.test.g(input.x)", "not data.test.f(#1)"]),
        ("p if { not startswith(input.x, \"a\") }",
         ["#1 = input.x", "not startswith(#1, \"a\")"]),
        ("p if { not input.x == 1 }", ["not input.x == 1"]),
        ("p if { not input.x[input.y] == 1 }", ["#1 = input.y", "not input.x[#1] == 1"]),
        ("p if { not input.x == [input.y] }", ["#1 = input.y", "not input.x == [#1]"]),
        ("p if { not count(input.x) == 1 }", ["#1 = count(input.x)", "not #1 == 1"]),
        ("p if { not input.x != 1 }", ["#1 = input.x", "not #1 != 1"]),
        ("p if { not count(input.xs, 3) }", ["#1 = input.xs", "not 3 = count(#1)"]),
        ("p if { not f(1, 2) }\nf(x) := x", ["not 2 = data.test.f(1)"]),
    ],
)  # fmt: skip
def test_statements_become_plain_literals(text, lines, body):
    assert body(text) == lines


@pytest.mark.parametrize(
    ("text", "key", "lines"),
    [
        ("p contains input.xs[i]", "#1", ["#1 = input.xs[i]"]),
        ("p contains [input.x, 1]", "#1", ["#1 = [input.x, 1]"]),
        ("p contains x if x := 1", "x", ["x = 1"]),
        ("p contains [x, 1] if x := 1", "[x, 1]", ["x = 1"]),
    ],
)
def test_what_a_head_evaluates_moves_to_the_body(text, key, lines, program, body):
    assert unparse(program(text).groups["test", "p"].rules[0].key) == key
    assert body(text) == lines


def test_what_a_comprehension_evaluates_moves_to_its_body(body):
    assert body("p := [input.xs[i].name | input.ok[i]]") == [
        "#2 = [#1 | input.ok[i]; #1 = input.xs[i].name]"
    ]


def test_what_a_parameter_evaluates_moves_to_the_body(program):
    rule = program('f(input.x, [y, {"k": data.z}]) := y').groups["test", "f"].rules[0]
    assert [unparse(argument) for argument in rule.arguments] == ["#1", '[y, {"k": #2}]']
    assert len(rule.body) == 2


def test_a_repeated_parameter_is_one_variable(program):
    rule = program("f(x, x) := x").groups["test", "f"].rules[0]
    assert rule.arguments[0] == rule.arguments[1] == rule.value


def test_a_template_string_is_resolved_within(body):
    assert body('q := 1\np if { x := $"{q} and {input.y}"; x != "" }')[0] == (
        'x = $"{data.test.q} and {input.y}"'
    )


def test_a_template_string_binds_nothing(refused):
    error = refused('p if { $"{x}" == "1" }')[0]
    assert (error.code, error.message) == ("rego_unsafe_var_error", "var x is unsafe")
    error = refused('p if { $"{input[x]}" == "1" }')[0]
    assert (error.code, error.message) == ("rego_compile_error", "var x is undeclared")
    error = refused('p if { some x; $"{x}" == "1" }')[0]
    assert (error.code, error.message) == ("rego_unsafe_var_error", "var x is unsafe")


def test_a_part_of_a_template_string_may_have_modifiers(body):
    line = body('p if { $"{input.x with input as data.y}" == "1" }')[0]
    assert line.count("with input as #") == 1
    assert "data.y" in line


def test_a_void_function_has_no_value(refused):
    assert refused("p if { x := print(1) }")[0].message == "print() used as value"
