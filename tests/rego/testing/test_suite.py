"""Suites: results as `opa test` has them, cases, printed lines, explanations, limits."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from probanda.errors import PolicyError, UsageError
from probanda.rego.explain import render
from probanda.rego.testing import Suite

POLICIES = Path(__file__).resolve().parents[3] / "policies"


def run(*rules, pattern="", data=None, seconds=5.0, **modules):
    texts = {f"{name}.rego": text for name, text in modules.items()}
    if rules:
        texts["a_test.rego"] = "package a_test\n\n" + "\n".join(rules)
    return Suite.compile(texts).run(pattern, data=data, seconds=seconds)


def statuses(results):
    return {each.test.title: each.status for each in results}


def tree(cases):
    return {each.name: tree(each.cases) or each.status for each in cases}


def test_a_test_passes_when_its_rule_is_true_and_nothing_else():
    rules = [
        "test_true if true",
        "test_false := false",
        "test_one := 1",
        "test_text := `true`",
        "test_undefined if input.x",
        "test_set contains 1",
        "test_object := {`a`: true}",
        "helper if true",
    ]

    assert statuses(run(*rules)) == {
        "test_true": "pass",
        "test_false": "fail",
        "test_one": "fail",
        "test_text": "fail",
        "test_undefined": "fail",
        "test_set": "fail",
        "test_object": "fail",
    }


def test_rules_of_one_name_are_tests_of_their_own():
    results = run("test_a if 1 == 2", "test_a if 1 == 1", "test_a := 1")

    assert statuses(results) == {"test_a": "fail", "test_a#01": "pass", "test_a#02": "fail"}
    assert results[1].test.name == 'data.a_test["test_a#01"]'


def test_a_test_that_is_only_announced_is_skipped_though_it_would_fail():
    assert statuses(run("todo_test_a if 1 / 0 == 1")) == {"todo_test_a": "skip"}


def test_a_test_that_takes_arguments_is_an_error():
    (result,) = run("test_a(x) := x")

    assert (result.status, result.message) == ("error", "a test takes no arguments")


def test_each_case_has_a_result_of_its_own():
    (result,) = run(
        """test_sum[note] if {
            some note, c in {"one": {"a": 1, "w": 2}, "two": {"a": 2, "w": 2}}
            c.a + 1 == c.w
        }"""
    )

    assert result.status == "fail"
    assert tree(result.cases) == {"one": "pass", "two": "fail"}


def test_a_case_is_named_as_early_as_its_name_is_known():
    (result,) = run(
        """test_sum[c.note] if {
            some c in [{"note": "one", "n": 1}, {"note": "two", "n": 2}]
            every n in [c.n] { n == 1 }
        }"""
    )

    assert tree(result.cases) == {"one": "pass", "two": "fail"}


def test_cases_may_be_nested():
    (result,) = run(
        """test_sum[a][b] if {
            some a in ["x", "y"]
            some b in [1, 2]
            a == "x"
        }"""
    )

    passed, failed = {"1": "pass", "2": "pass"}, {"1": "fail", "2": "fail"}
    assert tree(result.cases) == {"x": passed, "y": failed}
    assert result.to_json()["sub_results"]["y"]["fail"] is True


def test_a_test_that_came_to_no_case_has_tested_nothing_and_fails():
    (result,) = run("test_a[x] if some x in input.nothing")

    assert (result.status, result.message) == ("fail", "it came to no case")


def test_what_is_printed_is_kept_and_an_undefined_operand_ends_nothing():
    (result,) = run('test_a if { print("x is", input.x, {"a": 1}); true }')

    assert (result.status, result.output) == ("pass", 'x is <undefined> {\n  "a": 1\n}')


def test_printing_without_end_is_cut():
    (result,) = run('test_a if { every n in numbers.range(1, 9000) { print("line", n) } }')

    assert result.status == "pass"
    assert len(result.output) <= 10_000


def test_a_failure_is_explained_by_the_expression_that_failed():
    (result,) = run("test_a if {\n\tx := 1\n\tx == 2\n}")

    shown = render(result.explanation)
    assert "x == 2" in shown
    assert "x is not equal to 2" in shown


def test_an_evaluation_beyond_its_time_is_an_error_and_not_a_failure():
    many = "numbers.range(1, 3000)"
    slow = f"test_a if {{ count([1 | some a in {many}; some b in {many}; a == b]) == 1 }}"

    (result,) = run(slow, seconds=0.01)

    assert result.status == "error"
    assert "eval_cancel_error" in result.message


def test_modules_are_tested_together_and_base_data_takes_part():
    results = run(
        "import data.p",
        "test_a if p.allow with input as {`user`: `ada`}",
        pattern="",
        data={"owner": "ada"},
        p="package p\n\nallow if input.user == data.owner",
    )

    assert statuses(results) == {"test_a": "pass"}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", ["test_one", "test_two"]),
        ("one", ["test_one"]),
        (r"^data\.a_test\.test_two$", ["test_two"]),
        ("three", []),
    ],
)
def test_a_pattern_chooses_by_the_whole_name(pattern, found):
    results = run("test_one if true", "test_two if true", pattern=pattern)

    assert [each.test.title for each in results] == found


def test_what_is_no_pattern_is_a_usage_error():
    with pytest.raises(UsageError, match="regular expression"):
        run("test_a if true", pattern="(")


@pytest.mark.parametrize("text", ["package a\ntest_a if x", "package a\ntest_a if"])
def test_modules_that_do_not_compile_have_no_results(text):
    with pytest.raises(PolicyError):
        Suite.compile({"a.rego": text})


def test_there_must_be_modules():
    with pytest.raises(PolicyError, match="modules, not 0"):
        Suite.compile({})


# --- the same as `opa test` ----------------------------------------------------------------


def opa(folder, *arguments):
    found = shutil.which("opa")
    if found is None:
        pytest.skip("opa is not on the PATH")
    done = subprocess.run(
        [found, "test", "--format", "json", *arguments, *sorted(map(str, folder.glob("*.rego")))],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def theirs(folder):
    return {
        f"{each['package']}.{each['name']}": (
            next((word for word in ("fail", "skip", "error") if each.get(word)), "pass"),
            their_tree(each.get("sub_results")),
        )
        for each in opa(folder)
    }


def their_tree(cases):
    return {
        name: their_tree(each.get("sub_results")) or ("fail" if each.get("fail") else "pass")
        for name, each in (cases or {}).items()
    }


def ours(folder):
    suite = Suite.compile({str(path): path.read_text() for path in folder.glob("*.rego")})
    return {
        f"data.{'.'.join(each.test.package)}.{each.test.title}": (each.status, tree(each.cases))
        for each in suite.run(explain=False)
    }


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in POLICIES.glob("*/*/policy.yaml")), ids=lambda p: p.name
)
def test_our_policies_end_as_under_opa(folder):
    assert ours(folder) == theirs(folder)


HEADS = ["test_{n}", "test_{n}", "test_{n}[k]", "test_{n}[k][v]", "todo_test_{n}", "a.test_{n}"]
HEADS += ["test_{n}[k].x", "test_{n}[c.note]", "test_same", "test_{n}.b[k]"]
BODIES = [
    "v == 1",
    "v < 3; v != 0",
    "not v == 2",
    "every w in [v, 1] { w < 3 }",
    "v in [1, 2]",
    "input.x == v",
    "1 / v > 0",
    "c.note != `b`",
    "p(v)",
    "count([w | some w in [1, 2, v]; w == v]) == 2",
    "x := v; x > 1",
    "q == 1 with input as {`x`: v}",
]


def generated(seed):
    chosen = random.Random(seed)
    lines = ["package gen_test", "", "p(n) if n > 0", "q := input.x", ""]
    for number in range(40):
        head = chosen.choice(HEADS).format(n=number)
        body = "; ".join(chosen.sample(BODIES, chosen.randint(0, 3)))
        pairs = ", ".join(f"`{k}`: {chosen.randint(0, 3)}" for k in "abc"[: chosen.randint(1, 3)])
        loop = f"some k, v in {{{pairs}}}; c := {{`note`: k, `v`: v}}"
        mixed = f"{loop}; {body}" if body else loop
        value = chosen.choice(["", "", " := v > 1"]) if "[" in head else ""
        lines.append(f"{head}{value} if {{ {mixed} }}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("seed", range(4))
def test_generated_tests_end_as_under_opa(seed, tmp_path):
    (tmp_path / "gen_test.rego").write_text(generated(seed))

    found = ours(tmp_path)

    assert found == theirs(tmp_path)
    assert len({status for status, _ in found.values()}) > 1
