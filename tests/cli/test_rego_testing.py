"""`probanda rego test` and `probanda rego mutate`."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

TESTS = """\
package a_test

import data.a

test_one if a.allow with input as {"n": 2}

test_two if not a.allow with input as {"n": 1}
"""
POLICY = "package a\n\nallow if input.n > 1\n"
CASE = {"title": "None is bad", "expect": "pass", "entrypoint": "findings", "rules": []}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "rego"
    made.mkdir()
    (made / "a.rego").write_text(POLICY)
    (made / "a_test.rego").write_text(TESTS)
    return made


@pytest.fixture
def tested(words):
    given = {"input": {"facts": {"words": {"bad": []}}}}
    words.write("policies/demo/words/cases/good.yaml", {**CASE, **given})
    bad = {**CASE, "expect": "fail", "rules": ["bad-word"]}
    given = {"input": {"facts": {"words": {"bad": ["foo"]}}}}
    words.write("policies/demo/words/cases/bad.yaml", {**bad, **given})
    return words


def test_tests_of_a_folder_that_pass_exit_0(probanda, folder):
    result = probanda("rego", "test", folder)

    assert (result.code, result.out, result.err) == (0, "2 test(s): 2 passed\n", "")


def test_a_failure_exits_1_and_shows_the_expression_that_failed(probanda, folder):
    (folder / "a.rego").write_text(POLICY.replace("> 1", "> 2"))

    result = probanda("rego", "test", "rego")

    assert result.code == 1
    assert "FAIL data.a_test.test_one  rego/a_test.rego:5\n" in result.out
    assert "input.n > 2" in result.out
    assert result.out.endswith("2 test(s): 1 passed, 1 failed\n")


@pytest.mark.parametrize("text", ["package a_test\n", "package a_test\ntodo_test_a if true\n"])
def test_nothing_that_ran_exits_3(probanda, folder, text):
    (folder / "a_test.rego").write_text(text)

    result = probanda("rego", "test", "rego")

    assert result.code == 3
    assert "nothing ran, so nothing has passed" in result.out


def test_a_pattern_that_chooses_nothing_exits_3_and_one_that_is_none_2(probanda, folder):
    assert probanda("rego", "test", "rego", "--run", "nothing").code == 3
    assert probanda("rego", "test", "rego", "--run", "one").out == "1 test(s): 1 passed\n"
    assert probanda("rego", "test", "rego", "--run", "(").code == 2


def test_an_error_exits_3_and_a_module_that_does_not_compile_2(probanda, folder):
    (folder / "a_test.rego").write_text("package a_test\ntest_a(x) := x\ntest_b if true\n")
    assert probanda("rego", "test", "rego").code == 3

    (folder / "a_test.rego").write_text("package a_test\ntest_a if x\n")
    result = probanda("rego", "test", "rego")
    assert (result.code, result.out) == (2, "")
    assert "error: rego/a_test.rego:2:" in result.err


def test_a_folder_without_rego_is_an_error(probanda, tmp_path):
    assert "there is no .rego file" in probanda("rego", "test", tmp_path).err


def test_a_test_that_does_not_end_in_time_exits_3(probanda, folder):
    slow = (
        "test_a if { some a, c in numbers.range(1, 30000); some b in numbers.range(1, a); b > c }"
    )
    (folder / "a_test.rego").write_text(f"package a_test\n{slow}\n")

    result = probanda("rego", "test", "rego", "--timeout", "0.05")

    assert result.code == 3
    assert "eval_cancel_error" in result.out


def test_base_data_takes_part(probanda, folder):
    (folder / "a_test.rego").write_text("package a_test\ntest_a if data.owner == `ada`\n")
    (folder / "data.json").write_text('{"owner": "ada"}')

    assert probanda("rego", "test", "rego").code == 1
    assert probanda("rego", "test", "rego", "--base-data", "rego/data.json").code == 0
    (folder / "data.json").write_text("[]")
    assert probanda("rego", "test", "rego", "--base-data", "rego/data.json").code == 2


def test_what_is_printed_is_shown(probanda, folder):
    (folder / "a_test.rego").write_text('package a_test\ntest_a if { print("x =", 1); true }\n')

    assert "    printed:\n        x = 1\n" in probanda("rego", "test", "rego").out


def test_json_holds_every_result_and_coverage_as_opa_has_it(probanda, folder):
    result = probanda("rego", "test", "rego", "--format", "json", "--coverage")

    document = json.loads(result.out)
    assert document["counts"] == {"passed": 2, "failed": 0, "errors": 0, "skipped": 0}
    (suite,) = document["suites"]
    assert [test["name"] for test in suite["tests"]] == ["test_one", "test_two"]
    assert document["coverage"]["files"]["rego/a.rego"]["coverage"] == 100
    assert document["coverage"]["coverage"] == 100


def test_junit_tells_failures_errors_and_skips_apart(probanda, folder):
    rules = ["test_a if true", "test_b if 1 == 2", "test_c(x) := x", "todo_test_d if true"]
    (folder / "a_test.rego").write_text("package a_test\n" + "\n".join(rules) + "\n")

    result = probanda("rego", "test", "rego", "--format", "junit")

    assert result.code == 1
    (suite,) = ET.fromstring(result.out)
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "4", "failures": "1", "errors": "1", "skipped": "1"}
    found = {case.get("name"): [child.tag for child in case] for case in suite}
    assert found == {
        "test_a": [],
        "test_b": ["failure"],
        "test_c": ["error"],
        "todo_test_d": ["skipped"],
    }


def test_coverage_below_the_threshold_exits_1_and_lists_the_lines(probanda, folder):
    (folder / "a.rego").write_text(POLICY + "\nunused if {\n\tinput.x\n\tinput.y\n}\n")

    result = probanda("rego", "test", "rego", "--coverage", "--threshold", "90")

    assert result.code == 1
    assert "rego/a.rego: 25.0%; not covered: 5-7\n" in result.out
    assert probanda("rego", "test", "rego", "--coverage", "--threshold", "25").code == 0
    assert probanda("rego", "test", "rego", "--threshold", "25").code == 2


def test_without_paths_every_policy_of_the_project_is_tested_with_its_cases(probanda, tested):
    result = probanda("rego", "test", "--project", tested.root)

    assert (result.code, result.out) == (0, "demo/words: 0 test(s) and 2 case(s): 2 passed\n")


def test_a_policys_folder_is_tested_with_its_cases(probanda, tested):
    tested.words("foo")
    path = tested.root / "policies/demo/words/cases/bad.yaml"
    path.write_text(path.read_text().replace('"bad-word"', '"other"'))

    result = probanda("rego", "test", tested.root / "policies/demo/words")

    assert result.code == 1
    assert "FAIL policies/demo/words/cases/bad.yaml" in result.out
    assert "it is to break other, and breaks bad-word" in result.out


def test_a_policy_without_tests_and_cases_exits_3(probanda, words):
    assert probanda("rego", "test", "--project", words.root).code == 3


def test_a_survivor_is_shown_with_its_place_and_exits_1(probanda, tested):
    result = probanda("rego", "mutate", "--project", tested.root, "--jobs", "1")

    assert result.code == 1
    assert "SURVIVED" in result.out
    assert "policies/demo/words/words.rego:14:" in result.out
    assert "    - input.facts.words.bad == []\n" in result.out
    assert probanda("rego", "mutate", "--project", tested.root, "--threshold", "0").code == 0


def test_mutation_as_json_is_the_same_every_time(probanda, tested):
    command = ("rego", "mutate", "demo/words", "--project", tested.root, "--format", "json")

    first, again = probanda(*command), probanda(*command)

    assert first.out == again.out
    (policy,) = json.loads(first.out)["policies"]
    assert policy["counts"]["killed"] + policy["counts"]["survived"] == len(policy["verdicts"])


def test_a_policy_that_is_not_there_is_a_usage_error(probanda, tested):
    result = probanda("rego", "mutate", "demo/wards", "--project", tested.root)

    assert result.code == 2
    assert "there is no policy 'demo/wards'" in result.err


def test_a_policy_whose_cases_fail_has_no_score(probanda, tested):
    path = tested.root / "policies/demo/words/cases/bad.yaml"
    path.write_text(path.read_text().replace('"bad-word"', '"other"'))

    result = probanda("rego", "mutate", "--project", tested.root)

    assert (result.code, result.out) == (2, "")
    assert "hint: see: probanda rego test policies/demo/words" in result.err
