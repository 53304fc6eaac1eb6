"""Who judges a pull request: the base does, and a change that loosens the base is a finding."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from probanda.errors import CollectError, MultipleContentError, UsageError
from probanda.model.outcome import Outcome
from projects import AS_OF, WORDS_REGO, Project, component, document, sbom, words_check

LAX_REGO = WORDS_REGO.replace("input.facts.words.bad\n\tfinding", "[]\n\tfinding")


@pytest.fixture
def base(words) -> Project:
    """A committed project with an approver; what a test changes afterwards is the head."""
    words.approver("ada@example.org")
    words.commit()
    return words


def judged(project: Project, **request):
    """Outcome of the check of the words, rules of the judging-content findings, exit code."""
    run = project.run(base="HEAD", **request)
    (decision,) = run.decisions
    *checks, content = decision.checks
    assert content.id == "judging-content"
    return (
        [check.outcome.value for check in checks],
        [finding.rule for finding in content.findings],
        run.exit_code,
    )


def test_an_unchanged_project_passes_under_its_base(base):
    assert judged(base) == (["pass"], [], 0)
    content = base.run(base="HEAD").decisions[0].content
    assert (content.base, content.base_digest) == ("HEAD", content.head_digest)
    assert content.base_commit == base.git("rev-parse", "HEAD")


def test_a_head_that_loosens_nothing_may_change_everything_else(base):
    base.write("README.md", "words")
    base.words()

    assert judged(base) == (["pass"], [], 0)


def test_a_head_that_removes_the_failing_check_is_still_judged_by_it(base):
    base.words("foo")
    base.gate("pr", words_check(id="something-else"))

    assert judged(base) == (["fail"], ["check-removed"], 1)


def test_a_head_that_removes_the_gate_is_still_judged_by_it(base):
    base.words("foo")
    (base.root / "gates" / "pr.yaml").unlink()

    assert judged(base) == (["fail"], ["gate-removed"], 1)


@pytest.mark.parametrize("mode", ["warn", "shadow"])
def test_a_head_that_softens_the_mode_is_still_enforced(base, mode):
    base.words("foo")
    base.gate("pr", words_check(), mode=mode)

    assert judged(base) == (["fail"], ["gate-weakened"], 1)


def test_a_head_that_edits_the_rego_is_still_judged_by_the_old(base):
    base.words("foo")
    base.policy(LAX_REGO)

    assert base.run().exit_code == 0
    assert judged(base) == (["fail"], ["policy-changed"], 1)


def test_a_head_that_adds_a_waiver_is_not_excused_by_it(base):
    base.words("foo")
    (finding,) = base.run().decisions[0].checks[0].findings
    base.waiver("mine", finding.fingerprint, expires="2027-01-01")

    assert base.run().exit_code == 0
    assert judged(base) == (["fail"], ["waiver-added"], 1)


def test_a_head_that_makes_its_check_optional_is_not_skipped(base):
    (base.root / "words.json").unlink()
    base.gate("pr", words_check(optional=True))

    assert base.run().exit_code == 0
    assert judged(base) == (["notEvaluated"], ["check-made-optional"], 1)


def test_a_check_made_optional_and_otherwise_changed_is_told_of_both(base):
    base.gate("pr", words_check(optional=True, controls=["soc2/CC6.8"]))

    assert judged(base)[1] == ["check-changed", "check-made-optional"]


@pytest.mark.parametrize(
    "change",
    [
        {"controls": []},
        {"policy": "demo/words/allow"},
        {"parameters": {"level": 1}},
        {"facts": {"words": {"from": "json", "path": "other.json"}}},
        {"facts": {"words": {"from": "json", "path": "words.json", "missing": "empty"}}},
        {"when": {"paths": ["nothing"]}},
    ],
    ids=str,
)
def test_any_other_change_of_a_check_is_a_finding(base, change):
    base.gate("pr", words_check(**change))

    assert judged(base) == (["pass"], ["check-changed"], 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"location": "eu"}, {"location": "us"}),
        ({"digest": "a"}, {"digest": "b"}),
        ({"deep": [{"location": 1}]}, {"deep": [{"location": 2}]}),
        ({"limit": 1}, {"limit": "1"}),
        ({"limit": 1}, {"limit": True}),
        ({"limit": None}, {"limit": False}),
        ({"limit": 2**60}, {"limit": 2**60 + 1}),
    ],
    ids=str,
)
def test_no_change_of_a_parameter_escapes_whatever_its_name_or_type(words, before, after):
    """A parameter that is called like a field of ours must not be taken for one."""
    words.gate("pr", words_check(parameters=before))
    words.commit()
    words.gate("pr", words_check(parameters=after))

    assert judged(words)[1] == ["check-changed"]


def test_a_removed_control_and_a_changed_one_are_findings(words):
    spec = {
        "statement": "Ours.",
        "owner": "security",
        "frequency": "daily",
        "automation": "manual",
        "evidence": [{"title": "Minutes", "review": "that the board met"}],
    }
    for name in ("own/a1", "own/b1"):
        words.write(f"controls/{name}.yaml", document("Control", name, spec, title="Own"))
    words.commit()
    (words.root / "controls/own/a1.yaml").unlink()
    changed = document("Control", "own/b1", {**spec, "frequency": "annually"}, title="Own")
    words.write("controls/own/b1.yaml", changed)

    assert judged(words)[1] == ["control-changed", "control-removed"]


def test_a_new_approver_or_tenant_is_a_finding(base):
    base.approver("mallory@example.org")

    assert judged(base) == (["pass"], ["project-changed"], 1)


def test_tightening_needs_nobody(words):
    words.gate("pr", words_check(optional=True), mode="warn")
    words.waiver("old", "1" * 64, "2" * 64, expires="2027-01-01")
    words.waiver("gone", "3" * 64, expires="2027-01-01")
    words.commit()
    words.gate("pr", words_check(), words_check(id="second"))
    words.gate("new", words_check())
    words.waiver("old", "1" * 64, expires="2026-12-01")
    for name in ("gone.yaml", "gone.yaml.sig.json"):
        (words.root / "evidence/waivers" / name).unlink()

    assert judged(words)[1] == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"expires": "2027-01-02"}, "waiver-extended"),
        ({"reason": "Another one."}, "waiver-changed"),
        ({"approver": "eve@example.org"}, "waiver-changed"),
        ({"created": "2026-11-20"}, "waiver-changed"),
        ({"checks": ["words", "judging-content"]}, "waiver-extended"),
        ({"checks": None}, "waiver-extended"),
        ({"gates": None}, "waiver-extended"),
    ],
    ids=str,
)
def test_a_waiver_that_says_something_else_is_a_finding(words, change, rule):
    narrow = {"gates": ["pr"], "checks": ["words"]}
    words.waiver("one", "1" * 64, **narrow)
    words.commit()
    words.waiver("one", "1" * 64, **narrow | change)

    assert judged(words)[1] == [rule]


def test_narrowing_a_waiver_needs_nobody_and_its_new_signature_is_no_change(words):
    words.waiver("one", "1" * 64)
    words.commit()
    words.waiver("one", "1" * 64, gates=["pr"], checks=["words"])

    assert judged(words)[1] == []


def test_the_first_signature_under_a_waiver_is_a_finding(words):
    words.waiver("one", "1" * 64, signer=None)
    words.commit()
    words.waiver("one", "1" * 64)

    assert judged(words)[1] == ["waiver-changed"]


def test_a_change_of_the_roster_is_a_finding(words):
    words.commit()
    words.roster({"name": "grace", "emails": ["grace@example.org"]})

    assert judged(words)[1] == ["roster-changed"]


def test_more_time_for_waivers_is_a_finding(words):
    words.commit()
    words.project(waivers={"maxDays": 91})

    assert judged(words)[1] == ["project-changed"]


def test_a_waiver_for_one_more_fingerprint_is_a_finding(words):
    words.waiver("one", "1" * 64, expires="2027-01-01")
    words.commit()
    words.waiver("one", "1" * 64, "2" * 64, expires="2027-01-01")

    assert judged(words)[1] == ["waiver-extended"]


def test_moving_lines_titles_and_the_order_of_keys_changes_nothing(base):
    gate = document(
        "Gate",
        "pr",
        {"mode": "enforce", "runs": "ci", "checks": [dict(reversed(words_check().items()))]},
        title="Another title",
        owner="somebody else",
    )
    base.write("gates/pr.yaml", "# a comment\n\n" + json.dumps(gate, indent=7))

    assert judged(base) == (["pass"], [], 0)


def test_an_approver_of_the_base_excuses_the_change_and_nothing_else(base):
    base.words("foo")
    base.gate("pr", words_check(), mode="warn")

    run = base.run(base="HEAD", approved_by=("ada@example.org",))

    words, content = run.decisions[0].checks
    assert words.outcome is Outcome.FAIL
    assert content.outcome is Outcome.WAIVED
    assert [waived.by for waived in content.waived] == ["approver:ada@example.org"]
    assert run.exit_code == 1
    assert run.decisions[0].waivers.used == ()


def test_an_approver_whom_only_the_head_names_approves_nothing(base):
    base.approver("mallory@example.org")
    base.gate("pr", words_check(), mode="warn")

    with pytest.raises(UsageError, match=r"'mallory@example\.org' is not an approver") as caught:
        base.run(base="HEAD", approved_by=("ada@example.org", "mallory@example.org"))

    assert "ada@example.org" in str(caught.value.hint)


def test_an_approval_of_nothing_leaves_a_pass_a_pass(base):
    run = base.run(base="HEAD", approved_by=("ada@example.org",))

    assert [check.outcome.value for check in run.decisions[0].checks] == ["pass", "pass"]


def test_an_excused_change_is_not_an_excuse_for_the_next_one(words):
    """The fingerprint names the change: a waiver of the base covers it and no other."""
    words.commit()
    words.gate("pr", words_check(parameters={"level": 1}))
    (change,) = words.run(base="HEAD").decisions[0].checks[-1].findings
    words.gate("pr", words_check())
    words.waiver("the-change", change.fingerprint, expires="2027-01-01")
    words.commit()

    words.gate("pr", words_check(parameters={"level": 1}))
    assert judged(words) == (["pass"], [], 0)
    words.gate("pr", words_check(parameters={"level": 2}))
    assert judged(words) == (["pass"], ["check-changed"], 1)


def test_fingerprints_of_changes_survive_line_moves(words):
    words.commit()
    words.gate("pr", words_check(parameters={"level": 1}))
    first = words.run(base="HEAD").decisions[0].checks[-1].findings
    path = words.root / "gates" / "pr.yaml"
    path.write_text("\n# moved\n" + path.read_text())
    second = words.run(base="HEAD").decisions[0].checks[-1].findings

    assert [item.fingerprint for item in first] == [item.fingerprint for item in second]
    assert first[0].location.line != second[0].location.line


def test_a_head_whose_content_is_broken_is_refused_though_the_base_judges(base):
    base.write("gates/pr.yaml", "kind: Gate")

    with pytest.raises(MultipleContentError):
        base.run(base="HEAD")


def test_a_gate_that_only_the_head_has_is_said_to_be_so(base):
    base.gate("mine", words_check())

    with pytest.raises(UsageError) as caught:
        base.run("mine", base="HEAD")

    assert "the working tree has it, and HEAD judges" in str(caught.value.hint)


# Waivers


def waived(project: Project, **times):
    (finding,) = project.run().decisions[0].checks[0].findings
    project.waiver("one", finding.fingerprint, **times)


def test_a_waiver_holds_until_the_second_before_it_expires(words):
    words.words("foo")
    waived(words, expires="2026-11-20T12:00:00Z")

    before = words.run(as_of=AS_OF - timedelta(seconds=1))
    after = words.run(as_of=AS_OF)

    assert (before.exit_code, after.exit_code) == (0, 1)
    assert before.decisions[0].outcome is Outcome.WAIVED
    assert before.decisions[0].waivers.used == ("one",)
    assert after.decisions[0].waivers.expired == ("one",)


def test_a_waiver_that_nothing_needs_is_told(words):
    words.waiver("one", "1" * 64, expires="2027-01-01")

    (decision,) = words.run().decisions

    assert (decision.outcome, decision.waivers.unused) == (Outcome.PASS, ("one",))


def test_a_waiver_excuses_one_finding_and_not_its_neighbour(words):
    words.words("foo")
    waived(words, expires="2027-01-01")
    words.words("foo", "bar")

    (decision,) = words.run().decisions

    assert [finding.key for finding in decision.checks[0].findings] == ["bar"]
    assert [item.finding.key for item in decision.checks[0].waived] == ["foo"]
    assert decision.exit_code == 1


def test_a_waiver_of_one_tenant_excuses_no_other(words):
    words.words("foo")
    waived(words, expires="2027-01-01")

    assert words.run().exit_code == 0
    assert words.run(tenant="globex").exit_code == 1


# Facts of the base


def test_a_fact_of_the_base_is_read_from_git_and_not_from_the_working_tree(words):
    words.words("foo")
    check = words_check(facts={"words": {"from": "json", "path": "words.json", "ref": "base"}})
    words.gate("pr", check)
    commit = words.commit()
    words.words()

    run = words.run(base="HEAD")

    assert [finding.key for finding in run.decisions[0].checks[0].findings] == ["foo"]
    assert run.decisions[0].checks[0].facts[0]["source"] == f"{commit}:words.json"


def test_a_fact_of_the_base_without_a_base_is_not_evaluated(words):
    facts = {"words": {"from": "json", "path": "words.json", "ref": "base"}}
    words.gate("pr", words_check(facts=facts))

    check = words.run().decisions[0].checks[0]

    assert check.outcome is Outcome.NOT_EVALUATED
    assert check.hint == "pass --base REF"


def licences(project: Project, **changes) -> None:
    facts = {
        "sbom": {"from": "cyclonedx", "path": "sbom.json"},
        "base": {"from": "cyclonedx", "path": "sbom.json", "ref": "base", "missing": "empty"},
    }
    check = {
        "id": "licences",
        "facts": facts,
        "policy": "builtin:supply-chain/license-allowlist/findings",
        "parameters": {"allow": ["MIT"]},
    }
    project.gate("pr", check | changes)


def test_missing_empty_judges_all_of_it_where_the_base_has_nothing(tmp_path):
    project = Project(tmp_path)
    project.project()
    licences(project)
    project.commit()
    project.write("sbom.json", sbom(component("left", id="GPL-3.0-only")))

    assert judged(project) == (["fail"], [], 1)
    fact = project.run(base="HEAD").decisions[0].checks[0].facts[1]
    assert (fact["name"], fact["missing"]) == ("base", "empty")


def test_what_the_base_had_already_is_not_new(tmp_path):
    project = Project(tmp_path)
    project.project()
    licences(project)
    project.write("sbom.json", sbom(component("left", id="GPL-3.0-only")))
    project.commit()
    project.write(
        "sbom.json", sbom(component("left", id="GPL-3.0-only"), component("right", id="GPL-2.0"))
    )

    run = project.run(base="HEAD")

    keys = [finding.key for finding in run.decisions[0].checks[0].findings]
    assert keys == ["pkg:pypi/right@1.0.0"]


def test_an_spdx_sbom_is_judged_as_one_of_cyclonedx_is_and_against_it(tmp_path):
    project = Project(tmp_path)
    project.project()
    licences(
        project,
        facts={
            "sbom": {"from": "spdx", "path": "sbom.spdx.json"},
            "base": {"from": "cyclonedx", "path": "sbom.json", "ref": "base", "missing": "empty"},
        },
    )
    project.write("sbom.json", sbom(component("left", id="GPL-3.0-only")))
    project.commit()
    packages = [
        {
            "SPDXID": f"SPDXRef-{name}",
            "name": name,
            "versionInfo": "1.0.0",
            "licenseDeclared": licence,
            "externalRefs": [
                {"referenceType": "purl", "referenceLocator": f"pkg:pypi/{name}@1.0.0"}
            ],
        }
        for name, licence in (("left", "GPL-3.0-only"), ("ok", "MIT"), ("right", "GPL-2.0-only"))
    ]
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "app",
        "documentNamespace": "https://example.org/app",
        "creationInfo": {"creators": ["Tool: t"], "created": "2026-01-02T03:04:05Z"},
        "packages": packages,
    }
    project.write("sbom.spdx.json", json.dumps(document))

    check = project.run(base="HEAD").decisions[0].checks[0]

    assert [finding.key for finding in check.findings] == ["pkg:pypi/right@1.0.0"]
    project.write("sbom.spdx.json", json.dumps(document | {"packages": []}))
    (finding,) = project.run(base="HEAD").decisions[0].checks[0].findings
    assert finding.rule == "empty-sbom"


# A project in a folder of a larger repository


@pytest.fixture
def monorepo(tmp_path) -> Project:
    project = Project.with_words(tmp_path / "repository" / "services" / "words")
    check = words_check(
        when={"paths": ["words.json"]},
        facts={"words": {"from": "json", "path": "words.json", "ref": "base"}},
    )
    project.gate("pr", words_check(), check | {"id": "of-base"})
    project.words("foo")
    project.commit(where=tmp_path / "repository")
    return project


def test_a_project_in_a_subfolder_is_judged_by_its_own_base(monorepo):
    monorepo.words("foo", "bar")
    monorepo.gate("pr", words_check())

    run = monorepo.run(base="HEAD")

    now, of_base, content = run.decisions[0].checks
    assert [finding.key for finding in now.findings] == ["bar", "foo"]
    assert [finding.key for finding in of_base.findings] == ["foo"]
    assert [finding.rule for finding in content.findings] == ["check-removed"]


def test_a_change_elsewhere_in_the_repository_is_not_the_projects(monorepo):
    (monorepo.root.parent.parent / "words.json").write_text("elsewhere")

    run = monorepo.run(base="HEAD")

    assert run.decisions[0].checks[1].outcome is Outcome.SKIPPED


# Clarifications


@pytest.fixture
def clarified(tmp_path):
    """A package without a licence, clarified by an approver who signed."""
    key = Ed25519PrivateKey.generate()
    project = Project(tmp_path)
    project.approver("ada@example.org", key)
    licences(project, facts={"sbom": {"from": "cyclonedx", "path": "sbom.json"}})
    project.write("sbom.json", sbom(component("left")))
    path = project.clarification("pkg:pypi/left@1.0.0", "MIT", author="ada@example.org")
    project.sign(path, key)
    return project, path, key


def test_a_signed_clarification_settles_an_unknown_licence(clarified):
    project, path, _ = clarified

    assert project.run().exit_code == 0
    path.unlink()
    path.with_name("one.yaml.sig.json").unlink()
    assert project.run().exit_code == 1


def test_a_clarification_that_was_edited_after_signing_is_refused(clarified):
    project, path, _ = clarified
    path.write_text(path.read_text().replace("MIT", "Apache-2.0"))

    with pytest.raises(MultipleContentError, match=r"one\.yaml.*is not signed by ada@example.org"):
        project.run()


def test_a_clarification_that_somebody_else_signed_is_refused(clarified):
    project, path, _ = clarified
    project.sign(path, Ed25519PrivateKey.generate())

    with pytest.raises(MultipleContentError, match="is not signed by ada@") as caught:
        project.run()

    assert "probanda sign FILE --key KEY" in str(caught.value.errors[0].hint)


def test_an_unsigned_clarification_is_refused(clarified):
    project, path, _ = clarified
    path.with_name("one.yaml.sig.json").unlink()

    with pytest.raises(MultipleContentError, match="not signed"):
        project.run()


def test_a_clarification_of_nobody_the_project_names_is_refused(clarified):
    project, _, key = clarified
    path = project.clarification("pkg:pypi/left@1.0.0", "MIT", author="eve@example.org")
    project.sign(path, key)

    with pytest.raises(MultipleContentError, match="no approver"):
        project.run()


def test_a_clarification_in_the_head_does_not_judge_the_head(clarified):
    project, path, _ = clarified
    signed = path.read_bytes(), path.with_name("one.yaml.sig.json").read_bytes()
    path.unlink()
    path.with_name("one.yaml.sig.json").unlink()
    project.commit()
    path.write_bytes(signed[0])
    path.with_name("one.yaml.sig.json").write_bytes(signed[1])

    assert project.run().exit_code == 0
    assert judged(project) == (["fail"], ["clarification-added"], 1)


# Git that cannot say what changed


def test_a_base_of_another_history_is_undecided_and_no_pass(words):
    words.commit()
    words.git("checkout", "-q", "--orphan", "other")
    words.write("other.txt", "of another history")
    words.commit()

    with pytest.raises(CollectError, match="no common ancestor"):
        words.run(base="main")
