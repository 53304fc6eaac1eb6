"""One check over many files: each is judged, none hides another, and the bytes stay the same."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from probanda.canonical import canonical
from probanda.errors import EvidenceError
from probanda.evidence.trust import load_trust
from probanda.evidence.verify import verify_bundle
from probanda.gates.record import record
from probanda.model.outcome import Outcome
from projects import AS_OF, Project, words_check

MANY = {"words": {"from": "json", "path": "in/**/*.json"}}


@pytest.fixture
def many(tmp_path) -> Project:
    """A gate over `in/`: three files, one of them bad."""
    project = Project.with_words(tmp_path / "project")
    project.gate("pr", words_check(facts=MANY))
    project.write("in/a.json", {"bad": []})
    project.write("in/deep/b.json", {"bad": ["foo"]})
    project.write("in/c.json", {"bad": []})
    return project


def check_of(project, **request):
    return project.run(**request).decisions[0].checks[0]


def outcomes(check):
    return {file["source"]: file["outcome"] for file in check.files}


def test_each_file_is_judged_and_the_check_fails_with_the_one_that_does(many):
    run = many.run()

    (check,) = run.decisions[0].checks
    assert outcomes(check) == {"in/a.json": "pass", "in/c.json": "pass", "in/deep/b.json": "fail"}
    assert (check.outcome, run.exit_code) == (Outcome.FAIL, 1)
    (finding,) = check.findings
    assert (finding.key, str(finding.location)) == ("in/deep/b.json#foo", "in/deep/b.json")
    assert len(run.originals["pr"]) == 2  # two of the three have the same bytes


def test_files_that_all_pass_make_a_pass(many):
    many.write("in/deep/b.json", {"bad": []})

    assert check_of(many).outcome is Outcome.PASS


def test_the_same_finding_in_two_files_has_two_fingerprints_and_one_waiver_excuses_one(many):
    many.write("in/a.json", {"bad": ["foo"]})
    one, two = check_of(many).findings
    assert one.fingerprint != two.fingerprint

    many.waiver("one", one.fingerprint, expires="2027-01-01")
    check = check_of(many)

    assert check.outcome is Outcome.FAIL
    assert outcomes(check)["in/a.json"] == "waived"
    assert [finding.key for finding in check.findings] == ["in/deep/b.json#foo"]
    many.waiver("two", two.fingerprint, expires="2027-01-01")
    assert check_of(many).outcome is Outcome.WAIVED


def test_no_file_is_not_evaluated_and_blocks(many):
    many.gate("pr", words_check(facts={"words": {"from": "json", "path": "out/*.json"}}))

    run = many.run()

    (check,) = run.decisions[0].checks
    assert (check.outcome, run.exit_code) == (Outcome.NOT_EVALUATED, 3)
    assert "no file matches 'out/*.json'" in check.reason


def test_no_file_of_an_optional_check_is_skipped_and_one_that_is_lost_is_not(many):
    nowhere = {"words": {"from": "json", "path": "out/*.json"}}
    many.gate("pr", words_check(facts=nowhere, optional=True))
    assert check_of(many).outcome is Outcome.SKIPPED

    (many.root / "out").mkdir()
    (many.root / "out/gone.json").symlink_to("nothing")
    check = check_of(many)

    assert check.outcome is Outcome.NOT_EVALUATED
    assert outcomes(check) == {"out/gone.json": "notEvaluated"}


def test_a_broken_file_is_undecided_by_name_and_the_others_are_judged(many):
    many.write("in/deep/b.json", {"bad": []})
    many.write("in/broken.json", "{")
    many.write("in/link.json", "")
    (many.root / "in/link.json").unlink()
    (many.root / "in/link.json").symlink_to("/etc/hostname")

    run = many.run()

    (check,) = run.decisions[0].checks
    assert (check.outcome, run.exit_code) == (Outcome.ERROR, 3)
    assert outcomes(check) == {
        "in/a.json": "pass",
        "in/broken.json": "error",
        "in/c.json": "pass",
        "in/deep/b.json": "pass",
        "in/link.json": "error",
    }
    assert check.reason.startswith("2 of 5 files could not be judged; the first is in/broken.json")
    link = check.files[-1]
    assert "leads out of the project" in link["reason"]
    assert "sha256" not in link


@pytest.mark.parametrize(("mode", "code"), [("enforce", 1), ("warn", 3), ("shadow", 0)])
def test_a_file_that_fails_does_not_hide_one_that_could_not_be_judged(many, mode, code):
    many.gate("pr", words_check(facts=MANY), mode=mode)
    many.write("in/broken.json", "{")

    run = many.run()

    assert run.decisions[0].checks[0].outcome is Outcome.FAIL
    assert run.exit_code == code


def test_an_entry_point_that_allows_denies_each_file_by_its_name(many):
    many.gate("pr", words_check(facts=MANY, policy="demo/words/allow"))

    run = many.run(explain=True)

    (finding,) = run.decisions[0].checks[0].findings
    assert finding.key == "in/deep/b.json"
    assert set(run.explanations["pr"]) == {"words"}


def test_other_facts_are_read_once_and_given_to_each(many):
    rego = """\
package demo.words

