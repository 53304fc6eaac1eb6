"""Which variables statements bind."""

import pytest

from probanda.rego.parser import parse_query
from probanda.rego.resolve.bindings import bindings


def _bound(text: str, safe: str = "") -> str:
    """What a body binds, taken literal by literal whether or not it can be evaluated."""
    known = set(safe.split())
    for literal in parse_query(text):
        known |= bindings(literal, known)[1]
    return " ".join(sorted(known - set(safe.split())))


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("x", ""),
        ("x = 1", "x"),
        ("not x = 1", ""),
        ("[x, [1]] = [1, [y]]", "x y"),
        ("{x, [1]} = {1, [y]}", ""),
        ('{"a": x, "b": {"c": 1}} = {"a": 1, "b": {"c": y}}', "x y"),
        ('{"a": x} = {y: 1}', ""),
        ("count([x])", ""),
        ("input.p[x]", "x"),
        ("p[x]", ""),
        ("not input.p[x]", ""),
        ("input.p[data.q[x]]", "x"),
        ("[x | x = 1]", ""),
        ("x = 1; y = x; z = y", "x y z"),
        ("{1, 2}[1] = x", "x"),
        ("x = 1; {x, 2}[1] = y", "x y"),
        ('z = "abc"; x = split(z, "")[y]', "x y z"),
        ("f(input.p[x])", "x"),
        ("[x, y] = [y, 1]", "x y"),
        ("x = [y, z]; y = 1; z = 2", "y z"),
        ("x = [1, 2]; x = [y, z]", "x y z"),
        ("xs = []; every k, v in xs[i] { k < v }", "i xs"),
        ("every v in [] { i = 1 }", ""),
        ("every k, v in [1, 2] { k < v }", ""),
    ],
)
def test_what_statements_bind(text, bound):
    assert _bound(text) == bound


def test_modifiers_must_be_bound_first():
    literal = parse_query("x = 1 with input as y")[0]
    assert bindings(literal, set())[0] == {"y"}
    assert bindings(literal, {"y"}) == (set(), {"x"})
