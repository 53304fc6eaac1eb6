"""Annotations: what the runner reads is what we meant, whatever an artifact says."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probanda.model.outcome import Mode, Outcome
from probanda.output import github
from probanda.output.interface import SourceTree
from reports import CHECK, DECISION, FINDING, PASSED, catalogue, decision, report, undecided, waived


def commands(given_report) -> list[tuple[str, dict[str, str], str]]:
    """Level, properties and message of each line, decoded as the runner does."""
    found = []
    for line in github.render(given_report).splitlines():
        level, stated, message = re.fullmatch(r"::(\w+) (.*?)::(.*)", line).groups()
        pairs = (pair.split("=", 1) for pair in stated.split(","))
        found.append((level, {name: decode(value) for name, value in pairs}, decode(message)))
    return found


def decode(text: str) -> str:
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, char)
    return text


def test_a_finding_is_an_error_at_its_place():
    first, second = commands(report(DECISION, source=SourceTree(folder="services/api")))

    assert first == ("error", {"title": "probanda"}, "BLOCKED  1 fail; 1 open finding (exit 1)")
    assert second == (
        "error",
        {
            "file": "services/api/sbom.json",
            "line": "3",
            "col": "5",
            "title": "denied-license · pull-request/licenses",
        },
        f"{FINDING.message}\nfix: replace it\nid: {FINDING.fingerprint}",
    )


@pytest.mark.parametrize(
    ("mode", "finding", "missing"),
    [
        (Mode.ENFORCE, "error", "error"),
        (Mode.WARN, "warning", "error"),
        (Mode.SHADOW, "notice", "notice"),
    ],
)
def test_the_level_is_what_the_gate_makes_of_it(mode, finding, missing):
    made = decision(CHECK, undecided(id="other"), mode=mode)

    levels = {properties["title"]: level for level, properties, _ in commands(report(made))}

    assert levels["denied-license · pull-request/licenses"] == finding
    assert levels["notEvaluated · pull-request/other"] == missing


def test_an_undecided_check_points_at_the_gate_and_keeps_its_hint():
    made = decision(undecided(Outcome.ERROR))

    _, (_, properties, message) = commands(report(made, catalogue=catalogue()))

    assert (properties["file"], properties["line"]) == ("gates/pull-request.yaml", "11")
    assert message == "no file 'sbom.json'\nhint: make it"


@pytest.mark.parametrize("given_report", [report(), report(decision())], ids=["run", "gate"])
def test_nothing_checked_is_an_error(given_report):
    assert [level for level, _, _ in commands(given_report)] == ["error", "error"]


def test_a_pass_is_one_notice_and_a_waived_finding_no_annotation():
    for check in (PASSED, waived("geo")):
        assert [level for level, _, _ in commands(report(decision(check)))] == ["notice"]


def test_of_more_than_ten_the_last_counts_the_others():
    findings = tuple(replace(FINDING, key=f"k{number}") for number in range(30))

    found = commands(report(decision(replace(CHECK, findings=findings))))

    assert [level for level, _, _ in found] == ["error"] * 10
    assert found[-1][2].startswith("and 22 more")


@given(st.text(), st.text(min_size=1))
@settings(deadline=None)
def test_no_text_ends_its_command_or_begins_another(message, path):
    hostile = replace(
        FINDING,
        message=f"{message}\n::error::x\r\n::add-mask::y%0A::stop-commands::z",
        location=replace(FINDING.location, path=f"a/{path},line=9,title=x::y"),
    )

    found = commands(report(decision(replace(CHECK, findings=(hostile,)))))

    assert [level for level, _, _ in found] == ["error", "error"]
    assert set(found[1][1]) <= {"file", "line", "col", "title"}
    assert found[1][1]["title"] == "denied-license · pull-request/licenses"
