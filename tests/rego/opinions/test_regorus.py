from __future__ import annotations

import os
import signal
import threading
from functools import partial

import pytest

from probanda.errors import PolicyError
from probanda.rego.opinions.interface import Kind, Question
from probanda.rego.opinions.regorus import REGORUS
from probanda.rego.opinions.regorus_worker import _guarded

pytestmark = pytest.mark.skipif(bool(REGORUS.absence()), reason=f"regorus: {REGORUS.absence()}")
ENDLESS = (
    "p := count([1 | some x in numbers.range(1, 20000); some y in numbers.range(1, 20000); x == y])"
)


@pytest.fixture
def session():
    with REGORUS.session(10.0) as opened:
        yield opened


def ask(session, body, value=None, data=None):
    modules = {"t.rego": f"package t\n{body}\n"}
    return session.answers(modules, [Question("t/p", value)], data)[0]


def test_the_engine_is_named_with_its_version():
    assert REGORUS.version().startswith("regorus 0.")


@pytest.mark.parametrize(
    ("body", "value", "text"),
    [
        ("p := false", {}, "false"),
        ("p := input.x", {"x": None}, "null"),
        ("p := [input.f == 0, input.t == 1, is_boolean(input.f)]", {"f": False, "t": True},
         "[false,false,true]"),
        ("p contains x if some x in input", ["b", 2, True, None], '[null,true,2,"b"]'),
        ("p := input + 1", 9007199254740993, "9007199254740994"),
        ('p := [count(input), "é" == input]', "é", "[1,true]"),
        ('p := "<undefined>"', {}, '"<undefined>"'),
    ],
)  # fmt: skip
def test_values_come_back_as_they_are(session, body, value, text):
    assert str(ask(session, body, value)) == text


def test_undefined_is_undefined_and_an_error_is_an_error(session):
    assert ask(session, "p := input.x", {}).kind is Kind.UNDEFINED
    assert ask(session, "p := 1 / input", 0).text == "eval_builtin_error"
    assert ask(session, "p := x if some x in [1, 2]").text == "eval_conflict_error"
    assert ask(session, "f(x) := 1\nf(x) := 2 if x\np := f(true)").text == "eval_conflict_error"


def test_data_is_read_and_may_change(session):
    assert ask(session, "p := data.x", {}, {"x": 1}).text == "1"
    assert ask(session, "p := data.x", {}, {"x": [False]}).text == "[false]"
    assert ask(session, "p := data.x", {}).kind is Kind.UNDEFINED


@pytest.mark.parametrize(
    "body",
    [
        "p if {",
        "p := crypto.sha256(input)",
        "p if nosuch(1)",
        "p if { some x in input; x }",
        "p := time.now_ns()",
    ],
)
def test_what_it_lacks_or_refuses_is_no_opinion(session, body):
    found = ask(session, body, "a")

    assert found.kind is Kind.NO_OPINION
    assert found.text


@pytest.mark.parametrize("value", [2**63, [-(2**64)], {"a": {1}}, float("nan"), "\ud800"], ids=repr)
def test_what_it_would_change_is_not_handed_over(session, value):
    assert ask(session, "p := input", value).kind is Kind.NO_OPINION


def test_a_deeply_nested_input_is_not_handed_over(session):
    value = 1
    for _ in range(10_000):
        value = [value]

    assert "nested" in ask(session, "p := 1", value).text


def test_a_killed_child_is_no_opinion_and_the_next_question_is_answered(session):
    assert ask(session, "p := 1").text == "1"
    os.kill(session._client.worker.pid, signal.SIGKILL)

    found = ask(session, "p := 2")

    assert found.kind is Kind.NO_OPINION
    assert "SIGKILL" in found.text
    assert ask(session, "p := 3").text == "3"


def test_a_policy_that_takes_too_long_is_no_opinion():
    with REGORUS.session(0.3) as session:
        found = ask(session, ENDLESS, {})
        assert found.kind is Kind.NO_OPINION
        assert "longer than" in found.text
        assert ask(session, "p := 1").text == "1"


def test_a_panic_is_reported_by_name():
    import regorus

    # The engine belongs to its thread, and panics in any other: its own real panic.
    engine = regorus.Engine()
    caught = []

    def elsewhere():
        try:
            _guarded(partial(engine.set_input_json, "{}"), None)
        except PolicyError as error:
            caught.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()

    assert [error.code for error in caught] == ["engine_panic"]


def test_an_interrupt_is_no_panic():
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _guarded(interrupted, None)


def test_the_session_ends_its_child():
    with REGORUS.session(10.0) as session:
        ask(session, "p := 1")
        pid = session._client.worker.pid

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
