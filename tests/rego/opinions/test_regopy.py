from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from probanda.errors import PolicyError
from probanda.rego.opinions import regopy as rego
from probanda.rego.opinions.protocol import write_frame

ONE = {"p.rego": "package p\none := 1"}
ENDLESS = (
    "p := count([1 | some x in numbers.range(1, 20000); some y in numbers.range(1, 20000); x == y])"
)


def ask(body, value=None, data=None, *, rule="p", others=None):
    """The answer of `data.t.<rule>` in a module of package `t`."""
    modules = {"t.rego": f"package t\n{body}", **(others or {})}
    with rego.compile(modules, [f"t/{rule}"]) as policy:
        return policy.prepare(f"t/{rule}")(value, data)


def refused(body, value=None, data=None, *, others=None):
    """The code of the error."""
    with pytest.raises(PolicyError) as caught:
        ask(body, value, data, others=others)
    return caught.value.code


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_engine_is_named_with_its_version():
    name, version = rego.ENGINE.split()

    assert name == "regopy"
    assert version[0].isdigit()


def test_false_is_false_and_undefined_is_neither_false_nor_null():
    assert ask("p := false") is False
    assert ask("p := null") is None
    assert ask("p if input.x", {"x": False}) is rego.UNDEFINED
    assert ask("p := input.x", {}) is rego.UNDEFINED
    assert not rego.UNDEFINED
    assert rego.UNDEFINED is type(rego.UNDEFINED)()


@pytest.mark.parametrize("value", [0, 1, "", "true", None, [], {}, [True], 1.0], ids=repr)
def test_only_true_is_true(value):
    assert ask("p := input.x == true", {"x": value}) is False


def test_booleans_are_not_numbers():
    assert ask(
        "p := [input.t == 1, input.f == 0, is_boolean(input.t)]", {"t": True, "f": False}
    ) == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    "number",
    [
        0,
        -1,
        2**53 - 1,
        2**53,
        2**53 + 1,
        -(2**53) - 1,
        2**63,
        2**64 + 1,
        10**40 + 1,
        0.1,
        -2.5,
        1e-9,
    ],
)
def test_numbers_come_back_as_they_were(number):
    answer = ask("p := [input, input == input, {input}]", number)

    assert answer == [number, True, [number]]
    assert type(answer[0]) is type(number)


def test_neighbouring_big_integers_differ():
    values = {"a": 2**53, "b": 2**53 + 1}

    assert ask("p := [input.a == input.b, input.a < input.b, input.b - input.a]", values) == [
        False,
        True,
        1,
    ]


def test_an_integral_decimal_is_that_integer():
    assert ask("p := [input == 3, input]", 3.0) == [True, 3]
    assert ask("p := input == 10000000000000000000000", 1e22) is True


@pytest.mark.parametrize(
    "value",
    [
        0.1 + 0.2,
        0.1234567890123456,
        5e-324,
        float("nan"),
        float("inf"),
        {"x": [0.1 + 0.2]},
    ],
)
def test_a_number_that_the_engine_would_alter_is_refused(value):
    with pytest.raises(PolicyError, match=r"decimal|NaN"):
        ask("p := input", value)


@pytest.mark.parametrize(
    "text",
    ["é", "😀", 'say "no"', "a\\b", "a\nb\tc", "\x00\x1f\x7f", "\u2028", "", "\ufeff", "\\u00e9"],
)
def test_text_comes_back_as_it_was_and_equals_itself(text):
    value = {"x": text, "y": text, text: 1}

    answer = ask("p := [input.x, input.x == input.y, count(input.x), input[input.x]]", value)

    assert answer == [text, True, len(text), 1]


def test_text_of_the_policy_equals_the_same_text_of_the_input():
    assert ask('p if input == "é\\u00e9\\n\\t\\"/"', 'éé\n\t"/') is True
    assert ask('p if input == `say "no"`', 'say "no"') is True


def test_a_line_break_does_not_end_with_an_n():
    assert ask('p := [endswith(input, "n"), contains(input, "n")]', "\n") == [False, False]


def test_text_that_a_builtin_would_misread_is_an_error():
    body = 'p if regex.match("^a.$", input)'

    assert ask(body, "ab") is True
    assert refused(body, "a\n") == "policy_error"
    assert refused("p := upper(input)", "é") == "policy_error"
    assert ask("p := upper(input)", "e\n") == "E\n"
    assert refused('p := crypto.sha256("a\\n")') == "rego_compile_error"


