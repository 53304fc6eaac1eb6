"""`probanda rego`: Rego by itself, for people who write policies."""

from __future__ import annotations

import gzip
import json
import shutil

import pytest

from probanda.cli import run

ALLOW = "package a.b\n\nallow if input.user == data.owner\n"


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.rego").write_text(ALLOW)
    (tmp_path / "input.json").write_text('{"user": "ada"}')
    (tmp_path / "data.json").write_text('{"owner": "ada"}')
    return tmp_path


def test_a_query_prints_its_bindings_and_exits_0(probanda, files):
    result = probanda("rego", "eval", "x := 1 + 1")

    assert (result.code, json.loads(result.out), result.err) == (0, [{"x": 2}], "")


def test_modules_input_and_data_take_part(probanda, files):
    query = ("rego", "eval", "data.a.b.allow", "-d", "a.rego", "-i", "input.json")

    assert probanda(*query, "--base-data", "data.json").code == 0
    undefined = probanda(*query)
    assert (undefined.code, json.loads(undefined.out)) == (1, [])


@pytest.mark.parametrize("query", ["x :=", "", "1 +", "(" * 3000, "nothing(1)"])
def test_a_query_that_is_none_is_an_error_and_no_answer(probanda, files, query):
    result = probanda("rego", "eval", query)

    assert result.code in {2, 3}
    assert result.out == ""
    assert result.err.startswith("error: ")


def test_a_built_in_that_fails_is_undefined_unless_told_otherwise(probanda, files):
    assert probanda("rego", "eval", "1 / 0").code == 1
    strict = probanda("rego", "eval", "1 / 0", "--strict")
    assert (strict.code, "divide by zero" in strict.err) == (3, True)


@pytest.mark.parametrize("option", ["-i", "--base-data"])
@pytest.mark.parametrize("text", ["", "{", '{"a": 1, "a": 2}', "NaN"])
def test_json_that_is_none_is_an_error_with_its_place(probanda, files, option, text):
    (files / "bad.json").write_text(text)

    result = probanda("rego", "eval", "input", option, "bad.json")

    assert (result.code, result.out) == (2, "")
    assert "error: bad.json:1:" in result.err


EXPLAIN = ("rego", "eval", "data.a.b.allow", "-d", "a.rego", "-i", "input.json", "--explain")


def test_an_explanation_shows_the_expression_that_failed_and_keeps_the_exit_code(probanda, files):
    result = probanda(*EXPLAIN, "text")

    assert (result.code, result.err) == (1, "")
    assert result.out == (
        """\
data.a.b.allow has no answers

data.a.b.allow is undefined
✗ a.rego:3:1  allow if input.user == data.owner
     3 │ allow if input.user == data.owner
       │                        ^^^^^^^^^^
       = data.owner is undefined
         input.user = "ada"
"""
    )
    assert probanda(*EXPLAIN, "text", "--base-data", "data.json").code == 0


def test_an_explanation_as_json_can_leave_the_values_out(probanda, files):
    whole = probanda(*EXPLAIN, "json")
    without = probanda(*EXPLAIN, "json", "--no-values")

    assert (whole.code, without.code) == (1, 1)
    (rule,) = json.loads(whole.out)["query"][0]["calls"]
    assert rule["definitions"][0]["expressions"][0]["reason"] == "data.owner is undefined"
    assert '"ada"' in whole.out
    assert '"ada"' not in without.out
    assert json.loads(without.out)["value"] == {"type": "array", "size": 0}


def test_an_evaluation_that_fails_is_explained_and_exits_3(probanda, files):
    (files / "a.rego").write_text("package a.b\nallow if 1 / input.user == 2\n")

    result = probanda(*EXPLAIN, "text", "--strict")

    assert result.code == 3
    assert "could not be evaluated: a.rego:2: eval_type_error" in result.out
    assert result.err.startswith("error: ")


def test_no_values_without_an_explanation_is_a_wrong_command_line(probanda, files):
    result = probanda("rego", "eval", "1 == 1", "--no-values")

    assert (result.code, result.out) == (2, "")
    assert "hint: add --explain text" in result.err


def test_modules_that_compile_are_counted(probanda, files):
    result = probanda("rego", "check", "a.rego")

    assert (result.code, result.out) == (0, "1 module(s), 1 rule(s)\n")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("package a\nallow if x", "bad.rego:2:"),
        ("package a\nallow if", "bad.rego:2:"),
        ("package a\nallow if nothing(1)", "bad.rego:2:"),
        ("allow := true", "bad.rego:1:"),
        ("", "bad.rego"),
    ],
)
def test_a_module_that_does_not_compile_exits_2_with_its_place(probanda, files, text, place):
    (files / "bad.rego").write_text(text)

    result = probanda("rego", "check", "bad.rego")

    assert (result.code, result.out) == (2, "")
    assert f"error: {place}" in result.err


def test_a_folder_without_rego_and_a_file_of_bytes_are_errors(probanda, files):
    (files / "empty").mkdir()
    (files / "bytes.rego").write_bytes(b"\xff")

    assert "there is no .rego file in empty" in probanda("rego", "check", "empty").err
    assert "not readable as UTF-8" in probanda("rego", "check", "bytes.rego").err


def test_without_paths_every_policy_of_the_project_is_compiled(probanda, words):
    result = probanda("rego", "check", "--project", words.root)

    assert result.code == 0
    assert "demo/words: 2 entry point(s) compile" in result.err


def test_a_policy_of_the_project_that_does_not_compile_exits_2(probanda, words):
    path = words.root / "policies/demo/words/words.rego"
    path.write_text(path.read_text().replace("some word in", "some word inn"))

    result = probanda("rego", "check", "--project", words.root)

    assert result.code == 2
    assert "error: policies/demo/words/words.rego:7:" in result.err


