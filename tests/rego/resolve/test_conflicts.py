"""Rules that cannot stand beside each other."""

import pytest

from probanda.rego import ast
from probanda.rego.resolve.conflicts import check_conflicts
from probanda.rego.resolve.report import Report
from probanda.rego.resolve.tree import RuleTree


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (['p contains x if x = 1\np[x] := y if { x = y; x = "a" }'],
         "conflicting rules data.test.p[x] found"),
        (["q contains 1\nq := {1}"], "conflicting rules data.test.q found"),
        (["p := 1\np[r] := 2 if r := 1"], "conflicting rules data.test.p[r] found"),
        (["f(1)\nf if true"], "conflicting rules data.test.f found"),
        (["f(1)\nf(1, 2)"], "conflicting rules data.test.f found"),
        (["default f(_) := 1\nf(x, y) if x == y"], "conflicting rules data.test.f found"),
        (["p.q.r if true", "package test.p.q\nr(_) := 2"],
         "conflicting rules data.test.p.q.r found"),
        (["p.q if true\np.q.r if true\np.q.s if true"],
         ("rule data.test.p.q conflicts with:\n"
          "  rule data.test.p.q.r at 0.rego:3\n  rule data.test.p.q.s at 0.rego:4")),
        (["p contains 1\np.q.r := 1"],
         "rule data.test.p conflicts with:\n  rule data.test.p.q.r at 0.rego:3"),
        (["p(x) := x\np.q := 1"],
         "rule data.test.p conflicts with:\n  rule data.test.p.q at 0.rego:3"),
        (["default p := 1\ndefault p := 2"],
         "multiple default rules data.test.p found at 0.rego:2, 0.rego:3"),
        (["default p.q := 1", "package test.p\ndefault q := 2"],
         "multiple default rules data.test.p.q found at 0.rego:2, 1.rego:2"),
        (["r if true", "package test.r"],
         "package test.r conflicts with rule r defined at 0.rego:2"),
        (["p.q if true", "package test.p.q"],
         "package test.p.q conflicts with rule p.q defined at 0.rego:2"),
    ],
)  # fmt: skip
def test_conflicting_rules_are_refused(texts, message, refused):
    error = refused(*texts)[0]
    assert (error.code, error.message) == ("rego_type_error", message)


@pytest.mark.parametrize(
    "texts",
    [
        ["p.q.r := 1\np.q.s := 2"],
        ["p.q.r := 1\np.q[s] := 2 if s := 1"],
        ["p[q].r := 1 if q := 1\np.a.r := 0\np.b.c.d := 2"],
        ["p[r] := 1 if r := 1\np.q[r] := 2 if r := 1"],
        ["p[r] := 1 if r := 1\np.q contains 1"],
        ["p[q] contains 1 if q := 1\np.q.r := 1"],
        ["p[x] := 1 if x := 1", "package test.p\nq := 1"],
        ["p[x] := 1 if x := 1", "package test.p.q.r\ns := 1"],
        ["p contains 1", "p contains 2"],
        ["p[1] := 1\np[2] := 2\np[true] := 3\np[null] := 4"],
        ["default p := 1\np := 2 if input.x\np := 3 if input.y"],
        ["f(1)\nf([x]) if x\nf({\"k\": x}) if x"],
    ],
)  # fmt: skip
def test_rules_that_only_overlap_are_not(texts, program):
    assert program(*texts).groups


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("default p := q", "illegal default rule (value cannot contain var)"),
        ("default p := data.q", "illegal default rule (value cannot contain ref)"),
        ("default p := count([])", "illegal default rule (value cannot contain call)"),
        ("default f(x, x) := 1", "illegal default rule (arguments cannot be repeated x)"),
        ("default f([x]) := 1", "illegal default rule (arguments cannot contain array)"),
    ],
)
def test_a_default_is_constant(text, message):
    """The parser says so first; the resolver does not rely on it."""
    report = Report()
    module = _default(text)
    check_conflicts(RuleTree([module]), [module], report)
    assert report.messages() == [message]


def _default(text):
    x = ast.Var("x")
    heads = {
        "default p := q": ast.Head((ast.String("p"),), value=ast.Var("q")),
        "default p := data.q": ast.Head(
            (ast.String("p"),), value=ast.Ref(ast.Var("data"), (ast.String("q"),))
        ),
        "default p := count([])": ast.Head(
            (ast.String("p"),), value=ast.Call(("count",), (ast.Array(()),))
        ),
        "default f(x, x) := 1": ast.Head((ast.String("f"),), (x, x), value=ast.Number("1")),
        "default f([x]) := 1": ast.Head(
            (ast.String("f"),), (ast.Array((x,)),), value=ast.Number("1")
        ),
    }
    return ast.Module("d.rego", ("test",), rules=(ast.Rule(heads[text], default=True),))


def test_a_default_may_be_a_comprehension(program):
    assert program("default p := [x | x := 1]").groups["test", "p"].default is not None


def test_arguments_cannot_be_calls(refused):
    assert refused("f(g(x)) := x\ng(x) := x")[0].message == "rule arguments cannot contain calls"
