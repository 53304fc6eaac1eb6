"""Base data and rules under one `data`: look-ups, loops and whole packages."""

from __future__ import annotations

import pytest

from probanda.rego.values import UNDEFINED

PACKAGE = "package a.b\nr := 1\nu := 2 if input.never\n"


def test_a_package_is_its_rules_over_base_data(value):
    data = {"a": {"b": {"r": "base", "base": 3}, "c": 4}}
    assert value(PACKAGE, "data.a.b", data=data, input={}) == {"r": 1, "base": 3}
    assert value(PACKAGE, "data.a", data=data, input={}) == {"b": {"r": 1, "base": 3}, "c": 4}
    assert value(PACKAGE, "data.a.b", input={}) == {"r": 1}
    assert value(PACKAGE, "data.a.b.base", data=data, input={}) == 3
    assert value(PACKAGE, "data.a.b.r", data=data, input={}) == 1
    assert value(PACKAGE, "data.a.b.u", data=data, input={}) is UNDEFINED


def test_empty_packages_and_packages_of_functions_are_empty_objects(value):
    modules = ["package a.b", "package a.c.d\nf(x) := x"]
    assert value(modules, "data.a") == {"b": {}, "c": {"d": {}}}


def test_a_loop_over_a_package_meets_rules_and_base_data_once(query):
    data = {"a": {"b": {"r": "base", "base": 3}}}
    found = query(PACKAGE, "data.a.b[k] = v", data=data, input={})
    assert found == [{"k": "base", "v": 3}, {"k": "r", "v": 1}]
    found = query(PACKAGE, "data.a[x][y] = v", data=data, input={})
    assert found == [{"v": 1, "x": "b", "y": "r"}, {"v": 3, "x": "b", "y": "base"}]
    found = query(PACKAGE, "data[x].b.r = v", data={**data, "z": {"b": {"r": 9}}}, input={})
    assert found == [{"v": 1, "x": "a"}, {"v": 9, "x": "z"}]


@pytest.mark.parametrize("rules", [2, 9])
def test_a_computed_name_finds_rules_base_data_or_nothing(value, rules):
    many = "".join(f"r{n} := {n}\n" for n in range(rules))
    modules = [f"package a.b\n{many}bad if input.never", "package test\np := data.a.b[input.k]"]
    data = {"a": {"b": {"r1": "base", "base": {"x": 3}, "bad": "base"}}}
    assert value(modules, input={"k": "r1"}, data=data) == 1
    assert value(modules, input={"k": "base"}, data=data) == {"x": 3}
    assert value(modules, input={"k": "bad"}, data=data) is UNDEFINED
    assert value(modules, input={"k": "none"}, data=data) is UNDEFINED
    assert value(modules, input={"k": 1}, data=data) is UNDEFINED
    assert value(modules, input={"k": "r0"}) == 0


@pytest.mark.parametrize("rules", [2, 9])
def test_not_of_a_computed_name_sees_base_data_that_arrives_later(value, rules):
    many = "".join(f"r{n} if {{ true }}\n" for n in range(rules))
    modules = [f"package b\n{many}", "package test\np if not data.b[input.k]"]
    assert value(modules, input={"k": "base"}, data={"b": {"base": True}}) is UNDEFINED
    assert value(modules, input={"k": "base"}, data={"b": {}}) is True
    assert value(modules, input={"k": "base"}) is True
    assert value(modules, input={"k": "r0"}) is UNDEFINED


def test_a_computed_name_in_the_middle_of_a_path(query):
    modules = ["package a.x.q\nr := 1", 'package a.y\nq := {"r": 2, "s": 3}']
    data = {"a": {"x": {"q": {"t": 5}}, "z": {"q": {"r": 4}}}}
    found = query(modules, 'k = "x"; data.a[k].q.r = v', data=data)
    assert found == [{"k": "x", "v": 1}]
    found = query(modules, "data.a[k].q[n] = v", data=data)
    assert found == [
        {"k": "x", "n": "r", "v": 1},
        {"k": "x", "n": "t", "v": 5},
        {"k": "y", "n": "r", "v": 2},
        {"k": "y", "n": "s", "v": 3},
        {"k": "z", "n": "r", "v": 4},
    ]


def test_functions_are_not_documents_but_can_be_called_by_path(query, value):
    modules = ["package a\nf(x) := x + 1\nr := 7", "package test\np := data.a.f(1)"]
    assert value(modules) == 2
    assert query(modules, "data.a[k] = v") == [{"k": "r", "v": 7}]


def test_a_partial_set_answers_members_and_patterns(query):
    source = "package test\ns contains [1, 2]\ns contains [3, 4]\ns contains 5"
    assert query(source, "data.test.s[[x, 4]]") == [{"x": 3}]
    assert query(source, "data.test.s[5] = x") == [{"x": 5}]
    assert query(source, "data.test.s[6] = x") == []


def test_rules_with_general_heads_share_an_object_or_conflict(value):
    source = (
        'package test\np[q].r := 1 if some q in ["a", "b"]\np.a.s := 2\n'
        "p.c.t contains x if some x in [1, 2]\np.c.t contains 3"
    )
    assert value(source) == {"a": {"r": 1, "s": 2}, "b": {"r": 1}, "c": {"t": [1, 2, 3]}}
    assert value(source, "data.test.p.c.t") == [1, 2, 3]
    source = 'package test\np[q] := {"s": 1} if q := "a"\np.a.t := 2'
    assert value(source) == "eval_conflict_error"
    source = 'package test\np.a.t := 2\np[q] := {"s": 1} if q := "a"'
    assert value(source) == "eval_conflict_error"


def test_the_value_of_a_rule_is_never_changed_by_another(value):
    source = 'package test\nv := {"s": {}}\np[x].y := v if x := "a"\np[x].z := v if x := "a"'
    assert value(source) == {"a": {"y": {"s": {}}, "z": {"s": {}}}}


def test_names_that_are_not_identifiers_do_not_collide(value):
    modules = ['package a["b.c"]\nr := 1', 'package a.b["c"]\nr := 2', 'package a["b c"]\nr := 3']
    assert value(modules, "data.a") == {"b.c": {"r": 1}, "b": {"c": {"r": 2}}, "b c": {"r": 3}}
