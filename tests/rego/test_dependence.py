"""What a policy may read: the cache is right only if nothing is overlooked."""

from __future__ import annotations

import pytest

from probanda import rego
from probanda.rego.dependence import dependence


def of(text):
    return dependence(rego.compile({"a.rego": f"package a\n{text}"}, ["a/x"]))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("x if input.facts.y == 1", {"facts"}),
        ("x contains k if { some k in input.facts.y; k != input.parameters.z }",
         {"facts", "parameters"}),
        ("x := input.asOf", {"asOf"}),
        ("import input.asOf as now\nx := now", {"asOf"}),
        ("x if { y with input.facts as 1 }\ny if input.asOf", {"asOf"}),
        ("h(z) := z + 1\nx := h(input.facts.n)", {"facts"}),
        ('x := input["asOf"]', {"asOf"}),
    ],
)  # fmt: skip
def test_keys_that_are_written_out_are_known(text, keys):
    found = of(text)

    assert found.keys == keys
    assert found.context is False
    assert found.reads("asOf") is ("asOf" in keys)


@pytest.mark.parametrize(
    "text",
    [
        "x := input",
        "x := input[k] if some k in ['asOf']".replace("'", '"'),
        "x if { some k; input[k] == 1 }",
        'x := input[concat("", ["as", "Of"])]',
        "f(q) := q.asOf\nx := f(input)",
        "x if { walk(input, [p, v]); v == 1 }",
        "x := json.marshal(input)",
        'x := object.get(input, "asOf", "")',
        "x := [v | some v in input]",
        "x := {1: input}",
        "i := input\nx := i.asOf",
        "x if input == input.facts",
    ],
)
def test_an_input_that_is_used_as_a_value_may_be_read_whole(text):
    assert of(text).keys is None
    assert of(text).reads("asOf")


@pytest.mark.parametrize(
    "text",
    [
        "x := time.now_ns()",
        "f(q) := time.now_ns() + q\nx := f(1)",
        'x := rand.intn("a", 5)',
        'x := uuid.rfc4122("a")',
        "x := [y | y := time.now_ns()]",
        "x if not time.now_ns() > 5",
        'x := io.jwt.decode_verify("a", {"secret": "b"})',
    ],
)
def test_the_clock_and_the_seed_are_noticed_wherever_they_stand(text):
    assert of(text).context is True


def test_a_plan_that_was_loaded_is_read_too():
    from probanda.rego.plan import plan_program

    policy = rego.compile({"a.rego": "package a\nx := input.asOf"}, ["a/x"])
    loaded = rego.load_plan(plan_program(policy.program, ["a/x"]))

    assert dependence(loaded).keys == {"asOf"}
