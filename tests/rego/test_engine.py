"""The interface: compile, prepare, query, plans; nothing changed, nothing hangs, nothing leaks."""

from __future__ import annotations

import contextlib
import copy
import gc
import gzip
import json
import pickle
import sys
import threading

import pytest

from probanda import rego
from probanda.errors import ParseError, PolicyError

RESIDENCY = {
    "r.rego": "package a\ndefault allow := false\nallow if input.region == data.home[input.user]"
}


def test_an_entry_point_answers_and_undefined_is_undefined():
    policy = rego.compile({"p.rego": "package a\np if input.x\nq := [1]"}, ["a/p", "a/q"])

    assert policy.prepare("a/p")({"x": True}, {}) is True
    assert policy.prepare("a/p")({}, {}) is rego.UNDEFINED
    assert policy.prepare("a/q")() == [1]


def test_input_and_data_are_neither_copied_nor_changed():
    value, data = {"region": "eu", "user": "ada"}, {"home": {"ada": "eu"}}
    before = copy.deepcopy((value, data))

    allow = rego.compile(RESIDENCY, ["a/allow"]).prepare("a/allow")

    assert allow(value, data) is True
    assert (value, data) == before
    data["home"]["ada"] = "us"
    assert allow(value, data) is False


def test_false_and_zero_one_and_true_are_never_equal():
    policy = rego.compile({"p.rego": "package a\np if input.x == 1\nq if input.x == false"})

    assert policy.prepare("a/p")({"x": True}) is rego.UNDEFINED
    assert policy.prepare("a/q")({"x": 0}) is rego.UNDEFINED


def test_a_query_answers_every_set_of_bindings():
    policy = rego.compile({"p.rego": "package a\np contains x if some x in input.xs"})

    found = policy.query("data.a.p[x]; x > 1", input={"xs": [1, 2, 3]})

    assert sorted(item["x"] for item in found) == [2, 3]
    assert policy.query("data.a.p = x", input_term='{"xs": {1}}')[0]["x"] is not None
    assert rego.to_json(policy.query("data.a.p = x", input_term='{"xs": {1}}')) == [{"x": [1]}]


def test_errors_of_built_ins_are_undefined_unless_strict():
    policy = rego.compile({"p.rego": "package a\np := 1 / input.x"}, ["a/p"])

    assert policy.prepare("a/p")({"x": 0}) is rego.UNDEFINED
    with pytest.raises(PolicyError) as caught:
        policy.prepare("a/p", strict_builtin_errors=True)({"x": 0})
    assert caught.value.code == "eval_builtin_error"
    assert str(caught.value).startswith("p.rego:2: eval_builtin_error: div")


def test_the_clock_and_chance_come_from_the_caller():
    text = 'package a\nt := time.now_ns()\nr := rand.intn("k", 1000000)'
    policy = rego.compile({"p.rego": text}, ["a/t", "a/r"])

    assert policy.prepare("a/t", now_ns=17)() == 17
    same = [policy.prepare("a/r", seed="one")() for _ in range(3)]
    assert len(set(same)) == 1
    assert policy.prepare("a/r", seed="two")() != same[0]


@pytest.mark.parametrize(
    "call", ['http.send({"method": "get", "url": "http://localhost"})', "opa.runtime()"]
)
def test_no_policy_reaches_the_network_or_the_machine(call):
    policy = rego.compile({"p.rego": f"package a\np := {call}"}, ["a/p"])

    with pytest.raises(PolicyError):
        policy.prepare("a/p")()


def test_a_policy_that_would_never_end_is_ended():
    text = (
        "package a\np := count([1 | some x in numbers.range(1, 100000);"
        " some y in numbers.range(1, 100000); x == y])"
    )
    policy = rego.compile({"p.rego": text}, ["a/p"], seconds=0.3)

    with pytest.raises(PolicyError) as caught:
        policy.prepare("a/p")()
    assert caught.value.code == "eval_cancel_error"


