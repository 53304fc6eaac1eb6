"""Rego as people write it: what OPA's documentation says these programs mean."""

from __future__ import annotations

import pytest

from probanda.rego.values import UNDEFINED


def test_an_undeclared_variable_in_an_argument_iterates(value):
    source = 'package test\np if startswith(input.names[i], "x")'
    assert value(source, input={"names": ["a", "xb"]}) is True
    assert value(source, input={"names": ["a"]}) is UNDEFINED
    declared = 'package test\np if {\n some i\n startswith(input.names[i], "x")\n}'
    assert value(declared, input={"names": ["a", "xb"]}) is True


def test_nested_references_are_hoisted_out_of_calls_arrays_and_objects(value):
    head = "package test\n"
    document = {"r": {"a": [1], "b": [1, 2]}, "n": {"u": 7, "v": 8}}
    assert value(head + "p contains k if count(input.r[k]) == 1", input=document) == ["a"]
    assert value(head + "p contains x if x := [input.n[k]]", input=document) == [[7], [8]]
    source = head + 'p contains k if {"v": 8} == {"v": input.n[k]}'
    assert value(source, input=document) == ["v"]


def test_wildcards_iterate_inside_of_calls_and_patterns(value):
    names = {"names": ["xa", "b"]}
    assert value('package test\np if startswith(input.names[_], "x")', input=names) is True
    source = "package test\np contains k if k := upper(input.names[_])"
    assert value(source, input=names) == ["B", "XA"]
    source = "package test\np contains x if [x, 1] = [input.n[_], 1]"
    assert value(source, input={"n": [3, 4]}) == [3, 4]


def test_a_variable_of_the_body_is_not_a_package(value):
    source = "package test\ndeny contains lib if input.libs[lib].bad"
    document = {"libs": {"one": {"bad": True}, "two": {"bad": False}}}
    modules = [source, "package lib\nx := 1", "package test.lib\nx := 1"]
    assert value(modules, "data.test.deny", input=document) == ["one"]


def test_every_on_one_line_runs(value):
    source = "package test\np if every x in input.xs { x > 0 }"
    assert value(source, input={"xs": [1, 2]}) is True
    assert value(source, input={"xs": [1, -2]}) is UNDEFINED
    assert value(source, input={"xs": []}) is True
    assert value(source, input={}) is UNDEFINED
    assert value(source, input={"xs": "a"}) is UNDEFINED


def test_every_takes_keys_patterns_of_any_collection_and_outer_variables(value):
    source = "package test\np if every k, v in input.xs { v == input.want[k] }"
    assert value(source, input={"xs": {"a": 1, "b": 2}, "want": {"a": 1, "b": 2}}) is True
    assert value(source, input={"xs": {"a": 1, "b": 2}, "want": {"a": 1}}) is UNDEFINED
    source = "package test\np contains y if { some y in input.ys; every x in input.xs { x < y } }"
    assert value(source, input={"xs": [1, 2], "ys": [2, 3]}) == [3]


def test_booleans_are_not_numbers(value):
    assert value("package test\np := count({1, true, 1.0})") == 2


def test_not_is_true_for_missing_and_false_but_inequality_needs_a_value(value):
    source = "package test\np if not input.x"
    assert value(source, input={}) is True
    assert value(source, input={"x": False}) is True
    assert value(source, input={"x": 0}) is UNDEFINED
    source = "package test\np if input.x != 1"
    assert value(source, input={}) is UNDEFINED
    assert value(source, input={"x": 2}) is True
    source = "package test\np if not input.x == 1"
    assert value(source, input={}) is True
    assert value(source, input={"x": 1}) is UNDEFINED


def test_the_arguments_of_a_negated_call_are_evaluated_before_the_not(value):
    source = 'package test\np if not startswith(input.x, "a")'
    assert value(source, input={}) is UNDEFINED  # as OPA: issue 1877
    assert value(source, input={"x": "b"}) is True
    assert value(source, input={"x": "a"}) is UNDEFINED
    source = "package test\no := {}\np if not o[input.k]"
    assert value(source, input={}) is UNDEFINED
    assert value(source, input={"k": "a"}) is True


def test_not_covers_the_result_that_a_call_is_matched_with(value):
    source = 'package test\np if not walk(input, [["a"], 1])'
    assert value(source, input={"a": 2}) is True
    assert value(source, input={"a": 1}) is UNDEFINED
    source = "package test\nf(x) := x if x > 0\np if not f(input.x, 1)"
    assert value(source, input={"x": 0}) is True
    assert value(source, input={"x": 2}) is True
    assert value(source, input={"x": 1}) is UNDEFINED
    assert value(source, input={}) is UNDEFINED


