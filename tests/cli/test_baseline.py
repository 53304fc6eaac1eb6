"""`probanda baseline`: adopt a gate, and take out what was mended."""

from __future__ import annotations

import pytest

from probanda.content import WorkingTree, load
from projects import ADA, Project, private_pem, words_check

AT = ("--as-of", "2026-11-20T12:00:00Z")
TERMS = ("--owner", "grace", "--ticket", "SEC-1", "--reason", "They were there before the gate.")


@pytest.fixture
def legacy(words) -> Project:
    """A project with two findings that were there before its gate."""
    words.approver("ada@example.org")
    words.words("foo", "bar")
    return words


@pytest.fixture
def baseline(probanda, legacy):
    def command(action, *arguments):
        terms = TERMS if action == "write" else ()
        return probanda("baseline", action, "--project", legacy.root, *AT, *terms, *arguments)

    return command


@pytest.fixture
def check(probanda, legacy):
    return lambda *more: probanda("check", "--project", legacy.root, *(more or AT))


def known(project: Project) -> list[tuple[str, int]]:
    (found,) = load(WorkingTree(project.root)).baselines.values()
    return [(each.key, each.count) for each in found.findings]


def test_a_gate_is_adopted_and_only_what_is_new_blocks(baseline, check, legacy, probanda, tmp_path):
    (tmp_path / "ada.pem").write_bytes(private_pem(ADA))

    written = baseline("write", "pr")

    assert written.code == 0
    assert "2 known findings; next: ada reviews and signs it" in written.err
    assert known(legacy) == [("bar", 1), ("foo", 1)]
    assert "baseline:pr excuses nothing: nobody has signed it" in check().out

    path = written.out.strip()
    assert probanda("sign", path, "--key", tmp_path / "ada.pem").code == 0
    adopted = check()
    assert adopted.code == 0
    assert "waived by baseline:pr: bad-word foo" in adopted.out
    legacy.words("foo", "bar", "new")
    assert check().code == 1
    legacy.words("foo")
    assert "baseline:pr lists 1 gone: bad-word bar" in check().out

    pruned = baseline("prune", "pr")

    assert pruned.code == 0
    assert "bad-word bar: 1 gone" in pruned.err
    assert known(legacy) == [("foo", 1)]
    assert "the signature is of other bytes" in check().out
    assert probanda("sign", path, "--key", tmp_path / "ada.pem").code == 0
    assert check().code == 0
    assert check("--as-of", "2027-02-18T12:00:00Z").code == 1


def test_a_baseline_with_nothing_left_is_removed_with_its_signature(baseline, legacy):
    path = legacy.root / baseline("write", "pr").out.strip()
    legacy.sign(path, ADA)
    legacy.words()

    result = baseline("prune", "pr")

    assert result.code == 0
    assert list(path.parent.iterdir()) == []


def test_pruning_what_is_all_there_changes_nothing(baseline, legacy):
    path = legacy.root / baseline("write", "pr").out.strip()
    before = path.read_bytes()

    result = baseline("prune", "pr")

    assert (result.code, result.out, result.err) == (0, "", "nothing is gone\n")
    assert path.read_bytes() == before


def test_a_baseline_is_replaced_only_on_request(baseline, legacy):
    baseline("write", "pr")
    legacy.words("foo")

    refused, done = baseline("write", "pr"), baseline("write", "pr", "--replace")

    assert refused.code == 2
    assert "is there already" in refused.err
    assert done.code == 0
    assert known(legacy) == [("foo", 1)]


def test_what_a_waiver_excuses_stays_the_waivers(baseline, legacy):
    findings = legacy.run().decisions[0].checks[0].findings
    legacy.waiver("one", *(each.fingerprint for each in findings if each.key == "foo"))

    assert baseline("write", "pr").code == 0
    assert known(legacy) == [("bar", 1)]


def test_what_a_baseline_excuses_is_written_again(baseline, legacy):
    path = legacy.root / baseline("write", "pr").out.strip()
    legacy.sign(path, ADA)
    legacy.words("foo", "bar", "new")

    assert baseline("write", "pr", "--replace").code == 0
    assert known(legacy) == [("bar", 1), ("foo", 1), ("new", 1)]


def test_a_finding_of_two_checks_is_known_once(baseline, legacy):
    legacy.gate("pr", words_check(), words_check(id="again"))

    assert baseline("write", "pr").code == 0
    assert known(legacy) == [("bar", 1), ("foo", 1)]


def test_a_check_without_a_verdict_leaves_nothing_to_write(baseline, legacy):
    (legacy.root / "words.json").unlink()

    result = baseline("write", "pr")

    assert result.code == 3
    assert "without a verdict of words" in result.err


def test_a_key_that_no_document_may_hold_is_refused_and_nothing_stays(baseline, legacy):
    legacy.words("foo\x1b[2J")

    result = baseline("write", "pr")

    assert result.code == 2
    assert "control character" in result.err
    assert not (legacy.root / "evidence/baselines/pr.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("write", "prr"), "there is no gate 'prr'"),
        (("write", "pr", "--owner", "ada", "--approver", "ada"), "are one person"),
        (("write", "pr", "--days", "91"), "more than 90 days"),
        (("prune", "pr"), "the gate 'pr' has no baseline"),
    ],
    ids=str,
)
def test_what_cannot_be_done_exits_2(baseline, arguments, message):
    result = baseline(*arguments)

    assert result.code == 2
    assert message in result.err


def test_a_gate_that_finds_nothing_needs_no_baseline(baseline, legacy):
    legacy.words()

    result = baseline("write", "pr")

    assert result.code == 2
    assert "there is nothing to write down" in result.err
