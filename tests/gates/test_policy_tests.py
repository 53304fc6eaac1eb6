"""Policies tested by their Rego tests and their cases."""

from __future__ import annotations

import pytest

from probanda.content import WorkingTree, load
from probanda.content.cases import read_cases
from probanda.errors import ContentError, UsageError
from probanda.gates.policy_tests import (
    TestReport,
    TestRequest,
    exit_code,
    module_report,
    policy_coverage,
    policy_report,
)

PASSING = {"expect": "pass", "entrypoint": "findings", "rules": []}
FAILING = {"expect": "fail", "entrypoint": "findings", "rules": ["bad-word"]}


def given(*bad):
    return {"input": {"facts": {"words": {"bad": list(bad)}}}}


@pytest.fixture
def tested(words):
    """`demo/words` with a test and two cases."""
    folder = "policies/demo/words"
    words.write(f"{folder}/cases/good.yaml", {"title": "None is bad", **PASSING, **given()})
    words.write(f"{folder}/cases/bad.yaml", {"title": "One is bad", **FAILING, **given("foo")})
    words.write(
        f"{folder}/words_test.rego",
        "package demo.words_test\n\nimport data.demo.words\n\n"
        "test_none_is_bad if words.allow with input as {`facts`: {`words`: {`bad`: []}}}\n",
    )
    return words


def report(project, **request):
    tree = WorkingTree(project.root)
    policy = load(tree).policies["demo/words"]
    return policy_report(policy, read_cases(tree, policy.id), TestRequest(**request))


def code(*reports, pattern="", threshold=None):
    return exit_code(reports, pattern=pattern, threshold=threshold)


def test_tests_and_cases_that_hold_pass(tested):
    found = report(tested)

    assert [each.status for each in (*found.tests, *found.cases)] == ["pass"] * 3
    assert (found.ran, code(found)) == (3, 0)


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ({**PASSING, **given("foo")}, "it is to break none, and breaks bad-word"),
        ({**FAILING, **given()}, "it is to break bad-word, and breaks none"),
        (
            {**FAILING, "rules": ["other"], **given("foo")},
            "it is to break other, and breaks bad-word",
        ),
        ({**PASSING, "rules": ["bad-word"], **given("foo")}, "it is to pass, and breaks bad-word"),
        (
            {"expect": "pass", "entrypoint": "allow", **given("x")},
            "it is to pass, and breaks allow",
        ),
    ],
)
def test_a_case_fails_unless_exactly_the_rules_that_it_names_are_broken(tested, case, why):
    tested.write("policies/demo/words/cases/good.yaml", {"title": "It", **case})

    found = report(tested)

    assert [(each.status, each.message) for each in found.cases if each.status != "pass"] == [
        ("fail", why)
    ]
    assert code(found) == 1


@pytest.mark.parametrize(
    "case",
    [
        {**PASSING, "entrypoint": "nothing", **given()},
        {**FAILING, "input": {"facts": {"words": {"bad": [7]}}}},
        {**PASSING, "input": {"asOf": "yesterday"}},
    ],
)
def test_a_case_that_cannot_be_evaluated_is_an_error_whatever_it_expects(tested, case):
    tested.write("policies/demo/words/cases/good.yaml", {"title": "It", **case})

    found = report(tested)

    assert [each.status for each in found.cases] == ["pass", "error"]
    assert code(found) in {1, 3}
    if not found.count("fail"):
        assert code(found) == 3


def test_nothing_that_ran_is_no_pass(words, tested):
    empty = TestReport("demo/empty", ())

    assert code() == 3
    assert code(empty) == 3
    assert code(report(tested), empty) == 3
    assert code(report(tested, pattern="nothing"), pattern="nothing") == 3
    assert code(report(tested), empty, pattern="none") == 0


def test_a_pattern_chooses_tests_and_cases(tested):
    found = report(tested, pattern="good|none")

    assert [each.path for each in found.cases] == ["policies/demo/words/cases/good.yaml"]
    assert [each.test.title for each in found.tests] == ["test_none_is_bad"]


def test_coverage_counts_what_cases_and_tests_came_to_together(tested):
    whole = report(tested, coverage=True)
    tests = report(tested, coverage=True, pattern="none_is")

    assert policy_coverage([whole]) == 100.0
    assert 0 < policy_coverage([tests]) < 100.0
    assert code(whole, threshold=100.0) == 0
    assert code(tests, threshold=90.0, pattern="x") == 1


def test_lines_of_tests_do_not_make_a_policy_look_covered(tested):
    path = tested.root / "policies/demo/words/words_test.rego"
    path.write_text(path.read_text() + "\n".join(f"test_{n} if {n} == {n}" for n in range(50)))

    found = report(tested, coverage=True, pattern="test_[0-9]")

    assert policy_coverage([found]) == 0.0


def test_a_threshold_without_coverage_is_a_usage_error(tested):
    with pytest.raises(UsageError, match="coverage"):
        code(report(tested), threshold=90.0)


def test_a_test_that_does_not_compile_is_wrong_content(tested):
    tested.write("policies/demo/words/words_test.rego", "package demo.words_test\ntest_a if x")

    with pytest.raises(ContentError, match="x is unsafe"):
        report(tested)


def test_modules_that_are_no_policys_have_tests_alone():
    found = module_report({"a_test.rego": "package a_test\ntest_a if 1 == 2"}, TestRequest())

    assert (found.name, found.cases, code(found)) == ("", (), 1)


def test_a_policy_in_the_syntax_before_rego_v1_is_tested_in_it(tested):
    path = tested.root / "policies/demo/words/words.rego"
    text = path.read_text().replace("findings contains finding if {", "findings[finding] {")
    text = text.replace(
        "\tsome word in input.facts.words.bad", "\tword := input.facts.words.bad[_]"
    )
    tested.policy(text.replace("allow if input.facts.words.bad == []",
                               "allow { input.facts.words.bad == [] }"), rego="v0")  # fmt: skip
    test = tested.root / "policies/demo/words/words_test.rego"
    test.write_text("package demo.words_test\n\ntest_it { not data.demo.words.allow }\n")

    found = report(tested)

    assert [each.status for each in (*found.tests, *found.cases)] == ["pass"] * 3
