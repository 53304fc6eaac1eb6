"""Mutants: which there are, their names, and that each is the module with one change."""

from __future__ import annotations

import pytest

from probanda.rego.parser import parse_module
from probanda.rego.testing.mutants import mutants, sample
from probanda.rego.testing.trees import parts, replaced
from probanda.rego.unparse import unparse


def module(text):
    return parse_module(f"package p\n\n{text}\n", path="p.rego")


def changes(text):
    return {(each.operator, each.before, each.after) for each in mutants(module(text))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a if input.x", {("drop", "input.x", "true"), ("negate", "input.x", "not input.x")}),
        (
            "a if not input.x",
            {("drop", "not input.x", "true"), ("negate", "not input.x", "input.x")},
        ),
        ("a if input.x == `y`", {("flip", 'input.x == "y"', 'input.x != "y"')}),
        (
            "a if input.x <= 3",
            {
                ("flip", "input.x <= 3", "input.x > 3"),
                ("boundary", "input.x <= 3", "input.x < 3"),
                ("boundary", "input.x <= 3", "input.x <= 4"),
                ("boundary", "input.x <= 3", "input.x <= 2"),
            },
        ),
        ("a := input.x + input.y", {("flip", "a := input.x + input.y", "a := input.x - input.y")}),
        (
            "a := input.x | input.y",
            {("flip", "a := (input.x | input.y)", "a := input.x & input.y")},
        ),
        ("default a := false", {("constant", "default a := false", "default a := true")}),
        (
            "a if every x in input.xs { x.ok }",
            {("weaken", "every x in input.xs { x.ok }", "some x in input.xs; x.ok")},
        ),
    ],
)
def test_an_operator_changes_what_it_says(text, expected):
    found = changes(text)

    assert {each for each in expected if each[0] != "constant"} <= found
    assert {operator for operator, *_ in expected} <= {operator for operator, *_ in found}


def test_rules_defaults_and_else_branches_are_removed():
    text = "default a := 1\n\na := 2 if input.x\n\nelse := 3 if input.y"

    removed = [each for each in mutants(module(text)) if each.operator == "remove"]

    assert [each.location.line for each in removed] == [3, 5, 7]
    assert "else" not in unparse(removed[2].apply(module(text)))
    assert unparse(removed[0].apply(module(text))).count("default") == 0


@pytest.mark.parametrize(
    "text",
    [
        "import data.x.y",
        'a := sprintf("%d of %d", [1, 2 + 3])',
        'a := $"{1 + 2}"',
    ],
)
def test_what_only_says_something_is_left_alone(text):
    assert {operator for operator, *_ in changes(text)} <= {"remove"}


def test_an_assignment_is_not_negated():
    assert ("negate", "x := input.x", "not x := input.x") not in changes("a if { x := input.x; x }")


def test_each_mutant_is_the_module_with_one_change_and_leaves_it_as_it_is():
    given = module("a if {\n\tinput.x == 1\n\tnot input.y\n}\n\nb contains x if some x in input.xs")
    before = unparse(given)

    texts = [unparse(each.apply(given)) for each in mutants(given)]

    assert unparse(given) == before
    assert before not in texts
    assert len(set(texts)) == len(texts)


def test_a_name_survives_a_move_of_the_line_and_is_not_given_twice():
    text = "a if { input.x == 1; input.x == 1 }"
    names = [each.id for each in mutants(module(text))]

    assert names == [each.id for each in mutants(module(f"# a line\n\n{text}"))]
    assert len(set(names)) == len(names)


def test_a_long_statement_is_shown_where_it_changes():
    pairs = ", ".join(f'"key{n}": {n}' for n in range(100, 200))

    found = mutants(module(f"a := {{{pairs}}}"))

    changed = [each for each in found if each.operator == "boundary"]
    assert len(changed) == 200
    assert all(each.before != each.after for each in changed)
    assert max(len(each.after) for each in changed) < 160


def test_a_sample_is_the_same_for_a_seed_another_for_another_and_in_order():
    found = mutants(module("\n".join(f"a{n} if input.x == {n}" for n in range(40))))

    first, again, other = (sample(found, 20, seed) for seed in (1, 1, 2))

    assert first == again != other
    assert len(first) == 20
    assert [each for each in found if each in first] == first
    assert sample(found, 10_000, 1) == found


def test_places_lead_to_the_parts_that_they_are_of():
    given = module("a if { input.x == 1 }")

    for place, part in parts(given):
        here = given
        for step in place:
            here = here[step] if isinstance(step, int) else getattr(here, step)
        assert here is part
        assert replaced(given, place, [part]) == given