def test_sets_come_back_as_sorted_lists():
    first = ask("p contains x if { some x in input }", ["b", 2, "a", 10, None, True, [1]])
    second = ask("p contains x if { some x in input }", [[1], True, None, 10, "a", 2, "b"])

    assert first == second == [None, True, 2, 10, "a", "b", [1]]


def test_sets_of_objects_with_sets_come_back_whole():
    body = 'p contains {"rule": "r", "key": x, "tags": {"b", "a", x}} if { some x in input }'

    assert ask(body, ["z", "a"]) == [
        {"rule": "r", "key": "a", "tags": ["a", "b"]},
        {"rule": "r", "key": "z", "tags": ["a", "b", "z"]},
    ]


def test_data_is_read_and_may_change_between_calls():
    with rego.compile({"t": "package t\np := data.limits.x"}, ["t/p"]) as policy:
        limit = policy.prepare("t/p")
        assert limit({}, {"limits": {"x": 1}}) == 1
        assert limit({}, {"limits": {"x": ["a\n"]}}) == ["a\n"]
        assert limit({}, {}) is rego.UNDEFINED
        assert limit({}) is rego.UNDEFINED


def test_data_in_the_place_of_rules_is_refused():
    assert refused("p := 1", {}, {"t": {"p": 2}}) == "rego_compile_error"
    assert refused("p := 1", {}, {"t": None}) == "rego_compile_error"
    assert refused("p := 1", {}, [1]) == "rego_compile_error"
    assert ask("p := 1", {}, {"u": {"p": 2}}) == 1


def test_one_input_does_not_leak_into_the_next():
    with rego.compile({"t": "package t\np := input.x"}, ["t/p"]) as policy:
        p = policy.prepare("t/p")
        assert p({"x": 1}, {}) == 1
        assert p({}, {}) is rego.UNDEFINED
        assert p(None, {}) is rego.UNDEFINED


def test_without_entry_points_every_rule_is_one():
    text = "package a.b\ndefault p := false\np if input\nf(x) := x\nq contains 1"

    with rego.compile({"m": text}) as policy:
        assert policy.entrypoints == ("a/b/p", "a/b/q")
        assert policy.prepare("a/b/q")({}, {}) == [1]


@pytest.mark.parametrize("entrypoint", ["t/q", "t", "p", "", "t/f", "data.t.p"])
def test_an_unknown_entry_point_is_refused(entrypoint):
    with pytest.raises(PolicyError, match="undefined entry point"):
        rego.compile({"t": "package t\np := 1\nf(x) := x"}, [entrypoint])
    with (
        rego.compile({"t": "package t\np := 1"}, ["t/p"]) as policy,
        pytest.raises(PolicyError, match="undefined entry point"),
    ):
        policy.prepare(entrypoint)


def test_an_empty_policy_is_refused():
    with pytest.raises(PolicyError):
        rego.compile({})
    with pytest.raises(PolicyError):
        rego.compile({"t": "package t\nf(x) := x"})
    with pytest.raises(PolicyError):
        rego.compile({"t": "package t\np := 1"}, [])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("p := 1 / input", "eval_builtin_error"),
        ('p := to_number("x")', "eval_builtin_error"),
        ("p := 1\np := 2 if input == 0", "eval_conflict_error"),
        ("f(x) := 1\nf(x) := 2 if x == 0\np := f(input)", "eval_conflict_error"),
        ("p if not 1 / input", "eval_builtin_error"),
    ],
)
def test_an_error_at_run_time_is_an_error_and_not_undefined(body, code):
    assert refused(body, 0) == code


def test_a_bad_module_is_a_parse_error_with_its_place():
    with pytest.raises(PolicyError) as caught:
        rego.compile(
            {"ok.rego": "package t\np := 1", "bad.rego": "package t\n\nq if { x y }"}, ["t/p"]
        )

    assert caught.value.code == "rego_parse_error"
    assert str(caught.value.location) == "bad.rego:3"


def test_what_the_engine_prints_does_not_disturb_the_protocol():
    with pytest.raises(PolicyError, match="Invalid literal"):
        rego.compile({"t": "package t\np if { x y }"}, ["t/p"])

    assert ask('p if { print("Errors:"); input == 1 }', 1) is True


