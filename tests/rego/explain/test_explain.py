"""Explanations: the value of `prepare`, the expression that failed, the values it failed on."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import pytest

from probanda import rego
from probanda.errors import PolicyError
from probanda.rego.conformance import NOW_NS, read_cases
from probanda.rego.engine import parse_value
from probanda.rego.explain import render
from probanda.rego.plan import plan_program


def explain(text, given=rego.UNDEFINED, data=None, *, rule="p", seconds=10.0, **options):
    policy = rego.compile({"a.rego": f"package a\n\n{text}\n"}, [f"a/{rule}"], seconds=seconds)
    return policy.explain(f"a/{rule}", given, data, **options)


def failure(text, given=rego.UNDEFINED, data=None, **options):
    """The expression that failed in the first definition that failed."""
    return next(iter(explain(text, given, data, **options).failures()))


def named(expression, attempt=0):
    return {each.name: each.value.json for each in expression.samples[attempt]}


# --- the same value ------------------------------------------------------------------------


def same(policy_value, explanation):
    return json.dumps(policy_value, sort_keys=True, default=str) == json.dumps(
        explanation, sort_keys=True, default=str
    )


def asked(call, *arguments, **options):
    try:
        return "value", call(*arguments, **options)
    except PolicyError as error:
        return "error", error.code


def told(call, *arguments, **options):
    try:
        explanation = call(*arguments, **options)
    except PolicyError as error:
        return "error", error.code
    json.dumps(explanation.to_dict(values=True))
    json.dumps(explanation.to_dict(values=False))
    assert render(explanation).endswith("\n")
    if explanation.error_code:
        return "error", explanation.error_code
    return "value", explanation.value


def test_every_conformance_case_is_explained_with_the_value_that_the_query_gives(vectors):
    count = 0
    for case in read_cases(vectors / "rego" / "opa-conformance.jsonl.gz"):
        modules = {f"m{i}.rego": text for i, text in enumerate(case.get("modules") or [])}
        try:
            policy = rego.compile(modules or {"e.rego": "package e"}, [])
        except PolicyError:
            continue
        term = case.get("input_term")
        options = {
            "input": parse_value(term) if term else case.get("input", rego.UNDEFINED),
            "data": case.get("data") or {},
            "strict_builtin_errors": bool(case.get("strict_error")),
            "now_ns": NOW_NS,
        }
        kind, wanted = asked(policy.query, case["query"], **options)
        found = told(policy.explain_query, case["query"], **options)

        assert found[0] == kind, case["note"]
        if kind == "error":
            assert found[1] == wanted, case["note"]
        else:
            left, right = rego.to_json(wanted), found[1]
            assert len(left) == len(right), case["note"]
            assert all(any(same(a, b) for b in right) for a in left), case["note"]
        count += 1
    assert count > 1200


def test_plans_that_opa_made_are_explained_without_any_source(vectors):
    count = 0
    for case in read_cases(vectors / "rego" / "opa-conformance.jsonl.gz"):
        try:
            policy = rego.load_plan(case["plan"])
            entry, given = case["entrypoints"][0], case.get("input", rego.UNDEFINED)
            found = policy.run(entry, input=given, data=case.get("data") or {})
        except PolicyError:
            continue
        if case.get("input_term") or not found:
            continue
        explanation = policy.explain(entry, given, case.get("data") or {})

        assert same(rego.to_json(found[0]), explanation.value), case["note"]
        assert render(explanation)
        count += 1
    assert count > 700


@pytest.mark.parametrize("strict", [False, True])
def test_clock_chance_and_strictness_are_those_of_prepare(strict):
    text = 'package a\np := [time.now_ns(), rand.intn("k", 1000000)]\nq := 1 / input.x'
    policy = rego.compile({"a.rego": text}, ["a/p", "a/q"])
    terms = {"now_ns": 17, "seed": "s", "strict_builtin_errors": strict}

    assert policy.explain("a/p", **terms).value == policy.prepare("a/p", **terms)()
    explanation = policy.explain("a/q", {"x": 0}, **terms)
    assert explanation.error_code == ("eval_builtin_error" if strict else "")
    assert explanation.value is rego.UNDEFINED


def test_explaining_changes_neither_the_policy_nor_its_code():
    policy = rego.compile({"a.rego": "package a\np if input.x > 1"}, ["a/p"])
    before = policy.plan.source

    assert policy.explain("a/p", {"x": 2}).value is True
    assert policy.plan.source is before
    assert "probe" not in before.text
    assert pickle.loads(pickle.dumps(policy)).explain("a/p", {"x": 1}).value is rego.UNDEFINED


# --- what failed ---------------------------------------------------------------------------


def test_a_lookup_that_finds_nothing_is_named_with_the_keys_that_are_there():
    found = failure("p if input.dataset.region == 1", {"dataset": {"zone": 1, "regoin": 2}})

    assert found.reason == "input.dataset.region is undefined"
    assert found.near == ("regoin", "zone")
    assert found.line[found.mark[0] - 1 : found.mark[1] - 1] == "input.dataset.region"
    assert (found.location.path, found.location.line, found.location.column) == ("a.rego", 3, 6)


@pytest.mark.parametrize(
    ("text", "given", "reason"),
    [
        ("p if input.x.y", rego.UNDEFINED, "input is undefined"),
        ("p if input.x.y", {}, "input.x is undefined"),
        ("p if input.x.y", {"x": "s"}, "input.x.y is undefined: input.x is a string"),
        ("p if input.x.y", {"x": None}, "input.x.y is undefined: input.x is null"),
        ("p if input.x", {"x": False}, "input.x is false"),
        ("p if input.x > 3", {"x": 3}, "input.x > 3 is false"),
        ("p if input.x == 3", {"x": 4}, "input.x is not equal to 3"),
        ("p if input.x != 3", {"x": 3}, "input.x is equal to 3"),
        ('p if input.x in {"a", "b"}', {"x": "c"}, "input.x in {…} is false"),
        ("p if not input.x", {"x": 1}, "the negated expression is true"),
        ("p if some y in input.x", {"x": []}, "input.x has no items"),
        ("p if some y in input.x", {"x": 7}, "input.x has no items: it is of type number"),
        ("p if every y in input.x { y > 1 }", {"x": [1]}, "its body does not hold for every item"),
        ("p if { [a, 1] = input.x; a }", {"x": {}}, "input.x is not an array"),
        ("p if count(input.x) > 1", {"x": [1]}, "count(input.x) > 1 is false"),
        ("p if data.y.z", {}, "data.y is undefined"),
        ("p := input.x", {}, "input.x is undefined"),
    ],
)
def test_each_way_of_failing_has_its_sentence(text, given, reason):
    assert failure(text, given).reason == reason


def test_the_first_expression_that_no_binding_satisfied_failed():
    text = "p if {\n\tsome x in input.xs\n\tx > 2\n\tx < input.top\n}"

    found = failure(text, {"xs": [1, 3, 4], "top": 3})

    assert (found.text, found.tried, found.held) == ("x < input.top", 2, 0)
    assert [named(found, attempt) for attempt in (0, 1)] == [
        {"x": 3, "input.top": 3},
        {"x": 4, "input.top": 3},
    ]


def test_items_within_one_expression_are_attempts_of_their_own():
    found = failure('p if input.xs[_].name == "b"', {"xs": [{"name": "a"}, {}, {"name": "c"}]})

    assert (found.tried, found.held) == (3, 0)
    assert found.reason == 'input.xs[_].name is not equal to "b"'
    assert [named(found, number)["input.xs[_].name"] for number in (0, 1)] == ["a", "c"]


def test_every_shows_the_item_for_which_it_does_not_hold():
    found = failure("p if every x in input.xs { x.ok }", {"xs": [{"ok": True}, {"ok": False}]})

    inner = found.nested[0]
    assert (inner.text, inner.reason, inner.held, inner.tried) == ("x.ok", "x.ok is false", 1, 2)
    assert named(inner) == {"x": {"ok": False}}


def test_a_comprehension_shows_what_it_left_out():
    found = failure("p if count([x | some x in input.xs; x > 10]) > 1", {"xs": [1, 11]})

    assert [each.text for each in found.nested] == ["some x in input.xs", "x > 10"]
    assert (found.nested[1].held, found.nested[1].tried) == (1, 2)


def test_a_built_in_that_failed_says_why():
    found = failure("p if to_number(input.x) > 1", {"x": "one"})

    assert found.reason == "to_number(input.x) failed"
    assert "one" in found.detail


def test_with_shows_what_was_replaced():
    text = 'p if q with input.k as 2 with data.z as {"a": 1}\nq if { input.k == 2; data.z.b }'

    found = failure(text, {"k": 1}, {"z": {"b": 1}})

    inner = found.calls[0].definitions[0].failure
    assert (inner.reason, inner.near) == ("data.z.b is undefined", ("a",))


def test_after_a_with_the_keys_are_those_of_the_document_itself_again():
    text = 'p if q with input as {"other": 1}\np if input.x\nq if input.y'

    explanation = explain(text, {"mine": 1})

    second = explanation.rules[0].definitions[1].failure
    assert second.near == ("mine",)


# --- rules ---------------------------------------------------------------------------------


def definitions(explanation):
    return [(each.kind, each.status, each.reason) for each in explanation.rules[0].definitions]


def test_definitions_are_told_in_order_and_a_default_is_said():
    text = "# METADATA\n# title: May they?\ndefault p := false\np if input.a\np if input.b"

    explanation = explain(text, {"b": False})

    assert explanation.value is False
    assert explanation.rules[0].default_used
    assert explanation.rules[0].title == "May they?"
    assert definitions(explanation) == [
        ("rule", "failed", ""),
        ("rule", "failed", ""),
        ("default", "succeeded", ""),
    ]


def test_what_an_early_exit_skipped_is_said():
    explanation = explain("default p := false\np if input.a\np if input.b", {"a": True})

    assert definitions(explanation) == [
        ("rule", "succeeded", ""),
        ("rule", "skipped", "not tried: an earlier one had decided"),
        ("default", "skipped", "not needed: another definition gave a value"),
    ]


def test_else_branches_are_told_apart():
    explanation = explain("p := 1 if input.a\nelse := 2 if input.b\nelse := 3", {"b": True})

    assert explanation.value == 2
    assert [each[:2] for each in definitions(explanation)] == [
        ("rule", "failed"),
        ("else", "succeeded"),
        ("else", "skipped"),
    ]
    assert explanation.rules[0].definitions[1].values[0].json == 2


def test_a_call_is_told_with_its_arguments_where_it_was_made():
    text = 'p if f(input.x)\nf("a") := true\nf(y) if y == input.z'

    found = failure(text, {"x": "b", "z": "c"})

    assert found.reason == "f(input.x) is undefined"
    call = found.calls[0]
    assert (call.path, call.arguments[0].name, call.arguments[0].value.json) == (
        "data.a.f",
        "y",
        "b",
    )
    assert [each.failure.reason for each in call.definitions] == [
        "the arguments do not match",
        "y is not equal to input.z",
    ]


def test_a_rule_that_is_met_twice_is_told_once_each_by_one_evaluation():
    explanation = explain("p if { q; q }\nq if input.x", {"x": True})

    body = explanation.rules[0].definitions[0]
    assert body.status == "succeeded"
    assert sum(len(each.calls) for each in body.expressions) == 1


@pytest.mark.parametrize(
    ("text", "given", "value", "results"),
    [
        ("p contains x if some x in input.xs", {"xs": [1, 2]}, [1, 2], 2),
        ("p[k] := v if some k, v in input.xs", {"xs": {"a": 1}}, {"a": 1}, 1),
        ("p.q[x].r := 1 if some x in input.xs", {"xs": ["a"]}, {"a": {"r": 1}}, 1),
        ("p contains x if some x in input.xs", {"xs": []}, [], 0),
    ],
)
def test_partial_rules_tell_how_often_they_said_something(text, given, value, results):
    policy = rego.compile({"a.rego": f"package a\n{text}"})
    entry = policy.entrypoints[0]
    explanation = policy.explain(entry, given)

    assert explanation.value == policy.prepare(entry)(given) == value
    assert explanation.rules[0].definitions[0].results == results


def test_a_conflict_is_told_with_the_tree_so_far():
    explanation = explain("p := 1 if input.x\np := 2 if input.x", {"x": True})

    assert explanation.error_code == "eval_conflict_error"
    assert explanation.rules[0].definitions[0].status == "succeeded"


def test_a_query_tells_which_of_its_own_expressions_failed():
    policy = rego.compile({"a.rego": "package a\np := 1"}, [])

    explanation = policy.explain_query("x := data.a.p; x > input.y", input={"y": 1})

    assert explanation.value == []
    assert [each.held for each in explanation.query] == [1, 0]
    assert explanation.query[1].reason == "x > input.y is false"


def test_no_such_entry_point_and_a_wrong_query_are_errors():
    policy = rego.compile({"a.rego": "package a\np := 1"}, ["a/p"])

    with pytest.raises(PolicyError, match="undefined entry point"):
        policy.explain("a/q")
    with pytest.raises(PolicyError):
        policy.explain_query("x :=")


# --- limits and what must not be told ------------------------------------------------------


def test_a_loop_of_a_million_items_is_counted_and_only_sampled():
    text = "p if { some i in numbers.range(1, 1000000); i * 2 == 1 }"

    found = failure(text, {}, seconds=300.0)

    assert (found.tried, found.held, len(found.samples)) == (1_000_000, 0, 3)


def test_calls_beyond_the_limit_are_counted_not_kept():
    text = "p if { some x in input.xs; f(x) }\nf(x) if x > 1000000"

    explanation = explain(text, {"xs": list(range(10_000))})

    failed = explanation.rules[0].definitions[0].failure
    assert len(failed.calls) == 6
    assert explanation.dropped == 10_000 - 6
    assert len(json.dumps(explanation.to_dict())) < 20_000


def test_large_values_are_cut_and_their_sizes_told():
    given = {"text": "x" * 10_000, "list": list(range(10_000))}

    found = failure("p if { input.text == input.list }", given)

    text, items = (each.value for each in found.samples[0])
    assert (text.size, len(text.json), text.truncated) == (10_000, 80, True)
    assert (items.size, len(items.json), items.truncated) == (10_000, 6, True)


def test_the_limits_of_an_evaluation_hold_while_it_is_traced():
    many = "numbers.range(1, 100000)"

    explanation = explain(f"p if {{ some i in {many}; some j in {many}; i * j < 0 }}", seconds=0.2)

    assert explanation.error_code == "eval_cancel_error"


SECRET = "ada@example.com"


@pytest.mark.parametrize(
    "text",
    [
        "p if input.user == 1",
        "p if input.users[input.user].role",
        "p if input.users.role",
        "p if to_number(input.user) > 1",
        "p if { some u in input.names; u == 1 }",
        "p if f(input.user)\nf(x) if x == 1",
        "p := input.user",
        "p contains x if some x in input.names",
        "p := object.get(input.users, input.user, 1) / 0",
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_without_values_nothing_of_the_input_is_told(text, strict):
    given = {"user": SECRET, "users": {SECRET: {}}, "names": [SECRET, SECRET + "!"]}

    explanation = explain(text, given, strict_builtin_errors=strict)

    assert "ada" not in json.dumps(explanation.to_dict(values=False))
    assert "ada" not in render(explanation, values=False)


# --- text ----------------------------------------------------------------------------------

POLICY = """package residency