def test_a_policy_is_pickled_and_shared_by_threads():
    policy = pickle.loads(pickle.dumps(rego.compile(RESIDENCY, ["a/allow"])))
    allow = policy.prepare("a/allow")
    wrong = []

    def ask(region, expected):
        value, data = {"region": region, "user": "u"}, {"home": {"u": "eu"}}
        wrong.extend(region for _ in range(300) if allow(value, data) is not expected)

    threads = [threading.Thread(target=ask, args=pair) for pair in [("eu", True), ("us", False)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_plan_of_opas_runs(vectors):
    with gzip.open(vectors / "rego" / "opa-conformance.jsonl.gz") as lines:
        case = json.loads(lines.readline())

    policy = rego.load_plan(case["plan"])

    assert policy.entrypoints == tuple(case["entrypoints"])
    with pytest.raises(PolicyError, match="no queries"):
        policy.query("x := 1")


def test_an_entry_point_that_does_not_exist_is_refused():
    policy = rego.compile({"p.rego": "package a\np := 1"})

    with pytest.raises(PolicyError, match="undefined entry point"):
        policy.prepare("a/q")


def test_no_name_or_string_of_a_policy_becomes_code():
    hostile = json.dumps('"""\\\n__import__("os").abort()\n#\'')
    text = f"package a\np := {{{hostile}: {hostile}}}\nq if input[{hostile}]"

    policy = rego.compile({"p.rego": text}, ["a/p", "a/q"])

    assert len(policy.prepare("a/p")()) == 1
    assert policy.prepare("a/q")({}) is rego.UNDEFINED


def bodies(count):
    lines = [f'allow if {{ input.kind == "k{i}"; input.level > {i % 9} }}' for i in range(count)]
    return "\n".join(["package a", "default allow := false", *lines])


def numbers(count):
    return f"package a\nallow := [{', '.join(str(i) for i in range(count))}]"


def comprehensions(count):
    lines = [f"x{i} := {{y | some y in input.ys; y > {i}}} | x{i - 1}" for i in range(1, count)]
    return "\n".join(["package a", "x0 := set()", *lines, "allow := x1"])


@pytest.mark.parametrize("write", [bodies, numbers, comprehensions])
def test_the_work_of_compiling_grows_with_the_text_and_no_faster(write):
    def steps(count):
        """Lines of Python that compiling runs; loops in one line count each time round."""
        found = 0

        def trace(_frame, event, _argument):
            nonlocal found
            found += event == "line"
            return trace

        text, before = write(count), sys.gettrace()
        sys.settrace(trace)
        try:
            rego.compile({"p.rego": text}, ["a/allow"])
        finally:
            sys.settrace(before)
        return found

    steps(10)  # imports what the policy calls
    small, large = steps(60), steps(240)
    assert small > 60
    assert large < 4.4 * small


@pytest.mark.parametrize("text", ["package a\nx := 1", "package"])
@pytest.mark.parametrize("was_on", [True, False])
def test_compiling_leaves_the_garbage_collector_as_it_was(text, was_on):
    before = gc.isenabled()
    (gc.enable if was_on else gc.disable)()
    try:
        with contextlib.suppress(PolicyError):
            rego.compile({f"{was_on}.rego": text})
        assert gc.isenabled() is was_on
    finally:
        (gc.enable if before else gc.disable)()


def test_json_goes_in_and_out_as_the_same_answer():
    """Undefined is None; true, false and other values are compact JSON."""
    text = "package a\nallow if input.ok\nno := false\nlist contains x if some x in input.xs"
    policy = rego.compile({"a.rego": text}, ["a/allow", "a/no", "a/list"])
    body = '{"ok": true, "xs": ["é", 2, 1.5, {"b": null}]}'.encode()
    assert policy.prepare_json("a/allow")(body) == b"true"
    assert policy.prepare_json("a/no")(b"null", {}) == b"false"
    assert policy.prepare_json("a/list")(body).decode() == '[1.5,2,"é",{"b":null}]'
    assert policy.prepare_json("a/allow")(b"{}") is None


@pytest.mark.parametrize(
    "body", [b"", b" ", b'{"ok": true, "ok": false}', b"[1]]", b"NaN", b"\xff", b"1e999", b"{" * 9]
)
def test_json_that_two_readers_could_understand_differently_is_no_input(body):
    """Refused, never resolved; blanks around a value are nothing."""
    decide = rego.compile({"a.rego": "package a\nallow := true"}, ["a/allow"]).prepare_json(
        "a/allow"
    )
    assert decide(b" {} \n") == b"true"
    with pytest.raises(ParseError):
        decide(body)
