"""Citations that do not fit: warned of, with their place and the criterion that fits."""

from __future__ import annotations

import pytest

GATE = "gates/pull-request.yaml"
STORE = "gates/store.yaml"
POLICY = "policies/supply-chain/license-allowlist/policy.yaml"
CONTROL = "controls/soc2/cc8.1.yaml"


@pytest.fixture
def misplaced(workshop):
    """The small project, whose licences are now filed under a criterion about residency."""
    text = workshop.files[CONTROL]
    workshop.bend(CONTROL, "  evidence:", "  topics: [licenses, change]\n  evidence:")
    workshop.files["controls/soc2/c1.1.yaml"] = text.replace("soc2/CC8.1", "soc2/C1.1").replace(
        "  evidence:", "  topics: [residency]\n  evidence:"
    )
    workshop.bend(STORE, "soc2/CC8.1", "soc2/C1.1")
    return workshop


def test_citations_that_fit_are_not_warned_of(misplaced):
    assert misplaced.load().warnings == ()


def test_a_check_that_cites_the_wrong_criterion_is_warned_of_with_its_place(misplaced):
    misplaced.bend(GATE, "[soc2/CC8.1]", "[soc2/CC8.1, c1.1]")

    (warning,) = misplaced.load().warnings

    assert str(warning.location).startswith(f"{GATE}:15:30")
    assert "'soc2/C1.1' (Changes are authorised) is not about" in warning.message
    assert "'supply-chain/license-allowlist/findings' (check 'new-licenses')" in warning.message
    assert warning.hint == "it belongs to 'soc2/CC8.1'"


def test_a_policy_that_claims_the_wrong_criterion_is_warned_of(misplaced):
    misplaced.bend(POLICY, "controls: [soc2/CC8.1]", "controls: [soc2/C1.1]")

    (warning,) = misplaced.load().warnings

    assert str(warning.location).startswith(f"{POLICY}:")
    assert warning.hint == "it belongs to 'soc2/CC8.1'"


def test_a_control_without_topics_is_about_anything(misplaced):
    misplaced.bend("controls/soc2/c1.1.yaml", "  topics: [residency]\n", "")
    misplaced.bend(GATE, "[soc2/CC8.1]", "[soc2/C1.1]")

    assert misplaced.load().warnings == ()


def test_a_topic_is_a_lower_case_word_and_listed_once(workshop):
    workshop.bend(CONTROL, "  evidence:", "  topics: [change, Change, change]\n  evidence:")

    errors = [error.message for error in workshop.errors()]

    assert any("lower-case words" in message for message in errors)
