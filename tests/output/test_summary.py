"""The replay command: everything that a decision depends on, quoted for a shell."""

from __future__ import annotations

import shlex
from dataclasses import replace

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
    assert [change.kind for change in changes(FINDING)] == ["fix", "waive"]
    assert [change.kind for change in changes(replace(FINDING, remediation=""))] == ["waive"]
