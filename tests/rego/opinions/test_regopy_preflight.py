from __future__ import annotations

import pytest

from probanda.errors import PolicyError
from probanda.rego.opinions import regopy as rego
from probanda.rego.opinions.regopy_preflight import IMPURE

WORLD = {
    "http.send": 'http.send({"method": "get", "url": "http://localhost"})',
    "net.lookup_ip_addr": 'net.lookup_ip_addr("localhost")',
    "opa.runtime": "opa.runtime()",
    "rand.intn": 'rand.intn("x", 10)',
    "time.now_ns": "time.now_ns()",
    "uuid.rfc4122": 'uuid.rfc4122("x")',
}


def compiling(body, others=None):
    """The error of compiling `body` as package `t`, or None."""
    try:
        rego.compile({"t.rego": f"package t\n{body}", **(others or {})}, ["t/p"]).close()
    except PolicyError as error:
        return error
    return None


def code(body, others=None):
    error = compiling(body, others)
    return error and error.code


@pytest.mark.parametrize(
    "body",
    [
        "p := nosuch(1)",
        "p if not nosuch(1)",
        'p if net.cidr_contains("10.0.0.0/8", input.ip)',
        "p := [x | some x in input; nosuch.fn(x)]",
        "p if q(input)\nq(x) if nosuch(x)",
        "p if {\n\tevery x in input {\n\t\tnosuch(x)\n\t}\n}",
    ],
)
def test_an_unknown_function_is_refused_wherever_it_stands(body):
    assert code(body) == "rego_type_error"


@pytest.mark.parametrize(("name", "call"), WORLD.items())
def test_a_builtin_that_reads_the_world_is_refused(name, call):
    error = compiling(
        f"p if q == 1\nq := 1 if {call}\np if not r\nr if {{\n\tx := {call}\n\tx == 1\n}}"
    )

    assert error is not None
    assert error.code == "rego_type_error"
    assert name in error.message


def test_every_impure_builtin_has_a_test():
    assert set(WORLD) == IMPURE


@pytest.mark.parametrize(
    "body",
    [
        "p if not blokced",
        "p if not input.x == z",
        'p if startswith(input.names[i], "x")',
        "p contains k if count(input.r[k]) == 1",
        "p := {1 | not y}",
        "p if {\n\tnot x\n\tinput.y\n}",
        "f(x) if x == y\np if not f(1)",
        "p if {\n\tsome a in input\n\tnot aa == 1\n}",
    ],
)
def test_a_variable_that_nothing_binds_is_refused(body):
    assert code(body) == "rego_unsafe_var_error"


@pytest.mark.parametrize(
    "body",
    [
        "p if { x := 1; x := 2 }",
        "p if {\n\tsome x in input\n\ty := x\n\ty := 2\n}",
    ],
)
def test_a_variable_that_is_declared_twice_is_refused(body):
    assert code(body) == "rego_compile_error"


@pytest.mark.parametrize(
    "body",
    [
        "p if p",
        "p if q\nq if r\nr if p",
        "f(x) := f(x)\np := f(1)",
        "p contains x if { some x in p }",
        "p if not p",
    ],
)
def test_recursion_is_refused(body):
    assert code(body) == "rego_recursion_error"


def test_calling_a_rule_twice_is_not_recursion():
    body = "p if { q; r }\nq if s\nr if s\ns if input.x == 1"

    assert code(body) is None


@pytest.mark.parametrize(
    "body",
    ["f(x) if x == 1\np if not f(1, 2, 3)", "f(x) if x == 1\np if not f()", "p if not count()"],
)
def test_a_wrong_number_of_arguments_is_refused(body):
    assert code(body) == "rego_type_error"


def test_what_the_engine_computes_wrongly_is_refused():
    assert code('p := concat(",", input)') == "rego_type_error"


@pytest.mark.parametrize(
    ("body", "value", "answer"),
    [
        ("p := [y | some x in input; y := x * 2]", [1, 2], [2, 4]),
        ("p := {k: v | some k, v in input}", {"a": 1}, {"a": 1}),
        ("p if {\n\tevery x in input {\n\t\tx > 0\n\t}\n}", [1, 2], True),
        ("p := x if { some x in input; x > 1 } else := 0", [1], 0),
        ("p if input[_] == 2", [1, 2], True),
        ("default p := 3\np := input.x", {}, 3),
        ("p := v if {\n\tsome x in input\n\tv := x\n\tv > 1\n}", [1, 2], 2),
        ("f(x) := x if x > 1\nelse := 0\np := [f(1), f(2)]", None, [0, 2]),
        ("p[k] := v if some k, v in input", {"a": 1}, {"a": 1}),
        ("p if { not input.a; not input.b }", {}, True),
        ("p if { x := input.a; not x == 2 }", {"a": 1}, True),
    ],
)
def test_ordinary_rego_passes_and_is_right(body, value, answer):
    with rego.compile({"t": f"package t\n{body}"}, ["t/p"]) as policy:
        assert policy.prepare("t/p")(value, {}) == answer
