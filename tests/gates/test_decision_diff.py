"""What a change of judging content does to decisions about the same facts."""

from __future__ import annotations

import pytest

from probanda.errors import UsageError
from probanda.gates.decision_diff import decision_diff
from probanda.output.decision_diff import render_text, to_json
from projects import AS_OF, WORDS_REGO, Project, words_check

LAX = WORDS_REGO.replace("some word in", 'some word in {"foo"} & {x | some x in').replace(
    "input.facts.words.bad\n\tfinding", "input.facts.words.bad}\n\tfinding"
)


@pytest.fixture
def project(tmp_path):
    made = Project.with_words(tmp_path / "project", "foo", "bar")
    made.commit()
    return made


def diff(project, **options):
    return decision_diff(project.root, against="HEAD", as_of=AS_OF, **options)


def one(project, **options):
    (check,) = diff(project, **options).checks
    return check


def keys(findings):
    return [finding.key for finding in findings]


def test_without_a_change_nothing_changed(project):
    found = diff(project)

    assert [(each.before, each.after, each.changed) for each in found.checks] == [
        ("fail", "fail", False)
    ]
    assert found.exit_code(["loosened", "tightened"]) == 0


def test_a_change_of_the_facts_is_no_change_of_the_content(project):
    project.words("other")

    assert not one(project).changed


def test_a_policy_that_lets_something_through_is_loosened(project):
    project.policy(LAX)

    check = one(project)

    assert (check.before, check.after) == ("fail", "fail")
    assert (keys(check.lost), keys(check.gained)) == (["bar"], [])
    assert (check.loosened, check.tightened) == (True, False)
    assert diff(project).exit_code(["loosened"]) == 1
    assert diff(project).exit_code(["tightened"]) == 0
    assert diff(project).exit_code([]) == 0


def test_a_policy_that_holds_more_is_tightened(project):
    project.policy(LAX)
    project.commit()
    project.policy()

    check = one(project)

    assert (keys(check.lost), keys(check.gained)) == ([], ["bar"])
    assert (check.loosened, check.tightened) == (False, True)


def test_a_waiver_lets_its_finding_through(project):
    fingerprint = project.run().decisions[0].checks[0].findings[0].fingerprint
    project.waiver("one", fingerprint, expires="2026-12-31")

    check = one(project)

    assert len(check.lost) == 1
    assert check.loosened


def test_a_check_that_is_gone_is_loosened_and_a_new_one_tightened(project):
    project.gate("pr", words_check(id="other"))

    found = {each.id: each for each in diff(project).checks}

    assert (found["words"].before, found["words"].after) == ("fail", "absent")
    assert (found["other"].before, found["other"].after) == ("absent", "fail")
    assert (found["words"].loosened, found["other"].loosened) == (True, False)


def test_a_check_that_passed_and_is_gone_is_loosened_too(project):
    project.words()
    project.gate("pr", words_check(id="other"))

    found = {each.id: each for each in diff(project).checks}

    assert (found["words"].before, found["words"].loosened) == ("pass", True)


def test_a_gate_that_only_warns_of_what_it_blocked_is_loosened(project):
    project.gate("pr", words_check(), mode="warn")

    check = one(project)

    assert (check.modes, check.loosened, check.lost) == (("enforce", "warn"), True, ())


def test_a_check_that_only_applies_to_some_changes_is_evaluated_all_the_same(project):
    project.policy(LAX)
    project.gate("pr", words_check(when={"paths": ["nothing/*"]}))

    assert one(project).loosened


def test_what_cannot_be_evaluated_is_never_shown_not_to_have_loosened(project):
    (project.root / "words.json").unlink()

    found = diff(project)

    assert [(each.before, each.after) for each in found.checks] == [
        ("notEvaluated", "notEvaluated")
    ]
    assert (found.exit_code([]), found.exit_code(["loosened"])) == (0, 3)


def test_a_policy_that_breaks_lets_nothing_through(project):
    project.policy(WORDS_REGO.replace('"key": word', '"key": 7'))

    check = one(project)

    assert (check.before, check.after, check.loosened) == ("fail", "error", False)


def test_no_check_on_either_side_compares_nothing(tmp_path):
    project = Project(tmp_path / "project")
    project.project()
    project.commit()

    assert diff(project).exit_code([]) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [({"against": "nothing"}, "nothing"), ({"gates": ["x"]}, "neither side has a CI gate 'x'")],
)
def test_a_revision_or_gate_that_is_not_there_is_a_usage_error(project, options, message):
    with pytest.raises(UsageError, match=message):
        decision_diff(project.root, **{"against": "HEAD", "as_of": AS_OF, **options})


def test_a_project_without_a_repository_has_nothing_to_compare_with(words):
    with pytest.raises(UsageError, match="git repository"):
        diff(words)


def test_the_text_and_the_document_show_what_was_let_through(project):
    project.policy(LAX)
    found = diff(project)

    assert "LOOSENED pr / words: fail\n    - DENY → ALLOW  bad-word  bar is a bad word" in (
        render_text(found)
    )
    (check,) = to_json(found, exit_code=0)["checks"]
    assert [each["key"] for each in check["lost"]] == ["bar"]
    assert check["before"] == {"outcome": "fail", "mode": "enforce"}
