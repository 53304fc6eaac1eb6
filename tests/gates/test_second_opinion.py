"""Cases put to another engine, one that answers as the test says: the interface is real."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from probanda.content import WorkingTree, load
from probanda.errors import ContentError
from probanda.gates.second_opinion import compare
from probanda.rego.opinions.interface import UNDEFINED_ANSWER, Answer, Engine, Kind
from probanda.rego.opinions.known import INDEXED

CONFLICTED = """package demo.words

# METADATA
# title: A word that may not be used
# custom: {id: bad-word, severity: high, remediation: Use another word.}
findings contains {"rule": "bad-word", "key": word, "message": "m"} if {
\tsome word in input.facts.words.bad
\tone == word
}

one := word if some word in input.facts.words.bad

# METADATA
# title: No word is bad
# custom: {id: allow, severity: high, remediation: Use no words.}
allow if input.facts.words.bad == []
"""


OLD = """package demo.words

# METADATA
# title: A word that may not be used
# custom: {id: bad-word, severity: high, remediation: Use another word.}
findings[{"rule": "bad-word", "key": word, "message": "m"}] { word := input.facts.words.bad[_] }

# METADATA
# title: No word is bad
# custom: {id: allow, severity: high, remediation: Use no words.}
allow { input.facts.words.bad == [] }
"""


class Scripted:
    """A session that gives these answers, and others when it is asked plainly."""

    def __init__(self, answers, plainly=()):
        self._answers, self._plainly = answers, plainly
        self.questions = []

    def answers(self, modules, questions, data=None, *, plainly=False):
        self.questions += questions
        return tuple(self._plainly if plainly else self._answers)


def engine(name="regopy", *, exact=False):
    return Engine(name, not exact, exact, lambda: "", lambda: name, lambda _: nullcontext())


@pytest.fixture
def put(words):
    def ask(session, asked, *cases):
        for number, case in enumerate(cases):
            words.write(f"policies/demo/words/cases/{number}.yaml", case)
        tree = WorkingTree(words.root)
        return compare(load(tree).policies["demo/words"], tree, asked, session)

    return ask


def case(*bad, entrypoint="allow"):
    return {"entrypoint": entrypoint, "input": {"facts": {"words": {"bad": list(bad)}}}}


def test_what_agrees_is_counted_and_nothing_is_found(put):
    session = Scripted([Answer(Kind.VALUE, "true"), UNDEFINED_ANSWER])

    opinions = put(session, engine(), case(), case("a"))

    assert (opinions.asked, opinions.answered, opinions.disagreements) == (2, 2, ())
    assert session.questions[0].entrypoint == "demo/words/allow"
    assert session.questions[0].input["facts"] == {"words": {"bad": []}}


def test_no_opinion_is_neither_and_each_reason_stands_once(put):
    silent = Answer(Kind.NO_OPINION, "it crashed")

    opinions = put(Scripted([silent, silent]), engine(), case(), case("a"))

    assert (opinions.asked, opinions.answered, opinions.silence) == (2, 0, ("it crashed",))
    assert opinions.disagreements == ()


def test_nobody_is_asked_about_rego_v0(words, put):
    words.policy(OLD, rego="v0")
    session = Scripted([Answer(Kind.VALUE, "false")])

    opinions = put(session, engine(), case())

    assert (opinions.asked, opinions.answered, session.questions) == (1, 0, [])
    assert opinions.silence == ("it is asked about Rego v1 alone",)


def test_a_disagreement_names_the_case_both_answers_and_the_engine(put):
    opinions = put(Scripted([Answer(Kind.VALUE, "false")]), engine(), case())

    assert [str(each) for each in opinions.news] == [
        "policies/demo/words/cases/0.yaml: we answer true, regopy answers false"
    ]


def test_an_error_that_opas_index_hides_is_known_once_opa_confirms_it(words, put):
    words.policy(CONFLICTED)
    conflict = Answer(Kind.ERROR, "eval_conflict_error")
    given = case("a", "b", entrypoint="findings")
    opa = engine("opa", exact=True)

    confirmed = put(Scripted([Answer(Kind.VALUE, "[]")], [conflict]), opa, given)
    assert [each.known for each in confirmed.disagreements] == [INDEXED]
    assert confirmed.news == ()

    denied = put(Scripted([Answer(Kind.VALUE, "[]")], [Answer(Kind.VALUE, "[]")]), opa, given)
    assert len(denied.news) == 1


@pytest.mark.parametrize("wrong", [[1], {"entrypoint": "nosuch"}, {"input": {}}])
def test_a_case_that_is_none_is_an_error(put, wrong):
    with pytest.raises(ContentError, match=r"cases/0\.yaml"):
        put(Scripted([]), engine(), wrong)
