"""Patterns in a gate's facts: what they may not be combined with."""

from __future__ import annotations

import pytest

from probanda.content import WorkingTree, load
from probanda.errors import MultipleContentError
from projects import Project, words_check

PATTERN = {"from": "json", "path": "in/*.json"}


def gate(tmp_path, **facts):
    project = Project.with_words(tmp_path)
    names = {name: {"collector": "json", "optional": True} for name in ("words", "more")}
    project.policy(facts=names)
    project.gate("pr", words_check(facts=facts))
    return load(WorkingTree(tmp_path)).gates["pr"].checks[0]


def test_a_pattern_and_plain_facts_stand_beside_each_other(tmp_path):
    check = gate(
        tmp_path, more={"from": "json", "path": "more.json"}, words={**PATTERN, "maxFiles": 7}
    )

    assert check.files is check.facts[1]
    assert (check.files.path, check.files.max_files) == ("in/*.json", 7)
    assert check.facts[0].many is False


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"words": PATTERN, "more": PATTERN}, "a second pattern"),
        ({"words": {**PATTERN, "ref": "base"}}, "working tree alone"),
        ({"words": {**PATTERN, "missing": "empty"}}, "nothing checked"),
        ({"words": {"from": "json", "path": "a.json", "maxFiles": 5}}, "belongs to a path"),
        ({"words": {**PATTERN, "maxFiles": 0}}, "maxFiles"),
        ({"words": {**PATTERN, "maxFiles": 50_001}}, "maxFiles"),
        ({"words": {**PATTERN, "path": "../*.json"}}, "inside the project"),
    ],
)
def test_what_would_weaken_or_confuse_a_pattern_is_refused(tmp_path, facts, message):
    with pytest.raises(MultipleContentError) as caught:
        gate(tmp_path, **facts)

    assert message in str(caught.value)
    assert "gates/pr.yaml:" in str(caught.value)
