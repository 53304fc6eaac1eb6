"""One check: when it applies, what it is given, and how it ends when something breaks."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from probanda.gates import check as module
from probanda.gates.check import matches
from probanda.model.outcome import Outcome
from projects import WORDS_REGO, Project, words_check


@pytest.mark.parametrize(
    ("path", "glob"),
    [
        ("setup.py", "setup.py"),
        ("setup.py", "*.py"),
        ("deep/down/setup.py", "*.py"),
        ("deep/down/setup.py", "**/*.py"),
        # In git's patterns, `**/` may be no folder at all.
        ("setup.py", "**/*.py"),
        ("src/setup.py", "src/**/setup.py"),
        ("src/a/b/setup.py", "src/**/setup.py"),
        ("docs/guide/a.md", "docs/**"),
        ("docs/guide/a.md", "docs/"),
        ("docs/guide/a.md", "docs"),
        ("docs/guide/a.md", "./docs"),
        ("a/docs/b.md", "**/docs/"),
        ("constraints.txt", "constraints?txt"),
        ("a1.txt", "a[0-9].txt"),
    ],
)
def test_a_pattern_means_what_a_person_means_by_it(path, glob):
    assert matches(path, glob)


@pytest.mark.parametrize(
    ("path", "glob"),
    [
        ("setup.pyc", "*.py"),
        ("Setup.py", "setup.py"),
        ("documents/a.md", "docs"),
        ("src/setup.py", "setup.py"),
        ("ax.txt", "a[0-9].txt"),
        ("../setup.py", "setup.py"),
    ],
)
def test_a_pattern_means_nothing_else(path, glob):
    assert not matches(path, glob)


@pytest.fixture
def guarded(words) -> Project:
    """A committed project whose one check applies when `words.json` changes."""
    words.gate("pr", words_check(when={"paths": ["words.json"]}))
    words.commit()
    return words


def outcome(project: Project, **request) -> Outcome:
    return project.run(**request).decisions[0].checks[0].outcome


def test_a_check_applies_when_a_matching_path_changed(guarded):
    guarded.words("foo")

    assert outcome(guarded, base="HEAD") is Outcome.FAIL


def test_a_check_is_skipped_when_no_matching_path_changed_and_says_so(guarded):
    guarded.write("other.json", "{}")

    run = guarded.run(base="HEAD")

    check, _ = run.decisions[0].checks
    assert check.outcome is Outcome.SKIPPED
    assert check.reason == "no changed path matches words.json"
    assert run.exit_code == 0


def test_a_committed_change_since_the_base_counts_like_an_uncommitted_one(guarded):
    guarded.words("foo")
    guarded.commit()

    assert outcome(guarded, base="HEAD~1") is Outcome.FAIL
    assert outcome(guarded, base="HEAD") is Outcome.SKIPPED


def test_a_deleted_and_a_renamed_file_are_changes(guarded):
    (guarded.root / "words.json").rename(guarded.root / "renamed.json")

    assert outcome(guarded, base="HEAD") is Outcome.NOT_EVALUATED


def test_an_untracked_file_is_a_change(guarded):
    guarded.gate("pr", words_check(when={"paths": ["new/*"]}))
    guarded.commit()
    guarded.write("new/file", "")

    assert outcome(guarded, base="HEAD") is Outcome.PASS


def test_without_a_base_every_check_applies(guarded):
    assert outcome(guarded) is Outcome.PASS


def test_a_gate_whose_every_check_was_skipped_is_skipped(tmp_path):
    project = Project.with_words(tmp_path)
    (tmp_path / "words.json").unlink()
    project.gate("pr", words_check(optional=True), words_check(id="two", optional=True))

    (decision,) = project.run().decisions

    assert (decision.outcome, decision.exit_code) == (Outcome.SKIPPED, 0)


def test_optional_skips_a_missing_artifact_and_never_a_broken_one(words):
    words.gate("pr", words_check(optional=True))
    words.write("words.json", "[")

    assert outcome(words) is Outcome.ERROR


def test_missing_empty_means_an_empty_fact_and_never_a_broken_one(words):
    facts = {"words": {"from": "json", "path": "words.json", "missing": "empty"}}
    words.gate("pr", words_check(facts=facts))
    words.write("words.json", "[")

    assert outcome(words) is Outcome.ERROR
    (words.root / "words.json").unlink()
    (check,) = words.run().decisions[0].checks
    assert check.facts[0]["missing"] == "empty"
    assert "sha256" not in check.facts[0]


def test_a_folder_a_pipe_and_a_huge_file_are_no_artifacts(words, monkeypatch):
    import os

    path = words.root / "words.json"
    path.unlink()
    path.mkdir()
    assert outcome(words) is Outcome.ERROR
    path.rmdir()
    os.mkfifo(path)
    assert outcome(words) is Outcome.ERROR


def test_a_policy_that_never_ends_is_an_error_with_the_reason(words, monkeypatch):
    monkeypatch.setattr(module, "EVALUATION_SECONDS", 0.3)
    rego = """\
