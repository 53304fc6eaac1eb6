"""Decision sets: written whole, and read as what they are: what a stranger says about itself."""

from __future__ import annotations

import json
import multiprocessing
import os
from dataclasses import replace
from pathlib import Path

import pytest

from probanda.canonical import canonical, sha256_hex
from probanda.errors import EvidenceError
from probanda.gates.decision_set import DecisionStore
from projects import Project, words_check

DEEP = object()
LATER = "2026-11-20T12:00:01Z"


@pytest.fixture
def stored(words) -> Project:
    """A project whose gate has run: one finding, one waived finding, and a pass."""
    words.words("foo", "bar")
    findings = words.run().decisions[0].checks[0].findings
    words.waiver("one", findings[0].fingerprint, expires="2027-01-01")
    words.write("fine.json", {"bad": []})
    fine = words_check(id="fine", facts={"words": {"from": "json", "path": "fine.json"}})
    words.gate("pr", words_check(), fine)
    words.store_run()
    return words


def decision_path(project: Project):
    return project.root / ".probanda" / "decisions" / "pr" / "decision.json"


def forge(project: Project, change) -> None:
    """Change the decision document as a careful forger would: canonical again."""
    document = json.loads(decision_path(project).read_bytes())
    change(document)
    decision_path(project).write_bytes(canonical(document))


def refused(project: Project) -> str:
    with pytest.raises(EvidenceError) as caught:
        project.store.read("pr")
    return str(caught.value)


def test_a_set_is_read_as_it_was_written(stored):
    found = stored.store.read("pr")

    (decision,) = stored.run().decisions
    assert found.decision.to_json() == decision.to_json()
    assert canonical(found.decision.to_json()) == found.decision_bytes
    assert stored.store.gates() == ["pr"]
    for digest in [*found.content.values(), decision.checks[0].facts[0]["sha256"]]:
        with stored.store.open_artifact(digest) as file:
            assert sha256_hex(file.read()) == digest


def test_every_outcome_can_be_stored_and_read(words):
    broken = words_check(id="broken", facts={"words": {"from": "json", "path": "probanda.yaml"}})
    words.write("broken.json", "[")
    broken["facts"]["words"]["path"] = "broken.json"
    absent = words_check(id="absent", facts={"words": {"from": "json", "path": "absent.json"}})
    words.gate("pr", words_check(), broken, absent, absent | {"id": "opt", "optional": True})
    words.store_run()

    decision = words.store.read("pr").decision

    outcomes = [check.outcome.value for check in decision.checks]
    assert outcomes == ["pass", "error", "notEvaluated", "skipped"]


def test_a_judged_set_with_an_approval_can_be_read(words):
    words.approver("ada@example.org")
    words.commit()
    words.gate("pr", words_check(), mode="warn")
    words.store_run(base="HEAD", approved_by=("ada@example.org",))

    decision = words.store.read("pr").decision

    assert decision.checks[-1].waived[0].by == "approver:ada@example.org"


def test_a_gate_that_never_ran_has_no_set_and_the_error_says_what_there_is(stored):
    with pytest.raises(EvidenceError, match="no complete decision set") as caught:
        stored.store.read("release")

    assert caught.value.hint == "run `probanda check release` first; there are sets for pr"


def test_an_empty_store_has_no_gates(tmp_path):
    assert DecisionStore(tmp_path / "nowhere").gates() == []
    with pytest.raises(EvidenceError, match="no complete decision set"):
        DecisionStore(tmp_path / "nowhere").read("pr")


@pytest.mark.parametrize(
    "name", ["../pr", "pr/../pr", "/etc", "..", ".", "", "PR", "pr\n", "a" * 101, "pr\x00"]
)
def test_a_gates_name_never_leads_elsewhere(stored, name):
    with pytest.raises(EvidenceError, match="no name of a gate"):
        stored.store.read(name)


@pytest.mark.parametrize(
    "digest", ["../../probanda.yaml", "/dev/zero", "0" * 63, "A" * 64, "", "0" * 64 + "\n"]
)
def test_a_digest_never_leads_elsewhere(stored, digest):
    with pytest.raises(EvidenceError, match="no SHA-256"):
        stored.store.open_artifact(digest)


def test_an_artifact_that_is_a_link_or_a_pipe_is_not_opened(stored):
    secret = stored.root / "secret"
    secret.write_bytes(b"secret")
    artifacts = stored.root / ".probanda" / "artifacts"
    (artifacts / sha256_hex(b"secret")).symlink_to(secret)
    os.mkfifo(artifacts / ("0" * 64))

    for digest in (sha256_hex(b"secret"), "0" * 64):
        with pytest.raises(EvidenceError, match="missing"):
            stored.store.open_artifact(digest)


# Forgeries. Each of these documents is canonical JSON, so that only its meaning is wrong.


