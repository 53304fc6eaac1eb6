"""Random programs of ordinary Rego, put to other engines: whoever differs must be known to.

regorus and regopy answer here; OPA, the judge, in `tests/proof/test_opa.py`.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probanda import rego
from probanda.errors import PolicyError
from probanda.gates.second_opinion import own_answer
from probanda.rego.opinions.interface import Kind, Question
from probanda.rego.opinions.known import explanation
from probanda.rego.opinions.table import ENGINES
from rego_programs import DATA, LIBRARY, inputs, program

# regopy refuses base data at the place of a package.
BASE = {"base": DATA["base"]}

ordinary = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def ask():
    """A function that puts a program to an engine and says what is news; tallies at the end."""
    sessions = {}
    tally = Counter()

    def put(name, chance):
        engine = ENGINES[name]
        if reason := engine.absence():
            pytest.skip(f"{name}: {reason}")
        if name not in sessions:
            context = engine.session(10.0)
            sessions[name] = (context, context.__enter__())
        made = program(chance, "p", hard=False)
        modules = {"p.rego": made.source, "lib.rego": LIBRARY}
        try:
            policy = rego.compile(modules, made.entrypoints)
        except PolicyError:
            return []
        questions = [
            Question(entry, value) for entry in made.entrypoints for value in inputs(chance, 3)
        ]
        answers = sessions[name][1].answers(modules, questions, BASE)
        news = []
        for question, theirs in zip(questions, answers, strict=True):
            tally[name, theirs.kind is not Kind.NO_OPINION] += 1
            if theirs.kind is Kind.NO_OPINION:
                continue
            ours = own_answer(policy, question, strict=engine.strict, data=BASE)
            if engine.agrees(ours, theirs) or explanation(name, modules, ours, theirs):
                continue
            news.append(f"{question}\nwe: {ours}\n{name}: {theirs}\n{made.source}")
        return news

    put.tally = tally
    yield put
    for context, _ in sessions.values():
        context.__exit__(None, None, None)


@settings(ordinary, max_examples=60)
@given(chance=st.randoms(use_true_random=False))
def test_regorus_answers_random_programs_as_we_do(ask, chance):
    assert ask("regorus", chance) == []


@settings(ordinary, max_examples=40)
@given(chance=st.randoms(use_true_random=False))
def test_regopy_answers_random_programs_as_we_do(ask, chance):
    assert ask("regopy", chance) == []


@pytest.mark.parametrize(("name", "least"), [("regorus", 150), ("regopy", 40)])
def test_most_programs_are_answered_at_all(ask, name, least):
    for seed in range(40):
        assert ask(name, random.Random(seed)) == []

    assert ask.tally[name, True] > least
