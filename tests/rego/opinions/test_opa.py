"""OPA as a second opinion: the real binary where there is one, and scripts in its place."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from probanda.rego.opinions import opa as room
from probanda.rego.opinions.interface import Question
from probanda.rego.opinions.opa import OPA

real = pytest.mark.skipif(not shutil.which("opa"), reason="there is no `opa` on the PATH")


def ask(body, *values, data=None, plainly=False, rule="p"):
    modules = {"a folder/t.rego": f"package t\n{body}\n"}
    questions = [Question(f"t/{rule}", value) for value in values]
    with OPA.session(10.0) as session:
        return [str(each) for each in session.answers(modules, questions, data, plainly=plainly)]


@pytest.fixture
def script(tmp_path, monkeypatch):
    """A function that puts a shell script called `opa` first on the PATH."""

    def write(text):
        path = tmp_path / "bin" / "opa"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")

    return write


@real
def test_the_binary_is_named_with_its_version():
    assert OPA.version().split()[0] == "opa"
    assert OPA.version().split()[1][0].isdigit()


@real
@pytest.mark.parametrize("plainly", [False, True])
def test_one_call_answers_every_question_in_order(plainly):
    body = "p := x if some x in input.xs"
    values = [
        {"xs": [False]},
        {"xs": []},
        {"xs": [1, 2]},
        {"xs": [9007199254740993]},
        {"xs": [1.0]},
    ]

    assert [each.partition(" (")[0] for each in ask(body, *values, plainly=plainly)] == [
        "false",
        "undefined",
        "error eval_conflict_error",
        "9007199254740993",
        "1",
    ]


@real
def test_packages_and_rules_with_parts_are_asked_and_data_is_read():
    body = "p.a[k] := v if some k, v in data.limits\nq := input"

    assert ask(body, {}, data={"limits": {"x": 1}}) == ['{"a":{"x":1}}']
    assert ask(body, None, rule="q") == ["null"]


@real
def test_errors_of_builtins_are_undefined_as_in_opa_by_default():
    assert ask("p := 1 / input", 0, 2) == ["undefined", '{"decimal":"0.5"}']


@real
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("p if {", "rego_parse_error"),
        ("p if not nosuch", "rego_unsafe_var_error"),
        ("p if count(1) == 1", "rego_type_error"),
    ],
)
def test_a_refusal_is_an_error_since_opa_says_what_rego_is(body, code):
    assert ask(body, {})[0].startswith(f"error {code} (")


@real
@pytest.mark.parametrize("name", ["http.send({})", "time.now_ns()", "opa.runtime()"])
def test_what_reaches_the_world_is_never_run(name):
    assert ask(f"p := {name}", {})[0].startswith("no opinion ")


@real
def test_the_capabilities_hold_neither_the_network_nor_the_clock():
    known = json.loads(room._capabilities(shutil.which("opa")))
    names = {each["name"] for each in known["builtins"]}

    assert known["allow_net"] == []
    assert "count" in names
    assert not names & {"http.send", "net.lookup_ip_addr", "opa.runtime", "time.now_ns"}


@real
def test_without_index_an_error_is_met_that_the_index_skips():
    body = "p := input.x if q\nq := x if some x in [1, 2]"

    assert ask(body, {}) == ["undefined"]
    assert ask(body, {}, plainly=True)[0].startswith("error eval_conflict_error")


@real
def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    ask("p := 1", {})

    assert list(tmp_path.iterdir()) == []


def test_without_a_binary_it_is_absent(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert OPA.absence() == "there is no `opa` on the PATH"


CAPABLE = 'if [ "$1" = capabilities ]; then echo \'{"builtins": []}\'; exit 0; fi'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("echo nonsense", "exit code 0"),
        ("echo broken >&2; exit 3", "exit code 3: broken"),
        ("kill -9 $$", "exit code -9"),
        ('if [ "$1" = exec ]; then echo \'{"result": []}\'; fi', "exit code 0"),
        (('if [ "$1" = exec ]; then echo \'{"result": [{"path": "00000000.json", "error": '
         '{"code": "eval_internal_error", "message": "a fault"}}]}\'; fi'), "a fault"),
    ],
)  # fmt: skip
def test_a_binary_that_misbehaves_has_no_opinion(script, text, reason):
    script(f"{CAPABLE}\n{text}")

    (found,) = ask("p := 1", {})

    assert found.startswith("no opinion ")
    assert reason in found


def test_a_binary_that_hangs_has_no_opinion(script, monkeypatch):
    script(f"{CAPABLE}\nexec sleep 60")
    monkeypatch.setattr(room, "COMPILE_SECONDS", 0.5)

    assert ask("p := 1", {}) == ["no opinion it did not end in time"]


def test_the_binary_sees_no_environment_and_its_own_folder(script, monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    script(f"{CAPABLE}\n/usr/bin/env > {tmp_path}/seen; pwd >> {tmp_path}/seen; exit 1")

    ask("p := 1", {})

    seen = (tmp_path / "seen").read_text()
    assert "hunter2" not in seen
    assert str(Path.cwd()) not in seen.splitlines()


def test_a_binary_whose_capabilities_cannot_be_read_has_no_opinion(script):
    script("exit 1")

    assert ask("p := 1", {})[0].startswith("no opinion ")
