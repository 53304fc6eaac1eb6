"""Built-ins written in place give what the built-ins give, for operands of every type."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import product

import pytest

from probanda import rego
from probanda.rego.builtins import BUILTINS, BuiltinError
from probanda.rego.values import UNDEFINED, RegoSet, equal

VALUES = [
    None,
    True,
    False,
    0,
    1,
    1.0,
    -3,
    2.5,
    Decimal("2.5"),
    9007199254740993,
    9007199254740992.0,
    "",
    "a",
    "ab",
    "1",
    [],
    [1, "a"],
    [True],
    {},
    {"a": 1, "1": "a"},
    RegoSet(),
    RegoSet([1, "a"]),
]
OPERATORS = {
    "equal": "{} == {}",
    "neq": "{} != {}",
    "lt": "{} < {}",
    "lte": "{} <= {}",
    "gt": "{} > {}",
    "gte": "{} >= {}",
    "plus": "{} + {}",
    "minus": "{} - {}",
    "internal.member_2": "{} in {}",
    "startswith": "startswith({}, {})",
    "endswith": "endswith({}, {})",
    "contains": "contains({}, {})",
}


def expected(name, *operands):
    try:
        return BUILTINS[name].function(*operands)
    except BuiltinError:
        return UNDEFINED


def agree(got, want):
    return got is want if want is UNDEFINED else equal(got, want)


@pytest.mark.parametrize("name", OPERATORS)
def test_two_operands_of_any_types(name):
    text = OPERATORS[name].format("input.a", "input.b")
    policy = rego.compile({"p.rego": f"package a\np := {text}"}, ["a/p"])

    for left, right in product(VALUES, VALUES):
        found = policy.run("a/p", input={"a": left, "b": right})
        got = found[0]["result"] if found else UNDEFINED
        assert agree(got, expected(name, left, right)), (left, right)


def constants():
    return [value for value in VALUES if not isinstance(value, RegoSet | Decimal | dict | list)]


@pytest.mark.parametrize("name", ["equal", "neq", "lt", "gte", "internal.member_2"])
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("constant", [*constants(), ["a", "b"], ["a", 1]], ids=json.dumps)
def test_a_constant_operand_that_the_types_may_not_fit(name, side, constant):
    text = json.dumps(constant)
    operands = (text, "input.x") if side == "left" else ("input.x", text)
    policy = rego.compile(
        {"p.rego": f"package a\np := {OPERATORS[name].format(*operands)}"}, ["a/p"]
    )

    for value in VALUES:
        found = policy.run("a/p", input={"x": value})
        got = found[0]["result"] if found else UNDEFINED
        pair = (constant, value) if side == "left" else (value, constant)
        assert agree(got, expected(name, *pair)), value


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_count_of_anything(value):
    policy = rego.compile({"p.rego": "package a\np := count(input.x)"}, ["a/p"])

    found = policy.run("a/p", input={"x": value})

    assert agree(found[0]["result"] if found else UNDEFINED, expected("count", value))