package demo.words

# METADATA
# title: Takes long
# custom: {id: bad-word, severity: high, remediation: Take less.}
findings contains finding if {
\tsome a in numbers.range(1, 3000)
\tsome b in numbers.range(1, 3000)
\ta * b == -1
\tfinding := {"rule": "bad-word", "key": "k", "message": "m"}
}
"""
    words.policy(rego, entrypoints={"findings": {"kind": "findings", "rule": "findings"}})

    run = words.run()

    (check,) = run.decisions[0].checks
    assert check.outcome is Outcome.ERROR
    assert "the time is over" in check.reason
    assert run.exit_code == 3


def test_the_originals_of_every_fact_are_kept_with_their_digest(words):
    run = words.run()

    (reference,) = run.decisions[0].checks[0].facts
    assert run.originals["pr"] == {reference["sha256"]: (words.root / "words.json").read_bytes()}
    assert reference["size"] == (words.root / "words.json").stat().st_size


def _in_v0(project: Project) -> Project:
    """The same policy in the syntax from before OPA 1.0."""
    old = WORDS_REGO.replace("findings contains finding if {", "findings[finding] {")
    old = old.replace("some word in input.facts.words.bad", "word := input.facts.words.bad[_]")
    old = old.replace(
        "allow if input.facts.words.bad == []", "allow { input.facts.words.bad == [] }"
    )
    project.policy(old, rego="v0")
    return project


def test_a_policy_in_rego_v0_decides_as_the_same_policy_in_v1(words):
    words.gate("pr", words_check(), words_check(id="two", policy="demo/words/allow"))
    ours = [check.outcome for check in words.run().decisions[0].checks]
    words.words("foo")
    failed = [check.outcome for check in words.run().decisions[0].checks]

    _in_v0(words)

    assert [check.outcome for check in words.run().decisions[0].checks] == failed
    words.words()
    assert [check.outcome for check in words.run().decisions[0].checks] == ours
    assert Outcome.FAIL in failed
    assert Outcome.FAIL not in ours


def test_a_policy_sees_where_each_fact_comes_from_and_the_decision_records_the_same(words):
    rego = WORDS_REGO.replace(
        "some word in input.facts.words.bad",
        "word := json.marshal(input.evidence.words)",
    )
    words.policy(rego)
    words.words("never read")

    (decision,) = words.run().decisions
    (check,) = decision.checks
    (finding,) = check.findings

    seen, (recorded,) = json.loads(finding.key), check.facts
    assert seen == {key: value for key, value in recorded.items() if key != "name"}
    assert seen["sha256"] == sha256((words.root / "words.json").read_bytes()).hexdigest()
    assert seen["source"] == "words.json"
    assert seen["collectedAt"] == "2026-11-20T12:00:00Z"


def test_a_declared_empty_fact_says_so_in_its_evidence(words):
    words.policy(
        WORDS_REGO.replace(
            "some word in input.facts.words.bad", "word := input.evidence.words.missing"
        )
    )
    (words.root / "words.json").unlink()
    source = {"from": "json", "path": "words.json", "missing": "empty"}
    words.gate("pr", words_check(facts={"words": source}))

    (decision,) = words.run().decisions

    assert [finding.key for finding in decision.checks[0].findings] == ["empty"]
