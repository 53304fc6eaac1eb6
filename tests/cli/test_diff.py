"""`probanda diff`."""

from __future__ import annotations

import json

import pytest

from projects import Project

AS_OF = ("--as-of", "2026-11-20T12:00:00Z")


def command(project, *options):
    return ("diff", "--against", "HEAD", *AS_OF, "--project", project.root, *options)


@pytest.fixture
def loosened(tmp_path):
    project = Project.with_words(tmp_path / "project", "foo")
    project.commit()
    text = (project.root / "policies/demo/words/words.rego").read_text()
    project.policy(text.replace("some word in", "false\n\tsome word in"))
    return project


def test_what_was_denied_and_is_allowed_is_shown_and_fails_where_asked(probanda, loosened):
    result = probanda(*command(loosened))

    assert result.code == 0
    assert "LOOSENED pr / words: fail → pass\n" in result.out
    assert "DENY → ALLOW  bad-word  foo is a bad word" in result.out
    assert probanda(*command(loosened, "--fail-on", "loosened")).code == 1
    assert probanda(*command(loosened, "--fail-on", "any")).code == 1
    assert probanda(*command(loosened, "--fail-on", "tightened")).code == 0


def test_json_holds_every_check(probanda, loosened):
    result = probanda(*command(loosened, "--format", "json", "--fail-on", "loosened"))

    document = json.loads(result.out)
    assert (result.code, document["exitCode"]) == (1, 1)
    (check,) = document["checks"]
    assert (check["before"]["outcome"], check["after"]["outcome"]) == ("fail", "pass")
    assert [finding["key"] for finding in check["lost"]] == ["foo"]


def test_without_a_change_it_says_so(probanda, words):
    words.commit()

    result = probanda(*command(words, "--fail-on", "any"))

    assert result.code == 0
    assert "1 check(s) against HEAD" in result.out
    assert "0 changed, 0 loosened, 0 tightened" in result.out


def test_a_revision_must_be_given_and_be_there(probanda, words):
    words.commit()

    assert probanda("diff", "--project", words.root).code == 2
    assert probanda("diff", "--against", "nothing", "--project", words.root).code == 2
