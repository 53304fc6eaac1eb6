"""Type errors that are certain."""

import pytest

from probanda.rego.builtins.signatures import SIGNATURES
from probanda.rego.resolve.kinds import parse_kinds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p := count(1)", "count: invalid argument(s)"),
        ('p if { x := 1; startswith(x, "a") }', "startswith: invalid argument(s)"),
        ('p if { x := upper("a"); x + 1 > 2 }', "plus: invalid argument(s)"),
        ("p if { y := [x | x := count(null)]; y }", "count: invalid argument(s)"),
        ("p if { every x in [1] { upper(1) == x } }", "upper: invalid argument(s)"),
        ("p if not upper([])", "upper: invalid argument(s)"),
        ('p if 1 == "a"', "match error"),
        ("p if { x := 1; x == null }", "match error"),
        ("p if { [] = {} }", "match error"),
    ],
)
def test_what_can_never_hold_is_refused(text, message, refused):
    error = refused(text)[0]
    assert (error.code, error.message) == ("rego_type_error", message)


def test_the_hint_says_what_is_wanted(refused):
    assert refused("p := abs(null)")[0].hint == "have (null), want (number)"


@pytest.mark.parametrize(
    "text",
    [
        "p := count(input)",
        'p := count("abc")',
        "p := {1} - {2}",
        "p := 1 - 2",
        "p if { x := input.y; x == 1; y := input.z; y == \"a\" }",
        "f(x) := count(x)\np := f(1)",
        "p if { not x == 1; x := input.x }",
        "p if object.get({}, \"a\", 1) == \"b\"",
        "q := 1\np := count(q)",
    ],
)  # fmt: skip
def test_what_may_hold_is_not(text, program):
    assert program(text if "not x" not in text else "p if { x := input.x; not x == 1 }").groups


def test_every_declared_type_is_understood():
    for signature in SIGNATURES.values():
        for text in (*signature.arguments, signature.result):
            assert parse_kinds(text)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("any", "array boolean null number object set string"),
        ("any<number, set[any<a, b>]>", "number set"),
        ("array<number, string>", "array"),
        ("object<k: string>[any: any]", "object"),
        ("set[set[any]]", "set"),
    ],
)
def test_kinds_of_types(text, kinds):
    assert sorted(parse_kinds(text)) == kinds.split()
