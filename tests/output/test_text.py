"""What a person reads when a merge is blocked."""

from __future__ import annotations

from dataclasses import replace

from probanda.model.decision import CheckResult, Decision, JudgingContent, WaivedFinding, WaiverUse
from probanda.model.finding import Finding
from probanda.model.location import Location
from probanda.model.outcome import Mode, Outcome
from probanda.output import text
from probanda.output.text import clean

FINDING = Finding(
    policy="supply-chain/license-allowlist",
    rule="denied-license",
    message="geo 4.1.0 is under LicenseRef-Restricted-TOS",
    key="pkg:pypi/geo@4.1.0",
    tenant="acme",
    remediation="replace it",
    location=Location("sbom.json", 3, 5),
)
CHECK = CheckResult(
    id="licenses",
    outcome=Outcome.FAIL,
    policy="supply-chain/license-allowlist/findings",
    controls=("soc2/CC8.1",),
    findings=(FINDING,),
)
DECISION = Decision(
    gate="pull-request",
    title="What must hold",
    mode=Mode.ENFORCE,
    gate_digest="0" * 64,
    tenant="acme",
    as_of="2026-11-20T12:00:00Z",
    engine={},
    content=JudgingContent("", "", "0" * 64, "0" * 64),
    checks=(CHECK,),
    outcome=Outcome.FAIL,
    exit_code=1,
    waivers=WaiverUse(),
)


def test_a_blocked_gate_says_why_what_to_change_and_where():
    shown = text.render([DECISION], exit_code=1)

    assert "✗ licenses  fail" in shown
    assert "why    geo 4.1.0 is under LicenseRef-Restricted-TOS" in shown
    assert "fix    replace it" in shown
    assert "where  sbom.json:3:5" in shown
    assert FINDING.fingerprint in shown
    assert shown.endswith("BLOCKED  1 fail; 1 open finding (exit 1)\n")


def test_without_a_location_the_artifact_is_where():
    check = replace(
        CHECK, findings=(replace(FINDING, location=None),), facts=({"source": "sbom.json"},)
    )

    shown = text.render([replace(DECISION, checks=(check,))], exit_code=1)

    assert "where  sbom.json\n" in shown


def test_a_run_without_gates_never_reads_like_a_pass():
    shown = text.render([], exit_code=3)

    assert "nothing has passed" in shown
    assert "UNDECIDED" in shown


def test_a_warning_gate_says_that_it_does_not_enforce():
    decision = replace(DECISION, mode=Mode.WARN, exit_code=0)

    assert "reported, not enforced" in text.render([decision], exit_code=0)


def test_escape_sequences_of_an_artifact_do_not_reach_the_terminal():
    hostile = replace(FINDING, message="\x1b[2J\x1b[32mPASSED\r\n", key="a\u202eb")
    check = replace(CHECK, findings=(hostile,))

    shown = text.render([replace(DECISION, checks=(check,))], exit_code=1)

    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\\x1b[2J" in shown


def test_every_outcome_has_a_mark_and_colour_is_never_alone():
    for outcome in Outcome:
        check = replace(CHECK, outcome=outcome, findings=(), reason="because")
        plain = text.render([replace(DECISION, checks=(check,))], exit_code=3)
        coloured = text.render([replace(DECISION, checks=(check,))], exit_code=3, colour=True)

        assert outcome.value in plain
        assert "\x1b[" in coloured


def test_a_waived_finding_names_what_excuses_it():
    check = replace(
        CHECK, outcome=Outcome.WAIVED, findings=(), waived=(WaivedFinding(FINDING, "w1"),)
    )

    shown = text.render([replace(DECISION, checks=(check,))], exit_code=0)

    assert "waived by w1: denied-license pkg:pypi/geo@4.1.0" in shown


def test_a_long_list_of_findings_is_cut_and_says_so():
    findings = tuple(replace(FINDING, key=f"k{i}") for i in range(25))
    check = replace(CHECK, findings=findings)

    shown = text.render([replace(DECISION, checks=(check,))], exit_code=1)

    assert "… and 5 more" in shown


def test_clean_leaves_ordinary_text_alone():
    assert clean("naïve – ≥ 日本") == "naïve – ≥ 日本"
