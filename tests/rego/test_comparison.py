"""Comparing values that share their parts ends, and finds what is unequal."""

from __future__ import annotations

import pytest

from probanda import rego
from probanda.errors import PolicyError
from probanda.rego import values
from probanda.rego.comparison import PLAIN, Comparison
from probanda.rego.values import RegoSet, compare, equal, key


@pytest.fixture
def low_limit(monkeypatch):
    monkeypatch.setattr(values, "MAX_KEY", 20_000)


def doubled(value, levels):
    for _ in range(levels):
        value = [value, value]
    return value


def named(value, levels):
    for _ in range(levels):
        value = {"a": value, "b": value}
    return value


@pytest.mark.parametrize("shared", [doubled, named])
def test_shared_parts_are_compared_once(shared):
    assert equal(shared(1, 300), shared(1.0, 300))
    assert not equal(shared(1, 300), shared(True, 300))
    assert not equal(shared(1, 300), shared(1, 299))


def test_a_difference_behind_many_equals_is_found():
    left = [[number] for number in range(PLAIN)] + [doubled("x", 60), [1]]
    right = [[number] for number in range(PLAIN)] + [doubled("x", 60), [2]]

    assert not equal(left, right)
    assert equal(left, [*right[:-1], [1.0]])


def test_one_value_compared_with_two_others_joins_all_three():
    a, b, c = [1], [1], [1]
    comparison = Comparison()

    assert comparison.joins(a, b)
    assert comparison.joins(b, c)
    assert not comparison.joins(a, c)
    assert not comparison.joins(a, a)


@pytest.mark.parametrize("act", [key, lambda value: compare(value, [])], ids=["key", "order"])
@pytest.mark.parametrize("shared", [doubled, named])
def test_keys_and_order_of_endless_values_are_errors(act, shared, low_limit):
    with pytest.raises(PolicyError, match="too large to be a key") as caught:
        act(shared(1, 60))
    assert caught.value.code == "eval_cancel_error"


def test_sets_in_sets_count_what_they_hold(low_limit):
    value = RegoSet([1])
    for _ in range(12):
        value = RegoSet([[value, value]])

    assert len(value) == 1
    with pytest.raises(PolicyError, match="too large to be a key"):
        RegoSet([[value] * 4])


@pytest.mark.parametrize("test", ["v49 == w49", "v49 != w49", "v49 in [w49]"])
def test_a_policy_that_compares_endless_values_ends(test):
    lines = [f"{name}{n} := [{name}{n - 1}, {name}{n - 1}]" for name in "vw" for n in range(1, 50)]
    text = "\n".join(["package a", "v0 := input.x", "w0 := input.y", *lines, f"p := {test}"])

    answer = rego.compile({"p.rego": text}, ["a/p"]).prepare("a/p")

    assert answer({"x": 1, "y": 1}) is (test != "v49 != w49")
    assert answer({"x": 1, "y": 2}) is (test == "v49 != w49")


@pytest.mark.parametrize("test", ["v49 < [v48]", "{v49} != set()"])
def test_a_policy_that_orders_or_keeps_endless_values_gets_an_error(test, low_limit):
    lines = [f"v{n} := [v{n - 1}, v{n - 1}]" for n in range(1, 50)]
    text = "\n".join(["package a", "v0 := input.x", *lines, f"p := {test}"])

    with pytest.raises(PolicyError) as caught:
        rego.compile({"p.rego": text}, ["a/p"]).prepare("a/p")({"x": 1})
    assert caught.value.code == "eval_cancel_error"
