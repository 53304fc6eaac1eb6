"""JUnit: what viewers count is what was decided."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probanda.collect.junit import JunitCollector
from probanda.model.outcome import Mode, Outcome
from probanda.output import junit
from probanda.parse.xml import parse_xml
from reports import CHECK, FINDING, PASSED, catalogue, decision, report, undecided, waived


def read(given_report) -> dict:
    data = junit.render(given_report).encode()
    return JunitCollector().read(data, source="junit.xml", options={}).data


def statuses(given_report) -> dict[str, str]:
    return {test["name"]: test["status"] for test in read(given_report)["tests"]}


def test_each_outcome_is_what_our_own_collector_reads():
    checks = [
        replace(PASSED, id="passed"),
        replace(CHECK, id="failed"),
        replace(waived("geo"), id="waived"),
        undecided(Outcome.SKIPPED, id="skipped"),
        undecided(Outcome.ERROR, id="broken"),
        undecided(Outcome.NOT_EVALUATED, id="missing"),
    ]

    assert statuses(report(decision(*checks))) == {
        "passed": "passed",
        "failed": "failed",
        "waived": "passed",
        "skipped": "skipped",
        "broken": "error",
        "missing": "error",
    }


def test_gates_are_suites_whose_counts_add_up():
    other = replace(decision(PASSED, undecided(id="x")), gate="release")

    root = parse_xml(junit.render(report(decision(CHECK), other)).encode(), path="junit.xml")

    counted = [
        tuple(element.get(name) for name in ("name", "tests", "failures", "errors", "skipped"))
        for element in (root, *root)
    ]
    assert counted == [
        ("probanda", "3", "1", "1", "0"),
        ("pull-request", "1", "1", "0", "0"),
        ("release", "2", "0", "1", "0"),
    ]


def test_a_failure_says_why_what_to_do_where_and_how_to_see_it_again():
    shown = junit.render(report(decision(CHECK), catalogue=catalogue()))

    for part in (
        'message="denied-license: geo 4.1.0 is under LicenseRef-Restricted-TOS"',
        "fix: replace it",
        f"waive: probanda waive {FINDING.fingerprint}",
        "where: sbom.json:3:5",
        'file="gates/pull-request.yaml" line="11"',
        "probanda check pull-request --as-of 2026-11-20T12:00:00Z",
    ):
        assert part in shown


@pytest.mark.parametrize("mode", [Mode.WARN, Mode.SHADOW])
def test_a_finding_that_does_not_block_is_a_failure_that_says_so(mode):
    shown = junit.render(report(decision(CHECK, mode=mode)))

    assert "not enforced)" in shown
    assert statuses(report(decision(CHECK, mode=mode))) == {"licenses": "failed"}


@pytest.mark.parametrize("given_report", [report(), report(decision())], ids=["run", "gate"])
def test_nothing_checked_is_an_error_and_not_zero_tests(given_report):
    assert statuses(given_report) == {"(nothing)": "error"}


def test_a_skipped_check_keeps_its_reason_and_a_waived_one_its_waiver():
    shown = junit.render(
        report(decision(undecided(Outcome.SKIPPED), replace(waived("geo"), id="w")))
    )

    assert "<skipped message=\"no file 'sbom.json'\">" in shown
    assert "waived by geo: denied-license pkg:pypi/geo@4.1.0" in shown


@given(st.text())
@settings(deadline=None)
def test_any_text_is_xml_that_can_be_read_back(text):
    finding = replace(FINDING, message=f"]]></failure>{text}\x00\x1b\ufffe\udc80", key=text or "k")
    check = replace(CHECK, findings=(finding,))

    assert statuses(report(decision(check))) == {"licenses": "failed"}


def test_more_findings_than_are_told_are_counted():
    findings = tuple(replace(FINDING, key=f"k{number}") for number in range(1_003))

    shown = junit.render(report(decision(replace(CHECK, findings=findings))))

    assert "(and 1002 more)" in shown
    assert "… and 3 more" in shown