def test_not_over_an_iterating_function_or_comprehension(value):
    source = "package test\nhas(xs, y) if xs[_] == y\np if not has(input.xs, 3)"
    assert value(source, input={"xs": [1, 2]}) is True
    assert value(source, input={"xs": [1, 3, 2]}) is UNDEFINED
    source = "package test\np if not [x | x := input.xs[_]; x > 2] == []"
    assert value(source, input={"xs": [1, 2]}) is UNDEFINED
    assert value(source, input={"xs": [3]}) is True


def test_division_by_zero_is_undefined(value):
    assert value("package test\np := 1 / input.x", input={"x": 0}) is UNDEFINED


def test_functions_with_different_values_conflict_and_equal_ones_do_not(value):
    source = "package test\nf(x) := 1 if x > 0\nf(x) := 2 if x > 1\np := f(input.x)"
    assert value(source, input={"x": 1}) == 1
    assert value(source, input={"x": 2}) == "eval_conflict_error"
    source = "package test\nf(x) := x if x > 0\nf(x) := 2 if x > 1\np := f(input.x)"
    assert value(source, input={"x": 2}) == 2


def test_one_rule_with_two_values_conflicts(value):
    source = "package test\np := x if x := input.xs[_]"
    assert value(source, input={"xs": [1, 1.0]}) == 1
    assert value(source, input={"xs": [1, 2]}) == "eval_conflict_error"
    source = 'package test\np[k] := v if { some v in input.xs; k := "a" }'
    assert value(source, input={"xs": [1, 1]}) == {"a": 1}
    assert value(source, input={"xs": [1, 2]}) == "eval_conflict_error"


def test_else_takes_the_first_branch_with_a_value_and_default_the_rest(value):
    source = (
        "package test\ndefault p := 0\np := 1 if input.x > 10\nelse := 2 if input.x > 5\n"
        "else := 3 if input.x > 3\np := 4 if input.x == 4"
    )
    assert value(source, input={"x": 11}) == 1
    assert value(source, input={"x": 6}) == 2
    assert value(source, input={"x": 1}) == 0
    assert value(source, input={"x": 4}) == "eval_conflict_error"
    assert value(source, input={}) == 0


def test_an_else_branch_of_equal_constants_still_decides(value):
    source = "package test\np if input.x == 1\nelse := true if input.x == 2"
    assert value(source, input={"x": 1}) is True
    assert value(source, input={"x": 2}) is True
    assert value(source, input={"x": 3}) is UNDEFINED


def test_default_functions_and_patterns_of_parameters(value):
    source = (
        'package test\ndefault f(_) := 0\nf([x, {"k": y}]) := x + y\nf(1) := 10\n'
        'p := [f([1, {"k": 2}]), f(1), f(true), f([1, {"k": 2, "l": 3}])]'
    )
    assert value(source) == [3, 10, 0, 0]


def test_numbers_are_exact_and_types_are_ordered(value):
    assert (
        value("package test\np := input.x + 1", input={"x": 9007199254740993}) == 9007199254740994
    )
    assert value("package test\np if 0.1 + 0.2 == 0.3") is True
    assert value("package test\np if {} < set()") is True


def test_a_reference_may_bind_and_use_its_variable(value):
    source = "package test\np contains a if a = input.x[a]"
    assert value(source, input={"x": [0, 2, 2]}) == [0, 2]
    source = "package test\np contains [x, y] if [x, y] = [y, input.n]"
    assert value(source, input={"n": 5}) == [[5, 5]]


def test_literals_of_different_shapes_are_undefined_and_keys_are_matched(value):
    source = (
        'package test\np if [input.x, 1] = [input.x]\nq contains x if {"a": x} = {"a": 1}\n'
        's if not {"a": input.x} = {"b": input.x}'
    )
    assert value(source, input={"x": 1}) is UNDEFINED
    assert value(source, "data.test.q", input={}) == [1]
    assert value(source, "data.test.s", input={"x": 1}) is True


@pytest.mark.parametrize(
    "body",
    [
        "input.by[k] = f(many)",
        "input.by == f(many)",
        "startswith(input.by[k], f(many))",
        "input.by[f(many)]",
        "[input.by, f(many)] = [1, 2]",
        "not input.by == f(many)",
        "g(input.by, f(many))",
    ],
)
def test_a_nested_call_runs_before_the_references_beside_it_are_read(value, body):
    # As OPA does: the error of the call is met although `input.by` is missing.
    head = "package test\nmany := x if some x in [1, 2]\nf(x) := x\ng(x, y) := y\n"

    assert value(f"{head}p if {{ {body} }}", input={}) == "eval_conflict_error"
