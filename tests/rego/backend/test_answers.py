"""Prepared decisions: the lean path gives what a whole evaluation gives, and keeps every limit."""

from __future__ import annotations

import pytest

from probanda import rego
from probanda.errors import PolicyError
from probanda.rego.backend import Context


def policy_of(text: str, *entrypoints: str, seconds: float = 10.0) -> rego.Policy:
    return rego.compile({"p.rego": f"package a\n{text}"}, entrypoints or ["a/p"], seconds=seconds)


def answer_of(text: str):
    return policy_of(text).plan.source.answers[0]


def test_a_rule_without_loops_is_asked_without_counting_or_remembering():
    found = answer_of('default p := false\np if { input.x == "a"; not input.y }')

    assert found.function >= 0
    assert (found.counted, found.remembers) == (False, False)


def test_a_single_loop_over_given_values_is_not_counted_but_nested_ones_are():
    assert not answer_of("p if { some x in input.xs; x == 1 }").counted
    assert answer_of("p if { some x in input.xs; some y in x; y == 1 }").counted


@pytest.mark.parametrize(
    "text",
    [
        'p if { some x in input.xs; upper(x) == "A" }',
        "f(x) := x\np := [f(x) | some x in input.xs]",
        "p := numbers.range(1, input.x)",
        "p if { some x in q; x == 1 }\nq contains y if { some ys in input.xs; some y in ys }",
    ],
    ids=["built-in in a loop", "function in a loop", "growing built-in", "loops in a called rule"],
)
def test_whatever_may_take_long_is_counted(text):
    assert answer_of(text).counted


def test_functions_that_call_functions_twice_each_are_counted():
    chain = "\n".join(f"f{n}(x) := f{n - 1}(x) + f{n - 1}(x)" for n in range(1, 60))
    policy = policy_of(f"f0(x) := x\n{chain}\np := f59(input.x)", seconds=0.3)

    assert policy.plan.source.answers[0].counted
    with pytest.raises(PolicyError) as caught:
        policy.prepare("a/p")({"x": 1})
    assert caught.value.code == "eval_cancel_error"


def test_each_call_has_its_own_steps_however_many_came_before():
    policy = policy_of("p := count([1 | some x in input.xs; some y in input.xs; x == y])")
    answer = policy.plan.answer("a/p", Context(max_steps=5_000))
    value = {"xs": list(range(40))}

    assert [answer(value) for _ in range(20)] == [40] * 20
    with pytest.raises(PolicyError, match="too many steps"):
        answer({"xs": list(range(200))})
    assert answer(value) == 40


def test_what_one_call_remembers_is_not_known_to_the_next():
    answer = policy_of("q := input.x\np := [q, q] if { q; q }").prepare("a/p")

    assert answer({"x": 1}) == [1, 1]
    assert answer({"x": 2}) == [2, 2]
    assert answer({}) is rego.UNDEFINED


def test_a_package_as_entry_point_is_answered_by_the_whole_plan():
    policy = policy_of("p := 1\nq if input.x", "a")

    assert policy.plan.source.answers[0].function == -1
    assert policy.prepare("a")({"x": True}) == {"p": 1, "q": True}
    assert policy.prepare("a")() == {"p": 1}


def test_a_result_is_the_callers_to_change():
    constant = policy_of('p := {"a": [1]}').prepare("a/p")
    value = {"x": {"deep": []}}
    given = policy_of("p := input.x").prepare("a/p")

    constant()["a"].append(2)
    given(value)["deep"].append(1)

    assert constant() == {"a": [1]}
    assert value == {"x": {"deep": []}}


def test_a_result_that_shares_its_parts_without_end_is_an_error():
    shared = "\n".join(f"v{n} := [v{n - 1}, v{n - 1}]" for n in range(1, 50))
    policy = policy_of(f"v0 := input.x\n{shared}\np := v49")

    with pytest.raises(PolicyError, match="the result is too large") as caught:
        policy.prepare("a/p")({"x": 1})
    assert caught.value.code == "eval_cancel_error"


def test_a_rule_that_always_gives_the_same_is_a_constant_where_it_is_used():
    policy = policy_of(
        'names := ["x", "y"]\np if input.n in names\nq if names[0] == input.n', "a/p"
    )

    assert "f1" not in policy.plan.source.text.replace("def f1", "")
    assert policy.prepare("a/p")({"n": "y"}) is True
    assert policy.prepare("a/p")({"n": "z"}) is rego.UNDEFINED


def test_an_input_that_is_no_json_is_an_error_and_no_crash():
    answer = policy_of("p contains input.x").prepare("a/p")

    with pytest.raises(PolicyError) as caught:
        answer({"x": object()})
    assert caught.value.code == "eval_internal_error"
