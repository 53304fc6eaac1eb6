"""Decision sets become bundles: recorded, complete, chained, and refused when they were touched."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from probanda.canonical import canonical, sha256_hex
from probanda.errors import EvidenceError, UsageError
from probanda.evidence.archive import ArchiveReader
from probanda.evidence.manifest import Manifest
from probanda.evidence.trust import load_trust
from probanda.evidence.verify import verify_bundle
from probanda.gates.record import Logs, record
from projects import AS_OF, Project, words_check

NOW = datetime(2026, 11, 20, 12, 30, 0, tzinfo=UTC)


def bundle(project: Project, cell, *gates: str, **options):
    return record(project.store, cell, gates=gates, **{"now": NOW} | options)


def contents(path) -> dict[str, bytes]:
    with ArchiveReader(path) as reader:
        return {member.name: stream.read() for member, stream in reader}


def ledger_size(cell) -> int:
    with Logs.open(cell) as logs:
        logs.ledger.verify()
        return logs.ledger.size


def test_a_bundle_holds_decision_artifacts_and_the_content_that_judged(words, cell):
    words.words("foo")
    run = words.store_run()

    written = bundle(words, cell)

    entries = {entry.path: entry for entry in written.manifest.entries}
    (artifact,) = [entry for entry in entries.values() if entry.role == "artifact"]
    assert (artifact.source, artifact.type) == ("words.json", "json")
    assert artifact.controls == ("soc2/CC8.1",)
    content = {entry.source for entry in entries.values() if entry.role == "content"}
    assert content == set(run.content)
    stored = contents(written.path)
    assert json.loads(stored["decisions/pr.json"]) == run.decisions[0].to_json()
    assert stored[artifact.path] == (words.root / "words.json").read_bytes()
    assert written.statement.predicate.outcome == "fail"


def test_a_bundle_verifies_with_the_cells_trust(words, cell):
    words.store_run()

    written = bundle(words, cell)

    report = verify_bundle(
        written.path, trust=load_trust(cell.folder / "trusted_root.json"), at=NOW
    )
    assert report.exit_code == 0, report.summary


def test_nothing_to_record_is_an_error_with_what_to_do(words, cell):
    with pytest.raises(EvidenceError, match="no decision to record") as caught:
        bundle(words, cell)

    assert caught.value.hint == "run `probanda check` first"
    assert ledger_size(cell) == 0


def test_one_artifact_of_several_checks_and_gates_is_kept_once_for_all_their_controls(words, cell):
    words.gate("pr", words_check(), words_check(id="again", controls=["soc2/CC6.8"]))
    words.gate("other", words_check(controls=["soc2/C1.1"]))
    words.store_run()

    written = bundle(words, cell)

    (artifact,) = [entry for entry in written.manifest.entries if entry.role == "artifact"]
    assert artifact.controls == ("soc2/C1.1", "soc2/CC6.8", "soc2/CC8.1")


def test_a_gate_that_spells_a_control_in_another_way_is_recorded_under_its_one_id(words, cell):
    words.gate("pr", words_check(controls=["cc_6_1", "PI1.3"]))
    words.store_run()

    written = bundle(words, cell)

    (artifact,) = [entry for entry in written.manifest.entries if entry.role == "artifact"]
    assert artifact.controls == ("soc2/CC6.1", "soc2/PI1.3")


def test_files_of_the_same_bytes_are_one_artifact_whatever_they_are_called(words, cell):
    """Names that differ in case alone could not stand together in a bundle."""
    data = (words.root / "words.json").read_bytes()
    checks = [words_check()]
    for index, name in enumerate(("Words.json", "WORDS.json", "deep/words.json")):
        words.write(name, data)
        facts = {"words": {"from": "json", "path": name}}
        checks.append(words_check(id=f"check-{index}", facts=facts))
    words.gate("pr", *checks)
    words.store_run()

    written = bundle(words, cell)

    (artifact,) = [entry for entry in written.manifest.entries if entry.role == "artifact"]
    assert artifact.source == "WORDS.json"


def test_files_of_the_same_name_and_other_bytes_are_two_artifacts(words, cell):
    words.write("deep/words.json", {"bad": [], "other": 1})
    facts = {"words": {"from": "json", "path": "deep/words.json"}}
    words.gate("pr", words_check(), words_check(id="deep", facts=facts))
    words.store_run()

    written = bundle(words, cell)

    paths = [entry.path for entry in written.manifest.entries if entry.role == "artifact"]
    assert len({path.rpartition("/")[2] for path in paths}) == 1
    assert len(set(paths)) == 2


@pytest.mark.parametrize("name", ["wörter — 1.json", "a b'c\"d.json", "-rf.json", ".hidden.json"])
def test_an_artifact_may_have_any_name_that_a_file_may_have(words, cell, name):
    words.write(name, {"bad": []})
    words.gate("pr", words_check(facts={"words": {"from": "json", "path": name}}))
    words.store_run()

    written = bundle(words, cell)

    (artifact,) = [entry for entry in written.manifest.entries if entry.role == "artifact"]
    assert artifact.source == name


def test_git_facts_are_kept_as_what_was_read(words, cell):
    words.policy(WORDS_AND_GIT, facts={"change": {"collector": "git"}})
    words.gate(
        "pr",
        {"id": "git", "facts": {"change": {"from": "git"}}, "policy": "demo/words/findings"},
    )
    words.commit()
    words.store_run(base="HEAD")

    written = bundle(words, cell)

    (artifact,) = [entry for entry in written.manifest.entries if entry.role == "artifact"]
    assert artifact.path.endswith("/git.json")
    assert json.loads(contents(written.path)[artifact.path])["commits"] == []


WORDS_AND_GIT = """\
package demo.words