# METADATA
# title: Data stays where it may be
default allow := false

allow if {
	some replica in input.dataset.replicas
	replica.region in data.allowed
	not blocked(input.user)
}

allow if input.user.role == "admin"

blocked(user) if user.name in data.blocked
"""


def rendered(given, **options):
    policy = rego.compile({"residency.rego": POLICY}, ["residency/allow"])
    data = {"allowed": ["eu", "uk"], "blocked": ["eve"]}
    return render(policy.explain("residency/allow", given, data), **options)


def test_a_denial_is_read_in_five_seconds():
    replicas = [{"region": "us"}, {"region": "cn"}]
    given = {"dataset": {"replicas": replicas}, "user": {"name": "ada", "roel": "admin"}}

    assert rendered(given) == (
        """\
data.residency.allow is false  — Data stays where it may be
✓ residency.rego:5:1  default allow := false  (the default stands: no other definition gave a value)
✗ residency.rego:7:1  allow if
     9 │ replica.region in data.allowed
       │ ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       = replica.region in data.allowed is false (0 of 2 held)
         replica.region = "us"
         data.allowed = ["eu", "uk"]
         and with replica.region = "cn"
✗ residency.rego:13:1  allow if input.user.role == "admin"
    13 │ allow if input.user.role == "admin"
       │          ^^^^^^^^^^^^^^^
       = input.user.role is undefined
       = input.user has: roel, name
