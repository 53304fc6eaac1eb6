"""The replay command: everything that a decision depends on, quoted for a shell."""

from __future__ import annotations

import shlex
from dataclasses import replace

from probanda.gates.admission import Admission
from probanda.output.summary import changes, replay
from reports import CHECK, DECISION, FINDING, catalogue, decision, report, waived


def test_a_replay_names_gate_clock_project_base_tenant_and_approvers():
    content = replace(DECISION.content, base="main", base_commit="b" * 40)
    made = decision(CHECK, waived("approver:ada,it's me"), content=content, tenant="big corp")
    given = report(made, catalogue=catalogue(tenant="acme"), project="services/api")

    assert shlex.split(replay(made, given)) == [
        *("probanda", "check", "pull-request"),
        *("--as-of", "2026-11-20T12:00:00Z"),
        *("--project", "services/api"),
        *("--base", "b" * 40),
        *("--tenant", "big corp"),
        *("--approved-by", "ada"),
        *("--approved-by", "it's me"),
    ]


def test_a_change_that_mends_comes_before_one_that_postpones():
    tried = {"pull-request": {"licenses": {FINDING.fingerprint: Admission("allow", "X-1")}}}

    def kinds(finding, **known):
        given = report(DECISION, **known)
        return [change.kind for change in changes(finding, CHECK, DECISION, given)]

    assert kinds(FINDING, admissions=tried) == ["fix", "admit", "waive"]
    assert kinds(FINDING) == ["fix", "waive"]
    assert kinds(replace(FINDING, remediation="")) == ["waive"]


def test_an_admission_says_where_it_was_tried_and_who_decides():
    tried = {"pull-request": {"licenses": {FINDING.fingerprint: Admission("allow", 'X"1')}}}
    given = report(DECISION, catalogue=catalogue(), admissions=tried)

    (admit,) = [each for each in changes(FINDING, CHECK, DECISION, given) if each.kind == "admit"]

    assert admit.text == (
        '"X\\"1" in allow of licenses (gates/pull-request.yaml:11:7): tried, then it passes;'
        " it loosens the gate, so an approver decides"
    )
