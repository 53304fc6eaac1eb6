"""Things of the catalogue by whatever a person calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from probanda.content import WorkingTree, load
from probanda.content.lookup import KINDS, Found, find, names
from probanda.errors import UsageError

CATALOGUE = load(WorkingTree(Path(__file__).resolve().parents[2]))


@pytest.mark.parametrize("text", ["CC6.1", "cc_6_1", "soc2/CC6.1", "soc2/cc6.1", "control:cc6.1"])
def test_a_control_is_found_in_any_spelling(text):
    assert find(text, CATALOGUE) == Found("control", "soc2/CC6.1")


@pytest.mark.parametrize(
    "text",
    [
        "contracts/terms",
        "builtin:contracts/terms",
        "contracts/terms/findings",
        "builtin:contracts/terms/findings",
        "policy:contracts/terms",
    ],
)
def test_a_policy_is_found_with_or_without_prefix_and_entry_point(text):
    assert find(text, CATALOGUE) == Found("policy", "contracts/terms")


def test_a_built_in_policy_is_found_without_its_prefix(workshop):
    workshop.files = {
        "probanda.yaml": workshop.files["probanda.yaml"].replace(
            "  trust: [evidence/trust/root.json]\n", ""
        ),
        "keys/ada.pem": workshop.pem,
    }
    catalogue = load(workshop.tree())

    assert find("contracts/terms", catalogue) == Found("policy", "builtin:contracts/terms")


@pytest.mark.parametrize("kind", KINDS)
def test_everything_is_found_by_its_own_name(kind, workshop):
    catalogue = workshop.load()

    assert names(kind, catalogue)
    for name in names(kind, catalogue):
        assert find(f"{kind}:{name}", catalogue) == Found(kind, name)
        assert find(name, catalogue) == Found(kind, name)


def test_a_name_that_several_things_have_is_refused_with_the_ways_to_tell_them_apart(workshop):
    workshop.bend("gates/store.yaml", "name: store", "name: json")
    catalogue = workshop.load()

    with pytest.raises(UsageError, match="several things") as caught:
        find("json", catalogue)

    assert caught.value.hint == "write one of 'collector:json', 'gate:json'"
    assert find("gate:json", catalogue) == Found("gate", "json")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("CC6.11", "did you mean 'soc2/CC6.1'?"),
        ("pull-requets", "did you mean 'pull-request'?"),
        ("gate:pull-requets", "did you mean 'pull-request'?"),
        ("contracts/term", "did you mean 'contracts/terms'?"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(text, hint):
    with pytest.raises(UsageError, match="nothing called") as caught:
        find(text, CATALOGUE)

    assert caught.value.hint == hint
