"""Gates from start to finish: the table of outcomes, and what a run is made of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from probanda.errors import ContentError, MultipleContentError, UsageError
from probanda.model.outcome import Outcome
from projects import AS_OF, Project, component, document, sbom, words_check

BROKEN_REGO = """\
package demo.words

# METADATA
# title: Divides by zero
# custom: {id: bad-word, severity: high, remediation: Divide by something else.}
findings contains finding if {
\tsome word in input.facts.words.bad
\tx := 1 / 0
\tfinding := {"rule": "bad-word", "key": word, "message": sprintf("%d", [x])}
}

# METADATA
# title: Never
# custom: {id: allow, severity: high, remediation: None.}
allow := false
"""

# Outcome of the one check, mode → (outcome, exit code of the gate). docs/exit-codes.md.
TABLE = [
    ("pass", "enforce", Outcome.PASS, 0),
    ("pass", "warn", Outcome.PASS, 0),
    ("pass", "shadow", Outcome.PASS, 0),
    ("fail", "enforce", Outcome.FAIL, 1),
    ("fail", "warn", Outcome.FAIL, 0),
    ("fail", "shadow", Outcome.FAIL, 0),
    ("missing", "enforce", Outcome.ERROR, 3),
    ("missing", "warn", Outcome.ERROR, 3),
    ("missing", "shadow", Outcome.ERROR, 0),
    ("malformed", "enforce", Outcome.ERROR, 3),
    ("malformed", "warn", Outcome.ERROR, 3),
    ("malformed", "shadow", Outcome.ERROR, 0),
    ("broken policy", "enforce", Outcome.ERROR, 3),
    ("broken policy", "warn", Outcome.ERROR, 3),
    ("broken policy", "shadow", Outcome.ERROR, 0),
    ("optional", "enforce", Outcome.SKIPPED, 0),
    ("optional", "warn", Outcome.SKIPPED, 0),
    ("optional", "shadow", Outcome.SKIPPED, 0),
]


@pytest.mark.parametrize(("case", "mode", "outcome", "exit_code"), TABLE)
def test_the_table_of_outcomes_holds_from_end_to_end(tmp_path, case, mode, outcome, exit_code):
    project = Project.with_words(tmp_path, *(["foo"] if case != "pass" else []), mode=mode)
    if case in {"missing", "optional"}:
        (tmp_path / "words.json").unlink()
    if case == "optional":
        project.gate("pr", words_check(optional=True), mode=mode)
    if case == "malformed":
        project.write("words.json", "{")
    if case == "broken policy":
        project.policy(BROKEN_REGO)

    run = project.run()

    (decision,) = run.decisions
    assert (decision.outcome, decision.exit_code, run.exit_code) == (outcome, exit_code, exit_code)
    (check,) = decision.checks
    wanted = {"missing": "notEvaluated", "malformed": "error", "broken policy": "error"}
    assert check.outcome.value == wanted.get(case, outcome.value)
    assert bool(check.reason) is (case not in {"pass", "fail"})


def test_a_missing_artifact_says_which_and_never_passes(words):
    (words.root / "words.json").unlink()

    (decision,) = words.run().decisions

    assert decision.checks[0].outcome is Outcome.NOT_EVALUATED
    assert "words.json" in decision.checks[0].reason


def test_a_failed_check_beside_an_undecided_one_still_says_blocked(words):
    other = words_check(id="other", facts={"words": {"from": "json", "path": "absent.json"}})
    words.gate("pr", words_check(), other)
    words.words("foo")

    assert words.run().exit_code == 1


def test_blocked_outweighs_undecided_across_gates(words):
    words.gate("other", words_check(facts={"words": {"from": "json", "path": "absent.json"}}))
    words.words("foo")

    run = words.run()

    assert [(d.gate, d.exit_code) for d in run.decisions] == [("other", 3), ("pr", 1)]
    assert run.exit_code == 1


def test_a_shadow_gate_records_what_an_enforcing_one_blocks(words):
    words.words("foo")
    words.gate("quiet", words_check(), mode="shadow")

    run = words.run("quiet", "pr")

    assert [(d.gate, d.outcome.value, d.exit_code) for d in run.decisions] == [
        ("quiet", "fail", 0),
        ("pr", "fail", 1),
    ]


def test_gates_run_in_the_order_asked_for_and_once(words):
    words.gate("other", words_check())

    run = words.run("pr", "other", "pr")

    assert [decision.gate for decision in run.decisions] == ["pr", "other"]


def test_a_project_without_gates_is_undecided(words):
    (words.root / "gates" / "pr.yaml").unlink()

    run = words.run()

    assert run.decisions == ()
    assert run.exit_code == 3


def test_a_gate_without_checks_is_refused_when_it_is_read(words):
    words.gate("pr")

    with pytest.raises(MultipleContentError, match="checks"):
        words.run()


def test_a_check_without_facts_is_refused_when_it_is_read(words):
    words.gate("pr", words_check(facts={}))

    with pytest.raises(MultipleContentError, match="has no facts"):
        words.run()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"policy": "demo/wards/findings"}, "demo/words/findings"),
        ({"policy": "demo/words/finding"}, "findings"),
        ({"controls": ["soc2/CC99.9"]}, "CC99.9"),
        ({"facts": {"words": {"from": "jsn", "path": "words.json"}}}, "'json'"),
        ({"facts": {"word": {"from": "json", "path": "words.json"}}}, "'words'"),
        ({"facts": {"words": {"from": "yaml", "path": "words.json"}}}, "json"),
        ({"facts": {"words": {"from": "json", "path": "../words.json"}}}, "inside the project"),
        ({"facts": {"words": {"from": "json", "path": "/etc/passwd"}}}, "relative"),
        ({"id": "judging-content"}, "probanda itself adds"),
    ],
)
def test_a_gate_that_names_what_does_not_exist_is_refused_with_its_place(words, change, message):
    words.gate("pr", words_check(**change))

    with pytest.raises(MultipleContentError) as caught:
        words.run()

    (error,) = caught.value.errors
    assert message in f"{error} {error.hint}"
    assert str(error.location).startswith("gates/pr.yaml:")


def test_a_link_that_leads_out_of_the_project_is_an_error_and_no_artifact(words, tmp_path):
    (tmp_path / "outside.json").write_text('{"bad": []}')
    (words.root / "words.json").unlink()
    (words.root / "words.json").symlink_to(tmp_path / "outside.json")

    (decision,) = words.run().decisions

    assert decision.checks[0].outcome is Outcome.ERROR
    assert "out of the project" in decision.checks[0].reason
    assert decision.exit_code == 3


def test_an_unknown_gate_is_named_with_the_nearest_one(words):
    with pytest.raises(UsageError) as caught:
        words.run("prr")

    assert "did you mean 'pr'?" in str(caught.value.hint)


def test_a_runtime_gate_does_not_run_in_ci(words):
    gate = document(
        "Gate",
        "ask",
        {
            "runs": "runtime",
            "mode": "enforce",
            "request": {"schema": {"type": "object"}},
            "checks": [{"id": "a", "policy": "demo/words/allow"}],
        },
        title="A gate",
        owner="security",
    )
    words.policy(facts={"words": {"collector": "json", "optional": True}})
    words.write("gates/ask.yaml", gate)

    assert [decision.gate for decision in words.run().decisions] == ["pr"]
    with pytest.raises(UsageError, match="runs at run time"):
        words.run("ask")


def test_the_tenant_is_the_projects_unless_one_is_given(words):
    words.words("foo")

    mine, other = words.run(), words.run(tenant="globex")

    assert [run.decisions[0].tenant for run in (mine, other)] == ["acme", "globex"]
    fingerprints = {run.decisions[0].checks[0].findings[0].fingerprint for run in (mine, other)}
    assert len(fingerprints) == 2


@pytest.mark.parametrize("tenant", ["a\nb", " acme", "acme ", "\x1b[2J", "a" * 201])
def test_a_tenant_that_could_not_be_shown_is_refused(words, tenant):
    with pytest.raises(UsageError, match="no name of a tenant"):
        words.run(tenant=tenant)


def test_a_project_outside_of_git_needs_no_git_unless_it_asks_for_a_base(words, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")

    assert words.run().exit_code == 0


def test_a_base_outside_of_a_repository_is_a_usage_error(words):
    with pytest.raises(UsageError, match="needs a git repository"):
        words.run(base="main")


@pytest.mark.parametrize("base", ["nonsense", "--help", "main..HEAD", "", " "])
def test_a_base_that_is_no_commit_is_a_usage_error(words, base):
    words.commit()

    if not base:
        assert words.run(base="").decisions[0].content.base == ""
        return
    with pytest.raises(UsageError, match="--base"):
        words.run(base=base)


def test_a_decision_names_engine_content_clock_and_facts(words):
    (decision,) = words.run().decisions

    assert decision.as_of == "2026-11-20T12:00:00Z"
    assert set(decision.engine) == {"name", "version", "rego"}
    assert decision.content.base_digest == decision.content.head_digest
    (fact,) = decision.checks[0].facts
    assert fact["source"] == "words.json"
    assert fact["collectedAt"] == decision.as_of
    assert decision.checks[0].policy_digest


def test_content_that_changes_while_it_is_read_is_refused(words, monkeypatch):
    """The bytes that are kept as evidence must be those that judged."""
    from probanda.gates import run as module

    def meddling(tree, *, builtin=True):
        found = real(tree, builtin=builtin)
        words.gate("pr", words_check(), mode="warn")
        return found

    real = module.load
    monkeypatch.setattr(module, "load", meddling)

    with pytest.raises(ContentError, match="changed while it was being read"):
        words.run()


def test_the_same_policy_serves_several_checks_and_gates(words):
    words.write("more.json", {"bad": ["x"]})
    more = words_check(id="more", facts={"words": {"from": "json", "path": "more.json"}})
    words.gate("pr", words_check(), more)

    (decision,) = words.run().decisions

    assert [check.outcome.value for check in decision.checks] == ["pass", "fail"]


# The licence gate over a small SBOM; each case changes one dependency's licence.
ALLOWED = ["MIT", "Apache-2.0", "BSD-3-Clause"]


def licence_project(root, changed) -> Project:
    project = Project(root)
    project.project()
    project.gate(
        "pr",
        {
            "id": "licences",
            "facts": {"sbom": {"from": "cyclonedx", "path": "sbom.json", "maxAge": "1h"}},
            "policy": "builtin:supply-chain/license-allowlist/findings",
            "parameters": {"allow": ALLOWED, "deny": ["LicenseRef-Restricted-TOS"]},
            "controls": ["soc2/CC8.1"],
        },
    )
    project.write("sbom.json", sbom(component("left", id="MIT"), changed))
    return project


@pytest.mark.parametrize(
    "changed",
    [
        component("right", id="Apache-2.0"),
        component("right", expression="GPL-3.0-only OR MIT"),
        component("right", expression="MIT AND BSD-3-Clause"),
        component("right", name="MIT License"),
    ],
    ids=lambda item: str(item["licenses"]),
)
def test_allowed_licences_pass(tmp_path, changed):
    assert licence_project(tmp_path, changed).run().exit_code == 0


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        (component("right", id="GPL-3.0-only"), "unlisted-license"),
        (component("right", id="AGPL-3.0-or-later"), "unlisted-license"),
        (component("right", expression="GPL-3.0-only OR AGPL-3.0-only"), "unlisted-license"),
        (component("right", expression="MIT AND GPL-3.0-only"), "unlisted-license"),
        (component("right", expression="MIT WITH Classpath-exception-2.0"), "unlisted-license"),
        (component("right", name="Ask our lawyers"), "unknown-license"),
        (component("right", name="see LICENSE.txt"), "unknown-license"),
        (component("right"), "unknown-license"),
        (component("right", name="LicenseRef-Restricted-TOS"), "denied-license"),
        (component("right", expression="LicenseRef-Restricted-TOS"), "denied-license"),
        (
            component("right", expression="LicenseRef-Restricted-TOS OR LicenseRef-Restricted-TOS"),
            "denied-license",
        ),
        (component("right", name="Restricted-TOS"), "denied-license"),
    ],
    ids=str,
)
def test_any_other_licence_of_one_dependency_turns_the_gate_red(tmp_path, changed, rule):
    run = licence_project(tmp_path, changed).run()

    (finding,) = run.decisions[0].checks[0].findings
    assert (finding.rule, finding.key) == (rule, "pkg:pypi/right@1.0.0")
    assert run.exit_code == 1


@pytest.mark.parametrize(
    ("timestamp", "reason"),
    [
        ("2026-11-20T10:59:59Z", "longer ago than maxAge allows"),
        ("2025-11-20T12:00:00Z", "longer ago than maxAge allows"),
        ("2026-11-20T12:05:01Z", "in the future"),
        ("", "does not say when it was made"),
    ],
)
def test_an_artifact_of_the_wrong_age_is_not_evaluated(tmp_path, timestamp, reason):
    project = licence_project(tmp_path, component("right", id="MIT"))
    project.write("sbom.json", sbom(component("right", id="MIT"), timestamp=timestamp))

    run = project.run()

    check = run.decisions[0].checks[0]
    assert check.outcome is Outcome.NOT_EVALUATED
    assert reason in check.reason
    assert run.exit_code == 3


@pytest.mark.parametrize(
    "timestamp", ["2026-11-20T11:00:00Z", "2026-11-20T12:05:00Z", "2026-11-20T13:00:00+01:00"]
)
def test_an_artifact_of_the_right_age_is_judged_to_the_second(tmp_path, timestamp):
    project = licence_project(tmp_path, component("right", id="MIT"))
    project.write("sbom.json", sbom(component("right", id="MIT"), timestamp=timestamp))

    assert project.run().exit_code == 0


def test_optional_never_excuses_a_stale_artifact(tmp_path):
    project = licence_project(tmp_path, component("right", id="MIT"))
    gate = (project.root / "gates" / "pr.yaml").read_text()
    project.write("gates/pr.yaml", gate.replace('"id": "licences"', '"optional": true, "id": "l"'))

    assert project.run(as_of=AS_OF + timedelta(days=1)).exit_code == 3