CASE = {"note": "n", "modules": ["package a\np := 1"], "query": "data.a.p = x",
        "want_result": [{"x": 1}]}  # fmt: skip


@pytest.mark.parametrize("name", ["cases.jsonl", "cases.jsonl.gz"])
def test_conformance_counts_what_is_answered_as_opa_does(probanda, files, name):
    wrong = CASE | {"want_result": [{"x": 2}]}
    data = "\n".join(json.dumps(case) for case in (CASE, wrong)).encode()
    (files / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)

    result = probanda("rego", "conformance", name)

    assert result.code == 1
    assert result.out.endswith("1 of 2 cases\n")
    assert json.loads(probanda("rego", "conformance", name, "--json").out)


def test_no_case_at_all_proves_nothing(probanda, files):
    (files / "none.jsonl").write_text("")

    assert probanda("rego", "conformance", "none.jsonl").code == 3


@pytest.mark.parametrize("text", ["x", "{}", "[]", "7", "null"])
def test_a_file_that_holds_no_cases_is_an_error_and_no_traceback(probanda, files, text):
    (files / "bad.jsonl").write_text(text)

    result = probanda("rego", "conformance", "bad.jsonl")

    assert result.code in {2, 3}
    assert result.err.startswith("error: bad.jsonl")


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


WORDS_CASE = {"entrypoint": "findings", "input": {"facts": {"words": {"bad": ["a", "b"]}}}}
# Every engine on the package index takes the negated call for true where its argument is missing.
DIVISIVE = """package demo.words

# METADATA
# title: A word that may not be used
# custom: {id: bad-word, severity: high, remediation: Use another word.}
findings contains {"rule": "bad-word", "key": "x", "message": "m"} if {
\tnot startswith(input.facts.missing, "a")
}

# METADATA
# title: No word is bad
# custom: {id: allow, severity: high, remediation: Use no words.}
allow if input.facts.words.bad == []
"""


@pytest.fixture
def asked(words, probanda, monkeypatch):
    """Ask about the project `words`, with these cases; no `opa` unless the test brings one."""

    def ask(*arguments, path="/nowhere", **cases):
        for name, case in cases.items():
            words.write(f"policies/demo/words/cases/{name}.yaml", case)
        monkeypatch.setenv("PATH", path)
        return probanda("rego", "check", "--project", str(words.root), *arguments)

    return ask


def test_a_second_opinion_on_this_repositorys_policies_agrees(capsys):
    assert run(["rego", "check", "--second-opinion", "regopy"]) == 0

    assert "0 of them news" in capsys.readouterr().out


def test_all_engines_that_are_installed_are_asked_and_the_absent_are_named(asked):
    result = asked("--second-opinion", one=WORDS_CASE)

    assert result.code == 0
    assert "regopy 1." in result.out
    assert "1 of 1 case(s) answered, 0 disagreement(s), 0 of them news" in result.out
    assert "opa: not asked: there is no `opa` on the PATH" in result.err


@pytest.mark.parametrize("engine", ["regopy", "regorus"])
def test_one_engine_is_asked_by_its_name(asked, engine):
    result = asked("--second-opinion", engine, one=WORDS_CASE)

    if "not installed" in result.err:
        pytest.skip(f"{engine}: the extra is not installed")
    assert (result.code, result.out.count("case(s) answered")) == (0, 1)
    assert result.out.startswith(engine)


def test_a_known_disagreement_is_shown_with_its_reason_and_fails_nothing(words, asked):
    words.policy(DIVISIVE)

    result = asked("--second-opinion", "regopy", one=WORDS_CASE)

    assert result.code == 0
    assert "one.yaml: regopy differs, known: takes `not f(input.x)` for true" in result.out
    assert "1 disagreement(s), 0 of them news" in result.out


def test_a_disagreement_that_no_list_explains_exits_1(words, asked, monkeypatch):
    monkeypatch.setattr("probanda.rego.opinions.known.KNOWN", ())
    words.policy(DIVISIVE)

    result = asked("--second-opinion", "regopy", one=WORDS_CASE)

    assert result.code == 1
    assert "known:" not in result.out
    assert "1 disagreement(s), 1 of them news" in result.out


def test_without_an_engine_nothing_is_decided(asked):
    absent = asked("--second-opinion", "opa", one=WORDS_CASE)

    assert (absent.code, absent.out) == (3, "")
    assert "no engine has an opinion" in absent.err


def test_without_a_case_nothing_is_decided(asked):
    assert asked("--second-opinion", "regopy").code == 3


def test_a_module_that_an_engine_refuses_is_no_disagreement(words, asked):
    words.policy(DIVISIVE.replace("not startswith", "not regex.match").replace('"a")', '"\\\\d")'))

    result = asked("--second-opinion", "regopy", one=WORDS_CASE)

    assert result.code == 3
    assert "regopy has no opinion: refuses the module: a string holds a backslash" in result.err


@pytest.mark.parametrize("arguments", [["a.rego", "--second-opinion"], ["--second-opinion", "vm"]])
def test_a_second_opinion_is_about_projects_and_engines_that_exist(probanda, files, arguments):
    assert probanda("rego", "check", *arguments).code == 2


@pytest.mark.skipif(not shutil.which("opa"), reason="there is no `opa` on the PATH")
def test_opa_agrees_with_this_repositorys_policies(capsys):
    assert run(["rego", "check", "--second-opinion", "opa"]) == 0

    assert "0 disagreement(s)" in capsys.readouterr().out
