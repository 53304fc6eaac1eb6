"""Plans that an attacker wrote: deep, wide, endless or full of names that look like code."""

from __future__ import annotations

import pickle

import pytest

from probanda.errors import PolicyError
from probanda.rego import ir
from probanda.rego.backend import Context, compile_plan
from probanda.rego.builtins import BUILTINS

HOSTILE = ["l0", "U", "__builtins__", "C0", '"', "'''", "\\", "\n return 1", "{l2}", "é\u2028", "#"]


def nested(b, kind, depth, inner):
    """A statement in `depth` blocks of one kind."""
    for _ in range(depth):
        if kind == "NotStmt":
            inner = [b(kind, block={"stmts": [b(kind, block={"stmts": inner})]})]
        elif kind == "ScanStmt":
            inner = [b(kind, source=0, key=3, value=4, block={"stmts": inner})]
        elif kind == "WithStmt":
            inner = [b(kind, local=0, path=None, value=b.l(0), block={"stmts": inner})]
        else:
            inner = [b.block(inner)]
    return inner


@pytest.mark.parametrize("kind", ["BlockStmt", "NotStmt", "ScanStmt", "WithStmt"])
@pytest.mark.parametrize("depth", [15, 16, 17, 20, 45])
def test_blocks_deeper_than_pythons_loops_may_be(b, run, kind, depth):
    inner = [b("AssignVarStmt", source=b.s("found"), target=2)]
    plan = b.plan(nested(b, kind, depth, inner), [b("ResultSetAddStmt", value=2)])

    found = run(plan, input=["one"])

    assert found == ["found"]


def test_beyond_the_limit_of_nesting_a_plan_is_refused(b):
    plan = b.plan(nested(b, "BlockStmt", ir.MAX_NESTING + 1, [b("NopStmt")]))

    with pytest.raises(PolicyError) as caught:
        ir.load_plan(plan)
    assert caught.value.code == "plan_error"


@pytest.mark.parametrize("depth", [1, 10, 18, 40])
def test_a_break_leaves_as_many_blocks_as_it_says(b, run, depth):
    leave = [b("BreakStmt", index=depth), b("AssignVarStmt", source=b.s("inside"), target=2)]
    inner = nested(b, "BlockStmt", depth, leave)
    after = b("AssignVarStmt", source=b.s("after"), target=2)
    start = b("AssignVarStmt", source=b.s("before"), target=2)
    plan = b.plan([start, *inner, after], [b("ResultSetAddStmt", value=2)])

    assert run(plan) == ["before"]


@pytest.mark.parametrize("text", HOSTILE)
def test_strings_and_names_of_a_plan_stay_strings_and_names(b, text):
    give = [b("AssignVarStmt", source=b.s(text), target=2), b("ReturnLocalStmt", source=2)]
    function = b.function(f"g0.{text}", [0, 1], give)
    step = b("DotStmt", source=b.l(0), key=b.s(text), target=3)
    call = b("CallStmt", func=f"g0.{text}", args=[b.l(0), b.l(1)], result=4)
    equal = b("EqualStmt", a=b.l(3), b=b.l(4))
    made = b("MakeObjectStmt", target=5)
    insert = b("ObjectInsertStmt", key=b.s(text), value=b.l(3), object=5)
    statements = [step, call, equal, made, insert, b("ResultSetAddStmt", value=5)]
    plan = b.plan(statements, functions=(function,))
    plan["plans"]["plans"][0]["name"] = text
    plan["static"]["files"] = [{"value": text}]

    compiled = pickle.loads(pickle.dumps(compile_plan(ir.load_plan(plan), BUILTINS)))

    assert compiled.evaluate_json(text, {text: text}, {}, Context()) == [{text: text}]
    assert compiled.evaluate_json(text, {text: "other"}, {}, Context()) == []


def test_loops_in_loops_end_with_the_steps_or_the_time(b):
    inner = [b("ResultSetAddStmt", value=4)]
    plan = compile_plan(ir.load_plan(b.plan(nested(b, "ScanStmt", 8, inner))), BUILTINS)
    value = list(range(50))

    for context in (Context(max_steps=10_000), Context(seconds=0.05), Context(deadline=0.0)):
        with pytest.raises(PolicyError) as caught:
            plan.evaluate("eval", value, {}, context)
        assert caught.value.code == "eval_cancel_error"


def test_functions_in_chains_end_with_the_steps(b):
    functions = []
    for number in range(40):
        calls = [
            b("CallStmt", func=f"g0.f{number - 1}", args=[b.l(0), b.l(1), b.l(2)], result=result)
            for result in (3, 4)
            if number
        ]
        body = [*calls, b("ReturnLocalStmt", source=2)]
        functions.append(b.function(f"g0.f{number}", [0, 1, 2], body))
    call = b("CallStmt", func="g0.f39", args=[b.l(0), b.l(1), b.s("x")], result=2)
    document = b.plan([call, b("ResultSetAddStmt", value=2)], functions=tuple(functions))
    plan = compile_plan(ir.load_plan(document), BUILTINS)

    with pytest.raises(PolicyError, match="too many steps"):
        plan.evaluate("eval", {}, {}, Context(max_steps=10_000))


def test_a_value_of_a_plan_that_is_nested_too_deeply_is_an_error(b):
    block = [b("MakeArrayStmt", capacity=0, target=2)]
    for number in range(3, 3_000):
        block.append(b("MakeArrayStmt", capacity=1, target=number))
        block.append(b("ArrayAppendStmt", value=b.l(number - 1), array=number))
    block.append(b("ResultSetAddStmt", value=2_999))
    plan = compile_plan(ir.load_plan(b.plan(block)), BUILTINS)

    with pytest.raises(PolicyError) as caught:
        plan.evaluate_json("eval", {}, {}, Context())
    assert caught.value.code == "eval_cancel_error"


def test_an_unknown_plan_is_named_and_nothing_runs(b):
    plan = compile_plan(ir.load_plan(b.plan([b("NopStmt")])), BUILTINS)

    with pytest.raises(PolicyError, match="no plan is named 'other'"):
        plan.evaluate("other", {}, {}, Context())
    with pytest.raises(PolicyError, match="no plan is named 'other'"):
        plan.answer("other", Context())
