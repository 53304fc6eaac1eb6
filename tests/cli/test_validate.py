"""`probanda validate`: everything that is wrong, at once, each with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from projects import WORDS_REGO, Project, words_check

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def validate(probanda, words):
    return lambda *arguments: probanda("validate", "--project", words.root, *arguments)


def test_a_right_project_is_counted(validate):
    result = validate()

    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("valid: 1 gate, ")
    assert result.out.endswith("0 contracts, 0 waivers, 0 baselines, 0 clarifications\n")


def test_a_sole_document_of_a_kind_is_not_called_several(validate, words):
    words.waiver("one", "1" * 64, expires="2027-01-01")

    assert "1 waiver, " in validate().out


def test_an_exception_that_excuses_nothing_is_a_warning(validate, words):
    at = ("--as-of", "2026-11-20")
    words.waiver("one", "1" * 64)
    words.waiver("two", "1" * 64, signer=None)

    result = validate(*at)

    assert result.code == 0
    assert result.err.startswith(
        "warning: evidence/waivers/two.yaml:1:1: two excuses nothing: nobody has signed it\n"
    )
    assert "one excuses" not in result.err
    assert validate("--strict", *at).code == 2
    assert "one excuses nothing: its time is over" in validate("--as-of", "2027-01-01").err


def test_all_errors_are_reported_at_once_each_with_file_line_and_column(validate, words):
    words.gate("pr", words_check(policy="demo/wrods/findings", controls=["soc2/CC8.2"]))
    words.waiver("one", "123", expires="soon")
    words.write("gates/late.yml", "kind: Gate")
    words.write("controls/own/a.yaml", "kind: Control\nkind: Control\n")

    result = validate()

    assert (result.code, result.out) == (2, "")
    errors = [line for line in result.err.splitlines() if line.startswith("error: ")]
    for start in (
        "error: controls/own/a.yaml:2:1: ",
        "error: evidence/waivers/one.yaml:10:",
        "error: evidence/waivers/one.yaml:16:",
        "error: gates/late.yml: ",
        "error: gates/pr.yaml:",
    ):
        assert any(line.startswith(start) for line in errors), (start, result.err)
    assert result.err.endswith(f"{len(errors)} errors\n")
    assert "hint: did you mean 'demo/words/findings'?" in result.err
    assert "hint: rename it to gates/late.yaml" in result.err


def test_a_policy_that_does_not_compile_is_an_error_with_its_line(validate, words):
    words.policy(WORDS_REGO.replace("some word in", "some word inn"))

    result = validate()

    assert result.code == 2
    assert "policies/demo/words/words.rego:" in result.err


def test_all_errors_of_a_policy_are_reported_at_once(validate, words):
    words.policy(WORDS_REGO + "\nfirst if nosuch(1)\n\nsecond if x\n")

    result = validate()

    assert result.code == 2
    assert "words.rego:16:10: policy demo/words: undefined function nosuch" in result.err
    assert "words.rego:18:11: policy demo/words: var x is unsafe" in result.err
    assert result.err.endswith("2 errors\n")


def test_a_clarification_that_was_not_signed_by_its_author_is_an_error(validate, words):
    words.approver("ada@example.org", Ed25519PrivateKey.generate())
    path = words.clarification("pkg:pypi/left@1.0.0", "MIT", author="ada@example.org")
    words.sign(path, Ed25519PrivateKey.generate())

    result = validate()

    assert result.code == 2
    assert "is not signed by ada@example.org" in result.err
    assert "hint: sign it again after every change: probanda sign FILE --key KEY" in result.err


def test_a_citation_of_the_wrong_criterion_is_a_warning_and_with_strict_an_error(validate, words):
    words.gate("pr", words_check(id="change-management", controls=["CC2.1"]))

    lax, strict = validate(), validate("--strict")

    assert (lax.code, lax.out.startswith("valid: ")) == (0, True)
    assert "warning: gates/pr.yaml:" in lax.err
    assert "'soc2/CC2.1'" in lax.err
    assert "hint: it belongs to 'soc2/CC8.1'" in lax.err
    assert (strict.code, strict.out) == (2, "")
    assert "error: gates/pr.yaml:" in strict.err


def test_a_revision_can_be_validated_instead(validate, words):
    words.commit()
    words.write("gates/pr.yaml", "nonsense")

    assert validate().code == 2
    assert validate("--base", "HEAD").code == 0


def test_errors_of_a_revision_name_it(validate, words):
    words.write("gates/pr.yaml", "kind: Gate")
    words.commit()

    assert "error: HEAD:gates/pr.yaml:" in validate("--base", "HEAD").err


@pytest.mark.parametrize("base", ["nowhere", "-x", "a..b"])
def test_a_revision_that_does_not_exist_is_a_usage_error(validate, words, base):
    words.commit()

    result = validate(f"--base={base}")

    assert result.code == 2
    assert "error: --base: " in result.err


def test_a_revision_outside_of_git_is_a_usage_error(validate):
    result = validate("--base", "main")

    assert (result.code, "needs a git repository" in result.err) == (2, True)


def test_this_repository_is_valid(probanda):
    assert probanda("validate", "--project", ROOT).code == 0


def test_the_example_is_valid(probanda):
    for project in (ROOT / "examples").glob("*/probanda.yaml"):
        assert probanda("validate", "--project", project.parent).code == 0


def test_a_project_of_nothing_but_its_file_is_valid_and_has_no_gate(probanda, tmp_path):
    Project(tmp_path).project()

    assert probanda("validate", "--project", tmp_path).out.startswith("valid: 0 gates, ")
    assert probanda("check", "--project", tmp_path).code == 3


OLD = """\
package demo.words

# METADATA
# title: No word is bad
# custom: {id: allow, severity: high, remediation: Use no words.}
allow { count(input.facts.words.bad) == 0 }
"""


@pytest.mark.parametrize(("syntax", "code"), [("v0", 0), ("v1", 2), (None, 2), ("v2", 2)])
def test_the_policy_says_which_syntax_its_modules_have(validate, words, syntax, code):
    entrypoints = {"allow": {"kind": "allow", "rule": "allow"}}
    words.gate("pr", words_check(policy="demo/words/allow"))
    words.policy(OLD, entrypoints=entrypoints, **({} if syntax is None else {"rego": syntax}))

    result = validate()

    assert result.code == code, result.err
