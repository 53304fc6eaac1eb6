"""What `with` replaces, and by what."""

import pytest

FUNCTIONS = "f(x) := x\ng(x) := 2\nh(x, y) if x == y\nr := 1"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("p if r with input as 1", ["data.test.r with input as 1"]),
        ("p if r with input.a.b as {}", ["data.test.r with input.a.b as {}"]),
        ("p if r with data.a as 1", ["data.test.r with data.a as 1"]),
        ("p if input.x with r as 2", ["input.x with data.test.r as 2"]),
        ("p if f(1) with f as g", ["data.test.f(1) with data.test.f as data.test.g"]),
        ("p if f(1) with f as r", ["data.test.f(1) with data.test.f as data.test.r"]),
        ("p if f(1) with f as count", ["data.test.f(1) with data.test.f as builtin.count"]),
        ("p if f(1) with f as 7", ["data.test.f(1) with data.test.f as 7"]),
        ("p if r with count as f", ["data.test.r with builtin.count as data.test.f"]),
        ("p if r with http.send as f",
         ['data.test.r with builtin["http.send"] as data.test.f']),
        ("p if r with count as object.union_n",
         ['data.test.r with builtin.count as builtin["object.union_n"]']),
        ("p if r with input as data.xs[i]",
         ["#1 = data.xs[i]", "data.test.r with input as #1"]),
        ("p if r with input as f(2)", ["#1 = data.test.f(2)", "data.test.r with input as #1"]),
        ("p if r with count as [1 | true][0]",
         ["#1 = [1 | true][0]", "data.test.r with builtin.count as #1"]),
        ("p if { v := 1; r with f as v }", ["v = 1", "data.test.r with data.test.f as v"]),
        ("p if { x := r with input as 1; x > 0 }",
         ["x = data.test.r with input as 1", "x > 0"]),
        ("p if { some x in input.xs with input as {}; x }",
         ["x = input.xs[#1] with input as {}", "x"]),
        ("p if { not f(g(input.x)) with input as {} }",
         ["#1 = data.test.g(input.x) with input as {}",
          "not data.test.f(#1) with input as {}"]),
        ("p if { count([], 1) with count as 1 }", ["1 = count([]) with builtin.count as 1"]),
    ],
)  # fmt: skip
def test_modifiers_are_resolved(text, lines, body):
    assert body(text, FUNCTIONS) == lines


def test_an_imported_name_may_be_replaced(body):
    text = "import input.user as who\nimport data.lib\np if r with who.name as 1 with lib.f as 2"
    assert body(text, FUNCTIONS, "package lib\nf(x) := x") == [
        "data.test.r with input.user.name as 1 with data.lib.f as 2"
    ]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("p if r with nope as 1", "rego_type_error",
         "with keyword target must reference existing input, data, or a function"),
        ("p if { x := 1; r with x as 1 }", "rego_type_error",
         "with keyword target must reference existing input, data, or a function"),
        ("p if r with data.test.r.x as 1", "rego_compile_error",
         "with keyword cannot partially replace virtual document(s)"),
        ("p if r with walk as f", "rego_compile_error",
         "with keyword replacing built-in function: target must not be a relation"),
        ("p if r with print as f", "rego_compile_error",
         "with keyword replacing built-in function: target must not be a void function"),
        ("p if r with eq as f", "rego_compile_error",
         'with keyword replacing built-in function: replacement of "eq" invalid'),
        ("p if r with internal.member_2 as h", "rego_compile_error",
         ('with keyword replacing built-in function: replacement of internal function '
         '"internal.member_2" invalid')),
        ("p if r with rego.metadata.rule as r", "rego_compile_error",
         'with keyword replacing built-in function: replacement of "rego.metadata.rule" invalid'),
        ("p if f(1) with f as h", "rego_type_error", "data.test.f: arity mismatch"),
        ("p if r with count as h", "rego_type_error", "count: arity mismatch"),
        ("p if f(1) with f as concat", "rego_type_error", "data.test.f: arity mismatch"),
        ("p if r with input as x", "rego_unsafe_var_error", "var x is unsafe"),
    ],
)  # fmt: skip
def test_bad_modifiers_are_refused(text, code, message, refused):
    error = refused(text, FUNCTIONS)[0]
    assert (error.code, error.message) == (code, message)
