"""Every policy of this repository notices nine in ten changes of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from probanda.content import WorkingTree, load
from probanda.content.cases import read_cases
from probanda.content.equivalents import read_equivalents
from probanda.gates.mutation import MutationRequest, mutate
from shop import QUICK, figure

TREE = WorkingTree(Path(__file__).resolve().parents[2])
POLICIES = {name: each for name, each in load(TREE).policies.items() if not each.builtin}
# A sample is enough for a quick look; the whole takes some ten seconds a hundred lines of Rego.
LIMIT = 60 if QUICK else 2_000
LEAST = 90.0


@pytest.mark.parametrize("name", POLICIES)
def test_a_policys_tests_and_cases_notice_most_changes_of_it(name):
    request = MutationRequest(limit=LIMIT, jobs=os.cpu_count() or 1)

    score = mutate(POLICIES[name], read_cases(TREE, name), read_equivalents(TREE, name), request)

    assert score.percent is not None
    tried = len(score.verdicts)
    figure(f"mutation {name}: {score.percent:.1f}%, {tried / score.seconds:.0f} mutants a second")
    unnoticed = [f"{each.location} {each.before} => {each.after}" for each in score.survivors]
    assert score.percent >= LEAST, unnoticed
