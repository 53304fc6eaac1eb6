"""`probanda waive`: from a blocked merge to a signed exception that ends."""

from __future__ import annotations

import json
import re

import pytest

from projects import ADA, Project, private_pem

AT = ("--as-of", "2026-11-20T12:00:00Z")
TERMS = ("--owner", "grace", "--ticket", "SEC-1", "--reason", "It is replaced next month.")


@pytest.fixture
def blocked(words, probanda) -> Project:
    """A project whose merge two findings block."""
    words.approver("ada@example.org")
    words.words("foo", "bar")
    assert probanda("check", "--project", words.root, *AT).code == 1
    return words


@pytest.fixture
def waive(probanda, blocked):
    def command(*arguments, terms=TERMS):
        return probanda("waive", "--project", blocked.root, *AT, *terms, *arguments)

    return command


@pytest.fixture
def foo(blocked) -> str:
    """Fingerprint of the finding `foo`."""
    findings = blocked.store.read("pr").decision.checks[0].findings
    return next(finding.fingerprint for finding in findings if finding.key == "foo")


def test_a_finding_blocks_is_waived_signed_and_blocks_again_when_it_is_over(
    probanda, words, tmp_path
):
    words.approver("ada@example.org")
    words.words("foo")
    check = ("check", "--project", words.root)
    shown = probanda(*check, *AT)
    assert shown.code == 1
    (fingerprint,) = re.findall(r"probanda waive ([0-9a-f]{64})", shown.out)

    made = probanda("waive", fingerprint[:8], "--project", words.root, *AT, *TERMS, "--days", "30")

    assert made.code == 0
    path = made.out.strip()
    assert f"probanda sign {path} --key KEY" in made.err
    unsigned = probanda(*check, *AT)
    assert unsigned.code == 1
    assert "excuses nothing: nobody has signed it" in unsigned.out

    (tmp_path / "ada.pem").write_bytes(private_pem(ADA))
    assert probanda("sign", path, "--key", tmp_path / "ada.pem").code == 0
    waived = probanda(*check, *AT)
    assert waived.code == 0
    assert "~ words  waived" in waived.out
    assert f"waived by bad-word-foo-{fingerprint[:8]}: bad-word foo" in waived.out

    assert probanda(*check, "--as-of", "2026-12-20T11:59:59Z").code == 0
    over = probanda(*check, "--as-of", "2026-12-20T12:00:00Z")
    assert over.code == 1
    assert f"expired waivers: bad-word-foo-{fingerprint[:8]}" in over.out
    assert probanda("forecast", "--project", words.root, *AT, "--fail").code == 0
    assert probanda("forecast", "--project", words.root, *AT, "--days", 31, "--fail").code == 1


def test_a_waiver_names_its_finding_and_the_places_where_it_blocks(waive, blocked, foo):
    assert waive(foo).code == 0

    (waiver,) = blocked_waivers(blocked)

    assert waiver.fingerprints == (foo,)
    assert (waiver.gates, waiver.checks) == (("pr",), ("words",))
    assert (waiver.owner, waiver.approver, waiver.ticket) == ("grace", "ada", "SEC-1")
    assert (waiver.expires - waiver.created).days == 90


def blocked_waivers(project: Project):
    from probanda.content import WorkingTree, load

    return list(load(WorkingTree(project.root)).waivers.values())


def test_a_text_that_yaml_would_take_for_something_else_stays_as_it_is(waive, blocked, foo):
    terms = ("--owner", "grace", "--ticket", "NO", "--reason", "null: [1.10] # not yet ✓")

    assert waive(foo, terms=terms).code == 0
    (waiver,) = blocked_waivers(blocked)
    assert (waiver.ticket, waiver.reason) == ("NO", "null: [1.10] # not yet ✓")


def test_an_unknown_fingerprint_is_answered_with_the_nearest(waive, foo):
    wrong = foo[:7] + ("0" if foo[7] != "0" else "1")

    result = waive(wrong)

    assert (result.code, result.out) == (2, "")
    assert f"did you mean {foo[:12]}?" in result.err


@pytest.mark.parametrize("text", ["", "abcde", "xyzxyz", "a" * 65, "../../../x"])
def test_what_is_no_fingerprint_is_refused(waive, text):
    result = waive(text)

    assert result.code == 2
    assert "is no fingerprint" in result.err


def test_a_beginning_that_two_findings_share_is_refused(waive, blocked, monkeypatch):
    monkeypatch.setattr("probanda.gates.exception_documents.MIN_PREFIX", 0)
    starts: dict[str, str] = {}
    blocked.words(*(f"word{number}" for number in range(20)))
    blocked.store_run()
    for finding in blocked.store.read("pr").decision.checks[0].findings:
        if finding.fingerprint[0] in starts:
            result = waive(finding.fingerprint[0])
            assert result.code == 2
            assert "findings begin with" in result.err
            return
        starts[finding.fingerprint[0]] = finding.fingerprint
    pytest.fail("20 fingerprints begin with 20 different digits")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("--owner", "ada"), "who is to approve it?"),
        (("--owner", "ada", "--approver", "Ada-L"), "are one person"),
        (("--owner", "mallory"), "its owner 'mallory' is nobody of the roster"),
        (("--approver", "grace"), "are one person"),
        (("--approver", "mallory"), "its approver 'mallory' is nobody of the roster"),
        (("--days", "91"), "it runs for more than 90 days"),
        (("--days", "0"), "is not in the range"),
        (("--gate", "release"), "there is no decision of the gate 'release'"),
        (("--reason", "a\x1b[2J"), "control character"),
    ],
    ids=str,
)
def test_a_waiver_that_would_not_hold_is_not_written(waive, blocked, foo, change, message):
    result = waive(foo, *change)

    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert list(blocked.root.glob("evidence/waivers/*")) == []


def test_a_waiver_is_not_written_twice(waive, foo):
    assert waive(foo).code == 0

    result = waive(foo)

    assert result.code == 2
    assert "is there already" in result.err


def test_an_excused_finding_needs_no_other_waiver(waive, blocked, foo):
    blocked.waiver("one", foo)
    blocked.store_run()

    result = waive(foo)

    assert result.code == 2
    assert "is excused already, by one" in result.err


def test_before_the_first_check_there_is_nothing_to_waive(probanda, words):
    result = probanda("waive", "a" * 64, "--project", words.root, *TERMS)

    assert result.code == 3
    assert "hint: run `probanda check` first" in result.err


def test_json_tells_of_used_and_invalid_exceptions(probanda, blocked, foo):
    blocked.waiver("one", foo)
    blocked.waiver("two", "1" * 64, signer=None)

    result = probanda("check", "--project", blocked.root, *AT, "--format", "json")

    waivers = json.loads(result.out)["decisions"][0]["waivers"]
    assert waivers["used"] == ["one"]
    assert waivers["invalid"] == [{"name": "two", "reason": "nobody has signed it"}]
