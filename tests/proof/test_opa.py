"""OPA is the judge: thousands of random programs of ordinary Rego, answered by it and by us.

Needs the `opa` binary on the PATH. The seeds are fixed, so a failure names its program.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest

from probanda import rego
from probanda.errors import PolicyError
from probanda.gates.second_opinion import own_answer
from probanda.rego.opinions.interface import Answer, Kind, Question
from probanda.rego.opinions.opa import OPA
from rego_programs import DATA, LIBRARY, Program, inputs, program
from shop import QUICK, figure, lacking

PROGRAMS = 150 if QUICK else 3_000

# Programs that OPA refuses and we evaluate, types apart: seed → its code, and what it minds.
LENIENT = {
    470: ("rego_compile_error", "`some … in xs with y as input.z[v]`: takes `v` for redeclared"),
    2005: (
        "rego_unsafe_var_error",
        "`every` whose body negates a variable that a later line binds",
    ),
    2842: ("rego_unsafe_var_error", "a comprehension that compares a variable with itself"),
}


@pytest.fixture
def session():
    if reason := OPA.absence():
        lacking("opa", reason)
    with OPA.session(10.0) as opened:
        yield opened


def modules_of(made: Program) -> dict[str, str]:
    return {"p.rego": made.source, "lib.rego": LIBRARY}


def test_opa_answers_random_programs_as_we_do(session):
    tally, news = Counter(), []
    for seed in range(PROGRAMS):
        chance = random.Random(seed)
        made = program(chance)
        modules = modules_of(made)
        questions = [
            Question(entry, value) for entry in made.entrypoints for value in inputs(chance, 4)
        ]
        try:
            policy = rego.compile(modules, made.entrypoints)
        except PolicyError as error:
            (judged,) = session.answers(modules, questions[:1], DATA)
            # OPA's checker leaves the bodies of `every` out; ours does not.
            agreed = judged.text.startswith("rego_") or error.code == "rego_type_error"
            tally["refused" if agreed else "refused by us alone"] += 1
            continue
        answers = session.answers(modules, questions, DATA)
        if answers[0].text == "rego_type_error":
            # Its checker infers more types than ours; docs/rego.md.
            tally["refused by OPA's type checker alone"] += 1
            continue
        if seed in LENIENT:
            assert answers[0].text == LENIENT[seed][0]
            tally["refused by OPA alone"] += 1
            continue
        for question, theirs in zip(questions, answers, strict=True):
            ours = own_answer(policy, question, strict=False, data=DATA)
            verdict = judge(session, modules, question, ours, theirs)
            tally[verdict] += 1
            if verdict == "differs":
                news.append(f"seed {seed}, {question}\nwe: {ours}\nOPA: {theirs}\n{made.source}")

    counts = ", ".join(f"{number} {what}" for what, number in tally.most_common())
    figure(f"{PROGRAMS} random programs against {OPA.version()}: {counts}")
    assert news == []
    assert tally["refused by us alone"] == 0
    assert tally["equal"] > PROGRAMS * 3


def judge(session, modules, question: Question, ours: Answer, theirs: Answer) -> str:
    """`equal`, `differs`, or why neither."""
    if theirs.kind is Kind.NO_OPINION:
        return "without an opinion"
    if OPA.agrees(ours, theirs):
        return "equal"
    # Its rule index and early exit skip what would have failed.
    if ours.kind is Kind.ERROR:
        (again,) = session.answers(modules, [question], DATA, plainly=True)
        if OPA.agrees(ours, again):
            return "equal without OPA's index"
    return "differs"
