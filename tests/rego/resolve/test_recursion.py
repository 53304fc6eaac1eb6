"""Rules that depend on themselves."""

import pytest

from probanda.rego.resolve.recursion import components


@pytest.mark.parametrize(
    ("texts", "way"),
    [
        (["p := p"], "p p"),
        (["p := q\nq := p"], "p q p"),
        (["p if not p"], "p p"),
        (["p := count(data.test)"], "p p"),
        (["p := data[x].p if x = 1"], "p p"),
        (["p if { data.test[x] }"], "p p"),
        (["f(x) := f(x)"], "f f"),
        (["f(x) := g(x)\ng(x) := f(x)"], "f g f"),
        (["p := [x | x := p]"], "p p"),
        (["p if { every x in p { x } }"], "p p"),
        (["p if false else := p"], "p p"),
        (["p if q with q as p\nq := 1"], "p p"),
        (["p[x] := 1 if { p[y]; x := y }"], "p[x] p[x]"),
        (["p := data.other.q", "package other\nq := data.test.p"], "p other.q p"),
    ],
)
def test_a_rule_that_depends_on_itself_is_refused(texts, way, refused):
    error = refused(*texts)[0]
    names = [f"data.{name}" if "." in name else f"data.test.{name}" for name in way.split()]
    first = next(item for item in refused(*texts) if item.message.startswith(f"rule {names[0]} "))
    assert error.code == "rego_recursion_error"
    assert first.message == f"rule {names[0]} is recursive: {' -> '.join(names)}"


@pytest.mark.parametrize(
    "texts",
    [
        ["p := q.a\nq.a := 1\nq.b := p"],
        ["p := data.other.p", "package other\np := 1"],
        ["f(x) := 2\ng(x) := f(x)\np := y if y := f(1) with f as g"],
        ["p := data.test.q\nq := 1"],
        ["p := data.test[\"q\"].x\nq := {}"],
        ["p := input.p"],
    ],
)  # fmt: skip
def test_rules_that_only_look_alike_are_not(texts, program):
    assert program(*texts).groups


def test_a_group_that_must_evaluate_itself_is_refused(refused):
    error = refused("p[x] := 1 if some x in input\np.a := 1\np.b := p.a")[0]
    assert error.code == "rego_recursion_error"
    assert "evaluated together" in error.message


def test_components_are_found_without_recursion():
    size = 50_000
    ring = {node: [(node + 1) % size] for node in range(size)}
    line = {node: [node + 1] for node in range(size)}
    assert [len(component) for component in components(ring)] == [size]
    assert len(components(line)) == size + 1