# METADATA
# title: A word on the list
# custom: {id: listed, severity: high, remediation: Use another word.}
findings contains {"rule": "listed", "key": word, "message": word} if {
\tsome word in input.facts.words.bad
\tword in input.facts.list.words
}
"""
    names = {"words": {"collector": "json"}, "list": {"collector": "json"}}
    one = {"findings": {"kind": "findings", "rule": "findings"}}
    many.policy(rego, facts=names, entrypoints=one)
    many.gate("pr", words_check(facts={"list": {"from": "json", "path": "list.json"}, **MANY}))
    many.write("list.json", {"words": ["bar"]})
    assert check_of(many).outcome is Outcome.PASS

    many.write("list.json", {"words": ["foo"]})
    check = check_of(many)

    assert check.outcome is Outcome.FAIL
    assert [fact["name"] for fact in check.facts] == ["list", "words", "words", "words"]
    (many.root / "list.json").unlink()
    assert check_of(many).outcome is Outcome.NOT_EVALUATED


def test_a_file_that_is_too_old_is_undecided(many):
    from projects import component, sbom

    many.policy(facts={"words": {"collector": "cyclonedx"}})
    fact = {"from": "cyclonedx", "path": "sboms/*.json", "maxAge": "1h"}
    many.gate("pr", words_check(facts={"words": fact}))
    many.write("sboms/new.json", sbom(component("a")))
    many.write("sboms/old.json", sbom(component("a"), timestamp="2026-11-19T11:30:00Z"))

    check = check_of(many)

    assert outcomes(check) == {"sboms/new.json": "pass", "sboms/old.json": "notEvaluated"}
    assert "longer ago than maxAge allows" in check.files[1]["reason"]


def test_more_files_than_the_gate_allows_are_an_error(many):
    many.gate("pr", words_check(facts={"words": {**MANY["words"], "maxFiles": 2}}))

    assert check_of(many).outcome is Outcome.ERROR


def test_the_number_of_processes_changes_no_byte(many):
    for number in range(120):
        many.write(f"in/{number % 3}/{number}.json", {"bad": ["foo"] * (number % 40 == 0)})
    many.write("in/broken.json", "{")

    one, two = (many.run(jobs=jobs).decisions[0] for jobs in (1, 2))

    assert len(one.checks[0].files) == 124
    assert canonical(one.to_json()) == canonical(two.to_json())


# --- recorded ------------------------------------------------------------------------------


def test_a_decision_about_many_files_is_recorded_bundled_and_verified(many, cell):
    many.write("in/broken.json", "{")
    many.store_run()

    found = many.store.read("pr")
    written = record(many.store, cell, now=AS_OF)

    assert canonical(found.decision.to_json()) == found.decision_bytes
    report = verify_bundle(written.path, trust=load_trust(cell.folder / "trusted_root.json"))
    assert report.exit_code == 0
    kept = [entry.source for entry in written.manifest.entries if entry.role == "artifact"]
    assert kept == ["in/deep/b.json", "in/broken.json", "in/a.json"] or len(kept) == 3


FORGERIES = {
    "a file dropped from a failing check": lambda c: c["facts"].pop(2),
    "a failing file that passes": lambda c: c["facts"][2].update(outcome="pass"),
    "a passing file that fails": lambda c: c["facts"][0].update(outcome="fail"),
    "a check that passes over a file that fails": lambda c: c.update(outcome="pass"),
    "findings taken away": lambda c: c.update(findings=[]),
    "a reason beside a verdict": lambda c: c["facts"][0].update(reason="x"),
    "an undecided file without a reason": lambda c: c["facts"][0].update(outcome="error"),
    "a skipped file": lambda c: c["facts"][0].update(outcome="skipped", reason="x"),
    "a verdict about no bytes": lambda c: [
        c["facts"][0].pop(key) for key in ("sha256", "size", "mediaType")
    ],
    "a file twice": lambda c: c["facts"].insert(0, c["facts"][0]),
    "files out of order": lambda c: c["facts"].reverse(),
    "a file that the pattern does not mean": lambda c: c["facts"][0].update(source="in/a.txt"),
    "files without outcomes": lambda c: [fact.pop("outcome") for fact in c["facts"]],
    "another collector": lambda c: c["facts"][0].update(type="yaml"),
    "no files": lambda c: c.update(facts=[], findings=[], outcome="pass"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_list_of_files_is_refused(many, name):
    many.store_run()
    path = many.root / ".probanda/decisions/pr/decision.json"
    document = json.loads(path.read_bytes())
    FORGERIES[name](document["checks"][0])
    path.write_bytes(canonical(document))

    with pytest.raises(EvidenceError):
        many.store.read("pr")


def test_files_of_a_check_that_is_made_once_are_refused(words):
    words.store_run()
    path = words.root / ".probanda/decisions/pr/decision.json"
    document = json.loads(path.read_bytes())
    document["checks"][0]["facts"][0]["outcome"] = "pass"
    path.write_bytes(canonical(document))

    with pytest.raises(EvidenceError, match="many files"):
        words.store.read("pr")


def test_a_later_run_judges_the_age_anew(many):
    assert (
        check_of(many, as_of=AS_OF + timedelta(days=1))
        .facts[0]["collectedAt"]
        .startswith("2026-11-21")
    )
