"""The outcome table: what blocks, what passes, and what could not be decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from probanda.decide import (
    blank_result,
    decide_check,
    decide_gate,
    gate_outcome,
    overall_exit_code,
    skipped,
    undecided,
)
from probanda.exceptions import Exceptions
from probanda.model.decision import InvalidException, JudgingContent
from probanda.model.finding import Finding
from probanda.model.gate import Check, Gate, Runs
from probanda.model.outcome import Mode, Outcome
from probanda.model.waiver import Waiver

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CHECK = Check(
    id="licenses", policy="a/b/findings", facts=(), parameters={}, controls=("soc2/CC8.1",)
)
FINDING = Finding(policy="a/b", rule="denied", message="no", key="pkg:pypi/x@1", tenant="acme")
CONTENT = JudgingContent(base="", base_commit="", base_digest="0" * 64, head_digest="0" * 64)


def holding(*waivers: Waiver) -> Exceptions:
    return Exceptions(holding=waivers)


def waiver(fingerprint: str = FINDING.fingerprint) -> Waiver:
    return Waiver(
        name="w1",
        fingerprints=(fingerprint,),
        owner="ann",
        approver="bob",
        ticket="T-1",
        reason="because",
        expires=NOW,
    )


@pytest.mark.parametrize(
    ("outcomes", "enforce", "warn", "shadow"),
    [
        (["pass"], ("pass", 0), ("pass", 0), ("pass", 0)),
        (["pass", "waived"], ("waived", 0), ("waived", 0), ("waived", 0)),
        (["pass", "skipped"], ("pass", 0), ("pass", 0), ("pass", 0)),
        (["skipped"], ("skipped", 0), ("skipped", 0), ("skipped", 0)),
        (["pass", "fail"], ("fail", 1), ("fail", 0), ("fail", 0)),
        (["pass", "error"], ("error", 3), ("error", 3), ("error", 0)),
        (["pass", "notEvaluated"], ("error", 3), ("error", 3), ("error", 0)),
        (["fail", "error"], ("fail", 1), ("error", 3), ("error", 0)),
        ([], ("notEvaluated", 3), ("notEvaluated", 3), ("notEvaluated", 0)),
    ],
)
def test_a_gate_takes_outcomes_as_its_mode_says(outcomes, enforce, warn, shadow):
    values = [Outcome(outcome) for outcome in outcomes]

    for mode, expected in ((Mode.ENFORCE, enforce), (Mode.WARN, warn), (Mode.SHADOW, shadow)):
        outcome, code = gate_outcome(mode, values)
        assert (outcome.value, code) == expected, mode


@pytest.mark.parametrize(
    ("codes", "expected"), [([0, 0], 0), ([0, 3], 3), ([3, 1], 1), ([0, 1], 1), ([], 3)]
)
def test_several_gates_exit_with_the_worst_and_none_is_undecided(codes, expected):
    assert overall_exit_code(codes) == expected


def test_a_check_without_findings_passes():
    assert decide_check(blank_result(CHECK), [], holding(), gate="g").outcome is Outcome.PASS


def test_an_open_finding_fails_its_check():
    result = decide_check(blank_result(CHECK), [FINDING], holding(), gate="g")

    assert result.outcome is Outcome.FAIL
    assert result.findings == (FINDING,)


def test_a_finding_that_a_waiver_excuses_leaves_its_check_waived():
    result = decide_check(blank_result(CHECK), [FINDING], holding(waiver()), gate="g")

    assert result.outcome is Outcome.WAIVED
    assert result.waived[0].by == "w1"
    assert result.findings == ()


@pytest.mark.parametrize("field", ["policy", "rule", "key", "tenant"])
def test_a_waiver_covers_no_finding_that_differs_in(field):
    other = replace(FINDING, **{field: "other"})

    result = decide_check(blank_result(CHECK), [other], holding(waiver()), gate="g")

    assert result.outcome is Outcome.FAIL


def test_a_fingerprint_survives_another_message_and_another_line():
    assert replace(FINDING, message="worded anew").fingerprint == FINDING.fingerprint


def test_parts_of_a_fingerprint_do_not_run_into_each_other():
    left = replace(FINDING, rule="a", key="bc").fingerprint
    right = replace(FINDING, rule="ab", key="c").fingerprint

    assert left != right


def test_one_open_finding_beside_a_waived_one_still_fails():
    other = replace(FINDING, key="pkg:pypi/y@1")

    result = decide_check(blank_result(CHECK), [FINDING, other], holding(waiver()), gate="g")

    assert result.outcome is Outcome.FAIL
    assert result.findings == (other,)
    assert [waived.finding for waived in result.waived] == [FINDING]


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.NOT_EVALUATED, Outcome.SKIPPED])
def test_an_outcome_that_is_no_verdict_must_say_why(outcome):
    with pytest.raises(ValueError, match="needs a reason"):
        undecided(blank_result(CHECK), outcome, "")


def test_a_decision_lists_used_unused_expired_and_invalid_waivers_apart():
    gate = Gate("g", "t", "o", Mode.ENFORCE, Runs.CI, (CHECK,), None, "0" * 64)
    exceptions = Exceptions(
        holding=(waiver(), replace(waiver("1" * 64), name="w2")),
        expired=(replace(waiver("2" * 64), name="w3"),),
        invalid=((replace(waiver("3" * 64), name="w4"), "nobody has signed it"),),
    )
    result = decide_check(blank_result(CHECK), [FINDING], exceptions, gate="g")

    decision = decide_gate(
        gate, [result], exceptions, as_of=NOW, tenant="acme", engine={}, content=CONTENT
    )

    assert decision.outcome is Outcome.WAIVED
    assert decision.waivers.used == ("w1",)
    assert decision.waivers.unused == ("w2",)
    assert decision.waivers.expired == ("w3",)
    assert decision.waivers.invalid == (InvalidException("w4", "nobody has signed it"),)
    assert decision.to_json()["asOf"] == "2026-11-20T12:00:00Z"


def test_a_skipped_check_carries_its_reason_into_the_decision():
    result = skipped(CHECK, "no changed path matches docs/*")

    assert result.to_json()["reason"] == "no changed path matches docs/*"
    assert result.outcome is Outcome.SKIPPED
