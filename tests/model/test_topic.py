"""What a check is about, and whether the criterion that it cites is about the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from probanda.content import WorkingTree, load
from probanda.model.topic import fitting, words_of

CONTROLS = load(WorkingTree(Path(__file__).resolve().parents[2])).controls


def better(cited: str, policy: str, check: str = "") -> list[str]:
    """Criteria that a check belongs to, where the cited one is not among them."""
    found = fitting(CONTROLS[f"soc2/{cited}"], CONTROLS.values(), policy=policy, check=check)
    return [control.criterion for control in found]


@pytest.mark.parametrize(
    ("cited", "policy", "check", "belongs"),
    [
        # The known example: an audit-pack index that files change management under CC2.1.
        ("CC2.1", "change/review/findings", "approved", ["CC8.1"]),
        ("CC2.1", "own/lines/findings", "change-mgmt", ["CC8.1"]),
        ("CC8.1", "access/review/findings", "quarter", ["CC6.2", "CC6.3"]),
        ("PI1.3", "own/uptime/findings", "availability", ["A1.1", "A1.2", "A1.3"]),
        ("CC1.2", "own/repository/findings", "code-review", ["CC8.1"]),
        ("CC7.1", "own/repository/findings", "change-management", ["CC8.1"]),
        ("A1.2", "secrets/rotation/findings", "keys", ["CC6.1", "CC7.1"]),
    ],
)
def test_a_check_under_the_wrong_criterion_is_told_the_right_one(cited, policy, check, belongs):
    assert better(cited, policy, check) == belongs


@pytest.mark.parametrize(
    ("cited", "policy", "check"),
    [
        ("CC8.1", "change/review/findings", "approved"),
        ("CC4.1", "change/required-tests/findings", "tests"),
        ("CC6.3", "access/review/findings", "quarter"),
        ("A1.1", "performance/budgets/findings", "search"),
        ("CC7.1", "supply-chain/vulnerabilities/findings", "vex"),
        ("CC8.1", "supply-chain/vulnerabilities/findings", "vex"),
        ("CC6.6", "infrastructure/no-internet-egress/findings", "plan"),
        ("A1.1", "infrastructure/autoscaling/findings", "hpa"),
        ("P4.1", "privacy/purpose/findings", "purposes"),
        ("C1.1", "privacy/k-threshold/findings", "k"),
        ("C1.1", "privacy/no-personal-data/findings", "summaries"),
        ("CC6.1", "secrets/rotation/findings", "secrets"),
        ("CC2.1", "evidence/freshness/findings", "fresh"),
        ("CC4.1", "evidence/stub/findings", "stubs"),
        ("CC6.7", "intelgraph/egress/allow", "egress"),
    ],
)
def test_a_check_under_the_right_criterion_is_left_alone(cited, policy, check):
    assert better(cited, policy, check) == []


def test_names_that_mean_nothing_to_any_control_give_no_opinion():
    assert better("CC2.1", "demo/words/findings", "words") == []


def test_the_policys_name_counts_before_the_checks_own():
    assert better("CC2.1", "change/review/findings", "evidence") == ["CC8.1"]


def test_the_name_of_an_entry_point_says_nothing():
    assert better("CC2.1", "own/words/access", "words") == []


def test_words_are_told_apart_whatever_their_number_and_case():
    assert words_of("Contracts/Terms") == ("contract", "term")
    assert words_of("access-logs.v2") == ("access", "log", "v2")
    assert words_of("change-mgmt.jsonl.gz") == ("change", "mgmt", "jsonl", "gz")
