"""Calls: known functions with the right number of arguments."""

import pytest

LIB = "package lib\nf(x) := x"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p if nope(1)", "undefined function nope"),
        ("p if data.nope(1)", "undefined function data.nope"),
        ("p if lib.f(1)", "undefined function lib.f"),
        ("p if input.f(1)", "undefined function input.f"),
        ("p if q(1)\nq := 1", "undefined function data.test.q"),
        ("p if data.lib.f(1, 2, 3)", "function data.lib.f has arity 1, got 3 arguments"),
        ("p if data.lib.f()", "function data.lib.f has arity 1, got 0 arguments"),
        ("p if { x := data.lib.f(1, 2); x }", "function data.lib.f has arity 1, got 2 arguments"),
        ("p if not data.lib.f(1, 2, 3)", "function data.lib.f has arity 1, got 3 arguments"),
        ("g(x, y) if x == y\np if g(1)", "function data.test.g has arity 2, got 1 argument"),
        ("p if count(1, 2, 3)", "count: arity mismatch"),
        ("p if count() == 1", "count: arity mismatch"),
        ("p if data.lib.f", "function data.lib.f used as reference, not called"),
        ("import data.lib.f\np if f.x", "function data.lib.f used as reference, not called"),
        ("p if any([true])", "deprecated built-in function calls in expression: any"),
    ],
)
def test_wrong_calls_are_refused(text, message, refused):
    error = refused(text, LIB)[0]
    assert (error.code, error.message) == ("rego_type_error", message)


def test_a_misspelt_function_is_named(refused):
    assert refused("p if startwith(input.x, 1)")[0].hint == "did you mean `startswith`?"
    assert refused("p if data.lib.ff(1)", LIB)[0].hint == "did you mean `data.lib.f`?"


@pytest.mark.parametrize(
    "text",
    [
        "import data.lib\np if lib.f(1)",
        "import data.lib.f as g\np if g(1)",
        "p if data.lib.f(1)",
        "p if data.lib.f(1, y)",
        "import data.lib\np if lib.f(1, y)",
        "count(x) := 1 if x\np if count(2)",
    ],
)
def test_right_calls_are_not(text, program):
    assert program(text, LIB).groups["test", "p"]


def test_deprecated_functions_are_kept_in_v0(program):
    assert program("p { any([true]) }", version=0).groups


def test_a_function_that_is_refused_at_run_time_is_warned_of(program):
    warnings = program('p := http.send({"method": "GET", "url": input.url})').warnings
    assert "must not depend on the network" in warnings[0].message


def test_an_operator_is_not_captured_by_a_rule_of_its_name(body):
    assert body("plus(x, y) := 1 if x == y\np if 1 + 2 == 3") == ["1 + 2 == 3"]