"""
    )


def test_what_a_not_negates_is_explained_below_it():
    given = {"dataset": {"replicas": [{"region": "eu"}]}, "user": {"name": "eve", "role": "x"}}

    assert rendered(given).split("✗")[1] == (
        """ residency.rego:7:1  allow if
    10 │ not blocked(input.user)
       │ ^^^^^^^^^^^^^^^^^^^^^^^
       = the negated expression is true
         input.user = {"name": "eve", "role": "x"}
         blocked(input.user) = true
      blocked(user = {"name": "eve", "role": "x"}) is true
      ✓ residency.rego:15:1  blocked(user) if user.name in data.blocked
          15 │ user.name in data.blocked   (user.name = "eve", data.blocked = ["eve"])
"""
    )


def test_the_rule_that_decided_comes_first_with_its_values():
    lines = rendered({"user": {"role": "admin"}}).splitlines()

    assert lines[:3] == [
        "data.residency.allow is true  — Data stays where it may be",
        '✓ residency.rego:13:1  allow if input.user.role == "admin"',
        '    13 │ input.user.role == "admin"   (input.user.role = "admin")',
    ]
    assert lines[3] == "✗ residency.rego:7:1  allow if"
    assert lines[-1].endswith("(not needed: another definition gave a value)")


def test_without_values_types_and_sizes_stand_in_their_place():
    text = rendered({"dataset": {"replicas": [{"region": "us"}]}, "user": {}}, values=False)

    assert "replica.region = string of 2 characters" in text
    assert "data.allowed = array of 2 items" in text
    assert text.startswith("data.residency.allow is false")


def test_control_characters_of_a_value_never_reach_the_terminal():
    text = rendered({"dataset": {"replicas": [{"region": "\x1b[31m\u202e"}]}})

    assert "\x1b" not in text
    assert "\u202e" not in text


def test_a_policy_from_a_plan_is_explained_by_the_places_of_the_plan():
    compiled = rego.compile({"a.rego": "package a\n\np if input.x.y > 3"}, ["a/p"])
    policy = rego.load_plan(plan_program(compiled.program, ["a/p"]))

    assert render(policy.explain("a/p", {"x": {"y": 1}})) == (
        """\
data.a.p is undefined
✗ a.rego:3:1
  a.rego:3:6: input.x.y > 3
       = input.x.y > 3 is false
         input.x.y = 1
"""
    )


def test_the_same_question_gives_the_same_bytes_in_every_process():
    code = (
        "from probanda import rego; from probanda.rego.explain import render;"
        't = \'package a\\np if input.x in {"c", "a", "b"}\';'
        "p = rego.compile({'a.rego': t}, ['a/p']);"
        "e = p.explain('a/p', {'x': 1}); print(render(e), e.to_dict())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(outputs) == 1
