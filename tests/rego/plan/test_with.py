"""`with`: documents and functions replaced, and given back."""

from __future__ import annotations

from probanda.rego.values import UNDEFINED

BASE = 'package test\nr := input.x\nallow if input.role == "admin"\n'


def test_input_is_replaced_for_one_literal_only(value):
    source = BASE + "p := [a, b] if { a := r with input.x as 2; b := r }"
    assert value(source, input={"x": 1}) == [2, 1]
    source = BASE + 'p := [x, y] if { x := input with input as {"y": 1}; y := input }'
    assert value(source, input={"x": 1}) == [{"y": 1}, {"x": 1}]


def test_what_follows_a_loop_under_with_sees_the_original_documents(value):
    source = BASE + 'p contains [a, r] if { a := input.xs[_] with input as {"xs": [5, 6]} }'
    assert value(source, input={"x": 1}) == [[5, 1], [6, 1]]
    source = BASE + (
        "p contains [a, b, r] if { a := data.d[_] with data.d as [5, 6] with input.x as 9\n"
        "b := count(data.d) }"
    )
    assert value(source, input={"x": 1}, data={"d": [0]}) == [[5, 1, 1], [6, 1, 1]]


def test_values_of_several_with_are_all_taken_from_the_outside(value):
    source = (
        BASE
        + "p := [a, b] if { [a, b] := [input.x, input.y] with input.x as 2 with input.y as input }"
    )
    assert value(source, input={"x": 1}) == [2, {"x": 1}]


def test_with_stands_outside_of_not(value):
    source = (
        BASE + 'p if not allow with input.role as "user"\nq if not allow with input.role as input.z'
    )
    assert value(source, input={"role": "admin"}) is True
    assert value(source, "data.test.q", input={}) is UNDEFINED


def test_data_replaces_rules_and_undefined_values_undo_the_literal(value):
    modules = [
        "package a\nr := 1\ns := r + 1",
        """package test
p := [data.a.s, x, data.a.s] if x := data.a.s with data.a.r as 10
q := x if x := data.a with data.a as {"z": 1}
u if data.a.r with data.a.r as input.none""",
    ]
    assert value(modules) == [2, 11, 2]
    assert value(modules, "data.test.q") == {"z": 1}
    assert value(modules, "data.test.u", input={}) is UNDEFINED


def test_a_loop_over_a_package_sees_a_replaced_rule_once(query):
    modules = ["package a\nr := 1\ns := 2"]
    found = query(modules, "data.a[k] = v with data.a.r as 10")
    assert found == [{"k": "r", "v": 10}, {"k": "s", "v": 2}]


def test_functions_are_replaced_by_functions_values_and_builtins(value):
    source = (
        "package test\nf(x) := x + 1\ng(x) := x * 10\nr := f(2)\n"
        "p := [r, a, b, c, d] if {\n a := r with f as g\n b := r with f as 7\n"
        ' c := r with f as abs\n d := count("ab") with count as f2\n}\nf2(x) := [x, count(x)]'
    )
    assert value(source) == [3, 20, 7, 2, ["ab", 2]]


def test_a_replaced_function_still_needs_its_arguments(value):
    source = "package test\nf(x) := 1\np := x if x := f(input.none) with f as 3\n"
    source += "q := x if x := f(1) with f as input.none"
    assert value(source, input={}) is UNDEFINED
    assert value(source, "data.test.q", input={}) is UNDEFINED


def test_values_that_replace_functions_reach_rules_below_rules(value):
    source = (
        "package test\nf(_) := 1\nq := r\nr := f(1)\n"
        "p contains x if { some y in [5, 6]; x := q with f as y }\n"
        "t := x if x := data.test.q with f as false\n"
    )
    assert value(source) == [5, 6]
    assert value(source, "data.test.t") is False


def test_time_can_be_fixed(value):
    source = "package test\nnow := time.now_ns()\np := x if x := now with time.now_ns as 42"
    assert value(source) == 42


def test_with_in_functions_comprehensions_and_every(value):
    source = BASE + (
        "f(x) := y if y := r with input.x as x\np := [y | some x in [1, 2]; y := f(x)]\n"
        'q if every role in ["admin"] { allow with input.role as role }'
    )
    assert value(source, input={}) == [1, 2]
    assert value(source, "data.test.q", input={}) is True


def test_a_rule_that_nothing_replaced_touches_is_planned_once(plan):
    source = BASE + "other := 1\np := x if x := [r, other] with input.x as 1 with data.test.r as 3"
    names = [item["name"] for item in plan(source, "data.test.p = x")["funcs"]["funcs"]]
    assert names.count("g0.data.test.other") == 1
    assert not [name for name in names if name.startswith("g1.data.test.other")]


def test_loops_under_with_nest_deeply(value):
    lines = [f"x{n} := input.xs[_] with input.z as {n}; x{n} == 2" for n in range(25)]
    source = "package test\np if {\n" + "\n".join(lines) + "\n}"
    assert value(source, input={"xs": [1, 2]}) is True
    assert value(source, input={"xs": [1, 3]}) is UNDEFINED