def every_place(value, path=()):
    """Paths to every value inside a JSON document."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from every_place(inner, (*path, key))


def put(document, path, value) -> None:
    *way, last = path
    for key in way:
        document = document[key]
    if value is DEEP:
        del document[last]
    else:
        document[last] = value


# What no other part of a set speaks of: it is self-asserted.
FREE = {"headSha256", "location"}


def test_no_value_of_a_set_can_be_replaced_by_another_type_or_left_out(stored):
    """Hundreds of forgeries; each is refused with a message, never with a traceback."""
    original = decision_path(stored).read_bytes()
    document = json.loads(original)
    accepted = set()
    for path in every_place(document):
        for value in (None, True, -1, 10**6, "x", "", [], {}, [[]], [None], {"x": 1}, DEEP):
            forged = json.loads(original)
            put(forged, path, value)
            decision_path(stored).write_bytes(canonical(forged))
            if canonical(forged) == original:
                continue
            try:
                stored.store.read("pr")
            except EvidenceError:
                continue
            accepted.add((path, repr(value)))
    # What is accepted changes a text that nothing else in the set speaks of.
    texts = {"base", "baseCommit", "version", "rego", "name", "type", "source",
             "mediaType", "size", "message", "entrypoint", "hint", "remediation"}  # fmt: skip
    surprising = {
        (path, value)
        for path, value in accepted
        if path[-1] not in texts and not FREE.intersection(map(str, path))
    }
    assert not surprising
    assert len(accepted) < 200


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(outcome="pass", exitCode=0), "its checks make it fail"),
        (lambda d: d.update(exitCode=0), "its checks make it fail"),
        (lambda d: d["checks"][0].update(outcome="pass"), "its findings make it fail"),
        (lambda d: d["checks"][0].update(outcome="skipped", reason="so"), "and has findings"),
        (lambda d: d["checks"][0].update(findings=[]), "its findings make it waived"),
        (lambda d: d["checks"][1].update(outcome="skipped"), "skipped without a reason"),
        (lambda d: d["checks"][1].update(facts=[]), "a verdict about no facts"),
        (lambda d: d["checks"][1].update(reason="so"), "a reason why it has none"),
        (lambda d: d["checks"][1]["policy"].update(sha256=""), "a verdict of no policy"),
        (lambda d: d.update(checks=[], outcome="pass", exitCode=0), "make it notEvaluated"),
        (lambda d: d["gate"].update(mode="shadow"), "its checks make it fail"),
        (lambda d: d["waivers"].update(used=[]), "waivers that it used"),
        (lambda d: d["waivers"].update(unused=["one"]), "also unused or expired"),
        (lambda d: d["checks"][0]["findings"][0].update(key="other"), "a fingerprint"),
        (lambda d: d["checks"][0]["findings"][0].update(fingerprint="0" * 64), "a fingerprint"),
        (lambda d: d.update(tenant="globex"), "a fingerprint"),
        (lambda d: d.update(extra=1), "unknown field 'extra'"),
        (lambda d: d.update(asOf="2026-11-20"), "whole seconds of UTC"),
        (lambda d: d.update(asOf="2026-11-20T13:00:00+01:00"), "whole seconds of UTC"),
        (lambda d: d["gate"].update(name="../../etc"), "no name of a gate"),
        (lambda d: d["gate"].update(name="release"), "of the gate 'release'"),
        (lambda d: d["gate"].update(sha256="0" * 64), "not among the content that judged"),
        (lambda d: d["gate"].update(title="Another"), "is called 'A gate'"),
        (lambda d: d["checks"].pop(), "has the checks words, fine"),
        (lambda d: d["checks"].reverse(), "has the checks words, fine"),
        (lambda d: d["checks"][1].update(controls=[]), "another policy or other controls"),
        (lambda d: d["checks"][1].update(parameters={"level": 1}), "other parameters"),
        (lambda d: d["checks"][1]["facts"].append(d["checks"][0]["facts"][0]), "not all of its"),
        (lambda d: d["checks"][1]["facts"][0].update(source="other.json"), "another fact than"),
        (lambda d: d["checks"][1]["facts"][0].update(type="yaml"), "another fact than"),
        (lambda d: d["checks"][1]["facts"][0].update(collectedAt=LATER), "another fact than"),
        (lambda d: d["checks"][1].update(outcome="skipped", reason="so"), "may not be skipped"),
        (
            lambda d: (
                d.update(asOf="2027-01-01T00:00:00Z"),
                [fact.update(collectedAt=d["asOf"]) for c in d["checks"] for fact in c["facts"]],
            ),
            "no waiver 'one' excuses",
        ),
        (
            lambda d: (
                d["checks"][0]["waived"][0].update(waivedBy="approver:me"),
                d["waivers"].update(used=[]),
            ),
            "approver:me may not excuse",
        ),
        (lambda d: d["content"].update(baseCommit="0" * 40), "fine, judging-content"),
        (lambda d: d["waivers"].update(unused=["two"]), "lists of its waivers"),
        (lambda d: d["content"].update(baseSha256="0" * 64), "not the content that judged"),
        (lambda d: d["checks"][0]["facts"][0].update(sha256="../../x"), "not a SHA-256"),
        (lambda d: d.update(kind="Waiver"), "not a Decision"),
    ],
)
def test_a_set_that_contradicts_itself_is_refused(stored, change, message):
    forge(stored, change)

    assert message in refused(stored)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b"7", b'"x"', b"{}", b"\xff", b'{"a":1,"a":1}', b"[" * 5000,
     b'{"checks":' + b"[" * 200 + b"]" * 200 + b"}"],
    ids=lambda data: repr(data[:12]),
)  # fmt: skip
@pytest.mark.parametrize("name", ["decision.json", "content.json"])
def test_what_is_no_document_is_refused(stored, data, name):
    decision_path(stored).with_name(name).write_bytes(data)

    assert "decision set" in refused(stored)


def test_a_set_in_another_spelling_is_refused(stored):
    path = decision_path(stored)
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=1))

    assert "not what probanda writes" in refused(stored)


def test_a_decision_larger_than_any_of_ours_is_refused(stored, monkeypatch):
    monkeypatch.setattr("probanda.gates.decision_set.MAX_BYTES", 1000)

    assert "larger than 1000 bytes" in refused(stored)


@pytest.mark.parametrize("name", ["decision.json", "content.json"])
def test_a_link_and_a_pipe_are_no_documents(stored, name):
    path = decision_path(stored).with_name(name)
    path.rename(stored.root / "elsewhere")
    path.symlink_to(stored.root / "elsewhere")
    assert "no complete decision set" in refused(stored)
    path.unlink()
    os.mkfifo(path)
    assert "no complete decision set" in refused(stored)


def test_content_that_is_swapped_below_a_decision_is_noticed(stored):
    path = decision_path(stored).with_name("content.json")
    listing = json.loads(path.read_bytes())
    listing["gates/pr.yaml"] = "1" * 64
    path.write_bytes(canonical(listing))

    assert "not the content that judged" in refused(stored)


# Writing


def test_an_artifact_that_was_damaged_is_mended_by_the_next_run(stored):
    digest = stored.run().decisions[0].checks[0].facts[0]["sha256"]
    path = stored.root / ".probanda" / "artifacts" / digest
    path.write_bytes(b"damaged")

    stored.store_run()

    assert sha256_hex(path.read_bytes()) == digest


def test_a_streamed_artifact_that_changed_since_it_was_read_is_refused(words):
    run = words.run()
    (decision,) = run.decisions
    path = words.write("large.bin", b"one")

    with pytest.raises(EvidenceError, match="changed between reading and storing"):
        words.store.write(decision, run.content, {sha256_hex(b"other"): path})

    assert words.store.gates() == []
    left = [item.name for item in (words.root / ".probanda").rglob("*") if item.is_file()]
    assert left == []


def test_a_streamed_artifact_is_copied_with_its_digest(words):
    run = words.run()
    path = words.write("large.bin", bytes(3 << 20))
    digest = sha256_hex(path.read_bytes())

    words.store.write(run.decisions[0], run.content, {digest: path})

    with words.store.open_artifact(digest) as file:
        assert file.read() == path.read_bytes()


def test_something_in_the_way_is_an_error_and_nothing_half_written_is_left(words):
    words.write(".probanda/artifacts", "a file where a folder belongs")
    run = words.run()

    with pytest.raises(EvidenceError, match="cannot store the decision"):
        words.store.write(run.decisions[0], run.content, run.originals["pr"])

    assert words.store.gates() == []


def test_an_older_decision_never_stands_beside_newer_content(stored):
    """A crash between the two files leaves no set at all."""
    target = decision_path(stored)
    run = stored.run()
    target.with_name("content.json").unlink()
    target.with_name("content.json").mkdir()

    with pytest.raises(EvidenceError):
        stored.store.write(run.decisions[0], run.content, run.originals["pr"])

    assert not target.exists()


def test_evidence_is_as_readable_as_the_umask_says(words):
    before = os.umask(0o022)
    try:
        words.store_run()
    finally:
        os.umask(before)

    assert decision_path(words).stat().st_mode & 0o777 == 0o644


def _write_often(root: str, tenant: str, failures) -> None:
    project = Project(Path(root))
    run = project.run(tenant=tenant)
    # Each writer has content of its own, so that mixed halves would not fit together.
    (decision,) = run.decisions
    content = run.content | {
        "probanda.yaml": run.content["probanda.yaml"] + tenant.join("#\n").encode()
    }
    digests = {path: sha256_hex(data) for path, data in content.items()}
    judged = replace(decision.content, base_digest=sha256_hex(canonical(digests)))
    for _ in range(40):
        try:
            project.store.write(replace(decision, content=judged), content, run.originals["pr"])
            project.store.read("pr")
        except EvidenceError as error:
            failures.put(str(error))


def test_two_runs_of_one_project_never_mix_their_halves(words):
    context = multiprocessing.get_context("fork")
    failures = context.Queue()
    writers = [
        context.Process(target=_write_often, args=(str(words.root), tenant, failures))
        for tenant in ("acme", "globex")
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)

    assert [writer.exitcode for writer in writers] == [0, 0]
    assert failures.empty()
    assert words.store.read("pr").decision.tenant in {"acme", "globex"}
