"""Many rules that compare one reference: only the fitting ones run, and nobody can tell."""

from __future__ import annotations

from collections import Counter

import pytest

from probanda import rego
from probanda.errors import PolicyError
from probanda.rego import ir
from probanda.rego.backend import compile_plan, dispatch
from probanda.rego.builtins import BUILTINS
from probanda.rego.values import from_json

COUNT = 40


def prepared(*lines: str, path: str = "a/p", **options):
    policy = rego.compile({"p.rego": "\n".join(["package a", *lines])}, [path])
    assert " = H(" in policy.plan.source.text
    return policy.prepare(path, **options)


def kinds(body: str) -> list[str]:
    return [f'p if {{ input.kind == "k{n}"; {body.format(n=n)} }}' for n in range(COUNT)]


def test_the_rule_of_the_value_found_decides_and_no_other():
    answer = prepared("default p := false", *kinds("input.level > {n}"))

    assert answer({"kind": "k7", "level": 8}) is True
    assert answer({"kind": "k7", "level": 7}) is False
    assert answer({"kind": "k39", "level": 40}) is True
    for value in ({"kind": "other", "level": 99}, {"level": 99}, {"kind": ["k7"]}, [], "k7"):
        assert answer(value) is False


def test_rules_of_one_value_keep_their_order_and_conflict_as_ever():
    rules = [f'p := {n} if {{ input.kind == "k{n % 20}"; input.x >= {n} }}' for n in range(COUNT)]
    answer = prepared(*rules)

    assert answer({"kind": "k3", "x": 3}) == 3
    with pytest.raises(PolicyError) as caught:
        answer({"kind": "k3", "x": 23})
    assert caught.value.code == "eval_conflict_error"
    assert str(caught.value).startswith("p.rego:25:")


def test_sets_and_objects_gather_what_all_rules_of_a_value_add():
    rules = [f'p contains {n} if input.kind == "k{n % 20}"' for n in range(COUNT)]
    objects = [f'o[input.x] := {n % 20} if input.kind == "k{n % 20}"' for n in range(COUNT)]

    assert sorted(prepared(*rules)({"kind": "k3"})) == [3, 23]
    assert prepared(*rules)({"kind": "none"}) == []
    assert prepared(*objects, path="a/o")({"kind": "k3", "x": "y"}) == {"y": 3}
    assert prepared(*objects, path="a/o")({"kind": "none", "x": "y"}) == {}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, ["one"]),
        (1.0, ["one"]),
        (True, ["true"]),
        ("1", ["text"]),
        (None, ["null"]),
        (False, ["false"]),
        (0, ["zero"]),
        (-0.0, ["zero"]),
        (0.1, ["tenth"]),
        (1e22, ["big"]),
        (10**22, ["big"]),
        (9007199254740993, ["exact"]),
        (9007199254740992, []),
        ([1], []),
        ({}, []),
        ("one", []),
    ],
)
def test_values_equal_as_in_rego(value, expected):
    constants = {
        "one": "1",
        "true": "true",
        "text": '"1"',
        "null": "null",
        "false": "false",
        "zero": "0",
        "tenth": "0.1",
        "big": "1e22",
        "exact": "9007199254740993",
    }
    rules = [f'p contains "{name}" if input.a.x == {text}' for name, text in constants.items()]
    rules += [f'p contains "never" if input.a.x == "never{n}"' for n in range(COUNT)]
    same = [rule.replace("input.a.x ==", "input.a.x in [") + " ]" for rule in rules]

    assert prepared(*rules)({"a": {"x": value}}) == expected
    plain = rego.compile({"p.rego": "\n".join(["package a", *same])}, ["a/p"])
    assert " = H(" not in plain.plan.source.text
    assert plain.prepare("a/p")({"a": {"x": from_json(value)}}) == expected


def test_arguments_of_functions_are_chosen_by_too():
    functions = [f'f(x, y) := y + {n} if x == "k{n}"' for n in range(COUNT)]
    answer = prepared(*functions, "p := [f(k, 1) | some k in input.ks]")

    assert answer({"ks": ["k3", "k39", "none", 3, "k0"]}) == [4, 40, 1]


