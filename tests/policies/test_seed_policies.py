"""What the four policies of the plan must never let through, whichever way it is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from probanda import rego

POLICIES = Path(__file__).resolve().parents[2] / "policies" / "intelgraph"
ABSENCES = [None, "", " ", 0, 1, False, True, [], {}, ["eu"], {"a": "eu"}]


def ask(slug, path, value):
    policy = rego.compile({slug: (POLICIES / slug / f"{slug}.rego").read_text()}, [path])
    return policy.prepare(path)(value, {})


@pytest.mark.parametrize("absent", ABSENCES, ids=repr)
def test_two_equal_absences_are_not_the_same_region(absent):
    stored = {"dataset": {"region": absent}, "user": {"region": absent}}
    exported = {
        "dataset": {"region": absent, "contains_pii": False},
        "request": {"region": absent},
    }

    assert ask("residency", "intelgraph/residency/v2/allow_store", stored) is False
    assert ask("residency", "intelgraph/residency/v2/allow_export", exported) is False


@pytest.mark.parametrize("absent", ABSENCES, ids=repr)
def test_two_equal_absences_are_not_the_same_tenant(absent):
    hit = {"cache_key": {"tenant": absent}, "request": {"tenant": absent}}

    assert ask("edge", "intelgraph/edge/allow", hit) is False
    assert ask("edge", "intelgraph/edge/suspicious_leak", hit) is True


@pytest.mark.parametrize(
    ("hit", "leak"),
    [
        ({"cache_key": {"tenant": "a"}, "request": {"tenant": "a"}}, False),
        ({"cache_key": {"tenant": "a"}, "request": {"tenant": "b"}}, True),
        ({"cache_key": {"tenant": "a"}, "request": {}}, True),
        ({"cache_key": {}, "request": {"tenant": "a"}}, True),
        ({}, True),
        (None, True),
    ],
)
def test_the_leak_rule_is_never_silent(hit, leak):
    assert ask("edge", "intelgraph/edge/suspicious_leak", hit) is leak


@pytest.mark.parametrize(
    ("slug", "path"),
    [
        ("egress", "intelgraph/egress/allow"),
        ("residency", "intelgraph/residency/v2/allow_store"),
        ("residency", "intelgraph/residency/v2/allow_export"),
        ("edge", "intelgraph/edge/allow"),
        ("schema", "intelgraph/schema/allow"),
    ],
)
@pytest.mark.parametrize("value", [None, {}, [], "", 0, False, {"dataset": None}], ids=repr)
def test_nothing_is_allowed_for_an_input_that_says_nothing(slug, path, value):
    assert ask(slug, path, value) is False


def test_the_planned_input_of_the_residency_policy_works_as_written():
    write = {"dataset": {"region": "eu"}, "user": {"region": "eu"}}

    assert ask("residency", "intelgraph/residency/v2/allow_store", write) is True
