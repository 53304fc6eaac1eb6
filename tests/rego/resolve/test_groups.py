"""Which rules define one document together."""

import pytest

from probanda.rego.unparse import unparse


def _keys(group):
    return [[unparse(key) for key in rule.keys] for rule in group.rules]


def test_kinds_of_groups(program):
    groups = program(
        "a := 1\nb contains 1\nc[x] := 1 if x := 1\nd.e := 1\nf(x) := x\ng.h[x] contains y if "
        "{ x := 1; y := 2 }\nempty() := 1"
    ).groups
    assert {"/".join(path[1:]): group.kind for path, group in groups.items()} == {
        "a": "complete",
        "b": "partial-set",
        "c": "partial-object",
        "d/e": "complete",
        "empty": "complete",
        "f": "function",
        "g/h": "partial-object",
    }


def test_rules_of_one_path_from_several_packages_are_one_group(program):
    groups = program("a.b.c contains 1", "package test.a\nb.c contains 2").groups
    assert list(groups) == [("test", "a", "b", "c")]
    assert len(groups["test", "a", "b", "c"].rules) == 2


@pytest.mark.parametrize(
    ("text", "path", "keys"),
    [
        ("p[q].r := 1 if q := 1\np.a.r := 0", ("test", "p"), [["q", '"r"'], ['"a"', '"r"']]),
        ("p.q.r := 1\np.q[s] := 2 if s := 1", ("test", "p", "q"), [['"r"'], ["s"]]),
        ("p.s contains 2\np[q] := 1 if q := 1", ("test", "p"), [['"s"'], ["q"]]),
        ("q[7] := 8", ("test", "q"), [["7"]]),
        ("p[input.x].r := 1", ("test", "p"), [["#1", '"r"']]),
    ],
)
def test_rules_below_a_variable_are_in_its_group(text, path, keys, program):
    groups = program(text).groups
    assert list(groups) == [path]
    assert _keys(groups[path]) == keys


def test_rules_of_a_package_below_a_variable_are_in_its_group(program):
    groups = program("p[x] := 1 if x := 1", "package test.p.q\nr := 2").groups
    assert _keys(groups["test", "p"]) == [["x"], ['"q"', '"r"']]


def test_functions_below_a_variable_are_groups_of_their_own(program):
    groups = program("p[x] := 1 if x := 1\np.f(x) := x").groups
    assert [group.kind for group in groups.values()] == ["partial-object", "function"]


def test_defaults_are_apart_from_rules(program):
    groups = program(
        "default a := 1\na := 2 if input.x\ndefault b.c := 3\nb[x] := 4 if x := 1\n"
        "default f(x) := 5"
    ).groups
    assert groups["test", "a"].default is not None
    assert len(groups["test", "a"].rules) == 1
    assert groups["test", "b"].default is None
    assert [unparse(key) for key in groups["test", "b"].key_defaults[0].keys] == ['"c"']
    assert groups["test", "f"].rules == ()


def test_no_group_is_below_another_one(program):
    texts = ["p[q].r := 1 if q := 1\np.a.r.s := 0\np.b contains 1\nq.r := 1\nq.s.t := 2"]
    paths = [path for path, group in program(*texts).groups.items() if group.kind != "function"]
    assert not [
        (one, two) for one in paths for two in paths if one != two and two[: len(one)] == one
    ]