def test_errors_of_rules_that_do_not_apply_are_not_seen_in_strict_mode():
    rules = [f'p := 1 / input.x if input.kind == "k{n}"' for n in range(COUNT)]
    answer = prepared(*rules, strict_builtin_errors=True)

    assert answer({"kind": "none", "x": 0}) is rego.UNDEFINED
    with pytest.raises(PolicyError, match=r"p.rego:5: eval_builtin_error"):
        answer({"kind": "k3", "x": 0})


def test_a_replaced_input_is_what_decides():
    rules = kinds("input.level == {n}")
    answer = prepared(*rules, 'q if p with input as {"kind": "k9", "level": 9}', path="a/q")

    assert answer({"kind": "none"}) is True
    inner = kinds('r with input as {{"kind": "x"}}')
    assert prepared('r if input.kind == "x"', *inner)({"kind": "k3"}) is True


def test_data_is_chosen_by_as_input_is():
    rules = [f'p := {n} if data.mode.name == "k{n}"' for n in range(COUNT)]

    assert prepared(*rules)({}, {"mode": {"name": "k17"}}) == 17
    assert prepared(*rules)({}, {}) is rego.UNDEFINED


def test_few_rules_stay_as_they_are():
    few = [f'p if input.kind == "k{n}"' for n in range(dispatch.MIN_CASES - 1)]
    policy = rego.compile({"p.rego": "\n".join(["package a", *few])}, ["a/p"])

    assert " = H(" not in policy.plan.source.text


def test_plans_of_opas_shape_are_chosen_from(b, run, interpreter):
    blocks = []
    for n in range(COUNT):
        reset, step = b("ResetLocalStmt", target=3), b.dot(0, "kind", 4)
        equal = b("EqualStmt", a=b.l(4), b=b.s(f"k{n % 30}"))
        give = b("AssignVarOnceStmt", source=b.s(f"r{n % 30}"), target=3)
        blocks += [[reset, step, equal, give]]
        copy = b("AssignVarOnceStmt", source=b.l(3), target=2)
        blocks += [[b("IsDefinedStmt", source=3), copy]]
    plan = b.plan(*blocks, [b("ResultSetAddStmt", value=2)])

    assert " = H(" in compile_plan(ir.load_plan(plan), BUILTINS).source.text
    for value in ({"kind": "k3"}, {"kind": "k29"}, {"kind": "none"}, {}):
        want = interpreter(ir.load_plan(plan)).evaluate("eval", value, {})
        assert run(plan, input=value) == want


@pytest.mark.parametrize("start", range(0, 300, 100))
def test_random_cases_agree_with_the_interpreter(start, random_plan, compare, monkeypatch):
    monkeypatch.setattr(dispatch, "MIN_CASES", 2)

    class RandomCases(random_plan):
        """Plans whose blocks begin as cases do, mostly."""

        def block(self, depth, size):
            if depth > 1:
                return super().block(depth, size)
            b, pick = self.build, self.random.choice
            step, number = (12, 13) if self.random.random() < 0.95 else (self.local(), self.local())
            names = ["a", "c", "0"]
            constant = pick([b.s("a"), b.s("b"), b.s("c"), b.t(True), b.l(number)])
            start = [b.dot(pick([0, 0, 0, 1]), pick(names[:1] * 9 + names), step)]
            if self.random.random() < 0.05:
                start.append(b.dot(step, pick(names), step))
            if constant == b.l(number):
                value = self.random.randint(0, 2)
                start.append(b("MakeNumberIntStmt", value=value, target=number))
            if self.random.random() < 0.1:
                start.insert(0, b("ResetLocalStmt", target=pick([14, self.local()])))
            equal = b("EqualStmt", a=b.l(step), b=constant)
            return [*start, equal, *super().block(depth, size)]

    outcomes: Counter[str] = Counter()
    chosen = 0
    for seed in range(start, start + 100):
        document = RandomCases(seed).plan()
        chosen += " = H(" in compile_plan(ir.load_plan(document), BUILTINS).source.text
        for value in ("a", 1, 1.0, True, "b"):
            outcomes[compare(document, {"a": value, "c": "a"}, {"a": "b", "0": [1]})] += 1
    assert chosen > 10
    assert len(outcomes) > 2
