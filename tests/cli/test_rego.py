"""`probanda rego`: evaluate, check, measure."""

from __future__ import annotations

import json

import pytest

from probanda.cli import run


@pytest.fixture
def module(tmp_path):
    path = tmp_path / "p.rego"
    path.write_text("package a\nallow if input.x > 1\nunused := y if { y := 1; z := 2 }\n")
    return path


def test_eval_prints_bindings_and_says_by_its_code_whether_there_are_any(module, tmp_path, capsys):
    given = tmp_path / "input.json"
    given.write_text('{"x": 2}')

    assert run(["rego", "eval", "data.a.allow = x", "-d", str(module), "-i", str(given)]) == 0
    assert json.loads(capsys.readouterr().out) == [{"x": True}]
    assert run(["rego", "eval", "data.a.allow = x", "-d", str(module)]) == 1
    assert json.loads(capsys.readouterr().out) == []


def test_check_shows_every_error_with_its_place(tmp_path, capsys):
    path = tmp_path / "bad.rego"
    path.write_text("package a\np if nosuch(1)\nq if x\n")

    assert run(["rego", "check", str(path)]) != 0

    shown = capsys.readouterr().err
    assert f"{path}:2:6: rego_type_error: undefined function nosuch" in shown
    assert f"{path}:3:6: rego_unsafe_var_error: var x is unsafe" in shown


def test_check_warns_about_what_is_unused_and_passes(module, capsys):
    assert run(["rego", "check", str(module)]) == 0

    streams = capsys.readouterr()
    assert "1 module(s)" in streams.out
    assert "warning:" in streams.err


def test_conformance_counts_and_fails_on_any_difference(tmp_path, capsys):
    good = {"modules": ["package a\np := 1"], "query": "data.a.p = x", "want_result": [{"x": 1}]}
    path = tmp_path / "cases.jsonl"

    path.write_text(json.dumps(good) + "\n")
    assert run(["rego", "conformance", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["passed"] == 1

    path.write_text(json.dumps({**good, "want_result": [{"x": 2}]}) + "\n")
    assert run(["rego", "conformance", str(path)]) == 1

    path.write_text("")
    assert run(["rego", "conformance", str(path)]) == 3


def test_a_second_opinion_on_this_repositorys_policies_agrees(capsys):
    assert run(["rego", "check", "--second-opinion"]) == 0

    assert "0 disagreement(s)" in capsys.readouterr().out
