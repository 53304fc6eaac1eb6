"""Compiled plans against a plain interpreter, on thousands of random plans."""

from __future__ import annotations

import copy
from collections import Counter

import pytest

INPUT = {"a": {"a": [1, "b", True], "b": "a"}, "b": [{"a": 1}, {"a": None}], "c": 1, "0": [0, 1]}
DATA = {"a": "b", "b": {"0": {"a": [1]}, "c": False}, "c": [["a"], "b", 2.5, 1.0]}


@pytest.mark.parametrize("start", range(0, 2000, 500))
def test_random_plans_agree_with_the_interpreter_and_change_nothing(
    start, random_plan, compare
) -> None:
    outcomes: Counter[str] = Counter()
    input_, data = copy.deepcopy(INPUT), copy.deepcopy(DATA)
    for seed in range(start, start + 500):
        document = random_plan(seed).plan()
        outcomes[compare(document, input_, data)] += 1
        assert (input_, data) == (INPUT, DATA), seed
    assert outcomes["skipped"] < 50
    assert outcomes["2 results"] > 50