def test_a_crash_of_the_engine_is_an_error():
    with rego.compile({"t": "package t\np := input"}, ["t/p"]) as policy:
        os.kill(policy._client.worker.pid, signal.SIGSEGV)
        with pytest.raises(PolicyError, match="SIGSEGV") as caught:
            policy.prepare("t/p")(1, {})

    assert caught.value.code == "eval_internal_error"


def test_a_killed_worker_is_an_error_and_the_next_call_works():
    with rego.compile({"t": "package t\np := input"}, ["t/p"]) as policy:
        p = policy.prepare("t/p")
        os.kill(policy._client.worker.pid, signal.SIGKILL)
        with pytest.raises(PolicyError, match="SIGKILL"):
            p(1, {})

        assert p(2, {}) == 2


def test_a_stopped_worker_is_a_timeout():
    with rego.compile({"t": "package t\np := input"}, ["t/p"], seconds=0.3) as policy:
        os.kill(policy._client.worker.pid, signal.SIGSTOP)
        with pytest.raises(PolicyError, match="longer than") as caught:
            policy.prepare("t/p")("x" * 1_000_000, {})

        assert caught.value.code == "eval_cancel_error"


def test_a_policy_that_takes_too_long_is_ended():
    with rego.compile({"t": f"package t\n{ENDLESS}"}, ["t/p"], seconds=0.5) as policy:
        pid = policy._client.worker.pid
        with pytest.raises(PolicyError) as caught:
            policy.prepare("t/p")({}, {})

        assert caught.value.code == "eval_cancel_error"
        assert not alive(pid)


def test_a_worker_ends_itself_when_its_parent_does_not():
    with rego.compile({"t": f"package t\n{ENDLESS}"}, ["t/p"]) as policy:
        message = {"do": "evaluate", "entrypoint": "t/p", "input": "{}", "seconds": -0.5}
        write_frame(policy._client.worker._requests.fileno(), message)

        assert policy._client.worker.ending() == "ended with SIGALRM"


def test_close_ends_the_worker():
    policy = rego.compile({"t": "package t\np := 1"}, ["t/p"])
    pid = policy._client.worker.pid
    policy.close()
    policy.close()

    assert not alive(pid)
    with pytest.raises(PolicyError, match="closed"):
        policy.prepare("t/p")({}, {})


def test_a_forgotten_policy_ends_its_worker():
    policy = rego.compile({"t": "package t\np := 1"}, ["t/p"])
    pid = policy._client.worker.pid
    del policy
    gc.collect()

    assert not alive(pid)


def test_threads_share_a_policy():
    answers = {}
    with rego.compile({"t": "package t\np := input"}, ["t/p"]) as policy:
        p = policy.prepare("t/p")

        def ask_often(name):
            answers[name] = [p([name, i], {"name": name}) == [name, i] for i in range(30)]

        threads = [threading.Thread(target=ask_often, args=(name,)) for name in ("a", "b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert answers == {"a": [True] * 30, "b": [True] * 30}


def test_deep_input_is_refused_and_nearly_as_deep_is_not():
    def nested(depth):
        value = 1
        for _ in range(depth):
            value = [value]
        return value

    assert ask("p := is_array(input)", nested(200)) is True
    with pytest.raises(PolicyError, match="deeper"):
        ask("p := 1", nested(201))
    with pytest.raises(PolicyError, match="deeper"):
        ask("p := 1", nested(100_000))


@pytest.mark.parametrize("value", [{1: 2}, {"a": {1}}, b"x", object(), "\ud800", "\U000f0022"])
def test_what_is_not_json_is_refused(value):
    with pytest.raises(PolicyError):
        ask("p := 1", value)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
def test_the_worker_sees_no_environment(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    with rego.compile({"t": "package t\np := 1"}, ["t/p"]) as policy:
        environment = Path(f"/proc/{policy._client.worker.pid}/environ").read_bytes()

    assert b"hunter2" not in environment
    assert b"PYTHONPATH" not in environment


def test_the_worker_does_not_import_from_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])

    assert ask("p := 1") == 1


def test_a_large_input_passes_through_the_pipe():
    value = {"xs": ["x" * 100] * 20_000}

    assert ask("p := count(input.xs)", value) == 20_000
