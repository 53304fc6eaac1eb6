"""What a person reads when a merge is blocked."""

from __future__ import annotations

from dataclasses import replace

from probanda.model.decision import WaivedFinding
from probanda.model.outcome import Mode, Outcome
from probanda.output import text
from probanda.output.interface import RunReport
from probanda.output.text import clean
from reports import CHECK, DECISION, FINDING, PASSED, catalogue, decision, report, undecided


def test_a_blocked_gate_says_why_what_to_change_and_where():
    shown = text.render(RunReport([DECISION], exit_code=1))

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

    shown = text.render(RunReport([replace(DECISION, checks=(check,))], exit_code=1))

    assert "where  sbom.json\n" in shown


def test_a_run_without_gates_never_reads_like_a_pass():
    shown = text.render(RunReport([], exit_code=3))

    assert "nothing has passed" in shown
    assert "UNDECIDED" in shown


def test_a_warning_gate_says_that_it_does_not_enforce():
    lenient = replace(DECISION, mode=Mode.WARN, exit_code=0)

    assert "reported, not enforced" in text.render(RunReport([lenient], exit_code=0))


def test_escape_sequences_of_an_artifact_do_not_reach_the_terminal():
    hostile = replace(FINDING, message="\x1b[2J\x1b[32mPASSED\r\n", key="a\u202eb")
    check = replace(CHECK, findings=(hostile,))

    shown = text.render(RunReport([replace(DECISION, checks=(check,))], exit_code=1))

    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\\x1b[2J" in shown


def test_every_outcome_has_a_mark_and_colour_is_never_alone():
    for outcome in Outcome:
        check = replace(CHECK, outcome=outcome, findings=(), reason="because")
        plain = text.render(RunReport([replace(DECISION, checks=(check,))], exit_code=3))
        coloured = text.render(
            RunReport([replace(DECISION, checks=(check,))], exit_code=3, colour=True)
        )

        assert outcome.value in plain
        assert "\x1b[" in coloured


def test_a_waived_finding_names_what_excuses_it():
    check = replace(
        CHECK, outcome=Outcome.WAIVED, findings=(), waived=(WaivedFinding(FINDING, "w1"),)
    )

    shown = text.render(RunReport([replace(DECISION, checks=(check,))], exit_code=0))

    assert "waived by w1: denied-license pkg:pypi/geo@4.1.0" in shown


def test_a_long_list_of_findings_is_cut_and_says_so():
    findings = tuple(replace(FINDING, key=f"k{i}") for i in range(25))
    check = replace(CHECK, findings=findings)

    shown = text.render(RunReport([replace(DECISION, checks=(check,))], exit_code=1))

    assert "… and 5 more" in shown


def test_clean_leaves_ordinary_text_alone():
    assert clean("naïve – ≥ 日本") == "naïve – ≥ 日本"


def test_the_way_out_and_the_replay_are_commands_to_copy():
    shown = text.render(report(DECISION, catalogue=catalogue(), project="services/api"))

    assert f"or     probanda waive {FINDING.fingerprint} --project services/api\n" in shown
    assert (
        "  again: probanda check pull-request --as-of 2026-11-20T12:00:00Z"
        " --project services/api\n" in shown
    )


def test_a_pass_is_short():
    shown = text.render(report(decision(PASSED)))

    assert shown.splitlines()[2:] == [
        "  ✓ licenses  pass  soc2/CC8.1",
        "",
        "PASSED  1 pass (exit 0)",
    ]


def test_a_rules_fix_is_said_once_a_check():
    findings = tuple(replace(FINDING, key=f"k{i}") for i in range(3))

    shown = text.render(report(decision(replace(CHECK, findings=findings))))

    assert shown.count("fix    replace it") == 1
    assert shown.count("or     probanda waive") == 3


def test_sentences_are_broken_to_the_width_and_commands_never():
    wordy = replace(FINDING, message="a sentence of several words " * 9, location=None)
    made = decision(replace(CHECK, findings=(wordy,)), undecided(reason="why " * 60))

    wide, narrow = (text.render(report(made, width=width)) for width in (0, 72))

    assert any(len(line) > 200 for line in wide.splitlines())
    long = [line for line in narrow.splitlines() if len(line) > 72]
    assert all("probanda " in line or "enforce ·" in line for line in long)
    assert sum(line.startswith(" " * 15) for line in narrow.splitlines()) > 3


def test_a_column_too_narrow_to_read_is_left_to_the_terminal():
    narrow, unbroken = (text.render(report(DECISION, width=width)) for width in (30, 0))

    assert narrow == unbroken
