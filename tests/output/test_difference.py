"""Two decisions of a gate, compared: nothing is called fixed that was not looked at."""

from __future__ import annotations

from dataclasses import replace

from probanda.model.outcome import Mode, Outcome
from probanda.output.difference import compare
from reports import CHECK, DECISION, FINDING, PASSED, decision, undecided, waived


def keys(items) -> list[str]:
    return [item.finding.key for item in items]


def test_a_finding_is_the_same_one_also_after_its_text_and_place_changed():
    moved = decision(replace(CHECK, findings=(replace(FINDING, message="other", location=None),)))

    found = compare(DECISION, moved)

    assert keys(found.unchanged) == [FINDING.key]
    assert (found.new, found.fixed, found.outcomes, found.notes) == ((), (), (), ())


def test_gone_from_a_judged_check_is_fixed():
    assert keys(compare(DECISION, decision(PASSED)).fixed) == [FINDING.key]


def test_gone_because_nothing_was_judged_is_not_fixed():
    for now in (decision(undecided()), decision(undecided(Outcome.SKIPPED)), decision()):
        found = compare(DECISION, now)

        assert (keys(found.fixed), keys(found.unjudged)) == ([], [FINDING.key])


def test_excused_is_not_fixed():
    found = compare(DECISION, decision(waived("geo")))

    assert (keys(found.fixed), keys(found.waived)) == ([], [FINDING.key])


def test_a_waiver_that_ended_makes_its_finding_new():
    assert keys(compare(decision(waived("geo")), DECISION).new) == [FINDING.key]


def test_outcomes_of_checks_that_came_or_went_are_told():
    found = compare(decision(CHECK), decision(replace(PASSED, id="other")))

    assert found.outcomes == (
        ("the gate", "fail", "pass"),
        ("other", "", "pass"),
        ("licenses", "fail", ""),
    )


def test_what_else_may_explain_a_difference_is_noted():
    other = replace(
        decision(replace(CHECK, policy_digest="3" * 64), mode=Mode.WARN),
        tenant="globex",
        engine={"version": "9"},
    )

    notes = compare(DECISION, other).notes

    assert notes == (
        "the tenants differ, so no fingerprint can be the same",
        "the gate's mode was enforce and is warn",
        "another version of the policy judged licenses",
        "another version of probanda decided",
    )


def test_other_content_is_noted_where_the_policies_are_the_same():
    other = replace(DECISION, content=replace(DECISION.content, base_digest="9" * 64))

    assert compare(DECISION, other).notes == (
        "other content judged: gates, policies, controls, waivers or parameters differ",
    )


def test_several_of_one_fingerprint_are_counted():
    twice = decision(replace(CHECK, findings=(FINDING, replace(FINDING, message="again"))))

    assert keys(compare(DECISION, twice).new) == [FINDING.key]
    assert keys(compare(twice, DECISION).fixed) == [FINDING.key]