# METADATA
# title: Too many commits
# custom: {id: bad-word, severity: high, remediation: Make fewer.}
findings contains finding if {
\tcount(input.facts.change.commits) > 100
\tfinding := {"rule": "bad-word", "key": "k", "message": "m"}
}

# METADATA
# title: Never
# custom: {id: allow, severity: high, remediation: None.}
allow := false
"""


# Refusals: each leaves no bundle.


def artifact_path(project: Project):
    digest = project.run().decisions[0].checks[0].facts[0]["sha256"]
    return project.root / ".probanda" / "artifacts" / digest


def refused(project: Project, cell, *gates: str, **options) -> str:
    with pytest.raises(EvidenceError) as caught:
        bundle(project, cell, *gates, **options)
    assert list((project.root / ".probanda").glob("bundles/*")) == []
    return f"{caught.value} {caught.value.hint}"


def test_an_artifact_that_was_changed_is_refused(words, cell):
    words.store_run()
    artifact_path(words).write_bytes(b'{"bad": []} ')

    assert "words.json changed since it was judged" in refused(words, cell)


def test_an_artifact_that_is_gone_is_refused(words, cell):
    words.store_run()
    artifact_path(words).unlink()

    assert "is missing from" in refused(words, cell)


def test_judging_content_that_was_changed_or_is_gone_is_refused(words, cell):
    run = words.store_run()
    for name in ("gates/pr.yaml", "policies/demo/words/words.rego"):
        path = words.root / ".probanda" / "artifacts" / sha256_hex(run.content[name])
        path.write_bytes(b"changed")
        assert "changed since it" in refused(words, cell)
        path.unlink()
        assert "is missing from" in refused(words, cell)
        words.store_run()


def test_a_forged_set_reaches_neither_ledger_nor_bundle(words, cell):
    words.words("foo")
    words.store_run()
    path = words.root / ".probanda/decisions/pr/decision.json"
    document = json.loads(path.read_bytes())
    document.update(outcome="pass", exitCode=0)
    path.write_bytes(canonical(document))

    assert "contradicts itself" in refused(words, cell)
    assert ledger_size(cell) == 0


def test_a_forged_folder_beside_the_sets_is_refused_by_its_name(words, cell):
    words.store_run()
    decisions = words.root / ".probanda" / "decisions"
    (decisions / "pr").rename(decisions / "..pr")

    assert "no name of a gate" in refused(words, cell)


def test_sets_of_two_runs_are_not_put_together(words, cell):
    words.gate("other", words_check())
    words.store_run("pr")
    words.store_run("other", as_of=AS_OF + timedelta(hours=1))

    message = refused(words, cell)

    assert "pr 2026-11-20T12:00:00Z" in message
    assert "other 2026-11-20T13:00:00Z" in message
    assert "one by one" in message
    assert bundle(words, cell, "pr").manifest.name == "pr-20261120T120000Z"


def test_sets_of_two_tenants_are_not_put_together(words, cell):
    words.gate("other", words_check())
    words.store_run("pr")
    words.store_run("other", tenant="globex")

    assert "differ in tenant: other globex, pr acme" in refused(words, cell)


def test_sets_of_two_contents_are_not_put_together(words, cell):
    """The same gate file in two versions would be one file in the bundle."""
    words.gate("other", words_check())
    words.store_run("pr")
    words.gate("other", words_check(), mode="warn")
    words.store_run("other")

    assert "two files of different content" in refused(words, cell)


def test_a_bundle_is_never_overwritten(words, cell):
    words.store_run()
    first = bundle(words, cell).path.read_bytes()

    with pytest.raises(EvidenceError, match="never overwritten"):
        bundle(words, cell)

    assert (words.root / ".probanda/bundles/pr-20261120T120000Z.tar").read_bytes() == first


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "", "a\nb", "x" * 101, "-o", "é"])
def test_a_bundles_name_is_a_name_and_no_path(words, cell, name):
    words.store_run()

    if not name:
        assert bundle(words, cell, name=name).manifest.name == "pr-20261120T120000Z"
        return
    with pytest.raises(UsageError, match="no name of a bundle"):
        bundle(words, cell, name=name)


def test_a_name_of_very_many_gates_stays_a_file_name(words, cell):
    for index in range(12):
        words.gate(f"a-rather-long-name-of-a-gate-{index}", words_check())
    words.store_run()

    assert bundle(words, cell).manifest.name == "13-gates-20261120T120000Z"


# Ledger and chain


def test_bundles_of_a_tenant_form_a_chain(words, cell):
    words.store_run()
    first = bundle(words, cell, name="first")
    other = Project.with_words(words.root.parent / "other")
    other.store_run(tenant="globex")
    strange = bundle(other, cell, name="strange")
    words.store_run(as_of=AS_OF + timedelta(days=1))
    second = bundle(words, cell, name="second")

    assert first.statement.predicate.previous is None
    assert strange.statement.predicate.previous is None
    previous = second.statement.predicate.previous
    assert (previous.name, previous.sha256) == ("first", first.manifest.digest)
    assert second.statement.predicate.ledger.size > first.statement.predicate.ledger.size


def test_the_ledger_holds_decision_facts_and_bundle(words, cell):
    words.store_run()
    bundle(words, cell)

    assert ledger_size(cell) == 3


def test_an_interrupted_recording_can_be_repeated(words, cell):
    """The decisions stand in the ledger twice then; the bundle names its own records."""
    words.store_run()
    path = artifact_path(words)
    data = path.read_bytes()
    path.unlink()
    refused(words, cell)
    path.write_bytes(data)

    written = bundle(words, cell)

    assert [item.index for item in written.statement.predicate.records] == [2, 3]
    trust = load_trust(cell.folder / "trusted_root.json")
    assert verify_bundle(written.path, trust=trust, at=NOW).exit_code == 0


def test_a_manifest_is_the_same_wherever_and_whenever_it_is_recorded(words, make_cell):
    words.store_run()
    one = bundle(words, make_cell("one"), output=words.root / "one.tar")
    two = bundle(
        words, make_cell("two"), output=words.root / "two.tar", now=NOW + timedelta(days=3)
    )

    assert one.manifest.to_bytes() == two.manifest.to_bytes()
    assert Manifest.parse(contents(words.root / "one.tar")["manifest.json"]) == one.manifest
