"""Mutation scores: what is killed, what survives, and what counts as neither."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from probanda.content import WorkingTree, load
from probanda.content.cases import read_cases
from probanda.content.equivalents import read_equivalents
from probanda.errors import ContentError
from probanda.gates.mutation import Bench, MutationRequest, exit_code, mutate

ROOT = Path(__file__).resolve().parents[2]
TREE = WorkingTree(ROOT)
POLICIES = load(TREE).policies
EDGE = POLICIES["intelgraph/edge"]
RESIDENCY = POLICIES["intelgraph/residency"]


def score(policy, cases=None, equivalents=None, **request):
    return mutate(
        policy,
        read_cases(TREE, policy.id) if cases is None else cases,
        read_equivalents(TREE, policy.id) if equivalents is None else equivalents,
        MutationRequest(**request),
    )


def untested(policy):
    return replace(policy, test_modules={})


def test_a_small_policy_of_ours_notices_every_change_of_it():
    found = score(EDGE)

    assert found.percent == 100.0
    assert found.count("killed") >= 10
    assert found.survivors == ()


def test_without_its_tests_and_most_cases_a_policy_notices_little():
    few = [each for each in read_cases(TREE, RESIDENCY.id) if each.expect == "pass"][:2]

    found = score(untested(RESIDENCY), few, {})

    assert 0 < found.percent < 60
    assert exit_code([found], 90.0) == 1
    assert all(each.before != each.after for each in found.survivors)


def test_the_same_inputs_give_the_same_verdicts_in_one_process_or_several():
    first, again = score(RESIDENCY), score(RESIDENCY)

    assert first.verdicts == again.verdicts
    terms = POLICIES["contracts/terms"]
    assert score(terms, limit=155, jobs=2).verdicts == score(terms, limit=155, jobs=1).verdicts


def test_what_does_not_compile_or_compiles_to_the_same_is_counted_and_left_out():
    found = score(EDGE)

    assert found.count("broken") > 0
    assert found.count("same") > 0
    total = sum(found.count(each) for each in ("killed", "survived", "same", "broken"))
    assert total == found.total


def test_each_killed_mutant_names_what_killed_it():
    found = score(EDGE)

    by = {each.by for each in found.verdicts if each.outcome == "killed"}
    assert by
    assert all(each.startswith(("policies/intelgraph/edge/cases/", "data.")) for each in by)


def test_a_listed_equivalent_does_not_count_and_is_counted_apart():
    listed = score(RESIDENCY)
    unlisted = score(RESIDENCY, equivalents={})

    assert (listed.count("equivalent"), listed.percent) == (1, 100.0)
    assert [each.id for each in unlisted.survivors] == list(listed.equivalents)


def test_a_list_that_excuses_what_is_killed_or_not_there_is_wrong_content():
    killed = next(each.mutant for each in score(EDGE).verdicts if each.outcome == "killed")

    with pytest.raises(ContentError, match="is no equivalent: killed by"):
        score(EDGE, equivalents={killed.id: "It is the same."})
    with pytest.raises(ContentError, match="there is no mutant 000000000000"):
        score(EDGE, equivalents={"000000000000": "It is the same."})


def test_a_policy_that_does_not_pass_has_no_score():
    case = replace(read_cases(TREE, EDGE.id)[0], rules=("no-such-rule",))

    with pytest.raises(ContentError, match="does not pass"):
        score(EDGE, [case])
    with pytest.raises(ContentError, match="neither tests nor cases"):
        score(untested(EDGE), [])


def test_a_sample_is_stated_and_bounded():
    found = score(RESIDENCY, limit=5, seed=7, equivalents={})

    assert (len(found.verdicts), found.seed) == (5, 7)
    assert found.total > 5


def test_no_policy_and_no_mutant_are_no_pass():
    assert exit_code([], 90.0) == 3
    empty = replace(score(EDGE), verdicts=())
    assert (empty.percent, exit_code([empty], 0.0)) == (None, 3)


def test_removing_what_a_test_refers_to_is_noticed_though_no_case_does():
    bench = Bench(RESIDENCY, (), 5.0)
    numbers = [
        number
        for number, each in enumerate(bench.mutants)
        if each.operator == "remove" and each.before.startswith("default allow_export")
    ]

    (number,) = numbers
    outcome, by = bench.outcome(number)

    assert outcome == "killed"
    assert by.startswith("data.intelgraph.residency.v2_test.")
